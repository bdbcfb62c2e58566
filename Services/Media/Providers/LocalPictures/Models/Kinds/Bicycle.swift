/// A town bicycle on its stand, with a basket.
enum Bicycle {
    static let traits = SubjectTraits(
        height: 1.12, length: 1.8, headHeight: 0.92, headForward: 0.45, eyeHeight: 0.86,
        eyeForward: 0.6, shares: (0.3, 0.54, 1.15, 2.4))

    static func make(_ spec: SubjectSpec, finest: Float) -> Solid {
        var solid = Solid()
        solid.thinnest = finest * 0.5
        let paint = solid.add(
            Material(.paint, linearColour(spec.colour ?? 0x2E6A62)) {
                $0.gloss = 0.9
                $0.sharpness = 80
                $0.mirror = 0.05
            })
        let rubber = solid.add(Material(.rubber, 0x1A1A1C) { $0.gloss = 0.1 })
        let chrome = solid.add(
            Material(.metal, 0xD0D4D8) {
                $0.gloss = 1
                $0.sharpness = 90
                $0.mirror = 0.55
                $0.grain = 3
            })
        let leather = solid.add(
            Material(.leather, 0x7A4422) {
                $0.gloss = 0.4; $0.grain = 220
            })
        for x in [Float(0.56), -0.54] { wheel(&solid, Vec3(x, 0.345, 0), rubber, chrome, paint) }
        let crank = Vec3(-0.08, 0.3, 0)
        let seat = Vec3(-0.22, 0.78, 0)
        let neck = Vec3(0.36, 0.83, 0)
        let low = Vec3(0.39, 0.68, 0)
        solid.part(blend: 0.02)
        solid.material = paint
        solid.capsule(crank, 0.019, seat, 0.017)
        solid.capsule(crank, 0.021, low, 0.021)
        solid.capsule(mix(crank, seat, 0.88), 0.017, neck, 0.017)
        solid.capsule(neck + Vec3(-0.012, 0.05, 0), 0.022, low + Vec3(0.008, -0.04, 0), 0.022)
        for z in [Float(1), -1] {
            solid.capsule(
                low + Vec3(0.01, -0.05, z * 0.045), 0.013, Vec3(0.56, 0.345, z * 0.055), 0.011)
            solid.capsule(crank + Vec3(0, 0, z * 0.04), 0.011, Vec3(-0.54, 0.345, z * 0.06), 0.01)
            solid.capsule(
                seat + Vec3(0, -0.04, z * 0.02), 0.01, Vec3(-0.54, 0.345, z * 0.06), 0.009)
        }
        solid.capsule(low + Vec3(0.01, -0.05, -0.045), 0.016, low + Vec3(0.01, -0.05, 0.045), 0.016)
        steer(&solid, neck, chrome, leather)
        saddle(&solid, seat, chrome, leather)
        drive(&solid, crank, chrome, rubber)
        basket(&solid)
        return solid
    }

    private static func wheel(
        _ solid: inout Solid, _ hub: Vec3, _ rubber: Int32, _ chrome: Int32, _ paint: Int32
    ) {
        solid.part(blend: 0.004)
        solid.material = rubber
        solid.torus(hub, ring: 0.322, tube: 0.022, Turn(roll: 0.5 * pi))
        solid.material = chrome
        solid.torus(hub, ring: 0.297, tube: 0.011, Turn(roll: 0.5 * pi))
        solid.part(blend: 0.004)
        solid.capsule(hub + Vec3(0, 0, -0.05), 0.02, hub + Vec3(0, 0, 0.05), 0.02)
        for spoke in 0..<14 {
            let angle = Float(spoke) * 2 * pi / 14 + 0.2
            let side: Float = spoke % 2 == 0 ? 0.035 : -0.035
            let rim = hub + Vec3(cosine(angle), sine(angle), 0) * 0.295
            let root = hub + Vec3(cosine(angle + 0.9) * 0.02, sine(angle + 0.9) * 0.02, side)
            solid.capsule(root, 0.0018, rim, 0.0018)
        }
        // Mudguard: an arc of short pieces.
        solid.part(blend: 0.004)
        solid.material = paint
        let isFront = hub.x > 0
        let range: (Float, Float) = isFront ? (0.75, 2.5) : (0.35, 3.0)
        var last: Vec3?
        for step in 0...9 {
            let angle = range.0 + (range.1 - range.0) * Float(step) / 9
            let p = hub + Vec3(cosine(angle), sine(angle), 0) * 0.365
            if let last { solid.capsule(last, 0.018, p, 0.018) }
            last = p
        }
    }

    private static func steer(
        _ solid: inout Solid, _ neck: Vec3, _ chrome: Int32, _ leather: Int32
    ) {
        solid.part(blend: 0.008)
        solid.material = chrome
        let top = neck + Vec3(-0.03, 0.19, 0)
        solid.capsule(neck, 0.014, top, 0.014)
        for z in [Float(1), -1] {
            solid.material = chrome
            solid.chain([
                (top, 0.012), (top + Vec3(0.06, 0.05, z * 0.13), 0.012),
                (top + Vec3(0.0, 0.06, z * 0.25), 0.012), (top + Vec3(-0.1, 0.05, z * 0.28), 0.012),
            ])
            solid.material = leather
            solid.capsule(
                top + Vec3(-0.09, 0.05, z * 0.28), 0.018, top + Vec3(-0.2, 0.04, z * 0.285), 0.018)
        }
        // Lamp.
        solid.part(blend: 0.01)
        solid.material = chrome
        let lamp = neck + Vec3(0.1, 0.02, 0)
        solid.capsule(neck + Vec3(0, 0.02, 0), 0.008, lamp, 0.01)
        solid.ellipsoid(lamp + Vec3(0.02, 0, 0), Vec3(0.05, 0.04, 0.04))
        solid.material = solid.add(
            Material(.glass, 0xFFF0D0) {
                $0.glow = 0.3
                $0.nightGlow = 3
                $0.mirror = 0.1
            })
        solid.ellipsoid(lamp + Vec3(0.052, 0, 0), Vec3(0.024, 0.034, 0.034))
        solid.material = chrome
        solid.ellipsoid(top + Vec3(0.02, 0.08, 0.14), Vec3(0.026, 0.018, 0.026))
    }

