/// A person in a space suit: helmet with a golden visor, life support on the back.
enum Astronaut {
    static let traits = SubjectTraits(
        height: 1.9, length: 0.9, headHeight: 1.67, headForward: 0.05, eyeHeight: 1.69,
        eyeForward: 0.18, shares: (0.37, 0.66, 1.45, 3.9))

    private struct Suit {
        let cloth: Int32
        let shade: Int32
        let band: Int32
        let steel: Int32
        let visor: Int32
        let lamp: Int32
        let signal: Int32
    }

    static func make(_ spec: SubjectSpec, finest: Float) -> Solid {
        var solid = Solid()
        solid.thinnest = finest * 0.45
        let tone = linearColour(spec.colour ?? 0xE2DFD6)
        let suit = Suit(
            cloth: solid.add(
                Material(.cloth, tone) {
                    $0.grain = 260
                    $0.strength = 0.5
                }),
            shade: solid.add(
                Material(.cloth, tone * 0.42) {
                    $0.grain = 240
                    $0.strength = 0.5
                }),
            band: solid.add(Material(.cloth, 0xC8431E) { $0.grain = 300 }),
            steel: solid.add(
                Material(.metal, 0x9AA0A8) {
                    $0.gloss = 0.8
                    $0.sharpness = 50
                    $0.mirror = 0.3
                }),
            visor: solid.add(
                Material(.metal, 0xD08A24) {
                    $0.gloss = 1.4
                    $0.sharpness = 90
                    $0.mirror = 0.62
                }),
            lamp: solid.add(
                Material(.plain, 0xFFF0D0) {
                    $0.glow = 0.7
                    $0.nightGlow = 3
                }),
            signal: solid.add(
                Material(.plain, 0x48C8FF) {
                    $0.glow = 0.6
                    $0.nightGlow = 1.6
                }))
        let isWaving = spec.pose % 2 != 0
        for side in [Float(1), -1] { leg(&solid, side, isWaving, suit) }
        torso(&solid, suit)
        for side in [Float(1), -1] { arm(&solid, side, isWaving, suit) }
        lifeSupport(&solid, suit)
        helmet(&solid, suit)
        return solid
    }

    private static func leg(_ solid: inout Solid, _ side: Float, _ isWaving: Bool, _ suit: Suit) {
        let isFront = side > 0
        let hip = Vec3(0, 0.92, side * 0.115)
        let knee: Vec3
        let ankle: Vec3
        let toe: Vec3
        if isWaving {
            knee = Vec3(0.045, 0.52, side * 0.135)
            ankle = Vec3(-0.01, 0.15, side * 0.15)
            toe = ankle + Vec3(0.16, -0.06, side * 0.03)
        } else {
            knee = isFront ? Vec3(0.2, 0.56, 0.125) : Vec3(-0.02, 0.5, -0.125)
            ankle = isFront ? Vec3(0.27, 0.17, 0.12) : Vec3(-0.3, 0.26, -0.125)
            toe = isFront ? Vec3(0.44, 0.11, 0.13) : Vec3(-0.21, 0.075, -0.13)
        }
        solid.part(blend: 0.05)
        solid.material = suit.cloth
        solid.flow = normalize(knee - hip)
        solid.capsule(hip, 0.135, knee, 0.102)
        solid.capsule(knee, 0.1, ankle, 0.088)
        // Folds above and below the knee, a band round the thigh.
        solid.part(blend: 0.02)
        solid.capsule(mix(hip, knee, 0.82), 0.116, mix(hip, knee, 0.9), 0.112)
        solid.capsule(mix(knee, ankle, 0.16), 0.11, mix(knee, ankle, 0.24), 0.106)
        solid.material = suit.band
        solid.capsule(mix(hip, knee, 0.5), 0.126, mix(hip, knee, 0.58), 0.123)
        solid.part(blend: 0.03)
        solid.material = suit.shade
        solid.capsule(mix(ankle, knee, 0.2), 0.098, ankle, 0.09)
        let sole = ankle + Vec3(-0.01, -0.065, 0)
        solid.capsule(sole, 0.078, toe, 0.064)
        solid.part(blend: 0.01)
        solid.material = suit.steel
        solid.box(
            mix(sole, toe, 0.5) + Vec3(0, -0.06, 0), Vec3(0.165, 0.022, 0.075), round: 0.018,
            Turn(pitch: (toe.y - sole.y) * 1.6))
    }

