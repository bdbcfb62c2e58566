/// How prompts are put together. Pure: the same request always gives the same words.
struct Composition: Sendable {
    let library: FragmentLibrary

    /// Something chosen, with the words it was shown with.
    struct Choice: Hashable, Sendable {
        let dimension: Dimension
        let optionID: String
        /// Empty: the first fragments of the option.
        let fragments: [String]
    }

    struct Preview: Hashable, Sendable {
        /// With the fragments in use, the previewed option last.
        let choices: [Choice]
        let optionID: String
        let prompt: String
    }

    struct Final: Hashable, Sendable {
        let choices: [Choice]
        /// The full prompt, with no camera words.
        let prompt: String
        /// What a video provider gets: the full prompt and the camera's first two fragments.
        let videoPrompt: String
    }

    /// Fragments of a choice at full strength.
    static let fullCount = 2
    private static let separator = ", "

    /// One preview for each option of `dimension`, in display order.
    ///
    /// The direction speaks with its first two fragments, each earlier choice with its first one,
    /// the previewed option with two.
    /// - Parameter regeneration: 0 uses the first fragments; above, two are drawn by `seed`.
    func previews(
        intent: String, choices: [Choice], of dimension: Dimension, regeneration: UInt32,
        seed: UInt64
    ) throws(CompositionError) -> [Preview] {
        let upstream = try resolve(choices)
        if let last = upstream.last, last.dimension >= dimension {
            throw .outOfOrder(last.dimension.rawValue)
        }
        guard regeneration <= FragmentDraw.regenerationsMax else {
            throw .regenerationTooHigh(regeneration)
        }
        var parts = [intent]
        for choice in upstream {
            let count = choice.dimension == .direction ? Self.fullCount : 1
            parts += choice.fragments.prefix(count)
        }
        var previews: [Preview] = []
        for option in library.options[dimension] ?? [] {
            let drawn = FragmentDraw(seed: seed, dimension: dimension.rawValue, option: option.id)
                .fragments(of: option.fragments, regeneration: regeneration)
            let previewed = Choice(dimension: dimension, optionID: option.id, fragments: drawn)
            previews.append(
                Preview(
                    choices: upstream + [previewed], optionID: option.id,
                    prompt: (parts + drawn).joined(separator: Self.separator)))
        }
        return previews
    }

    /// The full prompt: two fragments of every choice, then what the subject does.
    func final(
        intent: String, choices: [Choice], cameraMotionID: String, subjectMotion: String
    ) throws(CompositionError) -> Final {
        let resolved = try resolve(choices)
        var parts = [intent]
        for choice in resolved { parts += choice.fragments.prefix(Self.fullCount) }
        let subject = subjectMotion.trimmed
        if !subject.isEmpty { parts.append(subject) }
        let prompt = parts.joined(separator: Self.separator)
        guard !cameraMotionID.isEmpty else {
            return Final(choices: resolved, prompt: prompt, videoPrompt: prompt)
        }
        guard let motion = library.motion(cameraMotionID) else {
            throw .unknownCameraMotion(cameraMotionID)
        }
        let camera = motion.fragments.prefix(Self.fullCount)
        return Final(
            choices: resolved, prompt: prompt,
            videoPrompt: ([prompt] + camera).joined(separator: Self.separator))
    }

    /// The choices with the words that they stand for.
    private func resolve(_ choices: [Choice]) throws(CompositionError) -> [Choice] {
        var resolved: [Choice] = []
        for choice in choices {
            if let last = resolved.last, last.dimension >= choice.dimension {
                throw .outOfOrder(choice.dimension.rawValue)
            }
            guard let option = library.option(choice.optionID, of: choice.dimension) else {
                throw .unknownOption(
                    dimension: choice.dimension.rawValue, optionID: choice.optionID)
            }
            if let foreign = choice.fragments.first(where: { !option.fragments.contains($0) }) {
                throw .foreignFragment(optionID: choice.optionID, fragment: foreign)
            }
            let fragments =
                choice.fragments.isEmpty
                ? Array(option.fragments.prefix(Self.fullCount)) : choice.fragments
            resolved.append(
                Choice(
                    dimension: choice.dimension, optionID: choice.optionID, fragments: fragments))
        }
        return resolved
    }
}

/// Why a prompt cannot be built; nothing was stored.
enum CompositionError: Error, Hashable {
    case unknownDimension(String)
    case unknownOption(dimension: String, optionID: String)
    case unknownCameraMotion(String)
    /// The option has no such fragment.
    case foreignFragment(optionID: String, fragment: String)
    /// A choice of this dimension comes twice, too late or after the previewed dimension.
    case outOfOrder(String)
    case regenerationTooHigh(UInt32)
    case intentLength(Int)
    case unknownAspectRatio(String)
    case subjectMotionLength(Int)
}

extension StringProtocol {
    /// Without white space at both ends.
    var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }),
            let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
