/// A subject ready to be drawn: its solid, turned and lit, with the shadow that it casts.
///
/// Owned by the thread that renders the picture. World space: the contact point is the origin.
final class SubjectModel {
    let traits: SubjectTraits
    let solid: Solid
    let turn: YawTurn
    let light: Light
    private let shadow: ShadowMap
    private let contact: ContactMap

    /// Builds a subject.
    /// - Parameters:
    ///   - yaw: Turn about the vertical, in radians: 0 looks to the right, a quarter turn away
    ///     from the camera, minus a quarter to it, half a turn to the left.
    ///   - finest: Metres per pixel at the subject; thinner parts are drawn this thick.
    ///   - seed: Varies wind and small details, not the kind or its pose.
    init(_ spec: SubjectSpec, yaw: Float, light: Light, seed: UInt64, finest: Float) {
        traits = Self.traits(spec)
        solid = Self.solid(spec, seed: seed, finest: finest)
        turn = YawTurn(yaw)
        self.light = light
        shadow = ShadowMap(
            solid, toLight: turn.toModel(light.keyDirection), height: traits.height)
        contact = ContactMap(solid, level: traits.height * 0.02, reach: traits.height * 0.2)
    }

    /// Share of the key light that passes the subject at a point of the world, 0 ... 1.
    func keyVisibility(_ point: Vec3) -> Float {
        shadow.visibility(turn.toModel(point), softness: 0.07)
    }

    /// How open the ground is under the subject, from 0.3 at the feet to 1.
    func contactOpenness(_ point: Vec3) -> Float {
        0.3 + 0.7 * contact.openness(turn.toModel(point))
    }

    /// Draws the subject into a layer of the camera's size.
    ///
    /// - Parameters:
    ///   - isPrint: The picture becomes a print, which needs no smooth inner edges.
    ///   - isLarge: The subject fills much of the picture.
    func draw(
        _ camera: Camera, into layer: SubjectLayer, isPrint: Bool = false, isLarge: Bool = false
    ) {
        solid.withField { field in
            let drawing = SubjectDrawing(
                self, camera, layer, field, shadow, isPrint: isPrint, isLarge: isLarge)
            drawing.firstPass()
            drawing.smoothEdges()
            drawing.closePinholes()
        }
    }
}
