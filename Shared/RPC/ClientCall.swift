internal import ServiceRuntime
internal import Wire

/// How an attempt ended when it did not succeed.
struct CallFailure: Error {
    let error: RPCError
    /// The request certainly did not reach the server: it may be sent again whatever it does.
    let wasNotSent: Bool
}

/// One attempt at a call, seen from the client.
// Safe: used on its channel's loop only, but for `cancel`, which goes there.
class ClientCall: @unchecked Sendable {
    let method: MethodDescriptor
    let metadata: CallMetadata
    let deadline: Instant
    let loop: EventLoop
    /// While it is open.
    var connection: ClientConnection?
    /// 0 until it is opened.
    var stream: UInt64 = 0
    /// Where the end of its REQUEST lies in all that the connection ever sent.
    var requestEnd: UInt64 = 0
    private(set) var isDone = false
    private var isCancelled = false
    private var isStarted = false

    init(method: MethodDescriptor, metadata: CallMetadata, deadline: Instant, loop: EventLoop) {
        self.method = method
        self.metadata = metadata
        self.deadline = deadline
        self.loop = loop
    }

    /// Builds the message that opens the call; nil when items follow instead.
    func prepareRequest(_ arena: Arena) throws(WireError) -> PreparedMessage? { nil }

    /// REQUEST was appended; items may follow.
    func opened(windowBytes: Int) {}

    /// RESPONSE, ITEM, END or WINDOW for this call.
    func receive(_ frame: borrowing FrameView, arena: Arena) {
        fail(.protocolError("\(frame.kind) was not expected."))
    }

    /// Ends the attempt; called once.
    func failed(_ failure: CallFailure) {}

    /// The answer has come.
    func finish() {
        isDone = true
        connection?.forget(self)
        connection = nil
    }

    func fail(_ error: RPCError, wasNotSent: Bool = false) {
        guard !isDone else { return }
        finish()
        failed(CallFailure(error: error, wasNotSent: wasNotSent))
    }

    /// The caller wants no answer any more. From any thread.
    func cancel() {
        onLoop { [self] in
            isCancelled = true
            // Before it is started there may be no one to tell yet; `start` will look.
            if isStarted { abort(.cancelled) }
        }
    }

    /// Begins the attempt: from now on somebody waits for its end. On the loop.
    func begin() { isStarted = true }

    /// Whether it was cancelled before it was opened.
    var wasCancelled: Bool { isCancelled }

    /// Tells the server to stop and fails. On the loop.
    func abort(_ error: RPCError) {
        guard !isDone else { return }
        connection?.sendCancel(stream)
        fail(error)
    }

    func onLoop(_ body: @escaping @Sendable () -> Void) {
        if loop.isCurrent { body() } else { loop.execute(body) }
    }
}

/// One request, one response.
// Safe: see ClientCall; the continuation is set before the call is started and resumed once.
final class UnaryCall<Request: WireMessage, Response: WireMessage>: ClientCall, @unchecked Sendable
{
    private let request: Request
    var continuation: UnsafeContinuation<Result<Response, CallFailure>, Never>?

    init(
        _ request: Request, method: MethodDescriptor, metadata: CallMetadata, deadline: Instant,
        loop: EventLoop
    ) {
        self.request = request
        super.init(method: method, metadata: metadata, deadline: deadline, loop: loop)
    }

    override func prepareRequest(_ arena: Arena) throws(WireError) -> PreparedMessage? {
        try request.prepare(arena)
    }

    override func receive(_ frame: borrowing FrameView, arena: Arena) {
        guard frame.kind == .response else {
            super.receive(frame, arena: arena)
            return
        }
        do throws(WireError) {
            let response: Response = try frame.decode(arena: arena)
            finish()
            resume(.success(response))
        } catch {
            fail(RPCError(error))
        }
    }

    override func failed(_ failure: CallFailure) {
        resume(.failure(failure))
    }

    private func resume(_ result: Result<Response, CallFailure>) {
        let continuation = self.continuation
        self.continuation = nil
        continuation?.resume(returning: result)
    }
}

/// One request, many items.
// Safe: see ClientCall; the continuation is set before the call is started and resumed once.
final class ServerStreamCall<Request: WireMessage>: ClientCall, @unchecked Sendable {
    private let request: Request
    /// Resumed when the request is on its way, or cannot be.
    var continuation: UnsafeContinuation<CallFailure?, Never>?
    private(set) var items: StreamBuffer

