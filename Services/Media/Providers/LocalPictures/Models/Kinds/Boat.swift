/// A sailing boat of six metres, or a rowing boat; the water line is at y = 0.
enum Boat {
    static func traits(_ spec: SubjectSpec) -> SubjectTraits {
        let isRowing = spec.pose % 2 != 0
        return SubjectTraits(
            height: isRowing ? 1.55 : 7.2, length: isRowing ? 4.4 : 5.6,
            headHeight: isRowing ? 1.2 : 1.55, headForward: isRowing ? 0.0 : -0.7,
            eyeHeight: isRowing ? 1.25 : 1.4, eyeForward: isRowing ? 0.1 : -1.1,
            shares: isRowing ? (0.2, 0.38, 0.8, 1.6) : (0.5, 0.78, 1.12, 3.3), floats: true)
    }

    private static let side = Profile(
        [
            Vec2(2.75, 0.78), Vec2(2.75, 0.78), Vec2(2.3, 0.1), Vec2(1.7, -0.28), Vec2(0.4, -0.42),
            Vec2(-1.4, -0.36), Vec2(-2.3, -0.15), Vec2(-2.3, -0.15), Vec2(-2.5, 0.5),
            Vec2(-2.5, 0.5), Vec2(-1, 0.46), Vec2(1, 0.54), Vec2(2.75, 0.78),
        ], bend: 3, cells: 200)
    private static let plan = Profile(
        [
            Vec2(2.8, 0), Vec2(2.3, 0.32), Vec2(1.5, 0.68), Vec2(0.5, 0.88), Vec2(-0.7, 0.92),
            Vec2(-1.8, 0.82), Vec2(-2.55, 0.66), Vec2(-2.55, 0.66), Vec2(-2.55, -0.4),
            Vec2(-2.55, -0.4), Vec2(2.3, -0.4), Vec2(2.8, 0), Vec2(2.8, 0),
        ], bend: 3, cells: 180)
    private static let section = Profile(
        [
            Vec2(-0.3, -0.5), Vec2(0.1, -0.46), Vec2(0.5, -0.3), Vec2(0.76, -0.05),
            Vec2(0.88, 0.25), Vec2(0.95, 0.9), Vec2(0.95, 0.9), Vec2(-0.3, 0.9), Vec2(-0.3, 0.9),
            Vec2(-0.3, -0.5),
        ], bend: 3, cells: 110)
    private static let well = Profile(
        [
            Vec2(-2.2, 1.2), Vec2(-2.2, 0.2), Vec2(-1, 0.1), Vec2(0.15, 0.12), Vec2(0.2, 1.2),
        ], cells: 110)
    private static let wellPlan = Profile(
        [
            Vec2(0.2, 0.5), Vec2(-0.7, 0.62), Vec2(-1.7, 0.56), Vec2(-2.2, 0.48),
            Vec2(-2.2, -0.3), Vec2(0.2, -0.3),
        ], cells: 90)
    private static let mainSail = Profile(
        [
            Vec2(0.6, 7.0), Vec2(0.6, 7.0), Vec2(0.62, 1.68), Vec2(0.62, 1.68), Vec2(-2.15, 1.62),
            Vec2(-2.15, 1.62), Vec2(-1.75, 2.5), Vec2(-0.95, 4.2), Vec2(-0.1, 5.9),
        ], bend: 3, cells: 160)
    private static let jib = Profile(
        [
            Vec2(0.72, 5.7), Vec2(0.72, 5.7), Vec2(0.62, 3.4), Vec2(0.35, 1.3), Vec2(0.35, 1.3),
            Vec2(1.2, 1.02), Vec2(2.6, 0.95), Vec2(2.6, 0.95),
        ], bend: 2, cells: 130)

    static func make(_ spec: SubjectSpec, finest: Float) -> Solid {
        var solid = Solid()
        solid.thinnest = finest * 0.5
        return spec.pose % 2 == 0
            ? sailing(&solid, spec) : rowing(&solid, spec)
    }

    private static func wood(_ hex: UInt32, plank: Float = 0) -> Material {
        Material(.wood, hex) {
            $0.grain = 9
            $0.gloss = 0.3
            $0.strength = plank
        }
    }

