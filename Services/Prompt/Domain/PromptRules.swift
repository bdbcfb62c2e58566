/// What the service accepts, checked before anything is built.
struct PromptRules: Sendable {
    static let aspectRatios = ["16:9", "9:16", "1:1", "4:3", "3:4"]

    /// Longest intent and subject motion, in characters.
    var textCharactersMax = 4000

    /// The intent without white space at its ends.
    func intent(_ text: String) throws(CompositionError) -> String {
        let intent = text.trimmed
        guard (1...textCharactersMax).contains(intent.count) else {
            throw .intentLength(intent.count)
        }
        return intent
    }

    func subjectMotion(_ text: String) throws(CompositionError) -> String {
        let motion = text.trimmed
        guard motion.count <= textCharactersMax else { throw .subjectMotionLength(motion.count) }
        return motion
    }

    func aspectRatio(_ text: String) throws(CompositionError) -> String {
        guard Self.aspectRatios.contains(text) else { throw .unknownAspectRatio(text) }
        return text
    }

    func dimension(_ text: String) throws(CompositionError) -> Dimension {
        guard let dimension = Dimension(rawValue: text) else { throw .unknownDimension(text) }
        return dimension
    }
}
