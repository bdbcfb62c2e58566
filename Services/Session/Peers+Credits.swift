internal import RPC
internal import ServiceAPI

/// Calls that open the account of a user whom credits does not know yet.
extension Peers {
    func hold(
        _ request: CreditsAPI.HoldRequest, _ options: CallOptions
    ) async throws(RPCError) -> CreditsAPI.HoldReply {
        do throws(RPCError) {
            return try await credits.hold(request, options)
        } catch {
            try await open(request.userID, after: error, options)
            return try await credits.hold(request, options)
        }
    }

    func validate(
        _ request: CreditsAPI.HoldRequest, _ options: CallOptions
    ) async throws(RPCError) -> CreditsAPI.ValidateReply {
        do throws(RPCError) {
            return try await credits.validateHold(request, options)
        } catch {
            try await open(request.userID, after: error, options)
            return try await credits.validateHold(request, options)
        }
    }

    func balance(
        of userID: String, _ options: CallOptions
    ) async throws(RPCError) -> CreditsAPI.Balance {
        // Opening twice changes nothing.
        try await credits.openAccount(CreditsAPI.OpenAccountRequest(userID: userID), options)
    }

    private func open(
        _ userID: String, after error: RPCError, _ options: CallOptions
    ) async throws(RPCError) {
        guard error.domainCode == "ACCOUNT_NOT_FOUND" else { throw error }
        _ = try await credits.openAccount(
            CreditsAPI.OpenAccountRequest(userID: userID), options)
    }
}

extension CreditsAPI.HoldRequest {
    /// What an operation sets aside: named by it, so that a repeat is the same hold.
    init(_ operation: Operation) {
        let price = PriceID(operation.work)
        self.init(
            userID: operation.userID, job: operation.id, operation: price.operation,
            quantity: UInt32(operation.work.quantity), model: price.model,
            sessionID: operation.sessionID, quoteID: operation.terms.quoteID,
            maxAmountU4: operation.terms.maxAmountU4)
    }
}
