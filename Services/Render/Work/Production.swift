internal import ServiceRuntime

/// Wakes the one task that follows some productions.
final class Subscriber: Sendable {
    private struct State {
        var isPoked = false
        var isCancelled = false
        var continuation: UnsafeContinuation<Void, Never>?
    }

    private let state = Lock(State())

    /// There is something to look at.
    func poke() { wake { $0.isPoked = true } }

    /// Nobody will look any more.
    func cancel() { wake { $0.isCancelled = true } }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Returns when it was poked since it returned last, or is cancelled.
    func wait() async {
        await withUnsafeContinuation { continuation in
            let isReady = state.withLock { state in
                let isReady = state.isPoked || state.isCancelled
                state.isPoked = false
                if !isReady { state.continuation = continuation }
                return isReady
            }
            if isReady { continuation.resume() }
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        let continuation = state.withLock { state in
            change(&state)
            guard let waiting = state.continuation else {
                return nil as UnsafeContinuation<Void, Never>?
            }
            state.continuation = nil
            state.isPoked = false
            return waiting
        }
        continuation?.resume()
    }
}

/// One move being made, for however many callers asked for the same.
///
/// Segments are made on the queue's threads, several at a time, and put in order here. What readers
/// have not taken is bounded: no further segment is begun until the fastest of them reads on. With
/// no reader left it stops before its next frame.
final class Production: QueueItem {
    enum News: Sendable {
        case head(MoveHead)
        case piece(ResultPiece)
        /// Everything was taken.
        case end(bytes: Int)
        case failed(RenderFailure)
        case nothing
    }

    private enum Phase {
        case waiting, planning, running
        case finished
        case failed(RenderFailure)
    }

    private struct Reader {
        let subscriber: Subscriber
        var cursor = 0
        var hasHead = false
    }

    private struct State {
        var phase = Phase.waiting
        var plan: MovePlan?
        var assembler: ResultAssembler?
        var nextSegment = 0
        /// Segments that are being made.
        var running = 0
        /// The segment whose outputs come next.
        var drained = 0
        var outputs: [Int: [MovePlan.Output]] = [:]
        var closed: Set<Int> = []
        var pieces: [ResultPiece] = []
        /// Pieces dropped from the front.
        var dropped = 0
        var bytes = 0
        /// Made so far, in one piece or many.
        var madeBytes = 0
        /// Memory that is set aside for a result in one piece.
        var roomBytes = 0
        var isKept = true
        var framesDone = 0
        var readers: [Int: Reader] = [:]
        var readersSeen = 0
        var isAbandoned = false
    }

    let key: [UInt8]
    let user: String
    let memoryBytes: Int
    let framesTotal: Int
    private let framePixels: Int
    private let specification: MoveSpecification
    private let source: SourcePicture
    private let scenes: SceneCache
    /// Results larger than this are not kept after they were sent.
    private let keptBytesMax: Int
    private let segmentsAheadMax: Int
    private let onEnd: @Sendable (Production, RenderedMove?) -> Void
    private let onStep: @Sendable () -> Void
    private let onFrame: @Sendable () -> Void
    private let reserve: @Sendable (Production, Int) -> RenderFailure?
    private let state: Lock<State>

    /// - Parameters:
    ///   - reserve: Sets more memory aside; answers with what stands in the way.
    ///   - onStep: Called when a further step may be possible.
    ///   - onEnd: Called once, with the result when it was kept.
    init(
        key: [UInt8], user: String, _ specification: MoveSpecification, of source: SourcePicture,
        scenes: SceneCache, threads: Int, keptBytesMax: Int,
        reserve: @escaping @Sendable (Production, Int) -> RenderFailure?,
        onFrame: @escaping @Sendable () -> Void, onStep: @escaping @Sendable () -> Void,
        onEnd: @escaping @Sendable (Production, RenderedMove?) -> Void
    ) {
        self.key = key
        self.user = user
        self.specification = specification
        self.source = source
        self.scenes = scenes
        self.keptBytesMax = keptBytesMax
        self.reserve = reserve
        self.onFrame = onFrame
        self.onStep = onStep
        self.onEnd = onEnd
        segmentsAheadMax = threads + 2
        let size = specification.frameSize(aspect: source.aspect)
        framePixels = size.pixels
        framesTotal = specification.frameRange.count
        let whole = Self.resultBytes(specification, size: size)
        state = Lock(State(roomBytes: whole))
        memoryBytes =
            Self.workBytes(specification, size: size, source: source, threads: threads)
            + (specification.isStreamed ? min(whole, keptBytesMax + Self.unreadBytes) : whole)
    }

    /// What is made ahead of the reader of a stream.
    private static let unreadBytes = 16 << 20

