import ImageCodec
import Testing

/// A smooth picture with a hard edge: what JPEG keeps well, and a place where it does not.
private func picture(width: Int, height: Int) -> [UInt8] {
    var pixels: [UInt8] = []
    for y in 0..<height {
        for x in 0..<width {
            pixels.append(UInt8(x * 255 / max(width - 1, 1)))
            pixels.append(UInt8(y * 255 / max(height - 1, 1)))
            pixels.append(x * 2 < width ? 40 : 200)
        }
    }
    return pixels
}

private func meanDifference(_ a: [UInt8], _ b: [UInt8]) -> Double {
    var sum = 0
    for (x, y) in zip(a, b) { sum += abs(Int(x) - Int(y)) }
    return Double(sum) / Double(a.count)
}

/// A small repeatable generator, so that a failing case can be printed and replayed.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite struct `image codec` {
    @Test(arguments: [(1, 1), (2, 3), (17, 9), (320, 180)])
    func `a PNG gives back exactly the pixels it was made from`(_ size: (Int, Int)) throws {
        let (width, height) = size
        let rgb = picture(width: width, height: height)
        let bytes = try ImageCodec.encodePNG(rgb: rgb, width: width, height: height)
        let info = try ImageCodec.probe(bytes)
        #expect(info.format == .png && info.width == width && info.height == height)
        #expect(info.channels == 3 && info.bitDepth == 8 && !info.hasAlpha)
        #expect(try ImageCodec.decodeRGB(bytes).pixels == rgb)
    }

    @Test func `sixteen-bit grey survives a PNG bit for bit`() throws {
        let samples = (0..<(61 * 37)).map { UInt16(truncatingIfNeeded: $0 &* 40503) }
        let bytes = try ImageCodec.encodeGreyPNG(samples, width: 61, height: 37)
        #expect(try ImageCodec.probe(bytes).bitDepth == 16)
        let decoded = try ImageCodec.decodeGrey(bytes)
        #expect(decoded.width == 61 && decoded.height == 37)
        #expect(decoded.samples == samples)
    }

    @Test func `eight-bit grey is spread over the whole sixteen-bit range`() throws {
        let samples: [UInt8] = [0, 1, 127, 128, 254, 255]
        let bytes = try ImageCodec.encodeGreyPNG(samples, width: 3, height: 2)
        #expect(
            try ImageCodec.decodeGrey(bytes).samples == [0, 257, 32639, 32896, 65278, 65535])
        #expect(
            try ImageCodec.decodeRGB(bytes).pixels == samples.flatMap { [$0, $0, $0] })
    }

    @Test func `a colour picture read as grey becomes its luma`() throws {
        let rgb: [UInt8] = [255, 255, 255, 0, 0, 0, 0, 255, 0, 0, 0, 255]
        let bytes = try ImageCodec.encodePNG(rgb: rgb, width: 4, height: 1)
        let samples = try ImageCodec.decodeGrey(bytes).samples
        #expect(samples[0] == 65535 && samples[1] == 0)
        #expect(samples[2] > samples[3] * 5)
    }

    @Test func `a JPEG comes back close to its source`() throws {
        let rgb = picture(width: 160, height: 90)
        let bytes = try ImageCodec.encodeJPEG(rgb: rgb, width: 160, height: 90, quality: 90)
        let info = try ImageCodec.probe(bytes)
        #expect(info.format == .jpeg && info.width == 160 && info.height == 90)
        let decoded = try ImageCodec.decodeRGB(bytes)
        #expect(meanDifference(decoded.pixels, rgb) < 3)
    }

    @Test func `an encoded picture holds no more memory than its bytes`() throws {
        let rgb = picture(width: 640, height: 360)
        let grey = [UInt8](repeating: 128, count: 640 * 360)
        let chroma = [UInt8](repeating: 128, count: 320 * 180)
        let files = [
            try ImageCodec.encodeJPEG(rgb: rgb, width: 640, height: 360),
            try ImageCodec.encodeJPEG(
                luma: grey, cb: chroma, cr: chroma, width: 640, height: 360),
            try ImageCodec.encodeWebP(
                luma: grey, cb: chroma, cr: chroma, width: 640, height: 360),
            try ImageCodec.encodePNG(rgb: rgb, width: 640, height: 360),
        ]
        for file in files { #expect(file.capacity < file.count * 2 + 256) }
    }

    @Test func `planes and RGB of the same colour give the same JPEG colour`() throws {
        // BT.601 full range of RGB (200, 80, 40).
        let luma = [UInt8](repeating: 111, count: 30 * 20)
        let cb = [UInt8](repeating: 88, count: 15 * 10)
        let cr = [UInt8](repeating: 191, count: 15 * 10)
        let bytes = try ImageCodec.encodeJPEG(
            luma: luma, cb: cb, cr: cr, width: 30, height: 20, quality: 95)
        let pixels = try ImageCodec.decodeRGB(bytes).pixels
        #expect(abs(Int(pixels[0]) - 200) <= 4)
        #expect(abs(Int(pixels[1]) - 80) <= 4)
        #expect(abs(Int(pixels[2]) - 40) <= 4)
    }

    @Test(arguments: [1, 2, 4, 8])
    func `both formats scale down to the same rounded-up size`(_ denominator: Int) throws {
        let rgb = picture(width: 161, height: 91)
        let files = [
            try ImageCodec.encodePNG(rgb: rgb, width: 161, height: 91),
            try ImageCodec.encodeJPEG(rgb: rgb, width: 161, height: 91, quality: 95),
        ]
        var decoded: [RGBImage] = []
        for bytes in files {
            decoded.append(try ImageCodec.decodeRGB(bytes, scaleDenominator: denominator))
        }
        for image in decoded {
            #expect(image.width == (161 + denominator - 1) / denominator)
            #expect(image.height == (91 + denominator - 1) / denominator)
        }
        #expect(meanDifference(decoded[0].pixels, decoded[1].pixels) < 6)
    }

    @Test func `a scale that is not offered is refused`() throws {
        let bytes = try ImageCodec.encodePNG(rgb: [1, 2, 3], width: 1, height: 1)
        #expect(throws: ImageError.unsupported("scale 1/3")) {
            try ImageCodec.decodeRGB(bytes, scaleDenominator: 3)
        }
    }
}

