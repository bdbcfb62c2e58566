import Foundation
import Cryptography
import Glibc
import ImageCodec
import MediaService
import RPC
import ServiceAPI
import ServiceRuntime
import Testing
import Wire

/// A folder of its own, removed with the last reference.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        path = "/tmp/media-test-" + Hex.encode(RandomSource.system.bytes(8))
        mkdir(path, 0o700)
    }

    deinit {
        remove(path)
    }

    private func remove(_ path: String) {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != ".", name != ".." { remove("\(path)/\(name)") }
            }
            closedir(folder)
        }
        Glibc.remove(path)
    }
}

/// Small pictures that can be decoded.
enum Samples {
    /// 16 by 8 pixels, lossless: red on the left, blue on the right.
    static let webp = decoded(
        "UklGRiYAAABXRUJQVlA4TBkAAAAvD8ABAA8Q87//8x8OxILJ/KU7U4jof+QAAA==")

    /// 16 by 8 pixels, two frames.
    static let animatedWebP = decoded(
        "UklGRnABAABXRUJQVlA4WAoAAAACAAAADwAABwAAQU5JTQYAAAD/////AABBTk1G0AAAAAAA"
            + "AAAAAA8AAAcAAGQAAAJWUDgguAAAABAEAJ0BKhAACAACADQlsAJ0cwF9gqgDoAMoa/VX0aXe"
            + "AXDjmjPAF2WAAP75Z7OQkKUngf8vxSfpf/f9cf5D4M/GId/xziMyTwbE8Skw8KqOxO8a2pdR"
            + "fH/0cG49DT1mEoJv6sXdfP/UVOIzs65PzPqP6R/z2rf/Fbr2Xf4/v33/pOtr8W1z3zf/89/s"
            + "TLvmk40/LmGZIWSCP7bOwI5Zp61yruKlH/8EA43v7b4/XT+b67786SQAAABBTk1GbAAAAAAA"
            + "AAMAAA8AAAEAAGQAAABWUDggVAAAABQDAJ0BKhAAAgAAADQlsAJ0ugFEA+gDe/84A/wAFkpt"
            + "ZAD+2H7LkNsRivlL3K0ctumGGJ/6/DfFf8vLxG/806z4/RLu/PqlNVO+blRywFiYqfcAAA==")

    private static func decoded(_ base64: String) -> [UInt8] {
        Data(base64Encoded: base64).map(Array.init) ?? []
    }

    static func rgb(_ tone: UInt8, _ width: Int, _ height: Int) -> [UInt8] {
        (0..<width * height).flatMap { index in
            [tone, UInt8(index % 251), UInt8(index / width % 251)]
        }
    }

    static func jpeg(_ tone: UInt8, width: Int = 64, height: Int = 36) throws -> [UInt8] {
        try ImageCodec.encodeJPEG(rgb: rgb(tone, width, height), width: width, height: height)
    }

    static func png(_ tone: UInt8, width: Int = 64, height: Int = 36) throws -> [UInt8] {
        try ImageCodec.encodePNG(rgb: rgb(tone, width, height), width: width, height: height)
    }

    static func depth(_ tone: UInt16 = 9, width: Int = 64, height: Int = 36) throws -> [UInt8] {
        try ImageCodec.encodeGreyPNG(
            [UInt16](repeating: tone, count: width * height), width: width, height: height)
    }
}

/// A provider whose answers the test gives.
final class ScriptedImageProvider: ImageProvider {
    typealias Script = @Sendable (ImageRequest, Attempt) async throws -> ImageResult

    let identity: ProviderIdentity
    private let script: Script
    private let log = Lock<[(intent: String, attempt: Int, reference: String?)]>([])

    init(_ id: String = "scripted", concurrency: Int = 2, _ script: @escaping Script) {
        identity = ProviderIdentity(id: id, model: id, concurrency: concurrency)
        self.script = script
    }

    /// Draws a small picture; equal intents give equal bytes.
    static func draw(_ request: ImageRequest) throws -> ImageResult {
        let tone = UInt8(request.intent.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFF })
        return ImageResult(picture: try Samples.jpeg(tone))
    }

    var calls: [(intent: String, attempt: Int, reference: String?)] { log.withLock { $0 } }

    func makeImage(_ request: ImageRequest, _ attempt: Attempt) async throws -> ImageResult {
        log.withLock { $0.append((request.intent, attempt.number, attempt.providerReference)) }
        return try await script(request, attempt)
    }
}

final class ScriptedVideoProvider: VideoProvider {
    let identity = ProviderIdentity(id: "scripted", model: "scripted-video", concurrency: 1)
    private let asked = Lock<[VideoRequest]>([])

    var requests: [VideoRequest] { asked.withLock { $0 } }
    var calls: Int { requests.count }

    func makeVideo(
        _ request: VideoRequest, from source: SourcePicture, _ attempt: Attempt
    ) async throws -> VideoResult {
        asked.withLock { $0.append(request) }
        return VideoResult(
            bytes: [0, 0, 0, 16] + Array("ftypisom".utf8) + source.digest
                + Array("\(request.move.end.x) \(request.format)".utf8),
            contentType: "video/mp4", width: 320, height: 180, durationMicroseconds: 3_000_000)
    }
}

