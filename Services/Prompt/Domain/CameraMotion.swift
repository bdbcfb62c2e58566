/// A camera move: where the camera is and looks at its start and end.
///
/// Centred coordinates in image heights: x right, y up, z toward the subject. Angles are the
/// camera's, in radians: pitch + looks up, yaw + looks right, roll + leans right.
struct CameraMotion: Hashable, Sendable {
    enum Category: String, Hashable, Sendable {
        case `static`, panTilt = "pan_tilt", dolly, crane, orbital, compound
    }

    struct Vector: Hashable, Sendable {
        var x = 0.0
        var y = 0.0
        var z = 0.0
    }

    struct Rotation: Hashable, Sendable {
        var pitch = 0.0
        var yaw = 0.0
        var roll = 0.0

        static let none = Rotation()
    }

    let id: String
    let label: String
    let category: Category
    /// One sentence or two for people; what is shown when there is no depth to preview with.
    let description: String
    let start: Vector
    let end: Vector
    let startRotation: Rotation
    let endRotation: Rotation
    let durationSeconds: Double
    let fragments: [String]

    var rotates: Bool { startRotation != .none || endRotation != .none }

    init(
        _ id: String, _ label: String, _ category: Category, _ description: String,
        from start: Vector = Vector(), to end: Vector = Vector(),
        turning startRotation: Rotation = .none, until endRotation: Rotation = .none,
        fragments: [String]
    ) {
        self.id = id
        self.label = label
        self.category = category
        self.description = description
        self.start = start
        self.end = end
        self.startRotation = startRotation
        self.endRotation = endRotation
        self.durationSeconds = 3
        self.fragments = fragments
    }
}

extension CameraMotion {
    /// The moves of position alone first, then those that turn the camera or combine both.
    static let all: [CameraMotion] = basic + turns + slides + arcs

    private static let basic: [CameraMotion] = [
        CameraMotion(
            "static", "Static", .static,
            "The camera stays where it is. For dialogue and quiet moments.",
            fragments: ["locked off camera", "stable tripod shot", "no camera movement"]),
        CameraMotion(
            "pan_left", "Pan Left", .panTilt,
            "The view moves to the left. Brings in something new or follows an action.",
            from: Vector(x: 0.15), to: Vector(x: -0.15),
            fragments: [
                "camera pans left", "horizontal pan movement", "smooth lateral tracking",
            ]),
        CameraMotion(
            "pan_right", "Pan Right", .panTilt,
            "The view moves to the right. Brings in something new or follows an action.",
            from: Vector(x: -0.15), to: Vector(x: 0.15),
            fragments: [
                "camera pans right", "horizontal pan movement", "smooth lateral tracking",
            ]),
        CameraMotion(
            "push_in", "Push In", .dolly,
            "The camera moves toward the subject. Builds closeness or tension.",
            from: Vector(z: -0.1), to: Vector(z: 0.25),
            fragments: [
                "camera pushes in slowly", "dolly forward movement", "increasing intimacy",
            ]),
        CameraMotion(
            "pull_back", "Pull Back", .dolly,
            "The camera moves away from the subject. Shows its surroundings or sets it at a distance.",
            from: Vector(z: 0.2), to: Vector(z: -0.15),
            fragments: [
                "camera pulls back", "dolly backward movement", "revealing wider context",
            ]),
        CameraMotion(
            "crane_up", "Crane Up", .crane,
            "The camera rises. Gives grandeur, or a look from above.",
            from: Vector(y: -0.1), to: Vector(y: 0.15, z: 0.05),
            fragments: [
                "camera cranes upward", "vertical ascending movement",
                "elevated perspective reveal",
            ]),
    ]