@Suite struct `image limits` {
    /// A PNG that is well formed up to its header and claims the given size.
    private func claiming(width: UInt32, height: UInt32) throws -> [UInt8] {
        var bytes = try ImageCodec.encodePNG(rgb: [1, 2, 3], width: 1, height: 1)
        for (index, value) in [width, height].enumerated() {
            for byte in 0..<4 {
                bytes[16 + index * 4 + byte] = UInt8(truncatingIfNeeded: value >> (24 - 8 * byte))
            }
        }
        return bytes
    }

    @Test(arguments: [(8193, 1), (1, 8193), (8000, 5001), (0x7FFF_FFFF, 0x7FFF_FFFF)])
    func `a header beyond the limits is refused by its size alone`(
        _ size: (UInt32, UInt32)
    ) throws {
        let bytes = try claiming(width: size.0, height: size.1)
        let expected = ImageError.tooLarge(
            width: Int(size.0), height: Int(size.1), pixelsMax: ImageCodec.pixelsMax)
        #expect(throws: expected) { try ImageCodec.decodeRGB(bytes) }
        #expect(throws: expected) { try ImageCodec.decodeGrey(bytes) }
        #expect(try ImageCodec.probe(bytes).width == Int(size.0))
    }

    @Test func `a caller may set a lower limit but not a higher one`() throws {
        let bytes = try ImageCodec.encodePNG(
            rgb: picture(width: 20, height: 10), width: 20, height: 10)
        #expect(try ImageCodec.decodeRGB(bytes, maxPixels: 200).width == 20)
        #expect(throws: ImageError.self) { try ImageCodec.decodeRGB(bytes, maxPixels: 199) }
        let large = try claiming(width: 8000, height: 8000)
        #expect(throws: ImageError.self) { try ImageCodec.decodeRGB(large, maxPixels: .max) }
    }

