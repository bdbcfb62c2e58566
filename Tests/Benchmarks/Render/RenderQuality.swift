import Glibc
import RenderService

/// How close frames come to the truth, in decibels of luma above the rubber sheet.
struct RenderQuality {
    private static let moves: [(name: String, x: Double, y: Double, z: Double)] = [
        ("pan left", 0.15, 0, 0), ("pan right", -0.15, 0, 0), ("push", 0, 0, 0.25),
        ("pull", 0, 0, -0.15), ("crane", 0, -0.15, 0.05),
    ]

    func run(_ lines: inout [String], _ quality: inout [String: Double]) {
        for (name, width, height) in [("soft720.db", 1280, 720), ("soft180.db", 320, 180)] {
            let scene = TruthScene(width: width, height: height)
            let depth = scene.softDepth()
            let rgb = scene.view()
            let sheet = SheetScene(
                rgb: rgb, width: width, height: height, depth: depth, encoding: .fullRange601,
                reach: height / 6)
            let renderer = SheetRenderer(
                scene: sheet, width: width, height: height, kernel: RenderKernel.fastest.make())
            let rubber = RubberSheet(
                luma: Picture420(rgb: rgb, width: width, height: height, encoding: .fullRange601)
                    .luma, depth: depth)
            var gains: [Double] = []
            for move in Self.moves {
                let truth = Picture420(
                    rgb: scene.view(move.x, move.y, move.z), width: width, height: height,
                    encoding: .fullRange601
                ).luma.values
                let frame = Picture420(width: width, height: height, encoding: .fullRange601)
                // A pose's y points up.
                renderer.render(
                    CameraPose(Vector3(move.x, -move.y, move.z)),
                    geometry: ParallaxGeometry(
                        strength: TruthScene.strength, pivot: TruthScene.pivot), into: frame)
                let ours = Self.decibels(frame.luma.values, truth, width: width)
                let theirs = Self.decibels(
                    rubber.view(
                        move.x, move.y, move.z, strength: TruthScene.strength,
                        pivot: TruthScene.pivot), truth, width: width)
                gains.append(ours - theirs)
                lines.append(
                    pad("\(width)x\(height) \(move.name)", 22)
                        + "\(decimals(ours, 2)) dB, rubber sheet \(decimals(theirs, 2)) dB")
            }
            quality[name] = gains.reduce(0, +) / Double(gains.count)
        }
    }

    /// PSNR inside a margin of 4 %.
    static func decibels(_ a: [UInt8], _ b: [UInt8], width: Int) -> Double {
        let height = a.count / width
        let (marginX, marginY) = (width / 25, height / 25)
        var sum = 0.0
        var count = 0.0
        for y in marginY..<height - marginY {
            for x in marginX..<width - marginX {
                let difference = Double(a[y * width + x]) - Double(b[y * width + x])
                sum += difference * difference
                count += 1
            }
        }
        return 10 * log10(65025 * count / max(sum, 1e-9))
    }
}
