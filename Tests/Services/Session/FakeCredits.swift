import RPC
import ServiceAPI
import ServiceRuntime

/// A ledger in memory: holds that close once, priced by a small table.
final class FakeCredits: CreditsAPI.Handler {
    struct State {
        var balance: Int64 = 100_0000
        var holds: [String: CreditsAPI.HoldReply] = [:]
        var order: [String] = []
        var captures = 0
        var sessionOfHold: [String: String] = [:]
        /// Quotes that holds were asked for with, in order.
        var quotes: [String] = []
    }

    let state = Lock(State())
    let trip: Tripwire
    static let credit: Int64 = 10_000
    static let prices: [(String, String, Int64)] = [
        ("image.preview", "", 1), ("image.regenerate", "", 1), ("depth", "", 1),
        ("video.preview", "", 5), ("video.draft", "", 5), ("video.final", "local-parallax", 5),
        ("video.final", "veo-3", 30), ("image", "local", 1), ("storyboard", "", 4),
    ]

    init(trip: Tripwire) { self.trip = trip }

    /// What was taken so far, in whole credits.
    var charged: Int64 {
        state.withLock { $0.holds.values.reduce(0) { $0 + $1.capturedU4 } } / Self.credit
    }

    var openHolds: [CreditsAPI.HoldReply] {
        state.withLock {
            $0.holds.values.filter { $0.state == .reserved || $0.state == .submitted }
        }
    }

    func setBalance(credits: Int64) { state.withLock { $0.balance = credits * Self.credit } }

    private func balance(_ state: State, _ userID: String) -> CreditsAPI.Balance {
        let open = state.holds.values.filter { $0.state == .reserved || $0.state == .submitted }
        let held = open.reduce(0) { $0 + $1.amountU4 }
        return CreditsAPI.Balance(
            userID: userID, balanceU4: state.balance, heldU4: held,
            availableU4: state.balance - held)
    }

