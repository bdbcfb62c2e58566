/// Wind-carved snow.
struct SnowGround: Ground {
    let stage: Stage

    func sample(_ p: Vec3, z: Float, footprint: Float, shadow: Float) -> GroundSample {
        let noise = stage.noise
        let detail = 1 - smoothstep(0.05, 0.5, footprint)
        let warp = noise.fractal(p.x * 0.25, p.z * 0.12, octaves: 3)
        let wave = noise.fractal(p.x * 0.5 + warp * 2, p.z * 1.3 + warp * 3, octaves: 3) - 0.5
        let broad = noise.fractal(p.x * 0.05, p.z * 0.035, octaves: 3) - 0.5
        let sparkle = hashUnit(Int(p.x * 90), Int(p.z * 90), salt: 5)
        let normal = normalize(
            Vec3(wave * 0.5 * detail + broad * 0.8, 1, wave * 1.1 * detail + broad * 1.2 - 0.05))
        var c = stage.lit(Vec3(0.78, 0.81, 0.86), normal: normal, shadow: shadow)
        if sparkle > 0.9985 && detail > 0.3 { c += stage.light.key * (0.5 * shadow) }
        return GroundSample(colour: c)
    }
}

extension Stage {
    func buildSnowfield(_ trace: SubjectTrace) {
        paintSky()
        if plan.lighting == .low || plan.lighting == .blue { aurora() }
        setAir(density: 0.00035, near: plan.palette.ambient * 0.8 + plan.palette.horizon * 0.2)
        let start = trace.distance + 16
        march(
            Fields(
                stage: self, salt: layout(13) * 30, start: start + camera.position.z,
                tall: 26 * plan.relief, isSnowy: true, albedo: Vec3(0.76, 0.79, 0.84),
                second: Vec3(0.78, 0.80, 0.85)), near: start, far: 9_000, ratio: 1.0125)
        let plants = Plants(noise: noise)
        let firs = [plants.conifer(0), plants.conifer(1), plants.conifer(2)]
        var look = SpriteLook(albedo: Vec3(0.045, 0.062, 0.055))
        look.capAmount = 0.55
        look.cap = Vec3(0.7, 0.74, 0.8)
        look.translucency = 0.05
        for i in 0..<60 {
            let z = trace.distance + 150 - Float(i) * 2.2
            let cluster = hashUnit(i / 8, 6, salt: UInt32(truncatingIfNeeded: plan.noiseSeed))
            let x =
                camera.position.x + ((cluster - 0.5) * 2.1 + random.between(-0.2, 0.2))
                * halfWidth(at: z)
            if abs(x) < 4 && z < trace.distance + 30 { continue }
            sprite(
                firs[i % 3], foot: Vec3(x, -0.6, z + camera.position.z), tall: random.between(3, 9),
                look: look)
        }
        shoreMist(from: 30, strength: 0.5)
        let side = freeSide
        let cabin = trace.distance + 38
        house(
            Vec3(
                camera.position.x + side * halfWidth(at: cabin) * 0.5, -0.2,
                cabin + camera.position.z),
            width: 8, depth: 6, wall: 2.7, roof: 2.6, paint: Vec3(0.17, 0.10, 0.07), snow: 0.95)
        plane(SnowGround(stage: self), trace: trace, farthest: start + 30)
        footprints(trace)
        birchTree(
            Vec3(
                camera.position.x + side * halfWidth(at: trace.distance) * 0.86, 0,
                trace.distance * 0.2),
            tall: max(2.2, trace.height * 2.3))
        birds(count: 3)
    }

