internal import CameraMoves

/// Everything that decides the bytes of a rendered move, apart from the picture.
package struct MoveSpecification: Hashable, Sendable {
    package enum Format: String, CaseIterable, Hashable, Sendable {
        /// One MP4 file.
        case mp4
        /// One JPEG for each frame.
        case jpegFrames
        /// One animated WebP file.
        case webp
        /// One PNG for each frame.
        case pngFrames
        /// One frame as JPEG.
        case jpegStill
        /// One frame as PNG.
        case pngStill
    }

    package var path: CameraPath
    /// Nil: the preview size at the picture's own aspect.
    package var size: FrameSize?
    /// Without a size: the longest side, at ``aspect``.
    package var longestSide: Int?
    /// Without a size: width over height; nil: the picture's own.
    package var aspect: Double?
    package var frames = 45
    package var framesPerSecond = 15
    package var format = Format.mp4
    package var geometry = ParallaxGeometry()
    package var overlay = FrameOverlay.none
    /// What the subject does; empty: it moves with the camera only.
    package var subjectWords = ""
    /// JPEG or WebP quality 1…100, or H.264 quantiser 1…51.
    package var quality = 26
    /// An MP4 whose index comes in pieces, so that it plays while it is made.
    package var isFragmented = false
    /// The first frame as a JPEG before anything else.
    package var wantsPoster = false
    /// Which frame a still shows, 0…1 of the move.
    package var stillAt = 0.0

    package init(path: CameraPath) {
        self.path = path
    }

    var colourEncoding: ColourEncoding {
        format == .mp4 ? .videoRange709 : .fullRange601
    }

    /// Length of the clip in seconds.
    var seconds: Double { Double(frames) / Double(framesPerSecond) }

    /// The frames that are made: all, or one of a still.
    var frameRange: Range<Int> {
        guard isStill else { return 0..<frames }
        let index = Int((Double(frames - 1) * stillAt).rounded())
        return index..<index + 1
    }

    /// Whether the result is one frame of the move.
    var isStill: Bool { format == .jpegStill || format == .pngStill }

    /// Whether each frame is handed out by itself.
    var isInFrames: Bool { format == .jpegFrames || format == .pngFrames }

    /// Media type of the result.
    var contentType: String {
        switch format {
        case .mp4: "video/mp4"
        case .webp: "image/webp"
        case .jpegFrames, .pngFrames: "multipart/x-mixed-replace"
        case .jpegStill: "image/jpeg"
        case .pngStill: "image/png"
        }
    }

    /// The frame's size for a picture of this aspect.
    package func frameSize(aspect own: Double) -> FrameSize {
        if let size { return size }
        let aspect = self.aspect ?? own
        if let longestSide { return .withLongestSide(longestSide, aspect: aspect) }
        return .preview(aspect: aspect)
    }

    /// One line that differs whenever any field does; its digest names the result in a cache.
    package var canonicalText: String {
        let keys = path.keys.map { key in
            key.easing.rawValue + ","
                + ([key.time] + key.pose.numbers).map(Self.exact).joined(separator: ",")
        }
        let numbers = [
            geometry.strength, geometry.pivot, overlay.letterboxShare, overlay.borderShare,
            overlay.grain, stillAt, aspect ?? 0,
        ]
        let whole = [
            size?.width ?? 0, size?.height ?? 0, longestSide ?? 0, frames, framesPerSecond,
            quality, Int(overlay.borderRGB), path.isLoop ? 1 : 0, path.keepsNearSize ? 1 : 0,
            isFragmented ? 1 : 0, wantsPoster ? 1 : 0,
        ]
        return
            (keys + numbers.map(Self.exact) + whole.map(String.init)
            + [String(overlay.grainSeed), format.rawValue, subjectWords])
            .joined(separator: ";")
    }

    private static func exact(_ number: Double) -> String {
        String(number.bitPattern, radix: 16)
    }
}
