import ImageCodec
import RPC
import RenderService
import ServiceAPI
import ServiceRuntime
import Testing
import Wire

/// A move that takes a while; each number is another one.
private func long(_ source: Bytes, _ number: Int, frames: UInt32 = 240) -> RenderAPI.MoveRequest {
    RenderAPI.MoveRequest(
        source: source, width: 640, height: 360, frames: frames, framesPerSecond: 60,
        quality: UInt32(20 + number), move: "pan_left")
}

@Suite(.serialized, .timeLimit(.minutes(2))) struct `manners of the service` {
    private func oneThread(_ change: (inout RenderConfiguration) -> Void = { _ in })
        -> RenderConfiguration
    {
        var configuration = RenderConfiguration()
        configuration.workers = 1
        change(&configuration)
        return configuration
    }

    @Test func `a caller that goes away frees the thread after the frame in hand`() async throws {
        try await withHarness(oneThread()) { harness in
            let picture = try await harness.put(try upload())
            // Warm, so that only frames are waited for.
            _ = try await harness.clip(long(picture.digest, 0, frames: 30))
            var request = long(picture.digest, 1, frames: 1200)
            request.isFragmented = true
            let stream = try await harness.client.renderMove(request, Harness.options)
            while let part = try await stream.next()?.part {
                if case .data = part { break }
            }
            #expect(harness.service.reservedBytes > 0)
            stream.cancel()
            let (frames, wait) = await harness.framesAfterCancelling()
            print("a move cancelled: thread and memory free after \(wait)")
            #expect(frames <= 1, "of 1200")
        }
    }

    @Test func `who waits hears where it stands`() async throws {
        try await withHarness(oneThread()) { harness in
            let picture = try await harness.put(try upload())
            func positions(_ number: Int) async throws -> [UInt32] {
                let stream = try await harness.client.renderMove(
                    long(picture.digest, number), Harness.options(user: "ann"))
                var positions: [UInt32] = []
                while let part = try await stream.next()?.part {
                    if case .progress(let progress) = part, progress.framesDone == 0 {
                        positions.append(progress.queuePosition)
                        #expect(progress.queuePosition < 3 || progress.estimatedWaitMs > 0)
                    }
                }
                return positions
            }
            let heard = try await withThrowingTaskGroup(of: [UInt32].self) { group in
                for number in 0..<4 { group.addTask { try await positions(number) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let longest = heard.max { ($0.first ?? 0) < ($1.first ?? 0) } ?? []
            #expect((longest.first ?? 0) >= 2)
            #expect(zip(longest, longest.dropFirst()).allSatisfy { $0 > $1 }, "\(longest)")
        }
    }

    @Test func `a user with many moves does not make another wait for all of them`() async throws {
        try await withHarness(oneThread()) { harness in
            let picture = try await harness.put(try upload())
            let finished = Lock<[String]>([])
            @Sendable func render(_ number: Int, _ user: String) async throws {
                let stream = try await harness.client.renderMove(
                    long(picture.digest, number, frames: 96), Harness.options(user: user))
                while try await stream.next() != nil {}
                finished.withLock { $0.append(user) }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 { group.addTask { try await render(number, "greedy") } }
                // The greedy ones are all in the queue, and the first of them has begun.
                let time = SystemTime()
                let began = time.instant
                while harness.service.waiting < 6, time.instant - began < .seconds(5) {
                    await Task.yield()
                }
                #expect(harness.service.waiting >= 6)
                group.addTask { try await render(20, "modest") }
                try await group.waitForAll()
            }
            let place = try #require(finished.withLock { $0.firstIndex(of: "modest") })
            #expect(place <= 3, "\(finished.withLock { $0 })")
        }
    }

    @Test func `what does not fit the memory waits or is refused, and nothing breaks`() async throws
    {
        let configuration = oneThread { configuration in
            configuration.workers = 2
            configuration.memoryBytes = 100 << 20
        }
        try await withHarness(configuration) { harness in
            let picture = try await harness.put(try upload())
            var request = RenderAPI.MoveRequest(
                source: picture.digest, width: 3840, height: 2160, frames: 8, move: "pan_left")
            request.format = .jpegFrames
            let tooLarge = await error { _ = try await harness.clip(request) }
            #expect(tooLarge?.domainCode == "TOO_LARGE_TO_RENDER")
            #expect(tooLarge?.isRetryable == false)
            (request.width, request.height) = (1920, 1080)
            let peak = Lock(0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<5 {
                    var mine = request
                    mine.quality = UInt32(50 + number)
                    group.addTask { [mine] in
                        let clip = try await harness.clip(mine)
                        #expect(clip.isEnded)
                        let held = harness.service.reservedBytes
                        peak.withLock { $0 = max($0, held) }
                    }
                }
                try await group.waitForAll()
            }
            #expect(peak.withLock { $0 } <= configuration.memoryBytes)
        }
    }

    @Test(arguments: [
        // The default of WebP, and the finest of each format.
        (RenderAPI.Format.webp, 0, 320, 45), (.webp, 100, 320, 45), (.mp4, 1, 1280, 12),
        (.jpegStill, 100, 1280, 8), (.pngStill, 0, 1280, 8),
    ]) func `no accepted quality is too large for a picture full of noise`(
        _ format: RenderAPI.Format, _ quality: UInt32, _ width: UInt32, _ frames: UInt32
    ) async throws {
        try await withHarness(oneThread()) { harness in
            let (wide, high) = (Int(width), Int(width) * 9 / 16)
            let noisy = SourceUpload(
                image: try ImageCodec.encodePNG(rgb: noise(wide, high), width: wide, height: high))
            let picture = try await harness.put(noisy)
            let request = RenderAPI.MoveRequest(
                source: picture.digest, width: width, height: UInt32(high), frames: frames,
                format: format, quality: quality, move: "pan_left")
            let clip = try await harness.clip(request)
            #expect(clip.isEnded)
            let share = Double(clip.bytes.count) / Double(wide * high * Int(clip.header.frames))
            print("noise as \(format) at \(quality): \(share) bytes a pixel")
            // All that it grew by is given back.
            while harness.service.reservedBytes > 0 { await Task.yield() }
        }
    }

    @Test func `a result that grows beyond all memory is refused with its size`() async throws {
        try await withHarness(oneThread { $0.memoryBytes = 8 << 20 }) { harness in
            let noisy = SourceUpload(
                image: try ImageCodec.encodePNG(rgb: noise(320, 180), width: 320, height: 180))
            let picture = try await harness.put(noisy)
            let request = RenderAPI.MoveRequest(
                source: picture.digest, width: 320, height: 180, frames: 45, format: .webp,
                quality: 100, move: "pan_left")
            let found = await error { _ = try await harness.clip(request) }
            #expect(found?.domainCode == "TOO_LARGE_TO_RENDER" && found?.isRetryable == false)
            let numbers = (found?.message ?? "").split { !$0.isNumber }.compactMap { Int($0) }
            #expect(numbers.count == 2 && numbers[0] > numbers[1], "\(found?.message ?? "")")
            while harness.service.reservedBytes > 0 { await Task.yield() }
        }
    }

    @Test func `more moves in one call than may wait are taken when nothing waits`() async throws {
        try await withHarness(oneThread { $0.queuedMax = 2 }) { harness in
            let picture = try await harness.put(try upload())
            let (clips, _) = try await harness.clips(
                .init(template: .init(source: picture.digest, frames: 8)))
            #expect(clips.count == 6 && clips.values.allSatisfy(\.isEnded))
        }
    }

    @Test func `a reader that does not read holds a bounded number of frames`() async throws {
        try await withHarness(oneThread { $0.resultCacheBytes = 2 << 20 }) { harness in
            let picture = try await harness.put(try upload())
            var request = long(picture.digest, 1, frames: 1200)
            request.format = .jpegFrames
            request.quality = 95
            let stream = try await harness.client.renderMove(request, Harness.options)
            while let part = try await stream.next()?.part {
                if case .frame = part { break }
            }
            // A call behind it in the same lane is done while this one stands still.
            var small = panLeft(picture.digest)
            for number in 0..<3 {
                small.quality = UInt32(30 + number)
                #expect(try await harness.clip(small).isEnded)
            }
            let encoded = harness.encodedFrames
            // Of 1200, what the window of the connection and the segments ahead hold.
            #expect(encoded > 0 && encoded < 3 * 45 + 150, "\(encoded)")
            // Read on, it comes to its end.
            var frames = 1
            while let part = try await stream.next()?.part {
                if case .frame = part { frames += 1 }
            }
            #expect(frames == 1200)
        }
    }

    @Test func `a call whose turn would come too late is refused with a hint`() async throws {
        try await withHarness(oneThread { $0.queuedMax = 3 }) { harness in
            let picture = try await harness.put(try upload())
            let found = await withTaskGroup(of: RPCError?.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        await error { _ = try await harness.clip(long(picture.digest, number)) }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let refused = found.compactMap(\.self)
            #expect(!refused.isEmpty && refused.count < 8)
            for error in refused {
                #expect(error.domainCode == "OVERLOADED" && error.isRetryable)
                #expect((error.retryAfter ?? .zero) >= .milliseconds(100))
            }
        }
    }

    @Test func `one of two callers of the same may leave`() async throws {
        try await withHarness(oneThread()) { harness in
            let picture = try await harness.put(try upload())
            let request = long(picture.digest, 1, frames: 120)
            let first = try await harness.client.renderMove(request, Harness.options)
            let second = try await harness.client.renderMove(request, Harness.options)
            var clip = Harness.Clip()
            while let part = try await second.next()?.part {
                if case .header = part { first.cancel() }
                clip.add(part)
            }
            #expect(clip.isEnded && clip.header.frames == 120)
        }
    }
}
