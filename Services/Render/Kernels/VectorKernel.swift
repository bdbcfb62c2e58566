internal import CSheetKernel

/// The form for processors with AVX-512 (BW, VL, VBMI): `Shared/CSheetKernel`.
package final class VectorKernel: SheetKernel {
    /// Whether this processor can run it.
    package static let isSupported = sheet_is_supported()

    private var view = sheet_view()

    package init() {
        precondition(Self.isSupported)
    }

    package func begin(_ frame: SheetFrame) {
        let search = frame.search
        let m = search.view.coefficients
        view = sheet_view(
            front_depth: search.frontDepth, back_depth: search.backDepth,
            width: Int32(search.width), height: Int32(search.height),
            matte: search.matte, luma: search.luma, cb: search.cb, cr: search.cr,
            luma_stride: Int32(search.lumaStride), chroma_stride: Int32(search.chromaStride),
            back_rows: Int32(search.backRows), centre_x: search.centreX, centre_y: search.centreY,
            shift_x: search.view.shiftX, shift_y: search.view.shiftY, zoom: search.view.zoom,
            pivot: search.view.pivot, lowest: search.lowest, step: search.step,
            rows_max: search.rowsMax,
            xx: m.xx, xy: m.xy, x1: m.x1, yx: m.yx, yy: m.yy, y1: m.y1, gx: m.gx, gy: m.gy,
            g1: m.g1)
    }

    private static func target(_ part: CellPart) -> sheet_target {
        let target = part.target
        return sheet_target(
            luma: target.luma, cb: target.cb, cr: target.cr,
            luma_stride: Int64(target.lumaStride), chroma_stride: Int64(target.chromaStride),
            depth: part.depth, depth_stride: Int64(part.depthStride))
    }

    package func drawSurface(
        _ part: CellPart, of frame: SheetFrame, _ surface: CellSearch.Surface, segments: Int,
        isInside: Bool
    ) -> Bool {
        let nodes = frame.nodes
        let first = part.left / CellSearch.nodeColumns
        var target = Self.target(part)
        return sheet_surface(
            &view, &target, nodes.x + first, nodes.y + first, Int64(nodes.stride),
            Int64(segments), surface.depth, Int32(surface.lookUps), isInside)
    }

    package func march(
        _ part: CellPart, of frame: SheetFrame, _ anchor: CellSearch.Anchor, into cell: Cell,
        runCount: Int, isInside: Bool
    ) -> Int {
        var target = Self.target(part)
        var places = sheet_cell(
            x: cell.x, y: cell.y, is_back: cell.isBack, cover: cell.cover,
            behind_x: cell.behindX, behind_y: cell.behindY, is_soft: cell.isSoft)
        return frame.runs.withMemoryRebound(to: sheet_run.self, capacity: runCount) { runs in
            Int(
                sheet_march(
                    &view, &target, sheet_anchor(x: Int32(anchor.x), y: Int32(anchor.y)),
                    isInside && anchor.isNear, &places, Int64(part.left), Int64(part.top), runs,
                    Int64(runCount)))
        }
    }
}
