internal import ServiceRuntime

/// Wakes those who wait for a change in the store, so that nobody polls.
///
/// Listen first, then look into the store, then wait: a change between the two is not missed.
final class Bell: Sendable {
    private struct State {
        var nextID = 0
        var isClosed = false
        var listeners: [String: [Int: AsyncStream<Void>.Continuation]] = [:]
    }

    private let state = Lock(State())

    /// Rings until the listener is let go. Rings that nobody took yet count as one.
    func listen(to topic: String) -> Listener {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state -> Int? in
            guard !state.isClosed else { return nil }
            state.nextID += 1
            state.listeners[topic, default: [:]][state.nextID] = continuation
            return state.nextID
        }
        guard let id else {
            continuation.finish()
            return Listener(stream: stream, continuation: continuation)
        }
        continuation.onTermination = { [weak self] _ in self?.remove(id, topic) }
        return Listener(stream: stream, continuation: continuation)
    }

    func ring(_ topics: String...) {
        for topic in topics {
            let listeners = state.withLock { $0.listeners[topic] ?? [:] }
            // In the order of their coming, so that a simulation is repeatable.
            for (_, listener) in listeners.sorted(by: { $0.key < $1.key }) { listener.yield() }
        }
    }

    /// Lets every listener go; later ones are let go at once.
    func close() {
        let listeners = state.withLock { state in
            state.isClosed = true
            return state.listeners.values.flatMap(\.values)
        }
        for listener in listeners { listener.finish() }
    }

    /// Listeners of all topics; for tests of leaks.
    var count: Int { state.withLock { $0.listeners.values.reduce(0) { $0 + $1.count } } }

    private func remove(_ id: Int, _ topic: String) {
        state.withLock { state in
            state.listeners[topic]?[id] = nil
            if state.listeners[topic]?.isEmpty == true { state.listeners[topic] = nil }
        }
    }

    struct Listener: Sendable {
        fileprivate let stream: AsyncStream<Void>
        fileprivate let continuation: AsyncStream<Void>.Continuation

        /// - Returns: False when the task was cancelled or the bell closed.
        func ringing() async -> Bool {
            for await _ in stream { return true }
            return false
        }

        func stop() { continuation.finish() }
    }
}
