internal import HTTP
internal import RPC
internal import ServiceRuntime

/// Takes each request through the checks that all routes share, and hands it to its route.
struct GatewayHandler: HTTPResponder {
    let router: Router
    let configuration: GatewayConfiguration
    let authentication: Authentication
    let idempotency: IdempotencyKeys
    let links: SignedLinks
    let rateLimits: RateLimits
    let requestIDs: RequestIDs
    let crossOrigin: CrossOrigin
    let logger: Logger
    let time: any TimeSource
    let random: RandomSource
    let metrics: RequestMetrics

    func bodyPolicy(for request: HTTPRequest) -> HTTPBodyPolicy {
        guard case .found(let index, _) = router.match(method: request.method, path: request.path)
        else { return .collect(limitBytes: configuration.jsonBytesMax) }
        switch router.routes[index].body {
        case .none, .json: return .collect(limitBytes: configuration.jsonBytesMax)
        case .raw(_, let limit): return .collect(limitBytes: limit)
        case .bytes(_, let limit): return .stream(limitBytes: limit)
        }
    }

    func reject(_ rejection: HTTPRejection, _ request: HTTPRequest?) -> HTTPResponse {
        let problem = Problem(
            rejection.status, rejection.code, rejection.detail,
            isRetryable: rejection == .requestTimeout)
        let id = request.map(requestIDs.id(for:)) ?? requestIDs.id(for: Self.nobody)
        var response = problem.response(requestID: id, instance: request?.path ?? "/")
        response.closesConnection = true
        finish(&response, requestID: id, request: request ?? Self.nobody)
        return response
    }

    private static let nobody = HTTPRequest(method: "GET", path: "/")

    nonisolated(nonsending) func respond(to request: HTTPRequest) async -> HTTPResponse {
        let start = time.instant
        let requestID = requestIDs.id(for: request)
        var response: HTTPResponse
        var routeIndex: Int?
        switch router.match(method: request.method, path: request.path) {
        case .found(let index, let parameters):
            routeIndex = index
            response = await answer(
                request, router.routes[index], parameters: parameters, requestID: requestID)
        case .wrongMethod(let allowed):
            response = wrongMethod(request, allowed: allowed, requestID: requestID)
        case .unknown:
            response = Problem.notFound("such page").response(
                requestID: requestID, instance: request.path)
        }
        finish(&response, requestID: requestID, request: request)
        metrics.observe(
            routeIndex, status: response.status, seconds: (time.instant - start).seconds)
        return response
    }

    private func wrongMethod(
        _ request: HTTPRequest, allowed: [String], requestID: String
    ) -> HTTPResponse {
        let allow = allowed.joined(separator: ", ")
        if request.method == "OPTIONS" {
            return crossOrigin.preflight(request, methods: allowed)
                ?? HTTPResponse(status: 204, headers: ["Allow": allow])
        }
        return Problem(
            405, "METHOD_NOT_ALLOWED", "This path is asked with \(allow).",
            headers: ["Allow": allow]
        ).response(requestID: requestID, instance: request.path)
    }

    /// Every failure of a route becomes a problem here, and only here.
    nonisolated(nonsending) private func answer(
        _ request: HTTPRequest, _ route: Route, parameters: [String], requestID: String
    ) async -> HTTPResponse {
        var allowance: RateLimits.Allowance?
        var response: HTTPResponse
        do {
            let principal = try await identify(request, route)
            allowance = limit(request, route, principal)
            if let allowance, !allowance.isAllowed { throw Self.rateLimited(allowance) }
            response = try await run(
                request, route, parameters: parameters, requestID: requestID,
                principal: principal)
        } catch {
            let problem = Problem(any: error)
            report(problem, error, route, requestID)
            response = problem.response(requestID: requestID, instance: request.path)
        }
        if let allowance {
            let name = Self.rateClass(of: request, route).rawValue
            response.headers.append("RateLimit", "\"\(name)\";r=\(allowance.remaining)")
            response.headers.append("RateLimit-Policy", "\"\(name)\";q=\(allowance.limit)")
        }
        return response
    }

