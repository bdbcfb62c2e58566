extension CameraMove {
    /// Every move: those of position first, then those that turn the camera or combine both, then
    /// those that change the picture's size, and those that go round.
    package static let all: [CameraMove] = basic + turns + slides + arcs + zooms + rolls + loops

    /// The six that every picture is offered with.
    package static let basicIDs = basic.map(\.id)

    private static let basic: [CameraMove] = [
        CameraMove(
            "static", "Static", .static,
            "The camera stays where it is. For dialogue and quiet moments."),
        CameraMove(
            "pan_left", "Pan Left", .panTilt,
            "The view moves to the left. Brings in something new or follows an action.",
            from: CameraPlacement(x: 0.15), to: CameraPlacement(x: -0.15)),
        CameraMove(
            "pan_right", "Pan Right", .panTilt,
            "The view moves to the right. Brings in something new or follows an action.",
            from: CameraPlacement(x: -0.15), to: CameraPlacement(x: 0.15)),
        CameraMove(
            "push_in", "Push In", .dolly,
            "The camera moves toward the subject. Builds closeness or tension.",
            from: CameraPlacement(z: -0.1), to: CameraPlacement(z: 0.25)),
        CameraMove(
            "pull_back", "Pull Back", .dolly,
            "The camera moves away from the subject. Shows its surroundings or sets it at a distance.",
            from: CameraPlacement(z: 0.2), to: CameraPlacement(z: -0.15)),
        CameraMove(
            "crane_up", "Crane Up", .crane,
            "The camera rises. Gives grandeur, or a look from above.",
            from: CameraPlacement(y: -0.1), to: CameraPlacement(y: 0.15, z: 0.05)),
    ]

    private static let turns: [CameraMove] = [
        CameraMove(
            "yaw_left", "Yaw Left", .panTilt,
            "The camera turns to the left on the spot. Sweeps across the scene.",
            from: CameraPlacement(yaw: 0.25), to: CameraPlacement(yaw: -0.25)),
        CameraMove(
            "yaw_right", "Yaw Right", .panTilt,
            "The camera turns to the right on the spot. Sweeps across the scene.",
            from: CameraPlacement(yaw: -0.25), to: CameraPlacement(yaw: 0.25)),
        CameraMove(
            "tilt_up", "Tilt Up", .panTilt,
            "The camera looks up from where it stands. Shows how tall something is.",
            from: CameraPlacement(pitch: -0.2), to: CameraPlacement(pitch: 0.15)),
        CameraMove(
            "tilt_down", "Tilt Down", .panTilt,
            "The camera looks down from where it stands. Leads the eye to the ground.",
            from: CameraPlacement(pitch: 0.15), to: CameraPlacement(pitch: -0.2)),
        CameraMove(
            "dutch_left", "Dutch Left", .panTilt,
            "The camera leans to the left. Unsettles: something is wrong.",
            to: CameraPlacement(roll: -0.18)),
        CameraMove(
            "dutch_right", "Dutch Right", .panTilt,
            "The camera leans to the right. Unsettles: something is wrong.",
            to: CameraPlacement(roll: 0.18)),
    ]

    private static let slides: [CameraMove] = [
        CameraMove(
            "track_left", "Track Left", .dolly,
            "The camera slides to the left. Near things pass faster than far ones.",
            from: CameraPlacement(x: 0.15), to: CameraPlacement(x: -0.15)),
        CameraMove(
            "track_right", "Track Right", .dolly,
            "The camera slides to the right. Near things pass faster than far ones.",
            from: CameraPlacement(x: -0.15), to: CameraPlacement(x: 0.15)),
        CameraMove(
            "pedestal_up", "Pedestal Up", .crane,
            "The camera rises straight up. Lifts the view over what stands in front.",
            from: CameraPlacement(y: -0.15), to: CameraPlacement(y: 0.15)),
        CameraMove(
            "pedestal_down", "Pedestal Down", .crane,
            "The camera sinks straight down. Brings the view to the subject's level.",
            from: CameraPlacement(y: 0.15), to: CameraPlacement(y: -0.15)),
        CameraMove(
            "crane_down", "Crane Down", .crane,
            "The camera comes down in a sweep. Arrives in the scene from above.",
            from: CameraPlacement(y: 0.15, z: 0.05, pitch: 0.05),
            to: CameraPlacement(y: -0.1, pitch: -0.1)),
    ]

    private static let arcs: [CameraMove] = [
        CameraMove(
            "arc_left", "Arc Left", .orbital,
            "The camera circles to the left around the subject. Shows it from another side.",
            from: CameraPlacement(x: 0.2, z: 0.1, yaw: -0.15),
            to: CameraPlacement(x: -0.2, z: 0.1, yaw: 0.15)),
        CameraMove(
            "arc_right", "Arc Right", .orbital,
            "The camera circles to the right around the subject. Shows it from another side.",
            from: CameraPlacement(x: -0.2, z: 0.1, yaw: 0.15),
            to: CameraPlacement(x: 0.2, z: 0.1, yaw: -0.15)),
        CameraMove(
            "reveal", "Reveal", .compound,
            "The camera moves in while it turns. Lets the subject come into view.",
            from: CameraPlacement(x: -0.1, z: -0.1, yaw: -0.15),
            to: CameraPlacement(x: 0.05, z: 0.15, yaw: 0.1)),
    ]

    private static let zooms: [CameraMove] = [
        CameraMove(
            "zoom_in", "Zoom In", .zoom,
            "The picture grows evenly, near and far alike. Draws the eye to the middle.",
            to: CameraPlacement(zoom: 1.3)),
        CameraMove(
            "zoom_out", "Zoom Out", .zoom,
            "The picture shrinks evenly, near and far alike. Lets the surroundings in.",
            from: CameraPlacement(zoom: 1.3)),
        // What is near keeps its size: the camera comes closer by as much as the lens widens.
        CameraMove(
            "dolly_zoom_in", "Dolly Zoom In", .zoom,
            "The camera comes closer while the lens widens. The background falls away.",
            from: CameraPlacement(zoom: 1.22), to: CameraPlacement(z: 0.6), keepsNearSize: true),
        CameraMove(
            "dolly_zoom_out", "Dolly Zoom Out", .zoom,
            "The camera draws back while the lens narrows. The background closes in.",
            from: CameraPlacement(z: 0.6), to: CameraPlacement(zoom: 1.22), keepsNearSize: true),
    ]

    private static let rolls: [CameraMove] = [
        CameraMove(
            "roll_left", "Roll Left", .panTilt,
            "The camera rolls to the left about its axis. Makes the world turn.",
            from: CameraPlacement(roll: 0.2, zoom: 1.25),
            to: CameraPlacement(roll: -0.2, zoom: 1.25)),
        CameraMove(
            "roll_right", "Roll Right", .panTilt,
            "The camera rolls to the right about its axis. Makes the world turn.",
            from: CameraPlacement(roll: -0.2, zoom: 1.25),
            to: CameraPlacement(roll: 0.2, zoom: 1.25)),
    ]

    private static let loops: [CameraMove] = [
        CameraMove(
            "handheld_drift", "Handheld Drift", .handheld,
            "The camera sways as if held by hand. Feels as if somebody stood there.",
            keys: drift, isLoop: true, durationSeconds: 6),
        CameraMove(
            "orbit_loop", "Orbit Loop", .loop,
            "The camera circles before the subject without end. For a picture that stays alive.",
            keys: orbit, isLoop: true, durationSeconds: 4),
        CameraMove(
            "breathe_loop", "Breathe Loop", .loop,
            "The camera comes a little closer and goes back, without end. Calm, like breathing.",
            keys: [
                CameraKey(0, CameraPlacement(z: -0.04)),
                CameraKey(0.5, CameraPlacement(z: 0.1)),
                CameraKey(1, CameraPlacement(z: -0.04)),
            ], isLoop: true, durationSeconds: 4),
    ]

    private static let orbit: [CameraKey] = round(keys: 8) { turn in
        CameraPlacement(
            x: 0.14 * wave(turn), z: -0.07 * wave(turn + 8), yaw: -0.1 * wave(turn))
    }

    // Whole numbers of swings, so that the sway closes.
    private static let drift: [CameraKey] = round(keys: 32) { turn in
        CameraPlacement(
            x: 0.03 * wave(turn + 4) + 0.012 * wave(3 * turn + 10),
            y: 0.02 * wave(2 * turn + 1) + 0.008 * wave(5 * turn + 7), z: 0.015 * wave(turn + 19),
            pitch: 0.006 * wave(2 * turn + 5) + 0.003 * wave(5 * turn),
            yaw: 0.008 * wave(turn + 13) + 0.003 * wave(4 * turn + 3),
            roll: 0.006 * wave(3 * turn + 2))
    }

    /// Keys evenly round a closed way; `placement` gets thirty-seconds of a turn.
    private static func round(
        keys count: Int, _ placement: (Int) -> CameraPlacement
    ) -> [CameraKey] {
        (0...count).map { index in
            CameraKey(
                Double(index) / Double(count), placement(index % count * (32 / count)),
                easing: .through)
        }
    }

    /// Sine of thirty-seconds of a turn; a table, so that every machine has the same.
    private static func wave(_ turn: Int) -> Double {
        let quarter = [
            0, 0.195_090_322, 0.382_683_432, 0.555_570_233, 0.707_106_781, 0.831_469_612,
            0.923_879_533, 0.980_785_280, 1,
        ]
        let place = turn & 15
        let value = quarter[place <= 8 ? place : 16 - place]
        return turn & 16 == 0 ? value : -value
    }
}
