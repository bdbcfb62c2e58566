/// A stone quay, then harbour water.
struct QuayGround: Ground {
    let stage: Stage
    let water: WaterGround
    let edge: Float

    func sample(_ p: Vec3, z: Float, footprint: Float, shadow: Float) -> GroundSample {
        if p.z > edge { return water.sample(p, z: z, footprint: footprint, shadow: shadow) }
        let noise = stage.noise
        let detail = 1 - smoothstep(0.04, 0.35, footprint)
        // Setts in bond, a coping stone along the edge.
        let isCoping = p.z > edge - 0.7
        let px = isCoping ? p.x / 1.4 : p.x / 0.24
        let pz = isCoping ? 0 : p.z / 0.17
        let row = floorIndex(pz)
        let x = px + (row & 1 == 0 ? 0.5 : 0)
        let tone = hashUnit(floorIndex(x), row, salt: 4)
        let fx = fraction(x) - 0.5, fz = fraction(pz) - 0.5
        let joint = smoothstep(0.38, 0.49, max(abs(fx), isCoping ? 0 : abs(fz)))
        let broad = noise.fractal(p.x * 0.3, p.z * 0.3, octaves: 3)
        var albedo = mix(
            Vec3(0.13, 0.125, 0.125), Vec3(0.23, 0.21, 0.19), tone * detail + 0.5 * (1 - detail))
        albedo *= (0.75 + 0.5 * broad) * (1 - 0.55 * joint * detail)
        let wet = smoothstep(0.5, 0.64, broad) * (0.5 + 0.5 * stage.light.wet)
        let normal = normalize(Vec3(fx * 0.5 * detail, 1, (isCoping ? 0 : fz) * 0.5 * detail))
        return GroundSample(
            colour: stage.lit(albedo * (1 - 0.35 * wet), normal: normal, shadow: shadow),
            mirror: 0.25 * wet, gloss: 0.25 + 0.6 * wet, slope: Vec2(fx * 0.02, fz * 0.03),
            smear: 5 * stage.unit)
    }
}

extension Stage {
    func buildHarbour(_ trace: SubjectTrace) {
        paintSky()
        setAir(density: 0.0013, near: plan.palette.ambient * 0.6 + plan.palette.horizon * 0.2)
        let land = FarLand(
            stage: self, albedo: Vec3(0.06, 0.07, 0.06),
            tall: 240 * plan.distantScale * plan.relief,
            nearest: 300, salt: layout(50) * 40, gap: openGap)
        march(land, near: 320, far: 3_000, ratio: 1.016)
        let side = freeSide
        let edge = max(1.2, trace.length * 0.7 + 0.6)
        quayHouses(side: side, trace: trace)
        lighthouseAt(
            Vec3(camera.position.x + side * halfWidth(at: 190) * 0.35, 0, 190 + camera.position.z))
        for i in 0..<13 {
            let z = trace.distance + 52 - Float(i) * 3.6
            let lateral = random.between(-1.05, 1.05)
            let x = camera.position.x + lateral * halfWidth(at: z)
            if abs(x) < 3.2 && z < trace.distance + 24 { continue }
            mooredBoat(Vec3(x, 0, z + camera.position.z), i)
        }
        shoreMist(from: 60, strength: 0.45)
        let calm: Float = plan.mood == .dramatic ? 0.5 : 0.3
        plane(
            QuayGround(
                stage: self,
                water: WaterGround(stage: self, swell: calm, tint: Vec3(0.025, 0.06, 0.07)),
                edge: edge), trace: trace, farthest: 900)
        quayThings(trace, edge: edge, side: side)
        birds(count: 8)
    }

