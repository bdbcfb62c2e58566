internal import CSheetKernel

/// The form for processors with AVX-512 (BW, VL, VBMI): `Shared/CSheetKernel`.
package final class VectorKernel: SheetKernel {
    /// Whether this processor can run it.
    package static let isSupported = sheet_is_supported()

    private var view = sheet_view()
    private var frame: SheetFrame?

    package init() {
        precondition(Self.isSupported)
    }

    package func begin(_ frame: SheetFrame) {
        self.frame = frame
        let (search, stack) = (frame.search, frame.stack)
        let m = search.coefficients
        view = sheet_view(
            front_depth: search.frontDepth, back_depth: search.backDepth,
            width: Int32(search.width), height: Int32(search.height),
            luma: stack.luma.samples, cb: stack.cb.samples, cr: stack.cr.samples,
            luma_stride: Int32(stack.luma.width), chroma_stride: Int32(stack.cb.width),
            back_rows: Int32(stack.backRows), centre_x: search.centreX, centre_y: search.centreY,
            shift_x: search.view.shiftX, shift_y: search.view.shiftY, zoom: search.view.zoom,
            pivot: search.view.pivot, lowest: search.lowest, step: search.step,
            depth_unit: SheetScene.depthUnit,
            xx: m.xx, xy: m.xy, x1: m.x1, yx: m.yx, yy: m.yy, y1: m.y1, gx: m.gx, gy: m.gy,
            g1: m.g1)
    }

    private static func places(_ cell: Cell) -> sheet_cell {
        sheet_cell(
            luma_index: cell.lumaIndex, luma_way: cell.lumaWay, chroma_index: cell.chromaIndex,
            chroma_way: cell.chromaWay, x: cell.x, y: cell.y, is_apart: cell.isApart)
    }

    package func findSurface(_ part: CellPart, segments: Int, near: Float, isInside: Bool) {
        guard let nodes = frame?.nodes else { return }
        let first = part.left / CellSearch.nodeColumns
        var cell = Self.places(part.cell)
        sheet_surface(
            &view, &cell, nodes.x + first, nodes.y + first, Int64(nodes.stride), Int64(segments),
            near, Int64(part.column), part.depth, Int64(part.depthStride))
    }

    package func march(_ part: CellPart, runCount: Int, isInside: Bool) -> Int {
        guard let runs = frame?.runs else { return 0 }
        var cell = Self.places(part.cell)
        return runs.withMemoryRebound(to: sheet_run.self, capacity: runCount) { runs in
            Int(
                sheet_march(
                    &view, &cell, Int64(part.left), Int64(part.top), runs, Int64(runCount),
                    Int64(part.column), part.depth, Int64(part.depthStride)))
        }
    }

    package func sample(_ cell: Cell, rows: Int, to target: CellTarget) {
        var places = Self.places(cell)
        sheet_sample(
            &view, &places, target.luma, Int64(target.lumaStride), target.cb, target.cr,
            Int64(target.chromaStride), Int64(rows))
    }
}
