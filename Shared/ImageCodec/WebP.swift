internal import CWebP

/// libwebp through the functions of the CWebP shim. Only still pictures are read.
enum WebP {
    static func probe(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> ImageInfo {
        var header = cwebp_info()
        let status = cwebp_probe(
            bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, &header)
        guard status == 0 else {
            throw .malformed(.webp, status == 1 ? "header is cut" : "header is damaged")
        }
        guard header.is_animated == 0 else { throw .unsupported("animated") }
        guard header.width > 0, header.height > 0 else {
            throw .malformed(.webp, "size \(header.width)×\(header.height)")
        }
        return ImageInfo(
            format: .webp, width: Int(header.width), height: Int(header.height), channels: 3,
            bitDepth: 8, hasAlpha: header.has_alpha != 0)
    }

    static func decodeRGB(
        _ bytes: UnsafeRawBufferPointer, info: ImageInfo, mustStop: () -> Bool
    ) throws(ImageError) -> [UInt8] {
        let stored = info.hasAlpha ? 4 : 3
        let count = info.width * info.height * stored
        var status: Int32 = 0
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            status = Interruption.lend(mustStop) { ask, context in
                cwebp_decode(
                    bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count,
                    info.hasAlpha ? 1 : 0, buffer.baseAddress, count, Int32(info.width * stored),
                    ask, context)
            }
            filled = status == 0 ? count : 0
        }
        if status == Int32(CWEBP_STOPPED) { throw .stopped }
        guard status == 0 else { throw .malformed(.webp, "data is cut or damaged") }
        return info.hasAlpha ? overWhite(pixels) : pixels
    }

    static func encode(
        luma: [UInt8], cb: [UInt8], cr: [UInt8], width: Int, height: Int, quality: Int,
        mustStop: () -> Bool
    ) throws(ImageError) -> [UInt8] {
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        let status = luma.withUnsafeBufferPointer { luma in
            cb.withUnsafeBufferPointer { cb in
                cr.withUnsafeBufferPointer { cr in
                    Interruption.lend(mustStop) { ask, context in
                        cwebp_encode(
                            luma.baseAddress, cb.baseAddress, cr.baseAddress, Int32(width),
                            Int32(height), Float(quality), ask, context, &bytes, &count)
                    }
                }
            }
        }
        defer { cwebp_free(bytes) }
        if status == -2 { throw .stopped }
        guard status == 0, let bytes else { throw .encodingFailed("WebP error \(status)") }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    /// RGB of RGBA: what is transparent is seen over white.
    private static func overWhite(_ pixels: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(pixels.count / 4 * 3)
        for start in stride(from: 0, to: pixels.count, by: 4) {
            let alpha = Int(pixels[start + 3])
            for channel in 0..<3 {
                let over = Int(pixels[start + channel]) * alpha + 255 * (255 - alpha)
                result.append(UInt8((over + 127) / 255))
            }
        }
        return result
    }
}
