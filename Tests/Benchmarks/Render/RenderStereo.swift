import Glibc
import ImageCodec
import RenderService

/// A real pair of pictures: from the left one and its disparity, how close a frame comes to what
/// the right camera saw, beside the rubber sheet.
struct RenderStereo {
    private let left: RGBImage
    private let right: RGBImage
    /// Pixels by which a place lies further left in the right picture.
    private let disparity: [Float]

    init() throws {
        let folder = PeerPaths.directory + "/render/stereo"
        left = try ImageCodec.decodeRGB(Self.read(folder + "/left.png"))
        right = try ImageCodec.decodeRGB(Self.read(folder + "/right.png"))
        let bytes = try Self.read(folder + "/disparity.f32")
        disparity = bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        let count = left.width * left.height
        guard right.width == left.width, right.height == left.height, disparity.count == count,
            disparity.allSatisfy(\.isFinite)
        else { throw BenchFailure("the stereo pair does not fit together") }
    }

    func run(_ lines: inout [String], _ quality: inout [String: Double]) {
        // Sides of a frame are even.
        let (width, height) = (left.width & ~1, left.height & ~1)
        let rgb = Self.cropped(left.pixels, left.width, width, height, channels: 3)
        let disparity = Self.cropped(self.disparity, left.width, width, height, channels: 1)
        let truth = Picture420(
            rgb: Self.cropped(right.pixels, right.width, width, height, channels: 3), width: width,
            height: height, encoding: .fullRange601
        ).luma.values
        let (near, far) = (disparity.max() ?? 1, disparity.min() ?? 0)
        let span = max(near - far, 1e-6)
        let depth = Plane<Float>(width: width, height: height, disparity.map { ($0 - far) / span })
        // disparity = x · s · (d − f) · height.
        let strength = TruthScene.strength
        let pivot = Double(-far / span)
        let x = Double(span) / (strength * Double(height))
        let sheet = SheetScene(
            rgb: rgb, width: width, height: height, depth: depth, encoding: .fullRange601,
            reach: Int(near) + 2)
        let renderer = SheetRenderer(
            scene: sheet, width: width, height: height, kernel: RenderKernel.fastest.make())
        let frame = Picture420(width: width, height: height, encoding: .fullRange601)
        renderer.render(
            CameraPose(Vector3(x, 0, 0)),
            geometry: ParallaxGeometry(strength: strength, pivot: pivot), into: frame)
        let ours = frame.luma.values
        let rubber = RubberSheet(
            luma: Picture420(rgb: rgb, width: width, height: height, encoding: .fullRange601).luma,
            depth: depth)
        let theirs = rubber.view(x, 0, 0, strength: strength, pivot: pivot)
        let decibels = [ours, theirs].map { RenderQuality.decibels($0, truth, width: width) }
        let likeness = [ours, theirs].map { Self.likeness($0, truth, width: width) }
        quality["stereo.db"] = decibels[0] - decibels[1]
        quality["stereo.ssim"] = likeness[0] - likeness[1]
        lines.append(
            pad("stereo pair \(width)x\(height)", 22)
                + "\(decimals(decibels[0], 2)) dB, rubber sheet \(decimals(decibels[1], 2)) dB; "
                + "SSIM \(decimals(likeness[0], 3)), rubber sheet \(decimals(likeness[1], 3))")
    }

    /// Mean SSIM over windows of 7 × 7, inside the margin that the decibels have.
    static func likeness(_ a: [UInt8], _ b: [UInt8], width: Int) -> Double {
        let height = a.count / width
        let (marginX, marginY) = (width / 25, height / 25)
        let (c1, c2) = (0.01 * 0.01 * 65025, 0.03 * 0.03 * 65025)
        var sum = 0.0
        var windows = 0.0
        for y in max(marginY, 3)..<height - max(marginY, 3) {
            for x in max(marginX, 3)..<width - max(marginX, 3) {
                var (sa, sb, saa, sbb, sab) = (0, 0, 0, 0, 0)
                for row in y - 3...y + 3 {
                    for at in row * width + x - 3...row * width + x + 3 {
                        let (va, vb) = (Int(a[at]), Int(b[at]))
                        sa += va
                        sb += vb
                        saa += va * va
                        sbb += vb * vb
                        sab += va * vb
                    }
                }
                let (ma, mb) = (Double(sa) / 49, Double(sb) / 49)
                // Of a sample: 48 degrees of freedom.
                let va = (Double(saa) - 49 * ma * ma) / 48
                let vb = (Double(sbb) - 49 * mb * mb) / 48
                let covariance = (Double(sab) - 49 * ma * mb) / 48
                sum +=
                    (2 * ma * mb + c1) * (2 * covariance + c2)
                    / ((ma * ma + mb * mb + c1) * (va + vb + c2))
                windows += 1
            }
        }
        return sum / windows
    }

    private static func cropped<Sample>(
        _ samples: [Sample], _ from: Int, _ width: Int, _ height: Int, channels: Int
    ) -> [Sample] {
        (0..<height).flatMap { samples[$0 * from * channels..<($0 * from + width) * channels] }
    }

    static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else {
            throw BenchFailure("\(path) is not there; run make bench-peers")
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = fread(&piece, 1, piece.count, file)
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }
}
