extension Figure {
    private static let brim = Profile(
        [
            Vec2(0, 0.05), Vec2(0.09, 0.048), Vec2(0.14, 0.04), Vec2(0.182, 0.052),
            Vec2(0.186, 0.06), Vec2(0.176, 0.062), Vec2(0.14, 0.052), Vec2(0.104, 0.062),
            Vec2(0.1, 0.1), Vec2(0.088, 0.15), Vec2(0.06, 0.168), Vec2(0.03, 0.16), Vec2(0, 0.15),
            Vec2(0, 0.15),
        ], bend: 3, isMirrored: true, cells: 96)
    private static let beanie = Profile(
        [
            Vec2(0, 0.02), Vec2(0.1, 0.016), Vec2(0.113, 0.03), Vec2(0.112, 0.055),
            Vec2(0.106, 0.06), Vec2(0.1, 0.1), Vec2(0.07, 0.145), Vec2(0.03, 0.165),
            Vec2(0, 0.168), Vec2(0, 0.168),
        ], bend: 3, isMirrored: true, cells: 80)

    func addHat(_ solid: inout Solid) {
        solid.part(blend: 0.01)
        if isChild {
            let wool = Material(.knit, 0xB33A2C) { $0.grain = 150 }
            solid.material = solid.add(wool)
            solid.flow = Vec3(0, 1, 0)
            solid.lathe(Self.beanie, at: Vec3(-0.016, 0.0, 0), squash: 0.93, Turn(pitch: 0.1))
            solid.material = solid.add(Material(.coat, 0xF0E8DC) { $0.grain = 300 })
            solid.ball(Vec3(-0.03, 0.175, 0), 0.034)
            return
        }
        let isStraw = wears.contains(.dress)
        let felt = Material(.cloth, isStraw ? 0xCBAA6A : 0x2C2620) {
            $0.grain = isStraw ? 190 : 620
            $0.strength = 0.12
        }
        solid.material = solid.add(felt)
        solid.lathe(
            Self.brim, at: Vec3(-0.012, 0.006, 0), squash: 0.92, Turn(pitch: -0.06))
        // Ribbon.
        solid.part(blend: 0.003)
        solid.material = solid.add(
            Material(.cloth, isStraw ? 0x8A2A2A : 0x5A2018) { $0.grain = 400 })
        solid.torusBelt(Vec3(-0.012, 0.078, 0), 0.099, squash: 0.92, height: 0.014, depth: 0.005)
    }

    private static let ribbon = Profile(
        [
            Vec2(0.02, 0.02), Vec2(-0.08, 0.055), Vec2(-0.19, 0.03), Vec2(-0.31, 0.075),
            Vec2(-0.43, 0.04), Vec2(-0.55, 0.09), Vec2(-0.55, 0.09), Vec2(-0.545, 0.066),
            Vec2(-0.545, 0.066), Vec2(-0.43, 0.015), Vec2(-0.31, 0.048), Vec2(-0.19, 0.002),
            Vec2(-0.08, 0.026), Vec2(0.02, -0.02),
        ], bend: 4, cells: 128)

    func addScarf(_ solid: inout Solid) {
        let red =
            hasOwnColour && luminance(main) > 0.08 && main.x > main.y * 2 ? 0xD8C8A8 : 0xA8201C
        let wool = solid.add(
            Material(.knit, UInt32(red)) {
                $0.grain = 58
                $0.through = 0.06
            })
        solid.part(blend: 0.022)
        solid.material = wool
        let ring: Float = isChild ? 0.094 : 0.088
        solid.flow = Vec3(0, 0, 1)
        solid.torus(Vec3(0.004, 1.475, 0), ring: ring, tube: 0.04, Turn(pitch: 0.16))
        solid.torus(Vec3(0.012, 1.525, 0), ring: ring * 0.92, tube: 0.036, Turn(pitch: -0.12))
        solid.torus(Vec3(0.022, 1.558, 0), ring: ring * 0.8, tube: 0.026, Turn(pitch: 0.05))
        solid.ellipsoid(Vec3(0.062, 1.5, -0.062), Vec3(0.05, 0.06, 0.045))
        // One end in the wind, one down the chest.
        solid.flow = Vec3(-1, 0.1, 0)
        solid.blend = 0.012
        solid.extrude(
            Self.ribbon, at: Vec3(-0.06, 1.5, -0.075), half: 0.058, round: 0.006,
            Turn(heading: 0.35, pitch: 0.0, roll: 0.5))
        solid.flow = Vec3(0.1, -1, 0)
        solid.box(
            Vec3(0.14, 1.33, -0.07), Vec3(0.016, 0.14, 0.05), round: 0.014,
            Turn(heading: 0.3, pitch: 0.06))
    }

