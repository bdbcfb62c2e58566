import RenderService

/// A scene of textured shapes whose view from any camera can be computed exactly, also what the
/// rest position hides: a back wall, a floor, a panel that leans, a column, a person, a disc, poles.
///
/// Places are image heights from the centre with y **down**; a camera that rises has a negative y.
struct TruthScene {
    /// A flat shape: its depth at (x, y) is `depth + right·x + down·y`.
    private struct Shape {
        let depth: Double
        var right = 0.0
        var down = 0.0
        let seed: UInt32
        let colour: SIMD3<Double>
        let covers: (Double, Double) -> Bool
    }

    static let strength = 0.4
    static let pivot = 0.5

    let width: Int
    let height: Int

    private let shapes: [Shape] = [
        Shape(depth: 0.05, seed: 1, colour: [150, 165, 180]) { _, _ in true },
        Shape(depth: 0.2, right: 0.05, seed: 2, colour: [130, 120, 150]) { x, y in
            x < -0.15 && y > -0.38
        },
        Shape(depth: 0.1, down: 1.1, seed: 3, colour: [120, 110, 80]) { _, y in y > 0.2 },
        Shape(depth: 0.42, right: 0.35, seed: 4, colour: [160, 130, 90]) { x, y in
            x > 0.3 && x < 0.72 && y > -0.3 && y < 0.25
        },
        Shape(depth: 0.55, seed: 5, colour: [90, 140, 110]) { x, _ in x > -0.62 && x < -0.52 },
        Shape(depth: 0.66, seed: 6, colour: [190, 110, 90]) { x, y in
            let (dx, head) = (x + 0.05, y + 0.16)
            return dx * dx + head * head < 0.0049
                || (y > -0.09 && y < 0.4 && dx * dx < 0.01 + 0.012 * (y + 0.09))
        },
        Shape(depth: 0.8, seed: 7, colour: [80, 110, 190]) { x, y in
            (x - 0.22) * (x - 0.22) + (y - 0.24) * (y - 0.24) < 0.013
        },
        Shape(depth: 0.95, seed: 8, colour: [60, 80, 60]) { x, y in
            let lean = x - 0.55 + 0.1 * y
            return lean * lean < 0.00004 || (x + 0.35 - 0.2 * y) * (x + 0.35 - 0.2 * y) < 0.00006
        },
    ]

    /// What is seen from a camera, 3 × 3 samples a pixel, as interleaved rows.
    func view(_ x: Double = 0, _ y: Double = 0, _ z: Double = 0) -> [UInt8] {
        var rgb = [UInt8](repeating: 0, count: width * height * 3)
        for row in 0..<height {
            for column in 0..<width {
                var sum = SIMD3<Double>()
                for sample in 0..<9 {
                    let px =
                        (Double(column) + (Double(sample % 3) + 0.5) / 3 - Double(width) / 2)
                        / Double(height)
                    let py = (Double(row) + (Double(sample / 3) + 0.5) / 3) / Double(height) - 0.5
                    sum += seen(px, py, x, y, z).colour
                }
                for channel in 0..<3 {
                    rgb[(row * width + column) * 3 + channel] =
                        UInt8(min(max(sum[channel] / 9, 0), 255).rounded())
                }
            }
        }
        return rgb
    }

    /// Depth at rest, 0 far … 1 near, as an estimator gives it: silhouettes are blurred by 1/400 of
    /// the height, by a pixel at least.
    func softDepth() -> Plane<Float> {
        var depth = [Float](repeating: 0, count: width * height)
        for row in 0..<height {
            for column in 0..<width {
                let px = (Double(column) + 0.5 - Double(width) / 2) / Double(height)
                let py = (Double(row) + 0.5) / Double(height) - 0.5
                depth[row * width + column] = Float(seen(px, py, 0, 0, 0).depth)
            }
        }
        return Plane(width: width, height: height, blurred(depth))
    }

