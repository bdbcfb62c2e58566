/// Plants and other flat things, painted once per picture into small images with shade and bend,
/// then drawn many times at any size.

/// A texel holds the bend of the surface (x, y), a shade factor and the coverage.
final class SpriteImage {
    private let levels: [(width: Int, height: Int, texels: UnsafeMutableBufferPointer<Vec4>)]
    let aspect: Float

    /// - Parameter paint: gets u in -1...1 (left to right) and v in 0...1 (foot to top).
    init(width: Int, height: Int, paint: (Float, Float) -> Vec4) {
        aspect = Float(width) / Float(height)
        var all: [(Int, Int, UnsafeMutableBufferPointer<Vec4>)] = []
        let base = UnsafeMutableBufferPointer<Vec4>.allocate(capacity: width * height)
        base.initialize(repeating: .zero)
        for y in 0..<height {
            for x in 0..<width {
                let u = (Float(x) + 0.5) / Float(width) * 2 - 1
                let v = 1 - (Float(y) + 0.5) / Float(height)
                var t = paint(u, v)
                // Stored multiplied by coverage, so that smaller levels have no dark fringes.
                t = Vec4(t.x * t.w, t.y * t.w, t.z * t.w, t.w)
                base[y * width + x] = t
            }
        }
        all.append((width, height, base))
        while all.count < 6, let (w, h, source) = all.last, w >= 8, h >= 8 {
            let nw = w / 2, nh = h / 2
            let target = UnsafeMutableBufferPointer<Vec4>.allocate(capacity: nw * nh)
            target.initialize(repeating: .zero)
            for y in 0..<nh {
                for x in 0..<nw {
                    let i = 2 * y * w + 2 * x
                    target[y * nw + x] =
                        (source[i] + source[i + 1] + source[i + w] + source[i + w + 1]) * 0.25
                }
            }
            all.append((nw, nh, target))
        }
        levels = all
    }

    deinit {
        for level in levels { level.texels.deallocate() }
    }

    /// The level whose texels are about `pixels` high on the picture.
    @inline(__always)
    func level(
        pixels: Float
    ) -> (width: Int, height: Int, texels: UnsafeMutableBufferPointer<Vec4>) {
        var i = 0
        while i + 1 < levels.count && Float(levels[i + 1].height) > pixels { i += 1 }
        return levels[i]
    }
}

/// How a sprite takes the light.
struct SpriteLook {
    var albedo: Vec3
    /// Colour on upward parts (snow on branches), and how much of it.
    var cap = Vec3(0.8, 0.85, 0.9)
    var capAmount: Float = 0
    /// Light that shines through leaves when the sun is behind.
    var translucency: Float = 0.3
    /// Own light, for lamps and windows.
    var glow = Vec3()
}

