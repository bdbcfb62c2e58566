import MediaService
import ServiceRuntime
import Testing

extension SimulationTests {
    /// Seeds that are known to find a defect soon; docs/simulation.md has the table. When one of them
    /// no longer does, others are tried.
    private static let killers: [Mutant: [UInt64]] = [
        .expiresByWallClock: [6], .forgetsHoldOnFailure: [9], .releasesUnknownSubmit: [10],
        .retriesUnknownSubmit: [5], .answersBeforeCommit: [4], .skipsFlush: [4],
        .checksWalletThenHolds: [3],
    ]

    /// One process has the store of media, and gives up its work before its leases end: a lease never
    /// changes hands while its worker lives, and no simulation can show what the fence is for.
    private static let simulated = Mutant.allCases.filter { $0 != .ignoresEpoch }

    @Test(arguments: simulated)
    func `a planted defect is found`(_ mutant: Mutant) async throws {
        for seed in (Self.killers[mutant] ?? []) + Array(1...60) {
            let outcome = try await Self.run(seed, mutant: mutant)
            guard let violation = outcome.violations.first else { continue }
            print("\(mutant): seed \(seed): \(violation)")
            return
        }
        Issue.record("nothing noticed \(mutant)")
    }

    @Test func `a worker that ignores the epoch is found by the rules of jobs`() {
        var fenceless = JobRules()
        fenceless.isFenceless = true
        for (rules, expected) in [(JobRules(), JobMachine.Action.fenced), (fenceless, .save)] {
            var job = JobMachine(kind: .image, due: 0, deadline: 100_000_000)
            _ = job.apply(.claimed, now: 1, rules: rules)
            _ = job.apply(.leaseExpired, now: 2, rules: rules)
            _ = job.apply(.claimed, now: 3, rules: rules)
            #expect(job.apply(.stored(epoch: 1), now: 4, rules: rules) == expected)
        }
    }
}
