internal import Cryptography
internal import ImageCodec
package import RPC
package import ServiceRuntime

/// The work behind the handler: pictures, scenes and results, and moves made on worker threads.
///
/// Nothing here must last: after a restart, callers upload again.
package final class RenderService: Sendable {
    package let configuration: RenderConfiguration
    private let sources: LRUCache<[UInt8], SourcePicture>
    private let scenes: SceneCache
    private let results: LRUCache<[UInt8], RenderedMove>
    private let depthMaps: LRUCache<[UInt8], DepthMap>
    private let queue: RenderQueue
    /// Moves that are being made, by the key of their result.
    private let inFlight = Lock<[[UInt8]: Production]>([:])
    private let uploadBytes = Lock(0)
    private let store: ResultStore?
    /// Results that wait for the disk take no more than this, unless it is one.
    private static let unstoredBytesMax = 32 << 20
    /// Results that are not on disk yet.
    private let unstored = Lock<[(key: [UInt8], move: RenderedMove)]>([])
    private let storing = Subscriber()
    private let storeFailures: Counter
    private let moveSeconds: Histogram
    private let framesTotal: Counter
    private let framesEncoded: Counter
    private let cacheHits: Counter
    private let cacheMisses: Counter
    private let running: Gauge

    /// A depth map as it is handed out.
    package struct DepthMap: Sendable {
        package let png: [UInt8]
        package let width: Int
        package let height: Int
        /// "companion", "supplied", "onnx" or "heuristic".
        package let provider: String
    }

    /// - Parameter store: Results on disk; without one they are in memory only.
    package init(
        _ configuration: RenderConfiguration, metrics: Metrics, depths: DepthList = DepthList(),
        store: ResultStore? = nil
    ) {
        self.configuration = configuration
        self.store = store
        sources = LRUCache(budgetBytes: configuration.sourceCacheBytes)
        scenes = SceneCache(budgetBytes: configuration.sceneCacheBytes, depths: depths)
        results = LRUCache(budgetBytes: configuration.resultCacheBytes)
        depthMaps = LRUCache(budgetBytes: max(1 << 20, configuration.resultCacheBytes / 8))
        queue = RenderQueue(
            threads: configuration.workers, waitingMax: configuration.queuedMax,
            memoryBytesMax: configuration.renderBytes)
        moveSeconds = metrics.histogram(
            "render_move_seconds", help: "Time from a call for moves to its last piece.")
        framesTotal = metrics.counter(
            "render_frames_total", help: "Frames of moves that came to their end.")
        framesEncoded = metrics.counter(
            "render_frames_encoded_total", help: "Frames rendered and encoded.")
        cacheHits = metrics.counter(
            "render_cache_requests_total", help: "Moves asked for, by whether they were there.",
            labels: ["result": "hit"])
        cacheMisses = metrics.counter(
            "render_cache_requests_total", help: "Moves asked for, by whether they were there.",
            labels: ["result": "miss"])
        storeFailures = metrics.counter(
            "render_store_failures_total", help: "Results that could not be read or kept on disk.")
        running = metrics.gauge("render_calls_running", help: "Calls for moves being served.")
    }

    /// Ends the worker threads after the steps that run.
    package func stop() {
        queue.stop()
        store?.close()
    }

    /// Puts results on disk as they are made, until the task is cancelled; what is left then is
    /// put there first.
    package func keepResults() async {
        await withTaskCancellationHandler {
            while true {
                await storing.wait()
                await storeResults()
                if storing.isCancelled { return }
            }
        } onCancel: {
            storing.cancel()
        }
    }

    private func storeResults() async {
        guard let store else { return }
        while let next = unstored.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
            do {
                try await store.keep(next.move, as: next.key)
            } catch {
                // The caller has its answer; it can be rendered again.
                storeFailures.increment()
            }
        }
    }

    /// A result in memory, else on disk.
    private func known(_ key: [UInt8]) async -> RenderedMove? {
        if let move = results[key] { return move }
        guard let store else { return nil }
        do {
            guard let move = try await store.result(key) else { return nil }
            results.insert(move, for: key, costBytes: move.costBytes)
            return move
        } catch {
            storeFailures.increment()
            return nil
        }
    }

    /// What decides the bytes of a result beside the request; part of every cache key.
    package var rendererName: String {
        "\(RendererVersion.name);\(RenderKernel.fastest.rawValue);\(H264Encoder.version);depth=\(scenes.depths.name)"
    }

    /// The picture with this digest when it is in memory.
    package func source(_ digest: [UInt8]) -> SourcePicture? { sources[digest] }

    /// Memory that renders hold now, in bytes, by the estimate that the budget uses.
    package var reservedBytes: Int { queue.reservedBytes }

    /// Moves that were not begun yet.
    package var waiting: Int { queue.waiting }

    /// Sets room aside for the bytes of an upload while it comes.
    /// - Throws: OVERLOADED when too much is being uploaded already.
    package func reserveUpload(_ bytes: Int) throws(RPCError) {
        try uploadBytes.withLock { held throws(RPCError) in
            guard held == 0 || held + bytes <= 4 * configuration.uploadBytesMax else {
                throw .overloaded("Too much is being uploaded; try again shortly.")
            }
            held += bytes
        }
    }

    package func releaseUpload(_ bytes: Int) {
        uploadBytes.withLock { $0 -= bytes }
    }

    /// Decodes and keeps an upload.
    /// - Throws: DIGEST_MISMATCH, UNSUPPORTED_IMAGE, IMAGE_INVALID, IMAGE_TOO_LARGE, OVERLOADED;
    ///   nothing is kept then.
    package func put(
        _ upload: SourceUpload, digest: [UInt8], _ context: CallContext
    ) async throws(RPCError) -> SourcePicture {
        try await onWorker(context, memoryBytes: upload.decodingBytes) {
            [sources] mustStop throws(RenderFailure) in
            guard upload.digest == digest else { throw .digestMismatch }
            let source = try SourcePicture(upload, digest: digest, mustStop: mustStop)
            sources.insert(source, for: digest, costBytes: source.costBytes)
            return source
        }
    }

    /// The depth of a picture as an 8-bit grey PNG.
    /// - Throws: SOURCE_MISSING, DEPTH_ESTIMATION_FAILED, OVERLOADED, CANCELLED.
    package func depthMap(
        _ digest: [UInt8], _ context: CallContext
    ) async throws(RPCError) -> (map: DepthMap, isCached: Bool) {
        let source = try found(digest)
        if let map = depthMaps[source.identity] { return (map, true) }
        let depths = scenes.depths
        let (map, isStopgap) = try await onWorker(context, memoryBytes: 16 << 20) {
            mustStop throws(RenderFailure) in
            let choice = try source.depth(by: depths, mustStop: mustStop)
            let depth = choice.plane
            let samples = depth.values.map { UInt8(min(max($0, 0), 1) * 255 + 0.5) }
            do throws(ImageError) {
                let map = DepthMap(
                    png: try ImageCodec.encodeGreyPNG(
                        samples, width: depth.width, height: depth.height, level: 4),
                    width: depth.width, height: depth.height, provider: choice.provider)
                return (map, choice.isStopgap)
            } catch {
                throw .encodingFailed("PNG")
            }
        }
        if !isStopgap { depthMaps.insert(map, for: source.identity, costBytes: map.png.count + 64) }
        return (map, false)
    }

    /// How far a call has come.
    package struct Progress: Hashable, Sendable {
        package var position = 0
        package var estimatedWait = Duration.zero
        package var framesDone = 0
        package var framesTotal = 0
    }

    /// What a caller hears of its moves, each with the move's place in the list.
    package enum MoveEvent: Sendable {
        case progress(Progress)
        case head(MoveHead, isCached: Bool)
        case piece(ResultPiece)
        case end(bytes: Int)
    }

    /// Makes moves over one picture, or takes those that were made before; what two callers ask
    /// for at the same time is made once.
    ///
    /// - Parameter emit: Hears the events, one after the other; while it waits, little more than
    ///   what runs already is made.
    /// - Throws: SOURCE_MISSING, INVALID_MOVE, OVERLOADED, TOO_LARGE_TO_RENDER,
    ///   DEPTH_ESTIMATION_FAILED, CANCELLED, and what `emit` throws.
    package func moves(
        _ specifications: [MoveSpecification], of digest: [UInt8], _ context: CallContext,
        emit: (_ move: Int, MoveEvent) async throws(RPCError) -> Void
    ) async throws(RPCError) {
        let source = try found(digest)
        for specification in specifications { try check(specification, source) }
        let time = SystemTime()
        let began = time.instant
        running.add(1)
        defer { running.add(-1) }
        let subscriber = Subscriber()
        var legs = specifications.map { specification in
            Leg(key: key(of: specification, source), specification: specification)
        }
        for index in legs.indices { legs[index].cached = await known(legs[index].key) }
        defer {
            for leg in legs {
                if let (production, reader) = leg.making { production.leave(reader) }
            }
        }
        try join(&legs, source, subscriber, context)
        let hits = legs.count { $0.cached != nil }
        cacheHits.increment(by: UInt64(hits))
        cacheMisses.increment(by: UInt64(legs.count - hits))
        let failure: RPCError? = await withTaskCancellationHandler {
            do throws(RPCError) {
                try await follow(&legs, subscriber, context, emit: emit)
                return nil
            } catch {
                return error
            }
        } onCancel: {
            subscriber.cancel()
        }
        if let failure { throw failure }
        moveSeconds.observe((time.instant - began) / .seconds(1))
    }

    /// One of the moves that a call asked for.
    private struct Leg {
        let key: [UInt8]
        let specification: MoveSpecification
        var cached: RenderedMove?
        var making: (production: Production, reader: Int)?
        var told = Progress()
        var isBegun = false
        var isDone = false
    }

    private func key(
        of specification: MoveSpecification, _ source: SourcePicture
    ) -> [UInt8] {
        var hash = SHA256()
        hash.update(source.identity)
        hash.update(rendererName)
        hash.update(specification.canonicalText)
        return hash.finish()
    }

    private func check(
        _ specification: MoveSpecification, _ source: SourcePicture
    ) throws(RPCError) {
        let size = specification.frameSize(aspect: source.aspect)
        guard specification.format != .mp4 || size.pixels <= FrameSize.videoPixelsMax else {
            throw .invalidMove(
                "longest_side", "at most \(FrameSize.videoPixelsMax) pixels of video")
        }
    }

    /// Joins what is being made already and begins the rest.
    private func join(
        _ legs: inout [Leg], _ source: SourcePicture, _ subscriber: Subscriber,
        _ context: CallContext
    ) throws(RPCError) {
        var begun: [Production] = []
        for index in legs.indices where legs[index].cached == nil {
            let leg = legs[index]
            let made = make(leg, source, user: context.user)
            let joined = inFlight.withLock { inFlight -> (Production, Int)? in
                if let known = inFlight[leg.key], let reader = known.join(subscriber) {
                    return (known, reader)
                }
                inFlight[leg.key] = made
                return made.join(subscriber).map { (made, $0) }
            }
            guard let (production, reader) = joined else { continue }
            legs[index].making = (production, reader)
            legs[index].told.framesTotal = production.framesTotal
            if production === made { begun.append(production) }
        }
        guard !begun.isEmpty else { return }
        do throws(RenderFailure) {
            try queue.submit(begun, remaining: context.remaining)
        } catch {
            for production in begun { production.fail(error) }
            throw RPCError(error)
        }
    }

    private func make(
        _ leg: Leg, _ source: SourcePicture, user: String
    ) -> Production {
        Production(
            key: leg.key, user: user, leg.specification, of: source, scenes: scenes,
            threads: configuration.workers, keptBytesMax: keptBytesMax,
            reserve: { [queue] production, bytes in queue.reserve(bytes, for: production) },
            onFrame: { [framesEncoded] in framesEncoded.increment() },
            onStep: { [queue] in queue.wake() },
            onEnd: { [weak self] production, move in self?.ended(production, move) })
    }

    /// Largest result that is kept: what fits well into memory, or onto the disk.
    private var keptBytesMax: Int {
        store == nil ? configuration.resultCacheBytes / 2 : configuration.diskCacheBytes / 16
    }

    private func ended(_ production: Production, _ move: RenderedMove?) {
        if let move {
            results.insert(move, for: production.key, costBytes: move.costBytes)
            framesTotal.increment(by: UInt64(move.frames))
            if store != nil {
                // A disk that is too slow keeps fewer results, not more memory.
                unstored.withLock { unstored in
                    let bytes = unstored.reduce(move.costBytes) { $0 + $1.move.costBytes }
                    guard unstored.isEmpty || bytes <= Self.unstoredBytesMax else { return }
                    unstored.append((production.key, move))
                }
                storing.poke()
            }
        }
        inFlight.withLock { inFlight in
            if inFlight[production.key] === production { inFlight[production.key] = nil }
        }
        queue.itemEnded()
    }

    private func follow(
        _ legs: inout [Leg], _ subscriber: Subscriber, _ context: CallContext,
        emit: (_ move: Int, MoveEvent) async throws(RPCError) -> Void
    ) async throws(RPCError) {
        while true {
            var hasNews = false
            for index in legs.indices where !legs[index].isDone {
                if subscriber.isCancelled { throw .cancelled }
                if try await advance(&legs[index], index, emit: emit) { hasNews = true }
            }
            if legs.allSatisfy(\.isDone) { return }
            if !hasNews { await subscriber.wait() }
            if subscriber.isCancelled {
                throw context.remaining <= .zero ? .deadlineExceeded : .cancelled
            }
        }
    }

    /// Hands on what is new of one move: a piece, so that the others get their turn.
    /// - Returns: Whether there was anything.
    private func advance(
        _ leg: inout Leg, _ index: Int,
        emit: (_ move: Int, MoveEvent) async throws(RPCError) -> Void
    ) async throws(RPCError) -> Bool {
        if let move = leg.cached {
            try await emit(index, .head(move.head, isCached: true))
            for piece in move.pieces { try await emit(index, .piece(piece)) }
            try await emit(index, .end(bytes: move.bytes))
            leg.isDone = true
            return true
        }
        guard let (production, reader) = leg.making else { throw .cancelled }
        switch production.take(reader) {
        case .head(let head):
            leg.isBegun = true
            try await emit(index, .head(head, isCached: false))
            return true
        case .piece(let piece):
            try await emit(index, .piece(piece))
            return true
        case .end(let bytes):
            try await emit(index, .end(bytes: bytes))
            leg.isDone = true
            return true
        case .failed(let failure):
            throw RPCError(failure)
        case .nothing:
            guard let progress = progress(of: leg, production) else { return false }
            leg.told = progress
            try await emit(index, .progress(progress))
            return true
        }
    }

    /// What there is to say of a move that has nothing else to say; nil when nothing changed much.
    private func progress(of leg: Leg, _ production: Production) -> Progress? {
        var progress = leg.told
        if !leg.isBegun {
            guard let place = queue.place(of: production) else { return nil }
            guard place.position != leg.told.position else { return nil }
            progress.position = place.position
            progress.estimatedWait = place.estimatedWait
            return progress
        }
        let done = production.framesDone
        guard (done - leg.told.framesDone) * 10 >= max(10, leg.told.framesTotal) else {
            return nil
        }
        return Progress(framesDone: done, framesTotal: leg.told.framesTotal)
    }

    private func found(_ digest: [UInt8]) throws(RPCError) -> SourcePicture {
        guard let source = sources[digest] else { throw RPCError(RenderFailure.sourceMissing) }
        return source
    }

    /// Runs `body` on a worker; its argument answers whether the caller has gone or is too late.
    private func onWorker<Value: Sendable>(
        _ context: CallContext, memoryBytes: Int,
        _ body: @escaping @Sendable (_ mustStop: () -> Bool) throws(RenderFailure) -> Value
    ) async throws(RPCError) -> Value {
        do throws(RenderFailure) {
            return try await queue.run(
                user: context.user, memoryBytes: memoryBytes, remaining: context.remaining, body)
        } catch {
            if error == .stopped, context.remaining <= .zero { throw .deadlineExceeded }
            throw RPCError(error)
        }
    }
}