extension Stage {
    /// Draws a sprite that stands at `foot`; `tall` in metres.
    func sprite(
        _ image: SpriteImage, foot: Vec3, tall: Float, look: SpriteLook, isFlipped: Bool = false,
        stretch: Float = 1
    ) {
        let p = camera.project(foot)
        if p.z < 0.1 { return }
        let scale = camera.focal / p.z
        let h = tall * scale, w = h * image.aspect * stretch
        let left = p.x - w / 2, top = p.y - h
        if h < 1.2 || left > Float(width) || left + w < 0 { return }
        if top > Float(height) || p.y < 0 { return }
        let r0 = max(0, Int(max(0, top))), r1 = min(height - 1, Int(p.y))
        let c0 = max(0, Int(max(0, left))), c1 = min(width - 1, Int(left + w))
        if r0 > r1 || c0 > c1 { return }
        let level = image.level(pixels: h)
        let texels = level.texels, lw = level.width, lh = level.height
        let sx = Float(lw) / w, sy = Float(lh) / h
        let middle = Int(clamp(p.x, 0, Float(width - 1)))
        let a = air(p.z, middle)
        let key = light.key, l = light.keyDirection
        let through = max(0, l.z) * look.translucency
        let flip: Float = isFlipped ? -1 : 1
        let z = p.z
        for row in r0...r1 {
            let ty = clamp((Float(row) + 0.5 - top) * sy - 0.5, 0, Float(lh) - 1.001)
            let iy = Int(ty)
            let fy = ty - Float(iy)
            for column in c0...c1 {
                let i = row * width + column
                if depth[i] < z { continue }
                var tx = (Float(column) + 0.5 - left) * sx - 0.5
                if isFlipped { tx = Float(lw) - 1 - tx }
                tx = clamp(tx, 0, Float(lw) - 1.001)
                let ix = Int(tx)
                let fx = tx - Float(ix)
                let k = iy * lw + ix
                let upper = texels[k] + (texels[k + 1] - texels[k]) * fx
                let lower = texels[k + lw] + (texels[k + lw + 1] - texels[k + lw]) * fx
                let t = upper + (lower - upper) * fy
                if t.w < 0.03 { continue }
                let inverse = 1 / t.w
                let nx = t.x * inverse * flip, ny = t.y * inverse, shade = t.z * inverse
                let nz = -(max(0.05, 1 - nx * nx - ny * ny)).squareRoot()
                let direct = max(0, nx * l.x + ny * l.y + nz * l.z) + through
                let up = 0.5 + 0.5 * ny
                var albedo = look.albedo * shade
                if look.capAmount > 0 {
                    albedo = mix(
                        albedo, look.cap * (0.6 + 0.4 * shade),
                        look.capAmount * smoothstep(0.25, 0.6, ny))
                }
                var c = key * direct
                c += light.ambientSky * up
                c += light.ambientGround * (1 - up)
                c = c * albedo + look.glow * shade
                blend(i, mix(c, a.colour, a.amount), z, min(1, t.w * 1.05))
            }
        }
    }
}

/// One branch of a conifer in the coordinates of its sprite.
private struct ConiferBranch {
    /// Height at the trunk, length to the side, and which side.
    var root: Float
    var reach: Float
    var side: Float
    /// How far the middle hangs and the tip rises again.
    var droop: Float
    var lift: Float
    var thick: Float
    var isFront: Bool
    var shade: Float
    var salt: Float
}

/// The plants that scenes share.
struct Plants {
    let noise: Noise

