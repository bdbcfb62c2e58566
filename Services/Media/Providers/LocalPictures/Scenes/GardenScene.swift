/// Gravel walk between lawns.
struct GardenGround: Ground {
    let stage: Stage
    let lawn: TurfGround
    let half: Float

    func sample(_ p: Vec3, z: Float, footprint: Float, shadow: Float) -> GroundSample {
        let u = abs(p.x) - half - 0.16 * sine(p.z * 1.9)
        let detail = 1 - smoothstep(0.04, 0.4, footprint)
        if u > 0.12 {
            var s = lawn.sample(p, z: z, footprint: footprint, shadow: shadow)
            let mown: Float = fraction(p.z / 2.4) < 0.5 ? 1.12 : 0.9
            s.colour *= mown
            return s
        }
        let noise = stage.noise
        // Paving stones with grass in the joints.
        let row = floorIndex(p.z / 0.75)
        let x = p.x / 0.95 + (row & 1 == 0 ? 0.5 : 0) + 0.2 * hashUnit(row, 4)
        let tone = hashUnit(floorIndex(x), row, salt: 12)
        let fx = fraction(x) - 0.5, fz = fraction(p.z / 0.75) - 0.5
        let joint = smoothstep(0.42, 0.48, max(abs(fx), abs(fz)))
        let fine = noise.fractal(p.x * 6, p.z * 6, octaves: 3) - 0.5
        let stone =
            mix(Vec3(0.27, 0.24, 0.20), Vec3(0.40, 0.36, 0.30), tone) * (1 + 0.5 * fine * detail)
        let albedo = mix(stone, Vec3(0.07, 0.10, 0.03), joint * (0.4 + 0.6 * detail))
        let normal = normalize(Vec3(fine * 0.4 * detail, 1, fine * 0.4 * detail))
        return GroundSample(colour: stage.lit(albedo, normal: normal, shadow: shadow), gloss: 0.25)
    }
}

extension Stage {
    func buildGarden(_ trace: SubjectTrace) {
        paintSky()
        setAir(density: 0.0022, near: plan.palette.ambient * 0.6 + plan.palette.horizon * 0.15)
        let plants = Plants(noise: noise)
        let cypress = plants.cypress(), tree = plants.broadleaf(1), tree2 = plants.broadleaf(5)
        let bush = plants.broadleaf(3, hasTrunk: false)
        let green = Vec3(0.075, 0.115, 0.032)
        let d = trace.distance, half = max(1.7, trace.length * 0.7 + 0.5)
        // The wood at the end of the garden.
        for i in 0..<40 {
            let z = d + 78 - Float(i) * 0.8
            let x = camera.position.x + random.between(-1.15, 1.15) * halfWidth(at: z)
            var look = SpriteLook(albedo: green * random.between(0.5, 1.0))
            look.translucency = 0.35
            let open = smoothstep(0.06, 0.35, abs((x - camera.position.x) / z - openGap))
            sprite(
                i % 2 == 0 ? tree : tree2, foot: Vec3(x, -0.5, z + camera.position.z),
                tall: random.between(6, 13) * (0.45 + 0.55 * open), look: look, isFlipped: i % 4 < 2
            )
        }
        shoreMist(from: 25, strength: 0.45)
        pavilion(Vec3(0, 0, camera.position.z + d + 42))
        for k in 0..<5 {
            let z = d + 36 - Float(k) * 7.2
            for side in [Float(-1), 1] {
                var look = SpriteLook(albedo: Vec3(0.045, 0.07, 0.03))
                look.translucency = 0.2
                sprite(
                    cypress, foot: Vec3(side * (half + 4.1), -0.05, z + camera.position.z),
                    tall: 5.6 + 1.4 * hashUnit(k, 4), look: look)
            }
        }
        hedges(half: half, d: d)
        plane(
            GardenGround(
                stage: self,
                lawn: TurfGround(
                    stage: self, albedo: green * 1.2, second: green * Vec3(1.7, 1.35, 1.2)),
                half: half), trace: trace, farthest: d + 90)
        flowerBeds(trace, plants, bush: bush, half: half)
        blossomBranch(trace)
    }

    /// A round temple of columns at the end of the walk.
    private func pavilion(_ foot: Vec3) {
        let stone = Vec3(0.52, 0.48, 0.42)
        let radius: Float = 3.2
        box(foot + Vec3(-radius - 0.6, 0, -radius), foot + Vec3(radius + 0.6, 0.5, radius)) {
            _, n in
            self.lit(stone * 0.8, normal: n)
        }
        for k in 0..<7 {
            let a = Float(k) / 7 * 2 * pi + 0.22
            let base = foot + Vec3(cosine(a) * radius, 0.5, sine(a) * radius)
            let shade: Float = sine(a) > 0 ? 0.55 : 1
            for s in [Float(-1), 1] {
                let c = lit(stone * shade, normal: normalize(Vec3(s * 0.8, 0.1, -0.6)))
                stroke(base + Vec3(s * 0.09, 0, 0), base + Vec3(s * 0.08, 4.2, 0), 0.15, 0.13, c)
            }
        }
        box(foot + Vec3(-radius - 0.4, 4.7, -radius), foot + Vec3(radius + 0.4, 5.3, radius)) {
            _, n in
            self.lit(stone, normal: n)
        }
        for k in 0..<12 {
            let t = Float(k) / 12, t2 = Float(k + 1) / 12
            let r = (1 - t * t).squareRoot() * radius
            let c = lit(
                Vec3(0.22, 0.27, 0.25), normal: normalize(Vec3(-freeSide * 0.5, t + 0.2, -0.6)))
            let y = 5.3 + 2.3 * t
            stroke(
                foot + Vec3(-r * 0.9, y, -1), foot + Vec3(r * 0.9, y, -1), 2.5 / 12,
                2.5 / 12 * (t2 > 0.9 ? 0.7 : 1), c)
        }
    }

