import HTTP
import RPC
import ServiceAPI
import ServiceRuntime
import Testing

@Suite struct ConvergenceRoutesTests {
    @Test func `the whole flow answers as documented`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let started = try await gateway.call(
                "POST", "/api/convergence/start", #"{"intent":" a fox ","aspectRatio":"1:1"}"#,
                token: token)
            #expect(started.status == 201)
            #expect(started.json["estimatedCost"] == .number("4"))
            #expect(started.json["estimatedTotal"] == .number("22"))
            #expect(started.json["creditsConsumed"] == .number("3.5"))
            #expect(started.json["images"]?.array?.count == 2)
            #expect(started.json["images"]?[1]?["error"]?["retryable"] == true)
            let id = try #require(started.json["sessionId"]?.text)
            let steps: [(String, String)] = [
                ("select", #","dimension":"direction","optionId":"cinematic","version":3"#),
                ("regenerate", #","dimension":"direction""#),
                ("retry", #","dimension":"direction","optionId":"social""#),
                ("back", ""), ("jump", #","step":"mood""#), ("resume", ""), ("abandon", ""),
                ("cancel", ""), ("intent", #","intent":"a wolf""#), ("camera-motion", ""),
                ("camera-motion/select", #","cameraMotionId":"push_in""#),
                ("subject-motion", #","subjectMotion":"ears twitch""#),
                ("subject-motion/skip", ""), ("finalize", ""),
            ]
            for (name, fields) in steps {
                let answer = try await gateway.call(
                    "POST", "/api/convergence/\(name)", "{\"sessionId\":\"\(id)\"\(fields)}",
                    token: token)
                #expect(answer.status == 200, "\(name): \(answer.text)")
                #expect(answer.json["sessionId"]?.text == id)
                #expect(answer.json["version"] == 3)
            }
            let final = try await gateway.call(
                "POST", "/api/convergence/finalize", "{\"sessionId\":\"\(id)\"}", token: token)
            #expect(final.json["generationCosts"]?["sora-2"] == 80)
            #expect(final.json["models"]?[0]?["available"] == true)
            #expect(final.json["models"]?[1]?["available"] == false)
            let models = try await gateway.call("GET", "/api/models", token: token)
            #expect(models.json["models"] == final.json["models"])
            for path in ["session/active", "session/\(id)", "sessions"] {
                let answer = try await gateway.call("GET", "/api/convergence/\(path)", token: token)
                #expect(answer.status == 200)
            }
        }
    }

    @Test func `a caller who does not wait gets the operation, and its answer later`() async throws
    {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            gateway.session.state.withLock { $0.isHeld = true }
            let accepted = try await gateway.call(
                "POST", "/api/convergence/start", #"{"intent":"a fox"}"#, token: token,
                headers: ["Prefer": "wait=1, respond-async", "Content-Type": "application/json"])
            #expect(accepted.status == 202)
            #expect(accepted.headers["Preference-Applied"] == "respond-async")
            let id = try #require(accepted.json["operationId"]?.text)
            #expect(accepted.headers["Location"] == "/api/operations/\(id)")
            let running = try await gateway.call("GET", "/api/operations/\(id)", token: token)
            #expect(running.json["state"] == "running")
            gateway.session.state.withLock { $0.operations[id]?.state = .succeeded }
            let done = try await gateway.call(
                "GET", "/api/operations/\(id)?waitMs=100", token: token)
            #expect(done.json["result"]?["estimatedTotal"] == .number("22"))
            let cancelled = try await gateway.call(
                "POST", "/api/operations/\(id)/cancel", token: token)
            #expect(cancelled.json["state"] == "cancelled")
            let foreign = try await gateway.call(
                "GET", "/api/operations/\(id)", token: try await gateway.guest())
            #expect(foreign.status == 404)
        }
    }

    @Test func `an operation that outlasts the wait is answered with 202`() async throws {
        try await GatewayFixture.with { gateway in
            gateway.session.state.withLock { $0.isHeld = true }
            let answer = try await gateway.call(
                "POST", "/api/convergence/start", #"{"intent":"a fox"}"#,
                token: try await gateway.guest())
            #expect(answer.status == 202)
            #expect(answer.headers["Preference-Applied"] == nil)
            #expect(answer.json["operation"]?["state"] == "running")
        }
    }

    struct Refusal: Sendable {
        let error: RPCError
        let status: Int
        let code: String
        var retryAfter: String?
    }

    static let refusals: [Refusal] = [
        Refusal(
            error: RPCError(
                .failedPrecondition, "INSUFFICIENT_CREDITS", "Not enough credits.",
                details: [
                    "required": "4", "available": "1.5", "shortBy": "2.5",
                    "operation": "image.preview",
                    "suggestion": #"{"quantity":1,"pack":{"id":"starter","label":"Starter","#
                        + #""credits":300,"usdCents":1500,"isMonthly":false,"#
                        + #""isHighlighted":false}}"#,
                ]), status: 402, code: "INSUFFICIENT_CREDITS"),
        Refusal(
            error: RPCError(
                .alreadyExists, "ACTIVE_SESSION_EXISTS", "One at a time.",
                details: ["sessionId": "ses_1"]), status: 409, code: "ACTIVE_SESSION_EXISTS"),
        Refusal(
            error: RPCError(
                .resourceExhausted, "REGENERATION_LIMIT_EXCEEDED", "Enough.",
                details: ["dimension": "mood", "current": "3", "max": "3"], isRetryable: true),
            status: 429, code: "REGENERATION_LIMIT_EXCEEDED"),
        Refusal(
            error: RPCError(
                .failedPrecondition, "INCOMPLETE_SESSION", "Not yet.",
                details: ["missingDimensions": "mood,camera_motion"]), status: 400,
            code: "INCOMPLETE_SESSION"),
        Refusal(
            error: RPCError(.failedPrecondition, "SESSION_EXPIRED", "Too late."), status: 410,
            code: "SESSION_EXPIRED"),
        Refusal(
            error: RPCError(.aborted, "STEP_CONFLICT", "Not now."), status: 409,
            code: "STEP_CONFLICT"),
        Refusal(
            error: RPCError(.invalidArgument, "INVALID_REQUEST", "No such option."), status: 422,
            code: "VALIDATION_FAILED"),
        Refusal(
            error: .unavailable("cannot connect to 10.0.0.1:7101"), status: 503,
            code: "UNAVAILABLE", retryAfter: "1"),
        Refusal(error: .deadlineExceeded, status: 504, code: "DEADLINE_EXCEEDED"),
        Refusal(
            error: RPCError(.internal, "SQL_BROKE", "near SELECT: /var/lib/x.db"), status: 500,
            code: "INTERNAL"),
        Refusal(
            error: RPCError(.unauthenticated, "BAD_SECRET", "cluster"), status: 500,
            code: "INTERNAL"),
    ]

    @Test(arguments: refusals.indices)
    func `a refusal inside becomes the stated problem outside`(_ index: Int) async throws {
        let refusal = Self.refusals[index]
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            gateway.session.state.withLock { $0.refusals["start"] = refusal.error }
            let answer = try await gateway.call(
                "POST", "/api/convergence/start", #"{"intent":"a fox"}"#, token: token)
            #expect(answer.status == refusal.status)
            #expect(answer.code == refusal.code)
            #expect(answer.headers["Retry-After"] == refusal.retryAfter)
            #expect(!answer.text.contains("10.0.0.1"))
            #expect(!answer.text.contains("SELECT"))
            switch refusal.code {
            case "INSUFFICIENT_CREDITS":
                #expect(answer.json["details"]?["shortBy"] == .number("2.5"))
                #expect(answer.json["details"]?["suggestion"]?["pack"]?["id"] == "starter")
            case "REGENERATION_LIMIT_EXCEEDED":
                #expect(answer.json["retryable"] == false)
                #expect(answer.json["details"]?["max"] == 3)
            case "INCOMPLETE_SESSION":
                #expect(
                    answer.json["details"]?["missingDimensions"] == ["mood", "camera_motion"])
            default: break
            }
        }
    }

    @Test func `who acts on an old version gets the session as it is now`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let id = try await gateway.start(token)
            gateway.session.state.withLock {
                $0.refusals["back"] = RPCError(
                    .failedPrecondition, "VERSION_CONFLICT", "It has changed.",
                    details: ["sessionId": id, "version": "2"])
            }
            let answer = try await gateway.call(
                "POST", "/api/convergence/back", "{\"sessionId\":\"\(id)\",\"version\":1}",
                token: token)
            #expect(answer.status == 409)
            #expect(answer.json["details"]?["session"]?["id"]?.text == id)
        }
    }

    @Test func `an operation that failed is answered with its problem`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            gateway.session.state.withLock {
                $0.failures["start"] = .init(
                    code: "IMAGE_GENERATION_FAILED", message: "No picture could be made.",
                    isRetryable: true)
            }
            let answer = try await gateway.call(
                "POST", "/api/convergence/start", #"{"intent":"a fox"}"#, token: token)
            #expect(answer.status == 502)
            #expect(answer.code == "IMAGE_GENERATION_FAILED")
            #expect(answer.json["retryable"] == true)
        }
    }

