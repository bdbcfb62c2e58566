internal import ServiceAPI

extension SessionAPI.OperationState {
    init(_ state: Operation.State) {
        switch state {
        case .running: self = .running
        case .succeeded: self = .succeeded
        case .failed: self = .failed
        case .cancelled: self = .cancelled
        }
    }
}

extension SessionAPI.Operation {
    /// An operation without its session.
    init(_ operation: Operation) {
        let hasEnded = operation.state != .running
        self.init(
            id: operation.id, userID: operation.userID, sessionID: operation.sessionID,
            kind: operation.kind.rawValue, state: SessionAPI.OperationState(operation.state),
            error: hasEnded ? operation.failure.map(SessionAPI.Problem.init) : nil,
            dimension: operation.dimension?.rawValue ?? "",
            creditsConsumedU4: hasEnded ? operation.captureU4 : 0,
            estimatedU4: operation.heldU4, createdAtUs: operation.createdAtUs,
            finishedAtUs: operation.finishedAtUs, done: UInt32(operation.done),
            total: UInt32(operation.slots.count))
    }
}

extension SessionAPI.Generation {
    init(_ generation: Generation) {
        self.init(
            id: generation.id, userID: generation.userID, kind: generation.kind.rawValue,
            sessionID: generation.sessionID, prompt: generation.prompt, model: generation.model,
            aspectRatio: generation.aspectRatio, state: generation.state.rawValue,
            progress: generation.progress, assetID: generation.assetIDs.first ?? "",
            contentType: generation.contentType,
            error: generation.failure.map(SessionAPI.Problem.init),
            creditsConsumedU4: generation.chargedU4, createdAtUs: generation.createdAtUs,
            finishedAtUs: generation.finishedAtUs, metadataJson: generation.metadataJSON,
            operationID: generation.operationID, provider: generation.provider,
            position: generation.position, assetIDs: generation.assetIDs)
    }
}
