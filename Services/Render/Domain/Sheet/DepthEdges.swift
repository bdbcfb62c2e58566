/// What is known about the silhouettes in a depth map, and their repair.
enum DepthEdges {
    /// A step of more than this share of the depth range is a silhouette.
    static let stepShare: Float = 0.06

    /// Whether silhouettes are sharp steps, as in a rendered map, rather than ramps, as in an
    /// estimated one. To be asked at the map's own size: a reduced ramp looks like a step.
    ///
    /// A step takes most of its height between two neighbours, a ramp a third: the median over
    /// all silhouettes decides.
    static func isCrisp<Stop: Error>(
        _ depth: Plane<Float>, _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) -> Bool {
        let range = try depth.range(checkpoint)
        let step = (range.upperBound - range.lowerBound) * stepShare
        guard step > 0 else { return true }
        let radius = snapRadius(height: depth.height)
        let windowLow = try extreme(depth, radius: radius, isMax: false, checkpoint)
        let windowHigh = try extreme(depth, radius: radius, isMax: true, checkpoint)
        let steepest = try extreme(
            try differences(depth, checkpoint), radius: radius, isMax: true, checkpoint)
        // A histogram gives the median without keeping every ratio.
        var histogram = [Int](repeating: 0, count: 101)
        var total = 0
        try Pass.samples(depth.count, checkpoint) { stretch in
            for i in stretch {
                let window = windowHigh.samples[i] - windowLow.samples[i]
                guard window > step else { continue }
                histogram[Int(min(1, steepest.samples[i] / window) * 100)] += 1
                total += 1
            }
        }
        var seen = 0
        for (percent, count) in histogram.enumerated() {
            seen += count
            if seen * 2 >= total { return percent > 60 }
        }
        return true
    }

    static func snapRadius(height: Int) -> Int { max(2, (height + 60) / 120) }

    /// Turns every ramp wider than a step into a step, by taking the nearer of the window's two
    /// ends, then widens the near side by one pixel, so that the blend of both colours at a
    /// silhouette travels with the object.
    static func snapped<Stop: Error>(
        _ depth: Plane<Float>, _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) -> Plane<Float> {
        let range = try depth.range(checkpoint)
        let step = (range.upperBound - range.lowerBound) * stepShare
        guard step > 0 else { return depth }
        let radius = snapRadius(height: depth.height)
        let low = try extreme(depth, radius: radius, isMax: false, checkpoint)
        let high = try extreme(depth, radius: radius, isMax: true, checkpoint)
        let snapped = Plane<Float>(unsetWidth: depth.width, height: depth.height)
        try Pass.samples(depth.count, checkpoint) { stretch in
            for i in stretch {
                let (d, l, h) = (depth.samples[i], low.samples[i], high.samples[i])
                snapped.samples[i] = h - l > step ? (d - l < h - d ? l : h) : d
            }
        }
        let widened = try extreme(snapped, radius: 1, isMax: true, checkpoint)
        try Pass.samples(depth.count, checkpoint) { stretch in
            for i in stretch where widened.samples[i] - snapped.samples[i] <= step {
                widened.samples[i] = snapped.samples[i]
            }
        }
        return widened
    }

