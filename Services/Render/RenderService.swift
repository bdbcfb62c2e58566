internal import Cryptography
internal import ImageCodec
package import RPC
package import ServiceRuntime

/// The work behind the handler: pictures, scenes and results in memory, moves on worker threads.
///
/// Nothing here must last: after a restart, callers upload again.
package final class RenderService: Sendable {
    package let configuration: RenderConfiguration
    private let sources: LRUCache<[UInt8], SourcePicture>
    private let scenes: SceneCache
    private let results: LRUCache<[UInt8], RenderedMove>
    private let depthMaps: LRUCache<[UInt8], DepthMap>
    private let pool: WorkerPool
    private let moveSeconds: Histogram
    private let framesTotal: Counter
    private let cacheHits: Counter
    private let cacheMisses: Counter
    private let running: Gauge

    /// A depth map as it is handed out.
    package struct DepthMap: Sendable {
        package let png: [UInt8]
        package let width: Int
        package let height: Int
        /// "companion" or "heuristic".
        package let provider: String
    }

    package init(_ configuration: RenderConfiguration, metrics: Metrics) {
        self.configuration = configuration
        sources = LRUCache(budgetBytes: configuration.sourceCacheBytes)
        scenes = SceneCache(budgetBytes: configuration.sceneCacheBytes)
        results = LRUCache(budgetBytes: configuration.resultCacheBytes)
        depthMaps = LRUCache(budgetBytes: max(1 << 20, configuration.resultCacheBytes / 8))
        pool = WorkerPool(
            threads: configuration.workers, name: "render", queuedMax: configuration.queuedMax)
        moveSeconds = metrics.histogram(
            "render_move_seconds", help: "Time to render and encode one move.")
        framesTotal = metrics.counter("render_frames_total", help: "Frames rendered.")
        cacheHits = metrics.counter(
            "render_cache_requests_total", help: "Moves asked for, by whether they were there.",
            labels: ["result": "hit"])
        cacheMisses = metrics.counter(
            "render_cache_requests_total", help: "Moves asked for, by whether they were there.",
            labels: ["result": "miss"])
        running = metrics.gauge("render_moves_running", help: "Moves being rendered now.")
    }

    /// Ends the worker threads after what is queued.
    package func stop() { pool.stop() }

    /// The picture with this digest when it is in memory.
    package func source(_ digest: [UInt8]) -> SourcePicture? { sources[digest] }

    /// Decodes and keeps an upload.
    /// - Throws: DIGEST_MISMATCH, UNSUPPORTED_IMAGE, IMAGE_INVALID, IMAGE_TOO_LARGE; nothing is
    ///   kept then.
    package func put(
        _ upload: SourceUpload, digest: [UInt8], _ context: CallContext
    ) async throws(RPCError) -> SourcePicture {
        try await onWorker(context) { [sources] _ throws(RenderFailure) in
            guard upload.digest == digest else { throw .digestMismatch }
            let source = try SourcePicture(upload, digest: digest)
            sources.insert(source, for: digest, costBytes: source.costBytes)
            return source
        }
    }

    /// The companion depth of a picture, else the estimate, as an 8-bit grey PNG.
    package func depthMap(
        _ digest: [UInt8], _ context: CallContext
    ) async throws(RPCError) -> (map: DepthMap, isCached: Bool) {
        if let map = depthMaps[digest] { return (map, true) }
        let source = try found(digest)
        let map = try await onWorker(context) { _ throws(RenderFailure) in
            let depth = source.depth
            let samples = depth.values.map { UInt8(min(max($0, 0), 1) * 255 + 0.5) }
            do throws(ImageError) {
                return DepthMap(
                    png: try ImageCodec.encodeGreyPNG(
                        samples, width: depth.width, height: depth.height, level: 4),
                    width: depth.width, height: depth.height, provider: source.depthProvider)
            } catch {
                throw .encodingFailed("PNG")
            }
        }
        depthMaps.insert(map, for: digest, costBytes: map.png.count + 64)
        return (map, false)
    }

    /// Renders a move, or gives the one that was rendered before.
    /// - Throws: SOURCE_MISSING, OVERLOADED, CANCELLED, DEADLINE_EXCEEDED.
    package func move(
        _ specification: MoveSpecification, of digest: [UInt8], _ context: CallContext
    ) async throws(RPCError) -> (move: RenderedMove, isCached: Bool) {
        var hash = SHA256()
        hash.update(digest)
        hash.update(specification.canonicalText)
        let key = hash.finish()
        if let move = results[key] {
            cacheHits.increment()
            return (move, true)
        }
        let source = try found(digest)
        cacheMisses.increment()
        let job = MoveJob(specification, of: source, scenes: scenes)
        let time = SystemTime()
        let move = try await onWorker(context) { [self] mustStop throws(RenderFailure) in
            running.add(1)
            defer { running.add(-1) }
            let began = time.instant
            let move = try job.run(mustStop: mustStop)
            let took = time.instant - began
            moveSeconds.observe(took / .seconds(1))
            framesTotal.increment(by: UInt64(move.frames))
            return move
        }
        results.insert(move, for: key, costBytes: move.costBytes)
        return (move, false)
    }

    private func found(_ digest: [UInt8]) throws(RPCError) -> SourcePicture {
        guard let source = sources[digest] else { throw RPCError(RenderFailure.sourceMissing) }
        return source
    }

    /// Runs `body` on a worker; its argument answers whether the caller has gone or is too late.
    private func onWorker<Value: Sendable>(
        _ context: CallContext,
        _ body: @escaping @Sendable (_ mustStop: () -> Bool) throws(RenderFailure) -> Value
    ) async throws(RPCError) -> Value {
        let isCancelled = Lock(false)
        do {
            return try await withTaskCancellationHandler {
                try await pool.run {
                    // Work that waited too long in the queue is not begun.
                    let mustStop = { context.remaining <= .zero || isCancelled.withLock { $0 } }
                    if mustStop() { throw RenderFailure.stopped }
                    return try body(mustStop)
                }
            } onCancel: {
                isCancelled.withLock { $0 = true }
            }
        } catch let failure as RenderFailure {
            if failure == .stopped, context.remaining <= .zero { throw .deadlineExceeded }
            throw RPCError(failure)
        } catch {
            throw .overloaded("All renderers are busy; try again shortly.")
        }
    }
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
                "The uploaded bytes do not have the announced digest.")
        case .unreadable(let part, let error):
            self.init(part, error)
        case .aspectMismatch(let part, let width, let height):
            self.init(
                .invalidArgument, "IMAGE_INVALID",
                "The \(part.rawValue) is \(width)×\(height), which is another shape than the "
                    + "picture's.", details: ["part": part.rawValue])
        case .stopped:
            self = .cancelled
        case .encodingFailed(let reason):
            self.init(.internal, "ENCODING_FAILED", "The move could not be encoded: \(reason).")
        }
    }

    private init(_ part: RenderFailure.Part, _ error: ImageError) {
        let details: KeyValuePairs = ["part": part.rawValue]
        switch error {
        case .unrecognised:
            self.init(
                .invalidArgument, "UNSUPPORTED_IMAGE",
                "The \(part.rawValue) is neither JPEG nor "
                    + "PNG.", details: details)
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
        case .invalidBuffer, .encodingFailed:
            self.init(.internal, "ENCODING_FAILED", "The \(part.rawValue) could not be encoded.")
        }
    }
}
