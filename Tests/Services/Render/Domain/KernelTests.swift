import RenderService
import ServiceRuntime
import Testing

/// Any picture, any depth, any camera: what every form of the inner loops must do alike.
@Suite struct `The kernels` {
    /// Shapes at random depths over a random slope, with hard and soft edges.
    private struct RandomScene {
        let width: Int
        let height: Int
        let rgb: [UInt8]
        let depth: Plane<Float>

        init(_ random: RandomSource) {
            func number(_ below: Int) -> Int { Int(random.nextUInt64() % UInt64(below)) }
            func share() -> Float { Float(number(10_001)) / 10_000 }
            width = 20 + number(300)
            height = 20 + number(200)
            var depths = [Float](repeating: 0, count: width * height)
            let (base, right, down) = (share(), share() - 0.5, share() - 0.5)
            for y in 0..<height {
                for x in 0..<width {
                    depths[y * width + x] =
                        base + right * Float(x) / Float(width) + down * Float(y) / Float(height)
                }
            }
            for _ in 0..<number(12) {
                let (left, top) = (number(width), number(height))
                let (columns, rows) = (1 + number(width), 1 + number(height))
                let (level, lean) = (share(), (share() - 0.5) / 20)
                for y in top..<min(height, top + rows) {
                    for x in left..<min(width, left + columns) {
                        depths[y * width + x] = level + lean * Float(x - left)
                    }
                }
            }
            if number(2) == 0 {
                for i in 1..<depths.count - 1 {
                    depths[i] = (depths[i - 1] + depths[i] + depths[i + 1]) / 3
                }
            }
            // A few maps are flat or leave the range of depths.
            depth = Plane(
                width: width, height: height,
                number(10) == 0 ? depths.map { _ in 0.5 } : depths.map { min(max($0, 0), 1) })
            rgb = (0..<width * height * 3).map { _ in UInt8(truncatingIfNeeded: number(256)) }
        }

        func sheet(_ encoding: ColourEncoding) -> SheetScene {
            SheetScene(
                rgb: rgb, width: width, height: height, depth: depth, encoding: encoding,
                reach: max(2, height / 6))
        }
    }

    private func pose(_ random: RandomSource) -> CameraPose {
        func about(_ size: Double) -> Double {
            (Double(random.nextUInt64() % 20_001) / 10_000 - 1) * size
        }
        return CameraPose(
            Vector3(about(0.4), about(0.4), about(0.6)),
            rotation: CameraRotation(pitch: about(0.3), yaw: about(0.3), roll: about(0.5)))
    }

    @Test(.enabled(if: RenderKernel.avx512.isSupported), arguments: 1...60)
    func `the wide form draws what the portable one draws`(_ seed: Int) {
        let random = RandomSource.seeded(UInt64(seed))
        let picture = RandomScene(random)
        let scene = picture.sheet(.fullRange601)
        let width = 2 + Int(random.nextUInt64() % 180) * 2
        let height = 2 + Int(random.nextUInt64() % 100) * 2
        let frames = [RenderKernel.portable, .avx512].map { kernel in
            (
                SheetRenderer(
                    scene: scene, width: width, height: height, keepsDepth: true,
                    kernel: kernel.make()),
                Picture420(width: width, height: height, encoding: .fullRange601)
            )
        }
        for _ in 0..<4 {
            let pose = self.pose(random)
            let geometry = ParallaxGeometry(strength: 0.4, pivot: seed % 2 == 0 ? 0 : 0.5)
            let filled = frames.map { $0.0.render(pose, geometry: geometry, into: $0.1) }
            #expect(filled[0] == filled[1], "seed \(seed)")
            for plane in [\Picture420.luma, \.cb, \.cr] {
                let (a, b) = (frames[0].1[keyPath: plane], frames[1].1[keyPath: plane])
                let different = zip(a.values, b.values).count { $0 != $1 }
                #expect(different == 0, "seed \(seed), \(width)×\(height)")
            }
        }
    }

    @Test(arguments: 100...130)
    func `every pixel of any move over any depth is a colour of the picture`(_ seed: Int) {
        let random = RandomSource.seeded(UInt64(seed))
        let picture = RandomScene(random)
        // One colour everywhere: a pixel that nobody painted, or mixed with what lies outside of
        // the picture, would show.
        let plain = SheetScene(
            rgb: [UInt8](repeating: 200, count: picture.width * picture.height * 3),
            width: picture.width, height: picture.height, depth: picture.depth,
            encoding: .fullRange601, reach: max(2, picture.height / 6))
        for kernel in RenderKernel.allCases where kernel.isSupported {
            let renderer = SheetRenderer(
                scene: plain, width: 98, height: 54, kernel: kernel.make())
            for _ in 0..<4 {
                let frame = Picture420(width: 98, height: 54, encoding: .fullRange601)
                renderer.render(pose(random), geometry: ParallaxGeometry(), into: frame)
                #expect(frame.luma.values.allSatisfy { $0 == 200 }, "seed \(seed) \(kernel)")
                #expect(frame.cb.values.allSatisfy { $0 == 128 }, "seed \(seed) \(kernel)")
                #expect(frame.cr.values.allSatisfy { $0 == 128 }, "seed \(seed) \(kernel)")
            }
        }
    }

    /// The bytes that the portable form gives on every machine; a new algorithm has new ones.
    @Test(
        arguments: [
            ("pan_left", 3002046700051568090), ("push_in", 13209556494287903116),
            ("crane_up", 4604151066737165939), ("arc_left", 506445304366003881),
            ("dutch_left", 9651628344197753249), ("zoom_in", 4529269162528017642),
            ("dolly_zoom_in", 5013959114962955061),
            ("handheld_drift", 5356709246046338835), ("orbit_loop", 4085494476651231752),
            ("breathe_loop", 12090636613837512732),
        ] as [(String, UInt64)])
    func `the portable form gives its golden bytes`(_ golden: (move: String, hash: UInt64)) throws {
        let hash = try hash(golden.move, LayeredScene.room.depth())
        #expect(hash == golden.hash, "\(golden.move): \(hash)")
    }

    @Test(
        arguments: [("pan_left", 4400133206477706271), ("dolly_zoom_in", 7161796289812586952)]
            as [(String, UInt64)])
    func `the portable form gives its golden bytes of a soft depth`(
        _ golden: (move: String, hash: UInt64)
    ) throws {
        let hash = try hash(golden.move, LayeredScene.room.softDepth())
        #expect(hash == golden.hash, "\(golden.move): \(hash)")
    }

    /// FNV-1a of five frames of a move.
    private func hash(_ move: String, _ depth: Plane<Float>) throws -> UInt64 {
        let path = try #require(CameraMove.named(move)).path
        let room = LayeredScene.room
        let scene = SheetScene(
            rgb: room.view(), width: room.width, height: room.height, depth: depth,
            encoding: .videoRange709, reach: room.height / 6)
        let renderer = SheetRenderer(
            scene: scene, width: 320, height: 180, kernel: PortableKernel())
        let frame = Picture420(width: 320, height: 180, encoding: .videoRange709)
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in [0, 11, 22, 33, 44] {
            let pose = path.pose(frame: index, of: 45)
            renderer.render(
                pose, geometry: ParallaxGeometry(), overscan: 1.1 * pose.zoom, into: frame)
            for value in frame.luma.values + frame.cb.values + frame.cr.values {
                hash = (hash ^ UInt64(value)) &* 0x100_0000_01B3
            }
        }
        return hash
    }
}