extension CallContext {
    /// Whose turn a call takes.
    fileprivate var user: String { metadata.userID ?? "" }
}

extension RPCError {
    /// What a failure means to a caller.
    init(_ failure: RenderFailure) {
        switch failure {
        case .sourceMissing:
            self.init(
                .notFound, "SOURCE_MISSING", "The picture is not here; upload it again.",
                isRetryable: false)
        case .digestMismatch:
            self.init(
                .invalidArgument, "DIGEST_MISMATCH",
                "The uploaded bytes do not have the announced digest.", details: ["field": "digest"]
            )
        case .unreadable(let part, let error):
            self.init(part, error)
        case .aspectMismatch(let part, let width, let height):
            self.init(
                .invalidArgument, "IMAGE_INVALID",
                "The \(part.rawValue) is \(width)×\(height), which is another shape than the "
                    + "picture's.", details: ["part": part.rawValue, "field": part.rawValue])
        case .stopped:
            self = .cancelled
        case .depthFailed:
            self.init(
                .failedPrecondition, "DEPTH_ESTIMATION_FAILED",
                "No depth could be found for this picture.")
        case .overloaded(let retryAfter):
            self.init(
                .resourceExhausted, "OVERLOADED",
                "All renderers are busy; try again shortly.", isRetryable: true,
                retryAfter: retryAfter)
        case .overMemoryBudget(let bytes, let bytesMax):
            self.init(
                .resourceExhausted, "TOO_LARGE_TO_RENDER",
                "This would take \((bytes - 1) >> 20 + 1) MiB of memory or more; "
                    + "\(bytesMax >> 20) is the limit.",
                isRetryable: false)
        case .encodingFailed(let reason):
            self.init(.internal, "ENCODING_FAILED", "The move could not be encoded: \(reason).")
        }
    }

