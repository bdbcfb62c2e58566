internal import CCurl
internal import Glibc
package import HTTP
internal import ServiceRuntime

/// Why a request got no answer.
package enum HTTPClientError: Error, Hashable, Sendable {
    /// The URL is not http(s) or the client is stopped.
    case invalidRequest(String)
    /// No connection: refused, or the host is unknown. Nothing was sent.
    case cannotConnect(String)
    /// The answer did not come within the timeout.
    case timedOut
    /// The answer is larger than the caller allows.
    case tooLarge(limitBytes: Int)
    /// The caller's receiver, or its task, wanted no more.
    case cancelled
    /// Anything else, in libcurl's words.
    case failed(String)
}

/// An HTTP client over libcurl: many requests at a time on one thread of its own, connections
/// reused. It follows no redirects and ignores proxy variables.
// Safe: `multi` and `transfers` are touched by the client's thread only; the inbox has a lock.
package final class HTTPClient: @unchecked Sendable {
    package struct Request: Sendable {
        package var method: String
        package var url: String
        package var headers: HTTPHeaders
        package var body: [UInt8]
        /// For the whole exchange; zero = none, for event streams.
        package var timeout: Duration
        package var connectTimeout: Duration
        /// Most bytes of an answer, counted as they arrive.
        package var bodyBytesMax: Int

        package init(
            _ method: String = "GET", _ url: String, headers: HTTPHeaders = [:],
            body: [UInt8] = [], timeout: Duration = .seconds(30),
            connectTimeout: Duration = .seconds(5), bodyBytesMax: Int = 64 << 20
        ) {
            self.method = method
            self.url = url
            self.headers = headers
            self.body = body
            self.timeout = timeout
            self.connectTimeout = connectTimeout
            self.bodyBytesMax = bodyBytesMax
        }
    }

    package struct Response: Sendable {
        package let status: Int
        package let headers: HTTPHeaders
        /// Empty when a receiver took the body.
        package let body: [UInt8]

        package init(status: Int, headers: HTTPHeaders, body: [UInt8]) {
            self.status = status
            self.headers = headers
            self.body = body
        }
    }

    private enum Command {
        case start(Transfer)
        case cancel(Transfer)
        case stop
    }

    private struct Inbox {
        var commands: [Command] = []
        var isStopped = false
    }

    private let multi: UnsafeMutableRawPointer
    private let inbox = Lock(Inbox())
    private var transfers: [ObjectIdentifier: Transfer] = [:]
    private var thread = pthread_t()

    /// Starts the client's thread; the first one loads libcurl.
    /// - Parameter connectionsMax: How many connections are kept open.
    package init(connectionsMax: Int = 100) {
        guard outbound_load() == 1, let multi = outbound_multi_make() else {
            preconditionFailure("no libcurl.so.4, or no memory for an HTTP client")
        }
        self.multi = multi
        let result = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<HTTPClient>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        precondition(result == 0, "pthread_create failed with \(result)")
    }

    /// Ends the thread; what is in flight fails with ``HTTPClientError/cancelled``.
    package func stop() {
        let wasStopped = inbox.withLock { inbox in
            defer { inbox.isStopped = true }
            inbox.commands.append(.stop)
            return inbox.isStopped
        }
        guard !wasStopped else { return }
        outbound_multi_wake(multi)
        pthread_join(thread, nil)
    }

    /// Sends a request and waits for its whole answer. Cancelling the task ends the transfer.
    package func send(_ request: Request) async throws(HTTPClientError) -> Response {
        try await perform(request, onHead: nil, receive: nil)
    }

    /// Sends a request whose answer is taken piece by piece.
    /// - Parameters:
    ///   - onHead: Called once with status and fields, on the client's thread.
    ///   - receive: Called with each piece, on the client's thread; false ends the transfer.
    package func send(
        _ request: Request, onHead: (@Sendable (Int, HTTPHeaders) -> Void)? = nil,
        receive: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws(HTTPClientError) -> Response {
        try await perform(request, onHead: onHead, receive: receive)
    }

    private func perform(
        _ request: Request, onHead: (@Sendable (Int, HTTPHeaders) -> Void)?,
        receive: (@Sendable ([UInt8]) -> Bool)?
    ) async throws(HTTPClientError) -> Response {
        guard request.url.hasPrefix("http://") || request.url.hasPrefix("https://") else {
            throw .invalidRequest("the URL is not http or https")
        }
        let transfer = Transfer(request, onHead: onHead, receive: receive)
        let result = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                transfer.continuation = continuation
                push(.start(transfer))
            }
        } onCancel: {
            push(.cancel(transfer))
        }
        return try result.get()
    }

    private func push(_ command: Command) {
        let isStopped = inbox.withLock { inbox in
            if !inbox.isStopped { inbox.commands.append(command) }
            return inbox.isStopped
        }
        if isStopped {
            if case .start(let transfer) = command {
                transfer.finish(.failure(.invalidRequest("the client is stopped")))
            }
            return
        }
        outbound_multi_wake(multi)
    }

    // MARK: On the client's thread

    private func run() {
        var isStopping = false
        while !isStopping {
            outbound_multi_perform(multi)
            var code: Int32 = 0
            while let easy = outbound_next_finished(multi, &code) { finished(easy, code) }
            outbound_multi_wait(multi, 1000)
            let commands = inbox.withLock { inbox in
                defer { inbox.commands.removeAll() }
                return inbox.commands
            }
            for command in commands {
                switch command {
                case .start(let transfer): start(transfer)
                case .cancel(let transfer):
                    // A task that was cancelled early asks for the end before the start.
                    transfer.isCancelled = true
                    if transfer.easy != nil { end(transfer, .failure(.cancelled)) }
                case .stop: isStopping = true
                }
            }
        }
        for transfer in transfers.values { end(transfer, .failure(.cancelled)) }
        outbound_multi_free(multi)
    }

    private func start(_ transfer: Transfer) {
        if transfer.isCancelled { return transfer.finish(.failure(.cancelled)) }
        guard let easy = outbound_easy_make() else {
            return transfer.finish(.failure(.failed("no memory")))
        }
        transfer.prepare(easy)
        transfers[ObjectIdentifier(transfer)] = transfer
        outbound_multi_add(multi, easy)
    }

    private func finished(_ easy: UnsafeMutableRawPointer, _ code: Int32) {
        guard let context = outbound_context(easy) else { return }
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        end(transfer, transfer.result(code: code))
    }

    private func end(
        _ transfer: Transfer, _ result: Result<Response, HTTPClientError>
    ) {
        guard transfers.removeValue(forKey: ObjectIdentifier(transfer)) != nil,
            let easy = transfer.easy
        else { return }
        outbound_multi_remove(multi, easy)
        outbound_easy_free(easy)
        transfer.finish(result)
    }
}

