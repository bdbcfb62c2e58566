import ImageCodec
import RenderService
import Testing

@Suite struct `subject motion` {
    @Test func `no words mean no motion`() {
        #expect(SubjectMotion(words: "").isStill)
        #expect(SubjectMotion(words: "  \n").isStill)
    }

    @Test(arguments: [
        ("walks to the left", -1.0), ("running left", -1), ("the fox walks to the right", 1),
        ("drifts right slowly", 1),
    ])
    func `words decide the way`(_ c: (words: String, sign: Double)) {
        let motion = SubjectMotion(words: c.words)
        #expect(motion.placement(at: 2).dx * c.sign > 0.02)
    }

    @Test func `running is faster than walking, and slowly is slower`() {
        func way(_ words: String) -> Double { SubjectMotion(words: words).placement(at: 2).dx }
        #expect(way("runs to the right") > 1.5 * way("walks to the right"))
        #expect(way("walks slowly to the right") < 0.8 * way("walks to the right"))
    }

    @Test(arguments: ["walks", "jumps", "waves", "turns", "rises", "comes closer", "dreams"])
    func `every motion starts from rest and then moves`(_ words: String) {
        let motion = SubjectMotion(words: words)
        let rest = SubjectPlacement(dx: 0, dy: 0, scale: 1, narrowing: 1, lean: 0)
        #expect(motion.placement(at: 0) == rest)
        let moved = (1...45).contains { frame in
            let p = motion.placement(at: Double(frame) / 15)
            return abs(p.dx) + abs(p.dy) + abs(p.scale - 1) + abs(p.narrowing - 1) + abs(p.lean)
                > 0.005
        }
        #expect(moved)
    }

    /// The disc of the room as a mask.
    private func discMask(_ scene: LayeredScene) throws -> [UInt8] {
        let disc = scene.shapes[1]
        var mask: [UInt8] = []
        for y in 0..<scene.height {
            for x in 0..<scene.width {
                let px = (Double(x) + 0.5 - Double(scene.width) / 2) / Double(scene.height)
                let py = (Double(y) + 0.5 - Double(scene.height) / 2) / Double(scene.height)
                mask.append(disc.covers(px, py) ? 255 : 0)
            }
        }
        return try ImageCodec.encodeGreyPNG(mask, width: scene.width, height: scene.height)
    }

    private func frames(_ words: String, _ path: CameraPath = .still) throws -> [RGBImage] {
        var specification = MoveSpecification(path: path)
        specification.format = .jpegFrames
        specification.quality = 95
        specification.subjectWords = words
        specification.frames = 31
        let mask = try discMask(.room)
        let move = try render(specification, of: source(upload(mask: mask)))
        return try move.parts.map { try ImageCodec.decodeRGB($0) }
    }

    private func difference(
        _ a: RGBImage, _ b: RGBImage, columns: Range<Int>, rows: Range<Int>
    ) -> Double {
        var sum = 0
        for y in rows {
            for x in columns {
                for c in 0..<3 {
                    let i = (y * a.width + x) * 3 + c
                    sum += abs(Int(a.pixels[i]) - Int(b.pixels[i]))
                }
            }
        }
        return Double(sum) / Double(rows.count * columns.count * 3)
    }

    @Test func `the subject moves while the background stands still`() throws {
        let frames = try frames("walks to the right")
        let first = frames[0]
        let last = frames[30]
        // The disc is in the middle left; the pole and the far right are background.
        #expect(difference(first, last, columns: 260..<320, rows: 0..<180) < 1.5)
        #expect(difference(first, last, columns: 0..<80, rows: 0..<180) < 1.5)
        #expect(difference(first, last, columns: 95..<180, rows: 80..<140) > 6)
    }

    @Test func `where the subject was, the background goes on`() throws {
        let frames = try frames("runs to the right")
        // The left rim of the disc is orange at first; the wall behind it is grey-green.
        func red(_ image: RGBImage) -> Int {
            let i = (105 * image.width + 102) * 3
            return Int(image.pixels[i]) - Int(image.pixels[i + 2])
        }
        #expect(red(frames[0]) > 80)
        #expect(red(frames[30]) < 50)
    }

    @Test func `the first frame is the picture`() throws {
        let first = try frames("waves")[0]
        let truth = RGBImage(width: 320, height: 180, pixels: LayeredScene.room.view())
        #expect(difference(first, truth, columns: 0..<320, rows: 0..<180) < 2.5)
    }

    @Test func `a long way is shortened so that the subject stays in the picture`() throws {
        var specification = MoveSpecification(path: .still)
        specification.format = .jpegFrames
        specification.subjectWords = "runs fast to the right"
        specification.frames = 300
        specification.framesPerSecond = 15
        let move = try render(
            specification, of: source(upload(mask: try discMask(.room))))
        let last = try ImageCodec.decodeRGB(try #require(move.parts.last))
        var orange = 0
        for i in stride(from: 0, to: last.pixels.count, by: 3)
        where Int(last.pixels[i]) - Int(last.pixels[i + 2]) > 100 { orange += 1 }
        #expect(orange > 1000)
    }

    @Test func `an empty mask or none moves the camera only`() throws {
        var specification = MoveSpecification(path: CameraMove.basic[1].path)
        let plain = try render(specification, of: source(upload()))
        specification.subjectWords = "walks"
        #expect(try render(specification, of: source(upload())).parts == plain.parts)
        let empty = try ImageCodec.encodeGreyPNG(
            [UInt8](repeating: 0, count: 320 * 180), width: 320, height: 180)
        #expect(try render(specification, of: source(upload(mask: empty))).parts == plain.parts)
    }
}
