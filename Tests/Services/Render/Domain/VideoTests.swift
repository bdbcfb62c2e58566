import ImageCodec
import RenderService
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A box of an MP4 file as a reader finds it.
struct Box {
    var type: String
    var content: ArraySlice<UInt8>

    /// Splits bytes into boxes; nil unless the lengths cover them exactly.
    static func parse(_ bytes: ArraySlice<UInt8>) -> [Box]? {
        var boxes: [Box] = []
        var rest = bytes
        while !rest.isEmpty {
            guard rest.count >= 8 else { return nil }
            let length = word(rest, 0)
            guard length >= 8, length <= rest.count else { return nil }
            let type = String(decoding: rest.dropFirst(4).prefix(4), as: UTF8.self)
            boxes.append(Box(type: type, content: rest.dropFirst(8).prefix(length - 8)))
            rest = rest.dropFirst(length)
        }
        return boxes
    }

    static func word(_ bytes: ArraySlice<UInt8>, _ offset: Int) -> Int {
        bytes.dropFirst(offset).prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    func word(_ offset: Int) -> Int { Self.word(content, offset) }

    /// The boxes inside, after `skipping` bytes of fields.
    func children(skipping: Int = 0) throws -> [Box] {
        try #require(Self.parse(content.dropFirst(skipping)), "boxes in \(type)")
    }

    func child(_ path: String..., skipping: Int = 0) throws -> Box {
        var box = self
        for type in path {
            box = try #require(try box.children().first { $0.type == type }, "\(type)")
        }
        return box
    }
}

@Suite struct `video files` {
    private func preview(
        _ move: String = "pan_left", _ change: (inout MoveSpecification) -> Void = { _ in }
    ) throws -> RenderedMove {
        var specification = MoveSpecification(path: try #require(CameraMove.named(move)).path)
        change(&specification)
        return try render(specification, of: source(upload()))
    }

    @Test func `every box has the right length and the index comes first`() throws {
        let file = try preview().bytes
        let boxes = try #require(Box.parse(file[...]))
        #expect(boxes.map(\.type) == ["ftyp", "moov", "mdat"])
        let track = try boxes[1].child("trak")
        #expect(try track.children().map(\.type) == ["tkhd", "mdia"])
        let table = try track.child("mdia", "minf", "stbl")
        #expect(
            try table.children().map(\.type) == ["stsd", "stts", "stss", "stsc", "stsz", "stco"])
        let entry = try #require(try table.child("stsd").children(skipping: 8).first)
        #expect(entry.type == "avc1")
        #expect(try entry.children(skipping: 78).map(\.type) == ["avcC", "colr", "pasp"])
    }

    @Test func `forty-five frames at fifteen a second last three seconds`() throws {
        let boxes = try #require(Box.parse(try preview().bytes[...]))
        let moov = boxes[1]
        let movie = try moov.child("mvhd")
        #expect(movie.word(16) * 1000 == movie.word(12) * 3000)
        let media = try moov.child("trak", "mdia", "mdhd")
        #expect(media.word(16) == media.word(12) * 3)
        let table = try moov.child("trak", "mdia", "minf", "stbl")
        let times = try table.child("stts")
        #expect(times.word(8) == 45 && times.word(12) * 15 == media.word(12))
        let syncs = try table.child("stss")
        #expect(syncs.word(4) == 2 && syncs.word(8) == 1 && syncs.word(12) == 25)
    }

    @Test func `samples fill the media data exactly and each group begins with an IDR picture`()
        throws
    {
        let file = try preview().bytes
        let boxes = try #require(Box.parse(file[...]))
        let table = try boxes[1].child("trak", "mdia", "minf", "stbl")
        let sizes = try table.child("stsz")
        #expect(sizes.word(8) == 45)
        let lengths = (0..<45).map { sizes.word(12 + 4 * $0) }
        #expect(lengths.reduce(0, +) == boxes[2].content.count)
        #expect(try table.child("stco").word(8) == boxes[2].content.startIndex)
        var offset = boxes[2].content.startIndex
        for (index, length) in lengths.enumerated() {
            let sample = file[offset..<offset + length]
            var kinds: [UInt8] = []
            var rest = sample
            while rest.count > 4 {
                let unit = Box.word(rest, 0)
                try #require(unit > 0 && unit <= rest.count - 4, "sample \(index)")
                kinds.append(rest[rest.startIndex + 4] & 31)
                rest = rest.dropFirst(4 + unit)
            }
            #expect(rest.isEmpty)
            #expect(kinds.contains(index % 24 == 0 ? 5 : 1), "sample \(index): \(kinds)")
            #expect(!kinds.contains(7) && !kinds.contains(8))
            offset += length
        }
    }

