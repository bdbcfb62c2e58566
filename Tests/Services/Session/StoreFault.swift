import ServiceRuntime
import Storage

/// Lets the n-th commit of a store fail, once or until further notice.
final class StoreFault: Sendable {
    enum Harm: Sendable, CaseIterable {
        /// The process is gone before the commit, or right after it.
        case diesBefore, diesAfter
        /// The disk is full: nothing is written.
        case full
        /// It is on disk, and yet the caller hears of a failure.
        case unsure

        var point: StorageFaults.Point {
            switch self {
            case .diesBefore, .full: .beforeCommit
            case .diesAfter, .unsure: .afterCommit
            }
        }

        var isDeath: Bool { self == .diesBefore || self == .diesAfter }
    }

    private struct State {
        var harm = Harm.full
        var at: Int?
        var times = 0
        var passed = 0
        var isTripped = false
    }

    private let state = Lock(State())

    /// - Parameter times: How many commits fail, one after the other.
    func arm(at commit: Int, _ harm: Harm, times: Int = 1) {
        state.withLock { $0 = State(harm: harm, at: commit, times: times) }
    }

    func disarm() { state.withLock { $0.at = nil } }

    var isTripped: Bool { state.withLock { $0.isTripped } }

    func pass(_ point: StorageFaults.Point, _ trip: Tripwire) throws(StorageError) {
        let harm = state.withLock { state -> Harm? in
            guard let at = state.at, point == state.harm.point else { return nil }
            state.passed += 1
            guard state.passed > at else { return nil }
            guard state.harm.isDeath || state.passed <= at + state.times else { return nil }
            state.isTripped = true
            return state.harm
        }
        guard let harm else { return }
        if harm.isDeath { trip.kill("commit") }
        if harm == .full { throw .full }
        throw .io("a test broke the disk")
    }
}

/// Virtual time in which waits of less than a second are over at once and the others last.
struct HastyTime: TimeSource {
    let base: VirtualTime

    var now: Timestamp { base.now }
    var instant: Instant { base.instant }

    func sleep(for duration: Duration) async throws {
        guard duration < .seconds(1) else { return try await base.sleep(for: duration) }
        await Task.yield()
        try Task.checkCancellation()
    }
}
