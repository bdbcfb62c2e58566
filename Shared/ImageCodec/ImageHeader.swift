/// Reads sizes from headers by hand, so that a limit is applied before any library is called.
enum ImageHeader {
    static func isPNG(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    }

    static func isWebP(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= 12 && bytes.starts(with: Array("RIFF".utf8))
            && bytes[8..<12].elementsEqual(Array("WEBP".utf8))
    }

    static func isJPEG(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.starts(with: [0xFF, 0xD8, 0xFF])
    }

    /// Reads IHDR, which the format requires to be the first chunk and 13 bytes long.
    static func png(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> ImageInfo {
        guard bytes.count >= 33 else { throw .malformed(.png, "header is cut") }
        guard word(bytes, at: 8) == 13, word(bytes, at: 12) == 0x4948_4452 else {
            throw .malformed(.png, "first chunk is not IHDR")
        }
        let width = word(bytes, at: 16)
        let height = word(bytes, at: 20)
        guard (1...0x7FFF_FFFF).contains(width), (1...0x7FFF_FFFF).contains(height) else {
            throw .malformed(.png, "size \(width)×\(height)")
        }
        let bitDepth = Int(bytes[24])
        let depths: [Int]
        let channels: Int
        switch bytes[25] {
        case 0: (channels, depths) = (1, [1, 2, 4, 8, 16])
        case 2: (channels, depths) = (3, [8, 16])
        case 3: (channels, depths) = (3, [1, 2, 4, 8])
        case 4: (channels, depths) = (1, [8, 16])
        case 6: (channels, depths) = (3, [8, 16])
        default: throw .malformed(.png, "colour type \(bytes[25])")
        }
        guard depths.contains(bitDepth) else { throw .malformed(.png, "\(bitDepth) bits") }
        return ImageInfo(
            format: .png, width: width, height: height, channels: channels, bitDepth: bitDepth,
            hasAlpha: bytes[25] & 4 != 0)
    }

    /// Walks the marker segments to the frame header (SOF), which must come before any scan.
    static func jpeg(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> ImageInfo {
        var offset = 2
        while true {
            guard offset + 4 <= bytes.count else { throw .malformed(.jpeg, "header is cut") }
            guard bytes[offset] == 0xFF else { throw .malformed(.jpeg, "marker expected") }
            let marker = bytes[offset + 1]
            // A marker may be preceded by any number of fill bytes.
            if marker == 0xFF {
                offset += 1
                continue
            }
            if marker == 0x01 || (0xD0...0xD7).contains(marker) {
                offset += 2
                continue
            }
            guard marker != 0xD9, marker != 0xDA, marker != 0xD8, marker != 0 else {
                throw .malformed(.jpeg, "no frame header")
            }
            let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
            guard length >= 2 else { throw .malformed(.jpeg, "segment of \(length) bytes") }
            let isFrame =
                (0xC0...0xCF).contains(marker) && marker != 0xC4 && marker != 0xC8
                && marker != 0xCC
            if isFrame { return try jpegFrame(bytes, at: offset + 4, length: length - 2) }
            offset += 2 + length
        }
    }

    private static func jpegFrame(
        _ bytes: UnsafeRawBufferPointer, at offset: Int, length: Int
    ) throws(ImageError) -> ImageInfo {
        guard length >= 6, offset + length <= bytes.count else {
            throw .malformed(.jpeg, "frame header is cut")
        }
        let height = Int(bytes[offset + 1]) << 8 | Int(bytes[offset + 2])
        let width = Int(bytes[offset + 3]) << 8 | Int(bytes[offset + 4])
        let channels = Int(bytes[offset + 5])
        guard width > 0, height > 0 else { throw .malformed(.jpeg, "size \(width)×\(height)") }
        guard channels == 1 || channels == 3 || channels == 4 else {
            throw .malformed(.jpeg, "\(channels) components")
        }
        return ImageInfo(
            format: .jpeg, width: width, height: height, channels: channels,
            bitDepth: Int(bytes[offset]), hasAlpha: false)
    }

    private static func word(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self).bigEndian)
    }
}
