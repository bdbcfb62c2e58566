internal import CPNG

/// libpng through the two functions of the CPNG shim.
enum PNG {
    static func decodeRGB(
        _ bytes: UnsafeRawBufferPointer, info: ImageInfo, mustStop: () -> Bool
    ) throws(ImageError) -> [UInt8] {
        var failure: ImageError?
        let pixels = [UInt8](unsafeUninitializedCapacity: info.width * info.height * 3) {
            buffer, count in
            failure = decode(
                bytes, info: info, isGrey: false, into: UnsafeMutableRawBufferPointer(buffer),
                mustStop)
            count = failure == nil ? buffer.count : 0
        }
        if let failure { throw failure }
        return pixels
    }

    static func decodeGrey(
        _ bytes: UnsafeRawBufferPointer, info: ImageInfo, mustStop: () -> Bool
    ) throws(ImageError) -> [UInt16] {
        var failure: ImageError?
        let samples = [UInt16](unsafeUninitializedCapacity: info.width * info.height) {
            buffer, count in
            failure = decode(
                bytes, info: info, isGrey: true, into: UnsafeMutableRawBufferPointer(buffer),
                mustStop)
            count = failure == nil ? buffer.count : 0
        }
        if let failure { throw failure }
        return samples
    }

    static func encode(
        _ pixels: UnsafeRawBufferPointer, width: Int, height: Int, channels: Int, bits: Int,
        level: Int, mustStop: () -> Bool = { false }
    ) throws(ImageError) -> [UInt8] {
        var writer = cpng_writer()
        defer { free(writer.bytes) }
        let status = Interruption.lend(mustStop) { ask, context in
            writer.must_stop = ask
            writer.context = context
            return cpng_encode(
                &writer, pixels.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt32(width),
                UInt32(height), Int32(channels), Int32(bits), Int32(min(max(level, 0), 9)))
        }
        if writer.is_stopped != 0 { throw .stopped }
        guard status == 0 else {
            throw .encodingFailed(withUnsafeBytes(of: &writer.message) { text($0) })
        }
        return Array(UnsafeBufferPointer(start: writer.bytes, count: writer.count))
    }

    /// - Returns: nil on success, else what is wrong with the file.
    private static func decode(
        _ bytes: UnsafeRawBufferPointer, info: ImageInfo, isGrey: Bool,
        into pixels: UnsafeMutableRawBufferPointer, _ mustStop: () -> Bool
    ) -> ImageError? {
        var reader = cpng_reader()
        reader.bytes = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        reader.count = bytes.count
        let status = Interruption.lend(mustStop) { ask, context in
            reader.must_stop = ask
            reader.context = context
            return cpng_decode(
                &reader, isGrey ? 1 : 0, UInt32(info.width), UInt32(info.height),
                UInt32(ImageCodec.sidePixelsMax),
                pixels.baseAddress?.assumingMemoryBound(to: UInt8.self),
                info.width * (isGrey ? 2 : 3))
        }
        if reader.is_stopped != 0 { return .stopped }
        return status == 0
            ? nil : .malformed(.png, withUnsafeBytes(of: &reader.message) { text($0) })
    }

    private static func text(_ message: UnsafeRawBufferPointer) -> String {
        String(decoding: message.prefix { $0 != 0 }, as: UTF8.self)
    }
}
