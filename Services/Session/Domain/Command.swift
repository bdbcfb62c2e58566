/// What a user may ask of a session.
package enum Command: Hashable, Sendable {
    case select(Dimension, optionID: String)
    case regenerate(Dimension)
    case retry(Dimension, optionID: String)
    case back
    case jump(Step)
    case resume
    case abandon
    case editIntent(String)
    case cameraMotion
    case selectCameraMotion(String)
    case subjectMotion(String)
    case skipSubjectMotion
    case finalize
}

/// What a command comes to.
package enum Decision: Hashable, Sendable {
    /// Nothing to write: the session is already as asked.
    case unchanged
    /// Write this session; nothing else is needed and nothing is charged.
    case write(Session)
    /// Make pictures, then ``SessionMachine/applied(_:slots:to:nowUs:)``.
    case makePictures(PicturePlan)
    /// Estimate depth, then ``SessionMachine/offered(depth:for:to:nowUs:)``.
    case estimateDepth(sourceAssetID: String)
    /// Make a clip, then ``SessionMachine/filmed(_:assetID:in:nowUs:)``.
    case makeClip(ClipPlan)
    /// Build the prompts, then ``SessionMachine/finalized(_:prompts:nowUs:)``.
    case finalize
}

/// Pictures to make, and what becomes of the session when they are there.
package struct PicturePlan: Hashable, Sendable {
    package enum Purpose: String, Hashable, Sendable {
        case start, select, regenerate, retry, intent
    }

    package var purpose: Purpose
    package var dimension: Dimension
    package var path: PathKey
    package var intent: String
    package var aspectRatio: String
    /// Upstream of the pictures, with what this command chooses.
    package var choices: [Choice]
    package var regeneration: Int
    package var seed: UInt64
    /// Options to make, in display order; never empty.
    package var missing: [String]

    package init(
        purpose: Purpose, dimension: Dimension, path: PathKey, intent: String,
        aspectRatio: String, choices: [Choice], regeneration: Int, seed: UInt64,
        missing: [String]
    ) {
        self.purpose = purpose
        self.dimension = dimension
        self.path = path
        self.intent = intent
        self.aspectRatio = aspectRatio
        self.choices = choices
        self.regeneration = regeneration
        self.seed = seed
        self.missing = missing
    }
}

/// A clip of the subject moving.
package struct ClipPlan: Hashable, Sendable {
    package var key: PathKey
    package var sourceAssetID: String
    package var cameraMotionID: String
    package var subjectMotion: String
    package var choices: [Choice]

    package init(
        key: PathKey, sourceAssetID: String, cameraMotionID: String, subjectMotion: String,
        choices: [Choice]
    ) {
        self.key = key
        self.sourceAssetID = sourceAssetID
        self.cameraMotionID = cameraMotionID
        self.subjectMotion = subjectMotion
        self.choices = choices
    }
}
