/// The wall clock as it was at the start, moved on by the monotonic clock: one that is set back makes
/// nothing wait for it to catch up, and one that is set forward ends no lease and no operation.
package struct SteadyTime: TimeSource {
    private let base: any TimeSource
    private let startedAt: Timestamp
    private let start: Instant

    package init(_ base: any TimeSource) {
        self.base = base
        startedAt = base.now
        start = base.instant
    }

    package var now: Timestamp { startedAt + (base.instant - start) }
    package var instant: Instant { base.instant }

    package func sleep(for duration: Duration) async throws {
        try await base.sleep(for: duration)
    }
}
