package import RPC
package import ServiceAPI

extension CreditsHandler {
    /// Sends each change of the wallet after the cursor, then waits for more until the caller goes
    /// or its time is over.
    package func watchBalance(
        _ request: CreditsAPI.WatchBalanceRequest,
        _ writer: ResponseWriter<CreditsAPI.BalanceEvent>, _ context: CallContext
    ) async throws(RPCError) {
        let user = try checked { () throws(LedgerError) in
            try RequestChecks.name(request.userID, "user_id")
        }
        // Registered before the first look, so that no change falls between the two.
        let signals = store.watchers.signals(for: user)
        var cursor = Int64(clamping: request.after)
        if !request.fromNow, cursor > 0 {
            let last = try await answer { try await store.lastSequence() }
            guard cursor <= last else {
                throw RPCError(
                    .outOfRange, "RESYNC", "This cursor is ahead of the ledger; begin anew.",
                    details: ["oldest": "\(last)"])
            }
        }
        if request.fromNow {
            let balance = try await answer { try await store.balance(of: user) }
            cursor = balance.sequence
            try await writer.write(
                CreditsAPI.BalanceEvent(
                    sequence: UInt64(cursor), balance: message(balance), kind: "now"))
        }
        cursor = try await sendChanges(of: user, after: cursor, writer)
        for await _ in signals {
            cursor = try await sendChanges(of: user, after: cursor, writer)
        }
    }

    private func sendChanges(
        of user: String, after cursor: Int64, _ writer: ResponseWriter<CreditsAPI.BalanceEvent>
    ) async throws(RPCError) -> Int64 {
        let changes = try await answer { try await store.changes(of: user, after: cursor) }
        var cursor = cursor
        for row in changes.rows {
            cursor = row.sequence
            let balance = BalanceView(
                user: changes.balance.user,
                balance: WalletBalance(
                    posted: row.postedAfter, pending: row.heldAfter.negated,
                    sequence: row.sequence, lowThreshold: changes.balance.lowThreshold))
            let threshold = lowThreshold(balance)
            let becameLow = balance.available < threshold && row.availableBefore >= threshold
            try await writer.write(
                CreditsAPI.BalanceEvent(
                    sequence: UInt64(row.sequence), balance: message(balance),
                    kind: row.kind.rawValue, job: row.hold?.terms.job ?? "",
                    becameLow: becameLow,
                    budgetReached: UInt32(row.budgetNotice?.percent ?? 0),
                    budgetU4: row.budgetNotice?.budget.tenThousandths ?? 0))
        }
        return cursor
    }

    /// Sends every transaction of the user, newest first.
    package func explain(
        _ request: CreditsAPI.ExplainRequest, _ writer: ResponseWriter<CreditsAPI.ExplainLine>,
        _ context: CallContext
    ) async throws(RPCError) {
        let user = try checked { () throws(LedgerError) in
            try RequestChecks.name(request.userID, "user_id")
        }
        var before: Int64 = 0
        repeat {
            let cursor = before
            let page = try await answer { try await explanation(of: user, before: cursor) }
            for line in page.lines { try await writer.write(line) }
            before = page.nextBefore
        } while before != 0
    }

    /// A page of everything that is known about the user's transactions, newest first.
    func explanation(
        of user: String, before: Int64
    ) async throws -> (lines: [CreditsAPI.ExplainLine], nextBefore: Int64) {
        let page = try await store.history(of: user, before: before, limit: 200)
        let lines = page.rows.map { row in
            CreditsAPI.ExplainLine(
                entry: message(row), priceVersion: UInt32(row.hold?.priceVersion ?? 0),
                providerReference: row.hold?.providerReference ?? "", actor: row.actor)
        }
        return (lines, page.nextBefore)
    }

    private func checked<Value>(
        _ body: () throws(LedgerError) -> Value
    ) throws(RPCError) -> Value {
        do throws(LedgerError) {
            return try body()
        } catch {
            throw RPCError(error)
        }
    }
}
