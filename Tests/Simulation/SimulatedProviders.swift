import ImageCodec
import MediaService
import ServiceRuntime

/// How often a provider does what, as probabilities; otherwise it delivers soon.
struct ProviderFaults: Hashable, Sendable {
    var isSlow = 0.0
    var fails = 0.0
    var refuses = 0.0
    var throttles = 0.0
    /// The work was accepted and the answer lost: nobody knows.
    var isUnknown = 0.0
    var isGarbage = 0.0
}

/// Providers outside of the simulated processes, with a log of their own: what they were asked for,
/// and what they would send a bill for.
// Safe: used on the simulation's thread only.
final class SimulatedProviders: @unchecked Sendable {
    /// What was asked for under one key.
    struct Work {
        var tries = 0
        /// Of the newest try.
        var newest = 0
    }

    private let time: VirtualTime
    private let random: RandomSource
    private let log: EventLog
    var faults: ProviderFaults
    private(set) var works: [String: Work] = [:]
    /// Pictures whose depth was delivered, by their digests.
    private(set) var depthsOf: Set<[UInt8]> = []
    /// Told before a picture or clip is worked on.
    var asked: @Sendable (_ key: String, _ isVideo: Bool) -> Void = { _, _ in }
    /// The key and try of each picture or clip that was handed out, by its bytes.
    private(set) var handedOut: [[UInt8]: (key: String, number: Int)] = [:]
    private var atWork: [String: Int] = [:]
    private var drawn = 0

    init(time: VirtualTime, random: RandomSource, log: EventLog, faults: ProviderFaults) {
        self.time = time
        self.random = random
        self.log = log
        self.faults = faults
    }

    /// Whether somebody waits for a try of it.
    func isAtWork(on key: String) -> Bool { atWork[key, default: 0] > 0 }

    var all: Providers {
        Providers(
            image: [Images(providers: self)], video: [Videos(providers: self)],
            depth: [Depths(providers: self)])
    }

    /// Takes the time it takes, and fails as it may.
    /// - Returns: The number of the try; nil when garbage is to be delivered.
    fileprivate func work(_ key: String, isVideo: Bool) async throws -> Int? {
        asked(key, isVideo)
        var work = works[key] ?? Work()
        work.tries += 1
        work.newest = work.tries
        works[key] = work
        let number = work.tries
        atWork[key, default: 0] += 1
        defer { atWork[key, default: 0] -= 1 }
        log.note("provider \(isVideo ? "video" : "image") \(key) try \(number)")
        let isSlow = random.chance(faults.isSlow)
        let fate = random.unit()
        let delay =
            isSlow
            ? random.duration(.seconds(2), .seconds(50))
            : random.duration(.milliseconds(20), .seconds(2))
        try await time.sleep(for: delay)
        var bound = faults.fails
        if fate < bound { throw failure(.transient) }
        bound += faults.refuses
        if fate < bound { throw failure(.permanent) }
        bound += faults.throttles
        if fate < bound {
            var failure = failure(.throttled)
            failure.retryAfterMicroseconds = 3_000_000
            throw failure
        }
        bound += faults.isUnknown
        if fate < bound {
            log.note("provider unknown \(key)")
            throw failure(.unknown)
        }
        bound += faults.isGarbage
        return fate < bound ? nil : number
    }

    private func failure(_ kind: FailureClass) -> JobFailure {
        JobFailure(kind, code: "IMAGE_GENERATION_FAILED", message: "It could not be made.")
    }

    /// A picture like no other.
    fileprivate func picture(_ key: String, _ number: Int) throws -> [UInt8] {
        let bytes = try ImageCodec.encodePNG(rgb: pixels(), width: 16, height: 9, level: 1)
        handedOut[bytes] = (key, number)
        return bytes
    }

    fileprivate func clip(_ key: String, _ number: Int) -> [UInt8] {
        drawn += 1
        let bytes = [0, 0, 0, 16] + Array("ftypisom clip \(drawn)".utf8)
        handedOut[bytes] = (key, number)
        return bytes
    }

    fileprivate func depth(of source: [UInt8]) async throws -> [UInt8] {
        try await time.sleep(for: random.duration(.milliseconds(20), .seconds(1)))
        if random.chance(faults.fails) {
            throw JobFailure(.transient, code: "UNAVAILABLE", message: "Not now.")
        }
        depthsOf.insert(source)
        return try ImageCodec.encodeGreyPNG(
            [UInt16](repeating: UInt16(drawn & 0xFFFF), count: 16 * 9), width: 16, height: 9)
    }

    private func pixels() -> [UInt8] {
        drawn += 1
        return (0..<16 * 9 * 3).map { UInt8(truncatingIfNeeded: drawn >> ($0 % 24)) }
    }
}

private struct Images: ImageProvider {
    let providers: SimulatedProviders
    let identity = ProviderIdentity(id: "local", model: "local", concurrency: 3)

    func makeImage(_ request: ImageRequest, _ attempt: Attempt) async throws -> ImageResult {
        guard let number = try await providers.work(attempt.key, isVideo: false) else {
            return ImageResult(picture: Array("<html>not a picture</html>".utf8))
        }
        return ImageResult(picture: try providers.picture(attempt.key, number))
    }
}

private struct Videos: VideoProvider {
    let providers: SimulatedProviders
    let identity = ProviderIdentity(id: "local", model: "local-parallax", concurrency: 2)

    func makeVideo(
        _ request: VideoRequest, from source: SourcePicture, _ attempt: Attempt
    ) async throws -> VideoResult {
        let number = try await providers.work(attempt.key, isVideo: true)
        let bytes = number.map { providers.clip(attempt.key, $0) } ?? Array("no clip".utf8)
        return VideoResult(
            bytes: bytes, contentType: "video/mp4", width: 320, height: 180,
            durationMicroseconds: 3_000_000)
    }
}

private struct Depths: DepthProvider {
    let providers: SimulatedProviders
    let identity = ProviderIdentity(id: "local", model: "local", concurrency: 1)

    func estimateDepth(of source: SourcePicture, _ attempt: Attempt) async throws -> DepthResult {
        DepthResult(bytes: try await providers.depth(of: source.digest), method: "heuristic")
    }
}
