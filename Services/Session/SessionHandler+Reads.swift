package import RPC
package import ServiceAPI
internal import ServiceRuntime

/// Reading, waiting and watching.
extension SessionHandler {
    package func getSession(
        _ request: SessionAPI.GetSessionRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.ConvergenceSession {
        try await answering {
            let session = try await owned(request.sessionID, by: request.userID)
            return try await view(session)
        }
    }

    package func getActiveSession(
        _ request: SessionAPI.GetActiveSessionRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.ActiveSession {
        try await answering {
            try check(userID: request.userID)
            let machine = try await catalogue.library().machine
            guard let session = try await journal.activeSession(of: request.userID),
                !machine.isExpired(session, nowUs: time.now.microseconds)
            else { return SessionAPI.ActiveSession() }
            return SessionAPI.ActiveSession(session: try await view(session))
        }
    }

    package func listSessions(
        _ request: SessionAPI.ListSessionsRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.ListSessionsReply {
        try await answering {
            try check(userID: request.userID)
            let limit = min(max(1, request.limit == 0 ? 10 : Int(request.limit)), 100)
            let sessions = try await journal.sessions(
                of: request.userID, before: try cursor(request.cursor), limit: limit)
            var views: [SessionAPI.ConvergenceSession] = []
            for session in sessions {
                var view = try await view(session)
                // Of a hundred sessions they would not fit into one message.
                for index in view.cameraPaths.indices { view.cameraPaths[index].keyFrames = [] }
                views.append(view)
            }
            let next = sessions.count == limit ? sessions.last : nil
            return SessionAPI.ListSessionsReply(
                sessions: views,
                nextCursor: next.map { "\($0.createdAtUs).\($0.id)" } ?? "")
        }
    }

    package func getMotionPreview(
        _ request: SessionAPI.GetMotionPreviewRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.MotionPreview {
        try await answering {
            let session = try await owned(request.sessionID, by: request.userID)
            let library = try await catalogue.library()
            guard let motion = library.motion(request.cameraMotionID) else {
                throw SessionError.invalid(
                    field: "cameraMotionId",
                    reason: "there is no camera move \(request.cameraMotionID)")
            }
            guard session.camera.isOffered, let source = session.chosenAssetID else {
                throw SessionError.stepConflict(
                    sessionID: session.id, step: session.step,
                    reason: "the camera moves have not been asked for yet")
            }
            let format = request.format.isEmpty ? "mp4" : request.format
            let asset = try await peers.media.ensureMove(
                MediaAPI.EnsureMoveRequest(
                    assetID: source, userID: request.userID, path: MediaAPI.CameraPath(motion),
                    format: format),
                context.options(.seconds(60)))
            return SessionAPI.MotionPreview(assetID: asset.id, contentType: asset.contentType)
        }
    }

    // MARK: Operations

    package func getOperation(
        _ request: SessionAPI.GetOperationRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try await answering {
            try await answer(try await ownedOperation(request.id, by: request.userID))
        }
    }

    package func waitOperation(
        _ request: SessionAPI.WaitOperationRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try await answering {
            let operation = try await ownedOperation(request.id, by: request.userID)
            let ended = try await withinDeadline(
                context, atMost: .milliseconds(Int64(request.waitMs))
            ) { try await runner.ended(operation) }
            if let ended { return try await answer(ended) }
            return try await answer(try await ownedOperation(request.id, by: request.userID))
        }
    }

    package func cancelOperation(
        _ request: SessionAPI.GetOperationRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try await answering {
            let operation = try await ownedOperation(request.id, by: request.userID)
            _ = try await journal.cancel(operation, .discard)
            let ended = try await withinDeadline(context) { try await runner.ended(operation) }
            if let ended { return try await answer(ended) }
            return try await answer(try await ownedOperation(request.id, by: request.userID))
        }
    }

    // MARK: Events

    package func watchEvents(
        _ request: SessionAPI.WatchEventsRequest,
        _ writer: ResponseWriter<SessionAPI.Event>, _ context: CallContext
    ) async throws(RPCError) {
        try await answering {
            try check(userID: request.userID)
            let listener = journal.bell.listen(to: Journal.topic(user: request.userID))
            defer { listener.stop() }
            var cursor = request.after
            let newest = try await journal.newestEvent()
            if request.fromNow || cursor == .max { cursor = newest }
            // From a place that was never given out, everything to come would look old.
            guard cursor <= newest else { throw SessionError.resync(oldest: newest) }
            if request.fromNow {
                try await writer.write(
                    SessionAPI.Event(
                        sequence: cursor, kind: "now", atUs: time.now.microseconds))
            }
            while true {
                let events = try await journal.events(
                    of: request.userID, after: cursor, limit: 100)
                for event in events {
                    try await writer.write(event)
                    cursor = event.sequence
                }
                if events.isEmpty {
                    guard await listener.ringing() else {
                        if Task.isCancelled { throw CancellationError() }
                        return
                    }
                }
            }
        }
    }

    // MARK: Shared

    private func owned(_ id: String, by userID: String) async throws -> Session {
        try check(userID: userID)
        guard let session = try await journal.session(id) else {
            throw SessionError.sessionNotFound(id)
        }
        guard session.userID == userID else { throw SessionError.notOwner }
        let machine = try await catalogue.library().machine
        if machine.isExpired(session, nowUs: time.now.microseconds) {
            throw SessionError.expired(id)
        }
        return session
    }

    private func ownedOperation(_ id: String, by userID: String) async throws -> Operation {
        try check(userID: userID)
        guard let operation = try await journal.operation(id), operation.userID == userID else {
            throw SessionError.operationNotFound(id)
        }
        return operation
    }

    private func view(_ session: Session) async throws -> SessionAPI.ConvergenceSession {
        let view = SessionView(
            library: try await catalogue.library(), prices: try await catalogue.prices())
        let running = try await journal.runningOperation(in: session.id)
        return view.session(
            session, runningOperationID: running?.id ?? "", nowUs: time.now.microseconds)
    }

    /// "<microseconds>.<id>" of the last row that was shown; empty = from the newest.
    func cursor(_ text: String) throws -> (createdAtUs: Int64, id: String) {
        if text.isEmpty { return (.max, "") }
        let parts = text.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let createdAtUs = Int64(parts[0]) else {
            throw SessionError.invalid(field: "cursor", reason: "is not one that was given out")
        }
        return (createdAtUs, String(parts[1]))
    }
}
