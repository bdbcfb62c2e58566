internal import RPC
internal import ServiceAPI
internal import ServiceRuntime

/// The stages that make things: session row, recipes, jobs.
extension SagaRunner {
    private static var options: CallOptions { CallOptions(timeout: .seconds(5)) }

    /// Makes the session of a start; the database lets one active session of a user in.
    func open(_ operation: Operation) async throws -> Operation {
        guard case .pictures(let plan) = operation.work else {
            return try await advanced(operation, by: .opened)
        }
        let session = Session(
            id: operation.sessionID, userID: operation.userID, intent: plan.intent,
            aspectRatio: plan.aspectRatio, seed: plan.seed, nowUs: time.now.microseconds)
        var opened = operation
        opened.handle(.opened)
        do {
            try await journal.open(opened, session)
            return opened
        } catch SessionError.activeSessionExists {
            return try await advanced(operation, by: .failed(.activeSessionExists))
        }
    }

    func prepare(_ operation: Operation) async throws -> Operation {
        do throws(RPCError) {
            let recipes = try await recipes(of: operation)
            return try await advancedOrRPC(operation, by: .prepared(recipes))
        } catch {
            return try await failedUnlessTransient(operation, error)
        }
    }

    private func recipes(of operation: Operation) async throws(RPCError) -> [Operation.Recipe] {
        switch operation.work {
        case .navigation, .depth:
            return []
        case .pictures(let plan):
            let reply = try await peers.prompt.buildPreviews(
                PromptAPI.BuildPreviewsRequest(
                    intent: plan.intent, aspectRatio: plan.aspectRatio,
                    choices: plan.choices.map(PromptAPI.Choice.init),
                    dimension: plan.dimension.rawValue,
                    regeneration: UInt32(plan.regeneration), seed: plan.seed),
                Self.options)
            return reply.recipes.filter { plan.missing.contains($0.optionID) }.map {
                Operation.Recipe(
                    slotID: $0.optionID, recipeID: $0.id,
                    fragments: $0.choices.last?.fragments ?? [], prompt: $0.prompt)
            }
        case .clip(let plan):
            guard let session = try await storedSession(operation.sessionID) else { return [] }
            let reply = try await peers.prompt.buildFinal(
                PromptAPI.BuildFinalRequest(
                    intent: session.intent, aspectRatio: session.aspectRatio,
                    choices: plan.choices.map(PromptAPI.Choice.init),
                    cameraMotionID: plan.cameraMotionID, subjectMotion: plan.subjectMotion,
                    seed: session.seed),
                Self.options)
            return [
                Operation.Recipe(
                    slotID: Operation.Work.singleSlot, recipeID: reply.recipe?.id ?? "",
                    fragments: [], prompt: reply.videoPrompt)
            ]
        case .generation(let plan) where plan.kind == .storyboard:
            return StoryboardFrame.allCases.map { frame in
                Operation.Recipe(
                    slotID: frame.slotID, recipeID: "", fragments: [frame.words],
                    prompt: "\(plan.prompt), \(frame.words)")
            }
        case .generation(let plan):
            return [
                Operation.Recipe(
                    slotID: Operation.Work.singleSlot, recipeID: "", fragments: [],
                    prompt: plan.prompt)
            ]
        }
    }

    /// Hands the jobs to media under names of their own: a repeat finds the same jobs.
    func submitJobs(_ operation: Operation) async throws -> Operation {
        do throws(RPCError) {
            try await markSubmitted(operation)
            try await createJobs(of: operation)
            return try await advancedOrRPC(operation, by: .submitted)
        } catch {
            return try await failedUnlessTransient(operation, error)
        }
    }

    func createJobs(of operation: Operation) async throws(RPCError) {
        let jobs = try await jobs(of: operation)
        guard !jobs.isEmpty else { return }
        _ = try await peers.media.createJobs(
            MediaAPI.CreateJobsRequest(
                userID: operation.userID, owner: owner(of: operation), jobs: jobs),
            Self.options)
    }

