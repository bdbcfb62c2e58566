/// The options of the convergence flow that a picture knows.
enum Direction: String, CaseIterable { case cinematic, social, artistic, documentary }

enum Mood: String, CaseIterable { case dramatic, peaceful, mysterious, nostalgic }

enum Framing: String, CaseIterable {
    case wide, medium
    case closeUp = "closeup"
    case extreme = "extreme_closeup"

    var isClose: Bool { self == .closeUp || self == .extreme }
}

enum LightChoice: String, CaseIterable {
    case golden = "golden_hour"
    case blue = "blue_hour"
    case high = "high_key"
    case low = "low_key"
}

extension CaseIterable where Self: Equatable, AllCases == [Self] {
    /// Place of the option in the flow's own order.
    var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// How one draw of prompt fragments differs from the first: each dimension moves its own things,
/// so that a locked choice keeps its composition while later dimensions are drawn again.
struct Variation {
    var isMirrored = false
    /// Chooses the layout of terrain, trees and clouds; 0 is the best one.
    var layout: UInt64 = 0
    /// 0 as the direction wants it, 1 the other side, 2 from the camera's side, 3 higher.
    var sunSide = 0
    /// Added to the cloud cover, factor on the fog, and whether snow, leaves or dust fall.
    var cover: Float = 0
    var fog: Float = 1
    var falls = false
    var cameraHeight: Float = 1
    var distance: Float = 1
    var shift: Float = 0

    init(seed: UInt64, fragments: [String]) {
        var first = [0, 0, 0, 0]
        var seen = [false, false, false, false]
        var minor: UInt64 = 0
        for fragment in fragments {
            guard let (dimension, position) = Self.known[fragment.lowercased()] else {
                minor = textHash(fragment, seed: minor ^ 0x9E37_79B9)
                continue
            }
            if !seen[dimension] {
                seen[dimension] = true
                first[dimension] = position
            } else if position != (first[dimension] == 0 ? 1 : 0) {
                minor = minor &* 31 &+ UInt64(dimension * 5 + position + 1)
            }
        }
        var random = RandomSequence(seed: seed &* 0x2545_F491_4F6C_DD1D)
        let direction = seed == 0 ? first[0] : Int(random.next() % 5)
        let mood = seed == 0 ? first[1] : Int(random.next() % 5)
        let framing = seed == 0 ? first[2] : Int(random.next() % 5)
        let lighting = seed == 0 ? first[3] : Int(random.next() % 5)
        isMirrored = direction == 1 || direction == 3
        layout = seed &* 977 &+ UInt64(direction * 7 + mood * 131)
        sunSide = [0, 1, 3, 2, 1][(lighting + direction) % 5]
        cover = [0, -0.12, 0.14, 0.04, -0.05][mood]
        fog = [1, 0.8, 1.2, 1, 1.5][mood]
        falls = mood == 3
        cameraHeight = [1, 0.72, 1.3, 0.86, 1.16][framing]
        distance = [1, 0.88, 1.15, 1.08, 0.94][framing]
        if minor != 0 {
            var fine = RandomSequence(seed: minor)
            distance *= fine.unit() < 0.5 ? 0.92 : 1.09
            cameraHeight *= fine.unit() < 0.5 ? 0.8 : 1.24
            shift = fine.unit() < 0.5 ? -0.07 : 0.07
            layout = layout &+ 17 &+ minor % 5
            if fine.unit() < 0.4 { sunSide = sunSide == 0 ? 1 : 0 }
        }
    }

    /// The fragment library's lines: dimension (direction, mood, framing, lighting) and position.
    private static let known: [String: (Int, Int)] = {
        let lists: [(Int, String)] = [
            (
                0,
                "cinematic composition;film-like quality;dramatic framing;movie production value;anamorphic lens feel"
            ),
            (
                0,
                "social media ready;vibrant and engaging;eye-catching composition;scroll-stopping visual;high energy aesthetic"
            ),
            (
                0,
                "artistic interpretation;creative visual style;expressive composition;aesthetic focus;painterly quality"
            ),
            (
                0,
                "documentary style;naturalistic look;authentic atmosphere;observational framing;raw realism"
            ),
            (
                1,
                "high contrast lighting;deep shadows;intense atmosphere;dramatic tension;bold visual statement"
            ),
            (
                1,
                "soft diffused light;gentle color palette;serene atmosphere;tranquil mood;calming visual tone"
            ),
            (
                1,
                "atmospheric haze;obscured details;enigmatic mood;subtle shadows;intriguing composition"
            ),
            (
                1,
                "warm vintage tones;soft focus edges;memory-like quality;wistful atmosphere;timeless feel"
            ),
            (
                2,
                "wide establishing shot;environment visible;subject in context;expansive framing;full scene coverage"
            ),
            (
                2,
                "medium shot framing;waist-up framing;balanced composition;conversational distance;natural perspective"
            ),
            (
                2,
                "intimate close-up shot;shallow depth of field;face fills frame;detailed features visible;emotional proximity"
            ),
            (
                2,
                "extreme close-up detail;macro-like framing;texture emphasis;ultra shallow focus;abstract detail shot"
            ),
            (
                3,
                "warm golden hour sunlight;long shadows;orange and amber tones;soft directional light;magic hour glow"
            ),
            (
                3,
                "cool blue hour light;twilight atmosphere;soft ambient illumination;blue and purple tones;ethereal dusk lighting"
            ),
            (
                3,
                "bright high-key lighting;minimal shadows;clean bright aesthetic;even illumination;airy light quality"
            ),
            (
                3,
                "dramatic low-key lighting;deep blacks;selective illumination;chiaroscuro effect;moody shadow play"
            ),
        ]
        var result: [String: (Int, Int)] = [:]
        for (dimension, list) in lists {
            for (position, fragment) in list.split(separator: ";").enumerated() {
                result[String(fragment)] = (dimension, position)
            }
        }
        return result
    }()
}
