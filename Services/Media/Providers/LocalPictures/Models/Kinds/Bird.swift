/// A small bird: on its feet, or with wings spread above its shadow.
enum Bird {
    static func traits(_ spec: SubjectSpec) -> SubjectTraits {
        let flies = spec.pose % 2 != 0
        return SubjectTraits(
            height: flies ? 0.62 : 0.36, length: 0.5, headHeight: flies ? 0.4 : 0.292,
            headForward: flies ? 0.16 : 0.07, eyeHeight: flies ? 0.412 : 0.303,
            eyeForward: flies ? 0.19 : 0.105, shares: (0.2, 0.42, 0.95, 2.3))
    }

    static func make(_ spec: SubjectSpec, finest: Float) -> Solid {
        var solid = Solid()
        solid.thinnest = finest * 0.45
        solid.furDetail = 200
        let back = linearColour(spec.colour ?? 0x5A4A3A)
        let isPlain = spec.colour != nil
        let breast = isPlain ? mix(back, Vec3(repeating: 0.7), 0.45) : linearColour(0xC8601E)
        func feather(_ colour: Vec3, _ under: Vec3, _ grain: Float) -> Material {
            Material(.feather, colour) {
                $0.second = under
                $0.grain = grain
                $0.gloss = 0.3
            }
        }
        let plume = Plumage(
            back: solid.add(feather(back, back * 1.5, 70)),
            breast: solid.add(feather(breast, mix(breast, Vec3(repeating: 0.8), 0.5), 80)),
            wing: solid.add(feather(back * 0.62, back * 0.7, 34)),
            tip: solid.add(feather(back * 0.3, back * 0.4, 26)),
            horn: solid.add(Material(.rubber, 0x3A2E22) { $0.gloss = 0.3 }))
        if spec.pose % 2 == 0 { standing(&solid, plume) } else { flying(&solid, plume) }
        return solid
    }

    private struct Plumage {
        let back: Int32, breast: Int32, wing: Int32, tip: Int32, horn: Int32
    }

    private static func head(_ solid: inout Solid, _ plume: Plumage) {
        solid.blend = 0.03
        solid.fur = 0.002
        solid.material = plume.back
        solid.flow = normalize(Vec3(-1, 0.2, 0))
        solid.ellipsoid(Vec3(0, 0.006, 0), Vec3(0.05, 0.045, 0.043))
        solid.material = plume.breast
        solid.ellipsoid(Vec3(0.012, -0.02, 0), Vec3(0.042, 0.034, 0.036))
        solid.fur = 0
        solid.part(blend: 0.004)
        solid.material = plume.horn
        solid.capsule(Vec3(0.04, 0.002, 0), 0.0125, Vec3(0.088, -0.007, 0), 0.0025)
        solid.capsule(Vec3(0.04, -0.006, 0), 0.0095, Vec3(0.08, -0.01, 0), 0.002)
        for side in [Float(1), -1] {
            let gaze = normalize(Vec3(0.5, 0.1, side * 0.86))
            let place = Vec3(0.025, 0.014, side * 0.0335)
            solid.part(blend: 0.002)
            solid.material = solid.add(Material(.plain, 0x0C0806))
            solid.ellipsoid(place - gaze * 0.001, Vec3(0.0105, 0.0095, 0.009))
            solid.material = solid.add(
                Material(.eye, 0x3A2412) {
                    $0.second = Vec3(repeating: 0.02)
                    $0.axis = gaze
                })
            solid.part()
            solid.ball(place + gaze * 0.001, 0.0085)
        }
    }

    private static func standing(_ solid: inout Solid, _ plume: Plumage) {
        solid.part(blend: 0.05)
        solid.fur = 0.003
        solid.material = plume.back
        solid.flow = normalize(Vec3(-0.85, -0.5, 0))
        solid.ellipsoid(Vec3(-0.025, 0.2, 0), Vec3(0.115, 0.072, 0.07), Turn(pitch: 0.55))
        solid.material = plume.breast
        solid.flow = normalize(Vec3(-0.3, -1, 0))
        solid.ellipsoid(Vec3(0.012, 0.19, 0), Vec3(0.085, 0.07, 0.064), Turn(pitch: 0.9))
        solid.fur = 0.001
        for side in [Float(1), -1] {
            // Folded wing, its long feathers crossing over the tail.
            solid.part(blend: 0.014)
            solid.material = plume.wing
            solid.flow = normalize(Vec3(-0.86, -0.5, 0))
            solid.ellipsoid(
                Vec3(-0.035, 0.212, side * 0.054), Vec3(0.098, 0.044, 0.022),
                Turn(heading: side * 0.1, pitch: 0.55))
            solid.material = plume.tip
            solid.capsule(
                Vec3(-0.08, 0.19, side * 0.052), 0.018, Vec3(-0.185, 0.122, side * 0.018), 0.006)
            solid.capsule(
                Vec3(-0.07, 0.175, side * 0.055), 0.016, Vec3(-0.16, 0.12, side * 0.026), 0.006)
            legs(&solid, side, plume.horn)
        }
        solid.part(blend: 0.012)
        solid.material = plume.tip
        solid.box(
            Vec3(-0.185, 0.105, 0), Vec3(0.085, 0.006, 0.028), round: 0.006, Turn(pitch: 0.62))
        let frame = solid.frame
        solid.frame = frame.moved(to: Vec3(0.07, 0.292, 0), Turn(heading: -0.2))
        solid.part(blend: 0.04)
        head(&solid, plume)
        solid.frame = frame
        solid.part(blend: 0.03)
        solid.material = plume.breast
        solid.fur = 0.002
        solid.flow = normalize(Vec3(-0.3, -1, 0))
        solid.capsule(Vec3(0.062, 0.275, 0), 0.039, Vec3(0.025, 0.225, 0), 0.055)
    }

