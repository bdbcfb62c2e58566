import RPC
import ServiceAPI
import ServiceRuntime

/// Jobs by name that end as the test says: at once, failed, or only when they are let go.
final class FakeMedia: MediaAPI.Handler {
    enum Fate: Sendable {
        case completes, fails, hangs
    }

    struct State {
        var jobs: [String: MediaAPI.Job] = [:]
        var created = 0
        var fates: [String: Fate] = [:]
        var defaultFate = Fate.completes
        var depthFails = false
        var depths: [String: Int] = [:]
        var references: [String: [String]] = [:]
        var feeds: [Int: AsyncStream<MediaAPI.Job>.Continuation] = [:]
        var nextFeed = 0
        var recipes: [String: MediaAPI.ImageRecipe] = [:]
        var videos: [String: MediaAPI.VideoRecipe] = [:]
        var watchers: [CheckedContinuation<Void, Never>] = []
    }

    let state = Lock(State())
    let trip: Tripwire

    init(trip: Tripwire) { self.trip = trip }

    /// Jobs that exist and are completed.
    var completed: Int { state.withLock { $0.jobs.values.count { $0.state == .completed } } }
    var created: Int { state.withLock { $0.created } }
    var hanging: Int { state.withLock { $0.jobs.values.count { $0.state == .generating } } }

    /// How the jobs of an option end from now on.
    func fate(_ fate: Fate, of option: String? = nil) {
        state.withLock { state in
            if let option { state.fates[option] = fate } else { state.defaultFate = fate }
        }
    }

    /// Ends jobs that hang, oldest option first.
    func release(_ option: String, _ fate: Fate = .completes) {
        let jobs = state.withLock { state -> [MediaAPI.Job] in
            state.jobs.values.filter {
                $0.clientReference.hasSuffix("/\(option)") && $0.state == .generating
            }
        }
        for job in jobs { finish(job.clientReference, fate) }
    }

