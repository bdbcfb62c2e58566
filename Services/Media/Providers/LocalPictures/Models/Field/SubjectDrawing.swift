/// One drawing of a subject: every pixel once, then pixels on edges four more times.
final class SubjectDrawing {
    private let solid: Solid
    private let camera: Camera
    private let layer: SubjectLayer
    private let tracer: Tracer
    private let lighting: Lighting
    private let shadow: ShadowMap
    private let tiles: TileLists
    private let wideTiles: TileLists
    private let openReach: Float
    private let normalReach: Float
    private let near: NearList
    /// Normal, and the material plus one (0: nothing), of each pixel.
    private var traces: [Vec4]
    /// Where the rays of each 8x8 block may start.
    private var clear: [Float]

    private static let tileSide = 16
    private static let blockSide = 8

    init(
        _ model: SubjectModel, _ camera: Camera, _ layer: SubjectLayer, _ field: Field,
        _ shadow: ShadowMap
    ) {
        solid = model.solid
        self.camera = camera
        self.layer = layer
        self.shadow = shadow
        lighting = Lighting(model.light, model.turn)
        let hasFur = solid.primitives.contains { $0.fur > 0 }
        tracer = Tracer(field: field, view: View(camera, model.turn), hasFur: hasFur)
        openReach = model.traits.height * model.openReach
        normalReach = model.traits.height * 0.0012
        tiles = TileLists(solid, camera: camera, turn: model.turn, side: Self.tileSide)
        wideTiles = TileLists(
            solid, camera: camera, turn: model.turn, side: 32, margin: openReach)
        near = NearList(capacity: solid.primitives.count)
        traces = Array(repeating: Vec4(), count: layer.width * layer.height)
        clear = Array(repeating: .infinity, count: tiles.columns * tiles.rows * 4)
    }

    func firstPass() {
        tiles.members.withUnsafeBufferPointer { members in
            wideTiles.members.withUnsafeBufferPointer { wideMembers in
                guard let all = members.baseAddress, let wide = wideMembers.baseAddress else {
                    return
                }
                for row in 0..<tiles.rows {
                    for column in 0..<tiles.columns {
                        drawTile(column, row, all, wide)
                    }
                }
            }
        }
    }

    private func drawTile(
        _ column: Int, _ row: Int, _ all: UnsafePointer<Int32>, _ wide: UnsafePointer<Int32>
    ) {
        let tile = row * tiles.columns + column
        let (first, count) = tiles.range(tile)
        if count == 0 { return }
        let left = column * Self.tileSide
        let top = row * Self.tileSide
        let far = tiles.far[tile]
        let starts = tracer.clearDepths(
            columns: Lane(4, 12, 4, 12) + Float(left), rows: Lane(4, 4, 12, 12) + Float(top),
            halfWidth: 6.4, near: tiles.near[tile], far: far, all + first, count)
        let wideTile = row / 2 * wideTiles.columns + column / 2
        let (wideFirst, wideCount) = wideTiles.range(wideTile)
        for block in 0..<4 where starts[block] < far {
            clear[tile * 4 + block] = starts[block]
            let blockLeft = left + block % 2 * Self.blockSide
            let blockTop = top + block / 2 * Self.blockSide
            for y in stride(from: blockTop, to: min(blockTop + 8, layer.height), by: 2) {
                for x in stride(from: blockLeft, to: min(blockLeft + 8, layer.width), by: 2) {
                    drawPixels(
                        x, y, from: starts[block], to: far, all + first, count,
                        wide + wideFirst, wideCount)
                }
            }
        }
    }

    private func drawPixels(
        _ x: Int, _ y: Int, from near: Float, to far: Float, _ list: UnsafePointer<Int32>,
        _ count: Int, _ wide: UnsafePointer<Int32>, _ wideCount: Int
    ) {
        let columns = Lane(0.5, 1.5, 0.5, 1.5) + Float(x)
        let rows = Lane(0.5, 0.5, 1.5, 1.5) + Float(y)
        let samples = sample(
            columns, rows, from: near, to: far, softness: 0, list, count, wide, wideCount)
        for lane in 0..<4 {
            let px = x + lane % 2
            let py = y + lane / 2
            guard px < layer.width, py < layer.height else { continue }
            let at = py * layer.width + px
            let one = samples[lane]
            traces[at] = one.trace
            if one.trace.w < 0 { continue }
            guard one.colour.w > 0 else { continue }
            layer.colour[at] = one.colour
            layer.depth[at] = one.depth
        }
    }

    private struct Sample {
        /// Premultiplied.
        var colour = Vec4()
        var depth = Float.infinity
        /// Normal and material + 1; -1 when the ray only came near.
        var trace = Vec4()
    }

    private struct FourSamples {
        private var a = Sample()
        private var b = Sample()
        private var c = Sample()
        private var d = Sample()

