/// A lighthouse on rocks, or (other poses) a cottage under a tree.
enum Lighthouse {
    static func traits(_ spec: SubjectSpec) -> SubjectTraits {
        SubjectTraits(
            height: 15, length: 9, headHeight: 12.2, headForward: 0, eyeHeight: 13,
            eyeForward: 0, shares: (0.5, 0.74, 1.5, 3))
    }

    private static let tower = Profile(
        [
            Vec2(0, 0), Vec2(2.1, 0), Vec2(1.85, 0.7), Vec2(1.62, 3), Vec2(1.36, 6.5),
            Vec2(1.2, 9.6), Vec2(1.2, 9.6), Vec2(1.35, 9.8), Vec2(1.72, 10.05), Vec2(1.72, 10.05),
            Vec2(1.72, 10.25), Vec2(1.72, 10.25), Vec2(0, 10.25), Vec2(0, 10.25),
        ], bend: 2, isMirrored: true, cells: 180)
    private static let lantern = Profile(
        [Vec2(0, 0), Vec2(0.92, 0), Vec2(0.92, 1.75), Vec2(0, 1.75)], isMirrored: true, cells: 48)
    private static let cap = Profile(
        [
            Vec2(0, 0), Vec2(1.16, 0), Vec2(1.16, 0), Vec2(1.12, 0.16), Vec2(0.75, 0.62),
            Vec2(0.3, 0.95), Vec2(0.12, 1.1), Vec2(0.12, 1.25), Vec2(0, 1.3), Vec2(0, 1.3),
        ], bend: 3, isMirrored: true, cells: 64)
    private static let roof = Profile(
        [Vec2(-2.2, 0), Vec2(0, 1.7), Vec2(2.2, 0), Vec2(2.0, -0.16), Vec2(-2.0, -0.16)],
        cells: 80)

    static func make(_ spec: SubjectSpec, seed: UInt64, finest: Float) -> Solid {
        var solid = Solid()
        solid.thinnest = finest * 0.45
        let red = linearColour(spec.colour ?? 0xA8281E)
        let bands = solid.add(
            Material(.bands, 0xE8E2D6) {
                $0.second = red
                $0.grain = 0.235
            })
        let iron = solid.add(
            Material(.metal, 0x2A2A2E) {
                $0.gloss = 0.4; $0.mirror = 0.05; $0.grain = 2
            })
        let rock = solid.add(
            Material(.rock, 0x4A4640) {
                $0.second = linearColour(0x6E6658)
                $0.grain = 1.3
            })
        addRocks(&solid, rock)
        let base = Vec3(0, 1.3, 0)
        solid.part(blend: 0.05)
        solid.material = bands
        solid.lathe(tower, at: base)
        addLantern(&solid, base, iron, red)
        addOpenings(&solid, base, iron)
        addHouse(&solid, red)
        return solid
    }

    private static func addRocks(_ solid: inout Solid, _ rock: Int32) {
        solid.part(blend: 0.5)
        solid.material = rock
        solid.ellipsoid(Vec3(0, 0.35, 0), Vec3(4.1, 1.15, 3.2))
        for index in 0..<9 {
            let angle = Float(index) * 0.698
            let reach = 2.7 + hashUnit(index, 5) * 1.4
            let size = 0.6 + hashUnit(index, 6) * 0.7
            solid.box(
                Vec3(cosine(angle) * reach * 1.1, size * 0.4, sine(angle) * reach * 0.85),
                Vec3(size, size * 0.75, size * 0.9), round: 0.25,
                Turn(heading: hashUnit(index, 7) * 3, pitch: hashUnit(index, 8) - 0.5))
        }
    }

