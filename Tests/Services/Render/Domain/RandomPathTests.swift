import CameraMoves
import RenderService
import ServiceRuntime
import Testing

/// Any way of the camera over any depth: the crop hides what lies beyond the picture.
@Suite struct `Random paths` {
    private struct Draw {
        let random: RandomSource

        init(_ seed: Int) { random = RandomSource.seeded(UInt64(seed)) }

        func number(_ below: Int) -> Int { Int(random.nextUInt64() % UInt64(below)) }

        func within(_ range: ClosedRange<Double>) -> Double {
            range.lowerBound + Double(number(10_001)) / 10_000
                * (range.upperBound - range.lowerBound)
        }

        /// 2 to 12 key frames, near rest or far, with any easing; a third of the paths close.
        func path(turns: Double) -> CameraPath {
            var times: Set<Double> = [0, 1]
            for _ in 0..<number(11) { times.insert(within(0.02...0.98)) }
            let easings = CameraEasing.allCases
            let easing = number(2) == 0 ? easings[number(easings.count)] : nil
            var keys = times.sorted().map { time in
                CameraPath.Key(
                    time, pose(turns: turns), easing: easing ?? easings[number(easings.count)])
            }
            let isLoop = number(3) == 0
            if isLoop { keys[keys.count - 1].pose = keys[0].pose }
            return CameraPath(keys: keys, isLoop: isLoop).scaled(by: within(0.05...1))
        }

        private func pose(turns: Double) -> CameraPose {
            CameraPose(
                Vector3(within(-0.6...0.6), within(-0.6...0.6), within(-0.6...0.8)),
                rotation: CameraRotation(
                    pitch: within(-turns...turns), yaw: within(-turns...turns),
                    roll: within(-0.4...0.4)),
                zoom: within(0.8...1.6))
        }
    }

    // MARK: By the formulas

    /// Sine and cosine of a small angle.
    private static func turn(_ angle: Double) -> (sine: Double, cosine: Double) {
        var (sine, cosine, term) = (0.0, 0.0, 1.0)
        for n in 0..<12 {
            switch n % 4 {
            case 0: cosine += term
            case 1: sine += term
            case 2: cosine -= term
            default: sine -= term
            }
            term *= angle / Double(n + 1)
        }
        return (sine, cosine)
    }

    /// Where in the picture a place of the screen looks, in image heights, y up.
    private static func lookedAt(
        _ x: Double, _ y: Double, depth: Double, _ pose: CameraPose, _ geometry: ParallaxGeometry
    ) -> (x: Double, y: Double) {
        let (roll, pitch) = (turn(pose.rotation.roll), turn(pose.rotation.pitch))
        let yaw = turn(pose.rotation.yaw)
        // The camera's right goes down, its forward up, then to the right.
        let (right, up, forward) = (
            x * roll.cosine + y * roll.sine, y * roll.cosine - x * roll.sine, 1.5
        )
        let rise = up * pitch.cosine + forward * pitch.sine
        let ahead = forward * pitch.cosine - up * pitch.sine
        let across = right * yaw.cosine + ahead * yaw.sine
        let away = ahead * yaw.cosine - right * yaw.sine
        let (px, py) = (1.5 * across / away, 1.5 * rise / away)
        let w = geometry.strength * (depth - geometry.pivot)
        return (
            px * (1 - w * pose.position.z) + w * pose.position.x,
            py * (1 - w * pose.position.z) + w * pose.position.y
        )
    }

    @Test func `no frame of any path looks beyond the picture`() {
        var worst = (beyond: 0.0, seed: 0)
        var scaled = 0
        for seed in 1...300 {
            let draw = Draw(seed)
            let path = draw.path(turns: 0.35)
            let geometry = ParallaxGeometry(
                strength: draw.within(0.05...1), pivot: draw.within(-1...0.3))
            let aspect = [16.0 / 9, 9.0 / 16, 1, 4.0 / 3, 0.75][draw.number(5)]
            let low = draw.within(0...1)
            let depths = low...draw.within(low...1)
            let fitted = geometry.fit(path, aspect: aspect, depths: depths)
            #expect(fitted.overscan <= ParallaxGeometry.overscanMax + 1e-9, "seed \(seed)")
            #expect((0...1).contains(fitted.appliedStrength), "seed \(seed)")
            if fitted.appliedStrength < 1 { scaled += 1 }
            for index in 0..<301 {
                let pose = fitted.path.pose(at: Double(index) / 300)
                let half = 0.5 / (fitted.overscan * pose.zoom)
                for (x, y) in [(-half, -half), (half, -half), (-half, half), (half, half)] {
                    for depth in [depths.lowerBound, depths.upperBound] {
                        let q = Self.lookedAt(x * aspect, y, depth: depth, pose, geometry)
                        let beyond = max(abs(q.x) - aspect / 2, abs(q.y) - 0.5)
                        if beyond > worst.beyond { worst = (beyond, seed) }
                    }
                }
            }
        }
        print("farthest beyond the picture: \(worst.beyond) heights, seed \(worst.seed)")
        // Half a pixel of 1080 rows.
        #expect(worst.beyond < 0.5 / 1080, "seed \(worst.seed)")
        // Some are as far as the limit and some are not, or this would show little.
        #expect((30...290).contains(scaled), "\(scaled)")
    }