    private static func sailing(_ solid: inout Solid, _ spec: SubjectSpec) -> Solid {
        let hull = solid.add(
            Material(.paint, linearColour(spec.colour ?? 0xE4DED0)) {
                $0.gloss = 0.5
                $0.mirror = 0.03
            })
        let deck = solid.add(wood(0xA07444, plank: 0.09))
        let spar = solid.add(wood(0x8A5A30))
        solid.part(blend: 0.02)
        solid.material = hull
        solid.extrude(side, plan: plan, front: section, round: 0.03)
        solid.cut { solid in
            solid.material = deck
            solid.blend = 0.02
            solid.extrude(well, plan: wellPlan, round: 0.02)
        }
        // Rail along the sheer.
        solid.part(blend: 0.01)
        for z in [Float(1), -1] {
            let rail: [Vec3] = [
                Vec3(2.72, 0.79, 0.0), Vec3(2.2, 0.71, z * 0.36), Vec3(1.4, 0.6, z * 0.7),
                Vec3(0.4, 0.53, z * 0.885), Vec3(-0.8, 0.49, z * 0.91), Vec3(-1.8, 0.5, z * 0.81),
                Vec3(-2.48, 0.53, z * 0.67),
            ]
            solid.material = spar
            for (from, to) in zip(rail, rail.dropFirst()) { solid.capsule(from, 0.032, to, 0.032) }
        }
        // Fore deck cabin.
        solid.part(blend: 0.04)
        solid.material = hull
        solid.box(Vec3(0.85, 0.62, 0), Vec3(0.62, 0.16, 0.42), round: 0.1, Turn(pitch: 0.07))
        let glass = solid.add(
            Material(.glass, 0x101820) {
                $0.mirror = 0.15; $0.nightGlow = 0
            })
        solid.part()
        solid.material = glass
        for z in [Float(1), -1] {
            for x in [Float(0.6), 1.05] {
                solid.ellipsoid(Vec3(x, 0.66, z * 0.42), Vec3(0.1, 0.06, 0.02))
            }
        }
        addRig(&solid, spar)
        addSailor(&solid)
        return solid
    }

    private static func addRig(_ solid: inout Solid, _ spar: Int32) {
        let canvas = solid.add(
            Material(.sail, 0xEDE2CC) {
                $0.through = 0.75
                $0.grain = 40
            })
        let rope = solid.add(Material(.plain, 0x6A5A44))
        solid.part()
        solid.material = spar
        solid.capsule(Vec3(0.7, 0.4, 0), 0.062, Vec3(0.66, 7.15, 0), 0.035)
        solid.capsule(Vec3(0.66, 1.62, 0), 0.045, Vec3(-2.1, 1.58, 0.42), 0.036)
        solid.part(blend: 0.01)
        solid.material = canvas
        solid.extrude(mainSail, half: 0.02, round: 0.016, Turn(heading: -0.14))
        solid.part(blend: 0.01)
        solid.extrude(
            jib, at: Vec3(-0.03, 0, 0), half: 0.018, round: 0.014, Turn(heading: 0.05))
        solid.part()
        solid.material = rope
        let top = Vec3(0.66, 6.9, 0)
        solid.capsule(Vec3(2.72, 0.8, 0), 0.007, Vec3(0.68, 5.95, 0), 0.007)
        solid.capsule(Vec3(-2.45, 0.55, 0), 0.006, top, 0.006)
        for z in [Float(1), -1] {
            solid.capsule(Vec3(0.5, 0.53, z * 0.86), 0.007, Vec3(0.66, 5.4, 0), 0.007)
            solid.capsule(Vec3(0.75, 0.55, z * 0.85), 0.007, top, 0.007)
        }
        // Pennant.
        solid.material = solid.add(Material(.cloth, 0xB02A20) { $0.through = 0.4 })
        solid.chain([
            (Vec3(0.64, 7.08, 0), 0.05), (Vec3(0.42, 7.1, 0.03), 0.035),
            (Vec3(0.16, 7.04, 0), 0.008),
        ])
    }

