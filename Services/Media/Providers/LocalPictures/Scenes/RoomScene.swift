/// The inside of a house: a box with a window, sunlight through it, things on the walls.
///
/// Small subjects stand on a table near the window; everything else is scaled to metres.
struct Interior {
    let stage: Stage
    /// Inner faces, in metres; the floor is below the table top when there is a table.
    let halfWidth: Float
    let back: Float
    let floor: Float
    let ceiling: Float
    /// The window: on the back wall, or on the side wall toward `side`.
    let isBackWindow: Bool
    let side: Float
    let windowLow: Vec2
    let windowHigh: Vec2
    let wall: Vec3
    let panel: Vec3

    /// Share of the key light that enters through the panes and reaches a point.
    @inline(__always)
    func sun(_ p: Vec3) -> Float {
        let l = stage.light.keyDirection
        var u: Float, v: Float
        if isBackWindow {
            if l.z < 0.05 { return 0.05 }
            let t = (back - p.z) / l.z
            u = p.x + l.x * t
            v = p.y + l.y * t
        } else {
            let wallX = side * halfWidth
            if l.x * side < 0.05 { return 0.05 }
            let t = (wallX - p.x) / l.x
            u = p.z + l.z * t
            v = p.y + l.y * t
        }
        return opening(u, v, softness: 0.05)
    }

    /// 1 inside a pane, 0 on frame and wall.
    @inline(__always)
    func opening(_ u: Float, _ v: Float, softness: Float) -> Float {
        let a = smoothstep(0, softness, min(u - windowLow.x, windowHigh.x - u))
        let b = smoothstep(0, softness, min(v - windowLow.y, windowHigh.y - v))
        if a * b <= 0 { return 0 }
        let pu = (u - windowLow.x) / (windowHigh.x - windowLow.x) * 3
        let pv = (v - windowLow.y) / (windowHigh.y - windowLow.y) * 2
        let bar: Float = 0.035
        let m = smoothstep(bar, bar + softness, min(fraction(pu), 1 - fraction(pu)))
        let n = smoothstep(bar, bar + softness, min(fraction(pv), 1 - fraction(pv)))
        return a * b * m * n
    }

    /// Light of a room at a point: soft from the window, a patch of sun, a lamp at night.
    func lit(_ albedo: Vec3, _ p: Vec3, _ normal: Vec3, shadow: Float = 1) -> Vec3 {
        let light = stage.light
        let centre =
            isBackWindow
            ? Vec3((windowLow.x + windowHigh.x) / 2, (windowLow.y + windowHigh.y) / 2, back)
            : Vec3(
                side * halfWidth, (windowLow.y + windowHigh.y) / 2, (windowLow.x + windowHigh.x) / 2
            )
        let to = centre - p
        let d2 = dot(to, to)
        let towards = to * (1 / d2.squareRoot())
        let soft = (0.35 + 0.65 * max(0, dot(normal, towards))) * 5.5 / (3.2 + d2)
        let corner =
            0.55 + 0.45
            * smoothstep(0, 1.1, min(p.y - floor, min(halfWidth - abs(p.x), ceiling - p.y)) + 0.15)
        let palette = stage.plan.palette
        let dusk: Float = stage.plan.lighting == .blue ? 1.7 : 1
        var c =
            (palette.horizon * 0.45 + palette.mid * 0.45 + light.ambientSky * 0.7) * (soft * dusk)
        c += light.ambientSky * 0.30 + light.ambientGround * 0.12
        c += light.key * (max(0, dot(normal, light.keyDirection)) * sun(p) * shadow * 0.95)
        let lamp = lampPlace - p
        let l2 = dot(lamp, lamp)
        let glow = max(0, dot(normal, lamp) / l2.squareRoot()) * 0.7 + 0.3
        c += Vec3(1.25, 0.72, 0.30) * (glow * (0.10 + 0.9 * palette.night) / (0.7 + l2) * 1.1)
        return albedo * c * corner
    }

    var lampPlace: Vec3 {
        Vec3(-side * halfWidth * 0.66, floor + 1.55, back - 0.75)
    }
}

struct WoodFloor: Ground {
    let room: Interior
    /// Extent of the table in metres; nil: the floor itself.
    let table: Float?

