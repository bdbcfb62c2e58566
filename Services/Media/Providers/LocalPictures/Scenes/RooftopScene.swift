/// Flat roof: gravel, lead seams, puddles of last night's rain.
struct RoofGround: Ground {
    let stage: Stage

    func sample(_ p: Vec3, z: Float, footprint: Float, shadow: Float) -> GroundSample {
        let noise = stage.noise
        let detail = 1 - smoothstep(0.03, 0.25, footprint)
        let broad = noise.fractal(p.x * 0.45, p.z * 0.45, octaves: 3)
        let fine = noise.value(p.x * 19, p.z * 19) - 0.5
        let seam = min(fraction(p.x / 2.4), fraction((p.z + 0.6) / 3.6))
        var albedo = Vec3(0.17, 0.155, 0.15) * (0.7 + 0.5 * broad + 0.5 * fine * detail)
        if seam < 0.03 { albedo *= mix(1, 0.5, detail) }
        let puddle = smoothstep(0.58, 0.66, broad) * (stage.light.wet > 0 ? 1.4 : 0.8)
        return GroundSample(
            colour: stage.lit(albedo * (1 - 0.4 * puddle), normal: Vec3(0, 1, 0), shadow: shadow),
            mirror: 0.45 * min(1, puddle), gloss: min(1, puddle), smear: 1.5 * stage.unit)
    }
}

extension Stage {
    func buildRooftops(_ trace: SubjectTrace) {
        paintSky()
        let warm = Vec3(0.22, 0.13, 0.07) * plan.palette.night
        setAir(
            density: 0.0010,
            near: plan.palette.ambient * 0.6 + plan.palette.horizon * 0.18 + warm * 0.2)
        let edge = max(1.6, trace.length * 0.8 + 1)
        // The city below and beyond; towers leave the light free.
        let salt = UInt32(truncatingIfNeeded: plan.noiseSeed)
        let gap = openGap
        var index = 0
        var z: Float = 26
        while z < 1_500 {
            let count = 7 + Int(z / 90)
            for k in 0..<min(26, count) {
                index += 1
                let lateral =
                    (Float(k) + hashUnit(index, 1, salt: salt)) / Float(min(26, count)) * 2.4 - 1.2
                let x = camera.position.x + lateral * halfWidth(at: z) * 1.1
                let w = (9 + 14 * hashUnit(index, 2, salt: salt)) * (0.6 + z / 700)
                let open = smoothstep(0.04, 0.45, abs(lateral * halfWidth(at: z) / z - gap))
                let r = hashUnit(index, 3, salt: salt)
                var top = -16 + 13 * r + (z - 26) * 0.012
                if z > 120 && r > 0.5 {
                    top += 90 * (r - 0.5) * open * plan.relief * (0.5 + z / 600)
                }
                if z > 300 && r > 0.9 { top += 140 * open * plan.relief * plan.distantScale }
                let f = facade(
                    2_000 + index, top: top + 70, hasShop: false, lit: plan.palette.windows * 1.1)
                block(
                    Vec3(x - w / 2, -70, z + camera.position.z),
                    Vec3(x + w / 2, top, z + w + camera.position.z), f)
                if z < 160 && hashUnit(index, 8) > 0.6 {
                    waterTank(Vec3(x, top, z + w * 0.4 + camera.position.z))
                }
                if z > 240 && r > 0.93 {
                    stroke(
                        Vec3(x, top, z + camera.position.z),
                        Vec3(x, top + 22, z + camera.position.z), 0.7, 0.2,
                        Vec3(0.02, 0.022, 0.03))
                }
            }
            z *= 1.28
        }
        shoreMist(from: 80, strength: 0.5)
        // Parapet, chimneys and an aerial on this roof.
        let brick = Vec3(0.22, 0.12, 0.09)
        let wide: Float = 40
        box(Vec3(-wide, -8, edge), Vec3(wide, min(0.9, trace.height * 0.42), edge + 0.35)) { p, n in
            if n.y > 0.5 { return self.lit(Vec3(0.30, 0.28, 0.26), normal: n) }
            let row = fraction(p.position.y * 7)
            let shift = fraction(floorValue(p.position.y * 7) * 0.5)
            let joint = row < 0.12 || fraction(p.position.x * 3.2 + shift) < 0.06
            let tone = 0.75 + 0.5 * self.noise.value(p.position.x * 3, p.position.y * 7)
            return self.lit(brick * (joint ? 0.5 : tone), normal: n)
        }
        let side = freeSide
        let cx = camera.position.x + side * halfWidth(at: trace.distance + edge) * 0.72
        for k in 0..<2 {
            let x = cx + Float(k) * side * 1.5
            box(Vec3(x - 0.45, 0, edge - 0.9), Vec3(x + 0.45, 1.9 + 0.5 * Float(k), edge - 0.2)) {
                p, n in
                let row = fraction(p.position.y * 7)
                return self.lit(brick * (row < 0.14 ? 0.55 : 0.95), normal: n)
            }
            for pot in [Float(-0.22), 0.22] {
                let foot = Vec3(x + pot, 1.9 + 0.5 * Float(k), edge - 0.55)
                stroke(
                    foot, foot + Vec3(0, 0.45, 0), 0.11, 0.09,
                    lit(Vec3(0.28, 0.13, 0.08), normal: Vec3(-0.4, 0, -0.9)))
            }
        }
        let mast = Vec3(
            camera.position.x - side * halfWidth(at: trace.distance) * 0.86, 0, edge - 0.5)
        let dark = Vec3(0.014, 0.015, 0.02)
        stroke(mast, mast + Vec3(0, 3.2, 0), 0.028, 0.02, dark)
        for k in 0..<5 {
            let y = 2.1 + 0.24 * Float(k), half = 0.62 - 0.07 * Float(k)
            stroke(mast + Vec3(-half, y, 0), mast + Vec3(half, y, 0), 0.012, 0.012, dark)
        }
        plane(RoofGround(stage: self), trace: trace, farthest: trace.distance + edge + 0.4)
        stringLights(trace, edge: edge)
        birds(count: 6)
    }

    private func waterTank(_ foot: Vec3) {
        let c = lit(Vec3(0.12, 0.085, 0.06), normal: normalize(Vec3(-0.4, 0.2, -0.9)))
        for leg in [Float(-1), 1] {
            stroke(foot + Vec3(leg * 1.1, 0, 0), foot + Vec3(leg * 0.9, 3, 0), 0.1, 0.1, c * 0.6)
        }
        stroke(foot + Vec3(0, 3, 0), foot + Vec3(0, 5.6, 0), 1.5, 1.5, c)
        stroke(foot + Vec3(0, 5.8, 0), foot + Vec3(0, 7.2, 0), 1.4, 0.1, c * 0.7)
    }

    private func stringLights(_ trace: SubjectTrace, edge: Float) {
        if plan.palette.night < 0.5 { return }
        let y = max(1.7, trace.height * 1.5)
        var from = Vec3(-7, y, edge)
        for k in 1...28 {
            let t = Float(k) / 28
            let sag = 0.5 * abs(sine(t * pi * 3))
            let to = Vec3(-7 + 14 * t, y - sag, edge)
            stroke(from, to, 0.008, 0.008, Vec3(0.02, 0.02, 0.02))
            let p = camera.project(to)
            glowDisc(p.x, p.y, radius: max(1.3, 0.035 * camera.focal / p.z), Vec3(1.7, 1.0, 0.4))
            from = to
        }
    }
}
