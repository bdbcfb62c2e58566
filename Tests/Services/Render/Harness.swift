import RPC
import RenderService
import ServiceAPI
import ServiceRuntime
import Wire

/// A service behind a server and a client in this process.
final class Harness: Sendable {
    let service: RenderService
    let client: RenderAPI.Client
    let metrics = Metrics()
    private let keeping: Task<Void, Never>
    private let channel: Channel
    private let server: Server
    private let loops: [EventLoop]

    init(
        _ configuration: RenderConfiguration = RenderConfiguration(),
        depths: DepthList = DepthList(), store: ResultStore? = nil
    ) throws {
        let service = RenderService(
            configuration, metrics: metrics, depths: depths, store: store)
        self.service = service
        keeping = Task { await service.keepResults() }
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
        keeping.cancel()
        await keeping.value
        service.stop()
        for loop in loops { loop.stop() }
    }

    /// Frames that were rendered and encoded; -1 when nobody counts.
    var encodedFrames: Int { metric("render_frames_encoded_total") }

    /// Frames that are still finished once the service has heard that nobody wants them any more,
    /// and how long it takes until their memory is free.
    func framesAfterCancelling() async -> (count: Int, wait: Duration) {
        let time = SystemTime()
        // A call that is heard to be cancelled is not served any more.
        while metric("render_calls_running") > 0 { await Task.yield() }
        let (began, frames) = (time.instant, encodedFrames)
        while service.reservedBytes > 0 || service.waiting > 0 { await Task.yield() }
        return (encodedFrames - frames, time.instant - began)
    }

    private func metric(_ name: String) -> Int {
        let name = name + " "
        let line = metrics.text().split(separator: "\n").first { $0.hasPrefix(name) }
        return Int(line?.dropFirst(name.count) ?? "") ?? -1
    }

    static let options = CallOptions(timeout: .seconds(30), mayRetry: false)

    static func options(user: String) -> CallOptions {
        CallOptions(
            timeout: .seconds(30), metadata: CallMetadata(userID: user), mayRetry: false)
    }

    func put(
        _ upload: SourceUpload, digest: [UInt8]? = nil, pieceBytes: Int = 60_000
    ) async throws -> RenderAPI.Source {
        try await putSource(
            upload, client: client, digest: digest ?? upload.digest, pieceBytes: pieceBytes)
    }

    /// What comes of a move but for progress, which depends on time.
    func chunks(
        _ request: RenderAPI.MoveRequest, timeout: Duration = .seconds(30)
    ) async throws -> [RenderAPI.ResultChunk.Part] {
        let stream = try await client.renderMove(
            request, CallOptions(timeout: timeout, mayRetry: false))
        var parts: [RenderAPI.ResultChunk.Part] = []
        while let part = try await stream.next()?.part {
            if case .progress = part { continue }
            parts.append(part)
        }
        return parts
    }

    /// One move of an answer, put together.
    struct Clip: Hashable {
        var header = RenderAPI.ResultHeader()
        var poster: [UInt8] = []
        var bytes: [UInt8] = []
        /// Where each frame begins.
        var frames: [Int] = []
        var isEnded = false

        mutating func add(_ part: RenderAPI.ResultChunk.Part) {
            switch part {
            case .header(let header): self.header = header
            case .poster(let piece): poster += Array(piece)
            case .data(let piece): bytes += Array(piece)
            case .frame: frames.append(bytes.count)
            case .end: isEnded = true
            case .progress: break
            }
        }

        var pictures: [[UInt8]] {
            frames.indices.map { index in
                let end = index + 1 < frames.count ? frames[index + 1] : bytes.count
                return Array(bytes[frames[index]..<end])
            }
        }
    }

    func clip(_ request: RenderAPI.MoveRequest) async throws -> Clip {
        var clip = Clip()
        for part in try await chunks(request) { clip.add(part) }
        return clip
    }

    /// All moves of a request by place, and the places in the order in which chunks came.
    func clips(
        _ request: RenderAPI.MovesRequest
    ) async throws -> (clips: [Int: Clip], order: [Int]) {
        let stream = try await client.renderMoves(request, Self.options)
        var clips: [Int: Clip] = [:]
        var order: [Int] = []
        while let chunk = try await stream.next() {
            guard let part = chunk.part else { continue }
            clips[Int(chunk.move), default: Clip()].add(part)
            order.append(Int(chunk.move))
        }
        return (clips, order)
    }
}

func withHarness(
    _ configuration: RenderConfiguration = RenderConfiguration(),
    depths: DepthList = DepthList(), store: ResultStore? = nil,
    _ body: (Harness) async throws -> Void
) async throws {
    let harness = try Harness(configuration, depths: depths, store: store)
    do {
        try await body(harness)
    } catch {
        await harness.stop()
        throw error
    }
    await harness.stop()
}

func panLeft(_ source: Bytes) -> RenderAPI.MoveRequest {
    RenderAPI.MoveRequest(
        source: source,
        path: RenderAPI.Path(
            start: RenderAPI.Vector(x: 0.15), end: RenderAPI.Vector(x: -0.15)))
}

/// The code of the error that `body` throws.
func failure(_ body: () async throws -> Void) async -> String? {
    await error(body)?.domainCode
}

/// The error that `body` throws.
func error(_ body: () async throws -> Void) async -> RPCError? {
    do {
        try await body()
        return nil
    } catch let error as RPCError {
        return error
    } catch {
        return RPCError(.unknown, "\(error)", "not of the service")
    }
}

/// Uploads a picture with what belongs to it, in pieces.
func putSource(
    _ upload: SourceUpload, client: RenderAPI.Client, digest: [UInt8],
    pieceBytes: Int = 60_000
) async throws -> RenderAPI.Source {
    try await client.putSource(Harness.options) { writer throws(RPCError) in
        try await writer.write(
            .init(
                part: .header(
                    .init(
                        digest: Bytes(digest),
                        imageBytes: UInt64(upload.image.count),
                        depthBytes: UInt64(upload.depth.count),
                        maskBytes: UInt64(upload.mask.count),
                        depthIsSupplied: upload.isDepthSupplied))))
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
