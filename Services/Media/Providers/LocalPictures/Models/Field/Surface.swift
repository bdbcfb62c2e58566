/// A point of a surface, before light.
struct SurfacePoint {
    /// Model space, and in the axes of the nearest primitive.
    var place: Vec3
    var local: Vec3
    var normal: Vec3
    /// Lie of the hair along the surface.
    var flow: Vec3
    /// Unit vector toward the eye.
    var toEye: Vec3
    /// Metres per pixel here.
    var footprint: Float
}

/// What a material gives at a point: the colour and finish that light meets.
struct Finish {
    var colour: Vec3
    var normal: Vec3
    var gloss: Float
    var sharpness: Float
    var mirror: Float
    var through: Float
    var glow: Float
    /// Hair catches light along its length.
    var isHair = false
    var isEye = false
}

/// Noise at one point of space, 0 ... 1.
@inline(__always) func spotNoise(_ p: Vec3) -> Float { noise(LanePoint(p))[0] }

/// Two octaves at one point, 0 ... 1.
@inline(__always) func roughNoise(_ p: Vec3) -> Float {
    let scales = Lane(1, 2.03, 4.1, 8.3)
    let values = noise(LanePoint(x: p.x * scales + 9, y: p.y * scales + 5, z: p.z * scales + 2))
    return (values * Lane(0.5, 0.26, 0.15, 0.09)).sum()
}

/// A share that falls off as details of `size` metres become smaller than pixels.
@inline(__always) private func visible(_ size: Float, _ footprint: Float) -> Float {
    clamp(size / footprint * 0.5 - 0.6)
}

/// 1 on a line of `width` about 0, soft over a pixel.
@inline(__always) private func line(_ offset: Float, _ width: Float, _ footprint: Float) -> Float {
    clamp((width * 0.5 - abs(offset)) / footprint + 0.5)
}

/// Distance of `x` from the nearest multiple of `period`.
@inline(__always) private func wrapped(_ x: Float, _ period: Float) -> Float {
    (fraction(x / period + 0.5) - 0.5) * period
}

extension Material {
    /// Colour and finish at a point.
    func finish(_ at: SurfacePoint) -> Finish {
        var finish = Finish(
            colour: colour, normal: at.normal, gloss: gloss, sharpness: sharpness, mirror: mirror,
            through: through, glow: glow)
        switch pattern {
        case .plain: break
        case .coat: coat(at, &finish)
        case .feather: feather(at, &finish)
        case .eye: eye(at, &finish)
        case .skin: skin(at, &finish)
        case .cloth, .sail: cloth(at, &finish)
        case .knit: knit(at, &finish)
        case .leather: leather(at, &finish)
        case .wood: wood(at, &finish)
        case .rubber: finish.colour *= 0.8 + 0.4 * spotNoise(at.place * 60)
        case .paint: paint(at, &finish)
        case .glass: break
        case .metal: finish.colour *= 0.92 + 0.16 * spotNoise(at.local * grain)
        case .bands: bands(at, &finish)
        case .brick: brick(at, &finish)
        case .leaves: leaves(at, &finish)
        case .roof: roof(at, &finish)
        case .rock: rock(at, &finish)
        case .dial: dial(at, &finish)
        case .pages:
            let sheet = spotNoise(Vec3(2, at.local.y * grain, 3))
            finish.colour *= 0.82 + 0.3 * sheet * visible(1 / grain, at.footprint)
        }
        return finish
    }

    /// Strands: fine noise averaged along the lie of the hair, at the point and beside it.
    private func strands(_ at: SurfacePoint, _ detail: Float) -> (here: Float, beside: Float) {
        let side = cross(at.flow, at.normal) * (0.5 / detail)
        // Uneven steps, so that the lattice of the noise does not show as stitches.
        let near = Lane(-2.3, -0.9, 0.7, 1.9) / detail
        let wide = Lane(-5.9, -4.1, 3.3, 5.2) / detail
        // The lattice is turned, so that hair lying along an axis crosses its cells.
        func average(_ p: Vec3) -> Float {
            var sum: Float = 0
            for steps in [near, wide] {
                let x = (p.x + at.flow.x * steps) * detail
                let y = (p.y + at.flow.y * steps) * detail
                let z = (p.z + at.flow.z * steps) * detail
                sum += noise(
                    LanePoint(
                        x: x * 0.64 + y * 0.48 - z * 0.6 + 50, y: y * 0.78 - x * 0.6 + 50,
                        z: z * 0.8 + x * 0.48 + y * 0.36 + 50)
                ).sum()
            }
            return sum * 0.125
        }
        return (average(at.place), average(at.place + side))
    }