    @Test func `the decoder's settings are those of the stream`() throws {
        let boxes = try #require(Box.parse(try preview().bytes[...]))
        let description = try boxes[1].child("trak", "mdia", "minf", "stbl", "stsd")
        let entry = try #require(try description.children(skipping: 8).first)
        #expect(entry.word(24) == 320 << 16 | 180)
        let settings = try #require(try entry.children(skipping: 78).first)
        let bytes = Array(settings.content)
        let count = Int(bytes[6]) << 8 | Int(bytes[7])
        let sps = bytes[8..<(8 + count)]
        #expect(bytes[0] == 1 && bytes[4] == 0xFF && bytes[5] == 0xE1)
        #expect(sps.first.map { $0 & 31 } == 7)
        #expect(Array(bytes[1...3]) == Array(sps.dropFirst().prefix(3)))
        let colour = try entry.children(skipping: 78)[1]
        #expect(Array(colour.content) == Array("nclx".utf8) + [0, 1, 0, 1, 0, 1, 0])
    }

    @Test func `a clip can be entered at each of its groups`() throws {
        let move = try preview("static") { $0.frames = 100 }
        let boxes = try #require(Box.parse(move.bytes[...]))
        let syncs = try boxes[1].child("trak", "mdia", "minf", "stbl", "stss")
        #expect((0..<syncs.word(4)).map { syncs.word(8 + 4 * $0) } == [1, 25, 49, 73, 97])
    }

    @Test func `the same request gives the same bytes`() throws {
        #expect(try preview("arc_left").parts == preview("arc_left").parts)
    }

    /// ffmpeg is an independent decoder; where it is not installed the structure tests stand.
    @Test(.enabled(if: access("/usr/bin/ffmpeg", X_OK) == 0), arguments: [26, 8])
    func `an independent decoder reads back what was rendered`(_ quality: Int) throws {
        let scene = LayeredScene.room
        let move = try preview("static") { $0.quality = quality }
        var template = Array("/tmp/render-test-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        let path = String(
            decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        #expect(write(descriptor, move.bytes, move.bytes.count) == move.bytes.count)
        close(descriptor)
        let pipe = try #require(
            popen("ffmpeg -v error -i \(path) -f rawvideo -pix_fmt yuv420p - </dev/null", "r"))
        defer { pclose(pipe) }
        var decoded = [UInt8](repeating: 0, count: 320 * 180 * 3 / 2 * 46)
        let count = fread(&decoded, 1, decoded.count, pipe)
        #expect(count == 320 * 180 * 3 / 2 * 45)
        let truth = Picture420(
            rgb: scene.view(), width: 320, height: 180, encoding: .videoRange709)
        for frame in [0, 44] {
            let start = frame * 320 * 180 * 3 / 2
            let luma = Plane(
                width: 320, height: 180, Array(decoded[start..<start + 320 * 180]))
            #expect(psnr(luma, truth.luma) > 36)
        }
    }

    /// Black and white by chance is the worst there is: at a fine quantiser it takes more than the
    /// encoder has room for.
    @Test(arguments: [1, 8, 16, 19, 20, 26])
    func `noise is encoded at any quantiser, and the stream stays one`(_ quantiser: Int) throws {
        let (width, height) = (320, 180)
        let chance = noise(width, height * 4)
        func encoder() throws -> H264Encoder {
            try H264Encoder(
                width: width, height: height, framesPerSecond: 24, quantiser: quantiser)
        }
        func frame(_ value: (Int) -> UInt8) -> Picture420 {
            let rgb = (0..<width * height).flatMap { [UInt8](repeating: value($0), count: 3) }
            return Picture420(rgb: rgb, width: width, height: height, encoding: .videoRange709)
        }
        let noisy = try encoder()
        for index in 0..<4 {
            let start = index * width * height
            let sample = try noisy.encode(frame { chance[start + $0] < 128 ? 0 : 255 })
            #expect(sample.isSync || index > 0)
            #expect((width * height / 4...width * height * 9 / 8).contains(sample.bytes.count))
        }
        // The next group of the same film may be smooth: it is decoded with the same parameters.
        let smooth = try encoder()
        _ = try smooth.encode(frame { UInt8($0 % width / 2) })
        #expect(smooth.parameters == noisy.parameters && !smooth.parameters.sps.isEmpty)
    }

