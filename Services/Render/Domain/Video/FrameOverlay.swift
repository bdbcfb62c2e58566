/// Style that is drawn onto finished frames, so that it stays still while the picture moves.
package struct FrameOverlay: Hashable, Sendable {
    /// Height of each black bar as a share of the frame's height, 0…0.4; 0: none.
    package var letterboxShare: Double
    /// Width of the ragged paper border as a share of the shorter side, 0…0.3; 0: none.
    package var borderShare: Double
    /// Colour of the border, 0xRRGGBB.
    package var borderRGB: UInt32
    /// Standard deviation of the grain at mid grey as a share of full scale, 0…1; 0: none.
    package var grain: Double
    package var grainSeed: UInt64

    package init(
        letterboxShare: Double = 0, borderShare: Double = 0, borderRGB: UInt32 = 0xFFFFFF,
        grain: Double = 0, grainSeed: UInt64 = 0
    ) {
        self.letterboxShare = letterboxShare
        self.borderShare = borderShare
        self.borderRGB = borderRGB
        self.grain = grain
        self.grainSeed = grainSeed
    }

    package static let none = FrameOverlay()
}

/// An overlay made ready for frames of one size; the same frame number gives the same bytes.
package struct OverlayPainter: Sendable {
    private let overlay: FrameOverlay
    private let border: Plane<UInt8>?
    private let barRows: Int
    /// Grain at each luma level, in 1/65536 of the noise's unit.
    private let grainGain: [Int32]

    package init(_ overlay: FrameOverlay, width: Int, height: Int, encoding: ColourEncoding) {
        self.overlay = overlay
        barRows = Int(Double(height) * clamp(overlay.letterboxShare, 0, 0.4) + 0.5)
        border =
            overlay.borderShare > 0
            ? Self.paperCover(overlay, width: width, height: height) : nil
        // Noise of four summed bytes has a standard deviation of 148; grain is strongest in the
        // mid tones and vanishes in pure black and white, as on film.
        let scale = encoding.matrix.lumaScale * 255 * Float(overlay.grain) / 148
        grainGain = (0..<256).map { level in
            let white = Float(encoding.lumaMax)
            let black = Float(encoding.blackLuma)
            let v = clamp((Float(level) - black) / (white - black), 0, 1)
            return Int32(scale * (0.25 + 3 * v * (1 - v)) * 65536)
        }
    }

    /// Draws grain, border and bars, in that order, onto a finished frame.
    package func paint(onto frame: Picture420, frameIndex: Int) {
        if overlay.grain > 0 { paintGrain(frame, frameIndex) }
        if let border { paintBorder(border, frame) }
        paintBars(frame)
    }

    private func paintGrain(_ frame: Picture420, _ frameIndex: Int) {
        let seed = UInt32(truncatingIfNeeded: overlay.grainSeed ^ overlay.grainSeed >> 32)
        let frameSeed = hash32(seed &+ UInt32(truncatingIfNeeded: frameIndex) &* 0x85EB_CA6B)
        let low = Int32(frame.encoding.blackLuma)
        let high = Int32(frame.encoding.lumaMax)
        grainGain.withUnsafeBufferPointer { gain in
            for y in 0..<frame.height {
                let row = frame.luma.row(y)
                var state = hash32(frameSeed &+ UInt32(y) &* 0x9E37_79B1) | 1
                var x = 0
                while x < frame.width {
                    state ^= state << 13
                    state ^= state >> 17
                    state ^= state << 5
                    let sum =
                        (state & 255) &+ (state >> 8 & 255) &+ (state >> 16 & 255) &+ (state >> 24)
                    let noise = Int32(bitPattern: sum) &- 510
                    let luma = Int32(row[x])
                    let grained = luma &+ (noise &* gain[Int(luma)]) >> 16
                    row[x] = UInt8(truncatingIfNeeded: min(max(grained, low), high))
                    x &+= 1
                }
            }
        }
    }

    private func paintBorder(_ cover: Plane<UInt8>, _ frame: Picture420) {
        let rgb = overlay.borderRGB
        let paper = frame.encoding.convert(
            Float(rgb >> 16 & 255), Float(rgb >> 8 & 255), Float(rgb & 255))
        func blend(_ sample: inout UInt8, _ colour: Int, _ share: Int) {
            sample = UInt8((Int(sample) * (255 - share) + colour * share + 127) / 255)
        }
        let (luma, cb, cr) = (Int(paper.y + 0.5), Int(paper.cb + 0.5), Int(paper.cr + 0.5))
        for y in 0..<frame.height {
            let shares = cover.row(y)
            for x in 0..<frame.width where shares[x] > 0 {
                blend(&frame.luma.row(y)[x], luma, Int(shares[x]))
                if x % 2 == 0 && y % 2 == 0 {
                    blend(&frame.cb.row(y / 2)[x / 2], cb, Int(shares[x]))
                    blend(&frame.cr.row(y / 2)[x / 2], cr, Int(shares[x]))
                }
            }
        }
    }

    private func paintBars(_ frame: Picture420) {
        for bar in 0..<barRows {
            for y in [bar, frame.height - 1 - bar] {
                frame.luma.row(y).update(repeating: frame.encoding.blackLuma, count: frame.width)
            }
        }
        for bar in 0..<((barRows + 1) / 2) {
            for y in [bar, frame.cb.height - 1 - bar] {
                frame.cb.row(y).update(repeating: 128, count: frame.cb.width)
                frame.cr.row(y).update(repeating: 128, count: frame.cr.width)
            }
        }
    }

    /// How much of each pixel is paper, 0…255: a band whose inner edge is torn.
    private static func paperCover(
        _ overlay: FrameOverlay, width: Int, height: Int
    ) -> Plane<UInt8> {
        let cover = Plane<UInt8>(width: width, height: height, filledWith: 0)
        let band = Float(clamp(overlay.borderShare, 0, 0.3)) * Float(min(width, height))
        let grit = max(1, band / 6)
        for y in 0..<height {
            for x in 0..<width {
                let edge = Float(min(min(x, width - 1 - x), min(y, height - 1 - y))) + 0.5
                guard edge < band * 1.5 + 2 else { continue }
                var tear: Float = 0
                var amplitude: Float = 0.5
                var scale = grit
                for octave in 0..<3 {
                    tear +=
                        amplitude
                        * (valueNoise(
                            Float(x) / scale, Float(y) / scale, seed: overlay.grainSeed, octave)
                            - 0.5)
                    amplitude /= 2
                    scale /= 2
                }
                let share = clamp((band * (1 + tear * 0.6) - edge) / max(1, band / 20) + 0.5, 0, 1)
                cover.row(y)[x] = UInt8(share * 255 + 0.5)
            }
        }
        return cover
    }

    private static func valueNoise(_ x: Float, _ y: Float, seed: UInt64, _ octave: Int) -> Float {
        let (fx, fy) = (x.rounded(.down), y.rounded(.down))
        let (ix, iy) = (Int(fx), Int(fy))
        func corner(_ dx: Int, _ dy: Int) -> Float {
            let salt = UInt32(truncatingIfNeeded: seed) &+ UInt32(octave) &* 0x68E3_1DA4
            let h = hash32(
                UInt32(truncatingIfNeeded: ix + dx) &* 0x9E37_79B1
                    ^ hash32(UInt32(truncatingIfNeeded: iy + dy) &+ salt))
            return Float(h >> 8) / 16_777_216
        }
        let (tx, ty) = (smoothstep(0, 1, x - fx), smoothstep(0, 1, y - fy))
        let top = corner(0, 0) + (corner(1, 0) - corner(0, 0)) * tx
        let bottom = corner(0, 1) + (corner(1, 1) - corner(0, 1)) * tx
        return top + (bottom - top) * ty
    }
}
