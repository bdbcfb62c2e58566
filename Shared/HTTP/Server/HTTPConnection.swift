internal import CLinux
internal import CMicroHTTPD
internal import Glibc
internal import ServiceRuntime

/// One client's connection: its deadlines and the exchange in progress.
// Safe: every field is touched on the server's loop only.
final class HTTPConnection: ReadinessHandler, @unchecked Sendable {
    /// What the connection waits for, and since when.
    private enum Wait {
        case head(since: Instant)
        case body(since: Instant)
        case answer(since: Instant)
        case nextRequest(since: Instant)
    }

    /// How long the library is let ask for an answer before it is told to wait.
    private static let suspendAfter = Duration.microseconds(300)

    let handle: OpaquePointer
    let descriptor: Int32
    let peer: String
    let isLoopback: Bool
    unowned let owner: HTTPServer
    private let loop: EventLoop
    private let limits: HTTPServerLimits
    private var wait: Wait
    private var target = ""
    private(set) var exchange: HTTPExchange?
    private var isSuspended = false
    private var isWatched = false
    private var isCut = false
    private var earlyAnswer: HTTPResponse?

    init(handle: OpaquePointer, peer: String, isLoopback: Bool, owner: HTTPServer) {
        self.handle = handle
        self.peer = peer
        self.isLoopback = isLoopback
        self.owner = owner
        loop = owner.loop
        limits = owner.limits
        descriptor = http_connection_descriptor(handle)
        wait = .head(since: loop.now)
    }

    // MARK: What the library reports

    func receivedLine(_ target: String) {
        self.target = target
        exchange = nil
        wait = .head(since: loop.now)
    }

    /// False drops the connection.
    func access(
        method: UnsafePointer<CChar>, version: UnsafePointer<CChar>, data: UnsafePointer<CChar>?,
        size: UnsafeMutablePointer<Int>
    ) -> Bool {
        if isCut { return false }
        guard let exchange else {
            return begin(method: String(cString: method), version: String(cString: version))
        }
        if size.pointee > 0, let data {
            let piece = UnsafeRawBufferPointer(start: data, count: size.pointee)
            size.pointee = exchange.receive(piece)
            if exchange.isStreamingRequest { exchange.start(owner.responder) }
            if let rejection = exchange.hopelessRejection {
                cut(with: owner.responder.reject(rejection, exchange.request))
                return false
            }
            return true
        }
        if exchange.isReceiving {
            wait = .answer(since: loop.now)
            exchange.start(owner.responder)
            exchange.finishBody()
        }
        if let response = exchange.takeResponse() { return queue(response) }
        // The library asks again in every run. An answer that comes soon is taken then; suspending
        // and resuming for it would cost two system calls (docs/performance.md).
        if case .answer(let since) = wait, loop.turnTime - since < Self.suspendAfter { return true }
        suspend()
        return true
    }

