/// A rendered move: one file, or one picture for each frame.
package struct RenderedMove: Hashable, Sendable {
    package let head: MoveHead
    package let pieces: [ResultPiece]

    package init(head: MoveHead, pieces: [ResultPiece]) {
        self.head = head
        self.pieces = pieces
    }

    package var size: FrameSize { head.size }
    package var frames: Int { head.frames }
    package var appliedStrength: Double { head.appliedStrength }
    package var depthProvider: String { head.depthProvider }

    /// The bytes of each piece, without a poster.
    package var parts: [[UInt8]] {
        pieces.compactMap { piece in
            if case .poster = piece { nil } else { piece.bytes }
        }
    }

    var bytes: Int { pieces.reduce(0) { $0 + $1.bytes.count } }
    var costBytes: Int { bytes + pieces.count * 48 }
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

    /// - Parameter mustStop: Asked before the preparation and before each frame.
    /// - Throws: ``RenderFailure/stopped`` when `mustStop` answers true,
    ///   ``RenderFailure/encodingFailed(_:)``, ``RenderFailure/depthFailed``.
    package func run(mustStop: () -> Bool) throws(RenderFailure) -> RenderedMove {
        if mustStop() { throw .stopped }
        let plan = try MovePlan(
            specification, of: source, scenes: scenes, mustStop: mustStop)
        var assembler = ResultAssembler(specification, size: plan.head.size)
        var pieces: [ResultPiece] = []
        for segment in plan.segments.indices {
            var outputs: [MovePlan.Output] = []
            try plan.make(segment: segment, mustStop: mustStop) { outputs.append($0) }
            for output in outputs { pieces += try assembler.add(output) }
        }
        pieces += try assembler.finish()
        return RenderedMove(head: plan.head, pieces: pieces)
    }
}
