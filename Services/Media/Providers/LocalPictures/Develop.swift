/// Turns scene light into display colour: glow, rays, grade.
struct Developer {
    let plan: Plan
    let canvas: Canvas
    let depth: UnsafeMutableBufferPointer<Float>
    let mask: UnsafeMutableBufferPointer<Float>

    func addGlow() {
        let g = plan.grade
        if g.bloom <= 0 && g.softness <= 0 && g.rays <= 0 { return }
        let small = canvas.reduced(4)
        let bright = Canvas(width: small.width, height: small.height)
        let soft = Canvas(width: small.width, height: small.height)
        let threshold: Float = plan.lighting == .high ? 0.95 : 0.55
        for i in 0..<(small.width * small.height) {
            let c = small.pixels[i]
            let peak = max(c.x, max(c.y, c.z))
            bright.pixels[i] = c * (clamp((peak - threshold) * 1.4) * min(1, 2.2 / max(peak, 0.1)))
            soft.pixels[i] = c
        }
        let radius = max(1, Int(5.5 * plan.unit))
        Blur.box(
            bright.pixels, width: small.width, height: small.height, radius: radius, passes: 3)
        Blur.box(
            soft.pixels, width: small.width, height: small.height, radius: max(1, radius / 2),
            passes: 2)
        let rays = g.rays > 0 && plan.isBacklit && plan.palette.hasDisc ? lightRays(small) : nil
        let rayColour = Vec4(plan.palette.glow * 0.5 + plan.palette.horizon * 0.25, 0)
        for row in 0..<canvas.height {
            let y = (Float(row) + 0.5) * 0.25
            for column in 0..<canvas.width {
                let x = (Float(column) + 0.5) * 0.25
                let i = row * canvas.width + column
                var c = canvas.pixels[i]
                if g.softness > 0 {
                    c += (soft.sample(x, y) - c) * (g.softness * 0.8)
                }
                c += bright.sample(x, y) * g.bloom
                if let rays { c += rayColour * (rays.sample(x, y).x * g.rays * 0.55) }
                canvas.pixels[i] = c
            }
        }
    }

    /// Light that falls through gaps between the camera and the sun.
    private func lightRays(_ small: Canvas) -> Canvas? {
        let w = small.width, h = small.height
        let source = Canvas(width: w, height: h)
        let sunX = plan.sunColumn * 0.25, sunY = plan.sunRow * 0.25
        let reach = 0.34 * Float(w)
        for row in 0..<h {
            for column in 0..<w {
                let full = min(canvas.height - 1, row * 4 + 2) * canvas.width
                let z = depth[full + min(canvas.width - 1, column * 4 + 2)]
                if z != .infinity { continue }
                let dx = Float(column) - sunX, dy = Float(row) - sunY
                let d = (dx * dx + dy * dy).squareRoot() / reach
                source.pixels[row * w + column].x = clamp(1 - d)
            }
        }
        let result = Canvas(width: w, height: h)
        let taps = 20
        for row in 0..<h {
            for column in 0..<w {
                let stepX = (sunX - Float(column)) / Float(taps) * 0.9
                let stepY = (sunY - Float(row)) / Float(taps) * 0.9
                var x = Float(column), y = Float(row), sum: Float = 0, weight: Float = 1
                for _ in 0..<taps {
                    x += stepX
                    y += stepY
                    let ix = Int(clamp(x, 0, Float(w - 1))), iy = Int(clamp(y, 0, Float(h - 1)))
                    sum += source.pixels[iy * w + ix].x * weight
                    weight *= 0.95
                }
                result.pixels[row * w + column].x = sum / 13
            }
        }
        return result
    }

    /// Applies the grade in place: display values 0...1 in x, y, z.
    func grade() {
        let g = plan.grade
        let table = Self.curve(contrast: g.contrast)
        let width = canvas.width, height = canvas.height
        let lift = g.blackLift
        let centreX = Float(width) / 2, centreY = Float(height) / 2
        let inverseX = 1 / centreX, inverseY = 1 / centreY
        let leak = Vec3(1, 0.42, 0.16) * g.lightLeak
        let average = g.neutral > 0 ? meanColour() : Vec3(1, 1, 1)
        let balance = mix(
            Vec3(1, 1, 1), Vec3(repeating: luminance(average)) / average, g.neutral)
        table.withUnsafeBufferPointer { table in
            for row in 0..<height {
                let vy = (Float(row) + 0.5 - centreY) * inverseY
                for column in 0..<width {
                    let i = row * width + column
                    let v = canvas.pixels[i]
                    let vx = (Float(column) + 0.5 - centreX) * inverseX
                    let r2 = vx * vx + vy * vy
                    let shade = g.exposure * (1 - g.vignette * smoothstep(0.25, 1.9, r2))
                    var c = Vec3(v.x, v.y, v.z) * shade
                    c *= mix(balance, Vec3(1, 1, 1), 0.75 * mask[i])
                    if g.lightLeak > 0 && vx < 0.1 {
                        let edge = smoothstep(0.1, -1.1, vx)
                        c += leak * (edge * edge * (0.3 - 0.12 * vy))
                    }
                    let y = luminance(c)
                    // The subject keeps more of its own colour than the world around it.
                    let saturation = g.saturation + max(0, 0.95 - g.saturation) * 0.7 * mask[i]
                    c = Vec3(repeating: y) + (c - Vec3(repeating: y)) * saturation
                    c *= mix(g.shadowTint, g.highlightTint, smoothstep(0, 0.45, y))
                    c = c.clamped(lowerBound: Vec3(), upperBound: Vec3(repeating: 40))
                    // Very bright colours keep their hue: by channel alone gold turns to lemon.
                    let peak = max(c.x, max(c.y, c.z))
                    if peak > 0.6 {
                        let kept = c * (Self.shoulder(peak) / peak)
                        let free = Vec3(
                            Self.shoulder(c.x), Self.shoulder(c.y), Self.shoulder(c.z))
                        c = kept * 0.68 + free * 0.32
                    }
                    let root =
                        Vec3(
                            c.x.squareRoot(), c.y.squareRoot(), c.z.squareRoot()) * 2_047
                    let out = Vec3(
                        table[min(2_047, Int(root.x))], table[min(2_047, Int(root.y))],
                        table[min(2_047, Int(root.z))])
                    canvas.pixels[i] = Vec4(lift + out * (Vec3(1, 1, 1) - lift), 1)
                }
            }
        }
    }

    @inline(__always)
    private static func shoulder(_ x: Float) -> Float {
        x < 0.6 ? x : 0.6 + 0.4 * (1 - exp(-(x - 0.6) * 2.2))
    }

    private func meanColour() -> Vec3 {
        var sum = Vec4()
        var i = 0
        while i < canvas.width * canvas.height {
            sum += canvas.pixels[i]
            i += 37
        }
        return Vec3(max(0.001, sum.x), max(0.001, sum.y), max(0.001, sum.z))
    }

    /// Square root of scene light (index / 2047) to display value, with an S-curve.
    private static func curve(contrast: Float) -> [Float] {
        let pivot: Float = 0.44
        return (0..<2_048).map { index in
            let root = Float(index) / 2_047
            let x = root * root
            let display = x <= 0.003_130_8 ? 12.92 * x : 1.055 * power(x, 1 / 2.4) - 0.055
            let v = clamp(display)
            return v < pivot
                ? pivot * power(v / pivot, contrast)
                : 1 - (1 - pivot) * power((1 - v) / (1 - pivot), contrast)
        }
    }
}
