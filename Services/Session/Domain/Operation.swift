/// A command at work, or one that has ended: the journal's entry.
///
/// Everything a process needs to go on where another one stopped is in here. Each stage is safe to
/// repeat, because every outside step is named by this operation's id.
package struct Operation: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        case start, select, regenerate, retry, back, jump, resume, abandon, cancel, intent
        case cameraMotion = "camera_motion"
        case selectCameraMotion = "select_camera_motion"
        case subjectMotion = "subject_motion"
        case skipSubjectMotion = "skip_subject_motion"
        case finalize, generation
    }

    package enum State: Int64, Hashable, Sendable {
        case running = 1
        case succeeded, failed, cancelled
    }

    /// What is to be done next.
    package enum Stage: Int64, CaseIterable, Hashable, Sendable {
        /// Set the credits aside.
        case hold = 1
        /// Make the session's row; of `start` alone.
        case open
        /// Build the recipes.
        case prepare
        /// Hand the jobs to media.
        case submit
        /// Wait for them and note each as it ends.
        case watch
        /// Write the session.
        case apply
        /// Charge what was delivered and give back the rest.
        case settle
        case ended
    }

    package enum Cancellation: Int64, Hashable, Sendable {
        case none = 0
        /// Stop; nothing is kept and nothing is charged.
        case discard = 2
    }

    package enum Work: Hashable, Sendable {
        /// Done when it was accepted.
        case navigation
        case pictures(PicturePlan)
        case depth(sourceAssetID: String)
        case clip(ClipPlan)
        case generation(GenerationPlan)
    }

    /// What a picture or clip is made from.
    package struct Recipe: Hashable, Sendable {
        package var slotID: String
        package var recipeID: String
        package var fragments: [String]
        package var prompt: String

        package init(slotID: String, recipeID: String, fragments: [String], prompt: String) {
            self.slotID = slotID
            self.recipeID = recipeID
            self.fragments = fragments
            self.prompt = prompt
        }
    }

    /// The one thing that work other than pictures makes.
    package struct Delivered: Hashable, Sendable {
        package var assetID: String
        package var contentType: String
        package var provider: String

        package init(assetID: String, contentType: String, provider: String) {
            self.assetID = assetID
            self.contentType = contentType
            self.provider = provider
        }
    }

    package var id: String
    package var userID: String
    /// Empty for a generation without a session.
    package var sessionID: String
    package var kind: Kind
    /// The caller's; unique for the user.
    package var idempotencyKey: String
    /// Of the request, so that a key is not used for another one.
    package var fingerprint: [UInt8]
    package var state: State
    package var stage: Stage
    package var cancellation: Cancellation
    package var work: Work
    /// The public request that asked for it; named in the ledger's rows.
    package var requestID: String
    /// What its credits may cost at most.
    package var terms: SpendingTerms
    package var recipes: [Recipe]
    /// One for each job, in display order.
    package var slots: [Slot]
    package var holdID: String
    package var heldU4: Int64
    /// Decided when the session is written, taken when the operation settles.
    package var captureU4: Int64
    package var outcome: State
    package var failure: Failure?
    /// The depth map or clip that was made.
    package var delivered: Delivered?
    package var createdAtUs: Int64
    package var finishedAtUs: Int64

    package init(
        id: String, userID: String, sessionID: String, kind: Kind, idempotencyKey: String,
        fingerprint: [UInt8], work: Work, nowUs: Int64
    ) {
        self.id = id
        self.userID = userID
        self.sessionID = sessionID
        self.kind = kind
        self.idempotencyKey = idempotencyKey
        self.fingerprint = fingerprint
        self.work = work
        let isDone = work == .navigation
        state = isDone ? .succeeded : .running
        stage = isDone ? .ended : .hold
        outcome = .succeeded
        cancellation = .none
        requestID = ""
        terms = SpendingTerms()
        recipes = []
        slots = work.slotIDs.map { Slot(optionID: $0, state: .absent) }
        holdID = ""
        heldU4 = 0
        captureU4 = 0
        failure = nil
        delivered = nil
        createdAtUs = nowUs
        finishedAtUs = isDone ? nowUs : 0
    }

    /// The dimension whose pictures it makes.
    package var dimension: Dimension? {
        if case .pictures(let plan) = work { plan.dimension } else { nil }
    }

    /// Slots that have ended, one way or the other.
    package var done: Int { slots.count { $0.state != .absent } }

    package var made: Int { slots.count { $0.picture != nil } }

    /// The name under which media knows the job of a slot, for ever.
    package func jobReference(_ slotID: String) -> String { "\(id)/\(slotID)" }

    /// Whether no other command may reach the session meanwhile.
    package var isExclusive: Bool {
        if case .generation = work { false } else { true }
    }
}

extension Operation.Work {
    /// The only slot of work that makes one thing.
    package static let singleSlot = "result"

    package var slotIDs: [String] {
        switch self {
        case .navigation: []
        case .pictures(let plan): plan.missing
        case .depth, .clip: [Self.singleSlot]
        case .generation(let plan): plan.slotIDs
        }
    }

    /// How many are paid for.
    package var quantity: Int {
        // A storyboard is bought whole.
        if case .generation = self { 1 } else { slotIDs.count }
    }
}

/// What a caller lets a command cost. Credits refuses what would be more.
package struct SpendingTerms: Hashable, Sendable {
    /// Empty for the prices in force.
    package var quoteID: String
    /// In 1/10,000 credit; 0 for no limit.
    package var maxAmountU4: Int64

    package init(quoteID: String = "", maxAmountU4: Int64 = 0) {
        self.quoteID = quoteID
        self.maxAmountU4 = maxAmountU4
    }
}
