import CreditsService
import RPC
import ServiceAPI
import ServiceRuntime
import Storage
import Testing

/// The price table: every row, what is refused, and when a version takes effect.
@Suite struct PriceTests {
    private func amount(
        _ credits: CreditsFixture, _ catalogue: String, _ operation: String, _ model: String = "",
        _ parameters: String = "", quantity: UInt32 = 1
    ) async throws -> Int64 {
        let job = "\(catalogue)/\(operation)/\(model)/\(parameters)/\(quantity)"
        return try await credits.handler.hold(
            .init(
                userID: "ada", job: job, operation: operation, quantity: quantity, model: model,
                catalogue: catalogue, parameters: parameters), CreditsFixture.context
        ).amountU4
    }

    /// What the documents say that something costs.
    struct Row: Sendable {
        var catalogue: String
        var operation: String
        var model = ""
        /// Of a request.
        var parameters = ""
        /// As the price list names them, where that is not what a request says.
        var listed: String?
        var quantity: UInt32 = 1
        var tenThousandths: Int64

        /// Which row of the price list it is.
        var key: String {
            let names = (listed ?? parameters).split(separator: ",").sorted()
            return "\(catalogue)/\(operation)/\(model)/\(names.joined(separator: ","))"
        }
    }

    private static func row(
        _ catalogue: String, _ operation: String, _ model: String = "", tenths: Int64,
        quantity: UInt32 = 1
    ) -> Row {
        Row(
            catalogue: catalogue, operation: operation, model: model, quantity: quantity,
            tenThousandths: tenths * 1_000)
    }

    private static func model(
        _ model: String, _ parameters: String, _ credits: Int64, _ operation: String = "video",
        listed: String? = nil
    ) -> Row {
        Row(
            catalogue: "models", operation: operation, model: model, parameters: parameters,
            listed: listed, tenThousandths: credits * 10_000)
    }

    /// The wizard, its pictures and its films.
    private static let studio = [
        row("studio", "image.preview", tenths: 40, quantity: 4),
        row("studio", "image.regenerate", tenths: 40, quantity: 4),
        row("studio", "depth", tenths: 10), row("studio", "video.preview", tenths: 50),
        row("studio", "storyboard", tenths: 40), row("studio", "video.draft", tenths: 50),
        row("studio", "frame.final", tenths: 20),
        row("studio", "frame.final.regenerate", tenths: 20),
        row("studio", "frame.quick", tenths: 20), row("studio", "frame.upload", tenths: 0),
        row("studio", "image", "local", tenths: 10),
        row("studio", "image", "flux-kontext", tenths: 40),
        row("studio", "video.final", "local-parallax", tenths: 50),
        row("studio", "video.final", "wan-2.2", tenths: 150),
        row("studio", "video.final", "wan-2.5", tenths: 150),
        row("studio", "video.final", "veo-3", tenths: 300),
        row("studio", "video.final", "kling-v2.1", tenths: 350),
        row("studio", "video.final", "luma-ray-3", tenths: 400),
        row("studio", "video.final", "runway-gen4", tenths: 500),
        row("studio", "video.final", "sora-2", tenths: 800),
        // By the second: one, and the eight of a clip for which nobody says how long.
        row("studio", "video.second", "wan", tenths: 35),
        row("studio", "video.second", "wan", tenths: 280, quantity: 8),
        row("studio", "video.second", "wan-pro", tenths: 400, quantity: 8),
        row("studio", "video.second", "minimax", tenths: 320, quantity: 8),
        row("studio", "video.second", "sora-2", tenths: 480, quantity: 8),
        row("studio", "video.second", "sora-2-pro", tenths: 1_120, quantity: 8),
        row("studio", "video.second", "kling", tenths: 400, quantity: 8),
        row("studio", "video.second", "veo", tenths: 1_920, quantity: 8),
        row("studio", "video.second", "luma", tenths: 560, quantity: 8),
        row("studio", "video.second", "runway", tenths: 480, quantity: 8),
        row("studio", "video.second", "mochi", tenths: 480, quantity: 8),
    ]

