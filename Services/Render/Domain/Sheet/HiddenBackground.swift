/// Guesses what lies behind near objects, from the far side of their silhouettes.
struct HiddenBackground {
    let rgb: [UInt8]
    let depth: Plane<Float>

    /// How far beyond a silhouette colours are taken, in pixels: nearer ones are blends.
    private static let clearance = 2

    /// - Parameters:
    ///   - matte: Of the depth: see ``DepthEdges/matte(_:step:width:height:_:)``.
    ///   - step: Least difference of depth that hides something.
    ///   - reach: How far behind an edge the camera may look, in pixels.
    init<Stop: Error>(
        rgb: [UInt8], depth: Plane<Float>, matte: Plane<UInt8>, step: Float, reach: Int,
        _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) {
        let seeds = try Self.nearestSeeds(
            depth: depth, matte: matte, step: step, reach: reach, checkpoint)
        try self.init(rgb: rgb, depth: depth, step: step, seeds: seeds, checkpoint)
    }

    /// Fills everything under a mask from around it, so that what the mask covers can move away.
    ///
    /// - Parameter mask: 0…1; above one half is covered.
    init<Stop: Error>(
        rgb: [UInt8], depth: Plane<Float>, removing mask: Plane<Float>,
        _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) {
        let seeds = try Self.seeds(around: mask, checkpoint)
        // Every seed is good enough: what surrounds a subject may be nearer than it is.
        try self.init(rgb: rgb, depth: depth, step: .infinity, seeds: seeds, checkpoint)
    }

    private init<Stop: Error>(
        rgb: [UInt8], depth: Plane<Float>, step: Float, seeds: [Int32],
        _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) {
        let (width, height) = (depth.width, depth.height)
        let filledDepth = depth.copy()
        try checkpoint()
        var filled = rgb
        try Pass.rows(height, of: width, checkpoint) { y in
            for x in 0..<width {
                let seed = Int(seeds[y * width + x])
                guard seed >= 0 else { continue }
                let (seedX, seedY) = (seed % width, seed / width)
                filledDepth[x, y] = depth[seedX, seedY]
                // Go on in the same direction, as long as that stays on the far side.
                let (dx, dy) = (Float(seedX - x), Float(seedY - y))
                let length = max(1, (dx * dx + dy * dy).squareRoot())
                var source = seed
                for distance in 1...Self.clearance {
                    let fx = Float(seedX) + dx / length * Float(distance)
                    let fy = Float(seedY) + dy / length * Float(distance)
                    let (sx, sy) = (Int((fx + 0.5).rounded(.down)), Int((fy + 0.5).rounded(.down)))
                    guard (0..<width).contains(sx), (0..<height).contains(sy),
                        seeds[sy * width + sx] < 0,
                        depth[sx, sy] <= depth[seedX, seedY] + step / 2
                    else { break }
                    source = sy * width + sx
                }
                for channel in 0..<3 {
                    filled[(y * width + x) * 3 + channel] = rgb[source * 3 + channel]
                }
            }
        }
        try Self.soften(&filled, seeds: seeds, width: width, height: height, checkpoint)
        self.rgb = filled
        self.depth = filledDepth
    }

    /// For each pixel that hides something: the index of the nearest far-side pixel; else -1.
    private static func nearestSeeds<Stop: Error>(
        depth: Plane<Float>, matte: Plane<UInt8>, step: Float, reach: Int,
        _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) -> [Int32] {
        let (width, height) = (depth.width, depth.height)
        var seeds = [Int32](repeating: -1, count: depth.count)
        try Pass.rows(height, of: width, checkpoint) { y in
            let row = matte.row(y)
            for x in 0..<width where row[x] == DepthEdges.farSide {
                seeds[y * width + x] = Int32(y * width + x)
            }
        }
        try sweep(&seeds, width: width, height: height, reach: reach, checkpoint) { pixel, seed in
            depth.samples[pixel] - depth.samples[seed] > step / 2
        }
        // A seed shows itself already.
        try unmarkSeeds(&seeds, checkpoint)
        return seeds
    }

