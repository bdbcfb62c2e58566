import RPC
import ServiceAPI
import ServiceRuntime
import TestSupport
import Testing
import Wire

/// A client that sends whatever it likes and keeps what comes back.
// Safe: the fields behind the lock; the rest is used on the loop only.
private final class RawClient: ByteStreamObserver, @unchecked Sendable {
    struct Frame: Sendable, Equatable {
        let kind: FrameKind
        let stream: UInt64
        let status: Status?
        let payloadBytes: Int
    }

    private struct State {
        var frames: [Frame] = []
        var isClosed = false
        var waiters:
            [(isMet: ([Frame], Bool) -> Bool, continuation: CheckedContinuation<Void, Never>)] =
                []
    }

    private let loop: EventLoop
    private var stream: (any ByteStream)?
    private var reader = FrameReader(frameBytesMax: 8 << 20)
    private var output = OutputBuffer()
    private let state = Lock(State())

    init(_ fixture: RPCFixture) async throws {
        loop = fixture.clientLoop
        let connected = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Void, TransportError>, Never>) in
            fixture.transport.connect(
                to: fixture.address, loop: loop, timeout: .seconds(5)
            ) { [self] result in
                continuation.resume(
                    returning: result.map { stream in
                        self.stream = stream
                        stream.observer = self
                        stream.start()
                    })
            }
        }
        try connected.get()
    }

    func send(_ bytes: [UInt8]) {
        loop.execute { [self] in
            bytes.withUnsafeBytes { output.append($0) }
            _ = stream?.write(from: &output)
        }
    }

    func send(_ body: @escaping @Sendable (inout OutputBuffer) -> Void) {
        loop.execute { [self] in
            body(&output)
            _ = stream?.write(from: &output)
        }
    }

    func close() {
        loop.execute { [self] in stream?.close() }
    }

    var frames: [Frame] { state.withLock { $0.frames } }

    func wait(until isMet: @escaping ([Frame], _ isClosed: Bool) -> Bool) async {
        await withCheckedContinuation { continuation in
            state.withLock { $0.waiters.append((isMet, continuation)) }
            notify()
        }
    }

    func readable() {
        while true {
            var result = ReadResult.wouldBlock
            _ = reader.withWritableBuffer { buffer in
                result = stream?.read(into: buffer) ?? .closed
                if case .bytes(let count) = result { return count }
                return 0
            }
            switch result {
            case .wouldBlock: return
            case .closed:
                state.withLock { $0.isClosed = true }
                stream?.close()
                notify()
                return
            case .bytes:
                while let frame = (try? reader.next()) ?? nil {
                    let seen = Frame(
                        kind: frame.kind, stream: frame.stream, status: frame.status,
                        payloadBytes: frame.payload.count)
                    state.withLock { $0.frames.append(seen) }
                }
                notify()
            }
        }
    }

    func writable() { _ = stream?.write(from: &output) }

    private func notify() {
        let met = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            let met = state.waiters.filter { $0.isMet(state.frames, state.isClosed) }
                .map(\.continuation)
            state.waiters.removeAll { $0.isMet(state.frames, state.isClosed) }
            return met
        }
        for continuation in met { continuation.resume() }
    }
}

private func hello() -> @Sendable (inout OutputBuffer) -> Void {
    { $0.appendHello(Hello(service: "raw", nonce: Bytes([UInt8](repeating: 1, count: 16)))) }
}

private func request(
    _ stream: UInt64, method: String = EchoAPI.Methods.echo.name, text: String = ""
) -> [UInt8] {
    var output = OutputBuffer()
    let arena = Arena()
    if let message = try? EchoAPI.Message(text: text, number: stream).prepare(arena) {
        try? output.appendRequest(
            stream: stream, method: method, deadlineMilliseconds: 5000, message: message,
            arena: arena)
    }
    return output.bytes()
}

@Suite struct `What a stranger sends` {
    @Test func `a request cut at every byte is answered once it is whole`() async throws {
        let fixture = try RPCFixture(.memory, methods: EchoAPI.methods(EchoHandler()))
        let bytes = request(1)
        for cut in 1..<bytes.count {
            let client = try await RawClient(fixture)
            client.send(Array(bytes[..<cut]))
            client.send(Array(bytes[cut...]))
            await client.wait { frames, _ in frames.contains { $0.kind == .response } }
            client.close()
        }
    }

