/// Shoe and watch.
extension Products {
    // MARK: Shoe

    private static let upperSide = Profile(
        [
            Vec2(0.142, 0.03), Vec2(0.138, 0.052), Vec2(0.1, 0.066), Vec2(0.055, 0.082),
            Vec2(0.012, 0.112), Vec2(-0.028, 0.128), Vec2(-0.045, 0.12), Vec2(-0.08, 0.106),
            Vec2(-0.115, 0.118), Vec2(-0.128, 0.124), Vec2(-0.134, 0.1), Vec2(-0.136, 0.06),
            Vec2(-0.132, 0.028), Vec2(-0.132, 0.028), Vec2(0.142, 0.026), Vec2(0.142, 0.026),
        ], bend: 6, cells: 200)
    private static let upperPlan = Profile(
        [
            Vec2(0.146, -0.005), Vec2(0.136, 0.026), Vec2(0.1, 0.046), Vec2(0.05, 0.05),
            Vec2(0, 0.041), Vec2(-0.06, 0.036), Vec2(-0.11, 0.034), Vec2(-0.134, 0.02),
            Vec2(-0.138, -0.005), Vec2(-0.138, -0.03), Vec2(-0.138, -0.03), Vec2(0.146, -0.03),
            Vec2(0.146, -0.03),
        ], bend: 6, cells: 180)
    private static let upperFront = Profile(
        [
            Vec2(-0.03, 0.01), Vec2(0.046, 0.01), Vec2(0.052, 0.03), Vec2(0.047, 0.06),
            Vec2(0.037, 0.09), Vec2(0.034, 0.14), Vec2(0.034, 0.14), Vec2(-0.03, 0.14),
            Vec2(-0.03, 0.14), Vec2(-0.03, 0.01),
        ], bend: 2, cells: 110)
    private static let soleSide = Profile(
        [
            Vec2(0.156, 0.026), Vec2(0.15, 0.04), Vec2(0.12, 0.034), Vec2(0.05, 0.032),
            Vec2(-0.05, 0.038), Vec2(-0.13, 0.048), Vec2(-0.15, 0.046), Vec2(-0.152, 0.022),
            Vec2(-0.142, 0.004), Vec2(-0.1, 0), Vec2(0.09, 0), Vec2(0.135, 0.008),
        ], bend: 6, cells: 200)
    private static let solePlan = Profile(
        [
            Vec2(0.157, -0.005), Vec2(0.147, 0.03), Vec2(0.105, 0.053), Vec2(0.05, 0.056),
            Vec2(-0.01, 0.047), Vec2(-0.07, 0.043), Vec2(-0.125, 0.041), Vec2(-0.15, 0.022),
            Vec2(-0.153, -0.005), Vec2(-0.153, -0.03), Vec2(-0.153, -0.03), Vec2(0.157, -0.03),
            Vec2(0.157, -0.03),
        ], bend: 6, cells: 180)
    private static let swoosh = Profile(
        [
            Vec2(0.06, 0.05), Vec2(0.01, 0.056), Vec2(-0.05, 0.074), Vec2(-0.1, 0.098),
            Vec2(-0.118, 0.1), Vec2(-0.1, 0.088), Vec2(-0.05, 0.06), Vec2(0.01, 0.043),
            Vec2(0.05, 0.042),
        ], bend: 6, cells: 110)

    static func shoe(_ solid: inout Solid, _ spec: SubjectSpec) {
        let tone = colour(spec, 0xE4E0D8)
        let isPale = luminance(tone) > 0.35
        let upper = solid.add(
            Material(.leather, tone) {
                $0.gloss = 0.3
                $0.sharpness = 24
                $0.grain = 900
            })
        let accent = solid.add(
            Material(.leather, isPale ? linearColour(0xD8421E) : Vec3(repeating: 0.75)) {
                $0.gloss = 0.35
                $0.grain = 900
            })
        let sole = solid.add(Material(.rubber, 0xF0ECE2) { $0.gloss = 0.15 })
        let tread = solid.add(Material(.rubber, isPale ? 0xC85A2A : 0x2A2A2C))
        let lining = solid.add(
            Material(.cloth, 0x3A3A40) {
                $0.grain = 700; $0.strength = 0.1
            })
        let lace = solid.add(Material(.knit, 0xF4F0E8) { $0.grain = 500 })
        solid.part(blend: 0.006)
        solid.material = upper
        solid.extrude(upperSide, plan: upperPlan, front: upperFront, round: 0.012)
        solid.cut { solid in
            solid.material = lining
            solid.blend = 0.006
            solid.ellipsoid(
                Vec3(-0.066, 0.125, 0), Vec3(0.058, 0.075, 0.028), Turn(pitch: -0.18))
        }
        // Collar roll and tongue.
        solid.part(blend: 0.01)
        solid.material = lining
        solid.ellipsoid(
            Vec3(-0.014, 0.122, 0), Vec3(0.024, 0.03, 0.022), Turn(pitch: -0.75))
        solid.part(blend: 0.004)
        solid.material = sole
        solid.extrude(soleSide, plan: solePlan, round: 0.01)
        solid.part(blend: 0.003)
        solid.material = tread
        solid.extrude(soleSide, at: Vec3(0, -0.0005, 0), plan: solePlan, round: 0.01)
        solid.cut { solid in
            solid.material = sole
            solid.box(Vec3(0, 0.056, 0), Vec3(0.3, 0.049, 0.2))
        }
        for side in [Float(1), -1] {
            solid.part(blend: 0.004)
            solid.material = accent
            // Heel and toe pieces hug the upper.
            solid.ellipsoid(
                Vec3(-0.128, 0.085, side * 0.009), Vec3(0.014, 0.034, 0.02),
                Turn(heading: side * 0.35))
        }
        // The stripe is the upper itself, a little larger, seen through its own outline.
        solid.part(blend: 0.002)
        solid.material = accent
        let outer = solid.frame
        solid.frame = outer.moved(to: Vec3(0, -0.0015, 0), scale: 1.03)
        solid.extrude(swoosh, plan: upperPlan, front: upperFront, round: 0.004)
        solid.frame = outer
        for row in 0..<5 {
            let share = Float(row) / 4
            let x = 0.072 - share * 0.075
            let y = 0.0785 + share * share * 0.022 + share * 0.0215
            solid.part(blend: 0.002)
            solid.material = lace
            solid.flow = Vec3(0, 0, 1)
            solid.capsule(
                Vec3(x + 0.006, y - 0.009, -0.024), 0.003, Vec3(x, y + 0.001, 0), 0.0034)
            solid.capsule(
                Vec3(x, y + 0.001, 0), 0.0034, Vec3(x + 0.006, y - 0.009, 0.024), 0.003)
        }
        solid.part(blend: 0.003)
        for side in [Float(1), -1] {
            solid.chain([
                (Vec3(-0.002, 0.12, 0), 0.0032), (Vec3(0.012, 0.124, side * 0.022), 0.0028),
                (Vec3(0.022, 0.112, side * 0.03), 0.0028),
                (Vec3(0.014, 0.112, side * 0.01), 0.0028),
            ])
        }
    }

