/// A house front: floors, windows, shops; detail fades with distance.
struct Facade {
    let stage: Stage
    let salt: Int
    let paint: Vec3
    let floorHeight: Float
    let windowPitch: Float
    let lit: Float
    let hasShop: Bool
    let isModern: Bool
    /// Height of the roof line above the street.
    let top: Float

    /// - Parameters: `u` runs along the wall, `v` up from the street, in metres; `footprint` is
    ///   the size of a pixel on the wall.
    func shade(u: Float, v: Float, normal: Vec3, footprint: Float, z: Float) -> Vec3 {
        let noise = stage.noise
        let shopHeight: Float = hasShop ? 4.1 : 0
        let grime = noise.fractal(u * 0.35 + Float(salt), v * 0.22, octaves: 3)
        var wall = paint * (0.7 + 0.5 * grime)
        let course = 0.94 + 0.06 * fraction(v * 2.6)
        wall *= mix(course, 0.97, smoothstep(0.05, 0.3, footprint))
        let night = stage.plan.palette.night
        // Lamps wash the lower floors at night.
        let wash = exp(-max(0, v - 1) * 0.28) * night
        var c = stage.lit(wall, normal: normal, shadow: 0.5) + wall * Vec3(0.5, 0.33, 0.16) * wash
        if v < shopHeight {
            return shop(u: u, v: v, wall: c, footprint: footprint, normal: normal)
        }
        let fv = (v - shopHeight) / floorHeight
        let fu = u / windowPitch
        let floor = floorIndex(fv), bay = floorIndex(fu)
        let y = fraction(fv), x = fraction(fu)
        if v > top - 0.9 { return c * (v > top - 0.45 ? 1.25 : 0.7) }
        let wide: Float = isModern ? 0.42 : 0.25, low: Float = isModern ? 0.12 : 0.24
        let high: Float = isModern ? 0.9 : 0.80
        let dx = abs(x - 0.5)
        let soft = max(0.01, footprint / windowPitch)
        let inside =
            clamp((wide - dx) / soft + 0.5) * clamp((y - low) / soft + 0.5)
            * clamp((high - y) / soft + 0.5)
        if inside > 0 {
            let h = hashUnit(bay, floor, salt: UInt32(truncatingIfNeeded: salt))
            let on = h < lit
            var glass: Vec3
            if on {
                let tone = mix(
                    Vec3(1.9, 1.05, 0.42), Vec3(1.5, 1.2, 0.85), hashUnit(bay, floor, salt: 91))
                let curtain = smoothstep(0.1, 0.24, dx) * 0.5
                let lampAt =
                    abs(x - 0.35 - 0.3 * hashUnit(bay, floor, salt: 5)) + abs(y - 0.62) * 0.8
                glass = tone * (0.32 + 0.34 * hashUnit(bay, floor, salt: 8) - 0.2 * curtain)
                glass += tone * (0.35 * smoothstep(0.3, 0.02, lampAt))
                glass *= 0.55 + 0.45 * night
            } else {
                let reflected = stage.plan.palette.mid * 0.30 + stage.plan.palette.zenith * 0.15
                glass = Vec3(0.012, 0.016, 0.022) + reflected * (0.25 + 0.75 * h * y)
            }
            let mullion = dx < 0.012 || abs(y - 0.56) < 0.012
            if mullion && footprint < 0.08 && !isModern { glass *= 0.35 }
            c = mix(c, glass, inside)
        } else if !isModern && footprint < 0.16 {
            let sill = y > low - 0.05 && y < low && dx < wide + 0.05
            let lintel = y > high && y < high + 0.05 && dx < wide + 0.04
            if sill || lintel { c *= 1.4 }
        }
        return c
    }

