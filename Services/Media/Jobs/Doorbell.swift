internal import ServiceRuntime

/// Wakes one task that waits for something to do. A ring that comes while nobody waits is kept, so
/// none is lost; several are one.
final class Doorbell: Sendable {
    private struct State {
        var isRung = false
        var waiter: (ticket: UInt64, continuation: CheckedContinuation<Void, Never>)?
        var tickets: UInt64 = 0
    }

    private let state = Lock(State())

    func ring() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let waiter = state.waiter else {
                state.isRung = true
                return nil
            }
            state.waiter = nil
            return waiter.continuation
        }
        waiter?.resume()
    }

    /// Returns after a ring, or when the task is cancelled. One task waits at a time.
    func wait() async {
        let ticket = state.withLock { state in
            state.tickets += 1
            return state.tickets
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    precondition(state.waiter == nil, "one task waits at a door")
                    if Task.isCancelled { return true }
                    if state.isRung {
                        state.isRung = false
                        return true
                    }
                    state.waiter = (ticket, continuation)
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard let waiter = state.waiter, waiter.ticket == ticket else { return nil }
                state.waiter = nil
                return waiter.continuation
            }
            waiter?.resume()
        }
    }

    /// Returns after a ring, when `duration` has passed, or when the task is cancelled.
    func wait(atMost duration: Duration?, _ time: any TimeSource) async {
        guard let duration else { return await wait() }
        guard duration > .zero else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            group.addTask { try? await time.sleep(for: duration) }
            await group.next()
            group.cancelAll()
        }
    }
}
