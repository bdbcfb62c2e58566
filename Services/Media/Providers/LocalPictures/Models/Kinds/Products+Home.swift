/// Chair and lamp.
extension Products {
    // MARK: Chair

    static func chair(_ solid: inout Solid, _ spec: SubjectSpec) {
        let fabric = solid.add(
            Material(.cloth, colour(spec, 0x2E6A6E)) {
                $0.grain = 260
                $0.strength = 0.12
            })
        let timber = solid.add(
            Material(.wood, 0x9A6234) {
                $0.grain = 26
                $0.gloss = 0.4
                $0.sharpness = 30
            })
        // Legs and rails.
        solid.part(blend: 0.02)
        solid.material = timber
        for z in [Float(1), -1] {
            let side = z * 0.3
            solid.capsule(Vec3(0.31, 0.012, side * 1.05), 0.014, Vec3(0.26, 0.4, side), 0.025)
            solid.capsule(Vec3(-0.36, 0.012, side * 1.02), 0.014, Vec3(-0.25, 0.4, side), 0.025)
            solid.capsule(Vec3(0.26, 0.4, side), 0.023, Vec3(0.27, 0.6, side * 1.06), 0.021)
            solid.capsule(Vec3(-0.25, 0.4, side), 0.024, Vec3(-0.37, 0.62, side * 1.06), 0.021)
            solid.chain([
                (Vec3(0.31, 0.605, side * 1.08), 0.024), (Vec3(0.1, 0.635, side * 1.1), 0.027),
                (Vec3(-0.16, 0.635, side * 1.08), 0.026), (Vec3(-0.38, 0.615, side * 1.04), 0.02),
            ])
            solid.capsule(Vec3(0.27, 0.36, side), 0.02, Vec3(-0.26, 0.33, side), 0.02)
        }
        solid.capsule(Vec3(0.265, 0.36, -0.3), 0.02, Vec3(0.265, 0.36, 0.3), 0.02)
        solid.capsule(Vec3(-0.26, 0.33, -0.3), 0.02, Vec3(-0.26, 0.33, 0.3), 0.02)
        // Cushions.
        solid.part(blend: 0.012)
        solid.material = fabric
        solid.box(Vec3(0.02, 0.435, 0), Vec3(0.3, 0.075, 0.285), round: 0.06, Turn(pitch: 0.06))
        solid.part(blend: 0.012)
        solid.box(
            Vec3(-0.31, 0.72, 0), Vec3(0.075, 0.29, 0.285), round: 0.065, Turn(pitch: 0.26))
        let piping = solid.add(Material(.cloth, colour(spec, 0x2E6A6E) * 0.5))
        solid.material = piping
        let button = solid.add(Material(.leather, colour(spec, 0x2E6A6E) * 0.6))
        for z in [Float(-0.13), 0.13] {
            for y in [Float(0.64), 0.84] {
                solid.part()
                solid.material = button
                solid.ball(Vec3(-0.238 - (y - 0.72) * 0.27, y + 0.02, z), 0.012)
            }
        }
        let pillow = solid.add(
            Material(.knit, 0xE0A83A) { $0.grain = 70 })
        solid.part(blend: 0.02)
        solid.material = pillow
        solid.flow = Vec3(0, 1, 0)
        solid.box(
            Vec3(-0.15, 0.62, 0.06), Vec3(0.05, 0.15, 0.19), round: 0.048,
            Turn(heading: 0.1, pitch: 0.38, roll: 0.1))
    }

    // MARK: Lamp

    private static let shade = Profile(
        [
            Vec2(0.022, 0.07), Vec2(0.032, 0.075), Vec2(0.05, 0.05), Vec2(0.088, 0.0),
            Vec2(0.105, -0.055), Vec2(0.108, -0.075), Vec2(0.108, -0.075), Vec2(0.104, -0.075),
            Vec2(0.104, -0.075), Vec2(0.1, -0.055), Vec2(0.082, 0), Vec2(0.045, 0.042),
            Vec2(0, 0.055), Vec2(0, 0.07), Vec2(0, 0.07),
        ], bend: 2, isMirrored: true, cells: 150)
    private static let foot = Profile(
        [
            Vec2(0, 0), Vec2(0.098, 0), Vec2(0.102, 0.006), Vec2(0.096, 0.016), Vec2(0.05, 0.024),
            Vec2(0.022, 0.034), Vec2(0.014, 0.05), Vec2(0, 0.052), Vec2(0, 0.052),
        ], bend: 3, isMirrored: true, cells: 120)

    static func lamp(_ solid: inout Solid, _ spec: SubjectSpec) {
        let paint = solid.add(
            Material(.paint, colour(spec, 0xB83A22)) {
                $0.gloss = 0.9
                $0.sharpness = 70
                $0.mirror = 0.04
            })
        let brass = gold(&solid)
        let inner = solid.add(
            Material(.plain, 0xFFE6B8) {
                $0.glow = 0.75
                $0.nightGlow = 1.2
            })
        let bulb = solid.add(
            Material(.plain, 0xFFF0D0) {
                $0.glow = 2.4
                $0.nightGlow = 2
            })
        solid.part(blend: 0.006)
        solid.material = paint
        solid.lathe(foot, at: Vec3(-0.1, 0, 0))
        let base = Vec3(-0.1, 0.045, 0)
        let elbow = Vec3(-0.2, 0.27, 0)
        let wrist = Vec3(0.03, 0.45, 0)
        solid.part(blend: 0.003)
        solid.material = brass
        for z in [Float(-0.011), 0.011] {
            solid.capsule(base + Vec3(0, 0, z), 0.0052, elbow + Vec3(0, 0, z), 0.0052)
            solid.capsule(elbow + Vec3(0, 0, z), 0.0048, wrist + Vec3(0, 0, z), 0.0048)
        }
        for joint in [base, elbow, wrist] {
            solid.part(blend: 0.002)
            solid.material = paint
            solid.capsule(joint + Vec3(0, 0, -0.017), 0.014, joint + Vec3(0, 0, 0.017), 0.014)
        }
        // Springs along the lower arm.
        solid.part(blend: 0.002)
        solid.material = brass
        for step in 0..<9 {
            let p = mix(base, elbow, 0.2 + Float(step) * 0.045) + Vec3(0.022, 0.01, 0)
            solid.torus(p, ring: 0.0075, tube: 0.0018, Turn(pitch: 0.42))
        }
        solid.frame = Frame().moved(to: wrist + Vec3(0.055, -0.03, 0), Turn(pitch: 0.62))
        solid.part(blend: 0.006)
        solid.material = paint
        solid.lathe(shade, at: Vec3())
        solid.capsule(Vec3(0, 0.06, 0), 0.03, Vec3(0, 0.1, 0), 0.022)
        solid.part(blend: 0.006)
        solid.material = inner
        solid.capsule(Vec3(0, 0.02, 0), 0.04, Vec3(0, 0.0, 0), 0.05)
        solid.part()
        solid.material = bulb
        solid.ball(Vec3(0, -0.035, 0), 0.034)
        solid.material = brass
        solid.torus(Vec3(0, -0.074, 0), ring: 0.106, tube: 0.0025)
        solid.frame = Frame()
        // Cable.
        solid.part()
        solid.material = solid.add(Material(.rubber, 0x1C1A18))
        solid.chain([
            (Vec3(-0.19, 0.008, 0), 0.004), (Vec3(-0.25, 0.005, 0.02), 0.004),
            (Vec3(-0.3, 0.005, 0.0), 0.004), (Vec3(-0.36, 0.005, 0.06), 0.004),
        ])
    }
}
