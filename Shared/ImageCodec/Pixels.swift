/// Rows of 8-bit RGB from the top, without padding.
package struct RGBImage: Equatable, Sendable {
    package let width: Int
    package let height: Int
    /// width × height × 3 bytes.
    package var pixels: [UInt8]

    package init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(pixels.count == width * height * 3)
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}

/// Rows of 16-bit grey from the top, without padding, over the full range 0…65535.
package struct GreyImage: Equatable, Sendable {
    package let width: Int
    package let height: Int
    /// width × height samples.
    package var samples: [UInt16]

    package init(width: Int, height: Int, samples: [UInt16]) {
        precondition(samples.count == width * height)
        self.width = width
        self.height = height
        self.samples = samples
    }
}

extension RGBImage {
    /// Mean of each denominator × denominator block; blocks at the far sides may be smaller.
    func reduced(
        by denominator: Int, mustStop: () -> Bool
    ) throws(ImageError) -> RGBImage {
        if denominator == 1 { return self }
        let (width, height, means) = try blockMeans(
            pixels, width: width, height: height, channels: 3, by: denominator, mustStop)
        return RGBImage(width: width, height: height, pixels: means)
    }
}

extension GreyImage {
    func reduced(
        by denominator: Int, mustStop: () -> Bool
    ) throws(ImageError) -> GreyImage {
        if denominator == 1 { return self }
        let (width, height, means) = try blockMeans(
            samples, width: width, height: height, channels: 1, by: denominator, mustStop)
        return GreyImage(width: width, height: height, samples: means)
    }
}

private func blockMeans<Sample: FixedWidthInteger & UnsignedInteger>(
    _ samples: [Sample], width: Int, height: Int, channels: Int, by denominator: Int,
    _ mustStop: () -> Bool
) throws(ImageError) -> (width: Int, height: Int, means: [Sample]) {
    let outWidth = (width + denominator - 1) / denominator
    let outHeight = (height + denominator - 1) / denominator
    var means: [Sample] = []
    means.reserveCapacity(outWidth * outHeight * channels)
    for outY in 0..<outHeight {
        if outY % 16 == 0 && mustStop() { throw .stopped }
        let rows = outY * denominator..<min(height, (outY + 1) * denominator)
        for outX in 0..<outWidth {
            let columns = outX * denominator..<min(width, (outX + 1) * denominator)
            for channel in 0..<channels {
                var sum = 0
                for y in rows {
                    for x in columns { sum += Int(samples[(y * width + x) * channels + channel]) }
                }
                let count = rows.count * columns.count
                means.append(Sample(truncatingIfNeeded: (sum + count / 2) / count))
            }
        }
    }
    return (outWidth, outHeight, means)
}
