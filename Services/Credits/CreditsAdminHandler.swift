package import RPC
package import ServiceAPI

/// Serves `credits_admin.v1.CreditsAdmin` to the callers that the configuration names. What each call
/// does is written in `proto/credits_admin.proto`.
package struct CreditsAdminHandler: CreditsAdminAPI.Handler {
    /// Checks, store and messages are those of the other service.
    let credits: CreditsHandler

    private var store: CreditsStore { credits.store }

    /// Runs the body for a caller that may.
    private func answer<Value>(
        _ context: CallContext, _ body: () async throws -> Value
    ) async throws(RPCError) -> Value {
        guard credits.configuration.adminCallers.contains(context.caller) else {
            throw RPCError(
                .permissionDenied, "PERMISSION_DENIED",
                "CREDITS_ADMIN_CALLERS does not name \"\(context.caller.prefix(64))\".")
        }
        return try await credits.answer(body)
    }

    private func origin(_ actor: String, _ context: CallContext) throws(LedgerError) -> Origin {
        Origin(
            actor: try RequestChecks.name(actor, "actor"),
            request: credits.origin(context).request)
    }

    private func reason(_ text: String) throws(LedgerError) -> String {
        let reason = try RequestChecks.note(text, "reason")
        guard !reason.isEmpty else { throw .invalid(field: "reason", reason: "is missing") }
        return reason
    }

    // MARK: Grants

    package func grant(
        _ request: CreditsAdminAPI.GrantRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAdminAPI.GrantReply {
        try await answer(context) {
            let outcome = try await store.grant(
                grantCommand(request), origin(request.actor, context))
            return CreditsAdminAPI.GrantReply(
                isDuplicate: outcome.isDuplicate, isScheduled: outcome.isScheduled,
                account: message(outcome.balance))
        }
    }

    private func grantCommand(
        _ request: CreditsAdminAPI.GrantRequest
    ) throws(LedgerError) -> GrantCommand {
        guard let category = GrantCategory(rawValue: request.category) else {
            throw .invalid(field: "category", reason: "is not paid, promo or plan")
        }
        let source = try RequestChecks.name(request.source, "source", max: 200)
        for taken in ["starter:", "payment:"] where source.hasPrefix(taken) {
            throw .invalid(field: "source", reason: "may not begin with \(taken)")
        }
        guard request.priority <= 1_000 else {
            throw .invalid(field: "priority", reason: "is more than 1000")
        }
        let start = max(store.now.nowUs, request.effectiveAtUs)
        guard request.effectiveAtUs >= 0 else {
            throw .invalid(field: "effective_at_us", reason: "is before 1970")
        }
        guard request.expiresAtUs == 0 || request.expiresAtUs > start else {
            throw .invalid(field: "expires_at_us", reason: "is over before it begins")
        }
        return GrantCommand(
            user: try RequestChecks.name(request.userID, "user_id"),
            amount: try RequestChecks.amount(request.amountU4, "amount_u4"), source: source,
            category: category, reason: try reason(request.reason),
            terms: BlockTerms(
                priority: request.priority == 0
                    ? category.standardPriority : Int64(request.priority),
                expiresAtUs: request.expiresAtUs == 0 ? GrantBlock.never : request.expiresAtUs),
            effectiveAtUs: request.effectiveAtUs)
    }

    package func voidGrant(
        _ request: CreditsAdminAPI.VoidGrantRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAdminAPI.AccountReply {
        try await answer(context) {
            message(
                try await store.voidGrant(
                    RequestChecks.name(request.source, "source", max: 200),
                    reason: reason(request.reason), origin(request.actor, context)))
        }
    }

    private func message(_ balance: BalanceView) -> CreditsAdminAPI.AccountReply {
        CreditsAdminAPI.AccountReply(
            userID: balance.user, balanceU4: balance.posted.tenThousandths,
            availableU4: balance.available.tenThousandths)
    }

    // MARK: Corrections

    package func proposeCorrection(
        _ request: CreditsAdminAPI.ProposeCorrectionRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAdminAPI.Correction {
        try await answer(context) {
            let amount = CreditAmount(tenThousandths: request.amountU4)
            guard amount != .zero, amount <= .max, amount >= CreditAmount.max.negated else {
                throw LedgerError.invalid(
                    field: "amount_u4", reason: "must be more or less than 0, up to the largest")
            }
            return message(
                try await store.propose(
                    amount, for: RequestChecks.name(request.userID, "user_id"),
                    key: RequestChecks.name(request.key, "key", max: 200),
                    reason: reason(request.reason), origin(request.actor, context)))
        }
    }

    package func approveCorrection(
        _ request: CreditsAdminAPI.DecideCorrectionRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAdminAPI.Correction {
        try await answer(context) {
            message(
                try await store.approve(
                    correctionID(request.correctionID), origin(request.actor, context)))
        }
    }

    package func rejectCorrection(
        _ request: CreditsAdminAPI.DecideCorrectionRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAdminAPI.Correction {
        try await answer(context) {
            message(
                try await store.reject(
                    correctionID(request.correctionID), origin(request.actor, context)))
        }
    }

    package func listCorrections(
        _ request: CreditsAdminAPI.ListCorrectionsRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAdminAPI.ListCorrectionsReply {
        try await answer(context) {
            let state = Correction.State(rawValue: request.state)
            guard state != nil || request.state.isEmpty else {
                throw LedgerError.invalid(
                    field: "state", reason: "is not proposed, applied or rejected")
            }
            let corrections = try await store.corrections(
                in: state, limit: credits.pageSize(request.limit, default: 50, max: 200))
            return CreditsAdminAPI.ListCorrectionsReply(corrections: corrections.map(message))
        }
    }

    private func correctionID(_ text: String) throws(LedgerError) -> Int64 {
        guard text.hasPrefix(Correction.prefix),
            let number = Int64(text.dropFirst(Correction.prefix.count)), number > 0
        else { throw .correctionNotFound(id: String(text.prefix(40))) }
        return number
    }

    private func message(_ correction: Correction) -> CreditsAdminAPI.Correction {
        CreditsAdminAPI.Correction(
            id: correction.idText, userID: correction.user,
            amountU4: correction.amount.tenThousandths, key: correction.key,
            reason: correction.reason, state: correction.state.rawValue,
            proposedBy: correction.proposedBy, proposedAtUs: correction.proposedAtUs,
            decidedBy: correction.decidedBy ?? "", decidedAtUs: correction.decidedAtUs ?? 0,
            sequence: UInt64(correction.transaction ?? 0))
    }
}
