/// Peaks over a sea of cloud, seen from a ledge.
struct HighPeaks: Terrain {
    let stage: Stage
    let gap: Float
    let salt: Float
    let relief: Float
    let cloudLevel: Float
    let edge: Float

    @inline(__always)
    func height(_ x: Float, _ z: Float) -> Float {
        let noise = stage.noise
        let drop = smoothstep(edge, edge + 240, z)
        let worn = noise.eroded(x * 0.00058 + salt, z * 0.00052 + salt * 0.4, octaves: 7)
        let peak = clamp((worn - 0.10) * 1.75)
        let m = peak * (0.35 + 0.65 * peak)
        let spur = noise.value(x * 0.0009 + 7, z * 0.0011 + salt) - 0.5
        let open =
            0.28 + 0.72 * smoothstep(0.03, 0.44, abs(x / max(1, z) - gap) + 0.26 * spur)
        let rise = smoothstep(500, 3_800, z)
        let near = smoothstep(60, 700, z) * (1 - smoothstep(700, 2_200, z))
        var h = -340 * drop
        h += m * (420 * near + 1_650 * rise) * open * relief
        h += noise.fractal(x * 0.01, z * 0.01, octaves: 2) * 26 * drop
        if h > cloudLevel { return h }
        let puff = noise.fractal(x * 0.0016 + salt, z * 0.0026, octaves: 4)
        return max(h, cloudLevel - 40 + 74 * puff)
    }

    @inline(__always)
    func surface(_ p: Vec3, normal: Vec3, z: Float) -> Vec3 {
        let noise = stage.noise
        let k = 500 / max(120, z)
        let t = noise.fractal(p.x * 0.02 * k, (p.y + p.z * 0.4) * 0.03 * k, octaves: 4)
        let palette = stage.plan.palette
        // The cloud laps at the slopes without an edge.
        let over = p.y - cloudLevel
        let lap = smoothstep(58, 6, over - 70 * (t - 0.5)) * smoothstep(0.2, 0.8, normal.y)
        let soft = normalize(normal + Vec3(0, 0.9, 0))
        let toLight = max(0, dot(normalize(soft + Vec3(0, -0.5, 0)), stage.light.keyDirection))
        let cloud = mix(
            palette.cloudShade, palette.cloudLit, clamp(0.35 + toLight * 1.4 + (t - 0.5)))
        if lap >= 0.999 { return cloud }
        let level = p.y / max(0.3, relief)
        let high =
            stage.plan.keyDirection.y > 0.35 ? 1 : smoothstep(-120, 260, level)
        let ground = stage.alpine(
            p, normal: normal, z: z, level: level, open: high,
            AlpineLook(pastureEnd: 330, snowStart: 160, snowWhole: 480))
        return mix(ground, cloud, lap)
    }

    var tallest: Float { 2_000 * relief + 100 }
}

/// Alpine turf and slabs of rock.
struct LedgeGround: Ground {
    let stage: Stage

    func sample(_ p: Vec3, z: Float, footprint: Float, shadow: Float) -> GroundSample {
        let noise = stage.noise
        let broad = noise.fractal(p.x * 0.5, p.z * 0.5 + 3, octaves: 4)
        let fine = noise.fractal(p.x * 5, p.z * 5, octaves: 3) - 0.5
        let detail = 1 - smoothstep(0.04, 0.4, footprint)
        let slab = smoothstep(0.46, 0.53, broad)
        let joint = 1 - smoothstep(0, 0.03, abs(broad - 0.56))
        let turf =
            mix(Vec3(0.095, 0.105, 0.035), Vec3(0.19, 0.155, 0.06), broad) * (1 + fine * detail)
        let stone = Vec3(0.24, 0.22, 0.21) * (0.8 + 0.7 * fine * detail) * (1 - 0.5 * joint)
        let normal = normalize(
            Vec3(fine * 0.9 * detail, 1, fine * detail - 0.25 * (slab - 0.5)))
        return GroundSample(
            colour: stage.lit(mix(turf, stone, slab), normal: normal, shadow: shadow))
    }
}

