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
    /// What a block still has to look at: primitives that begin before its surface.
    private var front: [Int32]
    private let frontMargin: Float
    /// A print smooths its own inner edges: only outlines are sampled again.
    private let isPrint: Bool
    /// Side of the squares of pixels that share one ray in the first pass. A large print is drawn
    /// in squares of two: its inks smooth what is inside, and outlines are sampled again.
    private let grain: Int
    /// Normal, and the material plus one (0: nothing), of each pixel.
    private var traces: [Vec4]
    /// Where the rays of each 8x8 block may start.
    private var clear: [Float]

    private static let tileSide = 16
    private static let blockSide = 8

    init(
        _ model: SubjectModel, _ camera: Camera, _ layer: SubjectLayer, _ field: Field,
        _ shadow: ShadowMap, isPrint: Bool, isLarge: Bool
    ) {
        self.isPrint = isPrint
        grain = isPrint && isLarge ? 2 : 1
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
        front = Array(repeating: 0, count: solid.primitives.count + 1)
        frontMargin = model.traits.height * 0.06
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
            front.withUnsafeMutableBufferPointer { front in
                guard let kept = front.baseAddress else { return }
                var keptCount = 0
                var limit: Float = 0
                let step = 2 * grain
                for y in stride(from: blockTop, to: min(blockTop + 8, layer.height), by: step) {
                    for x in stride(
                        from: blockLeft, to: min(blockLeft + 8, layer.width), by: step)
                    {
                        // Four rays that end before the limit cannot tell the short list from
                        // the whole one; others are followed again.
                        if limit > 0 {
                            let end = drawPixels(
                                x, y, from: starts[block], to: limit, UnsafePointer(kept),
                                keptCount, wide + wideFirst, wideCount, grain: grain, needsAll: true
                            )
                            if end != .infinity { continue }
                        }
                        let end = drawPixels(
                            x, y, from: starts[block], to: far, all + first, count,
                            wide + wideFirst, wideCount, grain: grain, needsAll: false)
                        if end == .infinity || end + frontMargin <= limit { continue }
                        limit = end + frontMargin
                        keptCount = 0
                        for entry in first..<(first + count)
                        where tiles.begins[Int(all[entry])] < limit + frontMargin {
                            kept[keptCount] = all[entry]
                            keptCount += 1
                        }
                        if keptCount * 5 > count * 4 { limit = 0 }
                    }
                }
            }
        }
    }

    /// Follows four rays and stores what they meet.
    /// - Parameter needsAll: Stores nothing unless every ray ends on the surface.
    /// - Returns: the greatest depth of the four, infinite unless every ray ends on the surface.
    private func drawPixels(
        _ x: Int, _ y: Int, from near: Float, to far: Float, _ list: UnsafePointer<Int32>,
        _ count: Int, _ wide: UnsafePointer<Int32>, _ wideCount: Int, grain: Int, needsAll: Bool
    ) -> Float {
        let columns = Lane(0.5, 1.5, 0.5, 1.5) * Float(grain) + Float(x)
        let rows = Lane(0.5, 0.5, 1.5, 1.5) * Float(grain) + Float(y)
        guard
            let samples = sample(
                columns, rows, from: near, to: far, softness: 0, list, count, wide, wideCount,
                needsAll: needsAll, nearMiss: 0.8 * Float(grain))
        else { return .infinity }
        var deepest: Float = 0
        for lane in 0..<4 { deepest = max(deepest, samples[lane].depth) }
        for lane in 0..<4 {
            let left = x + lane % 2 * grain
            let top = y + lane / 2 * grain
            let one = samples[lane]
            for py in top..<max(top, min(top + grain, layer.height)) {
                for px in left..<max(left, min(left + grain, layer.width)) {
                    let at = py * layer.width + px
                    let isHit = one.trace.w >= 0 && one.colour.w > 0
                    traces[at] = one.trace
                    layer.colour[at] = isHit ? one.colour : Vec4()
                    layer.depth[at] = isHit ? one.depth : .infinity
                }
            }
        }
        return deepest
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
        _ list: UnsafePointer<Int32>, _ count: Int, _ wide: UnsafePointer<Int32>, _ wideCount: Int,
        needsAll: Bool = false, nearMiss: Float = 0.8
    ) -> FourSamples? {
        var samples = FourSamples()
        let (start, ray) = tracer.rays(columns, rows)
        let hits = tracer.hits(start, ray, from: Lane(repeating: first), to: far, list, count)
        if needsAll && !all(hits.isHit) { return nil }
        let shares = unit((softness - hits.closeness) * (1 / max(softness, 1e-3)))
            .replacing(with: Lane(repeating: 1), where: hits.isHit)
        guard any(shares .> 0) else {
            for lane in 0..<4 where hits.closeness[lane] < nearMiss {
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
                if hits.closeness[lane] < nearMiss { samples[lane].trace.w = -1 }
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
                if grain > 1 { refineSquares(plain, depths, all, wide) }
                for y in 0..<height {
                    for x in 0..<width
                    where grain > 1 ? isOutline(x, y) : isEdge(x, y, traces, plain, depths) {
                        resample(x, y, depths, all, wide)
                    }
                }
            }
        }
    }

    /// Draws squares that an edge crosses again, pixel by pixel.
    private func refineSquares(
        _ plain: [Vec4], _ depths: [Float], _ all: UnsafePointer<Int32>,
        _ wide: UnsafePointer<Int32>
    ) {
        let coarse = traces
        for y in stride(from: 0, to: layer.height - 1, by: 2) {
            for x in stride(from: 0, to: layer.width - 1, by: 2) {
                let isCrossed =
                    isEdge(x, y, coarse, plain, depths) || isEdge(x + 1, y, coarse, plain, depths)
                    || isEdge(x, y + 1, coarse, plain, depths)
                    || isEdge(x + 1, y + 1, coarse, plain, depths)
                if !isCrossed { continue }
                let tile = y / Self.tileSide * tiles.columns + x / Self.tileSide
                let block = (y % Self.tileSide) / 8 * 2 + (x % Self.tileSide) / 8
                let near = clear[tile * 4 + block]
                let (first, count) = tiles.range(tile)
                guard near < tiles.far[tile], count > 0 else { continue }
                let (wideFirst, wideCount) = wideTiles.range(
                    y / 32 * wideTiles.columns + x / 32)
                _ = drawPixels(
                    x, y, from: near, to: tiles.far[tile], all + first, count, wide + wideFirst,
                    wideCount, grain: 1, needsAll: false)
            }
        }
    }

    /// Whether the subject ends beside a pixel.
    private func isOutline(_ x: Int, _ y: Int) -> Bool {
        let at = y * layer.width + x
        let here = traces[at].w
        if here < 0 { return true }
        if x > 0, (traces[at - 1].w > 0) != (here > 0) { return true }
        if x + 1 < layer.width, (traces[at + 1].w > 0) != (here > 0) { return true }
        if y > 0, (traces[at - layer.width].w > 0) != (here > 0) { return true }
        if y + 1 < layer.height, (traces[at + layer.width].w > 0) != (here > 0) { return true }
        return false
    }

    private func isEdge(
        _ x: Int, _ y: Int, _ traces: [Vec4], _ colours: [Vec4], _ depths: [Float]
    ) -> Bool {
        let width = layer.width
        let at = y * width + x
        let here = traces[at]
        func differs(_ other: Int) -> Bool {
            let there = traces[other]
            if here.w != there.w { return true }
            if here.w <= 0 { return here.w < 0 }
            let bend = here.x * there.x + here.y * there.y + here.z * there.z
            if bend < 0.6 && !isPrint { return true }
            if abs(depths[at] - depths[other]) > tracer.view.footprint(depths[at]) * 8 {
                return true
            }
            if isPrint { return false }
            let a = colours[at]
            let b = colours[other]
            let la = a.x + a.y + a.z
            let lb = b.x + b.y + b.z
            return abs(la - lb) > 0.42 * (la + lb) + 0.02
        }
        if x > 0, differs(at - 1) { return true }
        if x + 1 < width, differs(at + 1) { return true }
        if y > 0, differs(at - width) { return true }
        if y + 1 < layer.height, differs(at + width) { return true }
        return false
    }

    /// Least and greatest depth around a pixel; the greatest is infinite beside an outline.
    private func depthsAround(
        _ x: Int, _ y: Int, _ depths: [Float]
    ) -> (nearest: Float, furthest: Float) {
        var nearest = Float.infinity
        var furthest: Float = 0
        for row in max(0, y - 1)...min(layer.height - 1, y + 1) {
            for column in max(0, x - 1)...min(layer.width - 1, x + 1) {
                let depth = depths[row * layer.width + column]
                nearest = min(nearest, depth)
                furthest = max(furthest, depth)
            }
        }
        return (nearest, furthest)
    }

    private func resample(
        _ x: Int, _ y: Int, _ depths: [Float], _ all: UnsafePointer<Int32>,
        _ wide: UnsafePointer<Int32>
    ) {
        let tile = y / Self.tileSide * tiles.columns + x / Self.tileSide
        let block = (y % Self.tileSide) / 8 * 2 + (x % Self.tileSide) / 8
        var near = clear[tile * 4 + block]
        let far = tiles.far[tile]
        let (first, count) = tiles.range(tile)
        guard near < far, count > 0 else { return }
        // Rays need not start before what is around, nor look at what begins behind it.
        let around = depthsAround(x, y, depths)
        if around.nearest.isFinite {
            near = max(near, around.nearest - tracer.view.footprint(around.nearest) * 5)
        }
        let wideTile = y / 32 * wideTiles.columns + x / 32
        let (wideFirst, wideCount) = wideTiles.range(wideTile)
        let columns = Lane(0.375, 0.875, 0.125, 0.625) + Float(x)
        let rows = Lane(0.125, 0.375, 0.625, 0.875) + Float(y)
        var found: FourSamples?
        if around.furthest.isFinite {
            let limit = around.furthest + frontMargin
            front.withUnsafeMutableBufferPointer { front in
                guard let kept = front.baseAddress else { return }
                var keptCount = 0
                for entry in first..<(first + count)
                where tiles.begins[Int(all[entry])] < limit + frontMargin {
                    kept[keptCount] = all[entry]
                    keptCount += 1
                }
                found = sample(
                    columns, rows, from: near, to: min(far, limit), softness: 0.3,
                    UnsafePointer(kept), keptCount, wide + wideFirst, wideCount, needsAll: true)
            }
        }
        let samples =
            found
            ?? sample(
                columns, rows, from: near, to: far, softness: 0.3, all + first, count,
                wide + wideFirst, wideCount)
        guard let samples else { return }
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
