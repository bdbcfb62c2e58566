import HTTP
import HTTPOutbound
import ServiceRuntime
import Testing

@Suite struct HTTPClientTests {
    @Test func `an answer larger than allowed is cut off although its length is unknown`()
        async throws
    {
        try await withServer(answer: { _ in
            HTTPResponse(
                status: 200,
                body: .stream(length: nil) { writer in
                    while true { try await writer.write([UInt8](repeating: 1, count: 4096)) }
                })
        }) { server in
            let client = HTTPClient()
            defer { client.stop() }
            await #expect(throws: HTTPClientError.tooLarge(limitBytes: 100_000)) {
                _ = try await client.send(
                    .init("GET", "http://\(server.address)/", bodyBytesMax: 100_000))
            }
        }
    }

    @Test func `a request that takes too long fails with its timeout`() async throws {
        try await withServer(answer: { _ in
            try? await Task.sleep(for: .seconds(20))
            return .text("late")
        }) { server in
            let client = HTTPClient()
            defer { client.stop() }
            await #expect(throws: HTTPClientError.timedOut) {
                _ = try await client.send(
                    .init("GET", "http://\(server.address)/", timeout: .milliseconds(80)))
            }
        }
    }

    @Test func `a refused connection says that nothing was sent`() async throws {
        let client = HTTPClient()
        defer { client.stop() }
        do {
            _ = try await client.send(.init("GET", "http://127.0.0.1:1/"))
            Issue.record("port 1 answered")
        } catch {
            guard case .cannotConnect = error else {
                Issue.record("unexpected \(error)")
                return
            }
        }
    }

    @Test func `pieces arrive while the answer is still being written`() async throws {
        let (release, releaseSink) = AsyncStream.makeStream(of: Void.self)
        try await withServer(answer: { _ in
            HTTPResponse(
                status: 200, headers: ["Content-Type": "text/event-stream"],
                body: .stream(length: nil) { writer in
                    try await writer.write(Array("one".utf8))
                    for await _ in release { break }
                    try await writer.write(Array("two".utf8))
                })
        }) { server in
            let client = HTTPClient()
            defer { client.stop() }
            let pieces = Lock<[String]>([])
            let answer = try await client.send(.init("GET", "http://\(server.address)/")) { piece in
                pieces.withLock { $0.append(String(decoding: piece, as: UTF8.self)) }
                releaseSink.yield()
                return true
            }
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "text/event-stream")
            #expect(pieces.withLock { $0 } == ["one", "two"])
        }
    }

    @Test func `cancelling the task ends the transfer`() async throws {
        let (started, startedSink) = AsyncStream.makeStream(of: Void.self)
        try await withServer(answer: { _ in
            startedSink.yield()
            try? await Task.sleep(for: .seconds(20))
            return .text("late")
        }) { server in
            let client = HTTPClient()
            defer { client.stop() }
            let task = Task { () -> HTTPClientError? in
                do throws(HTTPClientError) {
                    _ = try await client.send(.init("GET", "http://\(server.address)/"))
                    return nil
                } catch {
                    return error
                }
            }
            for await _ in started { break }
            task.cancel()
            #expect(await task.value == .cancelled)
        }
    }
}
