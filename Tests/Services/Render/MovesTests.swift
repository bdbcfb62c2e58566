import CameraMoves
import ImageCodec
import RPC
import RenderService
import ServiceAPI
import ServiceRuntime
import Testing
import Wire

private func named(_ move: String, _ source: Bytes) -> RenderAPI.MoveRequest {
    RenderAPI.MoveRequest(source: source, move: move)
}

@Suite(.timeLimit(.minutes(1))) struct `moves by name` {
    @Test func `every move of the list can be rendered by its id`() async throws {
        try await withHarness { harness in
            let list = try await harness.client.listMoves(.init(), Harness.options)
            #expect(list.moves.count == CameraMoves.CameraMove.all.count)
            #expect(list.renderer.contains("openh264"))
            let picture = try await harness.put(try upload())
            for move in list.moves {
                var request = named(move.id, picture.digest)
                request.durationMs = 500
                let clip = try await harness.clip(request)
                #expect(clip.header.move == move.id && clip.header.frames == 8 && clip.isEnded)
                #expect(clip.header.appliedStrength > 0.25, "\(move.id)")
            }
        }
    }

    @Test func `a move is what its path and its key frames are`() async throws {
        try await withHarness { harness in
            let picture = try await harness.put(try upload())
            let list = try await harness.client.listMoves(.init(), Harness.options)
            let move = try #require(list.moves.first { $0.id == "pan_left" })
            let byName = try await harness.clip(named("pan_left", picture.digest))
            let byPath = try await harness.clip(panLeft(picture.digest))
            let byKeys = try await harness.clip(
                .init(source: picture.digest, keyFrames: move.keyFrames))
            #expect(byName.bytes == byPath.bytes && byName.bytes == byKeys.bytes)
            #expect(byName.header.frames == 45)
        }
    }

    @Test func `shapes change the move as they say`() async throws {
        try await withHarness { harness in
            let picture = try await harness.put(try upload())
            func frames(_ shape: RenderAPI.Shape?, _ move: String) async throws -> [[UInt8]] {
                var request = named(move, picture.digest)
                request.shape = shape
                request.format = .jpegFrames
                request.frames = 9
                return try await harness.clip(request).pictures
            }
            let plain = try await frames(nil, "pan_left")
            // What a shape does not say is as without one.
            #expect(try await frames(.init(), "pan_left") == plain)
            #expect(try await frames(.init(strength: .init(percent: 100)), "pan_left") == plain)
            let other = try await frames(.init(isReversed: true), "pan_left")
            #expect(other == Array(plain.reversed()))
            #expect(try await frames(nil, "pan_right") == other)
            let still = try await frames(.init(strength: .init(percent: 0)), "pan_left")
            #expect(Set(still).count == 1)
            let twice = try await frames(.init(strength: .init(percent: 200)), "pan_left")
            #expect(twice != plain && Set(twice).count == 9)
            let loop = try await frames(.init(isLoop: true), "pan_left")
            #expect(loop[0] == plain[0] && Set(loop).count > 4)
            let linear = try await frames(.init(easing: .linear), "pan_left")
            #expect(linear[0] == plain[0] && linear[4] == plain[4] && linear[2] != plain[2])
        }
    }
}

