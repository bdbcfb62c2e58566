import CreditsService
import RPC
import ServiceAPI
import ServiceRuntime
import Testing

@Suite struct SweeperTests {
    @Test func `a reserved hold expires when its lease ends`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let hold = try await credits.hold("ada", "job1", quantity: 4, ttlMs: 60_000)
        credits.time.advance(by: .seconds(59))
        await credits.service.sweep()
        #expect(try await credits.balance("ada").heldU4 == 40_000)
        credits.time.advance(by: .seconds(1))
        // The balance does not wait for the sweep.
        #expect(try await credits.balance("ada").heldU4 == 0)
        #expect(try await credits.balance("ada").availableU4 == 1_000_000)
        await credits.service.sweep()
        #expect(try await credits.balance("ada").availableU4 == 1_000_000)
        let after = try await credits.handler.getHold(
            .init(holdID: hold.holdID), CreditsFixture.context)
        #expect(after.state == .expired)
        #expect(
            await failure { try await credits.capture(hold.holdID, credits: 4) }?.domainCode
                == "HOLD_RESOLVED")
        #expect(credits.metrics.text().contains("credits_expired_total 1"))
        try await credits.verify()
        credits.remove()
    }

    @Test func `an overdue hold never stands in the way of the next one`() async throws {
        let credits = try await CreditsFixture { $0.starterGrant = 4 }
        try await credits.open("ada")
        let first = try await credits.hold("ada", "job1", quantity: 4, ttlMs: 60_000)
        credits.time.advance(by: .seconds(61))
        // No sweep in between.
        let second = try await credits.hold("ada", "job2", quantity: 4)
        #expect(second.balance?.availableU4 == 0)
        #expect(
            await failure { try await credits.capture(first.holdID, credits: 4) }?.domainCode
                == "HOLD_RESOLVED")
        try await credits.verify()
        credits.remove()
    }

    @Test func `a submitted hold is left to its owner until the hard limit`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let hold = try await credits.hold(
            "ada", "job1", quantity: 4, ttlMs: 60_000, hardMs: 600_000)
        let submitted = try await credits.handler.submitHold(
            .init(holdID: hold.holdID, providerReference: "p1", ttlMs: 90_000),
            CreditsFixture.context)
        #expect(submitted.state == .submitted)
        credits.time.advance(by: .seconds(91))
        await credits.service.sweep()
        #expect(try await credits.balance("ada").heldU4 == 40_000)
        let overdue = try await credits.handler.listOverdueHolds(.init(), CreditsFixture.context)
        #expect(overdue.holds.map(\.holdID) == [hold.holdID])
        // Renewed: no longer overdue, and never past the limit.
        let renewed = try await credits.handler.renewHold(
            .init(holdID: hold.holdID, ttlMs: 3_600_000), CreditsFixture.context)
        #expect(renewed.expiresAtUs == hold.createdAtUs + 600_000_000)
        let none = try await credits.handler.listOverdueHolds(.init(), CreditsFixture.context)
        #expect(none.holds.isEmpty)
        credits.time.advance(by: .seconds(600))
        await credits.service.sweep()
        let ended = try await credits.handler.getHold(
            .init(holdID: hold.holdID), CreditsFixture.context)
        #expect(ended.state == .expired)
        #expect(ended.capturedU4 == 0)
        #expect(try await credits.balance("ada").availableU4 == 1_000_000)
        #expect(credits.metrics.text().contains("credits_hard_limited_total 1"))
        // Four credits of 50,000 micro-dollars.
        #expect(
            credits.metrics.text().contains("credits_late_loss_microdollars_total 200000"))
        try await credits.verify()
        credits.remove()
    }

    @Test func `a dead hold that makes room for another one is counted as expired`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        _ = try await credits.hold("ada", "job1", credits: 60, ttlMs: 60_000)
        credits.time.advance(by: .seconds(61))
        _ = try await credits.hold("ada", "job2", credits: 80)
        #expect(credits.metrics.text().contains("credits_expired_total 1"))
        await credits.service.sweep()
        #expect(credits.metrics.text().contains("credits_expired_total 1"))
        try await credits.verify()
        credits.remove()
    }

    @Test func `a thousand dead holds are swept`() async throws {
        let credits = try await CreditsFixture { $0.starterGrant = 10_000 }
        try await credits.open("ada")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<1_000 {
                group.addTask { _ = try await credits.hold("ada", "job\(index)") }
            }
            try await group.waitForAll()
        }
        #expect(try await credits.balance("ada").heldU4 == 10_000_000)
        credits.time.advance(by: .seconds(121))
        await credits.service.sweep()
        #expect(try await credits.balance("ada").availableU4 == 100_000_000)
        #expect(credits.metrics.text().contains("credits_expired_total 1000"))
        try await credits.verify()
        credits.remove()
    }

    @Test func `the sweeper runs by itself until it is cancelled`() async throws {
        let credits = try await CreditsFixture { $0.sweepInterval = .seconds(5) }
        try await credits.open("ada")
        _ = try await credits.hold("ada", "job1", ttlMs: 1_000)
        let running = Task { await credits.service.run() }
        // That of holds and that of payments.
        await credits.time.waitForSleepers(2)
        credits.time.advance(by: .seconds(5))
        // Asleep again: the sweep is done.
        await credits.time.waitForSleepers(2)
        #expect(credits.metrics.text().contains("credits_expired_total 1"))
        running.cancel()
        await running.value
        credits.remove()
    }

    // MARK: Clocks

    @Test(arguments: [3_600, -3_600, 30 * 86_400, -30 * 86_400] as [Int64])
    func `setting the wall clock ends no hold early and reopens none`(jump: Int64) async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let hold = try await credits.hold("ada", "job1", quantity: 4, ttlMs: 60_000)
        credits.time.jumpWall(by: .seconds(jump))
        await credits.service.sweep()
        #expect(try await credits.balance("ada").heldU4 == 40_000)
        #expect(credits.metrics.text().contains("credits_clock_jumps_total 1"))
        credits.time.advance(by: .seconds(59))
        await credits.service.sweep()
        #expect(try await credits.balance("ada").heldU4 == 40_000)
        credits.time.advance(by: .seconds(1))
        await credits.service.sweep()
        let ended = try await credits.handler.getHold(
            .init(holdID: hold.holdID), CreditsFixture.context)
        #expect(ended.state == .expired)
        credits.time.jumpWall(by: .seconds(-2 * jump))
        #expect(try await credits.balance("ada").heldU4 == 0)
        // The times of the transactions rise, whatever the wall clock did.
        _ = try await credits.hold("ada", "job2")
        try await credits.verify()
        credits.remove()
    }

    @Test func `a restart with the wall clock set back goes on after the last transaction`()
        async throws
    {
        var credits = try await CreditsFixture()
        try await credits.open("ada")
        let first = try await credits.hold("ada", "job1")
        credits.time.jumpWall(by: .seconds(-86_400))
        credits = try await credits.reopened()
        let second = try await credits.hold("ada", "job2")
        #expect(second.createdAtUs > first.createdAtUs)
        try await credits.verify()
        credits.remove()
    }

    @Test func `after a start nothing expires before its owner could come back`() async throws {
        var credits = try await CreditsFixture { $0.expiryGrace = .seconds(10) }
        try await credits.open("ada")
        _ = try await credits.hold("ada", "job1", ttlMs: 60_000)
        credits.time.advance(by: .seconds(120))
        credits = try await credits.reopened()
        await credits.service.sweep()
        #expect(try await credits.balance("ada").heldU4 == 10_000)
        credits.time.advance(by: .seconds(11))
        await credits.service.sweep()
        #expect(try await credits.balance("ada").heldU4 == 0)
        credits.remove()
    }
}
