import CreditsService
import RPC
import ServiceAPI
import ServiceRuntime
import Testing

/// What users allow to be spent: counted by each hold, refused or told.
@Suite struct BudgetTests {
    @discardableResult
    private func set(
        _ credits: CreditsFixture, _ amount: Int64, _ period: String = "day",
        isHard: Bool = true, user: String = "ada"
    ) async throws -> CreditsAPI.Budget {
        try await credits.handler.setBudget(
            .init(userID: user, amountU4: amount * 10_000, period: period, isHard: isHard),
            CreditsFixture.context)
    }

    private func budget(_ credits: CreditsFixture) async throws -> CreditsAPI.Budget {
        try await credits.handler.getBudget(.init(userID: "ada"), CreditsFixture.context)
    }

    @Test func `a hard budget refuses what exceeds it, and counts what is given back`()
        async throws
    {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        try await set(credits, 10)
        let first = try await credits.hold("ada", "a", credits: 7)
        let refusal = await failure { try await credits.hold("ada", "b", credits: 4) }
        #expect(refusal?.code == .failedPrecondition)
        #expect(refusal?.domainCode == "BUDGET_EXCEEDED")
        let details = Dictionary(
            uniqueKeysWithValues: (refusal?.details ?? []).map { ($0.key, $0.value) })
        #expect(details["budget"] == "10")
        #expect(details["used"] == "7")
        #expect(details["required"] == "4")
        // Asking again for what is held is no new spending.
        #expect(try await credits.hold("ada", "a", credits: 7).holdID == first.holdID)
        _ = try await credits.capture(first.holdID, credits: 5)
        #expect(try await budget(credits).usedU4 == 50_000)
        let second = try await credits.hold("ada", "b", credits: 5)
        #expect(second.budgetReached == 100)
        _ = try await credits.release(second.holdID)
        #expect(try await budget(credits).percent == 50)
        try await credits.verify()
        // Without a budget everything goes.
        try await set(credits, 0)
        #expect(try await !budget(credits).isSet)
        _ = try await credits.hold("ada", "c", credits: 80)
        credits.remove()
    }