    private static let product = [
        row("product", "view.front", tenths: 10),
        row("product", "view.remaining", tenths: 20, quantity: 4),
        row("product", "view.remaining", tenths: 15, quantity: 3),
        row("product", "view.front.edit", tenths: 10), row("product", "view.edit", tenths: 5),
        row("product", "view.edit", tenths: 15, quantity: 3),
        row("product", "view.edit", tenths: 20, quantity: 5),
        row("product", "text.techpack", tenths: 10), row("product", "model3d", tenths: 50),
    ]

    /// $1.20 and $3.20 for eight seconds, at $0.05 a credit.
    private static let checkout = [
        row("checkout", "video.second", "veo_3_1_fast", tenths: 240, quantity: 8),
        row("checkout", "video.second", "veo_3_1_standard", tenths: 640, quantity: 8),
    ]

    private static let models = [
        model("MiniMax-Hailuo-02", "duration=6,resolution=512P", 320),
        model("MiniMax-Hailuo-02", "resolution=512P,duration=10", 420),
        model("MiniMax-Hailuo-02", "duration=6,resolution=768P", 680),
        model("MiniMax-Hailuo-02", "duration=10,resolution=768P", 1_240),
        model("MiniMax-Hailuo-02", "resolution=1080P,duration=6", 1_100),
        model("T2V-01-Director", "", 980), model("I2V-01-Director", "", 980),
        model("S2V-01", "", 1_420),
        model("gen4_turbo", "duration=5", 620), model("gen4_turbo", "duration=10", 1_120),
        model("gen3a_turbo", "duration=5", 620), model("gen3a_turbo", "duration=10", 1_120),
        model("gen4_aleph", "duration=10", 3_120),
        model("flux-kontext-pro", "", 110, "image"), model("flux-kontext-max", "", 190, "image"),
        model("flux-1.1-pro-ultra", "", 150, "image"), model("flux-dev", "", 90, "image"),
        model("flux-pro", "", 130, "image"),
        model("music-1.5", "duration=1", 90, "music", listed: "duration<=90"),
        model("music-1.5", "duration=90", 90, "music", listed: "duration<=90"),
    ]

    private static let rows = studio + product + checkout + models

    @Test func `every row is charged as it is written`() async throws {
        let credits = try await CreditsFixture { $0.starterGrant = 100_000 }
        try await credits.open("ada")
        for row in Self.rows where row.tenThousandths > 0 {
            let charged = try await amount(
                credits, row.catalogue, row.operation, row.model, row.parameters,
                quantity: row.quantity)
            #expect(charged == row.tenThousandths, "\(row)")
        }
        try await credits.verify()
        credits.remove()
    }

