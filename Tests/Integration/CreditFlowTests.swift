import Foundation
import HTTP
import Testing

/// Credits through the public API of the six real processes.
extension `The public API` {
    private static let picture: JSONValue = ["operation": "image.preview", "quantity": 4]

    @Test func `a dry run checks everything and leaves nothing`() async throws {
        let user = try await PublicAPI.guest(try await SharedSet.shared.running())
        let body: JSONValue = ["intent": "a fox crossing a frozen lake at dawn"]
        let tried = try await user.post("/api/convergence/start?dryRun=true", body, key: "a")
        #expect(tried.status == 200, "\(tried.text)")
        #expect(tried.json["dryRun"] == .flag(true))
        #expect(tried.json["credits"]?.integer == 4)
        #expect(tried.json["available"]?.integer == 100)
        #expect(tried.json["balanceAfter"]?.integer == 96)
        #expect(try await user.get("/api/convergence/session/active").json["session"] == .null)
        #expect(try await user.credits() == ("100", "0"))
        let real = try await user.post("/api/convergence/start", body, key: "a")
        #expect(real.status == 201, "\(real.text)")
        #expect(real.headers["Idempotency-Replayed"] == nil)
        let id = try #require(real.json["sessionId"]?.text)
        for (name, more) in [
            ("regenerate", [("dimension", "direction")]),
            ("select", [("dimension", "direction"), ("optionId", "cinematic")]),
        ] {
            let fields: [(String, JSONValue)] = more.map { ($0.0, .text($0.1)) }
            let answer = try await user.command("\(name)?dryRun=true", id, fields)
            #expect(answer.json["credits"]?.integer == 4, "\(answer.text)")
        }
        let image = try await user.post(
            "/api/generations?dryRun=true", ["kind": "image", "prompt": "a fox"])
        #expect(image.status == 200, "\(image.text)")
        #expect(image.json["credits"]?.integer == 1)
        #expect(try await user.get("/api/generations").json["generations"]?.array?.count == 0)
        #expect(try await user.credits() == ("96", "0"))
        #expect(try await user.command("back?dryRun=maybe", id).status == 422)
        #expect(try await user.post("/api/auth/logout?dryRun=true", .object([])).status == 422)
        #expect(try await user.credits() == ("96", "0"))
    }

    @Test func `a choice is quoted, free where its pictures are there`() async throws {
        let user = try await PublicAPI.guest(try await SharedSet.shared.running())
        let id = try await user.start()
        func quote(_ option: String) async throws -> JSONValue? {
            let item: JSONValue = [
                "sessionId": .text(id), "dimension": "direction", "optionId": .text(option),
            ]
            let answer = try await user.post("/api/credits/quote", ["items": [item]])
            #expect(answer.status == 200, "\(answer.text)")
            return answer.json["lines"]?[0]
        }
        #expect(try await quote("cinematic")?["credits"]?.integer == 4)
        #expect(try await user.select(id, "direction", "cinematic").status == 200)
        #expect(try await user.command("back", id).status == 200)
        let known = try await quote("cinematic")
        #expect(known?["credits"]?.integer == 0)
        #expect(known?["cached"]?.integer == 4)
        let fresh = try await quote("social")
        #expect(fresh?["credits"]?.integer == 4)
        let alternative = fresh?["alternatives"]?[0]
        #expect(alternative?["optionId"] == "cinematic")
        #expect(alternative?["credits"]?.integer == 0)
        #expect(alternative?["reason"] == "cached")
        // And so it is.
        let again = try await user.select(id, "direction", "cinematic")
        #expect(again.json["creditsConsumed"]?.integer == 0, "\(again.text)")
        #expect(try await user.credits() == ("92", "0"))
    }

    @Test func `a command charges by its quote and never more than allowed`() async throws {
        let set = try await SharedSet.shared.running()
        let user = try await PublicAPI.guest(set)
        let quote = try await user.post("/api/credits/quote", ["items": [Self.picture]])
        let quoteID = try #require(quote.json["quoteId"]?.text)
        let stranger = try await PublicAPI.guest(set)
        let foreign = try await stranger.post(
            "/api/convergence/start", ["intent": "a fox", "quoteId": .text(quoteID)])
        #expect(foreign.status == 404 && foreign.code == "QUOTE_NOT_FOUND", "\(foreign.text)")
        let dear = try await user.post(
            "/api/convergence/start", ["intent": "a fox", "maxCredits": .number("3.9999")])
        #expect(dear.status == 409 && dear.code == "PRICE_EXCEEDED", "\(dear.text)")
        #expect(try await user.credits() == ("100", "0"))
        let started = try await user.post(
            "/api/convergence/start",
            ["intent": "a fox", "quoteId": .text(quoteID), "maxCredits": 4])
        #expect(started.status == 201, "\(started.text)")
        // The quote was for pictures of a step, not for other ones.
        let more = try await user.command(
            "regenerate", try #require(started.json["sessionId"]?.text),
            [("dimension", "direction"), ("quoteId", .text(quoteID))])
        #expect(more.status == 422 && more.text.contains("quoteId"), "\(more.text)")
        let mood = try await user.command(
            "select", try #require(started.json["sessionId"]?.text),
            [
                ("dimension", "direction"), ("optionId", "cinematic"),
                ("quoteId", .text(quoteID)),
            ])
        #expect(mood.status == 409 && mood.code == "PRICE_EXCEEDED", "\(mood.text)")
        #expect(try await user.credits() == ("96", "0"))
    }