    @Test func `a smaller quantiser costs bytes`() throws {
        let fine = try preview { $0.quality = 18 }.bytes.count
        let coarse = try preview { $0.quality = 38 }.bytes.count
        #expect(fine > 2 * coarse)
    }
}

@Suite struct `JPEG frames` {
    @Test func `there is one picture of the right size for each frame`() throws {
        var specification = MoveSpecification(path: CameraMove.basic[3].path)
        specification.format = .jpegFrames
        specification.quality = 85
        let move = try render(specification, of: source(upload()))
        #expect(move.parts.count == 45 && move.frames == 45)
        for part in move.parts {
            let image = try ImageCodec.decodeRGB(part)
            #expect(image.width == 320 && image.height == 180)
        }
        #expect(Set(move.parts).count > 40)
    }

    @Test func `a frame at rest looks like the picture`() throws {
        var specification = MoveSpecification(path: .still)
        specification.format = .jpegFrames
        specification.frames = 1
        specification.quality = 95
        let move = try render(specification, of: source(upload()))
        let image = try ImageCodec.decodeRGB(move.parts[0])
        let truth = LayeredScene.room.view()
        var sum = 0
        for (a, b) in zip(image.pixels, truth) { sum += abs(Int(a) - Int(b)) }
        #expect(Double(sum) / Double(truth.count) < 2.5)
    }
}

@Suite struct `overlays` {
    private func frame(_ overlay: FrameOverlay, index: Int = 0) -> Picture420 {
        let frame = Picture420(
            rgb: [UInt8](repeating: 128, count: 160 * 90 * 3), width: 160, height: 90,
            encoding: .videoRange709)
        OverlayPainter(overlay, width: 160, height: 90, encoding: .videoRange709)
            .paint(onto: frame, frameIndex: index)
        return frame
    }

    @Test func `letterbox bars are black and of the asked height`() {
        let frame = frame(FrameOverlay(letterboxShare: 0.1, grain: 0.05, grainSeed: 1))
        for y in 0..<90 {
            let isBar = y < 9 || y >= 81
            let row = (0..<160).map { frame.luma[$0, y] }
            #expect(row.allSatisfy { ($0 == 16) == isBar }, "row \(y)")
        }
    }

    @Test func `grain has the asked strength, lives, and can be repeated`() {
        let overlay = FrameOverlay(grain: 0.04, grainSeed: 9)
        let luma = frame(overlay).luma.values
        let mean = luma.reduce(0.0) { $0 + Double($1) } / Double(luma.count)
        let variance =
            luma.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
            / Double(luma.count)
        // 0.04 of full scale, on the video range: 8.8 of 219.
        #expect(variance > 7 * 7 && variance < 10.5 * 10.5)
        #expect(frame(overlay).luma.values == luma)
        #expect(frame(overlay, index: 1).luma.values != luma)
        #expect(frame(FrameOverlay(grain: 0.04, grainSeed: 10)).luma.values != luma)
        #expect(frame(.none).luma.values.allSatisfy { $0 == 126 })
    }

    @Test func `a paper border covers the rim and leaves the middle`() {
        let frame = frame(
            FrameOverlay(borderShare: 0.1, borderRGB: 0xFFFFFF, grainSeed: 3))
        for x in 0..<160 { #expect(frame.luma[x, 0] > 230 && frame.luma[x, 89] > 230) }
        for y in 20..<70 { #expect(frame.luma[80, y] == 126 && frame.luma[30, y] == 126) }
    }
}
