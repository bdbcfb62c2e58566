/// Four values worked on at once: four rays of a pixel block, or four probes around one point.
typealias Lane = SIMD4<Float>
typealias LaneMask = SIMDMask<SIMD4<Int32>>

/// Four points.
struct LanePoint {
    var x: Lane
    var y: Lane
    var z: Lane

    @inline(__always) init(x: Lane, y: Lane, z: Lane) {
        self.x = x
        self.y = y
        self.z = z
    }

    @inline(__always) init(_ point: Vec3) {
        x = Lane(repeating: point.x)
        y = Lane(repeating: point.y)
        z = Lane(repeating: point.z)
    }

    @inline(__always) subscript(lane: Int) -> Vec3 { Vec3(x[lane], y[lane], z[lane]) }
}

@inline(__always) func lesser(_ a: Lane, _ b: Lane) -> Lane { a.replacing(with: b, where: b .< a) }
@inline(__always) func greater(_ a: Lane, _ b: Lane) -> Lane {
    a.replacing(with: b, where: a .< b)
}
@inline(__always) func unsigned(_ a: Lane) -> Lane { greater(a, -a) }
@inline(__always) func unit(_ a: Lane) -> Lane { lesser(greater(a, Lane()), Lane(repeating: 1)) }

/// The square root of a value of zero or more, to about six digits.
///
/// The library's vector root goes lane by lane with a branch for negative values; this one stays
/// in vector registers. Two Newton steps from the well-known first guess.
@inline(__always) func root(_ a: Lane) -> Lane {
    let bits = unsafeBitCast(a, to: SIMD4<Int32>.self)
    let guess = SIMD4<Int32>(repeating: 0x5f37_59df) &- (bits &>> 1)
    var y = unsafeBitCast(guess, to: Lane.self)
    let half = a * 0.5
    y *= 1.5 - half * y * y
    y *= 1.5 - half * y * y
    return a * y
}

/// Whole numbers at or below the values, and what is left over (0 up to 1).
@inline(__always) func floorParts(_ a: Lane) -> (SIMD4<Int32>, Lane) {
    let magic = Lane(repeating: 12_582_912)
    let shifted = a + magic
    var whole = unsafeBitCast(shifted, to: SIMD4<Int32>.self) &- 0x4b40_0000
    var rest = a - (shifted - magic)
    let isBelow = rest .< 0
    rest.replace(with: rest + 1, where: isBelow)
    whole.replace(with: whole &- 1, where: isBelow)
    return (whole, rest)
}

/// Value noise for four points, each 0 ... 1. Coordinates must stay within two million.
func noise(_ p: LanePoint) -> Lane {
    let (ix, fx) = floorParts(p.x)
    let (iy, fy) = floorParts(p.y)
    let (iz, fz) = floorParts(p.z)
    let sx = fx * fx * (3 - 2 * fx)
    let sy = fy * fy * (3 - 2 * fy)
    let sz = fz * fz * (3 - 2 * fz)
    let x0 = SIMD4<UInt32>(truncatingIfNeeded: ix) &* 0x8da6_b343
    let y0 = SIMD4<UInt32>(truncatingIfNeeded: iy) &* 0xd816_3841
    let z0 = SIMD4<UInt32>(truncatingIfNeeded: iz) &* 0xcb1a_b31f
    let x1 = x0 &+ 0x8da6_b343
    let y1 = y0 &+ 0xd816_3841
    let z1 = z0 &+ 0xcb1a_b31f
    @inline(__always) func corner(
        _ x: SIMD4<UInt32>, _ y: SIMD4<UInt32>, _ z: SIMD4<UInt32>
    ) -> Lane {
        var h = x ^ y ^ z
        h = (h ^ (h &>> 15)) &* 0x2c1b_3c6d
        h = h ^ (h &>> 13)
        let bits = (h & 0x007f_ffff) | 0x3f80_0000
        return unsafeBitCast(bits, to: Lane.self) - 1
    }
    @inline(__always) func mix(_ a: Lane, _ b: Lane, _ t: Lane) -> Lane { a + (b - a) * t }
    let near = mix(
        mix(corner(x0, y0, z0), corner(x1, y0, z0), sx),
        mix(corner(x0, y1, z0), corner(x1, y1, z0), sx), sy)
    let far = mix(
        mix(corner(x0, y0, z1), corner(x1, y0, z1), sx),
        mix(corner(x0, y1, z1), corner(x1, y1, z1), sx), sy)
    return mix(near, far, sz)
}
