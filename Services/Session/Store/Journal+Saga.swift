internal import ServiceAPI
internal import ServiceRuntime
internal import Storage

/// How far an operation came, written before the next step is taken.
extension Journal {
    /// Writes an operation after an event. A finished picture is told to its user in the same
    /// transaction.
    func record(_ operation: Operation, ended slot: Slot? = nil) async throws {
        try await database.write { transaction in
            try OperationRows.update(operation, transaction)
            if let slot, case .pictures = operation.work {
                let event = SessionAPI.Event(
                    kind: "picture",
                    picture: SessionAPI.Picture(slot, dimension: operation.dimension),
                    sessionID: operation.sessionID, atUs: time.now.microseconds,
                    operationID: operation.id)
                try EventRows.append(event, to: operation.userID, transaction)
            }
        }
        ring(operation)
    }

    /// Makes the session of a start.
    /// - Throws: `SessionError.activeSessionExists` when another start was first; nothing is written.
    func open(_ operation: Operation, _ session: Session) async throws {
        do {
            try await database.write { transaction in
                if try SessionRows.session(session.id, transaction) == nil {
                    try SessionRows.insert(session, transaction)
                }
                try OperationRows.update(operation, transaction)
            }
        } catch StorageError.constraint(.unique, _) {
            let active = try await activeSession(of: operation.userID)
            throw SessionError.activeSessionExists(sessionID: active?.id ?? "")
        }
        ring(operation)
    }

    /// Writes what an operation came to together with its session.
    ///
    /// - Parameter conclude: Decides on the session as it is now and on the newest cancellation.
    /// - Returns: The operation, ready to be settled.
    func conclude(
        _ operation: Operation, _ conclude: @escaping @Sendable (Operation, Session?) -> Conclusion
    ) async throws -> Operation {
        let concluded = try await database.write { transaction in
            var operation = operation
            if let stored = try OperationRows.operation(operation.id, transaction) {
                operation.cancellation = stored.cancellation
            }
            let session =
                operation.isExclusive
                ? try SessionRows.session(operation.sessionID, transaction) : nil
            let conclusion = conclude(operation, session)
            operation.handle(.applied(conclusion))
            if let session = conclusion.session { try write(session, transaction) }
            try insert(conclusion.creations, transaction)
            try OperationRows.update(operation, transaction)
            return operation
        }
        ring(concluded)
        return concluded
    }

    /// Ends an operation. A session that counted more than was charged in the end is put right.
    func finish(_ operation: Operation, chargedBefore: Int64) async throws {
        try await database.write { transaction in
            try OperationRows.update(operation, transaction)
            let difference = operation.captureU4 - chargedBefore
            if difference != 0, operation.isExclusive,
                var session = try SessionRows.session(operation.sessionID, transaction)
            {
                session.chargedU4 += difference
                session.version += 1
                try write(session, transaction)
            }
            if case .generation(let plan) = operation.work {
                try finish(plan.generationID, operation, transaction)
            }
            try append(operation, transaction)
        }
        ring(operation)
    }

    private func finish(
        _ generationID: String, _ operation: Operation, _ transaction: borrowing Transaction
    ) throws {
        guard var generation = try GenerationRows.generation(generationID, transaction) else {
            return
        }
        switch operation.state {
        case .running: return
        case .succeeded:
            generation.state = .completed
            generation.progress = 1
        case .failed: generation.state = .failed
        case .cancelled: generation.state = .cancelled
        }
        generation.assetIDs = operation.deliveredAssets
        generation.provider = operation.delivered?.provider ?? ""
        generation.contentType = operation.delivered?.contentType ?? ""
        generation.failure = operation.state == .failed ? operation.failure : nil
        generation.chargedU4 = operation.captureU4
        generation.finishedAtUs = operation.finishedAtUs
        generation.position = 0
        try GenerationRows.update(generation, transaction)
        try CreationRows.finish(generation, transaction)
        try ReferenceRows.note("generation/\(generation.id)", transaction)
        try append(generation, transaction)
    }

    /// Notes how far the job of a generation is.
    func record(_ generation: Generation) async throws {
        try await database.write { transaction in
            try GenerationRows.update(generation, transaction)
            try append(generation, transaction)
        }
        bell.ring(Self.topic(user: generation.userID))
    }

    private func append(_ generation: Generation, _ transaction: borrowing Transaction) throws {
        let event = SessionAPI.Event(
            kind: "generation", sessionID: generation.sessionID,
            generation: SessionAPI.Generation(generation), atUs: time.now.microseconds,
            operationID: generation.operationID)
        try EventRows.append(event, to: generation.userID, transaction)
    }
}
