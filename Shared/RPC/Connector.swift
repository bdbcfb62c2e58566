internal import ServiceRuntime

/// Makes and keeps the connections of one channel.
// Safe: used on its loop only.
final class Connector: @unchecked Sendable {
    private enum Phase {
        case idle
        case connecting
        case waiting(EventLoop.TimerToken)
    }

    private struct Endpoint {
        var connections: [ClientConnection] = []
        var phase = Phase.idle
        var backoff = Backoff(base: .milliseconds(50), limit: .seconds(5))
    }

    private let names: [SocketAddress]
    private let identity: Identity
    private let loop: EventLoop
    private let transport: any Transport
    private let random: RandomSource
    private var endpoints: [SocketAddress: Endpoint] = [:]
    private var waiting: [ClientCall] = []
    private var isResolving = false
    private var isResolved = false
    private var isClosed = false
    private static let connectionsMax = 4
    private static let waitingMax = 4096
    private static let connectTimeout = Duration.milliseconds(300)
    /// Looking a name up may block.
    private static let resolver = WorkerPool(threads: 1, name: "resolver")

    init(
        names: [SocketAddress], identity: Identity, loop: EventLoop,
        transport: any Transport, random: RandomSource
    ) {
        self.names = names
        self.identity = identity
        self.loop = loop
        self.transport = transport
        self.random = random
    }

    // MARK: Calls

    func start(_ call: ClientCall) {
        call.begin()
        if call.wasCancelled {
            call.fail(.cancelled, wasNotSent: true)
        } else if isClosed {
            call.fail(.unavailable("The channel is closed."))
        } else if waiting.isEmpty, let connection = leastLoaded() {
            connection.open(call)
        } else if waiting.count >= Self.waitingMax {
            call.fail(.overloaded("Too many calls wait for a connection."))
        } else {
            waiting.append(call)
            makeProgress()
            expireWaiting()
        }
    }

    private func leastLoaded() -> ClientConnection? {
        var best: ClientConnection?
        for endpoint in endpoints.values {
            for connection in endpoint.connections
            where connection.hasRoom && connection.callCount < best?.callCount ?? .max {
                best = connection
            }
        }
        return best
    }

    private func openWaiting() {
        var index = 0
        while index < waiting.count {
            let call = waiting[index]
            if !call.isDone {
                guard let connection = leastLoaded() else { break }
                connection.open(call)
            }
            index += 1
        }
        waiting.removeFirst(index)
    }

    /// Fails calls whose time is over while they wait.
    private func expireWaiting() {
        guard let first = waiting.map(\.deadline).min() else { return }
        loop.schedule(after: max(.milliseconds(1), first - loop.now)) { [weak self] in
            guard let self else { return }
            let now = loop.now
            for call in waiting where call.deadline <= now { call.fail(.deadlineExceeded) }
            waiting.removeAll { $0.isDone }
            expireWaiting()
        }
    }

    private func failWaiting(_ error: RPCError) {
        let calls = waiting
        waiting = []
        for call in calls { call.fail(error) }
    }

    // MARK: Connections

    /// Does whatever brings waiting calls closer to a connection; fails them when nothing can.
    private func makeProgress() {
        guard isResolved else {
            resolve()
            return
        }
        var isUnderWay = isResolving
        for (address, endpoint) in endpoints {
            switch endpoint.phase {
            case .connecting:
                isUnderWay = true
            case .idle
            where endpoint.connections.filter({ !$0.isDraining }).count < Self.connectionsMax:
                connect(to: address)
                isUnderWay = true
            case .idle:
                // Full: a call ends before another connection is allowed.
                isUnderWay = true
            case .waiting:
                isUnderWay = isUnderWay || endpoint.connections.contains { $0.hasRoom }
            }
        }
        if !isUnderWay {
            failWaiting(
                .unavailable(
                    "Cannot reach \(names.map(\.description).joined(separator: ", ")).",
                    retryAfter: .milliseconds(250)))
        }
    }

