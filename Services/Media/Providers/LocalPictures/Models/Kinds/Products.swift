/// Small things that stand on a table: sizes near the real ones, in metres.
enum Products {
    static func traits(_ spec: SubjectSpec) -> SubjectTraits {
        func traits(
            _ height: Float, _ length: Float, _ head: Float, _ forward: Float,
            wide: Float = 0.34, medium: Float = 0.58, near: Float = 1.05, extreme: Float = 2.3
        ) -> SubjectTraits {
            SubjectTraits(
                height: height, length: length, headHeight: head, headForward: 0,
                eyeHeight: head, eyeForward: forward,
                shares: (wide, medium, near, extreme), isProduct: true)
        }
        switch spec.kind {
        case .bottle: return traits(0.31, 0.09, 0.17, 0, wide: 0.42, medium: 0.68)
        case .shoe:
            return traits(0.14, 0.31, 0.07, 0.05, wide: 0.24, medium: 0.4, near: 0.7, extreme: 1.15)
        case .cup:
            return traits(0.115, 0.15, 0.06, 0, wide: 0.3, medium: 0.5, near: 0.85, extreme: 1.8)
        case .watch:
            return traits(0.125, 0.1, 0.066, 0, wide: 0.36, medium: 0.6, near: 1, extreme: 2)
        case .chair: return traits(1.02, 0.75, 0.62, 0.1, wide: 0.4, medium: 0.64, near: 0.92)
        case .lamp: return traits(0.56, 0.5, 0.42, 0.1, wide: 0.4, medium: 0.66)
        case .book:
            return traits(0.12, 0.26, 0.07, 0, wide: 0.22, medium: 0.36, near: 0.62, extreme: 1)
        default: return traits(0.36, 0.38, 0.15, 0.06, wide: 0.36, medium: 0.6, extreme: 2)
        }
    }

    static func make(_ spec: SubjectSpec, finest: Float) -> Solid {
        var solid = Solid()
        solid.thinnest = finest * 0.45
        switch spec.kind {
        case .bottle: bottle(&solid, spec)
        case .shoe: shoe(&solid, spec)
        case .cup: cup(&solid, spec)
        case .watch: watch(&solid, spec)
        case .chair: chair(&solid, spec)
        case .lamp: lamp(&solid, spec)
        case .book: books(&solid, spec)
        default: bag(&solid, spec)
        }
        return solid
    }

    static func colour(_ spec: SubjectSpec, _ usual: UInt32) -> Vec3 {
        linearColour(spec.colour ?? usual)
    }

    static func gold(_ solid: inout Solid, _ hex: UInt32 = 0xD8AC58) -> Int32 {
        solid.add(
            Material(.metal, hex) {
                $0.gloss = 1.1
                $0.sharpness = 90
                $0.mirror = 0.55
                $0.grain = 20
            })
    }

    // MARK: Handbag

    private static let bagFront = Profile(
        [
            Vec2(-0.165, 0.012), Vec2(-0.165, 0.012), Vec2(0.165, 0.012), Vec2(0.165, 0.012),
            Vec2(0.178, 0.08), Vec2(0.165, 0.17), Vec2(0.142, 0.222), Vec2(0.142, 0.222),
            Vec2(-0.142, 0.222), Vec2(-0.142, 0.222), Vec2(-0.165, 0.17), Vec2(-0.178, 0.08),
        ], bend: 6, cells: 140)
    private static let bagFlap = Profile(
        [
            Vec2(-0.15, 0.235), Vec2(-0.162, 0.17), Vec2(-0.15, 0.12), Vec2(-0.09, 0.09),
            Vec2(0, 0.08), Vec2(0.09, 0.09), Vec2(0.15, 0.12), Vec2(0.162, 0.17),
            Vec2(0.15, 0.235), Vec2(0.15, 0.235), Vec2(-0.15, 0.235),
        ], bend: 6, cells: 120)