    private func coat(_ at: SurfacePoint, _ finish: inout Finish) {
        finish.isHair = true
        let detail = min(grain, 0.42 / at.footprint)
        let (here, beside) = strands(at, detail)
        let clump = roughNoise(at.place * (grain * 0.06))
        let height = at.normal.y + (clump - 0.5) * 0.45 + (here - 0.5) * 0.5
        var colour = mix(self.second, self.colour, smoothstep(-0.85, -0.25, height))
        if strength > 0 {
            let wave = at.place.x * axis.x + at.place.y * axis.y + at.place.z * axis.z
            let bend = spotNoise(at.place * 9 + 7) * 1.3
            let band = abs(fraction(wave + bend) - 0.5) * 2
            let mark = smoothstep(0.42, 0.72, band + (here - 0.5) * 0.7)
            colour = mix(colour, third, mark * strength * smoothstep(-0.3, 0.25, height))
        }
        let contrast: Float = 2
        let shade = 1 + (here - 0.5) * contrast + (clump - 0.5) * 0.5
        finish.colour = colour * max(shade, 0.25)
        let side = cross(at.flow, at.normal)
        finish.normal = normalize(at.normal + side * ((here - beside) * 2))
        finish.gloss = gloss * (0.5 + here)
    }

    private func feather(_ at: SurfacePoint, _ finish: inout Finish) {
        finish.isHair = true
        let barb = strands(at, min(grain * 9, 0.42 / at.footprint))
        let vane = strands(at, min(grain, 0.3 / at.footprint))
        let blend = smoothstep(-0.55, -0.05, at.normal.y + (vane.here - 0.5) * 0.6)
        let base = mix(second, colour, blend)
        let edge = smoothstep(0.04, 0.1, abs(vane.here - vane.beside))
        finish.colour = base * max(0.3, 1 + (barb.here - 0.5) * 1.1 + (vane.here - 0.5) * 1.3)
        finish.colour *= 1 - 0.22 * edge
        let side = cross(at.flow, at.normal)
        finish.normal = normalize(
            at.normal + side * ((vane.here - vane.beside) * 1.6 + (barb.here - barb.beside)))
    }

    private func eye(_ at: SurfacePoint, _ finish: inout Finish) {
        finish.isEye = true
        let out = normalize(at.local)
        let facing = dot(out, axis)
        let off = out - axis * facing
        // Slit pupils are narrow across and tall.
        let flat = Vec3(off.x, 0, off.z)
        let across = dot(flat, flat)
        let tall = off.y * off.y
        let isSlit = strength > 0
        let pupilRadius = (isSlit ? across * 6 + tall * 0.45 : across + tall).squareRoot()
        let round = facing > 0 ? length(off) : 1.5
        let angle = arcTangent(off.y, dot(flat, normalize(Vec3(-axis.z, 0, axis.x))))
        let ray = spotNoise(Vec3(sine(angle) * 7 + 20, cosine(angle) * 7 + 20, round * 2.5))
        var tone = colour * (0.55 + 0.9 * ray) * (0.6 + 1.1 * smoothstep(0.2, 0.7, round))
        // Light gathers in the iris opposite the catch light.
        tone *= 1 + 0.9 * clamp(-off.y * 1.4)
        tone = mix(tone, colour * 0.1, smoothstep(0.68, 0.84, round))
        tone = mix(tone, second, smoothstep(0.84, 0.92, round))
        let pupil = smoothstep(0.3, 0.36, pupilRadius)
        finish.colour = tone * pupil + Vec3(repeating: 0.003)
        // The brow shades the upper part.
        finish.colour *= 1 - 0.6 * smoothstep(0.2, 0.7, out.y)
        finish.mirror = 0.02
    }

    private func skin(_ at: SurfacePoint, _ finish: inout Finish) {
        let patch = roughNoise(at.place * 38)
        finish.colour = mix(finish.colour, second, smoothstep(0.45, 0.8, patch) * 0.35)
        let fine = roughNoise(at.place * 420)
        finish.colour *= 0.95 + 0.1 * fine * visible(0.002, at.footprint)
        finish.through = max(through, 0.12)
    }

