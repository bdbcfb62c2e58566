import CreditsService
import RPC
import ServiceAPI
import ServiceRuntime
import Testing

@Suite struct HoldTests {
    @Test func `a hold sets credits aside and a capture takes them`() async throws {
        let credits = try await CreditsFixture()
        #expect(try await credits.open("ada").balanceU4 == 1_000_000)
        let hold = try await credits.hold("ada", "job1", quantity: 4)
        #expect(hold.state == .reserved)
        #expect(hold.amountU4 == 40_000)
        #expect(hold.priceVersion == 1)
        #expect(hold.balance?.balanceU4 == 1_000_000)
        #expect(hold.balance?.heldU4 == 40_000)
        #expect(hold.balance?.availableU4 == 960_000)
        let captured = try await credits.capture(hold.holdID, credits: 4)
        #expect(captured.state == .captured)
        #expect(captured.balance?.balanceU4 == 960_000)
        #expect(captured.balance?.heldU4 == 0)
        #expect(try await credits.balance("ada") == captured.balance)
        try await credits.verify()
        credits.remove()
    }

    @Test func `the starter grant is given once`() async throws {
        let credits = try await CreditsFixture { $0.starterGrant = 25 }
        for _ in 0..<3 {
            #expect(try await credits.open("ada").balanceU4 == 250_000)
        }
        try await credits.verify()
        credits.remove()
    }

