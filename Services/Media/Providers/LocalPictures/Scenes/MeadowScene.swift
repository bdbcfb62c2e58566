/// Rolling farmland with hedges and woods.
struct Fields: Terrain {
    let stage: Stage
    let salt: Float
    let start: Float
    /// Height of the hills, and how wide the way in the middle stays low (0: no way).
    let tall: Float
    let isSnowy: Bool
    let albedo: Vec3
    let second: Vec3

    @inline(__always)
    func height(_ x: Float, _ z: Float) -> Float {
        let noise = stage.noise
        let rise = smoothstep(start, start + 130, z)
        let roll = noise.fractal(x * 0.0042 + salt, z * 0.0052, octaves: 2)
        var h = -0.4 + rise * (roll - 0.22) * tall * (0.5 + min(2.4, z / 700))
        if z > 150 {
            let wood = smoothstep(
                0.55, 0.58, noise.fractal(x * 0.006 + 9, z * 0.009 + salt, octaves: 2))
            let tips = noise.fractal(x * 0.15, z * 0.06, octaves: 3)
            h += wood * (3 + 11 * tips) * smoothstep(150, 320, z)
        }
        if z > 1_800 {
            let far = noise.fractal(x * 0.0007 + salt, z * 0.0004, octaves: 4)
            h +=
                smoothstep(1_800, 5_000, z) * far * 330 * stage.plan.relief
                * stage.plan.distantScale
        }
        return h
    }

    @inline(__always)
    func surface(_ p: Vec3, normal: Vec3, z: Float) -> Vec3 {
        let noise = stage.noise
        let wood = smoothstep(
            0.55, 0.58, noise.fractal(p.x * 0.006 + 9, p.z * 0.009 + salt, octaves: 2))
        let k = 120 / max(40, z)
        let t = noise.fractal(p.x * 0.2 * k, p.z * 0.2 * k, octaves: 3)
        // A patchwork of fields, each with its rows.
        let warpX = p.x + 40 * noise.value(p.z * 0.006, 2),
            warpZ = p.z + 40 * noise.value(p.x * 0.006, 5)
        let cell = hashUnit(floorIndex(warpX * 0.0065), floorIndex(warpZ * 0.0045), salt: 3)
        let rows = 0.5 + 0.5 * sine((p.x * (cell - 0.3) + p.z * 0.25) * 1.1)
        let seen = smoothstep(700, 120, z)
        var a = mix(albedo, second, smoothstep(0.25, 0.75, cell)) * (0.72 + 0.55 * t)
        a *= 1 - 0.22 * rows * seen * (isSnowy ? 0.15 : 1)
        let woods = isSnowy ? Vec3(0.07, 0.085, 0.085) : Vec3(0.032, 0.050, 0.022)
        a = mix(a, woods * (0.5 + t), wood * smoothstep(150, 320, z))
        return stage.lit(a, normal: normal)
    }
}

/// Grass or snow underfoot.
struct TurfGround: Ground {
    let stage: Stage
    let albedo: Vec3
    let second: Vec3

    func sample(_ p: Vec3, z: Float, footprint: Float, shadow: Float) -> GroundSample {
        let noise = stage.noise
        let broad = noise.fractal(p.x * 0.22, p.z * 0.16, octaves: 3)
        let detail = 1 - smoothstep(0.05, 0.5, footprint)
        let blades = noise.fractal(p.x * 9, p.z * 3.2, octaves: 2) - 0.5
        let wind = noise.fractal(p.x * 0.06 + 3, p.z * 0.11, octaves: 2)
        let a = mix(albedo, second, broad) * (1 + 1.1 * blades * detail) * (0.7 + 0.6 * wind)
        let normal = normalize(Vec3(blades * 0.9 * detail, 1, -0.35 + blades * detail))
        var c = stage.lit(a, normal: normal, shadow: shadow)
        c += a * stage.light.key * (0.22 * max(0, stage.light.keyDirection.z) * shadow)
        return GroundSample(colour: c)
    }
}

extension Stage {
    func buildMeadow(_ trace: SubjectTrace) {
        paintSky()
        setAir(density: 0.00017)
        let wheat = plan.noiseSeed % 5 < 2
        let green = Vec3(0.105, 0.135, 0.035), straw = Vec3(0.34, 0.235, 0.075)
        let albedo = wheat ? straw : green,
            second = wheat ? Vec3(0.26, 0.2, 0.06) : Vec3(0.19, 0.17, 0.05)
        let start = trace.distance + 14
        march(
            Fields(
                stage: self, salt: layout(8) * 30, start: start + camera.position.z,
                tall: 34 * plan.relief,
                isSnowy: false, albedo: green * 1.1, second: straw), near: start, far: 9_000,
            ratio: 1.0125)
        let plants = Plants(noise: noise)
        let oak = plants.broadleaf(1), bushes = plants.broadleaf(3, hasTrunk: false)
        let side = freeSide
        farmstead(side: side)
        for i in 0..<34 {
            let z = 46 + Float(33 - i) * 5
            let x = camera.position.x + random.between(-1.1, 1.1) * halfWidth(at: z)
            var look = SpriteLook(albedo: Vec3(0.06, 0.085, 0.028) * random.between(0.7, 1.3))
            look.translucency = 0.4
            sprite(
                i % 3 == 0 ? oak : bushes, foot: Vec3(x, -0.8, z + camera.position.z),
                tall: random.between(2.2, i % 3 == 0 ? 8.5 : 4), look: look, isFlipped: i % 2 == 0)
        }
        shoreMist(from: 40, strength: 0.35)
        // The lone tree, on the side of the light.
        let treeZ = trace.distance + 24
        let tree = Vec3(
            camera.position.x + side * halfWidth(at: treeZ) * 0.56, -0.3, treeZ + camera.position.z)
        var look = SpriteLook(albedo: Vec3(0.075, 0.095, 0.03))
        look.translucency = 0.5
        sprite(oak, foot: tree, tall: 11 * (0.6 + 0.4 * plan.distantScale), look: look)
        plane(
            TurfGround(stage: self, albedo: albedo, second: second), trace: trace,
            farthest: start + 30)
        meadowGrass(trace, plants, wheat: wheat, albedo: albedo)
        birds(count: 5)
    }

