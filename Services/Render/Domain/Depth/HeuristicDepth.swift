/// Depth guessed from the picture alone, for pictures that come without a depth map.
///
/// Four cues of photographs are mixed: what is lower is nearer, what stands out near the middle
/// is the subject, what is sharp is in focus, and, only where haze is seen, what is hazy is far.
/// A guided filter then makes the edges of the guess follow those of the picture.
package enum HeuristicDepth {
    /// The estimate is made at about this many pixels; more would cost time and add nothing.
    package static let pixelsMax = 512 * 288

    /// - Parameter rgb: Interleaved rows of width × height pixels.
    /// - Returns: 0 far … 1 near, at the picture's aspect and at most ``pixelsMax`` pixels.
    package static func estimate(rgb: [UInt8], width: Int, height: Int) -> Plane<Float> {
        estimate(rgb: rgb, width: width, height: height) {}
    }

    /// - Parameter checkpoint: Called every few milliseconds; what it throws ends the work.
    package static func estimate<Stop: Error>(
        rgb: [UInt8], width: Int, height: Int, _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) -> Plane<Float> {
        var (w, h) = (width, height)
        if width * height > pixelsMax {
            let scale = (Double(pixelsMax) / Double(width * height)).squareRoot()
            w = max(2, Int(Double(width) * scale))
            h = max(2, Int(Double(height) * scale))
        }
        let small = try Resampling.scale(
            rgb: rgb, width: width, height: height, toWidth: w, toHeight: h, checkpoint)
        let colours = Colours(rgb: small, width: w, height: h)
        try checkpoint()
        let saliency = self.saliency(colours)
        try checkpoint()
        let focus = self.focus(colours.luma)
        let haze = try self.haze(colours, checkpoint)
        try checkpoint()
        let mix = Plane<Float>(width: w, height: h, filledWith: 0)
        for y in 0..<h {
            let low = Float(y) / Float(max(1, h - 1))
            for x in 0..<w {
                let i = y * w + x
                var sum = 0.45 * low + 0.30 * saliency.samples[i] + 0.15 * focus.samples[i]
                if let haze { sum += 0.10 * (1 - haze.samples[i]) }
                mix.samples[i] = sum
            }
        }
        try checkpoint()
        let smooth = BoxFilter.guided(
            mix, by: colours.luma, radius: max(2, h / 24), softness: 0.001)
        stretch(smooth)
        return smooth
    }

    /// Luma and two colour differences, each about 0…1 wide.
    private struct Colours {
        let luma: Plane<Float>
        let red: Plane<Float>
        let blue: Plane<Float>
        /// Least of the three channels.
        let darkest: Plane<Float>

        init(rgb: [UInt8], width: Int, height: Int) {
            luma = Plane(width: width, height: height, filledWith: 0)
            red = Plane(width: width, height: height, filledWith: 0)
            blue = Plane(width: width, height: height, filledWith: 0)
            darkest = Plane(width: width, height: height, filledWith: 0)
            for i in 0..<(width * height) {
                let r = Float(rgb[i * 3]) / 255
                let g = Float(rgb[i * 3 + 1]) / 255
                let b = Float(rgb[i * 3 + 2]) / 255
                let y = 0.2126 * r + 0.7152 * g + 0.0722 * b
                luma.samples[i] = y
                red.samples[i] = r - y
                blue.samples[i] = b - y
                darkest.samples[i] = min(r, min(g, b))
            }
        }
    }

    /// How far a colour is from the mean of the picture, weighted toward the middle.
    private static func saliency(_ colours: Colours) -> Plane<Float> {
        let (w, h) = (colours.luma.width, colours.luma.height)
        func mean(_ plane: Plane<Float>) -> Float {
            var sum = 0.0
            for i in 0..<plane.count { sum += Double(plane.samples[i]) }
            return Float(sum / Double(plane.count))
        }
        // Small texture says nothing of the subject: compare means of patches.
        let radius = max(1, w / 64)
        let planes = [colours.luma, colours.red, colours.blue].map {
            BoxFilter.mean($0, radius: radius)
        }
        let means = planes.map(mean)
        let result = Plane<Float>(width: w, height: h, filledWith: 0)
        for y in 0..<h {
            let dy = (Float(y) / Float(h) - 0.55) / 0.45
            for x in 0..<w {
                let dx = (Float(x) / Float(w) - 0.5) / 0.45
                let i = y * w + x
                let l = planes[0].samples[i] - means[0]
                let r = planes[1].samples[i] - means[1]
                let b = planes[2].samples[i] - means[2]
                let contrast = (l * l + 4 * (r * r + b * b)).squareRoot()
                result.samples[i] = contrast * max(0, 1 - (dx * dx + dy * dy) * 0.6)
            }
        }
        stretch(result)
        return result
    }

    /// Fine against coarse detail: only what is in focus has the former.
    private static func focus(_ luma: Plane<Float>) -> Plane<Float> {
        let (w, h) = (luma.width, luma.height)
        let fine = difference(luma, BoxFilter.mean(luma, radius: 1))
        let coarse = difference(
            BoxFilter.mean(luma, radius: 2), BoxFilter.mean(luma, radius: 6))
        let radius = max(2, h / 24)
        let fineMean = BoxFilter.mean(fine, radius: radius)
        let coarseMean = BoxFilter.mean(coarse, radius: radius)
        let result = Plane<Float>(width: w, height: h, filledWith: 0)
        for i in 0..<result.count {
            result.samples[i] =
                fineMean.samples[i] / (fineMean.samples[i] + coarseMean.samples[i] + 0.01)
        }
        stretch(result)
        return result
    }

    private static func difference(_ a: Plane<Float>, _ b: Plane<Float>) -> Plane<Float> {
        let result = Plane<Float>(width: a.width, height: a.height, filledWith: 0)
        for i in 0..<result.count { result.samples[i] = abs(a.samples[i] - b.samples[i]) }
        return result
    }

    /// Haze lifts even the darkest channel. Nil unless the upper half is bright, nearly
    /// colourless and clearly hazier than the lower: indoors this cue misleads.
    private static func haze<Stop: Error>(
        _ colours: Colours, _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) -> Plane<Float>? {
        let (w, h) = (colours.luma.width, colours.luma.height)
        func means(_ rows: Range<Int>) -> (luma: Float, darkest: Float, colour: Float) {
            var (luma, darkest, colour) = (0.0, 0.0, 0.0)
            for i in rows.lowerBound * w..<rows.upperBound * w {
                luma += Double(colours.luma.samples[i])
                darkest += Double(colours.darkest.samples[i])
                colour += Double(abs(colours.red.samples[i]) + abs(colours.blue.samples[i]))
            }
            let count = Double(max(1, rows.count * w))
            return (Float(luma / count), Float(darkest / count), Float(colour / count))
        }
        let upper = means(0..<(h / 2))
        let lower = means((h / 2)..<h)
        guard upper.luma > 0.5, upper.colour < 0.25, upper.darkest > lower.darkest + 0.15 else {
            return nil
        }
        let radius = max(1, h / 40)
        let haze = BoxFilter.mean(
            try DepthEdges.extreme(colours.darkest, radius: radius, isMax: false, checkpoint),
            radius: radius)
        stretch(haze)
        return haze
    }

    /// Spreads a plane over 0…1 in place; a flat plane becomes one half.
    private static func stretch(_ plane: Plane<Float>) {
        let range = plane.range {}
        let span = range.upperBound - range.lowerBound
        for i in 0..<plane.count {
            plane.samples[i] =
                span > 1e-5 ? (plane.samples[i] - range.lowerBound) / span : 0.5
        }
    }
}
