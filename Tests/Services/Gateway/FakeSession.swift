import RPC
import ServiceAPI
import ServiceRuntime

/// A session service in memory: every command succeeds at once unless a test says otherwise.
final class FakeSession: SessionAPI.Handler {
    struct State {
        var sessions: [String: SessionAPI.ConvergenceSession] = [:]
        var operations: [String: SessionAPI.Operation] = [:]
        var operationOfKey: [String: String] = [:]
        var count = 0
        /// Kinds of the commands that were carried out, in order.
        var commands: [String] = []
        /// What a command of this kind is refused with.
        var refusals: [String: RPCError] = [:]
        /// What an operation of this kind ends with.
        var failures: [String: SessionAPI.Problem] = [:]
        /// Whether operations stay running.
        var isHeld = false
        var events: [SessionAPI.Event] = []
        var lastMetadata = CallMetadata.none
        var generations: [String: SessionAPI.Generation] = [:]
        var listed: SessionAPI.ListCreationsRequest?
        var marks: [SessionAPI.MarkCreationsRequest] = []
    }

    let state = Lock(State())

    static let picture = SessionAPI.Picture(
        id: "pic_1", assetID: "ast_1", dimension: "direction", optionID: "cinematic",
        prompt: "a fox, cinematic composition", width: 1024, height: 576, provider: "local",
        generatedAtUs: 1_700_000_000_000_000)
    static let missing = SessionAPI.Picture(
        optionID: "social",
        error: .init(
            code: "IMAGE_GENERATION_FAILED", message: "It did not work.", isRetryable: true))

    static func session(_ id: String, user: String) -> SessionAPI.ConvergenceSession {
        SessionAPI.ConvergenceSession(
            id: id, userID: user, version: 3, status: "active", intent: "a fox",
            aspectRatio: "16:9", step: "direction", direction: "cinematic",
            locks: [
                .init(dimension: "mood", optionID: "peaceful", label: "Peaceful", fragments: ["a"])
            ],
            pictures: [
                .init(
                    dimension: "direction", images: [picture, missing],
                    options: [
                        .init(id: "cinematic", label: "Cinematic"),
                        .init(id: "social", label: "Social Media"),
                    ])
            ],
            regenerations: [.init(dimension: "direction", count: 1, remaining: 2)],
            depthAssetID: "ast_2", isDepthFallback: false,
            cameraPaths: [
                .init(
                    id: "push_in", label: "Push In", category: "dolly", description: "Closer.",
                    start: .init(x: 0, y: 0, z: -0.1), end: .init(x: 0, y: 0, z: 0.25),
                    endRotation: .init(pitch: 0.05, yaw: 0, roll: 0), durationSeconds: 3)
            ],
            cameraMotionID: "push_in", subjectMotion: "ears twitch", hasSubjectMotion: true,
            subjectVideoAssetID: "ast_3", finalPrompt: "a fox, golden hour",
            videoPrompt: "a fox, camera pushes in", totalCreditsU4: 45_000,
            createdAtUs: 1_700_000_000_000_000, updatedAtUs: 1_700_000_001_000_000,
            expiresAtUs: 1_700_086_400_000_000, previewAssetID: "ast_1", estimatedTotalU4: 220_000,
            costs: [.init(step: "direction", amountU4: 40_000)])
    }

    private func command(
        _ kind: String, user: String, session: String?, _ context: CallContext
    ) throws(RPCError) -> SessionAPI.Operation {
        try state.withLock { state throws(RPCError) in
            state.lastMetadata = context.metadata
            let key = context.metadata.idempotencyKey.map { "\(user) \($0)" }
            if let key, let id = state.operationOfKey[key], let known = state.operations[id] {
                return known
            }
            if let refusal = state.refusals[kind] { throw refusal }
            if let session { try Self.check(state, session, user) }
            state.count += 1
            state.commands.append(kind)
            let id = "opr_\(state.count)"
            let sessionID = session ?? "ses_\(state.count)"
            let found = state.sessions[sessionID] ?? Self.session(sessionID, user: user)
            state.sessions[sessionID] = found
            var operation = SessionAPI.Operation(
                id: id, userID: user, sessionID: sessionID, kind: kind,
                state: state.isHeld ? .running : .succeeded, dimension: "direction",
                creditsConsumedU4: 35_000, estimatedU4: 40_000, session: found,
                pictures: found.pictures.first, createdAtUs: 1_700_000_000_000_000,
                finishedAtUs: 1_700_000_000_000_000, done: 4, total: 4)
            if let failure = state.failures[kind] {
                operation.state = .failed
                operation.error = failure
            }
            state.operations[id] = operation
            if let key { state.operationOfKey[key] = id }
            return operation
        }
    }

