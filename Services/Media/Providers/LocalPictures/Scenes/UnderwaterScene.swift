/// The sea bed: sand waves and reef.
struct Reef: Terrain {
    let stage: Stage
    let salt: Float
    let start: Float
    /// Where the water is open, as x / z.
    let gap: Float

    @inline(__always)
    func height(_ x: Float, _ z: Float) -> Float {
        let noise = stage.noise
        let rise = smoothstep(start, start + 8, z)
        let open = smoothstep(0.05, 0.5, abs(x / max(1, z) - gap))
        let n = noise.fractal(x * 0.11 + salt, z * 0.11, octaves: 4)
        let crown = noise.ridges(x * 0.5, z * 0.5 + salt, octaves: 2)
        return (smoothstep(0.42, 0.72, n) * (5 + 6 * open) * (0.4 + 0.6 * open) + crown * 0.7)
            * rise * stage.plan.relief - 0.3
    }

    @inline(__always)
    func surface(_ p: Vec3, normal: Vec3, z: Float) -> Vec3 {
        let noise = stage.noise
        let t = noise.fractal(p.x * 1.4, p.y * 1.6 + p.z, octaves: 3)
        let patch = noise.value(p.x * 0.35 + salt, p.z * 0.35)
        var coral = mix(Vec3(0.28, 0.11, 0.13), Vec3(0.34, 0.22, 0.10), smoothstep(0.4, 0.6, patch))
        coral = mix(coral, Vec3(0.11, 0.16, 0.15), smoothstep(0.62, 0.75, patch))
        return stage.lit(coral * (0.4 + 1.2 * t), normal: normal) * (0.8 + 0.5 * stage.caustic(p))
    }
}

struct SeaBed: Ground {
    let stage: Stage

    func sample(_ p: Vec3, z: Float, footprint: Float, shadow: Float) -> GroundSample {
        let noise = stage.noise
        let detail = 1 - smoothstep(0.08, 0.5, footprint)
        let warp = noise.fractal(p.x * 0.5, p.z * 0.4, octaves: 3)
        let wave = sine(p.z * 4.2 + warp * 12) * detail
        let fine = noise.value(p.x * 15, p.z * 15) - 0.5
        let normal = normalize(Vec3(wave * 0.08, 1, wave * 0.25))
        let albedo = Vec3(0.42, 0.40, 0.33) * (0.75 + 0.4 * warp + 0.2 * fine * detail)
        let c = stage.lit(albedo, normal: normal, shadow: 0.4 + 0.6 * shadow)
        return GroundSample(colour: c * (0.65 + 1.1 * stage.caustic(p) * shadow))
    }
}

extension Stage {
    /// Net of light that waves throw on the ground.
    @inline(__always)
    func caustic(_ p: Vec3) -> Float {
        let x = p.x + p.y * 0.4, z = p.z
        let warp = noise.value(x * 0.5, z * 0.5)
        let a = abs(noise.value(x * 1.1 + warp * 1.5, z * 1.1) - 0.5)
        let b = abs(noise.value(x * 1.4 + 31, z * 1.4 + warp * 1.5) - 0.5)
        return max(smoothstep(0.10, 0, a), smoothstep(0.10, 0, b) * 0.8)
    }

    func buildUnderwater(_ trace: SubjectTrace) {
        let p = plan.palette
        let luma = max(0.03, luminance(p.mid))
        let warmth = p.glow * 0.16
        // Each light has its own water: amber-green, violet, turquoise, ink.
        let hue = [
            Vec3(0.30, 0.46, 0.26), Vec3(0.17, 0.22, 0.60), Vec3(0.16, 0.66, 0.70),
            Vec3(0.04, 0.26, 0.34),
        ][plan.lighting.index]
        let under = [
            Vec3(0.012, 0.065, 0.075), Vec3(0.012, 0.020, 0.105), Vec3(0.02, 0.17, 0.26),
            Vec3(0.002, 0.014, 0.028),
        ][plan.lighting.index]
        let calm: Float = [0.85, 1.25, 0.8, 1.05][plan.mood.index]
        let shallow = hue * ((0.5 + 0.6 * luma) * calm) + warmth
        let deep = under * (0.6 + 1.0 * luma) * calm + p.zenith * 0.04
        openWaterColumn(shallow: shallow, deep: deep)
        setAir(density: plan.mood == .mysterious ? 0.012 : 0.03, near: mix(deep, shallow, 0.25))
        setFarAir(mix(deep, shallow, 0.45))
        let start = trace.distance + 3
        march(
            Reef(
                stage: self, salt: layout(70) * 20, start: start + camera.position.z,
                gap: (waterLight - camera.centreColumn) / camera.focal),
            near: start, far: 160, ratio: 1.012)
        plane(SeaBed(stage: self), trace: trace, farthest: 150)
        let dark = plan.lighting == .low ? Float(0.5) : 1
        for i in 0..<30 {
            let z = trace.distance * (2.7 - 0.062 * Float(i))
            let x = camera.position.x + random.between(-1.05, 1.05) * halfWidth(at: z)
            if abs(x) < trace.length * 0.6 + 0.9 && z < trace.distance * 1.4 { continue }
            if z < trace.distance && abs(x - camera.position.x) < halfWidth(at: z) * 0.6 {
                continue
            }
            i % 3 == 0
                ? fanCoral(Vec3(x, 0, z + camera.position.z), i)
                : kelp(Vec3(x, 0, z + camera.position.z), i)
        }
        fishes(dark: dark)
        lightFromAbove(shallow)
        if plan.words.subject.kind == .diver { bubbles(shallow) }
    }

