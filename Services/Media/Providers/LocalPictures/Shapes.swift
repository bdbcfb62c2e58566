/// Flat shapes in space: walls, roofs, boards, masts, wires.

/// What a polygon's shader knows about the pixel.
struct WallPoint {
    var position: Vec3
    var z: Float
    var column: Int
}

extension Stage {
    /// Fills a convex flat polygon; the shader gives its lit colour before haze.
    func polygon(_ corners: [Vec3], _ shader: (WallPoint) -> Vec3) {
        let eye = camera.position
        let nearest: Float = 0.05
        var clipped: [Vec3] = []
        for (i, corner) in corners.enumerated() {
            let a = corner - eye, b = corners[(i + 1) % corners.count] - eye
            if a.z >= nearest { clipped.append(a) }
            if (a.z >= nearest) != (b.z >= nearest) {
                let t = (nearest - a.z) / (b.z - a.z)
                clipped.append(a + (b - a) * t)
            }
        }
        if clipped.count < 3 { return }
        let f = camera.focal, cx = camera.centreColumn, hy = camera.horizonRow
        let screen = clipped.map { Vec2(cx + $0.x * f / $0.z, hy - $0.y * f / $0.z) }
        var area: Float = 0
        var low = screen[0], high = screen[0]
        for (i, p) in screen.enumerated() {
            let q = screen[(i + 1) % screen.count]
            area += p.x * q.y - q.x * p.y
            low = Vec2(min(low.x, p.x), min(low.y, p.y))
            high = Vec2(max(high.x, p.x), max(high.y, p.y))
        }
        if abs(area) < 0.05 || high.x < 0 || high.y < 0 { return }
        if low.x > Float(width) || low.y > Float(height) { return }
        // The plane n . p = d (camera at the origin): 1/z is n . ray / d.
        var normal = Vec3()
        for i in 1..<(clipped.count - 1) {
            normal += cross(clipped[i] - clipped[0], clipped[i + 1] - clipped[0])
        }
        let offset = dot(normal, clipped[0])
        if abs(offset) < 1e-9 { return }
        let turn: Float = area > 0 ? 1 : -1
        var edges: [Vec3] = []
        for (i, p) in screen.enumerated() {
            let q = screen[(i + 1) % screen.count]
            let ex = q.x - p.x, ey = q.y - p.y
            let l = (ex * ex + ey * ey).squareRoot()
            if l < 1e-4 { continue }
            let s = turn / l
            edges.append(Vec3(-ey * s, ex * s, (ey * p.x - ex * p.y) * s))
        }
        let r0 = max(0, Int(max(0, low.y - 1))), r1 = min(height - 1, Int(min(high.y + 1, 1e5)))
        if r0 > r1 { return }
        for row in r0...r1 {
            let y = Float(row) + 0.5
            // The span where every edge is inside by at least minus one pixel.
            var start = max(0, low.x - 1), end = min(Float(width), high.x + 1)
            for e in edges {
                let rest = e.y * y + e.z + 1
                if e.x > 1e-5 {
                    start = max(start, -rest / e.x - 1)
                } else if e.x < -1e-5 {
                    end = min(end, -rest / e.x + 1)
                } else if rest < 0 {
                    end = -1
                }
            }
            if end <= start { continue }
            let c0 = max(0, Int(start)), c1 = min(width - 1, Int(end))
            if c0 > c1 { continue }
            for column in c0...c1 {
                let x = Float(column) + 0.5
                var inside: Float = 2
                for e in edges { inside = min(inside, e.x * x + e.y * y + e.z) }
                let coverage = clamp(inside + 0.75)
                if coverage <= 0 { continue }
                let ray = camera.ray(x, y)
                let facing = dot(normal, ray)
                if abs(facing) < 1e-12 { continue }
                let z = offset / facing
                if z < nearest { continue }
                let i = row * width + column
                if depth[i] < z { continue }
                let point = WallPoint(position: eye + ray * z, z: z, column: column)
                blend(i, haze(shader(point), z, column), z, coverage)
            }
        }
    }

