internal import Storage

extension Transaction {
    /// Stores a quote.
    func insertQuote(
        _ lines: [Quote.Line], account: Int64, priceVersion: Int, nowUs: Int64
    ) throws -> Quote {
        let expiresAtUs = nowUs + Quote.lifetimeUs
        try run(QuoteSQL.insertQuote, account, priceVersion, nowUs, expiresAtUs)
        let number = lastInsertedID
        for line in lines {
            try run(
                QuoteSQL.insertLine, number, line.key.catalogue, line.key.operation,
                line.key.model, line.key.parameters.text, line.quantity,
                line.amount.tenThousandths)
        }
        return Quote(
            id: QuoteID(number: number, createdAtUs: nowUs), priceVersion: priceVersion,
            expiresAtUs: expiresAtUs, lines: lines)
    }

    /// The quote of a user, good or not.
    ///
    /// - Throws: ``LedgerError/quoteNotFound(id:)``, for somebody else's as well.
    func quote(_ id: QuoteID, of user: String) throws -> Quote {
        let account = try existingWallet(of: user)
        let found = try first(QuoteSQL.quote, id.number) { row in
            (
                account: try row.integer(0), version: Int(try row.integer(1)),
                createdUs: try row.integer(2), expiresUs: try row.integer(3)
            )
        }
        guard let found, QuoteID(number: id.number, createdAtUs: found.createdUs) == id,
            try found.account == account.id
                || wallet(id: found.account).mergedInto == account.id
        else { throw LedgerError.quoteNotFound(id: id.text) }
        let lines = try all(QuoteSQL.lines, id.number) { row in
            Quote.Line(
                id: try row.integer(0),
                key: PriceKey(
                    catalogue: try row.text(1), operation: try row.text(2),
                    model: try row.text(3), parameters: try PriceParameters(try row.text(4))),
                quantity: try row.integer(5),
                amount: CreditAmount(tenThousandths: try row.integer(6)))
        }
        return Quote(
            id: id, priceVersion: found.version, expiresAtUs: found.expiresUs, lines: lines)
    }

    /// Refuses a hold that would cost more than it may; notes what a quoted one uses.
    func spend(_ amount: CreditAmount, within limit: HoldLimit, nowUs: Int64) throws {
        if let most = limit.amount, amount > most {
            throw LedgerError.priceExceeded(limit: most, required: amount)
        }
        guard let quoted = limit.quoted else { return }
        guard nowUs < quoted.expiresAtUs else {
            throw LedgerError.quoteExpired(id: quoted.quote.text)
        }
        let changed = try change(QuoteSQL.use, amount.tenThousandths, quoted.id)
        guard changed == 1 else {
            throw LedgerError.priceExceeded(limit: quoted.amount, required: amount)
        }
        try run(QuoteSQL.markUsed, quoted.quote.number)
    }

    /// Gives back to a quote what a closed hold did not take.
    func unspend(_ amount: CreditAmount, quoteLine: Int64) throws {
        guard amount > .zero else { return }
        try run(QuoteSQL.giveBack, amount.tenThousandths, quoteLine)
    }

    /// Forgets quotes that are over and were never used, at most `limit`.
    func forgetQuotes(limit: Int, nowUs: Int64) throws {
        let over = try all(QuoteSQL.unused, nowUs, limit) { row in try row.integer(0) }
        for number in over {
            try run(QuoteSQL.deleteLines, number)
            try run(QuoteSQL.deleteQuote, number)
        }
    }
}

/// The statements of quotes.
enum QuoteSQL {
    static let insertQuote = Statement(
        "INSERT INTO quotes(account, price_version, created_us, expires_us) VALUES(?, ?, ?, ?)")
    static let insertLine = Statement(
        """
        INSERT INTO quote_lines(quote, catalogue, operation, model, parameters, quantity, amount)
        VALUES(?, ?, ?, ?, ?, ?, ?)
        """)
    static let quote = Statement(
        "SELECT account, price_version, created_us, expires_us FROM quotes WHERE id = ?")
    static let lines = Statement(
        """
        SELECT id, catalogue, operation, model, parameters, quantity, amount FROM quote_lines
        WHERE quote = ? ORDER BY id
        """)
    static let use = Statement(
        "UPDATE quote_lines SET used = used + ?1 WHERE id = ?2 AND used + ?1 <= amount")
    static let markUsed = Statement("UPDATE quotes SET is_used = 1 WHERE id = ? AND is_used = 0")
    static let giveBack = Statement("UPDATE quote_lines SET used = used - ?1 WHERE id = ?2")
    static let unused = Statement(
        "SELECT id FROM quotes WHERE is_used = 0 AND expires_us <= ? ORDER BY expires_us LIMIT ?")
    static let deleteLines = Statement("DELETE FROM quote_lines WHERE quote = ?")
    static let deleteQuote = Statement("DELETE FROM quotes WHERE id = ?")
}
