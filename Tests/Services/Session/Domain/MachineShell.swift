import SessionService

/// Plays the part of the saga for the pure rules: does at once what a decision asks for, with
/// pictures that are made, fail or are cut short as the test says.
struct MachineShell {
    /// What becomes of the work that a command leads to.
    struct Fate: Hashable, Sendable {
        enum Stop: Hashable, Sendable { case none, discard }

        /// Bit n: the n-th slot fails.
        var failures: UInt8 = 0
        var stop = Stop.none
        /// Slots that have ended before the work is stopped.
        var endedBeforeStop = 4

        static let good = Fate()
    }

    static let options: [Dimension: [String]] = [
        .direction: ["cinematic", "social", "artistic", "documentary"],
        .mood: ["dramatic", "peaceful", "mysterious", "nostalgic"],
        .framing: ["wide", "medium", "closeup", "extreme_closeup"],
        .lighting: ["golden_hour", "blue_hour", "high_key", "low_key"],
    ]
    static let motions = ["static", "pan_left", "push_in"]
    static let credit: Int64 = 10_000
    static let hourUs: Int64 = 3_600_000_000

    /// Paths are named by their bytes, so that two of them are equal only when nothing differs.
    static let machine = SessionMachine(
        rules: SessionMachine.Rules(
            options: options.mapValues { ids in
                ids.map { SessionMachine.Option(id: $0, label: $0.uppercased()) }
            }, cameraMotions: motions)
    ) { $0 }

    var session: Session
    var nowUs: Int64 = 1_000_000
    /// What was taken from the user, in whole credits.
    private(set) var credits: Int64 = 0
    private var made = 0

    /// Starts a session.
    init(intent: String = "a fox", fate: Fate = .good) throws {
        session = Session(
            id: "ses_1", userID: "usr_1", intent: intent, aspectRatio: "16:9", seed: 7,
            nowUs: nowUs)
        let plan = try Self.machine.start(intent: intent, aspectRatio: "", seed: 7)
        _ = work(.start, .pictures(plan), fate)
    }

    /// Gives a command and does what it asks for.
    ///
    /// - Returns: How the command was refused, or "unchanged", "written", or what the work came to
    ///   and how many credits it took: "succeeded 4".
    mutating func run(
        _ command: Command, by userID: String = "usr_1", version: UInt64 = 0, fate: Fate = .good
    ) -> String {
        let decision: Decision
        do throws(SessionError) {
            decision = try Self.machine.decide(
                command, on: session, by: userID, version: version, nowUs: nowUs)
        } catch {
            return Self.word(error)
        }
        switch decision {
        case .unchanged: return "unchanged"
        case .write(let written):
            session = written
            return "written"
        case .makePictures(let plan): return work(.select, .pictures(plan), fate)
        case .estimateDepth(let source):
            return work(.cameraMotion, .depth(sourceAssetID: source), fate)
        case .makeClip(let plan): return work(.subjectMotion, .clip(plan), fate)
        case .finalize:
            session = Self.machine.finalized(
                session, finalPrompt: "final", videoPrompt: "video", nowUs: nowUs)
            return "finalized"
        }
    }

    /// Abandons the session as the sweep does.
    mutating func expire() {
        session.status = .abandoned
        session.isExpired = true
        session.version += 1
    }

    /// One word for each way of being refused, in a switch that knows them all.
    static func word(_ error: SessionError) -> String {
        switch error {
        case .notOwner: "owner"
        case .expired: "expired"
        case .stepConflict: "conflict"
        case .versionConflict: "version"
        case .regenerationLimit: "limit"
        case .incomplete: "incomplete"
        case .invalid: "invalid"
        case .sessionNotFound, .operationNotFound, .generationNotFound, .commandRunning,
            .activeSessionExists, .keyReused, .modelUnavailable, .tooManyRunning, .resync,
            .cannotMerge, .creationNotFound, .creationAtWork:
            "not of the machine"
        }
    }

    // MARK: Doing the work

    private mutating func work(
        _ kind: Operation.Kind, _ work: Operation.Work, _ fate: Fate
    ) -> String {
        var operation = Operation(
            id: "op_\(made)", userID: session.userID, sessionID: session.id, kind: kind,
            idempotencyKey: "", fingerprint: [], work: work, nowUs: nowUs)
        operation.handle(
            .held(id: "hold", amountU4: price(of: work) * Int64(work.quantity) * Self.credit))
        operation.handle(.opened)
        operation.handle(.prepared(recipes(of: work)))
        operation.handle(.submitted)
        for (index, id) in work.slotIDs.enumerated() {
            guard fate.stop == .none || index < fate.endedBeforeStop else { break }
            end(id, isFailed: fate.failures >> index & 1 == 1, &operation)
        }
        operation.cancellation =
            switch fate.stop {
            case .none: .none
            case .discard: .discard
            }
        operation.handle(fate.stop == .none ? .watched : .stopped)
        let conclusion = Self.machine.conclude(operation, on: session, nowUs: nowUs)
        if let written = conclusion.session { session = written }
        credits += conclusion.captureU4 / Self.credit
        return "\(conclusion.outcome) \(conclusion.captureU4 / Self.credit)"
    }

    private mutating func end(_ slotID: String, isFailed: Bool, _ operation: inout Operation) {
        made += 1
        let recipe = operation.recipes.first { $0.slotID == slotID }
        switch operation.work {
        case .navigation, .generation: break
        case .pictures:
            let picture = MadePicture(
                id: "job_\(made)", assetID: "ast_\(made)", prompt: recipe?.prompt ?? "",
                fragments: recipe?.fragments ?? [], width: 16, height: 9, provider: "test",
                generatedAtUs: nowUs)
            operation.handle(
                .slotEnded(
                    Slot(
                        optionID: slotID, state: isFailed ? .failed(.image) : .made(picture))))
        case .depth, .clip:
            let delivered = Operation.Delivered(
                assetID: "ast_\(made)", contentType: "", provider: "test")
            operation.handle(isFailed ? .failed(.video) : .delivered(delivered))
        }
    }

    private func price(of work: Operation.Work) -> Int64 {
        if case .clip = work { 5 } else { 1 }
    }

    /// A regeneration draws other words, a retry the same.
    private func recipes(of work: Operation.Work) -> [Operation.Recipe] {
        work.slotIDs.map { id in
            var words = "\(id)"
            if case .pictures(let plan) = work { words = "\(id)#\(plan.regeneration)" }
            return Operation.Recipe(
                slotID: id, recipeID: words, fragments: [words], prompt: words)
        }
    }
}