    /// A box on axes; only faces toward the camera are drawn. The shader gets the outward normal.
    func box(_ low: Vec3, _ high: Vec3, _ shader: (WallPoint, Vec3) -> Vec3) {
        let eye = camera.position
        if eye.z < low.z {
            let n = Vec3(0, 0, -1)
            polygon([
                Vec3(low.x, low.y, low.z), Vec3(high.x, low.y, low.z),
                Vec3(high.x, high.y, low.z), Vec3(low.x, high.y, low.z),
            ]) { shader($0, n) }
        }
        if eye.x < low.x || eye.x > high.x {
            let x = eye.x < low.x ? low.x : high.x
            let n = Vec3(eye.x < low.x ? -1 : 1, 0, 0)
            polygon([
                Vec3(x, low.y, low.z), Vec3(x, low.y, high.z), Vec3(x, high.y, high.z),
                Vec3(x, high.y, low.z),
            ]) { shader($0, n) }
        }
        if eye.y > high.y || eye.y < low.y {
            let y = eye.y > high.y ? high.y : low.y
            let n = Vec3(0, eye.y > high.y ? 1 : -1, 0)
            polygon([
                Vec3(low.x, y, low.z), Vec3(high.x, y, low.z), Vec3(high.x, y, high.z),
                Vec3(low.x, y, high.z),
            ]) { shader($0, n) }
        }
    }

    /// A tapered line between two points in space, radii in metres; at least about a pixel wide,
    /// thinner ones get paler instead.
    func stroke(_ a: Vec3, _ b: Vec3, _ ra: Float, _ rb: Float, _ c: Vec3) {
        let p = camera.project(a), q = camera.project(b)
        if p.z < 0.08 || q.z < 0.08 { return }
        let wa = ra * camera.focal / p.z, wb = rb * camera.focal / q.z
        let ca = haze(c, (p.z + q.z) / 2, Int(clamp(p.x, 0, Float(width - 1))))
        line(Vec2(p.x, p.y), Vec2(q.x, q.y), wa, wb, p.z, q.z, ca)
    }

    /// The same in pixels; `c` is final.
    func line(
        _ a: Vec2, _ b: Vec2, _ wa: Float, _ wb: Float, _ za: Float, _ zb: Float, _ c: Vec3
    ) {
        let dx = b.x - a.x, dy = b.y - a.y
        let l2 = dx * dx + dy * dy
        if l2 < 1e-6 { return }
        let steep = abs(dy) >= abs(dx)
        let reach = max(wa, wb) + 1.5
        let slant = l2.squareRoot() / max(abs(dx), abs(dy))
        let lowMajor = (steep ? min(a.y, b.y) : min(a.x, b.x)) - max(wa, wb) * 0.3 - 0.5
        let highMajor = (steep ? max(a.y, b.y) : max(a.x, b.x)) + max(wa, wb) * 0.3 + 0.5
        let limit = steep ? height : width
        let m0 = max(0, Int(max(0, lowMajor))), m1 = min(limit - 1, Int(min(highMajor, 1e5)))
        if m0 > m1 || highMajor < 0 { return }
        let other = steep ? width : height
        for major in m0...m1 {
            let v = Float(major) + 0.5
            let t0 = steep ? (v - a.y) / dy : (v - a.x) / dx
            let centre = steep ? a.x + dx * t0 : a.y + dy * t0
            let t = clamp(t0)
            let w = max(0.05, mix(wa, wb, t))
            let span = reach * slant
            let n0 = max(0, Int(max(0, centre - span))),
                n1 = min(other - 1, Int(clamp(centre + span, -1, 1e5)))
            if n0 > n1 || centre + span < 0 { continue }
            let z = mix(za, zb, t)
            for minor in n0...n1 {
                let x = steep ? Float(minor) + 0.5 : v, y = steep ? v : Float(minor) + 0.5
                let u = clamp(((x - a.x) * dx + (y - a.y) * dy) / l2)
                let ex = x - a.x - dx * u, ey = y - a.y - dy * u
                let d = (ex * ex + ey * ey).squareRoot()
                let thin = min(1, w * 2)
                let coverage = clamp(max(w, 0.5) - d + 0.5) * thin
                if coverage <= 0.02 { continue }
                let i = steep ? major * width + minor : minor * width + major
                if depth[i] < z { continue }
                blend(i, c, z, coverage)
            }
        }
    }
}
