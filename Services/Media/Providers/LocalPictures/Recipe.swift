/// What a picture shows. Equal recipes give equal bytes, on any thread and machine.
package struct PictureRecipe: Hashable, Sendable {
    /// The person's own line; its nouns choose the scene and the subject.
    package var intent: String
    /// Option ids of the convergence flow; nil: not chosen yet, a fitting default is taken.
    package var direction: String?
    package var mood: String?
    package var framing: String?
    package var lighting: String?
    /// Size in pixels; both at least 64 and at most 2,048. Any aspect ratio is composed anew.
    package var width: Int
    package var height: Int
    /// Varies regenerated pictures; 0 for the first.
    package var seed: UInt64
    /// The prompt fragments used: another draw changes the composition.
    package var fragments: [String]

    package init(
        intent: String, direction: String? = nil, mood: String? = nil, framing: String? = nil,
        lighting: String? = nil, width: Int = 1024, height: Int = 576, seed: UInt64 = 0,
        fragments: [String] = []
    ) {
        self.intent = intent
        self.direction = direction
        self.mood = mood
        self.framing = framing
        self.lighting = lighting
        self.width = width
        self.height = height
        self.seed = seed
        self.fragments = fragments
    }
}

/// A finished picture with what a camera move needs to know about it.
package struct Picture: Sendable {
    package let width: Int
    package let height: Int
    /// sRGB, interleaved, without letterbox, paper border and grain: those are in `overlay`.
    package let rgb: [UInt8]
    /// 65535 is nearest, 0 the sky; the subject is one smooth shape.
    package let depth: [UInt16]
    /// 255 where the subject covers the pixel whole.
    package let subjectMask: [UInt8]
    package let overlay: PictureOverlay
}

/// Why no picture came back: the caller asked to stop.
package struct PictureCancelled: Error, Hashable {
    package init() {}
}