    /// How much of each pixel the thing covers that is seen there, of 255: none (``farSide``) beside
    /// the near side of a silhouette, half at it unless the depth was crisp, all elsewhere and of
    /// thin things. What was widened when ramps were snapped is half background.
    ///
    /// Between pixels the matte of a near thing falls off toward what is behind it, and so do its
    /// edges in a frame.
    ///
    /// - Parameters:
    ///   - width, height: At least those of the depth, whose last column and row go on.
    static func matte<Stop: Error>(
        _ depth: Plane<Float>, isCrisp: Bool, step: Float, width: Int, height: Int,
        _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) -> Plane<UInt8> {
        let nearSide = isCrisp ? whole : half
        let highest = try extreme(depth, radius: 1, isMax: true, checkpoint)
        let lowest = try extreme(depth, radius: 1, isMax: false, checkpoint)
        let matte = Plane<UInt8>(unsetWidth: width, height: height)
        try Pass.rows(height, of: width, checkpoint) { y in
            let from = min(y, depth.height - 1) * depth.width
            let to = matte.row(y)
            for x in 0..<width {
                let i = from + min(x, depth.width - 1)
                let here = depth.samples[i]
                to[x] =
                    highest.samples[i] - here > step
                    ? farSide : (here - lowest.samples[i] > step ? nearSide : whole)
            }
        }
        try Pass.rows(depth.height, of: depth.width, checkpoint) { y in
            for x in 0..<depth.width where matte[x, y] == half {
                if isThin(matte, depth, x, y, step: step) { matte[x, y] = thin }
            }
        }
        return matte
    }

    /// Whether a pixel at the near side of a silhouette has no neighbour further inside: what is
    /// that thin would be lost if its edges were soft.
    private static func isThin(
        _ matte: Plane<UInt8>, _ depth: Plane<Float>, _ x: Int, _ y: Int, step: Float
    ) -> Bool {
        let here = depth[x, y]
        for ny in max(0, y - 1)...min(depth.height - 1, y + 1) {
            for nx in max(0, x - 1)...min(depth.width - 1, x + 1)
            where matte[nx, ny] == whole && abs(depth[nx, ny] - here) <= step {
                return false
            }
        }
        return true
    }

    private static let whole: UInt8 = 255
    private static let half: UInt8 = 128
    /// As good as whole, but not the inside of anything.
    private static let thin: UInt8 = 254

    /// The matte beside something nearer.
    static let farSide: UInt8 = 0

    /// Greater of the differences to the right and lower neighbour.
    private static func differences<Stop: Error>(
        _ plane: Plane<Float>, _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) -> Plane<Float> {
        let result = Plane<Float>(unsetWidth: plane.width, height: plane.height)
        try Pass.rows(plane.height, of: plane.width, checkpoint) { y in
            let row = plane.row(y)
            let below = plane.row(min(y + 1, plane.height - 1))
            let out = result.row(y)
            for x in 0..<plane.width {
                let right = row[min(x + 1, plane.width - 1)]
                out[x] = max(abs(right - row[x]), abs(below[x] - row[x]))
            }
        }
        return result
    }

    /// Least or greatest sample in the square window of `radius`, clipped at the border.
    static func extreme<Stop: Error>(
        _ plane: Plane<Float>, radius: Int, isMax: Bool, _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) -> Plane<Float> {
        let (width, height) = (plane.width, plane.height)
        let across = Plane<Float>(unsetWidth: width, height: height)
        let result = Plane<Float>(unsetWidth: width, height: height)
        // Each sample is compared with every other in its part of the window.
        let work = width * max(1, radius)
        try Pass.rows(height, of: work, checkpoint) { y in
            let from = plane.row(y)
            let to = across.row(y)
            to.update(from: from, count: width)
            for shift in 1...radius where shift < width {
                pick(into: to + shift, from, count: width - shift, isMax: isMax)
                pick(into: to, from + shift, count: width - shift, isMax: isMax)
            }
        }
        try Pass.rows(height, of: work, checkpoint) { y in
            let to = result.row(y)
            to.update(from: across.row(y), count: width)
            for other in max(0, y - radius)...min(height - 1, y + radius) where other != y {
                pick(into: to, across.row(other), count: width, isMax: isMax)
            }
        }
        return result
    }

    /// Lesser or greater of each two samples.
    private static func pick(
        into to: UnsafeMutablePointer<Float>, _ from: UnsafeMutablePointer<Float>, count: Int,
        isMax: Bool
    ) {
        if isMax {
            for i in 0..<count { to[i] = to[i] > from[i] ? to[i] : from[i] }
        } else {
            for i in 0..<count { to[i] = to[i] < from[i] ? to[i] : from[i] }
        }
    }
}