        subscript(lane: Int) -> Sample {
            @inline(__always) get { lane < 2 ? (lane == 0 ? a : b) : (lane == 2 ? c : d) }
            @inline(__always) _modify {
                switch lane {
                case 0: yield &a
                case 1: yield &b
                case 2: yield &c
                default: yield &d
                }
            }
        }
    }

    /// Four rays, shaded. A ray that misses by less than `softness` pixels covers in part.
    private func sample(
        _ columns: Lane, _ rows: Lane, from first: Float, to far: Float, softness: Float,
        _ list: UnsafePointer<Int32>, _ count: Int, _ wide: UnsafePointer<Int32>, _ wideCount: Int
    ) -> FourSamples {
        var samples = FourSamples()
        let (start, ray) = tracer.rays(columns, rows)
        let hits = tracer.hits(start, ray, from: Lane(repeating: first), to: far, list, count)
        let shares = unit((softness - hits.closeness) * (1 / max(softness, 1e-3)))
            .replacing(with: Lane(repeating: 1), where: hits.isHit)
        guard any(shares .> 0) else {
            for lane in 0..<4 where hits.closeness[lane] < 0.8 {
                samples[lane].trace.w = -1
            }
            return samples
        }
        let places = tracer.point(start, ray, hits.depth)
        let reaches = greater(
            tracer.view.footprint(hits.depth) * 0.6, Lane(repeating: normalReach))
        let found = tracer.field.find(places, list, count, near, reach: reaches.max())
        let here = found.distance
        let normals = tracer.normals(places, here: here, reach: reaches, near)
        let marked = tracer.hasFur ? markings(places, found, list, count) : found.nearest
        var shared: (normal: Vec3, depth: Float, open: Float)?
        for lane in 0..<4 {
            guard shares[lane] > 0, found.nearest[lane] >= 0 else {
                if hits.closeness[lane] < 0.8 { samples[lane].trace.w = -1 }
                continue
            }
            let place = places[lane]
            let footprint = tracer.view.footprint(hits.depth[lane])
            let normal = normals[lane]
            let open: Float
            if let known = shared, dot(known.normal, normal) > 0.85,
                abs(known.depth - hits.depth[lane]) < footprint * 6
            {
                open = known.open
            } else {
                open = tracer.openness(place, normal, reach: openReach, wide, wideCount)
                shared = (normal, hits.depth[lane], open)
            }
            let primitive = tracer.field.primitives[Int(marked[lane])]
            let material = solid.materials[Int(primitive.material)]
            let toEye = normalize(Vec3() - ray[lane])
            let lie = found.flow[lane]
            let flow = normalize(lie - normal * dot(lie, normal) + Vec3(1e-5, 0, 0))
            let at = SurfacePoint(
                place: place, local: primitive.local(place), normal: normal, flow: flow,
                toEye: toEye, footprint: footprint)
            let keyShare = shadow.visibility(place + normal * (openReach * 0.15), softness: 0.03)
            let tone = lighting.shade(
                material.finish(at), at, open: open, keyShare: keyShare,
                nightGlow: material.nightGlow)
            let share = shares[lane]
            samples[lane].colour = Vec4(tone.x * share, tone.y * share, tone.z * share, share)
            samples[lane].depth = hits.depth[lane]
            samples[lane].trace = Vec4(
                normal.x, normal.y, normal.z,
                hits.isHit[lane] ? Float(primitive.material) + 1 : -1)
        }
        return samples
    }

    /// The primitives whose material shows: furry parts are looked up a little beside the point,
    /// so that markings end in tufts; eyes and noses are where they are.
    private func markings(
        _ p: LanePoint, _ found: Field.Found, _ list: UnsafePointer<Int32>, _ count: Int
    ) -> SIMD4<Int32> {
        guard any(found.fur .> 0) else { return found.nearest }
        let detail = tracer.field.furDetail
        let coarse = noise(
            LanePoint(x: p.x * detail * 0.35, y: p.y * detail, z: p.z * detail))
        let fine = noise(
            LanePoint(x: p.x * detail * 1.3, y: p.y * detail * 4.2, z: p.z * detail * 4.2))
        let offset = (coarse * 0.5 + fine * 0.7 - 0.6) * (0.9 / detail)
        let beside = tracer.field.find(
            LanePoint(x: p.x + offset, y: p.y + offset * 0.8, z: p.z), list, count, near, reach: 0)
        var nearest = found.nearest
        for lane in 0..<4 where nearest[lane] >= 0 && beside.nearest[lane] >= 0 {
            let primitives = tracer.field.primitives
            if primitives[Int(nearest[lane])].fur > 0,
                primitives[Int(beside.nearest[lane])].fur > 0
            {
                nearest[lane] = beside.nearest[lane]
            }
        }
        return nearest
    }