    nonisolated(nonsending) private func identify(_ request: HTTPRequest, _ route: Route)
        async throws -> Principal?
    {
        if route.access == .open { return nil }
        do {
            return try await principal(request, route)
        } catch let problem as Problem where problem.status == 401 {
            // A token that is right passes, whatever others behind the same address send.
            guard request.headers["Authorization"] != nil,
                let allowance = rateLimits.take(
                    .authentication, caller: RateLimits.prefix(of: request.peer)),
                !allowance.isAllowed
            else { throw problem }
            throw Self.rateLimited(allowance)
        }
    }

    nonisolated(nonsending) private func principal(_ request: HTTPRequest, _ route: Route)
        async throws -> Principal?
    {
        if route.access == .link, let userID = try links.user(of: request) {
            return Principal(userID: userID, isGuest: false, scopes: [.read], tokenHash: nil)
        }
        let principal = try await authentication.principal(request)
        switch route.access {
        case .open, .optional: return principal
        case .link: try require(.read, of: principal)
        case .scope(let scope): try require(scope, of: principal)
        case .account:
            try require(.write, of: principal)
            guard principal?.tokenHash != nil else {
                throw Problem(403, "FORBIDDEN", "An API key cannot do this; sign in.")
            }
        }
        return principal
    }

    private func require(_ scope: Scope, of principal: Principal?) throws {
        guard let principal else { throw Problem.unauthenticated }
        guard principal.scopes.contains(scope) else {
            throw Problem(403, "FORBIDDEN", "This API key has no scope \"\(scope.rawValue)\".")
        }
    }

    private func limit(
        _ request: HTTPRequest, _ route: Route, _ principal: Principal?
    ) -> RateLimits.Allowance? {
        guard route.rate != .free else { return nil }
        let caller = principal?.userID ?? RateLimits.prefix(of: request.peer)
        return rateLimits.take(Self.rateClass(of: request, route), caller: caller)
    }

    /// What only asks for a price does not use up what may be bought.
    private static func rateClass(of request: HTTPRequest, _ route: Route) -> RateClass {
        let isDry = route.canRunDry && request.queryValue(Route.Query.dryRunName) == "true"
        return isDry ? .write : route.rate
    }

    private static func rateLimited(_ allowance: RateLimits.Allowance) -> Problem {
        Problem(
            429, "RATE_LIMITED", "Too many requests; try again a little later.",
            isRetryable: true, retryAfter: max(allowance.wait, .seconds(1)))
    }

    nonisolated(nonsending) private func run(
        _ request: HTTPRequest, _ route: Route, parameters: [String], requestID: String,
        principal: Principal?
    ) async throws -> HTTPResponse {
        var key: String?
        var scope = ""
        let isDryRun = try isDryRun(request, route)
        // What did not happen is not repeated: the key stays free for the real request.
        if request.method == "POST", !isDryRun {
            key = try idempotency.key(of: request)
            scope = idempotency.scope(
                principal: principal, peer: request.peer, operationID: route.operationID)
        }
        let context = RequestContext(
            request: request, parameters: parameters, requestID: requestID,
            traceparent: traceparent(request), principal: principal, idempotencyKey: key,
            operationID: route.operationID, isDryRun: isDryRun,
            repeatableSecret: key.map { idempotency.repeatableSecret(scope: scope, key: $0) })
        // The body of an upload is not known yet, so that it cannot be compared; its key goes on to
        // the service, whose assets are the same for the same bytes.
        guard let key, request.bodyStream == nil else { return try await route.handle(context) }
        return try await idempotency.run(scope: scope, key: key, request: request) {
            do {
                return try await route.handle(context)
            } catch {
                let problem = Problem(any: error)
                report(problem, error, route, requestID)
                return problem.response(requestID: requestID, instance: request.path)
            }
        }
    }

