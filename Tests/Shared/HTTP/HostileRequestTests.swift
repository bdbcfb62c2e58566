import HTTP
import ServiceRuntime
import Testing

/// What is no request gets one answer, in our form, and then the end of the connection.
@Suite struct HostileRequestTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let request: String
        var status = 400
        var code = "BAD_REQUEST"

        var testDescription: String { name }

        init(_ name: String, _ request: String, _ status: Int = 400, _ code: String = "BAD_REQUEST")
        {
            self.name = name
            self.request = request
            self.status = status
            self.code = code
        }
    }

    private static func get(_ fields: String) -> String {
        "GET / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n"
    }

    private static func post(_ fields: String, _ body: String = "") -> String {
        "POST / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\(body)"
    }

    private static func chunks(_ body: String) -> String {
        post("Transfer-Encoding: chunked\r\n", body)
    }

    static let heads: [Case] = [
        Case("bare LF after the line", "GET / HTTP/1.1\nHost: x\r\n\r\n"),
        Case("bare LF after a field", get("A: b\nC: d\r\n")),
        Case("bare LF at the end", "GET / HTTP/1.1\r\nHost: x\r\n\n"),
        Case("bare LF alone", "\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        Case("CR in a value", get("A: b\rC: d\r\n")),
        Case("CR CR LF", get("A: b\r\r\n")),
        Case("folded field", get("A: b\r\n c\r\n")),
        Case("folded by a tab", get("A: b\r\n\tc\r\n")),
        Case("first field begins with a space", "GET / HTTP/1.1\r\n Host: x\r\n\r\n"),
        Case("NUL in a value", get("A: b\u{0}c\r\n")),
        Case("NUL in a name", get("A\u{0}: b\r\n")),
        Case("NUL in the target", "GET /\u{0} HTTP/1.1\r\nHost: x\r\n\r\n"),
        Case("control character", get("A: b\u{1}\r\n")),
        Case("DEL", get("A: b\u{7F}\r\n")),
        Case("field without a name", get(": b\r\n")),
        Case("field without a colon", get("abc\r\n")),
        Case("space before the colon", get("A : b\r\n")),
        Case("name that is no token", get("A(B: c\r\n")),
        Case("no Host", "GET / HTTP/1.1\r\nA: b\r\n\r\n"),
        Case("two Hosts", get("Host: y\r\n")),
        Case("no version", "GET /\r\n\r\n"),
        Case("broken version", "GET / HTTP/1\r\nHost: x\r\n\r\n"),
        Case("version in small letters", "GET / http/1.1\r\nHost: x\r\n\r\n"),
        Case("words after the version", "GET / HTTP/1.1 x\r\nHost: x\r\n\r\n"),
        Case("two spaces", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"),
        Case("two spaces before the version", "GET /  HTTP/1.1\r\nHost: x\r\n\r\n"),
        Case("another protocol", "DESCRIBE / RTSP/1.0\r\nHost: x\r\n\r\n"),
        Case("small letters", "get / HTTP/1.1\r\nHost: x\r\n\r\n"),
        Case("no method", " / HTTP/1.1\r\nHost: x\r\n\r\n"),
        Case("CONNECT", "CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n"),
        Case("first bytes of TLS", "\u{16}\u{3}\u{1}\u{2}\u{0}"),
        Case("version 1.2", "GET / HTTP/1.2\r\nHost: x\r\n\r\n", 505, "VERSION_NOT_SUPPORTED"),
        Case("version 2", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505, "VERSION_NOT_SUPPORTED"),
        Case("preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\n", 505, "VERSION_NOT_SUPPORTED"),
        Case("unknown method", "BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501, "NOT_IMPLEMENTED"),
        Case(
            "unknown coding", post("Transfer-Encoding: gzip, chunked\r\n"), 501, "NOT_IMPLEMENTED"),
        Case(
            "coding that looks alike", post("Transfer-Encoding: xchunked\r\n"), 501,
            "NOT_IMPLEMENTED"),
        Case("coding after chunked", post("Transfer-Encoding: chunked, gzip\r\n")),
        Case("coding twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
        Case("empty coding", post("Transfer-Encoding:\r\n")),
        Case("coding of HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        Case("length and coding", post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")),
        Case("coding and length", post("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n")),
        Case("length that is no number", post("Content-Length: x\r\n")),
        Case("negative length", post("Content-Length: -1\r\n")),
        Case("signed length", post("Content-Length: +1\r\n")),
        Case("empty length", post("Content-Length:\r\n")),
        Case("list of lengths", post("Content-Length: 1, 1\r\n")),
        Case("length twice", post("Content-Length: 1\r\nContent-Length: 1\r\n")),
        Case("length beyond 64 bits", post("Content-Length: 18446744073709551616\r\n")),
        Case("length of 64 bits", post("Content-Length: 18446744073709551615\r\n")),
        Case("length too large", post("Content-Length: 1025\r\n"), 413, "PAYLOAD_TOO_LARGE"),
        Case(
            "endless line", "GET /\(String(repeating: "a", count: 9000))", 414, "URI_TOO_LONG"),
        Case(
            "endless field", "GET / HTTP/1.1\r\nA: \(String(repeating: "a", count: 26_000))", 431,
            "HEADERS_TOO_LARGE"),
        Case(
            "endless fields",
            "GET / HTTP/1.1\r\n\(String(repeating: "A: b\r\n", count: 5000))", 431,
            "HEADERS_TOO_LARGE"),
    ]

    static let bodies: [Case] = [
        Case("chunk size that is no number", chunks("zz\r\n")),
        Case("chunk size beyond 64 bits", chunks("fffffffffffffffff\r\n")),
        Case("chunk size with a space", chunks("2 \r\nab\r\n0\r\n\r\n")),
        Case("bare LF after a chunk size", chunks("2\nab\r\n0\r\n\r\n")),
        Case("chunk longer than its size", chunks("2\r\nabc0\r\n\r\n")),
        Case("bare LF after a chunk", chunks("2\r\nab\n0\r\n\r\n")),
        Case("bare LF after a trailer", chunks("0\r\nA: b\n\r\n")),
        Case("bare LF at the end", chunks("0\r\n\n")),
        Case("endless extension", chunks("2;\(String(repeating: "a", count: 20_000))")),
        Case("endless trailers", chunks("0\r\n\(String(repeating: "A: b\r\n", count: 5000))")),
        Case(
            "chunk larger than allowed", chunks("401\r\n\(String(repeating: "a", count: 1025))"),
            413, "PAYLOAD_TOO_LARGE"),
    ]

    private func expectRefusal(
        _ c: Case, after answers: Int = 0, send: (RawClient) -> Void
    ) async throws {
        let handled = Lock(0)
        try await withServer(answer: { _ in
            handled.withLock { $0 += 1 }
            return .text("reached")
        }) { server in
            let client = RawClient(port: server.address.port)
            defer { client.close() }
            send(client)
            let (text, isClosed) = await client.readToEnd()
            let all = try #require(RawAnswer.all(in: text), "\(text.prefix(300))")
            #expect(all.count == answers + 1, "\(text.prefix(300))")
            let last = try #require(all.last)
            #expect(last.status == c.status)
            #expect(last.head.contains("\r\nContent-Type: application/problem+json\r\n"))
            #expect(last.head.contains("\r\nConnection: close\r\n"))
            #expect(last.body.contains("\"code\":\"\(c.code)\""))
            #expect(isClosed)
            #expect(handled.withLock { $0 } == answers)
        }
    }

    @Test(arguments: heads + bodies)
    func `a malformed request gets one answer and reaches nobody`(_ c: Case) async throws {
        try await expectRefusal(c) { $0.write(c.request) }
    }

    @Test(arguments: heads.filter { $0.request.utf8.count < 200 } + bodies.prefix(8))
    func `it gets the same when it arrives byte by byte`(_ c: Case) async throws {
        try await expectRefusal(c) { client in
            for byte in c.request.utf8 where !client.write([byte]) { break }
        }
    }

    @Test(arguments: heads)
    func `it gets the same after a good request`(_ c: Case) async throws {
        try await expectRefusal(c, after: 1) { $0.write(Self.get("") + c.request) }
    }

    @Test func `a request cut at any byte reaches nobody`() async throws {
        let handled = Lock(0)
        try await withServer(answer: { request in
            handled.withLock { $0 += 1 }
            return .text("\(request.body.count)")
        }) { server in
            for whole in [
                Self.post("Content-Length: 5\r\n", "hello"),
                Self.chunks("3\r\nhel\r\n2\r\nlo\r\n0\r\nA: b\r\n\r\n"),
            ] {
                let bytes = Array(whole.utf8)
                for count in 0..<bytes.count {
                    let client = RawClient(port: server.address.port)
                    client.write(Array(bytes[..<count]))
                    client.endWriting()
                    let (text, isClosed) = await client.readToEnd()
                    #expect(text.isEmpty && isClosed, "cut at \(count): \(text.prefix(100))")
                    client.close()
                }
            }
            #expect(handled.withLock { $0 } == 0)
        }
    }

    @Test func `a mutated request gets at most one refusal, as the last answer`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = Xorshift(state: seed | 1)
        let handled = Lock(0)
        var limits = HTTPServerLimits()
        limits.headTimeout = .seconds(2)
        try await withServer(
            limits: limits,
            answer: { request in
                handled.withLock { $0 += 1 }
                return .text("\(request.method) \(request.body.count)")
            }
        ) { server in
            let seeds = [
                Self.get("Accept: */*\r\nConnection: keep-alive\r\n"),
                Self.post("Content-Length: 5\r\nExpect: 100-continue\r\n", "hello"),
                Self.chunks("5;a=\"b\"\r\nhello\r\n0\r\nA: b\r\n\r\n"),
                Self.get("Connection: Upgrade\r\nUpgrade: h2c\r\n"),
            ].map { Array($0.utf8) }
            for round in 0..<400 {
                var bytes: [UInt8] = []
                for _ in 0...random.next(below: 3) { bytes += seeds[random.next(below: 4)] }
                for _ in 0...random.next(below: 4) { Self.mutate(&bytes, &random) }
                let before = handled.withLock { $0 }
                let client = RawClient(port: server.address.port)
                let cut = random.next(below: bytes.count + 1)
                client.write(Array(bytes[..<cut]))
                client.write(Array(bytes[cut...]))
                client.endWriting()
                let (text, isClosed) = await client.readToEnd()
                client.close()
                let plain = text.split(separator: "HTTP/1.1 100 Continue\r\n\r\n").joined()
                let answers = try #require(
                    RawAnswer.all(in: plain), "seed \(seed) round \(round): \(text)")
                #expect(isClosed, "seed \(seed) round \(round)")
                #expect(
                    answers.dropLast().allSatisfy { $0.status == 200 },
                    "seed \(seed) round \(round): \(text)")
                let good = answers.count { $0.status == 200 }
                let count = handled.withLock { $0 } - before
                #expect(good == count, "seed \(seed) round \(round): \(text)")
            }
            let client = RawClient(port: server.address.port)
            defer { client.close() }
            client.write(Self.get(""))
            #expect(await client.read().hasSuffix("GET 0"))
        }
    }

    private static func mutate(_ bytes: inout [UInt8], _ random: inout Xorshift) {
        guard !bytes.isEmpty else { return }
        let at = random.next(below: bytes.count)
        let odd: [UInt8] = [0, 0x0A, 0x0D, 0x20, 0x3A, 0x09, 0x7F, 0xFF, 0x30, 0x2C]
        switch random.next(below: 6) {
        case 0: bytes[at] ^= 1 << UInt8(random.next(below: 8))
        case 1: bytes[at] = odd[random.next(below: odd.count)]
        case 2: bytes.insert(odd[random.next(below: odd.count)], at: at)
        case 3: bytes.remove(at: at)
        case 4:
            let end = min(bytes.count, at + 1 + random.next(below: 12))
            bytes.insert(contentsOf: bytes[at..<end], at: at)
        default:
            let end = min(bytes.count, at + 1 + random.next(below: 12))
            bytes.removeSubrange(at..<end)
        }
    }
}

/// Repeats for its seed.
private struct Xorshift {
    var state: UInt64

    mutating func next(below limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(limit))
    }
}
