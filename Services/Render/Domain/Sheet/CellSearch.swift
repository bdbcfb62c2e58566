/// Finds the source coordinates of one 16 × 8 cell of a frame at a time.
struct CellSearch {
    private let view: SheetView
    private let coefficients: SheetView.Coefficients
    private let width: Int
    private let height: Int
    private let lastX: Float
    private let lastY: Float
    private let tileColumns: Int
    private let tileBins: UnsafeMutablePointer<UInt64>
    private let tileSlopes: UnsafeMutablePointer<Float>
    private let frontDepth: UnsafeMutablePointer<Float>
    private let backDepth: UnsafeMutablePointer<Float>
    /// Add to a centred coordinate to get a pixel index.
    private let centreX: Float
    private let centreY: Float
    private let lowest: Float
    private let highest: Float
    private let binSize: Float
    /// A greater change of depth from one pixel to the next is a jump.
    private let step: Float

    private static let columns = 16
    private static let rows = 8
    /// Depth that changes by less than this per pixel of shift can hide nothing.
    private static let foldMax: Float = 0.5

    init(scene: SheetScene, view: SheetView) {
        self.view = view
        coefficients = view.coefficients
        width = scene.width
        height = scene.height
        lastX = Float(width - 1)
        lastY = Float(height - 1)
        tileColumns = scene.tileColumns
        tileBins = scene.tileBins.samples
        tileSlopes = scene.tileSlopes.samples
        step = scene.step
        frontDepth = scene.front.depth.samples
        backDepth = scene.back.depth.samples
        centreX = Float(width) / 2 - 0.5
        centreY = Float(height) / 2 - 0.5
        lowest = scene.depths.lowerBound
        highest = scene.depths.upperBound
        binSize = max(1e-6, highest - lowest) / Float(SheetScene.binCount)
    }

    /// Where a cell's results go: `stride` apart from row to row.
    struct Output {
        let x: UnsafeMutablePointer<Int32>
        let y: UnsafeMutablePointer<Int32>
        let isBack: UnsafeMutablePointer<UInt8>
        let depth: UnsafeMutablePointer<Float>
        let stride: Int
    }

    /// A pixel's line of candidates: pixel index coordinates at the pivot depth, and pixels of
    /// shift per unit of depth.
    private struct Line {
        let x, y, dx, dy: Float
    }

    @inline(__always)
    private func line(_ x: Float, _ y: Float) -> Line {
        let p = view.source(x, y, coefficients)
        return Line(
            x: p.x + centreX, y: p.y + centreY, dx: view.shiftX - p.x * view.zoom,
            dy: view.shiftY - p.y * view.zoom)
    }

    /// - Returns: How many of the cell's pixels the back sheet had to fill.
    func solve(left: Int, top: Int, into out: Output) -> Int {
        let (x0, y0) = (Float(left), Float(top))
        let corners = (
            line(x0, y0), line(x0 + Float(Self.columns), y0), line(x0, y0 + Float(Self.rows)),
            line(x0 + Float(Self.columns), y0 + Float(Self.rows))
        )
        let reach = self.reach(corners, lowest - view.pivot, highest - view.pivot)
        var bins: UInt64 = 0
        var slope: Float = 0
        for row in reach.rows {
            for column in reach.columns {
                let tile = row &* tileColumns &+ column
                bins |= tileBins[tile]
                slope = max(slope, tileSlopes[tile])
            }
        }
        let shift = max(
            max(length(corners.0), length(corners.1)), max(length(corners.2), length(corners.3)))
        if slope * shift < Self.foldMax {
            interpolate(x0, y0, isInside: isInside(reach), into: out)
            return 0
        }
        let runs = self.runs(candidates(corners, among: bins), shift: shift)
        if isInside(reach) { return marchRows(x0, y0, runs, into: out) }
        return march(x0, y0, runs, into: out)
    }

    // MARK: Smooth cells

