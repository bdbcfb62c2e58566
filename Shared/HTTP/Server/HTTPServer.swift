internal import CLinux
internal import CMicroHTTPD
internal import Glibc
package import ServiceRuntime

/// An HTTP/1.1 server over libmicrohttpd.
///
/// The library has no thread here: it runs on the owner's event loop, and so does the task of each
/// request, so that a request whose handler calls another service over the same loop never changes
/// threads. A handler that computes for long belongs on a ``WorkerPool``.
// Safe: what changes is touched on the loop only; the package methods hop there.
package final class HTTPServer: ReadinessHandler, TurnHandler, @unchecked Sendable {
    /// The address cannot be listened on; the text says why in one line.
    package struct StartFailure: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    let loop: EventLoop
    let limits: HTTPServerLimits
    let responder: any HTTPResponder
    private let callbacks: UnsafeMutablePointer<http_callbacks>
    private var daemon: OpaquePointer?
    private var daemonDescriptor: Int32 = -1
    private var connections: [ObjectIdentifier: HTTPConnection] = [:]
    private var connectionsByAddress: [String: Int] = [:]
    private var isTicking = false
    private var isRunQueued = false
    private(set) var isDraining = false
    private var onEmpty: [UnsafeContinuation<Void, Never>] = []
    var requestCount: UInt64 = 0

    /// Where the server listens; the port is real also when 0 was asked for.
    package let address: SocketAddress

    /// Listens and serves from now on.
    /// - Parameter loop: Runs the server and its handlers; outlives it.
    package convenience init(
        listen address: SocketAddress, loop: EventLoop, limits: HTTPServerLimits = .init(),
        responder: any HTTPResponder
    ) async throws(StartFailure) {
        let (listener, bound) = try Self.listen(address)
        self.init(bound: bound, loop: loop, limits: limits, responder: responder)
        let isStarted = await withUnsafeContinuation { continuation in
            loop.execute { continuation.resume(returning: self.start(listener)) }
        }
        guard isStarted else {
            close(listener)
            throw StartFailure(description: "\(address): the HTTP server did not start")
        }
    }

    private init(
        bound: SocketAddress, loop: EventLoop, limits: HTTPServerLimits,
        responder: any HTTPResponder
    ) {
        address = bound
        self.loop = loop
        self.limits = limits
        self.responder = responder
        callbacks = .allocate(capacity: 1)
        callbacks.initialize(to: http_callbacks())
    }

    deinit { callbacks.deallocate() }

    /// Stops accepting, lets requests in progress finish, ends streams that have no end of their own,
    /// and stops. What is not done after `timeout` is cut. Calling it again changes nothing.
    package func drain(timeout: Duration) async {
        await withUnsafeContinuation { continuation in
            loop.execute { self.beginDrain(timeout, continuation) }
        }
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            loop.execute {
                self.stop()
                continuation.resume()
            }
        }
    }

    /// How many clients are connected.
    package func connectionCount() async -> Int {
        await withUnsafeContinuation { continuation in
            loop.execute { continuation.resume(returning: self.connections.count) }
        }
    }

    // MARK: On the loop

    package func ready(readable: Bool, writable: Bool, failed: Bool) { run() }

    package func endOfTurn() {
        isRunQueued = false
        run()
    }

    func runAtEndOfTurn() {
        guard !isRunQueued else { return }
        isRunQueued = true
        loop.callAtEndOfTurn(self)
    }

    private func run() {
        guard let daemon else { return }
        if http_run(daemon) == 1 { loop.execute { self.runAtEndOfTurn() } }
    }

    private func start(_ listener: Int32) -> Bool {
        callbacks.pointee = http_callbacks(
            context: Unmanaged.passUnretained(self).toOpaque(), accept: onAccept, opened: onOpened,
            closed: onClosed, line: onLine, access: onAccess, completed: onCompleted)
        daemon = http_start(
            listener, 32 << 10, UInt32(limits.connectionsMax), UInt32(limits.stallSeconds),
            callbacks)
        guard let daemon else { return false }
        daemonDescriptor = http_descriptor(daemon)
        // The library holds a pointer to the server until `stop`.
        _ = Unmanaged.passRetained(self)
        return loop.register(daemonDescriptor, self, readable: true, writable: false)
    }

    private func stop() {
        guard let daemon else { return }
        for connection in connections.values { connection.abort() }
        _ = http_run(daemon)
        self.daemon = nil
        loop.deregister(daemonDescriptor)
        MHD_stop_daemon(daemon)
        Unmanaged.passUnretained(self).release()
    }

    private func beginDrain(_ timeout: Duration, _ continuation: UnsafeContinuation<Void, Never>) {
        if let daemon, !isDraining {
            isDraining = true
            let listener = MHD_quiesce_daemon(daemon)
            if listener >= 0 { close(listener) }
            for connection in connections.values { connection.drain() }
            runAtEndOfTurn()
        }
        guard !connections.isEmpty, timeout > .zero else { return continuation.resume() }
        onEmpty.append(continuation)
        loop.schedule(after: timeout) { self.wakeDrainers() }
    }

    private func wakeDrainers() {
        let waiting = onEmpty
        onEmpty = []
        for continuation in waiting { continuation.resume() }
    }

    fileprivate func accepts(_ address: UnsafePointer<sockaddr>?) -> Bool {
        guard let peer = Self.text(of: address) else { return false }
        return Self.isLoopback(peer)
            || connectionsByAddress[peer, default: 0] < limits.connectionsPerAddressMax
    }

    fileprivate func opened(_ handle: OpaquePointer) -> HTTPConnection {
        let peer = Self.text(of: http_connection_address(handle)) ?? "unknown"
        let connection = HTTPConnection(
            handle: handle, peer: peer, isLoopback: Self.isLoopback(peer), owner: self)
        connections[ObjectIdentifier(connection)] = connection
        connectionsByAddress[peer, default: 0] += 1
        tick()
        return connection
    }

    fileprivate func closed(_ connection: HTTPConnection) {
        connection.closed()
        connections[ObjectIdentifier(connection)] = nil
        let left = connectionsByAddress[connection.peer, default: 1] - 1
        connectionsByAddress[connection.peer] = left > 0 ? left : nil
        if connections.isEmpty { wakeDrainers() }
    }

    /// Looks at every connection's deadline a few times a second, while there are any.
    private func tick() {
        guard !isTicking else { return }
        isTicking = true
        let shortest = min(limits.headTimeout, limits.bodyGrace, limits.idleTimeout)
        let interval = max(.milliseconds(10), min(.milliseconds(250), shortest / 4))
        loop.schedule(after: interval) {
            self.isTicking = false
            let now = self.loop.now
            for connection in self.connections.values {
                connection.check(now)
                if self.isDraining { connection.drain() }
            }
            if !self.connections.isEmpty {
                self.run()
                self.tick()
            }
        }
    }

    private static func text(of address: UnsafePointer<sockaddr>?) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard let base = buffer.baseAddress, http_address_text(address, base, 64) == 1 else {
                return nil
            }
            return String(cString: base)
        }
    }

    private static func isLoopback(_ peer: String) -> Bool {
        peer.hasPrefix("127.") || peer == "::1"
    }

    private static func listen(
        _ address: SocketAddress
    ) throws(StartFailure) -> (Int32, SocketAddress) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = Int32(AI_PASSIVE)
        var list: UnsafeMutablePointer<addrinfo>?
        let found = getaddrinfo(address.host, String(address.port), &hints, &list)
        guard found == 0, let info = list else {
            throw StartFailure(description: "\(address): \(String(cString: gai_strerror(found)))")
        }
        defer { freeaddrinfo(list) }
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let listener = socket(info.pointee.ai_family, Int32(SOCK_STREAM.rawValue) | flags, 0)
        guard listener >= 0 else { throw failure(address) }
        var one: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        guard bind(listener, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0,
            Glibc.listen(listener, 1024) == 0
        else {
            let failure = failure(address)
            close(listener)
            throw failure
        }
        var bound = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let port: UInt16 = withUnsafeMutablePointer(to: &bound) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = getsockname(listener, $0, &length)
            }
            // The port lies at the same place in both families.
            return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                UInt16(bigEndian: $0.pointee.sin_port)
            }
        }
        return (listener, SocketAddress(host: address.host, port: port))
    }

    private static func failure(_ address: SocketAddress) -> StartFailure {
        StartFailure(description: "\(address): \(String(cString: strerror(errno)))")
    }
}

