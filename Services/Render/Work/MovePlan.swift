internal import ImageCodec

/// What is known of a result before its first frame.
package struct MoveHead: Hashable, Sendable {
    package let contentType: String
    package let size: FrameSize
    package let frames: Int
    package let framesPerSecond: Int
    package let appliedStrength: Double
    /// Where the depth came from: "companion", "supplied", "onnx" or "heuristic".
    package let depthProvider: String
}

/// A piece of a result in the order in which it is handed out.
package enum ResultPiece: Hashable, Sendable {
    /// The first frame as JPEG.
    case poster([UInt8])
    case frame(index: Int, bytes: [UInt8])
    /// The file, or the next part of it.
    case data([UInt8])

    package var bytes: [UInt8] {
        switch self {
        case .poster(let bytes), .frame(_, let bytes), .data(let bytes): bytes
        }
    }
}

/// One move over one prepared picture, cut into segments that are made independently.
///
/// A segment has a fixed number of frames and, as video, is a closed group of pictures from an
/// encoder of its own, so the bytes do not depend on how many threads make them.
package struct MovePlan: Sendable {
    /// Frames of a group of pictures.
    package static let groupFrames = 24
    /// Frames of a segment of stills.
    package static let stillFrames = 4

    package let specification: MoveSpecification
    package let head: MoveHead
    package let segments: [Range<Int>]
    private let maker: FrameMaker

    /// Whether the next may find a better depth; then this is not to be kept.
    var isStopgap: Bool { maker.depth.isStopgap }

    /// Prepares the picture when it is not yet: tens of milliseconds at preview size.
    ///
    /// - Parameter mustStop: Asked every few milliseconds of that, and while another prepares it.
    /// - Throws: ``RenderFailure/depthFailed``, ``RenderFailure/stopped``.
    package init(
        _ specification: MoveSpecification, of source: SourcePicture, scenes: SceneCache,
        kernel: RenderKernel = .fastest, mustStop: () -> Bool = { false }
    ) throws(RenderFailure) {
        self.specification = specification
        maker = try FrameMaker(
            specification, of: source, scenes: scenes, kernel: kernel, mustStop: mustStop)
        let range = specification.frameRange
        head = MoveHead(
            contentType: specification.contentType, size: maker.size, frames: range.count,
            framesPerSecond: specification.framesPerSecond,
            appliedStrength: maker.fitted.appliedStrength, depthProvider: maker.depth.provider)
        let length = Self.segmentFrames(specification)
        segments = stride(from: range.lowerBound, to: range.upperBound, by: length).map {
            $0..<min($0 + length, range.upperBound)
        }
    }

    static func segmentFrames(_ specification: MoveSpecification) -> Int {
        specification.format == .mp4 ? groupFrames : stillFrames
    }

    /// A frame before it is encoded; a loop has a frame after its last.
    package func frame(_ index: Int) -> Picture420 {
        var scratch = FrameMaker.Scratch(maker)
        maker.make(index, &scratch)
        return scratch.frame
    }

    /// What a segment gives, in order.
    package enum Output: Sendable {
        case poster([UInt8])
        case sample(H264Sample, H264Parameters)
        case image(index: Int, bytes: [UInt8])

        var byteCount: Int {
            switch self {
            case .poster(let bytes), .image(_, let bytes): bytes.count
            case .sample(let sample, _): sample.bytes.count
            }
        }
    }

    /// Renders and encodes one segment on the calling thread; each frame is handed over when it is
    /// done.
    ///
    /// - Parameter mustStop: Asked before and after each frame is rendered, and while stills are
    ///   encoded.
    /// - Throws: ``RenderFailure/stopped``, ``RenderFailure/encodingFailed(_:)``.
    package func make(
        segment: Int, mustStop: () -> Bool, emit: (Output) -> Void
    ) throws(RenderFailure) {
        var scratch = FrameMaker.Scratch(maker)
        var encoder: H264Encoder?
        for index in segments[segment] {
            if mustStop() { throw .stopped }
            maker.make(index, &scratch)
            if mustStop() { throw .stopped }
            let frame = scratch.frame
            do {
                if specification.wantsPoster && index == segments[0].lowerBound {
                    emit(.poster(try StillEncoder.poster(frame)))
                }
                guard specification.format == .mp4 else {
                    emit(
                        .image(
                            index: index - segments[0].lowerBound,
                            bytes: try StillEncoder.encode(
                                frame, specification, mustStop: mustStop)))
                    continue
                }
                let video = try encoder ?? makeEncoder()
                encoder = video
                let sample = try video.encode(frame)
                emit(.sample(sample, video.parameters))
            } catch let error as H264Error {
                throw .encodingFailed(error.message)
            } catch {
                if mustStop() { throw .stopped }
                throw .encodingFailed("\(specification.format.rawValue)")
            }
        }
    }

    private func makeEncoder() throws(H264Error) -> H264Encoder {
        try H264Encoder(
            width: maker.size.width, height: maker.size.height,
            framesPerSecond: specification.framesPerSecond, quantiser: specification.quality)
    }
}

