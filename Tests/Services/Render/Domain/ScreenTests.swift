import RenderService
import Testing

/// What a person sees on the screen, for each move.
@Suite struct `on the screen` {
    private static let width = 320
    private static let height = 180
    private static let geometry = ParallaxGeometry(strength: 0.4, pivot: 0)

    /// Frames of a way, evenly over its time, with its crop.
    private func frames(
        _ path: CameraPath, _ scene: SheetScene, count: Int = 3, of total: Int = 45,
        geometry: ParallaxGeometry = Self.geometry
    ) -> [Picture420] {
        let fitted = geometry.fit(
            path, aspect: Double(Self.width) / Double(Self.height),
            depths: Double(scene.depths.lowerBound)...Double(scene.depths.upperBound))
        let renderer = SheetRenderer(scene: scene, width: Self.width, height: Self.height)
        return (0..<count).map { index in
            let frame = Picture420(
                width: Self.width, height: Self.height, encoding: .fullRange601)
            let pose = fitted.path.pose(
                frame: index * (total - 1) / (count - 1), of: path.isLoop ? total - 1 : total)
            renderer.render(
                pose, geometry: geometry, overscan: fitted.overscan * pose.zoom, into: frame)
            return frame
        }
    }

    /// First, middle and last frame of a move.
    private func frames(_ id: String, _ scene: SheetScene) throws -> [Picture420] {
        frames(try #require(CameraMove.named(id)).path, scene)
    }

    /// How far the near and the far disc travel from the first to the last frame, y down.
    private func travel(
        _ id: String, near: SIMD2<Double> = [-0.2, 0], far: SIMD2<Double> = [0.25, 0]
    ) throws -> (near: SIMD2<Double>, far: SIMD2<Double>) {
        let all = try frames(id, LayeredScene.discs(near: near, far: far).scene())
        return (
            centroid(all[2], red: true) - centroid(all[0], red: true),
            centroid(all[2], red: false) - centroid(all[0], red: false)
        )
    }

    /// Where the discs are in each of `count` frames once round a loop, the first one again last.
    private func round(
        _ id: String, near: SIMD2<Double>, far: SIMD2<Double>, count: Int
    ) throws -> (near: [SIMD2<Double>], far: [SIMD2<Double>]) {
        let path = try #require(CameraMove.named(id)).path
        #expect(path.isLoop)
        let all = frames(path, LayeredScene.discs(near: near, far: far).scene(), count: count)
        #expect(all[0].luma.values == all[count - 1].luma.values)
        return (all.map { centroid($0, red: true) }, all.map { centroid($0, red: false) })
    }

    @Test(arguments: ["pan_left", "track_left"])
    func `moving left sends content right, near more than far`(_ id: String) throws {
        let way = try travel(id)
        #expect(way.near.x > 0.08 && way.far.x > 0.02)
        #expect(way.near.x > 2 * way.far.x)
        #expect(abs(way.near.y) < 0.01 && abs(way.far.y) < 0.01)
    }

    @Test(arguments: ["pan_right", "track_right"])
    func `moving right sends content left, near more than far`(_ id: String) throws {
        let way = try travel(id)
        #expect(way.near.x < -0.08 && way.far.x < -0.02)
        #expect(way.near.x < 2 * way.far.x)
    }

    @Test func `pan_left is pan_right in a mirror`() throws {
        var mirrored = LayeredScene.room
        mirrored.shapes = mirrored.shapes.map { shape in
            LayeredScene.Shape(
                depth: shape.depth, covers: { x, y in shape.covers(-x, y) },
                colour: { x, y in shape.colour(-x, y) })
        }
        let left = try frames("pan_left", LayeredScene.room.scene())
        let right = try frames("pan_right", mirrored.scene())
        for (a, b) in zip(left, right) {
            var different = 0
            for y in 0..<a.height {
                for x in 0..<a.width
                where abs(Int(a.luma[x, y]) - Int(b.luma[a.width - 1 - x, y])) > 8 {
                    different += 1
                }
            }
            // A silhouette may fall to either side of a pixel.
            #expect(different < a.width * a.height / 50)
        }
    }

    @Test func `pushing in sends content outward, near faster than far`() throws {
        let way = try travel("push_in", near: [-0.4, 0.2], far: [0.4, -0.2])
        #expect(way.near.x < -0.03 && way.near.y > 0.015)
        #expect(way.far.x > 0.01 && way.far.y < -0.005)
        #expect(-way.near.x > 2 * way.far.x)
    }

    @Test func `pulling back draws content inward, near faster than far`() throws {
        let way = try travel("pull_back", near: [-0.4, 0.2], far: [0.4, -0.2])
        #expect(way.near.x > 0.03 && way.near.y < -0.015)
        #expect(way.far.x < -0.01 && way.far.y > 0.005)
        #expect(way.near.x > -2 * way.far.x)
    }

    @Test(arguments: ["crane_up", "pedestal_up"])
    func `rising sends content down, near more than far`(_ id: String) throws {
        let way = try travel(id)
        #expect(way.near.y > 0.06 && way.far.y > 0.02)
        #expect(way.near.y > 2 * way.far.y)
    }

    @Test(arguments: ["crane_down", "pedestal_down"])
    func `sinking sends near content up`(_ id: String) throws {
        #expect(try travel(id).near.y < -0.02)
    }

    @Test(arguments: [("yaw_left", 1.0), ("yaw_right", -1)])
    func `turning sideways moves near and far alike`(_ c: (id: String, sign: Double)) throws {
        let way = try travel(c.id)
        #expect(way.near.x * c.sign > 0.1)
        #expect(abs(way.near.x - way.far.x) < 0.02)
    }

    @Test(arguments: [("tilt_up", 1.0), ("tilt_down", -1)])
    func `tilting moves near and far alike`(_ c: (id: String, sign: Double)) throws {
        let way = try travel(c.id)
        #expect(way.near.y * c.sign > 0.05)
        #expect(abs(way.near.y - way.far.y) < 0.02)
    }

    @Test(arguments: [("dutch_left", 1.0), ("dutch_right", -1)])
    func `leaning turns the picture the other way`(_ c: (id: String, sign: Double)) throws {
        // Content turns clockwise when the camera leans left: what is on the right sinks.
        let way = try travel(c.id, near: [-0.4, 0], far: [0.4, 0])
        #expect(way.far.y * c.sign > 0.02)
        #expect(way.near.y * c.sign < -0.02)
    }

    @Test(arguments: [("arc_left", "track_left", 1.0), ("arc_right", "track_right", -1)])
    func `an arc turns toward its subject while it travels`(
        _ c: (arc: String, track: String, sign: Double)
    ) throws {
        let arc = try travel(c.arc, near: [0, 0], far: [0.25, 0])
        let track = try travel(c.track, near: [0, 0], far: [0.25, 0])
        // It travels the same way: near content shifts against far content as in a track.
        #expect((arc.near.x - arc.far.x) * c.sign > 0.01)
        #expect((track.near.x - track.far.x) * c.sign > 0.01)
        // It turns the other way: far content goes against the travel.
        #expect(arc.far.x * c.sign < 0 && track.far.x * c.sign > 0)
    }

    @Test func `a static move shows the picture itself, in every frame`() throws {
        let scene = LayeredScene.room.scene()
        let still = Picture420(
            rgb: LayeredScene.room.view(), width: Self.width, height: Self.height,
            encoding: .fullRange601)
        for frame in try frames("static", scene) {
            #expect(frame.luma.values == still.luma.values)
            #expect(frame.cb.values == still.cb.values)
            #expect(frame.cr.values == still.cr.values)
        }
    }

    @Test func `a reveal goes right and in while it turns right`() throws {
        let way = try travel("reveal", near: [0, 0.15], far: [0, -0.15])
        #expect(way.far.x < -0.05 && way.near.x < way.far.x - 0.01)
        #expect(way.near.y > 0.004 && way.near.y > -way.far.y + 0.002)
    }

    @Test(arguments: [("zoom_in", 1.0), ("zoom_out", -1)])
    func `a zoom moves near and far alike`(_ c: (id: String, sign: Double)) throws {
        let way = try travel(c.id, near: [-0.4, 0.2], far: [0.4, -0.2])
        #expect(way.near.x * c.sign < -0.1 && way.near.y * c.sign > 0.05)
        #expect(abs(way.near.x + way.far.x) < 0.004 && abs(way.near.y + way.far.y) < 0.004)
    }

    @Test(arguments: [("dolly_zoom_in", 1.0), ("dolly_zoom_out", -1)], [0.1, 0.3, 0.6, 1])
    func `a dolly zoom holds what is near and draws what is far`(
        _ c: (id: String, sign: Double), _ strength: Double
    ) throws {
        let scene = LayeredScene.discs(near: [-0.2, 0], far: [0.25, 0]).scene()
        let all = frames(
            try #require(CameraMove.named(c.id)).path, scene, count: 5,
            geometry: ParallaxGeometry(strength: strength))
        let sizes = (
            near: all.map { size($0, red: true) }, far: all.map { size($0, red: false) }
        )
        for frame in all {
            // Edges turn soft as soon as something moves.
            #expect(abs(size(frame, red: true) / sizes.near[0] - 1) < 0.04, "\(strength)")
            #expect(abs(centroid(frame, red: true).x - centroid(all[0], red: true).x) < 0.006)
        }
        let growth = sizes.far[4] / sizes.far[0]
        #expect((1 - growth) * c.sign > 0.02, "\(strength): \(growth)")
    }

    @Test(arguments: [("roll_left", 1.0), ("roll_right", -1)])
    func `rolling turns near and far alike, about the middle`(
        _ c: (id: String, sign: Double)
    ) throws {
        let way = try travel(c.id, near: [-0.4, 0], far: [0.4, 0])
        #expect(way.far.y * c.sign > 0.1 && way.near.y * c.sign < -0.1)
        #expect(abs(way.far.y + way.near.y) < 0.006)
        #expect(abs(way.far.x) < 0.006 && abs(way.near.x) < 0.006)
    }

    @Test func `the orbit goes right, then left, and comes closest between`() throws {
        let way = try round("orbit_loop", near: [0, 0.15], far: [0, -0.15], count: 5)
        // Against what is far, what is near goes left while the camera is right of it.
        let apart = zip(way.near, way.far).map { $0.x - $1.x }
        #expect(apart[1] < -0.02 && apart[3] > 0.02)
        #expect(abs(apart[0]) < 0.004 && abs(apart[2]) < 0.004)
        // It looks back at the subject: what is far goes the way of the camera.
        #expect(way.far[1].x > 0.02 && way.far[3].x < -0.02)
        // Closest half way round: outward, near more than far.
        let out = (near: way.near[2].y - way.near[0].y, far: way.far[2].y - way.far[0].y)
        #expect(out.near > 0.003 && out.far < 0 && out.near > -2 * out.far)
    }

    @Test func `breathing goes in and back, near faster than far`() throws {
        let way = try round("breathe_loop", near: [-0.4, 0.2], far: [0.4, -0.2], count: 5)
        let out = (near: way.near[2] - way.near[0], far: way.far[2] - way.far[0])
        #expect(out.near.x < -0.01 && out.near.y > 0.005 && out.far.x > 0 && out.far.y < 0)
        #expect(-out.near.x > 2 * out.far.x)
        #expect(abs(way.near[1].x - way.near[3].x) < 0.003)
    }

    @Test func `a held camera sways a little, near more than far, and comes back`() throws {
        let way = try round("handheld_drift", near: [-0.2, 0], far: [0.25, 0], count: 23)
        func length(_ all: [SIMD2<Double>]) -> Double {
            zip(all, all.dropFirst()).reduce(0) { sum, step in
                let d = step.1 - step.0
                return sum + (d.x * d.x + d.y * d.y).squareRoot()
            }
        }
        #expect(length(way.near) > 0.06 && length(way.near) > 1.15 * length(way.far))
        for place in way.near {
            let away = place - way.near[0]
            #expect(abs(away.x) < 0.08 && abs(away.y) < 0.08)
        }
        // Up and down as well as to the sides.
        let heights = way.near.map(\.y)
        #expect((heights.max() ?? 0) - (heights.min() ?? 0) > 0.008)
    }

    @Test(arguments: CameraMove.all)
    func `no frame shows a repeated border`(_ move: CameraMove) throws {
        // A ramp on the nearest plane: beyond the border its last column would be repeated.
        let (width, height) = (Self.width, Self.height)
        var rgb: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                rgb += [UInt8(x * 255 / (width - 1)), UInt8(y * 255 / (height - 1)), 128]
            }
        }
        let depth = Plane<Float>(
            width: 2, height: 2, [1, 1, 1, 1])
        let scene = SheetScene(
            rgb: rgb, width: width, height: height, depth: depth, encoding: .fullRange601,
            reach: 30)
        let path = move.path
        for (name, shape) in [
            ("plain", path), ("double", path.scaled(by: 2)), ("reversed", path.reversed()),
            ("looped", path.looped()), ("all", path.scaled(by: 2).reversed().looped()),
        ] {
            for frame in frames(shape, scene, count: 7, of: 49) {
                // Across the corners as well as the middles of the sides.
                for (x, y) in [(0, 90), (304, 90), (0, 2), (304, 2), (0, 176), (304, 176)] {
                    let change = colour(frame, x + 14, y).red - colour(frame, x, y).red
                    #expect(abs(change) > 2, "\(name), column \(x), row \(y)")
                }
                for (x, y) in [(160, 0), (160, 164), (2, 0), (316, 0), (2, 164), (316, 164)] {
                    let change = colour(frame, x, y + 14).green - colour(frame, x, y).green
                    #expect(abs(change) > 2, "\(name), column \(x), row \(y)")
                }
            }
        }
    }
}

