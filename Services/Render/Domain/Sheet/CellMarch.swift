extension CellSearch {
    /// Searches the pixels of half a cell, a row of sixteen at a time, from near to far.
    ///
    /// - Parameter runs: The depths to march through, the nearest first.
    /// - Returns: How many pixels the back sheet had to fill.
    func march(
        _ part: CellPart, _ runs: UnsafeBufferPointer<Run>, isInside: Bool
    ) -> Int {
        let cell = part.cell
        let (left, top) = (part.left, part.top)
        var backPixels = 0
        for row in 0..<Cell.rows {
            let at = row &* Cell.columns &+ part.column
            let depth = part.depth.map { $0 + row &* part.depthStride }
            backPixels &+=
                isInside
                ? marchRow(left, top + row, runs, isInside: true, into: cell, at: at, depth)
                : marchRow(left, top + row, runs, isInside: false, into: cell, at: at, depth)
        }
        for row in 0..<Cell.rows / 2 { placeChroma(cell, row: row, column: part.column) }
        return backPixels
    }

    /// Sixteen lines of candidates: pixel coordinates at the pivot depth, and pixels of shift per
    /// unit of depth.
    private struct Lines {
        let x, y, dx, dy: Lanes

        subscript(lane: Int) -> Line {
            Line(x: x[lane], y: y[lane], dx: dx[lane], dy: dy[lane])
        }
    }

    private struct Line {
        let x, y, dx, dy: Float
    }

    @inline(__always)
    private func marchRow(
        _ left: Int, _ y: Int, _ runs: UnsafeBufferPointer<Run>, isInside: Bool,
        into cell: Cell, at: Int, _ depth: UnsafeMutablePointer<Float>?
    ) -> Int {
        var backPixels = 0
        let m = coefficients
        let columns = Self.columnLanes + Float(left)
        let below = Float(y)
        let w = 1 / (columns * m.gx + (m.gy * below + m.g1))
        let px = (columns * m.xx + (m.xy * below + m.x1)) * w
        let py = (columns * m.yx + (m.yy * below + m.y1)) * w
        let lines = Lines(
            x: px + centreX, y: py + centreY, dx: view.shiftX - px * view.zoom,
            dy: view.shiftY - py * view.zoom)
        var (hits, missing) = firstHits(lines, runs, isInside: isInside)
        let isAnyMissing = missing.wrappedSum() != 0
        if isAnyMissing {
            for lane in 0..<16 where missing[lane] != 0 {
                hits[lane] = hiddenDepth(lines[lane])
                backPixels &+= 1
            }
        }
        let t = hits - view.pivot
        let (sx, sy) = (lines.x + t * lines.dx, lines.y + t * lines.dy)
        if isInside && !isAnyMissing {
            Self.storeFixed(sx, to: cell.x + at)
            Self.storeFixed(sy, to: cell.y + at)
        } else {
            for lane in 0..<16 {
                cell.x[at &+ lane] = fixed(sx[lane], lastX)
                cell.y[at &+ lane] = fixed(sy[lane], lastY) &+ (missing[lane] & (backRows &<< 8))
            }
        }
        var lane = at
        while lane < at &+ 16 {
            let (x, y) = (cell.x[lane], cell.y[lane])
            cell.lumaIndex[lane] = (y &>> 8) &* Int32(truncatingIfNeeded: lumaStride) &+ (x &>> 8)
            cell.lumaWay[lane] = UInt16(
                truncatingIfNeeded: (x &>> 2) & 63 | ((y &>> 3) & 31) &<< 8)
            lane &+= 1
        }
        if let depth {
            UnsafeMutableRawPointer(depth).storeBytes(of: hits, as: Lanes.self)
        }
        return backPixels
    }

    /// A chroma sample covers four pixels: it looks at their mean when they are neighbours in the
    /// source too.
    private func placeChroma(_ cell: Cell, row: Int, column: Int) {
        let above = row * 2 * Cell.columns + column
        let below = above + Cell.columns
        for i in 0..<8 {
            let (a, b, c, d) = (above + i * 2, above + i * 2 + 1, below + i * 2, below + i * 2 + 1)
            let (xs, ys) = (cell.x, cell.y)
            let (x, y) = (xs[a], ys[a])
            let spread =
                abs(xs[b] &- x) | abs(xs[c] &- x) | abs(xs[d] &- x)
                | abs(ys[b] &- y) | abs(ys[c] &- y) | abs(ys[d] &- y)
            let meanX = (x &+ xs[b] &+ xs[c] &+ xs[d]) &>> 2
            let meanY = (y &+ ys[b] &+ ys[c] &+ ys[d]) &>> 2
            let (cx, cy) = (max(0, (meanX &- 128) &>> 1), max(0, (meanY &- 128) &>> 1))
            let at = row * Cell.columns / 2 + column / 2 + i
            cell.chromaIndex[at] =
                (cy &>> 8) &* Int32(truncatingIfNeeded: chromaStride) &+ (cx &>> 8)
            cell.chromaWay[at] = UInt16(
                truncatingIfNeeded: (cx &>> 2) & 63 | ((cy &>> 3) & 31) &<< 8)
            cell.isApart[at] = spread < 1024 ? 0 : -1
        }
    }

    // Not as an array literal, which would make an array each time.
    private static var columnLanes: Lanes {
        Lanes(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    }

    /// Stores sixteen coordinates, none of them negative, in 1/256 pixel.
    @inline(__always)
    private static func storeFixed(_ lanes: Lanes, to out: UnsafeMutablePointer<Int32>) {
        let fixed = unsafeBitCast(lanes * 256 + 8_388_608, to: SIMD16<Int32>.self) & 0x7F_FFFF
        UnsafeMutableRawPointer(out).storeBytes(of: fixed, as: SIMD16<Int32>.self)
    }

    /// The nearest depth at which each line meets the front sheet. Conditions are sign bits and
    /// selections are masks: comparisons and min/max of vectors are slow here.
    ///
    /// - Returns: All ones in `missing` where a line meets none.
    @inline(__always)
    private func firstHits(
        _ lines: Lines, _ runs: UnsafeBufferPointer<Run>, isInside: Bool
    ) -> (hits: Lanes, missing: SIMD16<Int32>) {
        var hits = Lanes(repeating: lowest)
        var searching = SIMD16<Int32>(repeating: -1)
        for run in runs {
            var u = run.from
            var before = gaps(lines, u, isInside: isInside)
            let limit = step + run.du
            for _ in 0..<run.steps {
                u -= run.du
                let gap = gaps(lines, u, isInside: isInside)
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
                        if let thin = thinHit(
                            lines[lane], u, run.du, before: before[lane], gap: gap[lane])
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

    /// A thing about a pixel wide may lie under only one of two samples. Its own depth tells where
    /// the line should meet it: nil when it is not there either.
    @inline(__always)
    private func thinHit(
        _ line: Line, _ u: Float, _ du: Float, before: Float, gap: Float
    ) -> Float? {
        let at = gap >= 0 ? u + gap : u + du + before
        let t = at - view.pivot
        let there = nearest(frontDepth, line.x + t * line.dx, line.y + t * line.dy)
        return abs(there - at) < step * 0.25 ? at : nil
    }

    /// All ones where a lane is negative.
    @inline(__always)
    private static func negative(_ lanes: Lanes) -> SIMD16<Int32> {
        unsafeBitCast(lanes, to: SIMD16<Int32>.self) &>> 31
    }

    /// The front sheet's depth on each line at depth u, less u.
    @inline(__always)
    private func gaps(_ lines: Lines, _ u: Float, isInside: Bool) -> Lanes {
        let t = u - view.pivot
        return nearestDepths(lines.x + lines.dx * t, lines.y + lines.dy * t, isInside: isInside)
            - u
    }

    /// Depth of the back sheet along a line that met no front sheet, from the farthest inward.
    @inline(__always)
    private func hiddenDepth(_ line: Line) -> Float {
        var u = lowest
        for _ in 0..<5 {
            let t = u - view.pivot
            let next = nearest(backDepth, line.x + t * line.dx, line.y + t * line.dy)
            if next == u { return u }
            u = next
        }
        return u
    }
}
