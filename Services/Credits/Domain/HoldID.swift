/// The name of a hold: the sequence of the transaction that opened it, and a check made from its job
/// and operation, so that a number from elsewhere never closes somebody else's hold.
struct HoldID: Hashable, Sendable {
    let sequence: Int64
    let check: UInt64

    private static let prefix = "hld_"
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    /// 16 bytes in base 32.
    private static let digits = 26

    init(sequence: Int64, check: UInt64) {
        self.sequence = sequence
        self.check = check
    }

    /// The id of the hold for a job and operation that a transaction opens.
    init(sequence: Int64, job: String, operation: String) {
        // FNV-1a: the check guards against mistakes, not against attackers.
        var check: UInt64 = 0xCBF2_9CE4_8422_2325
        for part in [job, operation] {
            for byte in part.utf8 {
                check = (check ^ UInt64(byte)) &* 0x100_0000_01B3
            }
            check = (check ^ 0xFF) &* 0x100_0000_01B3
        }
        self.init(sequence: sequence, check: check)
    }

    /// Reads the text of a hold id; nil when it is none.
    init?(_ text: String) {
        let letters = Array(text.utf8)
        guard letters.count == Self.prefix.utf8.count + Self.digits, text.hasPrefix(Self.prefix)
        else { return nil }
        var value: UInt128 = 0
        for (index, letter) in letters.dropFirst(Self.prefix.utf8.count).enumerated() {
            guard let digit = Self.alphabet.firstIndex(of: letter) else { return nil }
            // 26 digits hold 130 bits: the first may only be 0...7.
            guard index > 0 || digit < 8 else { return nil }
            value = value << 5 | UInt128(digit)
        }
        guard let sequence = Int64(exactly: value >> 64), sequence > 0 else { return nil }
        self.init(sequence: sequence, check: UInt64(truncatingIfNeeded: value))
    }

    var text: String {
        let value = UInt128(sequence.magnitude) << 64 | UInt128(check)
        return Self.prefix
            + String(unsafeUninitializedCapacity: Self.digits) { buffer in
                for index in 0..<Self.digits {
                    buffer[index] =
                        Self.alphabet[
                            Int(truncatingIfNeeded: value >> UInt128((Self.digits - 1 - index) * 5))
                                & 31]
                }
                return Self.digits
            }
    }
}
