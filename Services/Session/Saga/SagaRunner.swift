internal import RPC
internal import ServiceAPI
internal import ServiceRuntime
internal import Storage

/// Works off the journal: each running operation is one task that goes from stage to stage.
///
/// Every stage is written before the next one begins and is safe to repeat, so that a process that
/// is stopped at any point goes on where it was.
final class SagaRunner: Sendable {
    let journal: Journal
    let peers: Peers
    let catalogue: Catalogue
    let configuration: SessionConfiguration
    let time: any TimeSource
    let random: RandomSource
    let logger: Logger
    let metrics: SagaMetrics
    /// A defect that a test plants.
    let mutant: Mutant?

    private struct State {
        var working: [String: TakenUp] = [:]
        /// Why operations were refused, for those who wait to hear; the oldest are forgotten.
        var refusals: [String: RPCError] = [:]
        var refusalOrder: [String] = []
    }

    /// When this process began with an operation, and how old it was then.
    private struct TakenUp {
        var at: Instant
        var age: Duration
    }

    private let state = Lock(State())
    private let queue: AsyncStream<Operation>
    private let submissions: AsyncStream<Operation>.Continuation
    private static let refusalsKept = 1_000

    init(
        journal: Journal, peers: Peers, catalogue: Catalogue,
        configuration: SessionConfiguration, time: any TimeSource, random: RandomSource,
        logger: Logger, metrics: SagaMetrics, mutant: Mutant? = nil
    ) {
        self.mutant = mutant
        self.journal = journal
        self.peers = peers
        self.catalogue = catalogue
        self.configuration = configuration
        self.time = time
        self.random = random
        self.logger = logger
        self.metrics = metrics
        (queue, submissions) = AsyncStream.makeStream(of: Operation.self)
    }

    /// Whether one more operation may be accepted.
    var hasRoom: Bool { state.withLock { $0.working.count < configuration.runningMax } }

    func isWorking(on id: String) -> Bool { state.withLock { $0.working[id] != nil } }

    /// Takes up an operation; one that is at work already is left alone.
    func submit(_ operation: Operation) {
        guard operation.state == .running else { return }
        // What passed before this process is known by the wall clock alone, which may have been set:
        // half of its time is left in any case.
        let age = Duration.microseconds(time.now.microseconds - operation.createdAtUs)
        let taken = TakenUp(
            at: time.instant, age: min(max(.zero, age), limit(of: operation) / 2))
        let isNew = state.withLock { state in
            guard state.working[operation.id] == nil else { return false }
            state.working[operation.id] = taken
            return true
        }
        if isNew { submissions.yield(operation) }
    }

    /// How long an operation has been at work; a wall clock that is set changes nothing of it.
    func age(of operation: Operation) -> Duration {
        let taken = state.withLock { $0.working[operation.id] }
        return taken.map { $0.age + (time.instant - $0.at) } ?? .zero
    }

    /// Takes up everything that an earlier process left, then works until the task is cancelled.
    func run() async {
        await resume()
        await withDiscardingTaskGroup { group in
            for await operation in queue {
                group.addTask { await self.work(on: operation) }
            }
            group.cancelAll()
        }
    }

    /// Takes up running operations that nobody works on.
    func resume() async {
        do {
            for operation in try await journal.runningOperations(limit: configuration.runningMax) {
                submit(operation)
            }
        } catch {
            logger.error("resume_failed", "\(error)")
        }
    }

    // MARK: Waiting for an operation

    /// Returns once an operation has its credits and its session, or has ended.
    /// - Throws: Why it was refused; then it is forgotten and its key may be used again.
    func accepted(_ operation: Operation) async throws -> Operation {
        try await waited(for: operation) { $0.stage > .open || $0.state != .running }
    }

    /// Returns once an operation has ended.
    func ended(_ operation: Operation) async throws -> Operation {
        try await waited(for: operation) { $0.state != .running }
    }

    private func waited(
        for operation: Operation, until isReached: (Operation) -> Bool
    ) async throws -> Operation {
        if isReached(operation) { return operation }
        let listener = journal.bell.listen(to: Journal.topic(operation: operation.id))
        defer { listener.stop() }
        while true {
            // A refusal counts once its row is gone: until then a restart would take it up again.
            guard let current = try await journal.operation(operation.id) else {
                throw state.withLock { $0.refusals[operation.id] }
                    ?? RPCError(SessionError.operationNotFound(operation.id))
            }
            if isReached(current) { return current }
            guard await listener.ringing() else {
                throw Task.isCancelled ? RPCError.cancelled : RPCError.draining
            }
        }
    }

