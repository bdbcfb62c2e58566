import Glibc
import ServiceRuntime
import Testing

/// Many short histories of credits, session and media under faults. A seed that fails prints how to
/// run it again; docs/simulation.md says what is simulated and what must hold.
@Suite(.serialized) struct SimulationTests {
    /// Simulations run on one thread, apart from the pool of the tests.
    static func run(
        _ seed: UInt64, mutant: Mutant? = nil,
        change: @escaping @Sendable (inout Plan) -> Void = { _ in }
    ) async throws -> Simulation.Outcome {
        let thread = WorkerPool(threads: 1, name: "simulation")
        defer { thread.stop() }
        return try await thread.run { Simulation(seed: seed, mutant: mutant, change: change).run() }
    }

    private static func number(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }

    /// `SIMULATION_SEED` alone, or `SIMULATION_SEEDS` of them from `SIMULATION_FIRST` on.
    private static var seeds: [UInt64] {
        if let seed = number("SIMULATION_SEED") { return [seed] }
        let first = number("SIMULATION_FIRST") ?? 1
        return Array(first..<first + (number("SIMULATION_SEEDS") ?? 60))
    }

    static func report(_ outcome: Simulation.Outcome) {
        print("seed \(outcome.seed): \(outcome.violations.joined(separator: "\n  "))")
        print("the end of its history:")
        for line in outcome.history.suffix(Int(number("SIMULATION_LINES") ?? 60)) {
            print("  \(line)")
        }
        print(
            "again: SIMULATION_SEED=\(outcome.seed) swift test -c release "
                + "--filter '^SimulationTests\\.'")
    }

    @Test func `every seed keeps every invariant`() async throws {
        var crashes: [String: Int] = [:]
        var (events, commits, depths, charged) = (0, 0, 0, Int64(0))
        let began = SystemTime().instant
        for seed in Self.seeds {
            let outcome = try await Self.run(seed)
            for (point, count) in outcome.crashes { crashes[point, default: 0] += count }
            events += outcome.events
            commits += outcome.commits
            charged += outcome.charged
            depths += outcome.depths
            guard outcome.violations.isEmpty else {
                Self.report(outcome)
                Issue.record("seed \(seed): \(outcome.violations[0])")
                return
            }
        }
        let seconds = (SystemTime().instant - began).seconds
        print(
            "\(Self.seeds.count) seeds in \(seconds) s: \(events) events, \(commits) commits, "
                + "\(crashes.values.reduce(0, +)) crashes at \(crashes.count) points, "
                + "\(charged / 10_000) credits charged, \(depths) depths made")
        // Enough of them come as far as the camera.
        #expect(depths > 0 || Self.seeds.count < 30)
    }

    @Test func `the same seed gives the same history`() async throws {
        for seed in Self.seeds.prefix(3) {
            let first = try await Self.run(seed)
            let second = try await Self.run(seed)
            print("seed \(seed): digest \(String(first.digest, radix: 16))")
            if first.digest != second.digest {
                let at = zip(first.history, second.history).enumerated().first {
                    $0.element.0 != $0.element.1
                }
                print("they part at \(String(describing: at))")
            }
            #expect(first.digest == second.digest)
            #expect(first.events > 100)
        }
    }
}
