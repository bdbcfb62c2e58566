import CreditsService
import RPC
import ServiceAPI
import ServiceRuntime
import Testing

/// Quotes: what was said is what is charged, and never more.
@Suite struct QuoteTests {
    typealias Item = CreditsAPI.QuoteItem

    private func quote(
        _ credits: CreditsFixture, _ items: [Item], user: String = "ada"
    ) async throws -> CreditsAPI.QuoteReply {
        try await credits.handler.quote(
            .init(userID: user, items: items), CreditsFixture.context)
    }

    private func hold(
        _ credits: CreditsFixture, _ job: String, _ quoteID: String, _ item: Item,
        user: String = "ada", max: Int64 = 0
    ) async throws -> CreditsAPI.HoldReply {
        try await credits.handler.hold(
            .init(
                userID: user, job: job, operation: item.operation, quantity: item.quantity,
                model: item.model, catalogue: item.catalogue, parameters: item.parameters,
                quoteID: quoteID, maxAmountU4: max), CreditsFixture.context)
    }

    private static let pictures = Item(operation: "image.preview", quantity: 4)
    private static let clip = Item(
        operation: "video.second", model: "veo_3_1_fast", quantity: 8, catalogue: "checkout")

    @Test func `a quote says the lines, the total and what would be left`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let reply = try await quote(credits, [Self.pictures, Self.clip])
        #expect(reply.lines.map(\.amountU4) == [40_000, 240_000])
        #expect(reply.lines.map(\.unitU4) == [10_000, 30_000])
        #expect(reply.lines.map(\.unit) == ["each", "second"])
        #expect(reply.totalU4 == 280_000)
        #expect(reply.balance?.availableU4 == 1_000_000)
        #expect(reply.balanceAfterU4 == 720_000)
        #expect(reply.shortByU4 == 0)
        #expect(reply.suggestion == nil)
        #expect(reply.expiresAtUs == credits.time.now.microseconds + 900_000_000)
        #expect(try await credits.balance("ada").heldU4 == 0)
        credits.remove()
    }

    @Test func `a quote that cannot be paid says what is missing, and what is cheaper`()
        async throws
    {
        let credits = try await CreditsFixture { $0.starterGrant = 60 }
        try await credits.open("ada")
        let sora = Item(operation: "video.final", model: "sora-2")
        let reply = try await quote(credits, [sora])
        #expect(reply.balanceAfterU4 == -200_000)
        #expect(reply.shortByU4 == 200_000)
        #expect(reply.suggestion?.pack?.id == "starter")
        #expect(
            reply.lines[0].alternatives.map { "\($0.model) \($0.amountU4 / 10_000)" } == [
                "local-parallax 5", "wan-2.2 15", "wan-2.5 15", "veo-3 30", "kling-v2.1 35",
            ])
        let refusal = await failure { try await hold(credits, "j", reply.quoteID, sora) }
        #expect(refusal?.domainCode == "INSUFFICIENT_CREDITS")
        // The refused hold used nothing of the quote.
        try await credits.verify()
        credits.remove()
    }

    @Test func `a quoted hold costs what the quote says although the price has changed`()
        async throws
    {
        var credits = try await CreditsFixture()
        try await credits.open("ada")
        let before = try await quote(credits, [Self.clip])
        credits.service.close()
        // Credits are worth half as much now: what is in dollars costs twice.
        credits = try await CreditsFixture(folder: credits.folder, time: credits.time) {
            $0.creditValueMicrodollars = 25_000
        }
        #expect(try await quote(credits, [Self.clip]).totalU4 == 480_000)
        #expect(try await hold(credits, "dear", "", Self.clip).amountU4 == 480_000)
        let refusal = await failure {
            try await hold(credits, "capped", "", Self.clip, max: 479_999)
        }
        #expect(refusal?.domainCode == "PRICE_EXCEEDED")
        let quoted = try await hold(credits, "quoted", before.quoteID, Self.clip)
        #expect(quoted.amountU4 == 240_000)
        #expect(quoted.priceVersion == before.priceVersion)
        #expect(quoted.quoteID == before.quoteID)
        let row = try await credits.handler.listHistory(
            .init(userID: "ada"), CreditsFixture.context
        ).entries.first
        #expect(row?.quoteID == before.quoteID)
        // Again: the same hold, also when the quote is over by then.
        credits.time.advance(by: .seconds(901))
        let again = try await hold(credits, "quoted", before.quoteID, Self.clip)
        #expect(again.holdID == quoted.holdID)
        try await credits.verify()
        credits.remove()
    }

    @Test func `a quote is good for 15 minutes`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let reply = try await quote(credits, [Self.pictures])
        credits.time.advance(by: .milliseconds(899_999))
        _ = try await hold(
            credits, "early", reply.quoteID, Item(operation: "image.preview", quantity: 1))
        credits.time.advance(by: .milliseconds(1))
        let late = await failure {
            try await hold(
                credits, "late", reply.quoteID, Item(operation: "image.preview", quantity: 1))
        }
        #expect(late?.domainCode == "QUOTE_EXPIRED")
        #expect(late?.code == .failedPrecondition)
        credits.remove()
    }

    @Test func `a quote belongs to one user, also after a merge`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("guest")
        try await credits.open("eve")
        let reply = try await quote(credits, [Self.pictures], user: "guest")
        for id in [
            reply.quoteID, "qot_", "qot_00000000000000000000000000", "hld_x",
            String(reply.quoteID.dropLast()) + "0",
        ] {
            let refusal = await failure {
                try await hold(credits, "j", id, Self.pictures, user: "eve")
            }
            #expect(refusal?.code == .notFound)
            #expect(refusal?.domainCode == "QUOTE_NOT_FOUND")
        }
        _ = try await credits.handler.mergeAccount(
            .init(fromUserID: "guest", intoUserID: "ada"), CreditsFixture.context)
        let mine = try await hold(credits, "j", reply.quoteID, Self.pictures, user: "ada")
        #expect(mine.amountU4 == 40_000)
        try await credits.verify()
        credits.remove()
    }

    @Test func `a quote covers its lines and nothing else`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let reply = try await quote(credits, [Self.pictures])
        for item in [
            Item(operation: "depth", quantity: 1),
            Item(operation: "image.preview", quantity: 1, parameters: "size=4"),
        ] {
            let refusal = await failure { try await hold(credits, "j", reply.quoteID, item) }
            #expect(["UNKNOWN_PRICE", "VALIDATION_FAILED"].contains(refusal?.domainCode))
        }
        // What a hold gives back may be used again.
        let first = try await hold(credits, "first", reply.quoteID, Self.pictures)
        let one = Item(operation: "image.preview", quantity: 1)
        #expect(
            await failure { try await hold(credits, "more", reply.quoteID, one) }?.domainCode
                == "PRICE_EXCEEDED")
        _ = try await credits.capture(first.holdID, credits: 3)
        _ = try await hold(credits, "more", reply.quoteID, one)
        #expect(
            await failure { try await hold(credits, "most", reply.quoteID, one) }?.domainCode
                == "PRICE_EXCEEDED")
        let named = await failure {
            try await credits.handler.hold(
                .init(
                    userID: "ada", job: "n", operation: "image.preview", amountU4: 1,
                    quoteID: reply.quoteID), CreditsFixture.context)
        }
        #expect(named?.domainCode == "VALIDATION_FAILED")
        try await credits.verify()
        credits.remove()
    }

    @Test func `bad quotes are refused`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        for items in [
            [], [Self.pictures, Self.pictures],
            [Item](repeating: Self.pictures, count: 51),
            [Item(operation: "depth", quantity: 1_001)],
        ] {
            #expect(
                await failure { try await quote(credits, items) }?.domainCode
                    == "VALIDATION_FAILED")
        }
        #expect(
            await failure { try await quote(credits, [Item(operation: "teapot")]) }?.domainCode
                == "UNKNOWN_PRICE")
        #expect(
            await failure { try await quote(credits, [Self.pictures], user: "eve") }?.domainCode
                == "ACCOUNT_NOT_FOUND")
        credits.remove()
    }

    @Test func `a dry run checks everything and changes nothing`() async throws {
        let credits = try await CreditsFixture { $0.starterGrant = 5 }
        try await credits.open("ada")
        let reply = try await quote(credits, [Self.pictures])
        let request = CreditsAPI.HoldRequest(
            userID: "ada", job: "j", operation: "image.preview", quantity: 4,
            quoteID: reply.quoteID)
        for _ in 0..<3 {
            let validated = try await credits.handler.validateHold(
                request, CreditsFixture.context)
            #expect(validated.amountU4 == 40_000)
            #expect(validated.balance?.availableU4 == 50_000)
            #expect(validated.balanceAfterU4 == 10_000)
            #expect(validated.priceVersion == reply.priceVersion)
        }
        let before = try await credits.verify()
        #expect(before.transactions == 1)
        let dear = await failure {
            try await credits.handler.validateHold(
                .init(userID: "ada", job: "k", operation: "image.preview", quantity: 6),
                CreditsFixture.context)
        }
        #expect(dear?.domainCode == "INSUFFICIENT_CREDITS")
        _ = try await hold(credits, "j", reply.quoteID, Self.pictures)
        try await credits.verify()
        credits.remove()
    }

    @Test func `quotes that nobody used are forgotten, used ones stay`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        for _ in 0..<20 { _ = try await quote(credits, [Self.pictures]) }
        let used = try await quote(credits, [Self.pictures])
        let held = try await hold(credits, "j", used.quoteID, Self.pictures)
        credits.time.advance(by: .seconds(901))
        await credits.service.sweep()
        let again = try await credits.handler.getHold(
            .init(holdID: held.holdID), CreditsFixture.context)
        #expect(again.quoteID == used.quoteID)
        try await credits.verify()
        credits.service.close()
        try await credits.byHand(
            """
            CREATE TABLE found(n INTEGER CHECK(n = 1));
            INSERT INTO found SELECT count(*) FROM quotes;
            INSERT INTO found SELECT count(*) FROM quote_lines;
            """)
        credits.remove()
    }

    /// Random quotes, holds and closes against plain sums: what is charged for a quote never exceeds
    /// what it said, and a hold is refused exactly when it would.
    @Test(arguments: [3, 20_261_121] as [UInt64])
    func `what is charged never exceeds what was quoted`(seed: UInt64) async throws {
        print("seed \(seed)")
        let credits = try await CreditsFixture { $0.starterGrant = 100_000 }
        let random = RandomSource.seeded(seed)
        func pick(_ bound: Int) -> Int { Int(random.nextUInt64() % UInt64(bound)) }
        try await credits.open("ada")
        struct Model {
            var id: String
            var item: Item
            var quoted: Int64
            var used: Int64 = 0
            var charged: Int64 = 0
            var expiresUs: Int64
        }
        let catalogue: [(Item, (Int64) -> Int64)] = [
            (Item(operation: "depth"), { $0 * 10_000 }),
            (Item(operation: "view.edit", catalogue: "product"), { min($0 * 5_000, 20_000) }),
            (
                Item(
                    operation: "video.second", model: "veo_3_1_standard", catalogue: "checkout"),
                { $0 * 80_000 }
            ),
        ]
        var quotes: [Model] = []
        var open: [(hold: CreditsAPI.HoldReply, quote: Int)] = []
        for step in 0..<600 {
            switch pick(10) {
            case 0...1:
                let (item, price) = catalogue[pick(catalogue.count)]
                var asked = item
                asked.quantity = UInt32(1 + pick(9))
                let reply = try await quote(credits, [asked])
                #expect(reply.totalU4 == price(Int64(asked.quantity)))
                quotes.append(
                    Model(
                        id: reply.quoteID, item: item, quoted: reply.totalU4,
                        expiresUs: reply.expiresAtUs))
            case 2...5 where !quotes.isEmpty:
                let index = max(0, quotes.count - 1 - pick(4))
                let model = quotes[index]
                var asked = model.item
                asked.quantity = UInt32(1 + pick(5))
                let price = catalogue.first { $0.0.operation == model.item.operation }?.1
                let amount = price?(Int64(asked.quantity)) ?? 0
                var expected: String?
                if credits.time.now.microseconds >= model.expiresUs {
                    expected = "QUOTE_EXPIRED"
                } else if model.used + amount > model.quoted {
                    expected = "PRICE_EXCEEDED"
                }
                var reply: CreditsAPI.HoldReply?
                let refusal = await failure {
                    reply = try await hold(credits, "j\(step)", model.id, asked)
                    return reply
                }
                #expect(refusal?.domainCode == expected)
                if let reply {
                    #expect(reply.amountU4 == amount)
                    quotes[index].used += amount
                    open.append((reply, index))
                }
            case 6...8 where !open.isEmpty:
                let (reply, index) = open.remove(at: pick(open.count))
                let taken = Int64(pick(Int(reply.amountU4) + 1))
                if taken == 0 {
                    _ = try await credits.release(reply.holdID)
                } else {
                    _ = try await credits.handler.captureHold(
                        .init(holdID: reply.holdID, amountU4: taken), CreditsFixture.context)
                }
                quotes[index].used -= reply.amountU4 - taken
                quotes[index].charged += taken
            default:
                // The leases of this test outlive it: only quotes end.
                for (reply, _) in open {
                    _ = try await credits.handler.submitHold(
                        .init(holdID: reply.holdID, providerReference: "p"),
                        CreditsFixture.context)
                }
                credits.time.advance(by: .seconds(Int64(pick(20))))
                await credits.service.sweep()
            }
            for model in quotes { #expect(model.charged <= model.quoted) }
        }
        #expect(quotes.contains { $0.charged > 0 })
        try await credits.verify()
        credits.remove()
    }

    @Test func `what is there already costs nothing in a quote, and its hold is refused`()
        async throws
    {
        let credits = try await CreditsFixture()
        defer { credits.remove() }
        try await credits.open("ada")
        func quote(cached: UInt32) async throws -> CreditsAPI.QuoteReply {
            try await credits.handler.quote(
                .init(
                    userID: "ada",
                    items: [.init(operation: "image.preview", quantity: 4, cached: cached)]),
                CreditsFixture.context)
        }
        let some = try await quote(cached: 1)
        #expect(some.totalU4 == 30_000)
        #expect(some.lines.first?.cached == 1)
        let all = try await quote(cached: 4)
        #expect(all.totalU4 == 0)
        #expect(all.lines.first?.alternatives.isEmpty == true)
        let refused = await failure {
            try await credits.handler.hold(
                .init(
                    userID: "ada", job: "job1", operation: "image.preview", quantity: 1,
                    quoteID: all.quoteID), CreditsFixture.context)
        }
        #expect(refused?.domainCode == "PRICE_EXCEEDED")
        let wrong = await failure { try await quote(cached: 5) }
        #expect(wrong?.domainCode == "VALIDATION_FAILED")
        try await credits.verify()
    }
}
