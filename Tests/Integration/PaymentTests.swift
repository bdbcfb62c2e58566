import Foundation
import HTTP
import ServiceRuntime
import TestSupport
import Testing

/// Buying credits from the real processes: by the sandbox, and by a Stripe that its own SDK believes.
@Suite struct Payments {
    @Test func `a pack bought from the sandbox is in the balance and in the history`() async throws
    {
        let set = try await SharedSet.shared.running()
        let user = try await PublicAPI.guest(set)
        let packs = try await user.get("/api/credits/packs")
        #expect(packs.json["sandbox"] == true)
        let opened = try await user.post(
            "/api/credits/checkout", ["pack": "pro", "successUrl": "/docs"], key: "buy-1")
        #expect(opened.status == 201, "\(opened.text)")
        let url = try #require(opened.json["url"]?.text)
        let id = try #require(opened.json["purchaseId"]?.text)
        let nobody = PublicAPI(set: set, token: nil)
        let page = try await nobody.get(url)
        #expect(page.status == 200)
        #expect(page.text.contains("No money moves"))
        for _ in 0..<3 {
            let paid = try await nobody.send(
                "POST", url, body: Array("action=pay".utf8),
                headers: ["Content-Type": "application/x-www-form-urlencoded"])
            #expect(paid.status == 303)
            #expect(paid.headers["Location"] == "/docs?purchase=\(id)")
        }
        #expect(try await user.credits().balance == "1300")
        let purchase = try await user.get("/api/credits/checkout/\(id)")
        #expect(purchase.json["state"] == "paid")
        let history = try await user.get("/api/credits/history")
        #expect(history.json["entries"]?[0]?["kind"] == "grant")
        #expect(history.json["entries"]?[0]?["note"]?.text?.contains(id) == true)
        let foreign = try await PublicAPI.guest(set).get("/api/credits/checkout/\(id)")
        #expect(foreign.status == 404)
        #expect(try await set.command("credits", ["verify"]).0 == 0)
    }

    @Test func `a purchase is told on the stream of its buyer`() async throws {
        let set = try await SharedSet.shared.running()
        let user = try await PublicAPI.guest(set)
        async let told = user.events { $0.contains("\"balance\":700") }
        let opened = try await user.post("/api/credits/checkout", ["pack": "booster"])
        let url = try #require(opened.json["url"]?.text)
        let paid = try await PublicAPI(set: set, token: nil).send(
            "POST", url, body: Array("action=pay".utf8),
            headers: ["Content-Type": "application/x-www-form-urlencoded"])
        #expect(paid.status == 303)
        let text = try await told
        #expect(text.contains("event: balance"))
    }

    @Test func `Stripe's own SDK speaks with the fake and believes its events`() async throws {
        let fake = try await StripeFake()
        let lines = try await Self.python([fake.url])
        #expect(lines.last == "ok", "\(lines.joined(separator: "\n"))")
        await fake.stop()
    }

    @Test func `a pack is paid by Stripe, and the SDK's signatures are believed`() async throws {
        let fake = try await StripeFake()
        let set = try await RunningSet(environment: [
            "CREDITS_PAYMENT_PROVIDER": "stripe", "CREDITS_STRIPE_API_BASE": fake.url,
            "CREDITS_STRIPE_SECRET_KEY": StripeFake.secretKey,
            "CREDITS_STRIPE_WEBHOOK_SECRETS": StripeFake.webhookSecret,
            "CREDITS_PUBLIC_URL": "https://studio.example",
        ])
        let user = try await PublicAPI.guest(set)
        let opened = try await user.post("/api/credits/checkout", ["pack": "studio"], key: "buy-1")
        #expect(opened.status == 201, "\(opened.text)")
        #expect(opened.json["provider"] == "stripe")
        let session = String(
            try #require(opened.json["url"]?.text?.split(separator: "/").last))
        // The SDK signs an event of its own about that session, and others that must be refused.
        _ = fake.pay(session: session)
        let lines = try await Self.python([fake.url, session])
        #expect(lines.count >= 4)
        let nobody = PublicAPI(set: set, token: nil)
        var statuses: [Int] = []
        for line in lines where line.hasPrefix("{") {
            let signed = try JSONValue(parsing: Array(line.utf8))
            let body = try #require(signed["body"]?.text)
            let header = try #require(signed["header"]?.text)
            let answer = try await nobody.send(
                "POST", "/api/webhooks/stripe", body: Array(body.utf8),
                headers: ["Stripe-Signature": header])
            statuses.append(answer.status)
        }
        // Good, again, of no concern, by another secret, too old, v0 only.
        #expect(statuses == [200, 200, 202, 401, 401, 401])
        #expect(try await user.credits().balance == "3100")
        let refund = try #require(fake.refund(session: session, amount: nil))
        let told = try await nobody.send(
            "POST", "/api/webhooks/stripe", body: refund.body,
            headers: ["Stripe-Signature": refund.signature(seconds: fake.seconds)])
        #expect(told.status == 200)
        #expect(try await user.credits().balance == "100")
        #expect(try await set.command("credits", ["verify"]).0 == 0)
        _ = try await set.stop()
        await fake.stop()
    }

    /// Runs the SDK against a fake; what it printed.
    private static func python(_ arguments: [String]) async throws -> [String] {
        let child = try ChildProcess(
            RunningSet.root.appending(path: ".build/venv/bin/python").path,
            [RunningSet.root.appending(path: "Tests/Integration/python/stripe_client.py").path]
                + arguments + [StripeFake.secretKey, StripeFake.webhookSecret])
        let pool = WorkerPool(threads: 1, name: "lines")
        defer { pool.stop() }
        return try await pool.run {
            var lines: [String] = []
            while let line = child.line() { lines.append(line) }
            let exit = child.waitForExit()
            if exit != .code(0) { lines.append("exit \(exit)") }
            return lines
        }
    }
}