    @Test(arguments: [
        [0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 4, 0xFF, 0xFF, 0xFF, 0xFF],
        [0, 0, 0, 2, 0x10, 0x63], [0x47, 0x45, 0x54, 0x20, 0x2F],
    ])
    func `bytes that are no frame close the connection with an error`(
        _ bytes: [UInt8]
    ) async throws {
        let fixture = try RPCFixture(.memory, methods: EchoAPI.methods(EchoHandler()))
        let client = try await RawClient(fixture)
        client.send(bytes)
        await client.wait { _, isClosed in isClosed }
        let error = client.frames.last
        #expect(error?.kind == .error)
        #expect(error?.stream == 0)
        #expect(
            ["PROTOCOL_ERROR", "FRAME_TOO_LARGE"].contains(error?.status?.domainCode ?? ""))
    }

    @Test func `a frame beyond the limit is refused by its length, before it comes`() async throws {
        let fixture = try RPCFixture(.memory, methods: EchoAPI.methods(EchoHandler()))
        let client = try await RawClient(fixture)
        // A million key frames of a few bytes, of which not one is sent.
        let length = UInt32(EnvelopeLimits.frameBytesMax + 1)
        client.send(withUnsafeBytes(of: length.bigEndian) { Array($0) })
        await client.wait { _, isClosed in isClosed }
        let status = client.frames.last?.status
        #expect(client.frames.last?.stream == 0)
        #expect(status?.domainCode == "FRAME_TOO_LARGE" && status?.isRetryable == false)
        #expect(status?.code == RPCCode.resourceExhausted.rawValue)
    }

    @Test func `a stream used twice closes the connection`() async throws {
        let fixture = try RPCFixture(.memory, methods: EchoAPI.methods(EchoHandler()))
        let client = try await RawClient(fixture)
        client.send(request(3))
        client.send(request(3))
        await client.wait { _, isClosed in isClosed }
        #expect(client.frames.last?.status?.domainCode == "PROTOCOL_ERROR")
    }

    @Test func `before the proof of HELLO nothing is answered and little is accepted`()
        async throws
    {
        let handler = EchoHandler()
        let fixture = try RPCFixture(
            .memory, methods: EchoAPI.methods(handler), secret: Array("sixteen bytes or more".utf8))
        let eager = try await RawClient(fixture)
        eager.send(request(1))
        await eager.wait { _, isClosed in isClosed }
        #expect(eager.frames.isEmpty)
        let large = try await RawClient(fixture)
        large.send([0, 0, 8, 0])
        await large.wait { _, isClosed in isClosed }
        #expect(large.frames.isEmpty)
        #expect(handler.counts.calls == 0)
    }

    @Test func `a wrong proof closes the connection`() async throws {
        let fixture = try RPCFixture(
            .memory, methods: EchoAPI.methods(EchoHandler()),
            secret: Array("sixteen bytes or more".utf8))
        let client = try await RawClient(fixture)
        client.send(hello())
        await client.wait { frames, _ in frames.contains { $0.kind == .hello } }
        client.send {
            $0.appendHello(
                Hello(
                    service: "raw", nonce: Bytes([UInt8](repeating: 1, count: 16)),
                    proof: Bytes([UInt8](repeating: 0, count: 32))))
        }
        await client.wait { _, isClosed in isClosed }
        #expect(client.frames.count == 1)
    }

    @Test func `a flood of PING closes the connection`() async throws {
        var limits = ServerLimits()
        limits.controlFramesMax = 100
        let fixture = try RPCFixture(
            .memory, methods: EchoAPI.methods(EchoHandler()), limits: limits)
        let client = try await RawClient(fixture)
        client.send { output in
            for _ in 0..<300 {
                output.appendPing(.ping, payload: UnsafeRawBufferPointer(start: nil, count: 0))
            }
        }
        await client.wait { _, isClosed in isClosed }
        #expect(client.frames.last?.status?.domainCode == "FLOOD")
    }

    @Test func `more than the window allows closes the connection`() async throws {
        let gate = Gate()
        let methods = [
            MethodHandler.clientStream(EchoAPI.Methods.collect) {
                (_: RequestStream<EchoAPI.Message>, _: CallContext) async throws(RPCError) in
                await gate.pass()
                return EchoAPI.Collected()
            }
        ]
        let fixture = try RPCFixture(.memory, methods: methods)
        let client = try await RawClient(fixture)
        client.send(request(1, method: EchoAPI.Methods.collect.name))
        client.send { output in
            let arena = Arena()
            let message = EchoAPI.Message(data: Bytes([UInt8](repeating: 1, count: 100_000)))
            for _ in 0..<10 {
                if let item = try? message.prepare(arena) {
                    output.appendItem(stream: 1, message: item, arena: arena)
                }
            }
        }
        await client.wait { _, isClosed in isClosed }
        #expect(client.frames.contains { $0.status?.domainCode == "WINDOW_OVERRUN" })
        gate.open()
    }

    @Test func `a client that says nothing of its window gets the usual one`() async throws {
        let fixture = try RPCFixture(.memory, methods: EchoAPI.methods(EchoHandler()))
        let client = try await RawClient(fixture)
        client.send { output in
            let arena = Arena()
            if let message = try? EchoAPI.CountRequest(count: 100, bytes: 65_536).prepare(arena) {
                try? output.appendRequest(
                    stream: 1, method: EchoAPI.Methods.count.name, deadlineMilliseconds: 5000,
                    message: message, arena: arena)
            }
        }
        // Four items fill 256 KiB, the fifth overdraws by less than itself; then the server waits.
        await client.wait { frames, _ in frames.count { $0.kind == .item } >= 4 }
        client.send(request(2))
        await client.wait { frames, _ in frames.contains { $0.kind == .response } }
        #expect(client.frames.count { $0.kind == .item } <= 5)
        client.close()
    }
}
