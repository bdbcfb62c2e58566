/// How the surface of a part looks; colours are scene-linear reflectances.
struct Material {
    enum Pattern: UInt8 {
        /// One colour.
        case plain
        /// Hair: `colour` above, `second` beneath, `third` in bands of `grain` per metre.
        case coat
        /// An eye: pupil, iris (`colour`), rim and white (`second`) about `axis`.
        case eye
        case skin, cloth, knit, leather, wood, rubber, paint, glass, metal, sail, feather
        /// Bands of `colour` and `second` by height, `grain` per metre.
        case bands
        case brick, leaves, roof, rock
        /// A watch or clock face about `axis`.
        case dial
        /// Sheets of paper seen from the side.
        case pages
    }

    var pattern: Pattern
    var colour: Vec3
    var second = Vec3(repeating: 0.5)
    var third = Vec3(repeating: 0)
    /// Strength and sharpness of the highlight.
    var gloss: Float = 0
    var sharpness: Float = 24
    /// Share of the surroundings mirrored when seen straight on.
    var mirror: Float = 0
    /// Share of light that comes through from behind.
    var through: Float = 0
    /// Own light by day and, added, by night.
    var glow: Float = 0
    var nightGlow: Float = 0
    /// Details per metre.
    var grain: Float = 100
    /// Share of `third` in a banded coat, or depth of relief.
    var strength: Float = 0
    var axis = Vec3(1, 0, 0)

    init(_ pattern: Pattern, _ colour: Vec3) {
        self.pattern = pattern
        self.colour = colour
    }

    init(_ pattern: Pattern, _ hex: UInt32, _ change: (inout Material) -> Void = { _ in }) {
        self.init(pattern, linearColour(hex))
        change(&self)
    }

    init(_ pattern: Pattern, _ colour: Vec3, _ change: (inout Material) -> Void) {
        self.init(pattern, colour)
        change(&self)
    }
}
