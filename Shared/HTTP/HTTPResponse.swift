/// An answer. The server adds Date, Content-Length or chunking, and Connection.
package struct HTTPResponse: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        /// Written piece by piece while the client reads; nil length = until the closure returns.
        /// The closure is cancelled when the client goes away; throwing cuts the connection.
        case stream(
            length: UInt64?, write: @Sendable (HTTPBodyWriter) async throws -> Void)
    }

    /// 200...599.
    package var status: Int
    package var headers: HTTPHeaders
    package var body: Body
    /// Whether the connection ends with this answer.
    package var closesConnection: Bool

    package init(
        status: Int, headers: HTTPHeaders = [:], body: Body = .bytes([]),
        closesConnection: Bool = false
    ) {
        precondition((200...599).contains(status))
        self.status = status
        self.headers = headers
        self.body = body
        self.closesConnection = closesConnection
    }

    package static func text(
        _ text: String, status: Int = 200, contentType: String = "text/plain; charset=utf-8"
    ) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: ["Content-Type": contentType], body: .bytes(Array(text.utf8)))
    }

    /// The problem+json answer to a request that no route has seen.
    package static func rejecting(_ rejection: HTTPRejection) -> HTTPResponse {
        var writer = JSONWriter()
        writer.object { object in
            object.text("type", "about:blank")
            object.text("title", rejection.code)
            object.integer("status", Int64(rejection.status))
            object.text("detail", rejection.detail)
            object.text("code", rejection.code)
            object.flag("retryable", rejection == .requestTimeout)
        }
        return HTTPResponse(
            status: rejection.status, headers: ["Content-Type": "application/problem+json"],
            body: .bytes(writer.bytes), closesConnection: true)
    }
}

/// Who answers the requests of a server.
package protocol HTTPResponder: Sendable {
    /// How much body a request may have. Called on the server's loop before the body arrives, for
    /// requests that have one.
    func bodyPolicy(for request: HTTPRequest) -> HTTPBodyPolicy
    /// Answers a request. Runs as a task on the server's loop, which is cancelled when the client
    /// goes away.
    nonisolated(nonsending) func respond(to request: HTTPRequest) async -> HTTPResponse
    /// Answers a request that broke a limit. Called on the server's loop.
    /// - Parameter request: Nil when not even the head was complete.
    func reject(_ rejection: HTTPRejection, _ request: HTTPRequest?) -> HTTPResponse
}

extension HTTPResponder {
    package func bodyPolicy(for request: HTTPRequest) -> HTTPBodyPolicy {
        .collect(limitBytes: 256 << 10)
    }

    package func reject(_ rejection: HTTPRejection, _ request: HTTPRequest?) -> HTTPResponse {
        .rejecting(rejection)
    }
}