    private func resolve() {
        guard !isResolving else { return }
        isResolving = true
        let (names, transport, loop) = (self.names, self.transport, self.loop)
        let look: @Sendable () -> Void = { [self] in
            var found: [SocketAddress] = []
            var failure: TransportError?
            for name in names {
                do throws(TransportError) {
                    found += try transport.resolve(name)
                } catch {
                    failure = error
                }
            }
            loop.execute { [self, found, failure] in
                resolved(found, failure: failure)
            }
        }
        if !transport.mayBlockToResolve {
            look()
        } else if !Self.resolver.submit(look) {
            isResolving = false
        }
    }

    private func resolved(_ addresses: [SocketAddress], failure: TransportError?) {
        isResolving = false
        guard !isClosed else { return }
        guard !addresses.isEmpty else {
            failWaiting(
                .unavailable(failure?.description ?? "No address.", retryAfter: .seconds(1)))
            return
        }
        isResolved = true
        for address in addresses where endpoints[address] == nil {
            endpoints[address] = Endpoint()
        }
        for (address, endpoint) in endpoints
        where !addresses.contains(address) && endpoint.connections.isEmpty {
            if case .idle = endpoint.phase { endpoints[address] = nil }
        }
        // One connection to each address, so that every replica gets its share.
        for (address, endpoint) in endpoints where endpoint.connections.isEmpty {
            if case .idle = endpoint.phase { connect(to: address) }
        }
    }

    private func connect(to address: SocketAddress) {
        endpoints[address]?.phase = .connecting
        transport.connect(to: address, loop: loop, timeout: Self.connectTimeout) {
            [weak self] result in
            guard let self, !isClosed else {
                if case .success(let bytes) = result { bytes.close() }
                return
            }
            switch result {
            case .success(let bytes):
                adopt(bytes, address)
            case .failure(let error):
                failed(address, error.description)
            }
        }
    }

    private func adopt(_ bytes: any ByteStream, _ address: SocketAddress) {
        let connection = ClientConnection(
            bytes: bytes, loop: loop, identity: identity, windowBytes: Channel.windowBytes,
            helloTimeout: .seconds(1))
        endpoints[address]?.connections.append(connection)
        connection.onReady = { [weak self] in
            guard let self else { return }
            endpoints[address]?.phase = .idle
            endpoints[address]?.backoff.reset()
            openWaiting()
            if !waiting.isEmpty { makeProgress() }
        }
        connection.onChange = { [weak self] in self?.openWaiting() }
        connection.onClosed = { [weak self] connection, error in
            guard let self else { return }
            endpoints[address]?.connections.removeAll { $0 === connection }
            if connection.isReady {
                if !waiting.isEmpty { makeProgress() }
            } else {
                failed(address, error.message)
            }
        }
        connection.start()
    }

    private func failed(_ address: SocketAddress, _ reason: String) {
        guard var endpoint = endpoints[address] else { return }
        let delay = endpoint.backoff.next(random: random)
        endpoint.phase = .waiting(
            loop.schedule(after: delay) { [weak self] in self?.delayOver(address) })
        endpoints[address] = endpoint
        // The name may lead elsewhere by now.
        resolve()
        let isHopeless = endpoints.values.allSatisfy { endpoint in
            if case .waiting = endpoint.phase {
                return !endpoint.connections.contains { $0.hasRoom }
            }
            return false
        }
        if isHopeless {
            failWaiting(.unavailable(reason, retryAfter: delay))
        }
    }

    private func delayOver(_ address: SocketAddress) {
        guard !isClosed, endpoints[address] != nil else { return }
        endpoints[address]?.phase = .idle
        if !waiting.isEmpty { makeProgress() }
    }

    func close() {
        isClosed = true
        failWaiting(.unavailable("The channel is closed."))
        let open = endpoints.values.flatMap(\.connections)
        endpoints = [:]
        for connection in open { connection.close(.unavailable("The channel is closed.")) }
    }
}
