import ImageCodec
import RenderService

/// A scene of flat textured shapes whose view from any camera is known exactly.
struct LayeredScene: Sendable {
    struct Shape: Sendable {
        /// 0 far … 1 near.
        var depth: Double
        /// Whether the shape covers a point; image heights from the centre, y **down**.
        var covers: @Sendable (Double, Double) -> Bool
        var colour: @Sendable (Double, Double) -> SIMD3<Double>
    }

    /// From near to far; the last covers everything.
    var shapes: [Shape]
    var width = 320
    var height = 180

    var aspect: Double { Double(width) / Double(height) }

    /// What a camera at `position` (y up) sees, by the formula of the geometry alone.
    func view(from position: Vector3 = .zero, geometry: ParallaxGeometry = .init()) -> [UInt8] {
        var rgb: [UInt8] = []
        rgb.reserveCapacity(width * height * 3)
        for y in 0..<height {
            for x in 0..<width {
                var sum = SIMD3<Double>()
                for sample in 0..<9 {
                    let dx = (Double(sample % 3) + 0.5) / 3
                    let dy = (Double(sample / 3) + 0.5) / 3
                    let px = (Double(x) + dx - Double(width) / 2) / Double(height)
                    let py = (Double(y) + dy - Double(height) / 2) / Double(height)
                    sum += colour(px, py, position, geometry)
                }
                for channel in 0..<3 {
                    rgb.append(UInt8(min(max(sum[channel] / 9, 0), 255).rounded()))
                }
            }
        }
        return rgb
    }

    private func colour(
        _ px: Double, _ py: Double, _ c: Vector3, _ geometry: ParallaxGeometry
    ) -> SIMD3<Double> {
        for shape in shapes {
            let w = geometry.strength * (shape.depth - geometry.pivot)
            let qx = px * (1 - c.z * w) + c.x * w
            let qy = py * (1 - c.z * w) - c.y * w
            if shape.covers(qx, qy) { return shape.colour(qx, qy) }
        }
        return .zero
    }

    /// The depth of each pixel at rest, by its centre.
    func depth() -> Plane<Float> {
        var values: [Float] = []
        for y in 0..<height {
            for x in 0..<width {
                let px = (Double(x) + 0.5 - Double(width) / 2) / Double(height)
                let py = (Double(y) + 0.5 - Double(height) / 2) / Double(height)
                let shape = shapes.first { $0.covers(px, py) }
                values.append(Float(shape?.depth ?? 0))
            }
        }
        return Plane(width: width, height: height, values)
    }

    /// The same with silhouettes of five pixels.
    func softDepth() -> Plane<Float> { Self.blurred(Self.blurred(depth())) }

    /// The means of nine pixels.
    private static func blurred(_ plane: Plane<Float>) -> Plane<Float> {
        var values = plane.values
        for y in 1..<(plane.height - 1) {
            for x in 1..<(plane.width - 1) {
                var sum: Float = 0
                for dy in -1...1 { for dx in -1...1 { sum += plane[x + dx, y + dy] } }
                values[y * plane.width + x] = sum / 9
            }
        }
        return Plane(width: plane.width, height: plane.height, values)
    }

    func scene(_ encoding: ColourEncoding = .fullRange601) -> SheetScene {
        SheetScene(
            rgb: view(), width: width, height: height, depth: depth(), encoding: encoding,
            reach: height / 6)
    }

    /// A wall, a floor, a column, a disc and a thin pole, all with smooth natural texture.
    static let room = LayeredScene(shapes: [
        Shape(
            depth: 1, covers: { x, _ in abs(x - 0.62) < 0.02 },
            colour: texture(5, base: [90, 80, 60])),
        Shape(
            depth: 0.8,
            covers: { x, y in (x + 0.15) * (x + 0.15) + (y - 0.1) * (y - 0.1) < 0.04 },
            colour: texture(2, base: [200, 90, 60])),
        Shape(
            depth: 0.55, covers: { x, y in abs(x - 0.3) < 0.12 && y > -0.35 },
            colour: texture(3, base: [70, 130, 180])),
        Shape(
            depth: 0.35, covers: { _, y in y > 0.22 }, colour: texture(4, base: [120, 110, 90])),
        Shape(depth: 0.1, covers: { _, _ in true }, colour: texture(1, base: [150, 170, 160])),
    ])