    /// Rows of grass or ears before and behind the subject, flowers between.
    func meadowGrass(_ trace: SubjectTrace, _ plants: Plants, wheat: Bool, albedo: Vec3) {
        let images = [
            plants.grass(4, blades: 34, heads: wheat ? 0.026 : 0),
            plants.grass(5, blades: 26, heads: wheat ? 0.022 : 0),
        ]
        let blossom = plants.grass(6, blades: 12, heads: 0.05)
        let d = trace.distance
        let petals = [Vec3(0.75, 0.10, 0.06), Vec3(0.85, 0.72, 0.25), Vec3(0.55, 0.36, 0.75)]
        let petal = petals[Int(layout(9) * 2.99)]
        let tall = min(0.8, 0.3 * trace.height + 0.16)
        for i in 0..<330 {
            let t = Float(i) / 330
            let z = d * (2.6 - 2.1 * t)
            let x = camera.position.x + random.between(-1.1, 1.1) * halfWidth(at: z)
            let blocks = z < d * 1.02 && abs(x) < trace.length * 0.55 + 0.25
            if blocks && z > d * 0.8 { continue }
            if z < d * 0.8 && abs(x - camera.position.x) < halfWidth(at: z) * 0.55 { continue }
            let isFlower = !wheat && i % 3 == 0
            var look = SpriteLook(
                albedo: (isFlower ? petal : albedo * Vec3(1.15, 1.1, 1.2))
                    * random.between(0.65, 1.25))
            look.translucency = 0.6
            sprite(
                isFlower ? blossom : images[i % 2], foot: Vec3(x, -0.03, z + camera.position.z),
                tall: tall * random.between(0.6, 1.1), look: look, isFlipped: i % 4 < 2,
                stretch: 1.5)
        }
    }

    /// A barn and a house under trees, far enough to be small.
    private func farmstead(side: Float) {
        let z = 120 + 50 * layout(10)
        let x = camera.position.x - side * halfWidth(at: z) * (0.25 + 0.4 * layout(11))
        let place = Vec3(x, 0.5, z + camera.position.z)
        house(place, width: 13, depth: 8, wall: 4.5, roof: 4.2, paint: Vec3(0.30, 0.06, 0.045))
        house(
            place + Vec3(-13, 0, 4), width: 8, depth: 7, wall: 4, roof: 3.2,
            paint: Vec3(0.6, 0.56, 0.48))
    }

    /// A gabled house with its ridge across the view; windows are lit at night.
    func house(
        _ foot: Vec3, width w: Float, depth d: Float, wall: Float, roof: Float, paint: Vec3,
        slate: Vec3 = Vec3(0.11, 0.085, 0.08), snow: Float = 0
    ) {
        let low = Vec3(foot.x - w / 2, foot.y - 2, foot.z),
            high = Vec3(foot.x + w / 2, foot.y + wall, foot.z + d)
        let windows = plan.palette.windows
        box(low, high) { p, n in
            let u = abs(n.z) > 0.5 ? p.position.x - low.x : p.position.z - low.z
            let v = p.position.y - foot.y
            let cellU = fraction(u / 2.4), cellV = fraction(v / 2.6)
            let index = hashUnit(floorIndex(u / 2.4), floorIndex(v / 2.6), salt: 9)
            let isWindow = abs(cellU - 0.5) < 0.2 && abs(cellV - 0.52) < 0.24 && v > 0.3
            if isWindow {
                if index < windows * 1.7 { return self.light.lampGlow * 0.75 }
                return self.lit(Vec3(0.05, 0.06, 0.08), normal: n) + self.plan.palette.mid * 0.08
            }
            let board = 0.88 + 0.12 * fraction(v * 2.2)
            return self.lit(paint * board, normal: n)
        }
        let top = high.y, ridge = top + roof, mid = (low.z + high.z) / 2
        let eaves: Float = 0.5
        let front = normalize(Vec3(0, d / 2, -roof))
        let cover = mix(slate, Vec3(0.8, 0.83, 0.88), snow)
        for side in [low.x, high.x] {
            polygon([
                Vec3(side, top, low.z), Vec3(side, ridge, mid), Vec3(side, top, high.z),
            ]) { _ in self.lit(paint, normal: Vec3(side < foot.x ? -1 : 1, 0, 0)) }
        }
        polygon([
            Vec3(low.x - eaves, top - 0.3, low.z - eaves),
            Vec3(high.x + eaves, top - 0.3, low.z - eaves),
            Vec3(high.x + eaves, ridge, mid), Vec3(low.x - eaves, ridge, mid),
        ]) { p in
            let row = fraction(p.position.y * 3)
            return self.lit(cover * (0.85 + 0.15 * row), normal: front)
        }
        box(
            Vec3(foot.x + w * 0.22, ridge - 1.2, mid - 0.5),
            Vec3(foot.x + w * 0.22 + 0.9, ridge + 0.9, mid + 0.4)
        ) { _, n in self.lit(Vec3(0.2, 0.11, 0.08), normal: n) }
    }
}
