/// Size of a frame in pixels; both sides are even, as 4:2:0 video needs them.
package struct FrameSize: Hashable, Sendable {
    package let width: Int
    package let height: Int

    package static let sideMin = 16
    /// Of the longest side.
    package static let longestMin = 160
    package static let sideMax = 3840
    /// Most pixels of a frame of H.264, level 5.2.
    package static let videoPixelsMax = 9_437_184

    /// A size with both sides rounded to the next even number; nil beyond the limits.
    package init?(width: Int, height: Int) {
        guard (1...Self.sideMax).contains(width), (1...Self.sideMax).contains(height) else {
            return nil
        }
        let (width, height) = ((width + 1) / 2 * 2, (height + 1) / 2 * 2)
        guard min(width, height) >= Self.sideMin, max(width, height) >= Self.longestMin else {
            return nil
        }
        self.init(unchecked: width, height)
    }

    /// A size that was one before, even when it is smaller than may be asked for.
    init?(stored width: Int, _ height: Int) {
        let sides = Self.sideMin...Self.sideMax
        guard sides.contains(width), sides.contains(height), width % 2 == 0, height % 2 == 0 else {
            return nil
        }
        self.init(unchecked: width, height)
    }

    /// The size of a given aspect with about as many pixels as 320 × 180, and so about its cost.
    package static func preview(aspect: Double) -> FrameSize {
        withPixels(320 * 180, aspect: aspect)
    }

    /// The size of a given aspect with about `pixels` pixels.
    package static func withPixels(_ pixels: Int, aspect: Double) -> FrameSize {
        let height = (Double(pixels) / aspect).squareRoot()
        return FrameSize(unchecked: even(height * aspect), even(height))
    }

    /// The size of a given aspect whose longest side is `side`.
    package static func withLongestSide(_ side: Int, aspect: Double) -> FrameSize {
        let length = Double(side)
        return aspect >= 1
            ? FrameSize(unchecked: even(length), even(length / aspect))
            : FrameSize(unchecked: even(length * aspect), even(length))
    }

    private static func even(_ length: Double) -> Int {
        clamp(Int((length / 2).rounded()) * 2, sideMin, sideMax)
    }

    private init(unchecked width: Int, _ height: Int) {
        self.width = width
        self.height = height
    }

    package var pixels: Int { width * height }

    var aspect: Double { Double(width) / Double(height) }
}