    /// Solves a grid of 3 × 3 nodes and interpolates source coordinates between them.
    private func interpolate(_ x0: Float, _ y0: Float, isInside: Bool, into out: Output) {
        // Each node is (x, y, depth).
        var nodes: InlineArray<9, SIMD4<Float>> = .init(repeating: .zero)
        for node in 0..<9 {
            let line = line(x0 + Float(node % 3) * 8, y0 + Float(node / 3) * 4)
            var u = smoothDepth(line.x, line.y)
            for _ in 0..<3 {
                let t = u - view.pivot
                u = smoothDepth(line.x + t * line.dx, line.y + t * line.dy)
            }
            let t = u - view.pivot
            nodes[node] = SIMD4(line.x + t * line.dx, line.y + t * line.dy, u, 0)
        }
        for row in 0..<Self.rows {
            let upper = row / 4 * 3
            let fy = Float(row % 4) * 0.25
            let a = nodes[upper] + (nodes[upper + 3] - nodes[upper]) * fy
            let b = nodes[upper + 1] + (nodes[upper + 4] - nodes[upper + 1]) * fy
            let c = nodes[upper + 2] + (nodes[upper + 5] - nodes[upper + 2]) * fy
            let (left, right) = ((b - a) * 0.125, (c - b) * 0.125)
            let at = row &* out.stride
            let x = Self.ramps(a.x, left.x, b.x, right.x)
            let y = Self.ramps(a.y, left.y, b.y, right.y)
            let depth = Self.ramps(a.z, left.z, b.z, right.z)
            if isInside {
                Self.storeFixed(x, to: out.x + at)
                Self.storeFixed(y, to: out.y + at)
                UnsafeMutableRawPointer(out.depth + at).storeBytes(of: depth, as: Lanes.self)
                UnsafeMutableRawPointer(out.isBack + at)
                    .storeBytes(of: .zero, as: SIMD16<UInt8>.self)
            } else {
                for i in 0..<Self.columns {
                    store(x[i], y[i], depth[i], isBack: 0, at: at &+ i, into: out)
                }
            }
        }
    }

    /// Eight numbers that rise from one start and eight from another.
    @inline(__always)
    private static func ramps(
        _ a: Float, _ aStep: Float, _ b: Float, _ bStep: Float
    ) -> Lanes {
        let rising: SIMD8<Float> = [0, 1, 2, 3, 4, 5, 6, 7]
        return Lanes(lowHalf: rising * aStep + a, highHalf: rising * bStep + b)
    }

    /// Bilinear depth of the front sheet.
    @inline(__always)
    private func smoothDepth(_ x: Float, _ y: Float) -> Float {
        let (cx, cy) = (clamp(x, 0, lastX), clamp(y, 0, lastY))
        let (ix, iy) = (Int(cx), Int(cy))
        let (fx, fy) = (cx - Float(ix), cy - Float(iy))
        let right = ix + 1 < width ? 1 : 0
        let upper = frontDepth + (iy * width + ix)
        let lower = iy + 1 < height ? upper + width : upper
        let a = upper[0] + (upper[right] - upper[0]) * fx
        let b = lower[0] + (lower[right] - lower[0]) * fx
        return a + (b - a) * fy
    }

    // MARK: Cells with silhouettes

    /// A stretch of depths to march through, from near to far.
    private struct Run {
        let from: Float
        let du: Float
        let steps: Int
    }

    /// Runs of neighbouring candidate bins, the nearest first, in steps of at most one pixel.
    private func runs(_ candidates: UInt64, shift: Float) -> [Run] {
        var runs: [Run] = []
        var left = candidates
        while left != 0 {
            let top = 63 &- left.leadingZeroBitCount
            let count = (~(left << UInt64(63 &- top))).leadingZeroBitCount
            let bottom = top &- count &+ 1
            left &= (1 << UInt64(bottom)) &- 1
            let from = lowest + (Float(top) + 1.25) * binSize
            let to = lowest + (Float(bottom) - 0.25) * binSize
            let steps = max(1, Int((from - to) * shift + 0.999))
            runs.append(Run(from: from, du: (from - to) / Float(steps), steps: steps))
        }
        return runs
    }

