/// Asphalt with puddles, kerbs, a crossing.
struct StreetGround: Ground {
    let stage: Stage
    let half: Float
    let wet: Float

    func sample(_ p: Vec3, z: Float, footprint: Float, shadow: Float) -> GroundSample {
        let noise = stage.noise
        let detail = 1 - smoothstep(0.04, 0.3, footprint)
        let fine = noise.value(p.x * 16, p.z * 16) - 0.5
        let broad = noise.fractal(p.x * 0.28, p.z * 0.17 + 4, octaves: 3)
        let night = stage.plan.palette.night
        var albedo = Vec3(0.085, 0.085, 0.095) * (0.75 + 0.5 * broad + 0.35 * fine * detail)
        var puddle = smoothstep(0.52 - 0.2 * wet, 0.60, broad)
        let across = z / stage.camera.focal
        if abs(p.x) > half {
            // Pavement: slabs, a pale kerb.
            let joint = min(fraction(p.x / 0.9), fraction(p.z / 1.35))
            let slab = hashUnit(floorIndex(p.x / 0.9), floorIndex(p.z / 1.35))
            albedo = Vec3(0.17, 0.165, 0.16) * (0.75 + 0.35 * slab + 0.3 * fine * detail)
            if joint < 0.03 { albedo *= mix(1, 0.55, detail) }
            if abs(p.x) < half + 0.28 { albedo = Vec3(0.25, 0.245, 0.235) }
            puddle *= 0.35
        } else {
            let lane = abs(p.x) < 0.09 + across && fraction(p.z / 5) < 0.5
            let zebra = fraction(p.z / 46 + 0.22)
            let isZebra = zebra < 0.075 && fraction(p.x / 1.1) < 0.5
            if lane || isZebra {
                albedo = mix(
                    albedo, Vec3(0.5, 0.49, 0.45),
                    (0.35 + 0.5 * broad) * (lane && !isZebra ? 0.6 : 0.85))
            }
        }
        var c = stage.lit(albedo * (1 - 0.5 * wet), normal: Vec3(0, 1, 0), shadow: shadow)
        // Light from lamps and shop windows.
        let lamp = fraction((p.z + 8) / 21) - 0.5
        let pool = exp(-lamp * lamp * 26) * smoothstep(half + 5, half - 3, abs(p.x))
        let shops = smoothstep(half - 4, half + 3.6, abs(p.x))
        c += albedo * Vec3(1.6, 1.05, 0.5) * ((0.55 * pool + 0.4 * shops) * (0.1 + 0.9 * night))
        let m = wet * (0.10 + 0.75 * puddle)
        return GroundSample(
            colour: c, mirror: m, gloss: wet * (0.5 + 0.5 * puddle),
            slope: Vec2(fine * 0.02 * (1 - puddle), fine * 0.03 * (1 - puddle)),
            smear: (2 + 9 * (1 - puddle)) * stage.unit)
    }
}

extension Stage {
    func buildStreet(_ trace: SubjectTrace) {
        paintSky()
        let warm = Vec3(0.30, 0.19, 0.09) * plan.palette.night
        setAir(
            density: 0.0036,
            near: plan.palette.ambient * 0.55 + plan.palette.horizon * 0.12 + warm * 0.25)
        let wall: Float = 8.4 + max(0, trace.length - 3)
        let half: Float = wall - 3.2
        let start = camera.position.z + 1.2
        for side in [Float(-1), 1] {
            var z = start - 13 * layout(20 + Int(side))
            var index = side < 0 ? 100 : 300
            while z < 330 {
                let lot =
                    10 + 7 * hashUnit(index, 4, salt: UInt32(truncatingIfNeeded: plan.noiseSeed))
                let tall =
                    (13 + 23 * hashUnit(index, 5, salt: UInt32(truncatingIfNeeded: plan.noiseSeed)))
                    * (0.75 + 0.3 * plan.relief)
                let set = 0.5 * hashUnit(index, 6)
                let near = side < 0 ? -wall - 26 : wall + set
                let f = facade(index, top: tall, hasShop: true)
                // A cross street now and then lets the sky in.
                if index % 5 != 3 || z < start + 8 {
                    block(Vec3(near, -0.1, z), Vec3(near + 26 - set, tall, z + lot), f)
                } else {
                    z -= 2
                }
                z += lot
                index += 1
            }
        }
        skyline(from: 340, to: 900, count: 26, gap: 0.05, tall: 1)
        let wet: Float =
            plan.words.isRaining
            ? 1 : plan.palette.night > 0.5 ? 0.85 : plan.lighting == .high ? 0.12 : 0.55
        passers(trace, half: half)
        plane(StreetGround(stage: self, half: half, wet: wet), trace: trace, farthest: 700)
        for i in 0..<9 {
            let z = 8 + Float(i) * 21 - 8.5 + (camera.position.z + trace.distance * 0.2)
            for side in [Float(-1), 1] where (i + (side > 0 ? 1 : 0)) % 2 == 0 {
                streetLamp(Vec3(side * (half + 0.5), 0, z), tall: 6.2, arm: -side * 1.1)
            }
        }
        wiresAcross(wall: wall)
        trafficLights(trace, half: half)
    }

