/// A head in its own frame: centre of the skull at the origin, the face toward +x.
struct FigureHead {
    let isChild: Bool
    let isLongHaired: Bool

    func build(_ solid: inout Solid) {
        let skin = solid.add(
            Material(.skin, 0xD2A07F) {
                $0.second = linearColour(0xBE7A60)
                $0.gloss = 0.1
                $0.sharpness = 12
            })
        addFace(&solid, skin)
        addEyes(&solid, skin)
        addHair(&solid)
    }

    private func addFace(_ solid: inout Solid, _ skin: Int32) {
        solid.part(blend: 0.03)
        solid.material = skin
        solid.flow = Vec3(0, -1, 0)
        solid.capsule(Vec3(-0.03, -0.07, 0), 0.05, Vec3(-0.04, -0.21, 0), 0.056)
        solid.ellipsoid(Vec3(-0.012, 0.02, 0), Vec3(0.1, 0.11, 0.078))
        solid.ellipsoid(Vec3(0.03, -0.04, 0), Vec3(0.063, 0.08, 0.06))
        solid.blend = 0.022
        let jaw: Float = isLongHaired || isChild ? 0.019 : 0.024
        for side in [Float(1), -1] {
            solid.capsule(
                Vec3(-0.022, -0.072, side * (isLongHaired ? 0.041 : 0.048)), jaw,
                Vec3(0.05, -0.108, side * (isLongHaired ? 0.009 : 0.016)), jaw * 0.9)
            solid.ball(Vec3(0.05, -0.028, side * 0.038), 0.026)
        }
        solid.ball(Vec3(0.064, -0.108, 0), 0.021)
        // Sockets, then brow and nose over them.
        solid.blend = 0.014
        solid.cut { solid in
            for side in [Float(1), -1] {
                solid.ellipsoid(Vec3(0.098, 0.002, side * 0.031), Vec3(0.022, 0.013, 0.02))
            }
        }
        solid.blend = 0.014
        for side in [Float(1), -1] {
            solid.capsule(
                Vec3(0.084, 0.022, side * 0.012), 0.008, Vec3(0.068, 0.022, side * 0.048), 0.009)
        }
        solid.blend = 0.012
        solid.capsule(Vec3(0.086, 0.008, 0), 0.009, Vec3(0.108, -0.036, 0), 0.0125)
        for side in [Float(1), -1] {
            solid.ball(Vec3(0.095, -0.04, side * 0.0115), 0.008)
            solid.ellipsoid(
                Vec3(-0.008, -0.012, side * 0.079), Vec3(0.02, 0.03, 0.009),
                Turn(heading: side * 0.3))
        }
        solid.part(blend: 0.004)
        solid.material = solid.add(
            Material(.skin, isLongHaired ? 0xB0443C : 0xB5705E) {
                $0.second = linearColour(0xA86252)
            })
        for side in [Float(1), -1] {
            solid.ellipsoid(
                Vec3(0.0895, -0.0705, side * 0.008), Vec3(0.008, 0.0042, 0.0135),
                Turn(heading: side * 0.3))
        }
        solid.ellipsoid(Vec3(0.087, -0.0795, 0), Vec3(0.0085, 0.005, 0.0155))
    }

    private func addEyes(_ solid: inout Solid, _ skin: Int32) {
        let ball = solid.add(
            Material(.eye, 0x5A3A20) {
                $0.second = linearColour(0xC8BEB4)
                $0.axis = normalize(Vec3(1, -0.04, 0))
            })
        let brow: Float = isLongHaired ? 0.0015 : 0.0028
        let lash = solid.add(Material(.plain, 0x1A100C))
        for side in [Float(1), -1] {
            let place = Vec3(0.0745, 0.001, side * 0.031)
            solid.part()
            solid.material = ball
            solid.ball(place, 0.0128)
            // Lids: skin above and below leave an almond.
            solid.part(blend: 0.006)
            solid.material = skin
            solid.ellipsoid(
                place + Vec3(0.0005, 0.0098, 0), Vec3(0.0138, 0.0066, 0.0178),
                Turn(pitch: 0.25))
            solid.ellipsoid(
                place + Vec3(-0.002, -0.0122, 0), Vec3(0.0128, 0.006, 0.0165), Turn(pitch: -0.2))
            solid.part()
            solid.material = lash
            solid.capsule(
                place + Vec3(0.0132, 0.0044, -side * 0.01), 0.0013,
                place + Vec3(0.0118, 0.0048, side * 0.006), 0.0016)
            solid.capsule(
                place + Vec3(0.0118, 0.0048, side * 0.006), 0.0016,
                place + Vec3(0.004, 0.0026, side * 0.0155), 0.0011)
            // Brow.
            solid.material = solid.add(
                Material(.coat, 0x2E1E14) {
                    $0.second = linearColour(0x2E1E14)
                    $0.grain = 700
                })
            solid.flow = Vec3(-0.2, 0.1, side)
            solid.part(blend: 0.004)
            solid.capsule(
                Vec3(0.0912, 0.0305, side * 0.015), brow, Vec3(0.084, 0.0345, side * 0.034),
                brow * 1.15)
            solid.capsule(
                Vec3(0.084, 0.0345, side * 0.034), brow * 1.15, Vec3(0.0705, 0.0285, side * 0.05),
                0.0012)
        }
    }

    private func addHair(_ solid: inout Solid) {
        let tone: UInt32 = isLongHaired ? 0x3A2014 : 0x2A1C12
        solid.part(blend: 0.03)
        solid.material = solid.add(
            Material(.coat, tone) {
                $0.second = linearColour(tone)
                $0.grain = 520
                $0.gloss = 2.2
            })
        solid.flow = normalize(Vec3(-0.8, -0.6, 0))
        let forward: Float = isLongHaired ? 0.012 : 0
        solid.ellipsoid(Vec3(-0.03 + forward, 0.042 + forward * 0.3, 0), Vec3(0.102, 0.103, 0.089))
        solid.flow = Vec3(-0.1, -1, 0)
        solid.ellipsoid(Vec3(-0.065, -0.035, 0), Vec3(0.06, 0.08, 0.072))
        for side in [Float(1), -1] {
            solid.capsule(
                Vec3(0.005, 0.04, side * 0.075), 0.02, Vec3(-0.005, -0.02, side * 0.079), 0.01)
        }
        guard isLongHaired else { return }
        // Long hair blown back in locks.
        solid.blend = 0.05
        for (index, side) in [Float(-1), -0.4, 0.3, 1].enumerated() {
            let sway = Float(index) * 0.02
            solid.chain([
                (Vec3(-0.07, 0.0, side * 0.05), 0.05),
                (Vec3(-0.13, -0.12, side * 0.062), 0.046),
                (Vec3(-0.2 - sway, -0.24 + sway, side * 0.06 + 0.01), 0.038),
                (Vec3(-0.31 - sway, -0.32 + sway * 2, side * 0.05 + 0.03), 0.024),
                (Vec3(-0.42 - sway * 2, -0.36 + sway * 3, side * 0.05 + 0.05), 0.006),
            ])
        }
    }
}
