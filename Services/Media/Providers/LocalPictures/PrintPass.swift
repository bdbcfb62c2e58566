/// Makes a screen print of the graded picture: flat inks, few tones, key line, paper.
struct PrintPass {
    let plan: Plan
    let composition: Composition

    func run() {
        let canvas = composition.canvas
        smooth(canvas)
        smooth(canvas)
        ink(canvas)
    }

    /// Replaces each pixel by the mean of the calmest of four neighbouring quadrants: edges stay,
    /// texture goes.
    private func smooth(_ canvas: Canvas) {
        let w = canvas.width, h = canvas.height
        let means = Canvas(width: w, height: h)
        for i in 0..<(w * h) {
            let c = canvas.pixels[i]
            let y = luminance(Vec3(c.x, c.y, c.z))
            means.pixels[i] = Vec4(c.x, c.y, c.z, y * y)
        }
        Blur.box(means.pixels, width: w, height: h, radius: 2, passes: 1)
        for row in 0..<h {
            let up = max(0, row - 2) * w, down = min(h - 1, row + 2) * w
            for column in 0..<w {
                let l = max(0, column - 2), r = min(w - 1, column + 2)
                var best = means.pixels[up + l]
                var least = Self.variance(best)
                for i in [up + r, down + l, down + r] {
                    let m = means.pixels[i]
                    let v = Self.variance(m)
                    if v < least {
                        least = v
                        best = m
                    }
                }
                canvas.pixels[row * w + column] = Vec4(best.x, best.y, best.z, 1)
            }
        }
    }

    @inline(__always)
    private static func variance(_ m: Vec4) -> Float {
        let y = luminance(Vec3(m.x, m.y, m.z))
        return m.w - y * y
    }

    private func ink(_ canvas: Canvas) {
        let w = canvas.width, h = canvas.height
        let noise = Noise(seed: plan.noiseSeed ^ 0x1A2B)
        let black = Vec3(0.055, 0.06, 0.13), paper = Vec3(0.965, 0.935, 0.875)
        let u = plan.unit
        let steps: Float = 7
        let halo = max(1, Int(2.6 * u))
        let mask = composition.mask, depth = composition.depth
        for row in 0..<h {
            for column in 0..<w {
                let i = row * w + column
                let v = canvas.pixels[i]
                var c = Vec3(v.x, v.y, v.z)
                let x = Float(column) / u, y = Float(row) / u
                let own = mask[i]
                let jitter =
                    (noise.value(x * 0.55, y * 0.55) - 0.5) * 0.14
                    + (noise.fractal(x * 0.035, y * 0.035, octaves: 2) - 0.5) * 0.30
                let level = luminance(c)
                let scaled = level * steps + jitter * (1 - smoothstep(0.78, 0.9, level)) - 0.1 * own
                let whole = floorValue(scaled + 0.5)
                let edge = scaled + 0.5 - whole
                let blend = edge < 0.05 ? (whole - 1) + 0.5 + edge * 10 : whole
                let target = clamp(blend / steps, 0.015, 1)
                let chroma = (c - Vec3(repeating: level)) * (1.12 + 0.3 * own)
                c = Vec3(repeating: target) + chroma * (0.75 + 0.25 * target / max(0.08, level))
                c = c.clamped(lowerBound: Vec3(), upperBound: Vec3(1, 1, 1))
                c = black + (paper - black) * c
                // A paper-coloured halo sets the subject apart.
                if own < 0.5 {
                    var touch: Float = 0
                    for (dx, dy) in [
                        (-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, 1), (-1, 1), (1, -1),
                    ] {
                        let nx = column + dx * halo, ny = row + dy * halo
                        if nx < 0 || ny < 0 || nx >= w || ny >= h { continue }
                        touch = max(touch, mask[ny * w + nx])
                    }
                    c = mix(c, paper, clamp(touch - own) * 0.82)
                } else if column + 1 < w && row + 1 < h {
                    // Key line where the subject's own depth jumps.
                    let a = 1 / depth[i], b = 1 / depth[i + 1], d = 1 / depth[i + w]
                    let jump = (abs(a - b) + abs(a - d)) / a
                    c = mix(c, black, smoothstep(0.03, 0.09, jump) * 0.7)
                }
                let tooth = 1 + (noise.value(x * 1.3, y * 1.3) - 0.5) * 0.03
                canvas.pixels[i] = Vec4(c * tooth, 1)
            }
        }
    }
}