    func hold(
        _ request: CreditsAPI.HoldRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.HoldReply {
        try await trip.around("credits.hold") { () throws(RPCError) in
            let amount = try Self.amount(request)
            let id = "hold/\(request.job)/\(request.operation)"
            let reply = state.withLock { state -> CreditsAPI.HoldReply? in
                if let hold = state.holds[id] { return hold }
                guard balance(state, request.userID).availableU4 >= amount else { return nil }
                let hold = CreditsAPI.HoldReply(
                    holdID: id, userID: request.userID, job: request.job,
                    operation: request.operation, state: .reserved, amountU4: amount)
                state.holds[id] = hold
                state.order.append(id)
                state.sessionOfHold[id] = request.sessionID
                state.quotes.append(request.quoteID)
                return hold
            }
            guard let reply else {
                throw RPCError(
                    .failedPrecondition, "INSUFFICIENT_CREDITS", "Not enough.",
                    details: ["operation": request.operation])
            }
            return reply
        }
    }

    private static func amount(_ request: CreditsAPI.HoldRequest) throws(RPCError) -> Int64 {
        let price = prices.first { $0.0 == request.operation && $0.1 == request.model }
        guard let price else {
            throw RPCError(.invalidArgument, "UNKNOWN_PRICE", "No price.")
        }
        let amount = price.2 * credit * Int64(max(1, request.quantity))
        guard request.maxAmountU4 == 0 || amount <= request.maxAmountU4 else {
            throw RPCError(.failedPrecondition, "PRICE_EXCEEDED", "It costs more.")
        }
        return amount
    }

    func validateHold(
        _ request: CreditsAPI.HoldRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.ValidateReply {
        let amount = try Self.amount(request)
        let now = state.withLock { balance($0, request.userID) }
        guard now.availableU4 >= amount else {
            throw RPCError(.failedPrecondition, "INSUFFICIENT_CREDITS", "Not enough.")
        }
        return CreditsAPI.ValidateReply(
            amountU4: amount, priceVersion: 1, balance: now,
            balanceAfterU4: now.availableU4 - amount)
    }

    /// Moves an open hold on; a closed one is refused unless it is already as asked.
    private func move(
        _ id: String, to target: CreditsAPI.HoldState, captured: Int64 = 0
    ) throws(RPCError) -> CreditsAPI.HoldReply {
        let (hold, isRefused) = state.withLock {
            state -> (CreditsAPI.HoldReply?, Bool) in
            guard var hold = state.holds[id] else { return (nil, false) }
            guard hold.state == .reserved || hold.state == .submitted else {
                return (hold, hold.state != target || hold.capturedU4 != captured)
            }
            hold.state = target
            hold.capturedU4 = captured
            state.balance -= captured
            state.holds[id] = hold
            if target == .captured { state.captures += 1 }
            return (hold, false)
        }
        guard let hold else { throw RPCError(.notFound, "HOLD_NOT_FOUND", "No hold.") }
        if isRefused { throw RPCError(.failedPrecondition, "HOLD_RESOLVED", "It is over.") }
        return hold
    }

    func renewHold(
        _ request: CreditsAPI.RenewHoldRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.HoldReply {
        try move(request.holdID, to: .submitted)
    }

    func submitHold(
        _ request: CreditsAPI.SubmitHoldRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.HoldReply {
        try await trip.around("credits.submit") { () throws(RPCError) in
            try move(request.holdID, to: .submitted)
        }
    }

    func captureHold(
        _ request: CreditsAPI.CaptureHoldRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.HoldReply {
        try await trip.around("credits.capture") { () throws(RPCError) in
            try move(request.holdID, to: .captured, captured: request.amountU4)
        }
    }

    func releaseHold(
        _ request: CreditsAPI.ReleaseHoldRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.HoldReply {
        try await trip.around("credits.release") { () throws(RPCError) in
            try move(request.holdID, to: .released)
        }
    }

    func getHold(
        _ request: CreditsAPI.GetHoldRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.HoldReply {
        try await trip.around("credits.get") { () throws(RPCError) in
            guard let hold = state.withLock({ $0.holds[request.holdID] }) else {
                throw RPCError(.notFound, "HOLD_NOT_FOUND", "No hold.")
            }
            return hold
        }
    }

    func listOverdueHolds(
        _ request: CreditsAPI.ListOverdueHoldsRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.ListHoldsReply {
        CreditsAPI.ListHoldsReply(holds: openHolds.filter { $0.state == .submitted })
    }

    func listPrices(
        _ request: CreditsAPI.ListPricesRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.ListPricesReply {
        CreditsAPI.ListPricesReply(
            version: 1,
            prices: Self.prices.map {
                CreditsAPI.Price(operation: $0.0, model: $0.1, amountU4: $0.2 * Self.credit)
            })
    }

    func openAccount(
        _ request: CreditsAPI.OpenAccountRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.Balance {
        state.withLock { balance($0, request.userID) }
    }

    func getBalance(
        _ request: CreditsAPI.GetBalanceRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.Balance {
        state.withLock { balance($0, request.userID) }
    }

    // MARK: Not needed by sessions

    func quote(
        _ request: CreditsAPI.QuoteRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.QuoteReply { throw .notHere }
    func listBlocks(
        _ request: CreditsAPI.ListBlocksRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.ListBlocksReply { throw .notHere }
    func setBudget(
        _ request: CreditsAPI.SetBudgetRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.Budget { throw .notHere }
    func getBudget(
        _ request: CreditsAPI.GetBudgetRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.Budget { throw .notHere }
    func listPacks(
        _ request: CreditsAPI.ListPacksRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.ListPacksReply { throw .notHere }
    func refund(
        _ request: CreditsAPI.RefundRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.Balance { throw .notHere }
    func setLowThreshold(
        _ request: CreditsAPI.SetLowThresholdRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.Balance { throw .notHere }
    func getStatement(
        _ request: CreditsAPI.GetStatementRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.Statement { throw .notHere }
    func mergeAccount(
        _ request: CreditsAPI.MergeAccountRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.Balance { throw .notHere }
    func listHistory(
        _ request: CreditsAPI.ListHistoryRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.ListHistoryReply { throw .notHere }
    func watchBalance(
        _ request: CreditsAPI.WatchBalanceRequest,
        _ writer: ResponseWriter<CreditsAPI.BalanceEvent>, _ context: CallContext
    ) async throws(RPCError) { throw .notHere }
    func verify(
        _ request: CreditsAPI.VerifyRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.VerifyReply { throw .notHere }
    func explain(
        _ request: CreditsAPI.ExplainRequest, _ writer: ResponseWriter<CreditsAPI.ExplainLine>,
        _ context: CallContext
    ) async throws(RPCError) { throw .notHere }
}

extension RPCError {
    static let notHere = RPCError(.unimplemented, "NOT_HERE", "A session never asks for this.")
}
