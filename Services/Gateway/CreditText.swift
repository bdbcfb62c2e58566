/// Amounts as the public sees them: decimal numbers with at most four fraction digits.
enum CreditText {
    /// "12.5" for 125,000 ten-thousandths; never by way of a Double.
    static func number(_ tenThousandths: Int64) -> String {
        let magnitude = tenThousandths.magnitude
        let whole = magnitude / 10_000
        var rest = magnitude % 10_000
        let sign = tenThousandths < 0 ? "-" : ""
        if rest == 0 { return sign + String(whole) }
        var digits = 4
        while rest % 10 == 0 {
            rest /= 10
            digits -= 1
        }
        let text = String(rest)
        return sign + String(whole) + "." + String(repeating: "0", count: digits - text.count)
            + text
    }

    /// Reads a plain decimal number, "12" or "0.5", exactly; nil for anything else: a sign, an
    /// exponent, a fifth fraction digit, more than 99,999,999.9999.
    static func tenThousandths(_ text: String) -> Int64? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), (1...8).contains(parts[0].utf8.count) else {
            return nil
        }
        let fraction = parts.count == 2 ? parts[1] : "0"
        guard (1...4).contains(fraction.utf8.count),
            parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { return nil }
        return Int64(parts[0] + fraction + String(repeating: "0", count: 4 - fraction.utf8.count))
    }
}
