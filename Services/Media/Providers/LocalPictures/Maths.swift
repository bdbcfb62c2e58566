/// Deterministic arithmetic for pictures: nothing here calls the C maths library, so that the same
/// recipe gives the same bytes on every machine. Only `+ - * /` and `squareRoot()` are used.

typealias Vec2 = SIMD2<Float>
typealias Vec3 = SIMD3<Float>
typealias Vec4 = SIMD4<Float>

let pi: Float = 3.14159265

/// Adding this to a value below 2^22 leaves its nearest whole number in the low mantissa bits.
private let roundingMagic: Float = 12_582_912

/// Largest whole number not above `x` as an index, for |x| < 2^22; never traps.
@inline(__always)
func floorIndex(_ x: Float) -> Int {
    let shifted = (x - 0.49999997) + roundingMagic
    return Int(Int32(truncatingIfNeeded: Int(shifted.bitPattern) - 0x4B40_0000))
}

/// Largest whole number not above `x`, for |x| < 2^22 (whole numbers may give one less).
@inline(__always)
func floorValue(_ x: Float) -> Float {
    ((x - 0.49999997) + roundingMagic) - roundingMagic
}

@inline(__always)
func fraction(_ x: Float) -> Float { x - floorValue(x) }

@inline(__always)
func clamp(_ x: Float, _ low: Float = 0, _ high: Float = 1) -> Float {
    x < low ? low : (x > high ? high : x)
}

@inline(__always)
func mix(_ a: Float, _ b: Float, _ t: Float) -> Float { a + (b - a) * t }

@inline(__always)
func mix(_ a: Vec3, _ b: Vec3, _ t: Float) -> Vec3 { a + (b - a) * t }

@inline(__always)
func mix(_ a: Vec4, _ b: Vec4, _ t: Float) -> Vec4 { a + (b - a) * t }

@inline(__always)
func smoothstep(_ edge0: Float, _ edge1: Float, _ x: Float) -> Float {
    let t = clamp((x - edge0) / (edge1 - edge0))
    return t * t * (3 - 2 * t)
}

@inline(__always)
func dot(_ a: Vec3, _ b: Vec3) -> Float { a.x * b.x + a.y * b.y + a.z * b.z }

@inline(__always)
func cross(_ a: Vec3, _ b: Vec3) -> Vec3 {
    Vec3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}

@inline(__always)
func length(_ a: Vec3) -> Float { dot(a, a).squareRoot() }

@inline(__always)
func normalize(_ a: Vec3) -> Vec3 { a * (1 / max(length(a), 1e-12)) }

@inline(__always)
func luminance(_ c: Vec3) -> Float { 0.2126 * c.x + 0.7152 * c.y + 0.0722 * c.z }

/// 2 to the power `x`; relative error about 2e-6 for x in -126...127, clamped outside.
@inline(__always)
func exp2(_ x: Float) -> Float {
    let clamped = clamp(x, -126, 126)
    let whole = floorValue(clamped)
    let f = clamped - whole
    var p: Float = 0.001_877_576_7
    p = p * f + 0.008_989_339_8
    p = p * f + 0.055_826_318
    p = p * f + 0.240_153_61
    p = p * f + 0.693_153_07
    p = p * f + 0.999_999_94
    let bits = UInt32(truncatingIfNeeded: floorIndex(whole + 0.5) + 127) << 23
    return p * Float(bitPattern: bits)
}

/// Base-2 logarithm of a positive normal number; `x` at or below zero gives about -126.
@inline(__always)
func log2(_ x: Float) -> Float {
    let bits = max(x, 1.2e-38).bitPattern
    let exponent = Float(Int32(truncatingIfNeeded: bits >> 23) - 127)
    let m = Float(bitPattern: (bits & 0x007F_FFFF) | 0x3F80_0000)
    let s = (m - 1.414_213_6) / (m + 1.414_213_6)
    let s2 = s * s
    var series: Float = 0.412_198_58
    series = series * s2 + 0.577_078_02
    series = series * s2 + 0.961_796_7
    series = series * s2 + 2.885_390_1
    return exponent + 0.5 + series * s
}

@inline(__always)
func exp(_ x: Float) -> Float { exp2(x * 1.442_695) }

/// `x` to the power `y` for x >= 0.
@inline(__always)
func power(_ x: Float, _ y: Float) -> Float { x <= 0 ? 0 : exp2(y * log2(x)) }

/// Sine of an angle in radians, |x| < 10^6; absolute error about 1e-6 near zero.
@inline(__always)
func sine(_ x: Float) -> Float {
    var turn = x * 0.159_154_94
    turn -= (turn + roundingMagic) - roundingMagic
    if turn > 0.25 { turn = 0.5 - turn } else if turn < -0.25 { turn = -0.5 - turn }
    let t = turn * turn
    var p: Float = 39.710_67
    p = p * t - 76.574_98
    p = p * t + 81.602_23
    p = p * t - 41.341_675
    p = p * t + 6.283_185_3
    return p * turn
}

@inline(__always)
func cosine(_ x: Float) -> Float { sine(x + 1.570_796_3) }

/// Angle of the vector (x, y) in radians, -pi...pi; absolute error about 2e-4.
@inline(__always)
func arcTangent(_ y: Float, _ x: Float) -> Float {
    let ax = abs(x), ay = abs(y)
    let high = max(ax, ay)
    if high == 0 { return 0 }
    let a = min(ax, ay) / high
    let s = a * a
    var r = ((-0.046_496_475 * s + 0.159_314_22) * s - 0.327_622_76) * s * a + a
    if ay > ax { r = 1.570_796_3 - r }
    if x < 0 { r = pi - r }
    return y < 0 ? -r : r
}

/// A well-mixed 32-bit hash.
@inline(__always)
func hash32(_ value: UInt32) -> UInt32 {
    var h = value
    h ^= h >> 16
    h = h &* 0x7FEB_352D
    h ^= h >> 15
    h = h &* 0x846C_A68B
    h ^= h >> 16
    return h
}

/// 0..<1 from two whole numbers and a salt.
@inline(__always)
func hashUnit(_ a: Int, _ b: Int = 0, salt: UInt32 = 0) -> Float {
    let h = hash32(
        UInt32(truncatingIfNeeded: a) &* 0x9E37_79B1
            ^ hash32(UInt32(truncatingIfNeeded: b) &+ salt &* 0x85EB_CA6B))
    return Float(h >> 8) * (1 / 16_777_216)
}

/// FNV-1a of the bytes of a text: stable across processes, unlike `Hashable`.
func textHash(_ text: String, seed: UInt64 = 0xCBF2_9CE4_8422_2325) -> UInt64 {
    var h = seed
    for byte in text.utf8 {
        h ^= UInt64(byte)
        h = h &* 0x0000_0100_0000_01B3
    }
    h ^= h >> 32
    return h
}

/// A small random sequence (splitmix64) for placing things; never used per pixel.
struct RandomSequence {
    private var state: UInt64

    init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state = state &+ 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// 0..<1.
    mutating func unit() -> Float { Float(next() >> 40) * (1 / 16_777_216) }

    mutating func between(_ low: Float, _ high: Float) -> Float { low + (high - low) * unit() }
}

/// A display colour #RRGGBB as scene-linear RGB.
func linearColour(_ hex: UInt32) -> Vec3 {
    func channel(_ shift: UInt32) -> Float {
        let v = Float((hex >> shift) & 255) / 255
        return v <= 0.040_45 ? v / 12.92 : power((v + 0.055) / 1.055, 2.4)
    }
    return Vec3(channel(16), channel(8), channel(0))
}