    /// Distant towers on both sides of the gap.
    func skyline(from near: Float, to far: Float, count: Int, gap: Float, tall: Float) {
        for i in 0..<count {
            let z = near + (far - near) * Float(i) / Float(count)
            let side: Float = i % 2 == 0 ? 1 : -1
            let r = hashUnit(i, 14, salt: UInt32(truncatingIfNeeded: plan.noiseSeed))
            let x = camera.position.x + side * (gap + r * r * 0.75) * z
            let w = 14 + 22 * hashUnit(i, 15)
            let h =
                (36 + 120 * hashUnit(i, 16, salt: UInt32(truncatingIfNeeded: plan.noiseSeed)))
                * tall * plan.distantScale
            let f = facade(500 + i, top: h, hasShop: false, lit: plan.palette.windows * 0.9)
            block(Vec3(x - w / 2, -40, z), Vec3(x + w / 2, h, z + w), f)
        }
    }

    /// People far down the pavement and parked cars, as dark shapes for scale.
    private func passers(_ trace: SubjectTrace, half: Float) {
        for i in 0..<16 {
            let z = trace.distance + 8 + Float(15 - i) * 4
            let side: Float = i % 3 == 0 ? -1 : 1
            let x = side * (half + 0.6 + 1.8 * hashUnit(i, 2))
            let wz = z + camera.position.z
            let coat = Vec3(0.035, 0.035, 0.045) * (0.6 + hashUnit(i, 8))
            let c = lit(coat, normal: Vec3(0, 0.2, -0.97))
            let s = 0.92 + 0.14 * hashUnit(i, 3)
            for leg in [Float(-1), 1] {
                stroke(
                    Vec3(x + leg * 0.16, 0, wz), Vec3(x + leg * 0.06, 0.85 * s, wz), 0.07, 0.09, c)
            }
            stroke(Vec3(x, 0.75 * s, wz), Vec3(x, 1.42 * s, wz), 0.2, 0.2, c)
            stroke(Vec3(x, 1.56 * s, wz), Vec3(x, 1.68 * s, wz), 0.105, 0.11, c)
            if plan.words.isRaining || i % 5 == 0 {
                stroke(Vec3(x - 0.5, 1.85 * s, wz), Vec3(x + 0.5, 1.85 * s, wz), 0.05, 0.05, c)
                stroke(Vec3(x - 0.3, 1.96 * s, wz), Vec3(x + 0.3, 1.96 * s, wz), 0.1, 0.1, c)
            }
        }
        for i in 0..<9 {
            let wz = camera.position.z + trace.distance + 12 + Float(8 - i) * 9.5
            let side: Float = i % 2 == 0 ? 1 : -1
            let x = side * (half - 1.1)
            let paint = mix(Vec3(0.10, 0.025, 0.02), Vec3(0.03, 0.04, 0.06), hashUnit(i, 12))
            box(Vec3(x - 0.85, 0.28, wz), Vec3(x + 0.85, 0.82, wz + 4.1)) { _, n in
                self.lit(paint, normal: n)
            }
            box(Vec3(x - 0.7, 0.82, wz + 0.9), Vec3(x + 0.7, 1.4, wz + 3.2)) { _, n in
                self.lit(Vec3(0.02, 0.025, 0.03), normal: n) + self.plan.palette.mid * 0.1
            }
            for lamp in [Float(-0.6), 0.6] {
                let p = camera.project(Vec3(x + lamp, 0.66, wz))
                let isToward = side < 0
                let tone = isToward ? Vec3(1.6, 1.4, 1.0) : Vec3(1.4, 0.12, 0.06)
                glowDisc(
                    p.x, p.y, radius: max(1, 0.13 * camera.focal / p.z),
                    tone * (0.15 + 0.85 * plan.palette.night))
            }
        }
    }

    private func wiresAcross(wall: Float) {
        for i in 0..<4 {
            let z = camera.position.z + 18 + Float(i) * 23
            let y: Float = 7.2 + 1.4 * hashUnit(i, 44)
            var from = Vec3(-wall, y, z)
            for k in 1...8 {
                let t = Float(k) / 8
                let to = Vec3(mix(-wall, wall, t), y - 0.8 * 4 * t * (1 - t), z)
                stroke(from, to, 0.012, 0.012, Vec3(0.01, 0.012, 0.016))
                from = to
            }
        }
    }

    private func trafficLights(_ trace: SubjectTrace, half: Float) {
        let z = camera.position.z + trace.distance + 26
        let foot = Vec3(-freeSide * (half + 0.4), 0, z)
        stroke(foot, foot + Vec3(0, 4.4, 0), 0.08, 0.07, Vec3(0.012, 0.014, 0.016))
        let head = foot + Vec3(0, 4.0, 0)
        stroke(
            head - Vec3(0, 0.5, 0), head + Vec3(0, 0.45, 0), 0.17, 0.17, Vec3(0.012, 0.014, 0.016))
        let p = camera.project(head + Vec3(0, 0.3, 0))
        glowDisc(p.x, p.y, radius: max(1.4, 0.16 * camera.focal / p.z), Vec3(1.8, 0.16, 0.08))
    }
}
