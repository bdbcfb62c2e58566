/// A rounded saloon, 4.2 m long, wheels on the ground.
enum Car {
    static let traits = SubjectTraits(
        height: 1.5, length: 4.25, headHeight: 0.72, headForward: 1.2, eyeHeight: 0.66,
        eyeForward: 1.95, shares: (0.2, 0.36, 0.62, 1.15))

    private static let side = Profile(
        [
            Vec2(2.02, 0.36), Vec2(2.1, 0.5), Vec2(2.08, 0.68), Vec2(1.98, 0.79), Vec2(1.6, 0.87),
            Vec2(0.95, 0.94), Vec2(0, 0.965), Vec2(-1.2, 0.965), Vec2(-1.75, 0.93),
            Vec2(-2.02, 0.84), Vec2(-2.1, 0.66), Vec2(-2.08, 0.45), Vec2(-1.95, 0.34),
            Vec2(-1.95, 0.34), Vec2(0, 0.26), Vec2(1.9, 0.31), Vec2(1.9, 0.31),
        ], bend: 3, cells: 220)
    private static let plan = Profile(
        [
            Vec2(2.12, -0.3), Vec2(2.12, 0.3), Vec2(2.05, 0.58), Vec2(1.8, 0.74), Vec2(1.2, 0.81),
            Vec2(0, 0.83), Vec2(-1.3, 0.81), Vec2(-1.85, 0.73), Vec2(-2.07, 0.55),
            Vec2(-2.12, 0.3), Vec2(-2.12, -0.3), Vec2(-2.12, -0.3), Vec2(2.12, -0.3),
        ], bend: 3, cells: 180)
    private static let front = Profile(
        [
            Vec2(-0.3, 0.2), Vec2(0.7, 0.2), Vec2(0.8, 0.4), Vec2(0.835, 0.6), Vec2(0.815, 0.78),
            Vec2(0.75, 0.92), Vec2(0.62, 1.02), Vec2(-0.3, 1.04), Vec2(-0.3, 1.04),
            Vec2(-0.3, 0.2),
        ], bend: 3, cells: 120)
    private static let cabin = Profile(
        [
            Vec2(0.98, 0.9), Vec2(0.5, 1.28), Vec2(0.3, 1.385), Vec2(-0.2, 1.425),
            Vec2(-0.8, 1.41), Vec2(-1.15, 1.33), Vec2(-1.4, 1.18), Vec2(-1.7, 0.92),
            Vec2(-1.7, 0.92), Vec2(0.98, 0.9),
        ], bend: 3, cells: 160)
    private static let roof = Profile(
        [
            Vec2(0.36, 1.34), Vec2(0.3, 1.4), Vec2(-0.2, 1.445), Vec2(-0.8, 1.43),
            Vec2(-1.2, 1.33), Vec2(-1.42, 1.18), Vec2(-1.72, 0.93), Vec2(-1.72, 0.93),
            Vec2(-1.55, 0.93), Vec2(-1.55, 0.93), Vec2(-1.22, 1.24), Vec2(-1.05, 1.31),
            Vec2(-0.8, 1.355), Vec2(-0.2, 1.375), Vec2(0.2, 1.35), Vec2(0.36, 1.34),
        ], bend: 2, cells: 160)

    static func make(_ spec: SubjectSpec, finest: Float) -> Solid {
        var solid = Solid()
        solid.thinnest = finest * 0.4
        let colour = linearColour(spec.colour ?? 0xB8321E)
        let paint = solid.add(
            Material(.paint, colour) {
                $0.gloss = 0.9
                $0.sharpness = 90
                $0.mirror = 0.05
                $0.axis = Vec3(0.82, -0.28, -1.22)
                $0.strength = 1
            })
        let cream = solid.add(
            Material(.paint, mix(colour, Vec3(repeating: 0.8), 0.85)) {
                $0.gloss = 0.9
                $0.sharpness = 90
                $0.mirror = 0.05
            })
        let chrome = solid.add(
            Material(.metal, 0xD8DADC) {
                $0.gloss = 1.2
                $0.sharpness = 120
                $0.mirror = 0.6
                $0.grain = 2
            })
        addBody(&solid, paint, cream, chrome)
        addWheels(&solid, chrome, cream)
        addLamps(&solid, chrome)
        if spec.accessories.contains(.luggage) || spec.pose == 1 { addRack(&solid, chrome) }
        return solid
    }