    @Test(arguments: [
        "\"4\"", "4e0", "-1", "0", "0.00001", "1.00000", "1e400", "100000000", "true", "[]",
        "99999999999999999999999999",
    ])
    func `an amount that is none is refused`(_ amount: String) async throws {
        let user = try await PublicAPI.guest(try await SharedSet.shared.running())
        let answer = try await user.send(
            "POST", "/api/convergence/start",
            body: Array("{\"intent\": \"a fox\", \"maxCredits\": \(amount)}".utf8))
        #expect(answer.status == 422, "\(answer.text)")
        #expect(answer.text.contains("maxCredits"))
        #expect(try await user.credits() == ("100", "0"))
    }

    @Test func `the exported rows add up to the balance, the statement to the session`()
        async throws
    {
        let user = try await PublicAPI.guest(try await SharedSet.shared.running())
        let session = try await user.start()
        _ = try await user.select(session, "direction", "cinematic")
        let sheet = try await user.get("/api/credits/history/export")
        #expect(sheet.headers["Content-Type"]?.hasPrefix("text/csv") == true)
        #expect(sheet.headers["Content-Disposition"]?.contains("credits.csv") == true)
        let rows = sheet.text.components(separatedBy: "\r\n").dropLast().map {
            $0.components(separatedBy: ",")
        }
        #expect(rows.first?.first == "sequence")
        #expect(rows.dropFirst().compactMap { Int($0[3]) }.reduce(0, +) == 92)
        let file = try await user.get("/api/credits/history/export?format=json")
        let entries = try #require(file.json["entries"]?.array)
        #expect(entries.compactMap { $0["amount"]?.integer }.reduce(0, +) == 92)
        #expect(entries.count == rows.count - 1)
        let captured = try #require(entries.first { $0["kind"]?.text == "capture" })
        for name in ["requestId", "job", "sessionId", "assetId"] {
            #expect(captured[name]?.text?.isEmpty == false, "\(name)")
        }
        let statement = try await user.get("/api/credits/statements/\(session)")
        #expect(statement.json["charged"]?.integer == 8, "\(statement.text)")
        let shown = try await user.get("/api/convergence/session/\(session)")
        #expect(shown.json["session"]?["totalCreditsConsumed"]?.integer == 8)
        var found = 0
        var cursor: String? = ""
        while let place = cursor {
            let page = try await user.get(
                "/api/credits/history?kind=capture,grant&limit=1"
                    + (place.isEmpty ? "" : "&cursor=\(place)"))
            #expect(page.status == 200, "\(page.text)")
            found += page.json["entries"]?.array?.count ?? 0
            cursor = page.json["nextCursor"]?.text
        }
        #expect(found == 3)
        let until = try await user.get("/api/credits/history?until=2020-01-01T00:00:00Z")
        #expect(until.json["entries"]?.array?.count == 0)
        for bad in ["cursor=x", "kind=theft", "from=yesterday", "format=pdf", "limit=0"] {
            let path = bad.hasPrefix("format") ? "history/export" : "history"
            #expect(try await user.get("/api/credits/\(path)?\(bad)").status == 422, "\(bad)")
        }
        let stranger = try await PublicAPI.guest(user.set)
        #expect(try await stranger.get("/api/credits/statements/\(session)").status == 404)
    }

    @Test func `a budget of one's own stops what would be too much`() async throws {
        let user = try await PublicAPI.guest(try await SharedSet.shared.running())
        let none = try await user.get("/api/credits/budget")
        #expect(none.json["budget"] == .null)
        #expect(none.json["lowBalanceThreshold"]?.integer == 10)
        let set = try await user.send(
            "PUT", "/api/credits/budget",
            body: Array(#"{"credits": 5.5, "period": "day", "isHard": true}"#.utf8))
        #expect(set.status == 200, "\(set.text)")
        _ = try await user.start()
        let used = try await user.get("/api/credits/budget")
        #expect(used.json["budget"]?["used"]?.integer == 4)
        #expect(used.json["budget"]?["percent"]?.integer == 72)
        let session = try await user.get("/api/convergence/session/active").json["session"]
        let refused = try await user.select(
            try #require(session?["id"]?.text), "direction", "cinematic")
        #expect(refused.status == 409 && refused.code == "BUDGET_EXCEEDED", "\(refused.text)")
        let low = try await user.send(
            "PUT", "/api/credits/low-balance", body: Array(#"{"threshold": 96.0001}"#.utf8))
        #expect(low.json["lowBalance"] == .flag(true), "\(low.text)")
        #expect(try await user.get("/api/credits").json["lowBalance"] == .flag(true))
        for bad in [
            "{}", #"{"credits": 0, "period": "day"}"#, #"{"credits": 1, "period": "year"}"#,
            #"{"credits": 1, "period": "day", "isHard": 1}"#,
        ] {
            let answer = try await user.send("PUT", "/api/credits/budget", body: Array(bad.utf8))
            #expect(answer.status == 422, "\(bad)")
        }
        let gone = try await user.send("DELETE", "/api/credits/budget")
        #expect(gone.json["budget"] == .null, "\(gone.text)")
        let allowed = try await user.select(
            try #require(session?["id"]?.text), "direction", "cinematic")
        #expect(allowed.status == 200, "\(allowed.text)")
    }
}