    /// Pixel by pixel, for cells that look at or beyond the border of the picture.
    private func march(_ x0: Float, _ y0: Float, _ runs: [Run], into out: Output) -> Int {
        var backPixels = 0
        for row in 0..<Self.rows {
            for column in 0..<Self.columns {
                let line = line(x0 + Float(column), y0 + Float(row))
                let hit = firstHit(line, runs)
                backPixels &+= settle(
                    line, hit: hit, at: row &* out.stride &+ column, into: out)
            }
        }
        return backPixels
    }

    /// The nearest depth at which the line meets the front sheet, -∞ when it meets none.
    private func firstHit(_ line: Line, _ runs: [Run]) -> Float {
        for run in runs {
            var u = run.from
            var before = nearest(frontDepth, line, u) - u
            for _ in 0..<run.steps {
                u -= run.du
                let gap = nearest(frontDepth, line, u) - u
                if before < 0 {
                    if gap >= 0 && gap - before < step + run.du {
                        return u + run.du * gap / (gap - before)
                    }
                    if let thin = thinHit(line, u, run.du, before: before, gap: gap) {
                        return thin
                    }
                }
                before = gap
            }
        }
        return -.infinity
    }

    /// A thing about a pixel wide may lie under only one of two samples. Its own depth tells where
    /// the line should meet it: nil when it is not there either.
    @inline(__always)
    private func thinHit(
        _ line: Line, _ u: Float, _ du: Float, before: Float, gap: Float
    ) -> Float? {
        let at: Float
        if gap >= 0 {
            guard gap < du else { return nil }
            at = u + gap
        } else {
            guard before > -du else { return nil }
            at = u + du + before
        }
        return abs(nearest(frontDepth, line, at) - at) < step * 0.25 ? at : nil
    }

    /// Stores a hit, or what the back sheet shows where there was none.
    /// - Returns: 1 when the back sheet was needed, else 0.
    @inline(__always)
    private func settle(_ line: Line, hit: Float, at index: Int, into out: Output) -> Int {
        let isBack = hit == -.infinity
        let u = isBack ? hiddenDepth(line) : hit
        let t = u - view.pivot
        store(
            line.x + t * line.dx, line.y + t * line.dy, u, isBack: isBack ? 1 : 0, at: index,
            into: out)
        return isBack ? 1 : 0
    }

    private typealias Lanes = SIMD16<Float>

    /// The same search for a row of sixteen pixels at a time, which march in step. Conditions are
    /// sign bits and selections are masks: comparisons and min/max of vectors are slow here.
    private func marchRows(_ x0: Float, _ y0: Float, _ runs: [Run], into out: Output) -> Int {
        var backPixels = 0
        let m = coefficients
        let columns = Self.columnLanes + x0
        for row in 0..<Self.rows {
            let below = y0 + Float(row)
            let w = 1 / (columns * m.gx + (m.gy * below + m.g1))
            let px = (columns * m.xx + (m.xy * below + m.x1)) * w
            let py = (columns * m.yx + (m.yy * below + m.y1)) * w
            let (x, y) = (px + centreX, py + centreY)
            let dx = view.shiftX - px * view.zoom
            let dy = view.shiftY - py * view.zoom
            var (hits, missing) = firstHits(x, y, dx, dy, runs)
            let at = row &* out.stride
            let isBack = UnsafeMutableRawPointer(out.isBack + at)
            isBack.storeBytes(of: .zero, as: SIMD16<UInt8>.self)
            if missing.wrappedSum() != 0 {
                for column in 0..<Self.columns where missing[column] != 0 {
                    hits[column] = hiddenDepth(
                        Line(x: x[column], y: y[column], dx: dx[column], dy: dy[column]))
                    out.isBack[at &+ column] = 1
                    backPixels &+= 1
                }
            }
            let t = hits - view.pivot
            Self.storeFixed(x + t * dx, to: out.x + at)
            Self.storeFixed(y + t * dy, to: out.y + at)
            UnsafeMutableRawPointer(out.depth + at).storeBytes(of: hits, as: Lanes.self)
        }
        return backPixels
    }

