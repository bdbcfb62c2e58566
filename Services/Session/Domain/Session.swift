/// One convergence session: everything chosen so far and every picture made for it.
package struct Session: Hashable, Sendable {
    package enum Status: String, Hashable, Sendable {
        case active, completed, abandoned
    }

    package var id: String
    package var userID: String
    /// Rises by one with each write.
    package var version: UInt64
    package var status: Status
    /// Abandoned by time and not by its user.
    package var isExpired: Bool
    package var intent: String
    package var aspectRatio: String
    package var step: Step
    /// Draws the fragments of regenerations.
    package var seed: UInt64
    /// What is locked, in flow order, the direction first.
    package var choices: [Choice]
    /// What was chosen before going back, so that choosing it again is recognised.
    package var previous: [Dimension: Choice]
    /// Every set of pictures ever made, by what lies upstream of it. Only grows.
    package var sets: [PathKey: PictureSet]
    /// How often each dimension was regenerated.
    package var regenerations: [Dimension: Int]
    /// Depth maps by the picture they belong to.
    package var depths: [String: String]
    package var camera: Camera
    package var subject: Subject?
    /// Subject-motion clips by everything that shaped them.
    package var videos: [PathKey: Clip]
    package var finalPrompt: String
    package var videoPrompt: String
    /// Everything charged so far, in 1/10,000 credit.
    package var chargedU4: Int64
    package var createdAtUs: Int64
    package var updatedAtUs: Int64

    /// A session at its first step, with no pictures yet.
    package init(
        id: String, userID: String, intent: String, aspectRatio: String, seed: UInt64, nowUs: Int64
    ) {
        self.id = id
        self.userID = userID
        version = 1
        status = .active
        isExpired = false
        self.intent = intent
        self.aspectRatio = aspectRatio
        step = .direction
        self.seed = seed
        choices = []
        previous = [:]
        sets = [:]
        regenerations = [:]
        depths = [:]
        camera = Camera()
        subject = nil
        videos = [:]
        finalPrompt = ""
        videoPrompt = ""
        chargedU4 = 0
        createdAtUs = nowUs
        updatedAtUs = nowUs
    }

    package func choice(of dimension: Dimension) -> Choice? {
        choices.first { $0.dimension == dimension }
    }

    /// The picture that was chosen last: the preview, and the source of depth and clips.
    package var chosenAssetID: String? { choices.last?.assetID }

    /// Every asset that this session may show again.
    package var assetIDs: Set<String> {
        var ids = Set(choices.map(\.assetID))
        ids.formUnion(previous.values.map(\.assetID))
        for set in sets.values { ids.formUnion(set.slots.compactMap(\.picture?.assetID)) }
        ids.formUnion(depths.values)
        ids.formUnion(videos.values.map(\.assetID))
        ids.remove("")
        return ids
    }
}

/// An option that was chosen, with the words and the picture it was chosen by.
package struct Choice: Hashable, Sendable {
    package var dimension: Dimension
    package var optionID: String
    package var label: String
    package var fragments: [String]
    package var assetID: String

    package init(
        dimension: Dimension, optionID: String, label: String, fragments: [String],
        assetID: String
    ) {
        self.dimension = dimension
        self.optionID = optionID
        self.label = label
        self.fragments = fragments
        self.assetID = assetID
    }
}

/// The pictures that are chosen between at one step.
package struct PictureSet: Hashable, Sendable {
    package var dimension: Dimension
    /// 0 for the first pictures; else the regeneration that made these.
    package var regeneration: Int
    /// One for each option, in display order.
    package var slots: [Slot]

    package init(dimension: Dimension, regeneration: Int, slots: [Slot]) {
        self.dimension = dimension
        self.regeneration = regeneration
        self.slots = slots
    }

    package func slot(_ optionID: String) -> Slot? {
        slots.first { $0.optionID == optionID }
    }

    /// Options that were never tried, because making them was cut short.
    package var absent: [String] {
        slots.filter { $0.state == .absent }.map(\.optionID)
    }
}

package struct Slot: Hashable, Sendable {
    package enum State: Hashable, Sendable {
        case absent
        case made(MadePicture)
        case failed(Failure)
    }

    package var optionID: String
    package var state: State

    package init(optionID: String, state: State) {
        self.optionID = optionID
        self.state = state
    }

    package var picture: MadePicture? {
        if case .made(let picture) = state { picture } else { nil }
    }
}

/// A picture in permanent storage.
package struct MadePicture: Hashable, Sendable {
    package var id: String
    package var assetID: String
    package var prompt: String
    /// The words of its own option that it was made with.
    package var fragments: [String]
    package var width: UInt32
    package var height: UInt32
    package var provider: String
    package var generatedAtUs: Int64

    package init(
        id: String, assetID: String, prompt: String, fragments: [String], width: UInt32,
        height: UInt32, provider: String, generatedAtUs: Int64
    ) {
        self.id = id
        self.assetID = assetID
        self.prompt = prompt
        self.fragments = fragments
        self.width = width
        self.height = height
        self.provider = provider
        self.generatedAtUs = generatedAtUs
    }
}

/// Why something was not made, for people and programs.
package struct Failure: Error, Hashable, Sendable {
    /// Upper case: IMAGE_GENERATION_FAILED.
    package var code: String
    package var message: String
    package var isRetryable: Bool

    package init(code: String, message: String, isRetryable: Bool) {
        self.code = code
        self.message = message
        self.isRetryable = isRetryable
    }
}

/// The camera stage of a session.
package struct Camera: Hashable, Sendable {
    /// The moves have been offered: with depth, or as text.
    package var isOffered = false
    /// Offered as text, because there is no depth.
    package var isFallback = false
    package var depthAssetID = ""
    package var motionID = ""
    package var previousMotionID = ""

    package init() {}
}

/// What the subject does. An empty text means that the step was skipped.
package struct Subject: Hashable, Sendable {
    package var text: String
    /// Empty when skipped or when no clip could be made.
    package var videoAssetID: String

    package init(text: String, videoAssetID: String) {
        self.text = text
        self.videoAssetID = videoAssetID
    }
}

/// A subject-motion clip.
package struct Clip: Hashable, Sendable {
    package var assetID: String
    package var prompt: String

    package init(assetID: String, prompt: String) {
        self.assetID = assetID
        self.prompt = prompt
    }
}
