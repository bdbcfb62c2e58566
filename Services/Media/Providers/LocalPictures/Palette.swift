/// The colours of one lighting under one mood, scene-linear.
struct Palette {
    var zenith: Vec3
    var mid: Vec3
    var horizon: Vec3
    var glow: Vec3
    /// Key and ambient light with their intensity.
    var key: Vec3
    var ambient: Vec3
    var cloudLit: Vec3
    var cloudShade: Vec3
    /// Share of the sky that clouds cover, and the density of the air (1: clear day).
    var cover: Float
    var fog: Float
    /// Height of the light over the horizon in degrees; below zero there is no disc.
    var sunElevation: Float
    /// Share of windows that are lit, strength of stars, strength of the rim light.
    var windows: Float
    var stars: Float
    var rim: Float
    var hasDisc: Bool
    var isMoon: Bool
    /// 0 by day ... 1 at night.
    var night: Float

    /// Every palette pairs a warm light with a cool shade (or the reverse): that is what makes it
    /// look designed.
    init(lighting: LightChoice, mood: Mood) {
        let row = Self.rows[lighting.index * 4 + mood.index]
        zenith = linearColour(row.0)
        mid = linearColour(row.1)
        horizon = linearColour(row.2)
        glow = linearColour(row.3)
        key = linearColour(row.4) * row.5
        ambient = linearColour(row.6) * row.7
        cloudLit = linearColour(row.8)
        cloudShade = linearColour(row.9)
        cover = row.10
        fog = row.11
        sunElevation = row.12
        windows = [0.16, 0.50, 0.02, 0.34][lighting.index]
        stars = [0, 0.6, 0, 0.9][lighting.index]
        rim = [1, 0.9, 0.45, 1.9][lighting.index]
        hasDisc = lighting == .golden || lighting == .low
        isMoon = lighting == .low
        night = [0, 0.7, 0, 1][lighting.index]
    }

    private typealias Row = (
        UInt32, UInt32, UInt32, UInt32, UInt32, Float, UInt32, Float, UInt32, UInt32, Float, Float,
        Float
    )

    /// zenith, mid sky, horizon, glow, key x intensity, ambient x intensity, cloud lit and shade,
    /// cover, fog, sun elevation; four moods of each of the four lightings.
    private static let rows: [Row] = [
        (
            0x23416B, 0xA17462, 0xE5A856, 0xF47E00, 0xFFA22A, 2.75, 0x606695, 0.49, 0xF0AF7E,
            0x544259, 0.58, 0.75, 6.5
        ),
        (
            0x4A689A, 0xCAA5A1, 0xFFCD97, 0xFF9F61, 0xFAAC6F, 2.2, 0x757AA5, 0.71, 0xFFD2AE,
            0x85708C, 0.27, 1.15, 8.125
        ),
        (
            0x46574B, 0x8C8560, 0xC2AE70, 0xC2924E, 0xD4B47E, 1.15, 0x58675F, 0.64, 0xC4B896,
            0x625F50, 0.5, 3.4, 6.5
        ),
        (
            0x4D627F, 0xCA9B7F, 0xFFC987, 0xFD9A5C, 0xFFAE6C, 2.2, 0x747489, 0.62, 0xFFC998,
            0x826B75, 0.36, 1.7, 6.5
        ),
        (
            0x041336, 0x24457B, 0xC28281, 0xE57550, 0x99ADEE, 0.77, 0x4A5E92, 0.57, 0xB97B8E,
            0x112148, 0.5, 0.75, -3
        ),
        (
            0x16244F, 0x586089, 0xD19EA5, 0xF6957D, 0xA2B1E6, 0.62, 0x606FA0, 0.82, 0xCC97A8,
            0x2C3B6C, 0.2, 1.15, -3.75
        ),
        (
            0x121D3C, 0x33497A, 0x6C7598, 0x8E7688, 0x93B2D3, 0.31, 0x4B607A, 0.72, 0x8C878F,
            0x25334E, 0.42, 3.4, -3
        ),
        (
            0x182240, 0x475C80, 0xD99F8F, 0xEE906E, 0xABB1CA, 0.62, 0x606A85, 0.72, 0xC6918E,
            0x2D3858, 0.28, 1.7, -3
        ),
        (
            0x6785A1, 0xA4B1BD, 0xDCD1C9, 0xECD6B7, 0xFFEDDA, 1.43, 0xACBBD2, 0.68, 0xEAE3E5,
            0x868E99, 0.52, 0.75, 34
        ),
        (
            0xACCDEE, 0xF4EDFC, 0xFFFFFD, 0xFFFBE5, 0xFFF3E8, 1.15, 0xCEDCF2, 0.97, 0xFFFFFF,
            0xDAE4F3, 0.22, 1.15, 42.5
        ),
        (
            0x8AAFC0, 0xADCFD6, 0xC5DFDD, 0xC5DACF, 0xDBF5EE, 0.57, 0x9EBDC8, 0.85, 0xCAE7E9,
            0xA6C4CC, 0.44, 3.4, 34
        ),
        (
            0xADC2C8, 0xE2E4D8, 0xFFF5D8, 0xFFEFC5, 0xFFF3D1, 1.15, 0xCDD1CC, 0.85, 0xFFFEE7,
            0xD9D9CE, 0.3, 1.7, 34
        ),
        (
            0x020307, 0x08111E, 0x243446, 0x8EA1AF, 0xCCDAEC, 1.5, 0x162437, 0.68, 0x7E8A97,
            0x04070D, 0.66, 0.75, 13
        ),
        (
            0x070A19, 0x1C2140, 0x424A6E, 0xB2BEDC, 0xD4DDF4, 1.2, 0x232B46, 0.97, 0x959EBA,
            0x0C1120, 0.36, 1.15, 16.25
        ),
        (
            0x041012, 0x142E30, 0x3E6864, 0x8EC2AE, 0xBEE8D6, 0.6, 0x1F3433, 0.9, 0x7CA698,
            0x091516, 0.58, 3.4, 13
        ),
        (
            0x0B0806, 0x2C2017, 0x624B34, 0xC4AE8C, 0xE6D8BC, 1.2, 0x2E2822, 0.9, 0xA0937C,
            0x120E0A, 0.44, 1.7, 13
        ),
    ]
}
