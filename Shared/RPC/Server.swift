package import ServiceRuntime
internal import Synchronization
internal import Wire

/// Serves methods on an address.
// Safe: `state` is a Lock, the count is atomic; the rest does not change after init.
package final class Server: @unchecked Sendable {
    private struct State {
        var connections: [ObjectIdentifier: ServerConnection] = [:]
        var listener: (any Listener)?
        var isDraining = false
        var drained: CheckedContinuation<Void, Never>?
    }

    package let identity: Identity
    package let limits: ServerLimits
    let methods: MethodTable
    private let transport: any Transport
    private let loops: [EventLoop]
    private let state = Lock(State())
    private let inFlightCount = Atomic(0)

    /// - Parameter loops: Where connections live; each stays on one.
    package init(
        identity: Identity, methods: [MethodHandler], loops: [EventLoop],
        transport: any Transport = TCPTransport(), limits: ServerLimits = ServerLimits()
    ) {
        precondition(!loops.isEmpty)
        self.identity = identity
        self.methods = MethodTable(methods)
        self.loops = loops
        self.transport = transport
        self.limits = limits
    }

    /// Begins to accept connections.
    /// - Returns: The address; with the port that the system chose when 0 was asked for.
    /// - Throws: ``TransportError`` when the address is taken, or open to others than this machine
    ///   without a cluster secret.
    package func listen(on address: SocketAddress) throws(TransportError) -> SocketAddress {
        guard identity.secret != nil || address.isLoopback else {
            throw TransportError(
                "refusing to listen on \(address) without CLUSTER_SECRET: "
                    + "anyone who reaches it could call it")
        }
        let listener = try transport.listen(on: address, loops: loops) { [self] bytes, loop in
            accept(bytes, loop)
        }
        state.withLock { $0.listener = listener }
        return listener.address
    }

    private func accept(_ bytes: any ByteStream, _ loop: EventLoop) {
        let connection = ServerConnection(bytes: bytes, loop: loop, server: self)
        let isAccepted = state.withLock { state in
            guard !state.isDraining, state.connections.count < limits.connectionsMax else {
                return false
            }
            state.connections[ObjectIdentifier(connection)] = connection
            return true
        }
        if isAccepted { connection.start() } else { bytes.close() }
    }

    /// Calls that are being worked on.
    package var inFlight: Int { inFlightCount.load(ordering: .relaxed) }

    /// Counts a call in; false when there are too many.
    func callBegan() -> Bool {
        let (_, count) = inFlightCount.add(1, ordering: .relaxed)
        if count <= limits.inFlightMax { return true }
        callEnded()
        return false
    }

    func callEnded() {
        inFlightCount.subtract(1, ordering: .relaxed)
    }

    func connectionClosed(_ connection: ServerConnection) {
        let drained = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.connections[ObjectIdentifier(connection)] = nil
            guard state.isDraining, state.connections.isEmpty else { return nil }
            defer { state.drained = nil }
            return state.drained
        }
        drained?.resume()
    }

    /// Accepts nothing more, says GOAWAY, waits for calls in flight (at most the drain timeout) and
    /// closes every connection.
    package func drain() async {
        let (listener, connections) = state.withLock { state in
            state.isDraining = true
            defer { state.listener = nil }
            return (state.listener, Array(state.connections.values))
        }
        listener?.close()
        for connection in connections {
            connection.loop.execute { connection.drain() }
        }
        loops[0].execute { [self] in
            loops[0].schedule(after: limits.drainTimeout) { [self] in closeAll() }
        }
        await withCheckedContinuation { continuation in
            let isDrained = state.withLock { state in
                if state.connections.isEmpty { return true }
                state.drained = continuation
                return false
            }
            if isDrained { continuation.resume() }
        }
    }

    private func closeAll() {
        for connection in state.withLock({ Array($0.connections.values) }) {
            connection.loop.execute { connection.close(.draining) }
        }
    }
}