    /// Modelled with its front toward +z, then turned to face ahead.
    private static func bag(_ solid: inout Solid, _ spec: SubjectSpec) {
        let tone = colour(spec, 0x8A3A22)
        let hide = solid.add(
            Material(.leather, tone) {
                $0.gloss = 0.45
                $0.sharpness = 34
                $0.grain = 900
                $0.mirror = 0.015
            })
        let edge = solid.add(
            Material(.leather, tone * 0.45) {
                $0.gloss = 0.4; $0.grain = 700
            })
        let brass = gold(&solid)
        let thread = solid.add(Material(.plain, mix(tone, Vec3(repeating: 0.8), 0.6)))
        solid.frame = Frame(scale: 1).moved(to: Vec3(), Turn(heading: -0.5 * pi))
        solid.part(blend: 0.012)
        solid.material = hide
        solid.extrude(bagFront, half: 0.07, round: 0.02, lean: 0.16, leanFrom: 0.03)
        solid.part(blend: 0.008)
        solid.material = edge
        for x in [Float(-0.13), 0.13] {
            for z in [Float(-0.045), 0.045] {
                solid.part()
                solid.material = brass
                solid.ellipsoid(Vec3(x, 0.006, z), Vec3(0.012, 0.008, 0.012))
            }
        }
        // Flap over the front.
        solid.part(blend: 0.006)
        solid.material = hide
        solid.extrude(
            bagFlap, at: Vec3(0, 0.002, 0.0735), half: 0.0075, round: 0.007, Turn(roll: -0.16))
        solid.capsule(Vec3(-0.138, 0.228, 0.03), 0.017, Vec3(0.138, 0.228, 0.03), 0.017)
        solid.capsule(Vec3(-0.138, 0.224, -0.02), 0.02, Vec3(0.138, 0.224, -0.02), 0.02)
        for index in 0..<31 {
            let share = Float(index) / 30 * 2 - 1
            let x = share * 0.146
            let drop = share * share
            let y = 0.09 + 0.034 * drop * drop + 0.006 * drop
            let z = 0.0813 - (y + 0.006) * 0.16
            solid.part()
            solid.material = thread
            solid.capsule(
                Vec3(x - 0.003, y + 0.008, z), 0.0009, Vec3(x + 0.003, y + 0.008, z), 0.0009)
        }
        // Lock.
        solid.part(blend: 0.003)
        solid.material = brass
        solid.box(
            Vec3(0, 0.1, 0.067), Vec3(0.026, 0.021, 0.006), round: 0.006, Turn(roll: -0.16))
        solid.capsule(Vec3(-0.012, 0.096, 0.074), 0.0045, Vec3(0.012, 0.096, 0.074), 0.0045)
        bagHandle(&solid, edge, brass)
    }

    private static func bagHandle(_ solid: inout Solid, _ edge: Int32, _ brass: Int32) {
        solid.part(blend: 0.0004)
        solid.material = edge
        var last: Vec3?
        for step in 0...20 {
            let angle = pi * Float(step) / 20
            let p = Vec3(cosine(angle) * 0.088, 0.245 + sine(angle) * 0.098, 0.008)
            if let last { solid.capsule(last, 0.0085, p, 0.0085) }
            last = p
        }
        for x in [Float(-0.088), 0.088] {
            solid.part()
            solid.material = brass
            solid.torus(Vec3(x, 0.236, 0.008), ring: 0.013, tube: 0.0035, Turn(roll: 0.5 * pi))
            solid.box(Vec3(x, 0.224, 0.012), Vec3(0.016, 0.01, 0.026), round: 0.005)
        }
    }

    // MARK: Bottle

    private static let flask = Profile(
        [
            Vec2(0, 0), Vec2(0.036, 0), Vec2(0.042, 0.004), Vec2(0.0425, 0.02), Vec2(0.0425, 0.17),
            Vec2(0.04, 0.19), Vec2(0.028, 0.212), Vec2(0.0165, 0.228), Vec2(0.0145, 0.245),
            Vec2(0.0145, 0.288), Vec2(0.0145, 0.288), Vec2(0.018, 0.29), Vec2(0.018, 0.3),
            Vec2(0.0145, 0.302), Vec2(0, 0.302), Vec2(0, 0.302),
        ], bend: 6, isMirrored: true, cells: 220)

