/// A subject made ready for one picture: posed, turned and coloured.
///
/// Yaw is in degrees: 0 looks along +x (to the right of the picture), positive turns toward the
/// camera's right-hand background (away), -30 looks a little toward the camera.
struct SubjectModel {
    let spec: SubjectSpec
    let yaw: Float

    init(_ spec: SubjectSpec, yaw: Float, seed: UInt64) {
        self.spec = spec
        self.yaw = yaw
    }

    static func traits(_ spec: SubjectSpec) -> SubjectTraits {
        SubjectTraits(
            height: 1.8, length: 0.8, headHeight: 1.6, headForward: 0, eyeHeight: 1.65,
            eyeForward: 0.1, shares: (0.36, 0.64, 1.5, 4))
    }

    /// How dark the ground is right under the subject: 1 open, 0 fully covered.
    func contactOcclusion(_ point: Vec3) -> Float {
        let d = (point.x * point.x + point.z * point.z).squareRoot()
        return 0.3 + 0.7 * smoothstep(0.1, 0.6, d)
    }

    /// Draws the subject into an empty layer and sets its bounds.
    func render(
        camera: Camera, light: Light, shadow: ShadowMap, into layer: SubjectLayer,
        isCancelled: () -> Bool
    ) {
        let centre = Vec3(0, 0.9, 0)
        let radius = Vec3(0.35, 0.9, 0.35)
        for row in 0..<layer.height {
            for column in 0..<layer.width {
                let ray = camera.ray(Float(column) + 0.5, Float(row) + 0.5)
                let d = ray / radius
                let o = (camera.position - centre) / radius
                let a = dot(d, d), b = dot(o, d), c = dot(o, o) - 1
                let discriminant = b * b - a * c
                if discriminant <= 0 { continue }
                let t = (-b - discriminant.squareRoot()) / a
                let normal = normalize((o + d * t) / radius)
                let lit = max(0, dot(normal, light.keyDirection))
                let sky = 0.5 + 0.5 * normal.y
                let facing = 1 + dot(normal, normalize(ray))
                let rim = facing * facing * facing * max(0, dot(normal, light.rimDirection) + 0.3)
                var c4 = light.key * lit + light.ambientSky * sky + light.ambientGround * (1 - sky)
                c4 = (c4 + light.fill * max(0, -normal.z)) * Vec3(0.45, 0.12, 0.08)
                c4 += light.rim * rim
                let i = row * layer.width + column
                layer.colour[i] = Vec4(c4, 1)
                layer.depth[i] = t
                layer.firstRow = min(layer.firstRow, row)
                layer.endRow = max(layer.endRow, row + 1)
                layer.firstColumn = min(layer.firstColumn, column)
                layer.endColumn = max(layer.endColumn, column + 1)
            }
        }
    }
}

/// Orthographic shadow of the subject as the key light sees it.
struct ShadowMap {
    private let direction: Vec3

    init(_ model: SubjectModel, keyDirection: Vec3) { direction = keyDirection }

    /// 0 in shadow ... 1 lit, at a point near or under the subject.
    @inline(__always)
    func sample(_ point: Vec3) -> Float {
        let centre = Vec3(0, 0.9, 0), radius = Vec3(0.35, 0.9, 0.35)
        let d = direction / radius, o = (point - centre) / radius
        let a = dot(d, d), b = dot(o, d), c = dot(o, o) - 1
        return b < 0 && b * b - a * c > 0 ? 0 : 1
    }
}
