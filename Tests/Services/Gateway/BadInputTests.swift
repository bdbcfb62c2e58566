import GatewayService
import HTTP
import ServiceRuntime
import Testing

@Suite struct BadInputTests {
    struct Case: Sendable {
        let body: String
        let status: Int
        let code: String
        var field: String?
    }

    static let cases: [Case] = [
        Case(body: "{", status: 400, code: "MALFORMED_JSON"),
        Case(body: "{\"intent\":\"a\"} x", status: 400, code: "MALFORMED_JSON"),
        Case(body: "\u{FEFF}{\"intent\":\"a\"}", status: 400, code: "MALFORMED_JSON"),
        Case(
            body: "{\"intent\":\"a\",\"intent\":\"b\"}", status: 400, code: "MALFORMED_JSON"),
        Case(body: "{\"intent\":\"\\ud800\"}", status: 400, code: "MALFORMED_JSON"),
        Case(
            body: String(repeating: "[", count: 40) + String(repeating: "]", count: 40),
            status: 422, code: "JSON_TOO_DEEP"),
        Case(body: "[]", status: 422, code: "VALIDATION_FAILED", field: ""),
        Case(body: "{}", status: 422, code: "VALIDATION_FAILED", field: "intent"),
        Case(body: "{\"intent\":null}", status: 422, code: "VALIDATION_FAILED", field: "intent"),
        Case(body: "{\"intent\":7}", status: 422, code: "VALIDATION_FAILED", field: "intent"),
        Case(body: "{\"intent\":\"  \"}", status: 422, code: "VALIDATION_FAILED", field: "intent"),
        Case(
            body: "{\"intent\":\"a\\u0000b\"}", status: 422, code: "VALIDATION_FAILED",
            field: "intent"),
        Case(
            body: "{\"intent\":\"\\u200B\\u200B\"}", status: 422, code: "VALIDATION_FAILED",
            field: "intent"),
        Case(
            body: "{\"intent\":\"a\\u2028b\"}", status: 422, code: "VALIDATION_FAILED",
            field: "intent"),
        Case(
            body: "{\"intent\":\"a\\uFFFFb\"}", status: 422, code: "VALIDATION_FAILED",
            field: "intent"),
        Case(
            body: "{\"intent\":\"a\\u202Eb\"}", status: 422, code: "VALIDATION_FAILED",
            field: "intent"),
        Case(
            body: "{\"intent\":\"\(String(repeating: "a", count: 4001))\"}", status: 422,
            code: "VALIDATION_FAILED", field: "intent"),
        Case(
            body: "{\"intent\":\"a\",\"aspectRatio\":\"2:1\"}", status: 422,
            code: "VALIDATION_FAILED", field: "aspectRatio"),
        Case(
            body: "{\"intent\":\"a\",\"colour\":1}", status: 422, code: "VALIDATION_FAILED",
            field: "colour"),
        Case(
            body: "{\"intent\":\"\(String(repeating: "a", count: 300_000))\"}", status: 413,
            code: "PAYLOAD_TOO_LARGE"),
    ]