    /// Two small discs, one near and red, one far and blue, on a flat far ground; their centres
    /// can be found in any frame.
    static func discs(near: SIMD2<Double>, far: SIMD2<Double>) -> LayeredScene {
        func disc(_ centre: SIMD2<Double>) -> @Sendable (Double, Double) -> Bool {
            { x, y in
                let (dx, dy) = (x - centre.x, y - centre.y)
                return dx * dx + dy * dy < 0.006
            }
        }
        return LayeredScene(shapes: [
            Shape(depth: 0.9, covers: disc(near), colour: { _, _ in [255, 0, 0] }),
            Shape(depth: 0.3, covers: disc(far), colour: { _, _ in [0, 0, 255] }),
            Shape(depth: 0.3, covers: { _, _ in true }, colour: { _, _ in [110, 110, 110] }),
        ])
    }

    /// Sums of sines at a few scales: smooth, and everywhere different.
    private static func texture(
        _ seed: Double, base: SIMD3<Double>
    ) -> @Sendable (Double, Double) -> SIMD3<Double> {
        { x, y in
            func wave(_ t: Double) -> Double {
                // A smooth periodic curve without the C library.
                let u = t - t.rounded(.down)
                let v = u < 0.5 ? u * 2 : 2 - u * 2
                return v * v * (3 - 2 * v) * 2 - 1
            }
            let coarse = wave(x * 1.7 + seed * 0.37) + wave(y * 2.1 + x * 0.6 + seed * 0.11)
            let fine = wave(x * 9 + y * 4 + seed) + wave(y * 11 - x * 5 + seed * 0.7)
            let value = coarse * 18 + fine * 12
            return base + SIMD3(value, value * 0.9, value * 1.1)
        }
    }
}

/// Mean of pixel positions weighted by how much a channel exceeds the others; image heights from
/// the centre, y down.
func centroid(_ picture: Picture420, red: Bool) -> SIMD2<Double> {
    let plane = red ? picture.cr : picture.cb
    var sum = SIMD2<Double>()
    var total = 0.0
    for y in 0..<plane.height {
        for x in 0..<plane.width {
            let weight = Double(plane[x, y]) - 150
            guard weight > 0 else { continue }
            let px = (Double(2 * x) + 1 - Double(picture.width) / 2) / Double(picture.height)
            let py = (Double(2 * y) + 1 - Double(picture.height) / 2) / Double(picture.height)
            sum += SIMD2(px, py) * weight
            total += weight
        }
    }
    return sum / total
}

/// Peak signal-to-noise ratio of two luma planes inside a margin of 4 %, in decibels.
func psnr(_ a: Plane<UInt8>, _ b: Plane<UInt8>) -> Double {
    let marginX = a.width / 25
    let marginY = a.height / 25
    var sum = 0.0
    var count = 0.0
    for y in marginY..<(a.height - marginY) {
        for x in marginX..<(a.width - marginX) {
            let difference = Double(a[x, y]) - Double(b[x, y])
            sum += difference * difference
            count += 1
        }
    }
    return decibels(65025 * count / max(sum, 1e-9))
}

/// 10 · log10 of a positive ratio, from its bits and a short series.
private func decibels(_ ratio: Double) -> Double {
    let s = (ratio.significand - 1) / (ratio.significand + 1)
    var term = s
    var logarithm = 0.0
    for n in stride(from: 1.0, to: 40, by: 2) {
        logarithm += 2 * term / n
        term *= s * s
    }
    return 10 * (Double(ratio.exponent) * 0.693_147_180_56 + logarithm) / 2.302_585_093
}

extension RenderedMove {
    var bytes: [UInt8] { parts[0] }
}

/// A picture with a companion depth as it would be uploaded.
func upload(
    _ scene: LayeredScene = .room, withDepth: Bool = true, mask: [UInt8] = []
) throws -> SourceUpload {
    let image = try ImageCodec.encodePNG(
        rgb: scene.view(), width: scene.width, height: scene.height, level: 1)
    guard withDepth else { return SourceUpload(image: image, mask: mask) }
    let samples = scene.depth().values.map { UInt16($0 * 65535) }
    return SourceUpload(
        image: image,
        depth: try ImageCodec.encodeGreyPNG(
            samples, width: scene.width, height: scene.height, level: 1), mask: mask)
}

func source(_ upload: SourceUpload) throws -> SourcePicture {
    try SourcePicture(upload, digest: upload.digest)
}

func render(
    _ specification: MoveSpecification, of source: SourcePicture
) throws -> RenderedMove {
    try MoveJob(
        specification, of: source, scenes: SceneCache(budgetBytes: 64 << 20)
    ).run { false }
}