extension Stage {
    func buildMountains(_ trace: SubjectTrace) {
        paintSky()
        setAir(density: 0.000095)
        let ledge = trace.distance + max(2.4, trace.length * 0.9) + 1.5
        let relief = plan.relief * plan.distantScale
        let cloud: Float = plan.mood == .mysterious ? -70 : plan.mood == .peaceful ? -130 : -190
        march(
            HighPeaks(
                stage: self, gap: openGap, salt: layout(7) * 20, relief: relief,
                cloudLevel: cloud, edge: ledge + camera.position.z), near: ledge + 70, far: 14_000,
            ratio: 1.0118, fineness: 2.4)
        ledgeRim(at: ledge)
        plane(LedgeGround(stage: self), trace: trace, farthest: ledge)
        duneGrass(trace, side: freeSide, albedo: Vec3(0.20, 0.17, 0.07))
        birds(count: 4)
    }

    /// The broken edge of the ledge: boulders and turf against the depth.
    private func ledgeRim(at ledge: Float) {
        for i in 0..<46 {
            let z = ledge - random.between(0, 0.9)
            let x = camera.position.x + (Float(i) / 45 * 2 - 1) * halfWidth(at: z) * 1.1
            let size = random.between(0.08, 0.34) * (abs(x) < 1.6 ? 0.45 : 1.2)
            boulder(Vec3(x, -0.05, z + camera.position.z), size: size, Vec3(0.22, 0.20, 0.19))
        }
    }

    /// A rock: a lumpy ellipsoid, shaded as one.
    func boulder(_ foot: Vec3, size: Float, _ albedo: Vec3, wet: Float = 0, snow: Float = 0) {
        let p = camera.project(foot + Vec3(0, size * 0.3, 0))
        if p.z < 0.2 { return }
        let r = size * camera.focal / p.z
        if r < 0.7 { return }
        let wide = r * (1.1 + 0.5 * hashUnit(Int(foot.x * 77), Int(foot.z * 31)))
        let salt = foot.x * 3.1 + foot.z
        let r0 = max(0, Int(p.y - r * 1.2)), r1 = min(height - 1, Int(p.y + r * 0.45))
        let c0 = max(0, Int(max(0, p.x - wide * 1.2)))
        let c1 = min(width - 1, Int(min(Float(width), p.x + wide * 1.2)))
        if r0 > r1 || c0 > c1 || p.x + wide < 0 { return }
        for row in r0...r1 {
            for column in c0...c1 {
                let i = row * width + column
                if depth[i] < p.z { continue }
                let u = (Float(column) + 0.5 - p.x) / wide, v = (p.y - Float(row) - 0.5) / r
                let lump = noise.fractal(u * 1.6 + salt, v * 1.6 + salt, octaves: 3)
                let limit = 0.62 + 0.62 * lump
                let d = (u * u + v * v).squareRoot()
                let cover = clamp((limit - d) * r + 0.5)
                if cover <= 0 { continue }
                let k = min(0.98, d / limit)
                let crack = noise.fractal(u * 3.4 + salt, v * 4.4, octaves: 3)
                let n = normalize(
                    Vec3(
                        u / max(0.05, limit) + (crack - 0.5) * 1.1, v * 1.1 + 0.25 + (lump - 0.5),
                        -(1 - k * k).squareRoot()))
                var a =
                    albedo * (0.45 + 1.05 * crack) * (1 - 0.55 * wet * smoothstep(0.35, -0.1, v))
                a = mix(a, Vec3(0.8, 0.83, 0.88), snow * smoothstep(0.25, 0.55, n.y))
                let open = 0.45 + 0.55 * smoothstep(-0.3, 0.3, v)
                blend(i, haze(lit(a, normal: n) * open, p.z, column), p.z, cover)
            }
        }
    }
}
