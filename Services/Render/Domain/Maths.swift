/// Deterministic arithmetic: no C maths library, so the same request gives the same bytes on
/// every machine.

let pi = 3.141_592_653_589_793

/// Sine of an angle in radians, |x| < 10^6; absolute error below 1e-9.
func sine(_ x: Double) -> Double {
    var turn = x / (2 * pi)
    turn -= turn.rounded(.toNearestOrEven)
    if turn > 0.25 { turn = 0.5 - turn } else if turn < -0.25 { turn = -0.5 - turn }
    let a = turn * 2 * pi
    let s = a * a
    // The Taylor series to a^15 is exact enough on -π/2...π/2.
    var term = a
    var sum = a
    var n = 1.0
    while n < 15 {
        term *= -s / ((n + 1) * (n + 2))
        sum += term
        n += 2
    }
    return sum
}

func cosine(_ x: Double) -> Double { sine(x + pi / 2) }

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

@inline(__always)
func clamp<Value: Comparable>(_ x: Value, _ low: Value, _ high: Value) -> Value {
    x < low ? low : (x > high ? high : x)
}

/// 0 below `low`, 1 above `high`, smooth between.
@inline(__always)
func smoothstep(_ low: Float, _ high: Float, _ x: Float) -> Float {
    let t = clamp((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)
}

/// The nearest whole number to `x` in 0..<2^23, without the checks of a conversion: adding 2^23
/// leaves it in the low bits.
@inline(__always)
func roundedIndex(_ x: Float) -> Int { Int((x + 8_388_608).bitPattern & 0x7F_FFFF) }