    /// A row of narrow gabled houses along the far quay.
    private func quayHouses(side: Float, trace: SubjectTrace) {
        let paints: [Vec3] = [
            Vec3(0.36, 0.10, 0.07), Vec3(0.42, 0.30, 0.12), Vec3(0.17, 0.22, 0.28),
            Vec3(0.40, 0.36, 0.30),
            Vec3(0.16, 0.24, 0.19), Vec3(0.32, 0.18, 0.13),
        ]
        let z = camera.position.z + trace.distance + 62
        let depthZ = z - camera.position.z
        var x = camera.position.x - side * halfWidth(at: depthZ) * 1.15
        let end = camera.position.x + side * halfWidth(at: depthZ) * 0.12
        let stop = abs(end - x)
        box(
            Vec3(min(x, end) - 2, -1, z - 2.5), Vec3(max(x, end) + 2, 0.9, z + 16)
        ) { p, n in
            self.lit(
                Vec3(0.15, 0.14, 0.13)
                    * (0.7 + 0.5 * self.noise.value(p.position.x, p.position.y * 3)), normal: n)
        }
        var travelled: Float = 0
        var i = 0
        while travelled < stop {
            let w = 5 + 3.4 * hashUnit(i, 3, salt: UInt32(truncatingIfNeeded: plan.noiseSeed))
            let wall = 6 + 5 * hashUnit(i, 4, salt: UInt32(truncatingIfNeeded: plan.noiseSeed))
            gable(
                Vec3(x + side * (w / 2), 0.9, z), width: w, wall: wall,
                roof: 2.4 + 1.6 * hashUnit(i, 5),
                paint: paints[
                    Int(hashUnit(i, 7, salt: UInt32(truncatingIfNeeded: plan.noiseSeed)) * 5.99)],
                salt: i)
            x += side * w
            travelled += w
            i += 1
        }
    }

    /// A house that turns its gable to the water.
    private func gable(
        _ foot: Vec3, width w: Float, wall: Float, roof: Float, paint: Vec3, salt: Int
    ) {
        let f = Facade(
            stage: self, salt: 700 + salt, paint: paint, floorHeight: 2.9, windowPitch: 1.7,
            lit: plan.palette.windows * 1.2, hasShop: false, isModern: false, top: 90)
        let top = foot.y + wall
        polygon([
            Vec3(foot.x - w / 2, foot.y, foot.z), Vec3(foot.x + w / 2, foot.y, foot.z),
            Vec3(foot.x + w / 2, top, foot.z), Vec3(foot.x, top + roof, foot.z),
            Vec3(foot.x - w / 2, top, foot.z),
        ]) { p in
            f.shade(
                u: p.position.x - foot.x + w / 2, v: p.position.y - foot.y, normal: Vec3(0, 0, -1),
                footprint: p.z / self.camera.focal, z: p.z)
        }
        for s in [Float(-1), 1] {
            let n = normalize(Vec3(s * roof, w / 2, 0))
            polygon([
                Vec3(foot.x, top + roof + 0.2, foot.z - 0.4),
                Vec3(foot.x, top + roof + 0.2, foot.z + 14),
                Vec3(foot.x + s * (w / 2 + 0.3), top, foot.z + 14),
                Vec3(foot.x + s * (w / 2 + 0.3), top, foot.z - 0.4),
            ]) { _ in self.lit(Vec3(0.13, 0.06, 0.045), normal: n) }
        }
    }

    private func lighthouseAt(_ foot: Vec3) {
        let white = lit(Vec3(0.62, 0.6, 0.56), normal: normalize(Vec3(-freeSide * 0.6, 0.1, -0.75)))
        let red = lit(Vec3(0.42, 0.06, 0.05), normal: normalize(Vec3(-freeSide * 0.6, 0.1, -0.75)))
        stroke(
            foot + Vec3(-30, 0.6, 0), foot + Vec3(10, 0.6, 0), 1.2, 1.2,
            lit(Vec3(0.12, 0.11, 0.1), normal: Vec3(0, 0.4, -0.9)))
        for k in 0..<5 {
            let y0 = Float(k) * 3.2, r = 2.0 - 0.16 * Float(k)
            stroke(
                foot + Vec3(0, y0, 0), foot + Vec3(0, y0 + 3.2, 0), r, r - 0.16,
                k % 2 == 0 ? white : red)
        }
        stroke(foot + Vec3(0, 16, 0), foot + Vec3(0, 18.4, 0), 0.9, 0.7, red * 0.6)
        let p = camera.project(foot + Vec3(0, 17, 0))
        glowDisc(
            p.x, p.y, radius: max(2.5, 1.3 * camera.focal / p.z),
            Vec3(2.4, 1.8, 0.9) * (0.2 + 0.8 * plan.palette.night))
    }