    /// A spruce or fir: branches of uneven length that droop and turn up at the tip, each with its
    /// own hanging twigs, so that the outline is ragged and the sky shows through.
    func conifer(_ variant: Int) -> SpriteImage {
        var random = RandomSequence(seed: UInt64(variant) &* 991 &+ 17)
        let salt = Float(variant) * 13.7
        let levels = 46
        let slender = random.between(0.82, 1.0)
        var branches: [ConiferBranch] = []
        for i in 0..<levels {
            // Closer together toward the top.
            let t = 1 - power(1 - (Float(i) + 0.5) / Float(levels), 1.15)
            let envelope = slender * power(1 - t, 0.82) * (0.72 + 0.28 * smoothstep(0, 0.16, t))
            for k in 0..<4 {
                // Two to the sides, two that come forward and look shorter.
                let side: Float = k & 1 == 0 ? 1 : -1
                let isFront = k > 1
                let seen = isFront ? random.between(0.15, 0.62) : random.between(0.74, 1.06)
                if random.unit() < 0.07 && t > 0.12 { continue }
                let root = 0.055 + 0.93 * t + random.between(-0.011, 0.011)
                branches.append(
                    ConiferBranch(
                        root: root, reach: max(0.05, envelope * seen * random.between(0.78, 1.05)),
                        side: side, droop: random.between(0.03, 0.075) * (1.15 - t),
                        lift: random.between(0.008, 0.04) * (1.1 - t),
                        thick: random.between(0.016, 0.03) * (1.25 - 0.75 * t),
                        isFront: isFront, shade: random.between(0.62, 1.05),
                        salt: random.unit() * 60
                    ))
            }
        }
        let all = branches
        return SpriteImage(width: 128, height: 256) { u, v in
            var best = Vec4()
            let trunk = 0.035 * (1 - v) + 0.006
            if abs(u) < trunk && v < 0.97 {
                best = Vec4(u / trunk * 0.8, 0, 0.34, v < 0.08 ? 1 : 0.75)
            }
            var front: Float = -1
            for b in all where abs(v - b.root + 0.03) < 0.11 {
                let t = u * b.side / b.reach
                if t < -0.03 || t > 1 { continue }
                let spine = b.root - b.droop * t * (2 - t) + b.lift * t * t * t * 1.6
                let body = b.thick * (1.08 - t) * (0.55 + 1.1 * t)
                let needle = noise.value(u * 34 + b.salt, v * 70 + salt)
                let twig = noise.value(u * 15 + b.salt, b.salt)
                let hang = body * (0.5 + 1.5 * twig * (0.45 + needle)) + 0.004
                let over = v - spine
                if over > 0.007 + body * 0.3 * needle || over < -hang { continue }
                let down = clamp(-over / hang)
                let edge = min(0.007 - over, over + hang)
                let alpha = clamp(edge * 240 * (0.4 + needle) + 0.25)
                // What is nearer and higher covers what is behind.
                let order = (b.isFront ? 1 : 0) + b.shade * 0.3 - down * 0.4
                if alpha < 0.3 && best.w > 0.5 { continue }
                if order < front && best.w > 0.5 { continue }
                front = order
                let inner = 0.42 + 0.58 * smoothstep(0.05, 0.85, abs(t))
                let shade = b.shade * inner * (1.12 - 0.75 * down) * (0.7 + 0.6 * needle)
                best = Vec4(
                    clamp(b.side * (0.25 + 0.6 * t) * (b.isFront ? 0.6 : 1), -0.9, 0.9),
                    clamp(0.85 - 1.5 * down, -0.3, 0.9), shade, max(alpha, best.w))
            }
            return best
        }
    }

    /// A round-crowned tree made of clumps.
    func broadleaf(_ variant: Int, hasTrunk: Bool = true, isTall: Bool = false) -> SpriteImage {
        var random = RandomSequence(seed: UInt64(variant) &* 77 &+ 5)
        var clumps: [Vec4] = []
        for i in 0..<16 {
            let angle = Float(i) / 16 * 2 * pi + random.between(-0.4, 0.4)
            let r = i < 9 ? random.between(0.3, 0.56) : random.between(0, 0.28)
            let x = cosine(angle) * r * (isTall ? 0.55 : 1)
            let y = (hasTrunk ? 0.58 : 0.45) + sine(angle) * r * (isTall ? 0.6 : 0.44)
            clumps.append(Vec4(x, y, random.between(0.17, 0.27), random.unit()))
        }
        let salt = Float(variant) * 9.1
        return SpriteImage(width: 160, height: hasTrunk ? 176 : 120) { u, v in
            var best = Vec4()
            if hasTrunk && v < 0.6 {
                let bend = sine(v * 5 + salt) * 0.025
                let w = 0.045 + 0.05 * exp(-v * 22) - 0.02 * v
                let trunk = clamp((w - abs(u - bend)) * 60 + 0.5)
                if trunk > 0 { best = Vec4((u - bend) / w * 0.8, 0, 0.38, trunk) }
            }
            let edge = noise.fractal(u * 9 + salt, v * 10, octaves: 3)
            let leaf = noise.fractal(u * 24 + salt, v * 24, octaves: 2)
            for clump in clumps {
                let dx = (u - clump.x) / clump.z, dy = (v - clump.y) / (clump.z * 0.85)
                let d = dx * dx + dy * dy
                let limit = 0.62 + 0.75 * (edge - 0.35) + 0.3 * (leaf - 0.5)
                if d > limit { continue }
                let alpha = clamp((limit - d) * 9)
                let top = clump.y * 0.5 + dy * 0.3 + clump.w * 0.15
                let old = best.w > 0 ? best.z : -1
                let shade = 0.34 + 0.55 * clamp(top + 0.1) + 0.55 * (leaf - 0.5)
                if shade > old || best.w < 0.5 {
                    best = Vec4(
                        clamp(dx * 0.75, -0.9, 0.9), clamp(dy * 0.7 + 0.15, -0.7, 0.9),
                        clamp(shade, 0.12, 1.2), max(alpha, best.w))
                }
            }
            return best
        }
    }

