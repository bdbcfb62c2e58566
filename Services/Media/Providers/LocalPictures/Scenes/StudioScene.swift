/// A seamless backdrop, a plinth or table, one big soft light.
struct SeamlessGround: Ground {
    let stage: Stage
    let tone: Vec3
    let centre: Float
    let scale: Float

    func sample(_ p: Vec3, z: Float, footprint: Float, shadow: Float) -> GroundSample {
        let c = stage.backdropTone(tone, p, scale: scale, isFloor: true)
        let soft = 0.38 + 0.62 * shadow
        return GroundSample(colour: c * soft, mirror: 0.09, gloss: 0.5, smear: 3.5 * stage.unit)
    }
}

extension Stage {
    func buildStudio(_ trace: SubjectTrace) {
        setAir(density: 0.000001)
        let scale = max(trace.height, trace.length * 0.7)
        let tone = backdropColour()
        let back = scale * 2.6
        // The wall meets the floor in a wide curve: wall pixels are shaded as one gradient.
        let hy = camera.horizonRow
        let wallZ = trace.distance + back
        let floorRow = hy + camera.focal * camera.position.y / wallZ
        for row in 0..<height {
            for column in 0..<width {
                let ray = camera.ray(Float(column) + 0.5, Float(row) + 0.5)
                let p = camera.position + ray * wallZ
                let i = row * width + column
                if Float(row) < floorRow {
                    put(i, backdropTone(tone, p, scale: scale, isFloor: false), wallZ)
                }
            }
        }
        switch plan.mood {
        case .dramatic: hangPaper(scale: scale, back: back * 0.8, tone: tone)
        case .peaceful: archAndSteps(scale: scale, back: back * 0.6, tone: tone)
        case .mysterious: slits(scale: scale, back: back * 0.75, tone: tone)
        case .nostalgic: draperies(scale: scale, back: back * 0.85, tone: tone)
        }
        plane(
            SeamlessGround(stage: self, tone: tone, centre: 0, scale: scale), trace: trace,
            farthest: wallZ)
        shadowOfWindow(scale: scale)
    }

    private func backdropColour() -> Vec3 {
        let hues: [[Vec3]] = [
            [
                Vec3(0.42, 0.17, 0.075), Vec3(0.60, 0.38, 0.26), Vec3(0.30, 0.27, 0.22),
                Vec3(0.52, 0.33, 0.13),
            ],
            [
                Vec3(0.05, 0.09, 0.20), Vec3(0.26, 0.27, 0.42), Vec3(0.08, 0.14, 0.19),
                Vec3(0.21, 0.17, 0.28),
            ],
            [
                Vec3(0.55, 0.56, 0.58), Vec3(0.78, 0.72, 0.68), Vec3(0.58, 0.66, 0.65),
                Vec3(0.76, 0.70, 0.56),
            ],
            [
                Vec3(0.030, 0.032, 0.040), Vec3(0.055, 0.055, 0.075), Vec3(0.020, 0.035, 0.038),
                Vec3(0.055, 0.040, 0.028),
            ],
        ]
        let base = hues[plan.lighting.index][plan.mood.index]
        if plan.direction == .social { return base * 1.15 }
        return base
    }

    /// Light on the backdrop: a pool behind the subject that falls off.
    func backdropTone(_ tone: Vec3, _ p: Vec3, scale: Float, isFloor: Bool) -> Vec3 {
        let side: Float = plan.isBacklit ? freeSide : -freeSide
        let dx = (p.x - side * scale * 0.7) / (scale * 2.2)
        let dy = isFloor ? p.z / (scale * 2.8) : (p.y - scale * 0.8) / (scale * 1.6)
        let bend: Float = isFloor ? 0.9 : 1
        let pool = exp(-(dx * dx + dy * dy * 0.8) * (plan.lighting == .high ? 0.35 : 0.9))
        let level: Float = [0.95, 0.85, 1.05, 0.9][plan.lighting.index]
        let grain = 0.985 + 0.03 * noise.value(p.x / scale * 40, p.y / scale * 40 + p.z)
        let warm = mix(
            Vec3(1, 1, 1), plan.palette.glow * 0.7 + Vec3(0.35, 0.35, 0.35),
            plan.lighting == .high ? 0.1 : 0.5)
        return tone * warm * ((0.32 + pool * 1.15) * level * bend * grain)
    }