    private static func addBody(
        _ solid: inout Solid, _ paint: Int32, _ cream: Int32, _ chrome: Int32
    ) {
        solid.part(blend: 0.03)
        solid.material = paint
        solid.extrude(side, plan: plan, front: front, round: 0.05)
        let dark = solid.add(Material(.plain, 0x0C0B0A))
        solid.cut { solid in
            solid.material = dark
            solid.blend = 0.012
            for x in [Float(1.3), -1.28] {
                for z in [Float(1), -1] {
                    solid.capsule(Vec3(x, 0.33, z * 0.72), 0.4, Vec3(x, 0.33, z * 1.4), 0.4)
                }
            }
        }
        // Fenders stand a little proud of the body.
        solid.part(blend: 0.02)
        solid.material = paint
        for x in [Float(1.3), -1.28] {
            for z in [Float(1), -1] {
                solid.torus(
                    Vec3(x, 0.33, z * 0.795), ring: 0.405, tube: 0.026, Turn(roll: 0.5 * pi))
            }
        }
        solid.cut { solid in
            solid.blend = 0.005
            solid.material = dark
            solid.box(Vec3(0, -0.05, 0), Vec3(2.6, 0.41, 1.2))
        }
        // Cabin of glass, then roof and pillars in the second colour.
        solid.part(blend: 0.01)
        solid.material = solid.add(
            Material(.glass, 0x0E1418) {
                $0.mirror = 0.12
                $0.gloss = 1
                $0.sharpness = 200
            })
        solid.extrude(cabin, half: 0.755, round: 0.09, lean: 0.42, leanFrom: 0.93)
        solid.part(blend: 0.02)
        solid.material = cream
        solid.extrude(roof, half: 0.768, round: 0.045, lean: 0.42, leanFrom: 0.93)
        for z in [Float(1), -1] {
            func at(_ x: Float, _ y: Float) -> Vec3 { Vec3(x, y, z * (0.748 - 0.42 * (y - 0.93))) }
            solid.capsule(at(0.93, 0.94), 0.026, at(0.36, 1.35), 0.03)
            solid.capsule(at(-0.28, 0.94), 0.028, at(-0.24, 1.38), 0.028)
            solid.capsule(at(-1.16, 0.95), 0.034, at(-1.05, 1.32), 0.05)
        }
        solid.part(blend: 0.004)
        solid.material = chrome
        for z in [Float(1), -1] {
            solid.box(Vec3(0, 0.66, z * 0.833), Vec3(0.86, 0.012, 0.008), round: 0.006)
            for x in [Float(0.02), -0.98] {
                solid.capsule(
                    Vec3(x - 0.05, 0.83, z * 0.815), 0.014, Vec3(x + 0.06, 0.83, z * 0.815), 0.014)
            }
            solid.capsule(Vec3(0.72, 0.98, z * 0.76), 0.012, Vec3(0.7, 1.02, z * 0.88), 0.012)
            solid.ellipsoid(Vec3(0.69, 1.035, z * 0.91), Vec3(0.035, 0.055, 0.075))
        }
    }

    private static let hub = Profile(
        [
            Vec2(0, -0.02), Vec2(0.2, -0.02), Vec2(0.212, 0.02), Vec2(0.19, 0.035),
            Vec2(0.16, 0.018), Vec2(0.12, 0.03), Vec2(0.07, 0.055), Vec2(0.03, 0.062),
            Vec2(0, 0.062), Vec2(0, 0.062),
        ], bend: 2, isMirrored: true, cells: 72)

    private static func addWheels(_ solid: inout Solid, _ chrome: Int32, _ cream: Int32) {
        let tyre = solid.add(
            Material(.rubber, 0x16161A) {
                $0.gloss = 0.12; $0.sharpness = 10
            })
        for x in [Float(1.3), -1.28] {
            for z in [Float(1), -1] {
                solid.part(blend: 0.02)
                solid.material = tyre
                solid.torus(
                    Vec3(x, 0.33, z * 0.7), ring: 0.232, tube: 0.098, Turn(roll: 0.5 * pi))
                solid.torus(
                    Vec3(x, 0.33, z * 0.63), ring: 0.232, tube: 0.098, Turn(roll: 0.5 * pi))
                solid.part()
                solid.material = cream
                solid.torus(
                    Vec3(x, 0.33, z * 0.785), ring: 0.21, tube: 0.016, Turn(roll: 0.5 * pi))
                solid.material = chrome
                solid.lathe(hub, at: Vec3(x, 0.33, z * 0.755), Turn(roll: z * 0.5 * pi))
            }
        }
    }

