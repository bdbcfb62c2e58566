import MediaService
import ServiceAPI
import ServiceRuntime
import Testing

struct JobRunnerTests {
    /// The runner's own sleepers: heartbeat and collector.
    private static let idleSleepers = 2

    private static let failure = JobFailure(
        .transient, code: "IMAGE_GENERATION_FAILED", message: "No.")

    @Test func `a job becomes an asset and tells each change`() async throws {
        let fixture = MediaFixture()
        try await fixture.running { service in
            try await service.create([MediaFixture.image("r1")])
            let view = try await service.wait(for: "r1", .done)
            let asset = try #require(view.asset)
            #expect(asset.userID == "ann")
            #expect(asset.contentType == "image/jpeg")
            #expect([asset.width, asset.height] == [64, 36])
            #expect(view.job.provider == "scripted")
            #expect(try await service.collector.verify().violations.isEmpty)
        }
    }

    @Test func `a failed picture is tried after one and two seconds and then given up`()
        async throws
    {
        let provider = ScriptedImageProvider { _, _ in throw Self.failure }
        let fixture = MediaFixture(image: provider)
        try await fixture.running { service in
            try await service.create([MediaFixture.image("r1")])
            for failures in 1...2 {
                let view = try await service.wait(for: "r1") {
                    $0.machine.phase == .queued && $0.machine.failures == failures
                }
                let delay = view.job.machine.due - fixture.time.now.microseconds
                let base = Int64(failures) * 1_000_000
                #expect((base * 8 / 10...base * 12 / 10).contains(delay))
                await fixture.time.waitForSleepers(Self.idleSleepers + 1)
                fixture.time.advance(by: .microseconds(delay - 1))
                #expect(provider.calls.count == failures)
                fixture.time.advance(by: .microseconds(1))
            }
            let view = try await service.wait(for: "r1", .failed)
            #expect(view.job.machine.error?.code == "IMAGE_GENERATION_FAILED")
            #expect(provider.calls.map(\.attempt) == [1, 2, 3])
            #expect(try await service.assets().isEmpty)
        }
    }

    @Test func `what comes back is checked before it is believed`() async throws {
        let provider = ScriptedImageProvider { request, attempt in
            switch request.intent {
            case "html": ImageResult(picture: Array("<html></html>".utf8))
            case "cut": ImageResult(picture: Array(try Samples.jpeg(3).dropLast(200)))
            case "empty": ImageResult(picture: [])
            default:
                ImageResult(
                    picture: try Samples.jpeg(3), depth: try Samples.depth(1, width: 8, height: 8))
            }
        }
        let fixture = MediaFixture(image: provider) { $0.rules.retryDelays = [] }
        try await fixture.running { service in
            for intent in ["html", "cut", "empty", "small depth"] {
                try await service.create([MediaFixture.image(intent.filter { $0 != " " }, intent)])
                let view = try await service.wait(for: intent.filter { $0 != " " }, .failed)
                #expect(view.job.machine.error?.code == "PROVIDER_BAD_OUTPUT")
            }
            #expect(try await service.assets().isEmpty)
            #expect(try await service.library.blobs.list().digests.isEmpty)
        }
    }

    @Test func `a job that waits is cancelled at once`() async throws {
        let fixture = MediaFixture()
        try await fixture.idle { service in
            try await service.create([MediaFixture.image("r1")])
            let views = try await service.cancelJobs(
                MediaAPI.GetJobsRequest(clientReferences: ["r1"]))
            #expect(views.map(\.job.machine.phase) == [.cancelled])
        }
    }

    @Test func `a job that runs is cancelled and its provider stops`() async throws {
        let isStopped = Lock(false)
        let provider = ScriptedImageProvider { _, _ in
            do {
                try await Task.sleep(for: .seconds(600))
            } catch {
                isStopped.withLock { $0 = true }
                throw error
            }
            throw Self.failure
        }
        let fixture = MediaFixture(image: provider)
        try await fixture.running { service in
            try await service.create([MediaFixture.image("r1")])
            _ = try await service.wait(for: "r1", .waiting)
            _ = try await service.cancelJobs(MediaAPI.GetJobsRequest(clientReferences: ["r1"]))
            let view = try await service.wait(for: "r1", .cancelled)
            #expect(isStopped.withLock { $0 })
            #expect(view.asset == nil)
            let again = try await service.cancelJobs(
                MediaAPI.GetJobsRequest(clientReferences: ["r1"]))
            #expect(again[0].job.machine.phase == .cancelled)
        }
    }

    @Test func `a try that takes too long is given up`() async throws {
        let provider = ScriptedImageProvider { _, _ in
            try await Task.sleep(for: .seconds(600))
            throw Self.failure
        }
        let fixture = MediaFixture(image: provider) { $0.rules.retryDelays = [] }
        try await fixture.running { service in
            try await service.create([MediaFixture.image("r1")])
            _ = try await service.wait(for: "r1", .waiting)
            await fixture.time.waitForSleepers(Self.idleSleepers + 1)
            fixture.time.advance(by: .seconds(120))
            let view = try await service.wait(for: "r1", .failed)
            #expect(view.job.machine.error?.code == "PROVIDER_TIMEOUT")
        }
    }

