import HTTP
import RPC
import ServiceRuntime
import Testing

@Suite struct IdempotencyTests {
    private func start(
        _ gateway: GatewayFixture, _ token: String, key: String, intent: String = "a fox"
    ) async throws -> GatewayFixture.Answer {
        try await gateway.call(
            "POST", "/api/convergence/start", "{\"intent\":\"\(intent)\"}", token: token,
            headers: ["Idempotency-Key": key, "Content-Type": "application/json"])
    }

    @Test func `the same key gives the same answer and acts once`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let first = try await start(gateway, token, key: "k")
            let second = try await start(gateway, token, key: "k")
            #expect(second.status == 201)
            #expect(second.body == first.body)
            #expect(first.headers["Idempotency-Replayed"] == nil)
            #expect(second.headers["Idempotency-Replayed"] == "true")
            #expect(gateway.session.state.withLock { $0.commands } == ["start"])
            let reused = try await start(gateway, token, key: "k", intent: "a wolf")
            #expect(reused.status == 422)
            #expect(reused.code == "IDEMPOTENCY_KEY_REUSED")
            let other = try await start(gateway, try await gateway.guest(), key: "k")
            #expect(other.status == 201)
            #expect(other.body != first.body)
            gateway.time.advance(by: .seconds(25 * 3600))
            let later = try await start(gateway, token, key: "k", intent: "a wolf")
            #expect(later.status == 201)
        }
    }

    @Test func `the same key at the same time acts once`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let answers = try await withThrowingTaskGroup(of: GatewayFixture.Answer.self) { group in
                for _ in 0..<8 { group.addTask { try await start(gateway, token, key: "k") } }
                var answers: [GatewayFixture.Answer] = []
                for try await answer in group { answers.append(answer) }
                return answers
            }
            #expect(answers.contains { $0.status == 201 })
            for answer in answers where answer.status != 201 {
                #expect(answer.status == 409)
                #expect(answer.code == "IDEMPOTENCY_IN_PROGRESS")
                #expect(answer.headers["Retry-After"] != nil)
            }
            #expect(Set(answers.filter { $0.status == 201 }.map(\.text)).count == 1)
            #expect(gateway.session.state.withLock { $0.commands } == ["start"])
        }
    }

    @Test(arguments: [402, 429, 503])
    func `an answer that may change is not kept`(_ status: Int) async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let errors: [Int: RPCError] = [
                402: ConvergenceRoutesTests.refusals[0].error,
                429: RPCError(.resourceExhausted, "TOO_MANY_IN_FLIGHT", "Later."),
                503: .unavailable("away"),
            ]
            gateway.session.state.withLock { $0.refusals["start"] = errors[status] }
            #expect(try await start(gateway, token, key: "k").status == status)
            gateway.session.state.withLock { $0.refusals = [:] }
            let again = try await start(gateway, token, key: "k")
            #expect(again.status == 201)
            #expect(again.headers["Idempotency-Replayed"] == nil)
        }
    }

    @Test func `a final refusal is kept`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            gateway.session.state.withLock {
                $0.refusals["start"] = RPCError(
                    .alreadyExists, "ACTIVE_SESSION_EXISTS", "One at a time.",
                    details: ["sessionId": "ses_1"])
            }
            let first = try await start(gateway, token, key: "k")
            gateway.session.state.withLock { $0.refusals = [:] }
            let second = try await start(gateway, token, key: "k")
            #expect(second.status == 409)
            #expect(second.body == first.body)
        }
    }

    @Test(arguments: ["", "with space", "é", String(repeating: "k", count: 256)])
    func `a key that is no key is refused`(_ key: String) async throws {
        try await GatewayFixture.with { gateway in
            // libcurl sends an empty field only when it ends in a semicolon; a space stands in.
            let answer = try await start(
                gateway, try await gateway.guest(), key: key.isEmpty ? "a b" : key)
            #expect(answer.status == 400)
            #expect(answer.code == "IDEMPOTENCY_KEY_INVALID")
        }
    }

    @Test func `a repeated guest is the same guest with the same token`() async throws {
        try await GatewayFixture.with { gateway in
            let first = try await gateway.call(
                "POST", "/api/auth/guest", headers: ["Idempotency-Key": "g"])
            let second = try await gateway.call(
                "POST", "/api/auth/guest", headers: ["Idempotency-Key": "g"])
            #expect(second.body == first.body)
            #expect(second.headers["Idempotency-Replayed"] == "true")
            let token = try #require(second.json["token"]?.text)
            #expect(try await gateway.call("GET", "/api/auth/me", token: token).status == 200)
        }
    }
}
