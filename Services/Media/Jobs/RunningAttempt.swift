internal import ServiceRuntime

/// One job in the hands of this worker.
final class RunningAttempt: Sendable {
    /// Why it has to stop.
    enum StopReason: Hashable, Sendable {
        /// The owner cancelled the job.
        case cancelled
        /// Another worker has it, or the lease could not be renewed: nothing may be written.
        case lost
        /// The process ends: the job goes back to the queue.
        case draining
        /// The try took too long.
        case timeout
    }

    private struct State {
        var reason: StopReason?
        var isStoring = false
    }

    let id: String
    let epoch: Int
    private let bell = Doorbell()
    private let state = Lock(State())

    init(id: String, epoch: Int) {
        self.id = id
        self.epoch = epoch
    }

    /// Asks the try to stop; the first reason counts, but the loss of the lease counts always.
    func stop(_ reason: StopReason) {
        state.withLock { state in
            if state.reason == nil || reason == .lost { state.reason = reason }
        }
        bell.ring()
    }

    var stopReason: StopReason? { state.withLock { $0.reason } }

    /// From here on the result is worth more than stopping.
    func beginStoring() { state.withLock { $0.isStoring = true } }

    var isStoring: Bool { state.withLock { $0.isStoring } }

    /// Thrown out of a try that had to stop.
    struct Stopped: Error {
        let reason: StopReason
    }

    /// Runs a body and gives it up when the try has to stop or has taken too long.
    ///
    /// Giving up cancels the body's task and waits for it: a provider stops soon after.
    func run<Value: Sendable>(
        timeout: Duration, _ time: any TimeSource,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        if let reason = stopReason { throw Stopped(reason: reason) }
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                await self.bell.wait()
                return nil
            }
            group.addTask {
                try await time.sleep(for: timeout)
                self.stop(.timeout)
                return nil
            }
            defer { group.cancelAll() }
            if let first = try await group.next(), let value = first { return value }
            try Task.checkCancellation()
            throw Stopped(reason: stopReason ?? .lost)
        }
    }
}