    // MARK: Watch

    private static let rim = Profile(
        [
            Vec2(0, -0.005), Vec2(0.019, -0.0052), Vec2(0.0212, -0.003), Vec2(0.0214, 0.0015),
            Vec2(0.0196, 0.0042), Vec2(0.0183, 0.0044), Vec2(0.0178, 0.0028),
            Vec2(0.0178, 0.0028), Vec2(0, 0.0028), Vec2(0, 0.0028),
        ], bend: 2, isMirrored: true, cells: 120)
    private static let face = Profile(
        [Vec2(0, -0.004), Vec2(0.0178, -0.004), Vec2(0.0178, 0.0006), Vec2(0, 0.0006)],
        isMirrored: true, cells: 72)

    /// Stands on its closed strap; the face looks ahead and a little up.
    static func watch(_ solid: inout Solid, _ spec: SubjectSpec) {
        // Measures are a wrist watch's; it is drawn larger, to stand as a thing of its own.
        let size: Float = 1.55
        let strap = solid.add(
            Material(.leather, colour(spec, 0x5A3018)) {
                $0.gloss = 0.4
                $0.sharpness = 26
                $0.grain = 1_400
            })
        let steel = gold(&solid, spec.pose % 2 == 0 ? 0xD8DADE : 0xDCB060)
        let dial = solid.add(
            Material(.dial, 0xF2EEE4) {
                $0.second = linearColour(0x16181C)
                $0.third = linearColour(0xC02A20)
                $0.axis = Vec3(0.0178 * size, 0, 0)
                $0.gloss = 0.5
                $0.sharpness = 80
                $0.mirror = 0.03
            })
        solid.frame = Frame(scale: size)
        let centre = Vec3(0.022, 0.0435, 0)
        let tilt = Turn(pitch: -0.5 * pi + 0.36)
        // Strap: a ring of flat links from lug to lug round the back.
        solid.part(blend: 0.003)
        solid.material = strap
        let back = Vec3(-0.006, 0.0335, 0)
        var last: Vec3?
        for step in 0...28 {
            let angle = 1.0 + (2 * pi - 1.55) * Float(step) / 28
            let p = back + Vec3(cosine(angle) * 0.0285, sine(angle) * 0.0305, 0)
            if let last {
                let middle = (p + last) * 0.5
                let along = p - last
                solid.flow = normalize(along)
                solid.box(
                    middle, Vec3(length(along) * 0.8, 0.0017, 0.0095 - 0.001 * Float(step) / 28),
                    round: 0.0012,
                    Turn(pitch: arcTangent(along.y, along.x)))
            }
            last = p
        }
        solid.frame = solid.frame.moved(to: centre, tilt)
        solid.part(blend: 0.003)
        solid.material = steel
        solid.lathe(rim, at: Vec3())
        for up in [Float(1), -1] {
            for side in [Float(1), -1] {
                solid.capsule(
                    Vec3(up * 0.017, -0.001, side * 0.011), 0.0028,
                    Vec3(up * 0.0255, -0.0045, side * 0.0112), 0.0022)
            }
        }
        solid.capsule(Vec3(0, -0.0005, 0.021), 0.0024, Vec3(0, -0.0005, 0.0255), 0.0032)
        solid.part()
        solid.material = dial
        solid.lathe(face, at: Vec3(0, 0.0028, 0))
    }
}
