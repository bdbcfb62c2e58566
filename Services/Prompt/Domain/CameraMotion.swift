internal import CameraMoves

/// A camera move with the words that a video model is told for it.
struct CameraMotion: Hashable, Sendable {
    let move: CameraMove
    let fragments: [String]

    var id: String { move.id }

    var rotates: Bool { move.start.isTurned || move.end.isTurned }
}

extension CameraMotion {
    /// The moves that there are words for, in display order.
    static let all: [CameraMotion] = words.compactMap { id, fragments in
        CameraMove.named(id).map { CameraMotion(move: $0, fragments: fragments) }
    }

    /// What a video model is told for each move.
    private static let words: [(id: String, fragments: [String])] = [
        ("static", ["locked off camera", "stable tripod shot", "no camera movement"]),
        ("pan_left", ["camera pans left", "horizontal pan movement", "smooth lateral tracking"]),
        ("pan_right", ["camera pans right", "horizontal pan movement", "smooth lateral tracking"]),
        ("push_in", ["camera pushes in slowly", "dolly forward movement", "increasing intimacy"]),
        ("pull_back", ["camera pulls back", "dolly backward movement", "revealing wider context"]),
        (
            "crane_up",
            [
                "camera cranes upward",
                "vertical ascending movement",
                "elevated perspective reveal",
            ]
        ),
        ("yaw_left", ["camera pans left", "smooth pan to the left", "horizontal pan movement"]),
        ("yaw_right", ["camera pans right", "smooth pan to the right", "horizontal pan movement"]),
        ("tilt_up", ["camera tilts up", "upward tilt movement", "vertical tilt revealing height"]),
        (
            "tilt_down",
            [
                "camera tilts down",
                "downward tilt movement",
                "vertical tilt toward ground",
            ]
        ),
        ("dutch_left", ["dutch angle tilting left", "camera rolls left", "canted frame"]),
        ("dutch_right", ["dutch angle tilting right", "camera rolls right", "canted frame"]),
        ("track_left", ["camera tracks left", "lateral tracking shot", "sliding left"]),
        ("track_right", ["camera tracks right", "lateral tracking shot", "sliding right"]),
        ("pedestal_up", ["camera pedestals up", "vertical rise", "elevating perspective"]),
        ("pedestal_down", ["camera pedestals down", "vertical descent", "lowering perspective"]),
        (
            "crane_down",
            ["crane shot descending", "descending crane movement", "sweeping downward"]
        ),
        (
            "arc_left",
            [
                "camera arcs left",
                "orbiting left around subject",
                "circular tracking left",
            ]
        ),
        (
            "arc_right",
            [
                "camera arcs right",
                "orbiting right around subject",
                "circular tracking right",
            ]
        ),
        ("reveal", ["reveal shot", "push in with pan", "dramatic reveal movement"]),
    ]
}
