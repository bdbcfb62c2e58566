import CameraMoves
import RenderService

/// A move of the product as the renderer takes it.
struct CameraMove: Hashable, Sendable {
    let id: String
    let path: CameraPath

    static let all = CameraMoves.CameraMove.all.map {
        CameraMove(id: $0.id, path: CameraPath($0))
    }

    /// The six moves that shift the camera and never turn it.
    static let basic = CameraMoves.CameraMove.basicIDs.compactMap(named)

    static func named(_ id: String) -> CameraMove? { all.first { $0.id == id } }
}

/// What the requirements say of a move, written down a second time to hold the product's to it.
struct RequiredMove: Hashable, Sendable {
    let id: String
    let path: CameraPath

    static let all: [RequiredMove] = [
        move("static", from: pose(), to: pose()),
        move("pan_left", from: pose(x: 0.15), to: pose(x: -0.15)),
        move("pan_right", from: pose(x: -0.15), to: pose(x: 0.15)),
        move("push_in", from: pose(z: -0.1), to: pose(z: 0.25)),
        move("pull_back", from: pose(z: 0.2), to: pose(z: -0.15)),
        move("crane_up", from: pose(y: -0.1), to: pose(y: 0.15, z: 0.05)),
        move("yaw_left", from: pose(yaw: 0.25), to: pose(yaw: -0.25)),
        move("yaw_right", from: pose(yaw: -0.25), to: pose(yaw: 0.25)),
        move("tilt_up", from: pose(pitch: -0.2), to: pose(pitch: 0.15)),
        move("tilt_down", from: pose(pitch: 0.15), to: pose(pitch: -0.2)),
        move("dutch_left", from: pose(), to: pose(roll: -0.18)),
        move("dutch_right", from: pose(), to: pose(roll: 0.18)),
        move("track_left", from: pose(x: 0.15), to: pose(x: -0.15)),
        move("track_right", from: pose(x: -0.15), to: pose(x: 0.15)),
        move("pedestal_up", from: pose(y: -0.15), to: pose(y: 0.15)),
        move("pedestal_down", from: pose(y: 0.15), to: pose(y: -0.15)),
        move(
            "crane_down", from: pose(y: 0.15, z: 0.05, pitch: 0.05),
            to: pose(y: -0.1, pitch: -0.1)),
        move(
            "arc_left", from: pose(x: 0.2, z: 0.1, yaw: -0.15), to: pose(x: -0.2, z: 0.1, yaw: 0.15)
        ),
        move(
            "arc_right", from: pose(x: -0.2, z: 0.1, yaw: 0.15),
            to: pose(x: 0.2, z: 0.1, yaw: -0.15)),
        move(
            "reveal", from: pose(x: -0.1, z: -0.1, yaw: -0.15), to: pose(x: 0.05, z: 0.15, yaw: 0.1)
        ),
    ]

    private static func pose(
        x: Double = 0, y: Double = 0, z: Double = 0, pitch: Double = 0, yaw: Double = 0,
        roll: Double = 0
    ) -> CameraPose {
        CameraPose(
            Vector3(x, y, z), rotation: CameraRotation(pitch: pitch, yaw: yaw, roll: roll))
    }

    private static func move(
        _ id: String, from start: CameraPose, to end: CameraPose
    ) -> RequiredMove {
        RequiredMove(id: id, path: CameraPath(start: start, end: end))
    }
}
