/// The sky as the camera sees it, at half the world's resolution, also above the frame: water
/// mirrors what stands higher than the picture's edge.
final class SkyDome {
    private let pixels: UnsafeMutableBufferPointer<Vec4>
    private let columns: Int
    private let rows: Int
    /// World row of the map's first row.
    private let topRow: Float
    private let step: Float

    init(plan: Plan, camera: Camera, noise: Noise) {
        let above = max(0, Float(camera.height) - 2 * camera.horizonRow) + 12
        topRow = -above
        step = plan.worldScale < 1 ? 2 : 3
        columns = Int(Float(camera.width) / step) + 3
        rows = max(4, Int((camera.horizonRow + above) / step) + 4)
        pixels = .allocate(capacity: columns * rows)
        pixels.initialize(repeating: .zero)
        let painter = SkyPainter(plan: plan, camera: camera, noise: noise)
        for row in 0..<rows {
            for column in 0..<columns {
                let c = painter.colour(
                    (Float(column) + 0.5) * step, topRow + (Float(row) + 0.5) * step)
                pixels[row * columns + column] = Vec4(c, 1)
            }
        }
    }

    deinit { pixels.deallocate() }

    /// The sky at a place of the picture; rows below the horizon give the horizon.
    @inline(__always)
    func sample(_ column: Float, _ row: Float) -> Vec3 {
        let x = clamp(column / step - 0.5, 0, Float(columns) - 1.001)
        let y = clamp((row - topRow) / step - 0.5, 0, Float(rows) - 1.001)
        let ix = Int(x), iy = Int(y)
        let fx = x - Float(ix), fy = y - Float(iy)
        let i = iy * columns + ix
        let nextRow = min(iy + 1, rows - 1) * columns + ix
        let right = ix + 1 < columns ? 1 : 0
        let top = pixels[i] + (pixels[i + right] - pixels[i]) * fx
        let bottom = pixels[nextRow] + (pixels[nextRow + right] - pixels[nextRow]) * fx
        let v = top + (bottom - top) * fy
        return Vec3(v.x, v.y, v.z)
    }
}

/// Gradient, glow, clouds: the smooth part of the sky.
struct SkyPainter {
    let plan: Plan
    let camera: Camera
    let noise: Noise
    private let scale: Float
    let sunDirection: Vec3
    private let shift: Vec2
    private let cover: Float

    init(plan: Plan, camera: Camera, noise: Noise) {
        self.plan = plan
        self.camera = camera
        self.noise = noise
        // A long lens would show one flat patch of sky: its view is widened.
        scale = 1 / plan.distantScale
        let s = plan.worldScale
        let ray = camera.ray(plan.sunColumn * s, plan.sunRow * s)
        sunDirection = normalize(Vec3(ray.x * scale, ray.y * scale, 1))
        let place = Float(plan.noiseSeed % 97)
        shift = Vec2(place * 1.37, place * 0.73)
        cover = plan.palette.cover
    }

    @inline(__always)
    func direction(_ column: Float, _ row: Float) -> Vec3 {
        let ray = camera.ray(column, row)
        return normalize(Vec3(ray.x * scale, max(-0.002, ray.y * scale), 1))
    }

    func colour(_ column: Float, _ row: Float) -> Vec3 {
        let p = plan.palette
        let d = direction(column, row)
        let e = max(0, d.y)
        var c = mix(p.horizon, p.mid, 1 - exp(-10 * e))
        c = mix(c, p.zenith, smoothstep(0.05, 0.46, e))
        let mu = dot(d, sunDirection)
        let glow = 0.34 * exp(13 * (mu - 1)) + 0.38 * exp(90 * (mu - 1))
        let side = smoothstep(-0.4, 1, mu)
        c += p.glow * (glow + 0.16 * exp(-7 * e) * side * (p.night > 0.5 ? 0.7 : 1))
        let fade = smoothstep(0.012, 0.085, e)
        if fade <= 0 || cover <= 0.02 { return c }
        // A flat layer of cloud, seen in perspective.
        let k = 1 / (d.y + 0.13)
        let x = d.x * k * 1.15 + shift.x, y = k * 1.3 + shift.y
        let warp = noise.fractal(x * 0.7, y * 0.7, octaves: 2) - 0.5
        let n = noise.fractal(x + warp * 1.3, y * 1.25 + warp * 0.8, octaves: 5)
        let threshold = 0.74 - 0.50 * cover
        let density = smoothstep(threshold, threshold + 0.24, n)
        if density <= 0 { return c }
        let sx = x + sunDirection.x * 0.22, sy = y - 0.16
        let toward = noise.fractal(sx + warp * 1.3, sy * 1.25 + warp * 0.8, octaves: 3)
        var light = clamp(0.56 + (n - toward) * 2.6 - (density - 0.6) * 0.35)
        let near = exp(7 * (mu - 1))
        light = clamp(light + near * (1 - density) * 1.2)
        var cloud = mix(p.cloudShade, p.cloudLit, light)
        cloud += p.glow * near * (0.75 * (1 - density) + 0.12) * 0.7
        cloud = mix(c, cloud, 0.35 + 0.65 * smoothstep(0.02, 0.2, e))
        return mix(c, cloud, density * fade * 0.92)
    }
}
