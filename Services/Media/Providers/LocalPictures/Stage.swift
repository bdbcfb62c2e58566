/// The world without its subject: colour and depth of every pixel, and the light that scenes use.
final class Stage {
    let plan: Plan
    let camera: Camera
    let width: Int
    let height: Int
    let noise: Noise
    let sky: SkyDome
    let light: Light
    /// Scene-linear RGB; `w` is unused.
    let colour: UnsafeMutableBufferPointer<Vec4>
    /// Depth along z in metres; `Float.infinity` is the sky.
    let depth: UnsafeMutableBufferPointer<Float>
    /// Colour of far air in each column.
    private let farAir: UnsafeMutableBufferPointer<Vec4>
    private var nearAir: Vec3
    /// Density of the air, per metre.
    var airDensity: Float = 0.00011
    var random: RandomSequence

    init(plan: Plan, light: Light) {
        self.plan = plan
        self.light = light
        camera = plan.worldScale == 1 ? plan.camera : plan.camera.scaled(plan.worldScale)
        width = camera.width
        height = camera.height
        noise = Noise(seed: plan.noiseSeed)
        sky = SkyDome(plan: plan, camera: camera, noise: noise)
        colour = .allocate(capacity: width * height)
        colour.initialize(repeating: .zero)
        depth = .allocate(capacity: width * height)
        depth.initialize(repeating: .infinity)
        farAir = .allocate(capacity: width)
        farAir.initialize(repeating: .zero)
        random = RandomSequence(seed: plan.noiseSeed ^ 0x0BAD_CAFE)
        let row = camera.horizonRow - 0.02 * Float(height)
        for column in 0..<width {
            farAir[column] = Vec4(sky.sample(Float(column), row), 0)
        }
        nearAir = plan.palette.ambient * 0.9 + plan.palette.horizon * 0.12
    }

    deinit {
        colour.deallocate()
        depth.deallocate()
        farAir.deallocate()
    }

    /// Pixels of this stage per pixel of the full picture times the reference unit.
    var unit: Float { plan.unit * plan.worldScale }

    func setAir(density: Float, near: Vec3? = nil) {
        airDensity = density
        if let near { nearAir = near }
    }

    /// Overrides the far air with one colour: rooms, deep water, backdrops.
    func setFarAir(_ value: Vec3) {
        for column in 0..<width { farAir[column] = Vec4(value, 0) }
    }

    /// Colour of the air over a distance, and how much of it there is.
    @inline(__always)
    func air(_ z: Float, _ column: Int) -> (colour: Vec3, amount: Float) {
        let amount = 1 - exp(-z * airDensity * plan.palette.fog)
        let far = farAir[column < 0 ? 0 : (column >= width ? width - 1 : column)]
        let t = clamp(amount * 1.15)
        return (mix(nearAir, Vec3(far.x, far.y, far.z), t), amount)
    }

    @inline(__always)
    func haze(_ c: Vec3, _ z: Float, _ column: Int) -> Vec3 {
        let a = air(z, column)
        return mix(c, a.colour, a.amount)
    }

    /// A matt surface in the scene's light.
    @inline(__always)
    func lit(_ albedo: Vec3, normal: Vec3, shadow: Float = 1) -> Vec3 {
        let direct = max(0, dot(normal, light.keyDirection)) * shadow
        let up = 0.5 + 0.5 * normal.y
        var c = light.key * direct
        c += light.ambientSky * up
        c += light.ambientGround * (1 - up)
        c += light.fill * (0.35 * max(0, -normal.z))
        return albedo * c
    }

    @inline(__always)
    func put(_ i: Int, _ c: Vec3, _ z: Float) {
        colour[i] = Vec4(c, 1)
        depth[i] = z
    }

    /// Blends by coverage; depth is written from half coverage on.
    @inline(__always)
    func blend(_ i: Int, _ c: Vec3, _ z: Float, _ coverage: Float) {
        colour[i] += (Vec4(c, 1) - colour[i]) * coverage
        if coverage > 0.5 { depth[i] = z }
    }

