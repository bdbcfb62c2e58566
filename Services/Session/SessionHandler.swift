internal import Cryptography
package import RPC
package import ServiceAPI
internal import ServiceRuntime
internal import Wire

/// Decodes calls, accepts commands and answers with what they came to.
package struct SessionHandler: SessionAPI.Handler {
    let journal: Journal
    let runner: SagaRunner
    let catalogue: Catalogue
    let peers: Peers
    let configuration: SessionConfiguration
    let time: any TimeSource
    let random: RandomSource

    // MARK: Starting

    package func start(
        _ request: SessionAPI.StartRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try await answering {
            try check(userID: request.userID)
            let library = try await catalogue.library()
            let plan = try library.machine.start(
                intent: request.intent, aspectRatio: request.aspectRatio,
                seed: random.nextUInt64())
            let draft = try draft(
                .start, sessionID: id("ses"), request, context, work: .pictures(plan))
            if !request.isDryRun, let replay = try await journal.replay(of: draft) {
                runner.submit(replay.operation)
                return try await answer(try await acceptedStart(replay.operation))
            }
            if !request.isDryRun {
                try await journal.expireActive(
                    of: request.userID, lifetimeUs: library.machine.rules.lifetimeUs)
            }
            if let active = try await journal.activeSession(of: request.userID),
                !library.machine.isExpired(active, nowUs: time.now.microseconds)
            {
                throw SessionError.activeSessionExists(sessionID: active.id)
            }
            try checkRoom()
            if request.isDryRun { return try await dryRun(of: draft, context) }
            let acceptance = try await journal.accept(
                draft, runningMax: configuration.runningMaxPerUser)
            runner.submit(acceptance.operation)
            return try await answer(try await acceptedStart(acceptance.operation))
        }
    }

    /// A start that lost against another one is refused, not answered with a failed operation.
    private func acceptedStart(_ operation: Operation) async throws -> Operation {
        let accepted = try await runner.accepted(operation)
        if accepted.failure == .activeSessionExists {
            _ = try await runner.ended(accepted)
            let active = try await journal.activeSession(of: operation.userID)
            throw SessionError.activeSessionExists(sessionID: active?.id ?? "")
        }
        return accepted
    }

    // MARK: Commands on a session

    package func select(
        _ request: SessionAPI.SelectRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try await answering {
            let command = Command.select(
                try dimension(request.dimension), optionID: request.optionID)
            return try await perform(
                command, .select, request, context)
        }
    }

    package func regenerate(
        _ request: SessionAPI.RegenerateRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try await answering {
            try await perform(
                .regenerate(try dimension(request.dimension)), .regenerate, request, context)
        }
    }

    package func retry(
        _ request: SessionAPI.RetryRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try await answering {
            let command = Command.retry(
                try dimension(request.dimension), optionID: request.optionID)
            return try await perform(
                command, .retry, request, context)
        }
    }

    package func back(
        _ request: SessionAPI.NavigateRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try await navigate(.back, .back, request, context)
    }

    package func jump(
        _ request: SessionAPI.JumpRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try await answering {
            guard let step = Step(rawValue: request.step) else {
                throw SessionError.invalid(
                    field: "step", reason: "there is no step \(request.step)")
            }
            return try await perform(
                .jump(step), .jump, request, context)
        }
    }

    package func resume(
        _ request: SessionAPI.NavigateRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try await navigate(.resume, .resume, request, context)
    }

    package func abandon(
        _ request: SessionAPI.NavigateRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try await navigate(.abandon, .abandon, request, context)
    }

    package func editIntent(
        _ request: SessionAPI.EditIntentRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try await answering {
            try await perform(
                .editIntent(request.intent), .intent, request, context)
        }
    }

    package func cancel(
        _ request: SessionAPI.NavigateRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        // Nothing at work: there is nothing to stop, which is what was asked for.
        try await navigate(nil, .cancel, request, context)
    }

    package func cameraMotion(
        _ request: SessionAPI.NavigateRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try await navigate(.cameraMotion, .cameraMotion, request, context)
    }

    package func selectCameraMotion(
        _ request: SessionAPI.SelectCameraMotionRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try await answering {
            try await perform(
                .selectCameraMotion(request.cameraMotionID), .selectCameraMotion,
                request, context)
        }
    }

    package func subjectMotion(
        _ request: SessionAPI.SubjectMotionRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try await answering {
            try await perform(
                .subjectMotion(request.subjectMotion), .subjectMotion, request, context)
        }
    }

    package func skipSubjectMotion(
        _ request: SessionAPI.NavigateRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try await navigate(.skipSubjectMotion, .skipSubjectMotion, request, context)
    }

    package func finalize(
        _ request: SessionAPI.NavigateRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try await navigate(.finalize, .finalize, request, context)
    }

    private func navigate(
        _ command: Command?, _ kind: Operation.Kind, _ request: SessionAPI.NavigateRequest,
        _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Operation {
        try await answering {
            try await perform(
                command, kind, request, context)
        }
    }

    /// Accepts a command, has its work begun and answers.
    private func perform(
        _ command: Command?, _ kind: Operation.Kind, _ request: some SessionCommand,
        _ context: CallContext
    ) async throws -> SessionAPI.Operation {
        let (userID, version) = (request.userID, request.version)
        try check(userID: userID)
        let machine = try await catalogue.library().machine
        let draft = try draft(kind, sessionID: request.sessionID, request, context)
        let final: FinalPrompts? =
            kind == .finalize
            ? try await finalPrompts(machine, userID, request.sessionID, context) : nil
        let now = time.now.microseconds
        let admit: @Sendable (Session) throws -> Void = { session in
            try machine.admit(userID, to: session, nowUs: now)
            // A repeated finalize gives its answer whatever the caller saw last.
            if session.status == .active { try machine.checkVersion(version, of: session) }
        }
        let decide: @Sendable (Session) throws -> (Session?, Operation.Work) = { session in
            guard let command else { return (nil, .navigation) }
            let decision = try machine.decide(
                command, on: session, by: userID, version: version, nowUs: now)
            switch decision {
            case .unchanged: return (nil, .navigation)
            case .write(let session): return (session, .navigation)
            case .makePictures(let plan):
                try checkRoom()
                return (nil, .pictures(plan))
            case .estimateDepth(let source):
                try checkRoom()
                return (nil, .depth(sourceAssetID: source))
            case .makeClip(let plan):
                try checkRoom()
                return (nil, .clip(plan))
            case .finalize:
                guard let final, final.version == session.version else {
                    throw SessionError.versionConflict(
                        sessionID: session.id, current: session.version)
                }
                return (
                    machine.finalized(
                        session, finalPrompt: final.prompt, videoPrompt: final.videoPrompt,
                        nowUs: now), .navigation
                )
            }
        }
        if request.isDryRun {
            let considered = try await journal.considered(draft, admit: admit, decide: decide)
            let free = try await freeWork(command, considered, machine, now)
            return try await dryRun(
                of: considered, context, free: free, spending: request.spending)
        }
        let acceptance = try await journal.accept(draft, admit: admit, decide: decide)
        if let stopped = acceptance.stopped {
            // What was stopped gives its credits back before the answer, when that is quick.
            _ = try? await withinDeadline(context) { try await runner.ended(stopped) }
        }
        guard acceptance.operation.state == .running else {
            return try await answer(acceptance.operation)
        }
        runner.submit(acceptance.operation)
        return try await answer(try await runner.accepted(acceptance.operation))
    }

    private struct FinalPrompts: Sendable {
        var version: UInt64
        var prompt: String
        var videoPrompt: String
    }

    /// The prompts of a session that can be finalized; nil when the rules will say why not.
    private func finalPrompts(
        _ machine: SessionMachine, _ userID: String, _ sessionID: String, _ context: CallContext
    ) async throws -> FinalPrompts? {
        guard let session = try await journal.session(sessionID), session.userID == userID,
            session.status == .active, machine.missingSteps(in: session).isEmpty
        else { return nil }
        let reply = try await peers.prompt.buildFinal(
            PromptAPI.BuildFinalRequest(
                intent: session.intent, aspectRatio: session.aspectRatio,
                choices: session.choices.map(PromptAPI.Choice.init),
                cameraMotionID: session.camera.motionID,
                subjectMotion: session.subject?.text ?? "", seed: session.seed),
            context.options(.seconds(1)))
        return FinalPrompts(
            version: session.version, prompt: reply.finalPrompt, videoPrompt: reply.videoPrompt)
    }

    // MARK: Shared

    /// Runs a body and gives its errors the codes that callers know.
    func answering<Value>(
        _ body: () async throws -> Value
    ) async throws(RPCError) -> Value {
        do { return try await body() } catch { throw RPCError(any: error) }
    }

    /// Refuses work before it is accepted: what is in the journal is done.
    func checkRoom() throws(RPCError) {
        guard runner.hasRoom else { throw .overloaded("Too many commands are at work.") }
    }

    /// The operation as it is now, with its session.
    func answer(_ operation: Operation) async throws -> SessionAPI.Operation {
        let view = SessionView(
            library: try await catalogue.library(), prices: try await catalogue.prices())
        let session =
            operation.sessionID.isEmpty ? nil : try await journal.session(operation.sessionID)
        var generation: Generation?
        if case .generation(let plan) = operation.work {
            generation = try await journal.generation(plan.generationID)
        }
        return view.operation(
            operation, session, generation: generation, nowUs: time.now.microseconds)
    }

    func draft(
        _ kind: Operation.Kind, sessionID: String, _ request: some SpendingRequest,
        _ context: CallContext, work: Operation.Work = .navigation
    ) throws -> Operation {
        let id = id("op")
        let key = context.metadata.idempotencyKey ?? ""
        var operation = Operation(
            id: id, userID: request.userID, sessionID: sessionID, kind: kind,
            idempotencyKey: key.isEmpty ? id : key,
            fingerprint: SHA256.digest(of: try request.packed()), work: work,
            nowUs: time.now.microseconds)
        operation.terms = SpendingTerms(request.spending)
        operation.requestID = String((context.metadata.requestID ?? "").prefix(128))
        return operation
    }

    func id(_ prefix: String) -> String {
        Identifier.make(prefix, time: time, random: random)
    }

    func check(userID: String) throws {
        guard !userID.isEmpty else {
            throw RPCError(.unauthenticated, "UNAUTHENTICATED", "Sign in first.")
        }
    }

    private func dimension(_ text: String) throws -> Dimension {
        guard let dimension = Dimension(rawValue: text) else {
            throw SessionError.invalid(
                field: "dimension", reason: "there is no dimension \(text)")
        }
        return dimension
    }

    /// Runs a body for as long as the caller waits, less the time to answer.
    func withinDeadline<Value: Sendable>(
        _ context: CallContext, atMost: Duration = .seconds(3),
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value? {
        let time = time
        let limit = max(.zero, min(atMost, context.remaining - .milliseconds(100)))
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await time.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}
