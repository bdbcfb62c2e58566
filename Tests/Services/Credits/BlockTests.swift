import CreditsService
import RPC
import ServiceAPI
import ServiceRuntime
import Testing

/// Granted credits as blocks: which are spent first, what expires, and where a release goes.
@Suite struct BlockTests {
    private func grant(
        _ credits: CreditsFixture, _ source: String, _ amount: Int64, category: String = "paid",
        priority: UInt32 = 0, livesSeconds: Int64 = 0, afterSeconds: Int64 = 0
    ) async throws -> CreditsAdminAPI.GrantReply {
        let nowUs = credits.time.now.microseconds
        return try await credits.admin.grant(
            .init(
                userID: "ada", amountU4: amount * 10_000, source: source, category: category,
                actor: "ops", reason: "test", priority: priority,
                expiresAtUs: livesSeconds == 0 ? 0 : nowUs + livesSeconds * 1_000_000,
                effectiveAtUs: afterSeconds == 0 ? 0 : nowUs + afterSeconds * 1_000_000),
            CreditsFixture.adminContext)
    }

    private func blocks(
        _ credits: CreditsFixture
    ) async throws -> [String: CreditsAPI.Block] {
        let reply = try await credits.handler.listBlocks(
            .init(userID: "ada", limit: 200), CreditsFixture.context)
        return Dictionary(uniqueKeysWithValues: reply.blocks.map { ($0.source, $0) })
    }

    @Test func `the soonest to expire is spent first, given credits before bought ones`()
        async throws
    {
        let credits = try await CreditsFixture { $0.starterGrant = 10 }
        try await credits.open("ada")
        _ = try await grant(credits, "pack", 10)
        _ = try await grant(credits, "plan:2", 10, category: "plan", livesSeconds: 200)
        _ = try await grant(credits, "plan:1", 10, category: "plan", livesSeconds: 100)
        _ = try await grant(credits, "first", 10, priority: 1)
        let hold = try await credits.hold("ada", "j", credits: 35)
        var found = try await blocks(credits)
        #expect(found["first"]?.heldU4 == 100_000)
        #expect(found["starter:ada"]?.heldU4 == 100_000)
        #expect(found["plan:1"]?.heldU4 == 100_000)
        #expect(found["plan:2"]?.heldU4 == 50_000)
        #expect(found["pack"]?.heldU4 == 0)
        // A part is taken from the first ones; the rest goes back to the blocks it came from.
        _ = try await credits.capture(hold.holdID, credits: 22)
        found = try await blocks(credits)
        #expect(found["first"]?.consumedU4 == 100_000)
        #expect(found["starter:ada"]?.consumedU4 == 100_000)
        #expect(found["plan:1"]?.consumedU4 == 20_000)
        #expect(found["plan:1"]?.remainingU4 == 80_000)
        #expect(found["plan:2"]?.remainingU4 == 100_000)
        try await credits.verify()
        credits.remove()
    }

    @Test func `what expires is shown as gone at once and booked by the sweep`() async throws {
        let credits = try await CreditsFixture { $0.starterGrant = 5 }
        try await credits.open("ada")
        _ = try await grant(credits, "plan", 20, category: "plan", livesSeconds: 60)
        credits.time.advance(by: .seconds(60))
        #expect(try await credits.balance("ada").availableU4 == 50_000)
        #expect(try await credits.balance("ada").balanceU4 == 50_000)
        let refusal = await failure { try await credits.hold("ada", "j", credits: 6) }
        #expect(refusal?.domainCode == "INSUFFICIENT_CREDITS")
        #expect(refusal?.details.first { $0.key == "available" }?.value == "5")
        _ = try await credits.hold("ada", "k", credits: 5)
        await credits.service.sweep()
        #expect(try await blocks(credits)["plan"]?.expiredU4 == 200_000)
        let rows = try await credits.handler.listHistory(
            .init(userID: "ada"), CreditsFixture.context
        ).entries
        let row = rows.first { $0.kind == "expire" }
        #expect(row?.amountU4 == -200_000)
        #expect(row?.note == "plan expired")
        #expect(rows.reduce(0) { $0 + $1.amountU4 } == 50_000)
        try await credits.verify()
        credits.remove()
    }

