/// A mountain lake: frozen, or open water in summer.
struct LakeShores: Terrain {
    let noise: Noise
    let stage: Stage
    let relief: Float
    let isFrozen: Bool
    let seedX: Float
    /// Where the valley opens, as x / z.
    let gap: Float

    init(_ stage: Stage, isFrozen: Bool) {
        self.stage = stage
        noise = stage.noise
        self.isFrozen = isFrozen
        let plan = stage.plan
        relief = plan.relief * plan.distantScale
        seedX = Float((plan.noiseSeed &+ 23) % 61) * 3.7
        let c = stage.camera
        let column =
            plan.isBacklit
            ? plan.sunColumn * plan.worldScale : (1 - plan.subjectX) * Float(stage.width)
        gap = (column - c.centreColumn) / c.focal
    }

    @inline(__always)
    func height(_ x: Float, _ z: Float) -> Float {
        let shore = 150 + 90 * (noise.value(x * 0.004 + seedX, 2.5) - 0.5) * 2
        if z < shore { return -2 }
        let inland = z - shore
        let across = x / max(z, 1) - gap
        let open = 0.2 + 0.8 * smoothstep(0.02, 0.36, abs(across))
        var h = min(inland * 0.03, 4) - 1
        let hill = noise.fractal(x * 0.0017 + seedX, z * 0.0021, octaves: 2)
        h += smoothstep(0, 500, inland) * (10 + 120 * max(0, hill - 0.3)) * (0.3 + 0.7 * open)
        if inland < 800 {
            // A fringe of trees.
            h +=
                16 * noise.spires(x, z, cell: 5.5) * smoothstep(6, 30, inland)
                * (1 - smoothstep(350, 800, inland))
        }
        if z > 500 {
            let reach = z + 1_500 * (noise.value(x * 0.0016 + 3, z * 0.0008 + seedX) - 0.5)
            let rise = smoothstep(500, 650, z) * smoothstep(300, 3600, reach)
            let m = noise.eroded(x * 0.00074 + seedX * 0.3, z * 0.00066, octaves: 7)
            // Spurs reach into the valley.
            let spur = noise.value(x * 0.0011 + 7, z * 0.0013 + seedX) - 0.5
            let flank = 0.12 + 0.88 * smoothstep(0.02, 0.46, abs(across) + 0.3 * spur)
            let peak = max(0, m - 0.08) * 1.6
            let crest = noise.ridges(x * 0.0031 + seedX, z * 0.0027, octaves: 3)
            h += (1_640 * peak * (0.35 + 0.65 * peak) + 210 * crest) * rise * flank
        }
        return h * (z > 250 ? relief * 0.8 + 0.2 : 1)
    }

    @inline(__always)
    func surface(_ p: Vec3, normal: Vec3, z: Float) -> Vec3 {
        let level = p.y / max(relief, 0.3)
        // A low sun reaches the upper slopes only.
        let high = stage.plan.keyDirection.y > 0.35 ? 1 : smoothstep(60, 420, level)
        let wide = 260 / max(z, 1)
        let texture = noise.fractal(p.x * 0.05 * wide, p.y * 0.09 * wide + p.z * 0.02, octaves: 3)
        let treeLine: Float = (isFrozen ? 150 : 330) * relief + 200 * (texture - 0.5)
        let wood = Vec3(0.016, 0.026, 0.022) * (0.5 + 1.2 * texture)
        let isWood = z < 900 ? 1 : 1 - smoothstep(treeLine * 0.5, treeLine, p.y)
        if isWood >= 0.999 { return stage.lit(wood, normal: normal, shadow: high) }
        let ground = stage.alpine(p, normal: normal, z: z, level: level, open: high, look)
        if isWood <= 0 { return ground }
        return mix(ground, stage.lit(wood, normal: normal, shadow: high), isWood)
    }

    private var look: AlpineLook {
        isFrozen
            ? AlpineLook(pastureEnd: 1, snowStart: -200, snowWhole: 60)
            : AlpineLook(pastureEnd: 620, snowStart: 420, snowWhole: 820)
    }

    var tallest: Float { 2_300 * (relief * 0.8 + 0.2) + 200 }
}

/// Lake ice: dark clear ice, cracks, drifted snow.
struct IceGround: Ground {
    let stage: Stage
    let drift: Float

