internal import ServiceRuntime

/// Lets one task at a time pass for each key; the others wait in order.
package final class KeyedGate<Key: Hashable & Sendable>: Sendable {
    private struct Waiter {
        let ticket: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        /// Keys that somebody has; with those who wait.
        var queues: [Key: [Waiter]] = [:]
        var tickets: UInt64 = 0
        var cancelled: Set<UInt64> = []
    }

    private let state = Lock(State())

    package init() {}

    /// Returns when the caller alone has the key. Each success is followed by one ``leave(_:)``.
    /// - Throws: `CancellationError` when the task is cancelled while it waits.
    nonisolated(nonsending) package func enter(_ key: Key) async throws {
        let ticket = state.withLock { state in
            state.tickets += 1
            return state.tickets
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome = state.withLock { state -> Result<Void, any Error>? in
                    if state.cancelled.remove(ticket) != nil {
                        return .failure(CancellationError())
                    }
                    guard state.queues[key] != nil else {
                        state.queues[key] = []
                        return .success(())
                    }
                    state.queues[key]?.append(Waiter(ticket: ticket, continuation: continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let index = state.queues[key]?.firstIndex(where: { $0.ticket == ticket })
                else {
                    state.cancelled.insert(ticket)
                    return nil
                }
                return state.queues[key]?.remove(at: index)
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
        // A cancellation that came after the key was handed over is no reason to refuse it.
        state.withLock { _ = $0.cancelled.remove(ticket) }
    }

    /// Lets the next one pass.
    package func leave(_ key: Key) {
        let next = state.withLock { state -> Waiter? in
            guard var queue = state.queues[key] else {
                preconditionFailure("a key is left that nobody has")
            }
            guard !queue.isEmpty else {
                state.queues[key] = nil
                return nil
            }
            let next = queue.removeFirst()
            state.queues[key] = queue
            return next
        }
        next?.continuation.resume()
    }

    /// Runs a body while the caller alone has the key.
    nonisolated(nonsending) package func pass<R>(
        _ key: Key, _ body: () async throws -> R
    ) async throws -> R {
        try await enter(key)
        defer { leave(key) }
        return try await body()
    }
}
