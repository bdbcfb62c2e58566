/// A forest floor: needles, moss, pools of light.
struct ForestFloor: Ground {
    let stage: Stage
    let path: Float

    func sample(_ p: Vec3, z: Float, footprint: Float, shadow: Float) -> GroundSample {
        let noise = stage.noise
        let broad = noise.fractal(p.x * 0.35, p.z * 0.35, octaves: 3)
        let fine = noise.fractal(p.x * 4.2, p.z * 4.2, octaves: 2) - 0.5
        let detail = 1 - smoothstep(0.1, 0.7, footprint)
        let way = 1 - smoothstep(0.5, 1.5, abs(p.x - sine(p.z * 0.11) * path * 2.2))
        let moss = mix(Vec3(0.07, 0.095, 0.03), Vec3(0.13, 0.14, 0.045), broad)
        let needles = Vec3(0.15, 0.095, 0.055) * (0.75 + 0.6 * broad)
        var albedo = mix(needles, moss, smoothstep(0.4, 0.6, broad))
        albedo = mix(albedo, Vec3(0.20, 0.155, 0.11), way * 0.7)
        albedo *= 1 + fine * 0.9 * detail
        let pools = noise.fractal(p.x * 0.22 + 40, p.z * 0.16, octaves: 2)
        let sun = smoothstep(0.46, 0.60, pools)
        let normal = normalize(Vec3(fine * 0.8 * detail, 1, fine * 0.6 * detail - 0.1))
        // Light that finds its way through the crowns falls from above.
        var c = stage.lit(albedo, normal: normal, shadow: shadow * 0.3)
        c += albedo * stage.light.key * (sun * shadow * 0.55)
        return GroundSample(colour: c)
    }
}

extension Stage {
    func buildForest(_ trace: SubjectTrace) {
        paintSky()
        let p = plan.palette
        let tone =
            plan.lighting == .blue
            ? p.mid * 0.75 + p.zenith * 0.5 + p.horizon * 0.12
            : p.horizon * 0.62 + p.glow * 0.12 + p.ambient * 0.25
        setAir(density: 0.0085, near: plan.palette.ambient * 0.55 + Vec3(0.002, 0.006, 0.004))
        forestBackdrop(tone)
        let plants = Plants(noise: noise)
        let conifers = [plants.conifer(0), plants.conifer(1)]
        let d = trace.distance
        // Young trees between the far trunks.
        for i in 0..<46 {
            let z = d + 60 - Float(i) * 1.05
            let x = camera.position.x + random.between(-1.15, 1.15) * halfWidth(at: z)
            if abs(x) < 3.0 && z < d + 22 { continue }
            var look = SpriteLook(albedo: Vec3(0.035, 0.055, 0.035))
            look.translucency = 0.12
            sprite(
                conifers[i % 2], foot: Vec3(x, 0, camera.position.z + z),
                tall: random.between(4, 11), look: look)
        }
        trunks(trace)
        plane(ForestFloor(stage: self, path: layout(5) - 0.5), trace: trace, farthest: 130)
        ferns(trace, plants)
        shafts()
    }

    /// Fills what no tree covers with the pale depth of the wood.
    private func forestBackdrop(_ tone: Vec3) {
        let hy = camera.horizonRow
        for row in 0..<height {
            let e = (hy - Float(row)) / Float(height)
            for column in 0..<width {
                let i = row * width + column
                let x = Float(column) / unit, y = Float(row) / unit
                let veil = noise.fractal(x * 0.012, y * 0.003, octaves: 2)
                let crown = smoothstep(0.16, 0.55, e + 0.3 * (veil - 0.5))
                let leaf = noise.fractal(x * 0.045, y * 0.05, octaves: 3)
                var c = Vec3(colour[i].x, colour[i].y, colour[i].z)
                c = mix(c, tone * (0.75 + 0.5 * veil), 0.7)
                let dark = plan.palette.ambient * Vec3(0.10, 0.13, 0.08)
                c = mix(c, dark, crown * (0.35 + 0.6 * smoothstep(0.42, 0.62, leaf)))
                colour[i] = Vec4(c, 1)
            }
        }
    }

    private func trunks(_ trace: SubjectTrace) {
        let d = trace.distance
        var list: [(x: Float, z: Float, r: Float)] = []
        for i in 0..<170 {
            let z =
                i < 16 ? random.between(0.45, 1.0) * d : d + 1 + random.unit() * random.unit() * 95
            let x = camera.position.x + random.between(-1.1, 1.1) * halfWidth(at: z)
            let r = random.between(0.14, 0.42)
            let world = z + camera.position.z
            // The way from the camera to the subject stays open, and so does its outline.
            let lane = trace.length * 0.5 + 0.8 + max(0, z - d) * 0.045
            if abs(x - camera.position.x * max(0, 1 - z / d)) < lane + r && z < d + 16 { continue }
            if z < d && abs(x - camera.position.x) < halfWidth(at: z) * 0.62 { continue }
            list.append((x, world, r))
        }
        list.sort { $0.z < $1.z }
        for tree in list { trunk(tree.x, tree.z, tree.r) }
    }

