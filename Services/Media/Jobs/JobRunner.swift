internal import RPC
internal import ServiceRuntime
internal import Storage

/// Works on jobs: claims them, lets providers make what they ask for, stores the results.
///
/// Everything that is written names the epoch of the lease it was written under. A worker that has
/// lost its lease finds that none of its writes counts, and stops.
final class JobRunner: Sendable {
    struct Settings: Sendable {
        var limits = JobLimits()
        /// How long one try may take.
        var imageTimeout = Duration.seconds(120)
        var videoTimeout = Duration.seconds(600)
        /// How often leases are renewed and overdue jobs looked for.
        var heartbeat = Duration.seconds(5)
        /// A worker that could not renew for so long gives up its jobs.
        var renewalGrace = Duration.seconds(10)
    }

    private struct State {
        var running: [String: RunningAttempt] = [:]
        var counts: [JobKind: Int] = [:]
        /// Leases that are ours in the store and of no running try, since the last heartbeat.
        var strays: Set<MediaStore.Lease> = []
        var isDraining = false
    }

    private let store: MediaStore
    private let library: AssetLibrary
    private let maker: JobMaker
    private let feed: JobFeed
    private let settings: Settings
    private let time: any TimeSource
    private let random: RandomSource
    private let logger: Logger
    private let metrics: MediaMetrics
    private let faults: MediaFaults
    /// Names this process in leases.
    private let worker: String
    private let bells: [JobKind: Doorbell]
    private let stopBell = Doorbell()
    private let state = Lock(State())

    init(
        library: AssetLibrary, providers: Providers, feed: JobFeed, settings: Settings,
        logger: Logger, metrics: MediaMetrics
    ) {
        store = library.store
        self.library = library
        maker = JobMaker(providers: providers, library: library)
        self.feed = feed
        self.settings = settings
        time = library.time
        random = library.random
        self.logger = logger
        self.metrics = metrics
        faults = library.faults
        worker = Identifier.make("wrk", time: library.time, random: library.random)
        bells = [.image: Doorbell(), .video: Doorbell()]
    }

    // MARK: Life

    /// Puts back what a process that has ended was working on. Before ``run()``.
    ///
    /// The store is this process's alone, so every lease in it belongs to a process that is gone.
    func recover() async throws -> Int {
        let (expired, _) = try await store.overdue(leasesBefore: .max, limit: 100_000)
        for id in expired { try await store.apply(.leaseExpired, to: id) }
        try await store.pullForward()
        return expired.count
    }

