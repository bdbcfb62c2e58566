/// Names what lies upstream of a set of pictures or of a clip: equal paths, equal results.
package struct PathKey: Hashable, Sendable {
    /// A SHA-256.
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }
}

/// Everything that shapes the pictures of a dimension, written so that different paths never have
/// the same bytes: each text carries its length and each list its count.
struct UpstreamPath: Hashable, Sendable {
    var kind: String
    var intent: String
    var aspectRatio: String
    var choices: [Choice]
    /// The camera move and what the subject does, for clips.
    var motions: [String] = []

    var canonicalBytes: [UInt8] {
        var bytes: [UInt8] = []
        func append(_ count: Int) {
            for shift in stride(from: 24, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: count >> shift))
            }
        }
        func append(_ text: String) {
            append(text.utf8.count)
            bytes += text.utf8
        }
        append("path.v1")
        append(kind)
        append(intent)
        append(aspectRatio)
        append(choices.count)
        for choice in choices {
            append(choice.dimension.rawValue)
            append(choice.optionID)
            // The fragments stand for the regeneration too: another draw, another path.
            append(choice.fragments.count)
            for fragment in choice.fragments { append(fragment) }
        }
        append(motions.count)
        for motion in motions { append(motion) }
        return bytes
    }
}
