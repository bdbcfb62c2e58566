internal import ServiceRuntime

/// One request and the task that answers it.
// Safe: every field is touched on the server's loop only, which the methods assert.
final class HTTPExchange: @unchecked Sendable {
    let request: HTTPRequest
    /// Nil once the exchange is over: the answer was handed over whole, or its client is gone.
    private var connection: HTTPConnection?
    private let loop: EventLoop
    let limitBytes: Int
    private var body: [UInt8] = []
    private var task: Task<Void, Never>?
    private var writers: [UnsafeContinuation<Void, Never>] = []

    private(set) var receivedBytes = 0
    /// Whether a body that is collected has outgrown its limit.
    private(set) var isTooLarge = false
    /// Whether the head of the answer was handed over.
    private(set) var isAnswered = false
    /// Whether the answer is a stream without an end of its own.
    private(set) var isOpenEnded = false

    init(
        request: HTTPRequest, limitBytes: Int, declaredBytes: Int, connection: HTTPConnection,
        loop: EventLoop
    ) {
        self.request = request
        self.limitBytes = limitBytes
        self.connection = connection
        self.loop = loop
        if request.bodyStream == nil { body.reserveCapacity(declaredBytes) }
    }

    var isStreamingRequest: Bool { request.bodyStream != nil }

    // MARK: The connection's side

    /// A piece of the body.
    func receive(_ piece: UnsafeRawBufferPointer) {
        receivedBytes += piece.count
        let isTooLarge = receivedBytes > limitBytes
        if let stream = request.bodyStream {
            if isTooLarge {
                stream.fail(.tooLarge)
            } else {
                stream.append(Array(piece))
            }
        } else if isTooLarge {
            self.isTooLarge = true
            body = []
        } else {
            body.append(contentsOf: piece)
        }
    }

    /// Starts the task: before the body when that is streamed, after it otherwise.
    func start(_ responder: any HTTPResponder) {
        assert(task == nil)
        var request = self.request
        swap(&request.body, &body)
        task = Task.immediate(executorPreference: loop) { [request] in
            let response = await responder.respond(to: request)
            self.answer(response)
            if case .stream(_, let write) = response.body, request.method != "HEAD" {
                do {
                    try await write(HTTPBodyWriter(exchange: self))
                    self.endStream(isWhole: true)
                } catch {
                    self.endStream(isWhole: false)
                }
            }
        }
    }

    /// The whole body is here.
    func finishBody() { request.bodyStream?.end() }

    /// What the client was sent left room for more.
    func drained() {
        guard !writers.isEmpty else { return }
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume() }
    }

    /// The exchange is over; whatever still runs for it is cancelled, and what it says is dropped.
    func close() {
        guard connection != nil else { return }
        connection = nil
        task?.cancel()
        task = nil
        request.bodyStream?.fail(.cut)
        drained()
    }

    /// Cancels the task; its answer, if any, is still sent.
    func cancel() { task?.cancel() }

    // MARK: The task's side

    private func answer(_ response: HTTPResponse) {
        assert(loop.isCurrent)
        guard let connection else { return }
        isAnswered = true
        if case .stream(nil, _) = response.body { isOpenEnded = true }
        connection.answer(response, to: request)
    }

    private func endStream(isWhole: Bool) {
        assert(loop.isCurrent)
        connection?.endStream(isWhole: isWhole)
    }

    func write(_ bytes: [UInt8]) async throws(HTTPStreamClosed) {
        assert(loop.isCurrent)
        guard let connection else { throw HTTPStreamClosed() }
        guard !bytes.isEmpty else { return }
        connection.write(bytes)
        while let connection = self.connection, !connection.hasRoom {
            await withUnsafeContinuation { writers.append($0) }
        }
        if self.connection == nil { throw HTTPStreamClosed() }
    }

    /// The answer was handed over whole. Nothing is cancelled.
    func finished() {
        connection = nil
        task = nil
        request.bodyStream?.fail(.cut)
    }
}
