internal import RPC
internal import ServiceAPI
internal import ServiceRuntime
internal import Storage

extension CreditsHandler {
    /// Runs the body of a call and says its failure as the caller may hear it.
    func answer<Value>(_ body: () async throws -> Value) async throws(RPCError) -> Value {
        do {
            return try await body()
        } catch let error as LedgerError {
            if case .unsound(let detail) = error { logger.error("ledger.unsound", detail) }
            throw RPCError(error)
        } catch let error as StorageError {
            logger.error("store.failed", error.description)
            throw RPCError(error)
        } catch let error as RPCError {
            throw error
        } catch {
            logger.error("call.failed", "\(error)")
            throw RPCError(.internal, "INTERNAL", "The call failed.")
        }
    }

    /// Who asks, for the record.
    func origin(_ context: CallContext) -> Origin {
        Origin(
            actor: context.caller.isEmpty ? "unknown" : String(context.caller.prefix(64)),
            request: String((context.metadata.requestID ?? "").prefix(128)))
    }

    func message(_ balance: BalanceView) -> CreditsAPI.Balance {
        let threshold = lowThreshold(balance)
        return CreditsAPI.Balance(
            userID: balance.user, balanceU4: balance.posted.tenThousandths,
            heldU4: balance.held.tenThousandths, availableU4: balance.available.tenThousandths,
            isLow: balance.available < threshold, lowThresholdU4: threshold.tenThousandths,
            sequence: UInt64(balance.sequence))
    }

    /// Strictly below it the user's balance is low.
    func lowThreshold(_ balance: BalanceView) -> CreditAmount {
        balance.lowThreshold ?? CreditAmount(credits: Int64(configuration.lowThreshold))
    }

    func message(_ receipt: HoldReceipt) -> CreditsAPI.HoldReply {
        var reply = message(receipt.hold)
        reply.balance = message(BalanceView(user: receipt.user, balance: receipt.balance))
        reply.budgetReached = UInt32(receipt.budgetReached)
        return reply
    }

    func message(_ hold: Hold) -> CreditsAPI.HoldReply {
        CreditsAPI.HoldReply(
            holdID: hold.id.text, userID: hold.user, job: hold.terms.job,
            operation: hold.terms.operation, state: hold.state.message,
            amountU4: hold.amount.tenThousandths, capturedU4: hold.captured.tenThousandths,
            priceVersion: UInt32(hold.priceVersion), createdAtUs: hold.createdAtUs,
            expiresAtUs: hold.expiresAtUs, resolvedAtUs: hold.resolvedAtUs ?? 0,
            quoteID: hold.quote?.id.text ?? "")
    }

    func message(_ row: HistoryRow) -> CreditsAPI.HistoryEntry {
        CreditsAPI.HistoryEntry(
            sequence: UInt64(row.sequence), kind: row.kind.rawValue,
            amountU4: row.posted.tenThousandths, heldU4: row.held.tenThousandths,
            balanceAfterU4: row.postedAfter.tenThousandths,
            operation: row.hold?.terms.operation ?? "", job: row.hold?.terms.job ?? "",
            holdID: row.hold?.id.text ?? "", sessionID: row.hold?.terms.session ?? "",
            assetID: row.asset, note: row.note, atUs: row.atUs, requestID: row.request,
            model: row.hold?.terms.model ?? "", catalogue: row.hold?.terms.catalogue ?? "",
            parameters: row.hold?.terms.parameters ?? "",
            quoteID: row.hold?.quote?.text ?? "")
    }
}

extension HoldState {
    fileprivate var message: CreditsAPI.HoldState {
        switch self {
        case .reserved: .reserved
        case .submitted: .submitted
        case .captured: .captured
        case .released: .released
        case .expired: .expired
        }
    }
}
