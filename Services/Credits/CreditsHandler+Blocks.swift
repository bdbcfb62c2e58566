package import RPC
package import ServiceAPI

extension CreditsHandler {
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
