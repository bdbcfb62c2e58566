/// Developer sheets of subjects alone: each on a plain gradient, in a light of its own.
package struct SubjectSheet {
    /// Names of all kinds.
    package static var kinds: [String] { SubjectKind.allCases.map(\.rawValue) }

    /// Renders one subject on a gradient.
    /// - Parameters:
    ///   - kind: One of ``kinds``.
    ///   - light: 0 golden from behind, 1 high from the camera's upper left, 2 night.
    ///   - aim: 0 whole, 1 head, 2 eye.
    /// - Returns: sRGB bytes, interleaved; nil for an unknown kind.
    package static func picture(
        kind: String, pose: Int, colour: UInt32?, accessories: UInt32, yaw: Float, light: Int,
        share: Float, aim: Int, width: Int, height: Int, hasGround: Bool = true
    ) -> [UInt8]? {
        guard let kind = SubjectKind(rawValue: kind) else { return nil }
        let spec = SubjectSpec(
            kind: kind, colour: colour, accessories: SubjectAccessories(rawValue: accessories),
            pose: pose)
        let traits = SubjectModel.traits(spec)
        let focal = Float(width) * (aim == 0 ? 1.3 : 2.2)
        let distance = focal * traits.height / (share * Float(height))
        let metre = focal / distance
        let turn = YawTurn(yaw)
        let horizon = Float(height) * 0.56
        var camera = Camera(
            width: width, height: height, focal: focal, centreColumn: Float(width) * 0.5,
            horizonRow: horizon, position: Vec3(0, 0, -distance))
        if aim == 0 {
            let feet = Float(height) * (0.5 + 0.5 * min(share, 1)) - Float(height) * 0.04
            camera.position.y = (feet - horizon) / metre
            if camera.position.y < 0.1 * traits.height {
                camera.position.y = 0.1 * traits.height
                camera.horizonRow = feet - camera.position.y * metre
            }
        } else {
            let up = aim == 1 ? traits.headHeight : traits.eyeHeight
            let forward = aim == 1 ? traits.headForward : traits.eyeForward
            let target = turn.toWorld(Vec3(forward, up, 0))
            camera.position = Vec3(target.x, up, -distance)
            camera.horizonRow = Float(height) * 0.47
        }
        let lights = [golden, high, night]
        let palette = lights[min(max(light, 0), 2)]
        let model = SubjectModel(spec, yaw: yaw, light: palette, seed: 1, finest: 1 / metre)
        let layer = SubjectLayer(width: width, height: height)
        model.draw(camera, into: layer)
        let top = linearColour([0x6E7FA8, 0xA9C4DE, 0x0A1220][min(max(light, 0), 2)])
        let low = linearColour([0xF0B070, 0xE8EEF2, 0x2A3A50][min(max(light, 0), 2)])
        var bytes = [UInt8](repeating: 255, count: width * height * 3)
        for y in 0..<height {
            for x in 0..<width {
                let at = y * width + x
                let one = layer.colour[at]
                var back = mix(top, low, Float(y) / Float(height))
                if hasGround, camera.position.y > 0, Float(y) > camera.horizonRow {
                    let depth = camera.position.y * focal / (Float(y) + 0.5 - camera.horizonRow)
                    let ray = camera.ray(Float(x) + 0.5, Float(y) + 0.5)
                    let point = camera.position + ray * depth
                    let shade = 0.35 + 0.65 * model.keyVisibility(point)
                    back = low * (0.62 * shade)
                    if abs(point.x) + abs(point.z) < traits.length * 1.2 {
                        back *= model.contactOpenness(point)
                    }
                }
                let tone = back * (1 - one.w) + Vec3(one.x, one.y, one.z)
                for channel in 0..<3 {
                    let v = tone[channel]
                    let soft = v < 0.6 ? v : 0.6 + 0.4 * (1 - exp(-(v - 0.6) / 0.4))
                    let s = soft <= 0.0031308 ? soft * 12.92 : 1.055 * power(soft, 0.41667) - 0.055
                    bytes[at * 3 + channel] = UInt8(clamp(s * 255 + 0.5, 0, 255))
                }
            }
        }
        return bytes
    }

    private static let golden = Light(
        keyDirection: normalize(Vec3(0.7, 0.28, 0.62)), key: linearColour(0xFFAE6C) * 2.2,
        ambientSky: linearColour(0x747CA5) * 0.8, ambientGround: linearColour(0x7A6A60) * 0.5,
        rim: linearColour(0xFF9F50) * 1.9, rimDirection: normalize(Vec3(0.5, 0.25, 0.8)),
        fill: linearColour(0xB0A8C0) * 0.32, lampGlow: Vec3(2, 1.4, 0.8), night: 0.16, wet: 0,
        frost: 0)
    private static let high = Light(
        keyDirection: normalize(Vec3(-0.5, 0.8, -0.45)), key: linearColour(0xFFF3E8) * 1.25,
        ambientSky: linearColour(0xCEDCF2) * 0.75, ambientGround: linearColour(0xC8C8C8) * 0.45,
        rim: linearColour(0xFFFFFF) * 0.3, rimDirection: normalize(Vec3(0.3, 0.4, 0.8)),
        fill: linearColour(0xFFFFFF) * 0.12, lampGlow: Vec3(2, 1.4, 0.8), night: 0, wet: 0,
        frost: 0)
    private static let night = Light(
        keyDirection: normalize(Vec3(0.6, 0.5, 0.6)), key: linearColour(0xCCDAEC) * 1.2,
        ambientSky: linearColour(0x2A3A55) * 0.9, ambientGround: linearColour(0x1A2433) * 0.7,
        rim: linearColour(0x9FB8D8) * 1.3, rimDirection: normalize(Vec3(0.4, 0.35, 0.8)),
        fill: linearColour(0x54709A) * 0.22, lampGlow: Vec3(2, 1.4, 0.8), night: 1, wet: 0,
        frost: 0)
}
