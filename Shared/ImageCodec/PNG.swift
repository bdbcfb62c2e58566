internal import CPNG

/// libpng through the two functions of the CPNG shim.
enum PNG {
    static func decodeRGB(
        _ bytes: UnsafeRawBufferPointer, info: ImageInfo
    ) throws(ImageError) -> [UInt8] {
        var failure: String?
        let pixels = [UInt8](unsafeUninitializedCapacity: info.width * info.height * 3) {
            buffer, count in
            failure = decode(
                bytes, info: info, isGrey: false, into: UnsafeMutableRawBufferPointer(buffer))
            count = failure == nil ? buffer.count : 0
        }
        if let failure { throw .malformed(.png, failure) }
        return pixels
    }

    static func decodeGrey(
        _ bytes: UnsafeRawBufferPointer, info: ImageInfo
    ) throws(ImageError) -> [UInt16] {
        var failure: String?
        let samples = [UInt16](unsafeUninitializedCapacity: info.width * info.height) {
            buffer, count in
            failure = decode(
                bytes, info: info, isGrey: true, into: UnsafeMutableRawBufferPointer(buffer))
            count = failure == nil ? buffer.count : 0
        }
        if let failure { throw .malformed(.png, failure) }
        return samples
    }

    static func encode(
        _ pixels: UnsafeRawBufferPointer, width: Int, height: Int, channels: Int, bits: Int,
        level: Int
    ) throws(ImageError) -> [UInt8] {
        var writer = cpng_writer()
        defer { free(writer.bytes) }
        let status = cpng_encode(
            &writer, pixels.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt32(width),
            UInt32(height), Int32(channels), Int32(bits), Int32(min(max(level, 0), 9)))
        guard status == 0 else {
            throw .encodingFailed(withUnsafeBytes(of: &writer.message) { text($0) })
        }
        return Array(UnsafeBufferPointer(start: writer.bytes, count: writer.count))
    }

    /// - Returns: nil on success, else what is wrong with the file.
    private static func decode(
        _ bytes: UnsafeRawBufferPointer, info: ImageInfo, isGrey: Bool,
        into pixels: UnsafeMutableRawBufferPointer
    ) -> String? {
        var reader = cpng_reader()
        reader.bytes = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        reader.count = bytes.count
        let status = cpng_decode(
            &reader, isGrey ? 1 : 0, UInt32(info.width), UInt32(info.height),
            UInt32(ImageCodec.sidePixelsMax),
            pixels.baseAddress?.assumingMemoryBound(to: UInt8.self),
            info.width * (isGrey ? 2 : 3))
        return status == 0 ? nil : withUnsafeBytes(of: &reader.message) { text($0) }
    }

    private static func text(_ message: UnsafeRawBufferPointer) -> String {
        String(decoding: message.prefix { $0 != 0 }, as: UTF8.self)
    }
}
