package import ServiceRuntime
package import Wire

/// The client side of one service: its addresses, its connections, and what happens when they fail.
///
/// Calls go to the ready connection with the fewest calls in flight, so that load spreads over all
/// addresses. A connection that is lost is made again with growing, random delays. Calls that find
/// no connection wait while one is being made and fail with UNAVAILABLE when that fails.
// Safe: `connector` is used on `loop` only; the rest does not change after init.
package final class Channel: @unchecked Sendable {
    package let loop: EventLoop
    private let connector: Connector
    private let budget: Lock<RetryBudget>
    private let random: RandomSource
    static let windowBytes = 256 << 10
    private static let retriesMax = 2

    /// - Parameters:
    ///   - addresses: Each may be a name with several addresses behind it.
    ///   - loop: Where the connections live; calls from tasks on it never change threads.
    package init(
        addresses: [SocketAddress], identity: Identity, loop: EventLoop,
        transport: any Transport = TCPTransport(), random: RandomSource = .system
    ) {
        precondition(!addresses.isEmpty)
        self.loop = loop
        self.random = random
        budget = Lock(RetryBudget(now: loop.now))
        connector = Connector(
            names: addresses, identity: identity, loop: loop, transport: transport,
            random: random)
    }

    deinit { close() }

    /// Closes every connection; calls in flight and later ones fail with UNAVAILABLE.
    package func close() {
        loop.execute { [connector] in connector.close() }
    }

    package func unary<Request: WireMessage, Response: WireMessage>(
        _ method: MethodDescriptor, _ request: Request, _ options: CallOptions
    ) async throws(RPCError) -> Response {
        let deadline = (loop.isCurrent ? loop.turnTime : loop.now) + options.timeout
        guard options.timeout > .zero else { throw .deadlineExceeded }
        budget.withLock { $0.noteCall() }
        var retries = 0
        while true {
            let call = UnaryCall<Request, Response>(
                request, method: method, metadata: options.metadata, deadline: deadline,
                loop: loop)
            let result = await withTaskCancellationHandler {
                await withUnsafeContinuation { continuation in
                    call.continuation = continuation
                    start(call)
                }
            } onCancel: {
                call.cancel()
            }
            switch result {
            case .success(let response):
                return response
            case .failure(let failure):
                guard
                    let delay = retryDelay(
                        failure, method: method, retries: retries, mayRetry: options.mayRetry),
                    loop.now + delay < deadline
                else { throw failure.error }
                retries += 1
                await sleep(delay)
            }
        }
    }

    package func serverStream<Request: WireMessage, Item: WireMessage>(
        _ method: MethodDescriptor, _ request: Request, _ options: CallOptions
    ) async throws(RPCError) -> ResponseStream<Item> {
        guard options.timeout > .zero else { throw .deadlineExceeded }
        let call = ServerStreamCall(
            request, method: method, metadata: options.metadata,
            deadline: loop.now + options.timeout, loop: loop, windowBytes: Self.windowBytes)
        let failure = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                call.continuation = continuation
                start(call)
            }
        } onCancel: {
            call.cancel()
        }
        if let failure { throw failure.error }
        return ResponseStream(items: call.items, channel: self, onCancel: { call.cancel() })
    }

    package func clientStream<Item: WireMessage, Response: WireMessage>(
        _ method: MethodDescriptor, _ options: CallOptions,
        _ write: (RequestWriter<Item>) async throws(RPCError) -> Void
    ) async throws(RPCError) -> Response {
        guard options.timeout > .zero else { throw .deadlineExceeded }
        let call = ClientStreamCall<Response>(
            method: method, metadata: options.metadata, deadline: loop.now + options.timeout,
            loop: loop)
        let failure = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                call.opening = continuation
                start(call)
            }
        } onCancel: {
            call.cancel()
        }
        if let failure { throw failure.error }
        do throws(RPCError) {
            try await write(RequestWriter { item throws(RPCError) in try await call.write(item) })
        } catch {
            // The server may have answered already, which is why the items were not wanted.
            if let outcome = await call.earlyOutcome() { return try outcome.get() }
            call.cancel()
            throw error
        }
        let result = await withTaskCancellationHandler {
            await call.response()
        } onCancel: {
            call.cancel()
        }
        return try result.get()
    }

    private func start(_ call: ClientCall) {
        if loop.isCurrent {
            connector.start(call)
        } else {
            loop.execute { [connector] in connector.start(call) }
        }
    }

    /// How long to wait before another attempt; nil = give up.
    private func retryDelay(
        _ failure: CallFailure, method: MethodDescriptor, retries: Int, mayRetry: Bool
    ) -> Duration? {
        guard retries < Self.retriesMax else { return nil }
        if failure.wasNotSent, failure.error.code == .unavailable {
            return retries == 0 ? .zero : .milliseconds(20)
        }
        guard mayRetry, method.isIdempotent else { return nil }
        switch failure.error.code {
        case .unavailable: break
        case .resourceExhausted where failure.error.retryAfter != nil: break
        default: return nil
        }
        guard budget.withLock({ $0.take(now: loop.now) }) else { return nil }
        let wait = Duration.milliseconds(20) + random.jitter(.milliseconds(180))
        return max(wait, failure.error.retryAfter ?? .zero)
    }

    private func sleep(_ delay: Duration) async {
        guard delay > .zero else { return }
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            loop.execute { [loop] in
                loop.schedule(after: delay) { continuation.resume() }
            }
        }
    }
}

/// Receives the items of a server-streaming call.
package struct ResponseStream<Item: WireMessage>: Sendable {
    private let items: StreamBuffer
    private let onCancel: @Sendable () -> Void
    private let lifetime: CancelOnRelease
    /// The connection lives as long as somebody reads from it.
    private let channel: Channel
    private let arena = ReaderArena()

    init(items: StreamBuffer, channel: Channel, onCancel: @escaping @Sendable () -> Void) {
        self.items = items
        self.channel = channel
        self.onCancel = onCancel
        lifetime = CancelOnRelease(onCancel)
    }

    /// The next item, or nil when the server has sent the last.
    package func next() async throws(RPCError) -> Item? {
        let bytes: Bytes?
        let result: Result<Bytes?, RPCError> = await withTaskCancellationHandler {
            do throws(RPCError) {
                return .success(try await items.next())
            } catch {
                return .failure(error)
            }
        } onCancel: {
            onCancel()
        }
        bytes = try result.get()
        guard let bytes else { return nil }
        return try arena.decode(bytes)
    }

    /// Wants no more items: the server stops.
    package func cancel() { onCancel() }
}

/// Stops the server when nobody holds the stream any more; does nothing after its end.
private final class CancelOnRelease: Sendable {
    private let cancel: @Sendable () -> Void

    init(_ cancel: @escaping @Sendable () -> Void) {
        self.cancel = cancel
    }

    deinit { cancel() }
}

/// Sends the items of a client-streaming call.
package struct RequestWriter<Item: WireMessage> {
    private let send: (Item) async throws(RPCError) -> Void

    init(_ send: @escaping (Item) async throws(RPCError) -> Void) {
        self.send = send
    }

    /// Sends one item; waits while the server's window is closed.
    /// - Throws: Why the call has ended, when it has.
    package func write(_ item: Item) async throws(RPCError) {
        try await send(item)
    }
}