    func addBackpack(_ solid: inout Solid) {
        let canvas = solid.add(
            Material(.cloth, 0x6E5836) {
                $0.grain = 240
                $0.strength = 0.5
            })
        let strap = solid.add(
            Material(.leather, 0x4A2E1A) {
                $0.gloss = 0.25
                $0.grain = 220
            })
        let roll = solid.add(Material(.cloth, 0x5A6A58) { $0.grain = 200 })
        let brass = solid.add(
            Material(.metal, 0xC8A050) {
                $0.mirror = 0.5; $0.gloss = 0.8
            })
        solid.part(blend: 0.03)
        solid.material = canvas
        solid.box(Vec3(-0.25, 1.2, 0), Vec3(0.105, 0.235, 0.155), round: 0.055, Turn(pitch: -0.05))
        solid.box(Vec3(-0.35, 1.1, 0), Vec3(0.05, 0.11, 0.11), round: 0.035)
        solid.part(blend: 0.02)
        solid.box(
            Vec3(-0.265, 1.4, 0), Vec3(0.125, 0.05, 0.165), round: 0.04, Turn(pitch: 0.12))
        solid.part(blend: 0.01)
        solid.material = roll
        solid.flow = Vec3(0, 0, 1)
        solid.capsule(Vec3(-0.25, 1.505, -0.2), 0.07, Vec3(-0.25, 1.505, 0.2), 0.07)
        solid.part()
        solid.material = strap
        for side in [Float(1), -1] {
            solid.torus(
                Vec3(-0.25, 1.505, side * 0.11), ring: 0.07, tube: 0.009, Turn(roll: 0.5 * pi))
            solid.capsule(
                Vec3(-0.395, 1.42, side * 0.08), 0.012, Vec3(-0.385, 1.16, side * 0.08), 0.012)
            solid.chain([
                (Vec3(-0.18, 1.45, side * 0.1), 0.02), (Vec3(-0.02, 1.485, side * 0.115), 0.02),
                (Vec3(0.105, 1.39, side * 0.125), 0.02), (Vec3(0.115, 1.24, side * 0.14), 0.019),
                (Vec3(0.0, 1.1, side * 0.2), 0.018), (Vec3(-0.15, 1.04, side * 0.17), 0.018),
            ])
        }
        solid.part()
        solid.material = brass
        for side in [Float(1), -1] {
            solid.box(
                Vec3(-0.402, 1.2, side * 0.08), Vec3(0.008, 0.018, 0.018), round: 0.005)
        }
    }

    func addBalloon(_ solid: inout Solid) {
        let tone = hasOwnColour ? main : linearColour(0xC4202A)
        solid.frame.scale = 1
        let size: Float = isChild ? 0.62 : 1
        let hand = Vec3(0.235, 1.66, -0.265) * size
        let knot = hand + Vec3(-0.16, 0.52, -0.02)
        solid.part()
        solid.material = solid.add(Material(.plain, 0xD8D0C0))
        let middle = mix(hand, knot, 0.5) + Vec3(0.03, 0, 0)
        solid.capsule(hand, 0.0022, middle, 0.0022)
        solid.capsule(middle, 0.0022, knot, 0.0022)
        solid.part(blend: 0.05)
        solid.material = solid.add(
            Material(.plain, tone) {
                $0.gloss = 0.7
                $0.sharpness = 60
                $0.mirror = 0.05
                $0.through = 0.5
            })
        solid.ellipsoid(knot + Vec3(-0.02, 0.2, 0), Vec3(0.148, 0.168, 0.148))
        solid.capsule(knot + Vec3(-0.01, 0.07, 0), 0.06, knot, 0.012)
        solid.blend = 0.004
        solid.ellipsoid(knot + Vec3(0, -0.008, 0), Vec3(0.02, 0.01, 0.02))
    }

    private static let canopy = Profile(
        [
            Vec2(0, 0.3), Vec2(0.16, 0.28), Vec2(0.34, 0.2), Vec2(0.47, 0.085), Vec2(0.52, 0),
            Vec2(0.52, 0), Vec2(0.528, 0.004), Vec2(0.528, 0.004), Vec2(0.485, 0.1),
            Vec2(0.35, 0.222), Vec2(0.17, 0.304), Vec2(0, 0.325), Vec2(0, 0.325),
        ], bend: 3, isMirrored: true, cells: 128)