@Suite(.timeLimit(.minutes(2))) struct `results` {
    @Test(arguments: [
        RenderAPI.Format.mp4, .jpegFrames, .webp, .pngFrames, .jpegStill, .pngStill,
    ])
    func `the bytes are the same for any number of threads`(
        _ format: RenderAPI.Format
    ) async throws {
        var clips: [Harness.Clip] = []
        for workers in [1, 2, 4] {
            var configuration = RenderConfiguration()
            configuration.workers = workers
            try await withHarness(configuration) { harness in
                let picture = try await harness.put(try upload())
                for isFragmented in [false, true] where format == .mp4 || !isFragmented {
                    var request = named("arc_left", picture.digest)
                    request.format = format
                    request.frames = 60
                    request.framesPerSecond = 24
                    request.stillAt = 0.5
                    request.overlay = .init(grain: 0.04, grainSeed: 3)
                    request.wantsPoster = true
                    request.isFragmented = isFragmented
                    clips.append(try await harness.clip(request))
                }
            }
        }
        let kinds = format == .mp4 ? 2 : 1
        for (index, clip) in clips.enumerated() {
            #expect(clip == clips[index % kinds] && clip.isEnded && !clip.bytes.isEmpty)
            #expect(try ImageCodec.probe(clip.poster).format == .jpeg)
        }
        if kinds == 2 { #expect(clips[0].bytes != clips[1].bytes) }
    }

    @Test func `each format is what it says`() async throws {
        try await withHarness { harness in
            let picture = try await harness.put(try upload())
            let expected: [(RenderAPI.Format, String, ImageFormat?, frames: Int)] = [
                (.webp, "image/webp", nil, 12),
                (.pngFrames, "multipart/x-mixed-replace", .png, 12),
                (.jpegFrames, "multipart/x-mixed-replace", .jpeg, 12),
                (.jpegStill, "image/jpeg", .jpeg, 1), (.pngStill, "image/png", .png, 1),
            ]
            for (format, contentType, kind, frames) in expected {
                var request = named("push_in", picture.digest)
                request.format = format
                request.frames = 12
                request.stillAt = 1
                let clip = try await harness.clip(request)
                #expect(clip.header.contentType == contentType)
                #expect(clip.header.frames == UInt32(frames))
                let pictures = clip.frames.isEmpty ? [clip.bytes] : clip.pictures
                guard let kind else { continue }
                #expect(pictures.count == frames)
                for picture in pictures {
                    let info = try ImageCodec.probe(picture)
                    #expect(info.format == kind && info.width == 320 && info.height == 180)
                }
            }
        }
    }

    @Test func `a still is the frame of the clip at its time`() async throws {
        try await withHarness { harness in
            let picture = try await harness.put(try upload())
            var request = named("push_in", picture.digest)
            request.format = .pngFrames
            request.frames = 11
            let frames = try await harness.clip(request).pictures
            request.format = .pngStill
            for index in [0, 3, 10] {
                request.stillAt = Double(index) / 10
                #expect(try await harness.clip(request).bytes == frames[index])
            }
        }
    }

    @Test func `colours survive the way to PNG`() async throws {
        try await withHarness { harness in
            let picture = try await harness.put(try upload(.discs(near: [0, 0], far: [0.5, 0])))
            var request = named("static", picture.digest)
            request.format = .pngStill
            let still = try ImageCodec.decodeRGB(try await harness.clip(request).bytes)
            let middle = (90 * 320 + 160) * 3
            #expect(still.pixels[middle] > 245 && still.pixels[middle + 1] < 10)
            #expect(abs(Int(still.pixels[0]) - 110) < 3 && abs(Int(still.pixels[2]) - 110) < 3)
        }
    }

    @Test func `an animated WebP holds every frame and its time`() async throws {
        try await withHarness { harness in
            let picture = try await harness.put(try upload())
            var request = named("pan_left", picture.digest)
            request.format = .webp
            request.frames = 10
            request.framesPerSecond = 12
            let file = try await harness.clip(request).bytes
            #expect(String(decoding: file[0..<4], as: UTF8.self) == "RIFF")
            func u32(_ at: Int) -> Int {
                (0..<4).reduce(0) { $0 | Int(file[at + $1]) << (8 * $1) }
            }
            #expect(u32(4) == file.count - 8)
            var place = 12
            var kinds: [String] = []
            var milliseconds = 0
            while place < file.count {
                let kind = String(decoding: file[place..<place + 4], as: UTF8.self)
                kinds.append(kind)
                let size = u32(place + 4)
                if kind == "ANMF" {
                    milliseconds += u32(place + 20) & 0xFF_FFFF
                    // The frame alone is a WebP again.
                    let still = Array(file[place + 24..<place + 8 + size])
                    let count = still.count + 4
                    let header =
                        Array("RIFF".utf8)
                        + (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
                        + Array("WEBP".utf8)
                    let image = try ImageCodec.decodeRGB(header + still)
                    #expect(image.width == 320 && image.height == 180)
                }
                place += 8 + size + size % 2
            }
            #expect(kinds == ["VP8X", "ANIM"] + [String](repeating: "ANMF", count: 10))
            #expect(abs(milliseconds - 833) <= 1)
        }
    }

    @Test func `a fragmented film has the pictures of the whole one`() async throws {
        try await withHarness { harness in
            let picture = try await harness.put(try upload())
            var request = named("crane_up", picture.digest)
            let whole = try await harness.clip(request).bytes
            request.isFragmented = true
            let pieces = try await harness.clip(request).bytes
            func media(_ file: [UInt8]) -> [UInt8] {
                (Box.parse(file[...]) ?? []).filter { $0.type == "mdat" }
                    .flatMap { Array($0.content) }
            }
            let types = Box.parse(pieces[...])?.map(\.type) ?? []
            #expect(types.prefix(4) == ["ftyp", "moov", "moof", "mdat"])
            // 24 and 21 frames in fragments of 8.
            #expect(types.count { $0 == "moof" } == 6)
            #expect(media(whole) == media(pieces))
        }
    }

    @Test func `all moves of a picture come in one answer`() async throws {
        try await withHarness { harness in
            let picture = try await harness.put(try upload())
            var template = RenderAPI.MoveRequest(source: picture.digest)
            template.isFragmented = true
            template.wantsPoster = true
            let (clips, order) = try await harness.clips(.init(template: template))
            let ids = ["static", "pan_left", "pan_right", "push_in", "pull_back", "crane_up"]
            #expect((0..<6).map { clips[$0]?.header.move } == ids)
            #expect(clips.values.allSatisfy { $0.isEnded && !$0.poster.isEmpty })
            for (index, id) in ids.enumerated() {
                var alone = named(id, picture.digest)
                alone.isFragmented = true
                alone.wantsPoster = true
                let clip = try await harness.clip(alone)
                #expect(clip.header.isCached && clip.bytes == clips[index]?.bytes)
            }
            #expect(Set(order) == Set(0..<6))
        }
    }

    @Test func `the same asked twice at once is made once`() async throws {
        try await withHarness { harness in
            let picture = try await harness.put(try upload())
            let clips = try await withThrowingTaskGroup(of: Harness.Clip.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        var request = panLeft(picture.digest)
                        request.width = 640
                        request.height = 360
                        return try await harness.clip(request)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(clips.map(\.bytes)).count == 1)
            #expect(harness.metrics.text().contains("render_frames_total 45\n"))
        }
    }
}
