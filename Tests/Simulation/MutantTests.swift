import ServiceRuntime
import Testing

extension SimulationTests {
    /// Seeds that are known to find a defect soon; docs/simulation.md has the table. When one of them
    /// no longer does, others are tried.
    private static let killers: [Mutant: [UInt64]] = [
        .expiresByWallClock: [6], .forgetsHoldOnFailure: [4], .releasesUnknownSubmit: [3],
        .retriesUnknownSubmit: [4], .answersBeforeCommit: [4], .skipsFlush: [4],
        .checksWalletThenHolds: [3], .checksThenHolds: [7], .ignoresEpoch: [24],
    ]

    @Test(arguments: Mutant.allCases)
    func `a planted defect is found`(_ mutant: Mutant) async throws {
        for seed in (Self.killers[mutant] ?? []) + Array(1...60) {
            let outcome = try await Self.run(seed, mutant: mutant)
            guard let violation = outcome.violations.first else { continue }
            print("\(mutant): seed \(seed): \(violation)")
            return
        }
        Issue.record("nothing noticed \(mutant)")
    }
}
