/// A shift-lens camera: it looks along +z with no pitch or roll, and the horizon is placed by
/// shifting the picture plane, so that verticals stay vertical and columns are independent.
/// Metres; the subject's contact point is the origin; y is up, +z goes into the picture.
struct Camera {
    /// Size of the picture, in pixels.
    var width: Int
    var height: Int
    /// Focal length, in pixels.
    var focal: Float
    /// Column of the optical axis and row of the horizon, in pixels (row 0 is the top).
    var centreColumn: Float
    var horizonRow: Float
    /// Place of the camera; z is negative (before the subject).
    var position: Vec3

    /// Distance from the camera to the subject's plane along z.
    var subjectDistance: Float { -position.z }

    /// Direction through a pixel, not normalised: its z is 1, so the ray parameter is the depth.
    @inline(__always)
    func ray(_ column: Float, _ row: Float) -> Vec3 {
        Vec3((column - centreColumn) / focal, (horizonRow - row) / focal, 1)
    }

    /// Column, row and depth of a point; only meaningful when the depth is positive.
    @inline(__always)
    func project(_ point: Vec3) -> Vec3 {
        let p = point - position
        let scale = focal / p.z
        return Vec3(centreColumn + p.x * scale, horizonRow - p.y * scale, p.z)
    }

    /// The same view on a picture `factor` times as large.
    func scaled(_ factor: Float) -> Camera {
        var camera = self
        camera.width = Int(Float(width) * factor)
        camera.height = Int(Float(height) * factor)
        camera.focal *= factor
        camera.centreColumn *= factor
        camera.horizonRow *= factor
        return camera
    }
}