    func addUmbrella(_ solid: inout Solid) {
        let tone = hasOwnColour ? main : linearColour(0xB02A24)
        let top = Vec3(0.17, 1.79, -0.1)
        solid.part(blend: 0.006)
        solid.material = solid.add(
            Material(.cloth, tone) {
                $0.grain = 400
                $0.through = 0.35
                $0.gloss = 0.15
                $0.strength = 0.2
            })
        solid.lathe(
            Self.canopy, at: top, foldDepth: 0.012, foldCount: 2.7, foldsBelow: 0.3,
            foldGrowth: 4, foldTwist: 0.2, Turn(pitch: 0.1))
        solid.part(blend: 0.006)
        solid.material = solid.add(Material(.wood, 0x4A2E1A) { $0.gloss = 0.3 })
        let hand = hands[1]
        solid.capsule(hand + Vec3(0.01, -0.12, -0.01), 0.014, hand + Vec3(0, 0.05, 0), 0.013)
        solid.capsule(hand, 0.0075, top + Vec3(-0.03, 0.36, 0), 0.005)
        solid.torus(
            hand + Vec3(0.045, -0.13, -0.01), ring: 0.036, tube: 0.012, Turn(roll: 0.5 * pi))
    }

    func addLantern(_ solid: inout Solid) {
        let hand = hands[0] + Vec3(0.03, -0.045, 0.01)
        let middle = hand + Vec3(0, -0.2, 0)
        let iron = solid.add(
            Material(.metal, 0x2A2622) {
                $0.gloss = 0.4; $0.mirror = 0.08
            })
        solid.part()
        solid.material = iron
        solid.torus(
            hand + Vec3(0, -0.065, 0), ring: 0.055, tube: 0.005, Turn(pitch: 0, roll: 0.5 * pi))
        solid.capsule(middle + Vec3(0, 0.07, 0), 0.055, middle + Vec3(0, 0.1, 0), 0.02)
        solid.box(middle + Vec3(0, -0.085, 0), Vec3(0.062, 0.014, 0.062), round: 0.01)
        for side in [Float(1), -1] {
            for front in [Float(1), -1] {
                solid.capsule(
                    middle + Vec3(front * 0.052, -0.08, side * 0.052), 0.0055,
                    middle + Vec3(front * 0.046, 0.075, side * 0.046), 0.0055)
            }
        }
        solid.part()
        solid.material = solid.add(
            Material(.plain, 0xFFC060) {
                $0.glow = 1.1
                $0.nightGlow = 3.2
            })
        solid.capsule(middle + Vec3(0, -0.05, 0), 0.036, middle + Vec3(0, 0.03, 0), 0.034)
    }

    func addSuitcase(_ solid: inout Solid) {
        let hand = hands[0]
        let leather = solid.add(
            Material(.leather, 0x7A4A26) {
                $0.gloss = 0.3
                $0.grain = 180
            })
        let dark = solid.add(Material(.leather, 0x3A2212) { $0.gloss = 0.3 })
        let middle = hand + Vec3(0, -0.29, 0.02)
        solid.part(blend: 0.008)
        solid.material = leather
        solid.box(middle, Vec3(0.25, 0.17, 0.075), round: 0.03)
        solid.part(blend: 0.004)
        solid.material = dark
        for front in [Float(1), -1] {
            solid.box(
                middle + Vec3(front * 0.14, 0, 0), Vec3(0.018, 0.175, 0.08), round: 0.01)
        }
        solid.chain([
            (middle + Vec3(-0.06, 0.165, 0), 0.011), (middle + Vec3(-0.045, 0.22, 0), 0.012),
            (middle + Vec3(0.045, 0.22, 0), 0.012), (middle + Vec3(0.06, 0.165, 0), 0.011),
        ])
    }
}

extension Solid {
    /// A flat band about the vertical, thinner along x as its lathe is.
    mutating func torusBelt(
        _ centre: Vec3, _ radius: Float, squash: Float, height: Float = 0.022, depth: Float = 0.012
    ) {
        let outer = radius + depth
        let band = Profile(
            [
                Vec2(0, -height), Vec2(outer, -height), Vec2(outer + depth * 0.16, 0),
                Vec2(outer, height),
                Vec2(0, height),
            ], isMirrored: true, cells: 88)
        lathe(band, at: centre, squash: squash)
    }
}
