/// The inner loops of the renderer, for one thread: which surface the pixels of a cell look at, and
/// the colours there. What a cell can meet was found before (``CellSearch/verdict(_:)``).
package protocol SheetKernel: AnyObject {
    /// Begins a frame, the one that all calls name until the next.
    func begin(_ frame: SheetFrame)

    /// Draws a part of a cell whose pixels lie on one surface.
    /// - Returns: Whether it did: not what spans too much of the source.
    func drawSurface(
        _ part: CellPart, of frame: SheetFrame, _ surface: CellSearch.Surface, segments: Int,
        isInside: Bool
    ) -> Bool

    /// Draws half a cell whose pixels may lie on several.
    /// - Returns: How many pixels the back sheet had to fill.
    func march(
        _ part: CellPart, of frame: SheetFrame, _ anchor: CellSearch.Anchor, into cell: Cell,
        runCount: Int, isInside: Bool
    ) -> Int
}

/// One frame's scene and camera, and the memory that its cells share. The scene must outlive it.
package struct SheetFrame {
    let search: CellSearch
    let nodes: CellSearch.Nodes
    let runs: UnsafeMutablePointer<CellSearch.Run>
}

/// A cell or a half of one.
package struct CellPart {
    /// Its place in the frame.
    let left: Int
    let top: Int
    let target: CellTarget
    /// Where the depth of each pixel goes, `depthStride` apart from row to row; nil for nowhere.
    let depth: UnsafeMutablePointer<Float>?
    let depthStride: Int
}

/// Where the colours of a cell go: eight rows of luma and four of chroma.
package struct CellTarget {
    let luma: UnsafeMutablePointer<UInt8>
    let lumaStride: Int
    let cb: UnsafeMutablePointer<UInt8>
    let cr: UnsafeMutablePointer<UInt8>
    let chromaStride: Int

    /// The same from a column on.
    func from(_ column: Int) -> CellTarget {
        CellTarget(
            luma: luma + column, lumaStride: lumaStride, cb: cb + column / 2,
            cr: cr + column / 2, chromaStride: chromaStride)
    }
}

/// The form that runs everywhere and gives the same bytes everywhere.
package final class PortableKernel: SheetKernel {
    package init() {}

    package func begin(_ frame: SheetFrame) {}

    package func drawSurface(
        _ part: CellPart, of frame: SheetFrame, _ surface: CellSearch.Surface, segments: Int,
        isInside: Bool
    ) -> Bool {
        // Parts inside the picture are most of the work: they have copies of their own.
        if isInside && segments == 4 {
            return frame.search.drawSurface(
                part, surface, frame.nodes, segments: 4, isInside: true)
        }
        if isInside {
            return frame.search.drawSurface(
                part, surface, frame.nodes, segments: 2, isInside: true)
        }
        return frame.search.drawSurface(
            part, surface, frame.nodes, segments: segments, isInside: isInside)
    }

    package func march(
        _ part: CellPart, of frame: SheetFrame, _ anchor: CellSearch.Anchor, into cell: Cell,
        runCount: Int, isInside: Bool
    ) -> Int {
        let backPixels = frame.search.march(
            part, anchor, UnsafeBufferPointer(start: frame.runs, count: runCount), into: cell,
            isInside: isInside)
        CellSampler(frame.search, anchor).draw(cell, to: part.target)
        return backPixels
    }
}
