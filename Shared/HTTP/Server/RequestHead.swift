internal import CLLHTTP
internal import ServiceRuntime

/// Reads one connection's requests with llhttp and checks what llhttp leaves to its caller.
///
/// A head is looked at as a whole, once its empty line is there: until then only its end is searched
/// for, and what no head may hold.
struct RequestReader: ~Copyable {
    enum Search: Hashable {
        case more
        /// So many bytes.
        case whole(Int)
        case bad
    }

    private let parser: OpaquePointer
    private var scan = http_scan()

    init() {
        guard let parser = http_parser_create() else {
            preconditionFailure("out of memory")
        }
        self.parser = parser
    }

    deinit { http_parser_destroy(parser) }

    /// Looks for the end of a head that begins `bytes`, going on where the last search ended.
    mutating func search(_ bytes: UnsafeRawBufferPointer) -> Search {
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        switch http_scan_head(start, bytes.count, &scan) {
        case HTTP_SCAN_WHOLE:
            let count = scan.line_start
            scan = http_scan()
            return .whole(count)
        case HTTP_SCAN_MORE: return .more
        default: return .bad
        }
    }

    /// Whether the request line of the head that is searched has ended.
    var hasLine: Bool { scan.line_start > 0 }

    /// Reads a whole head.
    /// - Parameter fields: Room for as many fields as are allowed.
    mutating func head(
        _ bytes: UnsafeRawBufferPointer, fields: UnsafeMutableBufferPointer<http_field>
    ) -> (head: http_head, fault: http_fault) {
        var head = http_head()
        head.fields = fields.baseAddress
        head.fields_max = UInt32(fields.count)
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let fault = http_parse_head(parser, start, bytes.count, &head)
        return (head, fault)
    }

    /// Reads a piece of the body that follows and hands what it holds to `exchange`.
    /// - Returns: How many bytes belong to it, and whether it ended; nil when it is malformed.
    mutating func body(
        _ bytes: UnsafeRawBufferPointer, overheadBytesMax: Int, to exchange: HTTPExchange
    ) -> (consumed: Int, isDone: Bool)? {
        var consumed = 0
        var isDone: Int32 = 0
        let fault = http_parse_body(
            parser, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count,
            overheadBytesMax,
            { context, start, count in
                guard let context, let start else { return }
                Unmanaged<HTTPExchange>.fromOpaque(context).takeUnretainedValue().receive(
                    UnsafeRawBufferPointer(start: start, count: count))
            }, Unmanaged.passUnretained(exchange).toOpaque(), &consumed, &isDone)
        return fault == HTTP_FAULT_NONE ? (consumed, isDone != 0) : nil
    }
}

/// A head that passed every check.
struct RequestHead {
    enum Body: Hashable {
        case none
        case length(Int)
        case chunked
    }

    let method: String
    let target: RequestTarget
    let headers: HTTPHeaders
    let body: Body
    /// Whether it speaks HTTP/1.0.
    let isOld: Bool
    let keepsAlive: Bool

    /// Whether the client waits for a word before it sends the body.
    var expectsContinue: Bool {
        !isOld && headers["Expect"]?.isEqualIgnoringCase("100-continue") == true
    }

