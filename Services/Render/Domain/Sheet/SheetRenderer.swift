/// Renders frames of a scene by searching, for each pixel, what the moved camera sees.
///
/// For a frame pixel that an unmoved camera would see at p, the point with depth u is seen at
/// q(u) = p + (u − pivot)·E with E = shift − p·zoom, so candidates lie on one short straight line
/// and a hit is where the picture's own depth at q(u) equals u; the greatest such u hides the
/// others. Objects are sheets: the line may pass behind a silhouette, and a jump of depth is not
/// a hit, so nothing stretches between near and far. What no hit explains is taken from the back
/// sheet.
///
/// Work goes by cells of 16 × 8 frame pixels. Where the tables say that nothing can hide, nine
/// nodes are solved and the rest is interpolated; elsewhere each pixel marches through only those
/// depths that occur within the cell's reach.
///
/// A renderer holds scratch memory for one thread; scenes are shared.
package final class SheetRenderer {
    private let scene: SheetScene
    package let width: Int
    package let height: Int

    private static let cellWidth = 16
    private static let cellHeight = 8
    /// Source coordinates of one band of cells, in 1/256 pixel, and the sheet they are on.
    private let sourceX: Plane<Int32>
    private let sourceY: Plane<Int32>
    private let isBack: Plane<UInt8>
    /// Depth that the last frame saw at each pixel.
    let seenDepth: Plane<Float>

    /// - Parameters:
    ///   - width: Even, at least 2; the frame's aspect should be the scene's.
    package init(scene: SheetScene, width: Int, height: Int) {
        precondition(width >= 2 && height >= 2)
        self.scene = scene
        self.width = width
        self.height = height
        let stride = (width + Self.cellWidth - 1) / Self.cellWidth * Self.cellWidth
        sourceX = Plane(width: stride, height: Self.cellHeight, filledWith: 0)
        sourceY = Plane(width: stride, height: Self.cellHeight, filledWith: 0)
        isBack = Plane(width: stride, height: Self.cellHeight, filledWith: 0)
        seenDepth = Plane(
            width: stride, height: (height + 7) / Self.cellHeight * Self.cellHeight,
            filledWith: 0)
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
        let search = CellSearch(scene: scene, view: view)
        var backPixels = 0
        for top in stride(from: 0, to: height, by: Self.cellHeight) {
            for left in stride(from: 0, to: width, by: Self.cellWidth) {
                let out = CellSearch.Output(
                    x: sourceX.samples + left, y: sourceY.samples + left,
                    isBack: isBack.samples + left, depth: seenDepth.row(top) + left,
                    stride: sourceX.width)
                backPixels += search.solve(left: left, top: top, into: out)
            }
            let rows = min(Self.cellHeight, height - top)
            sampleLuma(from: top, rows: rows, into: frame)
            sampleChroma(from: top, rows: rows, into: frame)
        }
        return Double(backPixels) / Double(width * height)
    }

    private func sampleLuma(from top: Int, rows: Int, into frame: Picture420) {
        let front = scene.front.picture.luma
        let back = scene.back.picture.luma
        for row in 0..<rows {
            let out = frame.luma.row(top + row)
            let xs = sourceX.row(row)
            let ys = sourceY.row(row)
            let sheet = isBack.row(row)
            var x = 0
            while x < width {
                out[x] = bilinear(sheet[x] == 0 ? front : back, xs[x], ys[x])
                x &+= 1
            }
        }
    }

    /// A chroma sample covers four pixels: one look-up when they are neighbours in the source
    /// too, else the mean of four.
    private func sampleChroma(from top: Int, rows: Int, into frame: Picture420) {
        for row in stride(from: 0, to: rows, by: 2) {
            let lower = min(row + 1, rows - 1)
            let (x0, x1) = (sourceX.row(row), sourceX.row(lower))
            let (y0, y1) = (sourceY.row(row), sourceY.row(lower))
            let (s0, s1) = (isBack.row(row), isBack.row(lower))
            let cb = frame.cb.row((top + row) / 2)
            let cr = frame.cr.row((top + row) / 2)
            var x = 0
            while x < width {
                let r = x &+ 1 < width ? x &+ 1 : x
                let sheets = s0[x] &+ s0[r] &+ s1[x] &+ s1[r]
                let near =
                    abs(x0[r] &- x0[x]) < 1024 && abs(x1[x] &- x0[x]) < 1024
                    && abs(y0[r] &- y0[x]) < 1024 && abs(y1[x] &- y0[x]) < 1024
                if near && (sheets == 0 || sheets == 4) {
                    let layer = sheets == 0 ? scene.front : scene.back
                    let cx = (x0[x] &+ x0[r] &+ x1[x] &+ x1[r]) / 4
                    let cy = (y0[x] &+ y0[r] &+ y1[x] &+ y1[r]) / 4
                    let (qx, qy) = (Self.halved(cx), Self.halved(cy))
                    cb[x >> 1] = bilinear(layer.picture.cb, qx, qy)
                    cr[x >> 1] = bilinear(layer.picture.cr, qx, qy)
                } else {
                    var (b, c) = (0, 0)
                    for (sx, sy, sheet) in [
                        (x0[x], y0[x], s0[x]), (x0[r], y0[r], s0[r]), (x1[x], y1[x], s1[x]),
                        (x1[r], y1[r], s1[r]),
                    ] {
                        let layer = sheet == 0 ? scene.front : scene.back
                        b += Int(bilinear(layer.picture.cb, Self.halved(sx), Self.halved(sy)))
                        c += Int(bilinear(layer.picture.cr, Self.halved(sx), Self.halved(sy)))
                    }
                    cb[x >> 1] = UInt8((b + 2) >> 2)
                    cr[x >> 1] = UInt8((c + 2) >> 2)
                }
                x &+= 2
            }
        }
    }

    /// A luma coordinate on the chroma grid, whose samples lie between four luma samples.
    @inline(__always)
    private static func halved(_ coordinate: Int32) -> Int32 {
        max(0, (coordinate &- 128) >> 1)
    }

    @inline(__always)
    private func bilinear(_ plane: Plane<UInt8>, _ x: Int32, _ y: Int32) -> UInt8 {
        let (ix, iy) = (Int(x >> 8), Int(y >> 8))
        let (fx, fy) = (UInt32(truncatingIfNeeded: x & 255), UInt32(truncatingIfNeeded: y & 255))
        let right = ix &+ 1 < plane.width ? 1 : 0
        let upper = plane.samples + (iy &* plane.width &+ ix)
        let lower = iy &+ 1 < plane.height ? upper + plane.width : upper
        let top = UInt32(upper[0]) &* (256 &- fx) &+ UInt32(upper[right]) &* fx
        let bottom = UInt32(lower[0]) &* (256 &- fx) &+ UInt32(lower[right]) &* fx
        return UInt8(truncatingIfNeeded: (top &* (256 &- fy) &+ bottom &* fy &+ 32768) >> 16)
    }
}
