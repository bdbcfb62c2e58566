internal import ServiceRuntime

/// Wakes those who wait for changes of a wallet. A signal carries nothing: who wakes reads the
/// ledger from its own cursor, so that signals may be merged or lost in a restart without harm.
final class BalanceWatchers: Sendable {
    private struct State {
        var next: UInt64 = 0
        var waiting: [String: [UInt64: AsyncStream<Void>.Continuation]] = [:]
    }

    private let state = Lock(State())

    /// A sequence with one element for each change of the user's wallet that has not been taken.
    func signals(for user: String) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.next += 1
            state.waiting[user, default: [:]][state.next] = continuation
            return state.next
        }
        continuation.onTermination = { [weak self] _ in self?.remove(id, user) }
        return stream
    }

    /// Wakes who waits for this user.
    func changed(_ user: String) {
        let waiting = state.withLock { state in
            state.waiting.isEmpty ? nil : state.waiting[user]
        }
        guard let waiting else { return }
        for (_, watcher) in waiting.sorted(by: { $0.key < $1.key }) { watcher.yield() }
    }

    /// Ends every stream.
    func close() {
        let all = state.withLock { state in
            defer { state.waiting = [:] }
            return state.waiting.values.flatMap(\.values)
        }
        for continuation in all { continuation.finish() }
    }

    private func remove(_ id: UInt64, _ user: String) {
        state.withLock { state in
            state.waiting[user]?[id] = nil
            if state.waiting[user]?.isEmpty == true { state.waiting[user] = nil }
        }
    }
}
