package import RPC
internal import HTTPOutbound
internal import ServiceAPI
package import ServiceRuntime
package import Storage

/// The ledger, its sweeper and what serves it.
///
/// ```swift
/// let service = try await CreditsService.open(configuration)
/// let server = Server(identity: identity, methods: service.methods, loops: loops)
/// async let sweeping: Void = service.run()
/// ```
package final class CreditsService: Sendable {
    package let handler: CreditsHandler
    package let paymentsHandler: PaymentsHandler
    private let store: CreditsStore
    private let sweeper: HoldSweeper
    private let paymentSweeper: PaymentSweeper
    /// To the payment provider; nil for the sandbox.
    private let outbound: HTTPClient?

    private init(
        handler: CreditsHandler, store: CreditsStore, sweeper: HoldSweeper, payments: Payments,
        outbound: HTTPClient?
    ) {
        self.handler = handler
        self.store = store
        self.sweeper = sweeper
        self.outbound = outbound
        paymentsHandler = PaymentsHandler(payments: payments, ledger: handler)
        paymentSweeper = PaymentSweeper(payments: payments)
    }

    /// Opens the store, brings it to the newest schema and publishes the prices.
    ///
    /// - Parameters:
    ///   - editions: The prices, in place of those of the product.
    ///   - exchange: Answers what is asked of the payment provider, in place of its server.
    /// - Throws: Why the service cannot start, in one line.
    package static func open(
        _ configuration: CreditsConfiguration, time: any TimeSource = SystemTime(),
        metrics: Metrics = Metrics(), logger: Logger = .silent,
        options: DatabaseOptions = DatabaseOptions(),
        editions: [PriceEdition] = PriceEdition.all, exchange: PaymentExchange? = nil,
        random: RandomSource = .system, mutant: Mutant? = nil
    ) async throws -> CreditsService {
        var options = options
        options.mutant = mutant
        let store = try await CreditsStore.open(
            configuration.store, editions: editions,
            creditValueU6: Int64(configuration.creditValueMicrodollars),
            grace: configuration.expiryGrace, time: time, options: options)
        let counters = CreditsMetrics(metrics)
        let handler = CreditsHandler(
            store: store, configuration: configuration, metrics: counters, logger: logger)
        let sweeper = HoldSweeper(
            store: store, interval: configuration.sweepInterval, time: time, metrics: counters,
            logger: logger)
        let isOutbound = configuration.payments.provider == .stripe && exchange == nil
        let outbound = isOutbound ? HTTPClient(connectionsMax: 8) : nil
        let payments = Payments(
            store: store,
            provider: provider(
                configuration.payments, store, exchange ?? outbound.map(Self.exchange(of:)), time,
                random),
            settings: configuration.payments, time: time, metrics: PaymentMetrics(metrics),
            logger: logger)
        return CreditsService(
            handler: handler, store: store, sweeper: sweeper, payments: payments,
            outbound: outbound)
    }

    private static func exchange(of client: HTTPClient) -> PaymentExchange {
        { request async throws(HTTPClientError) in try await client.send(request) }
    }

    private static func provider(
        _ settings: PaymentConfiguration, _ store: CreditsStore, _ exchange: PaymentExchange?,
        _ time: any TimeSource, _ random: RandomSource
    ) -> any PaymentProvider {
        guard settings.provider == .stripe, let exchange else {
            return SandboxProvider(store: store)
        }
        let api = StripeAPI(
            exchange: exchange, settings: settings.stripe, time: time, random: random)
        return StripeProvider(settings: settings.stripe, site: settings.publicURL, api: api)
    }

    /// The schema of the store, for tests and tools that look at the file.
    package static var schema: [Migration] { Migrations.all }

    /// What a server needs to serve it.
    package var methods: [MethodHandler] {
        CreditsAPI.methods(handler) + CreditsAdminAPI.methods(admin)
            + PaymentsAPI.methods(paymentsHandler)
    }

    package var admin: CreditsAdminHandler { CreditsAdminHandler(credits: handler) }

    /// Sweeps until the task is cancelled.
    package func run() async {
        async let payments: Void = paymentSweeper.run()
        await sweeper.run()
        await payments
    }

    /// Ends the leases that are over now, as the sweeper does from time to time.
    package func sweep() async { await sweeper.sweep() }

    /// Looks after payments that nobody told about, as the sweeper does from time to time.
    package func sweepPayments() async { await paymentSweeper.sweep() }

    /// Ends the streams of watchers, so that a server can drain.
    package func endStreams() { store.watchers.close() }

    /// Writes a little to the store and waits for the disk.
    ///
    /// - Throws: Why it could not.
    package func probe() async throws { try await store.database.probe() }

    /// Ends the streams of watchers, finishes the writes that wait and closes the store.
    package func close() {
        endStreams()
        outbound?.stop()
        store.database.close()
    }

    /// How many writes shared how many flushes; for benchmarks and metrics.
    package var storeStatistics: (commits: UInt64, writes: UInt64) {
        let statistics = store.database.statistics
        return (statistics.commits, statistics.writes)
    }
}
