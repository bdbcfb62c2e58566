/// A small dusty world: craters, ridges, no air.
struct Regolith: Terrain {
    let stage: Stage
    let salt: Float
    let start: Float
    let relief: Float

    @inline(__always)
    func height(_ x: Float, _ z: Float) -> Float {
        let noise = stage.noise
        let rise = smoothstep(start, start + 60, z)
        var h = noise.fractal(x * 0.012 + salt, z * 0.012, octaves: 3) * 9 * rise - 3 * rise
        // Craters on two grids.
        for (scale, depth) in [(Float(46), Float(4.5)), (170, 15)] {
            let cx = floorIndex(x / scale), cz = floorIndex(z / scale)
            let ox = (Float(cx) + 0.3 + 0.4 * hashUnit(cx, cz, salt: 1)) * scale
            let oz = (Float(cz) + 0.3 + 0.4 * hashUnit(cx, cz, salt: 2)) * scale
            let r = scale * (0.14 + 0.14 * hashUnit(cx, cz, salt: 3))
            let dx = x - ox, dz = z - oz
            let d = (dx * dx + dz * dz).squareRoot() / r
            if d < 1.6 {
                let bowl = d < 1 ? -(1 - d * d) : 0
                let rim = exp(-(d - 1) * (d - 1) * 18) * 0.45
                h += (bowl + rim) * depth * rise
            }
        }
        if z > 500 {
            let far = noise.eroded(x * 0.0011 + salt, z * 0.001, octaves: 7)
            h += max(0, far - 0.12) * 1_050 * smoothstep(500, 2_800, z) * relief
        }
        return h
    }

    @inline(__always)
    func surface(_ p: Vec3, normal: Vec3, z: Float) -> Vec3 {
        let k = 200 / max(50, z)
        let t = stage.noise.fractal(p.x * 0.1 * k, p.z * 0.1 * k, octaves: 3)
        let dust = mix(Vec3(0.23, 0.20, 0.19), Vec3(0.40, 0.33, 0.29), t)
        let fine = stage.noise.valueWithSlope(
            p.x * 0.4 * k + 7, (p.y * 0.5 + p.z * 0.25) * 0.4 * k)
        let rough = Vec3(t - 0.5 - 0.25 * fine.y, 0.12 * fine.z, t - 0.5)
        return stage.lit(dust * (0.75 + 0.5 * fine.x), normal: normalize(normal + rough * 0.6))
    }
}

struct DustGround: Ground {
    let stage: Stage

    func sample(_ p: Vec3, z: Float, footprint: Float, shadow: Float) -> GroundSample {
        let noise = stage.noise
        let detail = 1 - smoothstep(0.05, 0.45, footprint)
        let broad = noise.fractal(p.x * 0.2, p.z * 0.2, octaves: 4)
        let fine = noise.fractal(p.x * 4, p.z * 4, octaves: 3) - 0.5
        let pit = noise.value(p.x * 0.9 + 5, p.z * 0.9)
        let bowl = smoothstep(0.72, 0.86, pit)
        let slopeX = noise.value(p.x * 0.9 + 5.12, p.z * 0.9) - pit
        let slopeZ = noise.value(p.x * 0.9 + 5, p.z * 0.9 + 0.12) - pit
        let normal = normalize(
            Vec3(
                fine * 0.7 * detail + slopeX * 7 * bowl, 1,
                fine * 0.7 * detail + slopeZ * 7 * bowl + (broad - 0.5) * 0.6))
        let albedo =
            mix(Vec3(0.24, 0.21, 0.20), Vec3(0.40, 0.33, 0.29), broad) * (1 + 0.5 * fine * detail)
        return GroundSample(colour: stage.lit(albedo, normal: normal, shadow: shadow))
    }
}

extension Stage {
    func buildSpace(_ trace: SubjectTrace) {
        paintHeavens()
        setAir(density: 0.00005, near: plan.palette.ambient * 0.4 + plan.palette.horizon * 0.05)
        let start = trace.distance + 12
        march(
            Regolith(
                stage: self, salt: layout(30) * 20, start: start + camera.position.z,
                relief: plan.relief * plan.distantScale), near: start, far: 9_000, ratio: 1.0125,
            fineness: 2)
        plane(DustGround(stage: self), trace: trace, farthest: start + 20)
        for i in 0..<38 {
            let z = trace.distance * (0.62 + 0.12 * Float(37 - i))
            let x = camera.position.x + random.between(-1, 1) * halfWidth(at: z)
            if abs(x) < trace.length * 0.6 + 0.8 && z < trace.distance * 1.5 { continue }
            boulder(
                Vec3(x, 0, z + camera.position.z),
                size: random.between(0.06, 0.32) * (z > trace.distance ? 1.6 : 0.7),
                Vec3(0.27, 0.23, 0.21))
        }
    }