    private func shop(
        u: Float, v: Float, wall: Vec3, footprint: Float, normal: Vec3
    ) -> Vec3 {
        let night = stage.plan.palette.night
        let cell = fraction(u / 6.4) * 6.4
        let index = floorIndex(u / 6.4)
        let open = hashUnit(index, salt, salt: 17) < 0.45 + lit
        if v > 3.0 && v < 3.7 && cell > 0.4 && cell < 6 {
            // Sign board; a few are neon.
            let hue = hashUnit(index, salt, salt: 23)
            let board = mix(Vec3(0.20, 0.05, 0.04), Vec3(0.03, 0.11, 0.13), hue)
            let letters = stage.noise.value(u * 2.6, 3) > 0.52 && abs(v - 3.35) < 0.18
            if letters && open {
                let neon =
                    hue < 0.35
                    ? Vec3(1.5, 0.25, 0.35) : hue < 0.6 ? Vec3(0.2, 1.0, 1.1) : Vec3(1.5, 0.95, 0.4)
                return neon * (0.25 + 0.75 * night)
            }
            return stage.lit(board, normal: normal) * 0.8
        }
        if v > 0.5 && v < 2.9 && cell > 0.45 && cell < 5.9 {
            if cell > 2.6 && cell < 3.6 { return wall * 0.25 }
            if !open { return wall * 0.18 + stage.plan.palette.mid * 0.05 }
            let shelf = fraction(v / 0.62) < 0.14 ? Float(0.45) : 1
            let goods = stage.noise.value(u * 3.2, v * 4.4)
            let tone = mix(
                Vec3(1.8, 1.05, 0.42), Vec3(1.5, 1.15, 0.7), hashUnit(index, salt, salt: 3))
            // By day the glass shows the sky rather than what is lit behind it.
            let palette = stage.plan.palette
            let inside = min(1, 0.14 + 0.5 * night + palette.windows)
            let sky = palette.mid * (0.05 + 0.16 * fraction((u + v) * 0.09)) * (1 - inside)
            return tone * ((0.34 + 0.42 * goods) * shelf * inside) + sky
        }
        return wall * 0.75
    }
}

extension Stage {
    /// A block with facades on the sides that are seen.
    func block(_ low: Vec3, _ high: Vec3, _ facade: Facade) {
        let f = camera.focal
        box(low, high) { p, n in
            if n.y > 0.5 { return self.lit(facade.paint * 0.5, normal: n) }
            let u = abs(n.z) > 0.5 ? p.position.x : p.position.z
            let slant =
                abs(n.x) > 0.5 ? p.z / max(0.5, abs(p.position.x - self.camera.position.x)) : 1
            let footprint = p.z / f * max(1, slant)
            return facade.shade(
                u: u - (abs(n.z) > 0.5 ? low.x : low.z), v: p.position.y - max(0, low.y), normal: n,
                footprint: footprint, z: p.z)
        }
    }

    func facade(_ salt: Int, top: Float, hasShop: Bool, lit: Float? = nil) -> Facade {
        let paints: [Vec3] = [
            Vec3(0.24, 0.11, 0.075), Vec3(0.30, 0.24, 0.18), Vec3(0.13, 0.14, 0.16),
            Vec3(0.20, 0.16, 0.13), Vec3(0.10, 0.13, 0.14), Vec3(0.34, 0.20, 0.12),
        ]
        let r = hashUnit(salt, 3, salt: UInt32(truncatingIfNeeded: plan.noiseSeed))
        return Facade(
            stage: self, salt: salt, paint: paints[Int(r * 5.99)] * (0.8 + 0.4 * hashUnit(salt, 9)),
            floorHeight: 3.1 + 0.5 * hashUnit(salt, 5), windowPitch: 2.1 + 1.1 * hashUnit(salt, 6),
            lit: lit ?? plan.palette.windows * (0.5 + hashUnit(salt, 7)), hasShop: hasShop,
            isModern: hashUnit(salt, 8) > 0.7, top: top)
    }

    /// A lamp on a post, with its light in the air.
    func streetLamp(_ foot: Vec3, tall: Float, arm: Float) {
        let c = lit(Vec3(0.035, 0.04, 0.045), normal: Vec3(-0.5, 0, -0.86))
        let top = foot + Vec3(0, tall, 0)
        stroke(foot, top, 0.085, 0.055, c)
        stroke(top, top + Vec3(arm, 0.12, 0), 0.05, 0.04, c)
        let p = camera.project(top + Vec3(arm, 0, 0))
        if p.z < 0.5 { return }
        let r = 0.22 * camera.focal / p.z
        let x = Int(p.x), y = Int(p.y)
        if x >= 0 && y >= 0 && x < width && y < height && depth[y * width + x] < p.z { return }
        let strength = 0.12 + 0.88 * plan.palette.night
        let far = 1 - 0.6 * air(p.z, Int(clamp(p.x, 0, Float(width - 1)))).amount
        glowDisc(p.x, p.y, radius: max(1.2, r), Vec3(2.6, 1.8, 0.85) * (strength * far))
        glowDisc(p.x, p.y, radius: max(4, r * 5), Vec3(0.34, 0.21, 0.09) * (strength * far))
    }
}
