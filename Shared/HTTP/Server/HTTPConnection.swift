internal import CLinux
internal import Glibc
internal import ServiceRuntime

/// One client's connection: reads requests one after the other, and holds them to their deadlines.
///
/// The next request is looked at when the answer to the one before was handed over whole; what a
/// client sends meanwhile waits, up to a bound beyond which the socket is left unread.
// Safe: every field is touched on the server's loop only.
final class HTTPConnection: ReadinessHandler, @unchecked Sendable {
    enum Phase {
        /// Not a byte of the next request is here.
        case idle(since: Instant)
        case head(since: Instant)
        case body(since: Instant)
        /// The request is whole; its answer is being made or handed over.
        case answering
        /// The last answer was handed over; what else the client sends is dropped.
        case closing(since: Instant)
        case closed
    }

    let peer: String
    let isLoopback: Bool
    let owner: HTTPServer
    let loop: EventLoop
    let limits: HTTPServerLimits
    var phase: Phase
    var exchange: HTTPExchange?
    var output = HTTPOutput()
    var framing = HTTPFraming.none
    /// Whether the request that is answered allows another one.
    var keepsAlive = true
    /// Whether the client of the request that is answered speaks HTTP/1.0.
    var isOldClient = false
    private var descriptor: Int32
    private var reader = RequestReader()
    /// What arrived and was not looked at, or is the beginning of a head.
    private var input: [UInt8] = []
    private var isTakingInput = false
    private var isFirst = true
    private var awaitsContinue = false
    /// Since when the client sends nothing more: it has left, or waits for its answer.
    private var inputEnded: Instant?
    /// Since when the socket takes nothing.
    private var writeBlocked: Instant?
    private var isReading = true
    private var isFlushQueued = false
    /// Whether the last request was answered before it was read whole.
    private var isCutShort = false
    private var lingeredBytes = 0

    init(descriptor: Int32, peer: String, isLoopback: Bool, owner: HTTPServer) {
        self.descriptor = descriptor
        self.peer = peer
        self.isLoopback = isLoopback
        self.owner = owner
        loop = owner.loop
        limits = owner.limits
        phase = .idle(since: loop.now)
    }

    /// False when the system is out of memory for it; the socket is closed then.
    func start() -> Bool {
        if loop.register(descriptor, self, readable: true, writable: false) { return true }
        close()
        return false
    }

    // MARK: Reading

    func ready(readable: Bool, writable: Bool, failed: Bool) {
        if failed { return close() }
        if writable, writeBlocked != nil { flush() }
        if readable, descriptor >= 0 { receive() }
    }

    private func receive() {
        let count = recv(descriptor, owner.scratch.baseAddress, owner.scratch.count, 0)
        guard count > 0 else {
            if count == 0 {
                endInput()
            } else if linux_errno() != EAGAIN, linux_errno() != EINTR {
                close()
            }
            return
        }
        let bytes = UnsafeRawBufferPointer(rebasing: owner.scratch[..<count])
        if case .closing = phase {
            lingeredBytes += count
            if lingeredBytes > limits.lingerBytesMax { close() }
            return
        }
        guard input.isEmpty, !isTakingInput else {
            input.append(contentsOf: bytes)
            takeInput()
            return watch()
        }
        isTakingInput = true
        let taken = take(bytes)
        isTakingInput = false
        if taken < bytes.count { input.append(contentsOf: bytes[taken...]) }
        watch()
    }

    /// Goes on with what has waited.
    private func takeInput() {
        guard !input.isEmpty, !isTakingInput else { return }
        isTakingInput = true
        // Held here, since a handler may answer while it is being read.
        var bytes: [UInt8] = []
        swap(&bytes, &input)
        let taken = bytes.withUnsafeBytes { take($0) }
        isTakingInput = false
        if taken < bytes.count {
            if taken > 0 { bytes.removeFirst(taken) }
            input = bytes
        }
    }