    private static func check(
        _ state: State, _ session: String, _ user: String
    ) throws(RPCError) {
        guard let found = state.sessions[session] else {
            throw RPCError(.notFound, "SESSION_NOT_FOUND", "There is no such session.")
        }
        guard found.userID == user else {
            throw RPCError(.permissionDenied, "UNAUTHORIZED", "This session is somebody else's.")
        }
    }

    /// "cinematic" was chosen before; nothing follows lighting.
    private func considered(
        _ r: SessionAPI.SelectRequest
    ) throws(RPCError) -> SessionAPI.Operation {
        try state.withLock { state throws(RPCError) in
            try Self.check(state, r.sessionID, r.userID)
        }
        var run = SessionAPI.DryRun(operation: "image.preview", quantity: 4)
        if r.dimension == "lighting" { run = SessionAPI.DryRun() }
        run.isCached = r.optionID == "cinematic"
        run.cachedOptions = [.init(id: "cinematic", label: "Cinematic")]
        return SessionAPI.Operation(state: .succeeded, dryRun: run)
    }

    func start(
        _ r: SessionAPI.StartRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try command("start", user: r.userID, session: nil, c)
    }
    func select(
        _ r: SessionAPI.SelectRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        if r.spending?.skipsBalance == true { return try considered(r) }
        return try command("select", user: r.userID, session: r.sessionID, c)
    }
    func regenerate(
        _ r: SessionAPI.RegenerateRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try command("regenerate", user: r.userID, session: r.sessionID, c)
    }
    func retry(
        _ r: SessionAPI.RetryRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try command("retry", user: r.userID, session: r.sessionID, c)
    }
    func back(
        _ r: SessionAPI.NavigateRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try command("back", user: r.userID, session: r.sessionID, c)
    }
    func jump(
        _ r: SessionAPI.JumpRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try command("jump", user: r.userID, session: r.sessionID, c)
    }
    func resume(
        _ r: SessionAPI.NavigateRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try command("resume", user: r.userID, session: r.sessionID, c)
    }
    func abandon(
        _ r: SessionAPI.NavigateRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try command("abandon", user: r.userID, session: r.sessionID, c)
    }
    func editIntent(
        _ r: SessionAPI.EditIntentRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try command("intent", user: r.userID, session: r.sessionID, c)
    }
    func cancel(
        _ r: SessionAPI.NavigateRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try command("cancel", user: r.userID, session: r.sessionID, c)
    }
    func cameraMotion(
        _ r: SessionAPI.NavigateRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try command("camera_motion", user: r.userID, session: r.sessionID, c)
    }
    func selectCameraMotion(
        _ r: SessionAPI.SelectCameraMotionRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try command("select_camera_motion", user: r.userID, session: r.sessionID, c)
    }
    func subjectMotion(
        _ r: SessionAPI.SubjectMotionRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try command("subject_motion", user: r.userID, session: r.sessionID, c)
    }
    func skipSubjectMotion(
        _ r: SessionAPI.NavigateRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try command("skip_subject_motion", user: r.userID, session: r.sessionID, c)
    }
    func finalize(
        _ r: SessionAPI.NavigateRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try command("finalize", user: r.userID, session: r.sessionID, c)
    }

