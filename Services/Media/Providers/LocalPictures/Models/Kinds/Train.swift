/// A steam engine with its tender's front, on its wheels.
enum Train {
    static let traits = SubjectTraits(
        height: 4.1, length: 9.4, headHeight: 2.5, headForward: 3.9, eyeHeight: 2.9,
        eyeForward: 4.2, shares: (0.36, 0.56, 0.92, 2.4))

    private static let chimney = Profile(
        [
            Vec2(0, 0), Vec2(0.42, 0), Vec2(0.3, 0.12), Vec2(0.24, 0.3), Vec2(0.27, 0.75),
            Vec2(0.36, 0.8), Vec2(0.36, 0.9), Vec2(0.28, 0.94), Vec2(0, 0.94), Vec2(0, 0.94),
        ], bend: 2, isMirrored: true, cells: 80)
    private static let dome = Profile(
        [
            Vec2(0, 0), Vec2(0.44, 0), Vec2(0.36, 0.1), Vec2(0.34, 0.34), Vec2(0.22, 0.52),
            Vec2(0, 0.58), Vec2(0, 0.58),
        ], bend: 3, isMirrored: true, cells: 72)
    private static let boiler = Profile(
        [
            Vec2(0, -2.9), Vec2(0.86, -2.9), Vec2(0.86, 2.3), Vec2(0.93, 2.32), Vec2(0.93, 3.5),
            Vec2(0.86, 3.56), Vec2(0.5, 3.66), Vec2(0, 3.7),
        ], isMirrored: true, cells: 150)

    static func make(_ spec: SubjectSpec, finest: Float) -> Solid {
        var solid = Solid()
        solid.thinnest = finest * 0.45
        let colour = linearColour(spec.colour ?? 0x1E4030)
        let paint = solid.add(
            Material(.paint, colour) {
                $0.gloss = 0.7
                $0.sharpness = 60
                $0.mirror = 0.04
            })
        let black = solid.add(
            Material(.paint, 0x1C1C1F) {
                $0.gloss = 0.4
                $0.sharpness = 30
                $0.mirror = 0.02
            })
        let red = solid.add(Material(.paint, 0x8A1E18) { $0.gloss = 0.5 })
        let brass = solid.add(
            Material(.metal, 0xD0A048) {
                $0.gloss = 1
                $0.sharpness = 70
                $0.mirror = 0.5
                $0.grain = 2
            })
        addBoiler(&solid, paint, black, brass)
        addCab(&solid, paint, black)
        addFrame(&solid, red, black)
        addWheels(&solid, red, black, brass)
        return solid
    }

    private static func addBoiler(
        _ solid: inout Solid, _ paint: Int32, _ black: Int32, _ brass: Int32
    ) {
        let axis = Turn(pitch: -0.5 * pi)
        solid.part(blend: 0.02)
        solid.material = paint
        solid.lathe(boiler, at: Vec3(0.4, 2.25, 0), axis)
        solid.part(blend: 0.02)
        solid.material = black
        solid.capsule(Vec3(3.35, 2.25, 0), 0.94, Vec3(3.3, 2.25, 0), 0.94)
        solid.cut { solid in
            solid.box(Vec3(2.0, 2.25, 0), Vec3(0.72, 1.2, 1.2))
            solid.box(Vec3(4.62, 2.25, 0), Vec3(0.5, 1.2, 1.2))
        }
        solid.part(blend: 0.01)
        solid.lathe(chimney, at: Vec3(3.3, 3.12, 0))
        solid.ellipsoid(Vec3(4.12, 2.25, 0), Vec3(0.08, 0.74, 0.74))
        solid.part()
        solid.material = brass
        solid.lathe(dome, at: Vec3(1.1, 3.02, 0))
        solid.torus(Vec3(4.14, 2.25, 0), ring: 0.75, tube: 0.03, axis)
        for x in [Float(-0.7), 0.6, 1.7] {
            solid.torus(Vec3(x, 2.25, 0), ring: 0.862, tube: 0.024, axis)
        }
        solid.capsule(Vec3(-0.2, 3.1, 0), 0.09, Vec3(-0.2, 3.42, 0), 0.07)
        solid.ball(Vec3(-0.2, 3.5, 0), 0.06)
        for z in [Float(1), -1] {
            solid.capsule(Vec3(-1.9, 2.5, z * 0.92), 0.025, Vec3(3.9, 2.5, z * 0.92), 0.025)
        }
        // Lamp over the smokebox door.
        solid.part(blend: 0.02)
        solid.material = black
        solid.capsule(Vec3(3.95, 3.3, 0), 0.19, Vec3(4.22, 3.3, 0), 0.2)
        solid.part()
        solid.material = solid.add(
            Material(.glass, 0xFFE8B0) {
                $0.glow = 0.7
                $0.nightGlow = 4
                $0.mirror = 0.08
            })
        solid.ellipsoid(Vec3(4.36, 3.3, 0), Vec3(0.07, 0.16, 0.16))
        solid.material = brass
        solid.torus(Vec3(4.37, 3.3, 0), ring: 0.165, tube: 0.028, axis)
    }

