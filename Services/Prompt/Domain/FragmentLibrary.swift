/// The words of every option, as data. A change of words is a new `version`, because a recipe names
/// the version that it was built from.
struct FragmentLibrary: Hashable, Sendable {
    /// One of the four choices of a dimension.
    struct Option: Hashable, Sendable {
        let id: String
        let label: String
        /// Most telling first; the first one differs between any two options.
        let fragments: [String]
    }

    let version: UInt32
    /// Options of each dimension in display order; dimensions in flow order.
    let options: [Dimension: [Option]]
    /// Camera moves in display order.
    let motions: [CameraMotion]

    func option(_ id: String, of dimension: Dimension) -> Option? {
        options[dimension]?.first { $0.id == id }
    }

    func motion(_ id: String) -> CameraMotion? {
        motions.first { $0.id == id }
    }
}

/// The choices that shape a picture, in flow order.
enum Dimension: String, CaseIterable, Hashable, Sendable, Comparable {
    case direction, mood, framing, lighting

    var order: Int {
        switch self {
        case .direction: 0
        case .mood: 1
        case .framing: 2
        case .lighting: 3
        }
    }

    static func < (left: Dimension, right: Dimension) -> Bool { left.order < right.order }
}

extension FragmentLibrary {
    /// The library in force.
    static let current = FragmentLibrary(
        version: 1,
        options: [
            .direction: directions, .mood: moods, .framing: framings, .lighting: lightings,
        ],
        motions: CameraMotion.all)

    private static let directions = [
        Option(
            id: "cinematic", label: "Cinematic",
            fragments: [
                "cinematic composition", "film-like quality", "dramatic framing",
                "movie production value", "anamorphic lens feel",
            ]),
        Option(
            id: "social", label: "Social Media",
            fragments: [
                "social media ready", "vibrant and engaging", "eye-catching composition",
                "scroll-stopping visual", "high energy aesthetic",
            ]),
        Option(
            id: "artistic", label: "Artistic",
            fragments: [
                "artistic interpretation", "creative visual style", "expressive composition",
                "aesthetic focus", "painterly quality",
            ]),
        Option(
            id: "documentary", label: "Documentary",
            fragments: [
                "documentary style", "naturalistic look", "authentic atmosphere",
                "observational framing", "raw realism",
            ]),
    ]

    private static let moods = [
        Option(
            id: "dramatic", label: "Dramatic",
            fragments: [
                "high contrast lighting", "deep shadows", "intense atmosphere",
                "dramatic tension", "bold visual statement",
            ]),
        Option(
            id: "peaceful", label: "Peaceful",
            fragments: [
                "soft diffused light", "gentle color palette", "serene atmosphere",
                "tranquil mood", "calming visual tone",
            ]),
        Option(
            id: "mysterious", label: "Mysterious",
            fragments: [
                "atmospheric haze", "obscured details", "enigmatic mood", "subtle shadows",
                "intriguing composition",
            ]),
        Option(
            id: "nostalgic", label: "Nostalgic",
            fragments: [
                "warm vintage tones", "soft focus edges", "memory-like quality",
                "wistful atmosphere", "timeless feel",
            ]),
    ]

    private static let framings = [
        Option(
            id: "wide", label: "Wide Shot",
            fragments: [
                "wide establishing shot", "environment visible", "subject in context",
                "expansive framing", "full scene coverage",
            ]),
        Option(
            id: "medium", label: "Medium Shot",
            fragments: [
                "medium shot framing", "waist-up framing", "balanced composition",
                "conversational distance", "natural perspective",
            ]),
        Option(
            id: "closeup", label: "Close-up",
            fragments: [
                "intimate close-up shot", "shallow depth of field", "face fills frame",
                "detailed features visible", "emotional proximity",
            ]),
        Option(
            id: "extreme_closeup", label: "Extreme Close-up",
            fragments: [
                "extreme close-up detail", "macro-like framing", "texture emphasis",
                "ultra shallow focus", "abstract detail shot",
            ]),
    ]

    private static let lightings = [
        Option(
            id: "golden_hour", label: "Golden Hour",
            fragments: [
                "warm golden hour sunlight", "long shadows", "orange and amber tones",
                "soft directional light", "magic hour glow",
            ]),
        Option(
            id: "blue_hour", label: "Blue Hour",
            fragments: [
                "cool blue hour light", "twilight atmosphere", "soft ambient illumination",
                "blue and purple tones", "ethereal dusk lighting",
            ]),
        Option(
            id: "high_key", label: "High Key",
            fragments: [
                "bright high-key lighting", "minimal shadows", "clean bright aesthetic",
                "even illumination", "airy light quality",
            ]),
        Option(
            id: "low_key", label: "Low Key",
            fragments: [
                "dramatic low-key lighting", "deep blacks", "selective illumination",
                "chiaroscuro effect", "moody shadow play",
            ]),
    ]
}
