import LocalPictures
import Testing

@Suite struct PictureOverlayTests {
    private func overlay(
        letterbox: Float = 0, border: Float = 0, grain: Float = 0
    ) -> PictureOverlay {
        PictureOverlay(
            letterboxShare: letterbox, borderShare: border, borderRGB: 0xF4ECDD,
            grainStrength: grain, grainSeed: 3)
    }

    private func frame(_ overlay: PictureOverlay, width: Int = 96, height: Int = 54) -> [UInt8] {
        var rgb = [UInt8](repeating: 120, count: width * height * 3)
        drawOverlay(overlay, onto: &rgb, width: width, height: height)
        return rgb
    }

    @Test func `bars are black and nothing else changes`() {
        let rgb = frame(overlay(letterbox: 0.1))
        let bar = 5 * 96 * 3
        #expect(rgb.prefix(bar).allSatisfy { $0 == 0 } && rgb.suffix(bar).allSatisfy { $0 == 0 })
        #expect(rgb[bar..<(rgb.count - bar)].allSatisfy { $0 == 120 })
    }

    @Test func `the border is paper and leaves the middle alone`() {
        let rgb = frame(overlay(border: 0.08))
        #expect(rgb[0] > 225 && rgb[1] > 220)
        #expect(rgb[(27 * 96 + 48) * 3] == 120)
    }

    @Test func `grain keeps the mean and is the same every time`() {
        let rgb = frame(overlay(grain: 0.03))
        #expect(rgb == frame(overlay(grain: 0.03)))
        #expect(rgb.contains { $0 != 120 })
        let mean = rgb.reduce(0.0) { $0 + Double($1) } / Double(rgb.count)
        #expect(abs(mean - 120) < 2)
    }

    @Test func `no overlay changes nothing`() {
        #expect(frame(overlay()).allSatisfy { $0 == 120 })
    }
}
