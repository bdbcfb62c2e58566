internal import CLLHTTP
internal import CLinux
internal import Glibc
package import ServiceRuntime

/// An HTTP/1.1 server: requests are parsed by llhttp, everything else is here
/// (docs/decisions/0002-llhttp-on-our-loop.md).
///
/// Sockets, deadlines and the task of each request live on the owner's event loop, so that a request
/// whose handler calls another service over the same loop never changes threads. A handler that
/// computes for long belongs on a ``WorkerPool``.
// Safe: what changes is touched on the loop only; the package methods hop there.
package final class HTTPServer: ReadinessHandler, TurnHandler, @unchecked Sendable {
    /// The address cannot be listened on; the text says why in one line.
    package struct StartFailure: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    let loop: EventLoop
    let limits: HTTPServerLimits
    let responder: any HTTPResponder
    /// What is read from a socket, until it was looked at or kept by its connection.
    let scratch: UnsafeMutableRawBufferPointer
    /// Where the fields of a head are noted while it is read.
    let fields: UnsafeMutableBufferPointer<http_field>
    private var listener: Int32
    private var isAccepting = false
    private var connections: [ObjectIdentifier: HTTPConnection] = [:]
    private var connectionsByAddress: [String: Int] = [:]
    private var flushes: [HTTPConnection] = []
    private var dateField = HTTPDate()
    private var isTicking = false
    private(set) var isDraining = false
    private var onEmpty: [UnsafeContinuation<Void, Never>] = []

    /// Where the server listens; the port is real also when 0 was asked for.
    package let address: SocketAddress

    /// Listens and serves from now on.
    /// - Parameter loop: Runs the server and its handlers; outlives it.
    package convenience init(
        listen address: SocketAddress, loop: EventLoop, limits: HTTPServerLimits = .init(),
        responder: any HTTPResponder
    ) async throws(StartFailure) {
        let (listener, bound) = try Self.listen(address)
        self.init(
            listener: listener, bound: bound, loop: loop, limits: limits, responder: responder)
        let isStarted = await withUnsafeContinuation { continuation in
            loop.execute { continuation.resume(returning: self.startAccepting()) }
        }
        guard isStarted else {
            throw StartFailure(description: "\(address): the HTTP server did not start")
        }
    }

    private init(
        listener: Int32, bound: SocketAddress, loop: EventLoop, limits: HTTPServerLimits,
        responder: any HTTPResponder
    ) {
        address = bound
        self.loop = loop
        self.limits = limits
        self.responder = responder
        self.listener = listener
        scratch = .allocate(byteCount: 64 << 10, alignment: 16)
        fields = .allocate(capacity: limits.headerCountMax)
    }

    deinit {
        if listener >= 0 { close(listener) }
        scratch.deallocate()
        fields.deallocate()
    }

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

    /// Clients want to be accepted.
    package func ready(readable: Bool, writable: Bool, failed: Bool) {
        for _ in 0..<64 where isAccepting {
            var storage = sockaddr_storage()
            let descriptor = linux_accept(listener, &storage)
            guard descriptor >= 0 else {
                let error = linux_errno()
                if error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM {
                    acceptLater()
                }
                return
            }
            accept(descriptor, Self.text(of: storage))
        }
    }

    package func endOfTurn() {
        var batch: [HTTPConnection] = []
        swap(&batch, &flushes)
        for connection in batch { connection.endOfTurn() }
        if flushes.isEmpty {
            batch.removeAll(keepingCapacity: true)
            swap(&batch, &flushes)
        }
    }

    func flushLater(_ connection: HTTPConnection) {
        if flushes.isEmpty { loop.callAtEndOfTurn(self) }
        flushes.append(connection)
    }

    /// The value of the Date field.
    func date() -> String { dateField.now() }

    func closed(_ connection: HTTPConnection) {
        connections[ObjectIdentifier(connection)] = nil
        let left = connectionsByAddress[connection.peer, default: 1] - 1
        connectionsByAddress[connection.peer] = left > 0 ? left : nil
        if connections.isEmpty { wakeDrainers() }
        if !isAccepting, !isDraining { _ = startAccepting() }
    }

    @discardableResult
    private func startAccepting() -> Bool {
        guard listener >= 0, !isAccepting else { return true }
        isAccepting = loop.register(listener, self, readable: true, writable: false)
        return isAccepting
    }

    private func stopAccepting() {
        guard isAccepting else { return }
        isAccepting = false
        loop.deregister(listener)
    }

    /// The process has no file descriptors left: newcomers wait in the kernel for a moment.
    private func acceptLater() {
        stopAccepting()
        loop.schedule(after: .milliseconds(100)) {
            if !self.isDraining, self.connections.count < self.limits.connectionsMax {
                self.startAccepting()
            }
        }
    }

    private func accept(_ descriptor: Int32, _ peer: String) {
        let isLoopback = Self.isLoopback(peer)
        guard
            isLoopback
                || connectionsByAddress[peer, default: 0] < limits.connectionsPerAddressMax
        else {
            close(descriptor)
            return
        }
        let connection = HTTPConnection(
            descriptor: descriptor, peer: peer, isLoopback: isLoopback, owner: self)
        connections[ObjectIdentifier(connection)] = connection
        connectionsByAddress[peer, default: 0] += 1
        guard connection.start() else { return }
        if connections.count >= limits.connectionsMax { stopAccepting() }
        tick()
    }

    private func stop() {
        for connection in Array(connections.values) { connection.close() }
        stopAccepting()
        if listener >= 0 { close(listener) }
        listener = -1
    }

    private func beginDrain(_ timeout: Duration, _ continuation: UnsafeContinuation<Void, Never>) {
        if !isDraining {
            isDraining = true
            stopAccepting()
            if listener >= 0 { close(listener) }
            listener = -1
            for connection in Array(connections.values) { connection.drain() }
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

    /// Looks at every connection's deadline a few times a second, while there are any.
    private func tick() {
        guard !isTicking else { return }
        isTicking = true
        let shortest = min(limits.headTimeout, limits.bodyGrace, limits.idleTimeout)
        let interval = max(.milliseconds(10), min(.milliseconds(250), shortest / 4))
        loop.schedule(after: interval) {
            self.isTicking = false
            let now = self.loop.now
            for connection in Array(self.connections.values) {
                connection.check(now)
                if self.isDraining { connection.drain() }
            }
            if !self.connections.isEmpty { self.tick() }
        }
    }

    /// The address without its port; an IPv4 address inside IPv6 as IPv4.
    private static func text(of storage: sockaddr_storage) -> String {
        var storage = storage
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard let base = buffer.baseAddress, linux_address_text(&storage, base, 64) == 1
            else { return "unknown" }
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
        // Connections inherit both. Where the system's default is BBR, it paces what is sent over
        // loopback for nothing (docs/performance.md).
        setsockopt(listener, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        if isLoopback(address.host) {
            let control = "reno"
            setsockopt(
                listener, Int32(IPPROTO_TCP), TCP_CONGESTION, control,
                socklen_t(control.utf8.count))
        }
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