    func sample(_ p: Vec3, z: Float, footprint: Float, shadow: Float) -> GroundSample {
        let noise = room.stage.noise
        let width: Float = table == nil ? 0.19 : 0.13
        let board = floorIndex(p.x / width)
        let along = p.z + 2.1 * hashUnit(board, 3)
        let tone = hashUnit(board, floorIndex(along / 1.7), salt: 6)
        let grain = noise.fractal(p.x * 24, p.z * 1.6 + Float(board), octaves: 3)
        let joint = min(fraction(p.x / width), 1 - fraction(p.x / width))
        var albedo = mix(Vec3(0.16, 0.085, 0.045), Vec3(0.33, 0.19, 0.10), tone * 0.6 + grain * 0.5)
        albedo *= joint < 0.03 ? 0.5 : 1
        if table == nil {
            // A rug in the middle.
            let rx = abs(p.x) / 1.75, rz = abs(p.z - 0.3) / 1.25
            let r = max(rx, rz)
            if r < 1 {
                let weave = 0.85 + 0.3 * noise.value(p.x * 40, p.z * 40)
                let figure = sine(rx * 21) * sine(rz * 17) > 0.25
                let band = r > 0.86 || (r > 0.72 && r < 0.77)
                let a =
                    band
                    ? Vec3(0.42, 0.31, 0.18)
                    : figure ? Vec3(0.30, 0.07, 0.06) : Vec3(0.19, 0.045, 0.05)
                return GroundSample(colour: room.lit(a * weave, p, Vec3(0, 1, 0), shadow: shadow))
            }
        }
        return GroundSample(
            colour: room.lit(albedo, p, Vec3(0, 1, 0), shadow: shadow), mirror: 0.05, gloss: 0.65,
            slope: Vec2((grain - 0.5) * 0.004, 0), smear: 7 * room.stage.unit)
    }
}

extension Stage {
    func buildRoom(_ trace: SubjectTrace) {
        paintSky()
        setAir(density: 0.004, near: plan.palette.ambient * 0.4 + plan.palette.horizon * 0.15)
        setFarAir(plan.palette.horizon * 0.4 + plan.palette.ambient * 0.3)
        let isSmall = trace.height < 0.6
        let floor: Float = isSmall ? -0.76 : 0
        let back: Float = isSmall ? 2.6 : max(2.6, trace.length * 0.6 + 2.0)
        let view = halfWidth(at: trace.distance + back)
        let wide = min(max(isSmall ? 1.5 : 2.4, view * 0.80), 6.5) + abs(camera.position.x) * 0.5
        let isBack = plan.isBacklit
        let windowX = clamp(
            camera.position.x + freeSide * min(view * 0.45, wide * 0.5), -wide + 1.2, wide - 1.2)
        let tall: Float = floor + 2.9
        let side: Float = light.keyDirection.x >= 0 ? 1 : -1
        let walls: [Vec3] = [
            Vec3(0.34, 0.26, 0.19), Vec3(0.40, 0.38, 0.36), Vec3(0.17, 0.24, 0.23),
            Vec3(0.42, 0.33, 0.20),
        ]
        let room = Interior(
            stage: self, halfWidth: wide, back: back, floor: floor, ceiling: tall,
            isBackWindow: isBack, side: side,
            windowLow: isBack ? Vec2(windowX - 1.05, floor + 0.75) : Vec2(-1.2, floor + 0.7),
            windowHigh: isBack
                ? Vec2(windowX + 1.05, floor + 2.45) : Vec2(back - 0.5, floor + 2.45),
            wall: walls[plan.mood.index], panel: Vec3(0.55, 0.52, 0.47))
        drawWalls(room)
        furniture(room, windowX: windowX)
        if isSmall {
            let table = WoodFloor(room: room, table: 0.8)
            plane(table, trace: trace, farthest: trace.distance + max(0.34, trace.height * 1.6))
            floorBelow(room)
        } else {
            plane(
                WoodFloor(room: room, table: nil), trace: trace,
                farthest: trace.distance + back + 0.02)
        }
        lampLight(room)
        sunBeam(room)
    }

