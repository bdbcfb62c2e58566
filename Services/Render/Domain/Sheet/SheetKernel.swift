/// The inner loops of the renderer, for one thread: which surface the pixels of a cell look at, and
/// the colours there. What a cell can meet was found before (``CellSearch/verdict(_:)``).
package protocol SheetKernel: AnyObject {
    /// Begins a frame.
    func begin(_ frame: SheetFrame)

    /// Finds where the pixels of a part of a cell look that lie on one surface.
    func findSurface(_ part: CellPart, segments: Int, near: Float, isInside: Bool)

    /// Finds where the pixels of half a cell look that may lie on several.
    /// - Returns: How many pixels the back sheet had to fill.
    func march(_ part: CellPart, runCount: Int, isInside: Bool) -> Int

    /// Fetches the colours of rows of 32 luma and 16 chroma samples.
    func sample(_ cell: Cell, rows: Int, to target: CellTarget)
}

/// One frame's scene and camera, and the memory that its cells share. The scene must outlive it.
package struct SheetFrame {
    let search: CellSearch
    let stack: SheetStack
    let nodes: CellSearch.Nodes
    let runs: UnsafeMutablePointer<CellSearch.Run>
}

/// A cell or a half of one.
package struct CellPart {
    let cell: Cell
    /// Its place in the frame.
    let left: Int
    let top: Int
    /// Where it begins in the cell: 0 or 16.
    let column: Int
    /// Where the depth of each pixel goes, `depthStride` apart from row to row; nil for nowhere.
    let depth: UnsafeMutablePointer<Float>?
    let depthStride: Int
}

/// Where the colours of a cell go.
package struct CellTarget {
    let luma: UnsafeMutablePointer<UInt8>
    let lumaStride: Int
    let cb: UnsafeMutablePointer<UInt8>
    let cr: UnsafeMutablePointer<UInt8>
    let chromaStride: Int
}

/// The form that runs everywhere and gives the same bytes everywhere.
package final class PortableKernel: SheetKernel {
    private var frame: SheetFrame?

    package init() {}

    package func begin(_ frame: SheetFrame) { self.frame = frame }

    package func findSurface(_ part: CellPart, segments: Int, near: Float, isInside: Bool) {
        guard let frame else { return }
        // Whole cells inside the picture are most of the work: they have a copy of their own.
        if isInside && segments == 4 {
            frame.search.drawSurface(
                part, frame.nodes, segments: 4, near: near, isInside: true)
        } else {
            frame.search.drawSurface(
                part, frame.nodes, segments: segments, near: near, isInside: isInside)
        }
    }

    package func march(_ part: CellPart, runCount: Int, isInside: Bool) -> Int {
        guard let frame else { return 0 }
        return frame.search.march(
            part, UnsafeBufferPointer(start: frame.runs, count: runCount), isInside: isInside)
    }

    package func sample(_ cell: Cell, rows: Int, to target: CellTarget) {
        guard let frame else { return }
        let sampler = CellSampler(frame.stack)
        for row in 0..<rows {
            let to = target.luma + row * target.lumaStride
            sampler.luma(cell, at: row * Cell.columns, to: to)
            sampler.luma(cell, at: row * Cell.columns + 16, to: to + 16)
        }
        for row in 0..<(rows + 1) / 2 {
            sampler.chroma(
                cell, at: row * Cell.columns / 2, cb: target.cb + row * target.chromaStride,
                cr: target.cr + row * target.chromaStride)
        }
    }
}