    /// Samples again, four times each, the pixels where colour or shape changes.
    func smoothEdges() {
        let width = layer.width
        let height = layer.height
        let plain = Array(UnsafeBufferPointer(layer.colour))
        let depths = Array(UnsafeBufferPointer(layer.depth))
        tiles.members.withUnsafeBufferPointer { members in
            wideTiles.members.withUnsafeBufferPointer { wideMembers in
                guard let all = members.baseAddress, let wide = wideMembers.baseAddress else {
                    return
                }
                for y in 0..<height {
                    for x in 0..<width where isEdge(x, y, plain, depths) {
                        resample(x, y, depths, all, wide)
                    }
                }
            }
        }
    }

    private func isEdge(_ x: Int, _ y: Int, _ colours: [Vec4], _ depths: [Float]) -> Bool {
        let width = layer.width
        let at = y * width + x
        let here = traces[at]
        func differs(_ other: Int) -> Bool {
            let there = traces[other]
            if here.w != there.w { return true }
            if here.w <= 0 { return here.w < 0 }
            let bend = here.x * there.x + here.y * there.y + here.z * there.z
            if bend < 0.6 { return true }
            if abs(depths[at] - depths[other]) > tracer.view.footprint(depths[at]) * 8 {
                return true
            }
            let a = colours[at]
            let b = colours[other]
            let la = a.x + a.y + a.z
            let lb = b.x + b.y + b.z
            return abs(la - lb) > 0.35 * (la + lb) + 0.02
        }
        if x > 0, differs(at - 1) { return true }
        if x + 1 < width, differs(at + 1) { return true }
        if y > 0, differs(at - width) { return true }
        if y + 1 < layer.height, differs(at + width) { return true }
        return false
    }

    /// The depth just before what is nearest around a pixel: rays need not start any earlier.
    private func nearestAround(_ x: Int, _ y: Int, _ depths: [Float]) -> Float {
        var nearest = Float.infinity
        for row in max(0, y - 1)...min(layer.height - 1, y + 1) {
            for column in max(0, x - 1)...min(layer.width - 1, x + 1) {
                nearest = min(nearest, depths[row * layer.width + column])
            }
        }
        return nearest - tracer.view.footprint(nearest) * 5
    }

    private func resample(
        _ x: Int, _ y: Int, _ depths: [Float], _ all: UnsafePointer<Int32>,
        _ wide: UnsafePointer<Int32>
    ) {
        let tile = y / Self.tileSide * tiles.columns + x / Self.tileSide
        let block = (y % Self.tileSide) / 8 * 2 + (x % Self.tileSide) / 8
        var near = clear[tile * 4 + block]
        let (first, count) = tiles.range(tile)
        let around = nearestAround(x, y, depths)
        if around.isFinite { near = max(near, around) }
        guard near < tiles.far[tile], count > 0 else { return }
        let wideTile = y / 32 * wideTiles.columns + x / 32
        let (wideFirst, wideCount) = wideTiles.range(wideTile)
        let samples = sample(
            Lane(0.375, 0.875, 0.125, 0.625) + Float(x),
            Lane(0.125, 0.375, 0.625, 0.875) + Float(y),
            from: near, to: tiles.far[tile], softness: 0.3, all + first, count, wide + wideFirst,
            wideCount)
        var sum = Vec4()
        var depth = Float.infinity
        for lane in 0..<4 {
            sum += samples[lane].colour
            if samples[lane].colour.w > 0.02 { depth = min(depth, samples[lane].depth) }
        }
        let at = y * layer.width + x
        layer.colour[at] = sum * 0.25
        layer.depth[at] = sum.w * 0.25 > 0.02 ? depth : .infinity
    }

    /// Fills single holes inside the shape and notes the bounds of what was drawn.
    func closePinholes() {
        let width = layer.width
        let height = layer.height
        for y in 0..<height {
            for x in 0..<width {
                let at = y * width + x
                if x > 0, y > 0, x + 1 < width, y + 1 < height, layer.colour[at].w < 0.6 {
                    let around = [at - 1, at + 1, at - width, at + width]
                    if around.allSatisfy({ layer.colour[$0].w > 0.9 }) {
                        var sum = Vec4()
                        var depth = Float.infinity
                        for other in around {
                            sum += layer.colour[other]
                            depth = min(depth, layer.depth[other])
                        }
                        layer.colour[at] = sum * 0.25
                        layer.depth[at] = depth
                    }
                }
                if layer.colour[at].w > 0.02 {
                    layer.firstRow = min(layer.firstRow, y)
                    layer.endRow = y + 1
                    layer.firstColumn = min(layer.firstColumn, x)
                    layer.endColumn = max(layer.endColumn, x + 1)
                }
            }
        }
    }
}