    /// One trunk, from the ground to beyond the frame; bark by noise, round by shading.
    private func trunk(_ x: Float, _ z: Float, _ radius: Float) {
        let p = camera.project(Vec3(x, 0, z))
        if p.z < 0.3 { return }
        let scale = camera.focal / p.z
        let lean = (hashUnit(Int(x * 91), Int(z * 13)) - 0.5) * 0.06
        let bottom = min(Float(height), p.y + radius * scale * 0.3)
        let lastRow = Int(bottom)
        if lastRow <= 0 { return }
        let flare = radius * scale * 2
        let c0 = Int(max(0, p.x - flare * 1.4 - Float(height) * abs(lean)))
        let c1 = Int(min(Float(width - 1), p.x + flare * 1.4 + Float(height) * abs(lean)))
        if c0 > c1 { return }
        let a = air(p.z, Int(clamp(p.x, 0, Float(width - 1))))
        let bark = Vec3(0.085, 0.062, 0.05) * (0.8 + 0.5 * hashUnit(Int(x * 37), 5))
        for row in 0..<lastRow {
            let y = (p.y - Float(row) - 0.5) / scale
            let half =
                radius * scale * (1 + 1.1 * exp(-max(0, y) * 3) - 0.012 * min(14, max(0, y)))
            let centre = p.x + lean * (p.y - Float(row))
            let first = max(0, Int(centre - half - 1)),
                last = min(width - 1, Int(centre + half + 1))
            if first > last { continue }
            for column in first...last {
                let i = row * width + column
                if depth[i] < p.z { continue }
                let u = (Float(column) + 0.5 - centre) / half
                let cover = clamp((1 - abs(u)) * half + 0.5)
                if cover <= 0 { continue }
                let n = clamp(u, -0.98, 0.98)
                let furrow = noise.fractal(u * 3.2 + x * 5, y * 0.9 + x, octaves: 3)
                let normal = Vec3(n + (furrow - 0.5) * 0.7, 0, -(1 - n * n).squareRoot())
                var c = lit(bark * (0.45 + 1.1 * furrow), normal: normal, shadow: 0.6)
                let mossy = smoothstep(1.6, 0, y) * smoothstep(0.4, 0.7, furrow)
                c = mix(c, lit(Vec3(0.06, 0.085, 0.03), normal: normal, shadow: 0.5), mossy * 0.7)
                let edge = abs(n) * abs(n)
                if n * light.rimDirection.x > 0 { c += light.rim * (edge * edge * 0.09) }
                blend(i, mix(c, a.colour, a.amount), p.z, cover)
            }
        }
    }

    private func ferns(_ trace: SubjectTrace, _ plants: Plants) {
        let tufts = [plants.grass(1, blades: 22), plants.grass(2, blades: 30)]
        let d = trace.distance
        for i in 0..<150 {
            let z = i < 110 ? d + 26 - Float(i) * 0.26 : d * (0.95 - Float(i - 110) * 0.012)
            if z < 0.4 * d { continue }
            let x = camera.position.x + random.between(-1.1, 1.1) * halfWidth(at: z)
            if z < d + 0.4 && abs(x) < trace.length * 0.6 + 0.5 { continue }
            if z < d && abs(x - camera.position.x) < halfWidth(at: z) * 0.5 { continue }
            var look = SpriteLook(albedo: Vec3(0.07, 0.105, 0.035) * random.between(0.6, 1.3))
            look.translucency = 0.5
            sprite(
                tufts[i % 2], foot: Vec3(x, -0.02, camera.position.z + z),
                tall: random.between(0.25, 0.6) * (0.6 + 0.4 * min(2, trace.height)), look: look,
                isFlipped: i % 3 == 0, stretch: 1.5)
        }
    }

    /// Slanting light between the trunks.
    private func shafts() {
        if plan.lighting == .low && plan.mood != .mysterious { return }
        let tone =
            (plan.palette.glow * 0.35 + plan.palette.key * 0.10) * (plan.isBacklit ? 0.5 : 0.3)
        let slant: Float = plan.sunColumn > Float(plan.width) / 2 ? -0.42 : 0.42
        let last = Int(camera.horizonRow + 0.22 * Float(height))
        for row in 0..<min(height, last) {
            let fade = 1 - smoothstep(0.3, 1, Float(row) / Float(last))
            for column in 0..<width {
                let i = row * width + column
                if depth[i] < 9 { continue }
                let u = (Float(column) - slant * Float(row)) / unit
                let n = noise.fractal(u * 0.011, 7.3, octaves: 3)
                let w = smoothstep(0.52, 0.72, n) * fade
                if w > 0 { colour[i] += Vec4(tone * w, 0) }
            }
        }
    }
}