    /// Paints the sky everywhere above the horizon, with stars and disc.
    func paintSky() {
        let last = min(height, Int(camera.horizonRow) + 3)
        for row in 0..<max(0, last) {
            for column in 0..<width {
                let c = sky.sample(Float(column) + 0.5, Float(row) + 0.5)
                colour[row * width + column] = Vec4(c, 1)
            }
        }
        let below = sky.sample(Float(width) / 2, camera.horizonRow)
        for i in (max(0, last) * width)..<(width * height) { colour[i] = Vec4(below, 1) }
        paintStars()
        paintDisc()
    }

    private func paintStars() {
        let strength = plan.palette.stars * (1 - plan.palette.cover * 0.6)
        if strength <= 0 { return }
        let count = plan.scene == .space ? 900 : 320
        var random = RandomSequence(seed: plan.noiseSeed &+ 99)
        for _ in 0..<count {
            let x = random.unit() * Float(width)
            let r = random.unit()
            let y = r * r.squareRoot() * camera.horizonRow * 0.97
            let size = random.unit()
            let height = 1 - y / max(1, camera.horizonRow)
            let bright =
                strength * (0.25 + 2.2 * size * size * size * size) * smoothstep(0, 0.35, height)
            glowDisc(
                x, y, radius: (0.7 + 0.6 * size) * max(0.8, unit), Vec3(0.8, 0.9, 1.05) * bright)
        }
    }

    private func paintDisc() {
        guard plan.palette.hasDisc, !plan.scene.isIndoor else { return }
        let s = plan.worldScale
        let x = plan.sunColumn * s, y = plan.sunRow * s
        let angle = plan.discRadius * pi / 180
        let radius = camera.focal * plan.distantScale * angle * (plan.framing.isClose ? 1.15 : 1)
        if x < -radius * 3 || x > Float(width) + radius * 3 { return }
        let c =
            plan.palette.isMoon
            ? Vec3(0.92, 0.95, 1.0) : mix(plan.palette.glow, Vec3(1, 0.93, 0.78), 0.72) * 1.5
        let first = max(0, Int(y - radius - 2)), last = min(height - 1, Int(y + radius + 2))
        if first > last { return }
        for row in first...last {
            for column in max(
                0, Int(x - radius - 2))..<max(
                    max(0, Int(x - radius - 2)), min(width, Int(x + radius + 3)))
            {
                let dx = Float(column) + 0.5 - x, dy = Float(row) + 0.5 - y
                let d = (dx * dx + dy * dy).squareRoot()
                let cover = clamp((radius - d) / max(0.8, radius * 0.035) + 0.5)
                if cover <= 0 { continue }
                var tone = c
                if plan.palette.isMoon {
                    let n = noise.fractal(dx / radius * 2.2 + 40, dy / radius * 2.2, octaves: 3)
                    tone *= 0.72 + 0.34 * smoothstep(0.35, 0.62, n)
                }
                // Banks of cloud dim the lower part, never the whole.
                let i = row * width + column
                colour[i] += (Vec4(tone, 1) - colour[i]) * cover
            }
        }
    }

    /// Adds a soft round light; never touches depth.
    func glowDisc(_ x: Float, _ y: Float, radius: Float, _ c: Vec3) {
        let reach = radius * 2.2
        let r0 = max(0, Int(y - reach)), r1 = min(height - 1, Int(y + reach))
        let c0 = max(0, Int(x - reach)), c1 = min(width - 1, Int(x + reach))
        if r0 > r1 || c0 > c1 { return }
        let inverse = 1 / (radius * radius)
        for row in r0...r1 {
            for column in c0...c1 {
                let dx = Float(column) + 0.5 - x, dy = Float(row) + 0.5 - y
                let d = (dx * dx + dy * dy) * inverse
                let w = clamp(1 - d / 4.84)
                if w <= 0 { continue }
                colour[row * width + column] += Vec4(c * (w * w / (1 + 3 * d)), 0)
            }
        }
    }
}
