internal import HTTP
internal import RPC
internal import ServiceAPI
internal import ServiceRuntime

/// A service with its listeners, started and stopped in order.
actor ServedProcess {
    private let name: String
    private let common: CommonSettings
    private let environment: ServiceEnvironment
    private var service: RunningService?
    private var server: Server?
    private var metricsServer: HTTPServer?
    private var isDraining = false

    init(name: String, common: CommonSettings, environment: ServiceEnvironment) {
        self.name = name
        self.common = common
        self.environment = environment
    }

    /// Store and background work first, then the address: who can connect can be served.
    func start(
        _ startService: @Sendable (ServiceEnvironment) async throws -> RunningService
    ) async throws {
        let service = try await startService(environment)
        self.service = service
        var address = service.address
        if !service.methods.isEmpty {
            let server = Server(
                identity: environment.identity,
                methods: service.methods + HealthAPI.methods(HealthHandler(process: self)),
                loops: environment.loops)
            address = try server.listen(on: common.listen)
            self.server = server
        }
        if let metricsListen = common.metricsListen {
            metricsServer = try await HTTPServer(
                listen: metricsListen, loop: environment.loops[0],
                responder: OperationsResponder(process: self, metrics: environment.metrics))
        }
        announce(address)
    }

    /// One line on stdout says that the service is ready, and where.
    private func announce(_ address: SocketAddress?) {
        let address = address?.description ?? ""
        let metrics = metricsServer?.address.description ?? ""
        environment.logger.info(
            "process.ready", "",
            ["address": .text(address), "metrics": .text(metrics)])
        writeLine(
            "{\"ready\":\(jsonText(name)),\"address\":\(jsonText(address)),"
                + "\"metrics\":\(jsonText(metrics))}", to: 1)
    }

    /// Not ready, no new calls, calls in flight end, background work ends, stores close.
    func stop() async {
        isDraining = true
        // At the same time: calls that stream what the service does end when the service drains.
        let server = server
        async let drained: Void? = server?.drain()
        await service?.drain()
        _ = await drained
        await service?.stop()
        await metricsServer?.drain(timeout: .seconds(1))
    }

    func readiness() async -> [HealthAPI.Reason] {
        guard let service else {
            return [HealthAPI.Reason(name: "start", isOk: false, detail: "Still starting.")]
        }
        var reasons = await service.readiness()
        if isDraining {
            reasons.append(
                HealthAPI.Reason(name: "drain", isOk: false, detail: "Shutting down."))
        }
        return reasons
    }
}

/// Answers the health check of the RPC server.
private struct HealthHandler: HealthAPI.Handler {
    let process: ServedProcess

    func check(
        _ request: HealthAPI.CheckRequest, _ context: CallContext
    ) async throws(RPCError) -> HealthAPI.CheckReply {
        let reasons = await process.readiness()
        return HealthAPI.CheckReply(
            isReady: reasons.allSatisfy(\.isOk), service: "", version: convergenceVersion,
            reasons: reasons)
    }
}

/// Serves /metrics and health for operators.
private struct OperationsResponder: HTTPResponder {
    let process: ServedProcess
    let metrics: Metrics

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        switch request.path {
        case "/metrics":
            return .text(
                metrics.text(), contentType: "text/plain; version=0.0.4; charset=utf-8")
        case "/health/live":
            return .text("{\"live\":true}\n", contentType: "application/json")
        case "/health/ready":
            let reasons = await process.readiness()
            let isReady = reasons.allSatisfy(\.isOk)
            let checks = reasons.map {
                "{\"name\":\(jsonText($0.name)),\"ok\":\($0.isOk),\"detail\":\(jsonText($0.detail))}"
            }
            return .text(
                "{\"ready\":\(isReady),\"checks\":[\(checks.joined(separator: ","))]}\n",
                status: isReady ? 200 : 503, contentType: "application/json")
        default:
            return .text("not found\n", status: 404)
        }
    }
}
