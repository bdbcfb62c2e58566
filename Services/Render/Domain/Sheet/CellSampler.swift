/// Fetches the colours of a cell from both sheets, once it is known where its pixels look.
///
/// Places are in 1/256 pixel; a look-up keeps 1/64 of a pixel across and 1/32 down, so that
/// everything fits 16 bits.
struct CellSampler {
    private let luma: UnsafeMutablePointer<UInt8>
    private let cb: UnsafeMutablePointer<UInt8>
    private let cr: UnsafeMutablePointer<UInt8>
    private let lumaStride: Int
    private let chromaStride: Int

    init(_ stack: SheetStack) {
        luma = stack.luma.samples
        cb = stack.cb.samples
        cr = stack.cr.samples
        lumaStride = stack.luma.width
        chromaStride = stack.cb.width
    }

    /// Writes 16 luma samples of a cell.
    @inline(__always)
    func luma(_ cell: Cell, at: Int, to out: UnsafeMutablePointer<UInt8>) {
        fetch(luma, lumaStride, cell.lumaIndex + at, cell.lumaWay + at, to: out)
    }

    /// Writes 16 samples of both chroma planes.
    @inline(__always)
    func chroma(
        _ cell: Cell, at: Int, cb blue: UnsafeMutablePointer<UInt8>,
        cr red: UnsafeMutablePointer<UInt8>
    ) {
        fetch(cb, chromaStride, cell.chromaIndex + at, cell.chromaWay + at, to: blue)
        fetch(cr, chromaStride, cell.chromaIndex + at, cell.chromaWay + at, to: red)
    }

    /// Both chroma samples at one place in 1/256 luma pixel.
    func chroma(atLuma x: Int32, _ y: Int32) -> (cb: Int32, cr: Int32) {
        let (cx, cy) = (max(0, (x &- 128) >> 1), max(0, (y &- 128) >> 1))
        return (
            Int32(Self.bilinear(cb, stride: chromaStride, cx, cy)),
            Int32(Self.bilinear(cr, stride: chromaStride, cx, cy))
        )
    }

    @inline(__always)
    private func fetch(
        _ samples: UnsafeMutablePointer<UInt8>, _ stride: Int, _ index: UnsafePointer<Int32>,
        _ way: UnsafePointer<UInt16>, to out: UnsafeMutablePointer<UInt8>
    ) {
        // Lane by lane in one expression: a loop over the lanes goes through memory.
        let from = UnsafeRawPointer(samples)
        let u = SIMD16<UInt16>(
            Self.pair(from, index[0], 0), Self.pair(from, index[1], 0),
            Self.pair(from, index[2], 0), Self.pair(from, index[3], 0),
            Self.pair(from, index[4], 0), Self.pair(from, index[5], 0),
            Self.pair(from, index[6], 0), Self.pair(from, index[7], 0),
            Self.pair(from, index[8], 0), Self.pair(from, index[9], 0),
            Self.pair(from, index[10], 0), Self.pair(from, index[11], 0),
            Self.pair(from, index[12], 0), Self.pair(from, index[13], 0),
            Self.pair(from, index[14], 0), Self.pair(from, index[15], 0))
        let l = SIMD16<UInt16>(
            Self.pair(from, index[0], stride), Self.pair(from, index[1], stride),
            Self.pair(from, index[2], stride), Self.pair(from, index[3], stride),
            Self.pair(from, index[4], stride), Self.pair(from, index[5], stride),
            Self.pair(from, index[6], stride), Self.pair(from, index[7], stride),
            Self.pair(from, index[8], stride), Self.pair(from, index[9], stride),
            Self.pair(from, index[10], stride), Self.pair(from, index[11], stride),
            Self.pair(from, index[12], stride), Self.pair(from, index[13], stride),
            Self.pair(from, index[14], stride), Self.pair(from, index[15], stride))
        let ways = Self.load(way)
        let (fx, fy) = (ways & 0xFF, ways &>> 8)
        let (keptX, keptY) = (64 &- fx, 32 &- fy)
        let top = ((u & 0xFF) &* keptX &+ (u &>> 8) &* fx &+ 4) &>> 3
        let bottom = ((l & 0xFF) &* keptX &+ (l &>> 8) &* fx &+ 4) &>> 3
        let mixed = (top &* keptY &+ bottom &* fy &+ 128) &>> 8
        UnsafeMutableRawPointer(out).storeBytes(
            of: SIMD16<UInt8>(truncatingIfNeeded: mixed), as: SIMD16<UInt8>.self)
    }

    /// Two neighbours in one load, the left one in the low half.
    @inline(__always)
    private static func pair(_ from: UnsafeRawPointer, _ index: Int32, _ offset: Int) -> UInt16 {
        UInt16(
            littleEndian: from.loadUnaligned(
                fromByteOffset: Int(index) &+ offset, as: UInt16.self))
    }

    @inline(__always)
    private static func load(_ numbers: UnsafePointer<UInt16>) -> SIMD16<UInt16> {
        UnsafeRawPointer(numbers).loadUnaligned(as: SIMD16<UInt16>.self)
    }

    private static func bilinear(
        _ samples: UnsafeMutablePointer<UInt8>, stride: Int, _ x: Int32, _ y: Int32
    ) -> UInt8 {
        let at = samples + (Int(y >> 8) &* stride &+ Int(x >> 8))
        let (fx, fy) = (UInt32(x >> 2) & 63, UInt32(y >> 3) & 31)
        let top = (UInt32(at[0]) &* (64 &- fx) &+ UInt32(at[1]) &* fx &+ 4) >> 3
        let bottom =
            (UInt32(at[stride]) &* (64 &- fx) &+ UInt32(at[stride &+ 1]) &* fx &+ 4) >> 3
        return UInt8(truncatingIfNeeded: (top &* (32 &- fy) &+ bottom &* fy &+ 128) >> 8)
    }
}