    @Test func `a foreign session is forbidden and an unknown one is not found`() async throws {
        try await GatewayFixture.with { gateway in
            let id = try await gateway.start(try await gateway.guest())
            let other = try await gateway.guest()
            let foreign = try await gateway.call(
                "GET", "/api/convergence/session/\(id)", token: other)
            #expect(foreign.status == 403)
            #expect(foreign.code == "UNAUTHORIZED")
            let command = try await gateway.call(
                "POST", "/api/convergence/back", "{\"sessionId\":\"\(id)\"}", token: other)
            #expect(command.status == 403)
            let unknown = try await gateway.call(
                "GET", "/api/convergence/session/ses_none", token: other)
            #expect(unknown.status == 404)
            #expect(unknown.code == "SESSION_NOT_FOUND")
        }
    }

    @Test func `the request id, the trace and the key travel to the service`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let trace = "0af7651916cd43dd8448eb211c80319c"
            let answer = try await gateway.call(
                "POST", "/api/convergence/start", #"{"intent":"a fox"}"#, token: token,
                headers: [
                    "X-Request-Id": "my-request.1", "Idempotency-Key": "k1",
                    "traceparent": "00-\(trace)-b7ad6b7169203331-01",
                    "Content-Type": "application/json",
                ])
            #expect(answer.headers["X-Request-Id"] == "my-request.1")
            let metadata = gateway.session.state.withLock { $0.lastMetadata }
            #expect(metadata.requestID == "my-request.1")
            #expect(metadata.idempotencyKey == "startConvergence:k1")
            #expect(metadata.traceparent?.contains(trace) == true)
            #expect(metadata.userID?.hasPrefix("usr_") == true)
        }
    }
}