/// Puts the outputs of segments, in order, into the pieces of a result.
package struct ResultAssembler: Sendable {
    /// Frames of a fragment of streamed video.
    static let fragmentFrames = 8

    private let specification: MoveSpecification
    private let size: FrameSize
    private var track: H264Track
    private var images: [[UInt8]] = []
    private var framesSent = 0
    private var fragments = 0

    package init(_ specification: MoveSpecification, size: FrameSize) {
        self.specification = specification
        self.size = size
        track = H264Track(
            width: size.width, height: size.height,
            framesPerSecond: specification.framesPerSecond)
    }

    /// - Throws: ``RenderFailure/encodingFailed(_:)`` when two encoders disagree.
    package mutating func add(_ output: MovePlan.Output) throws(RenderFailure) -> [ResultPiece] {
        switch output {
        case .poster(let bytes): return [.poster(bytes)]
        case .image(let index, let bytes):
            switch specification.format {
            case .webp:
                images.append(bytes)
                return []
            case .jpegStill, .pngStill: return [.data(bytes)]
            case .jpegFrames, .pngFrames, .mp4: return [.frame(index: index, bytes: bytes)]
            }
        case .sample(let sample, let parameters):
            if track.sps.isEmpty { (track.sps, track.pps) = (parameters.sps, parameters.pps) }
            guard track.sps == parameters.sps, track.pps == parameters.pps else {
                throw .encodingFailed("two groups of pictures differ in their parameters")
            }
            track.samples.append(sample)
            guard specification.isFragmented else { return [] }
            let isGroupFull = (framesSent + track.samples.count) % MovePlan.groupFrames == 0
            return track.samples.count == Self.fragmentFrames || isGroupFull ? [fragment()] : []
        }
    }

    /// What is left when every segment was added.
    package mutating func finish() throws(RenderFailure) -> [ResultPiece] {
        switch specification.format {
        case .jpegFrames, .pngFrames, .jpegStill, .pngStill: return []
        case .webp:
            guard
                let file = WebPWriter.animation(
                    images, width: size.width, height: size.height,
                    framesPerSecond: specification.framesPerSecond)
            else { throw .encodingFailed("WebP") }
            images = []
            return [.data(file)]
        case .mp4:
            if specification.isFragmented {
                return track.samples.isEmpty ? [] : [fragment()]
            }
            let file = MP4Writer.file(track)
            track.samples = []
            return [.data(file)]
        }
    }

    private mutating func fragment() -> ResultPiece {
        var bytes = fragments == 0 ? MP4Writer.initialization(track) : []
        fragments += 1
        bytes += MP4Writer.fragment(track.samples, number: fragments, firstFrame: framesSent)
        framesSent += track.samples.count
        track.samples = []
        return .data(bytes)
    }
}