    private static func seeds<Stop: Error>(
        around mask: Plane<Float>, _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) -> [Int32] {
        let covered = try DepthEdges.extreme(mask, radius: 1, isMax: true, checkpoint)
        var seeds = [Int32](repeating: -1, count: mask.count)
        try Pass.samples(mask.count, checkpoint) { stretch in
            for i in stretch where covered.samples[i] <= 0.02 { seeds[i] = Int32(i) }
        }
        try sweep(
            &seeds, width: mask.width, height: mask.height, reach: mask.width + mask.height,
            checkpoint
        ) { _, _ in true }
        try unmarkSeeds(&seeds, checkpoint)
        return seeds
    }

    private static func unmarkSeeds<Stop: Error>(
        _ seeds: inout [Int32], _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) {
        try Pass.samples(seeds.count, checkpoint) { stretch in
            for i in stretch where seeds[i] == Int32(i) { seeds[i] = -1 }
        }
    }

    /// Passes the nearest acceptable seed from neighbour to neighbour, down and then up.
    private static func sweep<Stop: Error>(
        _ seeds: inout [Int32], width: Int, height: Int, reach: Int,
        _ checkpoint: () throws(Stop) -> Void, accepts: (_ pixel: Int, _ seed: Int) -> Bool
    ) throws(Stop) {
        try seeds.withUnsafeMutableBufferPointer { seeds throws(Stop) in
            func squared(_ x: Int, _ y: Int, _ seed: Int) -> Int {
                let (dx, dy) = (seed % width - x, seed / width - y)
                return dx * dx + dy * dy
            }
            func offer(_ x: Int, _ y: Int, from fromX: Int, _ fromY: Int) {
                guard (0..<width).contains(fromX), (0..<height).contains(fromY) else { return }
                let seed = Int(seeds[fromY * width + fromX])
                let own = Int(seeds[y * width + x])
                guard seed >= 0, seed != own else { return }
                let distance = squared(x, y, seed)
                guard distance <= reach * reach,
                    own < 0 || distance < squared(x, y, own),
                    accepts(y * width + x, seed)
                else { return }
                seeds[y * width + x] = Int32(seed)
            }
            try Pass.rows(height, of: width, checkpoint) { y in
                for x in 0..<width {
                    offer(x, y, from: x - 1, y)
                    offer(x, y, from: x - 1, y - 1)
                    offer(x, y, from: x, y - 1)
                    offer(x, y, from: x + 1, y - 1)
                }
                for x in (0..<width).reversed() { offer(x, y, from: x + 1, y) }
            }
            try Pass.rows(height, of: width, checkpoint) { row in
                let y = height - 1 - row
                for x in (0..<width).reversed() {
                    offer(x, y, from: x + 1, y)
                    offer(x, y, from: x + 1, y + 1)
                    offer(x, y, from: x, y + 1)
                    offer(x, y, from: x - 1, y + 1)
                }
                for x in 0..<width { offer(x, y, from: x - 1, y) }
            }
        }
    }

    /// Blends filled pixels with their filled neighbours: streaks drawn from single boundary
    /// pixels would catch the eye, and the mean of what may be there is the best guess.
    private static func soften<Stop: Error>(
        _ rgb: inout [UInt8], seeds: [Int32], width: Int, height: Int,
        _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) {
        for _ in 0..<2 {
            try checkpoint()
            let before = rgb
            try Pass.rows(max(0, height - 2), of: width, checkpoint) { row in
                let y = row + 1
                for x in 1..<max(1, width - 1) where seeds[y * width + x] >= 0 {
                    var sums = (0, 0, 0)
                    var count = 0
                    for ny in y - 1...y + 1 {
                        for nx in x - 1...x + 1 where seeds[ny * width + nx] >= 0 {
                            let i = (ny * width + nx) * 3
                            sums.0 += Int(before[i])
                            sums.1 += Int(before[i + 1])
                            sums.2 += Int(before[i + 2])
                            count += 1
                        }
                    }
                    let i = (y * width + x) * 3
                    rgb[i] = UInt8(sums.0 / count)
                    rgb[i + 1] = UInt8(sums.1 / count)
                    rgb[i + 2] = UInt8(sums.2 / count)
                }
            }
        }
    }
}
