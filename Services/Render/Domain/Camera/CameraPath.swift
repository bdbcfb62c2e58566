package import CameraMoves

/// A camera's way through key poses, in shares 0…1 of its time.
package struct CameraPath: Hashable, Sendable {
    package struct Key: Hashable, Sendable {
        package var time: Double
        package var pose: CameraPose
        /// From this key to the next.
        package var easing: CameraEasing

        package init(_ time: Double, _ pose: CameraPose, easing: CameraEasing = .easeInOut) {
            self.time = time
            self.pose = pose
            self.easing = easing
        }
    }

    /// At least two, at rising times from 0 to 1.
    package let keys: [Key]
    /// Whether the last key is the first one again and the frames go round: the frame after the
    /// last equals the first.
    package let isLoop: Bool
    /// Whether ``ParallaxGeometry/fit(_:aspect:depths:)`` sets the zoom of each key so that what is
    /// nearest keeps its size.
    package let keepsNearSize: Bool

    package var start: CameraPose { keys[0].pose }
    package var end: CameraPose { keys[keys.count - 1].pose }

    /// - Precondition: The keys are as ``keys`` says, and those of a loop close.
    package init(keys: [Key], isLoop: Bool = false, keepsNearSize: Bool = false) {
        precondition(keys.count >= 2 && keys[0].time == 0 && keys[keys.count - 1].time == 1)
        precondition(zip(keys, keys.dropFirst()).allSatisfy { $0.time < $1.time })
        precondition(!isLoop || keys[0].pose == keys[keys.count - 1].pose)
        self.keys = keys
        self.isLoop = isLoop
        self.keepsNearSize = keepsNearSize
    }

    /// From one pose to another, slow at both ends.
    package init(start: CameraPose, end: CameraPose) {
        self.init(keys: [Key(0, start), Key(1, end)])
    }

    package init(_ move: CameraMove) {
        self.init(
            keys: move.keys.map { Key($0.time, CameraPose($0.placement), easing: $0.easing) },
            isLoop: move.isLoop, keepsNearSize: move.keepsNearSize)
    }

    /// A camera that stays at rest.
    package static let still = CameraPath(start: .rest, end: .rest)

    /// The pose of frame `index` of `count`; a path of one frame shows its start. Past its last
    /// frame a loop goes on with the first.
    package func pose(frame index: Int, of count: Int) -> CameraPose {
        precondition(count > 0 && index >= 0 && (isLoop || index < count))
        if isLoop { return pose(at: Double(index % count) / Double(count)) }
        return pose(at: count == 1 ? 0 : Double(index) / Double(count - 1))
    }

    /// The pose at a share 0…1 of the time; exactly a key's at its time.
    package func pose(at time: Double) -> CameraPose {
        guard let next = keys.firstIndex(where: { $0.time > time }), next > 0 else {
            return time <= 0 ? start : end
        }
        let key = keys[next - 1]
        let t = (time - key.time) / (keys[next].time - key.time)
        if t <= 0 { return key.pose }
        if key.easing == .through { return curve(from: next - 1, at: t) }
        return key.pose.interpolated(to: keys[next].pose, at: Self.eased(t, by: key.easing))
    }

    /// A cubic Hermite curve whose direction at each key is that from the key before to the key
    /// after; at the ends of an open path it is that to the only neighbour.
    private func curve(from index: Int, at t: Double) -> CameraPose {
        let span = keys[index + 1].time - keys[index].time
        let from = slope(at: index)
        let to = slope(at: index + 1)
        let (a, b) = (keys[index].pose, keys[index + 1].pose)
        let rest = 1 - t
        let h = (
            a: (1 + 2 * t) * rest * rest, from: t * rest * rest * span,
            b: t * t * (3 - 2 * t), to: -t * t * rest * span
        )
        let values = (0..<CameraPose.numberCount).map { i in
            h.a * a.numbers[i] + h.from * from[i] + h.b * b.numbers[i] + h.to * to[i]
        }
        return CameraPose(numbers: values)
    }

    /// Change of each number of the pose over the whole time at a key.
    private func slope(at index: Int) -> [Double] {
        let last = keys.count - 1
        var (before, after) = (max(0, index - 1), min(last, index + 1))
        var gap = keys[after].time - keys[before].time
        if isLoop && (index == 0 || index == last) {
            (before, after) = (last - 1, 1)
            gap = 1 - keys[before].time + keys[after].time
        }
        let (a, b) = (keys[before].pose.numbers, keys[after].pose.numbers)
        return (0..<CameraPose.numberCount).map { (b[$0] - a[$0]) / gap }
    }

    /// Cubic ease-in-out of `t` = 0…1.
    package static func eased(_ t: Double) -> Double {
        if t < 0.5 { return 4 * t * t * t }
        let rest = 2 - 2 * t
        return 1 - rest * rest * rest / 2
    }

    static func eased(_ t: Double, by easing: CameraEasing) -> Double {
        switch easing {
        case .linear, .through: t
        case .easeIn: t * t * t
        case .easeOut: 1 - (1 - t) * (1 - t) * (1 - t)
        case .easeInOut: eased(t)
        }
    }
}

extension CameraPath {
    /// Every key moved toward rest by `factor`, or away from it when that is above 1.
    package func scaled(by factor: Double) -> CameraPath {
        CameraPath(
            keys: keys.map { Key($0.time, $0.pose.scaled(by: factor), easing: $0.easing) },
            isLoop: isLoop, keepsNearSize: keepsNearSize)
    }

    /// Another easing between all keys, but where the path curves through them.
    package func eased(by easing: CameraEasing) -> CameraPath {
        CameraPath(
            keys: keys.map { key in
                Key(key.time, key.pose, easing: key.easing == .through ? .through : easing)
            }, isLoop: isLoop, keepsNearSize: keepsNearSize)
    }

    /// The same way from its end to its start.
    package func reversed() -> CameraPath {
        // The easing of a key is that of the way to the next, which is now the way to this one.
        let easings = keys.map(\.easing.reversed)
        return CameraPath(
            keys: keys.indices.reversed().map { index in
                Key(
                    1 - keys[index].time, keys[index].pose,
                    easing: index == 0 ? .easeInOut : easings[index - 1])
            }, isLoop: isLoop, keepsNearSize: keepsNearSize)
    }

    /// The way there and back in the same time, so that it closes; a path that closes by itself
    /// as it is.
    package func looped() -> CameraPath {
        if isLoop { return self }
        if start == end {
            return CameraPath(keys: keys, isLoop: true, keepsNearSize: keepsNearSize)
        }
        func half(_ keys: [Key], from start: Double) -> [Key] {
            keys.map { Key(start + $0.time / 2, $0.pose, easing: $0.easing) }
        }
        let there = half(keys, from: 0)
        let back = half(reversed().keys, from: 0.5)
        return CameraPath(
            keys: there.dropLast() + back, isLoop: true, keepsNearSize: keepsNearSize)
    }
}

extension CameraPose {
    package init(_ placement: CameraPlacement) {
        self.init(
            Vector3(placement.x, placement.y, placement.z),
            rotation: CameraRotation(
                pitch: placement.pitch, yaw: placement.yaw, roll: placement.roll),
            zoom: placement.zoom)
    }
}