    private static let columnLanes: Lanes = [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    ]

    /// Stores sixteen coordinates, none of them negative, in 1/256 pixel.
    @inline(__always)
    private static func storeFixed(_ lanes: Lanes, to out: UnsafeMutablePointer<Int32>) {
        let fixed = unsafeBitCast(lanes * 256 + 8_388_608, to: SIMD16<Int32>.self) & 0x7F_FFFF
        UnsafeMutableRawPointer(out).storeBytes(of: fixed, as: SIMD16<Int32>.self)
    }

    @inline(__always)
    private func firstHits(
        _ x: Lanes, _ y: Lanes, _ dx: Lanes, _ dy: Lanes, _ runs: [Run]
    ) -> (hits: Lanes, missing: SIMD16<Int32>) {
        var hits = Lanes(repeating: lowest)
        var searching = SIMD16<Int32>(repeating: -1)
        for run in runs {
            var u = run.from
            var before = gaps(x, y, dx, dy, u)
            let limit = step + run.du
            for _ in 0..<run.steps {
                u -= run.du
                let gap = gaps(x, y, dx, dy, u)
                let rise = gap - before
                let approaching = Self.negative(before) & searching
                let found = approaching & ~Self.negative(gap) & Self.negative(rise - limit)
                if found.wrappedSum() != 0 {
                    let refined = u + run.du * gap / rise
                    hits = unsafeBitCast(
                        (unsafeBitCast(refined, to: SIMD16<Int32>.self) & found)
                            | (unsafeBitCast(hits, to: SIMD16<Int32>.self) & ~found),
                        to: Lanes.self)
                    searching &= ~found
                    if searching.wrappedSum() == 0 { return (hits, searching) }
                }
                // Either sample alone within one step of the sheet: see `thinHit`.
                let grazing =
                    approaching & ~found
                    & ((~Self.negative(gap) & Self.negative(gap - run.du))
                        | (Self.negative(gap) & ~Self.negative(before + run.du)))
                if grazing.wrappedSum() != 0 {
                    for lane in 0..<16 where grazing[lane] != 0 {
                        let line = Line(x: x[lane], y: y[lane], dx: dx[lane], dy: dy[lane])
                        if let thin = thinHit(
                            line, u, run.du, before: before[lane], gap: gap[lane])
                        {
                            hits[lane] = thin
                            searching[lane] = 0
                        }
                    }
                }
                before = gap
            }
        }
        return (hits, searching)
    }

    /// All ones where a lane is negative.
    @inline(__always)
    private static func negative(_ lanes: Lanes) -> SIMD16<Int32> {
        unsafeBitCast(lanes, to: SIMD16<Int32>.self) &>> 31
    }

    /// The front sheet's depth on each line at depth u, less u.
    @inline(__always)
    private func gaps(_ x: Lanes, _ y: Lanes, _ dx: Lanes, _ dy: Lanes, _ u: Float) -> Lanes {
        let t = u - view.pivot
        // Adding 2^23 rounds; the index is exact in a float, as no picture has 2^23 pixels.
        let magic: Float = 8_388_608
        let column = (x + dx * t + magic) - magic
        let row = (y + dy * t + magic) - magic
        let index =
            unsafeBitCast(row * Float(width) + column + magic, to: SIMD16<UInt32>.self)
            & 0x7F_FFFF
        var depth = Lanes()
        for lane in 0..<16 { depth[lane] = frontDepth[Int(index[lane])] }
        return depth - u
    }