    /// An upper estimate of what making a move holds beside the result: the scene with what its
    /// preparation needs and a frame with its encoder for each thread.
    private static func workBytes(
        _ specification: MoveSpecification, size: FrameSize, source: SourcePicture, threads: Int
    ) -> Int {
        let scene = FittedSource.pixels(of: source, size: size)
        let segments =
            (specification.frameRange.count - 1)
            / MovePlan.segmentFrames(specification) + 1
        return scene * 48 + size.pixels * min(threads, segments) * 10
    }

    /// What a result is expected to take at most: several times what pictures need at the usual
    /// quality. Where that is too little, more is set aside as it grows.
    private static func resultBytes(_ specification: MoveSpecification, size: FrameSize) -> Int {
        switch specification.format {
        case .mp4: max(1 << 20, size.pixels * specification.frames / 8)
        case .webp: max(1 << 20, size.pixels * specification.frames / 3)
        case .jpegFrames, .jpegStill: size.pixels * 12 / 2
        case .pngFrames, .pngStill: size.pixels * 12 * 2
        }
    }

    // MARK: Readers

    /// Follows the production from its beginning; nil when that is gone or it has been given up.
    func join(_ subscriber: Subscriber) -> Int? {
        state.withLock { state in
            guard state.dropped == 0, !state.isAbandoned else { return nil }
            if case .failed = state.phase { return nil }
            state.readersSeen += 1
            state.readers[state.readersSeen] = Reader(subscriber: subscriber)
            return state.readersSeen
        }
    }

    /// With the last reader the production ends before its next frame.
    func leave(_ reader: Int) {
        let isAbandoned = state.withLock { state in
            state.readers[reader] = nil
            switch state.phase {
            case .finished, .failed: return false
            case .waiting, .planning, .running: break
            }
            guard state.readers.isEmpty, !state.isAbandoned else { return false }
            state.isAbandoned = true
            return true
        }
        if isAbandoned { end(.failed(.stopped)) }
    }

    /// The next news for a reader.
    func take(_ reader: Int) -> News {
        let (news, mayGoOn) = state.withLock { state -> (News, Bool) in
            guard var follower = state.readers[reader] else { return (.failed(.stopped), false) }
            defer { state.readers[reader] = follower }
            if !follower.hasHead {
                if let plan = state.plan {
                    follower.hasHead = true
                    return (.head(plan.head), false)
                }
            } else if follower.cursor - state.dropped < state.pieces.count {
                let piece = state.pieces[follower.cursor - state.dropped]
                follower.cursor += 1
                state.readers[reader] = follower
                if !state.isKept { drop(&state) }
                return (.piece(piece), true)
            }
            switch state.phase {
            case .failed(let failure): return (.failed(failure), false)
            case .finished where follower.hasHead: return (.end(bytes: state.bytes), false)
            case .waiting, .planning, .running, .finished: return (.nothing, false)
            }
        }
        if mayGoOn && specification.isStreamed { onStep() }
        return news
    }

    var framesDone: Int { state.withLock { $0.framesDone } }

    func placeChanged() { poke() }

    private func poke() {
        let subscribers = state.withLock { $0.readers.values.map(\.subscriber) }
        for subscriber in subscribers { subscriber.poke() }
    }

    private func drop(_ state: inout State) {
        let least = state.readers.values.map(\.cursor).min() ?? state.dropped
        let count = least - state.dropped
        guard count > 0 else { return }
        state.pieces.removeFirst(count)
        state.dropped = least
    }

    // MARK: Steps

    var remainingPixels: Int {
        state.withLock { max(0, framesTotal - $0.framesDone) * framePixels }
    }

    var remainingPreparations: Int {
        state.withLock { state in
            switch state.phase {
            case .waiting, .planning: 1
            case .running, .finished, .failed: 0
            }
        }
    }

    var isOver: Bool {
        state.withLock { state in
            switch state.phase {
            case .finished, .failed: state.running == 0
            case .waiting, .planning, .running: false
            }
        }
    }

    func nextStep() -> QueueStep {
        state.withLock { state in
            switch state.phase {
            case .finished, .failed, .planning: return .notNow
            case .waiting:
                state.phase = .planning
                state.running += 1
                return .run { [self] in
                    prepare()
                    return 0
                }
            case .running:
                guard let plan = state.plan, state.nextSegment < plan.segments.count,
                    mayGoOn(state)
                else { return .notNow }
                let segment = state.nextSegment
                state.nextSegment += 1
                state.running += 1
                return .run { [self] in make(segment, of: plan) }
            }
        }
    }

