import HTTP
import ServiceRuntime
import Testing

@Suite struct CreditAndGenerationTests {
    @Test func `amounts are plain decimal numbers with at most four digits`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let me = try await gateway.call("GET", "/api/auth/me", token: token)
            let user = try #require(me.json["user"]?["id"]?.text)
            let amounts: [(Int64, String)] = [
                (1_000_000, "100"), (5_001, "0.5001"), (45_000, "4.5"),
                (999_999_999_999, "99999999.9999"),
                (10_010, "1.001"), (0, "0"),
            ]
            for (amount, text) in amounts {
                gateway.credits.change(user, to: amount)
                let answer = try await gateway.call("GET", "/api/credits", token: token)
                #expect(answer.json["balance"] == .number(text))
            }
            #expect(
                try await gateway.call("GET", "/api/credits", token: token).json["lowBalance"]
                    == true)
            let history = try await gateway.call(
                "GET", "/api/credits/history?limit=5&sessionId=ses_1", token: token)
            #expect(history.json["entries"]?[0]?["amount"] == .number("-3.5001"))
            let prices = try await gateway.call("GET", "/api/credits/prices")
            #expect(prices.json["prices"]?.array?.count == 3)
        }
    }

    @Test func `a generation needs either a session or a prompt`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let made = try await gateway.call(
                "POST", "/api/generations",
                #"{"kind":"final","prompt":"a fox","model":"local-parallax","metadata":{"a":[1]}}"#,
                token: token)
            #expect(made.status == 202)
            #expect(made.json["metadata"] == ["a": [1]])
            for (kind, model) in [("image", "local"), ("final", "local-parallax")] {
                let plain = try await gateway.call(
                    "POST", "/api/generations", "{\"kind\":\"\(kind)\",\"prompt\":\"a boat\"}",
                    token: token)
                #expect(plain.json["model"]?.text == model)
            }
            let id = try #require(made.json["id"]?.text)
            #expect(made.headers["Location"] == "/api/generations/\(id)")
            for path in ["/api/generations", "/api/generations/\(id)"] {
                #expect(try await gateway.call("GET", path, token: token).status == 200)
            }
            let stopped = try await gateway.call(
                "POST", "/api/generations/\(id)/cancel", token: token)
            #expect(stopped.json["state"] == "cancelled")
            let foreign = try await gateway.call(
                "GET", "/api/generations/\(id)", token: try await gateway.guest())
            #expect(foreign.status == 404)
            for body in [
                #"{"kind":"final"}"#, #"{"kind":"final","prompt":"a","sessionId":"ses_1"}"#,
                #"{"kind":"poster","prompt":"a"}"#, #"{"kind":"final","prompt":"a","metadata":[]}"#,
            ] {
                let bad = try await gateway.call("POST", "/api/generations", body, token: token)
                #expect(bad.status == 422, "\(body)")
            }
        }
    }

    @Test func `the page and readiness name each service`() async throws {
        try await GatewayFixture.with { gateway in
            let page = try await gateway.call("GET", "/")
            for name in ["gateway", "session", "credits", "prompt", "media", "render"] {
                #expect(page.text.contains("<strong>\(name)</strong>"))
            }
            let ready = try await gateway.call("GET", "/health/ready")
            #expect(ready.status == 200)
            #expect(ready.json["checks"]?.array?.count == 6)
        }
    }
}
