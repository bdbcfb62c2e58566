/// How open the ground is about a solid, on a grid in model space: the ground asks at every pixel.
struct ContactMap {
    private static let side = 128

    private let origin: Vec3
    /// Cells per metre.
    private let scale: Float
    private let values: [Float]

    /// - Parameters:
    ///   - level: Height above the ground at which the room is measured, in metres.
    ///   - reach: Distance from which the ground is fully open, in metres.
    init(_ solid: Solid, level: Float, reach: Float) {
        var low = Vec3(repeating: 1e6)
        var high = Vec3(repeating: -1e6)
        for one in solid.primitives where !one.isCut {
            for end in [one.boundA, one.boundB] {
                low = pointwiseMin(low, end - one.boundRadius)
                high = pointwiseMax(high, end + one.boundRadius)
            }
        }
        let side = Self.side
        let span = max(high.x - low.x, high.z - low.z) + 2 * reach
        let cell = span / Float(side - 1)
        let corner = Vec3(
            (low.x + high.x - span) * 0.5, level, (low.z + high.z - span) * 0.5)
        let everything = (0..<solid.primitives.count).map { Int32(truncatingIfNeeded: $0) }
        values = solid.withField { field in
            everything.withUnsafeBufferPointer { list in
                var values = [Float](repeating: 1, count: side * side)
                guard let first = list.baseAddress else { return values }
                for row in 0..<side {
                    let z = corner.z + Float(row) * cell
                    for column in stride(from: 0, to: side, by: 4) {
                        let x = (Lane(0, 1, 2, 3) + Float(column)) * cell + corner.x
                        let distance = field.distance(
                            LanePoint(x: x, y: Lane(repeating: level), z: Lane(repeating: z)),
                            first, list.count)
                        for lane in 0..<4 {
                            values[row * side + column + lane] = smoothstep(
                                0, 1, clamp(distance[lane] / reach))
                        }
                    }
                }
                return values
            }
        }
        origin = corner
        scale = 1 / cell
    }

    /// 0 in contact ... 1 in the open, at a point in model space.
    @inline(__always) func openness(_ point: Vec3) -> Float {
        let x = (point.x - origin.x) * scale, y = (point.z - origin.z) * scale
        let limit = Float(Self.side) - 1.001
        guard x >= 0, y >= 0, x < limit, y < limit else { return 1 }
        let ix = Int(x), iy = Int(y)
        let fx = x - Float(ix), fy = y - Float(iy)
        let at = iy * Self.side + ix
        let top = mix(values[at], values[at + 1], fx)
        let bottom = mix(values[at + Self.side], values[at + Self.side + 1], fx)
        return mix(top, bottom, fy)
    }
}
