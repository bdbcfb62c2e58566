/// The rules of a session: a command and a session give a new session or work to be done.
///
/// Pure. Whoever calls it does the work and writes the session; while work is under way no other
/// command reaches the session, so that what was decided still holds when it is applied.
package struct SessionMachine: Sendable {
    package struct Option: Hashable, Sendable {
        package var id: String
        package var label: String

        package init(id: String, label: String) {
            self.id = id
            self.label = label
        }
    }

    package struct Rules: Sendable {
        /// Of each dimension in one session.
        package var regenerationsMax = 3
        /// After the last write.
        package var lifetimeUs: Int64 = 24 * 3_600_000_000
        /// Of intents and subject motions.
        package var textCharactersMax = 4000
        /// In display order.
        package var options: [Dimension: [Option]]
        /// Ids in display order.
        package var cameraMotions: [String]

        package init(options: [Dimension: [Option]], cameraMotions: [String]) {
            self.options = options
            self.cameraMotions = cameraMotions
        }
    }

    package static let aspectRatios = ["16:9", "9:16", "1:1", "4:3", "3:4"]

    package var rules: Rules
    let digest: @Sendable ([UInt8]) -> [UInt8]

    /// - Parameter digest: SHA-256.
    package init(rules: Rules, digest: @escaping @Sendable ([UInt8]) -> [UInt8]) {
        self.rules = rules
        self.digest = digest
    }

    // MARK: Starting

    /// What the first command of a session makes.
    package func start(intent: String, aspectRatio: String, seed: UInt64)
        throws(SessionError) -> PicturePlan
    {
        let intent = try text(intent, field: "intent", isRequired: true)
        let aspectRatio = aspectRatio.isEmpty ? Self.aspectRatios[0] : aspectRatio
        guard Self.aspectRatios.contains(aspectRatio) else {
            throw .invalid(
                field: "aspectRatio",
                reason: "must be one of \(Self.aspectRatios.joined(separator: ", "))")
        }
        return PicturePlan(
            purpose: .start, dimension: .direction,
            path: key(intent: intent, aspectRatio: aspectRatio, choices: [], of: .direction),
            intent: intent, aspectRatio: aspectRatio, choices: [], regeneration: 0, seed: seed,
            missing: optionIDs(of: .direction))
    }

    // MARK: Reading

    /// Strictly after the lifetime: a session is alive in its last microsecond.
    package func isExpired(_ session: Session, nowUs: Int64) -> Bool {
        switch session.status {
        case .active: nowUs > session.updatedAtUs + rules.lifetimeUs
        case .abandoned: session.isExpired
        case .completed: false
        }
    }

    /// The set of pictures to choose between for `dimension`, by what is locked upstream of it.
    package func visibleSet(of dimension: Dimension, in session: Session) -> PictureSet? {
        guard let path = path(of: dimension, in: session) else { return nil }
        return session.sets[path]
    }

    /// Nil when something upstream is not chosen.
    func path(of dimension: Dimension, in session: Session) -> PathKey? {
        let upstream = session.choices.filter { $0.dimension < dimension }
        guard upstream.count == Dimension.allCases.filter({ $0 < dimension }).count else {
            return nil
        }
        return key(
            intent: session.intent, aspectRatio: session.aspectRatio, choices: upstream,
            of: dimension)
    }

    // MARK: Deciding

    /// - Parameter version: The one the caller saw; 0 = any.
    package func decide(
        _ command: Command, on session: Session, by userID: String, version: UInt64, nowUs: Int64
    ) throws(SessionError) -> Decision {
        try admit(userID, to: session, nowUs: nowUs)
        switch (session.status, command) {
        case (.abandoned, .abandon), (.completed, .finalize), (.completed, .abandon):
            return .unchanged
        case (.abandoned, _):
            throw conflict(session, "the session was abandoned")
        case (.completed, _):
            throw conflict(session, "the session is complete")
        case (.active, _):
            break
        }
        try checkVersion(version, of: session)
        switch command {
        case .select(let dimension, let optionID):
            return try select(dimension, optionID, in: session, nowUs)
        case .regenerate(let dimension):
            return try regenerate(dimension, in: session)
        case .retry(let dimension, let optionID):
            return try retry(dimension, optionID, in: session)
        case .back:
            guard let step = stepBefore(session.step) else {
                throw conflict(session, "there is no step before \(session.step.rawValue)")
            }
            return .write(written(moved(session, to: step), nowUs))
        case .jump(let step):
            return try jump(to: step, in: session, nowUs)
        case .resume:
            return .write(written(session, nowUs))
        case .abandon:
            var session = session
            session.status = .abandoned
            return .write(written(session, nowUs))
        case .editIntent(let intent):
            return try editIntent(intent, in: session, nowUs)
        case .cameraMotion:
            return try offerCamera(in: session, nowUs)
        case .selectCameraMotion(let id):
            return try selectCamera(id, in: session, nowUs)
        case .subjectMotion(let text):
            return try moveSubject(text, in: session, nowUs)
        case .skipSubjectMotion:
            try requireSubjectStep(session)
            var session = session
            session.subject = Subject(text: "", videoAssetID: "")
            session.videoPrompt = ""
            session.step = .preview
            return .write(written(session, nowUs))
        case .finalize:
            let missing = missingSteps(in: session)
            guard missing.isEmpty else { throw .incomplete(missing) }
            return .finalize
        }
    }

    /// Lets only its owner to a session, and only in its lifetime.
    package func admit(
        _ userID: String, to session: Session, nowUs: Int64
    ) throws(SessionError) {
        guard session.userID == userID else { throw .notOwner }
        if isExpired(session, nowUs: nowUs) { throw .expired(session.id) }
    }

    /// - Parameter version: The one the caller saw; 0 = any.
    package func checkVersion(
        _ version: UInt64, of session: Session
    ) throws(SessionError) {
        guard version == 0 || version == session.version else {
            throw .versionConflict(sessionID: session.id, current: session.version)
        }
    }

    // MARK: Shared by the commands

    func conflict(_ session: Session, _ reason: String) -> SessionError {
        .stepConflict(sessionID: session.id, step: session.step, reason: reason)
    }

    func require(_ dimension: Dimension, in session: Session) throws(SessionError) {
        guard session.step == dimension.step else {
            throw conflict(
                session,
                "\(dimension.rawValue) cannot be changed at step \(session.step.rawValue)")
        }
    }

    func optionIDs(of dimension: Dimension) -> [String] {
        (rules.options[dimension] ?? []).map(\.id)
    }

    func key(
        intent: String, aspectRatio: String, choices: [Choice], of dimension: Dimension
    ) -> PathKey {
        let path = UpstreamPath(
            kind: dimension.rawValue, intent: intent, aspectRatio: aspectRatio, choices: choices)
        return PathKey(bytes: digest(path.canonicalBytes))
    }

    /// A session as it is stored next.
    func written(_ session: Session, _ nowUs: Int64) -> Session {
        var session = session
        session.version += 1
        session.updatedAtUs = max(nowUs, session.updatedAtUs)
        assert(isWellFormed(session))
        return session
    }

    /// Locks in flow order without a hole, as many as the step needs, a camera move exactly after
    /// its step, regenerations within their limit.
    package func isWellFormed(_ session: Session) -> Bool {
        let locked = session.choices.map(\.dimension)
        return locked == Array(Dimension.allCases.prefix(max(0, session.step.order - 1)))
            && session.regenerations.values.allSatisfy { (0...rules.regenerationsMax).contains($0) }
            && session.camera.motionID.isEmpty == (session.step <= .cameraMotion)
            && (session.status == .completed) == (session.step == .complete)
            && session.step != .intent
    }

    /// - Returns: The text without white space at its ends.
    package func text(_ text: String, field: String, isRequired: Bool)
        throws(SessionError) -> String
    {
        let trimmed = text.trimmed
        if trimmed.isEmpty && isRequired {
            throw .invalid(field: field, reason: "must not be empty")
        }
        guard trimmed.count <= rules.textCharactersMax else {
            throw .invalid(
                field: field, reason: "must have at most \(rules.textCharactersMax) characters")
        }
        return trimmed
    }
}

extension StringProtocol {
    /// Without white space at both ends.
    var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }),
            let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
