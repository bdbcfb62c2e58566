import ImageCodec
import RPC
import RenderService
import ServiceAPI
import ServiceRuntime
import Testing
import Wire

/// A model that runs until nobody wants its answer any more.
private final class EndlessModel: DepthModel {
    let identity = "endless"
    private let counts = Lock((begun: 0, stopped: 0))

    var begun: Int { counts.withLock { $0.begun } }
    var stopped: Int { counts.withLock { $0.stopped } }

    func estimate(
        rgb: [UInt8], width: Int, height: Int, mustStop: () -> Bool
    ) throws(DepthModelFailure) -> Plane<Float> {
        counts.withLock { $0.begun += 1 }
        while !mustStop() {}
        counts.withLock { $0.stopped += 1 }
        throw DepthModelFailure("stopped")
    }
}

/// Waits for something that must happen, and measures it.
private func milliseconds(until happens: () -> Bool) async -> Double {
    let time = SystemTime()
    let began = time.instant
    while !happens(), time.instant - began < .seconds(20) { await Task.yield() }
    #expect(happens())
    return (time.instant - began) / .milliseconds(1)
}

@Suite(.timeLimit(.minutes(1))) struct `work that is not wanted any more` {
    /// How often `work` asks, and that it ends at the very question that is answered with yes.
    private func questions(_ work: (_ mustStop: () -> Bool) throws -> Void) throws -> Int {
        var whole = 0
        try work {
            whole += 1
            return false
        }
        for share in [0.0, 0.3, 0.9] {
            let last = Int(Double(whole - 1) * share)
            var asked = 0
            #expect(throws: (any Error).self) {
                try work {
                    asked += 1
                    return asked > last
                }
            }
            // What is asked once more tells a stopped codec from a damaged file.
            #expect(asked <= last + 2, "of \(whole)")
        }
        return whole
    }

    @Test func `JPEG, PNG and WebP are decoded and encoded in small pieces`() throws {
        let (width, height) = (640, 480)
        let rgb = noise(width, height)
        let png = try ImageCodec.encodePNG(rgb: rgb, width: width, height: height)
        let grey = try ImageCodec.encodeGreyPNG(
            [UInt16](repeating: 9, count: width * height), width: width, height: height)
        let luma = [UInt8](rgb.prefix(width * height))
        let chroma = [UInt8](rgb.prefix(width * height / 4))
        let webp = try ImageCodec.encodeWebP(
            luma: luma, cb: chroma, cr: chroma, width: width, height: height)
        let jpeg = try ImageCodec.encodeJPEG(rgb: rgb, width: width, height: height)
        // A question for every 16 rows at least; of a WebP, for every 256th of the file.
        for denominator in [1, 2, 8] {
            let rows = height / denominator
            let asked = try questions {
                _ = try ImageCodec.decodeRGB(
                    jpeg, scaleDenominator: denominator, mustStop: $0)
            }
            #expect(asked >= rows / 16)
        }
        #expect(
            try questions { _ = try ImageCodec.decodeGrey(jpeg, mustStop: $0) } >= height / 16)
        #expect(throws: ImageError.stopped) {
            try ImageCodec.decodeRGB(jpeg, mustStop: { true })
        }
        #expect(
            try questions { _ = try ImageCodec.decodeRGB(png, mustStop: $0) } >= height / 16)
        #expect(
            try questions { _ = try ImageCodec.decodeGrey(grey, mustStop: $0) } >= height / 16)
        #expect(
            try questions {
                _ = try ImageCodec.decodeRGB(png, scaleDenominator: 4, mustStop: $0)
            } >= height / 16 + height / 4 / 16)
        #expect(try questions { _ = try ImageCodec.decodeRGB(webp, mustStop: $0) } >= 200)
        #expect(
            try questions {
                _ = try ImageCodec.encodePNG(
                    rgb: rgb, width: width, height: height, mustStop: $0)
            } >= height / 16)
        #expect(
            try questions {
                _ = try ImageCodec.encodeWebP(
                    luma: luma, cb: chroma, cr: chroma, width: width, height: height,
                    mustStop: $0)
            } >= 10)
    }

    @Test func `an upload stops while it is decoded`() throws {
        let image = try ImageCodec.encodePNG(rgb: noise(320, 240), width: 320, height: 240)
        let depth = try ImageCodec.encodeGreyPNG(
            [UInt8](repeating: 9, count: 320 * 240), width: 320, height: 240)
        let upload = SourceUpload(image: image, depth: depth)
        let asked = try questions { mustStop in
            _ = try SourcePicture(upload, digest: upload.digest, mustStop: mustStop)
        }
        #expect(asked >= 30)
        #expect(throws: RenderFailure.stopped) {
            try SourcePicture(upload, digest: upload.digest, mustStop: { true })
        }
    }

    @Test(arguments: [MoveSpecification.Format.pngFrames, .webp, .jpegFrames, .mp4])
    func `a segment stops between its frames, and stills within them`(
        _ format: MoveSpecification.Format
    ) throws {
        var specification = MoveSpecification(path: CameraMove.basic[1].path)
        specification.format = format
        specification.frames = 4
        let plan = try MovePlan(
            specification, of: source(upload()), scenes: SceneCache(budgetBytes: 64 << 20))
        let asked = try questions { mustStop in
            try plan.make(segment: 0, mustStop: mustStop) { _ in }
        }
        #expect(asked >= ([.pngFrames, .webp].contains(format) ? 40 : 4))
    }

    @Test(
        arguments: RenderKernel.allCases.filter(\.isSupported),
        [MoveSpecification.Format.mp4, .webp])
    func `no frame is begun after the last is not wanted any more, whatever makes them`(
        _ kernel: RenderKernel, _ format: MoveSpecification.Format
    ) throws {
        var specification = MoveSpecification(path: CameraMove.basic[1].path)
        specification.format = format
        specification.size = FrameSize(width: 640, height: 360)
        specification.frames = 24
        let plan = try MovePlan(
            specification, of: source(upload()), scenes: SceneCache(budgetBytes: 64 << 20),
            kernel: kernel)
        var made = 0
        var isWanted = true
        #expect(throws: RenderFailure.stopped) {
            try plan.make(segment: 0) {
                !isWanted
            } emit: { _ in
                made += 1
                isWanted = made < 3
            }
        }
        #expect(made == 3, "of the segment's frames")
        // Between two questions lies a frame at most, and it is thrown away.
        var asked = 0
        #expect(throws: RenderFailure.stopped) {
            try plan.make(segment: 0) {
                asked += 1
                return asked > 1
            } emit: { _ in
                Issue.record("a frame that nobody wants was encoded")
            }
        }
        #expect(asked >= 2 && asked <= 3)
    }

    @Test func `a depth estimate ends when its caller goes, and the thread is free`() async throws {
        var configuration = RenderConfiguration()
        configuration.workers = 1
        let model = EndlessModel()
        try await withHarness(configuration, depths: DepthList([.onnx], model: model)) { harness in
            let picture = try await harness.put(try upload(withDepth: false))
            let stream = try await harness.client.estimateDepth(
                .init(source: picture.digest), Harness.options)
            _ = await milliseconds { model.begun == 1 }
            #expect(harness.service.reservedBytes > 0)
            stream.cancel()
            let freed = await milliseconds { harness.service.reservedBytes == 0 }
            print("estimate cancelled: thread and memory free after \(decimals(freed)) ms")
            #expect(model.stopped == 1)
        }
    }

    @Test func `a move that is being prepared ends with its last caller, not before`() async throws
    {
        var configuration = RenderConfiguration()
        configuration.workers = 1
        let model = EndlessModel()
        try await withHarness(configuration, depths: DepthList([.onnx], model: model)) { harness in
            let picture = try await harness.put(try upload(withDepth: false))
            let first = try await harness.client.renderMove(
                panLeft(picture.digest), Harness.options)
            _ = await milliseconds { model.begun == 1 }
            let second = try await harness.client.renderMove(
                panLeft(picture.digest), Harness.options(user: "other"))
            // The second has come when something else of its user is answered.
            _ = try await harness.client.listMoves(.init(), Harness.options(user: "other"))
            first.cancel()
            _ = try await harness.client.listMoves(.init(), Harness.options)
            #expect(model.stopped == 0 && harness.service.reservedBytes > 0)
            second.cancel()
            let freed = await milliseconds { harness.service.reservedBytes == 0 }
            print("preparation cancelled: thread and memory free after \(decimals(freed)) ms")
            #expect(model.stopped == 1)
        }
    }

    @Test func `a deadline that passes during the preparation ends it`() async throws {
        var configuration = RenderConfiguration()
        configuration.workers = 1
        let model = EndlessModel()
        try await withHarness(configuration, depths: DepthList([.onnx], model: model)) { harness in
            let picture = try await harness.put(try upload(withDepth: false))
            let code = await failure {
                _ = try await harness.chunks(
                    panLeft(picture.digest), timeout: .milliseconds(200))
            }
            #expect(code == "DEADLINE_EXCEEDED")
            _ = await milliseconds { harness.service.reservedBytes == 0 }
            #expect(model.stopped == model.begun)
        }
    }

    @Test func `under load, what is cancelled is gone after the frames in hand`() async throws {
        var configuration = RenderConfiguration()
        configuration.workers = 2
        try await withHarness(configuration) { harness in
            let picture = try await harness.put(try upload())
            var streams: [ResponseStream<RenderAPI.ResultChunk>] = []
            for number in 0..<8 {
                var request = RenderAPI.MoveRequest(
                    source: picture.digest, width: 640, height: 360, frames: 1200,
                    framesPerSecond: 60, quality: UInt32(20 + number), move: "pan_left")
                request.isFragmented = true
                streams.append(
                    try await harness.client.renderMove(
                        request, Harness.options(user: "user \(number)")))
            }
            _ = await milliseconds { harness.encodedFrames > 30 }
            #expect(harness.service.waiting + 8 > 8 || harness.service.reservedBytes > 0)
            for stream in streams { stream.cancel() }
            let (frames, wait) = await harness.framesAfterCancelling()
            print("8 moves cancelled under load: \(frames) frames, \(wait)")
            // Of 9600: those in the hands of the two threads.
            #expect(frames <= 2)
        }
    }
}

private func decimals(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