final class ScriptedDepthProvider: DepthProvider {
    let identity = ProviderIdentity(id: "scripted", model: "scripted-depth", concurrency: 1)
    private let state = Lock<(calls: Int, failures: Int)>((0, 0))

    init(failures: Int = 0) { state.withLock { $0.failures = failures } }

    var calls: Int { state.withLock { $0.calls } }

    func estimateDepth(of source: SourcePicture, _ attempt: Attempt) async throws -> DepthResult {
        let fails = state.withLock { state in
            state.calls += 1
            state.failures -= 1
            return state.failures >= 0
        }
        for _ in 0..<20 { await Task.yield() }
        if fails {
            throw JobFailure(.transient, code: "UNAVAILABLE", message: "Not now.")
        }
        return DepthResult(
            bytes: try Samples.depth(width: source.width, height: source.height),
            method: "heuristic")
    }
}

/// Thrown by a watcher that has seen what it waited for.
struct Seen: Error {}

/// A service on its own folder with virtual time.
final class MediaFixture: Sendable {
    let folder: TemporaryFolder
    let time: VirtualTime
    let images: [any ImageProvider]
    let video: ScriptedVideoProvider
    let depth: ScriptedDepthProvider
    let configuration: MediaConfiguration
    private let threads = WorkerPool(threads: 2, name: "test-media")
    /// A process that starts again does not make the same ids again.
    private let seed = Lock<UInt64>(7)

    init(
        image: any ImageProvider = ScriptedImageProvider { request, _ in
            try ScriptedImageProvider.draw(request)
        },
        thenImages: [any ImageProvider] = [],
        depth: ScriptedDepthProvider = ScriptedDepthProvider(),
        configure: (inout MediaConfiguration) -> Void = { _ in }
    ) {
        folder = TemporaryFolder()
        time = VirtualTime()
        images = [image] + thenImages
        video = ScriptedVideoProvider()
        self.depth = depth
        var configuration = MediaConfiguration()
        configuration.store = "sqlite:\(folder.path)/media.db"
        configuration.blobs = "file:\(folder.path)/blobs"
        configuration.space.freeBytesMin = 1 << 20
        configuration.space.freePercentMin = 0
        configure(&configuration)
        self.configuration = configuration
    }

    deinit { threads.stop() }

    func open(faults: MediaFaults = .none) async throws -> MediaService {
        var parts = MediaService.Parts(threads: threads, decoding: threads)
        parts.time = time
        parts.random = .seeded(
            seed.withLock { seed in
                seed += 1
                return seed
            })
        parts.faults = faults
        return try await MediaService(
            configuration, providers: Providers(image: images, video: [video], depth: [depth]),
            parts: parts)
    }

    /// Opens the service without workers.
    func idle(_ body: (MediaService) async throws -> Void) async throws {
        let service = try await open()
        do {
            try await body(service)
        } catch {
            service.stop()
            throw error
        }
        service.stop()
    }

    /// Opens the service, works on jobs while the body runs, and drops everything afterwards.
    func running(
        faults: MediaFaults = .none, _ body: (MediaService) async throws -> Void
    ) async throws {
        let service = try await open(faults: faults)
        let work = Task { await service.run() }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(service))
        } catch {
            result = .failure(error)
        }
        work.cancel()
        await work.value
        service.stop()
        try result.get()
    }

    static func image(
        _ reference: String, _ intent: String = "a fox", deadlineMs: UInt32 = 0
    ) -> MediaAPI.JobRequest {
        MediaAPI.JobRequest(
            clientReference: reference, kind: .image,
            image: MediaAPI.ImageRecipe(intent: intent, aspectRatio: "16:9"),
            deadlineMs: deadlineMs)
    }
}

extension MediaService {
    @discardableResult
    func create(
        _ jobs: [MediaAPI.JobRequest], user: String = "ann"
    ) async throws -> [MediaStore.JobView] {
        try await createJobs(
            MediaAPI.CreateJobsRequest(userID: user, owner: "op", jobs: jobs))
    }

    /// Waits, without polling, until a job is as wanted.
    @discardableResult
    func wait(
        for reference: String, _ isWanted: @escaping @Sendable (JobRecord) -> Bool
    ) async throws -> MediaStore.JobView {
        let found = Lock<MediaStore.JobView?>(nil)
        do {
            try await watchJobs(MediaAPI.GetJobsRequest(clientReferences: [reference])) { view in
                guard isWanted(view.job) else { return }
                found.withLock { $0 = view }
                throw Seen()
            }
        } catch is Seen {}
        return try #require(found.withLock { $0 }, "the job ended in another way")
    }

    func wait(for reference: String, _ phase: JobPhase) async throws -> MediaStore.JobView {
        try await wait(for: reference) { $0.machine.phase == phase }
    }

    func assets() async throws -> [AssetRecord] {
        try await library.store.assets(after: "", limit: 1000)
    }

    /// A picture that stands in the index without a job.
    func keepPicture(_ tone: UInt8, user: String = "ann") async throws -> AssetRecord {
        try await uploads.store(
            try Samples.jpeg(tone), declared: "image/jpeg", userID: user)
    }
}
