import Cryptography
import MediaService
import RPC
import ServiceAPI
import ServiceRuntime
import Testing
import Wire

/// Stands in for the render service: keeps sources by digest, answers with what it was asked.
private final class RenderDouble: RenderAPI.Handler {
    struct State {
        var sources: Set<[UInt8]> = []
        var uploads = 0
        var failure: RPCError?
        var moves: [RenderAPI.MoveRequest] = []
    }

    let state = Lock(State())

    func putSource(
        _ reader: RequestStream<RenderAPI.SourceChunk>, _ context: CallContext
    ) async throws(RPCError) -> RenderAPI.Source {
        var hash = SHA256()
        var header = RenderAPI.SourceHeader()
        var order: [Int] = []
        while let chunk = try await reader.next() {
            switch chunk.part {
            case .header(let value): header = value
            case .image(let bytes):
                order.append(0)
                bytes.withUnsafeBytes { hash.update($0) }
            case .depth(let bytes):
                order.append(1)
                bytes.withUnsafeBytes { hash.update($0) }
            case .mask(let bytes):
                order.append(2)
                bytes.withUnsafeBytes { hash.update($0) }
            case nil: break
            }
        }
        let digest = hash.finish()
        guard digest == Array(header.digest), order == order.sorted() else {
            throw RPCError(.invalidArgument, "DIGEST_MISMATCH", "The digest is wrong.")
        }
        state.withLock { state in
            state.sources.insert(digest)
            state.uploads += 1
        }
        return RenderAPI.Source(digest: header.digest)
    }

    private func check(_ source: Bytes) throws(RPCError) {
        let (failure, isKnown) = state.withLock {
            ($0.failure, $0.sources.contains(Array(source)))
        }
        if let failure { throw failure }
        guard isKnown else {
            throw RPCError(.notFound, "SOURCE_MISSING", "Upload it again.")
        }
    }

    func estimateDepth(
        _ request: RenderAPI.DepthRequest, _ writer: ResponseWriter<RenderAPI.ResultChunk>,
        _ context: CallContext
    ) async throws(RPCError) {
        try check(request.source)
        try await writer.write(
            .init(part: .header(.init(contentType: "image/png", depthProvider: "heuristic"))))
        try await writer.write(.init(part: .data(Bytes([1, 2]))))
        try await writer.write(.init(part: .data(Bytes([3]))))
    }

    func renderMoves(
        _ request: RenderAPI.MovesRequest, _ writer: ResponseWriter<RenderAPI.ResultChunk>,
        _ context: CallContext
    ) async throws(RPCError) {}

    func listMoves(
        _ request: RenderAPI.ListMovesRequest, _ context: CallContext
    ) async throws(RPCError) -> RenderAPI.MoveList { RenderAPI.MoveList() }

    func renderMove(
        _ request: RenderAPI.MoveRequest, _ writer: ResponseWriter<RenderAPI.ResultChunk>,
        _ context: CallContext
    ) async throws(RPCError) {
        try check(request.source)
        state.withLock { $0.moves.append(request) }
        try await writer.write(.init(part: .header(.init(width: 320, height: 180))))
        for index in 0..<2 {
            if request.format == .jpegFrames {
                try await writer.write(.init(part: .frame(.init(index: UInt32(index), bytes: 4))))
            }
            try await writer.write(
                .init(part: .data(Bytes([UInt8](repeating: UInt8(index), count: 4)))))
        }
    }
}

struct LocalRenderProvidersTests {
    private static let source = SourcePicture(
        image: Bytes([UInt8](repeating: 1, count: 600_000)), depth: Bytes([2, 2]),
        mask: Bytes([3]), width: 64, height: 36)

