/// Letterbox, paper border, grain: what is drawn after any warp, so that it never
/// slides with a camera move.
package struct PictureOverlay: Hashable, Sendable {
    /// Height of each black bar as a share of the picture's height; 0: none.
    package var letterboxShare: Float
    /// Width of the ragged paper border as a share of the shorter side; 0: none.
    package var borderShare: Float
    /// Colour of the border, #RRGGBB.
    package var borderRGB: UInt32
    /// Standard deviation of the grain at mid grey, in parts of full scale; 0: none.
    package var grainStrength: Float
    package var grainSeed: UInt32

    package init(
        letterboxShare: Float, borderShare: Float, borderRGB: UInt32, grainStrength: Float,
        grainSeed: UInt32
    ) {
        self.letterboxShare = letterboxShare
        self.borderShare = borderShare
        self.borderRGB = borderRGB
        self.grainStrength = grainStrength
        self.grainSeed = grainSeed
    }
}

/// Draws an overlay onto a finished frame of any size, in place; the same input gives the same
/// bytes.
/// - Precondition: `rgb` holds `width * height` interleaved RGB pixels.
package func drawOverlay(
    _ overlay: PictureOverlay, onto rgb: inout [UInt8], width: Int, height: Int
) {
    precondition(rgb.count == width * height * 3)
    rgb.withUnsafeMutableBufferPointer { pixels in
        if overlay.grainStrength > 0 {
            drawGrain(overlay, onto: pixels, width: width, height: height)
        }
        if overlay.borderShare > 0 {
            drawBorder(overlay, onto: pixels, width: width, height: height)
        }
        drawLetterbox(overlay, onto: pixels, width: width, height: height)
    }
}

private func drawGrain(
    _ overlay: PictureOverlay, onto pixels: UnsafeMutableBufferPointer<UInt8>, width: Int,
    height: Int
) {
    // Grain is strongest in the mid tones and vanishes in pure black and white, as on film.
    let gain = overlay.grainStrength * 2.45
    let weights: [Float] = (0..<256).map { level in
        let v = Float(level) / 255
        return gain * (0.25 + 3 * v * (1 - v))
    }
    for row in 0..<height {
        var state = hash32(overlay.grainSeed &+ UInt32(row) &* 0x9E37_79B1) | 1
        for column in 0..<width {
            state ^= state << 13
            state ^= state >> 17
            state ^= state << 5
            let noise = Float(Int32(bitPattern: (state & 0xFF) &+ ((state >> 8) & 0xFF))) - 255
            let i = (row * width + column) * 3
            let level = (Int(pixels[i]) + 2 * Int(pixels[i + 1]) + Int(pixels[i + 2])) >> 2
            let delta = Int(noise * weights[level])
            for channel in 0..<3 {
                pixels[i + channel] = UInt8(max(0, min(255, Int(pixels[i + channel]) + delta)))
            }
        }
    }
}

private func drawBorder(
    _ overlay: PictureOverlay, onto pixels: UnsafeMutableBufferPointer<UInt8>, width: Int,
    height: Int
) {
    let noise = Noise(seed: UInt64(overlay.grainSeed) ^ 0x70A9E2)
    let border = overlay.borderShare * Float(min(width, height))
    let unit = border / 20
    let paper = Vec3(
        Float((overlay.borderRGB >> 16) & 255), Float((overlay.borderRGB >> 8) & 255),
        Float(overlay.borderRGB & 255))
    let reach = Int(border * 1.4) + 2
    for row in 0..<height {
        let insideRow = row >= reach && row < height - reach
        for column in 0..<width {
            if insideRow && column == reach && width > 2 * reach { continue }
            if insideRow && column > reach && column < width - reach { continue }
            let x = Float(column) + 0.5, y = Float(row) + 0.5
            let edge = min(min(x, Float(width) - x), min(y, Float(height) - y))
            let rag = (noise.fractal(x / (9 * unit), y / (9 * unit), octaves: 3) - 0.5) * 9 * unit
            let cover = clamp((border + rag - edge) / max(1, unit) + 0.5)
            if cover <= 0 { continue }
            let tooth = (noise.value(x * 0.9, y * 0.9) - 0.5) * 5
            let i = (row * width + column) * 3
            for channel in 0..<3 {
                let v = mix(Float(pixels[i + channel]), paper[channel] + tooth, cover)
                pixels[i + channel] = UInt8(clamp(v, 0, 255))
            }
        }
    }
}

private func drawLetterbox(
    _ overlay: PictureOverlay, onto pixels: UnsafeMutableBufferPointer<UInt8>, width: Int,
    height: Int
) {
    let bar = Int(overlay.letterboxShare * Float(height) + 0.5)
    for i in 0..<(bar * width * 3) {
        pixels[i] = 0
        pixels[pixels.count - 1 - i] = 0
    }
}
