internal import CMicroHTTPD
internal import Glibc
internal import ServiceRuntime

/// One request and its answer.
///
/// The library calls in on the loop's thread; the owner's task runs on the same loop. While the task
/// has nothing to say the library's side is suspended, and resumed when there is something.
// Safe: every field is touched on the server's loop only, which the methods assert.
final class HTTPExchange: @unchecked Sendable {
    private enum Phase {
        /// The head is complete; the body may still arrive.
        case receiving
        /// The owner's task is at work.
        case handling
        /// The answer was handed to the library.
        case answered
        /// Over, one way or the other.
        case closed
    }

    let request: HTTPRequest
    private unowned let connection: HTTPConnection
    private let loop: EventLoop
    private let limits: HTTPServerLimits
    private let policy: HTTPBodyPolicy
    private(set) var receivedBytes = 0
    private var body: [UInt8] = []
    private var phase = Phase.receiving
    private var task: Task<Void, Never>?
    private var response: HTTPResponse?
    private var rejection: HTTPRejection?

    // The answer's stream.
    private var pieces: [[UInt8]] = []
    private var pieceOffset = 0
    private var waitingBytes = 0
    private var writers: [UnsafeContinuation<Void, Never>] = []
    private var isStreamEnded = false
    private var isStreamFailed = false

    init(
        request: HTTPRequest, policy: HTTPBodyPolicy, connection: HTTPConnection, loop: EventLoop,
        limits: HTTPServerLimits
    ) {
        self.request = request
        self.policy = policy
        self.connection = connection
        self.loop = loop
        self.limits = limits
    }

    var isReceiving: Bool { if case .receiving = phase { true } else { false } }
    var isHandling: Bool { if case .handling = phase { true } else { false } }
    var isStreamingRequest: Bool { request.bodyStream != nil }

    // MARK: The library's side

    /// A piece of the body. Returns how many bytes were not taken.
    func receive(_ piece: UnsafeRawBufferPointer) -> Int {
        switch policy {
        case .collect(let limit):
            receivedBytes += piece.count
            if receivedBytes > limit {
                rejection = .bodyTooLarge(limitBytes: limit)
                body = []
            } else {
                body.append(contentsOf: piece)
            }
            return 0
        case .stream(let limit):
            guard let stream = request.bodyStream else { return 0 }
            if response != nil { return 0 }
            if stream.waitingBytes >= limits.readAheadBytes {
                connection.suspend()
                return piece.count
            }
            receivedBytes += piece.count
            if receivedBytes > limit {
                stream.fail(.tooLarge)
            } else {
                stream.append(Array(piece))
            }
            return 0
        }
    }

    /// Set when the collected body outgrew its limit so far that the rest is not worth reading.
    var hopelessRejection: HTTPRejection? {
        guard case .collect(let limit) = policy, receivedBytes > limit + (4 << 20) else {
            return nil
        }
        return .bodyTooLarge(limitBytes: limit)
    }

    /// Starts the owner's task; for streams before the body, otherwise after it.
    func start(_ responder: any HTTPResponder) {
        guard task == nil, case .receiving = phase else { return }
        if !isStreamingRequest { phase = .handling }
        if let rejection {
            response = responder.reject(rejection, request)
            return
        }
        var request = self.request
        if !body.isEmpty { swap(&request.body, &body) }
        request.bodyStream?.onDrained = { [weak self] in self?.resume() }
        task = Task.immediate(executorPreference: loop) { [request] in
            let response = await responder.respond(to: request)
            self.answer(response)
            if case .stream(_, let write) = response.body, request.method != "HEAD" {
                do {
                    try await write(HTTPBodyWriter(exchange: self))
                    self.endStream(failed: false)
                } catch {
                    self.endStream(failed: true)
                }
            }
        }
    }

    /// The whole body is here.
    func finishBody() {
        request.bodyStream?.end()
        if case .receiving = phase { phase = .handling }
    }

    /// The answer, once there is one; the caller hands it to the library.
    func takeResponse() -> HTTPResponse? {
        guard case .handling = phase, let response else { return nil }
        phase = .answered
        return response
    }

    /// Fills the library's buffer. 0 = suspended until there is more; -1 end; -2 cut.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        if isStreamFailed {
            connection.endSocket()
            return -2
        }
        guard let piece = pieces.first else {
            if isStreamEnded { return -1 }
            connection.suspend()
            return 0
        }
        let count = min(buffer.count, piece.count - pieceOffset)
        piece.withUnsafeBytes { source in
            buffer.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: source[pieceOffset..<(pieceOffset + count)]))
        }
        pieceOffset += count
        waitingBytes -= count
        if pieceOffset == piece.count {
            pieces.removeFirst()
            pieceOffset = 0
        }
        if waitingBytes < limits.writeAheadBytes { wakeWriters() }
        return count
    }

    /// The exchange is over; whatever still runs for it is cancelled.
    func close() {
        if case .closed = phase { return }
        phase = .closed
        task?.cancel()
        task = nil
        request.bodyStream?.fail(.cut)
        pieces = []
        isStreamFailed = true
        wakeWriters()
    }

    /// Cancels the owner's task; its answer, if any, is still sent.
    func cancel() {
        task?.cancel()
        request.bodyStream?.fail(.cut)
    }

    /// Whether the answer is a stream without an end of its own.
    var isOpenEnded: Bool {
        guard case .answered = phase, case .stream(nil, _) = response?.body else { return false }
        return !isStreamEnded
    }

    // MARK: The task's side

    private func answer(_ response: HTTPResponse) {
        assert(loop.isCurrent)
        if case .closed = phase { return }
        self.response = response
        resume()
    }

    private func endStream(failed: Bool) {
        assert(loop.isCurrent)
        if failed { isStreamFailed = true }
        isStreamEnded = true
        resume()
    }

    func write(_ bytes: [UInt8]) async throws(HTTPStreamClosed) {
        assert(loop.isCurrent)
        if case .closed = phase { throw HTTPStreamClosed() }
        guard !bytes.isEmpty else { return }
        waitingBytes += bytes.count
        pieces.append(bytes)
        resume()
        while waitingBytes >= limits.writeAheadBytes {
            if case .closed = phase { throw HTTPStreamClosed() }
            await withUnsafeContinuation { writers.append($0) }
        }
    }

    /// The connection may be gone once the exchange is closed.
    private func resume() {
        if case .closed = phase { return }
        connection.resume()
    }

    private func wakeWriters() {
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume() }
    }
}