    private static func addSailor(_ solid: inout Solid) {
        let jacket = solid.add(Material(.cloth, 0xA8301E) { $0.strength = 0.6 })
        let trousers = solid.add(Material(.cloth, 0x2A3040))
        let skin = solid.add(Material(.skin, 0xC99474) { $0.second = linearColour(0xB87C5C) })
        let cap = solid.add(Material(.knit, 0x24344A) { $0.grain = 60 })
        solid.part(blend: 0.06)
        solid.material = jacket
        solid.capsule(Vec3(-1.5, 0.62, -0.3), 0.17, Vec3(-1.42, 1.08, -0.28), 0.18)
        solid.capsule(Vec3(-1.42, 1.16, -0.46), 0.08, Vec3(-1.42, 1.16, -0.1), 0.08)
        for (elbow, hand, z) in [
            (Vec3(-1.25, 0.92, -0.04), Vec3(-1.02, 0.9, -0.02), Float(-0.08)),
            (Vec3(-1.55, 0.88, -0.6), Vec3(-1.8, 0.82, -0.42), -0.48),
        ] {
            solid.capsule(Vec3(-1.42, 1.14, z), 0.072, elbow, 0.06)
            solid.capsule(elbow, 0.06, hand, 0.048)
        }
        solid.part(blend: 0.04)
        solid.material = trousers
        for z in [Float(-0.4), -0.18] {
            solid.capsule(Vec3(-1.48, 0.58, z), 0.1, Vec3(-1.02, 0.6, z), 0.08)
            solid.capsule(Vec3(-1.02, 0.6, z), 0.078, Vec3(-0.95, 0.2, z), 0.06)
        }
        solid.part(blend: 0.03)
        solid.material = skin
        solid.ellipsoid(Vec3(-1.39, 1.42, -0.28), Vec3(0.1, 0.12, 0.088))
        solid.capsule(Vec3(-1.31, 1.4, -0.28), 0.02, Vec3(-1.28, 1.38, -0.28), 0.016)
        solid.capsule(Vec3(-1.41, 1.3, -0.28), 0.06, Vec3(-1.42, 1.2, -0.28), 0.06)
        solid.part(blend: 0.02)
        solid.material = cap
        solid.ellipsoid(Vec3(-1.405, 1.48, -0.28), Vec3(0.108, 0.085, 0.1))
    }

    private static func rowing(_ solid: inout Solid, _ spec: SubjectSpec) -> Solid {
        let timber =
            spec.colour.map { colour in
                Material(.paint, linearColour(colour)) {
                    $0.gloss = 0.4; $0.mirror = 0.02
                }
            } ?? wood(0x7A4A26, plank: 0.11)
        let inside = solid.add(wood(0x9A6A3C, plank: 0.1))
        let rim = solid.add(wood(0x5A3820))
        solid.part(blend: 0.02)
        solid.material = solid.add(timber)
        let scale: Float = 0.78
        solid.frame = Frame(scale: scale)
        solid.extrude(side, plan: plan, front: section, round: 0.03)
        solid.cut { solid in
            solid.material = inside
            solid.blend = 0.03
            solid.extrude(hollow, plan: hollowPlan, front: hollowSection, round: 0.02)
        }
        for z in [Float(1), -1] {
            let rail: [Vec3] = [
                Vec3(2.72, 0.79, 0), Vec3(2.2, 0.71, z * 0.36), Vec3(1.4, 0.6, z * 0.7),
                Vec3(0.4, 0.53, z * 0.885), Vec3(-0.8, 0.49, z * 0.91), Vec3(-1.8, 0.5, z * 0.81),
                Vec3(-2.48, 0.53, z * 0.67),
            ]
            solid.part()
            solid.material = rim
            for (from, to) in zip(rail, rail.dropFirst()) { solid.capsule(from, 0.042, to, 0.042) }
        }
        for x in [Float(1.35), 0, -1.5] {
            solid.part()
            solid.material = rim
            solid.box(Vec3(x, 0.36, 0), Vec3(0.14, 0.025, x > 1 ? 0.62 : 0.84), round: 0.015)
        }
        solid.frame = Frame()
        addRower(&solid)
        return solid
    }