    // MARK: On the screen

    /// A grey picture whose depth jumps in the middle, between white bands that no crop may show.
    private struct BandedScene {
        let inner = (width: 216, height: 120)
        /// Columns and rows of the bands on either side.
        let band: (x: Int, y: Int)
        let scene: SheetScene

        var width: Int { inner.width + 2 * band.x }
        var height: Int { inner.height + 2 * band.y }
        var aspect: Double { Double(inner.width) / Double(inner.height) }

        init(_ draw: Draw, band: (x: Int, y: Int)) {
            self.band = band
            let (width, height) = (216 + 2 * band.x, 120 + 2 * band.y)
            var depths = [Float](repeating: Float(draw.within(0...1)), count: width * height)
            for _ in 0..<draw.number(6) {
                let (left, top) = (30 + draw.number(100), 30 + draw.number(30))
                let level = Float(draw.within(0...1))
                for y in top..<min(90, top + 3 + draw.number(60)) {
                    for x in left..<min(186, left + 3 + draw.number(100)) {
                        depths[(y + band.y) * width + x + band.x] = level
                    }
                }
            }
            var rgb = [UInt8](repeating: 255, count: width * height * 3)
            for y in band.y..<height - band.y {
                for x in band.x..<width - band.x {
                    for channel in 0..<3 { rgb[(y * width + x) * 3 + channel] = 100 }
                }
            }
            scene = SheetScene(
                rgb: rgb, width: width, height: height,
                depth: Plane(width: width, height: height, depths), encoding: .fullRange601,
                reach: 20)
        }

        /// How many pixels of the inner part of the frame are as white as the bands.
        func bandPixels(
            _ pose: CameraPose, _ geometry: ParallaxGeometry, overscan: Double
        ) -> Int {
            let frame = Picture420(width: width, height: height, encoding: .fullRange601)
            var pose = pose
            // Lengths are in heights of the picture, to which the bands have added.
            let share = Double(inner.height) / Double(height)
            pose.position.x *= share
            pose.position.y *= share
            SheetRenderer(scene: scene, width: width, height: height).render(
                pose, geometry: geometry, overscan: overscan * pose.zoom, into: frame)
            var count = 0
            for y in band.y..<height - band.y {
                for x in band.x..<width - band.x where frame.luma[x, y] > 185 { count += 1 }
            }
            return count
        }
    }

    /// Bands at the sides leave the height as it is, so the camera may turn any way; with bands
    /// above and below it only rolls.
    @Test(arguments: [(x: 36, y: 0, turns: 0.3), (x: 0, y: 24, turns: 0)])
    func `no pixel from beyond the picture is ever seen`(
        _ kind: (x: Int, y: Int, turns: Double)
    ) {
        var seenWithoutCrop = 0
        for seed in 1000..<1040 {
            let draw = Draw(seed)
            let path = draw.path(turns: kind.turns)
            let scene = BandedScene(draw, band: (kind.x, kind.y))
            let geometry = ParallaxGeometry(strength: draw.within(0.1...0.6))
            let depths = scene.scene.depths
            let fitted = geometry.fit(
                path, aspect: scene.aspect,
                depths: Double(depths.lowerBound)...Double(depths.upperBound))
            var isSeen = false
            for _ in 0..<5 {
                let time = draw.within(0...1)
                let count = scene.bandPixels(
                    fitted.path.pose(at: time), geometry, overscan: fitted.overscan)
                #expect(count == 0, "seed \(seed), time \(time)")
                isSeen = isSeen || scene.bandPixels(path.pose(at: time), geometry, overscan: 1) > 0
            }
            if isSeen { seenWithoutCrop += 1 }
        }
        // Without the crop most of them would show it.
        #expect(seenWithoutCrop > 25, "\(seenWithoutCrop)")
    }
}
