/// What the journal does next and what it makes of the answers. Pure.
extension Operation {
    package enum Event: Hashable, Sendable {
        case held(id: String, amountU4: Int64)
        case opened
        case prepared([Recipe])
        case submitted
        /// A job ended. Late and repeated ones change nothing.
        case slotEnded(Slot)
        /// Every slot has ended, or the rest was stopped.
        case watched
        /// A depth map or clip is in storage.
        case delivered(Delivered)
        /// The work was called off, or its time is over; what has ended by now counts.
        case stopped
        /// Something failed in a way that repeating does not cure.
        case failed(Failure)
        case applied(Conclusion)
        case settled(capturedU4: Int64, nowUs: Int64)
    }

    /// Moves the journal on. Events that do not fit the stage are ignored: they are repeats.
    package mutating func handle(_ event: Event) {
        switch event {
        case .held(let id, let amountU4):
            guard stage == .hold else { return }
            holdID = id
            heldU4 = amountU4
            stage = kind == .start ? .open : .prepare
            skipDepthPreparation()
        case .opened:
            guard stage == .open else { return }
            stage = .prepare
        case .prepared(let recipes):
            guard stage == .prepare else { return }
            self.recipes = recipes
            stage = .submit
        case .submitted:
            guard stage == .submit else { return }
            stage = .watch
        case .slotEnded(let slot):
            guard stage == .watch,
                let index = slots.firstIndex(where: { $0.optionID == slot.optionID }),
                slots[index].state == .absent
            else { return }
            slots[index] = slot
        case .watched:
            guard stage == .watch else { return }
            stage = .apply
        case .delivered(let delivered):
            guard stage == .watch else { return }
            self.delivered = delivered
            stage = .apply
        case .stopped:
            guard stage < .apply, stage != .hold else { return }
            stage = .apply
        case .failed(let failure):
            guard stage < .apply else { return }
            self.failure = failure
            stage = holdID.isEmpty ? .settle : .apply
            if stage == .settle { outcome = .failed }
        case .applied(let conclusion):
            guard stage == .apply else { return }
            outcome = conclusion.outcome
            captureU4 = conclusion.captureU4
            failure = conclusion.failure
            stage = .settle
        case .settled(let capturedU4, let nowUs):
            guard stage == .settle else { return }
            captureU4 = capturedU4
            state = outcome
            stage = .ended
            finishedAtUs = nowUs
        }
    }

    /// Depth needs no recipe and no job: media makes it in one call.
    private mutating func skipDepthPreparation() {
        if case .depth = work, stage == .prepare { stage = .watch }
    }

    /// What was made, with commas between: a picture for each slot, or the one thing.
    package var deliveredAssetIDs: String { deliveredAssets.joined(separator: ",") }

    package var deliveredAssets: [String] {
        if case .generation = work, delivered == nil { return [] }
        if let delivered, slots.count <= 1 { return [delivered.assetID] }
        return slots.compactMap { $0.picture?.assetID }
    }

    /// The part of the hold that one delivered slot costs.
    package var unitU4: Int64 { heldU4 / Int64(max(1, work.quantity)) }
}

extension Operation.Stage: Comparable {
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// What an operation came to, written together with its session.
package struct Conclusion: Hashable, Sendable {
    package var outcome: Operation.State
    package var captureU4: Int64
    package var failure: Failure?
    /// The session to write; nil when it stays as it is.
    package var session: Session?
    /// What its user has now.
    package var creations: [Creation]

    package init(
        outcome: Operation.State, captureU4: Int64 = 0, failure: Failure? = nil,
        session: Session? = nil, creations: [Creation] = []
    ) {
        self.outcome = outcome
        self.captureU4 = captureU4
        self.failure = failure
        self.session = session
        self.creations = creations
    }
}

extension SessionMachine {
    /// What an operation whose work has ended comes to: charged is what the session keeps.
    /// - Parameter session: As it is now; nil for a generation.
    package func conclude(
        _ operation: Operation, on session: Session?, nowUs: Int64
    ) -> Conclusion {
        var conclusion = conclusion(of: operation, on: session, nowUs: nowUs)
        assert((0...operation.heldU4).contains(conclusion.captureU4))
        conclusion.session?.chargedU4 += conclusion.captureU4
        return conclusion
    }