    private func owner(of operation: Operation) -> String {
        if case .generation(let plan) = operation.work {
            return "generation/\(plan.generationID)"
        }
        return "session/\(operation.sessionID)"
    }

    private func jobs(of operation: Operation) async throws(RPCError) -> [MediaAPI.JobRequest] {
        switch operation.work {
        case .navigation, .depth:
            return []
        case .pictures(let plan):
            return operation.slots.filter { $0.state == .absent }.compactMap { slot in
                guard let recipe = operation.recipes.first(where: { $0.slotID == slot.optionID })
                else { return nil }
                return MediaAPI.JobRequest(
                    clientReference: operation.jobReference(slot.optionID), kind: .image,
                    image: MediaAPI.ImageRecipe(plan, recipe),
                    deadlineMs: UInt32(
                        clamping: configuration.picturesTimeout.millisecondsRoundedUp))
            }
        case .clip(let plan):
            let library = try await catalogue.library()
            let session = try await storedSession(operation.sessionID)
            return [
                video(
                    operation, source: plan.sourceAssetID,
                    path: library.motion(plan.cameraMotionID), subject: plan.subjectMotion,
                    model: "local-parallax", aspectRatio: session?.aspectRatio ?? "")
            ]
        case .generation(let plan) where plan.kind.isVideo:
            let library = try await catalogue.library()
            return [
                video(
                    operation, source: plan.sourceAssetID,
                    path: library.motion(plan.cameraMotionID), subject: plan.subjectMotion,
                    model: plan.model, aspectRatio: plan.aspectRatio)
            ]
        case .generation(let plan) where plan.kind == .storyboard:
            return StoryboardFrame.allCases.compactMap { frame in
                let isAbsent = operation.slots.contains {
                    $0.optionID == frame.slotID && $0.state == .absent
                }
                guard isAbsent else { return nil }
                return still(
                    operation, frame.slotID, plan, choices: frame.choices(of: plan),
                    seed: frame.seed(of: plan))
            }
        case .generation(let plan):
            return [
                still(
                    operation, Operation.Work.singleSlot, plan, choices: plan.choices,
                    seed: plan.seed)
            ]
        }
    }

    private func still(
        _ operation: Operation, _ slotID: String, _ plan: GenerationPlan, choices: [Choice],
        seed: UInt64
    ) -> MediaAPI.JobRequest {
        let recipe = operation.recipes.first { $0.slotID == slotID }
        return MediaAPI.JobRequest(
            clientReference: operation.jobReference(slotID), kind: .image,
            image: MediaAPI.ImageRecipe(
                intent: plan.intent.isEmpty ? plan.prompt : plan.intent,
                aspectRatio: plan.aspectRatio, choices: choices.map(MediaAPI.Choice.init),
                prompt: recipe?.prompt ?? plan.prompt, seed: seed))
    }

    private func video(
        _ operation: Operation, source: String, path: PromptAPI.CameraMotion?, subject: String,
        model: String, aspectRatio: String
    ) -> MediaAPI.JobRequest {
        MediaAPI.JobRequest(
            clientReference: operation.jobReference(Operation.Work.singleSlot), kind: .video,
            video: MediaAPI.VideoRecipe(
                prompt: operation.recipes.first?.prompt ?? "", sourceAssetID: source,
                path: path.map(MediaAPI.CameraPath.init), subjectMotion: subject, model: model,
                aspectRatio: aspectRatio),
            deadlineMs: UInt32(clamping: configuration.videoTimeout.millisecondsRoundedUp))
    }

    // MARK: Shared