    private func hedges(half: Float, d: Float) {
        for side in [Float(-1), 1] {
            for k in 0..<4 {
                let z = camera.position.z + d * 0.8 + 6 + Float(3 - k) * 9.5
                let low = Vec3(side > 0 ? half + 1.6 : -half - 3.2, 0, z)
                let high = low + Vec3(1.6, 1.25, 7.6)
                box(low, high) { p, n in
                    let q = p.position
                    let leaf = self.noise.fractal((q.x + q.z) * 3.4, q.y * 4.4 + q.z, octaves: 3)
                    let m = normalize(n + Vec3(leaf - 0.5, leaf - 0.4, 0) * 1.1)
                    return self.lit(Vec3(0.05, 0.078, 0.028) * (0.35 + 1.3 * leaf), normal: m)
                }
            }
        }
    }

    private func flowerBeds(_ trace: SubjectTrace, _ plants: Plants, bush: SpriteImage, half: Float)
    {
        let blossom = [
            plants.grass(6, blades: 14, heads: 0.055), plants.grass(8, blades: 20, heads: 0.04),
        ]
        let leaves = plants.grass(3, blades: 36)
        let d = trace.distance
        let sets: [[Vec3]] = [
            [Vec3(0.75, 0.08, 0.10), Vec3(0.85, 0.5, 0.55), Vec3(0.85, 0.8, 0.72)],
            [Vec3(0.45, 0.28, 0.70), Vec3(0.70, 0.45, 0.78), Vec3(0.86, 0.82, 0.75)],
            [Vec3(0.88, 0.55, 0.10), Vec3(0.80, 0.22, 0.06), Vec3(0.88, 0.78, 0.35)],
        ]
        let petals = sets[Int(layout(60) * 2.99)]
        for i in 0..<300 {
            let z = d * (3.2 - 2.65 * Float(i) / 300)
            let side: Float = i % 2 == 0 ? 1 : -1
            let x = side * (half + 0.35 + 1.15 * random.unit())
            let wz = z + camera.position.z
            let isLeaf = i % 5 < 2
            let patch = hashUnit(floorIndex(wz * 0.5), i % 2, salt: 31)
            let petal = petals[Int(patch * 2.99)]
            var look = SpriteLook(
                albedo: (isLeaf ? Vec3(0.07, 0.12, 0.035) : petal) * random.between(0.7, 1.2))
            look.translucency = 0.55
            sprite(
                isLeaf ? leaves : blossom[i % 2], foot: Vec3(x, -0.02, wz),
                tall: random.between(0.32, 0.75),
                look: look, isFlipped: i % 4 < 2, stretch: 1.35)
        }
        for i in 0..<8 {
            let z = d * (1.9 - 0.1 * Float(i))
            let side: Float = i % 2 == 0 ? 1 : -1
            var look = SpriteLook(albedo: Vec3(0.055, 0.085, 0.03))
            look.translucency = 0.3
            sprite(
                bush,
                foot: Vec3(side * (half + 3 + random.between(0, 2)), -0.1, z + camera.position.z),
                tall: random.between(0.9, 1.7), look: look)
        }
    }

    /// A branch in flower that frames the upper corner.
    private func blossomBranch(_ trace: SubjectTrace) {
        let side = freeSide
        let z = camera.position.z + trace.distance * 0.8
        let d = trace.distance * 0.8
        let hw = halfWidth(at: d)
        let top =
            camera.position.y + (camera.horizonRow - plan.activeTop * plan.worldScale) * d
            / camera.focal
        var p = Vec3(camera.position.x + side * hw * 1.05, top - 0.03 * hw, z)
        let wood = lit(Vec3(0.07, 0.05, 0.045), normal: Vec3(-0.3, -0.3, -0.9))
        let petal = Vec3(0.85, 0.55, 0.58)
        for k in 0..<9 {
            let q = p + Vec3(-side * hw * 0.085, hw * random.between(-0.055, 0.02), 0)
            stroke(
                p, q, hw * 0.012 * (1.1 - Float(k) * 0.1), hw * 0.011 * (1 - Float(k) * 0.1), wood)
            for _ in 0..<9 {
                let o = Vec3(random.between(-0.05, 0.05), random.between(-0.07, 0.04), 0) * hw
                let s = q + o
                let shade = lit(
                    petal * random.between(0.7, 1.15),
                    normal: normalize(Vec3(o.x, o.y + 0.02, -0.05)))
                let glow = petal * light.key * (0.3 * max(0, light.keyDirection.z))
                let r = hw * random.between(0.006, 0.014)
                stroke(s, s + Vec3(r * 0.8, r * 0.5, 0), r, r * 0.8, shade + glow)
            }
            p = q
        }
    }
}