    private static func saddle(
        _ solid: inout Solid, _ seat: Vec3, _ chrome: Int32, _ leather: Int32
    ) {
        solid.part(blend: 0.01)
        solid.material = chrome
        let post = seat + Vec3(-0.03, 0.13, 0)
        solid.capsule(seat, 0.013, post, 0.013)
        solid.part(blend: 0.05)
        solid.material = leather
        solid.capsule(post + Vec3(0.15, 0.03, 0), 0.02, post + Vec3(-0.02, 0.03, 0), 0.038)
        solid.ellipsoid(post + Vec3(-0.09, 0.035, 0), Vec3(0.085, 0.035, 0.1))
        for z in [Float(1), -1] {
            solid.part()
            solid.material = chrome
            solid.torus(
                post + Vec3(-0.11, -0.02, z * 0.055), ring: 0.02, tube: 0.006)
            solid.torus(
                post + Vec3(-0.11, -0.035, z * 0.055), ring: 0.02, tube: 0.006)
        }
        // Carrier.
        let rack = Vec3(-0.56, 0.755, 0)
        for z in [Float(1), -1] {
            solid.capsule(
                rack + Vec3(0.2, 0, z * 0.06), 0.006, rack + Vec3(-0.2, 0, z * 0.06), 0.006)
            solid.capsule(
                rack + Vec3(-0.12, 0, z * 0.06), 0.005, Vec3(-0.54, 0.345, z * 0.065), 0.005)
        }
        for x in [Float(0.2), 0, -0.2] {
            solid.capsule(rack + Vec3(x, 0, -0.06), 0.006, rack + Vec3(x, 0, 0.06), 0.006)
        }
    }

    private static func drive(
        _ solid: inout Solid, _ crank: Vec3, _ chrome: Int32, _ rubber: Int32
    ) {
        solid.part()
        solid.material = chrome
        solid.torus(crank + Vec3(0, 0, -0.05), ring: 0.085, tube: 0.008, Turn(roll: 0.5 * pi))
        for spoke in 0..<5 {
            let angle = Float(spoke) * 1.2566
            solid.capsule(
                crank + Vec3(0, 0, -0.05), 0.008,
                crank + Vec3(cosine(angle) * 0.082, sine(angle) * 0.082, -0.05), 0.006)
        }
        solid.material = rubber
        for y in [Float(0.085), -0.085] {
            solid.capsule(
                crank + Vec3(0, y, -0.05), 0.006, Vec3(-0.54, 0.345 + y * 0.4, -0.05), 0.005)
        }
        solid.torus(Vec3(-0.54, 0.345, -0.05), ring: 0.034, tube: 0.007, Turn(roll: 0.5 * pi))
        for z in [Float(1), -1] {
            solid.material = chrome
            let end = crank + Vec3(z * 0.12, -z * 0.11, z * 0.075)
            solid.capsule(crank + Vec3(0, 0, z * 0.07), 0.011, end, 0.009)
            solid.material = rubber
            solid.box(end + Vec3(0, 0, z * 0.055), Vec3(0.045, 0.011, 0.045), round: 0.008)
        }
        solid.material = chrome
        solid.capsule(crank + Vec3(-0.1, 0.02, 0.05), 0.009, Vec3(-0.2, 0.01, 0.17), 0.008)
    }

    private static func basket(_ solid: inout Solid) {
        let wicker = solid.add(Material(.knit, 0xA87A44) { $0.grain = 42 })
        let dark = solid.add(Material(.cloth, 0x4A3420))
        solid.part(blend: 0.01)
        solid.material = wicker
        solid.flow = Vec3(0, 1, 0)
        let middle = Vec3(0.56, 0.88, 0)
        solid.box(middle, Vec3(0.12, 0.105, 0.165), round: 0.04)
        solid.cut { solid in
            solid.material = dark
            solid.box(middle + Vec3(0, 0.06, 0), Vec3(0.105, 0.12, 0.15), round: 0.03)
        }
        solid.part()
        solid.material = wicker
        let leaves = solid.add(Material(.leaves, 0x4A6A2A) { $0.second = linearColour(0x7A9A3A) })
        let petal = solid.add(Material(.plain, 0xD86A7A) { $0.through = 0.2 })
        for index in 0..<7 {
            let place =
                middle
                + Vec3(
                    (hashUnit(index, 1) - 0.5) * 0.16, 0.11 + hashUnit(index, 2) * 0.07,
                    (hashUnit(index, 3) - 0.5) * 0.24)
            solid.part(blend: 0.02)
            solid.material = leaves
            solid.ball(place + Vec3(0, -0.04, 0), 0.04)
            solid.part()
            solid.material = petal
            solid.ball(place + Vec3(0, 0.01, 0), 0.026)
        }
    }
}
