internal import ImageCodec

/// One frame as a picture file.
enum StillEncoder {
    /// zlib effort for frames: speed matters more than the last tenth of the size.
    private static let pngLevel = 2
    private static let posterQuality = 80

    /// - Precondition: The format is one of stills or WebP, the frame full range.
    static func encode(
        _ frame: Picture420, _ specification: MoveSpecification, mustStop: () -> Bool
    ) throws(ImageError) -> [UInt8] {
        switch specification.format {
        case .jpegFrames, .jpegStill, .mp4: try jpeg(frame, specification.quality)
        case .pngFrames, .pngStill:
            try ImageCodec.encodePNG(
                rgb: frame.rgb, width: frame.width, height: frame.height, level: pngLevel,
                mustStop: mustStop)
        case .webp:
            try ImageCodec.encodeWebP(
                luma: limited(frame.luma, 16, 219), cb: limited(frame.cb, 16, 224),
                cr: limited(frame.cr, 16, 224), width: frame.width, height: frame.height,
                quality: specification.quality, mustStop: mustStop)
        }
    }

    /// A frame of either encoding as JPEG.
    static func poster(_ frame: Picture420) throws(ImageError) -> [UInt8] {
        switch frame.encoding {
        case .fullRange601: try jpeg(frame, posterQuality)
        case .videoRange709:
            try ImageCodec.encodeJPEG(
                rgb: frame.rgb, width: frame.width, height: frame.height, quality: posterQuality)
        }
    }

    private static func jpeg(_ frame: Picture420, _ quality: Int) throws(ImageError) -> [UInt8] {
        try ImageCodec.encodeJPEG(
            luma: frame.luma.values, cb: frame.cb.values, cr: frame.cr.values,
            width: frame.width, height: frame.height, quality: quality)
    }

    /// Samples of the full range in the range of WebP: `low` and `span` more.
    private static func limited(_ plane: Plane<UInt8>, _ low: Int, _ span: Int) -> [UInt8] {
        let table = (0..<256).map { UInt8(low + ($0 * span + 127) / 255) }
        return plane.values.map { table[Int($0)] }
    }
}
