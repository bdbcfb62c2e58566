import CameraMoves
import RenderService
import Testing

typealias NamedMove = CameraMoves.CameraMove

@Suite struct `the catalogue of moves` {
    @Test func `every move has an id of its own, words for people and rising keys`() {
        #expect(Set(NamedMove.all.map(\.id)).count == NamedMove.all.count)
        for move in NamedMove.all {
            #expect(!move.label.isEmpty && move.description.hasSuffix("."), "\(move.id)")
            #expect(!move.description.contains("\n") && move.description.count < 120)
            #expect(zip(move.keys, move.keys.dropFirst()).allSatisfy { $0.time < $1.time })
            #expect(move.durationSeconds >= 0.5 && move.durationSeconds <= 20)
        }
        #expect(Set(NamedMove.all.map(\.category)) == Set(NamedMove.Category.allCases))
    }

    @Test(arguments: RequiredMove.all)
    func `the geometry is the table's`(_ expected: RequiredMove) throws {
        let move = try #require(NamedMove.named(expected.id))
        let path = CameraPath(move)
        #expect(path.start == expected.path.start && path.end == expected.path.end)
        for frame in 0..<45 {
            #expect(path.pose(frame: frame, of: 45) == expected.path.pose(frame: frame, of: 45))
        }
    }

    @Test(arguments: NamedMove.all)
    func `every move fits a wide picture without losing most of itself`(
        _ move: NamedMove
    ) {
        let fitted = ParallaxGeometry(strength: 0.3)
            .fit(CameraPath(move), aspect: 16.0 / 9, depths: 0...1)
        #expect(fitted.overscan <= ParallaxGeometry.overscanMax + 1e-9, "\(move.id)")
        #expect(fitted.appliedStrength > 0.25, "\(move.id)")
    }

    @Test func `zooms and rolls need no crop of their own`() throws {
        for id in ["zoom_in", "zoom_out", "dolly_zoom_in", "dolly_zoom_out", "roll_left"] {
            let move = try #require(NamedMove.named(id))
            let fitted = ParallaxGeometry(strength: 0.3)
                .fit(CameraPath(move), aspect: 16.0 / 9, depths: 0...1)
            #expect(fitted.appliedStrength == 1, "\(id)")
        }
    }

    @Test(arguments: ["dolly_zoom_in", "dolly_zoom_out"])
    func `a dolly zoom keeps the size of what is nearest at any strength`(_ id: String) throws {
        let path = try #require(CameraMove.named(id)).path
        for (strength, pivot, depths) in [
            (0.05, 0.0, 0.0...1), (0.15, 0, 0...1), (0.3, 0, 0...0.8), (0.6, -0.5, 0.1...0.9),
            (1, 0, 0...1), (0.3, 0.5, 0...1), (1, -1, 0...1), (0.3, 0, 0.4...0.4),
        ] {
            for shape in [path, path.scaled(by: 2), path.reversed(), path.looped()] {
                let fitted = ParallaxGeometry(strength: strength, pivot: pivot)
                    .fit(shape, aspect: 16.0 / 9, depths: depths)
                let poses = (0..<45).map { fitted.path.pose(frame: $0, of: 45) }
                func sizes(_ depth: Double) -> [Double] {
                    poses.map { $0.zoom / (1 - $0.position.z * strength * (depth - pivot)) }
                }
                let near = sizes(depths.upperBound)
                #expect(near.allSatisfy { abs($0 / near[0] - 1) < 1e-6 }, "\(strength) \(pivot)")
                // No part of the picture is lost where the camera is closest.
                #expect(abs((poses.map(\.zoom).min() ?? 0) - 1) < 0.02)
                let far = sizes(depths.lowerBound)
                let change = (far.max() ?? 1) / (far.min() ?? 1)
                #expect(change > 1.01 || depths.lowerBound == depths.upperBound)
                // Only through the nearest is too far, and for what is beyond the pivot the crop.
                let limit = 0.6 * strength * (depths.upperBound - pivot)
                if limit < 0.35, pivot <= 0 { #expect(fitted.appliedStrength == 1) }
                #expect(fitted.appliedStrength > 0.25)
            }
        }
    }
}

@Suite struct `shapes of a move` {
    private let path = CameraPath(
        start: CameraPose(Vector3(0.1, 0, 0)), end: CameraPose(Vector3(-0.2, 0, 0.1), zoom: 1.2))

    @Test(arguments: CameraEasing.allCases)
    func `reversed is the same way backwards`(_ easing: CameraEasing) {
        let way = path.eased(by: easing)
        let back = way.reversed()
        for index in 0...20 {
            let t = Double(index) / 20
            for (a, b) in zip(numbers(way.pose(at: t)), numbers(back.pose(at: 1 - t))) {
                #expect(abs(a - b) < 1e-12)
            }
        }
    }

    @Test func `no strength is rest and twice is twice as far`() {
        #expect(path.scaled(by: 0).pose(at: 0.7) == .rest)
        #expect(abs(path.scaled(by: 2).end.position.x + 0.4) < 1e-12)
        #expect(abs(path.scaled(by: 2).end.zoom - 1.4) < 1e-12)
    }

