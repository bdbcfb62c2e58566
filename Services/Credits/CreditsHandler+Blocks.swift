package import RPC
package import ServiceAPI

extension CreditsHandler {
    package func grant(
        _ request: CreditsAPI.GrantRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.GrantReply {
        try await answer {
            let origin = Origin(
                actor: try RequestChecks.name(request.actor, "actor"),
                request: self.origin(context).request)
            let outcome = try await store.grant(grantCommand(request), origin)
            return CreditsAPI.GrantReply(
                isDuplicate: outcome.isDuplicate, balance: message(outcome.balance),
                isScheduled: outcome.isScheduled)
        }
    }

    private func grantCommand(
        _ request: CreditsAPI.GrantRequest
    ) throws(LedgerError) -> GrantCommand {
        guard let category = GrantCategory(rawValue: request.category) else {
            throw .invalid(field: "category", reason: "is not paid, promo or plan")
        }
        let source = try RequestChecks.name(request.source, "source", max: 200)
        guard !source.hasPrefix("starter:") else {
            throw .invalid(field: "source", reason: "may not begin with starter:")
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
            category: category, reason: try RequestChecks.note(request.reason, "reason"),
            terms: BlockTerms(
                priority: request.priority == 0
                    ? category.standardPriority : Int64(request.priority),
                expiresAtUs: request.expiresAtUs == 0 ? GrantBlock.never : request.expiresAtUs),
            effectiveAtUs: request.effectiveAtUs)
    }

    package func voidGrant(
        _ request: CreditsAPI.VoidGrantRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.Balance {
        try await answer {
            let origin = Origin(
                actor: try RequestChecks.name(request.actor, "actor"),
                request: self.origin(context).request)
            let reason = try RequestChecks.note(request.reason, "reason")
            guard !reason.isEmpty else {
                throw LedgerError.invalid(field: "reason", reason: "is missing")
            }
            return message(
                try await store.voidGrant(
                    RequestChecks.name(request.source, "source", max: 200), reason: reason,
                    origin))
        }
    }

    package func listBlocks(
        _ request: CreditsAPI.ListBlocksRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.ListBlocksReply {
        try await answer {
            let blocks = try await store.blocks(
                of: RequestChecks.name(request.userID, "user_id"),
                limit: pageSize(request.limit, default: 100, max: 200))
            return CreditsAPI.ListBlocksReply(blocks: blocks.map { message($0) })
        }
    }

    private func message(_ block: GrantBlock) -> CreditsAPI.Block {
        CreditsAPI.Block(
            source: block.source, category: block.category, priority: UInt32(block.priority),
            amountU4: block.amount.tenThousandths, remainingU4: block.remaining.tenThousandths,
            heldU4: block.held.tenThousandths, consumedU4: block.consumed.tenThousandths,
            expiredU4: block.expired.tenThousandths, removedU4: block.removed.tenThousandths,
            expiresAtUs: block.expiresAtUs == GrantBlock.never ? 0 : block.expiresAtUs,
            isVoid: block.isVoid)
    }
}