    @Test func `a block that expired while it was held lives a day more`() async throws {
        let credits = try await CreditsFixture { $0.starterGrant = 0 }
        try await credits.open("ada")
        _ = try await grant(credits, "plan", 20, category: "plan", livesSeconds: 60)
        let hold = try await credits.hold("ada", "j", credits: 8)
        credits.time.advance(by: .seconds(61))
        // No sweep in between: what was not held is gone all the same.
        _ = try await credits.release(hold.holdID)
        var block = try await blocks(credits)["plan"]
        #expect(block?.remainingU4 == 80_000)
        #expect(block?.expiredU4 == 120_000)
        #expect(block?.expiresAtUs == credits.time.now.microseconds + 86_400_000_000)
        #expect(try await credits.balance("ada").availableU4 == 80_000)
        credits.time.advance(by: .seconds(86_400))
        await credits.service.sweep()
        block = try await blocks(credits)["plan"]
        #expect(block?.expiredU4 == 200_000)
        #expect(try await credits.balance("ada").balanceU4 == 0)
        try await credits.verify()
        credits.remove()
    }

    @Test func `a refund goes back to the block it was taken from, or to a new one`() async throws {
        let credits = try await CreditsFixture { $0.starterGrant = 3 }
        try await credits.open("ada")
        _ = try await grant(credits, "plan", 20, category: "plan", livesSeconds: 60)
        let hold = try await credits.hold("ada", "j", credits: 8)
        _ = try await credits.capture(hold.holdID, credits: 8)
        func refund(_ key: String, _ amount: Int64) async throws {
            _ = try await credits.handler.refund(
                .init(holdID: hold.holdID, amountU4: amount * 10_000, key: key),
                CreditsFixture.context)
        }
        // The last that was taken comes back first.
        try await refund("a", 4)
        var found = try await blocks(credits)
        #expect(found["plan"]?.consumedU4 == 10_000)
        #expect(found["plan"]?.remainingU4 == 190_000)
        #expect(found["starter:ada"]?.consumedU4 == 30_000)
        credits.time.advance(by: .seconds(60))
        await credits.service.sweep()
        try await refund("b", 2)
        found = try await blocks(credits)
        #expect(found["plan"]?.consumedU4 == 10_000)
        #expect(found["starter:ada"]?.remainingU4 == 10_000)
        #expect(try await credits.balance("ada").availableU4 == 20_000)
        try await refund("c", 2)
        #expect(try await blocks(credits)["starter:ada"]?.remainingU4 == 30_000)
        #expect(try await credits.balance("ada").availableU4 == 40_000)
        try await credits.verify()
        credits.remove()
    }