    private static func addCab(_ solid: inout Solid, _ paint: Int32, _ black: Int32) {
        let inside = solid.add(Material(.plain, 0x16120E))
        solid.part(blend: 0.02)
        solid.material = paint
        solid.box(Vec3(-3.15, 2.25, 0), Vec3(0.95, 1.25, 1.2), round: 0.06)
        solid.cut { solid in
            solid.material = inside
            solid.blend = 0.01
            solid.box(Vec3(-3.2, 2.3, 0), Vec3(0.85, 1.1, 1.1), round: 0.04)
            solid.box(Vec3(-3.0, 2.85, 0), Vec3(0.36, 0.34, 2), round: 0.1)
            solid.box(Vec3(-4.1, 2.3, 0), Vec3(0.5, 0.95, 0.85), round: 0.1)
            solid.ellipsoid(Vec3(-2.2, 2.95, 0.85), Vec3(0.5, 0.22, 0.2))
            solid.ellipsoid(Vec3(-2.2, 2.95, -0.85), Vec3(0.5, 0.22, 0.2))
        }
        let warm = solid.add(
            Material(.plain, 0xFFA040) {
                $0.glow = 0.25; $0.nightGlow = 1.4
            })
        solid.part()
        solid.material = warm
        solid.box(Vec3(-2.42, 1.75, 0), Vec3(0.05, 0.3, 0.5), round: 0.03)
        solid.part(blend: 0.02)
        solid.material = black
        solid.capsule(Vec3(-4.3, 3.52, 0), 0.02, Vec3(-2.05, 3.52, 0), 0.02)
        solid.box(Vec3(-3.18, 3.55, 0), Vec3(1.15, 0.09, 1.32), round: 0.08)
        solid.ellipsoid(Vec3(-3.18, 3.6, 0), Vec3(1.12, 0.16, 1.1))
    }

    private static func addFrame(_ solid: inout Solid, _ red: Int32, _ black: Int32) {
        solid.part(blend: 0.02)
        solid.material = black
        solid.box(Vec3(0.1, 1.28, 0), Vec3(4.2, 0.07, 1.22), round: 0.03)
        solid.box(Vec3(0.1, 0.95, 0), Vec3(4.0, 0.3, 0.5), round: 0.03)
        solid.part(blend: 0.02)
        solid.material = red
        solid.box(Vec3(4.3, 1.1, 0), Vec3(0.09, 0.24, 1.25), round: 0.03)
        for z in [Float(1), -1] {
            solid.part(blend: 0.01)
            solid.material = black
            solid.capsule(Vec3(4.35, 1.1, z * 0.85), 0.09, Vec3(4.62, 1.1, z * 0.85), 0.09)
            solid.lathe(buffer, at: Vec3(4.62, 1.1, z * 0.85), Turn(pitch: -0.5 * pi))
            // Cylinder.
            solid.material = black
            solid.capsule(Vec3(2.75, 0.82, z * 1.02), 0.3, Vec3(3.45, 0.82, z * 1.02), 0.3)
        }
        // Pilot: bars that slope to a point.
        solid.part(blend: 0.01)
        solid.material = red
        for index in -4...4 {
            let z = Float(index) * 0.24
            solid.capsule(
                Vec3(4.35, 0.82, z * 1.0), 0.045,
                Vec3(5.0 - abs(z) * 0.45, 0.16, z * 0.75), 0.04)
        }
    }

    private static let buffer = Profile(
        [Vec2(0, 0), Vec2(0.24, 0), Vec2(0.25, 0.03), Vec2(0.2, 0.07), Vec2(0, 0.09)],
        isMirrored: true, cells: 48)

    private static func addWheels(
        _ solid: inout Solid, _ red: Int32, _ black: Int32, _ brass: Int32
    ) {
        let steel = solid.add(
            Material(.metal, 0xA8ACB2) {
                $0.gloss = 0.9
                $0.mirror = 0.4
                $0.grain = 3
            })
        let wheels: [(Float, Float)] = [
            (-2.9, 0.46), (-1.5, 0.78), (0.2, 0.78), (1.9, 0.78), (3.15, 0.42), (4.0, 0.42),
        ]
        for (x, radius) in wheels {
            for z in [Float(1), -1] {
                let hub = Vec3(x, radius, z * 0.78)
                solid.part()
                solid.material = steel
                solid.torus(hub, ring: radius - 0.06, tube: 0.06, Turn(roll: 0.5 * pi))
                solid.material = red
                solid.torus(hub, ring: radius - 0.15, tube: 0.055, Turn(roll: 0.5 * pi))
                solid.capsule(hub - Vec3(0, 0, 0.06), 0.14, hub + Vec3(0, 0, 0.06), 0.13)
                let spokes = radius > 0.6 ? 8 : 6
                for spoke in 0..<spokes / 2 {
                    let angle = Float(spoke) * 2 * pi / Float(spokes) + x
                    let reach = Vec3(cosine(angle), sine(angle), 0) * (radius - 0.15)
                    solid.capsule(hub - reach, 0.038, hub + reach, 0.038)
                }
            }
        }
        for z in [Float(1), -1] {
            solid.part()
            solid.material = steel
            let drop = Vec3(0.1, -0.28, 0)
            solid.capsule(
                Vec3(-1.5, 0.78, z * 0.97) + drop, 0.07, Vec3(1.9, 0.78, z * 0.97) + drop, 0.07)
            solid.capsule(
                Vec3(0.2, 0.78, z * 1.06) + drop, 0.055, Vec3(2.8, 0.82, z * 1.06), 0.055)
            for x in [Float(-1.5), 0.2, 1.9] {
                solid.capsule(
                    Vec3(x, 0.78, z * 0.85) + drop, 0.1, Vec3(x, 0.78, z * 1.04) + drop, 0.1)
            }
        }
    }
}