/// Red and green of a pixel whose blue is 128.
private func colour(_ picture: Picture420, _ x: Int, _ y: Int) -> (red: Double, green: Double) {
    let luma = Double(picture.luma[x, y])
    let red = luma + 1.402 * (Double(picture.cr[x / 2, y / 2]) - 128)
    return (red, (luma - 0.299 * red - 0.114 * 128) / 0.587)
}

/// Square root of how much of a picture a disc covers, soft at its edge.
private func size(_ picture: Picture420, red: Bool) -> Double {
    let plane = red ? picture.cr : picture.cb
    return plane.values.reduce(0.0) { $0 + max(0, Double($1) - 128) }.squareRoot()
}

@Suite struct `rendered frames` {
    private static let cameras: [(name: String, position: Vector3)] = [
        ("left", Vector3(-0.15, 0, 0)), ("right", Vector3(0.15, 0, 0)),
        ("in", Vector3(0, 0, 0.25)), ("out", Vector3(0, 0, -0.15)),
        ("up", Vector3(0, 0.15, 0.05)),
    ]
    private static let geometry = ParallaxGeometry(strength: 0.4, pivot: 0.5)

    private func planes(
        depth: Plane<Float>, _ position: Vector3
    ) -> (rendered: Plane<UInt8>, still: Plane<UInt8>, truth: Plane<UInt8>) {
        let room = LayeredScene.room
        let scene = SheetScene(
            rgb: room.view(), width: room.width, height: room.height, depth: depth,
            encoding: .fullRange601, reach: 30)
        let frame = Picture420(width: room.width, height: room.height, encoding: .fullRange601)
        SheetRenderer(scene: scene, width: room.width, height: room.height)
            .render(CameraPose(position), geometry: Self.geometry, into: frame)
        func luma(_ rgb: [UInt8]) -> Plane<UInt8> {
            Picture420(
                rgb: rgb, width: room.width, height: room.height, encoding: .fullRange601
            ).luma
        }
        return (
            frame.luma, luma(room.view()), luma(room.view(from: position, geometry: Self.geometry))
        )
    }

