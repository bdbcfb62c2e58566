/// Finds what one cell of a frame shows: 32 × 8 pixels, or 16 × 8 where depth jumps.
///
/// The tables of the scene tell which depths a cell can meet. Where they belong to one unbroken
/// surface, a few nodes are solved and the rest is interpolated; elsewhere the cell is marched.
package struct CellSearch {
    let view: SheetView
    let coefficients: SheetView.Coefficients
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
    private let binSize: Float
    private let tileColumns: Int
    private let tileRows: Int
    private let tileBins: UnsafeMutablePointer<UInt64>
    private let tileSlopes: UnsafeMutablePointer<Float>

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
        coefficients = view.coefficients
        width = scene.width
        height = scene.height
        lastX = Float(width - 1)
        lastY = Float(height - 1)
        tileColumns = scene.tileColumns
        tileRows = scene.tileRows
        tileBins = scene.tileBins.samples
        tileSlopes = scene.tileSlopes.samples
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
        binSize = max(1e-6, highest - lowest) / Float(SheetScene.binCount)
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
            x = .allocate(capacity: stride * 3)
            y = .allocate(capacity: stride * 3)
            x.initialize(repeating: 0, count: stride * 3)
            y.initialize(repeating: 0, count: stride * 3)
        }

        func deallocate() {
            x.deallocate()
            y.deallocate()
        }
    }

    /// Fills the nodes of the band that begins at a row of the frame.
    func prepare(_ nodes: Nodes, top: Int) {
        for row in 0..<3 {
            let y = Float(top + row * Self.nodeRows)
            for column in 0..<nodes.stride {
                let p = view.source(Float(column * Self.nodeColumns), y, coefficients)
                nodes.x[row * nodes.stride + column] = p.x
                nodes.y[row * nodes.stride + column] = p.y
            }
        }
    }

    /// What the nodes around a cell span: centred pixels of the source.
    struct Span {
        let minX, maxX, minY, maxY: Float

        init(_ nodes: Nodes, first: Int, count: Int) {
            let (a, b) = (first, first + count)
            let (c, d) = (nodes.stride * 2 + a, nodes.stride * 2 + b)
            minX = min(min(nodes.x[a], nodes.x[b]), min(nodes.x[c], nodes.x[d]))
            maxX = max(max(nodes.x[a], nodes.x[b]), max(nodes.x[c], nodes.x[d]))
            minY = min(min(nodes.y[a], nodes.y[b]), min(nodes.y[c], nodes.y[d]))
            maxY = max(max(nodes.y[a], nodes.y[b]), max(nodes.y[c], nodes.y[d]))
        }
    }

    /// What a cell can meet.
    struct Verdict {
        /// Whether its pixels lie on one surface.
        let isSmooth: Bool
        /// The depths that may be met.
        let bins: UInt64
        let isInside: Bool
    }

    func verdict(_ span: Span) -> Verdict {
        let reach = self.reach(span, lowest - view.pivot, highest - view.pivot)
        var bins: UInt64 = 0
        // As bits, which rise with the number when it has no sign: their maximum is found faster.
        var slopeBits: UInt32 = 0
        var row = reach.top
        while row <= reach.bottom {
            var tile = row &* tileColumns &+ reach.left
            let end = row &* tileColumns &+ reach.right
            while tile <= end {
                bins |= tileBins[tile]
                slopeBits = max(slopeBits, tileSlopes[tile].bitPattern)
                tile &+= 1
            }
            row &+= 1
        }
        let isInside = self.isInside(reach)
        let shift = self.shift(span)
        if Float(bitPattern: slopeBits) * shift < Self.foldMax {
            return Verdict(isSmooth: true, bins: bins, isInside: isInside)
        }
        let met = candidates(span, among: bins)
        let run = Self.nearestRun(met)
        if isUnbroken(span, run, shift: shift) {
            return Verdict(isSmooth: true, bins: run, isInside: isInside)
        }
        return Verdict(isSmooth: false, bins: met, isInside: isInside)
    }

    // MARK: Bins

    /// The depth in the middle of the bins from the lowest to the highest set.
    func middle(of bins: UInt64) -> Float {
        let ends = bins.trailingZeroBitCount + (64 - bins.leadingZeroBitCount)
        return lowest + Float(ends) * 0.5 * binSize
    }

    /// The highest bins that follow each other.
    private static func nearestRun(_ bins: UInt64) -> UInt64 {
        guard bins != 0 else { return 0 }
        let gap = ~(bins << UInt64(bins.leadingZeroBitCount))
        let count = gap.leadingZeroBitCount
        let first = 64 - bins.leadingZeroBitCount - count
        return (count == 64 ? ~0 : (1 << UInt64(count)) &- 1) << UInt64(first)
    }

    /// Whether all that a cell can see at the depths of a run is the run itself, without a jump:
    /// then each of its lines meets it exactly once.
    private func isUnbroken(_ span: Span, _ run: UInt64, shift: Float) -> Bool {
        guard run != 0 else { return false }
        let (near, far) = range(of: run)
        let reach = self.reach(span, far - view.pivot, near - view.pivot)
        var row = reach.top
        while row <= reach.bottom {
            var tile = row &* tileColumns &+ reach.left
            let end = row &* tileColumns &+ reach.right
            while tile <= end {
                if tileBins[tile] & ~run != 0 || tileSlopes[tile] * shift >= Self.foldMax {
                    return false
                }
                tile &+= 1
            }
            row &+= 1
        }
        return true
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
        // The reach of a bin, as `reach` finds it: left, right, top and bottom, all at once and in
        // tiles; each is a straight line over the bins.
        let extent = SIMD4(span.minX, span.maxX, span.minY, span.maxY)
        let shift = SIMD4(view.shiftX, view.shiftX, view.shiftY, view.shiftY)
        let centre = SIMD4(centreX, centreX, centreY, centreY)
        let slack = SIMD4<Float>(-1, 2, -1, 2)
        let perTile = Self.perTile
        let move = shift - extent * view.zoom
        let across = move * (1.5 * binSize)
        let outward = SIMD4(
            min(0, across[0]), max(0, across[1]), min(0, across[2]), max(0, across[3]))
        let first =
            (extent + centre + move * (lowest - 0.25 * binSize - view.pivot) + outward + slack)
            * perTile - 0.5
        let perBin = move * binSize * perTile
        var found: UInt64 = 0
        var left = bins
        while left != 0 {
            // A few neighbouring bins at a time: what they reach differs little.
            let bin = left.trailingZeroBitCount
            let group = left & (Self.groupMask << UInt64(bin))
            left &= ~group
            let last = 63 &- group.leadingZeroBitCount
            let ends = pointwiseEnds(first + perBin * Float(bin), first + perBin * Float(last))
            var row = clamp(Int(ends[2]), 0, tileRows &- 1)
            let bottom = clamp(Int(ends[3]), 0, tileRows &- 1)
            let (from, to) = (
                clamp(Int(ends[0]), 0, tileColumns &- 1), clamp(Int(ends[1]), 0, tileColumns &- 1)
            )
            while row <= bottom {
                var tile = row &* tileColumns &+ from
                let end = row &* tileColumns &+ to
                while tile <= end {
                    found |= tileBins[tile] & group
                    tile &+= 1
                }
                row &+= 1
            }
        }
        return found
    }

    private static let groupMask: UInt64 = 0xF

    /// The outermost of two reaches, in whole tiles.
    @inline(__always)
    private func pointwiseEnds(_ a: SIMD4<Float>, _ b: SIMD4<Float>) -> SIMD4<Int32> {
        let ends = SIMD4(min(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), max(a[3], b[3]))
        // Its low 22 bits and a sign.
        return unsafeBitCast(ends + Self.signedMagic, to: SIMD4<Int32>.self)
            &- Int32(bitPattern: Self.signedMagic.bitPattern)
    }

    private static var perTile: SIMD4<Float> {
        let (x, y) = (1 / Float(SheetScene.tileWidth), 1 / Float(SheetScene.tileHeight))
        return SIMD4(x, x, y, y)
    }

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

    /// Tiles, first to last in both directions.
    private struct Reach {
        let left, right, top, bottom: Int
    }

    /// Tiles that the cell may look at for depths in a range, given relative to the pivot.
    @inline(__always)
    private func reach(_ span: Span, _ near: Float, _ far: Float) -> Reach {
        // A place moves in a straight line with depth, and the outermost stay outermost.
        let (a, b) = (1 - near * view.zoom, 1 - far * view.zoom)
        let (ax, bx) = (near * view.shiftX + centreX, far * view.shiftX + centreX)
        let (ay, by) = (near * view.shiftY + centreY, far * view.shiftY + centreY)
        // A pixel of slack for rounding, and for the neighbours that slopes look at.
        let minX = min(span.minX * a + ax, span.minX * b + bx) - 1
        let maxX = max(span.maxX * a + ax, span.maxX * b + bx) + 2
        let minY = min(span.minY * a + ay, span.minY * b + by) - 1
        let maxY = max(span.maxY * a + ay, span.maxY * b + by) + 2
        return Reach(
            left: Int(clamp(minX, 0, lastX)) / SheetScene.tileWidth,
            right: Int(clamp(maxX, 0, lastX)) / SheetScene.tileWidth,
            top: Int(clamp(minY, 0, lastY)) / SheetScene.tileHeight,
            bottom: Int(clamp(maxY, 0, lastY)) / SheetScene.tileHeight)
    }

    /// Whether nothing in reach lies at the border, where coordinates must be clamped.
    private func isInside(_ reach: Reach) -> Bool {
        reach.left > 0 && reach.top > 0
            && (reach.right &+ 1) &* SheetScene.tileWidth < width
            && (reach.bottom &+ 1) &* SheetScene.tileHeight < height
    }

    /// The most that anything in a cell moves per unit of depth, in pixels.
    func shift(_ span: Span) -> Float {
        let x = max(
            abs(view.shiftX - span.minX * view.zoom), abs(view.shiftX - span.maxX * view.zoom))
        let y = max(
            abs(view.shiftY - span.minY * view.zoom), abs(view.shiftY - span.maxY * view.zoom))
        return (x * x + y * y).squareRoot()
    }
}
