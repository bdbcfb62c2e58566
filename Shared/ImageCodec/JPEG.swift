internal import CTurboJPEG

/// libturbojpeg, and for decoding the CTurboJPEG shim; calls share nothing, so they may run at the
/// same time.
enum JPEG {
    enum PixelKind {
        case rgb, grey

        var bytes: Int { self == .rgb ? 3 : 1 }
    }

    static func decode(
        _ bytes: UnsafeRawBufferPointer, info: ImageInfo, as kind: PixelKind,
        scaleDenominator: Int, mustStop: () -> Bool
    ) throws(ImageError) -> (width: Int, height: Int, pixels: [UInt8]) {
        guard info.bitDepth == 8 else { throw .unsupported("\(info.bitDepth)-bit JPEG") }
        guard info.channels != 4 else { throw .unsupported("CMYK JPEG") }
        let width = (info.width + scaleDenominator - 1) / scaleDenominator
        let height = (info.height + scaleDenominator - 1) / scaleDenominator
        let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        var reader = cjpeg_reader()
        var status: Int32 = -1
        let pixels = [UInt8](unsafeUninitializedCapacity: width * height * kind.bytes) {
            buffer, count in
            status = Interruption.lend(mustStop) { ask, context in
                reader.must_stop = ask
                reader.context = context
                return cjpeg_decode(
                    &reader, base, bytes.count, kind == .grey ? 1 : 0, Int32(scaleDenominator),
                    UInt32(width), UInt32(height), buffer.baseAddress, width * kind.bytes)
            }
            count = status == 0 ? buffer.count : 0
        }
        if reader.is_stopped != 0 { throw .stopped }
        guard status == 0 else {
            let message = withUnsafeBytes(of: &reader.message) { message in
                String(decoding: message.prefix { $0 != 0 }, as: UTF8.self)
            }
            throw .malformed(.jpeg, message)
        }
        return (width, height, pixels)
    }

    static func encode(
        rgb: [UInt8], width: Int, height: Int, quality: Int
    ) throws(ImageError) -> [UInt8] {
        try withOutput(width: width, height: height) { handle, output, bytesCount in
            tjCompress2(
                handle, rgb, Int32(width), Int32(width * 3), Int32(height),
                Int32(TJPF_RGB.rawValue), &output, &bytesCount, Int32(TJSAMP_420.rawValue),
                Int32(min(max(quality, 1), 100)), TJFLAG_NOREALLOC)
        }
    }

    static func encode(
        luma: [UInt8], cb: [UInt8], cr: [UInt8], width: Int, height: Int, quality: Int
    ) throws(ImageError) -> [UInt8] {
        try withOutput(width: width, height: height) { handle, output, bytesCount in
            luma.withUnsafeBufferPointer { luma in
                cb.withUnsafeBufferPointer { cb in
                    cr.withUnsafeBufferPointer { cr in
                        var planes = [luma.baseAddress, cb.baseAddress, cr.baseAddress]
                        return tjCompressFromYUVPlanes(
                            handle, &planes, Int32(width), nil, Int32(height),
                            Int32(TJSAMP_420.rawValue), &output, &bytesCount,
                            Int32(min(max(quality, 1), 100)), TJFLAG_NOREALLOC)
                    }
                }
            }
        }
    }

    /// Runs one compression into memory of the largest size that the result can have, which is a
    /// dozen times what it mostly has: callers that keep results must not keep that.
    private static func withOutput(
        width: Int, height: Int,
        _ compress: (tjhandle, inout UnsafeMutablePointer<UInt8>?, inout UInt) -> Int32
    ) throws(ImageError) -> [UInt8] {
        guard let handle = tjInitCompress() else {
            throw .encodingFailed("encoder could not start")
        }
        defer { tjDestroy(handle) }
        var count = tjBufSize(Int32(width), Int32(height), Int32(TJSAMP_420.rawValue))
        let space = UnsafeMutablePointer<UInt8>.allocate(capacity: Int(count))
        defer { space.deallocate() }
        var output: UnsafeMutablePointer<UInt8>? = space
        guard compress(handle, &output, &count) == 0 else {
            throw .encodingFailed(message(handle))
        }
        return Array(UnsafeBufferPointer(start: space, count: Int(count)))
    }

    private static func message(_ handle: tjhandle) -> String {
        String(cString: tjGetErrorStr2(handle))
    }
}
