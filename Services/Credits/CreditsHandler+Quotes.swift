package import RPC
package import ServiceAPI

extension CreditsHandler {
    /// What a hold may cost at most, and the prices it is charged by: the quote's, or those in force.
    func limit(
        of request: CreditsAPI.HoldRequest, _ key: PriceKey, _ user: String
    ) async throws -> (HoldLimit, PriceTable) {
        var limit = HoldLimit()
        if request.maxAmountU4 != 0 {
            limit.amount = try RequestChecks.amount(request.maxAmountU4, "max_amount_u4")
        }
        guard !request.quoteID.isEmpty else { return (limit, store.prices()) }
        guard request.amountU4 == 0 else {
            throw LedgerError.invalid(
                field: "amount_u4", reason: "is the quote's when there is one")
        }
        let quote = try await store.quote(RequestChecks.quote(request.quoteID), of: user)
        let line = try quote.line(for: key)
        limit.quoted = HoldLimit.QuotedLine(
            id: line.id, quote: quote.id, expiresAtUs: quote.expiresAtUs, amount: line.amount)
        guard let prices = store.prices(version: quote.priceVersion) else {
            throw LedgerError.unsound("quote \(quote.id.text) names no version of the prices")
        }
        return (limit, prices)
    }

    package func quote(
        _ request: CreditsAPI.QuoteRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.QuoteReply {
        try await answer {
            let user = try RequestChecks.name(request.userID, "user_id")
            let lines = try quoteLines(request.items)
            let (quote, prices, balance) = try await store.quote(lines, for: user)
            let total = try quote.total()
            let after = balance.available.tenThousandths - total.tenThousandths
            let gap = CreditAmount(tenThousandths: max(0, -after))
            return CreditsAPI.QuoteReply(
                quoteID: quote.id.text, priceVersion: UInt32(quote.priceVersion),
                lines: try quote.lines.map { try message($0, of: prices) },
                totalU4: total.tenThousandths, balance: message(balance), balanceAfterU4: after,
                shortByU4: gap.tenThousandths,
                suggestion: gap > .zero ? message(PackList.suggestion(for: gap)) : nil,
                expiresAtUs: quote.expiresAtUs)
        }
    }

    private func quoteLines(
        _ items: [CreditsAPI.QuoteItem]
    ) throws(LedgerError) -> [Quote.Line] {
        guard (1...Quote.linesMax).contains(items.count) else {
            throw .invalid(field: "items", reason: "must be 1 to \(Quote.linesMax)")
        }
        var lines: [Quote.Line] = []
        for item in items {
            let key = try RequestChecks.priceKey(
                catalogue: item.catalogue, operation: item.operation, model: item.model,
                parameters: item.parameters)
            guard !lines.contains(where: { $0.key == key }) else {
                throw .invalid(field: "items", reason: "have \(key.operation) twice")
            }
            let quantity = try RequestChecks.quantity(item.quantity)
            guard Int64(item.cached) <= quantity else {
                throw .invalid(field: "cached", reason: "is more than the quantity")
            }
            lines.append(
                Quote.Line(
                    key: key, quantity: quantity, cached: Int64(item.cached), amount: .zero))
        }
        return lines
    }

    private func message(
        _ line: Quote.Line, of prices: PriceTable
    ) throws(LedgerError) -> CreditsAPI.QuoteLine {
        let price = try prices.price(of: line.key)
        // Nothing is cheaper than what is there already.
        let cheaper =
            line.cached < line.quantity
            ? prices.alternatives(to: line.key, quantity: line.quantity - line.cached) : []
        return CreditsAPI.QuoteLine(
            operation: line.key.operation, model: line.key.model,
            quantity: UInt32(line.quantity), catalogue: line.key.catalogue,
            parameters: line.key.parameters.text, label: price.label,
            unit: price.unit.rawValue, unitU4: price.amount.tenThousandths,
            amountU4: line.amount.tenThousandths,
            alternatives: cheaper.map {
                CreditsAPI.QuoteAlternative(
                    model: $0.price.model, label: $0.price.label,
                    amountU4: $0.amount.tenThousandths)
            }, cached: UInt32(line.cached))
    }

    package func validateHold(
        _ request: CreditsAPI.HoldRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.ValidateReply {
        try await answer {
            let command = try await holdCommand(request)
            let receipt = try await store.rehearse(command, origin(context))
            return CreditsAPI.ValidateReply(
                amountU4: receipt.hold.amount.tenThousandths,
                priceVersion: UInt32(receipt.hold.priceVersion),
                balance: message(try await store.balance(of: command.user)),
                balanceAfterU4: receipt.balance.available.tenThousandths)
        }
    }
}
