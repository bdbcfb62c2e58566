import ImageCodec
import MediaService
import ServiceRuntime
import Testing

/// What every image provider must do, whoever draws.
enum ImageProviderConformance {
    static let request = ImageRequest(
        intent: "a fox crossing a frozen lake at dawn",
        choices: [
            .init(dimension: "direction", optionID: "cinematic", fragments: ["film-like quality"])
        ],
        prompt: "a fox crossing a frozen lake at dawn, film-like quality", seed: 0, width: 256,
        height: 144)

    static func check(_ provider: any ImageProvider) async throws {
        #expect(!provider.identity.id.isEmpty)
        #expect(!provider.identity.model.isEmpty)
        try await checkResult(provider)
        try await checkCancel(provider)
    }

    private static func checkResult(_ provider: any ImageProvider) async throws {
        let shares = Lock<[Double]>([])
        let result = try await provider.makeImage(
            request,
            Attempt(
                key: "k1", number: 1,
                report: { share in
                    shares.withLock { $0.append(share) }
                }))
        let picture = try ImageCodec.decodeRGB(result.picture)
        #expect([picture.width, picture.height] == [request.width, request.height])
        for companion in [result.clean, result.depth, result.mask].compactMap({ $0 }) {
            let info = try ImageCodec.probe(companion)
            #expect([info.width, info.height] == [request.width, request.height])
        }
        if let depth = result.depth {
            let samples = try ImageCodec.decodeGrey(depth).samples
            #expect(Set(samples).count > 1, "a flat depth map says nothing")
        }
        let told = shares.withLock { $0 }
        #expect(told.allSatisfy { (0...1).contains($0) })
        #expect(told == told.sorted())
    }

    /// A cancelled try ends soon, with `CancellationError` and nothing else.
    private static func checkCancel(_ provider: any ImageProvider) async throws {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await provider.makeImage(request, Attempt(key: "k2", number: 1))
        }
        await #expect(throws: CancellationError.self) { _ = try await task.value }
    }
}

struct ImageProviderTests {
    private let threads = WorkerPool(threads: 2, name: "test-draw")

    @Test func `the local provider conforms`() async throws {
        try await ImageProviderConformance.check(LocalImageProvider(threads: threads))
    }

    @Test func `the fault provider without rules conforms`() async throws {
        let fault = try #require(
            FaultImageProvider(
                rules: "", other: LocalImageProvider(threads: threads), time: VirtualTime()))
        try await ImageProviderConformance.check(fault)
    }

    @Test func `equal requests give equal bytes on any thread`() async throws {
        let provider = LocalImageProvider(threads: threads)
        let request = ImageProviderConformance.request
        async let first = provider.makeImage(request, Attempt(key: "a", number: 1))
        async let second = provider.makeImage(request, Attempt(key: "b", number: 2))
        let (one, other) = try await (first, second)
        #expect(one.picture == other.picture)
        #expect(one.clean == other.clean)
        #expect(one.depth == other.depth)
        #expect(one.mask == other.mask)
        #expect(one.overlay == other.overlay)
    }

    @Test func `seed, fragments and words change the picture`() async throws {
        let provider = LocalImageProvider(threads: threads)
        let base = ImageProviderConformance.request
        var seeded = base
        seeded.seed = 99
        var worded = base
        worded.intent = "a red car in a city street at night"
        let pictures = try await [base, seeded, worded].asyncMap {
            try await provider.makeImage($0, Attempt(key: "k", number: 1)).picture
        }
        #expect(Set(pictures).count == 3)
    }

    @Test func `rules decide which try of which option goes wrong`() async throws {
        let fault = try #require(
            FaultImageProvider(
                rules: "refuse@dreamy;fail@tense#1;garbage@fox#2",
                other: ScriptedImageProvider { request, _ in
                    try ScriptedImageProvider.draw(request)
                }, time: VirtualTime()))
        func outcome(_ intent: String, _ option: String, _ number: Int) async -> String {
            let request = ImageRequest(
                intent: intent, choices: [.init(dimension: "mood", optionID: option)])
            do {
                let made = try await fault.makeImage(
                    request, Attempt(key: "k", number: number))
                return (try? ImageCodec.probe(made.picture)) == nil ? "garbage" : "picture"
            } catch let failure as JobFailure {
                return failure.kind.rawValue
            } catch {
                return "\(error)"
            }
        }
        #expect(await outcome("a bear", "dreamy", 3) == "permanent")
        #expect(await outcome("a bear", "tense", 1) == "transient")
        #expect(await outcome("a bear", "tense", 2) == "picture")
        #expect(await outcome("a Fox runs", "calm", 2) == "garbage")
        #expect(await outcome("a Fox runs", "calm", 3) == "picture")
    }

    @Test(arguments: ["explode@x", "slow@x", "fail@x#many", "fail=3@x"])
    func `rules that make no sense are refused`(_ rules: String) {
        let other = ScriptedImageProvider { request, _ in try ScriptedImageProvider.draw(request) }
        #expect(FaultImageProvider(rules: rules, other: other, time: VirtualTime()) == nil)
    }
}

extension Array {
    fileprivate func asyncMap<Value>(
        _ transform: (Element) async throws -> Value
    ) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
