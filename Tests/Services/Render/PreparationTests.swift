import ImageCodec
import RenderService
import ServiceRuntime
import Testing

/// What a test ends a computation with.
private struct Ended: Error {}

@Suite(.timeLimit(.minutes(1))) struct `a preparation that is not wanted any more` {
    /// Columns in front of a wall, with ramps of six pixels: every step has work to do.
    private func depth(_ width: Int, _ height: Int) -> Plane<Float> {
        let period = width / 8
        let row = (0..<width).map { x in
            0.2 + 0.6 * min(1, max(0, Float(period / 4 - abs(x % period - period / 2)) / 6))
        }
        return Plane(width: width, height: height, (0..<height).flatMap { _ in row })
    }

    private func checkpoints(_ width: Int, _ height: Int) -> Int {
        let rgb = [UInt8](repeating: 7, count: width * height * 3)
        var count = 0
        let scene = SheetScene(
            rgb: rgb, width: width, height: height, depth: depth(width, height),
            encoding: .videoRange709, reach: height / 6
        ) { count += 1 }
        #expect(scene.isCrisp == false)
        return count
    }

    @Test func `the work between two questions does not grow with the picture`() {
        let (small, large) = (checkpoints(480, 270), checkpoints(1920, 1080))
        // Sixteen times the samples are sixteen times the questions; windows grow as well.
        #expect(large >= 16 * small, "\(small), \(large)")
        print("checkpoints: \(small), \(large)")
        // More than thirty passes, each asking for every 2¹⁵ samples.
        #expect(large >= (30 * 1920 * 1080) >> 15)
    }

    @Test(arguments: [true, false])
    func `it ends at any question, and the next request for it succeeds`(
        _ hasSubject: Bool
    ) throws {
        let (width, height) = (480, 270)
        let rgb = (0..<(width * height * 3)).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435) }
        let samples = depth(480, 270).values.map { UInt16($0 * 65535) }
        var mask = [UInt8](repeating: 0, count: width * height)
        for y in 100..<200 {
            for x in 150..<300 { mask[y * width + x] = 255 }
        }
        let upload = SourceUpload(
            image: try ImageCodec.encodePNG(rgb: rgb, width: width, height: height, level: 1),
            depth: try ImageCodec.encodeGreyPNG(
                samples, width: width, height: height, level: 1),
            mask: hasSubject
                ? try ImageCodec.encodeGreyPNG(mask, width: width, height: height, level: 1) : [])
        let picture = try source(upload)
        var specification = MoveSpecification(path: CameraMove.basic[1].path)
        specification.subjectWords = "she walks to the left"
        specification.size = FrameSize(width: 320, height: 180)
        func plan(_ scenes: SceneCache, _ mustStop: () -> Bool) throws -> MovePlan {
            try MovePlan(specification, of: picture, scenes: scenes, mustStop: mustStop)
        }
        var whole = 0
        let untouched = try plan(SceneCache(budgetBytes: 64 << 20)) {
            whole += 1
            return false
        }
        #expect(whole >= (hasSubject ? 150 : 100))
        let scenes = SceneCache(budgetBytes: 64 << 20)
        for last in stride(from: 0, to: whole - 1, by: max(1, whole / 40)) {
            var asked = 0
            #expect(throws: RenderFailure.stopped) {
                try plan(scenes) {
                    asked += 1
                    return asked > last
                }
            }
            #expect(asked == last + 1, "of \(whole)")
            #expect(scenes.heldBytes == 0)
        }
        let after = try plan(scenes) { false }
        #expect(scenes.heldBytes > 0)
        #expect(after.frame(5).luma.values == untouched.frame(5).luma.values)
    }

    @Test func `a guess of depth ends at any question`() throws {
        let (width, height) = (1024, 576)
        let rgb = [UInt8](repeating: 9, count: width * height * 3)
        var whole = 0
        _ = HeuristicDepth.estimate(rgb: rgb, width: width, height: height) { whole += 1 }
        #expect(whole >= 20)
        for last in 0..<whole {
            var asked = 0
            #expect(throws: Ended.self) {
                try HeuristicDepth.estimate(
                    rgb: rgb, width: width, height: height
                ) { () throws(Ended) in
                    asked += 1
                    if asked > last { throw Ended() }
                }
            }
            #expect(asked == last + 1)
        }
    }
}
