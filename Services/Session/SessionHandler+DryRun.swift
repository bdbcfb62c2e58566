internal import RPC
internal import ServiceAPI
internal import Wire

/// A request that may spend credits.
protocol SpendingRequest: WireMessage {
    var userID: String { get }
    /// Absent for the prices in force and no limit.
    var spending: SessionAPI.Spending? { get }
}

/// A command on a session.
protocol SessionCommand: SpendingRequest {
    var sessionID: String { get }
    /// The version of the session that the caller saw; 0 = any.
    var version: UInt64 { get }
}

extension SessionAPI.StartRequest: SpendingRequest {}
extension SessionAPI.StartGenerationRequest: SpendingRequest {}
extension SessionAPI.SelectRequest: SessionCommand {}
extension SessionAPI.RegenerateRequest: SessionCommand {}
extension SessionAPI.RetryRequest: SessionCommand {}
extension SessionAPI.NavigateRequest: SessionCommand {}
extension SessionAPI.JumpRequest: SessionCommand {}
extension SessionAPI.EditIntentRequest: SessionCommand {}
extension SessionAPI.SelectCameraMotionRequest: SessionCommand {}
extension SessionAPI.SubjectMotionRequest: SessionCommand {}

extension SpendingRequest {
    /// Everything is to be checked and nothing is to happen.
    var isDryRun: Bool { spending?.isDryRun ?? false }
}

extension SessionHandler {
    /// What a command would have made and what is there already.
    struct FreeWork: Sendable {
        /// Nil when the command makes nothing, or not only what is there.
        var price: PriceID?
        var quantity = 0
        /// Options of the command's dimension whose choice makes nothing new.
        var options: [SessionAPI.Option] = []
    }

    /// What of a command is free because it was made before.
    func freeWork(
        _ command: Command?, _ considered: Operation, _ machine: SessionMachine, _ nowUs: Int64
    ) async throws -> FreeWork {
        let isFree = considered.work == .navigation
        switch command {
        case .select(let dimension, _):
            guard let next = dimension.next,
                let session = try await journal.session(considered.sessionID)
            else { return FreeWork() }
            let options = (machine.rules.options[dimension] ?? []).filter { option in
                let decision = try? machine.select(dimension, option.id, in: session, nowUs)
                if case .write = decision { return true }
                return false
            }
            return FreeWork(
                price: isFree ? .picture : nil, quantity: machine.optionIDs(of: next).count,
                options: options.map { SessionAPI.Option(id: $0.id, label: $0.label) })
        case .editIntent:
            return FreeWork(
                price: isFree ? .picture : nil,
                quantity: machine.optionIDs(of: .direction).count)
        case .cameraMotion: return FreeWork(price: isFree ? .depth : nil, quantity: 1)
        case .subjectMotion: return FreeWork(price: isFree ? .clip : nil, quantity: 1)
        default: return FreeWork()
        }
    }

    /// What a command would be charged, with every refusal that the command itself would get.
    func dryRun(
        of operation: Operation, _ context: CallContext, free: FreeWork = FreeWork(),
        spending: SessionAPI.Spending? = nil
    ) async throws -> SessionAPI.Operation {
        var answer = SessionAPI.Operation(operation)
        answer.id = ""
        answer.state = .succeeded
        if operation.kind == .start { answer.sessionID = "" }
        let options = context.options(.seconds(2))
        let hold = CreditsAPI.HoldRequest(operation)
        if operation.work == .navigation {
            let balance = try await peers.balance(of: operation.userID, options)
            answer.dryRun = SessionAPI.DryRun(
                operation: free.price?.operation ?? "", model: free.price?.model ?? "",
                quantity: UInt32(free.price == nil ? 0 : free.quantity),
                availableU4: balance.availableU4, balanceAfterU4: balance.availableU4,
                isCached: free.price != nil)
        } else if spending?.skipsBalance == true {
            answer.dryRun = SessionAPI.DryRun(
                operation: hold.operation, model: hold.model, quantity: hold.quantity)
        } else {
            let reply = try await peers.validate(hold, options)
            answer.estimatedU4 = reply.amountU4
            answer.dryRun = SessionAPI.DryRun(
                operation: hold.operation, model: hold.model, quantity: hold.quantity,
                amountU4: reply.amountU4, availableU4: reply.balance?.availableU4 ?? 0,
                balanceAfterU4: reply.balanceAfterU4, priceVersion: reply.priceVersion)
        }
        answer.dryRun?.cachedOptions = free.options
        return answer
    }
}
