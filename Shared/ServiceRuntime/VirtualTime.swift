/// Time that stands still until a test moves it.
///
/// Sleepers wake in the order of their due time. `advance` does not wait for what the woken tasks
/// do next; a test awaits the effect it is interested in.
package final class VirtualTime: TimeSource {
    private struct Sleeper {
        let due: Instant
        let order: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var wall: Timestamp
        var instant: Instant
        var order: UInt64 = 0
        var sleepers: [UInt64: Sleeper] = [:]
        var cancelled: Set<UInt64> = []
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state: Lock<State>

    /// - Parameter start: The wall time at the beginning; 2026-01-01T00:00:00Z unless told.
    package init(start: Timestamp = Timestamp(microseconds: 1_767_225_600_000_000)) {
        state = Lock(State(wall: start, instant: Instant(nanoseconds: 1_000_000_000)))
    }

    package var now: Timestamp { state.withLock { $0.wall } }
    package var instant: Instant { state.withLock { $0.instant } }

    package func sleep(for duration: Duration) async throws {
        let order = state.withLock { state in
            state.order += 1
            return state.order
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if state.cancelled.remove(order) != nil { return true }
                    state.sleepers[order] = Sleeper(
                        due: state.instant + duration, order: order, continuation: continuation)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
                notifyWatchers()
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                if let sleeper = state.sleepers.removeValue(forKey: order) { return sleeper }
                state.cancelled.insert(order)
                return nil
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Moves both clocks forward and wakes every sleeper that is due, earliest first.
    package func advance(by duration: Duration) {
        let due = state.withLock { state -> [Sleeper] in
            state.instant = state.instant + duration
            state.wall = state.wall + duration
            let due = state.sleepers.values.filter { $0.due <= state.instant }
                .sorted { ($0.due, $0.order) < ($1.due, $1.order) }
            for sleeper in due { state.sleepers[sleeper.order] = nil }
            return due
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// When the next sleeper is to wake; nil when nobody sleeps.
    package var nextDue: Instant? { state.withLock { $0.sleepers.values.lazy.map(\.due).min() } }

    /// Moves the wall clock alone, as an operator or NTP would; sleepers do not notice.
    package func jumpWall(by duration: Duration) {
        state.withLock { $0.wall = $0.wall + duration }
    }

    /// Returns once at least `count` tasks are asleep, so that a test advances only when they are.
    package func waitForSleepers(_ count: Int) async {
        await withCheckedContinuation { continuation in
            state.withLock { $0.watchers.append((count, continuation)) }
            notifyWatchers()
        }
    }

    private func notifyWatchers() {
        let ready = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            let sleeping = state.sleepers.count
            let ready = state.watchers.filter { $0.count <= sleeping }.map(\.continuation)
            state.watchers.removeAll { $0.count <= sleeping }
            return ready
        }
        for continuation in ready { continuation.resume() }
    }
}
