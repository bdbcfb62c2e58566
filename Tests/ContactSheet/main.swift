import Glibc
import LocalPictures

// Draws contact sheets of local pictures as PPM files, for looking at; see docs/pictures.md.
//   contact-sheet SHEET OUT.ppm [cell width] ["intent"] [option ...]
//   contact-sheet time
//   contact-sheet floors

let arguments = Array(CommandLine.arguments.dropFirst())
let sheetName = arguments.first ?? ""
switch sheetName {
case "time": measureTime()
case "floors": measureFloors(only: arguments.count > 1 ? arguments[1] : nil)
default:
    guard arguments.count >= 2 else {
        print("usage: contact-sheet SHEET OUT.ppm [width] [intent] | time | floors")
        exit(2)
    }
    let width = arguments.count > 2 ? Int(arguments[2]) ?? 640 : 640
    let intent = arguments.count > 3 ? arguments[3] : nil
    let sheet = Sheet(named: sheetName, intent: intent, options: Array(arguments.dropFirst(4)))
    guard write(sheet.draw(cellWidth: width), to: arguments[1]) else {
        print("cannot write \(arguments[1])")
        exit(1)
    }
}
