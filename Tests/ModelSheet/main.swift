import Glibc
import LocalPictures

// Draws sheets of the local pictures' subjects alone as PPM files, for looking at.
//   model-sheet OUT.ppm              every kind, from three sides in three lights
//   model-sheet OUT.ppm KIND [POSE]  one kind: three sides, head and eye

let arguments = Array(CommandLine.arguments.dropFirst())
guard let output = arguments.first else {
    print("usage: model-sheet OUT.ppm [KIND [POSE]]")
    exit(2)
}
let kind = arguments.count > 1 ? arguments[1] : nil
let pose = arguments.count > 2 ? Int(arguments[2]) ?? 0 : 0
guard kind == nil || SubjectSheet.kinds.contains(kind ?? "") else {
    print("no such kind; known: \(SubjectSheet.kinds.joined(separator: " "))")
    exit(2)
}
let cells = kind.map { cellsOfOne($0, pose: pose) } ?? cellsOfAll()
guard write(cells, columns: kind == nil ? 6 : 3, to: output) else {
    print("cannot write \(output)")
    exit(1)
}

func cellsOfAll() -> [SubjectSheet] {
    SubjectSheet.kinds.flatMap { name in
        [(Float(-38), 1), (180, 0), (152, 2)].map { yaw, light in
            var cell = SubjectSheet(kind: name)
            cell.yawDegrees = yaw
            cell.light = light
            cell.share = 0.62
            cell.width = 280
            cell.height = 220
            return cell
        }
    }
}

func cellsOfOne(_ name: String, pose: Int) -> [SubjectSheet] {
    let views: [(Float, Int, Float, SubjectSheet.Aim)] = [
        (-38, 1, 0.7, .whole), (180, 0, 0.7, .whole), (152, 2, 0.7, .whole),
        (-30, 0, 1.6, .head), (-30, 1, 1.6, .head), (-30, 0, 3.6, .eye),
    ]
    return views.map { yaw, light, share, aim in
        var cell = SubjectSheet(kind: name)
        cell.pose = pose
        cell.yawDegrees = yaw
        cell.light = light
        cell.share = share
        cell.aim = aim
        return cell
    }
}

/// Writes cells of one size side by side.
func write(_ cells: [SubjectSheet], columns: Int, to path: String) -> Bool {
    guard let first = cells.first, let file = fopen(path, "wb") else { return false }
    defer { fclose(file) }
    let rows = (cells.count + columns - 1) / columns
    let stride = first.width * columns * 3
    var bytes = [UInt8](repeating: 0, count: stride * first.height * rows)
    for (index, cell) in cells.enumerated() {
        guard let picture = cell.picture() else { return false }
        let corner =
            index / columns * first.height * stride + index % columns * first.width * 3
        for row in 0..<first.height {
            for at in 0..<first.width * 3 {
                bytes[corner + row * stride + at] = picture[row * first.width * 3 + at]
            }
        }
    }
    fputs("P6\n\(first.width * columns) \(first.height * rows)\n255\n", file)
    return fwrite(bytes, 1, bytes.count, file) == bytes.count
}