    private static func torso(_ solid: inout Solid, _ suit: Suit) {
        solid.part(blend: 0.07)
        solid.material = suit.cloth
        solid.flow = Vec3(0, -1, 0)
        solid.ellipsoid(Vec3(0, 0.95, 0), Vec3(0.175, 0.14, 0.225))
        solid.box(Vec3(0, 1.23, 0), Vec3(0.155, 0.22, 0.21), round: 0.12)
        solid.capsule(Vec3(0, 1.42, -0.16), 0.115, Vec3(0, 1.42, 0.16), 0.115)
        solid.part(blend: 0.01)
        solid.material = suit.shade
        solid.torusBelt(Vec3(0, 1.035, 0), 0.2, squash: 1.2, height: 0.026, depth: 0.02)
        // Panel on the chest, with two hoses round to the back.
        solid.part(blend: 0.01)
        solid.material = suit.steel
        solid.box(Vec3(0.175, 1.26, 0), Vec3(0.05, 0.085, 0.125), round: 0.02)
        solid.material = suit.band
        solid.box(Vec3(0.222, 1.295, 0.06), Vec3(0.008, 0.02, 0.035), round: 0.004)
        solid.material = suit.signal
        for k in 0..<3 { solid.ball(Vec3(0.226, 1.3, -0.02 - Float(k) * 0.036), 0.0125) }
        solid.material = suit.shade
        for side in [Float(1), -1] {
            solid.part()
            solid.material = suit.shade
            solid.chain([
                (Vec3(0.2, 1.2, side * 0.08), 0.022), (Vec3(0.235, 1.12, side * 0.14), 0.022),
                (Vec3(0.15, 1.07, side * 0.23), 0.022), (Vec3(-0.06, 1.1, side * 0.26), 0.022),
                (Vec3(-0.2, 1.16, side * 0.2), 0.022),
            ])
        }
    }

    private static func arm(_ solid: inout Solid, _ side: Float, _ isWaving: Bool, _ suit: Suit) {
        let shoulder = Vec3(-0.005, 1.41, side * 0.25)
        let elbow: Vec3
        let hand: Vec3
        if isWaving && side > 0 {
            elbow = Vec3(0.1, 1.4, 0.53)
            hand = Vec3(0.14, 1.72, 0.6)
        } else if isWaving {
            elbow = Vec3(-0.05, 1.14, -0.38)
            hand = Vec3(0.1, 0.9, -0.37)
        } else {
            elbow = side > 0 ? Vec3(-0.13, 1.16, 0.38) : Vec3(0.08, 1.14, -0.38)
            hand = side > 0 ? Vec3(-0.04, 0.9, 0.42) : Vec3(0.31, 1.0, -0.36)
        }
        solid.part(blend: 0.045)
        solid.material = suit.cloth
        solid.flow = normalize(elbow - shoulder)
        solid.capsule(shoulder, 0.112, elbow, 0.09)
        solid.capsule(elbow, 0.088, hand, 0.074)
        solid.part(blend: 0.02)
        solid.material = suit.band
        solid.capsule(mix(shoulder, elbow, 0.48), 0.109, mix(shoulder, elbow, 0.6), 0.104)
        solid.material = suit.steel
        solid.capsule(mix(elbow, hand, 0.84), 0.083, mix(elbow, hand, 0.92), 0.082)
        let along = normalize(hand - elbow)
        solid.part(blend: 0.02)
        solid.material = suit.shade
        solid.ellipsoid(hand + along * 0.06, Vec3(0.06, 0.068, 0.055))
        for finger in 0..<3 {
            let across = Vec3(0.03 - 0.03 * Float(finger), 0, 0.012 * side)
            solid.capsule(
                hand + along * 0.09 + across, 0.024, hand + along * 0.155 + across * 1.2, 0.019)
        }
        solid.capsule(
            hand + along * 0.05 + Vec3(0.05, 0.01, 0), 0.024,
            hand + along * 0.1 + Vec3(0.088, 0.02, 0), 0.019)
    }