    private static let hollow = Profile(
        [
            Vec2(-2.38, 1.4), Vec2(-2.26, 0.1), Vec2(-1.2, -0.14), Vec2(0.6, -0.18),
            Vec2(1.7, 0.0), Vec2(2.3, 0.5), Vec2(2.5, 1.4),
        ], cells: 120)
    private static let hollowSection = Profile(
        [
            Vec2(-0.3, -0.26), Vec2(0.2, -0.24), Vec2(0.5, -0.08), Vec2(0.7, 0.16),
            Vec2(0.79, 0.45), Vec2(0.84, 1.5), Vec2(-0.3, 1.5),
        ], cells: 100)
    private static let hollowPlan = Profile(
        [
            Vec2(2.5, 0.06), Vec2(1.5, 0.58), Vec2(0.5, 0.79), Vec2(-0.7, 0.83),
            Vec2(-1.8, 0.74), Vec2(-2.38, 0.6), Vec2(-2.38, -0.3), Vec2(2.5, -0.3),
        ], cells: 110)

    private static func addRower(_ solid: inout Solid) {
        let coat = solid.add(Material(.cloth, 0x3A4A5A) { $0.strength = 0.7 })
        let trousers = solid.add(Material(.cloth, 0x2A2620))
        let skin = solid.add(Material(.skin, 0xC99474) { $0.second = linearColour(0xB87C5C) })
        let straw = solid.add(Material(.cloth, 0xC8A868) { $0.grain = 180 })
        let oar = solid.add(wood(0xB08A54))
        // The rower sits facing the stern and leans into the stroke.
        solid.part(blend: 0.06)
        solid.material = coat
        solid.capsule(Vec3(-0.02, 0.5, 0), 0.165, Vec3(0.14, 0.94, 0), 0.175)
        solid.capsule(Vec3(0.15, 1.0, -0.18), 0.08, Vec3(0.15, 1.0, 0.18), 0.08)
        for z in [Float(1), -1] {
            let hand = Vec3(-0.36, 0.66, z * 0.16)
            solid.part(blend: 0.03)
            solid.material = coat
            solid.capsule(Vec3(0.14, 0.98, z * 0.2), 0.072, Vec3(-0.08, 0.76, z * 0.34), 0.06)
            solid.capsule(Vec3(-0.08, 0.76, z * 0.34), 0.058, hand, 0.044)
            solid.part(blend: 0.02)
            solid.material = skin
            solid.ball(hand + Vec3(-0.04, 0, 0), 0.046)
            solid.part(blend: 0.04)
            solid.material = trousers
            solid.capsule(Vec3(-0.02, 0.42, z * 0.1), 0.1, Vec3(-0.46, 0.5, z * 0.14), 0.078)
            solid.capsule(Vec3(-0.46, 0.5, z * 0.14), 0.075, Vec3(-0.74, 0.14, z * 0.14), 0.058)
            solid.part(blend: 0.01)
            solid.material = oar
            let pivot = Vec3(-0.12, 0.5, z * 0.72)
            let blade = Vec3(0.5, 0.02, z * 1.95)
            solid.capsule(hand + Vec3(-0.05, 0, -z * 0.04), 0.024, pivot, 0.026)
            solid.capsule(pivot, 0.026, blade, 0.022)
            solid.ellipsoid(
                blade + Vec3(0.11, -0.05, z * 0.22), Vec3(0.3, 0.085, 0.022),
                Turn(heading: z * 1.1, pitch: -0.2))
        }
        solid.part(blend: 0.03)
        solid.material = skin
        solid.ellipsoid(Vec3(0.13, 1.26, 0), Vec3(0.1, 0.12, 0.088))
        solid.capsule(Vec3(0.15, 1.15, 0), 0.06, Vec3(0.15, 1.05, 0), 0.065)
        solid.capsule(Vec3(0.05, 1.24, 0), 0.02, Vec3(0.02, 1.22, 0), 0.016)
        solid.part(blend: 0.02)
        solid.material = straw
        solid.ellipsoid(Vec3(0.14, 1.335, 0), Vec3(0.225, 0.02, 0.21), Turn(pitch: -0.08))
        solid.ellipsoid(Vec3(0.14, 1.365, 0), Vec3(0.11, 0.085, 0.1))
    }
}
