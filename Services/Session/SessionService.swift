package import RPC
internal import ServiceAPI
package import ServiceRuntime
package import Storage

/// The flow of convergence sessions, the journal of every command and what serves them.
///
/// ```swift
/// let service = try await SessionService.open(configuration, credits: …, prompt: …, media: …)
/// async let working: Void = service.run()
/// ```
package final class SessionService: Sendable {
    package let handler: SessionHandler
    private let database: Database
    private let runner: SagaRunner
    private let caretaker: Caretaker

    private init(
        handler: SessionHandler, database: Database, runner: SagaRunner, caretaker: Caretaker
    ) {
        self.handler = handler
        self.database = database
        self.runner = runner
        self.caretaker = caretaker
    }

    /// Opens the store and brings it to the newest schema. Nothing is worked on before ``run()``.
    ///
    /// - Throws: Why the service cannot start, in one line.
    package static func open(
        _ configuration: SessionConfiguration, credits: Channel, prompt: Channel, media: Channel,
        time: any TimeSource = SystemTime(), random: RandomSource = .system,
        metrics: Metrics = Metrics(), logger: Logger = .silent,
        options: DatabaseOptions = DatabaseOptions(), mutant: Mutant? = nil
    ) async throws -> SessionService {
        let time = SteadyTime(time)
        var options = options
        options.mutant = mutant
        let database = try await Database.open(
            configuration.store, migrations: Journal.migrations, options: options)
        let peers = Peers(
            credits: CreditsAPI.Client(credits), prompt: PromptAPI.Client(prompt),
            media: MediaAPI.Client(media))
        let journal = Journal(database: database, time: time)
        let catalogue = Catalogue(peers: peers, configuration: configuration, time: time)
        let runner = SagaRunner(
            journal: journal, peers: peers, catalogue: catalogue, configuration: configuration,
            time: time, random: random, logger: logger, metrics: SagaMetrics(metrics),
            mutant: mutant)
        let handler = SessionHandler(
            journal: journal, runner: runner, catalogue: catalogue, peers: peers,
            configuration: configuration, time: time, random: random)
        let caretaker = Caretaker(
            journal: journal, runner: runner, peers: peers, configuration: configuration,
            time: time, logger: logger)
        return SessionService(
            handler: handler, database: database, runner: runner, caretaker: caretaker)
    }

    /// What a server needs to serve it.
    package var methods: [MethodHandler] { SessionAPI.methods(handler) }

    /// Works off the journal and looks after the store until the task is cancelled. What is under
    /// way then goes on when a service runs on the same store again.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.runner.run() }
            group.addTask { await self.caretaker.run() }
        }
    }

    /// Abandons sessions whose time is over and deletes old rows, as happens from time to time.
    package func sweep() async throws { try await caretaker.sweep() }

    /// Compares overdue holds with the journal, as happens from time to time.
    package func reconcile() async throws { try await caretaker.reconcile() }

    /// Tells media which assets are in use, as happens each second.
    package func tellReferences() async throws { try await caretaker.tellReferences() }

    /// Ends the streams of watchers and the waits of callers; call it before closing.
    package func endWaits() { handler.journal.bell.close() }

    /// Answers when the store can be written.
    package func probe() async throws { _ = try await handler.journal.counts() }

    /// Closes the store; later calls fail.
    package func close() { database.close() }
}

extension SagaMetrics {
    init(_ metrics: Metrics) {
        let name = "session_operations_total"
        let help = "Operations that ended."
        succeeded = metrics.counter(name, help: help, labels: ["state": "succeeded"])
        failed = metrics.counter(name, help: help, labels: ["state": "failed"])
        cancelled = metrics.counter(name, help: help, labels: ["state": "cancelled"])
        seconds = metrics.histogram(
            "session_operation_seconds", help: "From taking up to the end.")
        lateLossU4 = metrics.counter(
            "session_late_loss_u4_total",
            help: "Delivered but not charged, in 1/10,000 credit.")
    }
}
