/// Renders frames of a scene by searching, for each pixel, what the moved camera sees.
///
/// For a frame pixel that an unmoved camera would see at p, the point with depth u is seen at
/// q(u) = p + (u − pivot)·E with E = shift − p·zoom, so candidates lie on one short straight line
/// and a hit is where the picture's own depth at q(u) equals u; the greatest such u hides the
/// others. Objects are sheets: the line may pass behind a silhouette, and a jump of depth is not
/// a hit, so nothing stretches between near and far. What no hit explains is taken from the back
/// sheet.
///
/// Work goes by cells of 32 × 8 frame pixels. Where the tables say that nothing can hide, a few
/// nodes are solved and the rest is interpolated; elsewhere each pixel marches through only those
/// depths that occur within the cell's reach.
///
/// A renderer holds scratch memory for one thread; scenes are shared.
package final class SheetRenderer {
    private let scene: SheetScene
    package let width: Int
    package let height: Int

    private let kernel: any SheetKernel
    private let nodes: CellSearch.Nodes
    private let searchScratch: UnsafeMutablePointer<Float>
    private let runs: UnsafeMutablePointer<CellSearch.Run>
    /// The cell whose colours are fetched and the next one, whose places are found before that: so
    /// memory has time to bring what the places name.
    private let cells = (Cell(), Cell())
    /// A cell that does not fit the frame: luma and both chroma planes.
    private let spill: Plane<UInt8>
    /// Depth that the last frame saw at each pixel; nil unless it was asked for.
    let seenDepth: Plane<Float>?

    /// - Parameters:
    ///   - width: Even, at least 2; the frame's aspect should be the scene's.
    ///   - keepsDepth: Whether ``seenDepth`` is filled.
    ///   - kernel: Its inner loops; it is this renderer's from now on.
    package init(
        scene: SheetScene, width: Int, height: Int, keepsDepth: Bool = false,
        kernel: any SheetKernel = PortableKernel()
    ) {
        precondition(width >= 2 && height >= 2)
        self.scene = scene
        self.kernel = kernel
        self.width = width
        self.height = height
        let (columns, rows) = (Cell.columns, Cell.rows)
        nodes = CellSearch.Nodes(width: width)
        runs = .allocate(capacity: 64)
        searchScratch = .allocate(capacity: CellSearch.scratchCount)
        spill = Plane(width: Cell.count, height: 2, filledWith: 0)
        seenDepth =
            keepsDepth
            ? Plane(
                width: (width + columns - 1) / columns * columns,
                height: (height + rows - 1) / rows * rows, filledWith: 0) : nil
    }

    deinit {
        cells.0.deallocate()
        cells.1.deallocate()
        nodes.deallocate()
        runs.deallocate()
        searchScratch.deallocate()
    }

    /// Renders what the camera sees from `pose` into `frame`.
    ///
    /// - Returns: Share of pixels that came from the back sheet.
    @discardableResult
    package func render(
        _ pose: CameraPose, geometry: ParallaxGeometry, overscan: Double = 1,
        into frame: Picture420
    ) -> Double {
        precondition(frame.width == width && frame.height == height)
        let view = SheetView(
            pose: pose, geometry: geometry, overscan: overscan, sourceWidth: scene.width,
            sourceHeight: scene.height, width: width, height: height)
        return render(view, into: frame)
    }

    func render(_ view: SheetView, into frame: Picture420) -> Double {
        // The search holds plain addresses of the scene's planes.
        defer { withExtendedLifetime(scene) {} }
        let search = CellSearch(scene: scene, view: view, scratch: searchScratch)
        kernel.begin(SheetFrame(search: search, stack: scene.stack, nodes: nodes, runs: runs))
        var backPixels = 0
        var pending: FoundCell?
        for top in stride(from: 0, to: height, by: Cell.rows) {
            search.prepare(nodes, top: top)
            for left in stride(from: 0, to: width, by: Cell.columns) {
                let cell = left / Cell.columns % 2 == 0 ? cells.0 : cells.1
                let isSmooth = find(cell, left, top, search, &backPixels)
                if let pending { paint(pending, frame) }
                pending = FoundCell(cell: cell, left: left, top: top, isSmooth: isSmooth)
            }
            // A row of cells may end on either.
            if let last = pending { paint(last, frame) }
            pending = nil
        }
        return Double(backPixels) / Double(width * height)
    }

    /// A cell whose places are known.
    private struct FoundCell {
        let cell: Cell
        let left: Int
        let top: Int
        /// Whether all its pixels lie on one surface.
        let isSmooth: Bool
    }

    private func paint(_ found: FoundCell, _ frame: Picture420) {
        sample(found.cell, found.left, found.top, frame)
        if !found.isSmooth { mixChroma(found.cell, found.left, found.top, frame) }
    }

    /// Finds where the pixels of a cell look.
    /// - Returns: Whether they all lie on one surface.
    private func find(
        _ cell: Cell, _ left: Int, _ top: Int, _ search: CellSearch, _ backPixels: inout Int
    ) -> Bool {
        func part(_ column: Int) -> CellPart {
            CellPart(
                cell: cell, left: left + column, top: top, column: column,
                depth: seenDepth.map { $0.row(top) + left + column },
                depthStride: seenDepth?.width ?? 0)
        }
        let first = left / CellSearch.nodeColumns
        if case .smooth(let near, let isInside) = search.verdict(
            CellSearch.Span(nodes, first: first, count: 4))
        {
            kernel.findSurface(part(0), segments: 4, near: near, isInside: isInside)
            return true
        }
        cell.isApart.update(repeating: 0, count: Cell.count / 4)
        for column in [0, 16] {
            let span = CellSearch.Span(
                nodes, first: first + column / CellSearch.nodeColumns, count: 2)
            switch search.verdict(span) {
            case .smooth(let near, let isInside):
                kernel.findSurface(part(column), segments: 2, near: near, isInside: isInside)
            case .broken(let bins, let isInside):
                let count = search.runs(bins, span, into: runs)
                backPixels += kernel.march(part(column), runCount: count, isInside: isInside)
            }
        }
        return false
    }

    private func sample(_ cell: Cell, _ left: Int, _ top: Int, _ frame: Picture420) {
        let rows = min(Cell.rows, height - top)
        let columns = min(Cell.columns, width - left)
        let whole = CellTarget(
            luma: frame.luma.row(top) + left, lumaStride: frame.luma.width,
            cb: frame.cb.row(top / 2) + left / 2, cr: frame.cr.row(top / 2) + left / 2,
            chromaStride: frame.cb.width)
        guard columns < Cell.columns else { return kernel.sample(cell, rows: rows, to: whole) }
        let chroma = spill.samples + Cell.count
        let target = CellTarget(
            luma: spill.samples, lumaStride: Cell.columns, cb: chroma,
            cr: chroma + Cell.count / 4, chromaStride: Cell.columns / 2)
        kernel.sample(cell, rows: rows, to: target)
        for row in 0..<rows {
            (whole.luma + row * whole.lumaStride).update(
                from: target.luma + row * target.lumaStride, count: columns)
        }
        for row in 0..<(rows + 1) / 2 {
            let (to, from) = (row * whole.chromaStride, row * target.chromaStride)
            (whole.cb + to).update(from: target.cb + from, count: (columns + 1) / 2)
            (whole.cr + to).update(from: target.cr + from, count: (columns + 1) / 2)
        }
    }

    /// Gives chroma samples whose four pixels are not neighbours in the source their mean.
    private func mixChroma(_ cell: Cell, _ left: Int, _ top: Int, _ frame: Picture420) {
        let sampler = CellSampler(scene.stack)
        let columns = (min(Cell.columns, width - left) + 1) / 2
        for row in 0..<(min(Cell.rows, height - top) + 1) / 2 {
            let isApart = cell.isApart + row * Cell.columns / 2
            let cb = frame.cb.row(top / 2 + row) + left / 2
            let cr = frame.cr.row(top / 2 + row) + left / 2
            for column in 0..<columns where isApart[column] != 0 {
                (cb[column], cr[column]) = meanColour(cell, row * 2, column * 2, sampler)
            }
        }
    }

    /// The mean colour of four pixels that are not neighbours in the source.
    private func meanColour(
        _ cell: Cell, _ row: Int, _ column: Int, _ sampler: CellSampler
    ) -> (cb: UInt8, cr: UInt8) {
        var (blue, red): (Int32, Int32) = (2, 2)
        for y in row...row + 1 {
            for x in column...column + 1 {
                let at = y * Cell.columns + x
                let colour = sampler.chroma(atLuma: cell.x[at], cell.y[at])
                blue &+= colour.cb
                red &+= colour.cr
            }
        }
        return (UInt8(truncatingIfNeeded: blue >> 2), UInt8(truncatingIfNeeded: red >> 2))
    }
}