    private func drawWalls(_ room: Interior) {
        let w = room.halfWidth, front = camera.position.z + 0.2
        let wallShade: (WallPoint, Vec3) -> Vec3 = { p, n in
            let q = p.position
            let along = abs(n.z) > 0.5 ? q.x : q.z
            if room.isBackWindow == (abs(n.z) > 0.5), abs(n.z) > 0.5 || n.x * room.side < 0 {
                let inFrame = min(
                    min(along - room.windowLow.x, room.windowHigh.x - along),
                    min(q.y - room.windowLow.y, room.windowHigh.y - q.y))
                if inFrame > -0.09 {
                    let open = room.opening(along, q.y, softness: 0.012)
                    let frame = room.lit(Vec3(0.5, 0.48, 0.44), q, n)
                    return mix(frame, self.outside(p), open)
                }
            }
            let height = q.y - room.floor
            if height < 0.95 {
                let cell = fraction(along / 0.72)
                let edge = cell < 0.09 || cell > 0.91 || height > 0.86 || height < 0.16
                let bevel: Float = cell > 0.09 && cell < 0.12 ? 0.7 : 1
                return room.lit(room.panel * (edge ? 1 : 0.86) * bevel, q, n)
            }
            if height > 2.76 { return room.lit(room.panel, q, n) }
            let figure = self.noise.fractal(along * 1.1, q.y * 1.1, octaves: 3)
            let stripe: Float = fraction(along / 0.22) < 0.5 ? 1.05 : 0.97
            return room.lit(room.wall * (0.85 + 0.3 * figure) * stripe, q, n)
        }
        let lo = room.floor, hi = room.ceiling
        polygon([
            Vec3(-w, lo, room.back), Vec3(w, lo, room.back), Vec3(w, hi, room.back),
            Vec3(-w, hi, room.back),
        ]) {
            wallShade($0, Vec3(0, 0, -1))
        }
        for s in [Float(-1), 1] {
            polygon([
                Vec3(s * w, lo, front), Vec3(s * w, lo, room.back), Vec3(s * w, hi, room.back),
                Vec3(s * w, hi, front),
            ]) {
                wallShade($0, Vec3(-s, 0, 0))
            }
        }
        polygon([
            Vec3(-w, hi, front), Vec3(w, hi, front), Vec3(w, hi, room.back),
            Vec3(-w, hi, room.back),
        ]) {
            let beam: Float = fraction($0.position.z / 1.1) < 0.16 ? 0.45 : 1
            return room.lit(Vec3(0.42, 0.40, 0.37) * beam, $0.position, Vec3(0, -1, 0))
        }
    }

    /// What the window shows: sky, hills, a tree.
    private func outside(_ p: WallPoint) -> Vec3 {
        let ray = p.position - camera.position
        let e = ray.y / ray.z
        let column = Float(p.column)
        let row = camera.horizonRow - (e + 0.06) * camera.focal
        var c = sky.sample(column, row) * 1.15
        let u = ray.x / ray.z
        let hill = 0.02 + 0.05 * noise.fractal(u * 5 + 3, 2, octaves: 3)
        if e < hill { c = mix(c, plan.palette.ambient * Vec3(0.3, 0.38, 0.25), 0.75) }
        let leaf = noise.fractal(u * 13, e * 13, octaves: 4)
        let crown = smoothstep(0.5, 0.62, leaf + 0.25 * noise.value(u * 3 + 8, e * 2) - 0.12)
        return mix(c, plan.palette.ambient * Vec3(0.16, 0.22, 0.12) + c * 0.12, crown * 0.8)
    }

    private func floorBelow(_ room: Interior) {
        let w = room.halfWidth
        let wood = WoodFloor(room: room, table: 1)
        polygon([
            Vec3(-w, room.floor, camera.position.z + 0.3),
            Vec3(w, room.floor, camera.position.z + 0.3),
            Vec3(w, room.floor, room.back), Vec3(-w, room.floor, room.back),
        ]) { p in
            wood.sample(p.position, z: p.z, footprint: 0.02, shadow: 1).colour * 0.7
        }
    }