    /// The nearest shape on a line of sight.
    private func seen(
        _ px: Double, _ py: Double, _ x: Double, _ y: Double, _ z: Double
    ) -> (colour: SIMD3<Double>, depth: Double) {
        let (ex, ey) = (x - px * z, y - py * z)
        var nearest = -Double.infinity
        var best: (shape: Shape, x: Double, y: Double)?
        for shape in shapes {
            // w(q) = s·(d(q) − f) along q = p + w·e is linear in w.
            let slope = Self.strength * (shape.right * ex + shape.down * ey)
            let level = shape.depth + shape.right * px + shape.down * py - Self.pivot
            let w = Self.strength * level / (1 - slope)
            guard w > nearest else { continue }
            let (qx, qy) = (px + w * ex, py + w * ey)
            guard shape.covers(qx, qy) else { continue }
            nearest = w
            best = (shape, qx, qy)
        }
        guard let best else { return ([0, 0, 0], 0) }
        return (
            best.shape.colour + Self.texture(best.x, best.y, best.shape.seed),
            min(max(nearest / Self.strength + Self.pivot, 0), 1)
        )
    }

    // MARK: Texture

    /// Five octaves of smooth noise: detail at every scale, as in a photograph.
    private static func texture(_ x: Double, _ y: Double, _ seed: UInt32) -> SIMD3<Double> {
        var sum = 0.0
        var size = 46.0
        var frequency = 5.0
        for octave in 0..<5 {
            sum += size * noise(x * frequency, y * frequency, seed &* 31 &+ UInt32(octave))
            size *= 0.62
            frequency *= 2.3
        }
        return SIMD3(sum, sum * 0.9, sum * 0.8)
    }

    /// −1…1, smooth between the corners of a grid of one.
    private static func noise(_ x: Double, _ y: Double, _ seed: UInt32) -> Double {
        let (fx, fy) = (x.rounded(.down), y.rounded(.down))
        let (ix, iy) = (UInt32(bitPattern: Int32(fx)), UInt32(bitPattern: Int32(fy)))
        func corner(_ dx: UInt32, _ dy: UInt32) -> Double {
            var hash = (ix &+ dx) &* 0x9E37_79B1 ^ (iy &+ dy) &* 0x85EB_CA77 ^ seed &* 0xC2B2_AE3D
            hash = (hash ^ hash >> 15) &* 0x2C1B_3C6D
            hash = (hash ^ hash >> 12) &* 0x297A_2D39
            return Double(hash ^ hash >> 15) / Double(UInt32.max) * 2 - 1
        }
        func ease(_ t: Double) -> Double { t * t * (3 - 2 * t) }
        let (tx, ty) = (ease(x - fx), ease(y - fy))
        let top = corner(0, 0) + (corner(1, 0) - corner(0, 0)) * tx
        let bottom = corner(0, 1) + (corner(1, 1) - corner(0, 1)) * tx
        return top + (bottom - top) * ty
    }

    /// A Gaussian, one direction after the other.
    private func blurred(_ samples: [Float]) -> [Float] {
        let sigma = max(1, Double(height) / 400)
        let reach = Int((sigma * 3).rounded(.up))
        let weights = (-reach...reach).map { distance in
            let t = Double(distance) / sigma
            // exp(−t²/2) by the limit (1 − x/n)ⁿ: close enough for a blur, and no C library.
            var value = 1 - t * t / 2 / 1024
            for _ in 0..<10 { value *= value }
            return Float(value)
        }
        let sum = weights.reduce(0, +)
        func pass(_ from: [Float], across: Bool) -> [Float] {
            var to = from
            for row in 0..<height {
                for column in 0..<width {
                    var value: Float = 0
                    for (index, weight) in weights.enumerated() {
                        let offset = index - reach
                        let x = across ? min(max(column + offset, 0), width - 1) : column
                        let y = across ? row : min(max(row + offset, 0), height - 1)
                        value += from[y * width + x] * weight
                    }
                    to[row * width + column] = value / sum
                }
            }
            return to
        }
        return pass(pass(samples, across: true), across: false)
    }
}