    private func cloth(_ at: SurfacePoint, _ finish: inout Finish) {
        let seen = visible(1 / grain, at.footprint)
        let q = at.place * grain
        let weave = sine(q.x * 6.283 + q.z * 6.283) * sine(q.y * 6.283) * 0.5
        let fold = roughNoise(at.place * 7)
        let wear = roughNoise(at.place * 31)
        finish.colour *= 1 + weave * 0.22 * seen + (wear - 0.5) * 0.3
        if pattern == .sail {
            let seam = line(wrapped(at.local.y, 0.62), 0.022, at.footprint)
            finish.colour *= 1 - 0.3 * seam * visible(0.02, at.footprint)
            finish.colour *= 0.94 + 0.12 * fold
        } else {
            let bend = Vec3(
                fold - 0.5, (roughNoise(at.place * 7 + 31) - 0.5) * 0.7,
                roughNoise(at.place * 7 + 57) - 0.5)
            finish.normal = normalize(at.normal + bend * (0.75 * strength))
        }
    }

    private func knit(_ at: SurfacePoint, _ finish: inout Finish) {
        let seen = visible(1 / grain, at.footprint)
        let along = dot(at.place, at.flow) * grain
        let side = cross(at.flow, at.normal)
        let across = dot(at.place, side) * grain
        let rib = sine(across * 6.283)
        let stitch = sine(along * 6.283 + abs(fraction(across) - 0.5) * 6)
        finish.colour *= 1 + (rib * 0.16 + stitch * 0.16) * seen
        finish.colour *= 0.85 + 0.3 * roughNoise(at.place * 24)
        finish.normal = normalize(at.normal + side * (cosine(across * 6.283) * 0.3 * seen))
    }

    private func leather(_ at: SurfacePoint, _ finish: inout Finish) {
        let seen = visible(1 / grain, at.footprint)
        let pore = roughNoise(at.place * grain)
        let patch = roughNoise(at.place * 14)
        finish.colour *= 0.8 + 0.4 * patch + (pore - 0.5) * 0.35 * seen
        let beside = roughNoise((at.place + Vec3(0.3, 0.2, 0.1) / grain) * grain)
        finish.normal = normalize(at.normal + Vec3(1, 1, 1) * ((pore - beside) * 0.5 * seen))
    }

    private func wood(_ at: SurfacePoint, _ finish: inout Finish) {
        let q = at.local
        let bend = spotNoise(Vec3(q.x * 2.2, q.y * 5, q.z * 5)) * 2.4
        let ring = fraction((q.y + q.z * 0.6) * grain + bend)
        let fibre = spotNoise(Vec3(q.x * 14, q.y * 260, q.z * 260))
        let seen = visible(0.5 / grain, at.footprint)
        finish.colour *= 1 - 0.3 * ring * seen + (fibre - 0.5) * 0.25 * visible(0.006, at.footprint)
        if strength > 0 {
            let plank = line(wrapped(q.y, strength), 0.008, at.footprint)
            finish.colour *= 1 - 0.6 * plank * visible(0.05, at.footprint)
        }
    }

    private func paint(_ at: SurfacePoint, _ finish: inout Finish) {
        finish.colour *= 0.93 + 0.14 * roughNoise(at.place * 3.1)
        // Seams of doors, at the lengths in `axis`.
        guard strength > 0, abs(at.normal.z) > 0.6 else { return }
        for place in [axis.x, axis.y, axis.z] {
            let seam = line(at.local.x - place + at.local.y * 0.04, 0.012, at.footprint)
            finish.colour *= 1 - 0.75 * seam * visible(0.012, at.footprint * 0.7)
        }
    }

    private func bands(_ at: SurfacePoint, _ finish: inout Finish) {
        let wave = abs(wrapped(at.local.y * grain + 0.25, 1))
        let edge = at.footprint * grain
        let share = clamp((wave - 0.25) / max(edge, 0.004) + 0.5)
        finish.colour = mix(colour, second, share)
        let streak = roughNoise(Vec3(at.place.x * 3, at.place.y * 0.6, at.place.z * 3))
        finish.colour *= 0.82 + 0.3 * streak
    }