    /// Reads requests, or parts of one, until one waits for its answer or for more bytes.
    /// - Returns: How many bytes are done with.
    private func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        var taken = 0
        while taken < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[taken...])
            switch phase {
            case .idle:
                // Empty lines before a request are none of it (RFC 9112, section 2.2).
                if rest[0] == 0x0D, rest.count == 1 || rest[1] == 0x0A {
                    if rest.count == 1 { return taken }
                    taken += 2
                    continue
                }
                // The answers before this request fill what may wait for the client.
                guard hasRoom else { return taken }
                phase = .head(since: loop.turnTime)
            case .head:
                guard let count = takeHead(rest) else { return taken }
                taken += count
            case .body:
                guard let count = takeBody(rest) else { return taken }
                taken += count
            case .answering: return taken
            case .closing, .closed: return bytes.count
            }
        }
        return taken
    }

    /// - Returns: Nil when it is not whole yet.
    private func takeHead(_ bytes: UnsafeRawBufferPointer) -> Int? {
        switch reader.search(bytes) {
        case .more:
            if !reader.hasLine, bytes.count > limits.targetBytesMax + 64 {
                refuse(.uriTooLong)
            } else if bytes.count > limits.targetBytesMax + limits.headerBytesMax {
                refuse(.headersTooLarge)
            } else {
                return nil
            }
            return bytes.count
        case .bad:
            refuse(.badRequest("The head has a forbidden character or line ending."))
            return bytes.count
        case .whole(let count):
            let head = UnsafeRawBufferPointer(rebasing: bytes[..<count])
            do throws(HTTPRejection) {
                try begin(
                    RequestHead(head, reader: &reader, limits: limits, fields: owner.fields))
            } catch {
                refuse(error, isHead: head.starts(with: "HEAD ".utf8))
            }
            return count
        }
    }

    private func begin(_ head: RequestHead) {
        isFirst = false
        keepsAlive = head.keepsAlive
        isOldClient = head.isOld
        func request(_ stream: HTTPBodyReader?) -> HTTPRequest {
            HTTPRequest(
                method: head.method, path: head.target.path, query: head.target.query,
                headers: head.headers, peer: peer, isPeerLoopback: isLoopback, bodyStream: stream)
        }
        guard head.body != .none else {
            phase = .answering
            return run(request(nil), limitBytes: 0, declaredBytes: 0).start(owner.responder)
        }
        var declared = 0
        if case .length(let length) = head.body { declared = length }
        let plain = request(nil)
        switch owner.responder.bodyPolicy(for: plain) {
        case .collect(let limit):
            guard declared <= limit else { return refuseBody(limit, plain) }
            phase = .body(since: loop.turnTime)
            _ = run(plain, limitBytes: limit, declaredBytes: declared)
            if head.expectsContinue { sendContinue() }
        case .stream(let limit):
            guard declared <= limit else { return refuseBody(limit, plain) }
            phase = .body(since: loop.turnTime)
            let stream = HTTPBodyReader()
            stream.onWanted = { self.bodyWanted() }
            // Who asks is told to send once the handler wants to read.
            awaitsContinue = head.expectsContinue
            run(request(stream), limitBytes: limit, declaredBytes: 0).start(owner.responder)
        }
    }

    private func refuseBody(_ limit: Int, _ request: HTTPRequest) {
        refuse(
            .bodyTooLarge(limitBytes: limit), request: request, isHead: request.method == "HEAD")
    }

    private func run(
        _ request: HTTPRequest, limitBytes: Int, declaredBytes: Int
    ) -> HTTPExchange {
        let exchange = HTTPExchange(
            request: request, limitBytes: limitBytes, declaredBytes: declaredBytes,
            connection: self, loop: loop)
        self.exchange = exchange
        return exchange
    }

    /// - Returns: Nil when its reader has enough for now.
    private func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard let exchange else { return bytes.count }
        guard !hasEnoughBody else { return nil }
        awaitsContinue = false
        guard
            let (consumed, isDone) = reader.body(
                bytes, overheadBytesMax: limits.headerBytesMax, to: exchange)
        else {
            refuse(.badRequest("The body is not well-formed chunks."), request: exchange.request)
            return bytes.count
        }
        if exchange.isTooLarge {
            refuse(.bodyTooLarge(limitBytes: exchange.limitBytes), request: exchange.request)
            return bytes.count
        }
        if isDone {
            phase = .answering
            exchange.finishBody()
            if !exchange.isStreamingRequest { exchange.start(owner.responder) }
        }
        return consumed
    }

    private var hasEnoughBody: Bool {
        guard let stream = exchange?.request.bodyStream else { return false }
        return stream.waitingBytes >= limits.readAheadBytes
    }

    /// The handler of an upload wants to read on.
    private func bodyWanted() {
        if awaitsContinue { sendContinue() }
        guard case .body = phase, !hasEnoughBody else { return }
        takeInput()
        watch()
    }

    private func sendContinue() {
        awaitsContinue = false
        output.append { $0.append("HTTP/1.1 100 Continue\r\n\r\n") }
        flushLater()
    }

    /// The client sends nothing more.
    private func endInput() {
        inputEnded = loop.turnTime
        switch phase {
        case .idle: if output.isEmpty { close() }
        // It waits for its answer, or it has left: `check` decides.
        case .answering: break
        case .closing: if output.isEmpty { close() }
        case .head, .body, .closed: close()
        }
        watch()
    }

    /// Reads the socket while there is room for what it says.
    private func watch() {
        guard descriptor >= 0 else { return }
        var wanted = inputEnded == nil
        switch phase {
        case .answering: wanted = wanted && input.count < limits.pipelinedBytesMax
        case .body: wanted = wanted && !hasEnoughBody
        case .idle, .head, .closing, .closed: break
        }
        guard wanted != isReading else { return }
        isReading = wanted
        loop.update(descriptor, readable: isReading, writable: writeBlocked != nil)
    }

    // MARK: Sending

    /// Sends what waits when the turn ends, together with what else is handed over in it.
    func flushLater() {
        guard !isFlushQueued else { return }
        isFlushQueued = true
        owner.flushLater(self)
    }

    func endOfTurn() {
        isFlushQueued = false
        if writeBlocked == nil { flush() }
    }

    private func flush() {
        guard descriptor >= 0 else { return }
        let before = output.count
        switch output.send(to: descriptor) {
        case .failed: return close()
        case .blocked:
            if writeBlocked == nil {
                writeBlocked = loop.now
                loop.update(descriptor, readable: isReading, writable: true)
            } else if output.count < before {
                writeBlocked = loop.now
            }
        case .complete:
            if writeBlocked != nil {
                writeBlocked = nil
                loop.update(descriptor, readable: isReading, writable: false)
            }
            sent()
        }
        if hasRoom { exchange?.drained() }
    }

    /// Everything that was handed over was sent.
    private func sent() {
        switch phase {
        case .idle:
            if !input.isEmpty { takeInput() }
            if case .idle = phase, inputEnded != nil { return close() }
            watch()
        case .closing: endOutput()
        case .head, .body, .answering, .closed: break
        }
    }

    /// Ends this side. While the other one still sends, the socket is read on: closing it at once
    /// would reset the connection, perhaps before the client has read its answer.
    private func endOutput() {
        guard inputEnded == nil else { return close() }
        shutdown(descriptor, Int32(SHUT_WR))
        let count = recv(descriptor, owner.scratch.baseAddress, owner.scratch.count, 0)
        let isQuiet = count < 0 && linux_errno() == EAGAIN
        if count == 0 || (isQuiet && input.isEmpty && !isCutShort) { return close() }
        phase = .closing(since: loop.now)
        watch()
    }

    // MARK: Deadlines

    /// Ends what has taken too long.
    func check(_ now: Instant) {
        if let writeBlocked, now - writeBlocked > limits.stallTimeout { return close() }
        switch phase {
        case .idle(let since):
            let limit = isFirst ? limits.headTimeout : limits.idleTimeout
            if output.isEmpty, now - since > limit { close() }
        case .head(let since):
            if now - since > limits.headTimeout { refuse(.requestTimeout) }
        case .body(let since):
            if isTooSlow(now - since) {
                refuse(.requestTimeout, request: exchange?.request)
            }
        case .answering:
            // Whoever left before a stream of some length shows when that is sent.
            let isEnding = exchange.map { $0.isAnswered && !$0.isOpenEnded } ?? true
            if let inputEnded, !isEnding, now - inputEnded > limits.halfClosedGrace { close() }
        case .closing(let since):
            let limit = owner.isDraining ? limits.halfClosedGrace : limits.lingerTimeout
            if output.isEmpty, now - since > limit { close() }
        case .closed: break
        }
    }

    private func isTooSlow(_ elapsed: Duration) -> Bool {
        guard let exchange else { return false }
        if exchange.isStreamingRequest {
            if elapsed > limits.uploadTimeout { return true }
            if hasEnoughBody { return false }
        } else if elapsed > limits.bodyTimeout {
            return true
        }
        return elapsed > limits.bodyGrace
            && Double(exchange.receivedBytes)
                < elapsed.seconds * Double(limits.bodyBytesPerSecondMin)
    }

    /// Answers a request that broke a limit, once, and ends the connection.
    private func refuse(
        _ rejection: HTTPRejection, request: HTTPRequest? = nil, isHead: Bool = false
    ) {
        let isAnswered = exchange?.isAnswered ?? false
        exchange?.close()
        exchange = nil
        // A second answer would be taken for a part of the first.
        if isAnswered { return close() }
        isCutShort = true
        keepsAlive = false
        let response = owner.responder.reject(rejection, request)
        send(response, isHead: isHead)
        phase = .closing(since: loop.now)
        watch()
    }

    /// Ends a stream that has no end of its own, and a connection that waits for nothing.
    func drain() {
        if let exchange, exchange.isOpenEnded { exchange.cancel() }
        if case .idle = phase, output.isEmpty { close() }
    }

    /// Ends the connection at once, whatever it is doing.
    func close() {
        guard descriptor >= 0 else { return }
        phase = .closed
        loop.deregister(descriptor)
        Glibc.close(descriptor)
        descriptor = -1
        output.clear()
        input = []
        let exchange = self.exchange
        self.exchange = nil
        exchange?.close()
        owner.closed(self)
    }

    /// The answer was handed over whole.
    func finishAnswer() {
        let isWhole: Bool
        if case .answering = phase { isWhole = true } else { isWhole = false }
        exchange?.finished()
        exchange = nil
        if keepsAlive, isWhole {
            phase = .idle(since: loop.turnTime)
        } else {
            if !isWhole { isCutShort = true }
            phase = .closing(since: loop.turnTime)
        }
        flushLater()
    }
}
