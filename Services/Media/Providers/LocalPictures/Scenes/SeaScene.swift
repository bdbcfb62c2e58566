/// Open sea: real waves, seen along their crests.
struct SeaWaves: Terrain {
    let stage: Stage
    let trace: SubjectTrace
    let swell: Float
    private let noise: Noise
    private let deep: Vec3

    init(_ stage: Stage, _ trace: SubjectTrace, swell: Float) {
        self.stage = stage
        self.trace = trace
        self.swell = swell
        noise = stage.noise
        deep =
            Vec3(0.012, 0.052, 0.062)
            * (stage.light.ambientSky * 1.3 + stage.light.key * 0.3)
    }

    @inline(__always)
    func height(_ x: Float, _ z: Float) -> Float {
        let near = smoothstep(1, 9, abs(z) + abs(x) * 0.6)
        let calm = swell * (0.3 + 0.7 * near)
        let warp = noise.value(x * 0.05, z * 0.05) * 3
        var h = sine(z * 0.42 + x * 0.12 + warp) * 0.45
        h += sine(z * 0.21 - x * 0.08 + warp * 0.7 + 1) * 0.5
        if z < 160 {
            let chop = 1 - abs(2 * noise.value(x * 0.34, z * 0.75) - 1)
            h += (chop * chop - 0.4) * 0.55
            if z < 50 { h += (noise.value(x * 1.3, z * 2.3) - 0.5) * 0.16 }
        }
        return h * calm - 0.05
    }

    @inline(__always)
    func surface(_ p: Vec3, normal: Vec3, z: Float) -> Vec3 {
        let camera = stage.camera
        let view = normalize(p - camera.position)
        let flat = smoothstep(40, 900, z) * 0.8
        let n = normalize(mix(normal, Vec3(0, 1, 0), flat))
        let cosine = max(0.02, -dot(n, view))
        let k = 1 - cosine
        let fresnel = 0.04 + 0.96 * k * k * k * k * k
        let r = view + n * (2 * cosine)
        let rz = max(0.25, r.z)
        let column = camera.centreColumn + r.x / rz * camera.focal
        let row = camera.horizonRow - max(0.01, r.y) / rz * camera.focal
        var mirror = stage.sky.sample(column, row)
        let s = camera.project(p)
        let sub = subject(s.x + n.x * 40, 2 * camera.horizonRow - s.y + n.z * 60)
        mirror = mirror * (1 - sub.w) + Vec3(sub.x, sub.y, sub.z)
        // Light shines through thin crests.
        let crest = smoothstep(0.1, 0.8, p.y / max(0.2, swell))
        var c = deep * (1 + 2.4 * crest)
        c = mix(c, mirror, clamp(fresnel * 0.92 + 0.07))
        let glint = max(0, dot(r, stage.light.keyDirection))
        let g2 = glint * glint
        let g8 = g2 * g2 * g2 * g2
        c += stage.light.key * (g8 * g8 * g8 * 0.5)
        if z < 220 {
            let foam = noise.fractal(p.x * 0.9, p.z * 0.6, octaves: 3)
            let cap =
                smoothstep(0.66, 0.82, foam * 0.6 + crest * 0.42) * smoothstep(0.5, 1.0, swell)
            let white = stage.lit(Vec3(0.75, 0.8, 0.82), normal: n)
            c = mix(c, white, cap * 0.8 * smoothstep(220, 60, z))
        }
        return c
    }

    @inline(__always)
    private func subject(_ column: Float, _ row: Float) -> Vec4 {
        let k = 1 / stage.plan.worldScale
        let f = stage.camera.focal
        let r = (row + 2 * f * stage.camera.position.y / trace.distance) * k
        let q = column * k
        let layer = trace.layer
        guard r >= Float(layer.firstRow), r < Float(layer.endRow),
            q >= Float(layer.firstColumn), q < Float(layer.endColumn)
        else { return Vec4() }
        return layer.colour[Int(r) * layer.width + Int(q)] * 0.75
    }
}

/// Far land over water: low hills, islands, a headland.
struct FarLand: Terrain {
    let stage: Stage
    let albedo: Vec3
    let tall: Float
    let nearest: Float
    let salt: Float
    /// Keeps free the part of the picture around this x / z.
    let gap: Float

    @inline(__always)
    func height(_ x: Float, _ z: Float) -> Float {
        let n = stage.noise.fractal(x * 0.0016 + salt, z * 0.0009, octaves: 4)
        let open = smoothstep(0.04, 0.4, abs(x / max(1, z) - gap))
        let shape = smoothstep(0.44, 0.7, n) * open
        if shape <= 0 { return -5 }
        let crag = stage.noise.ridges(x * 0.006 + salt, z * 0.006, octaves: 2)
        return -1 + tall * shape * (0.7 + 0.5 * crag) * smoothstep(nearest, nearest * 1.7, z)
    }

    @inline(__always)
    func surface(_ p: Vec3, normal: Vec3, z: Float) -> Vec3 {
        let t = stage.noise.fractal(p.x * 0.02, p.y * 0.06, octaves: 3)
        return stage.lit(albedo * (0.6 + 0.8 * t), normal: normal)
    }
}

extension Stage {
    /// Where the light stands, as x / z: distant land leaves that part open.
    var openGap: Float {
        let column =
            plan.isBacklit
            ? plan.sunColumn * plan.worldScale : (0.5 + 0.2 * freeSide) * Float(width)
        return (column - camera.centreColumn) / camera.focal
    }

    func buildSea(_ trace: SubjectTrace) {
        paintSky()
        setAir(density: 0.00012)
        let swell: Float =
            [1.15, 0.22, 0.45, 0.6][plan.mood.index] * (plan.words.isStormy ? 1.5 : 1)
        let land = FarLand(
            stage: self, albedo: Vec3(0.06, 0.07, 0.06), tall: 300 * plan.distantScale,
            nearest: 2_500, salt: layout(1) * 40, gap: openGap)
        let near = max(0.8, min(3, 0.35 * trace.distance))
        march(SeaWaves(self, trace, swell: swell), near: near, far: 9_000, ratio: 1.0135)
        march(land, near: 2_600, far: 9_000, ratio: 1.02)
        shoreMist(from: 900, strength: 0.35)
        birds(count: 7)
    }
}
