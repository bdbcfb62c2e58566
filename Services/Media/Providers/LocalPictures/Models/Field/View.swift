/// A way of looking at a solid: a picture through a camera, or the parallel rays of the key light.
struct View {
    var columns: Int
    var rows: Int
    /// Model-space start of the ray of pixel (0, 0) and its change per column and row.
    var origin: Vec3
    var originStepX = Vec3()
    var originStepY = Vec3()
    /// Model-space direction of that ray (length 1 per unit of depth on the axis) and its change.
    var direction: Vec3
    var stepX = Vec3()
    var stepY = Vec3()
    /// Metres per pixel at depth 1, and at any depth.
    var spread: Float
    var grain: Float

    /// Metres per pixel at a depth.
    @inline(__always) func footprint(_ depth: Float) -> Float { grain + spread * depth }
    @inline(__always) func footprint(_ depth: Lane) -> Lane { grain + spread * depth }

    @inline(__always) func start(_ column: Float, _ row: Float) -> Vec3 {
        origin + originStepX * column + originStepY * row
    }

    @inline(__always) func ray(_ column: Float, _ row: Float) -> Vec3 {
        direction + stepX * column + stepY * row
    }

    /// The picture of a camera; the model is turned by `yaw` about the origin.
    init(_ camera: Camera, _ turn: YawTurn) {
        columns = camera.width
        rows = camera.height
        origin = turn.toModel(camera.position)
        direction = turn.toModel(camera.ray(0, 0))
        stepX = turn.toModel(Vec3(1 / camera.focal, 0, 0))
        stepY = turn.toModel(Vec3(0, -1 / camera.focal, 0))
        spread = 1 / camera.focal
        grain = 0
    }

    /// Parallel rays down `toward` (unit, from the light), over a square about a sphere.
    init(parallelAlong toward: Vec3, centre: Vec3, radius: Float, size: Int) {
        columns = size
        rows = size
        let right = normalize(cross(abs(toward.y) > 0.95 ? Vec3(1, 0, 0) : Vec3(0, 1, 0), toward))
        let up = cross(toward, right)
        let step = 2 * radius / Float(size)
        originStepX = right * step
        originStepY = up * (-step)
        origin = centre - toward * (radius * 1.05) - right * radius + up * radius
        direction = toward
        spread = 0
        grain = step
    }
}

/// The turn of a model about the vertical; at 0 it looks along +x, then away from the camera.
struct YawTurn {
    let sine: Float
    let cosine: Float

    init(_ yaw: Float) {
        sine = LocalPictures.sine(yaw)
        cosine = LocalPictures.cosine(yaw)
    }

    @inline(__always) func toModel(_ v: Vec3) -> Vec3 {
        Vec3(cosine * v.x + sine * v.z, v.y, cosine * v.z - sine * v.x)
    }

    @inline(__always) func toWorld(_ v: Vec3) -> Vec3 {
        Vec3(cosine * v.x - sine * v.z, v.y, sine * v.x + cosine * v.z)
    }
}
