package import RPC
package import ServiceAPI
internal import ServiceRuntime
internal import Storage
internal import Wire

/// Serves `credits.v1.Credits`: checks what came in, asks the store, and says it in the messages of
/// the interface. What each call does is written in `proto/credits.proto`.
package struct CreditsHandler: CreditsAPI.Handler {
    let store: CreditsStore
    let configuration: CreditsConfiguration
    let metrics: CreditsMetrics
    let logger: Logger

    // MARK: Accounts

    package func openAccount(
        _ request: CreditsAPI.OpenAccountRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.Balance {
        try await answer {
            let user = try RequestChecks.name(request.userID, "user_id")
            let starter = CreditAmount(credits: Int64(configuration.starterGrant))
            return message(try await store.openAccount(user, starter: starter, origin(context)))
        }
    }

    package func getBalance(
        _ request: CreditsAPI.GetBalanceRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.Balance {
        try await answer {
            message(try await store.balance(of: RequestChecks.name(request.userID, "user_id")))
        }
    }

    package func mergeAccount(
        _ request: CreditsAPI.MergeAccountRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.Balance {
        try await answer {
            let source = try RequestChecks.name(request.fromUserID, "from_user_id")
            let target = try RequestChecks.name(request.intoUserID, "into_user_id")
            return message(try await store.merge(source, into: target, origin(context)))
        }
    }

    // MARK: Holds

    package func hold(
        _ request: CreditsAPI.HoldRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.HoldReply {
        try await answer {
            let command = try await holdCommand(request)
            do {
                let receipt = try await store.openHold(command, origin(context))
                if !receipt.isReplay { metrics.holds.increment() }
                for other in receipt.expired { metrics.note(expired: other, logger) }
                return message(receipt)
            } catch LedgerError.insufficientCredits(let shortfall) {
                metrics.insufficient.increment()
                throw LedgerError.insufficientCredits(shortfall)
            }
        }
    }

    func holdCommand(_ request: CreditsAPI.HoldRequest) async throws -> HoldCommand {
        let quantity = try RequestChecks.quantity(request.quantity)
        let key = try RequestChecks.priceKey(
            catalogue: request.catalogue, operation: request.operation, model: request.model,
            parameters: request.parameters)
        let user = try RequestChecks.name(request.userID, "user_id")
        let terms = HoldTerms(
            job: try RequestChecks.name(request.job, "job"), operation: key.operation,
            model: key.model, quantity: quantity,
            session: try RequestChecks.optionalName(request.sessionID, "session_id"),
            catalogue: key.catalogue, parameters: key.parameters.text)
        let (limit, prices) = try await limit(of: request, key, user)
        let isListed = request.amountU4 == 0
        let amount =
            isListed
            ? try prices.amount(of: key, quantity: quantity)
            : try RequestChecks.amount(request.amountU4, "amount_u4")
        guard amount > .zero else {
            throw LedgerError.invalid(
                field: "operation", reason: "is free: there is nothing to hold")
        }
        let lifetimes = HoldLifetimes.standard(for: terms.operation)
        return HoldCommand(
            user: user, terms: terms, amount: amount,
            priceVersion: isListed ? prices.version : 0, limit: limit,
            ttlMs: try RequestChecks.lifetime(request.ttlMs, default: lifetimes.ttlMs, "ttl_ms"),
            hardMs: try RequestChecks.lifetime(
                request.hardMs, default: lifetimes.hardMs, "hard_ms"))
    }

    package func renewHold(
        _ request: CreditsAPI.RenewHoldRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.HoldReply {
        try await answer {
            let ttlMs = try RequestChecks.lifetime(
                request.ttlMs, default: Self.leaseMs, "ttl_ms")
            return message(
                try await store.renew(RequestChecks.hold(request.holdID), ttlMs: ttlMs))
        }
    }

    package func submitHold(
        _ request: CreditsAPI.SubmitHoldRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.HoldReply {
        try await answer {
            let ttlMs = try RequestChecks.lifetime(
                request.ttlMs, default: Self.leaseMs, "ttl_ms")
            let reference = try RequestChecks.note(
                request.providerReference, "provider_reference", max: 200)
            return message(
                try await store.submit(
                    RequestChecks.hold(request.holdID), reference: reference, ttlMs: ttlMs))
        }
    }

    /// The lease of a submitted hold when the caller names none: three renewals of 30 s.
    private static let leaseMs: Int64 = 90_000

    package func captureHold(
        _ request: CreditsAPI.CaptureHoldRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.HoldReply {
        try await answer {
            let receipt = try await store.capture(
                RequestChecks.hold(request.holdID),
                RequestChecks.amount(request.amountU4, "amount_u4"),
                asset: RequestChecks.optionalName(request.assetID, "asset_id", max: 200),
                origin(context))
            if !receipt.isReplay { metrics.captures.increment() }
            return message(receipt)
        }
    }

    package func releaseHold(
        _ request: CreditsAPI.ReleaseHoldRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.HoldReply {
        try await answer {
            let receipt = try await store.release(
                RequestChecks.hold(request.holdID),
                reason: RequestChecks.note(request.reason, "reason"), origin(context))
            if !receipt.isReplay { metrics.releases.increment() }
            return message(receipt)
        }
    }

    package func getHold(
        _ request: CreditsAPI.GetHoldRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.HoldReply {
        try await answer {
            message(try await store.hold(RequestChecks.hold(request.holdID)))
        }
    }

    package func listOverdueHolds(
        _ request: CreditsAPI.ListOverdueHoldsRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.ListHoldsReply {
        try await answer {
            let limit = try pageSize(request.limit, default: 100, max: 500)
            let holds = try await store.overdueHolds(limit: limit)
            return CreditsAPI.ListHoldsReply(holds: holds.map { message($0) })
        }
    }

    package func refund(
        _ request: CreditsAPI.RefundRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.Balance {
        try await answer {
            let balance = try await store.refund(
                RequestChecks.hold(request.holdID),
                RequestChecks.amount(request.amountU4, "amount_u4"),
                key: RequestChecks.name(request.key, "key", max: 200),
                reason: RequestChecks.note(request.reason, "reason"), origin(context))
            return message(balance)
        }
    }

    // MARK: Reading

    package func listHistory(
        _ request: CreditsAPI.ListHistoryRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.ListHistoryReply {
        try await answer {
            let page = try await store.history(
                of: RequestChecks.name(request.userID, "user_id"),
                before: Int64(clamping: request.before),
                limit: pageSize(request.limit, default: 50, max: 200),
                historyFilter(request))
            return CreditsAPI.ListHistoryReply(
                entries: page.rows.map { message($0) }, nextBefore: UInt64(page.nextBefore))
        }
    }

    private func historyFilter(
        _ request: CreditsAPI.ListHistoryRequest
    ) throws(LedgerError) -> HistoryFilter {
        var filter = HistoryFilter(
            session: try RequestChecks.optionalName(request.sessionID, "session_id"),
            operation: try RequestChecks.optionalName(request.operation, "operation", max: 64))
        for text in request.kinds {
            guard let kind = TransactionKind(rawValue: text) else {
                throw .invalid(field: "kinds", reason: "has no kind \(text.prefix(40))")
            }
            filter.kinds.insert(kind)
        }
        guard request.fromUs >= 0, request.untilUs >= 0 else {
            throw .invalid(field: "from_us", reason: "is before 1970")
        }
        if request.fromUs > 0 { filter.fromUs = request.fromUs }
        if request.untilUs > 0 { filter.untilUs = request.untilUs }
        return filter
    }

    package func getStatement(
        _ request: CreditsAPI.GetStatementRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.Statement {
        try await answer {
            let session = try RequestChecks.name(request.sessionID, "session_id")
            let lines = try await store.statement(
                of: session, user: RequestChecks.name(request.userID, "user_id"))
            guard !lines.isEmpty else { throw LedgerError.statementNotFound(session: session) }
            return CreditsAPI.Statement(
                sessionID: session,
                lines: lines.map {
                    CreditsAPI.StatementLine(
                        operation: $0.operation, model: $0.model,
                        holds: UInt32(clamping: $0.holds), chargedU4: $0.charged, heldU4: $0.held)
                },
                chargedU4: lines.reduce(0) { $0 + $1.charged },
                heldU4: lines.reduce(0) { $0 + $1.held },
                firstAtUs: lines.reduce(.max) { min($0, $1.firstAtUs) },
                lastAtUs: lines.reduce(0) { max($0, $1.lastAtUs) })
        }
    }

    package func verify(
        _ request: CreditsAPI.VerifyRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.VerifyReply {
        try await answer {
            let report = try await store.verify()
            if !report.isSound {
                logger.error(
                    "ledger.unsound", report.violations[0],
                    ["violations": LogValue(report.violations.count)])
            }
            return CreditsAPI.VerifyReply(
                isSound: report.isSound, transactions: UInt64(report.transactions),
                entries: UInt64(report.entries), violations: report.violations,
                head: Bytes(report.head))
        }
    }

    func pageSize(
        _ asked: UInt32, default standard: Int, max: Int
    ) throws(LedgerError) -> Int {
        guard asked <= max else { throw .invalid(field: "limit", reason: "is more than \(max)") }
        return asked == 0 ? standard : Int(asked)
    }
}
