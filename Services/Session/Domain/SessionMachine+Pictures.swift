/// Choosing between pictures.
extension SessionMachine {
    func select(
        _ dimension: Dimension, _ optionID: String, in session: Session, _ nowUs: Int64
    ) throws(SessionError) -> Decision {
        try require(dimension, in: session)
        let choice = try choice(dimension, optionID, in: session)
        let choices = session.choices + [choice]
        guard let next = dimension.next else {
            return .write(written(locked(choice, in: session), nowUs))
        }
        let path = key(
            intent: session.intent, aspectRatio: session.aspectRatio, choices: choices, of: next)
        let cached = session.sets[path]
        if let cached, cached.absent.isEmpty {
            return .write(written(locked(choice, in: session), nowUs))
        }
        return .makePictures(
            PicturePlan(
                purpose: .select, dimension: next, path: path, intent: session.intent,
                aspectRatio: session.aspectRatio, choices: choices,
                regeneration: cached?.regeneration ?? 0, seed: session.seed,
                missing: cached?.absent ?? optionIDs(of: next)))
    }

    /// The option with the words that its picture was made with.
    private func choice(
        _ dimension: Dimension, _ optionID: String, in session: Session
    ) throws(SessionError) -> Choice {
        guard let option = rules.options[dimension]?.first(where: { $0.id == optionID }) else {
            throw .invalid(
                field: "optionId", reason: "\(dimension.rawValue) has no option \(optionID)")
        }
        guard let set = visibleSet(of: dimension, in: session),
            let picture = set.slot(optionID)?.picture
        else {
            throw conflict(session, "\(optionID) has no picture yet; retry it first")
        }
        return Choice(
            dimension: dimension, optionID: optionID, label: option.label,
            fragments: picture.fragments, assetID: picture.assetID)
    }

    /// The session one step on. A choice that differs from the one before forgets everything that
    /// was chosen downstream of it.
    func locked(_ choice: Choice, in session: Session) -> Session {
        var session = session
        if session.previous[choice.dimension] != choice {
            for dimension in Dimension.allCases where dimension > choice.dimension {
                session.previous[dimension] = nil
            }
            session.camera = Camera()
        }
        session.previous[choice.dimension] = nil
        session.choices.append(choice)
        session.step = choice.dimension.next?.step ?? .cameraMotion
        return session
    }

    func regenerate(_ dimension: Dimension, in session: Session) throws(SessionError) -> Decision {
        try require(dimension, in: session)
        let current = session.regenerations[dimension] ?? 0
        guard current < rules.regenerationsMax else {
            throw .regenerationLimit(
                dimension: dimension, current: current, max: rules.regenerationsMax)
        }
        guard let path = path(of: dimension, in: session), session.sets[path] != nil else {
            throw conflict(session, "there are no \(dimension.rawValue) pictures to replace yet")
        }
        return .makePictures(
            PicturePlan(
                purpose: .regenerate, dimension: dimension, path: path, intent: session.intent,
                aspectRatio: session.aspectRatio, choices: session.choices,
                regeneration: current + 1, seed: session.seed,
                missing: optionIDs(of: dimension)))
    }

    func retry(
        _ dimension: Dimension, _ optionID: String, in session: Session
    ) throws(SessionError) -> Decision {
        try require(dimension, in: session)
        guard optionIDs(of: dimension).contains(optionID) else {
            throw .invalid(
                field: "optionId", reason: "\(dimension.rawValue) has no option \(optionID)")
        }
        guard let path = path(of: dimension, in: session) else {
            throw conflict(session, "nothing is chosen before \(dimension.rawValue)")
        }
        let set = session.sets[path]
        if set?.slot(optionID)?.picture != nil {
            throw conflict(session, "\(optionID) has its picture already")
        }
        return .makePictures(
            PicturePlan(
                purpose: .retry, dimension: dimension, path: path, intent: session.intent,
                aspectRatio: session.aspectRatio, choices: session.choices,
                regeneration: set?.regeneration ?? 0, seed: session.seed, missing: [optionID]))
    }

    func editIntent(
        _ intent: String, in session: Session, _ nowUs: Int64
    ) throws(SessionError) -> Decision {
        guard session.step == .direction else {
            throw conflict(session, "the intent can be changed at the direction step only")
        }
        let intent = try text(intent, field: "intent", isRequired: true)
        let path = key(
            intent: intent, aspectRatio: session.aspectRatio, choices: [], of: .direction)
        let cached = session.sets[path]
        if let cached, cached.absent.isEmpty {
            return .write(written(renamed(session, to: intent), nowUs))
        }
        return .makePictures(
            PicturePlan(
                purpose: .intent, dimension: .direction, path: path, intent: intent,
                aspectRatio: session.aspectRatio, choices: [],
                regeneration: cached?.regeneration ?? 0, seed: session.seed,
                missing: cached?.absent ?? optionIDs(of: .direction)))
    }

    private func renamed(_ session: Session, to intent: String) -> Session {
        var session = session
        if session.intent != intent {
            session.intent = intent
            session.previous = [:]
            session.camera = Camera()
        }
        return session
    }

    // MARK: When the pictures are there

    /// Whether what came back is worth showing: something to choose from, and for a retry the
    /// picture that was asked for.
    package func isUseful(_ plan: PicturePlan, slots: [Slot], in session: Session) -> Bool {
        let made = slots.contains { $0.picture != nil }
        guard !made, plan.purpose == .select || plan.purpose == .intent else { return made }
        return session.sets[plan.path]?.slots.contains { $0.picture != nil } ?? false
    }

    /// The session with the pictures of `plan` and with what the command chose.
    /// - Parameter slots: One for each option in `plan.missing`.
    package func applied(
        _ plan: PicturePlan, slots: [Slot], to session: Session, nowUs: Int64
    ) -> Session {
        var session = kept(plan, slots: slots, in: session)
        switch plan.purpose {
        case .start, .retry:
            break
        case .regenerate:
            session.regenerations[plan.dimension] = plan.regeneration
        case .intent:
            session = renamed(session, to: plan.intent)
        case .select:
            if let choice = plan.choices.last { session = locked(choice, in: session) }
        }
        return written(session, nowUs)
    }

    private func kept(_ plan: PicturePlan, slots: [Slot], in session: Session) -> Session {
        var session = session
        let fresh = PictureSet(
            dimension: plan.dimension, regeneration: plan.regeneration,
            slots: optionIDs(of: plan.dimension).map { Slot(optionID: $0, state: .absent) })
        var set = plan.purpose == .regenerate ? fresh : session.sets[plan.path] ?? fresh
        for slot in slots {
            guard let index = set.slots.firstIndex(where: { $0.optionID == slot.optionID }) else {
                continue
            }
            assert(set.slots[index].picture == nil, "a picture is never replaced by its retry")
            set.slots[index] = slot
        }
        session.sets[plan.path] = set
        return session
    }
}