    /// - Throws: 422 where a dry run is asked of a route that has none, so that nobody takes the real
    ///   thing for one.
    private func isDryRun(_ request: HTTPRequest, _ route: Route) throws -> Bool {
        let name = Route.Query.dryRunName
        guard request.method != "GET", request.queryCount(name) > 0 else { return false }
        let value = request.queryCount(name) == 1 ? request.queryValue(name) : nil
        guard let value, ["true", "false"].contains(value), route.canRunDry || value == "false"
        else {
            throw Problem.validation([
                FieldFault(
                    field: name, code: "choice",
                    detail: route.canRunDry
                        ? "It must be true or false, once." : "This request has no dry run.")
            ])
        }
        return value == "true"
    }

    /// The trace goes on when the caller has one; the services begin their own otherwise.
    private func traceparent(_ request: HTTPRequest) -> String? {
        guard let given = request.headers["traceparent"] else { return nil }
        return TraceContext(traceparent: given)?.child(random: random).traceparent
    }

    private func report(_ problem: Problem, _ error: any Error, _ route: Route, _ id: String) {
        // A caller who hangs up is no failure of ours.
        guard problem.status >= 500, !(error is CancellationError) else { return }
        logger.error(
            "request.failed", "",
            [
                "request_id": .text(id), "route": .text(route.operationID),
                "status": .integer(Int64(problem.status)), "cause": .text("\(error)"),
            ])
    }

    private func finish(
        _ response: inout HTTPResponse, requestID: String, request: HTTPRequest
    ) {
        response.headers.append("X-Request-Id", requestID)
        response.headers.append("X-Content-Type-Options", "nosniff")
        if response.headers["Cache-Control"] == nil {
            response.headers.append("Cache-Control", "no-store")
        }
        if response.headers["Content-Security-Policy"] == nil {
            response.headers.append(
                "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        }
        crossOrigin.decorate(&response, for: request)
    }
}

extension RateLimits {
    /// The part of an address that one household or machine shares: all of an IPv4 address, the
    /// first 64 bits of an IPv6 one.
    static func prefix(of peer: String) -> String {
        guard peer.contains(":") else { return peer }
        guard let groups = ipv6Groups(peer) else { return peer }
        return groups.prefix(4).map { String($0, radix: 16) }.joined(separator: ":") + "::/64"
    }

    private static func ipv6Groups(_ text: String) -> [UInt16]? {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        func groups(_ text: Substring) -> [UInt16]? {
            let parts = text.split(separator: ":").map { UInt16($0, radix: 16) }
            return parts.contains { $0 == nil } ? nil : parts.compactMap { $0 }
        }
        guard halves.count <= 2, let head = groups(halves[0]) else { return nil }
        guard halves.count == 2 else { return head.count == 8 ? head : nil }
        guard let tail = groups(halves[1]), head.count + tail.count <= 7 else { return nil }
        return head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
    }
}

/// How many requests each route had, how they ended and how long they took.
struct RequestMetrics: Sendable {
    private let durations: [[Histogram]]
    private let unknown: Counter

    init(_ metrics: Metrics, routes: [Route]) {
        durations = routes.map { route in
            (2...5).map { statusClass in
                metrics.histogram(
                    "http_server_request_duration_seconds",
                    help: "Time from a request's last byte to its answer's first.",
                    labels: [
                        "method": route.method, "route": route.template,
                        "status": "\(statusClass)xx",
                    ])
            }
        }
        unknown = metrics.counter(
            "http_server_unrouted_requests_total", help: "Requests for paths that do not exist.")
    }

    func observe(_ index: Int?, status: Int, seconds: Double) {
        guard let index else { return unknown.increment() }
        durations[index][min(3, max(0, status / 100 - 2))].observe(seconds)
    }
}