    // MARK: Working

    private func work(on submitted: Operation) async {
        var operation = submitted
        let log = logger.with([
            "operation": .text(operation.id), "kind": .text(operation.kind.rawValue),
        ])
        let began = time.instant
        defer { state.withLock { $0.working[operation.id] = nil } }
        var backoff = Backoff()
        // It may have ended between being read and being taken up.
        var isCurrent = false
        var hasFailed = false
        while operation.state == .running {
            do {
                if !isCurrent {
                    guard let stored = try await journal.operation(operation.id) else { return }
                    operation = stored
                    isCurrent = true
                    // What was written in spite of a failure has not been told yet.
                    if hasFailed { journal.ring(operation) }
                    continue
                }
                operation = try await step(operation)
                backoff = Backoff()
            } catch let refusal as Refusal {
                await refuse(operation, refusal.error)
                return
            } catch {
                if Task.isCancelled { return }
                log.warning("stage_failed", "\(operation.stage): \(error)")
                do {
                    try await time.sleep(for: backoff.next(random))
                } catch {
                    return
                }
                // The store is the truth: what failed may have been written.
                isCurrent = false
                hasFailed = true
            }
        }
        metrics.ended(operation, after: time.instant - began)
        log.info(
            "operation_ended", "",
            [
                "state": .text("\(operation.state)"),
                "charged_u4": .integer(operation.captureU4),
            ])
    }

    /// One stage: does it, writes that it is done.
    private func step(_ operation: Operation) async throws -> Operation {
        if operation.stage > .hold, operation.stage < .apply, operation.stage != .watch,
            let stopped = try await stopped(operation)
        {
            return stopped
        }
        switch operation.stage {
        case .hold: return try await hold(operation)
        case .open: return try await open(operation)
        case .prepare: return try await prepare(operation)
        case .submit: return try await submitJobs(operation)
        case .watch: return try await watch(operation)
        case .apply: return try await apply(operation)
        case .settle, .ended: return try await settle(operation)
        }
    }

    /// The operation on its way to its end when it was asked to stop; nil otherwise.
    private func stopped(_ operation: Operation) async throws -> Operation? {
        guard let stored = try await journal.operation(operation.id),
            stored.cancellation != .none
        else { return nil }
        var operation = operation
        operation.cancellation = stored.cancellation
        if operation.stage == .submit { try await cancelJobs(of: operation) }
        operation.handle(.stopped)
        try await journal.record(operation)
        return operation
    }

    /// Records an event and gives the operation after it.
    func advanced(
        _ operation: Operation, by event: Operation.Event
    ) async throws -> Operation {
        var operation = operation
        operation.handle(event)
        try await journal.record(operation)
        return operation
    }

    private func apply(_ operation: Operation) async throws -> Operation {
        let machine = try await catalogue.library().machine
        let now = time.now.microseconds
        return try await journal.conclude(operation) { operation, session in
            machine.conclude(operation, on: session, nowUs: now)
        }
    }

    /// An operation that came to nothing before anything was set aside.
    private func refuse(_ operation: Operation, _ error: RPCError) async {
        state.withLock { state in
            state.refusals[operation.id] = error
            state.refusalOrder.append(operation.id)
            if state.refusalOrder.count > Self.refusalsKept {
                state.refusals[state.refusalOrder.removeFirst()] = nil
            }
        }
        var backoff = Backoff()
        while !Task.isCancelled {
            do {
                return try await journal.refuse(operation)
            } catch {
                logger.error("refusal_not_written", "\(error)")
            }
            try? await time.sleep(for: backoff.next(random))
        }
    }

    /// Thrown by the first stage: nothing was held.
    struct Refusal: Error {
        var error: RPCError
    }
}

/// Growing waits between tries: 0.1 s, doubled up to 5 s, each shortened at random.
private struct Backoff {
    private var delay = Duration.milliseconds(100)

    mutating func next(_ random: RandomSource) -> Duration {
        let wait = delay / 2 + random.jitter(delay / 2)
        delay = min(delay * 2, .seconds(5))
        return wait
    }
}
