internal import HTTP
internal import RPC
internal import ServiceAPI
internal import ServiceProcess
internal import ServiceRuntime

/// Pages, documents and health.
struct PageRoutes: Sendable {
    let health: HealthChecks
    let studio: StudioFiles
    /// Asked for when it is first needed: it is made from all routes, these among them.
    let document: @Sendable () -> JSONValue

    var routes: [Route] {
        [
            page("/status", "getStatusPage", "Whether each service is up.") {
                StatusPage.html(await health.services())
            },
            page("/docs", "getDocs", "This documentation as a page.") {
                DocsPage.html(document(), codes: Problem.publicCodes)
            },
            Route(
                method: "GET", template: "/page.css", operationID: "getPageStyle",
                summary: "The style of the pages.", tag: "Pages", access: .open, rate: .free,
                answers: [200: .bytes(["text/css"])]
            ) { _ in
                HTTPResponse(
                    status: 200,
                    headers: [
                        "Content-Type": "text/css; charset=utf-8",
                        "Cache-Control": "public, max-age=3600",
                    ], body: .bytes(Array(Page.style.utf8)))
            },
            Route(
                method: "GET", template: "/openapi.json", operationID: "getOpenAPI",
                summary: "The OpenAPI document.", tag: "Pages", access: .open, rate: .free,
                answers: [200: .bytes(["application/json"])]
            ) { _ in
                HTTPResponse(
                    status: 200, headers: ["Content-Type": "application/json"],
                    body: .bytes(document().bytes))
            },
            Route(
                method: "GET", template: "/health/live", operationID: "getLive",
                summary: "Whether the process runs.", tag: "Health", access: .open, rate: .free,
                answers: [200: .json("LiveAnswer")]
            ) { _ in
                jsonResponse {
                    $0.text("status", "live")
                    $0.text("version", convergenceVersion)
                }
            },
            Route(
                method: "GET", template: "/health/ready", operationID: "getReady",
                summary: "Whether requests can be served, with reasons.", tag: "Health",
                access: .open, rate: .free,
                answers: [200: .json("ReadyAnswer"), 503: .json("ReadyAnswer")]
            ) { _ in
                let checks = await health.reasons()
                let isReady = checks.allSatisfy(\.isOk)
                return jsonResponse(isReady ? 200 : 503) { object in
                    object.text("status", isReady ? "ready" : "not ready")
                    object.array("checks", checks) { writer, check in
                        writer.object {
                            $0.text("name", check.name)
                            $0.flag("ok", check.isOk)
                            $0.text("detail", check.detail)
                        }
                    }
                }
            },
        ] + studioPages + [studioFile]
    }

    /// Every address of the studio is the same page, which reads the address itself.
    private var studioPages: [Route] {
        [
            ("/", "getStudio"), ("/create", "getStudioCreate"), ("/studio", "getStudioEditor"),
            ("/generations", "getStudioGenerations"), ("/billing", "getStudioBilling"),
            ("/pricing", "getStudioPricing"),
        ].map { path, operationID in
            Route(
                method: "GET", template: path, operationID: operationID, summary: "The studio.",
                tag: "Pages", access: .open, rate: .free, answers: [200: .html]
            ) { context in
                studio.answer(
                    StudioFiles.pageName,
                    acceptEncoding: context.request.headers["Accept-Encoding"])
                    ?? Self.answer(UnbuiltPage.html)
            }
        }
    }

    private var studioFile: Route {
        Route(
            method: "GET", template: "/web/{name}", operationID: "getStudioFile",
            summary: "A script, a style or a notice of the studio.", tag: "Pages", access: .open,
            rate: .free, answers: [200: .bytes(["text/javascript", "text/css", "text/plain"])],
            problems: [404]
        ) { context in
            guard
                let answer = studio.answer(
                    context.parameters[0],
                    acceptEncoding: context.request.headers["Accept-Encoding"])
            else { throw Problem.notFound("such file") }
            return answer
        }
    }

    private func page(
        _ path: String, _ operationID: String, _ summary: String,
        _ html: @escaping @Sendable () async -> String
    ) -> Route {
        Route(
            method: "GET", template: path, operationID: operationID, summary: summary,
            tag: "Pages", access: .open, rate: .free, answers: [200: .html]
        ) { _ in Self.answer(await html()) }
    }

    private static func answer(_ html: String) -> HTTPResponse {
        HTTPResponse(
            status: 200,
            headers: [
                "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache",
                "Content-Security-Policy": Page.contentSecurityPolicy,
                "Referrer-Policy": "no-referrer",
            ], body: .bytes(Array(html.utf8)))
    }
}

/// Whether this service and those behind it can do their work.
struct HealthChecks: Sendable {
    let backends: Backends
    let store: GatewayStore
    private let draining = Lock(false)

    init(backends: Backends, store: GatewayStore) {
        self.backends = backends
        self.store = store
    }

    func beginDrain() { draining.withLock { $0 = true } }

    /// The store and every service; the gateway can refuse politely without any one of them, but it
    /// is not ready.
    func reasons() async -> [HealthAPI.Reason] {
        var reasons: [HealthAPI.Reason] = []
        do {
            try await store.probe()
            reasons.append(.init(name: "store", isOk: true))
        } catch {
            reasons.append(.init(name: "store", isOk: false, detail: "It cannot be written."))
        }
        for service in await services() where service.name != "gateway" {
            reasons.append(
                .init(name: service.name, isOk: service.isUp, detail: service.detail))
        }
        if draining.withLock({ $0 }) {
            reasons.append(.init(name: "drain", isOk: false, detail: "Shutting down."))
        }
        return reasons
    }

    /// Each service with one sentence about what is wrong, if anything.
    func services() async -> [(name: String, isUp: Bool, detail: String)] {
        let found = await withTaskGroup(of: (Int, Bool, String).self) { group in
            for (index, service) in backends.health.enumerated() {
                group.addTask {
                    do {
                        let reply = try await service.client.check(
                            .init(), .init(timeout: .milliseconds(800), mayRetry: false))
                        let fault = reply.reasons.first { !$0.isOk }
                        return (
                            index, reply.isReady,
                            reply.isReady ? "" : fault?.detail ?? "It is not ready."
                        )
                    } catch {
                        return (index, false, "It does not answer.")
                    }
                }
            }
            var found: [(Int, Bool, String)] = []
            for await one in group { found.append(one) }
            return found.sorted { $0.0 < $1.0 }
        }
        return [("gateway", true, "")]
            + zip(backends.health, found).map { ($0.name, $1.1, $1.2) }
    }
}