    func getSession(
        _ r: SessionAPI.GetSessionRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.ConvergenceSession {
        try state.withLock { state throws(RPCError) in
            try Self.check(state, r.sessionID, r.userID)
            return state.sessions[r.sessionID] ?? .init()
        }
    }
    func getActiveSession(
        _ r: SessionAPI.GetActiveSessionRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.ActiveSession {
        state.withLock { state in
            .init(session: state.sessions.values.first { $0.userID == r.userID })
        }
    }
    func listSessions(
        _ r: SessionAPI.ListSessionsRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.ListSessionsReply {
        state.withLock { state in
            .init(sessions: state.sessions.values.filter { $0.userID == r.userID })
        }
    }
    func getMotionPreview(
        _ r: SessionAPI.GetMotionPreviewRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.MotionPreview {
        try state.withLock { state throws(RPCError) in try Self.check(state, r.sessionID, r.userID)
        }
        return .init(assetID: "ast_3", contentType: "video/mp4")
    }

    func startGeneration(
        _ r: SessionAPI.StartGenerationRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Generation {
        state.withLock { state in
            state.count += 1
            let generation = SessionAPI.Generation(
                id: "gen_\(state.count)", userID: r.userID, kind: r.kind, sessionID: r.sessionID,
                prompt: r.prompt, model: r.model, aspectRatio: r.aspectRatio, state: "queued",
                createdAtUs: 1_700_000_000_000_000, metadataJson: r.metadataJson,
                operationID: "opr_9", position: 1)
            state.generations[generation.id] = generation
            return generation
        }
    }
    func getGeneration(
        _ r: SessionAPI.GetGenerationRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Generation {
        guard let found = state.withLock({ $0.generations[r.id] }), found.userID == r.userID else {
            throw RPCError(.notFound, "GENERATION_NOT_FOUND", "There is no such generation.")
        }
        return found
    }
    func listGenerations(
        _ r: SessionAPI.ListGenerationsRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.ListGenerationsReply {
        state.withLock { state in
            .init(generations: state.generations.values.filter { $0.userID == r.userID })
        }
    }
    func cancelGeneration(
        _ r: SessionAPI.GetGenerationRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Generation {
        var found = try await getGeneration(r, c)
        found.state = "cancelled"
        found.error = .init(code: "CANCELLED", message: "You stopped it.")
        return found
    }

    static let creation = SessionAPI.Creation(
        id: "job_1", kind: "picture", step: "mood", sessionID: "ses_1", model: "local",
        provider: "local", aspectRatio: "16:9", prompt: "a fox, dramatic", intent: "a fox",
        choices: [.init(dimension: "mood", optionID: "dramatic", label: "Dramatic")],
        assetIDs: ["ast_1"], width: 1024, height: 576, creditsU4: 10_000,
        createdAtUs: 1_700_000_000_000_000)
    func listCreations(
        _ r: SessionAPI.ListCreationsRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.ListCreationsReply {
        state.withLock { state in
            state.listed = r
            let video = state.generations["gen_1"].map {
                SessionAPI.Creation(
                    id: $0.id, kind: "video", step: "final", model: $0.model, aspectRatio: "1:1",
                    prompt: $0.prompt, createdAtUs: 1_700_000_000_000_000, generation: $0)
            }
            return .init(creations: [video, Self.creation].compactMap { $0 }, nextCursor: "1.a")
        }
    }
    func getCreations(
        _ r: SessionAPI.GetCreationsRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.ListCreationsReply {
        guard r.ids.contains(Self.creation.id) else {
            throw RPCError(.notFound, "CREATION_NOT_FOUND", "There is no such creation.")
        }
        var one = Self.creation
        one.isStarred = state.withLock { $0.marks.last?.mark == .star }
        return .init(creations: [one])
    }
    func markCreations(
        _ r: SessionAPI.MarkCreationsRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.ListCreationsReply {
        state.withLock { $0.marks.append(r) }
        return try await getCreations(.init(userID: r.userID, ids: r.ids), c)
    }

    func getOperation(
        _ r: SessionAPI.GetOperationRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        guard let found = state.withLock({ $0.operations[r.id] }), found.userID == r.userID else {
            throw RPCError(.notFound, "OPERATION_NOT_FOUND", "There is no such operation.")
        }
        return found
    }
    func waitOperation(
        _ r: SessionAPI.WaitOperationRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try await getOperation(.init(userID: r.userID, id: r.id), c)
    }
    func cancelOperation(
        _ r: SessionAPI.GetOperationRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        var found = try await getOperation(r, c)
        found.state = .cancelled
        return found
    }

    func publish(_ event: SessionAPI.Event) {
        state.withLock { state in
            var event = event
            event.sequence = UInt64(state.events.count + 1)
            state.events.append(event)
        }
    }
    func watchEvents(
        _ r: SessionAPI.WatchEventsRequest, _ writer: ResponseWriter<SessionAPI.Event>,
        _ c: CallContext
    ) async throws(RPCError) {
        var after = r.after
        if r.fromNow {
            after = UInt64(state.withLock { $0.events.count })
            try await writer.write(.init(sequence: after, kind: "now"))
        }
        while !Task.isCancelled {
            let fresh = state.withLock { state in
                state.events.filter { $0.sequence > after }
            }
            for event in fresh {
                try await writer.write(event)
                after = event.sequence
            }
            try? await Task.sleep(for: .milliseconds(5))
        }
    }
    func mergeUser(
        _ r: SessionAPI.MergeUserRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.MergeUserReply { .init() }
    func verify(
        _ r: SessionAPI.VerifyRequest, _ c: CallContext
    ) async throws(RPCError) -> SessionAPI.VerifyReply { .init() }
}
