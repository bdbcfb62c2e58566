internal import ServiceAPI

/// How sessions and operations look from outside: with labels, prices and camera moves.
struct SessionView: Sendable {
    let library: Catalogue.Library
    let prices: Prices

    private var machine: SessionMachine { library.machine }

    func session(
        _ session: Session, runningOperationID: String = "", nowUs: Int64
    ) -> SessionAPI.ConvergenceSession {
        let isExpired = machine.isExpired(session, nowUs: nowUs)
        return SessionAPI.ConvergenceSession(
            id: session.id, userID: session.userID, version: session.version,
            status: isExpired ? Session.Status.abandoned.rawValue : session.status.rawValue,
            intent: session.intent, aspectRatio: session.aspectRatio,
            step: session.step.rawValue,
            direction: session.choice(of: .direction)?.optionID ?? "",
            locks: session.choices.filter { $0.dimension != .direction }
                .map(SessionAPI.Lock.init),
            pictures: pictures(of: session),
            regenerations: regenerations(of: session),
            depthAssetID: session.camera.depthAssetID,
            isDepthFallback: session.camera.isFallback,
            cameraPaths: session.camera.isOffered ? cameraPaths : [],
            cameraMotionID: session.camera.motionID,
            subjectMotion: session.subject?.text ?? "",
            hasSubjectMotion: session.subject != nil,
            subjectVideoAssetID: session.subject?.videoAssetID ?? "",
            finalPrompt: session.finalPrompt, videoPrompt: session.videoPrompt,
            totalCreditsU4: session.chargedU4, createdAtUs: session.createdAtUs,
            updatedAtUs: session.updatedAtUs,
            expiresAtUs: session.status == .active
                ? session.updatedAtUs + machine.rules.lifetimeUs : 0,
            runningOperationID: runningOperationID,
            previewAssetID: session.chosenAssetID ?? "",
            estimatedTotalU4: costs.reduce(0) { $0 + $1.amountU4 }, costs: costs,
            previous: session.previous.values.sorted { $0.dimension < $1.dimension }
                .map(SessionAPI.Lock.init))
    }

    /// An operation with its session, if it has one, and its pictures.
    func operation(
        _ operation: Operation, _ session: Session?, generation: Generation? = nil, nowUs: Int64
    ) -> SessionAPI.Operation {
        var message = SessionAPI.Operation(operation)
        if let session {
            let isRunning = operation.state == .running && operation.isExclusive
            message.session = self.session(
                session, runningOperationID: isRunning ? operation.id : "", nowUs: nowUs)
        }
        message.pictures = pictures(of: operation, session)
        message.generation = generation.map(SessionAPI.Generation.init)
        if operation.heldU4 == 0 {
            message.estimatedU4 =
                (prices.amountU4(PriceID(operation.work)) ?? 0) * Int64(operation.work.quantity)
        }
        return message
    }

    /// Pictures that an operation made, is making or found again.
    private func pictures(
        of operation: Operation, _ session: Session?
    ) -> SessionAPI.PictureSet? {
        if case .pictures(let plan) = operation.work {
            var slots = operation.slots
            if let set = session?.sets[plan.path] {
                // The others of the set are shown as well; a retry makes one of four.
                slots = set.slots.map { slot in
                    let own = operation.slots.first { $0.optionID == slot.optionID }
                    if let own, own.state != .absent { return own }
                    return slot
                }
            }
            return set(plan.dimension, slots)
        }
        guard case .navigation = operation.work, let session,
            let dimension = session.step.dimension,
            let visible = machine.visibleSet(of: dimension, in: session)
        else { return nil }
        return set(dimension, visible.slots)
    }

    /// One set for each dimension whose pictures belong to what is locked.
    private func pictures(of session: Session) -> [SessionAPI.PictureSet] {
        Dimension.allCases.compactMap { dimension in
            machine.visibleSet(of: dimension, in: session).map { set(dimension, $0.slots) }
        }
    }

    private func set(_ dimension: Dimension, _ slots: [Slot]) -> SessionAPI.PictureSet {
        SessionAPI.PictureSet(
            dimension: dimension.rawValue,
            images: slots.map { SessionAPI.Picture($0, dimension: dimension) },
            options: (machine.rules.options[dimension] ?? []).map {
                SessionAPI.Option(id: $0.id, label: $0.label)
            })
    }

    private func regenerations(of session: Session) -> [SessionAPI.RegenerationCount] {
        Dimension.allCases.map { dimension in
            let count = session.regenerations[dimension] ?? 0
            return SessionAPI.RegenerationCount(
                dimension: dimension.rawValue, count: UInt32(count),
                remaining: UInt32(max(0, machine.rules.regenerationsMax - count)))
        }
    }

    private var cameraPaths: [SessionAPI.CameraPath] {
        library.motions.map(SessionAPI.CameraPath.init)
    }

    /// What each step costs by the prices in force.
    private var costs: [SessionAPI.StepCost] {
        let picture = prices.amountU4(.picture) ?? 0
        return Dimension.allCases.map { dimension in
            let count = Int64(machine.rules.options[dimension]?.count ?? 0)
            return SessionAPI.StepCost(step: dimension.rawValue, amountU4: picture * count)
        } + [
            SessionAPI.StepCost(
                step: Step.cameraMotion.rawValue, amountU4: prices.amountU4(.depth) ?? 0),
            SessionAPI.StepCost(
                step: Step.subjectMotion.rawValue, amountU4: prices.amountU4(.clip) ?? 0),
        ]
    }
}

extension SessionAPI.Lock {
    init(_ choice: Choice) {
        self.init(
            dimension: choice.dimension.rawValue, optionID: choice.optionID, label: choice.label,
            fragments: choice.fragments, assetID: choice.assetID)
    }
}

extension SessionAPI.CameraPath {
    init(_ motion: PromptAPI.CameraMotion) {
        self.init(
            id: motion.id, label: motion.label, category: motion.category,
            description: motion.description,
            start: motion.start.map { SessionAPI.Vector(x: $0.x, y: $0.y, z: $0.z) },
            end: motion.end.map { SessionAPI.Vector(x: $0.x, y: $0.y, z: $0.z) },
            startRotation: motion.startRotation.map(SessionAPI.Rotation.init),
            endRotation: motion.endRotation.map(SessionAPI.Rotation.init),
            durationSeconds: motion.durationSeconds,
            keyFrames: motion.keyFrames.map(SessionAPI.KeyFrame.init), isLoop: motion.isLoop)
    }
}

extension SessionAPI.KeyFrame {
    init(_ key: PromptAPI.KeyFrame) {
        self.init(
            time: key.time,
            position: key.position.map { SessionAPI.Vector(x: $0.x, y: $0.y, z: $0.z) },
            rotation: key.rotation.map(SessionAPI.Rotation.init), zoom: key.zoom,
            easing: key.easing)
    }
}

extension SessionAPI.Rotation {
    init(_ rotation: PromptAPI.Rotation) {
        self.init(pitch: rotation.pitch, yaw: rotation.yaw, roll: rotation.roll)
    }
}
