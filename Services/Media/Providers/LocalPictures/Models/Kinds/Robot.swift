/// A friendly round robot on two legs.
enum Robot {
    static let traits = SubjectTraits(
        height: 1.5, length: 0.8, headHeight: 1.22, headForward: 0.1, eyeHeight: 1.23,
        eyeForward: 0.24, shares: (0.34, 0.6, 1.3, 3))

    static func make(_ spec: SubjectSpec, finest: Float) -> Solid {
        var solid = Solid()
        solid.thinnest = finest * 0.45
        let shell = solid.add(
            Material(.paint, linearColour(spec.colour ?? 0xDDA02E)) {
                $0.gloss = 0.8
                $0.sharpness = 50
                $0.mirror = 0.04
            })
        let steel = solid.add(
            Material(.metal, 0x8A9098) {
                $0.gloss = 0.8
                $0.sharpness = 50
                $0.mirror = 0.35
                $0.grain = 8
            })
        let dark = solid.add(Material(.rubber, 0x24262A) { $0.gloss = 0.3 })
        let glow = solid.add(
            Material(.plain, 0x7AE8FF) {
                $0.glow = 0.9
                $0.nightGlow = 1.6
            })
        solid.part(blend: 0.05)
        solid.material = shell
        solid.box(Vec3(0, 0.72, 0), Vec3(0.19, 0.25, 0.24), round: 0.13)
        solid.part(blend: 0.01)
        solid.material = dark
        solid.torus(Vec3(0, 0.56, 0), ring: 0.165, tube: 0.02)
        solid.box(Vec3(0.165, 0.76, 0), Vec3(0.04, 0.09, 0.12), round: 0.03)
        solid.material = glow
        for index in 0..<3 {
            solid.ball(Vec3(0.205, 0.79, Float(index - 1) * 0.06), 0.014)
        }
        solid.material = steel
        solid.capsule(Vec3(0.2, 0.715, -0.07), 0.008, Vec3(0.2, 0.715, 0.07), 0.008)
        solid.material = dark
        solid.capsule(Vec3(0, 0.92, 0), 0.08, Vec3(0, 1.05, 0), 0.075)
        let isWaving = spec.pose % 2 != 0
        let outer = solid.frame
        solid.frame = outer.moved(
            to: Vec3(0.02, 1.22, 0), Turn(heading: isWaving ? -0.3 : 0, pitch: isWaving ? 0.08 : 0))
        head(&solid, shell, steel, dark, glow)
        solid.frame = outer
        for side in [Float(1), -1] { limbs(&solid, side, isWaving, shell, steel, dark) }
        return solid
    }

    private static func head(
        _ solid: inout Solid, _ shell: Int32, _ steel: Int32, _ dark: Int32, _ glow: Int32
    ) {
        solid.part(blend: 0.03)
        solid.material = shell
        solid.box(Vec3(0, 0, 0), Vec3(0.18, 0.165, 0.23), round: 0.11)
        solid.cut { solid in
            solid.material = dark
            solid.blend = 0.02
            solid.box(Vec3(0.2, 0.0, 0), Vec3(0.05, 0.085, 0.165), round: 0.045)
        }
        let lens = solid.add(
            Material(.glass, 0x0C1014) {
                $0.mirror = 0.12; $0.gloss = 1
            })
        for side in [Float(1), -1] {
            solid.part()
            solid.material = lens
            solid.ball(Vec3(0.135, 0.005, side * 0.082), 0.058)
            solid.material = glow
            solid.torus(
                Vec3(0.18, 0.005, side * 0.084), ring: 0.036, tube: 0.007,
                Turn(heading: side * 0.1, pitch: 0.5 * pi))
            solid.ball(Vec3(0.185, 0.005, side * 0.084), 0.016)
            solid.part(blend: 0.01)
            solid.material = steel
            solid.capsule(Vec3(0, 0, side * 0.22), 0.075, Vec3(0, 0, side * 0.25), 0.07)
            solid.material = dark
            solid.torus(Vec3(0, 0, side * 0.3), ring: 0.05, tube: 0.012, Turn(roll: 0.5 * pi))
        }
        solid.part(blend: 0.01)
        solid.material = steel
        solid.capsule(Vec3(-0.04, 0.15, 0.08), 0.014, Vec3(-0.06, 0.29, 0.1), 0.007)
        solid.material = glow
        solid.ball(Vec3(-0.062, 0.3, 0.1), 0.024)
    }

    private static func limbs(
        _ solid: inout Solid, _ side: Float, _ isWaving: Bool, _ shell: Int32, _ steel: Int32,
        _ dark: Int32
    ) {
        let step: Float = isWaving ? 0 : side * 0.09
        let hip = Vec3(0, 0.5, side * 0.12)
        let knee = Vec3(0.04 + step * 0.6, 0.3, side * 0.13)
        let ankle = Vec3(step, 0.1, side * 0.13)
        solid.part(blend: 0.01)
        solid.material = dark
        solid.capsule(hip, 0.05, knee, 0.045)
        solid.material = steel
        solid.ball(knee, 0.06)
        solid.material = shell
        solid.capsule(mix(knee, ankle, 0.3), 0.06, ankle, 0.078)
        solid.part(blend: 0.02)
        solid.material = steel
        solid.box(ankle + Vec3(0.045, -0.055, 0), Vec3(0.13, 0.045, 0.085), round: 0.04)
        let raised = isWaving && side > 0
        let shoulder = Vec3(0, 0.86, side * 0.26)
        let elbow = raised ? Vec3(0.03, 0.88, side * 0.48) : Vec3(-0.03 - step, 0.66, side * 0.34)
        let hand = raised ? Vec3(0.06, 1.14, side * 0.52) : Vec3(0.12 - step, 0.5, side * 0.34)
        solid.part(blend: 0.01)
        solid.material = steel
        solid.ball(shoulder, 0.075)
        solid.material = dark
        solid.capsule(shoulder, 0.042, elbow, 0.04)
        solid.material = steel
        solid.ball(elbow, 0.052)
        solid.material = shell
        solid.capsule(mix(elbow, hand, 0.3), 0.05, hand, 0.062)
        solid.material = dark
        let along = normalize(hand - elbow)
        for spread in [Float(-1), 0, 1] {
            let out = Vec3(0.035 * spread, 0, 0.012 * side)
            solid.capsule(
                hand + along * 0.04 + out * 0.6, 0.02, hand + along * 0.12 + out * 1.2, 0.014)
        }
    }
}
