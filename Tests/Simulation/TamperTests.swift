import Testing

/// What no defect of the services makes, because their own databases refuse it, somebody writes into
/// the stores: the checker has to see it by itself.
extension SimulationTests {
    struct Tampering: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var store: SimulatedProcess.Kind
        var sql: String
        /// What the first violation begins with.
        var expected: String
    }

    private static let tamperings = [
        Tampering(
            testDescription: "a wallet with credits that came from nowhere", store: .credits,
            sql: """
                INSERT INTO accounts(kind, asset, owner, posted, opened_at_us)
                VALUES('wallet', 1, 'usr_nobody', 5, 0)
                """, expected: "I2: "),
        Tampering(
            testDescription: "credits that moved from one block to another", store: .credits,
            sql: """
                WITH two AS (
                    SELECT a.id AS source, b.id AS target FROM blocks a JOIN blocks b
                    ON a.account = b.account AND a.id <> b.id
                    WHERE a.consumed > 0 AND a.is_open = 1 AND b.remaining > 1
                        AND a.expires_us > 9e18 AND b.expires_us > 9e18 LIMIT 1)
                UPDATE blocks SET
                    consumed = consumed + iif(id = (SELECT target FROM two), 1, -1),
                    remaining = remaining + iif(id = (SELECT target FROM two), -1, 1)
                WHERE id IN (SELECT source FROM two UNION SELECT target FROM two)
                """, expected: "I8: "),
        Tampering(
            testDescription: "depth that was paid and never delivered", store: .media,
            sql: "UPDATE assets SET is_depth_delivered = 0 WHERE is_depth_delivered = 1",
            expected: "I9: "),
    ]

    @Test(arguments: tamperings)
    func `the checker notices what was written behind a service's back`(
        _ tampering: Tampering
    ) async throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            let outcome = try await Self.run(seed) { plan in
                plan.tampering = Plan.Tampering(store: tampering.store, sql: tampering.sql)
                plan.crashesMax = 0
                plan.storeFaults = 0
                plan.powerFailures = 0
            }
            guard let violation = outcome.violations.first else { continue }
            print("\(tampering.testDescription): seed \(seed): \(violation)")
            #expect(violation.contains(" ms: \(tampering.expected)"))
            return
        }
        Issue.record("nothing noticed \(tampering.testDescription)")
    }
}
