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
    private let cell = Cell()
    /// A cell that does not fit the frame: luma and both chroma planes.
    private let spill: Plane<UInt8>
    /// Depth that the last frame saw at each pixel; nil unless it was asked for.
    let seenDepth: Plane<Float>?
    private let seenSamples: UnsafeMutablePointer<Float>?
    private let seenStride: Int

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
        runs = .allocate(capacity: CellSearch.runsMax)
        searchScratch = .allocate(capacity: CellSearch.scratchCount)
        searchScratch.initialize(repeating: 0, count: CellSearch.scratchCount)
        spill = Plane(width: columns * rows, height: 2, filledWith: 0)
        seenDepth =
            keepsDepth
            ? Plane(
                width: (width + columns - 1) / columns * columns,
                height: (height + rows - 1) / rows * rows, filledWith: 0) : nil
        seenSamples = seenDepth?.samples
        seenStride = seenDepth?.width ?? 0
    }

    deinit {
        cell.deallocate()
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
        let shown = SheetFrame(search: search, nodes: nodes, runs: runs)
        let kernel = self.kernel
        kernel.begin(shown)
        var backPixels = 0
        for top in stride(from: 0, to: height, by: Cell.rows) {
            search.prepare(nodes, top: top)
            for left in stride(from: 0, to: width, by: Cell.columns) {
                let target = CellTarget(
                    luma: frame.luma.row(top) + left, lumaStride: frame.luma.width,
                    cb: frame.cb.row(top / 2) + left / 2, cr: frame.cr.row(top / 2) + left / 2,
                    chromaStride: frame.cb.width)
                if left + Cell.columns <= width && top + Cell.rows <= height {
                    backPixels += draw(left, top, shown, kernel, to: target)
                } else {
                    backPixels += draw(left, top, shown, kernel, to: spillTarget)
                    copySpill(left, top, to: target)
                }
            }
        }
        return Double(backPixels) / Double(width * height)
    }

    /// Draws the cell at a place of the frame.
    /// - Returns: How many pixels came from the back sheet.
    private func draw(
        _ left: Int, _ top: Int, _ frame: SheetFrame, _ kernel: any SheetKernel,
        to target: CellTarget
    ) -> Int {
        func part(_ column: Int) -> CellPart {
            CellPart(
                left: left + column, top: top, target: target.from(column),
                depth: seenSamples.map { $0 + (top &* seenStride &+ left &+ column) },
                depthStride: seenStride)
        }
        let first = left / CellSearch.nodeColumns
        let whole = frame.search.verdict(CellSearch.Span(nodes, first: first, count: 4))
        if let surface = whole.surface,
            kernel.drawSurface(
                part(0), of: frame, surface, segments: 4, isInside: whole.isInside)
        {
            return 0
        }
        var backPixels = 0
        for column in stride(from: 0, to: Cell.columns, by: Cell.half) {
            let span = CellSearch.Span(
                nodes, first: first + column / CellSearch.nodeColumns, count: 2)
            let half = frame.search.verdict(span, in: whole)
            if let surface = half.surface,
                kernel.drawSurface(
                    part(column), of: frame, surface, segments: 2, isInside: half.isInside)
            {
                continue
            }
            let count = frame.search.runs(half.bins, span, into: runs)
            let anchor = frame.search.anchor(span)
            backPixels += kernel.march(
                part(column), of: frame, anchor, into: cell, runCount: count,
                isInside: half.isInside)
        }
        return backPixels
    }

    private var spillTarget: CellTarget {
        let chroma = spill.samples + Cell.columns * Cell.rows
        return CellTarget(
            luma: spill.samples, lumaStride: Cell.columns, cb: chroma,
            cr: chroma + Cell.columns * Cell.rows / 4, chromaStride: Cell.columns / 2)
    }

    /// Copies that part of a cell that the frame has.
    private func copySpill(_ left: Int, _ top: Int, to target: CellTarget) {
        let spilled = spillTarget
        let rows = min(Cell.rows, height - top)
        let columns = min(Cell.columns, width - left)
        for row in 0..<rows {
            (target.luma + row * target.lumaStride).update(
                from: spilled.luma + row * spilled.lumaStride, count: columns)
        }
        for row in 0..<(rows + 1) / 2 {
            let (to, from) = (row * target.chromaStride, row * spilled.chromaStride)
            (target.cb + to).update(from: spilled.cb + from, count: (columns + 1) / 2)
            (target.cr + to).update(from: spilled.cr + from, count: (columns + 1) / 2)
        }
    }
}
