import ImageCodec
import RenderService
import Testing

@Suite struct `move jobs` {
    @Test(arguments: [0, 1, 2, 10])
    func `a job stops before the next frame`(_ allowed: Int) throws {
        let job = MoveJob(
            MoveSpecification(path: CameraMove.basic[1].path), of: try source(upload()),
            scenes: SceneCache(budgetBytes: 64 << 20))
        var asked = 0
        #expect(throws: RenderFailure.stopped) {
            try job.run {
                asked += 1
                return asked > allowed
            }
        }
        #expect(asked == allowed + 1)
    }

    @Test(arguments: [
        (320, 180, 320, 180), (180, 320, 180, 320), (240, 240, 240, 240), (400, 300, 278, 208),
    ])
    func `a preview keeps the picture's shape and about the same cost`(
        _ c: (width: Int, height: Int, frameWidth: Int, frameHeight: Int)
    ) throws {
        let rgb = [UInt8](repeating: 90, count: c.width * c.height * 3)
        let image = try ImageCodec.encodePNG(rgb: rgb, width: c.width, height: c.height)
        var specification = MoveSpecification(path: .still)
        specification.frames = 1
        let move = try render(specification, of: source(SourceUpload(image: image)))
        #expect(move.size == FrameSize(width: c.frameWidth, height: c.frameHeight))
    }

    @Test func `another frame shape crops about the centre`() throws {
        var scene = LayeredScene.discs(near: [0, 0], far: [0.7, 0])
        scene.width = 320
        var specification = MoveSpecification(path: .still)
        specification.size = FrameSize(width: 180, height: 180)
        specification.format = .jpegFrames
        specification.frames = 1
        let move = try render(specification, of: source(upload(scene)))
        let image = try ImageCodec.decodeRGB(move.parts[0])
        let middle = (90 * 180 + 90) * 3
        #expect(image.width == 180 && image.height == 180)
        #expect(image.pixels[middle] > 200 && image.pixels[middle + 2] < 60)
    }

    @Test(arguments: [(158, 90), (160, 14), (64, 3842), (0, 0), (-2, 320), (Int.max, 320)])
    func `tiny and huge frames are no frame size`(_ size: (Int, Int)) {
        #expect(FrameSize(width: size.0, height: size.1) == nil)
    }

    @Test func `odd sides become even`() {
        let size = FrameSize(width: 319, height: 181)
        #expect(size?.width == 320 && size?.height == 182)
        #expect(FrameSize(width: 3839, height: 2159) == FrameSize(width: 3840, height: 2160))
    }

    @Test(arguments: [
        (16.0 / 9, 640, 360), (9.0 / 16, 360, 640), (1, 640, 640), (4.0 / 3, 640, 480),
    ])
    func `a longest side and a shape make a size`(_ c: (aspect: Double, width: Int, height: Int)) {
        #expect(
            FrameSize.withLongestSide(640, aspect: c.aspect)
                == FrameSize(width: c.width, height: c.height))
    }
}

@Suite struct `uploads` {
    @Test func `damaged, foreign and empty pictures are refused`() throws {
        let good = try upload()
        let cut = Array(good.image.prefix(good.image.count / 2))
        #expect(throws: RenderFailure.self) { try source(SourceUpload(image: cut)) }
        #expect(throws: RenderFailure.unreadable(.image, .unrecognised)) {
            try source(SourceUpload(image: []))
        }
        #expect(throws: RenderFailure.unreadable(.depth, .unrecognised)) {
            try source(SourceUpload(image: good.image, depth: [1, 2, 3]))
        }
        let jpeg = try ImageCodec.encodeJPEG(
            rgb: LayeredScene.room.view(), width: 320, height: 180)
        #expect(throws: RenderFailure.self) {
            try source(SourceUpload(image: Array(jpeg.dropLast(200))))
        }
    }

    @Test func `depth may have another size but not another shape`() throws {
        let image = try upload().image
        func grey(_ width: Int, _ height: Int) throws -> [UInt8] {
            try ImageCodec.encodeGreyPNG(
                (0..<(width * height)).map { UInt8($0 % 256) }, width: width, height: height)
        }
        let picture = try source(SourceUpload(image: image, depth: try grey(160, 90)))
        #expect(picture.hasDepth)
        #expect(try picture.depth(by: DepthList()).plane.width == 160)
        var specification = MoveSpecification(path: CameraMove.basic[3].path)
        specification.frames = 3
        #expect(try render(specification, of: picture).frames == 3)
        #expect(throws: RenderFailure.aspectMismatch(.depth, width: 90, height: 90)) {
            try source(SourceUpload(image: image, depth: try grey(90, 90)))
        }
        #expect(throws: RenderFailure.aspectMismatch(.mask, width: 10, height: 90)) {
            try source(SourceUpload(image: image, mask: try grey(10, 90)))
        }
    }

    @Test func `a huge header is refused without decoding`() throws {
        var image = try upload().image
        image.replaceSubrange(16..<24, with: [0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10])
        #expect(
            throws: RenderFailure.unreadable(
                .image, .tooLarge(width: 10_000, height: 10_000, pixelsMax: 40_000_000))
        ) { try source(SourceUpload(image: image)) }
    }
}

@Suite struct `the cache` {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func `it never holds more than its budget, whatever comes`(_ seed: UInt64) {
        let cache = LRUCache<Int, Int>(budgetBytes: 1000)
        var state = seed
        for _ in 0..<2000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let key = Int(state >> 33 % 40)
            if state >> 20 & 1 == 0 { _ = cache[key] }
            cache.insert(key, for: key, costBytes: Int(state >> 40 % 400))
            #expect(cache.heldBytes <= 1000, "seed \(seed)")
        }
    }

    @Test func `what was used last stays, what was not goes`() {
        let cache = LRUCache<String, Int>(budgetBytes: 30)
        for (value, key) in ["a", "b", "c"].enumerated() {
            cache.insert(value, for: key, costBytes: 10)
        }
        #expect(cache["a"] == 0)
        cache.insert(3, for: "d", costBytes: 10)
        #expect(cache["b"] == nil && cache["a"] == 0 && cache["c"] == 2 && cache["d"] == 3)
        cache.insert(9, for: "a", costBytes: 5)
        #expect(cache["a"] == 9 && cache.heldBytes == 25)
    }

    @Test func `what is larger than the budget is not kept and drops nothing`() {
        let cache = LRUCache<Int, Int>(budgetBytes: 10)
        cache.insert(1, for: 1, costBytes: 10)
        cache.insert(2, for: 2, costBytes: 11)
        #expect(cache[1] == 1 && cache[2] == nil)
    }
}