    /// Air that rises from the diver's head, wider apart the higher it is.
    private func bubbles(_ shallow: Vec3) {
        let turn = cosine(plan.yaw * pi / 180)
        let head = Vec3(turn * plan.traits.headForward, plan.traits.headHeight, 0.25)
        let tall: Float = plan.framing.isClose ? 0.7 : 2.4
        for i in 0..<44 {
            let t = random.unit()
            let sway = sine(t * 9 + Float(i)) * 0.05 + random.between(-0.1, 0.1)
            let at = camera.project(
                head + Vec3(turn * (0.1 - 0.16 * t) + sway * (0.4 + 1.6 * t), 0.06 + tall * t, 0))
            let radius = random.between(0.006, 0.03) * (0.6 + t) * camera.focal / at.z
            bubble(at.x, at.y, max(0.8, radius), z: at.z, shallow)
        }
    }

    /// A thin bright ring with a light spot on the side of the surface.
    private func bubble(_ x: Float, _ y: Float, _ radius: Float, z: Float, _ shallow: Vec3) {
        let r0 = max(0, Int(y - radius - 1)), r1 = min(height - 1, Int(y + radius + 1))
        let c0 = max(0, Int(x - radius - 1)), c1 = min(width - 1, Int(x + radius + 1))
        if r0 > r1 || c0 > c1 || y < -radius || x < -radius { return }
        let bright = shallow * 1.5 + plan.palette.horizon * 0.25
        for row in r0...r1 {
            for column in c0...c1 {
                let i = row * width + column
                if depth[i] < z { continue }
                let dx = (Float(column) + 0.5 - x) / radius, dy = (Float(row) + 0.5 - y) / radius
                let d = (dx * dx + dy * dy).squareRoot()
                if d > 1.1 { continue }
                let edge = smoothstep(0.55, 0.92, d) * smoothstep(1.1, 0.95, d)
                let spot = clamp(1 - ((dx + 0.3) * (dx + 0.3) + (dy + 0.4) * (dy + 0.4)) * 9)
                colour[i] += Vec4(bright * (0.55 * edge + 0.8 * spot + 0.06), 0)
            }
        }
    }

    /// Column where daylight comes down: in the space before the subject.
    private var waterLight: Float {
        let sun = clamp(plan.sunColumn * plan.worldScale / Float(width), 0.2, 0.8)
        return mix(sun, 0.5 + 0.26 * freeSide, 0.6) * Float(width)
    }

    private func openWaterColumn(shallow: Vec3, deep: Vec3) {
        let top = waterLight
        for row in 0..<height {
            let e = clamp((camera.horizonRow * 1.15 - Float(row)) / camera.horizonRow)
            for column in 0..<width {
                let dx =
                    (Float(column) - top) / Float(width)
                let glow = exp(-(dx * dx * 7 + (1 - e) * (1 - e) * 3.5))
                var c = mix(deep, shallow, 0.36 + 0.5 * e * e)
                c += shallow * (glow * 1.3)
                if e > 0.8 {
                    // The surface from beneath.
                    let k = 1 / (e - 0.72)
                    let n = noise.fractal(dx * 16 * k * 0.5 + 4, k * 1.6, octaves: 3)
                    c += shallow * (smoothstep(0.5, 0.7, n) * smoothstep(0.8, 1, e) * 0.9)
                }
                colour[row * width + column] = Vec4(c, 1)
            }
        }
    }

