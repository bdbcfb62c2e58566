package import RPC
package import ServiceAPI
internal import ServiceRuntime

/// Generations, moving users and checking the store.
extension SessionHandler {
    private static var metadataBytesMax: Int { 16 << 10 }

    package func startGeneration(
        _ request: SessionAPI.StartGenerationRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Generation {
        try await answering {
            try check(userID: request.userID)
            var plan = try await plan(request, context)
            plan.generationID = id("gen")
            let draft = try draft(
                .generation, sessionID: request.sessionID, request, context,
                work: .generation(plan))
            let generation = Generation(
                plan: plan, userID: request.userID, sessionID: request.sessionID,
                operationID: draft.id, metadataJSON: request.metadataJson,
                nowUs: time.now.microseconds)
            if request.isDryRun {
                try checkRoom()
                var message = SessionAPI.Generation(generation)
                message.id = ""
                message.operationID = ""
                message.dryRun = try await dryRun(of: draft, context).dryRun
                return message
            }
            if try await journal.replay(of: draft) == nil { try checkRoom() }
            let acceptance = try await journal.accept(
                draft, generation: generation, runningMax: configuration.runningMaxPerUser)
            runner.submit(acceptance.operation)
            let accepted = try await runner.accepted(acceptance.operation)
            guard case .generation(let stored) = accepted.work,
                let kept = try await journal.generation(stored.generationID)
            else { throw SessionError.generationNotFound(plan.generationID) }
            return SessionAPI.Generation(kept)
        }
    }

    private func plan(
        _ request: SessionAPI.StartGenerationRequest, _ context: CallContext
    ) async throws -> GenerationPlan {
        guard let kind = GenerationPlan.Kind(rawValue: request.kind) else {
            throw SessionError.invalid(field: "kind", reason: "there is no kind \(request.kind)")
        }
        guard request.metadataJson.utf8.count <= Self.metadataBytesMax else {
            throw SessionError.invalid(
                field: "metadata", reason: "must have at most \(Self.metadataBytesMax) bytes")
        }
        let library = try await catalogue.library()
        var plan = GenerationPlan(
            generationID: "", kind: kind, model: request.model,
            prompt: try library.machine.text(
                request.prompt, field: "prompt", isRequired: request.sessionID.isEmpty),
            aspectRatio: request.aspectRatio, sourceAssetID: request.sourceAssetID,
            cameraMotionID: "", subjectMotion: "", seed: random.nextUInt64())
        if !request.sessionID.isEmpty {
            try await take(session: request.sessionID, of: request.userID, into: &plan, context)
        }
        if plan.aspectRatio.isEmpty { plan.aspectRatio = SessionMachine.aspectRatios[0] }
        guard SessionMachine.aspectRatios.contains(plan.aspectRatio) else {
            throw SessionError.invalid(
                field: "aspectRatio",
                reason: "must be one of "
                    + SessionMachine.aspectRatios.joined(separator: ", "))
        }
        let unavailable = SessionError.modelUnavailable(kind: kind.rawValue, model: plan.model)
        guard try await catalogue.prices().amountU4(PriceID(kind, model: plan.model)) != nil,
            try await catalogue.isAvailable(kind, model: plan.model)
        else { throw unavailable }
        if !request.sourceAssetID.isEmpty {
            // Refused before anything is held: there is no such picture, or it is another's.
            _ = try await peers.media.getAsset(
                MediaAPI.GetAssetRequest(id: request.sourceAssetID, userID: request.userID),
                context.options(.seconds(1)))
        }
        if kind.isVideo && plan.sourceAssetID.isEmpty {
            throw SessionError.invalid(
                field: "sessionId",
                reason: "\(plan.model) moves over a picture: name a session "
                    + "with one, or a source asset")
        }
        return plan
    }

    /// What was chosen in a session: its picture, its prompts, its moves.
    private func take(
        session id: String, of userID: String, into plan: inout GenerationPlan,
        _ context: CallContext
    ) async throws {
        guard let session = try await journal.session(id) else {
            throw SessionError.sessionNotFound(id)
        }
        guard session.userID == userID else { throw SessionError.notOwner }
        if plan.sourceAssetID.isEmpty { plan.sourceAssetID = session.chosenAssetID ?? "" }
        if plan.aspectRatio.isEmpty { plan.aspectRatio = session.aspectRatio }
        plan.cameraMotionID = session.camera.motionID
        plan.subjectMotion = session.subject?.text ?? ""
        plan.choices = session.choices
        // Another prompt is another intent.
        plan.intent = plan.prompt.isEmpty ? session.intent : plan.prompt
        guard plan.prompt.isEmpty else { return }
        let reply = try await peers.prompt.buildFinal(
            PromptAPI.BuildFinalRequest(
                intent: session.intent, aspectRatio: session.aspectRatio,
                choices: session.choices.map(PromptAPI.Choice.init),
                cameraMotionID: session.camera.motionID, subjectMotion: plan.subjectMotion,
                seed: session.seed),
            context.options(.seconds(1)))
        plan.prompt = plan.kind.isVideo ? reply.videoPrompt : reply.finalPrompt
    }

    package func getGeneration(
        _ request: SessionAPI.GetGenerationRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Generation {
        try await answering {
            SessionAPI.Generation(try await ownedGeneration(request))
        }
    }

    package func listGenerations(
        _ request: SessionAPI.ListGenerationsRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.ListGenerationsReply {
        try await answering {
            try check(userID: request.userID)
            let limit = min(max(1, request.limit == 0 ? 20 : Int(request.limit)), 100)
            let generations = try await journal.generations(
                of: request.userID, before: try cursor(request.cursor), limit: limit)
            let next = generations.count == limit ? generations.last : nil
            return SessionAPI.ListGenerationsReply(
                generations: generations.map(SessionAPI.Generation.init),
                nextCursor: next.map { "\($0.createdAtUs).\($0.id)" } ?? "")
        }
    }

    package func cancelGeneration(
        _ request: SessionAPI.GetGenerationRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.Generation {
        try await answering {
            let generation = try await ownedGeneration(request)
            if let operation = try await journal.operation(generation.operationID),
                operation.state == .running
            {
                _ = try await journal.cancel(operation, .discard)
                _ = try await withinDeadline(context) { try await runner.ended(operation) }
            }
            return SessionAPI.Generation(try await ownedGeneration(request))
        }
    }

    private func ownedGeneration(
        _ request: SessionAPI.GetGenerationRequest
    ) async throws -> Generation {
        try check(userID: request.userID)
        guard let generation = try await journal.generation(request.id),
            generation.userID == request.userID
        else { throw SessionError.generationNotFound(request.id) }
        return generation
    }

    // MARK: Users

    package func mergeUser(
        _ request: SessionAPI.MergeUserRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.MergeUserReply {
        try await answering {
            try check(userID: request.fromUserID)
            try check(userID: request.intoUserID)
            guard request.fromUserID != request.intoUserID else {
                throw SessionError.cannotMerge("A user cannot be merged into itself.")
            }
            let moved = try await journal.merge(
                from: request.fromUserID, into: request.intoUserID)
            return SessionAPI.MergeUserReply(
                sessions: UInt64(moved.sessions), generations: UInt64(moved.generations))
        }
    }

    // MARK: Checking

    package func verify(
        _ request: SessionAPI.VerifyRequest, _ context: CallContext
    ) async throws(RPCError) -> SessionAPI.VerifyReply {
        try await answering {
            let verifier = Verifier(
                journal: journal, runner: runner, peers: peers,
                machine: try await catalogue.library().machine, time: time)
            let counts = try await journal.counts()
            return SessionAPI.VerifyReply(
                runningOperations: UInt64(counts.running), activeSessions: UInt64(counts.active),
                violations: try await verifier.violations())
        }
    }
}
