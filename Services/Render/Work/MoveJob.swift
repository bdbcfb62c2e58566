internal import ImageCodec

/// A rendered move: one file, or one JPEG for each frame.
package struct RenderedMove: Sendable {
    package let size: FrameSize
    package let frames: Int
    package let appliedStrength: Double
    /// "companion" or "heuristic".
    package let depthProvider: String
    package let parts: [[UInt8]]

    var costBytes: Int { parts.reduce(0) { $0 + $1.count + 32 } }
}

/// Renders one move from start to end on the calling thread.
package struct MoveJob: Sendable {
    private let source: SourcePicture
    private let specification: MoveSpecification
    private let scenes: SceneCache

    package init(
        _ specification: MoveSpecification, of source: SourcePicture, scenes: SceneCache
    ) {
        self.specification = specification
        self.source = source
        self.scenes = scenes
    }

    /// - Parameter mustStop: Asked before each frame.
    /// - Throws: ``RenderFailure/stopped`` when `mustStop` answers true,
    ///   ``RenderFailure/encodingFailed(_:)``.
    package func run(mustStop: () -> Bool) throws(RenderFailure) -> RenderedMove {
        let size = specification.size ?? .preview(aspect: source.aspect)
        let encoding = specification.colourEncoding
        var motion = SubjectMotion(words: specification.subjectWords)
        if mustStop() { throw .stopped }
        let prepared = scenes.scene(
            source, size: size, encoding: encoding,
            isSubjectApart: !motion.isStill && source.mask != nil)
        let scene = prepared.scene
        if let subject = prepared.subject {
            motion = subject.fit(motion, seconds: specification.seconds)
        }

        var geometry = specification.geometry
        // A guess moves half as far: what it gets wrong then shows half as much.
        if !source.hasDepth { geometry.strength /= 2 }
        let depths = Double(scene.depths.lowerBound)...Double(scene.depths.upperBound)
        let fitted = geometry.fit(
            specification.path, aspect: Double(scene.width) / Double(scene.height),
            depths: depths)
        let painter = OverlayPainter(
            specification.overlay, width: size.width, height: size.height, encoding: encoding)
        let renderer = SheetRenderer(
            scene: scene, width: size.width, height: size.height,
            keepsDepth: prepared.subject != nil, kernel: RenderKernel.fastest.make())
        let frame = Picture420(width: size.width, height: size.height, encoding: encoding)
        var output = try Output(specification, size: size)
        for index in 0..<specification.frames {
            if mustStop() { throw .stopped }
            let view = SheetView(
                pose: fitted.path.pose(frame: index, of: specification.frames),
                geometry: geometry, overscan: fitted.overscan, sourceWidth: scene.width,
                sourceHeight: scene.height, width: size.width, height: size.height)
            _ = renderer.render(view, into: frame)
            if let subject = prepared.subject, let seenDepth = renderer.seenDepth {
                let seconds = Double(index) / Double(specification.framesPerSecond)
                subject.draw(
                    at: motion.placement(at: seconds), view: view,
                    seenDepth: seenDepth, onto: frame)
            }
            painter.paint(onto: frame, frameIndex: index)
            try output.append(frame)
        }
        return RenderedMove(
            size: size, frames: specification.frames, appliedStrength: fitted.appliedStrength,
            depthProvider: source.depthProvider, parts: output.finish())
    }

    /// Where frames go, by format.
    private enum Output {
        case video(H264Encoder)
        case stills([[UInt8]], quality: Int)

        init(_ specification: MoveSpecification, size: FrameSize) throws(RenderFailure) {
            switch specification.format {
            case .jpegFrames: self = .stills([], quality: specification.quality)
            case .mp4:
                do throws(H264Error) {
                    // A sync sample every two seconds lets a player seek in a long clip.
                    self = .video(
                        try H264Encoder(
                            width: size.width, height: size.height,
                            framesPerSecond: specification.framesPerSecond,
                            quantiser: specification.quality,
                            syncInterval: specification.seconds > 4
                                ? specification.framesPerSecond * 2 : 0))
                } catch {
                    throw .encodingFailed(error.message)
                }
            }
        }

        mutating func append(_ frame: Picture420) throws(RenderFailure) {
            switch self {
            case .video(let encoder):
                do throws(H264Error) { try encoder.append(frame) } catch {
                    throw .encodingFailed(error.message)
                }
            case .stills(var parts, let quality):
                // The list is taken out while it grows, so that it is never copied.
                self = .stills([], quality: quality)
                do throws(ImageError) {
                    parts.append(
                        try ImageCodec.encodeJPEG(
                            luma: frame.luma.values, cb: frame.cb.values, cr: frame.cr.values,
                            width: frame.width, height: frame.height, quality: quality))
                } catch {
                    throw .encodingFailed("JPEG")
                }
                self = .stills(parts, quality: quality)
            }
        }

        func finish() -> [[UInt8]] {
            switch self {
            case .video(let encoder): [MP4Writer.file(encoder.track)]
            case .stills(let parts, _): parts
            }
        }
    }
}