    @Test(arguments: cameras)
    func `a moved camera sees nearly what is really there`(
        _ camera: (name: String, position: Vector3)
    ) {
        let planes = planes(depth: LayeredScene.room.depth(), camera.position)
        let quality = psnr(planes.rendered, planes.truth)
        #expect(quality > 29, "\(camera.name)")
        #expect(quality > psnr(planes.still, planes.truth) + 6, "\(camera.name)")
    }

    @Test(arguments: cameras)
    func `soft depth gives no worse a view than a rubber sheet by a decibel`(
        _ camera: (name: String, position: Vector3)
    ) {
        let soft = LayeredScene.room.softDepth()
        let planes = planes(depth: soft, camera.position)
        let rubber = rubberSheet(planes.still, soft, camera.position)
        let quality = psnr(planes.rendered, planes.truth)
        let limit = psnr(rubber, planes.truth)
        #expect(quality > limit + 1, "\(camera.name): \(quality) against \(limit) dB")
    }

    /// A dense search through a depth map taken as one stretched skin: what simple tools do.
    private func rubberSheet(
        _ luma: Plane<UInt8>, _ depth: Plane<Float>, _ c: Vector3
    ) -> Plane<UInt8> {
        let (width, height) = (luma.width, luma.height)
        let unit = Double(height)
        func mixed(_ x: Double, _ y: Double, _ at: (Int, Int) -> Double) -> Double {
            let cx = min(max(x, 0), Double(width - 1) - 0.001)
            let cy = min(max(y, 0), Double(height - 1) - 0.001)
            let (ix, iy) = (Int(cx), Int(cy))
            let (fx, fy) = (cx - Double(ix), cy - Double(iy))
            let top = at(ix, iy) * (1 - fx) + at(ix + 1, iy) * fx
            let bottom = at(ix, iy + 1) * (1 - fx) + at(ix + 1, iy + 1) * fx
            return top * (1 - fy) + bottom * fy
        }
        var out: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                let px = Double(x) + 0.5 - Double(width) / 2
                let py = Double(y) + 0.5 - unit / 2
                let ex = Self.geometry.strength * (c.x * unit - px * c.z)
                let ey = Self.geometry.strength * (-c.y * unit - py * c.z)
                var q = (x: 0.0, y: 0.0)
                for step in 0...200 {
                    let u = 1 - Double(step) / 200
                    q.x = Double(x) + (u - Self.geometry.pivot) * ex
                    q.y = Double(y) + (u - Self.geometry.pivot) * ey
                    if mixed(q.x, q.y, { Double(depth[$0, $1]) }) >= u { break }
                }
                out.append(UInt8(mixed(q.x, q.y) { Double(luma[$0, $1]) } + 0.5))
            }
        }
        return Plane(width: width, height: height, out)
    }

    @Test(arguments: [-0.15, -0.06, 0.07, 0.15])
    func `a stem as thin as a pixel stays whole over busy depth`(_ x: Double) {
        let (width, height) = (320, 180)
        // A white leaning stem over black blocks of every depth; only far from the stem are some
        // of them nearer than it is.
        var rgb: [UInt8] = []
        var depth: [Float] = []
        func distance(_ column: Double, _ row: Double) -> Double {
            column - 160 - (0.1 * 180 + 0.2 * (row - 90))
        }
        for row in 0..<height {
            for column in 0..<width {
                let cover = (0..<3).count { third in
                    let at = Double(column) + (Double(third) + 0.5) / 3
                    return abs(distance(at, Double(row) + 0.5)) < 0.63
                }
                rgb += [UInt8](repeating: UInt8(cover * 85), count: 3)
                let away = abs(distance(Double(column) + 0.5, Double(row) + 0.5))
                let block = Float((column / 4 &* 7919 &+ row / 4 &* 104_729) % 64) / 63
                depth.append(away < 0.63 ? 0.9 : 0.1 + block * (away < 12 ? 0.7 : 0.85))
            }
        }
        let scene = SheetScene(
            rgb: rgb, width: width, height: height,
            depth: Plane(width: width, height: height, depth), encoding: .fullRange601,
            reach: 30)
        let frame = Picture420(width: width, height: height, encoding: .fullRange601)
        SheetRenderer(scene: scene, width: width, height: height)
            .render(CameraPose(Vector3(x, 0, 0)), geometry: Self.geometry, into: frame)
        let shift = x * Self.geometry.strength * (0.9 - Self.geometry.pivot) * 180
        let whole = (0..<height).count { row in
            let column = Int(160 + 18 + 0.2 * (Double(row) + 0.5 - 90) - shift)
            return (column - 2...column + 2).contains { frame.luma[$0, row] > 100 }
        }
        #expect(whole > 175)
    }

    @Test func `a flat map moves the whole picture and fills nothing`() {
        let room = LayeredScene.room
        let depth = Plane<Float>(width: 4, height: 4, [Float](repeating: 0.5, count: 16))
        let scene = SheetScene(
            rgb: room.view(), width: room.width, height: room.height, depth: depth,
            encoding: .fullRange601, reach: 30)
        let frame = Picture420(width: room.width, height: room.height, encoding: .fullRange601)
        let filled = SheetRenderer(scene: scene, width: room.width, height: room.height)
            .render(CameraPose(Vector3(0.15, 0, 0)), geometry: ParallaxGeometry(), into: frame)
        #expect(filled == 0)
    }

    @Test(arguments: [(2, 2), (3, 5), (17, 9), (64, 36), (639, 361)])
    func `any picture size can be rendered`(_ size: (width: Int, height: Int)) {
        let rgb = (0..<(size.width * size.height * 3)).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let depth = (0..<(size.width * size.height)).map { Float($0 * 37 % 256) / 255 }
        let scene = SheetScene(
            rgb: rgb, width: size.width, height: size.height,
            depth: Plane(width: size.width, height: size.height, depth),
            encoding: .videoRange709, reach: max(2, size.height / 6))
        let frame = Picture420(width: 66, height: 64, encoding: .videoRange709)
        let renderer = SheetRenderer(scene: scene, width: 66, height: 64)
        for move in CameraMove.all {
            renderer.render(
                move.path.end, geometry: ParallaxGeometry(strength: 1, pivot: -1), into: frame)
        }
        #expect(frame.luma.values.count == 66 * 64)
    }
}
