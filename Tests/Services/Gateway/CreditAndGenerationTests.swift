import GatewayService
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

    @Test(arguments: [
        ("plain", "plain"), ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"),
        ("\t=x", "'\t=x"), ("a,b", "\"a,b\""), ("say \"hi\"", "\"say \"\"hi\"\"\""),
        ("=a,b", "\"'=a,b\""), ("line\r\nbreak", "\"line\r\nbreak\""), ("", ""),
    ])
    func `no cell of a sheet is taken for a formula`(_ text: String, _ cell: String) {
        #expect(CreditSheet.cell(text) == cell)
    }

    @Test func `a quote has a line for each item, the total and what is missing`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let quote = try await gateway.call(
                "POST", "/api/credits/quote",
                #"{"items":[{"operation":"image.preview","quantity":4},{"operation":"depth"}]}"#,
                token: token)
            #expect(quote.status == 200)
            #expect(quote.json["lines"]?[0]?["credits"] == 2)
            #expect(quote.json["lines"]?[1]?["credits"] == .number("0.5"))
            #expect(quote.json["total"] == .number("200.5"))
            #expect(quote.json["shortBy"] == 101)
            #expect(quote.json["suggestion"]?["quantity"] == 2)
            #expect(quote.json["expiresAt"] == "2025-06-15T15:21:40.000Z")
            for (body, field) in [
                (#"{"items":[]}"#, "items"), (#"{}"#, "items"), (#"{"items":[7]}"#, "items[0]"),
                (#"{"items":[{"operation":"depth"},{}]}"#, "items[1].operation"),
                (#"{"items":[{"operation":"depth","colour":1}]}"#, "items[0].colour"),
                (#"{"items":[{"operation":"depth","quantity":0}]}"#, "items[0].quantity"),
            ] {
                let bad = try await gateway.call(
                    "POST", "/api/credits/quote", body, token: token)
                #expect(bad.status == 422, "\(body)")
                #expect(bad.json["details"]?["fields"]?[0]?["field"]?.text == field)
            }
        }
    }

    @Test func `a choice in a session is quoted, free when its pictures are there`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let started = try await gateway.call(
                "POST", "/api/convergence/start", #"{"intent":"a fox"}"#, token: token)
            let id = try #require(started.json["sessionId"]?.text)
            func quote(_ item: String, _ token: String) async throws -> GatewayFixture.Answer {
                try await gateway.call(
                    "POST", "/api/credits/quote", #"{"items":[\#(item)]}"#, token: token)
            }
            func choice(_ dimension: String, _ option: String) -> String {
                #"{"sessionId":"\#(id)","dimension":"\#(dimension)","optionId":"\#(option)"}"#
            }
            let fresh = try await quote(choice("direction", "social"), token)
            #expect(fresh.status == 200)
            let line = fresh.json["lines"]?[0]
            #expect(line?["operation"] == "image.preview")
            #expect(line?["credits"] == 2)
            #expect(line?["cached"] == 0)
            #expect(line?["alternatives"]?[0]?["reason"] == "cached")
            #expect(line?["alternatives"]?[0]?["optionId"] == "cinematic")
            #expect(line?["alternatives"]?[0]?["credits"] == 0)
            #expect(line?["alternatives"]?[1]?["reason"] == "cheaper")
            let known = try await quote(choice("direction", "cinematic"), token)
            #expect(known.json["lines"]?[0]?["credits"] == 0)
            #expect(known.json["lines"]?[0]?["cached"] == 4)
            let nothing = try await quote(choice("lighting", "soft"), token)
            #expect(nothing.status == 422)
            #expect(nothing.json["details"]?["fields"]?[0]?["code"] == "free")
            let bare = #"{"sessionId":"\#(id)","dimension":"mood"}"#
            #expect(try await quote(bare, token).status == 422)
            let foreign = try await quote(
                choice("direction", "social"), try await gateway.guest())
            #expect(foreign.status == 403)
        }
    }

    @Test func `what could be paid for is told without setting anything aside`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let fine = try await gateway.call(
                "POST", "/api/credits/validate", #"{"operation":"depth","quantity":3}"#,
                token: token)
            #expect(fine.status == 200)
            #expect(fine.json["credits"] == .number("1.5"))
            let over = try await gateway.call(
                "POST", "/api/credits/validate", #"{"operation":"depth","quoteId":"quo_1"}"#,
                token: token)
            #expect(over.status == 410)
            #expect(over.code == "QUOTE_EXPIRED")
        }
    }

    @Test func `a generation needs a session or a prompt`() async throws {
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
                #"{"kind":"final"}"#,
                #"{"kind":"poster","prompt":"a"}"#, #"{"kind":"final","prompt":"a","metadata":[]}"#,
            ] {
                let bad = try await gateway.call("POST", "/api/generations", body, token: token)
                #expect(bad.status == 422, "\(body)")
            }
        }
    }

    @Test func `asking for a price does not use up what may be bought`() async throws {
        try await GatewayFixture.with {
            $0.hasRateLimits = true
        } _: { gateway in
            let token = try await gateway.guest()
            let body = #"{"kind":"image","prompt":"a fox"}"#
            // More than the paid burst, fewer than the write burst.
            for _ in 0..<15 {
                let tried = try await gateway.call(
                    "POST", "/api/generations?dryRun=true", body, token: token)
                #expect(tried.headers["RateLimit"]?.hasPrefix("\"write\"") == true)
                #expect(tried.status != 429)
            }
            let made = try await gateway.call("POST", "/api/generations", body, token: token)
            #expect(made.status == 202)
            #expect(made.headers["RateLimit"]?.hasPrefix("\"paid\"") == true)
        }
    }

    @Test func `the status page and readiness name each service`() async throws {
        try await GatewayFixture.with { gateway in
            let page = try await gateway.call("GET", "/status")
            for name in ["gateway", "session", "credits", "prompt", "media", "render"] {
                #expect(page.text.contains("<strong>\(name)</strong>"))
            }
            let ready = try await gateway.call("GET", "/health/ready")
            #expect(ready.status == 200)
            #expect(ready.json["checks"]?.array?.count == 6)
        }
    }
}
