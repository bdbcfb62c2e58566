internal import Storage

extension CreditsStore {
    /// A hold that was tried and undone.
    private struct Rehearsal: Error {
        var receipt: HoldReceipt
    }

    /// Stores a quote at the prices in force, and says what the user has.
    ///
    /// - Parameter lines: What is asked for, without the amounts.
    func quote(
        _ lines: [Quote.Line], for user: String
    ) async throws -> (quote: Quote, prices: PriceTable, balance: BalanceView) {
        let now = self.now
        let prices = self.prices(atUs: now.nowUs)
        var priced: [Quote.Line] = []
        for var line in lines {
            line.amount = try prices.amount(of: line.key, quantity: line.quantity)
            if line.cached > 0 {
                let rest = line.quantity - line.cached
                line.amount =
                    rest > 0 ? try prices.amount(of: line.key, quantity: rest) : .zero
            }
            priced.append(line)
        }
        let stored = priced
        _ = try Quote(
            id: QuoteID(number: 1, createdAtUs: 0), priceVersion: 0, expiresAtUs: 0, lines: stored
        ).total()
        let quote = try await database.write { transaction in
            let account = try transaction.existingWallet(of: user)
            return try transaction.insertQuote(
                stored, account: account.id, priceVersion: prices.version, nowUs: now.nowUs)
        }
        return (quote, prices, try await balance(of: user))
    }

    /// A quote of a user, good or not.
    func quote(_ id: QuoteID, of user: String) async throws -> Quote {
        try await database.read { transaction in try transaction.quote(id, of: user) }
    }

    /// Does everything that a hold does and undoes it: the same checks, nothing changed.
    func rehearse(_ command: HoldCommand, _ origin: Origin) async throws -> HoldReceipt {
        let now = self.now
        do {
            return try await database.write { transaction in
                throw Rehearsal(receipt: try transaction.openHold(command, origin, now))
            }
        } catch let rehearsal as Rehearsal {
            return rehearsal.receipt
        }
    }
}