    @Test func `a void grant gives nothing more, not even what its holds release`() async throws {
        let credits = try await CreditsFixture { $0.starterGrant = 0 }
        try await credits.open("ada")
        _ = try await grant(credits, "pack", 20)
        let captured = try await credits.hold("ada", "c", credits: 5)
        _ = try await credits.capture(captured.holdID, credits: 5)
        let open = try await credits.hold("ada", "o", credits: 4)
        func void() async throws -> CreditsAdminAPI.AccountReply {
            try await credits.admin.voidGrant(
                .init(source: "pack", actor: "ops", reason: "charge disputed"),
                CreditsFixture.adminContext)
        }
        #expect(try await void().availableU4 == 0)
        #expect(try await void().balanceU4 == 40_000)
        _ = try await credits.release(open.holdID)
        #expect(try await credits.balance("ada").balanceU4 == 0)
        let block = try await blocks(credits)["pack"]
        #expect(block?.isVoid == true)
        #expect(block?.removedU4 == 150_000)
        #expect(block?.consumedU4 == 50_000)
        // A refund of what was captured is the user's.
        _ = try await credits.handler.refund(
            .init(holdID: captured.holdID, amountU4: 10_000, key: "r"), CreditsFixture.context)
        #expect(try await credits.balance("ada").availableU4 == 10_000)
        #expect(
            await failure {
                try await credits.admin.voidGrant(
                    .init(source: "nothing", actor: "ops", reason: "x"), CreditsFixture.adminContext
                )
            }?.domainCode == "VALIDATION_FAILED")
        try await credits.verify()
        credits.remove()
    }

    @Test func `a grant for later is given then, once`() async throws {
        let credits = try await CreditsFixture { $0.starterGrant = 0 }
        try await credits.open("ada")
        let reply = try await grant(credits, "plan", 20, livesSeconds: 900, afterSeconds: 300)
        #expect(reply.isScheduled)
        #expect(!reply.isDuplicate)
        #expect(try await grant(credits, "plan", 20, afterSeconds: 300).isDuplicate)
        #expect(
            await failure { try await grant(credits, "plan", 21, afterSeconds: 300) }?.domainCode
                == "IDEMPOTENCY_KEY_REUSED")
        credits.time.advance(by: .seconds(299))
        await credits.service.sweep()
        #expect(try await credits.balance("ada").availableU4 == 0)
        credits.time.advance(by: .seconds(1))
        await credits.service.sweep()
        #expect(try await credits.balance("ada").availableU4 == 200_000)
        #expect(try await grant(credits, "plan", 20).isDuplicate)
        #expect(
            await failure { try await grant(credits, "plan", 20, afterSeconds: 9) }?.domainCode
                == "IDEMPOTENCY_KEY_REUSED")
        credits.time.advance(by: .seconds(600))
        await credits.service.sweep()
        #expect(try await credits.balance("ada").availableU4 == 0)
        try await credits.verify()
        credits.remove()
    }

    @Test func `a grant for later can be taken back before`() async throws {
        let credits = try await CreditsFixture { $0.starterGrant = 0 }
        try await credits.open("ada")
        _ = try await grant(credits, "plan", 20, afterSeconds: 300)
        _ = try await credits.admin.voidGrant(
            .init(source: "plan", actor: "ops", reason: "plan ended"), CreditsFixture.adminContext)
        credits.time.advance(by: .seconds(300))
        await credits.service.sweep()
        #expect(try await credits.balance("ada").balanceU4 == 0)
        try await credits.verify()
        credits.remove()
    }

    @Test func `blocks keep their terms in a merge`() async throws {
        let credits = try await CreditsFixture { $0.starterGrant = 0 }
        try await credits.open("guest")
        let expiry = credits.time.now.microseconds + 100_000_000
        _ = try await credits.admin.grant(
            .init(
                userID: "guest", amountU4: 50_000, source: "gift", category: "promo",
                actor: "ops", reason: "hello", priority: 7, expiresAtUs: expiry),
            CreditsFixture.adminContext)
        _ = try await credits.handler.mergeAccount(
            .init(fromUserID: "guest", intoUserID: "ada"), CreditsFixture.context)
        let block = try await blocks(credits)["gift"]
        #expect(block?.remainingU4 == 50_000)
        #expect(block?.expiresAtUs == expiry)
        #expect(block?.priority == 7)
        try await credits.verify()
        credits.remove()
    }

    @Test(arguments: [
        "UPDATE blocks SET remaining = remaining + 1, amount = amount + 1 WHERE account = 100",
        "UPDATE blocks SET remaining = remaining - 1, held = held + 1 WHERE account = 100",
        "UPDATE blocks SET account = 101 WHERE account = 100",
    ])
    func `a verification finds an edited block`(sql: String) async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        try await credits.open("bob")
        _ = try await credits.hold("ada", "j", credits: 5)
        credits.service.close()
        let guards = try await credits.triggers().map { "DROP TRIGGER \($0);" }.joined()
        try await credits.byHand(guards + sql)
        let again = try await credits.reopened()
        let report = try await again.handler.verify(.init(), CreditsFixture.context)
        #expect(report.violations.contains { $0.hasPrefix("I8:") }, "\(report.violations)")
        again.remove()
    }

    // MARK: Against a model

    /// A wallet's blocks as plain values.
    private struct Model {
        struct Block {
            var source: String
            var priority: UInt32
            var expiresUs: Int64
            var amount: Int64
            var remaining: Int64
            var held: Int64 = 0
            var consumed: Int64 = 0
            var expired: Int64 = 0
        }

        var blocks: [Block] = []
        var holds: [(id: String, parts: [(block: Int, amount: Int64)])] = []

        var available: Int64 { blocks.reduce(0) { $0 + $1.remaining } }
        var held: Int64 { blocks.reduce(0) { $0 + $1.held } }

        func isBefore(_ left: Int, _ right: Int) -> Bool {
            (blocks[left].priority, blocks[left].expiresUs, left)
                < (blocks[right].priority, blocks[right].expiresUs, right)
        }

        mutating func hold(_ amount: Int64) -> [(block: Int, amount: Int64)]? {
            guard amount <= available else { return nil }
            var left = amount
            var parts: [(block: Int, amount: Int64)] = []
            for index in blocks.indices.sorted(by: isBefore) where left > 0 {
                let share = min(left, blocks[index].remaining)
                guard share > 0 else { continue }
                blocks[index].remaining -= share
                blocks[index].held += share
                parts.append((index, share))
                left -= share
            }
            return parts
        }

        mutating func close(_ index: Int, captured: Int64, nowUs: Int64) {
            var left = captured
            let hold = holds.remove(at: index)
            for part in hold.parts {
                let taken = min(left, part.amount)
                left -= taken
                blocks[part.block].held -= part.amount
                blocks[part.block].consumed += taken
                blocks[part.block].remaining += part.amount - taken
                if part.amount > taken, blocks[part.block].expiresUs <= nowUs {
                    blocks[part.block].expiresUs = nowUs + 86_400_000_000
                }
            }
        }

        mutating func expire(nowUs: Int64) {
            for index in blocks.indices where blocks[index].expiresUs <= nowUs {
                blocks[index].expired += blocks[index].remaining
                blocks[index].remaining = 0
            }
        }
    }

    /// What comes back to a block that is over lives for another day, and so changes places with
    /// others between a capture and its refund.
    @Test func `a refund finds its block, whatever has become of its expiry`() async throws {
        let credits = try await CreditsFixture { $0.starterGrant = 0 }
        try await credits.open("ada")
        _ = try await grant(credits, "soon", 10, livesSeconds: 60)
        _ = try await grant(credits, "later", 10, livesSeconds: 3_600)
        let other = try await credits.hold("ada", "other", credits: 4)
        let hold = try await credits.hold("ada", "job", credits: 12)
        _ = try await credits.capture(hold.holdID, credits: 6)
        #expect(try await blocks(credits)["soon"]?.consumedU4 == 60_000)
        credits.time.advance(by: .seconds(61))
        _ = try await credits.release(other.holdID)
        #expect(try await blocks(credits)["soon"]?.remainingU4 == 40_000)
        let refund = try await credits.handler.refund(
            .init(holdID: hold.holdID, amountU4: 60_000, key: "a"), CreditsFixture.context)
        #expect(refund.availableU4 == 200_000)
        let found = try await blocks(credits)
        #expect(found["soon"]?.remainingU4 == 100_000)
        #expect(found["soon"]?.consumedU4 == 0)
        #expect(found["later"]?.remainingU4 == 100_000)
        #expect(found.count == 2)
        try await credits.verify()
        credits.remove()
    }

    @Test(arguments: [5, 6, 20_261_121] as [UInt64])
    func `random grants, holds and expiries agree with an independent model`(
        seed: UInt64
    ) async throws {
        print("seed \(seed)")
        let credits = try await CreditsFixture { $0.starterGrant = 0 }
        let random = RandomSource.seeded(seed)
        func pick(_ bound: Int) -> Int { Int(random.nextUInt64() % UInt64(bound)) }
        try await credits.open("ada")
        var model = Model()
        for step in 0..<500 {
            let nowUs = credits.time.now.microseconds
            switch pick(20) {
            case 0...3:
                let source = "g\(step)"
                let amount = Int64(1 + pick(200))
                let priority = [10, 20, 30][pick(3)]
                let lives = pick(3) == 0 ? 0 : Int64(1 + pick(300))
                _ = try await grant(
                    credits, source, amount, priority: UInt32(priority), livesSeconds: lives)
                model.blocks.append(
                    .init(
                        source: source, priority: UInt32(priority),
                        expiresUs: lives == 0 ? .max : nowUs + lives * 1_000_000,
                        amount: amount * 10_000, remaining: amount * 10_000))
            case 4...10:
                let amount = Int64(1 + pick(1_500_000))
                let parts = model.hold(amount)
                var reply: CreditsAPI.HoldReply?
                let refusal = await failure {
                    reply = try await credits.handler.hold(
                        .init(
                            userID: "ada", job: "j\(step)", operation: "x", amountU4: amount,
                            ttlMs: 86_400_000, hardMs: 86_400_000), CreditsFixture.context)
                    return reply
                }
                #expect(refusal?.domainCode == (parts == nil ? "INSUFFICIENT_CREDITS" : nil))
                if let parts, let reply { model.holds.append((reply.holdID, parts)) }
            case 11...17 where !model.holds.isEmpty:
                let index = pick(model.holds.count)
                let hold = model.holds[index]
                let amount = hold.parts.reduce(0) { $0 + $1.amount }
                let captured = pick(2) == 0 ? 0 : Int64(1 + pick(Int(amount)))
                if captured == 0 {
                    _ = try await credits.release(hold.id)
                } else {
                    _ = try await credits.handler.captureHold(
                        .init(holdID: hold.id, amountU4: captured), CreditsFixture.context)
                }
                model.close(index, captured: captured, nowUs: nowUs)
            default:
                credits.time.advance(by: .seconds(Int64(pick(60))))
                model.expire(nowUs: credits.time.now.microseconds)
                await credits.service.sweep()
            }
            let balance = try await credits.balance("ada")
            #expect(balance.availableU4 == model.available)
            #expect(balance.heldU4 == model.held)
            guard step % 10 == 0 else { continue }
            let found = try await blocks(credits)
            for expected in model.blocks.suffix(150) {
                let block = found[expected.source]
                #expect(block?.remainingU4 == expected.remaining)
                #expect(block?.heldU4 == expected.held)
                #expect(block?.consumedU4 == expected.consumed)
                #expect(block?.expiredU4 == expected.expired)
            }
        }
        #expect(model.blocks.contains { $0.expired > 0 })
        #expect(model.blocks.contains { $0.consumed > 0 })
        try await credits.verify()
        credits.remove()
    }
}
