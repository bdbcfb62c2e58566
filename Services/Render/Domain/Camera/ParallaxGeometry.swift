internal import CameraMoves

/// How depth becomes motion on the screen.
///
/// In centred coordinates (unit: image height) a point of the picture at q with depth d has the
/// weight w = strength · (d − pivot) and is seen from the camera position c at
/// p = (q − c_xy·w) / (1 − c_z·w). So a camera that moves left shifts content to the right, near
/// content more than far; a camera that moves in spreads content outward; at rest p = q for any
/// depth. Turning the camera is a homography of the screen on top of that.
package struct ParallaxGeometry: Hashable, Sendable {
    /// Scale from depth to weight; 0.4 gives a clear move without tearing.
    package var strength: Double
    /// Depth that stays in place. At most 0 in the product, so that nothing moves against the move.
    package var pivot: Double

    package init(strength: Double = 0.4, pivot: Double = 0) {
        self.strength = strength
        self.pivot = pivot
    }

    /// Distance from the camera to the picture, in image heights: a field of view of 36.87°
    /// fits the picture exactly.
    static let focalLength = 1.5

    /// How far the camera may go toward the nearest content; 1 would be through it.
    private static let approachMax = 0.7

    /// Largest enlargement that hides the border; a path that needs more is scaled down.
    package static let overscanMax = 1.2
}

/// A path made ready for one picture: scaled so that a constant crop hides every border.
package struct FittedPath: Hashable, Sendable {
    package let path: CameraPath
    /// Enlargement of every frame about its centre, 1…``ParallaxGeometry/overscanMax``.
    package let overscan: Double
    /// Share of the asked move that is left, 0…1; 1 unless the crop limit was met.
    package let appliedStrength: Double

    package init(path: CameraPath, overscan: Double = 1, appliedStrength: Double = 1) {
        self.path = path
        self.overscan = overscan
        self.appliedStrength = appliedStrength
    }
}

extension ParallaxGeometry {
    /// Finds the smallest constant crop that keeps the whole path inside the picture, and scales
    /// the path down when that crop would exceed ``overscanMax``. Of a path that keeps the size of
    /// what is nearest, the zoom is set for what is left of its way.
    ///
    /// - Parameters:
    ///   - aspect: Width over height of the picture.
    ///   - depths: Range of depths that occurs in the picture.
    package func fit(
        _ path: CameraPath, aspect: Double, depths: ClosedRange<Double>
    ) -> FittedPath {
        func scaled(_ scale: Double) -> CameraPath {
            let path = path.scaled(by: scale)
            return path.keepsNearSize ? keepingSize(path, at: depths.upperBound) : path
        }
        func fits(_ scale: Double, _ overscan: Double) -> Bool {
            staysInside(scaled(scale), overscan, aspect: aspect, depths: depths)
        }
        if fits(1, 1) { return FittedPath(path: scaled(1)) }
        var scale = 1.0
        if !fits(1, Self.overscanMax) {
            scale = Self.bisect(from: 0, to: 1) { fits($0, Self.overscanMax) }
        }
        // Bisection on the enlargement runs from the limit, which fits, down to 1, which does not.
        let shrink = Self.bisect(from: 0, to: 1) {
            fits(scale, Self.overscanMax + (1 - Self.overscanMax) * $0)
        }
        return FittedPath(
            path: scaled(scale),
            overscan: Self.overscanMax + (1 - Self.overscanMax) * shrink, appliedStrength: scale)
    }

    /// The path with the zoom that keeps content at `depth` at one size, 1 where the camera is
    /// closest to it: the size is zoom / (1 − c_z·w), and both zoom and c_z go evenly between keys.
    private func keepingSize(_ path: CameraPath, at depth: Double) -> CameraPath {
        let weight = strength * (depth - pivot)
        let distances = path.keys.map { max(1 - $0.pose.position.z * weight, 1 - Self.approachMax) }
        let closest = distances.min() ?? 1
        return CameraPath(
            keys: zip(path.keys, distances).map { key, distance in
                var key = key
                key.pose.zoom = distance / closest
                return key
            }, isLoop: path.isLoop, keepsNearSize: true)
    }

    /// Largest x between `good`, where `holds` is true, and `bad`, to 1e-6.
    private static func bisect(
        from good: Double, to bad: Double, _ holds: (Double) -> Bool
    ) -> Double {
        var good = good
        var bad = bad
        while abs(bad - good) > 1e-6 {
            let middle = (good + bad) / 2
            if holds(middle) { good = middle } else { bad = middle }
        }
        return good
    }