// MARK: The library's callbacks

private func connection(_ context: UnsafeMutableRawPointer?) -> HTTPConnection? {
    context.map { Unmanaged<HTTPConnection>.fromOpaque($0).takeUnretainedValue() }
}

private func server(_ context: UnsafeMutableRawPointer?) -> HTTPServer? {
    context.map { Unmanaged<HTTPServer>.fromOpaque($0).takeUnretainedValue() }
}

private func onAccept(
    _ context: UnsafeMutableRawPointer?, _ address: UnsafePointer<sockaddr>?
) -> Int32 {
    server(context)?.accepts(address) == true ? 1 : 0
}

private func onOpened(
    _ context: UnsafeMutableRawPointer?, _ handle: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    guard let server = server(context), let handle else { return nil }
    return Unmanaged.passUnretained(server.opened(handle)).toOpaque()
}

private func onClosed(_ context: UnsafeMutableRawPointer?) {
    guard let connection = connection(context) else { return }
    connection.owner.closed(connection)
}

private func onLine(_ context: UnsafeMutableRawPointer?, _ uri: UnsafePointer<CChar>?) {
    guard let uri else { return }
    connection(context)?.receivedLine(String(cString: uri))
}

private func onAccess(
    _ context: UnsafeMutableRawPointer?, _ url: UnsafePointer<CChar>?,
    _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?,
    _ data: UnsafePointer<CChar>?, _ size: UnsafeMutablePointer<Int>?
) -> Int32 {
    guard let connection = connection(context), let method, let version, let size else { return 0 }
    return connection.access(method: method, version: version, data: data, size: size) ? 1 : 0
}

private func onCompleted(_ context: UnsafeMutableRawPointer?) {
    connection(context)?.completed()
}
