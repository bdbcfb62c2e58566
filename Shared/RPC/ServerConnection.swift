internal import Cryptography
internal import ServiceRuntime
internal import Wire

/// The server's end of one connection.
// Safe: used on its loop only.
final class ServerConnection: Connection, @unchecked Sendable {
    private let server: Server
    private let limits: ServerLimits
    private var calls: [UInt64: ServerCall] = [:]
    private var lastStream: UInt64 = 0
    private var theirHello: Hello?
    private let ownNonce = Bytes(SecureRandom.bytes(32))
    private var isAuthenticated: Bool
    private var isDraining = false
    private var isReadingPaused = false
    private var controlFrames = 0
    private var controlSecond = Instant(nanoseconds: 0)
    private let windowBytes: Int

    init(bytes: any ByteStream, loop: EventLoop, server: Server) {
        self.server = server
        limits = server.limits
        windowBytes = server.limits.windowBytes
        isAuthenticated = server.identity.secret == nil && bytes.isLoopback
        super.init(bytes: bytes, loop: loop)
        if !isAuthenticated { limitFrames(to: Self.helloBytesMax) }
    }

    /// A stranger cannot make the server set more aside than this.
    private static let helloBytesMax = 1024

    override func start() {
        super.start()
        watch(after: .seconds(1))
    }

    override var mayTellReason: Bool { isAuthenticated }

    override func receive(_ frame: borrowing FrameView) {
        switch frame.kind {
        case .hello:
            receiveHello(frame.hello)
            return
        case .request where isAuthenticated:
            open(frame)
        case .item where isAuthenticated:
            if let items = calls[frame.stream]?.incoming, !items.push(frame.retainedPayload()) {
                failOverrun()
            }
        case .end where isAuthenticated:
            calls[frame.stream]?.incoming?.finish(.success(()))
        case .window where isAuthenticated:
            calls[frame.stream]?.window.grant(Int(frame.credit))
            countControlFrame()
        case .cancel where isAuthenticated:
            if let call = calls.removeValue(forKey: frame.stream) {
                call.cancel(.cancelled)
                server.callEnded()
            }
            countControlFrame()
        case .ping where isAuthenticated:
            output.appendPing(.pong, payload: frame.payload)
            setNeedsFlush()
            countControlFrame()
        case .pong where isAuthenticated:
            countControlFrame()
        case .request, .item, .end, .window, .cancel, .ping, .pong:
            fail(
                RPCError(
                    .unauthenticated, "UNAUTHENTICATED", "Say HELLO with a valid proof first."))
        case .response, .error, .goaway:
            fail(.protocolError("A client does not send \(frame.kind)."))
        }
    }

    // MARK: HELLO

    private func receiveHello(_ hello: Hello?) {
        guard let hello, hello.version == 1 else {
            fail(.protocolError("Only version 1 of the protocol is spoken here."))
            return
        }
        if let first = theirHello {
            guard let secret = server.identity.secret,
                Handshake.isValid(
                    hello.proof, .client, secret: secret, theirs: ownNonce, own: first.nonce)
            else {
                fail(RPCError(.unauthenticated, "UNAUTHENTICATED", "The proof is not valid."))
                return
            }
            isAuthenticated = true
            limitFrames(to: EnvelopeLimits.frameBytesMax)
            return
        }
        guard EnvelopeLimits.nonceBytes.contains(hello.nonce.count) else {
            fail(.protocolError("HELLO needs a nonce of 16 to 64 bytes."))
            return
        }
        theirHello = hello
        let proof =
            server.identity.secret.map { secret in
                Handshake.proof(.server, secret: secret, theirs: hello.nonce, own: ownNonce)
            } ?? Bytes()
        output.appendHello(
            Hello(
                service: server.identity.service, nonce: ownNonce, proof: proof,
                frameBytesMax: UInt32(EnvelopeLimits.frameBytesMax),
                streamsMax: UInt32(limits.streamsMax), windowBytes: UInt32(windowBytes)))
        if isDraining { output.appendControl(.goaway, stream: lastStream) }
        setNeedsFlush()
    }

    // MARK: Calls