    /// Returns once `count` jobs are hanging.
    func waitForHanging(_ count: Int) async {
        while state.withLock({ $0.jobs.values.count { $0.state == .generating } }) < count {
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    if state.jobs.values.count(where: { $0.state == .generating }) >= count {
                        return true
                    }
                    state.watchers.append(continuation)
                    return false
                }
                if isThere { continuation.resume() }
            }
        }
    }

    private func finish(_ reference: String, _ fate: Fate) {
        let (job, feeds) = state.withLock {
            state -> (MediaAPI.Job?, [AsyncStream<MediaAPI.Job>.Continuation]) in
            guard var job = state.jobs[reference], job.state == .generating else {
                return (nil, [])
            }
            switch fate {
            case .hangs: return (nil, [])
            case .fails:
                job.state = .failed
                job.error = MediaAPI.JobError(code: "PROVIDER_FAILED", isRetryable: true)
            case .completes:
                job.state = .completed
                job.finishedAtUs = 1
                job.asset = MediaAPI.Asset(
                    id: "ast_\(job.id)", contentType: "image/jpeg", width: 1024, height: 576,
                    provider: "local")
            }
            state.jobs[reference] = job
            return (job, Array(state.feeds.values))
        }
        guard let job else { return }
        for feed in feeds { feed.yield(job) }
    }

    func createJobs(
        _ request: MediaAPI.CreateJobsRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.JobsReply {
        try await trip.around("media.create") { () throws(RPCError) in
            var replies: [MediaAPI.Job] = []
            for job in request.jobs {
                let (fate, watchers) = state.withLock {
                    state -> (Fate?, [CheckedContinuation<Void, Never>]) in
                    guard state.jobs[job.clientReference] == nil else { return (nil, []) }
                    state.created += 1
                    state.recipes[job.clientReference] = job.image
                    state.videos[job.clientReference] = job.video
                    state.jobs[job.clientReference] = MediaAPI.Job(
                        id: "job_\(state.created)", clientReference: job.clientReference,
                        userID: request.userID, owner: request.owner, kind: job.kind,
                        state: .generating)
                    let option = String(job.clientReference.drop { $0 != "/" }.dropFirst())
                    defer { state.watchers = [] }
                    return (state.fates[option] ?? state.defaultFate, state.watchers)
                }
                if let fate { finish(job.clientReference, fate) }
                for watcher in watchers { watcher.resume() }
                if let known = state.withLock({ $0.jobs[job.clientReference] }) {
                    replies.append(known)
                }
            }
            return MediaAPI.JobsReply(jobs: replies)
        }
    }

    func watchJobs(
        _ request: MediaAPI.GetJobsRequest, _ writer: ResponseWriter<MediaAPI.Job>,
        _ context: CallContext
    ) async throws(RPCError) {
        _ = try trip.pass("before media.watch")
        let (stream, continuation) = AsyncStream.makeStream(of: MediaAPI.Job.self)
        let (id, present) = state.withLock { state -> (Int, [MediaAPI.Job]) in
            state.nextFeed += 1
            state.feeds[state.nextFeed] = continuation
            return (state.nextFeed, request.clientReferences.compactMap { state.jobs[$0] })
        }
        defer { state.withLock { _ = $0.feeds.removeValue(forKey: id) } }
        var open = Set(request.clientReferences)
        for job in present {
            try await writer.write(job)
            if try trip.pass("after one picture") { try await writer.write(job) }
            if job.state.isEnd { open.remove(job.clientReference) }
        }
        guard !open.isEmpty else { return }
        for await job in stream where open.contains(job.clientReference) {
            try await writer.write(job)
            if job.state.isEnd { open.remove(job.clientReference) }
            if open.isEmpty { return }
        }
    }

    func cancelJobs(
        _ request: MediaAPI.GetJobsRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.JobsReply {
        try await trip.around("media.cancel") { () throws(RPCError) in
            let jobs = state.withLock { state -> [MediaAPI.Job] in
                request.clientReferences.compactMap { reference in
                    guard var job = state.jobs[reference] else { return nil }
                    if !job.state.isEnd { job.state = .cancelled }
                    state.jobs[reference] = job
                    return job
                }
            }
            return MediaAPI.JobsReply(jobs: jobs)
        }
    }

    func ensureDepth(
        _ request: MediaAPI.EnsureDepthRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.EnsureDepthReply {
        try await trip.around("media.depth") { () throws(RPCError) in
            let fails = state.withLock { state in
                state.depths[request.assetID, default: 0] += 1
                return state.depthFails
            }
            if fails {
                throw RPCError(.internal, "DEPTH_ESTIMATION_FAILED", "No depth.")
            }
            return MediaAPI.EnsureDepthReply(
                depth: MediaAPI.Asset(id: "depth_\(request.assetID)"), provider: "companion",
                isReused: true)
        }
    }

    func ensureMove(
        _ request: MediaAPI.EnsureMoveRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.Asset {
        MediaAPI.Asset(
            id: "move_\(request.assetID)_\(request.path?.motionID ?? "")",
            contentType: "video/mp4")
    }

    func setReferences(
        _ request: MediaAPI.SetReferencesRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.SetReferencesReply {
        state.withLock { $0.references[request.owner] = request.assetIDs }
        return MediaAPI.SetReferencesReply()
    }

    func getAsset(
        _ request: MediaAPI.GetAssetRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.Asset {
        guard request.id.hasPrefix("ast_") || request.id.hasPrefix("depth_") else {
            throw RPCError(.notFound, "ASSET_NOT_FOUND", "No asset.")
        }
        return MediaAPI.Asset(id: request.id)
    }

    func listProviders(
        _ request: MediaAPI.ListProvidersRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.ListProvidersReply {
        MediaAPI.ListProvidersReply(providers: [
            MediaAPI.Provider(id: "local", step: "image", model: "local", isAvailable: true),
            MediaAPI.Provider(
                id: "local", step: "video", model: "local-parallax", isAvailable: true),
            MediaAPI.Provider(id: "veo", step: "video", model: "veo-3", isAvailable: false),
        ])
    }

    // MARK: Not needed by sessions

    func getJobs(
        _ request: MediaAPI.GetJobsRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.JobsReply { throw .notHere }
    func replayJob(
        _ request: MediaAPI.ReplayJobRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.Job { throw .notHere }
    func countJobs(
        _ request: MediaAPI.CountJobsRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.CountJobsReply { throw .notHere }
    func readAsset(
        _ request: MediaAPI.ReadAssetRequest, _ writer: ResponseWriter<MediaAPI.AssetChunk>,
        _ context: CallContext
    ) async throws(RPCError) { throw .notHere }
    func putAsset(
        _ reader: RequestStream<MediaAPI.PutAssetChunk>, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.Asset { throw .notHere }
    func verifyAssets(
        _ request: MediaAPI.VerifyAssetsRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.VerifyAssetsReply { throw .notHere }
}

extension MediaAPI.JobState {
    var isEnd: Bool { self == .completed || self == .failed || self == .cancelled }
}