    private static func addLantern(
        _ solid: inout Solid, _ base: Vec3, _ iron: Int32, _ red: Vec3
    ) {
        solid.part()
        solid.material = solid.add(
            Material(.glass, 0xFFE8B0) {
                $0.mirror = 0.14
                $0.glow = 0.5
                $0.nightGlow = 5
            })
        solid.lathe(lantern, at: base + Vec3(0, 10.25, 0))
        solid.part()
        solid.material = iron
        for index in 0..<8 {
            let angle = Float(index) * pi / 4
            let out = Vec3(cosine(angle), 0, sine(angle))
            solid.capsule(
                base + Vec3(0, 10.25, 0) + out * 0.95, 0.045,
                base + Vec3(0, 12, 0) + out * 0.95, 0.045)
        }
        solid.torus(base + Vec3(0, 11.1, 0), ring: 0.95, tube: 0.04)
        solid.part(blend: 0.02)
        solid.material = solid.add(
            Material(.paint, red) {
                $0.gloss = 0.6; $0.mirror = 0.03
            })
        solid.lathe(cap, at: base + Vec3(0, 12, 0))
        solid.capsule(base + Vec3(0, 13.2, 0), 0.03, base + Vec3(0, 13.9, 0), 0.02)
        // Gallery rail.
        solid.part()
        solid.material = iron
        for y in [Float(10.65), 11.05] {
            solid.torus(base + Vec3(0, y, 0), ring: 1.64, tube: 0.03)
        }
        for index in 0..<16 {
            let angle = Float(index) * pi / 8
            let out = Vec3(cosine(angle), 0, sine(angle)) * 1.64
            solid.capsule(
                base + Vec3(0, 10.25, 0) + out, 0.024, base + Vec3(0, 11.05, 0) + out, 0.024)
        }
    }

    private static func addOpenings(_ solid: inout Solid, _ base: Vec3, _ iron: Int32) {
        let lit = solid.add(
            Material(.glass, 0x2A2A2A) {
                $0.mirror = 0.1
                $0.nightGlow = 0
            })
        let warm = solid.add(
            Material(.glass, 0xFFB860) {
                $0.glow = 0.15
                $0.nightGlow = 1.6
            })
        let frame = solid.add(Material(.plain, 0xD8D0C0))
        for (index, height) in [Float(3), 5.4, 7.8].enumerated() {
            let radius = 1.62 - (height - 3) * 0.073
            for heading in [Float(-0.9 - Float(index) * 0.5), 2.1 + Float(index) * 0.4] {
                let out = Vec3(cosine(heading), 0, sine(heading))
                let place = base + Vec3(0, height, 0) + out * (radius - 0.06)
                solid.part(blend: 0.01)
                solid.material = frame
                solid.box(place, Vec3(0.12, 0.42, 0.3), round: 0.05, Turn(heading: heading))
                solid.part()
                solid.material = index == 1 ? warm : lit
                solid.box(
                    place + out * 0.05, Vec3(0.1, 0.34, 0.22), round: 0.03, Turn(heading: heading))
            }
        }
        let heading: Float = -0.6
        let out = Vec3(cosine(heading), 0, sine(heading))
        solid.part(blend: 0.01)
        solid.material = frame
        solid.box(
            base + Vec3(0, 0.9, 0) + out * 1.78, Vec3(0.2, 1.05, 0.6), round: 0.08,
            Turn(heading: heading))
        solid.part()
        solid.material = solid.add(
            Material(.wood, 0x3A4A54) {
                $0.grain = 5; $0.strength = 0.3
            })
        solid.box(
            base + Vec3(0, 0.82, 0) + out * 1.88, Vec3(0.14, 0.92, 0.46), round: 0.03,
            Turn(heading: heading))
    }

    private static func addHouse(_ solid: inout Solid, _ red: Vec3) {
        let wall = solid.add(
            Material(.brick, 0xDCD4C6) {
                $0.second = linearColour(0xC4BAAA); $0.grain = 3
            })
        let tiles = solid.add(Material(.roof, red * 0.8) { $0.grain = 3.5 })
        let warm = solid.add(
            Material(.glass, 0xFFB860) {
                $0.glow = 0.2
                $0.nightGlow = 1.8
            })
        let place = Vec3(3.1, 2.0, 0.4)
        solid.part(blend: 0.02)
        solid.material = wall
        solid.box(place, Vec3(1.7, 1.15, 1.5), round: 0.04)
        solid.part(blend: 0.02)
        solid.material = tiles
        solid.extrude(
            roof, at: place + Vec3(0, 1.15, 0), half: 1.95, round: 0.04, Turn(heading: 0.5 * pi))
        solid.part()
        solid.material = wall
        solid.box(place + Vec3(0.9, 2.3, 0.5), Vec3(0.26, 0.8, 0.26), round: 0.03)
        solid.part()
        solid.material = warm
        for x in [Float(-0.75), 0.75] {
            solid.box(place + Vec3(x, 0.1, -1.5), Vec3(0.3, 0.4, 0.03), round: 0.02)
            solid.box(place + Vec3(x, 0.1, 1.5), Vec3(0.3, 0.4, 0.03), round: 0.02)
        }
        solid.box(place + Vec3(1.7, 0.1, 0), Vec3(0.03, 0.42, 0.34), round: 0.02)
    }
}
