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
}
