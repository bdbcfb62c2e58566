/// A point or offset in image heights: x right, y **up**, z toward the subject.
package struct Vector3: Hashable, Sendable {
    package var x: Double
    package var y: Double
    package var z: Double

    package init(_ x: Double, _ y: Double, _ z: Double) {
        self.x = x
        self.y = y
        self.z = z
    }

    package static let zero = Vector3(0, 0, 0)
}

/// Turns of the camera in radians, applied yaw, then pitch, then roll.
///
/// Positive pitch looks up, so content sinks; positive yaw looks right, so content moves left;
/// positive roll turns the camera clockwise, so content turns counter-clockwise.
package struct CameraRotation: Hashable, Sendable {
    package var pitch: Double
    package var yaw: Double
    package var roll: Double

    package init(pitch: Double = 0, yaw: Double = 0, roll: Double = 0) {
        self.pitch = pitch
        self.yaw = yaw
        self.roll = roll
    }

    package static let none = CameraRotation()
}

/// Where the camera is and how it is turned, both relative to the rest position, where the frame
/// equals the picture.
package struct CameraPose: Hashable, Sendable {
    package var position: Vector3
    package var rotation: CameraRotation
    /// Magnification about the centre, near and far alike; more than 0, 1 at rest.
    package var zoom: Double

    package init(_ position: Vector3, rotation: CameraRotation = .none, zoom: Double = 1) {
        self.position = position
        self.rotation = rotation
        self.zoom = zoom
    }

    /// How many numbers make a pose.
    static let numberCount = 7

    /// Position, pitch, yaw, roll and zoom.
    var numbers: [Double] {
        [
            position.x, position.y, position.z, rotation.pitch, rotation.yaw, rotation.roll, zoom,
        ]
    }

    init(numbers: [Double]) {
        precondition(numbers.count == Self.numberCount)
        self.init(
            Vector3(numbers[0], numbers[1], numbers[2]),
            rotation: CameraRotation(pitch: numbers[3], yaw: numbers[4], roll: numbers[5]),
            zoom: numbers[6])
    }

    package static let rest = CameraPose(.zero)

    /// The same pose with every offset and turn multiplied by `factor`.
    func scaled(by factor: Double) -> CameraPose {
        CameraPose.rest.interpolated(to: self, at: factor)
    }

    /// The pose at `t` = 0…1 on the way to `other`.
    ///
    /// Angles are interpolated one by one, which equals a slerp for every move that turns about a
    /// single axis, as all moves of the table do.
    func interpolated(to other: CameraPose, at t: Double) -> CameraPose {
        func mix(_ a: Double, _ b: Double) -> Double { a + (b - a) * t }
        return CameraPose(
            Vector3(
                mix(position.x, other.position.x), mix(position.y, other.position.y),
                mix(position.z, other.position.z)),
            rotation: CameraRotation(
                pitch: mix(rotation.pitch, other.rotation.pitch),
                yaw: mix(rotation.yaw, other.rotation.yaw),
                roll: mix(rotation.roll, other.rotation.roll)),
            zoom: mix(zoom, other.zoom))
    }
}
