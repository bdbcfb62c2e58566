/// A closed outline in two dimensions, baked to a table of signed distances (negative inside).
///
/// An exact polygon costs one step per edge at every probe; the table costs one bilinear look-up.
struct Profile: Sendable {
    let left: Float
    let bottom: Float
    let cell: Float
    let columns: Int
    let rows: Int
    /// The four distances at the corners of each cell: lower left, lower right, upper left, upper
    /// right. One load fetches all that a look-up blends.
    let corners: [SIMD4<Float>]
    /// Corners of the outline's bounds.
    let low: SIMD2<Float>
    let high: SIMD2<Float>

    /// Bakes an outline.
    /// - Parameters:
    ///   - outline: Corners in order, in metres, at least three; either direction.
    ///   - bend: Points put on each edge by a closed Catmull-Rom curve; 0 keeps straight edges.
    ///     A corner given twice stays sharp.
    ///   - isMirrored: Adds the same outline with `x` negated, as a lathe needs it.
    ///   - cells: Table columns or rows along the longer side.
    init(_ outline: [SIMD2<Float>], bend: Int = 0, isMirrored: Bool = false, cells: Int = 144) {
        var points = bend > 0 ? Profile.curve(outline, bend) : outline
        if isMirrored {
            points += points.reversed().map { SIMD2(-$0.x, $0.y) }
        }
        var low = points[0]
        var high = points[0]
        for point in points {
            low = SIMD2(min(low.x, point.x), min(low.y, point.y))
            high = SIMD2(max(high.x, point.x), max(high.y, point.y))
        }
        if isMirrored { low.x = 0 }
        self.low = low
        self.high = high
        let span = max(high.x - low.x, high.y - low.y)
        cell = span / Float(cells - 8)
        left = isMirrored ? 0 : low.x - 3 * cell
        bottom = low.y - 3 * cell
        columns = Int((high.x - left) / cell) + 5
        rows = Int((high.y - bottom) / cell) + 5
        let distances = Profile.bake(
            points, left: left, bottom: bottom, cell: cell, columns: columns, rows: rows)
        var corners: [SIMD4<Float>] = []
        corners.reserveCapacity((columns - 1) * (rows - 1))
        for row in 0..<(rows - 1) {
            for column in 0..<(columns - 1) {
                let at = row * columns + column
                corners.append(
                    SIMD4(
                        distances[at], distances[at + 1], distances[at + columns],
                        distances[at + columns + 1]))
            }
        }
        self.corners = corners
    }

    private static func curve(_ corners: [SIMD2<Float>], _ bend: Int) -> [SIMD2<Float>] {
        let count = corners.count
        var points: [SIMD2<Float>] = []
        for index in 0..<count {
            let before = corners[(index + count - 1) % count]
            let from = corners[index]
            let to = corners[(index + 1) % count]
            let after = corners[(index + 2) % count]
            if from == to { continue }
            for step in 0...bend {
                let t = Float(step) / Float(bend + 1)
                let linear = (to - before) * t
                let square = (2 * before - 5 * from + 4 * to - after) * (t * t)
                let cube = (3 * from - before - 3 * to + after) * (t * t * t)
                points.append(0.5 * (2 * from + linear + square + cube))
            }
        }
        return points
    }

    private static func bake(
        _ points: [SIMD2<Float>], left: Float, bottom: Float, cell: Float, columns: Int, rows: Int
    ) -> [Float] {
        var table = [Float](repeating: 0, count: columns * rows)
        let offsets = Lane(0, 1, 2, 3)
        for row in 0..<rows {
            let y = bottom + Float(row) * cell
            for first in stride(from: 0, to: columns, by: 4) {
                let x = left + (offsets + Float(first)) * cell
                var nearest = Lane(repeating: 1e12)
                var sign = Lane(repeating: 1)
                var from = points[points.count - 1]
                for to in points {
                    let edge = to - from
                    let dx = x - from.x
                    let dy = y - from.y
                    let share = unit(
                        (dx * edge.x + dy * edge.y)
                            * (1 / max(edge.x * edge.x + edge.y * edge.y, 1e-12)))
                    let rx = dx - share * edge.x
                    let ry = dy - share * edge.y
                    nearest = lesser(nearest, rx * rx + ry * ry)
                    if (from.y > y) != (to.y > y) {
                        let crossing = from.x + (y - from.y) / edge.y * edge.x
                        sign.replace(with: -sign, where: x .< crossing)
                    }
                    from = to
                }
                let distance = root(nearest) * sign
                for lane in 0..<4 where first + lane < columns {
                    table[row * columns + first + lane] = distance[lane]
                }
            }
        }
        return table
    }
}

/// Where a profile's table lies among the tables of one solid.
struct ProfileSlot {
    var left: Float
    var bottom: Float
    var cell: Float
    var cellsPerMetre: Float
    var columnMax: Float
    var rowMax: Float
    var cellsPerRow: Float
    var first: Int
}
