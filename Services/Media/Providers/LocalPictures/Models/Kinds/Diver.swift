/// A diver with mask, tank and fins: swimming over the bottom, or standing on land.
struct Diver {
    private let isSwimming: Bool
    private let main: Vec3

    static func make(_ spec: SubjectSpec, finest: Float) -> Solid {
        var solid = Solid()
        solid.thinnest = finest * 0.45
        Diver(spec).build(&solid)
        return solid
    }

    static func traits(_ spec: SubjectSpec) -> SubjectTraits {
        Diver(spec).isSwimming
            ? SubjectTraits(
                height: 1.42, length: 2.5, headHeight: 1.2, headForward: 0.62, eyeHeight: 1.2,
                eyeForward: 0.72, shares: (0.36, 0.58, 1.75, 4.2))
            : SubjectTraits(
                height: 1.84, length: 0.9, headHeight: 1.68, headForward: 0.05, eyeHeight: 1.7,
                eyeForward: 0.14, shares: (0.36, 0.64, 1.5, 3.8))
    }

    private init(_ spec: SubjectSpec) {
        isSwimming = spec.pose % 2 == 0
        main = linearColour(spec.colour ?? 0xE8A21E)
    }

    private struct Gear {
        let suit: Int32
        let trim: Int32
        let rubber: Int32
        let steel: Int32
        let skin: Int32
        let glass: Int32
        let lamp: Int32
    }

    private func build(_ solid: inout Solid) {
        let gear = Gear(
            suit: solid.add(
                Material(.rubber, 0x1C2530) {
                    $0.gloss = 0.45
                    $0.sharpness = 18
                }),
            trim: solid.add(
                Material(.paint, main) {
                    $0.gloss = 0.7
                    $0.sharpness = 40
                }),
            rubber: solid.add(Material(.rubber, 0x111418) { $0.gloss = 0.4 }),
            steel: solid.add(
                Material(.metal, 0x9AA2A8) {
                    $0.gloss = 0.8
                    $0.mirror = 0.25
                }),
            skin: solid.add(Material(.skin, 0xD2A07F) { $0.second = linearColour(0xBE7A60) }),
            glass: solid.add(
                Material(.glass, 0x16303A) {
                    $0.mirror = 0.3
                    $0.gloss = 1.4
                    $0.sharpness = 80
                }),
            lamp: solid.add(
                Material(.plain, 0xFFF2C8) {
                    $0.glow = 1.4
                    $0.nightGlow = 3.4
                }))
        let outer = solid.frame
        // In the body's own axes the head is at +x and the back at +y.
        let body =
            isSwimming
            ? outer.moved(to: Vec3(0, 0.98, 0), Turn(pitch: 0.2))
            : outer.moved(to: Vec3(0, 1.02, 0), Turn(pitch: 0.5 * pi))
        solid.frame = body
        trunk(&solid, gear)
        tank(&solid, gear)
        for side in [Float(1), -1] {
            leg(&solid, side, gear)
            arm(&solid, side, gear)
        }
        // The head looks ahead in both poses.
        solid.frame = body.moved(
            to: Vec3(0.66, isSwimming ? 0.055 : -0.01, 0),
            Turn(pitch: isSwimming ? -0.12 : -0.5 * pi))
        head(&solid, gear)
        solid.frame = outer
    }

    private func trunk(_ solid: inout Solid, _ gear: Gear) {
        solid.part(blend: 0.07)
        solid.material = gear.suit
        solid.flow = Vec3(-1, 0, 0)
        solid.ellipsoid(Vec3(-0.12, 0, 0), Vec3(0.17, 0.125, 0.165))
        solid.ellipsoid(Vec3(0.2, 0.005, 0), Vec3(0.28, 0.135, 0.17))
        solid.capsule(Vec3(0.4, 0.01, -0.13), 0.092, Vec3(0.4, 0.01, 0.13), 0.092)
        solid.capsule(Vec3(0.42, 0.01, 0), 0.085, Vec3(0.58, 0.02, 0), 0.07)
        // Vest with its straps.
        solid.part(blend: 0.02)
        solid.material = gear.trim
        solid.ellipsoid(Vec3(0.2, -0.055, 0), Vec3(0.2, 0.1, 0.155))
        solid.material = gear.rubber
        solid.capsule(Vec3(0.02, -0.06, -0.12), 0.042, Vec3(0.02, -0.06, 0.12), 0.042)
        for side in [Float(1), -1] {
            solid.capsule(
                Vec3(0.1, -0.12, side * 0.09), 0.03, Vec3(0.42, -0.06, side * 0.12), 0.028)
        }
    }

    private func tank(_ solid: inout Solid, _ gear: Gear) {
        solid.part(blend: 0.01)
        solid.material = gear.trim
        solid.capsule(Vec3(-0.08, 0.225, 0), 0.1, Vec3(0.36, 0.24, 0), 0.1)
        solid.part(blend: 0.01)
        solid.material = gear.rubber
        for x in [Float(0), 0.26] {
            solid.capsule(Vec3(x, 0.225, 0), 0.107, Vec3(x + 0.035, 0.227, 0), 0.107)
        }
        solid.capsule(Vec3(0.1, 0.12, 0), 0.09, Vec3(0.28, 0.12, 0), 0.09)
        solid.material = gear.steel
        solid.capsule(Vec3(0.45, 0.24, 0), 0.032, Vec3(0.51, 0.24, 0), 0.028)
        solid.capsule(Vec3(0.49, 0.24, -0.06), 0.02, Vec3(0.49, 0.24, 0.06), 0.02)
    }

