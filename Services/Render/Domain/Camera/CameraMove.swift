/// A camera move that a person can choose.
package struct CameraMove: Hashable, Sendable {
    package enum Category: String, CaseIterable, Sendable {
        case `static`
        case panTilt = "pan_tilt"
        case dolly, crane, orbital, compound
    }

    package let id: String
    package let label: String
    package let category: Category
    /// What the move looks like, for when no preview can be rendered.
    package let description: String
    package let path: CameraPath
    /// Length of the move in seconds.
    package let seconds: Double
}

extension CameraMove {
    /// Every move, the six basic ones first.
    package static let all: [CameraMove] = basic + further

    package static func named(_ id: String) -> CameraMove? { all.first { $0.id == id } }

    /// The six moves that shift the camera and never turn it.
    package static let basic: [CameraMove] = [
        move(
            "static", "Static", .static,
            "The camera is locked off; only the subject moves.",
            from: pose(), to: pose()),
        move(
            "pan_left", "Pan Left", .panTilt,
            "The view slides to the left; what is near passes faster than what is far.",
            from: pose(x: 0.15), to: pose(x: -0.15)),
        move(
            "pan_right", "Pan Right", .panTilt,
            "The view slides to the right; what is near passes faster than what is far.",
            from: pose(x: -0.15), to: pose(x: 0.15)),
        move(
            "push_in", "Push In", .dolly,
            "The camera moves toward the subject, which grows faster than its surroundings.",
            from: pose(z: -0.1), to: pose(z: 0.25)),
        move(
            "pull_back", "Pull Back", .dolly,
            "The camera moves away from the subject and takes in more of the scene.",
            from: pose(z: 0.2), to: pose(z: -0.15)),
        move(
            "crane_up", "Crane Up", .crane,
            "The camera rises past the foreground and looks out over the scene.",
            from: pose(y: -0.1), to: pose(y: 0.15, z: 0.05)),
    ]

    /// Moves beyond the basic six; these may also turn the camera.
    package static let further: [CameraMove] = [
        move(
            "yaw_left", "Yaw Left", .panTilt,
            "The camera turns to the left on its stand.",
            from: pose(yaw: 0.25), to: pose(yaw: -0.25)),
        move(
            "yaw_right", "Yaw Right", .panTilt,
            "The camera turns to the right on its stand.",
            from: pose(yaw: -0.25), to: pose(yaw: 0.25)),
        move(
            "tilt_up", "Tilt Up", .panTilt,
            "The camera turns upward and reveals height.",
            from: pose(pitch: -0.2), to: pose(pitch: 0.15)),
        move(
            "tilt_down", "Tilt Down", .panTilt,
            "The camera turns downward, toward the ground.",
            from: pose(pitch: 0.15), to: pose(pitch: -0.2)),
        move(
            "dutch_left", "Dutch Left", .panTilt,
            "The camera leans over to the left until the horizon is canted.",
            from: pose(), to: pose(roll: -0.18)),
        move(
            "dutch_right", "Dutch Right", .panTilt,
            "The camera leans over to the right until the horizon is canted.",
            from: pose(), to: pose(roll: 0.18)),
        move(
            "track_left", "Track Left", .dolly,
            "The camera travels to the left, level with the subject.",
            from: pose(x: 0.15), to: pose(x: -0.15)),
        move(
            "track_right", "Track Right", .dolly,
            "The camera travels to the right, level with the subject.",
            from: pose(x: -0.15), to: pose(x: 0.15)),
        move(
            "pedestal_up", "Pedestal Up", .crane,
            "The camera rises straight up and keeps looking ahead.",
            from: pose(y: -0.15), to: pose(y: 0.15)),
        move(
            "pedestal_down", "Pedestal Down", .crane,
            "The camera sinks straight down and keeps looking ahead.",
            from: pose(y: 0.15), to: pose(y: -0.15)),
        move(
            "crane_down", "Crane Down", .crane,
            "The camera sinks from above while it turns toward the ground.",
            from: pose(y: 0.15, z: 0.05, pitch: 0.05), to: pose(y: -0.1, pitch: -0.1)),
        move(
            "arc_left", "Arc Left", .orbital,
            "The camera circles to the left around the subject and keeps it in view.",
            from: pose(x: 0.2, z: 0.1, yaw: -0.15), to: pose(x: -0.2, z: 0.1, yaw: 0.15)),
        move(
            "arc_right", "Arc Right", .orbital,
            "The camera circles to the right around the subject and keeps it in view.",
            from: pose(x: -0.2, z: 0.1, yaw: 0.15), to: pose(x: 0.2, z: 0.1, yaw: -0.15)),
        move(
            "reveal", "Reveal", .compound,
            "The camera pushes in while it turns and the scene opens up.",
            from: pose(x: -0.1, z: -0.1, yaw: -0.15), to: pose(x: 0.05, z: 0.15, yaw: 0.1)),
    ]

    private static func pose(
        x: Double = 0, y: Double = 0, z: Double = 0, pitch: Double = 0, yaw: Double = 0,
        roll: Double = 0
    ) -> CameraPose {
        CameraPose(
            Vector3(x, y, z), rotation: CameraRotation(pitch: pitch, yaw: yaw, roll: roll))
    }

    private static func move(
        _ id: String, _ label: String, _ category: Category, _ description: String,
        from start: CameraPose, to end: CameraPose
    ) -> CameraMove {
        CameraMove(
            id: id, label: label, category: category, description: description,
            path: CameraPath(start: start, end: end), seconds: 3)
    }
}
