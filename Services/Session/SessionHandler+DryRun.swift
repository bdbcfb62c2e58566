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
    /// What a command would be charged, with every refusal that the command itself would get.
    func dryRun(of operation: Operation, _ context: CallContext) async throws
        -> SessionAPI.Operation
    {
        var answer = SessionAPI.Operation(operation)
        answer.id = ""
        answer.state = .succeeded
        if operation.kind == .start { answer.sessionID = "" }
        let options = context.options(.seconds(2))
        if operation.work == .navigation {
            let balance = try await peers.balance(of: operation.userID, options)
            answer.dryRun = SessionAPI.DryRun(
                availableU4: balance.availableU4, balanceAfterU4: balance.availableU4)
        } else {
            let hold = CreditsAPI.HoldRequest(operation)
            let reply = try await peers.validate(hold, options)
            answer.estimatedU4 = reply.amountU4
            answer.dryRun = SessionAPI.DryRun(
                operation: hold.operation, model: hold.model, quantity: hold.quantity,
                amountU4: reply.amountU4, availableU4: reply.balance?.availableU4 ?? 0,
                balanceAfterU4: reply.balanceAfterU4, priceVersion: reply.priceVersion)
        }
        return answer
    }
}
