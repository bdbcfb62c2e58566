/// Everything that decides the bytes of a rendered move, apart from the picture.
package struct MoveSpecification: Hashable, Sendable {
    package enum Format: String, Hashable, Sendable {
        /// One MP4 file.
        case mp4
        /// One JPEG for each frame.
        case jpegFrames
    }

    package var path: CameraPath
    /// Nil: the preview size at the picture's own aspect.
    package var size: FrameSize?
    package var frames = 45
    package var framesPerSecond = 15
    package var format = Format.mp4
    package var geometry = ParallaxGeometry()
    package var overlay = FrameOverlay.none
    /// What the subject does; empty: it moves with the camera only.
    package var subjectWords = ""
    /// JPEG quality 1…100, or H.264 quantiser 1…51.
    package var quality = 26

    package init(path: CameraPath) {
        self.path = path
    }

    var colourEncoding: ColourEncoding {
        format == .mp4 ? .videoRange709 : .fullRange601
    }

    /// Length of the clip in seconds.
    var seconds: Double { Double(frames) / Double(framesPerSecond) }

    /// One line that differs whenever any field does; its digest names the result in a cache.
    package var canonicalText: String {
        let numbers: [Double] =
            [
                path.start, path.end,
            ].flatMap { pose in
                [
                    pose.position.x, pose.position.y, pose.position.z, pose.rotation.pitch,
                    pose.rotation.yaw, pose.rotation.roll,
                ]
            } + [
                geometry.strength, geometry.pivot, overlay.letterboxShare, overlay.borderShare,
                overlay.grain,
            ]
        let whole = [
            size?.width ?? 0, size?.height ?? 0, frames, framesPerSecond, quality,
            Int(overlay.borderRGB),
        ]
        return
            (numbers.map { String($0.bitPattern, radix: 16) } + whole.map(String.init)
            + [String(overlay.grainSeed), format.rawValue, subjectWords])
            .joined(separator: ";")
    }
}