    private static let turns: [CameraMotion] = [
        CameraMotion(
            "yaw_left", "Yaw Left", .panTilt,
            "The camera turns to the left on the spot. Sweeps across the scene.",
            turning: Rotation(yaw: 0.25), until: Rotation(yaw: -0.25),
            fragments: [
                "camera pans left", "smooth pan to the left", "horizontal pan movement",
            ]),
        CameraMotion(
            "yaw_right", "Yaw Right", .panTilt,
            "The camera turns to the right on the spot. Sweeps across the scene.",
            turning: Rotation(yaw: -0.25), until: Rotation(yaw: 0.25),
            fragments: [
                "camera pans right", "smooth pan to the right", "horizontal pan movement",
            ]),
        CameraMotion(
            "tilt_up", "Tilt Up", .panTilt,
            "The camera looks up from where it stands. Shows how tall something is.",
            turning: Rotation(pitch: -0.2), until: Rotation(pitch: 0.15),
            fragments: [
                "camera tilts up", "upward tilt movement", "vertical tilt revealing height",
            ]),
        CameraMotion(
            "tilt_down", "Tilt Down", .panTilt,
            "The camera looks down from where it stands. Leads the eye to the ground.",
            turning: Rotation(pitch: 0.15), until: Rotation(pitch: -0.2),
            fragments: [
                "camera tilts down", "downward tilt movement", "vertical tilt toward ground",
            ]),
        CameraMotion(
            "dutch_left", "Dutch Left", .panTilt,
            "The camera leans to the left. Unsettles: something is wrong.",
            until: Rotation(roll: -0.18),
            fragments: ["dutch angle tilting left", "camera rolls left", "canted frame"]),
        CameraMotion(
            "dutch_right", "Dutch Right", .panTilt,
            "The camera leans to the right. Unsettles: something is wrong.",
            until: Rotation(roll: 0.18),
            fragments: ["dutch angle tilting right", "camera rolls right", "canted frame"]),
    ]

    private static let slides: [CameraMotion] = [
        CameraMotion(
            "track_left", "Track Left", .dolly,
            "The camera slides to the left. Near things pass faster than far ones.",
            from: Vector(x: 0.15), to: Vector(x: -0.15),
            fragments: ["camera tracks left", "lateral tracking shot", "sliding left"]),
        CameraMotion(
            "track_right", "Track Right", .dolly,
            "The camera slides to the right. Near things pass faster than far ones.",
            from: Vector(x: -0.15), to: Vector(x: 0.15),
            fragments: ["camera tracks right", "lateral tracking shot", "sliding right"]),
        CameraMotion(
            "pedestal_up", "Pedestal Up", .crane,
            "The camera rises straight up. Lifts the view over what stands in front.",
            from: Vector(y: -0.15), to: Vector(y: 0.15),
            fragments: ["camera pedestals up", "vertical rise", "elevating perspective"]),
        CameraMotion(
            "pedestal_down", "Pedestal Down", .crane,
            "The camera sinks straight down. Brings the view to the subject's level.",
            from: Vector(y: 0.15), to: Vector(y: -0.15),
            fragments: ["camera pedestals down", "vertical descent", "lowering perspective"]),
        CameraMotion(
            "crane_down", "Crane Down", .crane,
            "The camera comes down in a sweep. Arrives in the scene from above.",
            from: Vector(y: 0.15, z: 0.05), to: Vector(y: -0.1),
            turning: Rotation(pitch: 0.05), until: Rotation(pitch: -0.1),
            fragments: [
                "crane shot descending", "descending crane movement", "sweeping downward",
            ]),
    ]

    private static let arcs: [CameraMotion] = [
        CameraMotion(
            "arc_left", "Arc Left", .orbital,
            "The camera circles to the left around the subject. Shows it from another side.",
            from: Vector(x: 0.2, z: 0.1), to: Vector(x: -0.2, z: 0.1),
            turning: Rotation(yaw: -0.15), until: Rotation(yaw: 0.15),
            fragments: [
                "camera arcs left", "orbiting left around subject", "circular tracking left",
            ]),
        CameraMotion(
            "arc_right", "Arc Right", .orbital,
            "The camera circles to the right around the subject. Shows it from another side.",
            from: Vector(x: -0.2, z: 0.1), to: Vector(x: 0.2, z: 0.1),
            turning: Rotation(yaw: 0.15), until: Rotation(yaw: -0.15),
            fragments: [
                "camera arcs right", "orbiting right around subject", "circular tracking right",
            ]),
        CameraMotion(
            "reveal", "Reveal", .compound,
            "The camera moves in while it turns. Lets the subject come into view.",
            from: Vector(x: -0.1, z: -0.1), to: Vector(x: 0.05, z: 0.15),
            turning: Rotation(yaw: -0.15), until: Rotation(yaw: 0.1),
            fragments: ["reveal shot", "push in with pan", "dramatic reveal movement"]),
    ]
}
