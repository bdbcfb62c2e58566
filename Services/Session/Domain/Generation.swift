/// A picture or video that is made for itself, outside the flow.
package struct GenerationPlan: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        case image, storyboard, draft, final

        /// Whether a video comes out.
        package var isVideo: Bool { self == .draft || self == .final }
    }

    package var generationID: String
    package var kind: Kind
    package var model: String
    package var prompt: String
    package var aspectRatio: String
    /// The picture that a video moves over; empty for pictures.
    package var sourceAssetID: String
    /// Empty = static.
    package var cameraMotionID: String
    package var subjectMotion: String
    package var seed: UInt64
    /// What the session was to show; empty when there is only a prompt.
    package var intent = ""
    /// What was chosen in the session, in flow order.
    package var choices: [Choice] = []

    package init(
        generationID: String, kind: Kind, model: String, prompt: String, aspectRatio: String,
        sourceAssetID: String, cameraMotionID: String, subjectMotion: String, seed: UInt64
    ) {
        self.generationID = generationID
        self.kind = kind
        self.model = model
        self.prompt = prompt
        self.aspectRatio = aspectRatio
        self.sourceAssetID = sourceAssetID
        self.cameraMotionID = cameraMotionID
        self.subjectMotion = subjectMotion
        self.seed = seed
    }
}

extension GenerationPlan {
    /// The slots of its jobs.
    package var slotIDs: [String] {
        kind == .storyboard
            ? StoryboardFrame.allCases.map(\.slotID) : [Operation.Work.singleSlot]
    }
}

/// A generation as its user sees it.
package struct Generation: Hashable, Sendable {
    package enum State: String, CaseIterable, Hashable, Sendable {
        case queued, processing, generating, uploading, completed, failed, cancelled

        package var isTerminal: Bool { self == .completed || self == .failed || self == .cancelled }
    }

    package var id: String
    package var userID: String
    package var sessionID: String
    package var operationID: String
    package var kind: GenerationPlan.Kind
    package var prompt: String
    package var model: String
    package var aspectRatio: String
    package var metadataJSON: String
    package var state: State
    package var progress: Double
    package var position: UInt32
    /// One; of a storyboard every picture, in order.
    package var assetIDs: [String]
    package var contentType: String
    package var provider: String
    package var failure: Failure?
    package var chargedU4: Int64
    package var createdAtUs: Int64
    package var finishedAtUs: Int64

    package init(
        plan: GenerationPlan, userID: String, sessionID: String, operationID: String,
        metadataJSON: String, nowUs: Int64
    ) {
        id = plan.generationID
        self.userID = userID
        self.sessionID = sessionID
        self.operationID = operationID
        kind = plan.kind
        prompt = plan.prompt
        model = plan.model
        aspectRatio = plan.aspectRatio
        self.metadataJSON = metadataJSON
        state = .queued
        progress = 0
        position = 0
        assetIDs = []
        contentType = ""
        provider = ""
        failure = nil
        chargedU4 = 0
        createdAtUs = nowUs
        finishedAtUs = 0
    }

    /// Notes how far the job is. States only move on; a terminal one stays.
    package mutating func advance(to state: State, progress: Double, position: UInt32) {
        guard !self.state.isTerminal, state.order >= self.state.order else { return }
        self.state = state
        self.progress = max(self.progress, min(1, progress))
        self.position = position
    }
}

extension Generation.State {
    var order: Int {
        switch self {
        case .queued: 0
        case .processing: 1
        case .generating: 2
        case .uploading: 3
        case .completed, .failed, .cancelled: 4
        }
    }
}