    private func withRender(
        _ body: (RenderDouble, RenderAPI.Client) async throws -> Void
    ) async throws {
        let double = RenderDouble()
        let transport = InMemoryTransport()
        let loops = [EventLoop(name: "server"), EventLoop(name: "client")]
        let server = Server(
            identity: Identity(service: "render"), methods: RenderAPI.methods(double),
            loops: [loops[0]], transport: transport)
        let address = try server.listen(on: SocketAddress(host: "127.0.0.1", port: 0))
        let channel = Channel(
            addresses: [address], identity: Identity(service: "media"), loop: loops[1],
            transport: transport)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(double, RenderAPI.Client(channel)))
        } catch {
            result = .failure(error)
        }
        channel.close()
        await server.drain()
        for loop in loops { loop.stop() }
        try result.get()
    }

    @Test func `a picture is sent only when the renderer does not have it`() async throws {
        try await withRender { double, client in
            let provider = LocalVideoProvider(
                client: client, concurrency: 1, timeout: .seconds(10))
            let attempt = Attempt(key: "k", number: 1)
            for _ in 0..<2 {
                let made = try await provider.makeVideo(
                    VideoRequest(), from: Self.source, attempt)
                #expect(made.bytes == [0, 0, 0, 0, 1, 1, 1, 1])
                #expect([made.width, made.height] == [320, 180])
                #expect(made.durationMicroseconds == 3_000_000)
            }
            #expect(double.state.withLock { $0.uploads } == 1)
            let depth = try await LocalDepthProvider(
                client: client, concurrency: 1, timeout: .seconds(10)
            ).estimateDepth(of: Self.source, attempt)
            #expect(depth.bytes == [1, 2, 3])
            #expect(depth.method == "heuristic")
            #expect(double.state.withLock { $0.uploads } == 1)
        }
    }

    @Test func `path, style and motion arrive as they were asked`() async throws {
        try await withRender { double, client in
            var source = Self.source
            source.overlay.letterboxPPM = 120_000
            var request = VideoRequest()
            request.move.end = CameraMove.Vector(x: 0.1, y: -0.2, z: 0.3)
            request.subjectMotion = "ears twitch"
            request.frames = 72
            _ = try await LocalVideoProvider(
                client: client, concurrency: 1, timeout: .seconds(10)
            ).makeVideo(request, from: source, Attempt(key: "k", number: 1))
            let asked = try #require(double.state.withLock { $0.moves.last })
            #expect(asked.path?.end == RenderAPI.Vector(x: 0.1, y: -0.2, z: 0.3))
            #expect(asked.path?.startRotation == nil)
            #expect(asked.overlay?.letterboxShare == 0.12)
            #expect(asked.subjectMotion == "ears twitch")
            #expect(asked.frames == 72)
            #expect(asked.format == .mp4)
        }
    }

    @Test(arguments: ["breathe_loop", "zoom_in", "push_in"])
    func `a move that has a name is asked for by it`(_ name: String) async throws {
        try await withRender { double, client in
            var request = VideoRequest()
            request.move.name = name
            request.move.end = CameraMove.Vector(z: 0.3)
            _ = try await LocalVideoProvider(
                client: client, concurrency: 1, timeout: .seconds(10)
            ).makeVideo(request, from: Self.source, Attempt(key: "k", number: 1))
            let asked = try #require(double.state.withLock { $0.moves.last })
            #expect(asked.move == name)
            #expect(asked.path == nil && asked.keyFrames.isEmpty)
        }
    }

    @Test func `frames become one multipart body`() async throws {
        try await withRender { _, client in
            var request = VideoRequest()
            request.format = .frames
            let made = try await LocalVideoProvider(
                client: client, concurrency: 1, timeout: .seconds(10)
            ).makeVideo(request, from: Self.source, Attempt(key: "k", number: 1))
            let text = String(decoding: made.bytes, as: UTF8.self)
            #expect(text.hasPrefix("--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 4\r\n"))
            #expect(text.hasSuffix("--frame--\r\n"))
            #expect(made.contentType == "multipart/x-mixed-replace; boundary=frame")
        }
    }

    @Test(arguments: [
        (RPCError.unavailable("Down."), FailureClass.transient),
        (RPCError.overloaded("Busy."), .throttled),
        (RPCError(.invalidArgument, "INVALID_PATH", "No."), .permanent),
        (RPCError.deadlineExceeded, .transient),
    ])
    func `a failure of the renderer keeps its class`(
        _ error: RPCError, _ expected: FailureClass
    ) async throws {
        try await withRender { double, client in
            double.state.withLock { $0.failure = error }
            let provider = LocalDepthProvider(
                client: client, concurrency: 1, timeout: .seconds(10))
            do {
                _ = try await provider.estimateDepth(
                    of: Self.source, Attempt(key: "k", number: 1))
                Issue.record("it succeeded")
            } catch let failure as JobFailure {
                #expect(failure.kind == expected)
            }
        }
    }
}