    /// Marks that lead to where the subject stands.
    private func footprints(_ trace: SubjectTrace) {
        let angle = plan.yaw * pi / 180
        let forward = Vec3(cosine(angle), 0, sine(angle))
        let size = 0.05 + 0.035 * trace.height
        for k in 1..<26 {
            let along = Float(k) * size * 4.2 + trace.length * 0.5
            let sideways = (k % 2 == 0 ? Float(1) : -1) * size * 0.9
            let p = forward * -along + Vec3(forward.z, 0, -forward.x) * sideways
            let s = camera.project(p)
            if s.z < 0.5 { continue }
            let rx = size * camera.focal / s.z
            let ry = max(0.6, rx * camera.position.y / s.z)
            let r0 = max(0, Int(s.y - ry * 2)), r1 = min(height - 1, Int(s.y + ry * 2))
            let c0 = max(0, Int(max(0, s.x - rx * 2))),
                c1 = min(width - 1, Int(clamp(s.x + rx * 2, -1, 1e5)))
            if r0 > r1 || c0 > c1 { continue }
            for row in r0...r1 {
                for column in c0...c1 {
                    let dx = (Float(column) + 0.5 - s.x) / rx, dy = (Float(row) + 0.5 - s.y) / ry
                    let d = dx * dx + dy * dy
                    let w = clamp(1.2 - d) * 0.5
                    let i = row * width + column
                    if w <= 0 || depth[i] < s.z * 0.9 { continue }
                    colour[i] *= 1 - w * (dy < 0 ? 1 : 0.4)
                }
            }
        }
    }

    /// A bare tree drawn branch by branch.
    func birchTree(_ foot: Vec3, tall: Float, albedo: Vec3 = Vec3(0.13, 0.11, 0.10)) {
        let c = lit(albedo, normal: normalize(Vec3(-freeSide * 0.6, 0.2, -0.7)))
        var random = RandomSequence(seed: plan.noiseSeed &+ 31)
        func grow(_ base: Vec3, _ direction: Vec3, _ length: Float, _ radius: Float, _ level: Int) {
            let bend = Vec3(random.between(-0.12, 0.12), 0.04, 0)
            let middle = base + direction * (length * 0.5)
            let end = middle + normalize(direction + bend) * (length * 0.5)
            stroke(base, middle, radius, radius * 0.85, c)
            stroke(middle, end, radius * 0.85, radius * 0.65, c)
            if level >= 5 { return }
            let count = level == 0 ? 4 : 3
            for k in 0..<count {
                let angle = random.between(0.3, 0.85) * (k % 2 == 0 ? 1 : -1)
                let turned = Vec3(
                    direction.x * cosine(angle) - direction.y * sine(angle),
                    direction.x * sine(angle) + direction.y * cosine(angle), direction.z)
                let at = k == count - 1 ? end : mix(middle, end, random.unit())
                grow(
                    at, normalize(turned + Vec3(0, 0.1, 0)), length * random.between(0.55, 0.75),
                    radius * 0.55, level + 1)
            }
        }
        grow(foot, normalize(Vec3(random.between(-0.08, 0.08), 1, 0)), tall * 0.36, tall * 0.022, 0)
    }

    /// Curtains of northern light.
    private func aurora() {
        let hy = camera.horizonRow
        for row in 0..<max(0, min(height, Int(hy))) {
            let e = (hy - Float(row)) / (Float(height) * 0.6)
            for column in 0..<width {
                let u = Float(column) / Float(width)
                var sum: Float = 0
                for band in 0..<2 {
                    let b = Float(band)
                    let base =
                        0.30 + 0.22 * b + 0.26
                        * (noise.fractal(u * 2.2 + b * 9, 5 + b, octaves: 2) - 0.5)
                    let over = e - base
                    let ray = 0.55 + 0.75 * noise.value(u * 34 + b * 17 + over * 2, 2.5)
                    let low = smoothstep(-0.03, 0.015, over)
                    sum +=
                        low * exp(-max(0, over) * 4.2) * ray
                        * (0.3 + 0.7 * noise.value(u * 3.1 + b * 5, 8))
                }
                let i = row * width + column
                let tone = mix(
                    Vec3(0.05, 0.42, 0.24), Vec3(0.22, 0.10, 0.36), smoothstep(0.35, 0.9, e))
                colour[i] += Vec4(tone * (sum * (1 - plan.palette.cover * 0.5)), 0)
            }
        }
    }
}
