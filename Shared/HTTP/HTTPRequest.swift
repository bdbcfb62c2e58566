/// A request as the server's owner sees it: checked, complete unless its body is streamed.
package struct HTTPRequest: Sendable {
    /// An upper-case token: "GET".
    package let method: String
    /// The path as it was sent: starts with "/", no dot segments, no encoded slash or NUL.
    package let path: String
    /// What follows "?", undecoded; empty when there is none.
    package let query: String
    package let headers: HTTPHeaders
    /// The client's address without its port.
    package let peer: String
    package let isPeerLoopback: Bool
    /// The whole body; empty when it is streamed.
    package var body: [UInt8]
    /// The body in pieces, when the owner asked for that.
    package let bodyStream: HTTPBodyReader?

    package init(
        method: String, path: String, query: String = "", headers: HTTPHeaders = [:],
        peer: String = "127.0.0.1", isPeerLoopback: Bool = true, body: [UInt8] = [],
        bodyStream: HTTPBodyReader? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.peer = peer
        self.isPeerLoopback = isPeerLoopback
        self.body = body
        self.bodyStream = bodyStream
    }

    /// How often a query parameter is there.
    package func queryCount(_ name: String) -> Int {
        query.utf8.split(separator: UInt8(ascii: "&")).count { pair in
            pair.prefix { $0 != UInt8(ascii: "=") }.elementsEqual(name.utf8)
        }
    }

    /// The decoded value of a query parameter; nil when it is absent or its escapes are broken.
    package func queryValue(_ name: String) -> String? {
        guard !query.isEmpty else { return nil }
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            if parts[0].elementsEqual(name.utf8) {
                return parts.count == 1 ? "" : PercentCoding.decode(parts[1], plusIsSpace: true)
            }
        }
        return nil
    }
}

/// What the server does with a request's body before the owner sees it.
package enum HTTPBodyPolicy: Sendable {
    /// Collects it; more than this many bytes are refused with 413.
    case collect(limitBytes: Int)
    /// Hands it over in pieces as it arrives; more than this many bytes are refused with 413 when
    /// the length is declared, and end the stream with a failure when it is not.
    case stream(limitBytes: Int)
}

/// What was wrong with a request before any route saw it.
package enum HTTPRejection: Hashable, Sendable {
    case badRequest(String)
    /// A method or a transfer coding that the server does not know.
    case notImplemented(String)
    case versionNotSupported
    case badPath
    case uriTooLong
    case headersTooLarge
    case bodyTooLarge(limitBytes: Int)
    case requestTimeout

    package var status: Int {
        switch self {
        case .badRequest, .badPath: 400
        case .notImplemented: 501
        case .versionNotSupported: 505
        case .uriTooLong: 414
        case .headersTooLarge: 431
        case .bodyTooLarge: 413
        case .requestTimeout: 408
        }
    }

    package var code: String {
        switch self {
        case .badRequest: "BAD_REQUEST"
        case .notImplemented: "NOT_IMPLEMENTED"
        case .versionNotSupported: "VERSION_NOT_SUPPORTED"
        case .badPath: "BAD_PATH"
        case .uriTooLong: "URI_TOO_LONG"
        case .headersTooLarge: "HEADERS_TOO_LARGE"
        case .bodyTooLarge: "PAYLOAD_TOO_LARGE"
        case .requestTimeout: "REQUEST_TIMEOUT"
        }
    }

    /// One sentence that may be shown.
    package var detail: String {
        switch self {
        case .badRequest(let reason), .notImplemented(let reason): reason
        case .versionNotSupported: "The protocol version is not HTTP/1.1."
        case .badPath: "The path holds a dot segment, an encoded slash or a forbidden character."
        case .uriTooLong: "The request line is too long."
        case .headersTooLarge: "The header fields are too many or too long."
        case .bodyTooLarge(let limit): "The body is larger than \(limit) bytes."
        case .requestTimeout: "The request did not arrive in time."
        }
    }
}
