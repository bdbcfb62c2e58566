/// Every number of one picture, derived from the recipe alone: where the camera stands, where the
/// light comes from, what the air is like, how the result is graded.
struct Plan {
    var words: SceneWords
    var direction: Direction
    var mood: Mood
    var framing: Framing
    var lighting: LightChoice
    var width: Int
    var height: Int

    var scene: SceneKind { words.scene }
    var traits: SubjectTraits
    var variation: Variation
    var palette: Palette
    var grade: Grade
    var overlay: PictureOverlay

    var camera: Camera
    /// Degrees; see `SubjectModel`.
    var yaw: Float
    /// Where the subject stands, as a share of the width.
    var subjectX: Float
    /// Place of the sun, moon or glow on the picture, in pixels; may be outside.
    var sunColumn: Float
    var sunRow: Float
    /// Angular radius of the disc, in degrees.
    var discRadius: Float
    /// Unit vector toward the key light in the scene.
    var keyDirection: Vec3
    /// True when the light stands behind the subject (inside the frame).
    var isBacklit: Bool
    /// Factor on the heights of distant things.
    var relief: Float
    /// Long lenses see distant heights enlarged by this much less than true perspective.
    var distantScale: Float
    /// Radius of the background blur in full-size pixels, and the scale of the world's pixels.
    var blur: Float
    var worldScale: Float
    var noiseSeed: UInt64

    /// Pixels per reference pixel: 1 for a picture of the area of 1024 x 576.
    var unit: Float
    /// First and last row between the letterbox bars.
    var activeTop: Float
    var activeBottom: Float

