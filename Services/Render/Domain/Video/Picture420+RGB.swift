extension Picture420 {
    /// Interleaved 8-bit RGB; each chroma sample holds for its four pixels.
    var rgb: [UInt8] {
        let m = encoding.matrix
        let blueScale = 2 * (1 - m.lumaBlue) / m.chromaScale
        let redScale = 2 * (1 - m.lumaRed) / m.chromaScale
        // 16.16 fixed point.
        func fixed(_ value: Float) -> Int32 { Int32((value * 65536).rounded()) }
        let (ys, offset) = (fixed(1 / m.lumaScale), Int32(m.lumaOffset))
        let (rc, bc) = (fixed(redScale), fixed(blueScale))
        let (gb, gr) = (
            fixed(-blueScale * m.lumaBlue / m.lumaGreen), fixed(-redScale * m.lumaRed / m.lumaGreen)
        )
        return [UInt8](unsafeUninitializedCapacity: width * height * 3) { out, count in
            var place = 0
            for y in 0..<height {
                let (luma, blue, red) = (self.luma.row(y), cb.row(y / 2), cr.row(y / 2))
                for x in 0..<width {
                    let l = (Int32(luma[x]) &- offset) &* ys &+ 32768
                    let b = Int32(blue[x >> 1]) &- 128
                    let r = Int32(red[x >> 1]) &- 128
                    out[place] = Self.byte(l &+ r &* rc)
                    out[place &+ 1] = Self.byte(l &+ b &* gb &+ r &* gr)
                    out[place &+ 2] = Self.byte(l &+ b &* bc)
                    place &+= 3
                }
            }
            count = place
        }
    }

    @inline(__always)
    private static func byte(_ value: Int32) -> UInt8 {
        UInt8(truncatingIfNeeded: clamp(value >> 16, 0, 255))
    }
}