    private func furniture(_ room: Interior, windowX: Float) {
        let away: Float = room.isBackWindow ? (windowX > 0 ? -1 : 1) : -room.side
        // Bookcase against the back wall.
        let x = away * room.halfWidth * 0.58
        let low = Vec3(x - 0.75, room.floor, room.back - 0.34),
            high = Vec3(x + 0.75, room.floor + 2.15, room.back)
        box(low, high) { p, n in
            let q = p.position
            let wood = Vec3(0.13, 0.075, 0.045)
            if n.z > -0.5 { return room.lit(wood, q, n) }
            let u = (q.x - low.x) / 1.5, v = (q.y - low.y) / 2.15
            let shelf = fraction(v * 5.2)
            if u < 0.04 || u > 0.96 || shelf < 0.09 || v > 0.965 { return room.lit(wood, q, n) }
            let spine = q.x / (0.035 + 0.02 * hashUnit(floorIndex(v * 5.2), 4))
            let book = floorIndex(spine)
            let h = hashUnit(book, floorIndex(v * 5.2), salt: 2)
            if h > 0.86 || shelf > 0.55 + 0.35 * h { return room.lit(wood * 0.25, q, n) }
            let tones: [Vec3] = [
                Vec3(0.30, 0.07, 0.05), Vec3(0.08, 0.13, 0.20), Vec3(0.36, 0.28, 0.16),
                Vec3(0.09, 0.16, 0.11),
                Vec3(0.44, 0.40, 0.33), Vec3(0.18, 0.09, 0.13),
            ]
            let edge: Float = abs(fraction(spine) - 0.5) > 0.42 ? 0.45 : 1
            let band: Float = abs(shelf - 0.38) < 0.02 ? 1.6 : 1
            return room.lit(tones[Int(h * 6.9) % 6] * edge * band, q, n)
        }
        // Pictures on the wall.
        for k in 0..<3 {
            let cx =
                away * room.halfWidth * 0.1 - away * Float(k) * 0.78 * (room.isBackWindow ? 0 : 1)
                - (room.isBackWindow ? -away * 0.05 * Float(k) : 0)
            if room.isBackWindow && k > 0 { continue }
            let cy = room.floor + 1.62, hw: Float = 0.27, hh: Float = 0.34
            box(Vec3(cx - hw, cy - hh, room.back - 0.04), Vec3(cx + hw, cy + hh, room.back - 0.005))
            { p, n in
                let du = (p.position.x - cx) / hw, dv = (p.position.y - cy) / hh
                if max(abs(du), abs(dv)) > 0.88 || n.z > -0.5 {
                    return room.lit(Vec3(0.10, 0.065, 0.04), p.position, n)
                }
                if max(abs(du), abs(dv)) > 0.66 {
                    return room.lit(Vec3(0.6, 0.57, 0.5), p.position, n)
                }
                let hill = 0.1 * sine(du * 4 + Float(k) * 2) - 0.1
                let c =
                    dv > hill
                    ? mix(Vec3(0.5, 0.33, 0.2), Vec3(0.2, 0.27, 0.36), dv) : Vec3(0.10, 0.13, 0.11)
                return room.lit(c, p.position, n)
            }
        }
        // A plant by the window.
        let plants = Plants(noise: noise)
        let foot = Vec3(
            clamp(windowX - freeSide * -1.5, -room.halfWidth + 0.5, room.halfWidth - 0.5),
            room.floor, room.back - 0.5)
        stroke(
            foot, foot + Vec3(0, 0.36, 0), 0.15, 0.2,
            room.lit(Vec3(0.36, 0.17, 0.10), foot, Vec3(-0.3, 0.2, -0.9)))
        var look = SpriteLook(albedo: Vec3(0.05, 0.10, 0.035))
        look.translucency = 0.4
        sprite(
            plants.grass(2, blades: 22, heads: 0.02), foot: foot + Vec3(0, 0.3, 0), tall: 1.0,
            look: look, stretch: 1.1)
        // The lamp.
        let lamp = room.lampPlace
        let iron = Vec3(0.02, 0.018, 0.016)
        stroke(Vec3(lamp.x, room.floor, lamp.z), lamp, 0.016, 0.014, iron)
        let shade = mix(
            room.lit(Vec3(0.55, 0.47, 0.34), lamp - Vec3(0, 0, 0.3), Vec3(0, 0, -1)),
            Vec3(1.5, 0.95, 0.45), 0.15 + 0.7 * plan.palette.night)
        stroke(lamp + Vec3(0, -0.02, 0), lamp + Vec3(0, 0.25, 0), 0.21, 0.13, shade)
    }

    private func lampLight(_ room: Interior) {
        let p = camera.project(room.lampPlace + Vec3(0, 0.1, 0))
        let strength = 0.12 + 0.88 * plan.palette.night
        glowDisc(p.x, p.y, radius: 0.7 * camera.focal / p.z, Vec3(0.30, 0.17, 0.07) * strength)
    }

    /// Light in the air between window and floor.
    private func sunBeam(_ room: Interior) {
        if plan.lighting == .high { return }
        let tone = plan.palette.key * 0.018 + plan.palette.glow * 0.012
        let samples = 7
        for row in stride(from: 0, to: height, by: 2) {
            for column in stride(from: 0, to: width, by: 2) {
                let ray = camera.ray(Float(column) + 1, Float(row) + 1)
                let far = depth[row * width + column]
                if far == .infinity { continue }
                let near = max(0.1, -camera.position.z - 2)
                if far <= near { continue }
                var sum: Float = 0
                let step = (far - near) / Float(samples)
                let offset = hashUnit(column, row, salt: 3)
                for k in 0..<samples {
                    let z = near + (Float(k) + offset) * step
                    sum += room.sun(camera.position + ray * z)
                }
                let c = Vec4(tone * (sum * step * 0.55), 0)
                for y in row..<min(height, row + 2) {
                    for x in column..<min(width, column + 2) { colour[y * width + x] += c }
                }
            }
        }
    }
}