    func completed() {
        exchange?.close()
        exchange = nil
        unwatch()
        wait = .nextRequest(since: loop.now)
        if owner.isDraining { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    func closed() {
        exchange?.close()
        exchange = nil
        unwatch()
    }

    // MARK: Suspending

    /// Nothing to do for the library until ``resume()``.
    func suspend() {
        guard !isSuspended else { return }
        isSuspended = true
        MHD_suspend_connection(handle)
    }

    func resume() {
        guard isSuspended else {
            owner.runAtEndOfTurn()
            return
        }
        isSuspended = false
        MHD_resume_connection(handle)
        owner.runAtEndOfTurn()
    }

    // MARK: Deadlines

    /// Cuts the connection when it has waited for too long; watches it when its answer takes time,
    /// since the library does not look at a suspended connection.
    func check(_ now: Instant) {
        switch wait {
        case .head(let since):
            if now - since > limits.headTimeout { timeOut() }
        case .body(let since):
            let elapsed = now - since
            let received = Double(exchange?.receivedBytes ?? 0)
            let isUpload = exchange?.isStreamingRequest ?? false
            let isPaused = isSuspended
            let limit = isUpload ? limits.uploadTimeout : limits.bodyTimeout
            let isTooSlow =
                !isPaused && elapsed > limits.bodyGrace
                && received < elapsed.seconds * Double(limits.bodyBytesPerSecondMin)
            if elapsed > limit || isTooSlow { timeOut() }
        case .answer(let since):
            if isSuspended, !isWatched, now - since > .milliseconds(50) { watch() }
        case .nextRequest(let since):
            if now - since > limits.idleTimeout { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// The socket of a suspended connection has something to say: most likely that it is closed.
    func ready(readable: Bool, writable: Bool, failed: Bool) {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        let isGone = count == 0 || failed || (count < 0 && linux_errno() != EAGAIN)
        // Nothing to read after all: go on watching.
        guard isGone || count > 0 else { return }
        unwatch()
        if isGone {
            isCut = true
            exchange?.cancel()
            shutdown(descriptor, Int32(SHUT_RDWR))
        } else {
            // The next request came early; whether this client leaves shows when it is answered.
            wait = .answer(since: .distantFuture)
        }
    }

    /// Ends the socket of an answer that broke off. The library (0.9.75) forgets to close the
    /// connection itself when others are idle; the end of the socket makes it look again.
    func endSocket() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Ends the connection at once, whatever it is doing.
    func abort() {
        isCut = true
        exchange?.close()
        shutdown(descriptor, Int32(SHUT_RDWR))
        resume()
    }

    /// Ends a stream that has no end of its own, and a connection that waits for nothing.
    func drain() {
        if let exchange, exchange.isOpenEnded { exchange.cancel() }
        if case .nextRequest = wait { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    private func watch() {
        isWatched = loop.register(descriptor, self, readable: true, writable: false)
    }

    private func unwatch() {
        guard isWatched else { return }
        isWatched = false
        loop.deregister(descriptor)
    }

    private func timeOut() {
        let request = exchange?.request
        cut(with: owner.responder.reject(.requestTimeout, request))
        exchange?.cancel()
    }

    /// Writes an answer past the library, which is still reading, and ends the connection.
    private func cut(with response: HTTPResponse) {
        isCut = true
        let reason = response.status == 408 ? "Request Timeout" : "Content Too Large"
        var head = "HTTP/1.1 \(response.status) \(reason)\r\n"
        for field in response.headers.fields { head += "\(field.name): \(field.value)\r\n" }
        var bytes = Array(head.utf8)
        if case .bytes(let body) = response.body {
            bytes += Array("Content-Length: \(body.count)\r\nConnection: close\r\n\r\n".utf8) + body
        } else {
            bytes += Array("Content-Length: 0\r\nConnection: close\r\n\r\n".utf8)
        }
        _ = bytes.withUnsafeBytes {
            send(
                descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
        shutdown(descriptor, Int32(SHUT_RDWR))
        resume()
        owner.runAtEndOfTurn()
    }

    // MARK: The head

    private func begin(method: String, version: String) -> Bool {
        let headers = readHeaders()
        let request: HTTPRequest
        do throws(HTTPRejection) {
            request = try HTTPRequest(
                method: method, version: version, target: target, headers: headers,
                connection: self, limits: limits)
        } catch {
            return queue(owner.responder.reject(error, nil))
        }
        owner.requestCount += 1
        let declared = headers["Content-Length"].flatMap { Int($0) } ?? 0
        var policy = HTTPBodyPolicy.collect(limitBytes: 0)
        let hasBody = declared > 0 || headers["Transfer-Encoding"] != nil
        if hasBody {
            policy = owner.responder.bodyPolicy(for: request)
            wait = .body(since: loop.now)
        }
        let limit: Int
        var isStreamed = false
        switch policy {
        case .collect(let bytes): limit = bytes
        case .stream(let bytes):
            limit = bytes
            isStreamed = true
        }
        if declared > limit {
            return queue(owner.responder.reject(.bodyTooLarge(limitBytes: limit), request))
        }
        let complete =
            isStreamed
            ? HTTPRequest(
                method: request.method, path: request.path, query: request.query, headers: headers,
                peer: peer, isPeerLoopback: isLoopback, bodyStream: HTTPBodyReader()) : request
        exchange = HTTPExchange(
            request: complete, policy: policy, connection: self, loop: loop, limits: limits)
        return true
    }

    private func readHeaders() -> HTTPHeaders {
        var headers = HTTPHeaders()
        withUnsafeMutablePointer(to: &headers) { pointer in
            http_visit_headers(
                handle,
                { context, name, value in
                    guard let context, let name, let value else { return 0 }
                    context.assumingMemoryBound(to: HTTPHeaders.self).pointee.append(
                        String(cString: name), String(cString: value))
                    return 1
                }, pointer)
        }
        return headers
    }

    // MARK: The answer

    private func queue(_ response: HTTPResponse) -> Bool {
        wait = .answer(since: loop.now)
        let reply: OpaquePointer?
        switch response.body {
        case .bytes(let bytes):
            reply = bytes.withUnsafeBytes { http_response_copying($0.baseAddress, $0.count) }
        case .stream(let length, _):
            guard let exchange else { return false }
            reply = http_response_reading(
                length ?? .max, 64 << 10,
                { context, _, buffer, count in
                    guard let context, let buffer else { return -2 }
                    let exchange = Unmanaged<HTTPExchange>.fromOpaque(context)
                        .takeUnretainedValue()
                    return exchange.read(
                        into: UnsafeMutableRawBufferPointer(start: buffer, count: count))
                }, Unmanaged.passRetained(exchange).toOpaque(),
                { context in
                    guard let context else { return }
                    Unmanaged<HTTPExchange>.fromOpaque(context).release()
                })
        }
        guard let reply else { return false }
        defer { MHD_destroy_response(reply) }
        for field in response.headers.fields {
            guard http_response_add(reply, field.name, field.value) == 1 else {
                assertionFailure("the field \(field.name) cannot be sent")
                continue
            }
        }
        if response.closesConnection || owner.isDraining {
            _ = http_response_add(reply, "Connection", "close")
        }
        return http_queue(handle, UInt32(response.status), reply) == 1
    }
}

extension HTTPRejection: Error {}

extension HTTPRequest {
    /// Checks a head that the library has parsed.
    fileprivate init(
        method: String, version: String, target: String, headers: HTTPHeaders,
        connection: HTTPConnection, limits: HTTPServerLimits
    ) throws(HTTPRejection) {
        guard target.utf8.count <= limits.targetBytesMax else { throw .uriTooLong }
        var headerBytes = 0
        for field in headers.fields {
            headerBytes += field.name.utf8.count + field.value.utf8.count + 4
        }
        guard headerBytes <= limits.headerBytesMax, headers.fields.count <= limits.headerCountMax
        else { throw .headersTooLarge }
        guard version == "HTTP/1.1" || version == "HTTP/1.0" else {
            throw .badRequest("The protocol version is not HTTP/1.1.")
        }
        guard (1...20).contains(method.utf8.count),
            method.utf8.allSatisfy({ (0x41...0x5A).contains($0) || $0 == 0x2D })
        else { throw .badRequest("The method is not a token in capital letters.") }
        for field in headers.fields where !field.isWellFormed {
            throw .badRequest("A header field has a forbidden character.")
        }
        let hosts = headers.count(of: "Host")
        guard hosts == 1 || (hosts == 0 && version == "HTTP/1.0") else {
            throw .badRequest("There must be exactly one Host field.")
        }
        if let host = headers["Host"], !host.isHost {
            throw .badRequest("The Host field is no host name or address with a port.")
        }
        let lengths = headers.count(of: "Content-Length")
        let codings = headers.count(of: "Transfer-Encoding")
        guard lengths + codings <= 1 else {
            throw .badRequest("The length of the body is stated more than once.")
        }
        if let coding = headers["Transfer-Encoding"], !coding.isEqualIgnoringCase("chunked") {
            throw .badRequest("The transfer coding is not chunked.")
        }
        if let length = headers["Content-Length"],
            !(1...15).contains(length.utf8.count)
                || !length.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        {
            throw .badRequest("The Content-Length is not a number.")
        }
        let parsed: RequestTarget
        do throws(RequestTarget.Failure) {
            parsed = try RequestTarget(target, host: headers["Host"])
        } catch {
            switch error {
            case .badPath: throw .badPath
            case .badRequest(let reason): throw .badRequest(reason)
            }
        }
        self.init(
            method: method, path: parsed.path, query: parsed.query, headers: headers,
            peer: connection.peer, isPeerLoopback: connection.isLoopback)
    }
}

extension HTTPHeaders.Field {
    /// A token as name, and a value without control characters (RFC 9110, section 5.5). A folded
    /// value holds the line break that it was folded at.
    fileprivate var isWellFormed: Bool {
        name.utf8.allSatisfy(\.isTokenByte)
            && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }
}

extension String {
    /// Letters, digits and what else stands in host names, addresses and ports.
    fileprivate var isHost: Bool {
        !isEmpty
            && utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"),
                    UInt8(ascii: "["), UInt8(ascii: "]"):
                    true
                default: false
                }
            }
    }
}

extension UInt8 {
    /// Whether it may stand in a token (RFC 9110, section 5.6.2).
    fileprivate var isTokenByte: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(self)
        }
    }
}