    private func kelp(_ foot: Vec3, _ i: Int) {
        let tall = random.between(1.2, 4.5)
        let c = lit(
            Vec3(0.12, 0.13, 0.035) * random.between(0.6, 1.2), normal: Vec3(0.3, 0.3, -0.9))
        var p = foot
        let phase = random.between(0, 6)
        for k in 0..<12 {
            let t = Float(k + 1) / 12
            let q = foot + Vec3(sine(phase + t * 4.2) * 0.34 * t * tall * 0.4, tall * t, 0)
            stroke(p, q, 0.03, 0.026, c)
            let side: Float = k % 2 == 0 ? 1 : -1
            let leaf = q + Vec3(side * 0.34, 0.14, 0)
            stroke(q, leaf, 0.055, 0.012, c * 1.15)
            p = q
        }
    }

    private func fanCoral(_ foot: Vec3, _ i: Int) {
        let tones = [Vec3(0.50, 0.09, 0.13), Vec3(0.55, 0.26, 0.07), Vec3(0.38, 0.13, 0.38)]
        let c = lit(tones[i % 3], normal: Vec3(-0.2, 0.4, -0.9))
        let tall = random.between(0.4, 1.1)
        for k in 0..<13 {
            let a = (Float(k) / 12 - 0.5) * 2.1
            let middle = foot + Vec3(sine(a) * 0.45, cosine(a) * 0.5, 0) * tall
            let tip =
                foot + Vec3(sine(a * 1.15) * 0.85, cosine(a) * 1.0, 0)
                * (tall * random.between(0.85, 1.05))
            stroke(foot, middle, 0.03, 0.024, c)
            stroke(middle, tip, 0.024, 0.012, c * 1.1)
            stroke(middle, mix(middle, tip, 0.8) + Vec3(0.12 * tall, 0.02, 0), 0.018, 0.01, c)
        }
    }

    private func fishes(dark: Float) {
        let cx = (0.5 + 0.22 * freeSide) * Float(width), cy = camera.horizonRow * 0.62
        for i in 0..<46 {
            let spread = random.between(-1, 1)
            let x = cx + spread * abs(spread) * 0.30 * Float(width)
            let y =
                cy + random.between(-1, 1) * 0.13 * Float(height) + spread * 0.05 * Float(height)
            let s = random.between(4, 9.5) * unit
            let base = Vec3(
                colour[
                    min(
                        width * height - 1,
                        Int(max(0, y)) * width + Int(clamp(x, 0, Float(width - 1))))
                ].x, 0.05, 0.09)
            let c =
                (i % 4 == 0 ? Vec3(0.6, 0.42, 0.12) : Vec3(0.03, 0.07, 0.10)) * dark + base * 0.2
            let d = freeSide > 0 ? Float(-1) : 1
            line(Vec2(x - s, y), Vec2(x + s * 0.5, y + s * 0.08), s * 0.16, s * 0.34, 30, 30, c)
            line(Vec2(x + s * 0.5, y + s * 0.08), Vec2(x + s, y), s * 0.34, s * 0.08, 30, 30, c)
            line(
                Vec2(x - d * s * 0.9, y), Vec2(x - d * s * 1.4, y - s * 0.3), s * 0.08, s * 0.2, 30,
                30, c)
        }
        for i in 0..<60 {
            let x = random.unit() * Float(width), y = random.unit() * Float(height)
            glowDisc(
                x, y, radius: random.between(0.6, 1.7) * unit,
                Vec3(0.16, 0.3, 0.3) * (i % 3 == 0 ? 1 : 0.5) * dark)
        }
    }

    private func lightFromAbove(_ shallow: Vec3) {
        let top = waterLight
        let strength: Float = plan.lighting == .low ? 0.28 : 0.34
        for row in 0..<height {
            let v = Float(row) / Float(height)
            for column in 0..<width {
                let angle = (Float(column) - top) / (Float(row) + 0.4 * Float(height))
                let n = noise.fractal(angle * 11 + 5, 2.2, octaves: 3)
                let w = smoothstep(0.46, 0.75, n) * (1 - v) * exp(-angle * angle * 2.2)
                if w > 0 { colour[row * width + column] += Vec4(shallow * (w * strength), 0) }
            }
        }
    }
}
