/// A road that runs to the horizon.
struct RoadGround: Ground {
    let stage: Stage
    let centre: Float
    let half: Float
    let verge: TurfGround

    func sample(_ p: Vec3, z: Float, footprint: Float, shadow: Float) -> GroundSample {
        let noise = stage.noise
        let bend = RoadGround.bend(p.z)
        let u = p.x - centre - bend
        let across = footprint * 0.02 + z / stage.camera.focal
        let side = verge.sample(p, z: z, footprint: footprint, shadow: shadow)
        let gravel = smoothstep(half + 1.1, half + 0.2, abs(u))
        if gravel <= 0 { return side }
        let fine = noise.value(p.x * 14, p.z * 14) - 0.5
        let detail = 1 - smoothstep(0.03, 0.25, footprint)
        let broad = noise.fractal(p.x * 0.5, p.z * 0.12, octaves: 3)
        let tracks = smoothstep(0.5, 0.1, abs(abs(u) - half * 0.5)) * 0.14
        var tar = Vec3(0.105, 0.10, 0.105) * (0.82 + 0.4 * broad + 0.35 * fine * detail - tracks)
        let seam =
            1 - smoothstep(0.0, 0.05, abs(noise.fractal(p.x * 0.35, p.z * 0.35, octaves: 2) - 0.5))
        tar *= 1 - 0.3 * seam * detail
        let dash = abs(u) < 0.07 + across && fraction(p.z / 9) < 0.42
        let edge = abs(abs(u) - half + 0.35) < 0.06 + across * 0.7
        if dash || edge {
            tar = mix(
                tar, dash ? Vec3(0.62, 0.46, 0.12) : Vec3(0.55, 0.55, 0.52),
                0.75 * (0.6 + 0.5 * broad))
        }
        let stones = Vec3(0.25, 0.22, 0.18) * (0.8 + 0.8 * fine * detail)
        let albedo = mix(stones, tar, smoothstep(half + across, half - across, abs(u)))
        let wet = stage.light.wet
        let normal = normalize(Vec3(fine * 0.3 * detail, 1, fine * 0.3 * detail))
        let c = stage.lit(albedo * (1 - 0.4 * wet), normal: normal, shadow: shadow)
        var s = GroundSample(colour: mix(side.colour, c, gravel))
        s.gloss = 0.35 + 0.5 * wet
        s.mirror = 0.3 * wet * smoothstep(0.4, 0.65, broad)
        s.smear = 6 * stage.unit
        return s
    }

    static func bend(_ z: Float) -> Float {
        z < 25 ? 0 : (z - 25) * (z - 25) * 0.0011
    }
}

extension Stage {
    func buildRoad(_ trace: SubjectTrace) {
        paintSky()
        setAir(density: 0.00018)
        let isCar = trace.length > 2.5
        // A car keeps to its lane; others stand at the roadside line.
        let half: Float = 3.6
        let side = freeSide
        let centre = isCar ? side * 0.4 : side * 2.6
        let start = trace.distance + 110
        let dry = plan.noiseSeed % 3 == 0
        let grass = dry ? Vec3(0.27, 0.20, 0.085) : Vec3(0.115, 0.135, 0.042)
        let second = dry ? Vec3(0.33, 0.25, 0.12) : Vec3(0.22, 0.19, 0.065)
        march(
            Fields(
                stage: self, salt: layout(12) * 30, start: start + camera.position.z,
                tall: 46 * plan.relief, isSnowy: false, albedo: grass, second: second),
            near: start, far: 9_000, ratio: 1.0125)
        plane(
            RoadGround(
                stage: self, centre: centre, half: half,
                verge: TurfGround(stage: self, albedo: grass, second: second)), trace: trace,
            farthest: start + 40)
        shoreMist(from: 60, strength: 0.3)
        let plants = Plants(noise: noise)
        let poplar = plants.cypress(), oak = plants.broadleaf(2)
        for i in 0..<22 {
            let z = trace.distance + 108 - Float(i) * 4.6
            let wz = z + camera.position.z
            let x = centre + RoadGround.bend(wz) - side * (half + 3.5 + random.between(0, 1))
            var look = SpriteLook(albedo: Vec3(0.055, 0.075, 0.028))
            look.translucency = 0.35
            if i % 2 == 0 && (z > trace.distance + 6) {
                sprite(poplar, foot: Vec3(x, -0.1, wz), tall: random.between(8, 12), look: look)
            }
            if i % 5 == 1 {
                sprite(
                    oak, foot: Vec3(centre + side * random.between(16, 60), -0.3, wz),
                    tall: random.between(5, 9), look: look)
            }
        }
        polesAndWires(centre: centre, side: side, half: half, trace: trace)
        meadowGrass(trace, plants, roadCentre: centre, half: half, albedo: grass)
        birds(count: 4)
    }

    private func meadowGrass(
        _ trace: SubjectTrace, _ plants: Plants, roadCentre: Float, half: Float, albedo: Vec3
    ) {
        let images = [plants.grass(4, blades: 30), plants.grass(5, blades: 24)]
        let d = trace.distance
        for i in 0..<160 {
            let z = d * (3 - 2.5 * Float(i) / 160)
            let x = camera.position.x + random.between(-1.1, 1.1) * halfWidth(at: z)
            let wz = z + camera.position.z
            if abs(x - roadCentre - RoadGround.bend(wz)) < half + 0.8 { continue }
            if z < d && abs(x) < trace.length * 0.6 { continue }
            var look = SpriteLook(albedo: albedo * random.between(0.7, 1.4))
            look.translucency = 0.6
            sprite(
                images[i % 2], foot: Vec3(x, -0.03, wz), tall: random.between(0.3, 0.62),
                look: look, isFlipped: i % 4 < 2, stretch: 1.6)
        }
    }

    private func polesAndWires(centre: Float, side: Float, half: Float, trace: SubjectTrace) {
        let wood = lit(Vec3(0.10, 0.075, 0.06), normal: normalize(Vec3(-side, 0.2, -0.7)))
        var last: Vec3?
        let first = camera.position.z + max(3, trace.distance * 0.55)
        for i in 0..<9 {
            let wz = first + Float(i) * 24
            let x = centre + RoadGround.bend(wz) + side * (half + 3.2)
            let foot = Vec3(x, 0, wz), top = Vec3(x, 7.6, wz)
            stroke(foot, top, 0.13, 0.10, wood)
            let arm = top - Vec3(0, 0.7, 0)
            stroke(arm - Vec3(0.9, 0, 0), arm + Vec3(0.9, 0, 0), 0.06, 0.06, wood)
            for offset in [Float(-0.85), 0, 0.85] {
                let here = arm + Vec3(offset, 0.12, 0)
                if let last {
                    var from = last + Vec3(offset, 0.12, 0)
                    for k in 1...6 {
                        let t = Float(k) / 6
                        var to = mix(last + Vec3(offset, 0.12, 0), here, t)
                        to.y -= 0.9 * 4 * t * (1 - t)
                        stroke(from, to, 0.012, 0.012, wood * 0.6)
                        from = to
                    }
                }
            }
            last = arm
        }
    }
}
