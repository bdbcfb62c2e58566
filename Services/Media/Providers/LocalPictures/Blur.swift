/// Box blurs by running sums; three passes are close to a Gaussian.
struct Blur {
    /// Blurs in place; `radius` in pixels, `passes` boxes after one another.
    static func box(
        _ pixels: UnsafeMutableBufferPointer<Vec4>, width: Int, height: Int, radius: Int,
        passes: Int
    ) {
        if radius < 1 || width < 2 || height < 2 { return }
        let scratch = UnsafeMutableBufferPointer<Vec4>.allocate(capacity: width * height)
        scratch.initialize(repeating: .zero)
        defer { scratch.deallocate() }
        let inverse = 1 / Float(2 * radius + 1)
        for _ in 0..<passes {
            for row in 0..<height {
                let base = row * width
                var sum = Vec4()
                for k in -radius...radius { sum += pixels[base + max(0, min(width - 1, k))] }
                for column in 0..<width {
                    scratch[base + column] = sum * inverse
                    let enter = min(width - 1, column + radius + 1)
                    let leave = max(0, column - radius)
                    sum += pixels[base + enter] - pixels[base + leave]
                }
            }
            // Columns together, row by row, so that memory is read in order.
            let sums = UnsafeMutableBufferPointer<Vec4>.allocate(capacity: width)
            sums.initialize(repeating: .zero)
            defer { sums.deallocate() }
            for k in -radius...radius {
                let base = max(0, min(height - 1, k)) * width
                for column in 0..<width { sums[column] += scratch[base + column] }
            }
            for row in 0..<height {
                let enter = min(height - 1, row + radius + 1) * width
                let leave = max(0, row - radius) * width
                let base = row * width
                for column in 0..<width {
                    pixels[base + column] = sums[column] * inverse
                    sums[column] += scratch[enter + column] - scratch[leave + column]
                }
            }
        }
    }
}

/// A picture of colours that owns its pixels.
final class Canvas {
    let width: Int
    let height: Int
    let pixels: UnsafeMutableBufferPointer<Vec4>

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        pixels = .allocate(capacity: width * height)
        pixels.initialize(repeating: .zero)
    }

    deinit { pixels.deallocate() }

    /// Average of blocks of `factor` pixels.
    func reduced(_ factor: Int) -> Canvas {
        let small = Canvas(
            width: (width + factor - 1) / factor, height: (height + factor - 1) / factor)
        for y in 0..<small.height {
            let y1 = min(height, (y + 1) * factor)
            for x in 0..<small.width {
                let x1 = min(width, (x + 1) * factor)
                var sum = Vec4()
                for row in (y * factor)..<y1 {
                    for column in (x * factor)..<x1 { sum += pixels[row * width + column] }
                }
                small.pixels[y * small.width + x] =
                    sum * (1 / Float((y1 - y * factor) * (x1 - x * factor)))
            }
        }
        return small
    }

    /// Bilinear sample in pixel coordinates, clamped.
    @inline(__always)
    func sample(_ x: Float, _ y: Float) -> Vec4 {
        let px = clamp(x - 0.5, 0, Float(width) - 1.001)
        let py = clamp(y - 0.5, 0, Float(height) - 1.001)
        let ix = Int(px), iy = Int(py)
        let fx = px - Float(ix), fy = py - Float(iy)
        let i = iy * width + ix
        let right = ix + 1 < width ? 1 : 0
        let down = iy + 1 < height ? width : 0
        let top = pixels[i] + (pixels[i + right] - pixels[i]) * fx
        let bottom = pixels[i + down] + (pixels[i + down + right] - pixels[i + down]) * fx
        return top + (bottom - top) * fy
    }
}