    init(_ recipe: PictureRecipe) {
        words = SceneWords(intent: recipe.intent)
        direction = recipe.direction.flatMap(Direction.init) ?? .cinematic
        mood = (recipe.mood ?? words.moodHint).flatMap(Mood.init) ?? .dramatic
        framing = recipe.framing.flatMap(Framing.init) ?? .wide
        let hint: String? = words.lightingHint ?? Self.usualLighting(words.scene)
        lighting = (recipe.lighting ?? hint).flatMap(LightChoice.init) ?? .golden
        width = max(64, min(2_048, recipe.width))
        height = max(64, min(2_048, recipe.height))
        let kind = words.subject.kind
        if framing.isClose && (kind == .horse || kind == .deer) {
            // A grazing head is too low for a portrait.
            words.subject.pose = 0
        }
        traits = SubjectModel.traits(words.subject)
        variation = Variation(seed: recipe.seed, fragments: recipe.fragments)
        palette = Palette(lighting: lighting, mood: mood)
        palette.cover = clamp(palette.cover + variation.cover, 0, 0.95)
        palette.fog *= variation.fog
        if words.isStormy || words.isRaining { palette.cover = max(palette.cover, 0.7) }
        grade = Grade(direction: direction, mood: mood, lighting: lighting)
        // The nearer the shot, the more it is exposed for the subject.
        grade.exposure *= [1, 1.24, 1.12, 1.1][framing.index]

        yaw = Self.yaw(words.subject.kind, traits: traits, direction: direction, framing: framing)
        let w = Float(width), h = Float(height)
        unit = (w * h / (1024 * 576)).squareRoot()
        let isPortrait = w < h * 0.95
        let bar: Float = direction == .cinematic ? (isPortrait ? 0.06 : 0.1) : 0
        overlay = PictureOverlay(
            letterboxShare: bar, borderShare: direction == .artistic ? 0.035 : 0,
            borderRGB: 0xF4ECDD, grainStrength: grade.grain,
            grainSeed: UInt32(truncatingIfNeeded: recipe.seed) &+ 7)
        activeTop = bar * h
        activeBottom = h - bar * h
        let active = activeBottom - activeTop

        // Composition of the direction, moved by the mood.
        let d = direction.index, m = mood.index
        var sx: Float = [0.36, 0.5, 0.64, 0.42][d]
        var sun: Float = [0.72, -1, 0.56, -1][d]
        var horizon: Float = [0.58, 0.50, 0.64, 0.36][d] + [0.04, -0.02, 0, -0.03][m]
        var feet: Float = [0.83, 0.84, 0.86, 0.76][d]
        var isMirrored = variation.isMirrored
        if mood == .peaceful || mood == .mysterious { isMirrored.toggle() }
        // The nearer shot is taken from the other side, as a film would cut: at a glance it is not
        // the wide one enlarged.
        if framing == .medium {
            isMirrored.toggle()
            horizon += 0.12
        }
        // Behind the nearest shot stands more sky than behind the near one.
        if framing == .extreme { horizon += 0.1 }
        if framing.isClose { sx = [0.42, 0.50, 0.57, 0.46][d] }
        if mood == .mysterious {
            sx = mix(sx, 0.5, 0.5)
            if sun >= 0 { sun = mix(sun, 0.5, 0.5) }
        }
        let isLong = traits.length > traits.height * 0.9
        if framing == .extreme && isLong {
            // The body fills the frame behind the head.
            sx += cosine(yaw * pi / 180) > 0 ? 0.17 : -0.17
        }
        sx += variation.shift
        if isPortrait { sx = mix(sx, 0.5, 0.4) }
        if isPortrait {
            horizon = mix(horizon, 0.56, 0.5)
            feet = mix(feet, 0.84, 0.5)
        }
        switch words.scene {
        case .street, .room: horizon = mix(horizon, 0.55, 0.6)
        case .rooftops: horizon = min(horizon, 0.56)
        case .studio: horizon = mix(horizon, 0.48, 0.5)
        default: break
        }
        if variation.sunSide == 1 && sun >= 0 {
            sun = clamp(sx + (sun > sx ? -0.3 : 0.34), 0.12, 0.9)
        }
        if variation.sunSide == 2 { sun = -1 }
        if isMirrored {
            sx = 1 - sx
            if sun >= 0 { sun = 1 - sun }
        }
        subjectX = sx

        // Camera.
        let millimetres: Float =
            [28, 45, 75, 100][framing.index] * (direction == .documentary ? 0.86 : 1)
        let focal = 1024 * millimetres / 36 * unit
        let shares = traits.shares
        var share = [shares.wide, shares.medium, shares.closeUp, shares.extreme][framing.index]
        if !framing.isClose {
            share *= [1, 1.22, 0.92, 0.85][d] * [1.15, 0.84, 0.93, 1.07][m]
        } else {
            share *= [1, 1.12, 0.95, 0.9][d]
            if framing == .extreme && isLong { share *= traits.floats ? 1.6 : 1.22 }
            if framing == .closeUp && !isLong { share *= 1.12 }
        }
        share /= variation.distance
        // Long subjects must fit the width of a narrow frame.
        let seen = max(traits.height * 0.4, traits.length * max(0.45, abs(cosine(yaw * pi / 180))))
        if !framing.isClose {
            let limit = (framing == .wide ? 0.62 : 0.86) * w
            share = min(share, limit / seen * traits.height / active)
            // A medium shot keeps the head in the frame.
            if framing == .medium { share = min(share, 0.86) }
        }
        let distance = focal * traits.height / (share * active)
        var horizonRow = horizon * h
        let faces: Float = cosine(yaw * pi / 180)
        var aimX: Float = 0
        var cameraHeight: Float
        if framing.isClose {
            let isEye = framing == .extreme
            let aimY = isEye ? traits.eyeHeight : traits.headHeight
            aimX = (isEye ? traits.eyeForward : traits.headForward) * faces
            let row = activeTop + active * 0.48
            cameraHeight = aimY + (row - horizonRow) * distance / focal
        } else {
            var row = feet * h
            if framing == .medium { row = min(activeBottom + 0.02 * h, row + 0.06 * h) }
            // Tall subjects keep air over the head.
            let top = row - share * active
            if top < activeTop + 0.05 * h { row += activeTop + 0.05 * h - top }
            cameraHeight = (row - horizonRow) * distance / focal
        }
        cameraHeight = max(0.06 * traits.height, cameraHeight)
        if variation.cameraHeight != 1 {
            // A higher or lower camera moves the horizon, never the subject.
            let rise = cameraHeight * (variation.cameraHeight - 1) * focal / distance
            let moved = clamp(horizonRow - rise, 0.24 * h, 0.8 * h)
            cameraHeight += (horizonRow - moved) * distance / focal
            horizonRow = moved
        }
        if isMirrored { yaw = 180 - yaw }
        if isMirrored { aimX = -aimX }
        camera = Camera(
            width: width, height: height, focal: focal, centreColumn: w / 2,
            horizonRow: horizonRow,
            position: Vec3(aimX + (0.5 - sx) * w * distance / focal, cameraHeight, -distance))

        // Light.
        let reference = 796 * unit
        distantScale = power(reference / focal, 0.45)
        var elevation = palette.sunElevation * (direction == .artistic ? 1.7 : 1)
        if variation.sunSide == 3 { elevation *= 1.6 }
        let skyFocal = focal * distantScale
        let tangent = sine(elevation * pi / 180) / cosine(elevation * pi / 180)
        isBacklit = sun >= 0 && lighting != .high
        let side: Float = isMirrored ? 1 : -1
        if sun >= 0 {
            sunColumn = sun * w
            sunRow = max(activeTop + 0.1 * h, horizonRow - skyFocal * tangent)
        } else {
            sunColumn = w * (0.5 + side * (direction == .documentary ? -1.3 : 1.1))
            sunRow = horizonRow - skyFocal * max(0.02, tangent) * 1.2
        }
        let keyElevation = max(lighting == .blue ? 0.21 : 0.09, tangent)
        if lighting == .high {
            keyDirection = normalize(Vec3(0.5 * side, 0.8, -0.25))
        } else if isBacklit {
            let x = (sunColumn - sx * w) / focal
            keyDirection = normalize(Vec3(x * 1.3, keyElevation, 0.9))
        } else if direction == .documentary || variation.sunSide == 2 {
            keyDirection = normalize(Vec3(-side, keyElevation * 1.3 + 0.1, -0.25))
        } else {
            keyDirection = normalize(Vec3(side, keyElevation * 1.2, 0.5))
        }
        discRadius = direction == .artistic ? 4.2 : lighting == .low ? 1.3 : 1.05

        relief = [1.25, 0.72, 0.9, 0.85][m]
        blur = [0, 1.6, 5, 9][framing.index] * (direction == .documentary ? 0.5 : 1) * unit
        if direction == .artistic { blur *= 0.5 }
        worldScale = framing.isClose ? 0.5 : 1
        noiseSeed =
            textHash(words.scene.rawValue) &+ UInt64(m) &* 0x1234_5677 &+ variation.layout &* 7919
            // The reverse shot looks another way: it sees other hills and another sky.
            &+ UInt64(framing == .wide ? 0 : 1) &* 104_729
    }

    private static func usualLighting(_ scene: SceneKind) -> String {
        switch scene {
        case .street: "blue_hour"
        case .space: "low_key"
        case .studio, .snowfield: "high_key"
        default: "golden_hour"
        }
    }

    /// Which way the subject faces in each direction, before mirroring.
    private static func yaw(
        _ kind: SubjectKind, traits: SubjectTraits, direction: Direction, framing: Framing
    ) -> Float {
        let d = direction.index
        switch kind {
        case .person, .child, .robot, .astronaut:
            return framing.isClose ? [-40, -58, 208, -30][d] : [62, -62, 180, 140][d]
        case .boat, .train: return [-22, -35, 190, 160][d]
        case .car, .bicycle:
            return framing.isClose ? [-32, -38, 214, -28][d] : [-30, -38, 190, 150][d]
        case .lighthouse: return 0
        case _ where traits.isProduct: return [-30, -38, 205, -50][d]
        default: return framing.isClose ? [-28, -36, 206, -20][d] : [-16, -38, 180, 152][d]
        }
    }
}
