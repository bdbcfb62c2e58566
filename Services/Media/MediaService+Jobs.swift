package import ServiceAPI
internal import ServiceRuntime
internal import Wire

extension MediaService {
    /// Jobs that one call may name.
    static let jobsPerCallMax = 100

    /// Queues jobs, all or none.
    nonisolated(nonsending) package func createJobs(
        _ request: MediaAPI.CreateJobsRequest
    ) async throws -> [MediaStore.JobView] {
        guard !isDraining else { throw MediaError.draining }
        guard (1...Self.jobsPerCallMax).contains(request.jobs.count) else {
            throw MediaError.invalidField("jobs must be 1 to \(Self.jobsPerCallMax)")
        }
        try Self.check(request.userID, "user_id")
        var records: [JobRecord] = []
        for job in request.jobs {
            try Self.check(job.clientReference, "client_reference")
            records.append(try newJob(job, userID: request.userID, owner: request.owner))
        }
        guard Set(records.map(\.clientReference)).count == records.count else {
            throw MediaError.invalidField("client_reference is named twice")
        }
        do throws(BlobError) {
            try library.blobs.checkSpace()
        } catch {
            if error == .full { throw MediaError.storageLow }
            throw error
        }
        return try await queue(records)
    }

    private static func check(_ text: String, _ field: String) throws(MediaError) {
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard (1...255).contains(text.utf8.count), isPlain else {
            throw .invalidField("\(field) must have 1 to 255 visible ASCII characters")
        }
    }

    private func newJob(
        _ request: MediaAPI.JobRequest, userID: String, owner: String
    ) throws(MediaError) -> JobRecord {
        let (kind, recipe, source) = try Recipes.pack(request)
        let longest =
            kind == .image ? configuration.imageDeadline : configuration.videoDeadline
        let deadline =
            request.deadlineMs == 0
            ? longest : min(longest, .milliseconds(Int64(request.deadlineMs)))
        let now = time.now
        return JobRecord(
            id: Identifier.make("job", time: time, random: random),
            clientReference: request.clientReference,
            fingerprint: Recipes.fingerprint(kind, recipe), userID: userID, owner: owner,
            recipe: recipe, sourceAssetID: source, createdAt: now.microseconds,
            machine: JobMachine(
                kind: kind, due: now.microseconds, deadline: (now + deadline).microseconds))
    }

    nonisolated(nonsending) private func queue(
        _ records: [JobRecord]
    ) async throws -> [MediaStore.JobView] {
        let created: [JobRecord]
        do {
            created = try await library.store.create(records, limits: configuration.limits)
        } catch let refusal as MediaStore.CreateRefusal {
            switch refusal {
            case .referenceTaken(let reference): throw MediaError.referenceTaken(reference)
            case .tooManyOfUser(let queued, let limit):
                throw MediaError.tooManyInFlight(queued: queued, limit: limit)
            case .tooMany: throw MediaError.overloaded
            case .missingSource(let id): throw MediaError.assetNotFound(id)
            }
        }
        for kind in JobKind.allCases where records.contains(where: { $0.kind == kind }) {
            runner.wake(kind)
        }
        return try await library.store.views(ids: created.map(\.id))
    }

    /// The named jobs; unknown ones are left out. Without names: the newest of a state.
    nonisolated(nonsending) package func jobs(
        _ request: MediaAPI.GetJobsRequest
    ) async throws -> [MediaStore.JobView] {
        guard request.ids.count + request.clientReferences.count <= Self.jobsPerCallMax else {
            throw MediaError.invalidField("at most \(Self.jobsPerCallMax) jobs can be named")
        }
        return try await library.store.views(
            ids: request.ids, references: request.clientReferences)
    }

    /// Cancels what has not ended: what waits at once, what runs when its worker has stopped.
    nonisolated(nonsending) package func cancelJobs(
        _ request: MediaAPI.GetJobsRequest
    ) async throws -> [MediaStore.JobView] {
        let found = try await jobs(request)
        for view in found {
            let id = view.job.id
            let outcome = try await library.store.apply(.cancelRequested, to: id)
            guard let outcome, outcome.action != .ignore else { continue }
            if outcome.action == .saveAndStopWorker { runner.cancel(id) }
            feed.changed(id)
        }
        return try await library.store.views(ids: found.map(\.job.id))
    }

    /// A new job with the recipe of one that failed.
    nonisolated(nonsending) package func replayJob(
        _ id: String, reference: String
    ) async throws -> MediaStore.JobView {
        try Self.check(reference, "client_reference")
        guard let old = try await library.store.job(id) else { throw MediaError.jobNotFound(id) }
        switch old.machine.phase {
        case .failed, .dead, .cancelled: break
        case .queued, .leased, .waiting, .storing, .done: throw MediaError.jobNotEnded(id)
        }
        let now = time.now
        let longest =
            old.kind == .image ? configuration.imageDeadline : configuration.videoDeadline
        let job = JobRecord(
            id: Identifier.make("job", time: time, random: random), clientReference: reference,
            fingerprint: old.fingerprint, userID: old.userID, owner: old.owner,
            recipe: old.recipe, sourceAssetID: old.sourceAssetID, createdAt: now.microseconds,
            machine: JobMachine(
                kind: old.kind, due: now.microseconds, deadline: (now + longest).microseconds))
        return try await queue([job])[0]
    }

    /// Each change of the named jobs, first their present state, until all have ended.
    /// - Throws: ``MediaError/jobNotFound(_:)``, ``MediaError/draining``, what `send` throws.
    nonisolated(nonsending) package func watchJobs(
        _ request: MediaAPI.GetJobsRequest, _ send: (MediaStore.JobView) async throws -> Void
    ) async throws {
        let views = try await jobs(request)
        let names = request.ids + request.clientReferences
        let known = Set(views.flatMap { [$0.job.id, $0.job.clientReference] })
        if let missing = names.first(where: { !known.contains($0) }) {
            throw MediaError.jobNotFound(missing)
        }
        let watch = feed.watch(Set(views.map(\.job.id)))
        defer { feed.end(watch) }
        var open = Set(views.map(\.job.id))
        while !open.isEmpty {
            let changed = await watch.next().intersection(open)
            try Task.checkCancellation()
            guard !feed.isClosed else { throw MediaError.draining }
            for view in try await library.store.views(ids: changed.sorted()) {
                try await send(view)
                if view.job.machine.phase.isTerminal { open.remove(view.job.id) }
            }
        }
    }
}