    @Test func `a soft budget refuses nothing and tells each threshold once`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        try await set(credits, 20, "month", isHard: false)
        var told: [UInt32] = []
        for (job, amount) in [("a", 14), ("b", 1), ("c", 1), ("d", 2), ("e", 1), ("f", 5)] {
            told.append(
                try await credits.hold("ada", job, credits: Int64(amount)).budgetReached)
        }
        #expect(told == [0, 75, 0, 90, 0, 100])
        let found = try await budget(credits)
        #expect(found.percent == 120)
        #expect(found.reached == 100)
        // One large hold tells the highest that it reaches.
        try await set(credits, 100, "total", isHard: false)
        #expect(try await credits.hold("ada", "g", credits: 76).budgetReached == 75)
        try await credits.verify()
        credits.remove()
    }

    @Test func `a budget begins anew with its period`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let before = try await credits.hold("ada", "a", credits: 6)
        // What is held today already counts.
        let found = try await set(credits, 10)
        #expect(found.usedU4 == 60_000)
        #expect(found.resetsAtUs % 86_400_000_000 == 0)
        let left = found.resetsAtUs - credits.time.now.microseconds
        #expect((1...86_400_000_000).contains(left))
        _ = try await credits.handler.submitHold(
            .init(holdID: before.holdID, providerReference: "p"), CreditsFixture.context)
        #expect(
            await failure { try await credits.hold("ada", "b", credits: 5) }?.domainCode
                == "BUDGET_EXCEEDED")
        credits.time.advance(by: .microseconds(left))
        #expect(try await budget(credits).usedU4 == 0)
        let second = try await credits.hold("ada", "b", credits: 5)
        #expect(try await budget(credits).usedU4 == 50_000)
        // What an older hold gives back is not of this day.
        await credits.service.sweep()
        #expect(try await budget(credits).usedU4 == 50_000)
        _ = try await credits.capture(second.holdID, credits: 2)
        #expect(try await budget(credits).usedU4 == 20_000)
        try await credits.verify()
        credits.remove()
    }

    @Test func `a total counts from when it is set`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let before = try await credits.hold("ada", "a", credits: 6)
        let found = try await set(credits, 10, "total")
        #expect(found.usedU4 == 0)
        #expect(found.resetsAtUs == 0)
        _ = try await credits.hold("ada", "b", credits: 9)
        _ = try await credits.release(before.holdID)
        #expect(try await budget(credits).usedU4 == 90_000)
        try await credits.verify()
        credits.remove()
    }

    @Test func `a hundred parallel holds never exceed a hard budget`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        try await set(credits, 10)
        let held = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<100 {
                group.addTask {
                    await failure { try await credits.hold("ada", "j\(index)", credits: 3) } == nil
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(held == 3)
        #expect(try await budget(credits).usedU4 == 90_000)
        try await credits.verify()
        credits.remove()
    }

    /// A statement that was decided by what was read before would count what no longer fits.
    @Test func `a budget that is exactly used up holds nothing more, until its period is over`()
        async throws
    {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let found = try await set(credits, 10)
        _ = try await credits.hold("ada", "a", credits: 10, ttlMs: 86_400_000)
        func least() async -> RPCError? {
            await failure {
                try await credits.handler.hold(
                    .init(userID: "ada", job: "b", operation: "x", amountU4: 1),
                    CreditsFixture.context)
            }
        }
        #expect(await least()?.domainCode == "BUDGET_EXCEEDED")
        #expect(try await budget(credits).usedU4 == 100_000)
        #expect(try await credits.balance("ada").heldU4 == 100_000)
        let left = found.resetsAtUs - credits.time.now.microseconds
        credits.time.advance(by: .microseconds(left))
        // The same statement begins the new period.
        #expect(await failure { try await credits.hold("ada", "c", credits: 11) } != nil)
        #expect(await least() == nil)
        #expect(try await budget(credits).usedU4 == 1)
        #expect(try await budget(credits).resetsAtUs > found.resetsAtUs)
        try await credits.verify()
        credits.remove()
    }

    @Test(arguments: ["", "week", "Day"])
    func `another period is refused`(period: String) async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        #expect(
            await failure { try await set(credits, 1, period) }?.domainCode
                == "VALIDATION_FAILED")
        #expect(
            await failure { try await set(credits, 1, user: "eve") }?.domainCode
                == "ACCOUNT_NOT_FOUND")
        credits.remove()
    }

    /// Random holds, closes and days against plain sums.
    @Test(arguments: [8, 20_261_121] as [UInt64])
    func `a budget is what the holds of its day use`(seed: UInt64) async throws {
        print("seed \(seed)")
        let credits = try await CreditsFixture { $0.starterGrant = 100_000 }
        let random = RandomSource.seeded(seed)
        func pick(_ bound: Int) -> Int { Int(random.nextUInt64() % UInt64(bound)) }
        try await credits.open("ada")
        struct Held {
            var id: String
            var day: Int64
            var amount: Int64
        }
        var open: [Held] = []
        var used: [Int64: Int64] = [:]
        var limit: Int64 = 0
        for step in 0..<500 {
            let day = credits.time.now.microseconds / 86_400_000_000
            switch pick(12) {
            case 0:
                limit = Int64(10 + pick(300)) * 10_000
                try await set(credits, limit / 10_000)
            case 1...6:
                let amount = Int64(1 + pick(400_000))
                let isAllowed = limit == 0 || used[day, default: 0] + amount <= limit
                var reply: CreditsAPI.HoldReply?
                let refusal = await failure {
                    reply = try await credits.handler.hold(
                        .init(
                            userID: "ada", job: "j\(step)", operation: "x", amountU4: amount,
                            ttlMs: 86_400_000, hardMs: 86_400_000), CreditsFixture.context)
                    return reply
                }
                #expect(refusal?.domainCode == (isAllowed ? nil : "BUDGET_EXCEEDED"))
                if let reply {
                    used[day, default: 0] += amount
                    open.append(Held(id: reply.holdID, day: day, amount: amount))
                }
            case 7...10 where !open.isEmpty:
                let hold = open.remove(at: pick(open.count))
                let taken = Int64(pick(Int(hold.amount) + 1))
                if taken == 0 {
                    _ = try await credits.release(hold.id)
                } else {
                    _ = try await credits.handler.captureHold(
                        .init(holdID: hold.id, amountU4: taken), CreditsFixture.context)
                }
                used[hold.day, default: 0] -= hold.amount - taken
            default:
                credits.time.advance(by: .seconds(Int64(pick(7_200))))
                // Leases of a day end before their owners come back in this test.
                for hold in open {
                    let found = try await credits.handler.getHold(
                        .init(holdID: hold.id), CreditsFixture.context)
                    if found.expiresAtUs <= credits.time.now.microseconds {
                        used[hold.day, default: 0] -= hold.amount
                        open.removeAll { $0.id == hold.id }
                    }
                }
                await credits.service.sweep()
            }
            if limit > 0 {
                let today = credits.time.now.microseconds / 86_400_000_000
                #expect(try await budget(credits).usedU4 == used[today, default: 0])
            }
        }
        try await credits.verify()
        credits.remove()
    }
}
