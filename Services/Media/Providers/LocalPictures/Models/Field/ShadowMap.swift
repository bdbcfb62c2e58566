/// How far the key light reaches through the space about a solid: parallel rays on a square grid.
struct ShadowMap {
    static let size = 144

    private static let tileSide = 16
    private let view: View
    private let depths: [Float]
    /// Metres behind the first surface before full shadow, so that surfaces do not shade themselves.
    private let bias: Float

    /// - Parameter toLight: Unit vector toward the key, in model space.
    init(_ solid: Solid, toLight: Vec3, height: Float) {
        var low = Vec3(repeating: 1e6)
        var high = Vec3(repeating: -1e6)
        for one in solid.primitives where !one.isCut {
            for end in [one.boundA, one.boundB] {
                low = pointwiseMin(low, end - one.boundRadius)
                high = pointwiseMax(high, end + one.boundRadius)
            }
        }
        let centre = (low + high) * 0.5
        let radius = length(high - low) * 0.5
        let size = Self.size
        let view = View(parallelAlong: -toLight, centre: centre, radius: radius, size: size)
        let tiles = TileLists(solid, along: view)
        self.view = view
        bias = height * 0.03
        depths = solid.withField { field in
            let tracer = Tracer(field: field, view: view, hasFur: false)
            var depths = [Float](repeating: .infinity, count: size * size)
            tiles.members.withUnsafeBufferPointer { members in
                guard let all = members.baseAddress else { return }
                for tile in 0..<(tiles.columns * tiles.rows) {
                    let (first, count) = tiles.range(tile)
                    if count == 0 { continue }
                    Self.fill(
                        &depths, tracer, all + first, count, near: tiles.near[tile],
                        far: tiles.far[tile], column: tile % tiles.columns * Self.tileSide,
                        row: tile / tiles.columns * Self.tileSide)
                }
            }
            return depths
        }
    }

    private static func fill(
        _ depths: inout [Float], _ tracer: Tracer, _ list: UnsafePointer<Int32>, _ count: Int,
        near: Float, far: Float, column: Int, row: Int
    ) {
        for y in row..<min(row + tileSide, size) {
            for x in stride(from: column, to: min(column + tileSide, size), by: 4) {
                let columns = Lane(0.5, 1.5, 2.5, 3.5) + Float(x)
                let (start, ray) = tracer.rays(columns, Lane(repeating: Float(y) + 0.5))
                let hits = tracer.hits(
                    start, ray, from: Lane(repeating: near), to: far, list, count)
                for lane in 0..<4 where hits.isHit[lane] && x + lane < size {
                    depths[y * size + x + lane] = hits.depth[lane]
                }
            }
        }
    }

    /// Share of the key light at a point in model space, 0 ... 1.
    /// - Parameter softness: Widening of the half shadow, metres per metre behind the blocker.
    func visibility(_ point: Vec3, softness: Float = 0.05) -> Float {
        let d = point - view.origin
        let inverse = 1 / (view.grain * view.grain)
        let x = dot(d, view.originStepX) * inverse - 0.5
        let y = dot(d, view.originStepY) * inverse - 0.5
        let depth = dot(d, view.direction)
        let limit = Float(Self.size) - 2
        guard x > 0, y > 0, x < limit, y < limit else { return 1 }
        let blocker = nearest(x, y)
        let gap = max(0, depth - blocker)
        let spread = clamp(gap * softness / view.grain, 1.1, 7)
        var open: Float = 0
        for offset in Self.offsets {
            let px = clamp(x + offset.x * spread, 0, limit)
            let py = clamp(y + offset.y * spread, 0, limit)
            open += openShare(px, py, depth)
        }
        return open * (1 / Float(Self.offsets.count))
    }

    private static let offsets: [SIMD2<Float>] = [
        SIMD2(0, 0), SIMD2(0.7, 0.25), SIMD2(-0.7, -0.25), SIMD2(0.25, -0.7), SIMD2(-0.25, 0.7),
    ]

    private func nearest(_ x: Float, _ y: Float) -> Float {
        var least = Float.infinity
        let column = Int(x)
        let row = Int(y)
        for dy in [-1, 2] {
            for dx in [-1, 2] {
                let cx = min(max(column + dx, 0), Self.size - 1)
                let cy = min(max(row + dy, 0), Self.size - 1)
                least = min(least, depths[cy * Self.size + cx])
            }
        }
        return least
    }

    private func openShare(_ x: Float, _ y: Float, _ depth: Float) -> Float {
        let column = Int(x)
        let row = Int(y)
        let fx = x - Float(column)
        let fy = y - Float(row)
        let at = row * Self.size + column
        func open(_ index: Int) -> Float {
            let behind = depth - depths[index]
            return 1 - clamp((behind - bias) / bias)
        }
        let top = open(at) + (open(at + 1) - open(at)) * fx
        let low = open(at + Self.size) + (open(at + Self.size + 1) - open(at + Self.size)) * fx
        return top + (low - top) * fy
    }
}