    private static func bottle(_ solid: inout Solid, _ spec: SubjectSpec) {
        let glass = solid.add(
            Material(.glass, colour(spec, 0x1E5A38)) {
                $0.gloss = 1.8
                $0.sharpness = 240
                $0.mirror = 0.09
                $0.through = 0.9
            })
        let paper = solid.add(
            Material(.cloth, 0xEDE4D0) {
                $0.grain = 900; $0.strength = 0.02
            })
        let print = solid.add(Material(.plain, 0x5A2018))
        let cork = solid.add(Material(.leather, 0xB88A54) { $0.grain = 500 })
        let brass = gold(&solid)
        solid.part(blend: 0.004)
        solid.material = glass
        solid.lathe(flask, at: Vec3())
        solid.part(blend: 0.002)
        solid.material = cork
        solid.capsule(Vec3(0, 0.295, 0), 0.0125, Vec3(0, 0.309, 0), 0.0125)
        solid.part(blend: 0.001)
        solid.material = paper
        solid.torusBelt(Vec3(0, 0.095, 0), 0.0425, squash: 1, height: 0.042, depth: 0.0006)
        solid.part()
        solid.material = brass
        for y in [Float(0.062), 0.128] {
            solid.torusBelt(Vec3(0, y, 0), 0.0425, squash: 1, height: 0.0014, depth: 0.001)
        }
        solid.torusBelt(Vec3(0, 0.262, 0), 0.0145, squash: 1, height: 0.016, depth: 0.0008)
        // A printed mark on the side that faces ahead.
        solid.part()
        solid.material = print
        for (y, width) in [(Float(0.118), Float(0.012)), (0.075, 0.02), (0.069, 0.014)] {
            let angle = width / 0.0425
            solid.capsule(
                Vec3(cosine(angle), 0, sine(angle)) * 0.0424 + Vec3(0, y, 0), 0.0012,
                Vec3(cosine(angle), 0, -sine(angle)) * 0.0424 + Vec3(0, y, 0), 0.0012)
        }
        solid.torus(Vec3(0.0412, 0.097, 0), ring: 0.0115, tube: 0.0016, Turn(pitch: 0.5 * pi))
        solid.ball(Vec3(0.0408, 0.097, 0), 0.0045)
    }

    // MARK: Cup

    private static let mug = Profile(
        [
            Vec2(0, 0), Vec2(0.03, 0), Vec2(0.037, 0.003), Vec2(0.041, 0.014), Vec2(0.0425, 0.05),
            Vec2(0.0425, 0.096), Vec2(0.041, 0.0995), Vec2(0.0392, 0.097), Vec2(0.0388, 0.05),
            Vec2(0.036, 0.015), Vec2(0.028, 0.009), Vec2(0, 0.009), Vec2(0, 0.009),
        ], bend: 6, isMirrored: true, cells: 200)

    private static func cup(_ solid: inout Solid, _ spec: SubjectSpec) {
        let glaze = solid.add(
            Material(.plain, colour(spec, 0xC8522E)) {
                $0.gloss = 1.2
                $0.sharpness = 120
                $0.mirror = 0.05
            })
        let coffee = solid.add(
            Material(.plain, 0x2A140A) {
                $0.gloss = 1
                $0.sharpness = 160
                $0.mirror = 0.06
            })
        let saucer = solid.add(
            Material(.plain, 0xE8E2D6) {
                $0.gloss = 0.9
                $0.sharpness = 100
                $0.mirror = 0.04
            })
        solid.part(blend: 0.004)
        solid.material = saucer
        solid.lathe(plate, at: Vec3())
        solid.part(blend: 0.006)
        solid.material = glaze
        solid.lathe(mug, at: Vec3(0, 0.0075, 0))
        var last: Vec3?
        let aside = Vec3(0.7071, 0, 0.7071)
        for step in 0...16 {
            let angle = -0.5 * pi + pi * Float(step) / 16
            let out = aside * (0.041 + cosine(angle) * 0.03)
            let p = out + Vec3(0, 0.06 + sine(angle) * 0.027, 0)
            solid.blend = step == 1 || step == 16 ? 0.008 : 0.0004
            if let last { solid.capsule(last, 0.0062, p, 0.0062) }
            last = p
        }
        solid.part(blend: 0.002)
        solid.material = coffee
        solid.lathe(pool, at: Vec3(0, 0.093, 0))
        let spoon = gold(&solid, 0xD4D6DA)
        solid.part(blend: 0.006)
        solid.material = spoon
        solid.capsule(Vec3(-0.03, 0.012, 0.052), 0.0022, Vec3(0.045, 0.016, 0.06), 0.0028)
        solid.ellipsoid(Vec3(-0.046, 0.0125, 0.05), Vec3(0.017, 0.004, 0.011), Turn(heading: 0.1))
    }