    private static func legs(_ solid: inout Solid, _ side: Float, _ horn: Int32) {
        let knee = Vec3(-0.005, 0.125, side * 0.03)
        let heel = Vec3(-0.022, 0.06, side * 0.032)
        let foot = Vec3(0.004, 0.007, side * 0.033)
        solid.part(blend: 0.004)
        solid.material = horn
        solid.fur = 0
        solid.capsule(knee, 0.014, heel, 0.006)
        solid.capsule(heel, 0.0052, foot, 0.0048)
        for spread in [Float(-0.45), 0, 0.45] {
            solid.capsule(
                foot, 0.0046, foot + Vec3(0.042, -0.003, spread * 0.05), 0.0028)
        }
        solid.capsule(foot, 0.0046, foot + Vec3(-0.03, -0.003, 0), 0.0028)
        solid.fur = 0.001
    }

    private static func flying(_ solid: inout Solid, _ plume: Plumage) {
        let height: Float = 0.38
        solid.part(blend: 0.05)
        solid.fur = 0.002
        solid.material = plume.back
        solid.flow = Vec3(-1, 0, 0)
        solid.ellipsoid(Vec3(0, height, 0), Vec3(0.14, 0.052, 0.054), Turn(pitch: 0.1))
        solid.material = plume.breast
        solid.ellipsoid(Vec3(0.02, height - 0.014, 0), Vec3(0.11, 0.046, 0.048))
        let frame = solid.frame
        solid.frame = frame.moved(to: Vec3(0.145, height + 0.022, 0))
        head(&solid, plume)
        solid.frame = frame
        solid.part(blend: 0.01)
        solid.material = plume.tip
        for spread in [Float(-1), -0.5, 0, 0.5, 1] {
            solid.flow = normalize(Vec3(-1, 0, spread * 0.4))
            solid.box(
                Vec3(-0.2, height - 0.012, spread * 0.028), Vec3(0.1, 0.0035, 0.016), round: 0.003,
                Turn(heading: -spread * 0.26, pitch: 0.06))
        }
        for side in [Float(1), -1] { wing(&solid, plume, side, height) }
    }

    /// Planforms, x forward and y along the span: the arm with its covert, and the hand.
    private static let arm = Profile(
        [
            Vec2(0.06, -0.02), Vec2(0.075, 0.08), Vec2(0.1, 0.19), Vec2(0.1, 0.19),
            Vec2(-0.1, 0.2), Vec2(-0.1, 0.2), Vec2(-0.115, 0.15), Vec2(-0.105, 0.14),
            Vec2(-0.125, 0.1), Vec2(-0.11, 0.085), Vec2(-0.13, 0.045), Vec2(-0.11, 0.02),
            Vec2(-0.1, -0.02), Vec2(-0.1, -0.02),
        ], bend: 2, cells: 96)
    private static let hand = Profile(
        [
            Vec2(0.1, -0.02), Vec2(0.1, 0.08), Vec2(0.06, 0.19), Vec2(-0.02, 0.3),
            Vec2(-0.055, 0.315), Vec2(-0.045, 0.25), Vec2(-0.08, 0.262), Vec2(-0.06, 0.19),
            Vec2(-0.1, 0.2), Vec2(-0.075, 0.13), Vec2(-0.115, 0.135), Vec2(-0.09, 0.075),
            Vec2(-0.12, 0.07), Vec2(-0.1, 0), Vec2(-0.1, -0.02), Vec2(-0.1, -0.02),
        ], bend: 2, cells: 96)

    private static func wing(
        _ solid: inout Solid, _ plume: Plumage, _ side: Float, _ height: Float
    ) {
        let root = Vec3(0.02, height + 0.025, side * 0.035)
        let rise: Float = 0.62
        let wrist = root + Vec3(0, sine(rise), side * cosine(rise)) * 0.19
        solid.part(blend: 0.02)
        solid.fur = 0
        solid.flow = normalize(Vec3(-1, 0, side * 0.25))
        solid.material = plume.wing
        solid.extrude(
            arm, at: root, half: 0.0075, round: 0.007, Turn(roll: side * (0.5 * pi - rise)))
        solid.flow = normalize(Vec3(-0.85, 0, side * 0.6))
        solid.material = plume.tip
        solid.extrude(
            hand, at: wrist, half: 0.0065, round: 0.006, Turn(roll: side * (0.5 * pi - 0.28)))
        solid.material = plume.back
        solid.blend = 0.03
        solid.capsule(root + Vec3(0.04, 0, 0), 0.024, wrist + Vec3(0.075, 0, 0), 0.012)
    }
}
