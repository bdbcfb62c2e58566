/// The text form of ids that are a number of the store and a check, so that a number from elsewhere
/// never means somebody else's row: a prefix, then 16 bytes in base 32.
enum NumberedID {
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    private static let digits = 26

    /// FNV-1a over some texts: it guards against mistakes, not against attackers.
    static func check(_ parts: String...) -> UInt64 {
        var check: UInt64 = 0xCBF2_9CE4_8422_2325
        for part in parts {
            for byte in part.utf8 {
                check = (check ^ UInt64(byte)) &* 0x100_0000_01B3
            }
            check = (check ^ 0xFF) &* 0x100_0000_01B3
        }
        return check
    }

    static func text(_ prefix: String, _ number: Int64, _ check: UInt64) -> String {
        let value = UInt128(number.magnitude) << 64 | UInt128(check)
        return prefix
            + String(unsafeUninitializedCapacity: digits) { buffer in
                for index in 0..<digits {
                    buffer[index] =
                        alphabet[
                            Int(truncatingIfNeeded: value >> UInt128((digits - 1 - index) * 5))
                                & 31]
                }
                return digits
            }
    }

    /// Reads the text of an id; nil when it is none with this prefix.
    static func parse(_ text: String, _ prefix: String) -> (number: Int64, check: UInt64)? {
        let letters = Array(text.utf8)
        guard letters.count == prefix.utf8.count + digits, text.hasPrefix(prefix) else {
            return nil
        }
        var value: UInt128 = 0
        for (index, letter) in letters.dropFirst(prefix.utf8.count).enumerated() {
            guard let digit = alphabet.firstIndex(of: letter) else { return nil }
            // 26 digits hold 130 bits: the first may only be 0...7.
            guard index > 0 || digit < 8 else { return nil }
            value = value << 5 | UInt128(digit)
        }
        guard let number = Int64(exactly: value >> 64), number > 0 else { return nil }
        return (number, UInt64(truncatingIfNeeded: value))
    }
}

/// The name of a quote: its number, and a check made from its time.
struct QuoteID: Hashable, Sendable {
    let number: Int64
    let check: UInt64

    init(number: Int64, createdAtUs: Int64) {
        self.number = number
        check = NumberedID.check("quote", "\(createdAtUs)")
    }

    init?(_ text: String) {
        guard let (number, check) = NumberedID.parse(text, "qot_") else { return nil }
        self.number = number
        self.check = check
    }

    var text: String { NumberedID.text("qot_", number, check) }
}
