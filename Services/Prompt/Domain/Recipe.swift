/// What a picture is made from, kept beside its prompt so that nothing is ever read back out of
/// words.
struct Recipe: Hashable, Sendable {
    var intent: String
    var aspectRatio: String
    var choices: [Composition.Choice]
    /// Empty for the recipe of a final prompt.
    var dimension: String
    var optionID: String
    var regeneration: UInt32
    var seed: UInt64
    var prompt: String
    var libraryVersion: UInt32

    /// Bytes that differ whenever any part differs: each text carries its length, each list its
    /// count. Their SHA-256 is the recipe's id.
    var canonicalBytes: [UInt8] {
        var writer = CanonicalWriter()
        writer.append("recipe.v1")
        writer.append(intent)
        writer.append(aspectRatio)
        writer.append(UInt64(choices.count))
        for choice in choices {
            writer.append(choice.dimension.rawValue)
            writer.append(choice.optionID)
            writer.append(UInt64(choice.fragments.count))
            for fragment in choice.fragments { writer.append(fragment) }
        }
        writer.append(dimension)
        writer.append(optionID)
        writer.append(UInt64(regeneration))
        writer.append(seed)
        writer.append(prompt)
        writer.append(UInt64(libraryVersion))
        return writer.bytes
    }
}

private struct CanonicalWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ text: String) {
        append(UInt64(text.utf8.count))
        bytes += text.utf8
    }

    mutating func append(_ number: UInt64) {
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
        }
    }
}
