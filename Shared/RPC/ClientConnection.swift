internal import Cryptography
internal import ServiceRuntime
internal import Wire

/// The client's end of one connection.
// Safe: used on its loop only.
final class ClientConnection: Connection, @unchecked Sendable {
    private let identity: Identity
    private let ownNonce = Bytes(SecureRandom.bytes(32))
    private var calls: [UInt64: ClientCall] = [:]
    private var nextStream: UInt64 = 1
    private var streamsMax = 0
    private var theirWindowBytes = 0
    private var pingSentAt: Instant?
    private(set) var isReady = false
    private(set) var isDraining = false
    private let windowBytes: Int
    private let establishedBy: Instant
    /// HELLO is done; calls may be opened.
    var onReady: (() -> Void)?
    /// It takes no new calls, or has a place for one again.
    var onChange: (() -> Void)?
    var onClosed: ((ClientConnection, RPCError) -> Void)?

    init(
        bytes: any ByteStream, loop: EventLoop, identity: Identity, windowBytes: Int,
        helloTimeout: Duration
    ) {
        self.identity = identity
        self.windowBytes = windowBytes
        establishedBy = loop.now + helloTimeout
        super.init(bytes: bytes, loop: loop)
    }

    override func start() {
        super.start()
        sendHello(proof: Bytes())
        watch()
    }

    private func sendHello(proof: Bytes) {
        output.appendHello(
            Hello(
                service: identity.service, nonce: ownNonce, proof: proof,
                frameBytesMax: UInt32(EnvelopeLimits.frameBytesMax),
                windowBytes: UInt32(windowBytes)))
        setNeedsFlush()
    }

    private func receiveHello(_ hello: Hello?) {
        guard !isReady, let hello, hello.version == 1,
            EnvelopeLimits.nonceBytes.contains(hello.nonce.count)
        else {
            fail(.protocolError("HELLO was not expected, or is of another version."))
            return
        }
        if let secret = identity.secret {
            guard
                Handshake.isValid(
                    hello.proof, .server, secret: secret, theirs: ownNonce, own: hello.nonce)
            else {
                fail(
                    RPCError(
                        .unauthenticated, "UNAUTHENTICATED",
                        "\(bytes.peer) does not know the cluster secret."))
                return
            }
            sendHello(
                proof: Handshake.proof(
                    .client, secret: secret, theirs: hello.nonce, own: ownNonce))
        }
        isReady = true
        streamsMax = Int(hello.streamsMax)
        theirWindowBytes = Int(hello.windowBytes)
        onReady?()
    }

    // MARK: Calls

    /// Whether another call may be opened now.
    var hasRoom: Bool { isReady && !isDraining && !isClosed && calls.count < streamsMax }

    var callCount: Int { calls.count }

    /// Sends the REQUEST of a call. There must be room.
    func open(_ call: ClientCall) {
        assert(hasRoom)
        let now = loop.turnTime
        guard call.deadline > now else {
            call.fail(.deadlineExceeded, wasNotSent: true)
            return
        }
        do throws(WireError) {
            let message = try call.prepareRequest(arena)
            if let message, message.size > EnvelopeLimits.payloadBytesMax {
                let error = RPCError.requestTooLarge(
                    message.size, longestList: message.longestList)
                arena.reset()
                call.fail(error)
                return
            }
            let left = (call.deadline - now).millisecondsRoundedUp
            call.stream = nextStream
            nextStream += 1
            try output.appendRequest(
                stream: call.stream, method: call.method.name,
                deadlineMilliseconds: UInt32(clamping: min(left, 3_600_000)),
                metadata: call.metadata == .none ? [] : call.metadata.pairs, message: message,
                arena: arena)
            arena.reset()
        } catch {
            arena.reset()
            call.fail(RPCError(error))
            return
        }
        call.requestEnd = appendedBytes
        call.connection = self
        calls[call.stream] = call
        call.opened(windowBytes: theirWindowBytes)
        setNeedsFlush()
        watch(by: call.deadline)
    }