    func sample(_ p: Vec3, z: Float, footprint: Float, shadow: Float) -> GroundSample {
        let noise = stage.noise
        let broad = noise.fractal(p.x * 0.11 + 9, p.z * 0.045 + 4, octaves: 3)
        let far = smoothstep(30, 110, z)
        let snow = smoothstep(0.60 - drift - far * 0.12, 0.72 - drift, broad)
        let fine = noise.fractal(p.x * 1.7, p.z * 0.7, octaves: 2) - 0.5
        var ice = Vec3(0.045, 0.085, 0.12) * (0.9 + 0.5 * broad)
        // Cracks: where two slow noises cross.
        let detail = 1 - smoothstep(0.15, 0.7, footprint)
        if detail > 0 {
            let warp = noise.value(p.x * 0.8, p.z * 0.8) * 0.5
            let a = abs(noise.fractal(p.x * 0.31 + warp, p.z * 0.31 + 30, octaves: 2) - 0.5)
            let b = abs(noise.value(p.x * 0.9 + 80, p.z * 0.9 + warp) - 0.5)
            let line = max(
                1 - smoothstep(0, 0.006 + footprint * 0.02, a),
                0.5 * (1 - smoothstep(0, 0.012 + footprint * 0.03, b)) * smoothstep(0.4, 0.7, broad)
            )
            ice += Vec3(0.26, 0.32, 0.36) * (line * detail * 0.8)
        }
        let white = Vec3(0.74, 0.78, 0.84)
        let normal = normalize(Vec3(fine * 0.3, 1, -0.15 + fine * 0.4))
        let albedo = mix(ice, white, snow)
        let colour = stage.lit(albedo, normal: normal, shadow: shadow)
        return GroundSample(
            colour: colour, mirror: 0.30 * (1 - snow) * (0.8 + 0.4 * broad), gloss: 1 - snow * 0.93,
            slope: Vec2(fine * 0.010, fine * 0.014), smear: 2.2 * stage.unit)
    }
}

/// Open water with waves of a given strength.
struct WaterGround: Ground {
    let stage: Stage
    let swell: Float
    let tint: Vec3

    func sample(_ p: Vec3, z: Float, footprint: Float, shadow: Float) -> GroundSample {
        let noise = stage.noise
        let fade = 1 / (1 + footprint * 0.55)
        let long = noise.fractal(p.x * 0.16, p.z * 0.33, octaves: 2) - 0.5
        let short = noise.fractal(p.x * 0.8 + 7, p.z * 2.1, octaves: 2) - 0.5
        let side = noise.value(p.x * 0.7 + 40, p.z * 1.1) - 0.5
        let slope = (long * 0.7 + short * fade) * swell
        let calm = noise.fractal(p.x * 0.012, p.z * 0.05 + 3, octaves: 2)
        let colour =
            tint * (stage.light.ambientSky * 0.9 + stage.light.key * 0.18)
            * (1 + slope * 2.2)
        return GroundSample(
            colour: colour, mirror: 0.26, gloss: 1,
            slope: Vec2(side * swell * 0.10 * fade, slope * (0.05 + 0.06 * calm)),
            smear: (1.2 + 4.5 * swell) * stage.unit)
    }
}

extension Stage {
    func buildLake(_ trace: SubjectTrace) {
        let isFrozen = plan.scene != .lake
        paintSky()
        setAir(density: 0.00013)
        march(
            LakeShores(self, isFrozen: isFrozen), near: 60, far: 9_000, ratio: 1.0125,
            fineness: 2.4)
        shoreTrees(isFrozen: isFrozen)
        shoreMist(from: 60, strength: 0.55)
        if isFrozen {
            let drift: Float = plan.mood == .mysterious || plan.mood == .nostalgic ? 0.10 : 0.02
            plane(IceGround(stage: self, drift: drift), trace: trace, farthest: 420)
        } else {
            plane(
                WaterGround(stage: self, swell: 0.35, tint: Vec3(0.03, 0.075, 0.09)),
                trace: trace, farthest: 420)
        }
        reeds(trace)
        birds(count: 5)
    }

    private func shoreTrees(isFrozen: Bool) {
        let plants = Plants(noise: noise)
        let images = [plants.conifer(0), plants.conifer(1), plants.conifer(2)]
        var trees: [(Vec3, Float, Int)] = []
        for i in 0..<150 {
            let cluster = hashUnit(i / 9, 4, salt: UInt32(truncatingIfNeeded: plan.noiseSeed))
            let lateral = (cluster - 0.5) * 2.1 + random.between(-0.12, 0.12)
            let z = random.between(70, 190)
            let x = camera.position.x + lateral * z * Float(width) / (2 * camera.focal) * 1.1
            let tall = random.between(6, 13) * (0.7 + 0.3 * plan.distantScale)
            trees.append((Vec3(x, -0.4, camera.position.z + z), tall, i % 3))
        }
        trees.sort { $0.0.z > $1.0.z }
        for (foot, tall, kind) in trees {
            var look = SpriteLook(albedo: Vec3(0.05, 0.075, 0.06))
            look.capAmount = isFrozen ? 0.2 : 0
            look.translucency = 0.05
            sprite(images[kind], foot: foot, tall: tall, look: look)
        }
    }

