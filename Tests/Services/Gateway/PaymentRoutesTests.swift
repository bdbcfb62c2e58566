import GatewayService
import HTTP
import ServiceAPI
import ServiceRuntime
import Testing
import Wire

@Suite struct PaymentRoutesTests {
    private static let form: HTTPHeaders = ["Content-Type": "application/x-www-form-urlencoded"]

    @Test func `a checkout is opened and looked at by its owner`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let opened = try await gateway.call(
                "POST", "/api/credits/checkout", #"{"pack":"pro","quantity":2}"#, token: token,
                headers: ["Idempotency-Key": "k1"])
            #expect(opened.status == 201)
            #expect(opened.json["purchaseId"]?.text == "pur_1")
            #expect(opened.json["url"]?.text == "/checkout/\(FakePayments.token)")
            #expect(opened.json["expiresAt"] == "2025-06-15T15:36:40.000Z")
            #expect(gateway.payments.state.withLock { $0.checkout.key } == "createCheckout:k1")
            #expect(gateway.payments.state.withLock { $0.checkout.quantity } == 2)
            let path = "/api/credits/checkout/pur_1"
            let own = try await gateway.call("GET", path, token: token)
            #expect(own.json["state"] == "open")
            #expect(own.json["credits"] == 1200)
            #expect(own.json["amount"] == 5205)
            let foreign = try await gateway.call("GET", path, token: try await gateway.guest())
            #expect(foreign.status == 404)
            #expect(foreign.code == "PURCHASE_NOT_FOUND")
            #expect(try await gateway.call("GET", path).status == 401)
            let all = try await gateway.call("GET", "/api/credits/purchases", token: token)
            #expect(all.json["nextBefore"] == 7)
            let none = try await gateway.call("GET", "/api/credits/subscription", token: token)
            #expect(none.json["subscription"] == .null)
            #expect(none.json["debt"] == .number("1.5"))
            let nothing = try await gateway.call(
                "POST", "/api/credits/subscription/cancel", "{}", token: token)
            #expect(nothing.status == 404)
            #expect(nothing.code == "SUBSCRIPTION_NOT_FOUND")
            _ = try await gateway.call(
                "POST", "/api/credits/checkout", #"{"plan":"creator"}"#, token: token)
            let plan = try await gateway.call("GET", "/api/credits/subscription", token: token)
            #expect(plan.json["subscription"]?["plan"] == "creator")
            #expect(plan.json["subscription"]?["endsWithPeriod"] == false)
            let ended = try await gateway.call(
                "POST", "/api/credits/subscription/cancel", "{}", token: token)
            #expect(ended.status == 200)
            #expect(ended.json["subscription"]?["endsWithPeriod"] == true)
            let packs = try await gateway.call("GET", "/api/credits/packs")
            #expect(packs.json["sandbox"] == true)
            #expect(packs.json["provider"] == "local")
        }
    }

    @Test(arguments: [
        (#"{}"#, 422, "VALIDATION_FAILED"),
        (#"{"pack":"pro","plan":"creator"}"#, 422, "VALIDATION_FAILED"),
        (#"{"plan":"creator","quantity":1}"#, 422, "VALIDATION_FAILED"),
        (#"{"pack":"pro","quantity":0}"#, 422, "VALIDATION_FAILED"),
        (#"{"pack":"pro","quantity":101}"#, 422, "VALIDATION_FAILED"),
        (#"{"pack":"pro","quantity":1.5}"#, 422, "VALIDATION_FAILED"),
        (#"{"pack":"pro","amount":1}"#, 422, "VALIDATION_FAILED"),
        (#"{"pack":"pro","userId":"usr_2"}"#, 422, "VALIDATION_FAILED"),
        (#"{"pack":"gold"}"#, 404, "ITEM_NOT_FOUND"), (#"{"pack":"down"}"#, 502, "PAYMENT_FAILED"),
        (#"{"pack":"pro","successUrl":"https://evil.example"}"#, 422, "RETURN_URL_NOT_ALLOWED"),
        (#"{"pack":"#, 400, "MALFORMED_JSON"),
    ])
    func `a wrong checkout is refused`(_ body: String, _ status: Int, _ code: String) async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let answer = try await gateway.call(
                "POST", "/api/credits/checkout", body, token: token)
            #expect(answer.status == status)
            #expect(answer.code == code)
        }
    }

    @Test func `a webhook goes on byte by byte as it came`() async throws {
        try await GatewayFixture.with { gateway in
            let body = Array("{ \"id\" : \"evt_1\",\r\n\t\"é\": 1e2 }\n".utf8) + [0, 0xFF]
            func deliver(_ signature: String?) async throws -> GatewayFixture.Answer {
                var headers: HTTPHeaders = ["Content-Type": "application/json; charset=utf-8"]
                if let signature { headers.append("Stripe-Signature", signature) }
                return try await gateway.call(
                    "POST", "/api/webhooks/stripe", headers: headers, bytes: body)
            }
            let first = try await deliver("good")
            #expect(first.status == 200)
            #expect(first.json["outcome"] == "applied")
            #expect(first.json["duplicate"] == false)
            #expect(try await deliver("good").json["duplicate"] == true)
            #expect(try await deliver("other").status == 202)
            for request in gateway.payments.state.withLock({ $0.delivered }) {
                #expect(Array(request.body) == body)
                #expect(request.provider == "stripe")
            }
            for (signature, status, code) in [
                (nil, 401, "WEBHOOK_SIGNATURE"), ("bad", 401, "WEBHOOK_SIGNATURE"),
                ("old", 401, "WEBHOOK_STALE"), ("odd", 400, "WEBHOOK_MALFORMED"),
            ] as [(String?, Int, String)] {
                let answer = try await deliver(signature)
                #expect(answer.status == status)
                #expect(answer.code == code)
            }
            let large = try await gateway.call(
                "POST", "/api/webhooks/stripe", headers: ["Stripe-Signature": "good"],
                bytes: [UInt8](repeating: 0x20, count: 262_145))
            #expect(large.status == 413)
        }
    }

    @Test func `webhooks are limited by address`() async throws {
        try await GatewayFixture.with {
            $0.hasRateLimits = true
            $0.webhooksPerSecond = 3
        } _: { gateway in
            var statuses: [Int] = []
            for _ in 0..<4 {
                statuses.append(
                    try await gateway.call(
                        "POST", "/api/webhooks/stripe", "{}",
                        headers: ["Stripe-Signature": "good"]
                    ).status)
            }
            #expect(statuses == [200, 200, 200, 429])
        }
    }

    @Test func `the page of the sandbox says so, pays and cancels`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let path = "/checkout/\(FakePayments.token)"
            _ = try await gateway.call(
                "POST", "/api/credits/checkout",
                #"{"pack":"pro","successUrl":"https://shop.example/done?x=1"}"#, token: token)
            let page = try await gateway.call("GET", path)
            #expect(page.status == 200)
            for text in [
                "Sandbox", "No money moves", "$52.05", "1200 credits", "Pro &lt;b&gt;",
                "action=\"\(path)\"", "value=\"pay\"", "value=\"cancel\"",
            ] { #expect(page.text.contains(text), "\(text)") }
            #expect(!page.text.contains("<script"))
            let policy = page.headers["Content-Security-Policy"] ?? ""
            #expect(policy.contains("default-src 'none'"))
            #expect(policy.hasSuffix("form-action 'self' https://shop.example"))
            #expect(page.headers["Cache-Control"] == "no-store")
            #expect(page.headers["Referrer-Policy"] == "no-referrer")
            #expect(try await gateway.call("GET", "/checkout.css").status == 200)
            let paid = try await gateway.call(
                "POST", path, headers: Self.form, bytes: Array("action=pay".utf8))
            #expect(paid.status == 303)
            #expect(paid.headers["Location"] == "https://shop.example/done?x=1")
            #expect(try await gateway.call("GET", path).text.contains("<h1>Paid</h1>"))
            let late = try await gateway.call(
                "POST", path, headers: Self.form, bytes: Array("action=cancel".utf8))
            #expect(late.status == 410)
            _ = try await gateway.call(
                "POST", "/api/credits/checkout", #"{"pack":"pro"}"#, token: token)
            let cancelled = try await gateway.call(
                "POST", path, headers: Self.form, bytes: Array("action=cancel".utf8))
            #expect(cancelled.headers["Location"] == path)
            #expect(try await gateway.call("GET", path).text.contains("<h1>Cancelled</h1>"))
        }
    }

    @Test func `an unknown checkout and a wrong form are refused`() async throws {
        try await GatewayFixture.with { gateway in
            for name in ["x", String(repeating: "u", count: 43), "%3Cb%3E"] {
                let page = try await gateway.call("GET", "/checkout/\(name)")
                #expect(page.status == 404)
                #expect(page.text.contains("No such checkout"))
            }
            let path = "/checkout/\(FakePayments.token)"
            for body in ["", "action=refund", "action=pay&x=1"] {
                let answer = try await gateway.call(
                    "POST", path, headers: Self.form, bytes: Array(body.utf8))
                #expect(answer.status == 422)
            }
            let json = try await gateway.call("POST", path, #"{"action":"pay"}"#)
            #expect(json.status == 415)
        }
    }
}
