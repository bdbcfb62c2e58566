/// Dunes, with mesas behind them.
struct Dunes: Terrain {
    let stage: Stage
    let gap: Float
    let salt: Float
    let relief: Float
    let flatUntil: Float

    @inline(__always)
    func height(_ x: Float, _ z: Float) -> Float {
        let noise = stage.noise
        let start = smoothstep(flatUntil, flatUntil + 60, z)
        if start <= 0 { return -0.3 }
        // Long windward slopes, short lee slopes.
        let warp = noise.fractal(x * 0.008 + salt, z * 0.008, octaves: 2) * 3.2
        let phase = fraction(z * 0.0085 + x * 0.003 + warp)
        let saw = phase < 0.74 ? phase / 0.74 : (1 - phase) / 0.26
        let crest = saw * saw * (3 - 2 * saw)
        let tall = 4 + 17 * noise.value(x * 0.004 + salt, z * 0.004 + 9)
        var h = start * crest * tall
        if z > 700 {
            let open = smoothstep(0.03, 0.34, abs(x / z - gap))
            let n = noise.fractal(x * 0.0009 + salt * 2, z * 0.0009, octaves: 4)
            let table = smoothstep(0.50, 0.535, n) * 230 + smoothstep(0.60, 0.63, n) * 170
            let broken = noise.fractal(x * 0.01, z * 0.01, octaves: 3) * 40
            h +=
                (table * (0.85 + broken / 300) + smoothstep(0.42, 0.52, n) * 60) * open
                * smoothstep(700, 1_400, z) * relief
        }
        return h
    }

    @inline(__always)
    func surface(_ p: Vec3, normal: Vec3, z: Float) -> Vec3 {
        let noise = stage.noise
        let k = 160 / max(60, z)
        let t = noise.fractal(p.x * 0.12 * k, p.z * 0.12 * k, octaves: 3)
        var albedo = mix(Vec3(0.50, 0.27, 0.12), Vec3(0.62, 0.38, 0.18), t)
        if z > 700 {
            let strata = noise.value(p.y * 0.11 + t * 2, 3) * 0.6 + noise.value(p.y * 0.03, 8) * 0.4
            let rock = mix(Vec3(0.25, 0.10, 0.06), Vec3(0.55, 0.28, 0.16), strata)
            albedo = mix(albedo, rock, smoothstep(18, 60, p.y))
        }
        let ripple = sine(p.z * 1.7 + p.x * 0.6 + t * 9) * smoothstep(140, 30, z) * 0.12
        return stage.lit(albedo, normal: normalize(normal + Vec3(0, 0, ripple)))
    }
}

/// Rippled sand.
struct SandGround: Ground {
    let stage: Stage

    func sample(_ p: Vec3, z: Float, footprint: Float, shadow: Float) -> GroundSample {
        let noise = stage.noise
        let warp = noise.fractal(p.x * 0.35, p.z * 0.25, octaves: 3)
        let fade = 1 - smoothstep(0.07, 0.34, footprint)
        let phase = p.z * 5.2 + p.x * 1.5 + warp * 13
        let s = sine(phase)
        let sharp = s * (1 - 0.35 * s)
        let strength = fade * (0.45 + 0.9 * smoothstep(0.3, 0.7, warp)) * 0.34
        let drift = noise.fractal(p.x * 0.045, p.z * 0.03 + 6, octaves: 3) - 0.5
        let grain = noise.value(p.x * 23, p.z * 23) - 0.5
        let normal = normalize(
            Vec3(0.12 * sharp * strength + drift * 0.5, 1, sharp * strength + drift * 0.9))
        let albedo =
            mix(Vec3(0.50, 0.27, 0.12), Vec3(0.64, 0.40, 0.19), warp) * (1 + 0.14 * grain * fade)
        return GroundSample(colour: stage.lit(albedo, normal: normal, shadow: shadow))
    }
}

extension Stage {
    func buildDesert(_ trace: SubjectTrace) {
        paintSky()
        setAir(density: 0.00016, near: plan.palette.ambient * 0.6 + plan.palette.horizon * 0.25)
        let relief = plan.relief * plan.distantScale
        let start = trace.distance * 1.2 + 10
        march(
            Dunes(
                stage: self, gap: openGap, salt: layout(6) * 30, relief: relief,
                flatUntil: start + camera.position.z), near: start, far: 9_000, ratio: 1.0125)
        plane(SandGround(stage: self), trace: trace, farthest: start + 90)
        shoreMist(from: 500, strength: 0.35)
        // Dry bushes, and a line of far cacti for scale.
        let plants = Plants(noise: noise)
        let bush = plants.grass(9, blades: 40)
        for i in 0..<26 {
            let z = trace.distance * (i < 20 ? 1.3 + Float(i) * 0.45 : 0.72)
            let x = camera.position.x + random.between(-1, 1) * halfWidth(at: z)
            if abs(x) < trace.length * 0.5 + 1.2 && z < trace.distance * 2.4 { continue }
            if i >= 20 && x * freeSide < halfWidth(at: z) * 0.3 { continue }
            var look = SpriteLook(albedo: Vec3(0.17, 0.12, 0.06) * random.between(0.6, 1.2))
            look.translucency = 0.4
            sprite(
                bush, foot: Vec3(x, -0.02, camera.position.z + z), tall: random.between(0.3, 0.7),
                look: look, stretch: 1.6)
        }
        for i in 0..<7 {
            let z = start + random.between(8, 60)
            let x = camera.position.x + random.between(-1, 1) * halfWidth(at: z)
            if abs(x) < 4 { continue }
            cactus(Vec3(x, -0.2, camera.position.z + z), tall: random.between(2.4, 4.6), i)
        }
        birds(count: 3)
    }

    private func cactus(_ foot: Vec3, tall: Float, _ salt: Int) {
        let n = normalize(Vec3(0.5 * light.keyDirection.x, 0.2, -0.8))
        let c = lit(Vec3(0.09, 0.13, 0.07), normal: n)
        let r = tall * 0.07
        stroke(foot, foot + Vec3(0, tall, 0), r, r * 0.85, c)
        for side in [Float(-1), 1] where hashUnit(salt, Int(side) + 3) > 0.25 {
            let y = tall * (0.35 + 0.2 * hashUnit(salt, Int(side) + 9))
            let out = Vec3(side * tall * 0.24, 0, 0)
            let base = foot + Vec3(0, y, 0)
            stroke(base, base + out + Vec3(0, 0.04 * tall, 0), r * 0.7, r * 0.7, c)
            stroke(
                base + out + Vec3(0, 0.02 * tall, 0), base + out + Vec3(0, tall * 0.36, 0), r * 0.7,
                r * 0.55, c)
        }
    }
}