    /// Whether every point that any frame may look at lies in the picture.
    ///
    /// What a frame sees of one depth is a convex quadrilateral and moves in a straight line with
    /// depth, so the corners of the frame at both ends of the depth range decide. Between two keys
    /// a camera that only shifts is farthest out at one of them.
    private func staysInside(
        _ path: CameraPath, _ overscan: Double, aspect: Double, depths: ClosedRange<Double>
    ) -> Bool {
        func isInside(_ pose: CameraPose) -> Bool {
            self.isInside(pose, overscan, aspect: aspect, depths: depths)
        }
        let between = path.keys.count > 40 ? 4 : 12
        for (key, next) in zip(path.keys, path.keys.dropFirst()) {
            guard isInside(key.pose) else { return false }
            let isStraight =
                key.easing != .through && key.pose.rotation == next.pose.rotation
                && key.pose.zoom == next.pose.zoom
            guard !isStraight else { continue }
            for sample in 1..<between {
                let share = Double(sample) / Double(between)
                guard isInside(path.pose(at: key.time + (next.time - key.time) * share)) else {
                    return false
                }
            }
        }
        return isInside(path.end)
    }

    private func isInside(
        _ pose: CameraPose, _ overscan: Double, aspect: Double, depths: ClosedRange<Double>
    ) -> Bool {
        let turn = Homography(turning: pose.rotation)
        let enlargement = overscan * pose.zoom
        guard enlargement > 0 else { return false }
        for (x, y) in [(-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5), (0.5, 0.5)] {
            guard let p = turn.apply(x * aspect / enlargement, y / enlargement) else {
                return false
            }
            for depth in [depths.lowerBound, depths.upperBound] {
                let weight = strength * (depth - pivot)
                // The camera stays well in front of what is nearest.
                if weight * pose.position.z > Self.approachMax { return false }
                let qx = p.x * (1 - weight * pose.position.z) + weight * pose.position.x
                let qy = p.y * (1 - weight * pose.position.z) + weight * pose.position.y
                if abs(qx) > aspect / 2 + 1e-9 || abs(qy) > 0.5 + 1e-9 { return false }
            }
        }
        return true
    }
}

/// A projective map of the plane, row-major.
struct Homography: Hashable, Sendable {
    var m: [Double]

    /// Maps a point on the screen of a turned camera to where an unturned one at the same place
    /// sees it; y up.
    init(turning rotation: CameraRotation) {
        let (sp, cp) = (sine(rotation.pitch), cosine(rotation.pitch))
        let (sy, cy) = (sine(rotation.yaw), cosine(rotation.yaw))
        let (sr, cr) = (sine(rotation.roll), cosine(rotation.roll))
        // Columns are where yaw · pitch · roll takes the camera's right, up and forward axes.
        let roll = [cr, sr, 0, -sr, cr, 0, 0, 0, 1]
        let pitch = [1, 0, 0, 0, cp, sp, 0, -sp, cp]
        let yaw = [cy, 0, sy, 0, 1, 0, -sy, 0, cy]
        let turn = Self.product(yaw, Self.product(pitch, roll))
        let f = ParallaxGeometry.focalLength
        // From the screen (x, y, 1) to the direction (x, y, f), turned, and back to the screen.
        m = [
            turn[0], turn[1], turn[2] * f,
            turn[3], turn[4], turn[5] * f,
            turn[6] / f, turn[7] / f, turn[8],
        ]
    }

    init(_ m: [Double]) {
        precondition(m.count == 9)
        self.m = m
    }

    /// This map after `first`.
    func after(_ first: Homography) -> Homography { Homography(Self.product(m, first.m)) }

    /// The image of a point; nil when it lies behind the camera.
    func apply(_ x: Double, _ y: Double) -> (x: Double, y: Double)? {
        let w = m[6] * x + m[7] * y + m[8]
        guard w > 1e-6 else { return nil }
        return ((m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w)
    }

    private static func product(_ a: [Double], _ b: [Double]) -> [Double] {
        (0..<9).map { i in
            let row = i / 3 * 3
            let column = i % 3
            return a[row] * b[column] + a[row + 1] * b[column + 3] + a[row + 2] * b[column + 6]
        }
    }
}
