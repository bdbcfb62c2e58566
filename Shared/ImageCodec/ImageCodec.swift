/// Decodes and encodes JPEG (libturbojpeg), PNG (libpng) and WebP (libwebp).
///
/// Every decoder reads the size from the header first and refuses a picture beyond the limits
/// before it allocates a single pixel, so a small file that claims to be huge costs nothing.
package enum ImageCodec {
    /// Longest side that is decoded or encoded, in pixels.
    package static let sidePixelsMax = 8192

    /// Most pixels that are decoded when the caller sets no lower limit.
    package static let pixelsMax = 40_000_000

    /// Reads format and size from the header; no pixel is decoded and nothing is allocated.
    ///
    /// The limits are not applied here: `probe` tells the size of a picture that is too large.
    /// - Throws: ``ImageError/unrecognised`` when the signature is of none of the formats,
    ///   ``ImageError/malformed(_:_:)`` when the header is cut or contradicts itself.
    package static func probe(_ bytes: [UInt8]) throws(ImageError) -> ImageInfo {
        try raw(bytes) { (buffer) throws(ImageError) in try probe(buffer) }
    }

    package static func probe(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> ImageInfo {
        if ImageHeader.isJPEG(bytes) { return try ImageHeader.jpeg(bytes) }
        if ImageHeader.isPNG(bytes) { return try ImageHeader.png(bytes) }
        if ImageHeader.isWebP(bytes) { return try WebP.probe(bytes) }
        throw .unrecognised
    }

    /// Decodes to 8-bit RGB; transparent pixels are seen over white.
    ///
    /// - Parameters:
    ///   - pixelsMax: Limit on width × height of the stored picture, before any scaling.
    ///   - scaleDenominator: 1, 2, 4 or 8; each side is divided by it, rounded up. A JPEG is
    ///     scaled inside its transform, which saves most of the work.
    ///   - mustStop: Asked every few milliseconds.
    /// - Throws: ``ImageError``; nothing of a truncated or damaged file is returned.
    package static func decodeRGB(
        _ bytes: [UInt8], maxPixels pixelsMax: Int = pixelsMax, scaleDenominator: Int = 1,
        mustStop: () -> Bool = { false }
    ) throws(ImageError) -> RGBImage {
        try raw(bytes) { (buffer) throws(ImageError) in
            try decodeRGB(
                buffer, maxPixels: pixelsMax, scaleDenominator: scaleDenominator,
                mustStop: mustStop)
        }
    }

    package static func decodeRGB(
        _ bytes: UnsafeRawBufferPointer, maxPixels pixelsMax: Int = pixelsMax,
        scaleDenominator: Int = 1, mustStop: () -> Bool = { false }
    ) throws(ImageError) -> RGBImage {
        let info = try checkedInfo(bytes, pixelsMax: pixelsMax)
        try checkDenominator(scaleDenominator)
        switch info.format {
        case .jpeg:
            let (width, height, pixels) = try JPEG.decode(
                bytes, info: info, as: .rgb, scaleDenominator: scaleDenominator,
                mustStop: mustStop)
            return RGBImage(width: width, height: height, pixels: pixels)
        case .png:
            let pixels = try PNG.decodeRGB(bytes, info: info, mustStop: mustStop)
            return try RGBImage(width: info.width, height: info.height, pixels: pixels)
                .reduced(by: scaleDenominator, mustStop: mustStop)
        case .webp:
            let pixels = try WebP.decodeRGB(bytes, info: info, mustStop: mustStop)
            return try RGBImage(width: info.width, height: info.height, pixels: pixels)
                .reduced(by: scaleDenominator, mustStop: mustStop)
        }
    }

    /// Decodes to 16-bit grey over the full range; an 8-bit sample v becomes v × 257.
    ///
    /// Colour is reduced to its luma; WebP, which has no grey, is not read. The parameters and errors are those of
    /// ``decodeRGB(_:maxPixels:scaleDenominator:)-([UInt8],_,_)``.
    package static func decodeGrey(
        _ bytes: [UInt8], maxPixels pixelsMax: Int = pixelsMax, scaleDenominator: Int = 1,
        mustStop: () -> Bool = { false }
    ) throws(ImageError) -> GreyImage {
        try raw(bytes) { (buffer) throws(ImageError) in
            try decodeGrey(
                buffer, maxPixels: pixelsMax, scaleDenominator: scaleDenominator,
                mustStop: mustStop)
        }
    }

    package static func decodeGrey(
        _ bytes: UnsafeRawBufferPointer, maxPixels pixelsMax: Int = pixelsMax,
        scaleDenominator: Int = 1, mustStop: () -> Bool = { false }
    ) throws(ImageError) -> GreyImage {
        let info = try checkedInfo(bytes, pixelsMax: pixelsMax)
        try checkDenominator(scaleDenominator)
        switch info.format {
        case .jpeg:
            let (width, height, pixels) = try JPEG.decode(
                bytes, info: info, as: .grey, scaleDenominator: scaleDenominator,
                mustStop: mustStop)
            return GreyImage(
                width: width, height: height, samples: pixels.map { UInt16($0) &* 257 })
        case .png:
            let samples = try PNG.decodeGrey(bytes, info: info, mustStop: mustStop)
            return try GreyImage(width: info.width, height: info.height, samples: samples)
                .reduced(by: scaleDenominator, mustStop: mustStop)
        case .webp:
            throw .unsupported("WebP as grey")
        }
    }

    /// Encodes 8-bit RGB rows as a baseline JPEG, 4:2:0.
    ///
    /// - Parameter quality: 1…100; 85 is what previews use.
    /// - Throws: ``ImageError/invalidBuffer(expected:actual:)`` when `rgb` is not
    ///   width × height × 3 bytes, ``ImageError/tooLarge(width:height:pixelsMax:)``.
    package static func encodeJPEG(
        rgb: [UInt8], width: Int, height: Int, quality: Int = 85
    ) throws(ImageError) -> [UInt8] {
        try checkPixels(rgb.count, width: width, height: height, samplesPerPixel: 3)
        return try JPEG.encode(rgb: rgb, width: width, height: height, quality: quality)
    }

    /// Encodes planar full-range BT.601 4:2:0, which is what a JPEG stores, with no conversion.
    ///
    /// The chroma planes have half the size of the luma plane, rounded up.
    package static func encodeJPEG(
        luma: [UInt8], cb: [UInt8], cr: [UInt8], width: Int, height: Int, quality: Int = 85
    ) throws(ImageError) -> [UInt8] {
        try checkPixels(luma.count, width: width, height: height, samplesPerPixel: 1)
        let chroma = ((width + 1) / 2) * ((height + 1) / 2)
        for plane in [cb.count, cr.count] where plane != chroma {
            throw .invalidBuffer(expected: chroma, actual: plane)
        }
        return try JPEG.encode(
            luma: luma, cb: cb, cr: cr, width: width, height: height, quality: quality)
    }

    /// Encodes planar BT.601 4:2:0 of the range 16…235, which is what a lossy WebP stores.
    ///
    /// - Parameter quality: 1…100. The effort is the least: frames are made by the dozen.
    package static func encodeWebP(
        luma: [UInt8], cb: [UInt8], cr: [UInt8], width: Int, height: Int, quality: Int = 75,
        mustStop: () -> Bool = { false }
    ) throws(ImageError) -> [UInt8] {
        try checkPixels(luma.count, width: width, height: height, samplesPerPixel: 1)
        let chroma = ((width + 1) / 2) * ((height + 1) / 2)
        for plane in [cb.count, cr.count] where plane != chroma {
            throw .invalidBuffer(expected: chroma, actual: plane)
        }
        return try WebP.encode(
            luma: luma, cb: cb, cr: cr, width: width, height: height, quality: quality,
            mustStop: mustStop)
    }

    /// Encodes 8-bit RGB rows as PNG.
    ///
    /// - Parameter level: zlib effort, 0…9.
    package static func encodePNG(
        rgb: [UInt8], width: Int, height: Int, level: Int = 6,
        mustStop: () -> Bool = { false }
    ) throws(ImageError) -> [UInt8] {
        try checkPixels(rgb.count, width: width, height: height, samplesPerPixel: 3)
        return try raw(rgb) { (buffer) throws(ImageError) in
            try PNG.encode(
                buffer, width: width, height: height, channels: 3, bits: 8, level: level,
                mustStop: mustStop)
        }
    }

    /// Encodes 8-bit grey rows as PNG.
    package static func encodeGreyPNG(
        _ samples: [UInt8], width: Int, height: Int, level: Int = 6
    ) throws(ImageError) -> [UInt8] {
        try checkPixels(samples.count, width: width, height: height, samplesPerPixel: 1)
        return try raw(samples) { (buffer) throws(ImageError) in
            try PNG.encode(
                buffer, width: width, height: height, channels: 1, bits: 8, level: level)
        }
    }

    /// Encodes 16-bit grey rows as PNG, as depth maps are kept.
    package static func encodeGreyPNG(
        _ samples: [UInt16], width: Int, height: Int, level: Int = 6
    ) throws(ImageError) -> [UInt8] {
        try checkPixels(samples.count, width: width, height: height, samplesPerPixel: 1)
        return try samples.withUnsafeBufferPointer { (buffer) throws(ImageError) in
            try PNG.encode(
                UnsafeRawBufferPointer(buffer), width: width, height: height, channels: 1,
                bits: 16, level: level)
        }
    }
}

extension ImageCodec {
    private static func raw<Value>(
        _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(ImageError) -> Value
    ) throws(ImageError) -> Value {
        try bytes.withUnsafeBufferPointer { (buffer) throws(ImageError) in
            try body(UnsafeRawBufferPointer(buffer))
        }
    }

    private static func checkedInfo(
        _ bytes: UnsafeRawBufferPointer, pixelsMax: Int
    ) throws(ImageError) -> ImageInfo {
        let info = try probe(bytes)
        try checkSize(width: info.width, height: info.height, pixelsMax: pixelsMax)
        return info
    }

    private static func checkDenominator(_ denominator: Int) throws(ImageError) {
        guard [1, 2, 4, 8].contains(denominator) else {
            throw .unsupported("scale 1/\(denominator)")
        }
    }

    private static func checkPixels(
        _ count: Int, width: Int, height: Int, samplesPerPixel: Int
    ) throws(ImageError) {
        try checkSize(width: width, height: height, pixelsMax: pixelsMax)
        let expected = width * height * samplesPerPixel
        guard count == expected else { throw .invalidBuffer(expected: expected, actual: count) }
    }

    private static func checkSize(width: Int, height: Int, pixelsMax: Int) throws(ImageError) {
        guard width > 0, height > 0, width <= sidePixelsMax, height <= sidePixelsMax,
            width * height <= min(pixelsMax, ImageCodec.pixelsMax)
        else { throw .tooLarge(width: width, height: height, pixelsMax: pixelsMax) }
    }
}