    /// A tall thin cypress or poplar.
    func cypress() -> SpriteImage {
        SpriteImage(width: 64, height: 240) { u, v in
            let w =
                0.8 * power(max(0, 1 - v), 0.45) * (0.55 + 0.45 * smoothstep(0, 0.2, v))
                * (0.75 + 0.4 * noise.fractal(u * 3, v * 26, octaves: 3))
            let alpha = clamp((w - abs(u)) * 9)
            let leaf = noise.fractal(u * 8, v * 42, octaves: 3)
            return Vec4(
                clamp(u / max(0.1, w), -0.9, 0.9) * 0.85, 0.25, 0.5 + 0.9 * (leaf - 0.3), alpha)
        }
    }

    /// A tuft of blades; `heads` puts ears or blossoms on top.
    func grass(_ variant: Int, blades: Int = 26, heads: Float = 0) -> SpriteImage {
        var random = RandomSequence(seed: UInt64(variant) &* 31 &+ 400)
        var stems: [(x: Float, bend: Float, tall: Float, shade: Float)] = []
        for _ in 0..<blades {
            stems.append(
                (
                    random.between(-0.7, 0.7), random.between(-0.35, 0.35),
                    random.between(0.45, 0.98), random.between(0.55, 1.1)
                ))
        }
        return SpriteImage(width: 128, height: 128) { u, v in
            var best = Vec4()
            for stem in stems where v < stem.tall + 0.03 {
                let t = v / stem.tall
                let x = stem.x * (0.55 + 0.45 * t) + stem.bend * t * t
                var w = 0.022 * (1.05 - t) + 0.006
                var shade = stem.shade * (0.4 + 0.6 * t)
                if heads > 0 && t > 0.76 {
                    w = 0.016 + heads * sine((t - 0.76) / 0.27 * pi)
                    shade *= 1.25
                }
                let alpha = clamp((w - abs(u - x)) * 50 + 0.5)
                if alpha > best.w * 0.9 {
                    best = Vec4(clamp((u - x) / w * 0.5, -0.8, 0.8), 0.3, shade, max(alpha, best.w))
                }
            }
            return best
        }
    }

    /// A palm: curved stem and hanging fronds.
    func palm() -> SpriteImage {
        SpriteImage(width: 160, height: 200) { u, v in
            let bend = 0.16 * v * v - 0.06
            var best = Vec4()
            let w: Float = 0.036 - 0.012 * v
            if v < 0.76 {
                let ring = 0.75 + 0.25 * fraction(v * 26)
                let a = clamp((w - abs(u - bend)) * 70 + 0.5)
                best = Vec4((u - bend) / w * 0.8, 0, 0.5 * ring, a)
            }
            let cx: Float = 0.16 * 0.56 - 0.06, cy: Float = 0.75
            let dx = u - cx, dy = v - cy
            for frond in 0..<11 {
                let angle = Float(frond) / 11 * 3.9 - 0.42
                let ax = cosine(angle), reach: Float = 0.62 + 0.2 * hashUnit(frond, 3)
                let t = dx / (ax * reach)
                if ax * dx < 0 || t > 1 || abs(ax) < 0.12 { continue }
                let y = sine(angle) * 0.34 * t - 0.34 * t * t
                let comb = 0.3 + 0.7 * fraction(t * 22)
                let below = y - dy
                let thick = 0.12 * (1 - t) * (0.3 + t) * 2.4 * comb
                let a = clamp((thick - below) * 60) * clamp((below + 0.014) * 90)
                if a > best.w {
                    best = Vec4(ax * 0.4, 0.5, 0.55 + 0.5 * (1 - below / max(0.01, thick)), a)
                }
            }
            return best
        }
    }
}
