/// What is known about the silhouettes in a depth map, and their repair.
enum DepthEdges {
    /// A step of more than this share of the depth range is a silhouette.
    static let stepShare: Float = 0.06

    /// Whether silhouettes are sharp steps, as in a rendered map, rather than ramps, as in an
    /// estimated one. To be asked at the map's own size: a reduced ramp looks like a step.
    ///
    /// A step takes most of its height between two neighbours, a ramp a third: the median over
    /// all silhouettes decides.
    static func isCrisp(_ depth: Plane<Float>) -> Bool {
        let range = depth.range
        let step = (range.upperBound - range.lowerBound) * stepShare
        guard step > 0 else { return true }
        let radius = snapRadius(height: depth.height)
        let windowLow = extreme(depth, radius: radius, isMax: false)
        let windowHigh = extreme(depth, radius: radius, isMax: true)
        let steepest = extreme(differences(depth), radius: radius, isMax: true)
        // A histogram gives the median without keeping every ratio.
        var histogram = [Int](repeating: 0, count: 101)
        var total = 0
        for i in 0..<depth.count {
            let window = windowHigh.samples[i] - windowLow.samples[i]
            guard window > step else { continue }
            histogram[Int(min(1, steepest.samples[i] / window) * 100)] += 1
            total += 1
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
    static func snapped(_ depth: Plane<Float>) -> Plane<Float> {
        let range = depth.range
        let step = (range.upperBound - range.lowerBound) * stepShare
        guard step > 0 else { return depth }
        let radius = snapRadius(height: depth.height)
        let low = extreme(depth, radius: radius, isMax: false)
        let high = extreme(depth, radius: radius, isMax: true)
        let snapped = Plane<Float>(width: depth.width, height: depth.height, filledWith: 0)
        for i in 0..<depth.count {
            let (d, l, h) = (depth.samples[i], low.samples[i], high.samples[i])
            snapped.samples[i] = h - l > step ? (d - l < h - d ? l : h) : d
        }
        let widened = extreme(snapped, radius: 1, isMax: true)
        for i in 0..<depth.count where widened.samples[i] - snapped.samples[i] <= step {
            widened.samples[i] = snapped.samples[i]
        }
        return widened
    }

    /// Greater of the differences to the right and lower neighbour.
    private static func differences(_ plane: Plane<Float>) -> Plane<Float> {
        let result = Plane<Float>(width: plane.width, height: plane.height, filledWith: 0)
        for y in 0..<plane.height {
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
    static func extreme(_ plane: Plane<Float>, radius: Int, isMax: Bool) -> Plane<Float> {
        let (width, height) = (plane.width, plane.height)
        let across = Plane<Float>(width: width, height: height, filledWith: 0)
        let result = Plane<Float>(width: width, height: height, filledWith: 0)
        @inline(__always) func pick(_ a: Float, _ b: Float) -> Float {
            isMax ? (a > b ? a : b) : (a < b ? a : b)
        }
        for y in 0..<height {
            let from = plane.row(y)
            let to = across.row(y)
            to.update(from: from, count: width)
            for shift in 1...radius where shift < width {
                for x in shift..<width { to[x] = pick(to[x], from[x - shift]) }
                for x in 0..<(width - shift) { to[x] = pick(to[x], from[x + shift]) }
            }
        }
        for y in 0..<height {
            let to = result.row(y)
            to.update(from: across.row(y), count: width)
            for other in max(0, y - radius)...min(height - 1, y + radius) where other != y {
                let from = across.row(other)
                for x in 0..<width { to[x] = pick(to[x], from[x]) }
            }
        }
        return result
    }
}
