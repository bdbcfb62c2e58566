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

    /// 1...1000; 0 means 1.
    static func quantity(_ asked: UInt32) throws(LedgerError) -> Int64 {
        guard asked <= 1_000 else {
            throw .invalid(field: "quantity", reason: "is more than 1000")
        }
        return Int64(max(1, asked))
    }

    /// What a price is looked up by; the empty catalogue is the studio's.
    static func priceKey(
        catalogue: String, operation: String, model: String, parameters: String
    ) throws(LedgerError) -> PriceKey {
        let catalogue = try optionalName(catalogue, "catalogue", max: 64)
        return PriceKey(
            catalogue: catalogue.isEmpty ? PriceKey.studio : catalogue,
            operation: try name(operation, "operation", max: 64),
            model: try optionalName(model, "model", max: 64),
            parameters: parameters.isEmpty ? .none : try PriceParameters(parameters))
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

    static func quote(_ text: String) throws(LedgerError) -> QuoteID {
        guard let id = QuoteID(text) else { throw .quoteNotFound(id: String(text.prefix(40))) }
        return id
    }

    static func hold(_ text: String) throws(LedgerError) -> HoldID {
        guard let id = HoldID(text) else { throw .holdNotFound(id: String(text.prefix(40))) }
        return id
    }
}