    private static let plate = Profile(
        [
            Vec2(0, 0), Vec2(0.042, 0), Vec2(0.046, 0.004), Vec2(0.072, 0.0105),
            Vec2(0.078, 0.0145), Vec2(0.077, 0.0165), Vec2(0.07, 0.0145), Vec2(0.045, 0.008),
            Vec2(0, 0.0075), Vec2(0, 0.0075),
        ], bend: 6, isMirrored: true, cells: 190)
    private static let pool = Profile(
        [Vec2(0, -0.02), Vec2(0.0393, -0.02), Vec2(0.0393, 0), Vec2(0, 0)], isMirrored: true,
        cells: 64)

    // MARK: Books

    private static func books(_ solid: inout Solid, _ spec: SubjectSpec) {
        let main = colour(spec, 0x8A2A22)
        let stack: [(Vec3, Vec3, Vec3, Float)] = [
            (Vec3(0, 0.021, 0), Vec3(0.125, 0.02, 0.09), main, 0.08),
            (Vec3(0.004, 0.057, 0.004), Vec3(0.108, 0.0155, 0.08), linearColour(0x24405A), -0.2),
            (Vec3(-0.004, 0.09, -0.002), Vec3(0.1, 0.0175, 0.073), linearColour(0x4A6A3A), 0.14),
        ]
        let paper = solid.add(Material(.pages, 0xE8DCC0) { $0.grain = 1_500 })
        let brass = gold(&solid)
        for (centre, half, tone, turn) in stack {
            let cover = solid.add(
                Material(.leather, tone) {
                    $0.gloss = 0.3
                    $0.sharpness = 20
                    $0.grain = 800
                })
            let outer = solid.frame
            solid.frame = outer.moved(to: centre, Turn(heading: turn))
            solid.part()
            solid.material = paper
            solid.box(
                Vec3(0, 0, 0.003), Vec3(half.x - 0.005, half.y - 0.002, half.z - 0.006),
                round: 0.001)
            solid.part(blend: 0.003)
            solid.material = cover
            for side in [Float(1), -1] {
                solid.box(
                    Vec3(0, side * (half.y - 0.0013), 0), Vec3(half.x, 0.0015, half.z),
                    round: 0.0013)
            }
            // The spine looks to -z: to the viewer when the stack looks right.
            solid.box(
                Vec3(0, 0, -half.z + 0.002), Vec3(half.x, half.y, 0.005), round: 0.005)
            solid.part()
            solid.material = brass
            for x in [Float(-0.7), -0.62, 0.62, 0.7] {
                solid.box(
                    Vec3(x * half.x, 0, -half.z + 0.0018), Vec3(0.0016, half.y + 0.0004, 0.0054),
                    round: 0.0015)
            }
            solid.box(
                Vec3(0, 0, -half.z - 0.0022), Vec3(half.x * 0.34, 0.0028, 0.0012), round: 0.001)
            solid.frame = outer
        }
        // Reading glasses on top.
        let wire = solid.add(
            Material(.metal, 0x3A2A1A) {
                $0.gloss = 0.8; $0.mirror = 0.2
            })
        solid.part()
        solid.material = wire
        for x in [Float(-0.03), 0.03] {
            solid.torus(
                Vec3(x, 0.129, -0.02), ring: 0.0215, tube: 0.0017, Turn(pitch: 0, roll: 1.25))
            solid.capsule(
                Vec3(x * 1.75, 0.131, -0.018), 0.0014, Vec3(x * 1.5, 0.111, 0.06), 0.0014)
        }
        solid.capsule(Vec3(-0.009, 0.131, -0.02), 0.0014, Vec3(0.009, 0.131, -0.02), 0.0014)
    }
}
