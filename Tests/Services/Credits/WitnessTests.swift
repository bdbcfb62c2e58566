import CreditsService
import Glibc
import RPC
import ServiceAPI
import ServiceRuntime
import Testing

/// The chain's witness, and what a hold at its hard limit books.
@Suite struct WitnessTests {
    private func heads(_ credits: CreditsFixture) -> [String] {
        lines(of: credits.path + ".witness").filter { !$0.isEmpty }
    }

    @Test func `the head is witnessed each minute when it has changed`() async throws {
        var credits = try await CreditsFixture()
        try await credits.open("ada")
        await credits.service.sweep()
        #expect(heads(credits).count == 1)
        _ = try await credits.hold("ada", "a", ttlMs: 600_000, hardMs: 600_000)
        credits.time.advance(by: .seconds(59))
        await credits.service.sweep()
        #expect(heads(credits).count == 1)
        credits.time.advance(by: .seconds(1))
        await credits.service.sweep()
        #expect(heads(credits).map { $0.split(separator: " ")[0] } == ["1", "2"])
        credits.time.advance(by: .seconds(60))
        await credits.service.sweep()
        #expect(heads(credits).count == 2)
        try await credits.verify()
        // A line that a crash tore is left out, and spoils no other.
        appendLine("3 abc", to: credits.path + ".witness")
        credits = try await credits.reopened()
        _ = try await credits.hold("ada", "b")
        await credits.service.sweep()
        #expect(heads(credits).last?.hasPrefix("3 ") == true)
        try await credits.verify()
        credits.remove()
    }

    @Test func `an older copy of the ledger is found out`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        _ = try await credits.hold("ada", "a")
        await credits.service.sweep()
        let head = try #require(heads(credits).last?.split(separator: " ").last)
        appendLine("7 \(head)", to: credits.path + ".witness")
        let report = try await credits.handler.verify(.init(), CreditsFixture.context)
        #expect(report.violations == ["I13: transaction 7 was witnessed and is missing"])
        credits.remove()
    }

    @Test func `a ledger that was rewritten whole is found out`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        await credits.service.sweep()
        let witnessed = heads(credits)
        // Another ledger, sound in itself, in the place of the first.
        let other = try await CreditsFixture()
        try await other.open("eve")
        try await other.verify()
        for line in witnessed { appendLine(line, to: other.path + ".witness") }
        let report = try await other.handler.verify(.init(), CreditsFixture.context)
        #expect(
            report.violations == ["I13: transaction 1 is not the one that was witnessed"])
        credits.remove()
        other.remove()
    }

    @Test func `a hold given back at its limit books what its provider may have been paid`()
        async throws
    {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let hold = try await credits.hold("ada", "a", quantity: 4, hardMs: 60_000)
        _ = try await credits.handler.submitHold(
            .init(holdID: hold.holdID, providerReference: "p"), CreditsFixture.context)
        let plain = try await credits.hold("ada", "b", quantity: 4, ttlMs: 1_000)
        credits.time.advance(by: .seconds(61))
        await credits.service.sweep()
        for id in [hold.holdID, plain.holdID] {
            let ended = try await credits.handler.getHold(
                .init(holdID: id), CreditsFixture.context)
            #expect(ended.state == .expired)
        }
        #expect(try await credits.balance("ada").availableU4 == 1_000_000)
        #expect(credits.metrics.text().contains("credits_hard_limited_total 1"))
        #expect(credits.metrics.text().contains("credits_expired_total 1"))
        try await credits.verify()
        credits.service.close()
        // Four credits at $0.05, once.
        try await credits.byHand(
            """
            CREATE TABLE found(n INTEGER CHECK(n = -200000));
            INSERT INTO found SELECT sum(amount) FROM entries WHERE account = 9 AND asset = 2;
            INSERT INTO found SELECT -sum(amount) FROM entries WHERE account = 8 AND asset = 2;
            """)
        credits.remove()
    }
}
