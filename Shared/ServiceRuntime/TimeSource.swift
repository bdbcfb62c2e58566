internal import CLinux

/// Where a service gets its time from, so that tests decide what time it is.
package protocol TimeSource: Sendable {
    /// The wall clock. It may jump; measure with ``instant``.
    var now: Timestamp { get }
    /// The monotonic clock.
    var instant: Instant { get }
    /// Returns when `duration` has passed.
    /// - Throws: `CancellationError` when the task is cancelled first.
    func sleep(for duration: Duration) async throws
}

/// The clocks of the machine.
package struct SystemTime: TimeSource {
    package init() {}

    package var now: Timestamp { Timestamp(microseconds: linux_wall_us()) }
    package var instant: Instant { Instant(nanoseconds: linux_monotonic_ns()) }

    package func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration)
    }
}