    @Test func `a drain hands back what runs, and the next process makes it`() async throws {
        let isHanging = Lock(true)
        let provider = ScriptedImageProvider { request, _ in
            if isHanging.withLock({ $0 }) { try await Task.sleep(for: .seconds(600)) }
            return try ScriptedImageProvider.draw(request)
        }
        let fixture = MediaFixture(image: provider)
        let service = try await fixture.open()
        let work = Task { await service.run() }
        try await service.create([MediaFixture.image("r1")])
        _ = try await service.wait(for: "r1", .waiting)
        service.drain()
        await work.value
        let job = try #require(try await service.library.store.job(reference: "r1"))
        #expect(job.machine.phase == .queued)
        #expect(job.machine.claims == 0)
        await #expect(throws: MediaError.draining) {
            try await service.create([MediaFixture.image("r2")])
        }
        service.stop()
        isHanging.withLock { $0 = false }
        try await fixture.running { service in
            _ = try await service.wait(for: "r1", .done)
        }
    }

    @Test(arguments: MediaFaults.Point.allCases)
    func `a crash at any step leaves one asset and no temporary file`(
        _ point: MediaFaults.Point
    ) async throws {
        let fixture = MediaFixture()
        let crashed = Lock(false)
        try await fixture.running(
            faults: MediaFaults { reached in
                let isDead = crashed.withLock { crashed in
                    if reached == point { crashed = true }
                    return crashed
                }
                if isDead { throw MediaFaults.Crash() }
            }
        ) { service in
            try await service.create([MediaFixture.image("r1")])
            while !crashed.withLock({ $0 }) { await Task.yield() }
        }
        try await fixture.running { service in
            let view = try await service.wait(for: "r1", .done)
            #expect(view.job.machine.claims <= 2)
            #expect(try await service.assets().map(\.id) == [view.job.assetID])
            #expect(try await service.library.blobs.list().digests.count == 1)
            #expect(try service.library.blobs.pendingNames().isEmpty)
            let report = try await service.collector.verify()
            #expect(report.assets == 1)
            #expect(report.violations.isEmpty)
        }
    }

    @Test func `a job whose process dies each time ends dead`() async throws {
        let fixture = MediaFixture()
        for round in 1...5 {
            let crashed = Lock(false)
            try await fixture.running(
                faults: MediaFaults { point in
                    crashed.withLock { $0 = true }
                    throw MediaFaults.Crash()
                }
            ) { service in
                if round == 1 { try await service.create([MediaFixture.image("r1")]) }
                while !crashed.withLock({ $0 }) { await Task.yield() }
            }
        }
        try await fixture.running { service in
            let view = try await service.wait(for: "r1", .dead)
            #expect(view.job.machine.claims == 5)
            let replay = try await service.replayJob(view.job.id, reference: "r1-again")
            #expect(replay.job.id != view.job.id)
            _ = try await service.wait(for: "r1-again", .done)
        }
    }

    @Test func `a provider's name for its work survives a crash and is not asked for twice`()
        async throws
    {
        let submits = Lock<[String]>([])
        let provider = ScriptedImageProvider { request, attempt in
            if attempt.providerReference == nil {
                submits.withLock { $0.append(attempt.key) }
                try await attempt.accepted("prediction-1")
                throw MediaFaults.Crash()
            }
            #expect(attempt.providerReference == "prediction-1")
            return try ScriptedImageProvider.draw(request)
        }
        let fixture = MediaFixture(image: provider)
        try await fixture.running { service in
            try await service.create([MediaFixture.image("r1")])
            while provider.calls.isEmpty { await Task.yield() }
            let job = try #require(try await service.library.store.job(reference: "r1"))
            #expect(job.machine.phase == .waiting)
            while try await service.library.store.job(job.id)?.providerReference == nil {
                await Task.yield()
            }
        }
        try await fixture.running { service in
            let view = try await service.wait(for: "r1", .done)
            #expect(submits.withLock { $0 } == [view.job.id])
        }
    }

    @Test func `the next provider is asked when the first fails, and not when it refuses`()
        async throws
    {
        let first = ScriptedImageProvider("first") { request, _ in
            throw request.intent == "a fox"
                ? Self.failure
                : JobFailure(.permanent, code: "CONTENT_REJECTED", message: "No.")
        }
        let second = ScriptedImageProvider("second") { request, attempt in
            #expect(attempt.providerReference == nil)
            return try ScriptedImageProvider.draw(request)
        }
        let fixture = MediaFixture(image: first, thenImages: [second])
        try await fixture.running { service in
            try await service.create([MediaFixture.image("r1", "a fox")])
            let view = try await service.wait(for: "r1", .done)
            #expect(view.job.provider == "second")
            #expect(view.asset?.provider == "second")
            try await service.create([MediaFixture.image("r2", "a gun")])
            let refused = try await service.wait(for: "r2", .dead)
            #expect(refused.job.machine.error?.code == "CONTENT_REJECTED")
            #expect(second.calls.count == 1)
        }
    }

    @Test func `equal recipes give equal bytes, kept once`() async throws {
        let fixture = MediaFixture()
        try await fixture.running { service in
            try await service.create([MediaFixture.image("r1"), MediaFixture.image("r2")])
            let first = try await service.wait(for: "r1", .done)
            let second = try await service.wait(for: "r2", .done)
            #expect(first.asset?.id != second.asset?.id)
            #expect(first.asset?.blob == second.asset?.blob)
            #expect(try await service.library.blobs.list().digests.count == 1)
        }
    }

    @Test func `a jump of the clock takes no job from a live worker`() async throws {
        let isHanging = Lock(true)
        let provider = ScriptedImageProvider { request, _ in
            while isHanging.withLock({ $0 }) {
                try Task.checkCancellation()
                await Task.yield()
            }
            return try ScriptedImageProvider.draw(request)
        }
        let fixture = MediaFixture(image: provider) { $0.imageDeadline = .seconds(7200) }
        try await fixture.running { service in
            try await service.create([MediaFixture.image("r1")])
            _ = try await service.wait(for: "r1", .waiting)
            fixture.time.jumpWall(by: .seconds(3600))
            await fixture.time.waitForSleepers(Self.idleSleepers + 1)
            fixture.time.advance(by: .seconds(5))
            await fixture.time.waitForSleepers(Self.idleSleepers + 1)
            isHanging.withLock { $0 = false }
            let view = try await service.wait(for: "r1", .done)
            #expect(view.job.machine.claims == 1)
        }
    }

    @Test func `a clock that is set back delays no try`() async throws {
        let provider = ScriptedImageProvider { request, attempt in
            if attempt.number == 1 { throw Self.failure }
            return try ScriptedImageProvider.draw(request)
        }
        let fixture = MediaFixture(image: provider)
        try await fixture.running { service in
            try await service.create([MediaFixture.image("r1")])
            _ = try await service.wait(for: "r1") {
                $0.machine.phase == .queued && $0.machine.failures == 1
            }
            await fixture.time.waitForSleepers(Self.idleSleepers + 1)
            fixture.time.jumpWall(by: .seconds(-3600))
            fixture.time.advance(by: .seconds(2))
            _ = try await service.wait(for: "r1", .done)
        }
    }

    @Test func `a clock that is set back before a start delays no job`() async throws {
        let fixture = MediaFixture()
        try await fixture.idle { service in
            try await service.create([MediaFixture.image("r1")])
        }
        fixture.time.jumpWall(by: .seconds(-3600))
        try await fixture.running { service in
            _ = try await service.wait(for: "r1", .done)
        }
    }

    @Test func `a job past its deadline is given up while it waits`() async throws {
        let provider = ScriptedImageProvider { _, _ in
            throw JobFailure(
                .throttled, code: "BUSY", message: "Wait.", retryAfterMicroseconds: 20_000_000)
        }
        let fixture = MediaFixture(image: provider)
        try await fixture.running { service in
            try await service.create([MediaFixture.image("r1", deadlineMs: 15_000)])
            let view = try await service.wait(for: "r1") { $0.machine.phase.isTerminal }
            #expect(view.job.machine.phase == .failed)
            #expect(view.job.machine.failures == 0)
        }
    }

    @Test func `bad requests are refused and queue nothing`() async throws {
        let fixture = MediaFixture()
        try await fixture.idle { service in
            var wrong = MediaFixture.image("r1")
            wrong.image?.aspectRatio = "2:1"
            var none = MediaFixture.image("r1")
            none.image = nil
            let empty = MediaFixture.image("r1", "")
            for request in [wrong, none, empty] {
                await #expect(throws: MediaError.self) { try await service.create([request]) }
            }
            for reference in ["", "with space", String(repeating: "x", count: 300)] {
                await #expect(throws: MediaError.self) {
                    try await service.create([MediaFixture.image(reference)])
                }
            }
            await #expect(throws: MediaError.self) { try await service.create([]) }
            await #expect(throws: MediaError.assetNotFound("ast_none")) {
                try await service.create([
                    MediaAPI.JobRequest(
                        clientReference: "v", kind: .video,
                        video: MediaAPI.VideoRecipe(sourceAssetID: "ast_none"))
                ])
            }
            let counts = try await service.library.store.counts()
            #expect(counts == JobCounts())
        }
    }

    @Test func `a clip is made from a picture of the same user only`() async throws {
        let fixture = MediaFixture()
        try await fixture.running { service in
            let picture = try await service.keepPicture(5)
            let request = MediaAPI.JobRequest(
                clientReference: "v1", kind: .video,
                video: MediaAPI.VideoRecipe(sourceAssetID: picture.id))
            await #expect(throws: MediaError.assetNotFound(picture.id)) {
                try await service.create([request], user: "bob")
            }
            try await service.create([request])
            let view = try await service.wait(for: "v1", .done)
            #expect(view.asset?.contentType == "video/mp4")
            #expect(view.asset?.durationMicroseconds == 3_000_000)
        }
    }
}
