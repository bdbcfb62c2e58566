import Testing

/// A crash at every point that has a name: where the services name one, and on the wire of the calls
/// that move money or work. `every seed keeps every invariant` strikes a few of them in each run;
/// here each is struck for sure.
extension SimulationTests {
    /// Runs seeds until the points that are wanted have been struck.
    private static func strike(
        _ points: Set<String>, _ favourites: [String], seeds: ClosedRange<UInt64>,
        duration: Duration = .seconds(40), slow: Double = 0.4
    ) async throws {
        var missing = points
        for seed in seeds {
            let outcome = try await run(seed) { plan in
                plan.favourites = favourites
                plan.crashes = 0
                plan.crashesMax = 6
                plan.duration = duration
                plan.provider.isSlow = slow
            }
            guard outcome.violations.isEmpty else {
                report(outcome)
                Issue.record("\(favourites[0]), seed \(seed): \(outcome.violations[0])")
                return
            }
            missing.subtract(outcome.crashes.keys)
            if missing.isEmpty { return }
        }
        Issue.record("never struck: \(missing.sorted())")
    }

    @Test(arguments: Plan.points)
    func `a crash at a named point breaks nothing`(_ point: String) async throws {
        try await Self.strike([point], [point], seeds: 1...12)
    }

    @Test(arguments: Plan.calls)
    func `a crash at each end of a named call breaks nothing`(_ call: String) async throws {
        let points = Self.ends(of: call)
        // Slow, so that work lasts long enough to be renewed and called off; but few users come as far
        // as the camera in a minute.
        let isDepth = call == "Media/EnsureDepth"
        try await Self.strike(
            points, points.sorted(), seeds: 1...40, duration: .seconds(isDepth ? 120 : 40),
            slow: isDepth ? 0 : 0.4)
    }

    /// Both ends, where both are services of the simulation; clients do not crash.
    private static func ends(of call: String) -> Set<String> {
        if call == "Stripe" { return ["credits.asks.Stripe", "credits.hears.Stripe"] }
        let service = call.prefix { $0 != "/" }
        let called =
            switch service {
            case "Session": "session"
            case "Media": "media"
            default: "credits"
            }
        let isOfSession = service == "Media" || sessions.contains(call)
        return Set(
            ["\(called).takes.\(call)", "\(called).answers.\(call)"]
                + (isOfSession ? ["session.asks.\(call)", "session.hears.\(call)"] : []))
    }

    /// What session asks of credits.
    private static let sessions: Set<String> = [
        "Credits/Hold", "Credits/SubmitHold", "Credits/CaptureHold", "Credits/ReleaseHold",
        "Credits/RenewHold",
    ]
}
