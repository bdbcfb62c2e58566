/// Finds what one cell of a frame shows: 32 × 8 pixels, or 16 × 8 where depth jumps.
///
/// The tables of the scene tell which depths a cell can meet. Where they belong to one unbroken
/// surface, a few nodes are solved and the rest is interpolated; elsewhere the cell is marched.
package struct CellSearch {
    let view: SheetView
    let width: Int
    let height: Int
    let lastX: Float
    let lastY: Float
    let frontDepth: UnsafeMutablePointer<UInt16>
    let backDepth: UnsafeMutablePointer<UInt16>
    /// Add to a centred coordinate to get a pixel index.
    let centreX: Float
    let centreY: Float
    let lowest: Float
    let highest: Float
    /// A greater change of depth from one pixel to the next is a jump.
    let step: Float
    /// From a row of the front sheet to that of the back sheet.
    let backRows: Int
    /// Nil where edges are hard.
    let matte: UnsafeMutablePointer<UInt8>?
    let luma: UnsafeMutablePointer<UInt8>
    let cb: UnsafeMutablePointer<UInt8>
    let cr: UnsafeMutablePointer<UInt8>
    let lumaStride: Int
    let chromaStride: Int
    /// How far from its anchor a part of a cell that is drawn as a surface may reach up and down.
    let rowsMax: Float
    let steps = Steps()
    private let binSize: Float
    private let table: DepthTable.Reader

    /// Nodes lie this far apart.
    static let nodeColumns = 8
    static let nodeRows = 4
    /// Depth that changes by less than this per pixel of shift can hide nothing.
    private static let foldMax: Float = 0.5

    /// Memory of one thread: ``scratchCount`` numbers.
    let scratch: UnsafeMutablePointer<Float>

    init(scene: SheetScene, view: SheetView, scratch: UnsafeMutablePointer<Float>) {
        self.scratch = scratch
        self.view = view
        width = scene.width
        height = scene.height
        lastX = Float(width - 1)
        lastY = Float(height - 1)
        table = scene.table.reader
        step = scene.step
        frontDepth = scene.frontDepth.samples
        backDepth = scene.backDepth.samples
        backRows = scene.stack.backRows
        matte = scene.matte?.samples
        luma = scene.stack.luma.samples
        cb = scene.stack.cb.samples
        cr = scene.stack.cr.samples
        lumaStride = scene.stack.luma.width
        chromaStride = scene.stack.cb.width
        // Rows times the stride and 64 columns fit sixteen bits.
        rowsMax = min(100, Float((Int(Int16.max) - 64) / scene.stack.luma.width - 1))
        centreX = Float(width) / 2 - 0.5
        centreY = Float(height) / 2 - 0.5
        lowest = scene.depths.lowerBound
        highest = scene.depths.upperBound
        binSize = max(1e-6, highest - lowest) / Float(DepthTable.binCount)
    }

    /// How far eight pixels or samples are from the first. Kept in memory: with numbers that the
    /// compiler knows it reckons lane by lane.
    struct Steps {
        let columns = SIMD8<Float>(0, 1, 2, 3, 4, 5, 6, 7)
        let pixels = SIMD8<Int16>(0, 1, 2, 3, 4, 5, 6, 7)
        /// Of chroma in two segments of a cell, at the middles of pairs of pixels.
        let sixteenths = SIMD8<Int16>(1, 5, 9, 13, 1, 5, 9, 13)
    }

    /// Where an unmoved camera would look, at three rows of nodes: the top, the middle and the
    /// bottom of a band of cells.
    struct Nodes {
        let x: UnsafeMutablePointer<Float>
        let y: UnsafeMutablePointer<Float>
        /// Nodes in a row.
        let stride: Int

        init(width: Int) {
            let cells = (width + Cell.columns - 1) / Cell.columns
            stride = cells * (Cell.columns / CellSearch.nodeColumns) + 1
            // Four are written at a time.
            let count = stride * 3 + 3
            x = .allocate(capacity: count)
            y = .allocate(capacity: count)
            x.initialize(repeating: 0, count: count)
            y.initialize(repeating: 0, count: count)
        }

        func deallocate() {
            x.deallocate()
            y.deallocate()
        }
    }

    /// Fills the nodes of the band that begins at a row of the frame.
    func prepare(_ nodes: Nodes, top: Int) {
        typealias Four = SIMD4<Float>
        let m = view.coefficients
        let columns = Four(0, 1, 2, 3) * Float(Self.nodeColumns)
        for row in 0..<3 {
            let y = Float(top + row * Self.nodeRows)
            let (out, outY) = (nodes.x + row * nodes.stride, nodes.y + row * nodes.stride)
            for first in stride(from: 0, to: nodes.stride, by: 4) {
                let x = columns + Float(first * Self.nodeColumns)
                let w = 1 / (x * m.gx + (m.gy * y + m.g1))
                UnsafeMutableRawPointer(out + first).storeBytes(
                    of: (x * m.xx + (m.xy * y + m.x1)) * w, as: Four.self)
                UnsafeMutableRawPointer(outY + first).storeBytes(
                    of: (x * m.yx + (m.yy * y + m.y1)) * w, as: Four.self)
            }
        }
    }

    /// What the nodes around a cell span, in centred pixels of the source: the least and the
    /// greatest x, the least and the greatest y.
    struct Span {
        let ends: SIMD4<Float>

        init(_ nodes: Nodes, first: Int, count: Int) {
            let (a, b) = (first, first + count)
            let (c, d) = (nodes.stride * 2 + a, nodes.stride * 2 + b)
            let (x, y) = (nodes.x, nodes.y)
            ends = SIMD4(
                min(min(x[a], x[b]), min(x[c], x[d])), max(max(x[a], x[b]), max(x[c], x[d])),
                min(min(y[a], y[b]), min(y[c], y[d])), max(max(y[a], y[b]), max(y[c], y[d])))
        }
    }

    /// What a cell can meet.
    struct Verdict {
        /// The depths that may be met.
        let bins: UInt64
        /// How its surface is found, when its pixels lie on one.
        let surface: Surface?
        let isInside: Bool
    }

    func verdict(_ span: Span) -> Verdict {
        let reach = self.reach(span, lowest - view.pivot, highest - view.pivot)
        let all = table.find(reach)
        let isInside = self.isInside(reach)
        let shift = self.shift(span)
        if all.slope * shift < Self.foldMax {
            let surface = surface(about: all.bins, slope: all.slope, shift: shift)
            return Verdict(bins: all.bins, surface: surface, isInside: isInside)
        }
        return verdict(span, among: all.bins, shift: shift, isInside: isInside)
    }

    /// The same for a part of a cell about which this is known.
    func verdict(_ span: Span, in whole: Verdict) -> Verdict {
        verdict(span, among: whole.bins, shift: shift(span), isInside: whole.isInside)
    }

    private func verdict(
        _ span: Span, among bins: UInt64, shift: Float, isInside: Bool
    ) -> Verdict {
        let met = candidates(span, among: bins)
        let run = Self.nearestRun(met)
        return Verdict(
            bins: met, surface: unbroken(span, run, shift: shift), isInside: isInside)
    }

    /// One surface without jumps.
    package struct Surface {
        /// A depth about which it lies.
        let depth: Float
        /// How often its depth is looked up where it is thought to be, before the look-up that
        /// counts.
        let lookUps: Int
    }

    /// How far a solved node may be off, in pixels.
    private static let offMax: Float = 0.125

    private func surface(about bins: UInt64, slope: Float, shift: Float) -> Surface {
        // A look-up leaves this share of what a place is off.
        let left = slope * shift
        let (first, end) = (bins.trailingZeroBitCount, 64 - bins.leadingZeroBitCount)
        let off = Float(end - first) * 0.5 * binSize * shift
        // The nearest pixel, all that is looked at before the last look-up, is off by itself.
        let lookUps =
            left * off <= Self.offMax ? 0 : left * left * (off + 0.71) <= Self.offMax ? 1 : 2
        return Surface(depth: lowest + Float(first + end) * 0.5 * binSize, lookUps: lookUps)
    }

    // MARK: Bins

    /// The highest bins that follow each other.
    private static func nearestRun(_ bins: UInt64) -> UInt64 {
        guard bins != 0 else { return 0 }
        let gap = ~(bins << UInt64(bins.leadingZeroBitCount))
        let count = gap.leadingZeroBitCount
        let first = 64 - bins.leadingZeroBitCount - count
        return (count == 64 ? ~0 : (1 << UInt64(count)) &- 1) << UInt64(first)
    }

    /// The surface of a run, if all that a cell can see at its depths is the run itself, without a
    /// jump: then each of its lines meets it exactly once.
    private func unbroken(_ span: Span, _ run: UInt64, shift: Float) -> Surface? {
        guard run != 0 else { return nil }
        let (near, far) = range(of: run)
        let seen = table.find(reach(span, far - view.pivot, near - view.pivot))
        guard seen.bins & ~run == 0 && seen.slope * shift < Self.foldMax else { return nil }
        return surface(about: run, slope: seen.slope, shift: shift)
    }

    /// The depths of neighbouring bins with a quarter of a bin to spare.
    private func range(of run: UInt64) -> (near: Float, far: Float) {
        let top = 63 - run.leadingZeroBitCount
        return (
            lowest + (Float(top) + 1.25) * binSize,
            lowest + (Float(run.trailingZeroBitCount) - 0.25) * binSize
        )
    }

    /// Those bins that occur where the cell would look for them.
    private func candidates(_ span: Span, among bins: UInt64) -> UInt64 {
        // The reach of a bin, as `reach` finds it: a straight line over the bins.
        let move = self.move(span)
        let across = move * (1.5 * binSize)
        let outward = SIMD4(
            min(0, across[0]), max(0, across[1]), min(0, across[2]), max(0, across[3]))
        let first =
            (span.ends + centre + move * (lowest - 0.25 * binSize - view.pivot) + outward
                + Self.slackEnds) * Self.perTile
        let perBin = move * binSize * Self.perTile
        var found: UInt64 = 0
        var left = bins
        while left != 0 {
            // A few neighbouring bins at a time: what they reach differs little.
            let bin = left.trailingZeroBitCount
            let group = left & (Self.groupMask << UInt64(bin))
            left &= ~group
            let last = 63 &- group.leadingZeroBitCount
            let tiles = tiles(
                outermost(first + perBin * Float(bin), first + perBin * Float(last)))
            found |= table.find(tiles).bins & group
        }
        return found
    }

    private static let groupMask: UInt64 = 0xF

    /// The steps of a run that sixteen bits of 1/1024 pixel can hold.
    private static let stepsMax = 31
    static let runsMax = 96

    /// A stretch of depths to march through, from near to far.
    struct Run {
        let from: Float
        let du: Float
        let steps: Int
    }

    /// Writes the runs of neighbouring bins, the nearest first, in steps of at most one pixel.
    /// - Returns: How many there are, at most ``runsMax``.
    func runs(_ bins: UInt64, _ span: Span, into runs: UnsafeMutablePointer<Run>) -> Int {
        let shift = self.shift(span)
        var left = bins
        var count = 0
        while left != 0 {
            let run = Self.nearestRun(left)
            left &= ~run
            let (near, far) = range(of: run)
            let steps = clamp(Int((near - far) * shift + 0.999), 1, Self.stepsMax * 32)
            let du = (near - far) / Float(steps)
            var done = 0
            while done < steps && count < Self.runsMax {
                let next = min(steps &- done, Self.stepsMax)
                runs[count] = Run(from: near - du * Float(done), du: du, steps: next)
                count &+= 1
                done &+= next
            }
        }
        return count
    }

    // MARK: Reach

    // Four numbers are the ends of a span: least x, greatest x, least y and greatest y.

    /// A pixel of slack for rounding, and for the neighbours that slopes look at.
    private static var slackEnds: SIMD4<Float> { SIMD4(-1, 2, -1, 2) }

    private static var perTile: SIMD4<Float> {
        let (x, y) = (1 / Float(DepthTable.tileWidth), 1 / Float(DepthTable.tileHeight))
        return SIMD4(x, x, y, y)
    }

    private var centre: SIMD4<Float> { SIMD4(centreX, centreX, centreY, centreY) }

    /// How far the ends move per unit of depth, in pixels.
    @inline(__always)
    private func move(_ span: Span) -> SIMD4<Float> {
        SIMD4(view.shiftX, view.shiftX, view.shiftY, view.shiftY) - span.ends * view.zoom
    }

    /// Tiles that the cell may look at for depths in a range, given relative to the pivot.
    @inline(__always)
    private func reach(
        _ span: Span, _ near: Float, _ far: Float
    ) -> DepthTable.Tiles {
        // A place moves in a straight line with depth, and the outermost stay outermost.
        let (still, move) = (span.ends + centre, self.move(span))
        let ends = outermost(still + move * near, still + move * far)
        return tiles((ends + Self.slackEnds) * Self.perTile)
    }

    /// The lesser of the least and the greater of the greatest.
    @inline(__always)
    private func outermost(_ a: SIMD4<Float>, _ b: SIMD4<Float>) -> SIMD4<Float> {
        let sign = SIMD4<Float>(1, -1, 1, -1)
        return a.replacing(with: b, where: b * sign .< a * sign)
    }

    /// The tiles within the picture, of ends in tiles.
    @inline(__always)
    private func tiles(_ ends: SIMD4<Float>) -> DepthTable.Tiles {
        let last =
            SIMD4(
                Float(table.columns), Float(table.columns), Float(table.rows), Float(table.rows))
            - 1
        // Rounded down: its low 22 bits and a sign.
        let below = ends - 0.5
        var held = SIMD4<Float>().replacing(with: below, where: below .> 0)
        held.replace(with: last, where: held .> last)
        let whole =
            unsafeBitCast(held + Self.magic, to: SIMD4<UInt32>.self) &- Self.magic.bitPattern
        return DepthTable.Tiles(
            left: Int(whole[0]), right: Int(whole[1]), top: Int(whole[2]), bottom: Int(whole[3]))
    }

    /// Whether nothing in reach lies at the border, where coordinates must be clamped.
    @inline(__always)
    private func isInside(_ reach: DepthTable.Tiles) -> Bool {
        reach.left > 0 && reach.top > 0
            && (reach.right &+ 1) &* DepthTable.tileWidth < width
            && (reach.bottom &+ 1) &* DepthTable.tileHeight < height
    }

    /// The most that anything in a cell moves per unit of depth, in pixels.
    @inline(__always)
    func shift(_ span: Span) -> Float {
        let move = self.move(span)
        let squares = move * move
        return (max(squares[0], squares[1]) + max(squares[2], squares[3])).squareRoot()
    }
}
