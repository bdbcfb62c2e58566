/// What an intent's words ask for. Nouns choose; adjectives only break ties.
struct SceneWords: Hashable, Sendable {
    var scene: SceneKind
    var subject: SubjectSpec
    var moodHint: String?
    var lightingHint: String?
    var isRaining = false
    var isSnowing = false
    var isStormy = false

    init(intent: String) {
        let words = Self.tokens(intent)
        let joined = zip(words, words.dropFirst()).map { $0 + " " + $1 }
        let terms = joined + words
        let hash = textHash(words.joined(separator: " "))

        let named = Self.firstMatch(terms, in: Vocabulary.scenes)
        let (kind, specWords) = Self.subject(words: words, joined: joined)
        var place = named ?? kind.flatMap { Vocabulary.homes[$0] }
        let isFrozen = words.contains { Vocabulary.frozen.contains($0) }
        if place == .lake && isFrozen { place = .frozenLake }
        if place == .river && isFrozen { place = .frozenLake }
        if (place == .meadow || place == .road) && isFrozen { place = .snowfield }
        if place == nil && isFrozen { place = .snowfield }

        var fallback: [SceneKind] = [.frozenLake, .street, .coast, .mountains, .meadow, .road]
        if words.contains(where: { Vocabulary.cityLife.contains($0) }) {
            fallback = [.street, .rooftops, .harbour]
        }
        scene = place ?? fallback[Int(hash % UInt64(fallback.count))]

        let chosen = kind ?? (scene == .studio ? .bag : scene.isOpenWater ? .boat : .person)
        subject = SubjectSpec(kind: chosen)
        subject.pose = Self.pose(chosen, words: words, hash: hash)
        subject.colour = Self.colour(words: words, subjectWords: specWords)
        for word in terms {
            if let accessory = Vocabulary.accessories[word] {
                subject.accessories.insert(accessory)
            }
        }
        if specWords.contains(where: { Vocabulary.travellers.contains($0) }) {
            subject.accessories.formUnion([.hat, .scarf, .backpack])
        }
        if chosen == .diver {
            // A diver is under the water that the intent names; on land a diver stands.
            if [.sea, .lake, .river, .coast].contains(scene) && named != .coast {
                scene = .underwater
            }
            subject.pose = scene == .underwater ? 0 : 1
        }
        // Land subjects do not stand on open water, and boats do not float on streets.
        if scene.isOpenWater && chosen != .boat && chosen != .bird {
            scene = scene == .sea ? .coast : .river
        }
        if chosen == .boat && named == nil { scene = hash & 1 == 0 ? .sea : .lake }

        moodHint = Self.firstMatch(terms, in: Vocabulary.moods)
        lightingHint = Self.firstMatch(terms, in: Vocabulary.lightings)
        isRaining = words.contains { ["rain", "rainy", "raining", "drizzle", "wet"].contains($0) }
        isSnowing = words.contains { ["snowing", "snowfall", "blizzard", "snowy"].contains($0) }
        isStormy = words.contains { ["storm", "stormy", "thunder", "tempest"].contains($0) }
    }

    /// Even poses stand, walk or sail; odd ones graze, fly, rest or row.
    private static func pose(_ kind: SubjectKind, words: [String], hash: UInt64) -> Int {
        if kind == .boat {
            return words.contains { Vocabulary.rowing.contains($0) } ? 1 : 0
        }
        if words.contains(where: { Vocabulary.still.contains($0) }) { return 1 }
        if words.contains(where: { Vocabulary.moving.contains($0) }) {
            return kind == .bird ? 1 : 0
        }
        return Int((hash >> 20) % 3)
    }

    /// Lower-case words without punctuation, each also reduced from a simple plural.
    private static func tokens(_ intent: String) -> [String] {
        let words = intent.lowercased().split { !$0.isLetter && $0 != "-" }.prefix(80)
        return words.map { singular(String($0)) }
    }

    private static func singular(_ word: String) -> String {
        if Vocabulary.scenes[word] != nil || Vocabulary.subjects[word] != nil { return word }
        if word.hasSuffix("ies") && word.count > 4 { return String(word.dropLast(3)) + "y" }
        if word.hasSuffix("ves") && word.count > 4 { return String(word.dropLast(3)) + "f" }
        for suffix in ["ches", "shes", "xes", "sses"] where word.hasSuffix(suffix) {
            return String(word.dropLast(2))
        }
        if word.hasSuffix("s") && !word.hasSuffix("ss") && word.count > 3 {
            return String(word.dropLast())
        }
        return word
    }

    private static func firstMatch<Value>(_ terms: [String], in table: [String: Value]) -> Value? {
        for term in terms {
            if let value = table[term] { return value }
        }
        return nil
    }

    /// The first noun that names a subject, and the words near it that describe it.
    private static func subject(
        words: [String], joined: [String]
    ) -> (SubjectKind?, [String]) {
        for (i, pair) in joined.enumerated() {
            if let kind = Vocabulary.subjects[pair] {
                return (kind, Array(words[max(0, i - 3)...(i + 1)]))
            }
        }
        for (i, word) in words.enumerated() {
            guard let kind = Vocabulary.subjects[word] else { continue }
            // "bird bath", "car park": the second noun is what is meant, but it is a place.
            return (kind, Array(words[max(0, i - 3)...i]))
        }
        return (nil, [])
    }

    private static func colour(words: [String], subjectWords: [String]) -> UInt32? {
        for word in subjectWords.reversed() {
            if let colour = Vocabulary.colours[word] { return colour }
        }
        return nil
    }
}
