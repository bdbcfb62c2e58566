import HTTP
import HTTPOutbound
import ServiceRuntime
import Testing

/// Answers from a closure.
struct ClosureResponder: HTTPResponder {
    var policy: HTTPBodyPolicy = .collect(limitBytes: 1024)
    let answer: @Sendable (HTTPRequest) async -> HTTPResponse

    func bodyPolicy(for request: HTTPRequest) -> HTTPBodyPolicy { policy }
    func respond(to request: HTTPRequest) async -> HTTPResponse { await answer(request) }
}

/// A server on a free port with a loop of its own, and a raw client.
func withServer<R>(
    limits: HTTPServerLimits = .init(), policy: HTTPBodyPolicy = .collect(limitBytes: 1024),
    answer: @escaping @Sendable (HTTPRequest) async -> HTTPResponse,
    _ body: (HTTPServer) async throws -> R
) async throws -> R {
    let loop = EventLoop(name: "http-test")
    let server = try await HTTPServer(
        listen: SocketAddress(host: "127.0.0.1", port: 0), loop: loop, limits: limits,
        responder: ClosureResponder(policy: policy, answer: answer))
    do {
        let result = try await body(server)
        await server.drain(timeout: .milliseconds(100))
        loop.stop()
        return result
    } catch {
        await server.drain(timeout: .zero)
        loop.stop()
        throw error
    }
}

