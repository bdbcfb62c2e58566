extension CellSearch {
    /// Eight places or depths as the march has them.
    ///
    /// Places are in 1/64 pixel from an anchor near the cell, depths in 1/``depthLevels``: then all
    /// that a step compares fits sixteen bits.
    typealias Numbers = SIMD8<Int16>
    typealias Octet = SIMD8<Float>

    /// Depths a march tells apart; stored depths have four times as many.
    static let depthLevels: Float = 65535 / 4

    /// The place that the numbers of half a cell count from.
    package struct Anchor {
        /// Even, and within the picture.
        let x, y: Int
        /// Whether all that the half may look at is within what the numbers hold.
        let isNear: Bool
    }

    /// - Parameters:
    ///   - span: That of the half cell.
    func anchor(_ span: Span) -> Anchor {
        let t = (lowest + highest) * 0.5 - view.pivot
        let ends = span.ends
        let (x, y) = ((ends[0] + ends[1]) * 0.5, (ends[2] + ends[3]) * 0.5)
        let extent = ends[1] - ends[0] + ends[3] - ends[2] + (highest - lowest) * shift(span)
        return Anchor(
            x: clamp(
                Self.rounded(x + centreX + t * (view.shiftX - x * view.zoom)), 0, width &- 1) & ~1,
            y: clamp(
                Self.rounded(y + centreY + t * (view.shiftY - y * view.zoom)), 0, height &- 1) & ~1,
            isNear: extent < 400)
    }

    /// Searches the pixels of half a cell, eight at a time, from near to far.
    ///
    /// - Parameter runs: The depths to march through, the nearest first.
    /// - Returns: How many pixels the back sheet had to fill.
    func march(
        _ part: CellPart, _ anchor: Anchor, _ runs: UnsafeBufferPointer<Run>, into cell: Cell,
        isInside: Bool
    ) -> Int {
        let (left, top) = (part.left, part.top)
        var backPixels = 0
        let isPlain = isInside && anchor.isNear
        prefetchNext(anchor)
        for index in 0..<Cell.count / 8 {
            let (row, column) = (index / 2, index % 2 &* 8)
            let depth = part.depth.map { $0 + (row &* part.depthStride &+ column) }
            let (x, y) = (left &+ column, top &+ row)
            backPixels &+=
                isPlain
                ? march(x, y, anchor, runs, isInside: true, into: cell, index &* 8, depth)
                : march(x, y, anchor, runs, isInside: false, into: cell, index &* 8, depth)
        }
        return backPixels
    }

    /// Asks memory for what the next half of a cell will look at.
    private func prefetchNext(_ anchor: Anchor) {
        let depth = anchor.y &* width &+ anchor.x &+ 32
        let colour = anchor.y &* lumaStride &+ anchor.x &+ 32
        for row in -4..<6 {
            prefetch(frontDepth + (depth &+ row &* width))
            prefetch(backDepth + (depth &+ row &* width))
            prefetch(luma + (colour &+ row &* lumaStride))
            guard let matte else { continue }
            prefetch(matte + (colour &+ row &* lumaStride &- 32))
            prefetch(matte + (colour &+ row &* lumaStride))
        }
        let chroma = (anchor.y &>> 1) &* chromaStride &+ (anchor.x &>> 1) &+ 16
        for row in -2..<3 {
            prefetch(cb + (chroma &+ row &* chromaStride))
            prefetch(cr + (chroma &+ row &* chromaStride))
        }
    }

    /// Eight lines of candidates: pixels from the anchor at the pivot depth, and pixels of shift
    /// per unit of depth.
    private struct Lines {
        let x, y, dx, dy: Octet

        /// The places at a depth, which may differ from lane to lane, in numbers.
        @inline(__always)
        func places(_ t: Octet, isInside: Bool) -> (x: Numbers, y: Numbers) {
            let (x, y) = ((x + dx * t) * 64, (y + dy * t) * 64)
            return (
                CellSearch.numbers(x, isInside: isInside),
                CellSearch.numbers(y, isInside: isInside)
            )
        }

        /// The same with a half of a pixel added: the whole part is that of the nearest one.
        @inline(__always)
        func pixels(_ t: Octet, isInside: Bool) -> (x: Numbers, y: Numbers) {
            let place = places(t, isInside: isInside)
            return (place.x &+ 32, place.y &+ 32)
        }
    }

    @inline(__always)
    private func march(
        _ left: Int, _ y: Int, _ anchor: Anchor, _ runs: UnsafeBufferPointer<Run>,
        isInside: Bool, into cell: Cell, _ at: Int, _ depth: UnsafeMutablePointer<Float>?
    ) -> Int {
        let m = view.coefficients
        let columns = steps.columns + Float(left)
        let below = Float(y)
        let w = 1 / (columns * m.gx + (m.gy * below + m.g1))
        let px = (columns * m.xx + (m.xy * below + m.x1)) * w
        let py = (columns * m.yx + (m.yy * below + m.y1)) * w
        let lines = Lines(
            x: px + (centreX - Float(anchor.x)), y: py + (centreY - Float(anchor.y)),
            dx: view.shiftX - px * view.zoom, dy: view.shiftY - py * view.zoom)
        var (hits, missing) = firstHits(lines, anchor, runs, isInside: isInside)
        var backPixels = 0
        if Self.isAny(missing) {
            backPixels = -Int(missing.wrappedSum())
            let hidden = hiddenDepths(lines, anchor, missing, isInside: isInside)
            let chosen = missing.widened
            hits = unsafeBitCast(
                (unsafeBitCast(hidden, to: SIMD8<Int32>.self) & chosen)
                    | (unsafeBitCast(hits, to: SIMD8<Int32>.self) & ~chosen), to: Octet.self)
        }
        var place = lines.places(hits - view.pivot, isInside: isInside)
        if !isInside {
            place.x = Self.clamped(place.x, last: width, anchor: anchor.x)
            place.y = Self.clamped(place.y, last: height, anchor: anchor.y)
        }
        // Half of the last place that a look-up keeps, so that it is rounded.
        place.y &+= 1
        Self.store(place.x, to: cell.x + at)
        Self.store(place.y, to: cell.y + at)
        Self.store(missing, to: cell.isBack + at)
        var isSoft = Numbers()
        if let matte {
            var cover = Numbers(repeating: 64)
            // With something between near and far, the back sheet is not what is behind.
            if runs.count <= 2 {
                cover = (self.cover(matte, place.x, place.y, anchor) & ~missing) | (missing & 64)
            }
            Self.store(cover, to: cell.cover + at)
            isSoft = (cover &- 64) &>> 15
        }
        cell.isSoft[at / 8] = Self.isAny(isSoft) ? -1 : 0
        if Self.isAny(isSoft) {
            placeBehind(lines, anchor, runs, isSoft, isInside: isInside, into: cell, at)
        }
        if let depth {
            UnsafeMutableRawPointer(depth).storeBytes(of: hits, as: Octet.self)
        }
        return backPixels
    }

    /// How much of the front sheet there is at places, of 64: its edges are as soft as a pixel.
    @inline(__always)
    private func cover(
        _ matte: UnsafeMutablePointer<UInt8>, _ x: Numbers, _ y: Numbers, _ anchor: Anchor
    ) -> Numbers {
        let origin = UnsafePointer(matte) + (anchor.y &* lumaStride &+ anchor.x)
        let (column, row) = (x &>> 6, y &>> 6)
        let (firstColumn, firstRow) = (Int(column[0]), Int(row[0]))
        let across = column &- Numbers(repeating: Int16(truncatingIfNeeded: firstColumn))
        let down = row &- Numbers(repeating: Int16(truncatingIfNeeded: firstRow))
        // Most often they lie within fifteen pixels of two rows, and nothing is soft around.
        if !Self.isAny((across | (down &<< 3)) & ~15 | (across &+ 1) & 16) {
            let first = UnsafeRawPointer(origin + (firstRow &* lumaStride &+ firstColumn))
            var all = SIMD2<UInt64>(repeating: .max)
            for row in 0..<3 {
                all &= first.loadUnaligned(
                    fromByteOffset: row &* lumaStride, as: SIMD2<UInt64>.self)
            }
            if all[0] & all[1] == .max { return Numbers(repeating: 64) }
        }
        let there = Looks<Int32>(x, y, Numbers(), stride: lumaStride, backRows: 0)
            .samples(origin, lumaStride)
        return (unsafeBitCast(there, to: Numbers.self) &+ 2) &>> 2
    }

    /// Finds what lies behind pixels that are not covered wholly, and how much of it is seen: where
    /// it has moved by less than a pixel against what is before it, less. So a frame at rest is the
    /// picture. What is at a depth that the cell does not meet is not seen either.
    private func placeBehind(
        _ lines: Lines, _ anchor: Anchor, _ runs: UnsafeBufferPointer<Run>, _ isSoft: Numbers,
        isInside: Bool, into cell: Cell, _ at: Int
    ) {
        let hidden = hiddenDepths(lines, anchor, isSoft, isInside: isInside)
        var place = lines.places(hidden - view.pivot, isInside: isInside)
        if !isInside {
            place.x = Self.clamped(place.x, last: width, anchor: anchor.x)
            place.y = Self.clamped(place.y, last: height, anchor: anchor.y)
        }
        place.y &+= 1
        Self.store(place.x, to: cell.behindX + at)
        Self.store(place.y, to: cell.behindY + at)
        @inline(__always) func load(_ numbers: UnsafePointer<Int16>) -> Numbers {
            UnsafeRawPointer(numbers).loadUnaligned(as: Numbers.self)
        }
        @inline(__always) func size(_ numbers: Numbers) -> Numbers {
            (numbers ^ (numbers &>> 15)) &- (numbers &>> 15)
        }
        let apart = size(place.x &- load(cell.x + at)) &+ size(place.y &- load(cell.y + at))
        let part = pointwiseMin(apart, Numbers(repeating: 64))
        let level = unsafeBitCast(
            hidden * Self.depthLevels + Self.signedMagic, to: SIMD8<Int32>.self
        ).narrowed
        let slack = step * 0.25
        var isMet = Numbers()
        for run in runs {
            let far = run.from - run.du * Float(run.steps) - slack
            let highest = Self.rounded((run.from + slack) * Self.depthLevels)
            let lowest = Self.rounded(far * Self.depthLevels)
            isMet |=
                ~((level &- Int16(truncatingIfNeeded: lowest))
                | (Int16(truncatingIfNeeded: highest) &- level)) &>> 15
        }
        let seen = ((64 &- load(cell.cover + at)) &* part) &>> 6 & isMet
        Self.store(64 &- seen, to: cell.cover + at)
    }

    @inline(__always)
    private static func store(_ numbers: Numbers, to out: UnsafeMutablePointer<Int16>) {
        UnsafeMutableRawPointer(out).storeBytes(of: numbers, as: Numbers.self)
    }

    /// Rounded to whole numbers; outside held within what may still be stepped from.
    @inline(__always)
    private static func numbers(_ lanes: Octet, isInside: Bool) -> Numbers {
        let held = isInside ? lanes : clamped(lanes)
        return unsafeBitCast(held + signedMagic, to: SIMD8<Int32>.self).narrowed
    }

    private static func clamped(_ lanes: Octet) -> Octet {
        let low = Octet(repeating: -30000), high = Octet(repeating: 30000)
        let held = lanes.replacing(with: low, where: lanes .< low)
        return held.replacing(with: high, where: held .> high)
    }

    /// Places held within 0..<last of the picture.
    private static func clamped(_ places: Numbers, last: Int, anchor: Int) -> Numbers {
        pointwiseMin(
            pointwiseMax(
                places, Numbers(repeating: Int16(truncatingIfNeeded: max(-32_000, anchor &* -64)))),
            Numbers(repeating: Int16(truncatingIfNeeded: min(32_000, (last &- 1 &- anchor) &* 64))))
    }

    /// The nearest depth at which each line meets the front sheet.
    /// - Returns: All ones in `missing` where a line meets none.
    @inline(__always)
    private func firstHits(
        _ lines: Lines, _ anchor: Anchor, _ runs: UnsafeBufferPointer<Run>, isInside: Bool
    ) -> (hits: Octet, missing: Numbers) {
        var found = Hits()
        for run in runs {
            var u = run.from
            let t = Octet(repeating: u - view.pivot)
            let place = lines.pixels(t, isInside: isInside)
            // In 1/1024 pixel: no step is longer than one, and none is the 32nd.
            let perStep = run.du * -1024
            let (stepX, stepY) = (
                Self.numbers(lines.dx * perStep, isInside: true),
                Self.numbers(lines.dy * perStep, isInside: true)
            )
            let du = Int16(truncatingIfNeeded: Self.rounded(run.du * Self.depthLevels))
            let limit = Int16(truncatingIfNeeded: Self.rounded(step * Self.depthLevels)) &+ du
            var level = Int16(truncatingIfNeeded: Self.rounded(u * Self.depthLevels))
            let (firstX, firstY) = (Int(place.x[0]), Int(place.y[0]))
            let (firstStepX, firstStepY) = (Int(stepX[0]), Int(stepY[0]))
            var before =
                nearestLevels(
                    frontDepth, place.x, place.y, firstX, firstY, anchor, isInside: isInside)
                &- level
            for count in 1...run.steps {
                u -= run.du
                level = Int16(truncatingIfNeeded: Self.rounded(u * Self.depthLevels))
                let steps = Numbers(repeating: Int16(truncatingIfNeeded: count))
                let there = nearestLevels(
                    frontDepth, place.x &+ (stepX &* steps) &>> 4,
                    place.y &+ (stepY &* steps) &>> 4,
                    firstX &+ (firstStepX &* count) &>> 4, firstY &+ (firstStepY &* count) &>> 4,
                    anchor, isInside: isInside)
                let gap = there &- level
                let approaching = (before & found.missing) &>> 15
                let isUnder = gap &>> 15
                let met = approaching & ~isUnder & ((gap &- before &- limit) &>> 15)
                if Self.isAny(met) {
                    found.keep(level, gap, gap &- before, du, where: met)
                    if !Self.isAny(found.missing) { return (found.depths, found.missing) }
                }
                // Either sample alone within one step of the sheet.
                let grazing =
                    approaching & ~met
                    & ((~isUnder & (gap &- du) &>> 15) | (isUnder & ~((before &+ du) &>> 15)))
                if Self.isAny(grazing) {
                    keepThin(
                        lines, anchor, level, gap, before, du, grazing, isInside: isInside,
                        &found)
                }
                before = gap
            }
        }
        return (found.depths, found.missing)
    }

    /// Where lines have met the front sheet.
    private struct Hits {
        private var level = Numbers()
        /// How much deeper the sheet was at this step and the one before, taken together, and at
        /// this one: the hit lies between.
        private var rise = Numbers(repeating: 1)
        private var gap = Numbers()
        private var du = Numbers()
        /// All ones where a line has met nothing.
        var missing = Numbers(repeating: -1)

        @inline(__always)
        mutating func keep(
            _ level: Int16, _ gap: Numbers, _ rise: Numbers, _ du: Int16, where met: Numbers
        ) {
            keep(Numbers(repeating: level), gap, rise, Numbers(repeating: du), where: met)
        }

        @inline(__always)
        mutating func keep(
            _ level: Numbers, _ gap: Numbers, _ rise: Numbers, _ du: Numbers, where met: Numbers
        ) {
            self.level = (level & met) | (self.level & ~met)
            self.gap = (gap & met) | (self.gap & ~met)
            self.rise = (rise & met) | (self.rise & ~met)
            self.du = (du & met) | (self.du & ~met)
            missing &= ~met
        }

        /// Depths in the middle of what the steps left open.
        var depths: Octet {
            let (level, du) = (Octet(level.widened), Octet(du.widened))
            return (level + du * Octet(gap.widened) / Octet(rise.widened))
                * (1 / CellSearch.depthLevels)
        }
    }

    /// A thing about a pixel wide may lie under only one of two samples. Its own depth tells where
    /// the line should meet it: unless it is not there either, that is a hit.
    private func keepThin(
        _ lines: Lines, _ anchor: Anchor, _ level: Int16, _ gap: Numbers, _ before: Numbers,
        _ du: Int16, _ grazing: Numbers, isInside: Bool, _ found: inout Hits
    ) {
        let isUnder = gap &>> 15
        let at =
            (((level &+ gap) & ~isUnder) | ((level &+ du &+ before) & isUnder))
        let t = Octet(at.widened) * (1 / Self.depthLevels) - view.pivot
        let place = lines.pixels(t, isInside: isInside)
        let off =
            nearestLevels(
                frontDepth, place.x, place.y, Int(place.x[0]), Int(place.y[0]), anchor,
                isInside: isInside) &- at
        let most = Int16(truncatingIfNeeded: Self.rounded(step * Self.depthLevels * 0.25))
        let isThin = grazing & (off &- most) &>> 15 & (0 &- off &- most) &>> 15
        found.keep(at, Numbers(), Numbers(repeating: 1), Numbers(), where: isThin)
    }

    /// Depth of the back sheet along lines that met no front sheet, from the farthest inward.
    private func hiddenDepths(
        _ lines: Lines, _ anchor: Anchor, _ missing: Numbers, isInside: Bool
    ) -> Octet {
        var level = Numbers(
            repeating: Int16(truncatingIfNeeded: Self.rounded(lowest * Self.depthLevels)))
        var u = Octet(repeating: Float(level[0]) * (1 / Self.depthLevels))
        for _ in 0..<5 {
            let place = lines.pixels(u - view.pivot, isInside: isInside)
            let next = nearestLevels(
                backDepth, place.x, place.y, Int(place.x[0]), Int(place.y[0]), anchor,
                isInside: isInside)
            if !Self.isAny((next ^ level) & missing) { break }
            level = next
            u = Octet(next.widened) * (1 / Self.depthLevels)
        }
        return u
    }

    /// A sheet's depth at pixels: places with a half added.
    ///
    /// - Parameters:
    ///   - firstX, firstY: Those of the first lane. Taken out of the vectors here, they would make
    ///     the compiler take these apart.
    @inline(__always)
    private func nearestLevels(
        _ sheet: UnsafeMutablePointer<UInt16>, _ x: Numbers, _ y: Numbers, _ firstX: Int,
        _ firstY: Int, _ anchor: Anchor, isInside: Bool
    ) -> Numbers {
        let origin = UnsafePointer(sheet) + (anchor.y &* width &+ anchor.x)
        let (column, row) = (x &>> 6, y &>> 6)
        if !isInside { return clampedLevels(origin, column, row, anchor) }
        let (firstColumn, firstRow) = (firstX &>> 6, firstY &>> 6)
        let across = column &- Numbers(repeating: Int16(truncatingIfNeeded: firstColumn))
        let down = row &- Numbers(repeating: Int16(truncatingIfNeeded: firstRow))
        let from = origin + (firstRow &* width &+ firstColumn)
        if !Self.isAny((across &- Numbers(0, 1, 2, 3, 4, 5, 6, 7)) | down) {
            // Side by side.
            let samples = UnsafeRawPointer(from).loadUnaligned(as: SIMD8<UInt16>.self)
            return unsafeBitCast(samples &>> 2, to: Numbers.self)
        }
        // Eight pixels of a row are less than eight rows apart in any picture that is not upended.
        if !Self.isAny((down &+ 8) &>> 4) && width <= 4000 {
            let index = down &* Numbers(repeating: Int16(truncatingIfNeeded: width)) &+ across
            let samples = SIMD8<UInt16>(
                from[Int(index[0])], from[Int(index[1])], from[Int(index[2])],
                from[Int(index[3])], from[Int(index[4])], from[Int(index[5])],
                from[Int(index[6])], from[Int(index[7])])
            return unsafeBitCast(samples &>> 2, to: Numbers.self)
        }
        return clampedLevels(origin, column, row, anchor)
    }

    /// The same for pixels anywhere, one by one.
    private func clampedLevels(
        _ origin: UnsafePointer<UInt16>, _ column: Numbers, _ row: Numbers, _ anchor: Anchor
    ) -> Numbers {
        var levels = Numbers()
        for lane in 0..<8 {
            let x = clamp(Int(column[lane]), -anchor.x, width &- 1 &- anchor.x)
            let y = clamp(Int(row[lane]), -anchor.y, height &- 1 &- anchor.y)
            levels[lane] = Int16(truncatingIfNeeded: origin[y &* width &+ x] &>> 2)
        }
        return levels
    }

    /// Whether any lane is not zero.
    @inline(__always)
    static func isAny(_ numbers: Numbers) -> Bool {
        let words = unsafeBitCast(numbers, to: SIMD2<UInt64>.self)
        return words[0] | words[1] != 0
    }
}
