internal import HTTP

/// CORS: off unless exact origins are configured. There are no cookies, so no credentials either.
struct CrossOrigin: Sendable {
    let origins: Set<String>

    private static let exposed =
        "ETag, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, "
        + "Idempotency-Replayed, Preference-Applied"

    /// The answer to a preflight for a path with these methods; nil when it is none.
    func preflight(_ request: HTTPRequest, methods: [String]) -> HTTPResponse? {
        guard let origin = request.headers["Origin"], origins.contains(origin),
            request.headers["Access-Control-Request-Method"] != nil
        else { return nil }
        return HTTPResponse(
            status: 204,
            headers: [
                "Access-Control-Allow-Origin": origin,
                "Access-Control-Allow-Methods": methods.joined(separator: ", "),
                "Access-Control-Allow-Headers":
                    "Authorization, Content-Type, Idempotency-Key, Prefer, Last-Event-ID, "
                    + "X-Request-Id, traceparent",
                "Access-Control-Max-Age": "600", "Vary": "Origin",
            ])
    }

    func decorate(_ response: inout HTTPResponse, for request: HTTPRequest) {
        guard !origins.isEmpty else { return }
        response.headers.append("Vary", "Origin")
        guard let origin = request.headers["Origin"], origins.contains(origin) else { return }
        response.headers.set("Access-Control-Allow-Origin", origin)
        response.headers.set("Access-Control-Expose-Headers", Self.exposed)
    }
}