@Suite struct HTTPServerTests {
    @Test func `a request is answered with its body and the connection stays open`() async throws {
        try await withServer(answer: { request in
            .text("\(request.method) \(request.path) \(request.query) \(request.body.count)")
        }) { server in
            let client = RawClient(port: server.address.port)
            defer { client.close() }
            client.write("POST /a/b?c=d HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
            #expect(await client.read().hasSuffix("POST /a/b c=d 5"))
            client.write("GET /again HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await client.read().hasSuffix("GET /again  0"))
        }
    }

    struct Malformed: Sendable {
        let request: String
        let status: Int
        let code: String
    }

    static let malformed: [Malformed] = [
        Malformed(
            request: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            status: 400, code: "BAD_REQUEST"),
        Malformed(
            request:
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
            status: 400, code: "BAD_REQUEST"),
        Malformed(
            request: "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", status: 400,
            code: "BAD_REQUEST"),
        Malformed(
            request: "GET / HTTP/1.1\r\nHost: x\r\nX(A: b\r\n\r\n", status: 400,
            code: "BAD_REQUEST"),
        Malformed(
            request: "GET / HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n", status: 400,
            code: "BAD_REQUEST"),
        Malformed(
            request: "GET / HTTP/1.1\r\nHost: x\r\nX: a\u{1}b\r\n\r\n", status: 400,
            code: "BAD_REQUEST"),
        Malformed(
            request: "GET / HTTP/1.1\r\nHost: a b/c\r\n\r\n", status: 400, code: "BAD_REQUEST"),
        Malformed(
            request: "GET / HTTP/1.1\r\nHost: \r\n\r\n", status: 400, code: "BAD_REQUEST"),
        Malformed(
            request: "G(T / HTTP/1.1\r\nHost: x\r\n\r\n", status: 400, code: "BAD_REQUEST"),
        Malformed(
            request: "GET http://other/ HTTP/1.1\r\nHost: x\r\n\r\n", status: 400,
            code: "BAD_REQUEST"),
        Malformed(
            request: "GET /a/../b HTTP/1.1\r\nHost: x\r\n\r\n", status: 400, code: "BAD_PATH"),
        Malformed(
            request: "GET /a/%2e%2E/b HTTP/1.1\r\nHost: x\r\n\r\n", status: 400, code: "BAD_PATH"),
        Malformed(
            request: "GET /a%2fb HTTP/1.1\r\nHost: x\r\n\r\n", status: 400, code: "BAD_PATH"),
        Malformed(
            request: "GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n", status: 400, code: "BAD_PATH"),
        Malformed(
            request: "GET /a%zz HTTP/1.1\r\nHost: x\r\n\r\n", status: 400, code: "BAD_PATH"),
        Malformed(
            request: "GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: x\r\n\r\n",
            status: 414, code: "URI_TOO_LONG"),
        Malformed(
            request:
                "GET / HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "a", count: 17000))\r\n\r\n",
            status: 431, code: "HEADERS_TOO_LARGE"),
        Malformed(
            request:
                "GET / HTTP/1.1\r\nHost: x\r\n\(String(repeating: "X: y\r\n", count: 101))\r\n",
            status: 431, code: "HEADERS_TOO_LARGE"),
        Malformed(
            request: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n", status: 413,
            code: "PAYLOAD_TOO_LARGE"),
        Malformed(
            request: "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "800\r\n\(String(repeating: "a", count: 2048))\r\n0\r\n\r\n",
            status: 413, code: "PAYLOAD_TOO_LARGE"),
    ]

    @Test(arguments: malformed)
    func `a malformed request is refused and the connection closed`(_ c: Malformed) async throws {
        try await withServer(answer: { _ in .text("reached") }) { server in
            let client = RawClient(port: server.address.port)
            defer { client.close() }
            client.write(c.request)
            let (text, isClosed) = await client.readToEnd()
            #expect(text.hasPrefix("HTTP/1.1 \(c.status) "), "\(text.prefix(200))")
            #expect(text.contains("\"code\":\"\(c.code)\""))
            #expect(isClosed)
        }
    }

    @Test(arguments: [
        "\u{1}\u{2}\u{3}\r\n\r\n", "GET\r\n\r\n",
        "\r\n\r\n\r\n\r\nGET / HTTP/9.9\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nX: no host\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    ])
    func `bytes that are no request never reach a handler`(_ request: String) async throws {
        try await withServer(answer: { _ in .text("reached") }) { server in
            let client = RawClient(port: server.address.port)
            defer { client.close() }
            client.write(request)
            let (text, isClosed) = await client.readToEnd()
            #expect(!text.contains("reached"))
            #expect(isClosed)
        }
    }

    @Test(arguments: [
        "GET /slow HTT",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nab",
    ])
    func `a request that does not arrive in time gets 408 and a close`(
        _ start: String
    ) async throws {
        var limits = HTTPServerLimits()
        limits.headTimeout = .milliseconds(60)
        limits.bodyTimeout = .milliseconds(60)
        try await withServer(limits: limits, answer: { _ in .text("reached") }) { server in
            let client = RawClient(port: server.address.port)
            defer { client.close() }
            client.write(start)
            let (text, isClosed) = await client.readToEnd()
            #expect(text.hasPrefix("HTTP/1.1 408 "), "\(text.prefix(200))")
            #expect(text.contains("REQUEST_TIMEOUT"))
            #expect(isClosed)
        }
    }

    @Test func `an idle connection is closed without an answer`() async throws {
        var limits = HTTPServerLimits()
        limits.idleTimeout = .milliseconds(60)
        try await withServer(limits: limits, answer: { _ in .text("one") }) { server in
            let client = RawClient(port: server.address.port)
            defer { client.close() }
            client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            let (text, isClosed) = await client.readToEnd()
            #expect(text.hasSuffix("one"))
            #expect(isClosed)
        }
    }

    @Test func `a handler is cancelled when its client goes away`() async throws {
        let (started, startedSink) = AsyncStream.makeStream(of: Void.self)
        let (cancelled, cancelledSink) = AsyncStream.makeStream(of: Bool.self)
        try await withServer(answer: { _ in
            startedSink.yield()
            try? await Task.sleep(for: .seconds(20))
            cancelledSink.yield(Task.isCancelled)
            return .text("late")
        }) { server in
            let client = RawClient(port: server.address.port)
            client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            for await _ in started { break }
            client.close()
            for await wasCancelled in cancelled {
                #expect(wasCancelled)
                break
            }
        }
    }

    @Test func `a streamed answer waits for a slow reader and loses nothing`() async throws {
        let piece = [UInt8](repeating: 0x61, count: 64 << 10)
        let pieces = 160  // 10 MiB, more than the socket buffers hold
        let written = Lock(0)
        try await withServer(answer: { _ in
            HTTPResponse(
                status: 200,
                body: .stream(length: UInt64(piece.count * pieces)) { writer in
                    for _ in 0..<pieces {
                        try await writer.write(piece)
                        written.withLock { $0 += 1 }
                    }
                })
        }) { server in
            let client = RawClient(port: server.address.port)
            defer { client.close() }
            client.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            _ = await client.read()
            var last = -1
            // Until nothing more is taken: the writer is suspended.
            while written.withLock({ $0 }) != last {
                last = written.withLock { $0 }
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(last < pieces)
            let (rest, isClosed) = await client.readToEnd()
            #expect(isClosed)
            #expect(rest.utf8.count > piece.count * (pieces - 20))
            #expect(written.withLock { $0 } == pieces)
        }
    }

    @Test func `an upload is read in pieces as it arrives`() async throws {
        try await withServer(
            policy: .stream(limitBytes: 1 << 20),
            answer: { request in
                var count = 0
                do {
                    while let piece = try await request.bodyStream?.next() { count += piece.count }
                } catch { return .text("\(error)", status: 413) }
                return .text("\(count) bytes")
            }
        ) { server in
            let client = HTTPClient()
            defer { client.stop() }
            let body = [UInt8](repeating: 7, count: 900_000)
            let url = "http://\(server.address)/"
            let answer = try await client.send(.init("POST", url, body: body))
            #expect(String(decoding: answer.body, as: UTF8.self) == "900000 bytes")
            let refused = try await client.send(
                .init("POST", url, body: [UInt8](repeating: 7, count: 2_000_000)))
            #expect(refused.status == 413)
        }
    }

    @Test func `HEAD has the head of GET and no body`() async throws {
        try await withServer(answer: { _ in
            HTTPResponse(
                status: 200, headers: ["ETag": "\"x\""],
                body: .stream(length: 5) { try await $0.write(Array("hello".utf8)) })
        }) { server in
            let client = RawClient(port: server.address.port)
            defer { client.close() }
            client.write("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            let (text, _) = await client.readToEnd()
            #expect(text.contains("Content-Length: 5\r\n"))
            #expect(text.contains("ETag: \"x\""))
            #expect(text.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func `draining finishes what runs, ends streams and refuses newcomers`() async throws {
        let (started, startedSink) = AsyncStream.makeStream(of: Void.self)
        let gate = Lock<UnsafeContinuation<Void, Never>?>(nil)
        try await withServer(answer: { request in
            if request.path == "/stream" {
                return HTTPResponse(
                    status: 200,
                    body: .stream(length: nil) { writer in
                        try await writer.write(Array("first".utf8))
                        startedSink.yield()
                        try await Task.sleep(for: .seconds(20))
                    })
            }
            await withUnsafeContinuation { continuation in
                gate.withLock { $0 = continuation }
                startedSink.yield()
            }
            return .text("done")
        }) { server in
            let running = RawClient(port: server.address.port)
            let stream = RawClient(port: server.address.port)
            defer { running.close(); stream.close() }
            running.write("GET /run HTTP/1.1\r\nHost: x\r\n\r\n")
            stream.write("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
            var iterator = started.makeAsyncIterator()
            _ = await iterator.next()
            _ = await iterator.next()
            async let drained: Void = server.drain(timeout: .seconds(5))
            #expect(await stream.readToEnd().isClosed)
            gate.withLock { $0?.resume() }
            let (text, isClosed) = await running.readToEnd()
            #expect(text.contains("Connection: close"))
            #expect(text.hasSuffix("done"))
            #expect(isClosed)
            await drained
        }
    }
}