/// One request in flight.
// Safe: `continuation` is set before the hand-over to the client's thread, which touches the rest.
private final class Transfer: @unchecked Sendable {
    let request: HTTPClient.Request
    let onHead: (@Sendable (Int, HTTPHeaders) -> Void)?
    let receive: (@Sendable ([UInt8]) -> Bool)?
    var continuation: UnsafeContinuation<Result<HTTPClient.Response, HTTPClientError>, Never>?
    private(set) var easy: UnsafeMutableRawPointer?
    private var fields: UnsafeMutablePointer<curl_slist>?
    private var headers = HTTPHeaders()
    private var isHeadDone = false
    private var body: [UInt8] = []
    private var receivedBytes = 0
    private var isTooLarge = false
    private var isFinished = false
    var isCancelled = false

    init(
        _ request: HTTPClient.Request, onHead: (@Sendable (Int, HTTPHeaders) -> Void)?,
        receive: (@Sendable ([UInt8]) -> Bool)?
    ) {
        self.request = request
        self.onHead = onHead
        self.receive = receive
    }

    deinit { outbound_list_free(fields) }

    func prepare(_ easy: UnsafeMutableRawPointer) {
        self.easy = easy
        _ = outbound_set_text(easy, Int32(OUTBOUND_URL), request.url)
        _ = outbound_set_long(
            easy, Int32(OUTBOUND_TIMEOUT_MS), Int(request.timeout.millisecondsRoundedUp))
        _ = outbound_set_long(
            easy, Int32(OUTBOUND_CONNECT_TIMEOUT_MS),
            Int(request.connectTimeout.millisecondsRoundedUp))
        if request.method == "HEAD" {
            _ = outbound_set_long(easy, Int32(OUTBOUND_NO_BODY), 1)
        } else if request.method != "GET" || !request.body.isEmpty {
            _ = request.body.withUnsafeBytes { bytes in
                withUnsafePointer(to: UInt8(0)) { empty in
                    outbound_set_bytes(
                        easy, bytes.baseAddress ?? UnsafeRawPointer(empty), Int64(bytes.count))
                }
            }
            _ = outbound_set_text(easy, Int32(OUTBOUND_METHOD), request.method)
        }
        for field in request.headers.fields {
            fields = outbound_list_append(fields, "\(field.name): \(field.value)")
        }
        // Without this libcurl waits a second for leave to send a larger body.
        fields = outbound_list_append(fields, "Expect:")
        if request.headers["Content-Type"] == nil {
            fields = outbound_list_append(fields, "Content-Type:")
        }
        _ = outbound_set_headers(easy, fields)
        _ = outbound_set_receivers(
            easy,
            { bytes, size, count, context in
                Transfer.of(context)?.takeHead(
                    UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
            },
            { bytes, size, count, context in
                Transfer.of(context)?.takeBody(
                    UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private func takeHead(_ line: UnsafeRawBufferPointer) -> Int {
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            headers = HTTPHeaders()
            isHeadDone = false
        } else if let colon = text.firstIndex(of: ":") {
            let value = text[text.index(after: colon)...]
            headers.append(String(text[..<colon]), trimmed(value))
        }
        return line.count
    }

    private func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        reportHead()
        receivedBytes += bytes.count
        if receivedBytes > request.bodyBytesMax {
            isTooLarge = true
            return 0
        }
        if let receive { return receive(Array(bytes)) ? bytes.count : 0 }
        body.append(contentsOf: bytes)
        return bytes.count
    }

    private func reportHead() {
        guard !isHeadDone, let easy else { return }
        isHeadDone = true
        onHead?(outbound_status(easy), headers)
    }

    func result(code: Int32) -> Result<HTTPClient.Response, HTTPClientError> {
        guard let easy else { return .failure(.failed("not started")) }
        if code == 0 {
            reportHead()
            return .success(
                HTTPClient.Response(status: outbound_status(easy), headers: headers, body: body))
        }
        let text = String(cString: outbound_describe(code))
        if isTooLarge { return .failure(.tooLarge(limitBytes: request.bodyBytesMax)) }
        if outbound_failed_by_receiver(code) == 1 { return .failure(.cancelled) }
        if outbound_failed_by_time(code) == 1 { return .failure(.timedOut) }
        if outbound_failed_connecting(code) == 1 { return .failure(.cannotConnect(text)) }
        return .failure(.failed(text))
    }

    func finish(_ result: Result<HTTPClient.Response, HTTPClientError>) {
        guard !isFinished else { return }
        isFinished = true
        continuation?.resume(returning: result)
        continuation = nil
    }
}

private func trimmed(_ text: Substring) -> String {
    var text = text
    while let last = text.last, last.isWhitespace { text = text.dropLast() }
    return String(text.drop { $0.isWhitespace })
}
