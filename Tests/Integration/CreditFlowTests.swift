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
}
