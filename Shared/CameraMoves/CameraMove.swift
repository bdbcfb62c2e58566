/// A camera move by name: where the camera is at its key frames, and what people read about it.
///
/// The one place for the geometry of moves; prompts add words to it and the renderer pictures.
package struct CameraMove: Hashable, Sendable {
    package enum Category: String, CaseIterable, Hashable, Sendable {
        case `static`, panTilt = "pan_tilt", dolly, crane, orbital, compound, zoom, handheld, loop
    }

    /// Lower case with underscores; never changes.
    package let id: String
    package let label: String
    package let category: Category
    /// One line for people: what is shown where nothing can be rendered, and what is read aloud.
    package let description: String
    /// At least two, from time 0 to time 1.
    package let keys: [CameraKey]
    /// Whether the last key is the first one again, so that the move can go round for ever.
    package let isLoop: Bool
    package let durationSeconds: Double
    /// Whether the lens makes up for the way, so that what is nearest keeps its size: the zoom of
    /// the keys does so at the default strength over a whole range of depths, and the renderer sets
    /// it for the strength and the depths that it has.
    package let keepsNearSize: Bool

    package var start: CameraPlacement { keys[0].placement }
    package var end: CameraPlacement { keys[keys.count - 1].placement }

    init(
        _ id: String, _ label: String, _ category: Category, _ description: String,
        keys: [CameraKey], isLoop: Bool = false, durationSeconds: Double = 3,
        keepsNearSize: Bool = false
    ) {
        precondition(keys.count >= 2 && keys[0].time == 0 && keys[keys.count - 1].time == 1)
        precondition(!isLoop || keys[0].placement == keys[keys.count - 1].placement)
        self.id = id
        self.label = label
        self.category = category
        self.description = description
        self.keys = keys
        self.isLoop = isLoop
        self.durationSeconds = durationSeconds
        self.keepsNearSize = keepsNearSize
    }

    /// A move from one placement to another, slow at both ends.
    init(
        _ id: String, _ label: String, _ category: Category, _ description: String,
        from start: CameraPlacement = .rest, to end: CameraPlacement = .rest,
        keepsNearSize: Bool = false
    ) {
        self.init(
            id, label, category, description,
            keys: [CameraKey(0, start), CameraKey(1, end)], keepsNearSize: keepsNearSize)
    }

    /// The move with this id; nil when there is none.
    package static func named(_ id: String) -> CameraMove? { all.first { $0.id == id } }
}

/// Where a camera is, relative to the rest position, where the frame equals the picture.
///
/// Lengths are in image heights from the centre: x right, y up, z toward the subject. Angles are
/// in radians: pitch + looks up, yaw + looks right, roll + leans right.
package struct CameraPlacement: Hashable, Sendable {
    package var x: Double
    package var y: Double
    package var z: Double
    package var pitch: Double
    package var yaw: Double
    package var roll: Double
    /// Magnification of the whole picture, near and far alike; 1 shows all of it.
    package var zoom: Double

    package init(
        x: Double = 0, y: Double = 0, z: Double = 0, pitch: Double = 0, yaw: Double = 0,
        roll: Double = 0, zoom: Double = 1
    ) {
        self.x = x
        self.y = y
        self.z = z
        self.pitch = pitch
        self.yaw = yaw
        self.roll = roll
        self.zoom = zoom
    }

    package static let rest = CameraPlacement()

    package var isTurned: Bool { pitch != 0 || yaw != 0 || roll != 0 }
}

/// How time passes between two key frames.
package enum CameraEasing: String, CaseIterable, Hashable, Sendable {
    case linear
    /// Slow at the first key.
    case easeIn = "ease_in"
    /// Slow at the second key.
    case easeOut = "ease_out"
    /// Slow at both.
    case easeInOut = "ease_in_out"
    /// A curve through this key and its neighbours that stops at none of them.
    case through

    /// The same way run backwards.
    package var reversed: CameraEasing {
        switch self {
        case .easeIn: .easeOut
        case .easeOut: .easeIn
        case .linear, .easeInOut, .through: self
        }
    }
}

/// A placement at a time, 0…1 of the move.
package struct CameraKey: Hashable, Sendable {
    package var time: Double
    package var placement: CameraPlacement
    /// From this key to the next.
    package var easing: CameraEasing

    package init(
        _ time: Double, _ placement: CameraPlacement, easing: CameraEasing = .easeInOut
    ) {
        self.time = time
        self.placement = placement
        self.easing = easing
    }
}
