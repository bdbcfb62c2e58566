import ImageCodec
import RPC
import RenderService
import ServiceAPI
import ServiceRuntime
import Testing
import Wire

/// A service behind a server and a client in this process.
private final class Harness: Sendable {
    let service: RenderService
    let client: RenderAPI.Client
    let metrics = Metrics()
    private let channel: Channel
    private let server: Server
    private let loops: [EventLoop]

    init(_ configuration: RenderConfiguration = RenderConfiguration()) throws {
        service = RenderService(configuration, metrics: metrics)
        let transport = InMemoryTransport()
        loops = [EventLoop(name: "server"), EventLoop(name: "client")]
        server = Server(
            identity: Identity(service: "render"),
            methods: RenderAPI.methods(RenderHandler(service)), loops: [loops[0]],
            transport: transport)
        let address = try server.listen(on: SocketAddress(host: "127.0.0.1", port: 0))
        channel = Channel(
            addresses: [address], identity: Identity(service: "media"), loop: loops[1],
            transport: transport)
        client = RenderAPI.Client(channel)
    }

    func stop() async {
        channel.close()
        await server.drain()
        service.stop()
        for loop in loops { loop.stop() }
    }

    static let options = CallOptions(timeout: .seconds(30), mayRetry: false)

    func put(
        _ upload: SourceUpload, digest: [UInt8]? = nil, pieceBytes: Int = 60_000
    ) async throws -> RenderAPI.Source {
        try await client.putSource(Self.options) { writer throws(RPCError) in
            try await writer.write(
                .init(
                    part: .header(
                        .init(
                            digest: Bytes(digest ?? upload.digest),
                            imageBytes: UInt64(upload.image.count),
                            depthBytes: UInt64(upload.depth.count),
                            maskBytes: UInt64(upload.mask.count)))))
            for (index, part) in [upload.image, upload.depth, upload.mask].enumerated() {
                var rest = part[...]
                while !rest.isEmpty {
                    let piece = Bytes(Array(rest.prefix(pieceBytes)))
                    rest = rest.dropFirst(pieceBytes)
                    switch index {
                    case 0: try await writer.write(.init(part: .image(piece)))
                    case 1: try await writer.write(.init(part: .depth(piece)))
                    default: try await writer.write(.init(part: .mask(piece)))
                    }
                }
            }
        }
    }

    func chunks(
        _ request: RenderAPI.MoveRequest, timeout: Duration = .seconds(30)
    ) async throws -> [RenderAPI.ResultChunk.Part] {
        let stream = try await client.renderMove(
            request, CallOptions(timeout: timeout, mayRetry: false))
        var parts: [RenderAPI.ResultChunk.Part] = []
        while let part = try await stream.next()?.part { parts.append(part) }
        return parts
    }
}

private func withHarness(
    _ configuration: RenderConfiguration = RenderConfiguration(),
    _ body: (Harness) async throws -> Void
) async throws {
    let harness = try Harness(configuration)
    do {
        try await body(harness)
    } catch {
        await harness.stop()
        throw error
    }
    await harness.stop()
}

private func panLeft(_ source: Bytes) -> RenderAPI.MoveRequest {
    RenderAPI.MoveRequest(
        source: source,
        path: RenderAPI.Path(
            start: RenderAPI.Vector(x: 0.15), end: RenderAPI.Vector(x: -0.15)))
}

/// The code of the error that `body` throws.
private func failure(_ body: () async throws -> Void) async -> String? {
    do {
        try await body()
        return nil
    } catch let error as RPCError {
        return error.domainCode
    } catch {
        return "\(error)"
    }
}