    private func leg(_ solid: inout Solid, _ side: Float, _ gear: Gear) {
        let hip = Vec3(-0.18, 0, side * 0.09)
        var knee = Vec3(-0.56, side > 0 ? -0.09 : 0.03, side * 0.11)
        var ankle = Vec3(-0.93, side > 0 ? 0.06 : -0.09, side * 0.115)
        var tip = ankle + Vec3(-0.52, side > 0 ? 0.17 : -0.2, side * 0.05)
        if !isSwimming {
            knee = Vec3(-0.55, -0.03, side * 0.12)
            ankle = Vec3(-0.93, 0.015, side * 0.14)
            tip = ankle + Vec3(-0.045, -0.42, side * 0.13)
        }
        solid.part(blend: 0.04)
        solid.material = gear.suit
        solid.capsule(hip, 0.1, knee, 0.072)
        solid.capsule(knee, 0.07, ankle, 0.05)
        solid.part(blend: 0.012)
        solid.material = gear.trim
        solid.capsule(mix(hip, knee, 0.62), 0.086, mix(hip, knee, 0.7), 0.083)
        // The fin: a foot pocket and a blade that widens.
        solid.material = gear.rubber
        let along = normalize(tip - ankle)
        solid.capsule(ankle, 0.056, ankle + along * 0.17, 0.045)
        solid.material = gear.trim
        for across in [Float(-1), 0, 1] {
            let root = ankle + along * 0.13 + Vec3(0, 0, across * 0.025)
            let end = tip + Vec3(0, 0, across * 0.075)
            solid.blend = 0.02
            solid.capsule(root, 0.026, mix(root, end, 0.5), 0.028)
            solid.capsule(mix(root, end, 0.5), 0.028, end, 0.014)
        }
    }

    private func arm(_ solid: inout Solid, _ side: Float, _ gear: Gear) {
        let shoulder = Vec3(0.4, 0.005, side * 0.19)
        let elbow: Vec3
        let hand: Vec3
        if isSwimming {
            elbow = side < 0 ? Vec3(0.62, -0.17, -0.27) : Vec3(0.2, -0.16, 0.3)
            hand = side < 0 ? Vec3(0.88, -0.13, -0.2) : Vec3(0.06, -0.2, 0.1)
        } else {
            elbow = Vec3(0.12, 0.05, side * 0.29)
            hand = side < 0 ? Vec3(0.06, -0.24, -0.28) : Vec3(-0.14, -0.06, 0.3)
        }
        solid.part(blend: 0.035)
        solid.material = gear.suit
        solid.capsule(shoulder, 0.074, elbow, 0.056)
        solid.capsule(elbow, 0.055, hand, 0.042)
        solid.part(blend: 0.012)
        solid.material = gear.trim
        solid.capsule(mix(shoulder, elbow, 0.55), 0.07, mix(shoulder, elbow, 0.68), 0.067)
        solid.material = gear.rubber
        let along = normalize(hand - elbow)
        solid.capsule(mix(elbow, hand, 0.9), 0.046, hand + along * 0.06, 0.036)
        guard side < 0 else { return }
        // A torch in the leading hand.
        let front = isSwimming ? Vec3(1, -0.1, 0.05) : Vec3(0, -1, 0)
        solid.part(blend: 0.005)
        solid.material = gear.steel
        solid.capsule(hand + along * 0.05, 0.03, hand + along * 0.05 + front * 0.14, 0.036)
        solid.part()
        solid.material = gear.lamp
        solid.ball(hand + along * 0.05 + front * 0.165, 0.03)
    }

    private func head(_ solid: inout Solid, _ gear: Gear) {
        solid.part(blend: 0.02)
        solid.material = gear.skin
        solid.flow = Vec3(0, -1, 0)
        solid.ellipsoid(Vec3(0.035, -0.02, 0), Vec3(0.082, 0.1, 0.07))
        solid.part(blend: 0.03)
        solid.material = gear.suit
        solid.ellipsoid(Vec3(-0.022, 0.02, 0), Vec3(0.105, 0.115, 0.098))
        solid.ellipsoid(Vec3(-0.045, -0.075, 0), Vec3(0.07, 0.08, 0.078))
        // Mask: strap, frame, glass.
        solid.part(blend: 0.004)
        solid.material = gear.rubber
        solid.torus(Vec3(-0.01, 0.035, 0), ring: 0.104, tube: 0.011, Turn(pitch: 0.06))
        solid.part(blend: 0.012)
        solid.material = gear.trim
        solid.box(Vec3(0.098, 0.018, 0), Vec3(0.032, 0.05, 0.084), round: 0.026)
        solid.part(blend: 0.006)
        solid.material = gear.glass
        solid.box(Vec3(0.122, 0.02, 0), Vec3(0.014, 0.036, 0.068), round: 0.012)
        // Regulator and hose.
        solid.part(blend: 0.006)
        solid.material = gear.rubber
        solid.capsule(Vec3(0.1, -0.075, -0.02), 0.034, Vec3(0.1, -0.075, 0.02), 0.034)
        solid.material = gear.steel
        solid.ball(Vec3(0.13, -0.075, 0), 0.022)
        solid.part(blend: 0.004)
        solid.material = gear.rubber
        solid.chain([
            (Vec3(0.095, -0.08, -0.04), 0.014), (Vec3(0.06, -0.09, -0.12), 0.014),
            (Vec3(-0.06, -0.03, -0.165), 0.014), (Vec3(-0.15, 0.08, -0.12), 0.014),
            (isSwimming ? Vec3(-0.18, 0.16, -0.03) : Vec3(-0.22, -0.1, -0.06), 0.014),
        ])
    }
}
