/// Camera, subject, finishing, and going back.
extension SessionMachine {
    // MARK: Camera

    func offerCamera(in session: Session, _ nowUs: Int64) throws(SessionError) -> Decision {
        guard session.step == .cameraMotion, let source = session.chosenAssetID else {
            throw conflict(session, "camera moves are offered after lighting is chosen")
        }
        if session.camera.isOffered && !session.camera.isFallback { return .unchanged }
        if let depth = session.depths[source] {
            return .write(offered(depth: depth, for: source, to: session, nowUs: nowUs))
        }
        return .estimateDepth(sourceAssetID: source)
    }

    /// The session with its camera moves offered; without depth they are text.
    package func offered(
        depth: String?, for sourceAssetID: String, to session: Session, nowUs: Int64
    ) -> Session {
        var session = session
        session.camera.isOffered = true
        session.camera.isFallback = depth == nil
        session.camera.depthAssetID = depth ?? ""
        if let depth { session.depths[sourceAssetID] = depth }
        return written(session, nowUs)
    }

    func selectCamera(_ id: String, in session: Session, _ nowUs: Int64)
        throws(SessionError) -> Decision
    {
        guard session.step == .cameraMotion else {
            throw conflict(session, "the camera move is chosen at the camera_motion step")
        }
        guard session.camera.isOffered else {
            throw conflict(session, "the camera moves have not been asked for yet")
        }
        guard rules.cameraMotions.contains(id) else {
            throw .invalid(field: "cameraMotionId", reason: "there is no camera move \(id)")
        }
        var session = session
        session.camera.motionID = id
        session.camera.previousMotionID = ""
        session.step = .subjectMotion
        return .write(written(session, nowUs))
    }

    // MARK: Subject

    func requireSubjectStep(_ session: Session) throws(SessionError) {
        guard session.step == .subjectMotion || session.step == .preview else {
            throw conflict(session, "the subject moves after the camera move is chosen")
        }
    }

    func moveSubject(_ text: String, in session: Session, _ nowUs: Int64)
        throws(SessionError) -> Decision
    {
        try requireSubjectStep(session)
        let text = try self.text(text, field: "subjectMotion", isRequired: true)
        let path = UpstreamPath(
            kind: "subject_motion", intent: session.intent, aspectRatio: session.aspectRatio,
            choices: session.choices, motions: [session.camera.motionID, text])
        let plan = ClipPlan(
            key: PathKey(bytes: digest(path.canonicalBytes)),
            sourceAssetID: session.chosenAssetID ?? "", cameraMotionID: session.camera.motionID,
            subjectMotion: text, choices: session.choices)
        if let clip = session.videos[plan.key] {
            return .write(filmed(plan, clip: clip, in: session, nowUs: nowUs))
        }
        return .makeClip(plan)
    }

    /// The session with its clip.
    package func filmed(
        _ plan: ClipPlan, clip: Clip, in session: Session, nowUs: Int64
    ) -> Session {
        var session = session
        session.videos[plan.key] = clip
        session.subject = Subject(text: plan.subjectMotion, videoAssetID: clip.assetID)
        session.videoPrompt = clip.prompt
        session.step = .preview
        return written(session, nowUs)
    }

    /// The session after no clip could be made: the words stay, and the user may go on.
    package func unfilmed(_ plan: ClipPlan, in session: Session, nowUs: Int64) -> Session {
        var session = session
        session.subject = Subject(text: plan.subjectMotion, videoAssetID: "")
        session.videoPrompt = ""
        return written(session, nowUs)
    }

    // MARK: Finishing

    /// What finalizing still needs, each once, in flow order.
    package func missingSteps(in session: Session) -> [Step] {
        var missing = Dimension.allCases.filter { session.choice(of: $0) == nil }.map(\.step)
        if session.camera.motionID.isEmpty { missing.append(.cameraMotion) }
        return missing
    }

    /// The completed session.
    package func finalized(
        _ session: Session, finalPrompt: String, videoPrompt: String, nowUs: Int64
    ) -> Session {
        precondition(missingSteps(in: session).isEmpty)
        var session = session
        session.status = .completed
        session.step = .complete
        session.subject = session.subject ?? Subject(text: "", videoAssetID: "")
        session.finalPrompt = finalPrompt
        session.videoPrompt = videoPrompt
        return written(session, nowUs)
    }

    // MARK: Going back

    func jump(to step: Step, in session: Session, _ nowUs: Int64)
        throws(SessionError) -> Decision
    {
        guard step != .intent, step != .complete, step <= session.step else {
            throw conflict(session, "\(step.rawValue) is not a completed step")
        }
        if step == session.step { return .unchanged }
        return .write(written(moved(session, to: step), nowUs))
    }

    func stepBefore(_ step: Step) -> Step? {
        switch step {
        case .intent, .direction, .complete: nil
        case .mood: .direction
        case .framing: .mood
        case .lighting: .framing
        case .cameraMotion: .lighting
        case .subjectMotion: .cameraMotion
        case .preview: .subjectMotion
        }
    }

    /// The session at an earlier step: what is chosen there and after it is unlocked and remembered.
    func moved(_ session: Session, to step: Step) -> Session {
        var session = session
        for choice in session.choices where choice.dimension.step >= step {
            session.previous[choice.dimension] = choice
        }
        session.choices.removeAll { $0.dimension.step >= step }
        if step <= .subjectMotion {
            session.subject = nil
            session.videoPrompt = ""
        }
        if step <= .cameraMotion, !session.camera.motionID.isEmpty {
            session.camera.previousMotionID = session.camera.motionID
            session.camera.motionID = ""
        }
        if step <= .lighting {
            // The depth is found again by its picture when the same one is chosen.
            session.camera.isOffered = false
            session.camera.isFallback = false
            session.camera.depthAssetID = ""
        }
        session.step = step
        return session
    }
}
