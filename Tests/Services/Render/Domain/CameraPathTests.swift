import RenderService
import Testing

@Suite struct `camera paths` {
    @Test(arguments: [
        (0, 0), (1, 0.000047), (11, 0.0625), (22, 0.5), (33, 0.9375), (43, 0.999953), (44, 1),
    ])
    func `easing has its known values at 45 frames`(_ golden: (frame: Int, value: Double)) {
        let eased = CameraPath.eased(Double(golden.frame) / 44)
        #expect(abs(eased - golden.value) < 5e-7)
    }

    @Test func `a path starts and ends exactly at its poses`() {
        let path = CameraMove.named("crane_down")?.path ?? .still
        #expect(path.pose(frame: 0, of: 45) == path.start)
        let last = path.pose(frame: 44, of: 45)
        #expect(abs(last.position.y - path.end.position.y) < 1e-12)
        #expect(abs(last.rotation.pitch - path.end.rotation.pitch) < 1e-12)
    }

    @Test func `a path of one frame shows its start`() {
        let path = CameraPath(start: CameraPose(Vector3(0.1, 0, 0)), end: .rest)
        #expect(path.pose(frame: 0, of: 1) == path.start)
    }
}

@Suite struct `the constant crop` {
    private static let aspect = 16.0 / 9

    /// Where the geometry's formula says a frame point looks, for paths that turn nothing.
    private func lookedAt(
        _ x: Double, _ y: Double, depth: Double, pose: CameraPose, _ geometry: ParallaxGeometry
    ) -> (x: Double, y: Double) {
        let w = geometry.strength * (depth - geometry.pivot)
        return (
            x * (1 - w * pose.position.z) + w * pose.position.x,
            y * (1 - w * pose.position.z) + w * pose.position.y
        )
    }

    @Test(arguments: CameraMove.basic)
    func `no basic move ever looks beyond the border`(_ move: CameraMove) {
        let geometry = ParallaxGeometry(strength: 0.4, pivot: 0)
        let fitted = geometry.fit(move.path, aspect: Self.aspect, depths: 0...1)
        #expect(fitted.appliedStrength == 1)
        #expect((1...ParallaxGeometry.overscanMax).contains(fitted.overscan))
        for frame in 0..<45 {
            let pose = fitted.path.pose(frame: frame, of: 45)
            for (x, y) in [(-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5), (0.5, 0.5)] {
                for depth in [0, 0.3, 1] {
                    let q = lookedAt(
                        x * Self.aspect / fitted.overscan, y / fitted.overscan, depth: depth,
                        pose: pose, geometry)
                    #expect(abs(q.x) <= Self.aspect / 2 + 1e-6 && abs(q.y) <= 0.5 + 1e-6)
                }
            }
        }
    }

    @Test func `a crop is no larger than it must be`() {
        let geometry = ParallaxGeometry(strength: 0.4, pivot: 0)
        let path = CameraMove.named("pan_left")?.path ?? .still
        let fitted = geometry.fit(path, aspect: Self.aspect, depths: 0...1)
        // 0.15 · 0.4 of a height on either side of a frame 1.7778 heights wide.
        #expect(abs(fitted.overscan - 1 / (1 - 0.12 / Self.aspect)) < 1e-4)
        #expect(geometry.fit(.still, aspect: Self.aspect, depths: 0...1).overscan == 1)
    }

    @Test func `beyond the crop limit the move is scaled down and says so`() {
        let geometry = ParallaxGeometry(strength: 0.4, pivot: 0)
        func pan(_ x: Double) -> FittedPath {
            geometry.fit(
                CameraPath(
                    start: CameraPose(Vector3(x, 0, 0)), end: CameraPose(Vector3(-x, 0, 0))),
                aspect: Self.aspect, depths: 0...1)
        }
        let (far, farther) = (pan(0.8), pan(1.6))
        for fitted in [far, farther] {
            #expect(fitted.overscan <= ParallaxGeometry.overscanMax + 1e-9)
            #expect(fitted.appliedStrength < 1 && fitted.appliedStrength > 0)
        }
        #expect(abs(far.appliedStrength - 2 * farther.appliedStrength) < 1e-3)
        #expect(abs(far.path.start.position.x - 0.8 * far.appliedStrength) < 1e-9)
    }

    @Test(arguments: CameraMove.all)
    func `every move fits`(_ move: CameraMove) {
        let fitted = ParallaxGeometry().fit(move.path, aspect: Self.aspect, depths: 0...1)
        #expect(fitted.overscan <= ParallaxGeometry.overscanMax + 1e-9)
        // Tilting by a fifth of a radian moves the picture by a third of its height.
        #expect(fitted.appliedStrength > 0.25)
    }

    @Test func `the camera never goes through what is nearest`() {
        let path = CameraPath(start: .rest, end: CameraPose(Vector3(0, 0, 2)))
        let fitted = ParallaxGeometry(strength: 1, pivot: -1)
            .fit(path, aspect: Self.aspect, depths: 0...1)
        #expect(fitted.path.end.position.z * 2 <= 0.71)
        #expect(fitted.appliedStrength < 0.5)
    }
}
