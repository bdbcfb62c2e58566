import ImageCodec
import RPC
import RenderService
import ServiceAPI
import ServiceRuntime
import Testing
import Wire

@Suite(.timeLimit(.minutes(1))) struct `bad input` {
    private func put(_ upload: SourceUpload) async throws -> RPCError? {
        var found: RPCError?
        try await withHarness { harness in
            found = await error { _ = try await harness.put(upload) }
            #expect(harness.service.source(upload.digest) == nil)
        }
        return found
    }

    @Test func `what is no picture is refused by field`() async throws {
        let good = try upload()
        var huge = good.image
        // 100,000 a side in the header of a PNG.
        huge.replaceSubrange(16..<24, with: [0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0])
        let square = try ImageCodec.encodeGreyPNG(
            [UInt8](repeating: 9, count: 8100), width: 90, height: 90)
        let cases: [(SourceUpload, String, field: String)] = [
            (SourceUpload(image: Array("not a picture".utf8)), "UNSUPPORTED_IMAGE", "image"),
            (
                SourceUpload(image: Array(good.image.prefix(good.image.count / 2))),
                "IMAGE_INVALID", "image"
            ),
            (SourceUpload(image: Array(good.image.prefix(20))), "IMAGE_INVALID", "image"),
            (SourceUpload(image: []), "INVALID_SOURCE", "image_bytes"),
            (SourceUpload(image: huge), "IMAGE_TOO_LARGE", "image"),
            (SourceUpload(image: good.image, depth: huge), "IMAGE_TOO_LARGE", "depth"),
            (SourceUpload(image: good.image, depth: square), "IMAGE_INVALID", "depth"),
            (SourceUpload(image: good.image, mask: square), "IMAGE_INVALID", "mask"),
            (SourceUpload(image: good.image, depth: [0]), "UNSUPPORTED_IMAGE", "depth"),
        ]
        for (upload, code, field) in cases {
            let error = try #require(try await put(upload))
            #expect(error.code == .invalidArgument && error.domainCode == code)
            #expect(error.detail("field") == field)
        }
    }

    @Test func `a move that cannot be is refused by field`() async throws {
        try await withHarness { harness in
            let picture = try await harness.put(try upload())
            func keys(_ change: (inout RenderAPI.KeyFrame) -> Void) -> [RenderAPI.KeyFrame] {
                var middle = RenderAPI.KeyFrame(time: 0.5)
                change(&middle)
                return [.init(time: 0), middle, .init(time: 1)]
            }
            let cases: [(String, RenderAPI.MoveRequest)] = [
                ("path.end.x", .init(path: .init(end: .init(x: .nan)))),
                ("path.start.z", .init(path: .init(start: .init(z: .infinity)))),
                ("path.start_rotation.roll", .init(path: .init(startRotation: .init(roll: 3)))),
                (
                    "key_frames[1].position.y",
                    .init(keyFrames: keys { $0.position = .init(y: .nan) })
                ),
                (
                    "key_frames[1].rotation.yaw",
                    .init(keyFrames: keys { $0.rotation = .init(yaw: -2) })
                ),
                ("key_frames[1].time", .init(keyFrames: keys { $0.time = .nan })),
                ("key_frames[1].time", .init(keyFrames: keys { $0.time = 0 })),
                ("key_frames[1].zoom", .init(keyFrames: keys { $0.zoom = .nan })),
                ("key_frames[1].easing", .init(keyFrames: keys { $0.easing = .unrecognized(77) })),
                ("key_frames", .init(keyFrames: [.init()])),
                ("key_frames", .init(keyFrames: .init(repeating: .init(), count: 257))),
                ("move", .init(move: "no_such_move")),
                ("move", .init(path: .init(), move: "static")),
                ("key_frames", .init(move: "static", keyFrames: keys { _ in })),
                ("key_frames", .init(path: .init(), keyFrames: keys { _ in })),
                ("format", .init(format: .unrecognized(99), move: "static")),
                ("aspect", .init(move: "static", aspect: .unrecognized(99))),
                (
                    "shape.strength.percent",
                    .init(move: "static", shape: .init(strength: .init(percent: 201)))
                ),
                ("shape.easing", .init(move: "static", shape: .init(easing: .unrecognized(9)))),
                ("duration_ms", .init(move: "static", durationMs: 499)),
                ("duration_ms", .init(move: "static", durationMs: 20_001)),
                ("longest_side", .init(move: "static", longestSide: 159)),
                ("longest_side", .init(move: "static", longestSide: 3840, aspect: .square)),
                ("width", .init(width: 3842, height: 100, move: "static")),
                ("width", .init(width: .max, height: .max, move: "static")),
                ("width", .init(width: 3840, height: 2460, move: "static")),
                ("height", .init(width: 2460, height: 3840, move: "static")),
                ("height", .init(width: 160, height: 14, move: "static")),
                ("width", .init(width: 14, height: 160, move: "static")),
                ("height", .init(width: 14, height: 3841, move: "static")),
                ("width", .init(width: 158, height: 90, move: "static")),
                ("height", .init(width: 10, height: 158, move: "static")),
                ("height", .init(width: 320, move: "static")),
                ("width", .init(height: 180, move: "static")),
                ("aspect", .init(width: 320, height: 180, move: "static", aspect: .square)),
                (
                    "longest_side",
                    .init(width: 320, height: 180, move: "static", longestSide: 320)
                ),
                ("frames_per_second", .init(framesPerSecond: 10, move: "static")),
                ("frames_per_second", .init(framesPerSecond: 11, move: "static")),
                ("frames_per_second", .init(framesPerSecond: 61, move: "static")),
                ("strength", .init(strength: .nan, move: "static")),
                ("pivot", .init(pivot: -.infinity, move: "static")),
                ("quality", .init(quality: 52, move: "static")),
                ("overlay.grain", .init(overlay: .init(grain: -1), move: "static")),
                (
                    "subject_motion",
                    .init(subjectMotion: String(repeating: "x", count: 4001), move: "static")
                ),
                ("frames", .init(frames: 1201, move: "static")),
                ("frames", .init(frames: 1000, framesPerSecond: 12, move: "static")),
                ("frames", .init(frames: 1, framesPerSecond: 12, move: "static")),
                ("frames", .init(frames: 7, move: "static")),
                ("frames", .init(frames: 29, framesPerSecond: 60, format: .webp, move: "static")),
                ("frames", .init(frames: 11, framesPerSecond: 24, format: .jpegFrames)),
                ("frames", .init(frames: 11, framesPerSecond: 24, format: .pngFrames)),
                ("still_at", .init(move: "static", stillAt: .nan)),
            ]
            for (field, request) in cases {
                var request = request
                request.source = picture.digest
                let found = await error { _ = try await harness.clip(request) }
                #expect(found?.code == .invalidArgument, "\(field): \(String(describing: found))")
                #expect(found?.domainCode == "INVALID_MOVE", "\(field)")
                #expect(found?.detail("field") == field)
            }
            let short = await error { _ = try await harness.clip(.init(source: Bytes([1]))) }
            #expect(short?.detail("field") == "source")
            for (field, request) in [
                ("moves[1]", RenderAPI.MovesRequest(moves: ["static", "no_such_move"])),
                ("moves", .init(moves: ["static", "static"])),
                ("template", .init(template: .init(move: "static"))),
            ] {
                var request = request
                request.template = request.template ?? .init(source: picture.digest)
                let found = await error { _ = try await harness.clips(request) }
                #expect(found?.detail("field") == field)
            }
        }
    }

    @Test func `a field that is refused is one of the request`() async throws {
        let described = try String(
            decoding: readFile(
                "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
                    + "/proto/render.proto"), as: UTF8.self)
        // A path of names, each with an index where it repeats.
        func isKnown(_ field: String) -> Bool {
            field.split(separator: ".").allSatisfy { part in
                described.contains(" \(part.prefix { $0 != "[" }) = ")
            }
        }
        #expect(isKnown("key_frames[1].position.y") && !isKnown("width, height"))
        try await withHarness { harness in
            let picture = try await harness.put(try upload())
            for request in [
                RenderAPI.MoveRequest(path: .init(), keyFrames: [.init(), .init(time: 1)]),
                .init(width: 320, height: 180, longestSide: 320, aspect: .square),
                .init(width: 3840, height: 2460), .init(width: 160, height: 14),
                .init(frames: 1), .init(durationMs: 1), .init(quality: 99),
            ] {
                var request = request
                request.source = picture.digest
                let found = await error { _ = try await harness.clip(request) }
                let field = try #require(found?.detail("field"))
                #expect(isKnown(field), "\(field)")
                #expect(found?.message.hasPrefix(field) == true)
            }
        }
    }

    @Test func `half a second is enough, and a still needs but one frame`() async throws {
        try await withHarness { harness in
            let picture = try await harness.put(try upload())
            for (frames, rate, format) in [
                (6, 12, .mp4), (8, 15, .webp), (13, 25, .jpegFrames), (1, 12, .jpegStill),
                (1, 60, .pngStill),
            ] as [(UInt32, UInt32, RenderAPI.Format)] {
                let clip = try await harness.clip(
                    .init(
                        source: picture.digest, frames: frames, framesPerSecond: rate,
                        format: format, move: "pan_left"))
                #expect(clip.isEnded)
            }
        }
    }

    @Test func `what is neither JPEG nor PNG nor WebP is told what would be taken`() async throws {
        let text = SourceUpload(image: Array("not a picture".utf8))
        #expect(try await put(text)?.message.contains("WebP") == true)
        let depth = SourceUpload(image: try upload().image, depth: [0])
        #expect(try await put(depth)?.message.contains("WebP") == false)
    }

    @Test(arguments: [257, 1000, 20_000, 100_000, 500_000, 1_000_000])
    func `too many key frames are refused by field, however many`(_ count: Int) async throws {
        try await withHarness { harness in
            let picture = try await harness.put(try upload())
            // Empty ones are the smallest: half a million still fit into a frame.
            let request = RenderAPI.MoveRequest(
                source: picture.digest,
                keyFrames: .init(repeating: .init(), count: count))
            let found = await error { _ = try await harness.clip(request) }
            #expect(found?.code == .invalidArgument && found?.isRetryable == false)
            #expect(found?.detail("field") == "key_frames", "\(String(describing: found))")
            // The connection lives on.
            #expect(try await harness.clip(panLeft(picture.digest)).isEnded)
        }
    }

    @Test func `a digest of another length is refused by field`() async throws {
        try await withHarness { harness in
            let short = Bytes([1, 2, 3])
            let found = [
                await error { _ = try await harness.clip(panLeft(short)) },
                await error {
                    let stream = try await harness.client.estimateDepth(
                        .init(source: short), Harness.options)
                    while try await stream.next() != nil {}
                },
            ]
            for error in found {
                #expect(error?.code == .invalidArgument && error?.detail("field") == "source")
            }
            let put = await error { _ = try await harness.put(try upload(), digest: [1]) }
            #expect(put?.code == .invalidArgument && put?.detail("field") == "digest")
            let wrong = [UInt8](repeating: 1, count: 32)
            let other = await error { _ = try await harness.put(try upload(), digest: wrong) }
            #expect(other?.code == .invalidArgument && other?.detail("field") == "digest")
        }
    }

    @Test func `memory stays flat under a flood of bad input`() async throws {
        try await RenderProcess.run { service in
            try await service.withClient { client in
                let flood = try Flood(client: client)
                try await flood.pour(rounds: 20)
                let before = service.process.residentBytes
                try await flood.pour(rounds: 100)
                let after = service.process.residentBytes
                print("bad input: \(before >> 10) KiB, then \(after >> 10) KiB resident")
                // 600 refusals of up to half a megabyte each.
                #expect(after - before <= 4 << 20)
                #expect(after <= 96 << 20)
            }
        }
    }
}

/// Every kind of bad input, again and again.
private struct Flood {
    let client: RenderAPI.Client
    let picture: RenderAPI.Source
    let uploads: [SourceUpload]
    let moves: [RenderAPI.MoveRequest]

    init(client: RenderAPI.Client) throws {
        self.client = client
        let good = try upload()
        var huge = good.image
        huge.replaceSubrange(16..<24, with: [0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0])
        uploads = [
            SourceUpload(image: [UInt8](repeating: 7, count: 200_000)),
            SourceUpload(image: Array(good.image.dropLast(500))),
            SourceUpload(image: huge),
        ]
        picture = RenderAPI.Source(digest: Bytes([UInt8](repeating: 7, count: 32)))
        moves = [
            .init(source: picture.digest, keyFrames: .init(repeating: .init(), count: 200_000)),
            .init(source: picture.digest, path: .init(end: .init(x: .nan))),
            .init(source: picture.digest, format: .unrecognized(99)),
        ]
    }

    func pour(rounds: Int) async throws {
        for _ in 0..<rounds {
            for upload in uploads {
                let found = await error {
                    _ = try await putSource(upload, client: client, digest: upload.digest)
                }
                #expect(found?.code == .invalidArgument)
            }
            for move in moves {
                let found = await error {
                    let stream = try await client.renderMove(move, Harness.options)
                    while try await stream.next() != nil {}
                }
                #expect(found?.code == .invalidArgument)
            }
        }
    }
}
