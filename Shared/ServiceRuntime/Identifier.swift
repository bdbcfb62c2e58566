/// Identifiers that sort by the time they were made.
package enum Identifier {
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// `prefix`, an underscore and 26 characters: a version 7 UUID (RFC 9562) in Crockford's
    /// base 32, so that ids made later sort later (within one millisecond: at random).
    package static func make(
        _ prefix: String, time: any TimeSource, random: RandomSource
    ) -> String {
        text(prefix, uuid7(now: time.now, random: random.bytes(10)))
    }

    /// The 16 bytes of a version 7 UUID.
    /// - Parameter random: 10 bytes.
    package static func uuid7(now: Timestamp, random: [UInt8]) -> [UInt8] {
        precondition(random.count == 10, "a version 7 UUID takes 10 random bytes")
        let milliseconds = UInt64(max(0, now.microseconds / 1000))
        var bytes = (0..<6).map { UInt8(truncatingIfNeeded: milliseconds >> (40 - 8 * $0)) }
        bytes += random
        bytes[6] = bytes[6] & 0x0F | 0x70
        bytes[8] = bytes[8] & 0x3F | 0x80
        return bytes
    }

    /// `prefix`, an underscore and the bytes in Crockford's base 32, most significant bit first.
    package static func text(_ prefix: String, _ bytes: [UInt8]) -> String {
        var characters: [UInt8] = []
        characters.reserveCapacity((bytes.count * 8 + 4) / 5)
        // The last group is filled from the left, so that 16 bytes give 26 characters.
        var buffer: UInt32 = 0
        var bits = (5 - bytes.count * 8 % 5) % 5
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                characters.append(alphabet[Int(buffer >> UInt32(bits) & 31)])
            }
        }
        return prefix + "_" + String(decoding: characters, as: UTF8.self)
    }
}
