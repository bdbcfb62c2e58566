/// The formats that are read; JPEG and PNG are written as well.
package enum ImageFormat: String, Hashable, Sendable {
    case jpeg, png, webp

    /// The media type to store and serve a picture of this format with.
    package var contentType: String {
        switch self {
        case .jpeg: "image/jpeg"
        case .png: "image/png"
        case .webp: "image/webp"
        }
    }
}

/// What the header of a picture says about it.
package struct ImageInfo: Hashable, Sendable {
    package let format: ImageFormat
    /// Size in pixels as stored; a header may claim any size, so compare with the limits.
    package let width: Int
    package let height: Int
    /// 1 for grey; 3 for RGB, YCbCr and palette; 4 for CMYK.
    package let channels: Int
    /// Bits of one sample: 1…8, 12 or 16.
    package let bitDepth: Int
    package let hasAlpha: Bool
}

/// Why a picture could not be read or written. Nothing is returned in part.
package enum ImageError: Error, Hashable, Sendable {
    /// The bytes carry the signature of no format that is read.
    case unrecognised
    /// A side beyond ``ImageCodec/sidePixelsMax``, more pixels than allowed, or an empty side.
    case tooLarge(width: Int, height: Int, pixelsMax: Int)
    /// The file is truncated or damaged; the text names the first fault found.
    case malformed(ImageFormat, String)
    /// Well formed, but of a kind that is not read, for example CMYK.
    case unsupported(String)
    /// The pixel buffer given to an encoder does not match the size.
    case invalidBuffer(expected: Int, actual: Int)
    /// The caller wanted no more of it.
    case stopped
    /// The library refused to encode; a programming error or lack of memory.
    case encodingFailed(String)
}