    /// One big circle of paper behind the subject.
    private func hangPaper(scale: Float, back: Float, tone: Vec3) {
        let centre = Vec3(freeSide * scale * 0.3, scale * 0.85, back)
        var corners: [Vec3] = []
        for k in 0..<40 {
            let a = Float(k) / 40 * 2 * pi
            corners.append(centre + Vec3(cosine(a), sine(a), 0) * (scale * 0.95))
        }
        let disc = mix(tone * 2.0, plan.palette.glow, 0.45)
        polygon(corners) { p in
            let v = (p.position.y - centre.y) / scale
            return disc * (0.75 + 0.35 * v)
        }
    }

    private func archAndSteps(scale: Float, back: Float, tone: Vec3) {
        let side = freeSide
        for k in 0..<3 {
            let h = scale * (0.22 + 0.26 * Float(k)), w = scale * 0.5
            let x = side * scale * (0.75 + 0.5 * Float(k))
            box(Vec3(x - w / 2, 0, back), Vec3(x + w / 2, h, back + w)) { _, n in
                self.lit(tone * 1.3 + Vec3(0.03, 0.03, 0.03), normal: n) + tone * 0.25
            }
        }
        let r = scale * 0.62, x = -side * scale * 0.75
        var corners = [Vec3(x + r, 0, back + 0.3 * scale), Vec3(x - r, 0, back + 0.3 * scale)]
        for k in 0...20 {
            let a = pi - Float(k) / 20 * pi
            corners.append(Vec3(x + cosine(a) * r, scale * 0.85 + sine(a) * r, back + 0.3 * scale))
        }
        polygon(corners.reversed()) { p in
            tone * (0.45 + 0.28 * p.position.y / scale)
        }
    }

    private func slits(scale: Float, back: Float, tone: Vec3) {
        for k in 0..<5 {
            let x = (Float(k) - 2) * scale * 0.62 + freeSide * scale * 0.2
            let w = scale * 0.045 * (k == 2 ? 2.4 : 1)
            polygon([
                Vec3(x - w, 0, back), Vec3(x + w, 0, back), Vec3(x + w, scale * 3, back),
                Vec3(x - w, scale * 3, back),
            ]) { p in
                let v = p.position.y / scale
                return (self.plan.palette.horizon * 0.8 + tone * 0.4) * (0.55 + 0.35 * exp(-v))
            }
        }
    }

    private func draperies(scale: Float, back: Float, tone: Vec3) {
        let top = scale * 4
        for side in [Float(-1), 1] {
            let x0 = side * scale * (side == freeSide ? 1.15 : 0.8), x1 = side * scale * 4
            polygon([
                Vec3(min(x0, x1), 0, back), Vec3(max(x0, x1), 0, back),
                Vec3(max(x0, x1), top, back),
                Vec3(min(x0, x1), top, back),
            ]) { p in
                let u =
                    p.position.x / scale * 7 + 0.3 * self.noise.value(p.position.y / scale * 1.2, 3)
                let fold = sine(u * 2) * 0.6 + sine(u * 5.3 + 1) * 0.25
                let n = normalize(Vec3(fold * 0.9, 0.1, -0.8))
                return self.lit(tone * 1.1, normal: n) + tone * (0.24 + 0.16 * fold)
            }
        }
    }

    /// Light through an unseen window, thrown on wall and floor.
    private func shadowOfWindow(scale: Float) {
        if plan.lighting != .golden { return }
        let side = freeSide
        for row in 0..<height {
            for column in 0..<width {
                let i = row * width + column
                let ray = camera.ray(Float(column) + 0.5, Float(row) + 0.5)
                let z = depth[i]
                let p = camera.position + ray * z
                if p.y < 0.02 * scale { continue }
                let u = (p.x - side * scale * 0.5) / scale + (p.y / scale) * 0.35 * side
                let v = p.y / scale - 0.75 + 0.12 * u
                if abs(u) > 0.62 || abs(v) > 0.72 { continue }
                let barU = smoothstep(0.02, 0.05, abs(fraction(u / 0.62 + 0.5) - 0.5) * 0.62)
                let barV = smoothstep(0.02, 0.05, abs(fraction(v / 0.48 + 0.5) - 0.5) * 0.48)
                let edge = smoothstep(0.62, 0.56, abs(u)) * smoothstep(0.72, 0.66, abs(v))
                colour[i] += colour[i] * Vec4(light.key * (0.42 * barU * barV * edge), 0)
            }
        }
    }
}
