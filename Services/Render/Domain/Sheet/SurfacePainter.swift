/// Draws what lies between the nodes of a cell, eight pixels at a time.
///
/// Places are in 1/256 pixel from an anchor; a look-up keeps 1/64 of a pixel across and 1/32 down,
/// so that everything fits sixteen bits.
struct SurfacePainter {
    typealias Numbers = SIMD8<Int16>

    /// Where the anchor is in the planes.
    private let luma: UnsafePointer<UInt8>
    private let cb: UnsafePointer<UInt8>
    private let cr: UnsafePointer<UInt8>
    private let depth: UnsafePointer<UInt16>
    private let width: Int
    private let lumaStride: Int
    private let chromaStride: Int
    private let isInside: Bool
    private let lumaLimits: Limits
    private let chromaLimits: Limits
    private let target: CellTarget
    private let steps: CellSearch.Steps

    /// The first and the last place of a plane.
    private struct Limits {
        let lowX, highX, lowY, highY: Int16

        /// - Parameters: What they are from the anchor, in 1/256 pixel.
        init(_ lowX: Int, _ highX: Int, _ lowY: Int, _ highY: Int) {
            self.lowX = Int16(clamping: lowX)
            self.highX = Int16(clamping: highX)
            self.lowY = Int16(clamping: lowY)
            self.highY = Int16(clamping: highY)
        }
    }

    /// - Parameters:
    ///   - anchorX, anchorY: Even.
    ///   - isInside: Whether nothing reaches the border.
    @inline(__always)
    init(
        _ search: CellSearch, anchorX: Int, anchorY: Int, isInside: Bool, target: CellTarget
    ) {
        lumaStride = search.lumaStride
        chromaStride = search.chromaStride
        luma = UnsafePointer(search.luma) + (anchorY &* lumaStride &+ anchorX)
        let chroma = (anchorY &>> 1) &* chromaStride &+ anchorX &>> 1
        cb = UnsafePointer(search.cb) + chroma
        cr = UnsafePointer(search.cr) + chroma
        depth = UnsafePointer(search.frontDepth) + (anchorY &* search.width &+ anchorX)
        width = search.width
        self.isInside = isInside
        self.target = target
        steps = search.steps
        let (lowX, lowY) = (anchorX &* -256, anchorY &* -256)
        let (lastX, lastY) = ((search.width &- 1) &* 256, (search.height &- 1) &* 256)
        lumaLimits = Limits(lowX, lowX &+ lastX, lowY, lowY &+ lastY)
        chromaLimits = Limits(
            lowX / 2, lowX / 2 &+ lastX / 2, lowY / 2, lowY / 2 &+ lastY / 2)
    }

    /// Asks memory for what the next cell will look at: a third of a frame's time is waiting for it
    /// otherwise.
    @inline(__always)
    func prefetchNext() {
        for row in -4..<6 { prefetch(luma + (row &* lumaStride &+ 64)) }
        for row in -2..<3 {
            prefetch(cb + (row &* chromaStride &+ 40))
            prefetch(cr + (row &* chromaStride &+ 40))
        }
        for row in -5..<6 { prefetch(depth + (row &* width &+ 64)) }
    }

    /// Draws sixteen by four pixels.
    ///
    /// - Parameters:
    ///   - x, y: Every second number is that of a node: three of a row, and `columns` further
    ///     three of the next.
    ///   - pair: Which two segments of the part.
    ///   - gap: Which two rows of nodes.
    @inline(__always)
    func draw(
        _ x: UnsafePointer<Int16>, _ y: UnsafePointer<Int16>, columns: Int, pair: Int, gap: Int
    ) {
        for segment in 0..<2 {
            let (x, y) = (x + segment * 2, y + segment * 2)
            let (topX, topY) = (rampX(x), rampY(y))
            let downX = rampX(x + columns * 2) &- topX
            let downY = rampY(y + columns * 2) &- topY
            let out =
                target.luma + (gap &* 4 &* target.lumaStride &+ pair &* 16 &+ segment &* 8)
            var (belowX, belowY) = (Numbers(), Numbers())
            for row in 0..<4 {
                let place = held(topX &+ belowX &>> 2, topY &+ belowY &>> 2, lumaLimits)
                belowX &+= downX
                belowY &+= downY
                let looks = Looks(place.x, place.y, stride: lumaStride)
                looks.fetchRun(luma, lumaStride, to: out + row &* target.lumaStride)
            }
        }
        let (topX, topY) = (chromaRampX(x), chromaRampY(y))
        let downX = chromaRampX(x + columns * 2) &- topX
        let downY = chromaRampY(y + columns * 2) &- topY
        for row in 0..<2 {
            let part = Numbers(repeating: Int16(truncatingIfNeeded: row * 4 + 1))
            let place = held(
                (topX &+ (downX &* part) &>> 3) &>> 1 &- 63,
                (topY &+ (downY &* part) &>> 3) &>> 1 &- 62, chromaLimits)
            let looks = Looks(place.x, place.y, stride: chromaStride)
            let at = (gap &* 2 &+ row) &* target.chromaStride &+ pair &* 8
            looks.fetchRun(cb, chromaStride, to: target.cb + at)
            looks.fetchRun(cr, chromaStride, to: target.cr + at)
        }
    }

    // Eight pixels from one node to the next; in x, what they differ from eight pixels is ramped.

    @inline(__always)
    private func rampX(_ node: UnsafePointer<Int16>) -> Numbers {
        let bend = Numbers(repeating: node[2] &- node[0] &- 2048)
        return (steps.pixels &<< 8) &+ node[0] &+ (bend &* steps.pixels) &>> 3
    }

    @inline(__always)
    private func rampY(_ node: UnsafePointer<Int16>) -> Numbers {
        let bend = Numbers(repeating: node[2] &- node[0])
        return (bend &* steps.pixels) &>> 3 &+ node[0]
    }

    // Four chroma samples in each of two segments, at the middles of pairs of pixels.

    @inline(__always)
    private func chromaRampX(_ node: UnsafePointer<Int16>) -> Numbers {
        let bend = Self.both(node[2] &- node[0] &- 2048, node[4] &- node[2] &- 2048)
        return (steps.sixteenths &<< 7) &+ Self.both(node[0], node[2])
            &+ (bend &* steps.sixteenths) &>> 4
    }

    @inline(__always)
    private func chromaRampY(_ node: UnsafePointer<Int16>) -> Numbers {
        let bend = Self.both(node[2] &- node[0], node[4] &- node[2])
        return Self.both(node[0], node[2]) &+ (bend &* steps.sixteenths) &>> 4
    }

    @inline(__always)
    private static func both(_ left: Int16, _ right: Int16) -> Numbers {
        Numbers(lowHalf: SIMD4(repeating: left), highHalf: SIMD4(repeating: right))
    }

    @inline(__always)
    private func held(
        _ x: Numbers, _ y: Numbers, _ limits: Limits
    ) -> (x: Numbers, y: Numbers) {
        if isInside { return (x, y) }
        return (
            Self.clamped(x, limits.lowX, limits.highX), Self.clamped(y, limits.lowY, limits.highY)
        )
    }

    @inline(__always)
    private static func clamped(_ numbers: Numbers, _ low: Int16, _ high: Int16) -> Numbers {
        pointwiseMin(pointwiseMax(numbers, Numbers(repeating: low)), Numbers(repeating: high))
    }
}
