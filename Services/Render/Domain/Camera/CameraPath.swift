/// An eased way from one pose to another.
package struct CameraPath: Hashable, Sendable {
    package var start: CameraPose
    package var end: CameraPose

    package init(start: CameraPose, end: CameraPose) {
        self.start = start
        self.end = end
    }

    /// A camera that stays at rest.
    package static let still = CameraPath(start: .rest, end: .rest)

    /// The pose of frame `index` of `count`; a path of one frame shows its start.
    package func pose(frame index: Int, of count: Int) -> CameraPose {
        precondition(count > 0 && (0..<count).contains(index))
        let progress = count == 1 ? 0 : Double(index) / Double(count - 1)
        return start.interpolated(to: end, at: Self.eased(progress))
    }

    /// Cubic ease-in-out of `t` = 0…1.
    package static func eased(_ t: Double) -> Double {
        if t < 0.5 { return 4 * t * t * t }
        let rest = 2 - 2 * t
        return 1 - rest * rest * rest / 2
    }

    /// Both ends moved toward rest by `factor`.
    package func scaled(by factor: Double) -> CameraPath {
        CameraPath(start: start.scaled(by: factor), end: end.scaled(by: factor))
    }
}
