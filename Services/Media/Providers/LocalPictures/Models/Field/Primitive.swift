enum Shape: UInt8 {
    case capsule, ellipsoid, box, extrusion, lathe, torus
}

/// One building block of a solid, in model space: x forward, y up, z to the side.
struct Primitive {
    var shape: Shape
    /// Takes away instead of adding.
    var isCut = false
    var group: Int32 = 0
    var material: Int32 = 0
    /// Width of the smooth join with what the group holds so far, in metres.
    var blend: Float = 0
    /// Largest outward fur displacement, in metres.
    var fur: Float = 0
    /// The direction hair lies in.
    var flow = Vec3(-1, 0, 0)

    /// Centre, or the first end of a capsule.
    var origin: Vec3
    /// Half sizes, radii, or the vector to the second end of a capsule.
    var extent: Vec3
    /// Rows of the turn from model space to the primitive's own axes.
    var rowX = Vec3(1, 0, 0)
    var rowY = Vec3(0, 1, 0)
    var rowZ = Vec3(0, 0, 1)
    /// Radius at the first end, ring radius, or edge rounding.
    var radius: Float = 0
    /// Radius at the second end minus the first; tube radius; inward lean of an extrusion.
    var slope: Float = 0
    /// One over the squared length of a capsule; height from which an extrusion leans in.
    var scale: Float = 0
    /// Metres per metre of the profile.
    var unit: Float = 1
    var foldDepth: Float = 0
    var foldCount: Float = 0
    var side: Int32 = -1
    var plan: Int32 = -1
    var front: Int32 = -1

    /// A segment and a radius about it that hold the whole primitive, for culling.
    var boundA: Vec3
    var boundB: Vec3
    var boundRadius: Float
    var boundAxis = Vec3()
    var boundScale: Float = 0

    /// A point in the primitive's own axes.
    @inline(__always) func local(_ p: Vec3) -> Vec3 {
        let d = p - origin
        return Vec3(dot(rowX, d), dot(rowY, d), dot(rowZ, d))
    }

    @inline(__always) func local(_ p: LanePoint) -> LanePoint {
        let dx = p.x - origin.x
        let dy = p.y - origin.y
        let dz = p.z - origin.z
        return LanePoint(
            x: dx * rowX.x + dy * rowX.y + dz * rowX.z,
            y: dx * rowY.x + dy * rowY.y + dz * rowY.z,
            z: dx * rowZ.x + dy * rowZ.y + dz * rowZ.z)
    }

    /// Points in the primitive's own axes and in the units of its profile.
    @inline(__always) func inUnits(_ p: LanePoint) -> LanePoint {
        let q = local(p)
        let inverse = 1 / unit
        return LanePoint(x: q.x * inverse, y: q.y * inverse, z: q.z * inverse)
    }
}
