/// One subject alone on a plain ground, in a light of its own: for developers' sheets and tests.
package struct SubjectSheet: Sendable {
    /// What stands in the middle of the frame.
    package enum Aim: Int, Sendable { case whole, head, eye }

    /// Which pixels a subject covers.
    package struct Silhouette: Sendable {
        package let width: Int
        package let height: Int
        /// Coverage of each pixel, 0 ... 1, row by row from the top.
        package let coverage: [Float]
        /// Row on which the subject's contact point stands.
        package let groundRow: Int
    }

    /// Names of all kinds of subject.
    package static var kinds: [String] { SubjectKind.allCases.map(\.rawValue) }

    /// One of ``kinds``.
    package var kind: String
    package var pose = 0
    /// Main colour, #RRGGBB; nil: the model's own.
    package var colour: UInt32?
    /// Raw value of the accessories.
    package var accessories: UInt32 = 0
    package var yawDegrees: Float = -38
    /// 0 golden from behind, 1 high from the camera's upper left, 2 night.
    package var light = 0
    /// Share of the frame height that the subject takes.
    package var share: Float = 0.75
    package var aim = Aim.whole
    package var width = 480
    package var height = 360
    /// Draws ground with shadow and contact; false leaves a plain backdrop.
    package var hasGround = true

    package init(kind: String) { self.kind = kind }

    /// The subject's picture in sRGB bytes, interleaved; nil for an unknown kind.
    package func picture() -> [UInt8]? {
        guard let drawn = draw() else { return nil }
        let (layer, camera, model) = drawn
        let top = linearColour([0x6E7FA8, 0xA9C4DE, 0x0A1220][paletteIndex])
        let low = linearColour([0xF0B070, 0xE8EEF2, 0x2A3A50][paletteIndex])
        var bytes = [UInt8](repeating: 255, count: width * height * 3)
        for y in 0..<height {
            for x in 0..<width {
                let one = layer.colour[y * width + x]
                var back = mix(top, low, Float(y) / Float(height))
                if hasGround, camera.position.y > 0, Float(y) > camera.horizonRow {
                    let depth =
                        camera.position.y * camera.focal / (Float(y) + 0.5 - camera.horizonRow)
                    let ray = camera.ray(Float(x) + 0.5, Float(y) + 0.5)
                    let point = camera.position + ray * depth
                    back = low * (0.62 * (0.35 + 0.65 * model.keyVisibility(point)))
                    if abs(point.x) + abs(point.z) < model.traits.length * 1.2 {
                        back *= model.contactOpenness(point)
                    }
                }
                let tone = back * (1 - one.w) + Vec3(one.x, one.y, one.z)
                for channel in 0..<3 {
                    bytes[(y * width + x) * 3 + channel] = Self.display(tone[channel])
                }
            }
        }
        return bytes
    }

    /// The subject's outline; nil for an unknown kind.
    package func silhouette() -> Silhouette? {
        guard let (layer, camera, _) = draw() else { return nil }
        let ground = camera.project(Vec3()).y
        return Silhouette(
            width: width, height: height, coverage: layer.colour.map(\.w),
            groundRow: floorIndex(ground))
    }

    private var paletteIndex: Int { min(max(light, 0), 2) }

    private func draw() -> (SubjectLayer, Camera, SubjectModel)? {
        guard let kind = SubjectKind(rawValue: kind) else { return nil }
        let spec = SubjectSpec(
            kind: kind, colour: colour, accessories: SubjectAccessories(rawValue: accessories),
            pose: pose)
        let traits = SubjectModel.traits(spec)
        let yaw = yawDegrees * pi / 180
        let focal = Float(width) * (aim == .whole ? 1.3 : 2.2)
        let flat = traits.length * 0.95 * Float(height) / Float(width)
        let span = aim == .whole ? max(traits.height, flat) : traits.height
        let distance = focal * span / (share * Float(height))
        var camera = Camera(
            width: width, height: height, focal: focal, centreColumn: Float(width) * 0.5,
            horizonRow: Float(height) * 0.56, position: Vec3(0, 0, -distance))
        place(&camera, traits, YawTurn(yaw))
        let model = SubjectModel(
            spec, yaw: yaw, light: [Self.golden, Self.high, Self.night][paletteIndex], seed: 1,
            finest: distance / focal)
        let layer = SubjectLayer(width: width, height: height)
        model.draw(camera, into: layer)
        return (layer, camera, model)
    }

    /// Sets height and shift of the camera for the aim.
    private func place(_ camera: inout Camera, _ traits: SubjectTraits, _ turn: YawTurn) {
        let metre = camera.focal / camera.subjectDistance
        guard aim == .whole else {
            let up = aim == .head ? traits.headHeight : traits.eyeHeight
            let forward = aim == .head ? traits.headForward : traits.eyeForward
            camera.position.x = turn.toWorld(Vec3(forward, up, 0)).x
            camera.position.y = up
            camera.horizonRow = Float(height) * 0.47
            return
        }
        let feet = Float(height) * (0.46 + 0.5 * min(share, 1))
        camera.position.y = max(
            (feet - camera.horizonRow) / metre, 0.1 * traits.height)
        camera.horizonRow = feet - camera.position.y * metre
    }

    private static func display(_ linear: Float) -> UInt8 {
        let soft = linear < 0.6 ? linear : 0.6 + 0.4 * (1 - exp(-(linear - 0.6) / 0.4))
        let value = soft <= 0.003_130_8 ? soft * 12.92 : 1.055 * power(soft, 0.416_67) - 0.055
        return UInt8(clamp(value * 255 + 0.5, 0, 255))
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