    init(
        _ request: Request, method: MethodDescriptor, metadata: CallMetadata, deadline: Instant,
        loop: EventLoop, windowBytes: Int
    ) {
        self.request = request
        items = StreamBuffer(windowBytes: windowBytes, grant: { _ in })
        super.init(method: method, metadata: metadata, deadline: deadline, loop: loop)
        items = StreamBuffer(windowBytes: windowBytes) { [weak self] bytes in
            self?.grant(bytes)
        }
    }

    private func grant(_ bytes: Int) {
        onLoop { [self] in
            if !isDone { connection?.sendWindow(stream, bytes) }
        }
    }

    override func prepareRequest(_ arena: Arena) throws(WireError) -> PreparedMessage? {
        try request.prepare(arena)
    }

    override func opened(windowBytes: Int) {
        let continuation = self.continuation
        self.continuation = nil
        continuation?.resume(returning: nil)
    }

    override func receive(_ frame: borrowing FrameView, arena: Arena) {
        switch frame.kind {
        case .item:
            if !items.push(frame.retainedPayload()) { connection?.failOverrun() }
        case .end:
            finish()
            items.finish(.success(()))
        default:
            super.receive(frame, arena: arena)
        }
    }

    override func failed(_ failure: CallFailure) {
        if let continuation {
            self.continuation = nil
            continuation.resume(returning: failure)
        }
        items.finish(.failure(failure.error))
    }
}

/// Many items, one response.
// Safe: see ClientCall; `response` and `opening` are resumed once each, on the loop.
final class ClientStreamCall<Response: WireMessage>: ClientCall, @unchecked Sendable {
    /// Resumed when items may be written, or when they never may.
    var opening: UnsafeContinuation<CallFailure?, Never>?
    private var window = SendWindow(bytes: 0)
    private var outcome: Result<Response, RPCError>?
    private var waiter: UnsafeContinuation<Result<Response, RPCError>, Never>?

    override func opened(windowBytes: Int) {
        window = SendWindow(bytes: windowBytes)
        let opening = self.opening
        self.opening = nil
        opening?.resume(returning: nil)
    }

    override func receive(_ frame: borrowing FrameView, arena: Arena) {
        switch frame.kind {
        case .window:
            window.grant(Int(frame.credit))
        case .response:
            do throws(WireError) {
                let response: Response = try frame.decode(arena: arena)
                finish()
                settle(.success(response))
            } catch {
                fail(RPCError(error))
            }
        default:
            super.receive(frame, arena: arena)
        }
    }

    override func failed(_ failure: CallFailure) {
        if let opening {
            self.opening = nil
            opening.resume(returning: failure)
        }
        settle(.failure(failure.error))
    }

    private func settle(_ result: Result<Response, RPCError>) {
        outcome = result
        switch result {
        case .success:
            window.fail(RPCError(.aborted, "STREAM_ENDED", "The server answered before the end."))
        case .failure(let error):
            window.fail(error)
        }
        let waiter = self.waiter
        self.waiter = nil
        waiter?.resume(returning: result)
    }

    /// Sends one item once the window is open.
    func write(_ item: some WireMessage) async throws(RPCError) {
        let error: RPCError? = await withUnsafeContinuation { continuation in
            onLoop { [self] in window.wait(continuation) }
        }
        if let error { throw error }
        let failure: RPCError? = await withUnsafeContinuation { continuation in
            onLoop { [self] in
                do throws(RPCError) {
                    guard let connection, !isDone else { throw .cancelled }
                    window.spend(try connection.sendItem(stream, item))
                    continuation.resume(returning: nil)
                } catch {
                    continuation.resume(returning: error)
                }
            }
        }
        if let failure { throw failure }
    }

    /// Says that no more items come and waits for the answer.
    func response() async -> Result<Response, RPCError> {
        await withUnsafeContinuation { continuation in
            onLoop { [self] in
                if let outcome {
                    continuation.resume(returning: outcome)
                } else {
                    connection?.sendEnd(stream)
                    waiter = continuation
                }
            }
        }
    }

    /// The answer, when the server gave it before the last item was sent.
    func earlyOutcome() async -> Result<Response, RPCError>? {
        await withUnsafeContinuation { continuation in
            onLoop { [self] in continuation.resume(returning: outcome) }
        }
    }
}