    @Test(arguments: cases.indices)
    func `a bad body gets the stated answer and starts nothing`(_ index: Int) async throws {
        let c = Self.cases[index]
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let answer = try await gateway.call(
                "POST", "/api/convergence/start", c.body, token: token)
            #expect(answer.status == c.status, "\(answer.text)")
            #expect(answer.code == c.code)
            if let field = c.field {
                #expect(answer.json["details"]?["fields"]?[0]?["field"]?.text == field)
            }
            #expect(gateway.session.state.withLock { $0.commands }.isEmpty)
        }
    }

    @Test func `a wrong content type, method and path get theirs`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let type = try await gateway.call(
                "POST", "/api/convergence/start", "intent=a", token: token,
                headers: ["Content-Type": "application/x-www-form-urlencoded"])
            #expect(type.status == 415)
            #expect(type.code == "UNSUPPORTED_MEDIA_TYPE")
            let method = try await gateway.call("PUT", "/api/credits", "{}", token: token)
            #expect(method.status == 405)
            #expect(method.headers["Allow"] == "GET, HEAD, OPTIONS")
            let options = try await gateway.call("OPTIONS", "/api/credits", token: token)
            #expect(options.status == 204)
            #expect(options.headers["Allow"] == "GET, HEAD, OPTIONS")
            for path in ["/api/nope", "/api/credits/", "/api/credits/nothing", "/api/media/a/b"] {
                let unknown = try await gateway.call("GET", path, token: token)
                #expect(unknown.status == 404)
                #expect(unknown.code == "NOT_FOUND")
                #expect(unknown.headers["Content-Type"] == "application/problem+json")
            }
            let limit = try await gateway.call(
                "GET", "/api/credits/history?limit=1e9", token: token)
            #expect(limit.status == 422)
        }
    }

    @Test func `every answer carries the safety fields and a request id`() async throws {
        try await GatewayFixture.with { gateway in
            for path in [
                "/", "/create", "/status", "/docs", "/openapi.json", "/health/live",
                "/health/ready", "/nope", "/web/nope.js",
            ] {
                let answer = try await gateway.call("GET", path)
                #expect(answer.headers["X-Content-Type-Options"] == "nosniff")
                #expect(answer.headers["X-Request-Id"]?.isEmpty == false)
                #expect(
                    answer.headers["Content-Security-Policy"]?.contains("default-src 'none'")
                        == true)
                #expect(!answer.text.contains("<script"))
            }
            let odd = try await gateway.call(
                "GET", "/health/live", headers: ["X-Request-Id": "a b\"<"])
            #expect(odd.headers["X-Request-Id"]?.hasPrefix("req_") == true)
        }
    }

    @Test func `only configured origins may read answers from other pages`() async throws {
        try await GatewayFixture.with({ $0.corsOrigins = ["https://studio.example"] }) { gateway in
            let allowed = try await gateway.call(
                "GET", "/health/live", headers: ["Origin": "https://studio.example"])
            #expect(allowed.headers["Access-Control-Allow-Origin"] == "https://studio.example")
            #expect(allowed.headers["Vary"] == "Origin")
            let refused = try await gateway.call(
                "GET", "/health/live", headers: ["Origin": "https://studio.example.evil"])
            #expect(refused.headers["Access-Control-Allow-Origin"] == nil)
            let preflight = try await gateway.call(
                "OPTIONS", "/api/convergence/start",
                headers: [
                    "Origin": "https://studio.example", "Access-Control-Request-Method": "POST",
                ])
            #expect(preflight.status == 204)
            #expect(preflight.headers["Access-Control-Allow-Methods"] == "OPTIONS, POST")
        }
    }

    @Test func `limits refill with time and say so`() async throws {
        try await GatewayFixture.with({
            $0.hasRateLimits = true
            $0.readsPerSecond = 1
            $0.readBurst = 3
        }) { gateway in
            let token = try await gateway.guest()
            for left in [2, 1, 0] {
                let answer = try await gateway.call("GET", "/api/credits", token: token)
                #expect(answer.status == 200)
                #expect(answer.headers["RateLimit"] == "\"read\";r=\(left)")
            }
            let refused = try await gateway.call("GET", "/api/credits", token: token)
            #expect(refused.status == 429)
            #expect(refused.code == "RATE_LIMITED")
            #expect(refused.headers["Retry-After"] == "1")
            let other = try await gateway.call(
                "GET", "/api/credits", token: try await gateway.guest())
            #expect(other.status == 200)
            gateway.time.advance(by: .seconds(1))
            #expect(try await gateway.call("GET", "/api/credits", token: token).status == 200)
        }
    }

    @Test(
        arguments: [
            ["Content-Type": "application/json; charset=utf-16"],
            ["Content-Type": "application/json", "Content-Encoding": "gzip"],
        ] as [HTTPHeaders])
    func `a body in another coding is not guessed at`(_ headers: HTTPHeaders) async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let answer = try await gateway.call(
                "POST", "/api/convergence/start", #"{"intent":"a fox"}"#, token: token,
                headers: headers)
            #expect(answer.status == 415)
            #expect(gateway.session.state.withLock { $0.commands }.isEmpty)
        }
    }

    @Test(arguments: ["limit=", "limit=%zz", "limit=5&limit=6", "limit=0", "cursor=%ff"])
    func `a query that is not plain is refused`(_ query: String) async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let answer = try await gateway.call(
                "GET", "/api/convergence/sessions?\(query)", token: token)
            #expect(answer.status == 422)
        }
    }

    @Test func `a refusal by a limit says what the limit is`() async throws {
        try await GatewayFixture.with({
            $0.hasRateLimits = true
            $0.readBurst = 1
        }) { gateway in
            let token = try await gateway.guest()
            _ = try await gateway.call("GET", "/api/credits", token: token)
            let refused = try await gateway.call("GET", "/api/credits", token: token)
            #expect(refused.status == 429)
            #expect(refused.headers["RateLimit"] == "\"read\";r=0")
        }
    }

    @Test func `guessing tokens is slowed down`() async throws {
        try await GatewayFixture.with({
            $0.hasRateLimits = true
            $0.failedSignInsPerMinute = 3
        }) { gateway in
            let token = try await gateway.guest()
            for _ in 0..<3 {
                let wrong = try await gateway.call("GET", "/api/credits", token: "cvt_wrong")
                #expect(wrong.status == 401)
            }
            let slowed = try await gateway.call("GET", "/api/credits", token: "cvt_wrong")
            #expect(slowed.status == 429)
            // Others behind the same address are not shut out.
            #expect(try await gateway.call("GET", "/api/credits", token: token).status == 200)
        }
    }
}