    @Test(arguments: NamedMove.all)
    func `after the last frame a loop begins again`(_ move: NamedMove) {
        let loop = CameraPath(move).looped()
        for count in [8, 45, 60] {
            #expect(loop.pose(frame: count, of: count) == loop.pose(frame: 0, of: count))
            // And it arrives there: the last step is no larger than the others.
            let steps = (0..<count).map { index in
                distance(
                    loop.pose(frame: index, of: count), loop.pose(frame: index + 1, of: count))
            }
            #expect((steps.last ?? 0) <= (steps.max() ?? 0) + 1e-12)
            #expect((steps.last ?? 0) < 0.4, "\(move.id)")
        }
    }

    @Test func `a curve goes through its keys without a stop or a kink`() {
        let keys = [(0, 0), (0.3, 0.2), (0.5, -0.1), (1, 0.3)].map { time, x in
            CameraPath.Key(time, CameraPose(Vector3(x, 0, 0)), easing: .through)
        }
        let path = CameraPath(keys: keys)
        for key in keys { #expect(path.pose(at: key.time) == key.pose) }
        let step = 1e-5
        for key in keys[1...2] {
            let before = key.pose.position.x - path.pose(at: key.time - step).position.x
            let after = path.pose(at: key.time + step).position.x - key.pose.position.x
            #expect(abs(before - after) / step < 1e-2)
        }
    }

    @Test func `a curved loop has no kink where it closes`() throws {
        let loop = CameraPath(try #require(NamedMove.named("orbit_loop")))
        let step = 1e-5
        let before = loop.pose(at: 1).position.x - loop.pose(at: 1 - step).position.x
        let after = loop.pose(at: step).position.x - loop.pose(at: 0).position.x
        #expect(abs(before - after) / step < 1e-2)
    }

    private func numbers(_ pose: CameraPose) -> [Double] {
        [
            pose.position.x, pose.position.y, pose.position.z, pose.rotation.pitch,
            pose.rotation.yaw, pose.rotation.roll, pose.zoom,
        ]
    }

    private func distance(_ a: CameraPose, _ b: CameraPose) -> Double {
        zip(numbers(a), numbers(b)).map { abs($0 - $1) }.reduce(0, +)
    }
}

@Suite struct `frames of named moves` {
    private func plan(_ id: String, isLoop: Bool = false) throws -> MovePlan {
        let move = try #require(NamedMove.named(id))
        var specification = MoveSpecification(
            path: isLoop ? CameraPath(move).looped() : CameraPath(move))
        specification.frames = 12
        specification.overlay.grain = 0.05
        specification.geometry = ParallaxGeometry(strength: 0.3)
        return try MovePlan(
            specification, of: source(upload()), scenes: SceneCache(budgetBytes: 64 << 20))
    }

    @Test(arguments: [
        "handheld_drift", "orbit_loop", "breathe_loop", "pan_left", "static", "zoom_in",
    ])
    func `the frame after the last of a loop is the first, bit for bit`(_ id: String) throws {
        let plan = try plan(id, isLoop: true)
        let (first, next) = (plan.frame(0), plan.frame(12))
        #expect(first.luma.values == next.luma.values)
        #expect(first.cb.values == next.cb.values && first.cr.values == next.cr.values)
        // The frame before differs, or the test would show nothing.
        #expect(first.luma.values != plan.frame(11).luma.values)
    }

    @Test func `a zoom grows near and far alike`() throws {
        // Two discs, one near and one far, both off the centre.
        func centres(_ id: String, _ frame: Int) throws -> [Double] {
            let move = try #require(NamedMove.named(id))
            var specification = MoveSpecification(path: CameraPath(move))
            specification.frames = 2
            specification.geometry = ParallaxGeometry(strength: 0.3)
            let plan = try MovePlan(
                specification, of: source(upload(.discs(near: [0.4, 0], far: [-0.4, 0]))),
                scenes: SceneCache(budgetBytes: 64 << 20))
            let picture = plan.frame(frame)
            return [picture.cr, picture.cb].map { plane in
                var (sum, weight) = (0.0, 0.0)
                for y in 0..<plane.height {
                    for x in 0..<plane.width where plane[x, y] > 170 {
                        sum += Double(x) - Double(plane.width - 1) / 2
                        weight += 1
                    }
                }
                return sum / max(1, weight)
            }
        }
        let (start, end) = (try centres("zoom_in", 0), try centres("zoom_in", 1))
        for (a, b) in zip(start, end) where a != 0 { #expect(abs(b / a - 1.3) < 0.03) }
        #expect(start.allSatisfy { abs($0) > 5 })
        let (far, near) = (try centres("push_in", 0), try centres("push_in", 1))
        let growth = zip(far, near).map { $1 / $0 }
        #expect(abs(growth[0] - growth[1]) > 0.03)
    }
}
