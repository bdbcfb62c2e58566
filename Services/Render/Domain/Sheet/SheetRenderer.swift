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
        // The search holds plain addresses of the scene's planes.
        defer { withExtendedLifetime(scene) {} }
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
        let front = SamplePointer(scene.front.picture.luma)
        let back = SamplePointer(scene.back.picture.luma)
        let width = self.width
        for row in 0..<rows {
            let out = frame.luma.row(top + row)
            let xs = sourceX.row(row)
            let ys = sourceY.row(row)
            let sheet = isBack.row(row)
            var x = 0
            while x < width {
                out[x] = sheet[x] == 0 ? front.bilinear(xs[x], ys[x]) : back.bilinear(xs[x], ys[x])
                x &+= 1
            }
        }
    }

    /// A chroma sample covers four pixels: one look-up when they are neighbours in the source
    /// too, else the mean of four.
    private func sampleChroma(from top: Int, rows: Int, into frame: Picture420) {
        let front = ChromaPointers(scene.front.picture)
        let back = ChromaPointers(scene.back.picture)
        let width = self.width
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
                let spread =
                    abs(x0[r] &- x0[x]) | abs(x1[x] &- x0[x]) | abs(y0[r] &- y0[x])
                    | abs(y1[x] &- y0[x])
                if spread < 1024 && (sheets == 0 || sheets == 4) {
                    let layer = sheets == 0 ? front : back
                    let qx = (x0[x] &+ x0[r] &+ x1[x] &+ x1[r]) >> 2
                    let qy = (y0[x] &+ y0[r] &+ y1[x] &+ y1[r]) >> 2
                    let (b, c) = layer.sample(qx, qy)
                    cb[x >> 1] = UInt8(truncatingIfNeeded: b)
                    cr[x >> 1] = UInt8(truncatingIfNeeded: c)
                } else {
                    let p = (s0[x] == 0 ? front : back).sample(x0[x], y0[x])
                    let q = (s0[r] == 0 ? front : back).sample(x0[r], y0[r])
                    let s = (s1[x] == 0 ? front : back).sample(x1[x], y1[x])
                    let t = (s1[r] == 0 ? front : back).sample(x1[r], y1[r])
                    let b = p.cb &+ q.cb &+ s.cb &+ t.cb
                    let c = p.cr &+ q.cr &+ s.cr &+ t.cr
                    cb[x >> 1] = UInt8(truncatingIfNeeded: (b &+ 2) >> 2)
                    cr[x >> 1] = UInt8(truncatingIfNeeded: (c &+ 2) >> 2)
                }
                x &+= 2
            }
        }
    }
}

/// A plane's samples without its reference count, for inner loops. The plane must outlive it.
private struct SamplePointer {
    private let samples: UnsafeMutablePointer<UInt8>
    private let width: Int
    private let lastX: Int
    private let lastY: Int

    init(_ plane: Plane<UInt8>) {
        samples = plane.samples
        width = plane.width
        lastX = plane.width - 1
        lastY = plane.height - 1
    }

    /// The sample at a place in 1/256 pixel, which must lie in the plane.
    @inline(__always)
    func bilinear(_ x: Int32, _ y: Int32) -> UInt8 {
        let (ix, iy) = (Int(x >> 8), Int(y >> 8))
        let (fx, fy) = (UInt32(truncatingIfNeeded: x & 255), UInt32(truncatingIfNeeded: y & 255))
        let right = ix < lastX ? 1 : 0
        let upper = samples + (iy &* width &+ ix)
        let lower = iy < lastY ? upper + width : upper
        let top = UInt32(upper[0]) &* (256 &- fx) &+ UInt32(upper[right]) &* fx
        let bottom = UInt32(lower[0]) &* (256 &- fx) &+ UInt32(lower[right]) &* fx
        return UInt8(truncatingIfNeeded: (top &* (256 &- fy) &+ bottom &* fy &+ 32768) >> 16)
    }
}

private struct ChromaPointers {
    private let cb: SamplePointer
    private let cr: SamplePointer

    init(_ picture: Picture420) {
        cb = SamplePointer(picture.cb)
        cr = SamplePointer(picture.cr)
    }

    /// Both chroma samples at a place given in 1/256 luma pixel.
    @inline(__always)
    func sample(_ x: Int32, _ y: Int32) -> (cb: Int32, cr: Int32) {
        // Chroma samples lie between four luma samples.
        let (cx, cy) = (max(0, (x &- 128) >> 1), max(0, (y &- 128) >> 1))
        return (Int32(cb.bilinear(cx, cy)), Int32(cr.bilinear(cx, cy)))
    }
}