    /// Deep sky: milky way, a banded planet with a ring, a small moon.
    private func paintHeavens() {
        paintSky()
        let hy = camera.horizonRow
        let dark =
            plan.lighting == .high
            ? Float(0.2) : plan.lighting == .low ? 0.12 : plan.lighting == .blue ? 0.5 : 0.62
        let tilt: Float = freeSide * 0.75
        for row in 0..<max(0, min(height, Int(hy) + 2)) {
            let e = (hy - Float(row)) / Float(height)
            for column in 0..<width {
                let i = row * width + column
                let u = (Float(column) / Float(width) - 0.5) * Float(width) / Float(height)
                let across = (e - 0.33 - u * tilt * 0.6)
                let band = exp(-across * across * 26)
                let n = noise.fractal(u * 3.4 + 4, e * 3.4 + u * tilt, octaves: 5)
                let lane = smoothstep(0.42, 0.66, n)
                var glow = mix(Vec3(0.05, 0.06, 0.13), Vec3(0.32, 0.22, 0.30), lane) * band
                glow += plan.palette.glow * (0.10 * band * lane)
                let fade = mix(1, dark, smoothstep(0, 0.24, e))
                // Little air: the sky is deep and cool overhead even at noon.
                let cool = mix(Vec3(1, 1, 1), Vec3(0.72, 0.95, 1.3), 1 - fade)
                colour[i] =
                    colour[i] * Vec4(cool * fade, 1)
                    + Vec4(glow * (plan.lighting == .high ? 0.25 : 0.7), 0)
            }
        }
        var random = RandomSequence(seed: plan.noiseSeed &+ 5)
        for _ in 0..<700 {
            let x = random.unit() * Float(width), y = random.unit() * hy
            let size = random.unit()
            let bright = 0.12 + 1.7 * size * size * size * size * size
            let tint = mix(Vec3(0.75, 0.85, 1.1), Vec3(1.1, 0.85, 0.65), random.unit())
            glowDisc(x, y, radius: (0.6 + 0.7 * size) * max(0.8, unit), tint * bright)
        }
        let s = Float(height)
        planet(
            centre: Vec2(
                Float(width) * (0.5 + 0.25 * freeSide), hy - 0.36 * s * (0.7 + 0.3 * plan.relief)),
            radius: s * 0.19 * plan.relief.squareRoot(), tilt: 0.35 * freeSide,
            isRinged: plan.mood != .mysterious,
            low: plan.palette.glow * 0.55 + Vec3(0.12, 0.07, 0.05),
            high: plan.palette.mid * 0.5 + Vec3(0.32, 0.26, 0.22))
        planet(
            centre: Vec2(Float(width) * (0.5 - 0.34 * freeSide), hy - 0.44 * s), radius: s * 0.035,
            tilt: 0,
            isRinged: false, low: Vec3(0.25, 0.24, 0.26), high: Vec3(0.45, 0.43, 0.42))
    }

    private func planet(
        centre: Vec2, radius: Float, tilt: Float, isRinged: Bool, low: Vec3, high: Vec3
    ) {
        let reach = radius * (isRinged ? 2.3 : 1.05)
        let r0 = max(0, Int(centre.y - reach)), r1 = min(height - 1, Int(centre.y + reach))
        let c0 = max(0, Int(max(0, centre.x - reach))),
            c1 = min(width - 1, Int(clamp(centre.x + reach, -1, 1e5)))
        if r0 > r1 || c0 > c1 { return }
        let towards = normalize(
            Vec3(plan.sunColumn < Float(plan.width) / 2 ? -0.75 : 0.75, 0.35, -0.62))
        let ct = cosine(tilt), st = sine(tilt)
        for row in r0...r1 {
            for column in c0...c1 {
                let px = (Float(column) + 0.5 - centre.x) / radius
                let py = (centre.y - Float(row) - 0.5) / radius
                let x = px * ct + py * st, y = py * ct - px * st
                let i = row * width + column
                let d2 = x * x + y * y
                var c = colour[i]
                let cover = clamp((1 - d2.squareRoot()) * radius + 0.5)
                if cover > 0 {
                    let z = (max(0, 1 - d2)).squareRoot()
                    let n = Vec3(px, py, -z)
                    let warp = noise.fractal(x * 2.2 + 3, y * 3, octaves: 3)
                    let bands = noise.fractal(y * 5 + warp * 0.9, 4.4, octaves: 3)
                    let tone = mix(low, high, smoothstep(0.3, 0.7, bands))
                    let day = smoothstep(-0.12, 0.7, dot(n, towards))
                    let edge = power(1 - z, 3)
                    let p = tone * (0.015 + 1.15 * day) + plan.palette.mid * (edge * 0.35 * day)
                    c += (Vec4(p, 1) - c) * cover
                }
                if isRinged {
                    let ry = y / 0.24
                    let r = (x * x + ry * ry).squareRoot()
                    if r > 1.35 && r < 2.15 && (y < 0 || d2 > 1) {
                        let gaps = noise.fractal(r * 16, 2, octaves: 3)
                        let a =
                            smoothstep(1.35, 1.42, r) * smoothstep(2.15, 2.0, r)
                            * (0.25 + 0.75 * smoothstep(0.35, 0.6, gaps))
                        let tone = mix(high, Vec3(0.75, 0.66, 0.55), 0.5) * 0.8
                        c += (Vec4(tone, 1) - c) * (a * 0.75)
                    }
                }
                colour[i] = c
            }
        }
    }
}
