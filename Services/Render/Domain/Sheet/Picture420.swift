/// How RGB becomes the numbers that an encoder stores.
package enum ColourEncoding: String, Hashable, Sendable {
    /// BT.709, luma 16…235: what the MP4 files are flagged with.
    case videoRange709
    /// BT.601, luma 0…255: what a JPEG stores.
    case fullRange601

    struct Matrix {
        var lumaRed: Float, lumaGreen: Float, lumaBlue: Float
        var lumaScale: Float, lumaOffset: Float, chromaScale: Float
    }

    var matrix: Matrix {
        switch self {
        case .videoRange709:
            Matrix(
                lumaRed: 0.2126, lumaGreen: 0.7152, lumaBlue: 0.0722, lumaScale: 219 / 255,
                lumaOffset: 16, chromaScale: 224 / 255)
        case .fullRange601:
            Matrix(
                lumaRed: 0.299, lumaGreen: 0.587, lumaBlue: 0.114, lumaScale: 1, lumaOffset: 0,
                chromaScale: 1)
        }
    }

    var blackLuma: UInt8 { self == .videoRange709 ? 16 : 0 }
    var lumaMax: UInt8 { self == .videoRange709 ? 235 : 255 }

    /// Luma, Cb and Cr of one colour given as 0…255.
    func convert(_ red: Float, _ green: Float, _ blue: Float) -> (y: Float, cb: Float, cr: Float) {
        let m = matrix
        let luma = m.lumaRed * red + m.lumaGreen * green + m.lumaBlue * blue
        let cb = (blue - luma) / (2 * (1 - m.lumaBlue)) * m.chromaScale + 128
        let cr = (red - luma) / (2 * (1 - m.lumaRed)) * m.chromaScale + 128
        return (luma * m.lumaScale + m.lumaOffset, cb, cr)
    }
}

/// Planar 4:2:0; the chroma planes have half the size, rounded up.
package struct Picture420: Sendable {
    package let encoding: ColourEncoding
    package let luma: Plane<UInt8>
    package let cb: Plane<UInt8>
    package let cr: Plane<UInt8>

    package var width: Int { luma.width }
    package var height: Int { luma.height }

    /// A black picture.
    package init(width: Int, height: Int, encoding: ColourEncoding) {
        self.encoding = encoding
        luma = Plane(width: width, height: height, filledWith: encoding.blackLuma)
        cb = Plane(width: (width + 1) / 2, height: (height + 1) / 2, filledWith: 128)
        cr = Plane(width: (width + 1) / 2, height: (height + 1) / 2, filledWith: 128)
    }

    package init(rgb: [UInt8], width: Int, height: Int, encoding: ColourEncoding) {
        self.init(rgb: rgb, width: width, height: height, encoding: encoding) {}
    }

    /// - Parameter checkpoint: Called every few milliseconds; what it throws ends the work.
    init<Stop: Error>(
        rgb: [UInt8], width: Int, height: Int, encoding: ColourEncoding,
        _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) {
        precondition(rgb.count == width * height * 3)
        self.init(width: width, height: height, encoding: encoding)
        let m = encoding.matrix
        // 16.16 fixed point; rounding is folded into the offsets.
        func fixed(_ value: Float) -> Int32 { Int32((value * 65536).rounded()) }
        let (yr, yg) = (fixed(m.lumaRed * m.lumaScale), fixed(m.lumaGreen * m.lumaScale))
        let yb = fixed(m.lumaBlue * m.lumaScale)
        let yOffset = fixed(m.lumaOffset + 0.5)
        let cbScale = m.chromaScale / (2 * (1 - m.lumaBlue))
        let crScale = m.chromaScale / (2 * (1 - m.lumaRed))
        let (ur, ug) = (fixed(-m.lumaRed * cbScale / 4), fixed(-m.lumaGreen * cbScale / 4))
        let ub = -ur - ug
        let (vg, vb) = (fixed(-m.lumaGreen * crScale / 4), fixed(-m.lumaBlue * crScale / 4))
        let vr = -vg - vb
        let chromaOffset = fixed(128.5)
        try rgb.withUnsafeBufferPointer { rgb throws(Stop) in
            try Pass.rows(height, of: width, checkpoint) { y in
                let out = luma.row(y)
                let line = rgb.baseAddress! + y * width * 3
                for x in 0..<width {
                    let (r, g) = (Int32(line[x * 3]), Int32(line[x * 3 + 1]))
                    let b = Int32(line[x * 3 + 2])
                    out[x] = UInt8(
                        truncatingIfNeeded: (yr &* r &+ yg &* g &+ yb &* b &+ yOffset) >> 16)
                }
            }
            try Pass.rows(cb.height, of: width * 2, checkpoint) { y in
                let upper = rgb.baseAddress! + 2 * y * width * 3
                let lower = rgb.baseAddress! + min(2 * y + 1, height - 1) * width * 3
                for x in 0..<cb.width {
                    let left = 2 * x * 3
                    let right = min(2 * x + 1, width - 1) * 3
                    func sum(_ channel: Int) -> Int32 {
                        Int32(upper[left + channel]) + Int32(upper[right + channel])
                            + Int32(lower[left + channel]) + Int32(lower[right + channel])
                    }
                    let (r, g, b) = (sum(0), sum(1), sum(2))
                    let u = (ur &* r &+ ug &* g &+ ub &* b &+ chromaOffset) >> 16
                    let v = (vr &* r &+ vg &* g &+ vb &* b &+ chromaOffset) >> 16
                    cb.row(y)[x] = UInt8(truncatingIfNeeded: clamp(u, 0, 255))
                    cr.row(y)[x] = UInt8(truncatingIfNeeded: clamp(v, 0, 255))
                }
            }
        }
    }
}
