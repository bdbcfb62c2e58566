/// What a user was told that some work costs; good for a while, at the prices of one version.
struct Quote: Hashable, Sendable {
    /// One kind of work in it.
    struct Line: Hashable, Sendable {
        /// Its row in the store; 0 before it is there.
        var id: Int64 = 0
        var key: PriceKey
        var quantity: Int64
        /// So many of them are made already and are free; not kept, the amount says it.
        var cached: Int64 = 0
        var amount: CreditAmount
    }

    /// How long it is good for.
    static let lifetimeUs: Int64 = 15 * 60 * 1_000_000
    static let linesMax = 50

    var id: QuoteID
    var priceVersion: Int
    var expiresAtUs: Int64
    var lines: [Line]

    /// What all of it costs.
    ///
    /// - Throws: ``LedgerError/amountOverflow``.
    func total() throws(LedgerError) -> CreditAmount {
        do throws(AmountError) {
            var total = CreditAmount.zero
            for line in lines { total = try total + line.amount }
            guard total <= .max else { throw AmountError.overflow }
            return total
        } catch {
            throw .amountOverflow
        }
    }

    /// The line for a piece of work.
    ///
    /// - Throws: ``LedgerError/invalid(field:reason:)`` when the quote does not have it.
    func line(for key: PriceKey) throws(LedgerError) -> Line {
        guard let line = lines.first(where: { $0.key == key }) else {
            throw .invalid(field: "quote_id", reason: "does not cover \(key.operation)")
        }
        return line
    }
}

/// What a hold may cost at most: a line of a quote, or an amount that the caller named.
struct HoldLimit: Hashable, Sendable {
    struct QuotedLine: Hashable, Sendable {
        var id: Int64
        var quote: QuoteID
        var expiresAtUs: Int64
        var amount: CreditAmount
    }

    var quoted: QuotedLine?
    var amount: CreditAmount?
}
