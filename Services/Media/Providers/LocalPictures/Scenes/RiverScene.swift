/// A gorge with a waterfall at its end.
struct Gorge: Terrain {
    let stage: Stage
    let salt: Float
    /// Depth of the fall, and the middle of the gap there.
    let fall: Float
    let gapX: Float

    @inline(__always)
    func height(_ x: Float, _ z: Float) -> Float {
        let noise = stage.noise
        let centre = gapX * smoothstep(0, fall, z) + (noise.value(z * 0.06, salt) - 0.5) * 3
        let half =
            5.5 + 2.4 * (noise.value(z * 0.11, salt + 4) - 0.5) * 2 - smoothstep(10, fall, z) * 1.5
        let u = abs(x - centre) - half
        let relief = stage.plan.relief
        if z >= fall {
            // The lip: the river comes from above here.
            let back = 15.5 * (0.55 + 0.45 * relief)
            if u < 0 { return back + (z - fall) * 0.02 }
            return back + min(20, u * 1.4) + noise.fractal(x * 0.12, z * 0.05, octaves: 3) * 9
                + smoothstep(60, 900, z) * 260
                * noise.ridges(x * 0.0016 + salt, z * 0.0016, octaves: 4) * relief
        }
        if u < 0 { return -1 }
        let crag = noise.fractal(x * 0.16 + salt, z * 0.16, octaves: 4)
        let wall = smoothstep(0, 4.5, u + (crag - 0.5) * 3)
        let bank = smoothstep(0, 0.9, u) * 0.35
        return bank + wall * (4 + 15 * smoothstep(8, fall, z)) * (0.5 + crag) * relief + max(
            0, u - 5) * 0.5
    }

    @inline(__always)
    func surface(_ p: Vec3, normal: Vec3, z: Float) -> Vec3 {
        let noise = stage.noise
        let k = 20 / max(12, z)
        let t = noise.fractal(p.x * 0.9 * k, (p.y * 1.5 + p.z * 0.4) * k, octaves: 4)
        let strata = noise.fractal(p.x * 0.1, p.y * 0.9, octaves: 3)
        let rock = mix(Vec3(0.075, 0.07, 0.07), Vec3(0.22, 0.20, 0.19), t * 0.6 + strata * 0.4)
        let moss = mix(Vec3(0.035, 0.06, 0.02), Vec3(0.11, 0.13, 0.04), t)
        let green = smoothstep(0.42, 0.75, normal.y + (t - 0.5) * 0.5)
        let wet = smoothstep(1.2, 0, p.y)
        return stage.lit(mix(rock, moss, green) * (1 - 0.5 * wet), normal: normal)
    }
}

/// The gravel bank where the subject stands, and the stream behind it.
struct StreamGround: Ground {
    let stage: Stage
    let water: WaterGround
    let reach: Float
    let side: Float
    let fall: Float

    func sample(_ p: Vec3, z: Float, footprint: Float, shadow: Float) -> GroundSample {
        let noise = stage.noise
        let wander = (noise.fractal(p.x * 0.4, p.z * 0.4, octaves: 3) - 0.5) * 1.8
        let out = p.z - reach - wander - p.x * side * 0.22
        let cell = noise.fractal(p.x * 3.3, p.z * 3.3, octaves: 3)
        if out > 0 {
            var s = water.sample(p, z: z, footprint: footprint, shadow: shadow)
            let flow = noise.fractal(p.x * 1.1, p.z * 0.28, octaves: 3)
            let near = smoothstep(fall - 12, fall - 1, p.z)
            let foam = max(
                smoothstep(0.62, 0.78, flow) * 0.4, near * smoothstep(0.3, 0.6, flow + near * 0.2))
            let edge = smoothstep(0.5, 0, out) * 0.3
            let white = stage.lit(Vec3(0.75, 0.8, 0.82), normal: Vec3(0, 0.9, -0.4))
            s.colour = mix(s.colour, white, clamp(foam + edge))
            s.mirror *= 1 - clamp(foam)
            s.gloss = 1 - clamp(foam)
            return s
        }
        let detail = 1 - smoothstep(0.05, 0.4, footprint)
        let wet = smoothstep(-0.9, 0, out)
        let stone = 0.55 + 0.9 * cell
        let albedo = Vec3(0.19, 0.175, 0.16) * stone * (1 - 0.55 * wet)
        let slopeX = noise.fractal(p.x * 3.3 + 0.2, p.z * 3.3, octaves: 2) - cell
        let normal = normalize(Vec3(slopeX * 3 * detail, 1, (cell - 0.5) * 1.4 * detail - 0.15))
        return GroundSample(
            colour: stage.lit(albedo, normal: normal, shadow: shadow), mirror: 0.15 * wet,
            gloss: wet * 0.7, smear: 3 * stage.unit)
    }
}