    /// Reads and checks a whole head.
    init(
        _ bytes: UnsafeRawBufferPointer, reader: inout RequestReader, limits: HTTPServerLimits,
        fields: UnsafeMutableBufferPointer<http_field>
    ) throws(HTTPRejection) {
        let (head, fault) = reader.head(bytes, fields: fields)
        guard fault == HTTP_FAULT_NONE else { throw Self.rejection(fault, bytes) }
        guard head.target.count <= limits.targetBytesMax else { throw .uriTooLong }
        // llhttp reads more than one space, and other protocols than HTTP.
        guard head.target.start == head.method.count + 1,
            bytes[Int(head.target.start + head.target.count)...].starts(with: " HTTP/".utf8)
        else { throw .badRequest("The request line is not that of HTTP/1.1.") }
        isOld = head.minor == 0
        guard head.major == 1 else { throw .versionNotSupported }
        method = bytes.text(head.method)
        headers = try Self.headers(bytes, fields[..<Int(head.field_count)], limits)
        keepsAlive = head.keeps_alive != 0
        try Self.checkHost(headers, isOld: isOld)
        if head.has_coding != 0 {
            guard head.is_chunked != 0, let coding = headers["Transfer-Encoding"],
                coding.isEqualIgnoringCase("chunked")
            else { throw .notImplemented("The transfer coding is not chunked.") }
            guard !isOld else {
                throw .badRequest("HTTP/1.0 has no transfer codings.")
            }
            body = .chunked
        } else if head.has_length != 0 {
            guard let length = Int(exactly: head.length) else {
                throw .badRequest("The Content-Length is not a number.")
            }
            body = length > 0 ? .length(length) : .none
        } else {
            guard headers["Transfer-Encoding"] == nil else {
                throw .badRequest("The transfer coding is not chunked.")
            }
            body = .none
        }
        do throws(RequestTarget.Failure) {
            target = try RequestTarget(bytes.text(head.target), host: headers["Host"])
        } catch {
            switch error {
            case .badPath: throw .badPath
            case .badRequest(let reason): throw .badRequest(reason)
            }
        }
    }

    private static func headers(
        _ bytes: UnsafeRawBufferPointer,
        _ fields: Slice<UnsafeMutableBufferPointer<http_field>>, _ limits: HTTPServerLimits
    ) throws(HTTPRejection) -> HTTPHeaders {
        var total = 0
        for field in fields { total += Int(field.name.count) + Int(field.value.count) + 4 }
        guard total <= limits.headerBytesMax else { throw .headersTooLarge }
        var headers = HTTPHeaders(capacity: fields.count)
        for field in fields {
            guard field.name.count > 0 else {
                throw .badRequest("A header field has no name.")
            }
            headers.append(bytes.text(field.name), bytes.text(field.value))
        }
        return headers
    }

    private static func checkHost(
        _ headers: HTTPHeaders, isOld: Bool
    ) throws(HTTPRejection) {
        let hosts = headers.count(of: "Host")
        guard hosts == 1 || (hosts == 0 && isOld) else {
            throw .badRequest("There must be exactly one Host field.")
        }
        if let host = headers["Host"], !host.isHost {
            throw .badRequest("The Host field is no host name or address with a port.")
        }
    }

    private static func rejection(
        _ fault: http_fault, _ bytes: UnsafeRawBufferPointer
    ) -> HTTPRejection {
        switch fault {
        case HTTP_FAULT_METHOD:
            // Not one that llhttp knows.
            let method = bytes.prefix { $0 != 0x20 }
            let isToken =
                (1...20).contains(method.count)
                && method.allSatisfy { (0x41...0x5A).contains($0) || $0 == 0x2D }
            return isToken && method.count < bytes.count
                && bytes[method.count] == 0x20
                ? .notImplemented("The method is not known.")
                : .badRequest("The method is not a token in capital letters.")
        case HTTP_FAULT_VERSION: return .versionNotSupported
        case HTTP_FAULT_LENGTH:
            return .badRequest("The length of the body is no number or stated more than once.")
        case HTTP_FAULT_CODING: return .badRequest("The transfer coding is not chunked.")
        case HTTP_FAULT_FIELDS: return .headersTooLarge
        default: return .badRequest("The request is not HTTP/1.1.")
        }
    }
}

extension HTTPRejection: Error {}

extension UnsafeRawBufferPointer {
    /// A part of a head. Bytes that are not UTF-8 become U+FFFD.
    fileprivate func text(_ part: http_text) -> String {
        let start = Int(part.start)
        return String(
            decoding: UnsafeRawBufferPointer(rebasing: self[start..<(start + Int(part.count))]),
            as: UTF8.self)
    }
}

extension String {
    /// Letters, digits and what else stands in host names, addresses and ports.
    fileprivate var isHost: Bool {
        !isEmpty
            && utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"),
                    UInt8(ascii: "["), UInt8(ascii: "]"):
                    true
                default: false
                }
            }
    }
}
