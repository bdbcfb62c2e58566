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
        #expect(answer.json["details"]?["fields"]?[0]?["field"] == "maxCredits")
        let isNumber = !["\"", "t", "["].contains(String(amount.prefix(1)))
        #expect(answer.code == (isNumber ? "INVALID_AMOUNT" : "VALIDATION_FAILED"))
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

    /// A request that costs, and what it is in the price list.
    private struct Paid {
        let path: String
        let body: JSONValue
        let price: JSONValue
    }

    /// Expects the same refusal from a paid route, from its dry run and from the pre-flight.
    private func expectRefusal(_ user: PublicAPI, _ paid: Paid) async throws {
        let expected = try await user.post("/api/credits/validate", paid.price)
        #expect(expected.status == 402, "\(expected.text)")
        let details = try #require(expected.json["details"])
        #expect(details["suggestion"]?["pack"]?["id"] == "starter")
        #expect(details["suggestion"]?["quantity"] == 1)
        #expect(details["available"]?.integer == 0)
        #expect(details["shortBy"] == details["required"])
        let sentence = try #require(expected.json["detail"]?.text)
        let number = try #require(details["required"]?.integer)
        let needed = number == 1 ? "1 credit" : "\(number) credits"
        #expect(sentence == "You need \(needed) but have 0; you are \(number) short.")
        for query in ["", "?dryRun=true"] {
            let answer = try await user.post(paid.path + query, paid.body)
            #expect(answer.status == 402 && answer.code == "INSUFFICIENT_CREDITS", "\(paid.path)")
            #expect(answer.json["details"] == details, "\(paid.path)\(query): \(answer.text)")
            #expect(answer.json["detail"]?.text == sentence, "\(paid.path)\(query)")
            #expect(answer.json["retryable"] == false)
        }
    }

    @Test func `whoever cannot pay is told the same by every route`() async throws {
        let set = try await SharedSet.shared.running()
        let four: JSONValue = ["operation": "image.preview", "quantity": 4]
        let fresh = try await PublicAPI.guest(set)
        try await set.take("100", from: try await fresh.id())
        try await expectRefusal(
            fresh, Paid(path: "/api/convergence/start", body: ["intent": "a fox"], price: four))
        let later = try await fresh.post(
            "/api/convergence/start", ["intent": "a fox"], headers: ["Prefer": "respond-async"])
        #expect(later.status == 402 && later.code == "INSUFFICIENT_CREDITS", "\(later.text)")
        for (kind, operation, model) in [
            ("image", "image", "local"), ("storyboard", "storyboard", ""),
        ] {
            var body: [(String, JSONValue)] = [("kind", .text(kind)), ("prompt", "a fox")]
            var price: [(String, JSONValue)] = [("operation", .text(operation))]
            if !model.isEmpty {
                body.append(("model", .text(model)))
                price.append(("model", .text(model)))
            }
            try await expectRefusal(
                fresh,
                Paid(
                    path: "/api/generations",
                    body: .object(body.map { JSONValue.Member($0.0, $0.1) }),
                    price: .object(price.map { JSONValue.Member($0.0, $0.1) })))
        }

        let user = try await PublicAPI.guest(set)
        let id = try await user.start()
        try await set.take("96", from: try await user.id())
        let session: JSONValue.Member = .init("sessionId", .text(id))
        let direction: JSONValue.Member = .init("dimension", "direction")
        for (name, more, operation) in [
            ("regenerate", [direction], "image.regenerate"),
            ("select", [direction, .init("optionId", "cinematic")], "image.preview"),
            ("intent", [.init("intent", "an owl")], "image.preview"),
        ] {
            try await expectRefusal(
                user,
                Paid(
                    path: "/api/convergence/\(name)", body: .object([session] + more),
                    price: ["operation": .text(operation), "quantity": 4]))
        }

        let mover = try await PublicAPI.guest(set)
        let moving = try await mover.start()
        try await mover.chooseEverything(moving)
        try await set.take("84", from: try await mover.id())
        let body: JSONValue = ["sessionId": .text(moving)]
        try await expectRefusal(
            mover,
            Paid(
                path: "/api/convergence/camera-motion", body: body, price: ["operation": "depth"]))
        let given = try await set.command(
            "credits",
            [
                "grant", try await mover.id(), "1", "--source", moving, "--actor", "ann",
                "--reason", "for the depth map",
            ])
        #expect(given.0 == 0)
        #expect(try await mover.command("camera-motion", moving).status == 200)
        let chosen = try await mover.command(
            "camera-motion/select", moving, [("cameraMotionId", "push_in")])
        #expect(chosen.status == 200, "\(chosen.text)")
        try await expectRefusal(
            mover,
            Paid(
                path: "/api/convergence/subject-motion",
                body: ["sessionId": .text(moving), "subjectMotion": "it runs"],
                price: ["operation": "video.preview"]))
        for (kind, price) in [
            ("draft", ["operation": "video.draft"]),
            ("final", ["operation": "video.final", "model": "local-parallax"]),
        ] as [(String, JSONValue)] {
            try await expectRefusal(
                mover,
                Paid(
                    path: "/api/generations",
                    body: ["kind": .text(kind), "sessionId": .text(moving), "prompt": "a fox"],
                    price: price))
        }
        #expect(try await mover.credits() == ("0", "0"))
    }

    /// Quotes, pays at most what it allows, and finds the quote in the history.
    private func expectBounds(
        _ user: PublicAPI, _ item: JSONValue,
        _ send: (JSONValue.Member) async throws
            -> PublicAPI.Answer
    ) async throws {
        let quote = try await user.post("/api/credits/quote", ["items": [item]])
        #expect(quote.status == 200, "\(quote.text)")
        let id = try #require(quote.json["quoteId"]?.text)
        let before = try await user.credits()
        let dear = try await send(.init("maxCredits", .number("0.5")))
        #expect(dear.status == 409 && dear.code == "PRICE_EXCEEDED", "\(dear.text)")
        let unknown = try await send(.init("quoteId", "quo_nobodys"))
        #expect(unknown.status == 404 && unknown.code == "QUOTE_NOT_FOUND", "\(unknown.text)")
        #expect(try await user.credits() == before)
        let done = try await send(.init("quoteId", .text(id)))
        #expect([200, 201, 202].contains(done.status), "\(done.text)")
        if let generation = done.json["id"]?.text {
            _ = try await user.finishedGeneration(generation)
        }
        let history = try await user.get("/api/credits/history?kind=capture&limit=200")
        let rows = (history.json["entries"]?.array ?? []).filter { $0["quoteId"]?.text == id }
        #expect(!rows.isEmpty, "\(item): \(history.text)")
        let charged = rows.compactMap { $0["amount"]?.integer }.reduce(0, +)
        #expect(-charged <= quote.json["total"]?.integer ?? 0)
    }

    @Test func `every paid command keeps to a quote and to a limit`() async throws {
        let user = try await PublicAPI.guest(try await SharedSet.shared.running())
        var id = ""
        func choice(_ dimension: String, _ option: String?) -> JSONValue {
            var members: [JSONValue.Member] = [
                .init("sessionId", .text(id)), .init("dimension", .text(dimension)),
            ]
            if let option { members.append(.init("optionId", .text(option))) }
            return .object(members)
        }
        func command(
            _ name: String, _ more: [JSONValue.Member]
        ) -> (JSONValue.Member) async throws -> PublicAPI.Answer {
            let body = [JSONValue.Member("sessionId", .text(id))] + more
            return { try await user.post("/api/convergence/\(name)", .object(body + [$0])) }
        }
        try await expectBounds(user, Self.picture) {
            try await user.post(
                "/api/convergence/start", .object([.init("intent", "a fox on the ice"), $0]))
        }
        let active = try await user.get("/api/convergence/session/active")
        id = try #require(active.json["session"]?["id"]?.text)
        try await expectBounds(
            user, ["operation": "image.regenerate", "quantity": 4],
            command("regenerate", [.init("dimension", "direction")]))
        try await expectBounds(
            user, Self.picture, command("intent", [.init("intent", "an owl on the ice")]))
        for (dimension, option) in [
            ("direction", "cinematic"), ("mood", "dramatic"), ("framing", "wide"),
        ] {
            try await expectBounds(
                user, choice(dimension, option),
                command(
                    "select",
                    [.init("dimension", .text(dimension)), .init("optionId", .text(option))]))
        }
        #expect(try await user.select(id, "lighting", "golden_hour").status == 200)
        let depth = try await user.post(
            "/api/credits/quote", ["items": [choice("camera_motion", nil)]])
        #expect(depth.json["lines"]?[0]?["credits"]?.integer == 1, "\(depth.text)")
        try await expectBounds(user, choice("camera_motion", nil), command("camera-motion", []))
        let again = try await user.post(
            "/api/credits/quote", ["items": [choice("camera_motion", nil)]])
        #expect(again.json["lines"]?[0]?["credits"]?.integer == 0, "\(again.text)")
        #expect(again.json["lines"]?[0]?["cached"]?.integer == 1)
        let chosen = try await user.command(
            "camera-motion/select", id, [("cameraMotionId", "push_in")])
        #expect(chosen.status == 200, "\(chosen.text)")
        try await expectBounds(
            user, ["operation": "video.preview"],
            command("subject-motion", [.init("subjectMotion", "it turns its head")]))
        try await expectBounds(user, ["operation": "image", "model": "local"]) {
            try await user.post(
                "/api/generations",
                .object([
                    .init("kind", "image"), .init("prompt", "a fox"), .init("model", "local"), $0,
                ]))
        }
    }

    @Test func `a hundred paid requests at once spend what is there and no more`() async throws {
        let user = try await PublicAPI.guest(try await SharedSet.shared.running())
        try await user.set.take("90", from: try await user.id())
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for index in 0..<100 {
                group.addTask {
                    let answer = try await user.post(
                        "/api/generations", ["kind": "image", "prompt": .text("fox \(index)")])
                    return answer.status
                }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(statuses.count { $0 == 202 } == 10, "\(statuses)")
        // Twenty at work are a user's limit, so some are turned away before they are priced.
        #expect(statuses.allSatisfy { [202, 402, 429].contains($0) }, "\(statuses)")
        #expect(statuses.contains(402))
    }

    @Test func `holds, captures and a low balance are told as events`() async throws {
        let user = try await PublicAPI.guest(try await SharedSet.shared.running())
        try await user.set.take("87", from: try await user.id())
        _ = try await user.start()
        let text = try await user.events { $0.contains("\"kind\":\"capture\"") }
        let events = text.components(separatedBy: "\n\n")
        func data(_ kind: String) -> [JSONValue] {
            events.filter { $0.contains("event: \(kind)\n") }.compactMap { event in
                let line = event.split(separator: "\n").first { $0.hasPrefix("data: ") }
                return line.flatMap { try? JSONValue(parsing: Array($0.dropFirst(6).utf8)) }
            }
        }
        let hold = try #require(data("balance").first { $0["kind"]?.text == "hold" })
        #expect(hold["job"]?.text?.isEmpty == false)
        #expect(hold["held"]?.integer == 4)
        #expect(hold["available"]?.integer == 9)
        #expect(hold["lowBalance"] == true)
        let low = try #require(data("lowBalance").first)
        #expect(low["available"]?.integer == 9 && low["threshold"]?.integer == 10)
    }
}
