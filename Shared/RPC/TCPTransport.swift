internal import CLinux
internal import Glibc
package import ServiceRuntime
internal import Wire

/// Connections over TCP.
package struct TCPTransport: Transport {
    package init() {}

    package func listen(
        on address: SocketAddress, loops: [EventLoop],
        accept: @escaping @Sendable (any ByteStream, EventLoop) -> Void
    ) throws(TransportError) -> any Listener {
        precondition(!loops.isEmpty)
        let native = try lookUp(address, passive: true)[0]
        let descriptor = socket(native.family, Int32(SOCK_STREAM.rawValue) | nonBlocking, 0)
        guard descriptor >= 0 else { throw TransportError("socket: \(errorText())") }
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        let bound = native.withPointer { bind(descriptor, $0, $1) }
        guard bound == 0, Glibc.listen(descriptor, 1024) == 0 else {
            let text = errorText()
            close(descriptor)
            throw TransportError("cannot listen on \(address): \(text)")
        }
        let listener = TCPListener(
            descriptor: descriptor,
            address: SocketAddress(host: address.host, port: localPort(descriptor)),
            loops: loops, accept: accept)
        loops[0].execute { listener.start() }
        return listener
    }

    package func connect(
        to address: SocketAddress, loop: EventLoop, timeout: Duration,
        completion: @escaping @Sendable (Result<any ByteStream, TransportError>) -> Void
    ) {
        loop.execute {
            do throws(TransportError) {
                let native = try lookUp(address, passive: false)[0]
                let attempt = try TCPConnectAttempt(
                    to: address, native: native, loop: loop, completion: completion)
                attempt.start(timeout: timeout)
            } catch {
                completion(.failure(error))
            }
        }
    }

    package let mayBlockToResolve = true

    package func resolve(_ address: SocketAddress) throws(TransportError) -> [SocketAddress] {
        var known: Set<SocketAddress> = []
        return try lookUp(address, passive: false).compactMap { native in
            let resolved = SocketAddress(host: native.numericHost, port: address.port)
            return known.insert(resolved).inserted ? resolved : nil
        }
    }
}

private let nonBlocking = Int32(0x800 | 0x80000)  // SOCK_NONBLOCK | SOCK_CLOEXEC

private func errorText(_ number: Int32 = linux_errno()) -> String {
    String(cString: strerror(number))
}

/// An address in the system's own form.
private struct NativeAddress {
    let family: Int32
    let storage: sockaddr_storage
    let length: socklen_t
    let numericHost: String

    func withPointer<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }
}

private func lookUp(
    _ address: SocketAddress, passive: Bool
) throws(TransportError) -> [NativeAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = passive ? AI_PASSIVE : 0
    var list: UnsafeMutablePointer<addrinfo>?
    let result = getaddrinfo(address.host, String(address.port), &hints, &list)
    guard result == 0, let list else {
        throw TransportError(
            "cannot resolve \(address.host): \(String(cString: gai_strerror(result)))")
    }
    defer { freeaddrinfo(list) }
    var found: [NativeAddress] = []
    var next: UnsafeMutablePointer<addrinfo>? = list
    while let entry = next {
        defer { next = entry.pointee.ai_next }
        guard let raw = entry.pointee.ai_addr else { continue }
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { target in
            target.copyMemory(
                from: UnsafeRawBufferPointer(start: raw, count: Int(entry.pointee.ai_addrlen)))
        }
        found.append(
            NativeAddress(
                family: entry.pointee.ai_family, storage: storage,
                length: entry.pointee.ai_addrlen,
                numericHost: numericHost(raw, entry.pointee.ai_addrlen)))
    }
    guard !found.isEmpty else { throw TransportError("\(address.host) has no address") }
    return found
}

private func numericHost(_ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> String {
    var host = [CChar](repeating: 0, count: 64)
    let result = getnameinfo(address, length, &host, 64, nil, 0, NI_NUMERICHOST)
    guard result == 0 else { return "unknown" }
    return String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}

private func localPort(_ descriptor: Int32) -> UInt16 {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = withUnsafeMutablePointer(to: &storage) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            getsockname(descriptor, $0, &length)
        }
    }
    guard result == 0 else { return 0 }
    // The port stands at the same place in IPv4 and IPv6 addresses.
    return withUnsafeBytes(of: storage) { UInt16($0[2]) << 8 | UInt16($0[3]) }
}

// Safe: `descriptor` is touched on the first loop only, after init.
private final class TCPListener: Listener, ReadinessHandler, @unchecked Sendable {
    let address: SocketAddress
    private var descriptor: Int32
    private let loops: [EventLoop]
    private let accept: @Sendable (any ByteStream, EventLoop) -> Void
    private var turn = 0

    init(
        descriptor: Int32, address: SocketAddress, loops: [EventLoop],
        accept: @escaping @Sendable (any ByteStream, EventLoop) -> Void
    ) {
        self.descriptor = descriptor
        self.address = address
        self.loops = loops
        self.accept = accept
    }

    func start() {
        _ = loops[0].register(descriptor, self, readable: true, writable: false)
    }

    func close() {
        loops[0].execute { [self] in
            guard descriptor >= 0 else { return }
            loops[0].deregister(descriptor)
            Glibc.close(descriptor)
            descriptor = -1
        }
    }

