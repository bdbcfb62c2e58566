/// Size of a frame in pixels; both sides are even, as 4:2:0 video needs them.
package struct FrameSize: Hashable, Sendable {
    package let width: Int
    package let height: Int

    package static let sideMin = 64
    package static let sideMax = 1920

    package init?(width: Int, height: Int) {
        let sides = Self.sideMin...Self.sideMax
        guard sides.contains(width), sides.contains(height), width % 2 == 0, height % 2 == 0 else {
            return nil
        }
        self.width = width
        self.height = height
    }

    /// The size of a given aspect with about as many pixels as 320 × 180, and so about its cost.
    package static func preview(aspect: Double) -> FrameSize {
        withPixels(320 * 180, aspect: aspect)
    }

    /// The size of a given aspect with about `pixels` pixels.
    package static func withPixels(_ pixels: Int, aspect: Double) -> FrameSize {
        func even(_ length: Double) -> Int {
            clamp(Int((length / 2).rounded()) * 2, sideMin, sideMax)
        }
        let height = (Double(pixels) / aspect).squareRoot()
        return FrameSize(unchecked: even(height * aspect), even(height))
    }

    private init(unchecked width: Int, _ height: Int) {
        self.width = width
        self.height = height
    }

    var aspect: Double { Double(width) / Double(height) }
}
