/// Scales planes with a tent filter that widens when it shrinks, so nothing aliases.
enum Resampling {
    /// The source samples and weights that make up one target sample.
    private struct Tap {
        var first: Int
        var weights: [Float]
    }

    private static func taps(from source: Int, to target: Int) -> [Tap] {
        let scale = Float(source) / Float(target)
        let reach = max(1, scale)
        return (0..<target).map { index in
            let centre = (Float(index) + 0.5) * scale - 0.5
            let first = max(0, Int((centre - reach).rounded(.up)))
            let last = min(source - 1, Int((centre + reach).rounded(.down)))
            var weights = (first...max(first, last)).map { tap in
                max(0, 1 - abs(Float(tap) - centre) / reach)
            }
            let sum = weights.reduce(0, +)
            if sum > 0 {
                for i in weights.indices { weights[i] /= sum }
            } else {
                weights = [1]
            }
            return Tap(first: first, weights: weights)
        }
    }

    /// Scales interleaved samples of `channels` channels; `read` turns a stored sample into a
    /// number and the result is handed over row by row, still as numbers.
    static func scale<Stored, Stop: Error>(
        _ source: [Stored], width: Int, height: Int, channels: Int, toWidth: Int, toHeight: Int,
        read: (Stored) -> Float, _ checkpoint: () throws(Stop) -> Void,
        row emit: (Int, UnsafeBufferPointer<Float>) -> Void
    ) throws(Stop) {
        precondition(source.count == width * height * channels)
        let columns = taps(from: width, to: toWidth)
        let rows = taps(from: height, to: toHeight)
        // Rows are narrowed once, when first needed, and kept for as long as they are in reach.
        let rowSamples = toWidth * channels
        let kept = (rows.map(\.weights.count).max() ?? 1) + 1
        var ring = [Float](repeating: 0, count: kept * rowSamples)
        var inRing = [Int](repeating: -1, count: kept)
        var line = [Float](repeating: 0, count: width * channels)
        var out = [Float](repeating: 0, count: rowSamples)
        // What a target row takes: its share of the source rows, and the row itself.
        let work = (width * (height / toHeight + 1) + toWidth) * channels
        try source.withUnsafeBufferPointer { source throws(Stop) in
            try ring.withUnsafeMutableBufferPointer { ring throws(Stop) in
                try line.withUnsafeMutableBufferPointer { line throws(Stop) in
                    try out.withUnsafeMutableBufferPointer { out throws(Stop) in
                        try Pass.rows(toHeight, of: work, checkpoint) { y in
                            for i in 0..<rowSamples { out[i] = 0 }
                            for (k, weight) in rows[y].weights.enumerated() {
                                let sourceRow = rows[y].first + k
                                let slot = sourceRow % kept
                                if inRing[slot] != sourceRow {
                                    inRing[slot] = sourceRow
                                    let start = sourceRow * width * channels
                                    for i in 0..<(width * channels) {
                                        line[i] = read(source[start + i])
                                    }
                                    narrow(
                                        line, columns, channels: channels,
                                        into: ring.baseAddress! + slot * rowSamples)
                                }
                                let from = ring.baseAddress! + slot * rowSamples
                                for i in 0..<rowSamples { out[i] += from[i] * weight }
                            }
                            emit(y, UnsafeBufferPointer(out))
                        }
                    }
                }
            }
        }
    }

    private static func narrow(
        _ line: UnsafeMutableBufferPointer<Float>, _ columns: [Tap], channels: Int,
        into out: UnsafeMutablePointer<Float>
    ) {
        for (x, tap) in columns.enumerated() {
            for channel in 0..<channels {
                var sum: Float = 0
                var index = tap.first * channels + channel
                for weight in tap.weights {
                    sum += line[index] * weight
                    index += channels
                }
                out[x * channels + channel] = sum
            }
        }
    }

    static func scale<Stop: Error>(
        rgb: [UInt8], width: Int, height: Int, toWidth: Int, toHeight: Int,
        _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) -> [UInt8] {
        if width == toWidth && height == toHeight { return rgb }
        var scaled = [UInt8](repeating: 0, count: toWidth * toHeight * 3)
        try scale(
            rgb, width: width, height: height, channels: 3, toWidth: toWidth, toHeight: toHeight,
            read: { Float($0) }, checkpoint
        ) { y, row in
            for i in 0..<row.count { scaled[y * row.count + i] = UInt8(row[i] + 0.5) }
        }
        return scaled
    }

    /// Scales a plane; `isCrisp` picks samples and so keeps steps as steps.
    ///
    /// Of four samples within the pixel the greatest is picked, so that a thing half as wide as a
    /// pixel keeps its depth as it keeps its colour.
    static func scale<Stop: Error>(
        _ plane: Plane<Float>, toWidth: Int, toHeight: Int, isCrisp: Bool = false,
        _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) -> Plane<Float> {
        if plane.width == toWidth && plane.height == toHeight { return plane }
        let scaled = Plane<Float>(unsetWidth: toWidth, height: toHeight)
        if isCrisp {
            try Pass.rows(toHeight, of: toWidth, checkpoint) { y in
                let upper = plane.row((4 * y + 1) * plane.height / (4 * toHeight))
                let lower = plane.row((4 * y + 3) * plane.height / (4 * toHeight))
                let to = scaled.row(y)
                for x in 0..<toWidth {
                    let left = (4 * x + 1) * plane.width / (4 * toWidth)
                    let right = (4 * x + 3) * plane.width / (4 * toWidth)
                    to[x] = max(max(upper[left], upper[right]), max(lower[left], lower[right]))
                }
            }
        } else {
            try scale(
                plane.values, width: plane.width, height: plane.height, channels: 1,
                toWidth: toWidth, toHeight: toHeight, read: { $0 }, checkpoint
            ) { y, row in
                scaled.row(y).update(from: row.baseAddress!, count: row.count)
            }
        }
        return scaled
    }
}