    func ready(readable: Bool, writable: Bool, failed: Bool) {
        for _ in 0..<64 where descriptor >= 0 {
            var storage = sockaddr_storage()
            let accepted = linux_accept(descriptor, &storage)
            guard accepted >= 0 else { return }
            let peer = withUnsafePointer(to: storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    numericHost($0, socklen_t(MemoryLayout<sockaddr_storage>.size))
                }
            }
            let loop = loops[turn % loops.count]
            turn += 1
            let accept = self.accept
            if loop.isCurrent {
                accept(TCPStream(descriptor: accepted, peer: peer, loop: loop), loop)
            } else {
                loop.execute {
                    accept(TCPStream(descriptor: accepted, peer: peer, loop: loop), loop)
                }
            }
        }
    }
}

// Safe: used on its loop only.
private final class TCPConnectAttempt: ReadinessHandler, @unchecked Sendable {
    private let address: SocketAddress
    private let loop: EventLoop
    private let completion: @Sendable (Result<any ByteStream, TransportError>) -> Void
    private var descriptor: Int32
    private let peer: String
    private var isDone = false

    init(
        to address: SocketAddress, native: NativeAddress, loop: EventLoop,
        completion: @escaping @Sendable (Result<any ByteStream, TransportError>) -> Void
    ) throws(TransportError) {
        self.address = address
        self.loop = loop
        self.completion = completion
        peer = native.numericHost
        descriptor = socket(native.family, Int32(SOCK_STREAM.rawValue) | nonBlocking, 0)
        guard descriptor >= 0 else { throw TransportError("socket: \(errorText())") }
        let result = native.withPointer { Glibc.connect(descriptor, $0, $1) }
        let number = linux_errno()
        guard result == 0 || number == EINPROGRESS else {
            close(descriptor)
            throw TransportError("cannot connect to \(address): \(errorText(number))")
        }
    }

    func start(timeout: Duration) {
        _ = loop.register(descriptor, self, readable: false, writable: true)
        loop.schedule(after: timeout) { [self] in
            finish(errorNumber: ETIMEDOUT)
        }
    }

    func ready(readable: Bool, writable: Bool, failed: Bool) {
        var number: Int32 = 0
        var length = socklen_t(4)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &length)
        finish(errorNumber: number)
    }

    private func finish(errorNumber: Int32) {
        guard !isDone else { return }
        isDone = true
        loop.deregister(descriptor)
        var errorNumber = errorNumber
        // With nobody listening, the system may connect a socket to itself: its own port is drawn
        // from the range that the address lies in. That would keep the server from coming back.
        if errorNumber == 0, address.port == localPort(descriptor) { errorNumber = ECONNREFUSED }
        if errorNumber == 0 {
            completion(.success(TCPStream(descriptor: descriptor, peer: peer, loop: loop)))
        } else {
            close(descriptor)
            completion(
                .failure(
                    TransportError("cannot connect to \(address): \(errorText(errorNumber))")))
        }
    }
}

/// One TCP connection.
// Safe: used on its loop only.
private final class TCPStream: ByteStream, ReadinessHandler, @unchecked Sendable {
    /// Holds it until `close`: a weak reference would cost the observer's every use.
    var observer: (any ByteStreamObserver)?
    let peer: String
    private let loop: EventLoop
    private var descriptor: Int32
    private var isReading = true
    private var isWriteBlocked = false
    private static let vectorsMax = 64

    init(descriptor: Int32, peer: String, loop: EventLoop) {
        self.descriptor = descriptor
        self.peer = peer
        self.loop = loop
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        if isLoopback {
            // Some systems choose BBR, which paces what is sent: nothing but loss here
            // (docs/performance.md). Reno is in every kernel.
            let control = "reno"
            setsockopt(
                descriptor, Int32(IPPROTO_TCP), TCP_CONGESTION, control,
                socklen_t(control.utf8.count))
        }
    }

    deinit {
        if descriptor >= 0 { Glibc.close(descriptor) }
    }

    var isLoopback: Bool {
        peer == "::1" || peer.hasPrefix("127.") || peer.hasPrefix("::ffff:127.")
    }

    func start() {
        _ = loop.register(descriptor, self, readable: true, writable: false)
    }

    func ready(readable: Bool, writable: Bool, failed: Bool) {
        // Nobody is interested any more: an event that is not taken would come again for ever.
        guard observer != nil else {
            close()
            return
        }
        if writable, isWriteBlocked {
            isWriteBlocked = false
            watch()
            observer?.writable()
        }
        if readable || failed, descriptor >= 0 { observer?.readable() }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> ReadResult {
        guard descriptor >= 0 else { return .closed }
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .closed }
            switch linux_errno() {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            default: return .closed
            }
        }
    }

    func write(from output: inout OutputBuffer) -> WriteResult {
        guard descriptor >= 0 else { return .closed }
        return withUnsafeTemporaryAllocation(of: iovec.self, capacity: Self.vectorsMax) { vectors in
            while !output.isEmpty {
                let count = output.fillVectors(
                    UnsafeMutableRawPointer(vectors.baseAddress!), limit: Self.vectorsMax)
                var message = msghdr()
                message.msg_iov = vectors.baseAddress
                message.msg_iovlen = count
                let sent = sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL))
                if sent >= 0 {
                    output.consume(sent)
                    continue
                }
                switch linux_errno() {
                case EINTR:
                    continue
                case EAGAIN:
                    isWriteBlocked = true
                    watch()
                    return .blocked
                default:
                    return .closed
                }
            }
            return .complete
        }
    }

    func setReading(_ isReading: Bool) {
        guard self.isReading != isReading else { return }
        self.isReading = isReading
        watch()
    }

    func close() {
        guard descriptor >= 0 else { return }
        loop.deregister(descriptor)
        Glibc.close(descriptor)
        descriptor = -1
        observer = nil
    }

    private func watch() {
        guard descriptor >= 0 else { return }
        loop.update(descriptor, readable: isReading, writable: isWriteBlocked)
    }
}
