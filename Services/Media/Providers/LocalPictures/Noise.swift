/// Value noise on a table of hashed numbers; one per picture, owned by the thread that renders it.
final class Noise {
    private let table: UnsafeMutablePointer<Float>
    private static let count = 256 * 256

    init(seed: UInt64) {
        table = .allocate(capacity: Self.count)
        let salt = UInt32(truncatingIfNeeded: seed ^ (seed >> 32))
        for i in 0..<Self.count {
            table[i] = Float(hash32(UInt32(i) ^ hash32(salt &+ 0x51ED_270B)) >> 8) / 16_777_216
        }
    }

    deinit { table.deallocate() }

    /// Smooth noise 0..<1 with one feature per unit; repeats every 256 units.
    @inline(__always)
    func value(_ x: Float, _ y: Float) -> Float {
        let ix = floorIndex(x), iy = floorIndex(y)
        let fx = x - Float(ix), fy = y - Float(iy)
        let ux = fx * fx * (3 - 2 * fx), uy = fy * fy * (3 - 2 * fy)
        let x0 = ix & 255, x1 = (ix &+ 1) & 255
        let r0 = (iy & 255) << 8, r1 = ((iy &+ 1) & 255) << 8
        let a = table[r0 | x0], b = table[r0 | x1]
        let c = table[r1 | x0], d = table[r1 | x1]
        let top = a + (b - a) * ux
        return top + (c + (d - c) * ux - top) * uy
    }

    /// The numbers at the four corners of a cell: low x low y, high x low y, low x high y, both.
    @inline(__always)
    func corners(_ ix: Int, _ iy: Int) -> Vec4 {
        let x0 = ix & 255, x1 = (ix &+ 1) & 255
        let r0 = (iy & 255) << 8, r1 = ((iy &+ 1) & 255) << 8
        return Vec4(table[r0 | x0], table[r0 | x1], table[r1 | x0], table[r1 | x1])
    }

    /// Smooth noise 0..<1 in space.
    @inline(__always)
    func value(_ x: Float, _ y: Float, _ z: Float) -> Float {
        let iz = floorIndex(z)
        let fz = z - Float(iz)
        let uz = fz * fz * (3 - 2 * fz)
        let shift = Float((iz &* 37) & 255), nextShift = Float(((iz &+ 1) &* 37) & 255)
        let a = value(x + shift, y + shift * 3)
        let b = value(x + nextShift, y + nextShift * 3)
        return a + (b - a) * uz
    }

    /// Sum of octaves, about 0...1 around 0.5; each octave is turned by 36.9 degrees.
    @inline(__always)
    func fractal(_ x: Float, _ y: Float, octaves: Int) -> Float {
        var px = x, py = y
        var sum: Float = 0, weight: Float = 0.5, total: Float = 0
        for _ in 0..<octaves {
            sum += weight * value(px, py)
            total += weight
            weight *= 0.5
            let nx = 1.62 * px - 1.2 * py + 17.3
            py = 1.2 * px + 1.62 * py + 5.1
            px = nx
        }
        return sum / total
    }

    /// Sharp ridges 0...1; octaves are weighted by the one before, so that crests branch.
    @inline(__always)
    func ridges(_ x: Float, _ y: Float, octaves: Int) -> Float {
        var px = x, py = y
        var sum: Float = 0, weight: Float = 0.5, total: Float = 0, previous: Float = 1
        for _ in 0..<octaves {
            var r = 1 - abs(2 * value(px, py) - 1)
            r *= r
            sum += weight * r * previous
            total += weight
            previous = clamp(r * 1.6)
            weight *= 0.5
            let nx = 1.62 * px - 1.2 * py + 31.7
            py = 1.2 * px + 1.62 * py + 11.9
            px = nx
        }
        return sum / total
    }
}
