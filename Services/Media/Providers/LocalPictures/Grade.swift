/// How the finished light becomes display colour.
struct Grade {
    var exposure: Float
    var contrast: Float
    var saturation: Float
    var blackLift: Vec3
    var shadowTint: Vec3
    var highlightTint: Vec3
    var bloom: Float
    var softness: Float
    var rays: Float
    var vignette: Float
    var grain: Float
    var lightLeak: Float
    /// Share by which the picture is pulled to neutral grey balance.
    var neutral: Float
    var isPrint: Bool

    init(direction: Direction, mood: Mood, lighting: LightChoice) {
        let d = direction.index, m = mood.index
        exposure = [1, 1.26, 0.9, 1.02][d] * [1, 1.1, 0.8, 0.97][m]
        contrast = [1.12, 1.08, 1.1, 0.98][d] * [1.14, 0.9, 0.94, 0.88][m]
        saturation = [1, 1.16, 1.22, 0.66][d] * [1, 1, 0.86, 0.9][m]
        blackLift = Vec3(repeating: direction == .documentary ? 0.02 : 0)
        shadowTint = direction == .cinematic ? Vec3(0.9, 1, 1.1) : Vec3(1, 1, 1)
        highlightTint =
            [Vec3(1.05, 1, 0.94), Vec3(1.03, 1, 0.97), Vec3(1, 1, 1), Vec3(0.99, 1, 0.99)][d]
        bloom = [0.2, 0.22, 0.06, 0.03][d]
        softness = [0, 0.18, 0.12, 0.22][m] * (direction == .artistic ? 0.3 : 1)
        rays =
            [0.22, 0, 0, 0][d]
            + [0.25, 0, 0.3, 0][m] * (direction == .artistic || direction == .documentary ? 0.3 : 1)
        vignette =
            direction == .artistic ? 0 : [0.34, 0.06, 0, 0.14][d] + [0.08, 0, 0.16, 0.12][m]
        grain = [0.013, 0.004, 0.008, 0.028][d] * (mood == .nostalgic ? 1.5 : 1)
        lightLeak = mood == .nostalgic && direction != .artistic ? 0.3 : 0
        neutral =
            direction == .documentary ? (lighting == .blue || lighting == .low ? 0.2 : 0.36) : 0
        isPrint = direction == .artistic
        if mood == .peaceful { blackLift += Vec3(0.008, 0.01, 0.014) }
        if mood == .nostalgic {
            blackLift += Vec3(0.042, 0.034, 0.026)
            highlightTint *= Vec3(1.05, 0.99, 0.86)
        }
        switch lighting {
        case .blue: exposure *= direction == .documentary ? 1.6 : 1.28
        case .high:
            exposure *= 1.08
            contrast *= 0.92
        case .low:
            exposure *= mood == .mysterious ? 1.32 : 1.02
            contrast *= 1.08
        case .golden: if mood == .mysterious { exposure *= 1.16 }
        }
    }
}
