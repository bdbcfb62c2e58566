/// Puts still WebP pictures into one that moves.
///
/// Source: Google's WebP container specification, section "Animation". Each frame covers the whole
/// canvas, so none depends on another and all can be encoded at once.
package enum WebPWriter {
    /// - Parameter stills: Lossy files without alpha, of the given size, as libwebp writes them.
    /// - Returns: An animation that goes round for ever; nil when a still is none.
    package static func animation(
        _ stills: [[UInt8]], width: Int, height: Int, framesPerSecond: Int
    ) -> [UInt8]? {
        var body: [UInt8] = []
        body.reserveCapacity(stills.reduce(64) { $0 + $1.count + 32 })
        // Animation flag; sizes are stored less one.
        append("VP8X", [0x02, 0, 0, 0] + u24(width - 1) + u24(height - 1), to: &body)
        // White background, no end.
        append("ANIM", [255, 255, 255, 255, 0, 0], to: &body)
        for (index, still) in stills.enumerated() {
            guard still.count > 20, text(still, 0) == "RIFF", text(still, 8) == "WEBP",
                text(still, 12) == "VP8 "
            else { return nil }
            // Whole milliseconds whose sum stays right.
            let starts = [index, index + 1].map {
                ($0 * 1000 + framesPerSecond / 2) / framesPerSecond
            }
            // Not blended, not disposed of.
            let frame =
                u24(0) + u24(0) + u24(width - 1) + u24(height - 1) + u24(starts[1] - starts[0])
                + [0x02]
            append("ANMF", frame + still[12...], to: &body)
        }
        return Array("RIFF".utf8) + u32(body.count + 4) + Array("WEBP".utf8) + body
    }

    private static func append(_ type: String, _ payload: [UInt8], to body: inout [UInt8]) {
        body += Array(type.utf8) + u32(payload.count) + payload
        if payload.count % 2 == 1 { body.append(0) }
    }

    private static func text(_ bytes: [UInt8], _ start: Int) -> String {
        String(decoding: bytes[start..<start + 4], as: UTF8.self)
    }

    private static func u24(_ value: Int) -> [UInt8] {
        (0..<3).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    private static func u32(_ value: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}