    private static func addLamps(_ solid: inout Solid, _ chrome: Int32) {
        let lens = solid.add(
            Material(.glass, 0xFFF0D0) {
                $0.mirror = 0.12
                $0.gloss = 1.4
                $0.sharpness = 160
                $0.glow = 0.35
                $0.nightGlow = 2.6
            })
        let red = solid.add(
            Material(.glass, 0xB01810) {
                $0.mirror = 0.1
                $0.gloss = 1
                $0.glow = 0.2
                $0.nightGlow = 2.4
            })
        let dark = solid.add(Material(.plain, 0x14120F))
        for z in [Float(1), -1] {
            solid.part(blend: 0.006)
            solid.material = chrome
            solid.torus(
                Vec3(2.035, 0.66, z * 0.56), ring: 0.122, tube: 0.022, Turn(pitch: 0.5 * pi - 0.1))
            solid.material = lens
            solid.ellipsoid(Vec3(2.025, 0.66, z * 0.56), Vec3(0.06, 0.118, 0.118))
            solid.part(blend: 0.004)
            solid.material = lens
            solid.ellipsoid(Vec3(2.085, 0.47, z * 0.6), Vec3(0.02, 0.034, 0.07))
            solid.part(blend: 0.006)
            solid.material = red
            solid.box(Vec3(-2.05, 0.72, z * 0.58), Vec3(0.05, 0.085, 0.07), round: 0.03)
        }
        // Grille with bars, bumpers, plates.
        solid.part(blend: 0.004)
        solid.material = dark
        solid.box(Vec3(2.075, 0.62, 0), Vec3(0.035, 0.1, 0.33), round: 0.02)
        solid.material = chrome
        for row in 0..<5 {
            let y = 0.545 + Float(row) * 0.038
            solid.capsule(Vec3(2.112, y, -0.31), 0.009, Vec3(2.112, y, 0.31), 0.009)
        }
        solid.torusFrame(Vec3(2.095, 0.62, 0), Vec2(0.36, 0.125), 0.016)
        for (x, turn) in [(Float(2.14), Float(1)), (-2.14, -1)] {
            solid.part(blend: 0.03)
            solid.material = chrome
            solid.capsule(Vec3(x, 0.4, -0.55), 0.055, Vec3(x, 0.4, 0.55), 0.055)
            for z in [Float(1), -1] {
                solid.capsule(
                    Vec3(x, 0.4, z * 0.55), 0.055, Vec3(x - turn * 0.22, 0.41, z * 0.8), 0.045)
                solid.capsule(
                    Vec3(x + turn * 0.02, 0.34, z * 0.28), 0.035,
                    Vec3(x + turn * 0.025, 0.47, z * 0.28), 0.035)
            }
            solid.part()
            solid.material = solid.add(Material(.plain, 0xE8E4D0))
            solid.box(Vec3(x + turn * 0.05, 0.4, 0), Vec3(0.012, 0.045, 0.2), round: 0.006)
        }
    }

    private static func addRack(_ solid: inout Solid, _ chrome: Int32) {
        solid.part()
        solid.material = chrome
        for x in [Float(0.1), -0.42, -0.94] {
            solid.capsule(Vec3(x, 1.5, -0.5), 0.014, Vec3(x, 1.5, 0.5), 0.014)
            for z in [Float(1), -1] {
                solid.capsule(Vec3(x, 1.5, z * 0.5), 0.013, Vec3(x, 1.38, z * 0.55), 0.013)
            }
        }
        for z in [Float(1), -1] {
            solid.capsule(Vec3(0.12, 1.53, z * 0.5), 0.013, Vec3(-0.96, 1.53, z * 0.5), 0.013)
        }
        let cases: [(Vec3, Vec3, UInt32)] = [
            (Vec3(-0.14, 1.61, 0.12), Vec3(0.26, 0.1, 0.3), 0x7A4A26),
            (Vec3(-0.68, 1.59, -0.04), Vec3(0.22, 0.085, 0.4), 0x4A5A44),
            (Vec3(-0.2, 1.77, 0.08), Vec3(0.22, 0.06, 0.24), 0x8A6A40),
        ]
        for (centre, half, hex) in cases {
            solid.part(blend: 0.005)
            solid.material = solid.add(
                Material(.leather, hex) {
                    $0.gloss = 0.2; $0.grain = 90
                })
            solid.box(centre, half, round: 0.03)
            solid.material = solid.add(Material(.leather, 0x2A1A10))
            for side in [Float(1), -1] {
                solid.box(
                    centre + Vec3(0, 0, side * half.z * 0.55),
                    half + Vec3(0.006, 0.006, 0.02 - half.z),
                    round: 0.006)
            }
        }
    }
}

extension Solid {
    /// A rounded rectangle of tube in the y-z plane.
    mutating func torusFrame(_ centre: Vec3, _ half: Vec2, _ tube: Float) {
        let corners = [
            centre + Vec3(0, half.y, -half.x), centre + Vec3(0, half.y, half.x),
            centre + Vec3(0, -half.y, half.x), centre + Vec3(0, -half.y, -half.x),
        ]
        for index in 0..<4 {
            capsule(corners[index], tube, corners[(index + 1) % 4], tube)
        }
    }
}