    /// Fails the operation for good, or throws for another try.
    func failedUnlessTransient(
        _ operation: Operation, _ error: RPCError
    ) async throws -> Operation {
        let isGivenUp = mutant == .releasesUnknownSubmit && operation.stage == .submit
        guard !error.isTransient || age(of: operation) > limit(of: operation) || isGivenUp else {
            throw error
        }
        logger.warning(
            "operation_failing", "\(error)", ["operation": .text(operation.id)])
        let failure = Failure(
            code: operation.work.failureCode, message: "The work could not be done.",
            isRetryable: true)
        return try await advanced(operation, by: .failed(failure))
    }

    /// Longest time that an operation may take before its jobs are stopped.
    func limit(of operation: Operation) -> Duration {
        switch operation.work {
        case .navigation, .pictures, .depth: configuration.picturesTimeout
        case .clip: configuration.videoTimeout
        case .generation(let plan):
            plan.kind.isVideo ? configuration.videoTimeout : configuration.picturesTimeout
        }
    }

    private func storedSession(_ id: String) async throws(RPCError) -> Session? {
        do { return try await journal.session(id) } catch { throw RPCError(any: error) }
    }

    private func advancedOrRPC(
        _ operation: Operation, by event: Operation.Event
    ) async throws(RPCError) -> Operation {
        do {
            return try await advanced(operation, by: event)
        } catch {
            // The store's trouble is not the work's: try again.
            throw RPCError(.unavailable, "UNAVAILABLE", "The journal could not be written.")
        }
    }
}

extension Failure {
    static let activeSessionExists = Failure(
        code: "ACTIVE_SESSION_EXISTS",
        message: "There is an unfinished session: resume or abandon it.", isRetryable: false)
}

extension Operation.Work {
    /// What its user is told when it could not be done.
    var failureCode: String {
        switch self {
        case .navigation, .pictures: "IMAGE_GENERATION_FAILED"
        case .depth: "DEPTH_ESTIMATION_FAILED"
        case .clip: "VIDEO_GENERATION_FAILED"
        case .generation(let plan):
            plan.kind.isVideo ? "VIDEO_GENERATION_FAILED" : "IMAGE_GENERATION_FAILED"
        }
    }
}

extension PromptAPI.Choice {
    init(_ choice: Choice) {
        self.init(
            dimension: choice.dimension.rawValue, optionID: choice.optionID,
            fragments: choice.fragments)
    }
}

extension MediaAPI.Choice {
    init(_ choice: Choice) {
        self.init(
            dimension: choice.dimension.rawValue, optionID: choice.optionID,
            fragments: choice.fragments)
    }
}

extension MediaAPI.ImageRecipe {
    init(_ plan: PicturePlan, _ recipe: Operation.Recipe) {
        self.init(
            recipeID: recipe.recipeID, intent: plan.intent, aspectRatio: plan.aspectRatio,
            choices: plan.choices.map(MediaAPI.Choice.init) + [
                MediaAPI.Choice(
                    dimension: plan.dimension.rawValue, optionID: recipe.slotID,
                    fragments: recipe.fragments)
            ], prompt: recipe.prompt,
            // First pictures are the plain ones; each regeneration has a look of its own.
            seed: plan.regeneration == 0
                ? 0 : plan.seed &+ UInt64(plan.regeneration) &* 0x9E37_79B9_7F4A_7C15)
    }
}

extension MediaAPI.CameraPath {
    init(_ motion: PromptAPI.CameraMotion) {
        self.init(
            motionID: motion.id,
            start: motion.start.map { MediaAPI.Vector(x: $0.x, y: $0.y, z: $0.z) },
            end: motion.end.map { MediaAPI.Vector(x: $0.x, y: $0.y, z: $0.z) },
            startRotation: motion.startRotation.map(MediaAPI.Rotation.init),
            endRotation: motion.endRotation.map(MediaAPI.Rotation.init),
            durationSeconds: motion.durationSeconds)
    }
}

extension MediaAPI.Rotation {
    init(_ rotation: PromptAPI.Rotation) {
        self.init(pitch: rotation.pitch, yaw: rotation.yaw, roll: rotation.roll)
    }
}
