package import ServiceRuntime
internal import Wire

/// One call on the server: from its REQUEST to its RESPONSE, END or ERROR.
// Safe: used on its connection's loop only, which `onLoop` takes care of for callers from elsewhere.
package final class ServerCall: @unchecked Sendable {
    package let loop: EventLoop
    package let context: CallContext
    let stream: UInt64
    /// Until it has ended.
    private var connection: ServerConnection?
    private(set) var isFinished = false
    private var task: Task<Void, Never>?
    var window: SendWindow
    /// What a client-streaming caller sends; set before the handler starts.
    var incoming: StreamBuffer?

    /// How much the caller may send before it is granted more.
    let incomingWindowBytes: Int

    init(
        connection: ServerConnection, stream: UInt64, context: CallContext, windowBytes: Int,
        incomingWindowBytes: Int
    ) {
        self.connection = connection
        self.incomingWindowBytes = incomingWindowBytes
        self.stream = stream
        self.context = context
        loop = connection.loop
        window = SendWindow(bytes: windowBytes)
    }

    /// Unpacks the payload of the frame that opened the call.
    func decode<Message: WireMessage>(
        _ frame: borrowing FrameView
    ) throws(RPCError) -> Message {
        guard let connection else { throw .cancelled }
        do throws(WireError) {
            return try frame.decode(arena: connection.arena)
        } catch {
            guard error == .budgetExceeded else { throw RPCError(error) }
            throw .tooManyElements(field: Message.mostFrequentField(frame.payload))
        }
    }

    /// Runs the handler here and now, on the loop, until it first waits for something.
    func run(_ body: @escaping @Sendable () async -> Void) {
        let task = Task.immediate(executorPreference: loop) { await body() }
        if !isFinished { self.task = task }
    }

    /// Answers and ends the call.
    func respond(_ message: some WireMessage) {
        if loop.isCurrent {
            respondNow(message)
        } else {
            loop.execute { [self] in respondNow(message) }
        }
    }

    private func respondNow(_ message: some WireMessage) {
        guard let connection, !isFinished else { return }
        do throws(WireError) {
            let prepared = try message.prepare(connection.arena)
            guard prepared.size <= EnvelopeLimits.payloadBytesMax else {
                connection.arena.reset()
                fail(.tooLarge(prepared.size))
                return
            }
            connection.output.appendResponse(
                stream: stream, message: prepared, arena: connection.arena)
            connection.arena.reset()
        } catch {
            connection.arena.reset()
            fail(RPCError(error))
            return
        }
        finish()
    }

    /// Sends one item. The window must be open; on the loop.
    func sendItem(_ message: some WireMessage) throws(RPCError) {
        guard let connection, !isFinished else { throw .cancelled }
        let size: Int
        do throws(WireError) {
            let prepared = try message.prepare(connection.arena)
            size = prepared.size
            if size <= EnvelopeLimits.payloadBytesMax {
                connection.output.appendItem(
                    stream: stream, message: prepared, arena: connection.arena)
            }
            connection.arena.reset()
        } catch {
            connection.arena.reset()
            throw RPCError(error)
        }
        guard size <= EnvelopeLimits.payloadBytesMax else { throw .tooLarge(size) }
        window.spend(size)
        connection.setNeedsFlush()
    }

    /// Ends a server-streaming call.
    func end() {
        onLoop { [self] in
            guard let connection, !isFinished else { return }
            connection.output.appendControl(.end, stream: stream)
            finish()
        }
    }

    /// Fails and ends the call.
    func fail(_ error: RPCError) {
        onLoop { [self] in
            guard let connection, !isFinished else { return }
            connection.output.appendError(stream: stream, status: Status(error))
            finish()
        }
    }

    /// Stops the work; nothing more is sent. On the loop.
    func cancel(_ error: RPCError) {
        guard !isFinished else { return }
        isFinished = true
        window.fail(error)
        incoming?.finish(.failure(error))
        task?.cancel()
        task = nil
        connection = nil
    }

    private func finish() {
        isFinished = true
        task = nil
        window.fail(.cancelled)
        incoming?.finish(.failure(.cancelled))
        let connection = self.connection
        self.connection = nil
        connection?.finished(self)
    }

    /// Runs `body` on the loop: at once when this is the loop.
    func onLoop(_ body: @escaping @Sendable () -> Void) {
        if loop.isCurrent { body() } else { loop.execute(body) }
    }

    /// Lets the client send `bytes` more.
    func grant(_ bytes: Int) {
        onLoop { [self] in
            guard let connection, !isFinished else { return }
            connection.output.appendWindow(stream: stream, credit: UInt32(bytes))
            connection.setNeedsFlush()
        }
    }
}

extension RPCError {
    /// A request that fits into a frame but not into memory.
    static func tooManyElements(field: String?) -> RPCError {
        RPCError(
            .invalidArgument, "MALFORMED_MESSAGE",
            "\(field ?? "A list") has too many elements: the message would take too much memory.",
            details: field.map { ["field": $0] } ?? [:])
    }

    /// A request that does not fit into a frame.
    static func requestTooLarge(_ bytes: Int, longestList: String?) -> RPCError {
        let blamed = longestList.map { "\($0) is too long: " } ?? ""
        return RPCError(
            .invalidArgument, "MESSAGE_TOO_LARGE",
            "\(blamed)a request of \(bytes) bytes is not sent; "
                + "\(EnvelopeLimits.payloadBytesMax) is the limit.",
            details: longestList.map { ["field": $0] } ?? [:], isRetryable: false)
    }

    static func tooLarge(_ bytes: Int) -> RPCError {
        RPCError(
            .resourceExhausted, "MESSAGE_TOO_LARGE",
            "A message of \(bytes) bytes is not sent; "
                + "\(EnvelopeLimits.payloadBytesMax) is the limit.", isRetryable: false)
    }
}