    /// Whether nothing in reach lies at the border, where coordinates must be clamped.
    private func isInside(_ reach: (columns: ClosedRange<Int>, rows: ClosedRange<Int>)) -> Bool {
        reach.columns.lowerBound > 0 && reach.rows.lowerBound > 0
            && (reach.columns.upperBound + 1) * SheetScene.tileWidth < width
            && (reach.rows.upperBound + 1) * SheetScene.tileHeight < height
    }

    /// Depth of the back sheet along a line that met no front sheet, from the farthest inward.
    @inline(__always)
    private func hiddenDepth(_ line: Line) -> Float {
        var u = lowest
        for _ in 0..<5 { u = nearest(backDepth, line, u) }
        return u
    }

    @inline(__always)
    private func nearest(
        _ depth: UnsafeMutablePointer<Float>, _ line: Line, _ u: Float
    ) -> Float {
        let t = u - view.pivot
        let x = roundedIndex(clamp(line.x + t * line.dx, 0, lastX))
        let y = roundedIndex(clamp(line.y + t * line.dy, 0, lastY))
        return depth[y &* width &+ x]
    }

    @inline(__always)
    private func store(
        _ x: Float, _ y: Float, _ depth: Float, isBack: UInt8, at index: Int, into out: Output
    ) {
        out.x[index] = Int32(truncatingIfNeeded: roundedIndex(clamp(x, 0, lastX) * 256))
        out.y[index] = Int32(truncatingIfNeeded: roundedIndex(clamp(y, 0, lastY) * 256))
        out.depth[index] = depth
        out.isBack[index] = isBack
    }

    // MARK: Tables

    @inline(__always)
    private func length(_ line: Line) -> Float {
        (line.dx * line.dx + line.dy * line.dy).squareRoot()
    }

    /// Tiles that the cell may look at for depths in a range, given relative to the pivot.
    private func reach(
        _ corners: (Line, Line, Line, Line), _ near: Float, _ far: Float
    ) -> (columns: ClosedRange<Int>, rows: ClosedRange<Int>) {
        var (minX, maxX) = (Float.infinity, -Float.infinity)
        var (minY, maxY) = (Float.infinity, -Float.infinity)
        @inline(__always) func add(_ line: Line, _ t: Float) {
            let (x, y) = (line.x + t * line.dx, line.y + t * line.dy)
            minX = min(minX, x)
            maxX = max(maxX, x)
            minY = min(minY, y)
            maxY = max(maxY, y)
        }
        for t in [near, far] {
            add(corners.0, t)
            add(corners.1, t)
            add(corners.2, t)
            add(corners.3, t)
        }
        @inline(__always) func tiles(_ low: Float, _ high: Float, _ size: Int, _ limit: Int)
            -> ClosedRange<Int>
        {
            // One pixel of slack for rounding and for the neighbours that slopes look at.
            let limitPixels = Float(limit - 1)
            let first = Int(clamp(low - 1, 0, limitPixels)) / size
            let last = Int(clamp(high + 2, 0, limitPixels)) / size
            return first...max(first, last)
        }
        return (
            tiles(minX, maxX, SheetScene.tileWidth, width),
            tiles(minY, maxY, SheetScene.tileHeight, height)
        )
    }

    /// Those bins that occur where the cell would look for them.
    private func candidates(_ corners: (Line, Line, Line, Line), among bins: UInt64) -> UInt64 {
        var found: UInt64 = 0
        var left = bins
        while left != 0 {
            let bin = left.trailingZeroBitCount
            left &= left &- 1
            let low = lowest + (Float(bin) - 0.25) * binSize - view.pivot
            let reach = self.reach(corners, low, low + 1.5 * binSize)
            search: for row in reach.rows {
                for column in reach.columns
                where tileBins[row &* tileColumns &+ column] & (1 << UInt64(bin)) != 0 {
                    found |= 1 << UInt64(bin)
                    break search
                }
            }
        }
        return found
    }
}
