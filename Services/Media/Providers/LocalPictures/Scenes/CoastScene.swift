/// A beach with surf, a headland and dune grass.
struct BeachGround: Ground {
    let stage: Stage
    let side: Float
    /// Depth of the water line before the subject's plane, in metres behind it.
    let reach: Float

    func sample(_ p: Vec3, z: Float, footprint: Float, shadow: Float) -> GroundSample {
        let noise = stage.noise
        let wander = (noise.fractal(p.x * 0.06, 3, octaves: 3) - 0.5) * 5
        let out = p.z - reach - p.x * side * 0.45 - wander
        let fine = noise.fractal(p.x * 1.4, p.z * 1.4, octaves: 3) - 0.5
        if out > 0 {
            // Water: green shallows, lines of foam that follow the shore.
            let depth = 1 - exp(-out * 0.05)
            let fade = 1 / (1 + footprint * 0.5)
            let long = noise.fractal(p.x * 0.1, p.z * 0.3, octaves: 3) - 0.5
            let tint = mix(Vec3(0.09, 0.16, 0.14), Vec3(0.02, 0.06, 0.08), depth)
            var c = tint * (stage.light.ambientSky + stage.light.key * 0.3) * (1 + long)
            let rows = out * 0.11 + noise.fractal(p.x * 0.05, p.z * 0.02, octaves: 3) * 2.4
            let phase = fraction(rows)
            let lace = noise.fractal(p.x * 0.5, p.z * 1.1, octaves: 4)
            let breaker = smoothstep(0.74, 0.97, phase) * smoothstep(1.04, 0.98, phase)
            var foam = breaker * smoothstep(70, 20, out) * smoothstep(0.25, 0.5, lace) * 1.2
            foam = max(foam, smoothstep(3.4, 0.2, out) * smoothstep(0.3, 0.55, lace))
            let white = stage.lit(Vec3(0.86, 0.88, 0.88), normal: Vec3(0, 0.96, -0.28))
            c = mix(c, white, clamp(foam))
            return GroundSample(
                colour: c, mirror: 0.22 * (1 - foam), gloss: 1 - foam,
                slope: Vec2(fine * 0.02 * fade, long * 0.10 * fade), smear: 3 * stage.unit)
        }
        let wet = smoothstep(-4.5, -0.4, out)
        let ripple = sine(p.z * 7 + p.x * 2.2 + fine * 7) * 0.5
        let detail = 1 - smoothstep(0.05, 0.35, footprint)
        let grain = noise.value(p.x * 17, p.z * 17) - 0.5
        let dry = Vec3(0.50, 0.39, 0.26) * (0.9 + 0.35 * fine + 0.16 * grain * detail)
        let albedo = mix(dry, Vec3(0.17, 0.13, 0.10), wet * 0.85)
        let bump = detail * (1 - wet) * 0.30
        let normal = normalize(Vec3(fine * 0.7 * detail, 1, ripple * bump + fine * 0.35))
        return GroundSample(
            colour: stage.lit(albedo, normal: normal, shadow: shadow), mirror: 0.26 * wet,
            gloss: wet, slope: Vec2(fine * 0.006, fine * 0.01), smear: 2.5 * stage.unit)
    }
}

/// A headland of cliffs on one side of the bay.
struct Headland: Terrain {
    let stage: Stage
    let side: Float
    let salt: Float

    @inline(__always)
    func height(_ x: Float, _ z: Float) -> Float {
        let noise = stage.noise
        let lateral = x * side / max(1, z)
        let edge =
            0.16 + 0.34 * smoothstep(1200, 160, z) + 0.2 * (noise.value(z * 0.006, salt) - 0.5)
        let inside = lateral - edge
        if inside < 0 { return -3 }
        let crag = noise.fractal(x * 0.02 + salt, z * 0.02, octaves: 4)
        let wall = smoothstep(0, 0.05, inside) * (24 + 40 * crag)
        let top = smoothstep(0.02, 0.5, inside) * 60 * noise.value(x * 0.004, z * 0.004 + salt)
        return (wall + top) * (0.5 + 0.5 * stage.plan.distantScale) * stage.plan.relief - 2
    }

    @inline(__always)
    func surface(_ p: Vec3, normal: Vec3, z: Float) -> Vec3 {
        let noise = stage.noise
        let k = 90 / max(30, z)
        let layers = noise.fractal(p.x * 0.03 * k, p.y * 0.35 * k, octaves: 4)
        let rock = mix(Vec3(0.12, 0.10, 0.09), Vec3(0.36, 0.30, 0.24), layers)
        let grass = Vec3(0.10, 0.13, 0.05) * (0.5 + layers)
        return stage.lit(
            mix(rock, grass, smoothstep(0.55, 0.85, normal.y)), normal: normal)
    }
}

extension Stage {
    func buildCoast(_ trace: SubjectTrace) {
        paintSky()
        setAir(density: 0.00028)
        let side = -freeSide * (layout(2) > 0.85 ? -1 : 1)
        march(
            Headland(stage: self, side: side, salt: layout(3) * 50), near: 130, far: 4_000,
            ratio: 1.012)
        let land = FarLand(
            stage: self, albedo: Vec3(0.07, 0.08, 0.07), tall: 260 * plan.distantScale,
            nearest: 4_000, salt: layout(4) * 40, gap: openGap)
        march(land, near: 4_200, far: 9_000, ratio: 1.03)
        plane(
            BeachGround(stage: self, side: side, reach: max(2.5, trace.distance * 0.55)),
            trace: trace)
        shoreMist(from: 60, strength: 0.4)
        duneGrass(trace, side: freeSide)
        birds(count: 6)
    }

    /// Tall grass in the near corner.
    func duneGrass(_ trace: SubjectTrace, side: Float, albedo: Vec3 = Vec3(0.30, 0.25, 0.11)) {
        let d = trace.distance
        let scale = plan.framing.isClose ? d * 0.26 : max(0.35, d * 0.13)
        let middle = camera.position.x + side * halfWidth(at: d * 0.75) * 0.8
        for _ in 0..<130 {
            let spread = random.between(-1, 1)
            let x = middle + spread * abs(spread) * halfWidth(at: d * 0.75) * 0.55
            let z = random.between(-0.42, -0.08) * d
            let tall = random.between(0.4, 1.1) * scale * (1 - 0.5 * abs(spread))
            let lean = random.between(-0.2, 0.55) * tall * -side
            let foot = Vec3(x, 0, z), bend = Vec3(x + lean * 0.4, tall * 0.65, z)
            let tip = Vec3(x + lean * 1.2, tall * 0.95, z)
            let straw = albedo * random.between(0.5, 1.25)
            let c =
                lit(straw, normal: normalize(Vec3(lean, 0.5, -0.8)))
                + straw * light.key * (0.4 * max(0, light.keyDirection.z))
            let r = 0.010 * scale
            stroke(foot, bend, r, r * 0.8, c)
            stroke(bend, tip, r * 0.8, r * 0.2, c)
        }
    }
}