    /// Works until ``drain()``, or until the task is cancelled: then everything is dropped as it is.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.beat() }
            await withDiscardingTaskGroup { workers in
                for kind in JobKind.allCases {
                    workers.addTask { await self.serve(kind) }
                }
            }
            group.cancelAll()
        }
    }

    /// Claims nothing more, hands back what is not yet being stored, and lets ``run()`` return when
    /// the rest is stored.
    func drain() {
        let attempts = state.withLock { state in
            state.isDraining = true
            return Array(state.running.values)
        }
        for attempt in attempts where !attempt.isStoring { attempt.stop(.draining) }
        for bell in bells.values { bell.ring() }
    }

    /// Looks for work of a kind at once.
    func wake(_ kind: JobKind) { bells[kind]?.ring() }

    /// Stops the try of a job whose owner has cancelled it, if it runs here.
    func cancel(_ id: String) {
        state.withLock { $0.running[id] }?.stop(.cancelled)
    }

    var runningCount: Int { state.withLock { $0.running.count } }

    // MARK: Claims

    private func serve(_ kind: JobKind) async {
        guard let bell = bells[kind] else { return }
        let concurrency = maker.provider(of: kind).concurrency
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled, !isDraining {
                guard state.withLock({ $0.counts[kind, default: 0] }) < concurrency else {
                    await bell.wait()
                    continue
                }
                do {
                    if let job = try await claim(kind) {
                        group.addTask {
                            await self.work(on: job)
                            self.state.withLock { $0.counts[kind, default: 0] -= 1 }
                            bell.ring()
                        }
                    } else {
                        let due = try await store.nextDue(kind)
                        let delay = due.map { Duration.microseconds($0 - time.now.microseconds) }
                        await bell.wait(atMost: delay, time)
                    }
                } catch {
                    // The store does not answer: nothing is claimed for a while.
                    logger.error("job.claim_failed", "\(error)")
                    await bell.wait(atMost: .seconds(1), time)
                }
            }
        }
    }

    private var isDraining: Bool { state.withLock { $0.isDraining } }

    private func claim(_ kind: JobKind) async throws -> JobRecord? {
        guard
            let job = try await store.claim(kind, worker: worker, limits: settings.limits)
        else { return nil }
        state.withLock { state in
            state.counts[kind, default: 0] += 1
            state.running[job.id] = RunningAttempt(id: job.id, epoch: job.machine.epoch)
        }
        metrics.queueSeconds.observe(
            Duration.microseconds(time.now.microseconds - job.machine.due).seconds)
        return job
    }

    // MARK: Work

    private func work(on job: JobRecord) async {
        guard let attempt = state.withLock({ $0.running[job.id] }) else { return }
        let began = time.instant
        feed.changed(job.id)
        if isDraining { attempt.stop(.draining) }
        do {
            try await perform(job, attempt)
            metrics.finished(job.kind, "done", (time.instant - began).seconds)
        } catch {
            await failed(job, attempt, error)
        }
        state.withLock { state in
            if state.running[job.id] === attempt { state.running[job.id] = nil }
        }
        feed.forgetProgress(of: job.id)
        feed.changed(job.id)
    }

    /// The lease is another's; nothing more is written.
    private struct LostLease: Error {}

    private func perform(_ job: JobRecord, _ attempt: RunningAttempt) async throws {
        let epoch = job.machine.epoch
        let provider = maker.provider(of: job.kind).model
        try faults.pass(.claimed)
        try await advance(job.id, .submitted(epoch: epoch)) { $0.provider = provider }
        try faults.pass(.submitted)
        let assets = try await make(job, attempt)
        try faults.pass(.generated)
        attempt.beginStoring()
        try await advance(job.id, .storing(epoch: epoch))
        try faults.pass(.storing)
        let outcome = try await library.keep(assets) { records in
            try await self.store.complete(
                job.id, epoch: epoch, assets: records, result: records[0].id)
        }
        try faults.pass(.stored)
        guard outcome?.action == .save else { throw LostLease() }
    }

    private func make(_ job: JobRecord, _ attempt: RunningAttempt) async throws -> [NewAsset] {
        let timeout = job.kind == .image ? settings.imageTimeout : settings.videoTimeout
        let left = Duration.microseconds(job.machine.deadline - time.now.microseconds)
        let maker = maker
        return try await attempt.run(timeout: max(.zero, min(timeout, left)), time) {
            try await maker.make(job) { self.attempt(of: job, by: $0) }
        }
    }

    /// What a provider sees of a try. Its name for the work is kept with its own, so that no other
    /// provider ever takes it for its own.
    private func attempt(of job: JobRecord, by provider: ProviderIdentity) -> Attempt {
        let (id, epoch) = (job.id, job.machine.epoch)
        let mark = provider.id + "/"
        let known = job.providerReference.flatMap { reference in
            reference.hasPrefix(mark) ? String(reference.dropFirst(mark.count)) : nil
        }
        return Attempt(
            key: id, number: job.machine.failures + 1, providerReference: known,
            save: { [store] reference in
                guard
                    try await store.saveProviderReference(mark + reference, of: id, epoch: epoch)
                else { throw CancellationError() }
            },
            report: { [feed] share in feed.progress(id, share) })
    }

    private func advance(
        _ id: String, _ event: JobMachine.Event,
        change: @escaping @Sendable (inout JobRecord) -> Void = { _ in }
    ) async throws {
        let outcome = try await store.apply(event, to: id, change: change)
        guard let outcome, outcome.action == .save else { throw LostLease() }
        feed.changed(id)
    }

    private func failed(
        _ job: JobRecord, _ attempt: RunningAttempt, _ error: any Error
    ) async {
        guard let event = event(job, attempt, error) else { return }
        do {
            guard let outcome = try await store.apply(event, to: job.id) else { return }
            let phase = outcome.job.machine.phase
            logger.info(
                "job.attempt_ended", "",
                [
                    "job": .text(job.id), "phase": .text(phase.rawValue),
                    "code": .text(outcome.job.machine.error?.code ?? ""),
                    "claims": LogValue(outcome.job.machine.claims),
                ])
            if phase.isTerminal { metrics.finished(job.kind, phase.rawValue, 0) }
            if outcome.action == .saveAndWake { wake(job.kind) }
        } catch {
            // The row stays leased; the heartbeat finds it and puts it back.
            logger.error("job.save_failed", "\(error)", ["job": .text(job.id)])
        }
    }

    /// What a try's end means for its job; nil when nothing may be written.
    private func event(
        _ job: JobRecord, _ attempt: RunningAttempt, _ error: any Error
    ) -> JobMachine.Event? {
        let epoch = job.machine.epoch
        func failure(_ failure: JobFailure) -> JobMachine.Event {
            .attemptFailed(epoch: epoch, failure, unit: random.unit())
        }
        switch error {
        case is MediaFaults.Crash:
            return nil
        case is LostLease:
            metrics.leasesLost.increment()
            return nil
        case let stopped as RunningAttempt.Stopped:
            switch stopped.reason {
            case .cancelled: return .stopped(epoch: epoch)
            case .draining: return .handedBack(epoch: epoch)
            case .lost:
                metrics.leasesLost.increment()
                return nil
            case .timeout:
                return failure(
                    JobFailure(
                        .transient, code: "PROVIDER_TIMEOUT", message: "The work took too long."))
            }
        case let known as JobFailure:
            return failure(known)
        case is CancellationError:
            return nil
        case BlobError.full, StorageError.full:
            return failure(
                JobFailure(
                    .throttled, code: "STORAGE_LOW", message: "There is too little space left."))
        case is BlobError, is StorageError, is WorkerPool.Overloaded:
            logger.error("job.store_failed", "\(error)", ["job": .text(job.id)])
            return failure(
                JobFailure(.transient, code: "UNAVAILABLE", message: "Storing failed."))
        case let refused as MediaError:
            return failure(
                JobFailure(
                    .permanent, code: RPCError(refused).domainCode,
                    message: RPCError(refused).message))
        default:
            logger.error("job.defect", "\(error)", ["job": .text(job.id)])
            return failure(
                JobFailure(.bug, code: "INTERNAL", message: "Something went wrong."))
        }
    }

    // MARK: Heartbeat

    private func beat() async {
        var renewed = time.instant
        while true {
            do {
                try await time.sleep(for: settings.heartbeat)
            } catch {
                return
            }
            do {
                try await renewLeases()
                renewed = time.instant
                try await sweep()
            } catch {
                logger.error("job.heartbeat_failed", "\(error)")
                if time.instant - renewed >= settings.renewalGrace {
                    let running = state.withLock { Array($0.running.values) }
                    for attempt in running.sorted(by: { $0.id < $1.id }) {
                        attempt.stop(.lost)
                    }
                }
            }
        }
    }

    /// Renews every lease of this worker in one write, and learns which it has lost.
    func renewLeases() async throws {
        let before = state.withLock { $0 }
        guard !before.running.isEmpty || !before.strays.isEmpty else { return }
        let leases = try await store.renew(worker: worker)
        let (strays, lost) = state.withLock { state -> (Set<MediaStore.Lease>, [RunningAttempt]) in
            let held = Dictionary(leases.map { ($0.id, $0) }) { first, _ in first }
            let lost = before.running.values.filter { attempt in
                state.running[attempt.id] === attempt && held[attempt.id]?.epoch != attempt.epoch
            }
            let stray = Set(leases.filter { state.running[$0.id]?.epoch != $0.epoch })
            // A job that was claimed a moment ago may not have its try yet; look twice.
            let sure = stray.intersection(state.strays)
            state.strays = stray.subtracting(sure)
            return (sure, lost)
        }
        for attempt in lost.sorted(by: { $0.id < $1.id }) { attempt.stop(.lost) }
        for lease in leases where lease.isCancelRequested { cancel(lease.id) }
        for lease in strays.sorted(by: { $0.id < $1.id }) {
            try await store.apply(.leaseExpired, to: lease.id)
            feed.changed(lease.id)
        }
        if !strays.isEmpty { for kind in JobKind.allCases { wake(kind) } }
    }

    /// Takes jobs from workers that are gone and ends those that are out of time.
    func sweep() async throws {
        let now = time.now.microseconds
        let (expired, late) = try await store.overdue(leasesBefore: now, limit: 100)
        for id in expired {
            try await store.apply(.leaseExpired, to: id)
            feed.changed(id)
        }
        for id in late {
            let outcome = try await store.apply(.deadlinePassed, to: id)
            if outcome?.action == .saveAndStopWorker {
                state.withLock { $0.running[id] }?.stop(.lost)
            }
            feed.changed(id)
        }
        if !expired.isEmpty { for kind in JobKind.allCases { wake(kind) } }
    }
}