    @Test func `an empty side is malformed in both formats`() throws {
        let png = try claiming(width: 0, height: 5)
        #expect(throws: ImageError.malformed(.png, "size 0×5")) { try ImageCodec.probe(png) }
        var jpeg = try ImageCodec.encodeJPEG(rgb: [1, 2, 3], width: 1, height: 1)
        let frame = try #require(
            (0..<jpeg.count - 1).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        jpeg[frame + 8] = 0
        #expect(throws: ImageError.malformed(.jpeg, "size 0×1")) { try ImageCodec.probe(jpeg) }
    }

    @Test func `encoders refuse a buffer of another size`() {
        #expect(throws: ImageError.invalidBuffer(expected: 12, actual: 11)) {
            try ImageCodec.encodePNG(rgb: [UInt8](repeating: 0, count: 11), width: 2, height: 2)
        }
        #expect(throws: ImageError.invalidBuffer(expected: 12, actual: 13)) {
            try ImageCodec.encodeJPEG(rgb: [UInt8](repeating: 0, count: 13), width: 2, height: 2)
        }
        #expect(throws: ImageError.self) {
            try ImageCodec.encodeGreyPNG([UInt8](), width: 0, height: 4)
        }
        #expect(throws: ImageError.invalidBuffer(expected: 1, actual: 0)) {
            try ImageCodec.encodeJPEG(luma: [1, 2, 3, 4], cb: [], cr: [9], width: 2, height: 2)
        }
    }
}

@Suite struct `damaged images` {
    @Test func `bytes of another kind are not recognised`() {
        for bytes in [[], [0], Array("GIF89a".utf8), Array("<svg/>".utf8), [0xFF, 0xD8]] {
            #expect(throws: ImageError.unrecognised) { try ImageCodec.probe(bytes) }
            #expect(throws: ImageError.unrecognised) { try ImageCodec.decodeRGB(bytes) }
        }
    }

    @Test func `a file cut at any byte is refused, never half read`() throws {
        let rgb = picture(width: 24, height: 16)
        let png = try ImageCodec.encodePNG(rgb: rgb, width: 24, height: 16)
        for count in 0..<png.count {
            #expect(throws: ImageError.self) { try ImageCodec.decodeRGB(Array(png[..<count])) }
        }
        // The last two bytes of a JPEG are its end marker; the decoder needs no byte of it.
        let jpeg = try ImageCodec.encodeJPEG(rgb: rgb, width: 24, height: 16)
        for count in 0..<(jpeg.count - 2) {
            #expect(throws: ImageError.self) { try ImageCodec.decodeRGB(Array(jpeg[..<count])) }
        }
    }

    @Test(arguments: [11, 12] as [UInt64])
    func `random damage gives an error or a picture of the stated size`(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let rgb = picture(width: 40, height: 30)
        let files = [
            try ImageCodec.encodePNG(rgb: rgb, width: 40, height: 30),
            try ImageCodec.encodeJPEG(rgb: rgb, width: 40, height: 30),
        ]
        for round in 0..<1500 {
            var bytes = files[round % 2]
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] =
                    UInt8.random(in: 0...255, using: &random)
            }
            guard let image = try? ImageCodec.decodeRGB(bytes, maxPixels: 1_000_000) else {
                continue
            }
            let info = try ImageCodec.probe(bytes)
            #expect(image.width == info.width && image.height == info.height)
            #expect(image.pixels.count == image.width * image.height * 3, "seed \(seed)")
        }
    }
}