    /// A veil over the far side of the water, so that the subject stands before one pale value.
    func shoreMist(from nearest: Float, strength: Float) {
        let hy = camera.horizonRow
        let veilRow = hy + camera.focal * camera.position.y / 150
        let tall = 0.085 * Float(height) * (0.75 + 0.25 * plan.palette.fog)
        let amount = strength * clamp(0.55 + 0.25 * plan.palette.fog)
        let first = max(0, Int(veilRow - tall * 2.2)), last = min(height, Int(veilRow + tall * 0.6))
        if first >= last { return }
        for row in first..<last {
            let d = (Float(row) - veilRow) / tall
            let profile = d < 0 ? exp(d * 2.4) : exp(-d * 5)
            for column in 0..<width {
                let i = row * width + column
                let z = depth[i]
                if z < nearest || z == .infinity { continue }
                let n = noise.fractal(
                    Float(column) / (70 * unit), Float(row) / (26 * unit), octaves: 2)
                let far = air(9e5, column).colour
                let t = profile * amount * (0.55 + 0.8 * n) * smoothstep(2_500, 150, z)
                colour[i] += (Vec4(far, 1) - colour[i]) * min(0.9, t)
            }
        }
    }

    /// A clump of reeds in front, on the side away from the subject.
    func reeds(_ trace: SubjectTrace) {
        let side: Float = plan.subjectX > 0.5 ? -1 : 1
        let d = trace.distance
        let halfWidth = d * Float(width) / (2 * camera.focal)
        let isClose = plan.framing.isClose
        let middle = camera.position.x + side * halfWidth * (isClose ? 0.86 : 0.66)
        let scale = isClose ? d * 0.2 : max(0.6, d * 0.17)
        for i in 0..<(isClose ? 26 : 70) {
            let spread = random.between(-1, 1)
            let x = middle + spread * abs(spread) * halfWidth * 0.42
            let z = random.between(-0.24, 0.3) * d
            let tall = random.between(0.5, 1.25) * scale * (1 - 0.35 * abs(spread))
            let lean = random.between(-0.22, 0.28) * tall
            let foot = Vec3(x, 0, z)
            let bend = Vec3(x + lean * 0.35, tall * 0.6, z)
            let tip = Vec3(x + lean, tall, z)
            let r = (isClose ? 0.007 : 0.0045) * scale
            let shade = random.between(0.6, 1.25)
            let straw = Vec3(0.30, 0.19, 0.08) * shade
            let c =
                lit(straw, normal: normalize(Vec3(lean, 0.35, -0.8)))
                + straw * light.key * (0.35 * max(0, light.keyDirection.z))
            stroke(foot, bend, r * 1.3, r, c)
            stroke(bend, tip, r, r * 0.5, c)
            if i % 3 == 0 {
                let neck = mix(bend, tip, 0.62)
                stroke(neck, mix(bend, tip, 0.96), r * 3.4, r * 3.0, c * Vec3(0.55, 0.42, 0.32))
            }
        }
    }

    /// A few birds far away: something of known size.
    func birds(count: Int) {
        if plan.framing.isClose || plan.lighting == .low { return }
        let cx = (1 - plan.subjectX) * Float(width) * 0.9 + 0.05 * Float(width)
        let cy = camera.horizonRow * 0.62 + plan.activeTop * plan.worldScale * 0.3
        for _ in 0..<count {
            let x = cx + random.between(-0.16, 0.16) * Float(width)
            let y = cy + random.between(-0.08, 0.08) * Float(height)
            let s = random.between(3.2, 6.5) * unit
            let flap = random.between(-0.2, 0.75)
            let c = mix(sky.sample(x, y) * 0.25, plan.palette.cloudShade, 0.4)
            let z: Float = 400
            line(Vec2(x, y), Vec2(x - s, y - s * flap), 0.75 * unit, 0.3, z, z, c)
            line(Vec2(x, y), Vec2(x + s, y - s * flap * 0.8), 0.75 * unit, 0.3, z, z, c)
        }
    }
}
