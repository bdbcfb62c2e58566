import HTTP
import ServiceRuntime
import Testing

/// What one connection promises over several requests.
@Suite struct HTTPConnectionTests {
    private static let close = "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    @Test func `requests sent ahead are answered one at a time and in order`() async throws {
        let running = Lock((now: 0, most: 0))
        try await withServer(answer: { request in
            running.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            for _ in 0..<3 { await Task.yield() }
            running.withLock { $0.now -= 1 }
            return .text(request.path)
        }) { server in
            let client = RawClient(port: server.address.port)
            defer { client.close() }
            let count = 5000
            // More than a server reads ahead, so that somebody else must be sending.
            async let isSent = client.send(
                (0..<count).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined() + Self.close)
            let (text, isClosed) = await client.readToEnd()
            #expect(await isSent)
            #expect(isClosed)
            let answers = try #require(RawAnswer.all(in: text))
            #expect(answers.map(\.body) == (0..<count).map { "/\($0)" } + ["/last"])
            #expect(running.withLock { $0.most } == 1)
        }
    }

    @Test func `a request that arrives byte by byte is answered`() async throws {
        try await withServer(answer: { request in
            .text("\(request.path) \(String(decoding: request.body, as: UTF8.self))")
        }) { server in
            let client = RawClient(port: server.address.port)
            defer { client.close() }
            let chunked =
                "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
                + "3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nA: b\r\n\r\n"
            let counted = "\r\nPOST /l HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
            for byte in (chunked + counted + Self.close).utf8 { client.write([byte]) }
            let answers = try #require(await RawAnswer.all(in: client.readToEnd().text))
            #expect(answers.map(\.body) == ["/c hello", "/l hi", "/last "])
        }
    }

    @Test func `a slow second head gets 408, and silence between requests a silent end`()
        async throws
    {
        var limits = HTTPServerLimits()
        limits.headTimeout = .milliseconds(60)
        limits.idleTimeout = .milliseconds(400)
        try await withServer(limits: limits, answer: { _ in .text("one") }) { server in
            let slow = RawClient(port: server.address.port)
            defer { slow.close() }
            slow.write("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT")
            let answers = try #require(await RawAnswer.all(in: slow.readToEnd().text))
            #expect(answers.map(\.status) == [200, 408])
            let silent = RawClient(port: server.address.port)
            defer { silent.close() }
            let (text, isClosed) = await silent.readToEnd()
            #expect(text.isEmpty)
            #expect(isClosed)
        }
    }

    @Test func `a client that waits to be told so is told to send its body`() async throws {
        try await withServer(answer: { .text("\($0.body.count)") }) { server in
            let client = RawClient(port: server.address.port)
            defer { client.close() }
            client.write(
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            #expect(await client.read() == "HTTP/1.1 100 Continue\r\n\r\n")
            client.write("hi")
            #expect(await client.read().hasSuffix("\r\n\r\n2"))
            client.write(
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n"
                    + "Expect: 100-continue\r\n\r\n")
            let (text, isClosed) = await client.readToEnd()
            #expect(text.hasPrefix("HTTP/1.1 413 "))
            #expect(isClosed)
        }
    }

    @Test func `an upload that its handler does not read is not asked for`() async throws {
        try await withServer(
            policy: .stream(limitBytes: 1 << 20),
            answer: { request in
                guard request.path == "/read" else { return .text("no", status: 401) }
                var count = 0
                while let piece = try? await request.bodyStream?.next() { count += piece.count }
                return .text("\(count)")
            }
        ) { server in
            func head(_ path: String) -> String {
                "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
                    + "Expect: 100-continue\r\n\r\n"
            }
            let refused = RawClient(port: server.address.port)
            defer { refused.close() }
            refused.write(head("/"))
            #expect(await refused.readToEnd().text.hasPrefix("HTTP/1.1 401 "))
            let taken = RawClient(port: server.address.port)
            defer { taken.close() }
            taken.write(head("/read"))
            #expect(await taken.read() == "HTTP/1.1 100 Continue\r\n\r\n")
            taken.write("hello")
            #expect(await taken.read().hasSuffix("\r\n\r\n5"))
        }
    }

    @Test(arguments: [
        HTTPBodyPolicy.collect(limitBytes: 1024), .stream(limitBytes: 16 << 20),
    ])
    func `who goes on sending after a refusal reads the answer`(
        _ policy: HTTPBodyPolicy
    ) async throws {
        try await withServer(policy: policy, answer: { _ in .text("no", status: 415) }) { server in
            let client = RawClient(port: server.address.port)
            defer { client.close() }
            let chunk = "10000\r\n\(String(repeating: "a", count: 65_536))\r\n"
            let isSent = await client.send(
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + String(repeating: chunk, count: 100))
            #expect(isSent)
            let (text, isClosed) = await client.readToEnd()
            #expect(text.hasPrefix("HTTP/1.1 41"), "\(text.prefix(100))")
            #expect(RawAnswer.all(in: text)?.count == 1)
            #expect(isClosed)
        }
    }

    @Test func `a slow reader of an upload leaves the rest in the socket`() async throws {
        let gate = Lock<UnsafeContinuation<Void, Never>?>(nil)
        let (started, startedSink) = AsyncStream.makeStream(of: Void.self)
        try await withServer(
            policy: .stream(limitBytes: 64 << 20),
            answer: { request in
                await withUnsafeContinuation { continuation in
                    gate.withLock { $0 = continuation }
                    startedSink.yield()
                }
                var count = 0
                while let piece = try? await request.bodyStream?.next() { count += piece.count }
                return .text("\(count)")
            }
        ) { server in
            let client = RawClient(port: server.address.port)
            defer { client.close() }
            let size = 32 << 20
            let isSent = Lock(false)
            async let sent: Void = {
                client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(size)\r\n\r\n")
                _ = await client.send(String(repeating: "a", count: size))
                isSent.withLock { $0 = true }
            }()
            for await _ in started { break }
            // More than the sockets hold: it cannot all have been taken.
            #expect(!isSent.withLock { $0 })
            gate.withLock { $0?.resume() }
            await sent
            #expect(await client.read().hasSuffix("\r\n\r\n\(size)"))
        }
    }

    @Test func `HTTP 1.0 is answered and closed unless it asks to be kept`() async throws {
        try await withServer(answer: { request in
            guard request.path == "/stream" else { return .text("one") }
            return HTTPResponse(
                status: 200, body: .stream(length: nil) { try await $0.write(Array("two".utf8)) })
        }) { server in
            let client = RawClient(port: server.address.port)
            defer { client.close() }
            client.write(
                "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /stream HTTP/1.0\r\n\r\n")
            let (text, isClosed) = await client.readToEnd()
            #expect(text.contains("\r\nConnection: keep-alive\r\n"))
            #expect(text.hasSuffix("\r\nConnection: close\r\n\r\ntwo"))
            #expect(isClosed)
        }
    }

    @Test func `a stream without a length comes in chunks, and one that breaks off without an end`()
        async throws
    {
        struct Broken: Error {}
        try await withServer(answer: { request in
            HTTPResponse(
                status: 200,
                body: .stream(length: nil) { writer in
                    try await writer.write(Array("hello".utf8))
                    if request.path == "/broken" { throw Broken() }
                    try await writer.write([UInt8](repeating: 0x61, count: 20_000))
                })
        }) { server in
            let client = RawClient(port: server.address.port)
            defer { client.close() }
            client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            client.write("GET /broken HTTP/1.1\r\nHost: x\r\n\r\n")
            let (text, isClosed) = await client.readToEnd()
            let a = String(repeating: "a", count: 20_000)
            #expect(text.contains("\r\n\r\n5\r\nhello\r\n4e20\r\n\(a)\r\n0\r\n\r\nHTTP/1.1 200 "))
            #expect(text.hasSuffix("\r\n\r\n5\r\nhello\r\n"))
            #expect(isClosed)
        }
    }

    @Test func `a client that sends no more is still answered`() async throws {
        try await withServer(answer: { request in
            await Task.yield()
            return .text("\(request.path)")
        }) { server in
            let client = RawClient(port: server.address.port)
            defer { client.close() }
            client.write("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n")
            client.endWriting()
            let (text, isClosed) = await client.readToEnd()
            #expect(RawAnswer.all(in: text)?.map(\.body) == ["/a", "/b"])
            #expect(isClosed)
        }
    }

    @Test func `a client that reads nothing is cut, and its stream ends`() async throws {
        var limits = HTTPServerLimits()
        limits.stallTimeout = .milliseconds(100)
        limits.idleTimeout = .milliseconds(100)
        let (ended, endedSink) = AsyncStream.makeStream(of: Bool.self)
        try await withServer(
            limits: limits,
            answer: { _ in
                HTTPResponse(
                    status: 200,
                    body: .stream(length: nil) { writer in
                        defer { endedSink.yield(Task.isCancelled) }
                        while true { try await writer.write([UInt8](repeating: 0, count: 1 << 18)) }
                    })
            }
        ) { server in
            let client = RawClient(port: server.address.port)
            defer { client.close() }
            client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            for await isCancelled in ended {
                #expect(isCancelled)
                break
            }
            #expect(await server.connectionCount() == 0)
        }
    }

    @Test func `newcomers beyond the most connections wait until one leaves`() async throws {
        var limits = HTTPServerLimits()
        limits.connectionsMax = 1
        try await withServer(limits: limits, answer: { .text($0.path) }) { server in
            let first = RawClient(port: server.address.port)
            let second = RawClient(port: server.address.port)
            defer { second.close() }
            second.write("GET /second HTTP/1.1\r\nHost: x\r\n\r\n")
            first.write("GET /first HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await first.read().hasSuffix("/first"))
            #expect(await server.connectionCount() == 1)
            first.close()
            #expect(await second.read().hasSuffix("/second"))
        }
    }

    @Test func `an answer has a date, and no length where there is no body`() async throws {
        try await withServer(answer: { request in
            HTTPResponse(status: request.path == "/204" ? 204 : 304, headers: ["ETag": "\"x\""])
        }) { server in
            let client = RawClient(port: server.address.port)
            defer { client.close() }
            for path in ["/204", "/304"] {
                client.write("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
                let text = await client.read()
                #expect(text.contains(/\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/))
                #expect(text.contains("ETag: \"x\""))
                #expect(!text.contains("Content-Length"))
                #expect(text.hasSuffix("\r\n\r\n"))
            }
        }
    }
}
