/// Means over square windows in constant time per sample.
enum BoxFilter {
    /// Mean of the window of `radius`, clipped at the border.
    static func mean(_ plane: Plane<Float>, radius: Int) -> Plane<Float> {
        let (width, height) = (plane.width, plane.height)
        let across = Plane<Float>(width: width, height: height, filledWith: 0)
        for y in 0..<height {
            let from = plane.row(y)
            let to = across.row(y)
            var sum: Float = 0
            for x in 0..<min(radius, width) { sum += from[x] }
            for x in 0..<width {
                if x + radius < width { sum += from[x + radius] }
                if x > radius { sum -= from[x - radius - 1] }
                let count = min(x + radius, width - 1) - max(x - radius, 0) + 1
                to[x] = sum / Float(count)
            }
        }
        let result = Plane<Float>(width: width, height: height, filledWith: 0)
        var sums = [Float](repeating: 0, count: width)
        sums.withUnsafeMutableBufferPointer { sums in
            for y in 0..<min(radius, height) {
                let from = across.row(y)
                for x in 0..<width { sums[x] += from[x] }
            }
            for y in 0..<height {
                if y + radius < height {
                    let from = across.row(y + radius)
                    for x in 0..<width { sums[x] += from[x] }
                }
                if y > radius {
                    let from = across.row(y - radius - 1)
                    for x in 0..<width { sums[x] -= from[x] }
                }
                let count = min(y + radius, height - 1) - max(y - radius, 0) + 1
                let share = 1 / Float(count)
                let to = result.row(y)
                for x in 0..<width { to[x] = sums[x] * share }
            }
        }
        return result
    }

    /// Edge-preserving smoothing: within each window the result is a linear function of `guide`,
    /// so it changes where the guide changes.
    ///
    /// - Parameter softness: Variance of the guide below which a window counts as flat.
    static func guided(
        _ plane: Plane<Float>, by guide: Plane<Float>, radius: Int, softness: Float
    ) -> Plane<Float> {
        let meanGuide = mean(guide, radius: radius)
        let meanPlane = mean(plane, radius: radius)
        let square = mean(product(guide, guide), radius: radius)
        let cross = mean(product(guide, plane), radius: radius)
        let slope = Plane<Float>(width: plane.width, height: plane.height, filledWith: 0)
        let offset = Plane<Float>(width: plane.width, height: plane.height, filledWith: 0)
        for i in 0..<plane.count {
            let (g, p) = (meanGuide.samples[i], meanPlane.samples[i])
            let variance = max(0, square.samples[i] - g * g)
            let a = (cross.samples[i] - g * p) / (variance + softness)
            slope.samples[i] = a
            offset.samples[i] = p - a * g
        }
        let meanSlope = mean(slope, radius: radius)
        let meanOffset = mean(offset, radius: radius)
        for i in 0..<plane.count {
            meanOffset.samples[i] += meanSlope.samples[i] * guide.samples[i]
        }
        return meanOffset
    }

    private static func product(_ a: Plane<Float>, _ b: Plane<Float>) -> Plane<Float> {
        let result = Plane<Float>(width: a.width, height: a.height, filledWith: 0)
        for i in 0..<a.count { result.samples[i] = a.samples[i] * b.samples[i] }
        return result
    }
}
