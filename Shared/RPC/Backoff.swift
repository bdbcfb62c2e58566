package import ServiceRuntime

/// Delays between attempts: each twice the last up to a limit, then a random share of it.
package struct Backoff: Sendable {
    private let base: Duration
    private let limit: Duration
    private var exponent = 0

    package init(base: Duration, limit: Duration) {
        self.base = base
        self.limit = limit
    }

    /// The next delay, between a quarter of the full one and all of it.
    package mutating func next(random: RandomSource) -> Duration {
        let full = min(limit, base * (1 << min(exponent, 20)))
        exponent += 1
        return full / 4 + random.jitter(full * 3 / 4)
    }

    package mutating func reset() {
        exponent = 0
    }
}