    private func conclusion(
        of operation: Operation, on session: Session?, nowUs: Int64
    ) -> Conclusion {
        if case .generation = operation.work { return concludeGeneration(operation) }
        guard let session, session.status == .active else {
            return Conclusion(
                outcome: operation.failure == nil ? .cancelled : .failed,
                failure: operation.failure)
        }
        if operation.cancellation == .discard {
            return cameToNothing(operation, session, .cancelled, nil, nowUs)
        }
        switch operation.work {
        case .navigation, .generation:
            return Conclusion(outcome: .succeeded)
        case .pictures(let plan):
            return concludePictures(operation, plan, session, nowUs)
        case .depth(let source):
            let depth = operation.delivered?.assetID
            return Conclusion(
                outcome: .succeeded, captureU4: depth == nil ? 0 : operation.heldU4,
                session: offered(depth: depth, for: source, to: session, nowUs: nowUs))
        case .clip(let plan):
            guard let delivered = operation.delivered else {
                return Conclusion(
                    outcome: .failed, failure: operation.failure ?? .video,
                    session: unfilmed(plan, in: session, nowUs: nowUs))
            }
            let clip = Clip(
                assetID: delivered.assetID, prompt: operation.recipes.first?.prompt ?? "")
            return Conclusion(
                outcome: .succeeded, captureU4: operation.heldU4,
                session: filmed(plan, clip: clip, in: session, nowUs: nowUs),
                creations: [
                    creation(of: operation, plan, delivered, in: session, nowUs: nowUs)
                ])
        }
    }

    private func concludePictures(
        _ operation: Operation, _ plan: PicturePlan, _ session: Session, _ nowUs: Int64
    ) -> Conclusion {
        let ended = operation.slots.filter { $0.state != .absent }
        let price = operation.unitU4 * Int64(operation.made)
        if isUseful(plan, slots: ended, in: session) {
            return Conclusion(
                outcome: .succeeded, captureU4: price,
                session: applied(plan, slots: ended, to: session, nowUs: nowUs),
                creations: creations(of: operation, plan))
        }
        var failure = operation.failure ?? .image
        for case .failed(let reason) in ended.map(\.state) { failure = reason }
        return cameToNothing(operation, session, .failed, failure, nowUs)
    }

    /// Nothing is kept. A session that never showed a picture is given up with it, so that it does
    /// not stand in the way of the next start.
    private func cameToNothing(
        _ operation: Operation, _ session: Session, _ outcome: Operation.State,
        _ failure: Failure?, _ nowUs: Int64
    ) -> Conclusion {
        guard operation.kind == .start else {
            return Conclusion(outcome: outcome, failure: failure)
        }
        var abandoned = session
        abandoned.status = .abandoned
        return Conclusion(
            outcome: outcome, failure: failure, session: written(abandoned, nowUs))
    }

    private func concludeGeneration(_ operation: Operation) -> Conclusion {
        if operation.delivered != nil {
            return Conclusion(outcome: .succeeded, captureU4: operation.heldU4)
        }
        if operation.cancellation != .none { return Conclusion(outcome: .cancelled) }
        return Conclusion(outcome: .failed, failure: operation.failure ?? .video)
    }
}

extension Failure {
    package static let image = Failure(
        code: "IMAGE_GENERATION_FAILED", message: "The pictures could not be made.",
        isRetryable: true)
    package static let video = Failure(
        code: "VIDEO_GENERATION_FAILED", message: "The video could not be made.",
        isRetryable: true)
}
