/// Eight look-ups: where the upper left sample is, and how far it is to the next ones.
struct Looks<Index: FixedWidthInteger & SIMDScalar> {
    typealias Samples = SIMD8<UInt16>

    private let index: SIMD8<Index>
    /// 0…63 of 64 to the right, 0…31 of 32 down.
    private let right: Samples
    private let down: Samples

    /// Writes the eight samples of a plane.
    @inline(__always)
    func fetch(_ from: UnsafePointer<UInt8>, _ stride: Int, to out: UnsafeMutablePointer<UInt8>) {
        Self.store(samples(from, stride), to: out)
    }

    /// The eight samples of a plane.
    @inline(__always)
    func samples(_ from: UnsafePointer<UInt8>, _ stride: Int) -> Samples {
        let raw = UnsafeRawPointer(from)
        let (upper, lower) = (pairs(raw, 0), pairs(raw, stride))
        return mix(upper & 0xFF, upper &>> 8, lower & 0xFF, lower &>> 8)
    }

    @inline(__always)
    static func store(_ samples: Samples, to out: UnsafeMutablePointer<UInt8>) {
        UnsafeMutableRawPointer(out).storeBytes(
            of: SIMD8<UInt8>(truncatingIfNeeded: samples), as: SIMD8<UInt8>.self)
    }

    @inline(__always)
    private static func row(_ from: UnsafeRawPointer, _ offset: Int) -> Samples {
        Samples(
            truncatingIfNeeded: from.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt8>.self))
    }

    /// Neighbours side by side, the left one in the low byte. Lane by lane in one expression: a
    /// loop over the lanes goes through memory.
    @inline(__always)
    private func pairs(_ from: UnsafeRawPointer, _ offset: Int) -> Samples {
        Samples(
            Self.pair(from, Int(index[0]) &+ offset), Self.pair(from, Int(index[1]) &+ offset),
            Self.pair(from, Int(index[2]) &+ offset), Self.pair(from, Int(index[3]) &+ offset),
            Self.pair(from, Int(index[4]) &+ offset), Self.pair(from, Int(index[5]) &+ offset),
            Self.pair(from, Int(index[6]) &+ offset), Self.pair(from, Int(index[7]) &+ offset))
    }

    @inline(__always)
    private static func pair(_ from: UnsafeRawPointer, _ offset: Int) -> UInt16 {
        UInt16(littleEndian: from.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    @inline(__always)
    private func mix(
        _ upperLeft: Samples, _ upperRight: Samples, _ lowerLeft: Samples, _ lowerRight: Samples
    ) -> Samples {
        let (left, up) = (64 &- right, 32 &- down)
        let top = (upperLeft &* left &+ upperRight &* right &+ 4) &>> 3
        let bottom = (lowerLeft &* left &+ lowerRight &* right &+ 4) &>> 3
        return (top &* up &+ bottom &* down &+ 128) &>> 8
    }
}

extension Looks<Int16> {
    /// - Parameters: Places in 1/256 pixel.
    @inline(__always)
    init(_ x: SIMD8<Int16>, _ y: SIMD8<Int16>, stride: Int) {
        index = (y &>> 8) &* Int16(truncatingIfNeeded: stride) &+ x &>> 8
        right = unsafeBitCast((x &>> 2) & 63, to: Samples.self)
        down = unsafeBitCast((y &>> 3) & 31, to: Samples.self)
    }

    /// Whether the samples lie side by side.
    @inline(__always)
    private var isRun: Bool {
        let first = SIMD8<Int16>(repeating: index[0])
        let bend = index &- first &- SIMD8<Int16>(0, 1, 2, 3, 4, 5, 6, 7)
        let words = unsafeBitCast(bend, to: SIMD2<UInt64>.self)
        return words[0] | words[1] == 0
    }

    /// Writes the eight samples of a plane, which most often lie side by side.
    @inline(__always)
    func fetchRun(
        _ from: UnsafePointer<UInt8>, _ stride: Int, to out: UnsafeMutablePointer<UInt8>
    ) {
        guard isRun else { return fetch(from, stride, to: out) }
        let raw = UnsafeRawPointer(from)
        let (upper, lower) = (Int(index[0]), Int(index[0]) &+ stride)
        Self.store(
            mix(
                Self.row(raw, upper), Self.row(raw, upper &+ 1), Self.row(raw, lower),
                Self.row(raw, lower &+ 1)), to: out)
    }
}

extension Looks<Int32> {
    /// - Parameters:
    ///   - x, y: Places in 1/64 pixel.
    ///   - isBack: All ones on the back sheet, `backRows` further down.
    @inline(__always)
    init(
        _ x: SIMD8<Int16>, _ y: SIMD8<Int16>, _ isBack: SIMD8<Int16>, stride: Int, backRows: Int
    ) {
        let columns = SIMD8<Int16>(repeating: Int16(truncatingIfNeeded: stride))
        let back = SIMD8<Int32>(repeating: Int32(truncatingIfNeeded: stride &* backRows))
        index =
            SIMD8<Int32>(truncatingIfNeeded: y &>> 6)
            &* SIMD8<Int32>(truncatingIfNeeded: columns)
            &+ SIMD8<Int32>(truncatingIfNeeded: x &>> 6)
            &+ (SIMD8<Int32>(truncatingIfNeeded: isBack) & back)
        right = unsafeBitCast(x & 63, to: Samples.self)
        down = unsafeBitCast((y &>> 1) & 31, to: Samples.self)
    }
}
