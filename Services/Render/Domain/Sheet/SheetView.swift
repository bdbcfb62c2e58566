/// One frame's camera in the units of the kernels: centred pixels of the source, rows down.
struct SheetView {
    /// From a pixel of the frame to the picture of an unmoved but turned camera.
    let coefficients: Coefficients
    /// Parallax of a point at p and depth d: (d − pivot) · (shift − p·zoom).
    let shiftX: Float
    let shiftY: Float
    let zoom: Float
    let pivot: Float

    /// - Parameters:
    ///   - overscan: Enlargement about the centre that hides the borders; 1 shows everything.
    init(
        pose: CameraPose, geometry: ParallaxGeometry, overscan: Double,
        sourceWidth: Int, sourceHeight: Int, width: Int, height: Int
    ) {
        let unit = Double(sourceHeight)
        let aspect = Double(sourceWidth) / unit
        let scaleX = aspect / (Double(width) * overscan)
        let scaleY = 1 / (Double(height) * overscan)
        let fromFrame = Homography([
            scaleX, 0, (0.5 - Double(width) / 2) * scaleX,
            0, scaleY, (0.5 - Double(height) / 2) * scaleY,
            0, 0, 1,
        ])
        let turn = Self.rowsDown(Homography(turning: pose.rotation))
        coefficients = Coefficients(
            Homography([unit, 0, 0, 0, unit, 0, 0, 0, 1]).after(turn).after(fromFrame))
        let shift = Self.rowsDown(pose.position)
        shiftX = Float(geometry.strength * shift.x * unit)
        shiftY = Float(geometry.strength * shift.y * unit)
        zoom = Float(geometry.strength * shift.z)
        pivot = Float(geometry.pivot)
    }

    // The world's y points up and picture rows run down: these two are the only place where y
    // changes its sign.
    private static func rowsDown(_ v: Vector3) -> Vector3 { Vector3(v.x, -v.y, v.z) }
    private static func rowsDown(_ h: Homography) -> Homography {
        let flip = Homography([1, 0, 0, 0, -1, 0, 0, 0, 1])
        return flip.after(h).after(flip)
    }

    /// The centred source pixel that an unmoved camera shows at a place in the frame.
    @inline(__always)
    func source(_ x: Float, _ y: Float) -> (x: Float, y: Float) {
        let m = coefficients
        let w = 1 / (m.gx * x + m.gy * y + m.g1)
        return ((m.xx * x + m.xy * y + m.x1) * w, (m.yx * x + m.yy * y + m.y1) * w)
    }

    /// A homography in the numbers of the kernels.
    struct Coefficients {
        let xx, xy, x1, yx, yy, y1, gx, gy, g1: Float

        init(_ homography: Homography) {
            let m = homography.m.map { Float($0) }
            (xx, xy, x1) = (m[0], m[1], m[2])
            (yx, yy, y1) = (m[3], m[4], m[5])
            (gx, gy, g1) = (m[6], m[7], m[8])
        }
    }
}