    private func brick(_ at: SurfacePoint, _ finish: inout Finish) {
        let row = at.local.y * grain
        let shift = fraction(floorValue(row) * 0.5) > 0.25 ? Float(0.5) : 0
        let along = abs(at.normal.x) > abs(at.normal.z) ? at.local.z : at.local.x
        let u = along * grain * 0.4 + shift
        let joint = max(
            line(wrapped(row, 1), 0.12, at.footprint * grain),
            line(wrapped(u, 1), 0.05, at.footprint * grain * 0.4))
        let tone = hashUnit(floorIndex(u), floorIndex(row))
        let seen = visible(1 / grain, at.footprint)
        finish.colour *= 1 + (tone - 0.5) * 0.4 * seen
        finish.colour = mix(finish.colour, second, joint * seen)
        finish.colour *= 0.8 + 0.4 * roughNoise(at.place * 1.7)
    }

    private func leaves(_ at: SurfacePoint, _ finish: inout Finish) {
        let clump = roughNoise(at.place * grain * 0.12)
        let leaf = roughNoise(at.place * min(grain, 0.4 / at.footprint))
        let other = roughNoise(at.place * min(grain, 0.4 / at.footprint) + 31)
        finish.colour = mix(colour, second, smoothstep(0.35, 0.7, clump)) * (0.45 + 1.1 * leaf)
        finish.normal = normalize(
            at.normal + Vec3(leaf - 0.5, (clump - 0.5) * 0.8, other - 0.5) * 1.6)
    }

    private func roof(_ at: SurfacePoint, _ finish: inout Finish) {
        let row = (at.local.y + at.local.x * 0.2) * grain
        let u =
            at.place.x * grain + at.place.z * grain
            + (fraction(floorValue(row) * 0.5) > 0.25 ? 0.5 : 0)
        let seen = visible(0.6 / grain, at.footprint)
        let step = fraction(row)
        finish.colour *= 1 - 0.35 * smoothstep(0.55, 1, step) * seen
        finish.colour *= 1 + (hashUnit(floorIndex(u), floorIndex(row)) - 0.5) * 0.35 * seen
        finish.colour *= 0.8 + 0.4 * roughNoise(at.place * 1.3)
    }

    private func rock(_ at: SurfacePoint, _ finish: inout Finish) {
        let coarse = roughNoise(at.place * grain)
        let fine = roughNoise(at.place * grain * 5)
        finish.colour = mix(colour, second, smoothstep(0.35, 0.7, coarse)) * (0.7 + 0.6 * fine)
        let other = roughNoise(at.place * grain + 19)
        finish.normal = normalize(
            at.normal + Vec3(coarse - 0.5, fine - 0.5, other - 0.5) * 1.4)
    }

    private func dial(_ at: SurfacePoint, _ finish: inout Finish) {
        // `axis.x` is the radius; the face lies in local x-z with twelve toward +x.
        let q = Vec2(at.local.x, at.local.z) * (1 / axis.x)
        let radius = (q.x * q.x + q.y * q.y).squareRoot()
        let soft = at.footprint / axis.x
        let turn = arcTangent(q.y, q.x) / (2 * pi)
        let minute = abs(wrapped(turn, 1 / 60)) * 2 * pi * radius
        let hour = abs(wrapped(turn, 1 / 12)) * 2 * pi * radius
        var ink: Float = 0
        if radius > 0.9, radius < 0.95 { ink = line(minute, 0.012, soft) }
        if radius > 0.74, radius < 0.95 { ink = max(ink, line(hour, 0.05, soft)) }
        func hand(_ angle: Float, _ reach: Float, _ width: Float) -> Float {
            let c = cosine(angle)
            let s = sine(angle)
            let along = q.x * c + q.y * s
            let across = q.y * c - q.x * s
            return along > -0.12 && along < reach ? line(across, width, soft) : 0
        }
        ink = max(ink, max(hand(-1.02, 0.5, 0.07), hand(1.05, 0.74, 0.05)))
        finish.colour = mix(colour, second, ink)
        let sweep = max(hand(2.6, 0.84, 0.018), radius < 0.06 ? 1 : 0)
        finish.colour = mix(finish.colour, third, sweep)
        finish.colour *= 1 - 0.25 * smoothstep(0.9, 1, radius)
    }
}