    func forget(_ call: ClientCall) {
        let wasFull = calls.count >= streamsMax
        calls[call.stream] = nil
        if isDraining, calls.isEmpty {
            close(.draining)
        } else if wasFull {
            onChange?()
        }
    }

    func sendCancel(_ stream: UInt64) {
        guard !isClosed else { return }
        output.appendControl(.cancel, stream: stream)
        setNeedsFlush()
    }

    func sendWindow(_ stream: UInt64, _ bytes: Int) {
        guard !isClosed else { return }
        output.appendWindow(stream: stream, credit: UInt32(bytes))
        setNeedsFlush()
    }

    func sendEnd(_ stream: UInt64) {
        guard !isClosed else { return }
        output.appendControl(.end, stream: stream)
        setNeedsFlush()
    }

    /// - Returns: The size of the item in bytes.
    func sendItem(_ stream: UInt64, _ item: some WireMessage) throws(RPCError) -> Int {
        do throws(WireError) {
            let prepared = try item.prepare(arena)
            guard prepared.size <= EnvelopeLimits.payloadBytesMax else {
                arena.reset()
                throw WireError.frameSize(
                    bytes: prepared.size, bytesMax: EnvelopeLimits.payloadBytesMax)
            }
            output.appendItem(stream: stream, message: prepared, arena: arena)
            arena.reset()
            setNeedsFlush()
            return prepared.size
        } catch {
            arena.reset()
            throw RPCError(error)
        }
    }

    override func receive(_ frame: borrowing FrameView) {
        switch frame.kind {
        case .hello:
            receiveHello(frame.hello)
        case .response, .item, .end, .window:
            // A stream that is gone was cancelled here before the server knew.
            calls[frame.stream]?.receive(frame, arena: arena)
        case .error:
            let error = RPCError(frame.status)
            if frame.stream == 0 {
                close(error)
            } else {
                calls[frame.stream]?.fail(error, wasNotSent: error == .draining)
            }
        case .goaway:
            goAway(lastStream: frame.stream)
        case .ping:
            output.appendPing(.pong, payload: frame.payload)
            setNeedsFlush()
        case .pong:
            pingSentAt = nil
        case .request, .cancel:
            fail(.protocolError("A server does not send \(frame.kind)."))
        }
    }

    private func goAway(lastStream: UInt64) {
        isDraining = true
        let unseen = calls.values.filter { $0.stream > lastStream }
        for call in unseen.sorted(by: { $0.stream < $1.stream }) {
            call.fail(.draining, wasNotSent: true)
        }
        onChange?()
        if calls.isEmpty { close(.draining) }
    }

    // MARK: The clock

    override func tick(now: Instant) -> Duration? {
        guard isReady else {
            if now > establishedBy {
                close(.unavailable("\(bytes.peer) did not answer HELLO in time."))
                return nil
            }
            return .milliseconds(20)
        }
        let late = calls.values.filter { $0.deadline <= now }
        for call in late.sorted(by: { $0.stream < $1.stream }) {
            call.abort(.deadlineExceeded)
        }
        if let pingSentAt {
            if now - pingSentAt > .seconds(5) {
                close(.unavailable("\(bytes.peer) does not answer."))
                return nil
            }
        } else if now - lastFrameAt > .seconds(10) {
            pingSentAt = now
            output.appendPing(.ping, payload: UnsafeRawBufferPointer(start: nil, count: 0))
            setNeedsFlush()
        }
        return calls.isEmpty ? .seconds(1) : .milliseconds(10)
    }

    override func closed(_ error: RPCError) {
        let open = calls
        calls = [:]
        for call in open.values.sorted(by: { $0.stream < $1.stream }) {
            call.fail(
                error.code == .unavailable ? error : .unavailable(error.message),
                wasNotSent: !isSent(through: call.requestEnd))
        }
        let onClosed = self.onClosed
        onReady = nil
        onChange = nil
        self.onClosed = nil
        onClosed?(self, error)
    }
}