@Suite(.timeLimit(.minutes(1))) struct `the render service` {
    @Test func `a picture is taken once and known the second time`() async throws {
        try await withHarness { harness in
            let upload = try upload()
            let first = try await harness.put(upload)
            #expect(first.width == 320 && first.height == 180)
            #expect(first.hasDepth && !first.hasMask && !first.isCached)
            let second = try await harness.put(upload)
            #expect(second.isCached && second.digest == first.digest)
        }
    }

    @Test func `a move arrives as a header and pieces of one MP4`() async throws {
        try await withHarness { harness in
            let picture = try await harness.put(try upload())
            let parts = try await harness.chunks(panLeft(picture.digest))
            guard case .header(let header) = parts.first else {
                Issue.record("no header")
                return
            }
            #expect(header.contentType == "video/mp4" && header.frames == 45)
            #expect(header.width == 320 && header.height == 180)
            #expect(header.appliedStrength == 1 && header.depthProvider == "companion")
            var file: [UInt8] = []
            for case .data(let bytes) in parts.dropFirst() {
                #expect(bytes.count <= 256 << 10)
                file += Array(bytes)
            }
            #expect(Box.parse(file[...])?.map(\.type) == ["ftyp", "moov", "mdat"])
            let again = try await harness.chunks(panLeft(picture.digest))
            guard case .header(let cached) = again.first else { return }
            #expect(cached.isCached && !header.isCached)
            #expect(Array(again.dropFirst()) == Array(parts.dropFirst()))
        }
    }

    @Test func `JPEG frames are announced one by one`() async throws {
        try await withHarness { harness in
            let picture = try await harness.put(try upload())
            var request = panLeft(picture.digest)
            request.format = .jpegFrames
            request.frames = 5
            let parts = try await harness.chunks(request)
            var frames: [[UInt8]] = []
            var announced: [Int] = []
            for part in parts.dropFirst() {
                switch part {
                case .frame(let start):
                    #expect(Int(start.index) == frames.count)
                    announced.append(Int(start.bytes))
                    frames.append([])
                case .data(let bytes): frames[frames.count - 1] += Array(bytes)
                case .header: Issue.record("a second header")
                }
            }
            #expect(frames.map(\.count) == announced && frames.count == 5)
            for frame in frames { #expect(try ImageCodec.probe(frame).format == .jpeg) }
        }
    }

    @Test func `depth comes from the companion, else from the picture`() async throws {
        try await withHarness { harness in
            for (hasDepth, provider) in [(true, "companion"), (false, "heuristic")] {
                let picture = try await harness.put(try upload(withDepth: hasDepth))
                let stream = try await harness.client.estimateDepth(
                    .init(source: picture.digest), Harness.options)
                guard case .header(let header) = try await stream.next()?.part,
                    case .data(let bytes) = try await stream.next()?.part
                else {
                    Issue.record("no map")
                    return
                }
                #expect(header.contentType == "image/png" && header.depthProvider == provider)
                let map = try ImageCodec.decodeGrey(Array(bytes))
                #expect(map.width == Int(header.width) && map.height == Int(header.height))
                // The lower rows are nearer, in the scene as in the guess.
                let top = map.samples.prefix(map.width).reduce(0) { $0 + Int($1) }
                let bottom = map.samples.suffix(map.width).reduce(0) { $0 + Int($1) }
                #expect(bottom > top)
            }
        }
    }

    @Test func `what is not here must be uploaded again`() async throws {
        try await withHarness { harness in
            let nowhere = Bytes([UInt8](repeating: 7, count: 32))
            #expect(
                await failure { _ = try await harness.chunks(panLeft(nowhere)) }
                    == "SOURCE_MISSING")
        }
    }

    @Test func `bad uploads are refused by name and nothing is kept`() async throws {
        var configuration = RenderConfiguration()
        configuration.uploadBytesMax = 200_000
        try await withHarness(configuration) { harness in
            let good = try upload()
            let wrong = [UInt8](repeating: 1, count: 32)
            #expect(
                await failure { _ = try await harness.put(good, digest: wrong) }
                    == "DIGEST_MISMATCH")
            #expect(
                await failure { _ = try await harness.put(good, digest: [1]) }
                    == "INVALID_SOURCE")
            let text = SourceUpload(image: Array("not a picture".utf8))
            #expect(await failure { _ = try await harness.put(text) } == "UNSUPPORTED_IMAGE")
            let cut = SourceUpload(image: Array(good.image.dropLast(500)))
            #expect(await failure { _ = try await harness.put(cut) } == "IMAGE_INVALID")
            let huge = SourceUpload(image: [UInt8](repeating: 0, count: 200_001))
            #expect(await failure { _ = try await harness.put(huge) } == "IMAGE_TOO_LARGE")
            let empty = SourceUpload(image: [])
            #expect(await failure { _ = try await harness.put(empty) } == "INVALID_SOURCE")
            #expect(harness.service.source(wrong) == nil)
            #expect(harness.service.source(cut.digest) == nil)
        }
    }

    @Test func `impossible moves are refused by field`() async throws {
        try await withHarness { harness in
            let picture = try await harness.put(try upload())
            let changes: [@Sendable (inout RenderAPI.MoveRequest) -> Void] = [
                { $0.width = 321 }, { $0.height = 180 }, { $0.frames = 1441 },
                { $0.framesPerSecond = 61 }, { $0.strength = .nan }, { $0.strength = 1.1 },
                { $0.pivot = -.infinity }, { $0.quality = 52 }, { $0.format = .unrecognized(9) },
                { $0.path?.end?.z = .nan }, { $0.path?.startRotation = .init(yaw: 2) },
                { $0.overlay = .init(letterboxShare: 0.6) }, { $0.overlay = .init(grain: -1) },
                { $0.subjectMotion = String(repeating: "x", count: 4001) },
            ]
            for change in changes {
                var request = panLeft(picture.digest)
                change(&request)
                #expect(
                    await failure { _ = try await harness.chunks(request) } == "INVALID_MOVE")
            }
        }
    }

    @Test func `a deadline ends a long render early`() async throws {
        try await withHarness { harness in
            let picture = try await harness.put(try upload())
            var request = panLeft(picture.digest)
            request.width = 1280
            request.height = 720
            request.frames = 1440
            let time = SystemTime()
            let began = time.instant
            #expect(
                await failure {
                    _ = try await harness.chunks(request, timeout: .milliseconds(300))
                } == "DEADLINE_EXCEEDED")
            #expect(time.instant - began < .seconds(3))
            // The worker is free again soon: a small move still gets done.
            #expect(try await harness.chunks(panLeft(picture.digest)).count >= 2)
        }
    }

    @Test func `a full queue refuses with a hint and loses nothing else`() async throws {
        var configuration = RenderConfiguration()
        configuration.workers = 1
        configuration.queuedMax = 2
        try await withHarness(configuration) { harness in
            let picture = try await harness.put(try upload())
            let outcomes = await withTaskGroup(of: String?.self) { group in
                for index in 0..<8 {
                    group.addTask {
                        var request = panLeft(picture.digest)
                        request.quality = UInt32(20 + index)
                        return await failure { _ = try await harness.chunks(request) }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.contains("OVERLOADED"))
            #expect(outcomes.contains(nil))
            #expect(outcomes.allSatisfy { $0 == nil || $0 == "OVERLOADED" })
        }
    }
}
