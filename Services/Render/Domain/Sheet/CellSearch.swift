/// Finds the source coordinates of one 16 × 8 cell of a frame at a time.
struct CellSearch {
    private let view: SheetView
    private let coefficients: SheetView.Coefficients
    private let scene: SheetScene

    private let width: Int
    private let height: Int
    private let frontDepth: UnsafeMutablePointer<Float>
    private let backDepth: UnsafeMutablePointer<Float>
    /// Add to a centred coordinate to get a pixel index.
    private let centreX: Float
    private let centreY: Float
    private let lowest: Float
    private let highest: Float
    private let binSize: Float

    private static let columns = 16
    private static let rows = 8
    /// Depth that changes by less than this per pixel of shift can hide nothing.
    private static let foldMax: Float = 0.5

    init(scene: SheetScene, view: SheetView) {
        self.scene = scene
        self.view = view
        coefficients = view.coefficients
        width = scene.width
        height = scene.height
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
                let tile = row &* scene.tileColumns &+ column
                bins |= scene.tileBins[tile]
                slope = max(slope, scene.tileSlopes[tile])
            }
        }
        let shift = max(
            max(length(corners.0), length(corners.1)), max(length(corners.2), length(corners.3)))
        if slope * shift < Self.foldMax {
            interpolate(x0, y0, into: out)
            return 0
        }
        let candidates = self.candidates(corners, among: bins)
        return march(x0, y0, candidates: candidates, shift: shift, into: out)
    }

    // MARK: Smooth cells

    /// Solves a grid of 3 × 3 nodes and interpolates source coordinates between them.
    private func interpolate(_ x0: Float, _ y0: Float, into out: Output) {
        // Two nodes per half cell; each node is (x, y, depth).
        var nodes = [SIMD4<Float>](repeating: .zero, count: 9)
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
            for half in 0..<2 {
                let a = nodes[upper + half] + (nodes[upper + 3 + half] - nodes[upper + half]) * fy
                let b =
                    nodes[upper + half + 1]
                    + (nodes[upper + 4 + half] - nodes[upper + half + 1]) * fy
                let step = (b - a) * 0.125
                var value = a
                let at = row &* out.stride &+ half &* 8
                for i in 0..<8 {
                    store(value.x, value.y, value.z, isBack: 0, at: at &+ i, into: out)
                    value += step
                }
            }
        }
    }

    /// Bilinear depth of the front sheet.
    @inline(__always)
    private func smoothDepth(_ x: Float, _ y: Float) -> Float {
        let (cx, cy) = (clamp(x, 0, Float(width - 1)), clamp(y, 0, Float(height - 1)))
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

    private func march(
        _ x0: Float, _ y0: Float, candidates: UInt64, shift: Float, into out: Output
    ) -> Int {
        var backPixels = 0
        for row in 0..<Self.rows {
            for column in 0..<Self.columns {
                let line = line(x0 + Float(column), y0 + Float(row))
                let at = row &* out.stride &+ column
                let hit = firstHit(line, candidates: candidates, shift: shift)
                if hit > -.infinity {
                    let t = hit - view.pivot
                    store(
                        line.x + t * line.dx, line.y + t * line.dy, hit, isBack: 0, at: at,
                        into: out)
                } else {
                    let u = hiddenDepth(line)
                    let t = u - view.pivot
                    store(
                        line.x + t * line.dx, line.y + t * line.dy, u, isBack: 1, at: at,
                        into: out)
                    backPixels += 1
                }
            }
        }
        return backPixels
    }

    /// The nearest depth at which the line meets the front sheet, -∞ when it meets none.
    @inline(__always)
    private func firstHit(_ line: Line, candidates: UInt64, shift: Float) -> Float {
        var left = candidates
        while left != 0 {
            // The nearest run of neighbouring candidate bins.
            let top = 63 &- left.leadingZeroBitCount
            let run = (~(left << UInt64(63 &- top))).leadingZeroBitCount
            let bottom = top &- run &+ 1
            left &= (1 << UInt64(bottom)) &- 1
            let from = lowest + (Float(top) + 1.25) * binSize
            let to = lowest + (Float(bottom) - 0.25) * binSize
            // Steps of at most one pixel, and at least one step.
            let steps = max(1, Int((from - to) * shift + 0.999))
            let du = (from - to) / Float(steps)
            var u = from
            var before = frontDepthNear(line, u) - u
            for _ in 0..<steps {
                u -= du
                let gap = frontDepthNear(line, u) - u
                if before < 0 && gap >= 0 && gap - before < scene.step + du {
                    return u + du * gap / (gap - before)
                }
                before = gap
            }
        }
        return -.infinity
    }

    @inline(__always)
    private func frontDepthNear(_ line: Line, _ u: Float) -> Float {
        nearest(frontDepth, line, u)
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
        let x = clamp(line.x + t * line.dx + 0.5, 0, Float(width) - 0.5)
        let y = clamp(line.y + t * line.dy + 0.5, 0, Float(height) - 0.5)
        return depth[Int(y) &* width &+ Int(x)]
    }

    @inline(__always)
    private func store(
        _ x: Float, _ y: Float, _ depth: Float, isBack: UInt8, at index: Int, into out: Output
    ) {
        let cx = clamp(x, 0, Float(width - 1))
        let cy = clamp(y, 0, Float(height - 1))
        out.x[index] = Int32(cx * 256 + 0.5)
        out.y[index] = Int32(cy * 256 + 0.5)
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
                where scene.tileBins[row &* scene.tileColumns &+ column] & (1 << UInt64(bin)) != 0 {
                    found |= 1 << UInt64(bin)
                    break search
                }
            }
        }
        return found
    }
}