    private static func lifeSupport(_ solid: inout Solid, _ suit: Suit) {
        solid.part(blend: 0.02)
        solid.material = suit.cloth
        solid.box(Vec3(-0.29, 1.27, 0), Vec3(0.125, 0.3, 0.235), round: 0.05)
        solid.box(Vec3(-0.27, 1.6, 0), Vec3(0.09, 0.085, 0.165), round: 0.04)
        solid.part(blend: 0.01)
        solid.material = suit.shade
        solid.box(Vec3(-0.4, 1.34, 0), Vec3(0.03, 0.15, 0.15), round: 0.025)
        solid.box(Vec3(-0.3, 1.02, 0), Vec3(0.13, 0.035, 0.24), round: 0.03)
        solid.material = suit.steel
        for side in [Float(1), -1] {
            solid.capsule(
                Vec3(-0.4, 1.1, side * 0.17), 0.035, Vec3(-0.4, 1.5, side * 0.17), 0.035)
        }
        solid.part()
        solid.material = suit.steel
        solid.capsule(Vec3(-0.3, 1.66, -0.14), 0.008, Vec3(-0.33, 1.94, -0.16), 0.005)
        solid.material = suit.band
        solid.ball(Vec3(-0.33, 1.95, -0.16), 0.018)
        solid.material = suit.signal
        solid.ball(Vec3(-0.43, 1.44, 0.08), 0.014)
    }

    private static func helmet(_ solid: inout Solid, _ suit: Suit) {
        solid.part(blend: 0.02)
        solid.material = suit.steel
        solid.torus(Vec3(0.005, 1.515, 0), ring: 0.15, tube: 0.03)
        let shell = solid.add(
            Material(.paint, 0xECEAE4) {
                $0.gloss = 0.7
                $0.sharpness = 60
                $0.mirror = 0.05
            })
        solid.part(blend: 0.02)
        solid.material = shell
        solid.ellipsoid(Vec3(0, 1.69, 0), Vec3(0.205, 0.21, 0.2))
        // Collar of the visor, then the visor itself.
        solid.part(blend: 0.01)
        solid.ellipsoid(Vec3(0.05, 1.692, 0), Vec3(0.176, 0.182, 0.194))
        solid.part()
        solid.material = suit.visor
        solid.ellipsoid(Vec3(0.088, 1.69, 0), Vec3(0.15, 0.156, 0.176))
        solid.part(blend: 0.01)
        solid.material = shell
        solid.capsule(Vec3(-0.06, 1.895, 0), 0.022, Vec3(0.12, 1.862, 0), 0.02)
        for side in [Float(1), -1] {
            solid.part(blend: 0.01)
            solid.material = suit.shade
            solid.capsule(
                Vec3(0.02, 1.745, side * 0.2), 0.046, Vec3(0.02, 1.745, side * 0.222), 0.042)
            solid.part(blend: 0.005)
            solid.material = suit.steel
            solid.box(Vec3(0.1, 1.835, side * 0.145), Vec3(0.05, 0.032, 0.036), round: 0.015)
            solid.part()
            solid.material = suit.lamp
            solid.ball(Vec3(0.145, 1.835, side * 0.145), 0.024)
        }
    }
}