    @Test func `three of four delivered are charged three`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let hold = try await credits.hold("ada", "job1", quantity: 4)
        let captured = try await credits.capture(hold.holdID, credits: 3, asset: "ast_1")
        #expect(captured.amountU4 == 40_000)
        #expect(captured.capturedU4 == 30_000)
        #expect(captured.balance?.availableU4 == 970_000)
        #expect(captured.balance?.heldU4 == 0)
        try await credits.verify()
        credits.remove()
    }

    @Test func `a closed hold stays as it was closed`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let first = try await credits.hold("ada", "job1", quantity: 4).holdID
        let receipt = try await credits.capture(first, credits: 3)
        // The same again is the same receipt; everything else is refused.
        #expect(try await credits.capture(first, credits: 3).resolvedAtUs == receipt.resolvedAtUs)
        #expect(
            await failure { try await credits.capture(first, credits: 4) }?.domainCode
                == "HOLD_RESOLVED")
        let refusal = await failure { try await credits.release(first) }
        #expect(refusal?.domainCode == "HOLD_RESOLVED")
        #expect(refusal?.detail("state") == "captured")
        #expect(refusal?.detail("captured") == "3")

        let second = try await credits.hold("ada", "job2", quantity: 4).holdID
        let released = try await credits.release(second)
        #expect(released.state == .released)
        #expect(try await credits.release(second).resolvedAtUs == released.resolvedAtUs)
        #expect(
            await failure { try await credits.capture(second, credits: 1) }?.domainCode
                == "HOLD_RESOLVED")
        #expect(try await credits.balance("ada").availableU4 == 970_000)
        try await credits.verify()
        credits.remove()
    }

    /// How long holds live when nobody says: a lease while nothing was sent, and the time after which
    /// even what a provider may have is given back.
    @Test(
        arguments: [
            ("text.techpack", 60, 15), ("image.preview", 120, 15), ("image.regenerate", 120, 15),
            ("image", 120, 15), ("depth", 120, 15), ("frame.final", 120, 15),
            ("storyboard", 120, 15), ("view.front", 120, 15), ("video.preview", 120, 30),
            ("video.final", 120, 120), ("video.draft", 120, 120), ("video.second", 120, 120),
            ("video", 120, 120), ("model3d", 120, 120),
        ] as [(String, Int64, Int64)])
    func `a hold ends at its time and not before`(
        operation: String, leaseSeconds: Int64, hardMinutes: Int64
    ) async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let reserved = try await credits.hold("ada", "reserved", operation, credits: 1)
        let submitted = try await credits.hold("ada", "submitted", operation, credits: 1)
        _ = try await credits.handler.submitHold(
            .init(holdID: submitted.holdID, providerReference: "p", ttlMs: 1_000),
            CreditsFixture.context)
        /// As the sweeper leaves it, so long after it was opened.
        func state(
            of hold: CreditsAPI.HoldReply, afterUs: Int64
        ) async throws -> CreditsAPI.HoldState {
            let instant = hold.createdAtUs + afterUs
            credits.time.advance(
                by: .microseconds(instant - credits.time.now.microseconds))
            await credits.service.sweep()
            return try await credits.handler.getHold(
                .init(holdID: hold.holdID), CreditsFixture.context
            ).state
        }
        let (leaseUs, hardUs) = (leaseSeconds * 1_000_000, hardMinutes * 60_000_000)
        #expect(reserved.expiresAtUs == reserved.createdAtUs + leaseUs)
        #expect(try await state(of: reserved, afterUs: leaseUs - 1) == .reserved)
        #expect(try await state(of: reserved, afterUs: leaseUs) == .expired)
        #expect(try await state(of: submitted, afterUs: hardUs - 1) == .submitted)
        #expect(try await state(of: submitted, afterUs: hardUs) == .expired)
        #expect(try await credits.balance("ada").availableU4 == 1_000_000)
        try await credits.verify()
        credits.remove()
    }

    @Test func `the same job and operation is the same hold`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        try await credits.open("bob")
        let hold = try await credits.hold("ada", "job1", quantity: 4)
        let again = try await credits.hold("ada", "job1", quantity: 4)
        #expect(again.holdID == hold.holdID)
        #expect(again.balance?.heldU4 == 40_000)
        // Another operation of the job is another hold.
        let other = try await credits.hold("ada", "job1", "depth")
        #expect(other.holdID != hold.holdID)
        let refusals = [
            await failure { try await credits.hold("ada", "job1", quantity: 3) },
            await failure { try await credits.hold("ada", "job1", credits: 5, quantity: 4) },
            await failure { try await credits.hold("bob", "job1", quantity: 4) },
        ]
        for refusal in refusals {
            #expect(refusal?.domainCode == "IDEMPOTENCY_KEY_REUSED")
        }
        #expect(try await credits.balance("ada").heldU4 == 50_000)
        #expect(try await credits.balance("bob").heldU4 == 0)
        try await credits.verify()
        credits.remove()
    }

    @Test func `a hold beyond the balance says what is missing`() async throws {
        let credits = try await CreditsFixture { $0.starterGrant = 10 }
        try await credits.open("ada")
        _ = try await credits.hold("ada", "job1", credits: 8)
        let refusal = await failure {
            try await credits.handler.hold(
                .init(userID: "ada", job: "job2", operation: "image.preview", amountU4: 25_001),
                CreditsFixture.context)
        }
        #expect(refusal?.code == .failedPrecondition)
        #expect(refusal?.domainCode == "INSUFFICIENT_CREDITS")
        #expect(refusal?.detail("required") == "2.5001")
        #expect(refusal?.detail("available") == "2")
        #expect(refusal?.detail("shortBy") == "0.5001")
        #expect(refusal?.detail("operation") == "image.preview")
        #expect(try await credits.balance("ada").availableU4 == 20_000)
        try await credits.verify()
        credits.remove()
    }

    @Test func `a hundred parallel holds on one credit give one hold`() async throws {
        let credits = try await CreditsFixture { $0.starterGrant = 1 }
        try await credits.open("ada")
        let outcomes = try await withThrowingTaskGroup(of: String.self) { group in
            for index in 0..<100 {
                group.addTask {
                    await failure { try await credits.hold("ada", "job\(index)") }?.domainCode
                        ?? "held"
                }
            }
            return try await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
        }
        #expect(outcomes == ["held": 1, "INSUFFICIENT_CREDITS": 99])
        #expect(try await credits.balance("ada").availableU4 == 0)
        try await credits.verify()
        credits.remove()
    }

    @Test func `refunds never exceed the capture`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let hold = try await credits.hold("ada", "job1", credits: 10).holdID
        func refund(_ tenThousandths: Int64, _ key: String) async throws -> CreditsAPI.Balance {
            try await credits.handler.refund(
                .init(holdID: hold, amountU4: tenThousandths, key: key, reason: "faulty"),
                CreditsFixture.context)
        }
        #expect(await failure { try await refund(1, "a") }?.domainCode == "REFUND_EXCEEDS")
        _ = try await credits.capture(hold, credits: 6)
        #expect(try await refund(20_000, "a").balanceU4 == 960_000)
        // The same key changes nothing, and is refused for another amount.
        #expect(try await refund(20_000, "a").balanceU4 == 960_000)
        #expect(
            await failure { try await refund(10_000, "a") }?.domainCode
                == "IDEMPOTENCY_KEY_REUSED")
        #expect(await failure { try await refund(40_001, "b") }?.domainCode == "REFUND_EXCEEDS")
        #expect(try await refund(40_000, "b").balanceU4 == 1_000_000)
        #expect(await failure { try await refund(1, "c") }?.domainCode == "REFUND_EXCEEDS")
        try await credits.verify()
        credits.remove()
    }

    @Test(
        arguments: [
            ("image.preview", "", 10_000), ("image.regenerate", "", 10_000), ("depth", "", 10_000),
            ("video.preview", "", 50_000), ("storyboard", "", 40_000), ("video.draft", "", 50_000),
            ("image", "flux-kontext", 40_000), ("video.final", "local-parallax", 50_000),
            ("video.final", "sora-2", 800_000), ("video.final", "veo-3", 300_000),
            ("video.final", "kling-v2.1", 350_000), ("video.final", "luma-ray-3", 400_000),
            ("video.final", "wan-2.2", 150_000), ("video.final", "runway-gen4", 500_000),
        ] as [(String, String, Int64)])
    func `each step has its price`(operation: String, model: String, amount: Int64) async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let hold = try await credits.handler.hold(
            .init(userID: "ada", job: "j", operation: operation, model: model),
            CreditsFixture.context)
        #expect(hold.amountU4 == amount)
        let prices = try await credits.handler.listPrices(.init(), CreditsFixture.context)
        let price = prices.prices.first { $0.operation == operation && $0.model == model }
        #expect(price?.amountU4 == amount)
        #expect(price?.version == hold.priceVersion)
        credits.remove()
    }

    @Test func `an unknown price is refused and never free`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        for (operation, model) in [("video.final", ""), ("video.final", "x"), ("teapot", "")] {
            let refusal = await failure {
                try await credits.handler.hold(
                    .init(userID: "ada", job: "j", operation: operation, model: model),
                    CreditsFixture.context)
            }
            #expect(refusal?.domainCode == "UNKNOWN_PRICE")
        }
        credits.remove()
    }
}
