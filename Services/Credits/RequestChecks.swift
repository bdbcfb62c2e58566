/// The rules for what a request may contain. Each throws ``LedgerError/invalid(field:reason:)``.
enum RequestChecks {
    /// Visible ASCII of 1...`max` characters: ids, keys and names.
    static func name(_ text: String, _ field: String, max: Int = 128) throws(LedgerError) -> String
    {
        guard !text.isEmpty else { throw .invalid(field: field, reason: "is missing") }
        return try optionalName(text, field, max: max)
    }

    static func optionalName(
        _ text: String, _ field: String, max: Int = 128
    ) throws(LedgerError) -> String {
        guard text.utf8.count <= max else {
            throw .invalid(field: field, reason: "is longer than \(max) characters")
        }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .invalid(field: field, reason: "may have visible ASCII characters only")
        }
        return text
    }

    /// Text for people: at most `max` bytes, no control characters.
    static func note(_ text: String, _ field: String, max: Int = 500) throws(LedgerError) -> String
    {
        guard text.utf8.count <= max else {
            throw .invalid(field: field, reason: "is longer than \(max) bytes")
        }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw .invalid(field: field, reason: "may not have control characters")
        }
        return text
    }

    /// More than nothing, and no more than the largest amount.
    static func amount(_ tenThousandths: Int64, _ field: String) throws(LedgerError) -> CreditAmount
    {
        guard tenThousandths > 0 else {
            throw .invalid(field: field, reason: "must be more than 0")
        }
        let amount = CreditAmount(tenThousandths: tenThousandths)
        guard amount <= .max else { throw .amountOverflow }
        return amount
    }

    /// A time in milliseconds, 24 hours at most; 0 stands for the default.
    static func lifetime(
        _ milliseconds: UInt32, default standard: Int64, _ field: String
    ) throws(LedgerError) -> Int64 {
        guard milliseconds <= 86_400_000 else {
            throw .invalid(field: field, reason: "is longer than 24 hours")
        }
        return milliseconds == 0 ? standard : Int64(milliseconds)
    }

    static func hold(_ text: String) throws(LedgerError) -> HoldID {
        guard let id = HoldID(text) else { throw .holdNotFound(id: String(text.prefix(40))) }
        return id
    }
}