    private func open(_ frame: borrowing FrameView) {
        let stream = frame.stream
        guard stream > lastStream else {
            fail(.protocolError("Stream \(stream) was used before."))
            return
        }
        if isDraining {
            // GOAWAY told the client that this stream was never looked at.
            refuse(stream, .draining)
            return
        }
        lastStream = stream
        guard let handler = server.methods.find(frame.method) else {
            refuse(
                stream,
                RPCError(
                    .unimplemented, "UNKNOWN_METHOD",
                    "There is no method \(frame.methodName) here."))
            return
        }
        guard calls.count < limits.streamsMax else {
            refuse(stream, .overloaded("More than \(limits.streamsMax) calls on one connection."))
            return
        }
        guard server.callBegan() else {
            refuse(stream, .overloaded("Too many calls are in flight; try again."))
            return
        }
        let call = ServerCall(
            connection: self, stream: stream,
            context: CallContext(
                deadline: loop.turnTime + .milliseconds(Int64(frame.deadlineMilliseconds)),
                metadata: frame.metadata.isEmpty ? .none : CallMetadata(frame.metadata),
                caller: theirHello?.service ?? ""),
            windowBytes: theirWindowBytes, incomingWindowBytes: windowBytes)
        calls[stream] = call
        watch(by: call.context.deadline)
        handler.start(call, frame)
        pauseReadingIfBehind()
    }

    /// What the client's HELLO allows; the usual window for a client that said none.
    private var theirWindowBytes: Int {
        guard let hello = theirHello, hello.windowBytes > 0 else { return windowBytes }
        return Int(hello.windowBytes)
    }

    private func refuse(_ stream: UInt64, _ error: RPCError) {
        output.appendError(stream: stream, status: Status(error))
        setNeedsFlush()
    }

    /// A call has answered; its frame is in `output`.
    func finished(_ call: ServerCall) {
        if calls.removeValue(forKey: call.stream) != nil { server.callEnded() }
        setNeedsFlush()
        if isDraining, calls.isEmpty { closeWhenSent() }
    }

    // MARK: Limits

    private func countControlFrame() {
        controlFrames += 1
        guard controlFrames > limits.controlFramesMax else { return }
        let now = loop.now
        if now - controlSecond < .seconds(1) {
            fail(
                RPCError(
                    .resourceExhausted, "FLOOD", "Too many control frames.", isRetryable: false))
        } else {
            controlFrames = 0
            controlSecond = now
        }
    }

    private func pauseReadingIfBehind() {
        if !isReadingPaused, output.count > limits.outputBytesMax {
            isReadingPaused = true
            bytes.setReading(false)
        }
    }

    override func drained() {
        if isReadingPaused, output.count < limits.outputBytesMax / 2 {
            isReadingPaused = false
            bytes.setReading(true)
        }
        if isDraining, calls.isEmpty, output.isEmpty {
            close(.draining)
        }
    }

    override func tick(now: Instant) -> Duration? {
        let late = calls.values.filter { $0.context.deadline <= now }
        for call in late.sorted(by: { $0.stream < $1.stream }) {
            let stream = call.stream
            calls[stream] = nil
            server.callEnded()
            output.appendError(stream: stream, status: Status(.deadlineExceeded))
            setNeedsFlush()
            call.cancel(.deadlineExceeded)
        }
        if now - lastFrameAt > limits.idleTimeout, calls.isEmpty {
            close(.unavailable("The connection was idle."))
            return nil
        }
        return calls.isEmpty ? .seconds(1) : .milliseconds(10)
    }

    override func closed(_ error: RPCError) {
        let open = calls
        calls = [:]
        for call in open.values.sorted(by: { $0.stream < $1.stream }) {
            call.cancel(.cancelled)
            server.callEnded()
        }
        server.connectionClosed(self)
    }

    // MARK: Drain

    /// Takes no new calls; closes when those in flight are done.
    func drain() {
        guard !isDraining, !isClosed else { return }
        isDraining = true
        output.appendControl(.goaway, stream: lastStream)
        setNeedsFlush()
        if calls.isEmpty { closeWhenSent() }
    }

    private func closeWhenSent() {
        if output.isEmpty { close(.draining) } else { setNeedsFlush() }
    }
}

extension CallMetadata {
    init(_ view: MetadataView) {
        self.init()
        view.forEach { pair in
            switch pair.keyText {
            case "traceparent": traceparent = pair.valueText
            case "idempotency-key": idempotencyKey = pair.valueText
            case "user-id": userID = pair.valueText
            case "request-id": requestID = pair.valueText
            default: break
            }
        }
    }

    var pairs: [MetadataPair] {
        var pairs: [MetadataPair] = []
        pairs.reserveCapacity(4)
        if let traceparent { pairs.append(MetadataPair(key: "traceparent", value: traceparent)) }
        if let idempotencyKey {
            pairs.append(MetadataPair(key: "idempotency-key", value: idempotencyKey))
        }
        if let userID { pairs.append(MetadataPair(key: "user-id", value: userID)) }
        if let requestID { pairs.append(MetadataPair(key: "request-id", value: requestID)) }
        return pairs
    }
}
