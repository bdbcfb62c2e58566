internal import CameraMoves

/// A camera move with the words that a video model is told for it.
struct CameraMotion: Hashable, Sendable {
    let move: CameraMove
    let fragments: [String]

    var id: String { move.id }

    var rotates: Bool { move.start.isTurned || move.end.isTurned }

    /// Whether its start and its end, without zoom and slow at both, are all of it.
    var isStraight: Bool {
        move.keys.count == 2 && move.keys[0].easing == .easeInOut && move.start.zoom == 1
            && move.end.zoom == 1
    }
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
        ("zoom_in", ["lens zooms in slowly", "smooth optical zoom", "tightening frame"]),
        ("zoom_out", ["lens zooms out slowly", "smooth optical zoom", "widening frame"]),
        (
            "dolly_zoom_in",
            ["dolly zoom moving closer", "vertigo effect", "background stretching away"]
        ),
        (
            "dolly_zoom_out",
            ["dolly zoom moving back", "vertigo effect", "background closing in"]
        ),
        (
            "roll_left",
            ["slow camera roll to the left", "rotation about the lens axis", "turning horizon"]
        ),
        (
            "roll_right",
            ["slow camera roll to the right", "rotation about the lens axis", "turning horizon"]
        ),
        (
            "handheld_drift",
            ["handheld camera drift", "subtle natural sway", "documentary feel"]
        ),
        (
            "orbit_loop",
            ["camera orbits without end", "gentle circular drift", "seamless looping motion"]
        ),
        (
            "breathe_loop",
            ["camera breathes in and out", "gentle push and return", "seamless looping motion"]
        ),
    ]
}
