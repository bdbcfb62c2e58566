import ImageCodec
import RPC
import RenderService
import ServiceAPI
import ServiceRuntime
import Testing
import Wire

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

    @Test func `the same bytes as another's own depth are another picture`() async throws {
        try await withHarness { harness in
            var upload = try upload()
            var seen: [(provider: String, isCached: Bool)] = []
            for isSupplied in [false, true, true, false] {
                upload.isDepthSupplied = isSupplied
                let picture = try await harness.put(upload)
                let header = try await harness.clip(panLeft(picture.digest)).header
                seen.append((header.depthProvider, header.isCached))
                let stream = try await harness.client.estimateDepth(
                    .init(source: picture.digest), Harness.options)
                guard case .header(let map) = try await stream.next()?.part else {
                    Issue.record("no map")
                    return
                }
                #expect(map.depthProvider == header.depthProvider)
            }
            #expect(seen.map(\.provider) == ["companion", "supplied", "supplied", "companion"])
            #expect(seen.map(\.isCached) == [false, false, true, true])
        }
    }

    @Test func `a picture with its depth behind it in one part has no depth`() async throws {
        try await withHarness { harness in
            let parts = try upload()
            // A decoder ends at the end of the picture, so this is one as well, of the same digest.
            let whole = SourceUpload(image: parts.image + parts.depth)
            #expect(whole.digest == parts.digest)
            var seen: [(hasDepth: Bool, isKnown: Bool, provider: String)] = []
            for upload in [parts, whole, whole, parts] {
                let picture = try await harness.put(upload)
                let provider = try await harness.clip(panLeft(picture.digest)).header.depthProvider
                seen.append((picture.hasDepth, picture.isCached, provider))
            }
            #expect(seen.map(\.hasDepth) == [true, false, false, true])
            #expect(seen.map(\.isKnown) == [false, false, true, false])
            #expect(
                seen.map(\.provider) == ["companion", "heuristic", "heuristic", "companion"])
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
            request.frames = 8
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
                case .progress, .end: continue
                case .header, .poster: Issue.record("a second header")
                }
            }
            #expect(frames.map(\.count) == announced && frames.count == 8)
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
                { $0.width = 3841 }, { $0.height = 180 }, { $0.frames = 1201 },
                { $0.framesPerSecond = 61 }, { $0.framesPerSecond = 11 }, { $0.strength = .nan },
                { $0.strength = 1.1 },
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
            request.frames = 1200
            request.framesPerSecond = 60
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
