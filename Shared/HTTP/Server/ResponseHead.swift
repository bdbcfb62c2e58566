internal import CLinux
internal import Glibc
internal import ServiceRuntime

/// How the end of an answer's body is told.
enum HTTPFraming: Hashable {
    case length(UInt64)
    case chunked
    /// By the end of the connection, for clients of HTTP/1.0.
    case close
    /// There is no body, and no field speaks of one.
    case none
}

extension HTTPResponse {
    /// Adds the status line, the fields and the empty line to `output`.
    /// - Parameter connection: The value of the Connection field; nil = none.
    func writeHead(
        to output: inout [UInt8], date: String, framing: HTTPFraming, connection: StaticString?
    ) {
        if let line = Self.statusLine(status) {
            output.append(line)
        } else {
            // The reason may be empty (RFC 9112, section 4).
            output.append("HTTP/1.1 ")
            output.append(decimal: UInt64(status))
            output.append(" \r\n")
        }
        output.append("Date: ")
        output.append(date)
        for field in headers.fields {
            let before = output.count
            output.append("\r\n")
            output.append(field.name)
            output.append(": ")
            let start = output.count
            output.append(field.value)
            // A line break in a value would be a field, or an answer, of somebody else's.
            if output.hasLineBreak(from: start) {
                assertionFailure("the field \(field.name) cannot be sent")
                output.removeSubrange(before...)
            }
        }
        if let connection {
            output.append("\r\nConnection: ")
            output.append(connection)
        }
        switch framing {
        case .length(let length):
            output.append("\r\nContent-Length: ")
            output.append(decimal: length)
        case .chunked: output.append("\r\nTransfer-Encoding: chunked")
        case .close, .none: break
        }
        output.append("\r\n\r\n")
    }

    private static func statusLine(_ status: Int) -> StaticString? {
        switch status {
        case 200: "HTTP/1.1 200 OK\r\n"
        case 201: "HTTP/1.1 201 Created\r\n"
        case 202: "HTTP/1.1 202 Accepted\r\n"
        case 204: "HTTP/1.1 204 No Content\r\n"
        case 206: "HTTP/1.1 206 Partial Content\r\n"
        case 301: "HTTP/1.1 301 Moved Permanently\r\n"
        case 302: "HTTP/1.1 302 Found\r\n"
        case 303: "HTTP/1.1 303 See Other\r\n"
        case 304: "HTTP/1.1 304 Not Modified\r\n"
        case 307: "HTTP/1.1 307 Temporary Redirect\r\n"
        case 308: "HTTP/1.1 308 Permanent Redirect\r\n"
        case 400: "HTTP/1.1 400 Bad Request\r\n"
        case 401: "HTTP/1.1 401 Unauthorized\r\n"
        case 402: "HTTP/1.1 402 Payment Required\r\n"
        case 403: "HTTP/1.1 403 Forbidden\r\n"
        case 404: "HTTP/1.1 404 Not Found\r\n"
        case 405: "HTTP/1.1 405 Method Not Allowed\r\n"
        case 406: "HTTP/1.1 406 Not Acceptable\r\n"
        case 408: "HTTP/1.1 408 Request Timeout\r\n"
        case 409: "HTTP/1.1 409 Conflict\r\n"
        case 410: "HTTP/1.1 410 Gone\r\n"
        case 412: "HTTP/1.1 412 Precondition Failed\r\n"
        case 413: "HTTP/1.1 413 Content Too Large\r\n"
        case 414: "HTTP/1.1 414 URI Too Long\r\n"
        case 415: "HTTP/1.1 415 Unsupported Media Type\r\n"
        case 416: "HTTP/1.1 416 Range Not Satisfiable\r\n"
        case 422: "HTTP/1.1 422 Unprocessable Content\r\n"
        case 429: "HTTP/1.1 429 Too Many Requests\r\n"
        case 431: "HTTP/1.1 431 Request Header Fields Too Large\r\n"
        case 500: "HTTP/1.1 500 Internal Server Error\r\n"
        case 501: "HTTP/1.1 501 Not Implemented\r\n"
        case 502: "HTTP/1.1 502 Bad Gateway\r\n"
        case 503: "HTTP/1.1 503 Service Unavailable\r\n"
        case 504: "HTTP/1.1 504 Gateway Timeout\r\n"
        case 505: "HTTP/1.1 505 HTTP Version Not Supported\r\n"
        default: nil
        }
    }
}

extension [UInt8] {
    mutating func append(_ text: String) {
        append(contentsOf: text.utf8)
    }

    mutating func append(_ text: StaticString) {
        append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(decimal value: UInt64) {
        append(digitsOf: value, base: 10)
    }

    mutating func append(hexadecimal value: UInt64) {
        append(digitsOf: value, base: 16)
    }

    private mutating func append(digitsOf value: UInt64, base: UInt64) {
        var divisor: UInt64 = 1
        while value / divisor >= base { divisor *= base }
        while divisor > 0 {
            let digit = UInt8(value / divisor % base)
            append(digit < 10 ? 0x30 + digit : 0x61 + digit - 10)
            divisor /= base
        }
    }

    fileprivate func hasLineBreak(from start: Int) -> Bool {
        withUnsafeBufferPointer { bytes in
            var found = false
            for index in start..<bytes.count {
                let byte = bytes[index]
                found = found || byte == 0x0A || byte == 0x0D || byte == 0
            }
            return found
        }
    }
}

/// The value of the Date field, made once a second.
struct HTTPDate {
    private var second = -1
    private var text = ""

    mutating func now() -> String {
        var second = Int(linux_wall_us() / 1_000_000)
        guard second != self.second else { return text }
        self.second = second
        var parts = tm()
        gmtime_r(&second, &parts)
        text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 40) { buffer in
            guard let base = buffer.baseAddress,
                strftime(base, 40, "%a, %d %b %Y %H:%M:%S GMT", &parts) > 0
            else { return "" }
            return String(cString: base)
        }
        return text
    }
}