    @Test func `the list has these rows and no other`() async throws {
        let credits = try await CreditsFixture()
        let list = try await credits.handler.listPrices(
            .init(catalogue: "*"), CreditsFixture.context)
        var listed: [String: CreditsAPI.Price] = [:]
        for price in list.prices {
            let row = Row(
                catalogue: price.catalogue, operation: price.operation, model: price.model,
                parameters: price.parameters, tenThousandths: price.amountU4)
            #expect(listed.updateValue(price, forKey: row.key) == nil, "\(row.key) is twice there")
        }
        #expect(Set(listed.keys) == Set(Self.rows.map(\.key)))
        for row in Self.rows {
            let price = try #require(listed[row.key])
            let sum = price.amountU4 * Int64(row.quantity)
            #expect(
                (price.capU4 == 0 ? sum : min(sum, price.capU4)) == row.tenThousandths,
                "\(row.key)")
        }
        credits.remove()
    }

    @Test(
        arguments: [
            ("models", "video", "MiniMax-Hailuo-02", "duration=10,resolution=1080P"),
            ("models", "video", "MiniMax-Hailuo-02", "duration=6"),
            ("models", "video", "MiniMax-Hailuo-02", ""),
            ("models", "video", "gen4_turbo", "duration=7"),
            ("models", "video", "gen4_aleph", "duration=5"),
            ("models", "video", "S2V-01", "duration=6"),
            ("models", "music", "music-1.5", "duration=91"),
            ("models", "music", "music-1.5", "duration=0"),
            ("models", "music", "music-1.5", "duration=+9"),
            ("models", "music", "music-1.5", "duration=1e1"),
            ("models", "music", "music-1.5", ""), ("models", "image", "flux-9", ""),
            ("studio", "image", "flux-kontext", "resolution=4K"),
            ("studio", "video.final", "", ""), ("nowhere", "depth", "", ""),
            ("checkout", "video.second", "veo", ""), ("product", "depth", "", ""),
        ])
    func `what the table does not have is refused`(
        catalogue: String, operation: String, model: String, parameters: String
    ) async throws {
        let credits = try await CreditsFixture { $0.starterGrant = 100_000 }
        try await credits.open("ada")
        let refusal = await failure {
            try await amount(credits, catalogue, operation, model, parameters)
        }
        #expect(refusal?.code == .invalidArgument)
        #expect(refusal?.domainCode == "UNKNOWN_PRICE")
        #expect(try await credits.balance("ada").heldU4 == 0)
        credits.remove()
    }

    @Test(
        arguments: [
            "duration", "duration=", "=6", "duration=6,", ",", "duration=6,duration=6",
            "Duration=6", "duration=6 ", "duration=6=7", "dur ation=6", "duration=é",
            String(repeating: "a", count: 201),
            "a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1",
        ])
    func `parameters of another form are refused`(parameters: String) async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let refusal = await failure {
            try await amount(credits, "models", "video", "gen4_turbo", parameters)
        }
        #expect(refusal?.domainCode == "VALIDATION_FAILED")
        credits.remove()
    }

    @Test func `what is free needs no hold`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let refusal = await failure { try await amount(credits, "studio", "frame.upload") }
        #expect(refusal?.domainCode == "VALIDATION_FAILED")
        credits.remove()
    }

    @Test func `the same job with other parameters is another thing`() async throws {
        let credits = try await CreditsFixture { $0.starterGrant = 10_000 }
        try await credits.open("ada")
        func hold(_ parameters: String) async throws -> CreditsAPI.HoldReply {
            try await credits.handler.hold(
                .init(
                    userID: "ada", job: "j", operation: "video", model: "gen4_turbo",
                    catalogue: "models", parameters: parameters), CreditsFixture.context)
        }
        let first = try await hold("duration=5")
        #expect(try await hold("duration=5").holdID == first.holdID)
        #expect(
            await failure { try await hold("duration=10") }?.domainCode
                == "IDEMPOTENCY_KEY_REUSED")
        let row = try await credits.handler.listHistory(
            .init(userID: "ada"), CreditsFixture.context
        ).entries.first
        #expect(row?.model == "gen4_turbo")
        #expect(row?.catalogue == "models")
        #expect(row?.parameters == "duration=5")
        try await credits.verify()
        credits.remove()
    }

    /// The exact price of seconds in dollars, worked out with whole numbers in another way.
    @Test(arguments: [50_000, 70_000, 33_333, 1, 999_999_937])
    func `dollars become credits rounded up once`(creditValue: Int) async throws {
        let credits = try await CreditsFixture { $0.creditValueMicrodollars = creditValue }
        try await credits.open("ada")
        for (model, dollarsU6) in [("veo_3_1_fast", 150_000), ("veo_3_1_standard", 400_000)] {
            for seconds in [1, 4, 6, 7, 8, 60] {
                let exact = dollarsU6 * seconds * 10_000
                var expected = exact / creditValue
                if expected * creditValue < exact { expected += 1 }
                var charged: Int64?
                let refusal = await failure {
                    charged = try await amount(
                        credits, "checkout", "video.second", model, quantity: UInt32(seconds))
                    return charged
                }
                if let charged {
                    #expect(charged == Int64(expected))
                } else {
                    // Only what is too dear is refused.
                    #expect(
                        refusal?.domainCode
                            == (expected > 999_999_999_999
                                ? "AMOUNT_OVERFLOW" : "INSUFFICIENT_CREDITS"))
                    #expect(expected > 1_000)
                }
            }
        }
        credits.remove()
    }

    // MARK: Versions

    @Test func `a price list shows a catalogue, or all`() async throws {
        let credits = try await CreditsFixture()
        func list(_ catalogue: String) async throws -> CreditsAPI.ListPricesReply {
            try await credits.handler.listPrices(
                .init(catalogue: catalogue), CreditsFixture.context)
        }
        let studio = try await list("")
        #expect(studio.prices.allSatisfy { $0.catalogue == "studio" && $0.parameters.isEmpty })
        #expect(studio.creditValueU6 == 50_000)
        let all = try await list("*")
        #expect(Set(all.prices.map(\.catalogue)) == ["studio", "product", "checkout", "models"])
        let fast = all.prices.first { $0.model == "veo_3_1_fast" }
        #expect(fast?.dollarsU6 == 150_000)
        #expect(fast?.amountU4 == 30_000)
        #expect(fast?.unit == "second")
        #expect(await failure { try await list("nowhere") }?.domainCode == "VALIDATION_FAILED")
        credits.remove()
    }

    @Test func `another value of a credit is another version`() async throws {
        var credits = try await CreditsFixture()
        let before = try await credits.handler.listPrices(.init(), CreditsFixture.context)
        // The same prices are not published twice.
        credits = try await credits.reopened()
        let same = try await credits.handler.listPrices(.init(), CreditsFixture.context)
        #expect(same == before)
        credits.service.close()
        let dearer = try await CreditsFixture(folder: credits.folder, time: credits.time) {
            $0.creditValueMicrodollars = 100_000
        }
        let after = try await dearer.handler.listPrices(
            .init(catalogue: "checkout"), CreditsFixture.context)
        #expect(after.version == before.version + 1)
        #expect(after.prices.map(\.amountU4) == [15_000, 40_000])
        dearer.remove()
    }

    /// What a change that is announced does: at its instant, and to what was quoted before it.
    @Test func `a price changes at its time, and a quote from before keeps the old one`()
        async throws
    {
        func film(_ credits: Int64) -> [Price] {
            [Price(operation: "film", amount: CreditAmount(credits: credits), label: "A film")]
        }
        let time = VirtualTime()
        let changesAtUs = time.now.microseconds + 600_000_000
        var credits = try await CreditsFixture(
            time: time,
            editions: [
                PriceEdition(number: 1, prices: film(10)),
                PriceEdition(number: 2, validFromUs: changesAtUs, prices: film(15)),
            ])
        try await credits.open("ada")
        func hold(_ job: String, quote: String = "") async throws -> CreditsAPI.HoldReply {
            try await credits.handler.hold(
                .init(userID: "ada", job: job, operation: "film", quoteID: quote),
                CreditsFixture.context)
        }
        func quote() async throws -> CreditsAPI.QuoteReply {
            try await credits.handler.quote(
                .init(userID: "ada", items: [.init(operation: "film")]), CreditsFixture.context)
        }
        func listed(atUs: Int64 = 0) async throws -> Int64? {
            try await credits.handler.listPrices(.init(atUs: atUs), CreditsFixture.context)
                .prices.first?.amountU4
        }
        #expect(try await hold("a").amountU4 == 100_000)
        // Announced, and again after a start: it is still to come, and still the same version.
        credits = try await credits.reopened()
        #expect(try await listed(atUs: changesAtUs - 1) == 100_000)
        #expect(try await listed(atUs: changesAtUs) == 150_000)
        #expect(try await listed() == 100_000)
        // The ledger's clock is some microseconds ahead: no two transactions have the same time.
        time.advance(by: .microseconds(changesAtUs - time.now.microseconds) - .milliseconds(1))
        let before = try await quote()
        #expect(before.totalU4 == 100_000)
        #expect(try await hold("b").amountU4 == 100_000)
        time.advance(by: .milliseconds(1))
        #expect(try await listed() == 150_000)
        let after = try await hold("c")
        #expect(after.amountU4 == 150_000)
        #expect(after.priceVersion == 2)
        #expect(try await quote().totalU4 == 150_000)
        let quoted = try await hold("d", quote: before.quoteID)
        #expect(quoted.amountU4 == 100_000)
        #expect(quoted.priceVersion == 1)
        #expect(try await credits.capture(quoted.holdID, credits: 10).capturedU4 == 100_000)
        try await credits.verify()
        credits.remove()
    }

    @Test func `a store of the first release opens, sound and with its holds`() async throws {
        let folder = CreditsFixture.makeFolder()
        let old = try await Database.open(
            "sqlite:\(folder)/credits.db", migrations: [CreditsService.schema[0]])
        let script = FirstRelease.ledger
        try await old.write { try $0.execute(script) }
        old.close()
        let credits = try await CreditsFixture(folder: folder)
        let report = try await credits.verify()
        #expect(report.transactions == FirstRelease.transactions)
        #expect(hexadecimal(report.head) == FirstRelease.head)
        let balance = try await credits.balance("guest")
        #expect(balance.userID == "ada")
        #expect(balance.balanceU4 == 1_270_000)
        #expect(balance.heldU4 == 1_240_000)
        let again = try await credits.hold("ada", "job2", quantity: 4)
        #expect(again.amountU4 == 40_000)
        #expect(again.priceVersion == 1)
        let settled = try await credits.capture(again.holdID, credits: 4)
        #expect(settled.balance?.balanceU4 == 1_230_000)
        // New prices are a version of their own.
        #expect(try await credits.hold("ada", "job3").priceVersion == 2)
        try await credits.verify()
        credits.remove()
    }

    private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    // MARK: Packs

    @Test(
        arguments: [
            (1, "starter", 1), (3_000_000, "starter", 1), (3_000_001, "booster", 1),
            (6_000_000, "booster", 1), (12_000_000, "pro", 1), (12_000_001, "studio", 1),
            (30_000_000, "studio", 1), (30_000_001, "studio", 2), (60_000_000, "studio", 2),
            (999_999_999_999, "studio", 33_334),
        ] as [(Int64, String, UInt32)])
    func `the smallest pack that covers a gap is suggested`(
        gap: Int64, pack: String, quantity: UInt32
    ) async throws {
        let credits = try await CreditsFixture()
        let reply = try await credits.handler.listPacks(
            .init(shortByU4: gap), CreditsFixture.context)
        #expect(reply.suggestion?.pack?.id == pack)
        #expect(reply.suggestion?.quantity == quantity)
        credits.remove()
    }

    @Test func `packs and plans are what is on sale`() async throws {
        let credits = try await CreditsFixture()
        let reply = try await credits.handler.listPacks(.init(), CreditsFixture.context)
        #expect(
            reply.packs.map { "\($0.label) \($0.creditsU4 / 10_000)/\($0.usdCents)" } == [
                "Starter Pack 300/1500", "Booster 600/2800", "Pro 1200/5200",
                "Studio 3000/12000",
            ])
        #expect(
            reply.plans.map { "\($0.label) \($0.creditsU4 / 10_000)/\($0.usdCents)" } == [
                "Explorer 500/1900", "Creator 1800/5900", "Agency 6000/17900",
            ])
        #expect(reply.plans.filter(\.isHighlighted).map(\.id) == ["creator"])
        #expect(reply.suggestion == nil)
        credits.remove()
    }

    @Test func `who cannot pay is told what is missing and what helps`() async throws {
        let credits = try await CreditsFixture { $0.starterGrant = 500 }
        try await credits.open("ada")
        let refusal = await failure {
            try await amount(
                credits, "models", "video", "MiniMax-Hailuo-02", "resolution=1080P,duration=6")
        }
        #expect(refusal?.domainCode == "INSUFFICIENT_CREDITS")
        #expect(
            refusal?.message
                == "You need 1100 credits but have 500; you are 600 short.")
        let details = Dictionary(
            uniqueKeysWithValues: (refusal?.details ?? []).map { ($0.key, $0.value) })
        #expect(
            details == [
                "required": "1100", "available": "500", "shortBy": "600", "operation": "video",
                "model": "MiniMax-Hailuo-02",
                "suggestion": #"{"pack":{"id":"booster","label":"Booster","credits":600,"#
                    + #""usdCents":2800,"isMonthly":false,"isHighlighted":false},"quantity":1}"#,
            ])
        credits.remove()
    }
}