    private init(_ part: RenderFailure.Part, _ error: ImageError) {
        let details: KeyValuePairs = ["part": part.rawValue, "field": part.rawValue]
        switch error {
        case .unrecognised:
            self.init(
                .invalidArgument, "UNSUPPORTED_IMAGE",
                part == .image
                    ? "The image is neither JPEG nor PNG nor WebP."
                    : "The \(part.rawValue) is neither PNG nor JPEG.", details: details)
        case .unsupported(let kind):
            self.init(
                .invalidArgument, "UNSUPPORTED_IMAGE",
                "The \(part.rawValue) cannot be read: "
                    + "\(kind).", details: details)
        case .tooLarge(let width, let height, let pixelsMax):
            self.init(
                .invalidArgument, "IMAGE_TOO_LARGE",
                "The \(part.rawValue) is \(width)×\(height); "
                    + "\(ImageCodec.sidePixelsMax) a side and \(pixelsMax) pixels are the limits.",
                details: details)
        case .malformed(_, let reason):
            self.init(
                .invalidArgument, "IMAGE_INVALID", "The \(part.rawValue) is damaged: \(reason).",
                details: details)
        case .invalidBuffer, .encodingFailed, .stopped:
            self.init(.internal, "ENCODING_FAILED", "The \(part.rawValue) could not be encoded.")
        }
    }
}