extension Stage {
    func buildRiver(_ trace: SubjectTrace) {
        paintSky()
        setAir(density: 0.0016, near: plan.palette.ambient * 0.6 + plan.palette.horizon * 0.2)
        let fall = max(26, trace.distance * 1.7)
        let gapX = openGap * (fall + trace.distance) * 0.5 + camera.position.x * 0.3
        let gorge = Gorge(stage: self, salt: layout(40) * 30, fall: fall, gapX: gapX)
        march(gorge, near: trace.distance * 1.15 + 4, far: 2_400, ratio: 1.010)
        waterfall(gorge, gapX: gapX)
        let plants = Plants(noise: noise)
        let firs = [plants.conifer(0), plants.conifer(2)]
        for i in 0..<44 {
            let wz = fall + 60 - Float(i) * 1.9
            let side: Float = i % 2 == 0 ? 1 : -1
            let x = gapX * smoothstep(0, fall, wz) + side * random.between(8, 26)
            let y = gorge.height(x, wz) - 0.5
            if wz < trace.distance * 0.3 || y > 60 || y < 0.5 { continue }
            var look = SpriteLook(albedo: Vec3(0.035, 0.06, 0.03) * random.between(0.7, 1.3))
            look.translucency = 0.15
            sprite(firs[i / 2 % 2], foot: Vec3(x, y, wz), tall: random.between(3.5, 9), look: look)
        }
        mistCloud(at: Vec3(gapX, 1.5, fall - 1), radius: 9, strength: 0.3)
        let water = WaterGround(stage: self, swell: 0.55, tint: Vec3(0.035, 0.085, 0.085))
        plane(
            StreamGround(
                stage: self, water: water, reach: max(0.9, trace.length * 0.6 + 0.5),
                side: freeSide,
                fall: fall), trace: trace, farthest: fall + trace.distance + 30)
        for i in 0..<34 {
            let z = trace.distance * (2.6 - 0.062 * Float(i))
            let x = camera.position.x + random.between(-1, 1) * halfWidth(at: z)
            let isNear = z < trace.distance
            if abs(x) < trace.length * 0.6 + 0.7 && z < trace.distance * 1.25 { continue }
            if isNear && abs(x - camera.position.x) < halfWidth(at: z) * 0.45 { continue }
            boulder(
                Vec3(x, -0.03, z + camera.position.z),
                size: random.between(0.12, 0.6) * (isNear ? 0.6 : 1),
                Vec3(0.15, 0.145, 0.14), wet: 1)
        }
        duneGrass(trace, side: freeSide, albedo: Vec3(0.12, 0.16, 0.05))
    }

    /// Falling water over the lip, brighter at the edges of its strands.
    private func waterfall(_ gorge: Gorge, gapX: Float) {
        let z = gorge.fall - 0.4
        let top = gorge.height(gapX, gorge.fall + 0.5)
        let half: Float = 4.2
        polygon([
            Vec3(gapX - half, -0.2, z), Vec3(gapX + half, -0.2, z), Vec3(gapX + half, top, z),
            Vec3(gapX - half, top, z),
        ]) { p in
            let u = (p.position.x - gapX) / half, v = p.position.y / top
            let strand = self.noise.fractal(u * 9 + 3, v * 1.3, octaves: 4)
            let fine = self.noise.fractal(u * 30, v * 3.2, octaves: 2)
            let ragged = smoothstep(1.0, 0.8, abs(u) + (strand - 0.5) * 0.5)
            let body = 0.42 + 0.75 * strand + 0.35 * (fine - 0.5)
            let white = self.lit(Vec3(0.72, 0.79, 0.83), normal: Vec3(0, 0.45, -0.89)) * body
            let back = self.light.key * (0.16 * max(0, self.light.keyDirection.z))
            let rock = self.lit(Vec3(0.05, 0.055, 0.06), normal: Vec3(0, 0, -1))
            return mix(rock, white + back * strand, ragged * smoothstep(0.26, 0.5, strand + 0.16))
        }
    }

    /// A soft pale cloud at a place: spray, steam, dust.
    func mistCloud(at place: Vec3, radius: Float, strength: Float) {
        let p = camera.project(place)
        if p.z < 1 { return }
        let r = radius * camera.focal / p.z
        let tone =
            air(9e5, Int(clamp(p.x, 0, Float(width - 1)))).colour * 0.9 + plan.palette.cloudLit
            * 0.15
        let r0 = max(0, Int(p.y - r)), r1 = min(height - 1, Int(p.y + r * 0.5))
        let c0 = max(0, Int(max(0, p.x - r * 1.5))),
            c1 = min(width - 1, Int(clamp(p.x + r * 1.5, -1, 1e5)))
        if r0 > r1 || c0 > c1 { return }
        for row in r0...r1 {
            for column in c0...c1 {
                let i = row * width + column
                if depth[i] < p.z * 0.9 { continue }
                let dx = (Float(column) - p.x) / (r * 1.5), dy = (Float(row) - p.y) / r
                let d = dx * dx + dy * dy
                if d >= 1 { continue }
                let n = noise.fractal(dx * 4 + 9, dy * 4, octaves: 3)
                let w = (1 - d) * (1 - d) * strength * (0.4 + 1.2 * n)
                colour[i] += (Vec4(tone, 1) - colour[i]) * min(0.9, w)
            }
        }
    }
}
