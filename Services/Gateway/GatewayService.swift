internal import HTTP
internal import HTTPOutbound
internal import RPC
package import ServiceAPI
package import ServiceRuntime
internal import Storage

/// The public API and its page, over the five services behind it.
package final class GatewayService: Sendable {
    private let server: HTTPServer
    private let database: Database
    private let health: HealthChecks
    private let passwords: WorkerPool
    private let sweeper: Task<Void, Never>
    private let configuration: GatewayConfiguration
    /// For the keys of issuers; nil without any.
    private let outbound: HTTPClient?

    /// Where it listens.
    package var address: SocketAddress { server.address }

    /// Opens the store and listens.
    /// - Parameter loop: Runs the HTTP server; the channels of `backends` live on it as well, so
    ///   that a request changes no thread on its way through.
    package init(
        configuration: GatewayConfiguration, listen: SocketAddress, backends: Backends,
        loop: EventLoop, time: any TimeSource, random: RandomSource, logger: Logger,
        metrics: Metrics
    ) async throws {
        self.configuration = configuration
        var options = DatabaseOptions()
        options.name = "gateway"
        database = try await Database.open(
            configuration.store, migrations: GatewayStore.migrations, options: options)
        let store = GatewayStore(database: database, time: time)
        health = HealthChecks(backends: backends, store: store)
        passwords = WorkerPool(threads: 1, name: "passwords", queuedMax: 64)
        let outbound = configuration.issuers.isEmpty ? nil : HTTPClient(connectionsMax: 4)
        self.outbound = outbound
        let authentication = Authentication(
            store: store,
            external: ExternalIdentity(
                issuers: configuration.issuers, client: outbound, store: store,
                backends: backends, time: time, logger: logger))
        let rateLimits = RateLimits(
            isOn: configuration.hasRateLimits, limits: configuration.rateLimits, time: time)
        let links = SignedLinks(secret: try await store.secret("links"), time: time)
        let tools = RouteTools(
            backends: backends, store: store, links: links, configuration: configuration,
            time: time, random: random, passwords: passwords, authentication: authentication,
            rateLimits: rateLimits, logger: logger)
        let studio = StudioFiles(directory: configuration.web)
        let router = Router(Self.routes(tools, health, studio))
        let handler = GatewayHandler(
            router: router, configuration: configuration, authentication: authentication,
            idempotency: IdempotencyKeys(
                store: store, secret: try await store.secret("idempotency"),
                kept: configuration.idempotencyKept),
            links: links, rateLimits: rateLimits, requestIDs: RequestIDs(random: random),
            crossOrigin: CrossOrigin(origins: Set(configuration.corsOrigins)), logger: logger,
            time: time, random: random, metrics: RequestMetrics(metrics, routes: router.routes))
        var limits = HTTPServerLimits()
        limits.connectionsMax = configuration.connectionsMax
        limits.connectionsPerAddressMax = configuration.connectionsPerAddressMax
        server = try await HTTPServer(
            listen: listen, loop: loop, limits: limits, responder: handler)
        sweeper = Task {
            while (try? await time.sleep(for: .seconds(600))) != nil {
                do {
                    try await store.sweep(idempotencyKept: configuration.idempotencyKept)
                } catch {
                    logger.warning("sweep.failed", "", ["cause": .text("\(error)")])
                }
            }
        }
    }

    /// Every route there is: the document, the page and the router all come from this list.
    private static func routes(
        _ tools: RouteTools, _ health: HealthChecks, _ studio: StudioFiles
    ) -> [Route] {
        let resources =
            AuthRoutes(tools: tools).routes + APIKeyRoutes(tools: tools).routes
            + ConvergenceRoutes(tools: tools).routes + OperationRoutes(tools: tools).routes
            + GenerationRoutes(tools: tools).routes + CreationRoutes(tools: tools).routes
            + CreditRoutes(tools: tools).routes
            + CreditHistoryRoutes(tools: tools).routes + CreditLimitRoutes(tools: tools).routes
            + PaymentRoutes(tools: tools).routes
            + MediaRoutes(tools: tools).routes + EventRoutes(tools: tools).routes
        let documented = Lock<[Route]>([])
        let pages = PageRoutes(
            health: health, studio: studio,
            document: { OpenAPIDocument.make(documented.withLock { $0 }) })
        let all = resources + pages.routes
        documented.withLock { $0 = all }
        return all
    }

    /// Whether it is ready, with one reason for each check.
    package func readiness() async -> [HealthAPI.Reason] { await health.reasons() }

    /// Finishes what is in progress and stops listening.
    package func drain() async {
        health.beginDrain()
        await server.drain(timeout: configuration.drainTimeout)
    }

    /// Closes the store.
    package func stop() async {
        sweeper.cancel()
        await server.drain(timeout: .zero)
        passwords.stop()
        outbound?.stop()
        database.close()
    }
}