    /// Whether what nobody has read yet leaves room for another segment.
    private func mayGoOn(_ state: State) -> Bool {
        guard specification.isStreamed else { return true }
        guard state.nextSegment - state.drained < segmentsAheadMax else { return false }
        let cursors = state.readers.values.map(\.cursor)
        let reached = (state.isKept ? cursors.max() : cursors.min()) ?? 0
        let unread = state.dropped + state.pieces.count - reached
        return unread <= 2 * MovePlan.stillFrames
    }

    /// Whether nobody will take what a step makes.
    private func mustStop() -> Bool {
        state.withLock { state in
            if case .failed = state.phase { return true }
            return state.isAbandoned
        }
    }

    private func prepare() {
        do throws(RenderFailure) {
            let plan = try MovePlan(
                specification, of: source, scenes: scenes, mustStop: mustStop)
            state.withLock { state in
                state.running -= 1
                guard case .planning = state.phase else { return }
                state.plan = plan
                state.assembler = ResultAssembler(specification, size: plan.head.size)
                state.phase = .running
            }
            poke()
        } catch {
            state.withLock { $0.running -= 1 }
            end(.failed(error))
        }
        onStep()
    }

    /// - Returns: Pixels made.
    private func make(_ segment: Int, of plan: MovePlan) -> Int {
        var frames = 0
        var failure: RenderFailure?
        do throws(RenderFailure) {
            try plan.make(segment: segment, mustStop: mustStop) { output in
                if case .poster = output {
                } else {
                    frames += 1
                    onFrame()
                }
                if let problem = add(output, segment: segment) { failure = problem }
            }
        } catch {
            failure = error
        }
        let isFinished = state.withLock { state in
            state.running -= 1
            state.closed.insert(segment)
            if failure == nil { failure = drain(&state) }
            guard failure == nil, state.drained == plan.segments.count,
                case .running = state.phase
            else { return false }
            do throws(RenderFailure) {
                append(try state.assembler?.finish() ?? [], to: &state)
            } catch {
                failure = error
                return false
            }
            return true
        }
        if let failure {
            end(.failed(failure))
        } else if isFinished {
            end(.finished)
        } else {
            poke()
        }
        return frames * framePixels
    }

    private func add(_ output: MovePlan.Output, segment: Int) -> RenderFailure? {
        if let failure = makeRoom(for: output.byteCount) { return failure }
        let failure = state.withLock { state -> RenderFailure? in
            state.outputs[segment, default: []].append(output)
            if case .poster = output {} else { state.framesDone += 1 }
            return drain(&state)
        }
        poke()
        return failure
    }

    /// Sets memory aside for what a result in one piece takes more than expected. Of a stream, what
    /// was read is dropped when it is too large to be kept.
    private func makeRoom(for bytes: Int) -> RenderFailure? {
        if specification.isStreamed { return nil }
        let missing = state.withLock { state in
            state.madeBytes += bytes
            // At the end the parts and the file that is made of them are there at a time.
            guard 2 * state.madeBytes > state.roomBytes else { return 0 }
            let missing = max(2 * state.madeBytes - state.roomBytes, state.roomBytes / 2)
            state.roomBytes += missing
            return missing
        }
        // Outside of the lock: the queue looks at this inside its own.
        return missing > 0 ? reserve(self, missing) : nil
    }

    /// Puts what comes next in order into pieces.
    private func drain(_ state: inout State) -> RenderFailure? {
        guard state.assembler != nil else { return nil }
        while true {
            let outputs = state.outputs.removeValue(forKey: state.drained) ?? []
            for output in outputs {
                do throws(RenderFailure) {
                    append(try state.assembler?.add(output) ?? [], to: &state)
                } catch {
                    return error
                }
            }
            guard state.closed.contains(state.drained) else { return nil }
            state.drained += 1
        }
    }

    private func append(_ pieces: [ResultPiece], to state: inout State) {
        for piece in pieces {
            state.bytes += piece.bytes.count
            state.pieces.append(piece)
        }
        if state.bytes > keptBytesMax && state.isKept {
            state.isKept = false
            drop(&state)
        }
    }

    private func end(_ phase: Phase) {
        let result = state.withLock { state -> (isFirst: Bool, move: RenderedMove?) in
            switch state.phase {
            case .finished, .failed: return (false, nil)
            case .waiting, .planning, .running: break
            }
            state.phase = phase
            guard case .finished = phase, state.isKept, let plan = state.plan, !plan.isStopgap
            else { return (true, nil) }
            assert(state.dropped == 0)
            return (true, RenderedMove(head: plan.head, pieces: state.pieces))
        }
        guard result.isFirst else { return }
        onEnd(self, result.move)
        poke()
    }

    /// Ends it at its next frame, or before it is begun.
    func fail(_ failure: RenderFailure) { end(.failed(failure)) }
}

extension MoveSpecification {
    /// Whether pieces are handed out while others are made.
    var isStreamed: Bool { isInFrames || (format == .mp4 && isFragmented) }
}
