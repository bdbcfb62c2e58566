import CreditsService
import RPC
import ServiceAPI
import ServiceRuntime
import Testing

/// Searching a history, statements of sessions, and what a watcher is told besides the balance.
@Suite struct HistoryTests {
    /// Twenty jobs in two sessions: every second one is captured, the others are released.
    private func busy() async throws -> CreditsFixture {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        for index in 0..<20 {
            credits.time.advance(by: .seconds(1))
            let hold = try await credits.hold(
                "ada", "job\(index)", index % 4 == 0 ? "depth" : "image.preview", credits: 2,
                session: index < 10 ? "one" : "two")
            if index % 2 == 0 {
                _ = try await credits.capture(hold.holdID, credits: 1)
            } else {
                _ = try await credits.release(hold.holdID)
            }
        }
        return credits
    }

    /// All pages of a search.
    private func search(
        _ credits: CreditsFixture, _ request: CreditsAPI.ListHistoryRequest
    ) async throws -> [CreditsAPI.HistoryEntry] {
        var request = request
        request.userID = "ada"
        request.limit = 3
        var entries: [CreditsAPI.HistoryEntry] = []
        repeat {
            let page = try await credits.handler.listHistory(request, CreditsFixture.context)
            #expect(page.entries.count <= 3)
            entries += page.entries
            request.before = page.nextBefore
        } while request.before != 0
        return entries
    }

    @Test func `a search finds what fits all its filters, page by page`() async throws {
        let credits = try await busy()
        let all = try await search(credits, .init())
        #expect(all.count == 41)
        #expect(all.reduce(0) { $0 + $1.amountU4 } == 900_000)
        #expect(all.first?.balanceAfterU4 == 900_000)
        let captures = try await search(credits, .init(kinds: ["capture"]))
        #expect(captures == all.filter { $0.kind == "capture" })
        let depth = try await search(
            credits, .init(sessionID: "two", kinds: ["capture", "hold"], operation: "depth"))
        #expect(
            depth
                == all.filter {
                    $0.sessionID == "two" && $0.operation == "depth" && $0.kind != "release"
                })
        #expect(depth.count == 4)
        let from = all[20].atUs
        let until = all[10].atUs
        let between = try await search(credits, .init(fromUs: from, untilUs: until))
        #expect(between == Array(all[11...20]))
        for request in [
            CreditsAPI.ListHistoryRequest(userID: "ada", kinds: ["theft"]),
            CreditsAPI.ListHistoryRequest(userID: "ada", fromUs: -1),
            CreditsAPI.ListHistoryRequest(userID: "ada", operation: "a b"),
        ] {
            let refusal = await failure {
                try await credits.handler.listHistory(request, CreditsFixture.context)
            }
            #expect(refusal?.domainCode == "VALIDATION_FAILED")
        }
        credits.remove()
    }

    @Test func `a statement adds up what its session was charged`() async throws {
        let credits = try await busy()
        let hold = try await credits.hold("ada", "late", credits: 3, session: "one")
        let statement = try await credits.handler.getStatement(
            .init(userID: "ada", sessionID: "one"), CreditsFixture.context)
        #expect(statement.lines.map(\.operation) == ["depth", "image.preview"])
        #expect(statement.lines.map(\.holds) == [3, 8])
        #expect(statement.lines.map(\.chargedU4) == [30_000, 20_000])
        #expect(statement.chargedU4 == 50_000)
        #expect(statement.heldU4 == 30_000)
        #expect(statement.firstAtUs < statement.lastAtUs)
        _ = try await credits.capture(hold.holdID, credits: 3)
        _ = try await credits.handler.refund(
            .init(holdID: hold.holdID, amountU4: 10_000, key: "a"), CreditsFixture.context)
        let after = try await credits.handler.getStatement(
            .init(userID: "ada", sessionID: "one"), CreditsFixture.context)
        #expect(after.chargedU4 == 70_000)
        #expect(after.heldU4 == 0)
        // Another's session is none.
        try await credits.open("bob")
        for (user, session) in [("bob", "one"), ("ada", "three")] {
            let refusal = await failure {
                try await credits.handler.getStatement(
                    .init(userID: user, sessionID: session), CreditsFixture.context)
            }
            #expect(refusal?.domainCode == "STATEMENT_NOT_FOUND")
        }
        credits.remove()
    }

    @Test func `the user decides below what a balance is low`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        func set(_ credit: Int64, isDefault: Bool = false) async throws -> CreditsAPI.Balance {
            try await credits.handler.setLowThreshold(
                .init(userID: "ada", amountU4: credit * 10_000, isDefault: isDefault),
                CreditsFixture.context)
        }
        #expect(try await !credits.balance("ada").isLow)
        #expect(try await !set(100).isLow, "strictly below")
        #expect(try await set(101).isLow)
        #expect(try await credits.balance("ada").lowThresholdU4 == 1_010_000)
        #expect(try await credits.hold("ada", "a", credits: 1).balance?.isLow == true)
        #expect(try await !set(0).isLow)
        #expect(try await set(0, isDefault: true).lowThresholdU4 == 100_000)
        let refusal = await failure { try await set(-1) }
        #expect(refusal?.domainCode == "VALIDATION_FAILED")
        credits.remove()
    }

    @Test func `a watcher is told once when few credits are left or a budget is reached`()
        async throws
    {
        let credits = try await CreditsFixture()
        let loop = EventLoop(name: "history-test")
        let transport = InMemoryTransport()
        let server = Server(
            identity: Identity(service: "credits"), methods: credits.service.methods,
            loops: [loop], transport: transport)
        let address = try server.listen(on: SocketAddress(host: "127.0.0.1", port: 0))
        let channel = Channel(
            addresses: [address], identity: Identity(service: "test"), loop: loop,
            transport: transport)
        let client = CreditsAPI.Client(channel)
        let options = CallOptions(timeout: .seconds(30))
        try await credits.open("ada")
        _ = try await credits.handler.setBudget(
            .init(userID: "ada", amountU4: 1_000_000, period: "day"), CreditsFixture.context)
        let stream = try await client.watchBalance(
            .init(userID: "ada", fromNow: true), options)
        let now = try await stream.next()
        var events: [CreditsAPI.BalanceEvent] = []
        for (job, amount) in [("a", Int64(74)), ("b", 16), ("c", 1)] {
            _ = try await credits.hold("ada", job, credits: amount)
            if let event = try await stream.next() { events.append(event) }
        }
        #expect(events.map(\.becameLow) == [false, false, true])
        #expect(events.map(\.budgetReached) == [0, 90, 0])
        #expect(events[1].budgetU4 == 1_000_000)
        // Who reads the same changes later is told the same.
        let again = try await client.watchBalance(
            .init(userID: "ada", after: now?.sequence ?? 0), options)
        for event in events { #expect(try await again.next() == event) }
        let ahead = try await client.watchBalance(.init(userID: "ada", after: 99), options)
        let refusal = await failure { try await ahead.next() }
        #expect(refusal?.domainCode == "RESYNC")
        credits.service.endStreams()
        channel.close()
        await server.drain()
        credits.remove()
    }
}