    /// A fishing boat with mast and rigging.
    private func mooredBoat(_ foot: Vec3, _ i: Int) {
        let r = hashUnit(i, 61, salt: UInt32(truncatingIfNeeded: plan.noiseSeed))
        let long = 3.2 + 2.6 * r
        let paints: [Vec3] = [
            Vec3(0.30, 0.06, 0.05), Vec3(0.06, 0.12, 0.22), Vec3(0.5, 0.48, 0.44),
            Vec3(0.07, 0.17, 0.14),
        ]
        let paint = paints[i % 4]
        let bow: Float = i % 2 == 0 ? 1 : -1
        let n = normalize(Vec3(0, 0.25, -0.95))
        polygon([
            Vec3(foot.x - long * 0.42 * bow, -0.3, foot.z),
            Vec3(foot.x + long * 0.36 * bow, -0.3, foot.z),
            Vec3(foot.x + long * 0.56 * bow, 1.15, foot.z),
            Vec3(foot.x - long * 0.5 * bow, 0.8, foot.z),
        ]) { p in
            let stripe = p.position.y > 0.62 ? Vec3(0.5, 0.47, 0.4) : paint
            return self.lit(stripe * (p.position.y < 0.12 ? 0.4 : 1), normal: n)
        }
        if i % 3 != 0 {
            box(
                Vec3(foot.x - long * 0.18, 0.8, foot.z + 0.1),
                Vec3(foot.x + long * 0.06, 1.9, foot.z + 0.9)
            ) { p, n in
                let glass = p.position.y > 1.3 && p.position.y < 1.72 && n.z < -0.5
                if glass {
                    return self.plan.palette.night > 0.5 && i % 2 == 0
                        ? self.light.lampGlow * 0.6 : Vec3(0.03, 0.035, 0.04)
                }
                return self.lit(Vec3(0.48, 0.46, 0.42), normal: n)
            }
        }
        let mast = Vec3(foot.x + long * 0.14 * bow, 0.8, foot.z + 0.2)
        let tall = long * (1.0 + 0.5 * r)
        let wood = lit(Vec3(0.14, 0.10, 0.07), normal: Vec3(-0.4, 0, -0.9))
        stroke(mast, mast + Vec3(0, tall, 0), 0.06, 0.035, wood)
        stroke(mast + Vec3(0, 0.7, 0), mast + Vec3(-long * 0.45 * bow, 1.0, 0), 0.04, 0.03, wood)
        for end in [
            Vec3(foot.x + long * 0.55 * bow, 1.15, foot.z),
            Vec3(foot.x - long * 0.48 * bow, 0.85, foot.z),
        ] {
            stroke(mast + Vec3(0, tall * 0.95, 0), end, 0.012, 0.012, wood * 0.7)
        }
    }

    private func quayThings(_ trace: SubjectTrace, edge: Float, side: Float) {
        let iron = lit(Vec3(0.03, 0.032, 0.036), normal: normalize(Vec3(-side * 0.5, 0.4, -0.8)))
        for k in 0..<5 {
            let x = camera.position.x + (Float(k) - 2) * 3.4 + 0.9
            if abs(x) < trace.length * 0.5 + 0.7 { continue }
            let foot = Vec3(x, 0, edge - 0.4)
            stroke(foot, foot + Vec3(0, 0.42, 0), 0.13, 0.10, iron)
            stroke(foot + Vec3(0, 0.44, 0), foot + Vec3(0, 0.52, 0), 0.19, 0.17, iron)
        }
        let x = camera.position.x + side * halfWidth(at: trace.distance) * 0.74
        for k in 0..<3 {
            let s: Float = 0.62
            let low = Vec3(x + (k == 2 ? 0.32 : Float(k) * 0.68), k == 2 ? s : 0, edge - 1.5)
            box(low, low + Vec3(s, s, s)) { p, n in
                let slat = fraction((p.position.y - low.y) / 0.155)
                let tone: Float =
                    slat < 0.1
                    ? 0.35 : 0.8 + 0.4 * self.noise.value(p.position.x * 4, p.position.y * 20)
                return self.lit(Vec3(0.21, 0.145, 0.09) * tone, normal: n)
            }
        }
        streetLamp(
            Vec3(
                camera.position.x - side * halfWidth(at: trace.distance + edge) * 0.82, 0,
                edge - 0.3), tall: 4.4, arm: side * 0.5)
    }
}
