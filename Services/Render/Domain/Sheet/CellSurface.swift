extension CellSearch {
    typealias Lanes = SIMD16<Float>

    /// Solves the nodes of a part of a cell whose pixels lie on one surface, interpolates between
    /// them and draws what is there.
    ///
    /// Between the nodes, places are sixteen-bit numbers of 1/256 pixel from an anchor in the
    /// middle of the part.
    ///
    /// - Parameters:
    ///   - segments: Columns of nodes less one: 4 for the whole cell, 2 for a half.
    /// - Returns: Whether it was drawn: not when neighbouring nodes lie so far apart in the source
    ///   that those numbers would not do (``isWithinReach``).
    @inline(__always)
    func drawSurface(
        _ part: CellPart, _ surface: Surface, _ nodes: Nodes, segments: Int, isInside: Bool
    ) -> Bool {
        let columns = segments &+ 1
        let (nodeX, nodeY) = (scratch, scratch + 24)
        let u = solve(part, surface, nodes, columns: columns, isInside: isInside)
        let centre = columns &+ columns / 2
        let anchorX = clamp(Self.rounded(nodeX[centre]), 0, width &- 1) & ~1
        let anchorY = clamp(Self.rounded(nodeY[centre]), 0, height &- 1) & ~1
        let (x, y) = (Self.load(nodeX) - Float(anchorX), Self.load(nodeY) - Float(anchorY))
        Self.store(x, to: nodeX)
        Self.store(y, to: nodeY)
        guard isWithinReach(x, y, nodeX, nodeY, columns: columns) else { return false }
        if let depth = part.depth { drawDepth(u, part, depth, segments: segments) }
        // Half of the last place that a look-up keeps, so that it is rounded.
        let numberX = Self.storeNumbers(x, rounding: 2, to: nodeX)
        let numberY = Self.storeNumbers(y, rounding: 4, to: nodeY)
        let painter = SurfacePainter(
            self, anchorX: anchorX, anchorY: anchorY, isInside: isInside, target: part.target)
        painter.prefetchNext()
        for pair in 0..<segments / 2 {
            for gap in 0..<2 {
                let first = gap &* columns &+ pair &* 2
                let (x, y) = (numberX + first * 2, numberY + first * 2)
                painter.draw(x, y, columns: columns, pair: pair, gap: gap)
            }
        }
        return true
    }

    /// Where the nodes of a part of a cell look: into the scratch memory, columns first.
    /// - Returns: The depth there.
    @inline(__always)
    private func solve(
        _ part: CellPart, _ surface: Surface, _ nodes: Nodes, columns: Int, isInside: Bool
    ) -> Lanes {
        let (nodeX, nodeY) = (scratch, scratch + 24)
        let first = part.left / Self.nodeColumns
        for row in 0..<3 {
            let from = row &* nodes.stride &+ first
            for column in 0..<columns {
                nodeX[row &* columns &+ column] = nodes.x[from &+ column]
                nodeY[row &* columns &+ column] = nodes.y[from &+ column]
            }
        }
        // Lanes without a node look where the first one does.
        for lane in columns &* 3..<16 {
            nodeX[lane] = nodeX[0]
            nodeY[lane] = nodeY[0]
        }
        let (px, py) = (Self.load(nodeX), Self.load(nodeY))
        let dx = view.shiftX - px * view.zoom
        let dy = view.shiftY - py * view.zoom
        let (x, y) = (px + centreX, py + centreY)
        var t = Lanes(repeating: surface.depth - view.pivot)
        for _ in 0..<surface.lookUps {
            t = nearestDepths(x + t * dx, y + t * dy, isInside: isInside) - view.pivot
        }
        let u = bilinearDepths(x + t * dx, y + t * dy, isInside: isInside)
        t = u - view.pivot
        Self.store(x + t * dx, to: nodeX)
        Self.store(y + t * dy, to: nodeY)
        return u
    }

    /// The square of how much more or less than in the frame two neighbouring nodes may be apart
    /// in the source, in pixels: then a part spans less than 60 pixels, from left to right, and no
    /// product of its numbers needs more than sixteen bits.
    static let bendMax: Float = 42

    /// How far to the sides of its anchor, which is within the picture, a part may reach, in pixels.
    static let columnsMax: Float = 120

    /// Whether sixteen bits can hold how far nodes lie from each other and from the anchor.
    @inline(__always)
    private func isWithinReach(
        _ x: Lanes, _ y: Lanes, _ nodeX: UnsafePointer<Float>, _ nodeY: UnsafePointer<Float>,
        columns: Int
    ) -> Bool {
        let isHalf = columns == 3
        let hasRight =
            isHalf
            ? Lanes(1, 1, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0)
            : Lanes(1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0)
        let hasBelow =
            isHalf
            ? Lanes(1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
            : Lanes(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0)
        let (rightX, rightY) = (Self.load(nodeX + 1) - x - 8, Self.load(nodeY + 1) - y)
        let (belowX, belowY) = (
            Self.load(nodeX + columns) - x, Self.load(nodeY + columns) - y - 4
        )
        let right = (rightX * rightX + rightY * rightY) * hasRight
        let below = (belowX * belowX + belowY * belowY) * hasBelow
        let isNear =
            Self.negative(right - Self.bendMax) & Self.negative(below - Self.bendMax)
            & Self.negative(y * y - rowsMax * rowsMax)
            & Self.negative(x * x - Self.columnsMax * Self.columnsMax)
        return isNear.wrappedSum() == -16
    }

    /// The depth between the nodes, for those who keep it.
    private func drawDepth(
        _ u: Lanes, _ part: CellPart, _ depth: UnsafeMutablePointer<Float>, segments: Int
    ) {
        let columns = segments + 1
        for row in 0..<Cell.rows {
            let fy = Float(row % Self.nodeRows) * 0.25
            for segment in 0..<segments {
                let node = row / Self.nodeRows * columns + segment
                let left = u[node] + (u[node + columns] - u[node]) * fy
                let right = u[node + 1] + (u[node + columns + 1] - u[node + 1]) * fy
                for i in 0..<Self.nodeColumns {
                    depth[row * part.depthStride + segment * Self.nodeColumns + i] =
                        Float(i) * ((right - left) * 0.125) + left
                }
            }
        }
    }

    /// How many numbers ``drawSurface`` and the look-ups need, all zero at first: what lies behind
    /// the nodes is read as well, and must be a number.
    static let scratchCount = 24 * 2 + 16

    @inline(__always)
    private static func load(_ numbers: UnsafePointer<Float>) -> Lanes {
        UnsafeRawPointer(numbers).loadUnaligned(as: Lanes.self)
    }

    @inline(__always)
    private static func store(_ lanes: Lanes, to numbers: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(numbers).storeBytes(of: lanes, as: Lanes.self)
    }

    /// Rounded to a whole number, of either sign.
    @inline(__always)
    static func rounded(_ x: Float) -> Int {
        Int((x + signedMagic).bitPattern & 0x7F_FFFF) &- 0x40_0000
    }

    /// Stores coordinates in 1/256 pixel, a number each 32 bits of which the low 16 count.
    @inline(__always)
    private static func storeNumbers(
        _ lanes: Lanes, rounding: Int32, to out: UnsafeMutablePointer<Float>
    ) -> UnsafePointer<Int16> {
        let numbers = unsafeBitCast(lanes * 256 + signedMagic, to: SIMD16<Int32>.self) &+ rounding
        let place = UnsafeMutableRawPointer(out)
        place.storeBytes(of: numbers, as: SIMD16<Int32>.self)
        return UnsafePointer(place.assumingMemoryBound(to: Int16.self))
    }

    /// All ones where a lane is negative.
    @inline(__always)
    private static func negative(_ lanes: Lanes) -> SIMD16<Int32> {
        unsafeBitCast(lanes, to: SIMD16<Int32>.self) &>> 31
    }

    // MARK: Looking up depth

    /// Adding 2^23 rounds to a whole number, which is then in the low bits.
    static let magic: Float = 8_388_608
    /// The same for numbers of either sign: they are then in the low 22 bits.
    static let signedMagic: Float = 12_582_912

    /// The front sheet's depth at the pixels nearest to places.
    @inline(__always)
    func nearestDepths(_ x: Lanes, _ y: Lanes, isInside: Bool) -> Lanes {
        guard isInside else {
            var depth = Lanes()
            for lane in 0..<16 { depth[lane] = nearest(frontDepth, x[lane], y[lane]) }
            return depth
        }
        let index = indices((x + Self.magic) - Self.magic, (y + Self.magic) - Self.magic)
        return Self.depths(Self.pairs(UnsafePointer(frontDepth), index) & 0xFFFF)
    }

    @inline(__always)
    private static func depths(_ samples: SIMD16<UInt32>) -> Lanes {
        // The bits of 2^23 and a sample are those of their sum.
        (unsafeBitCast(samples | magic.bitPattern, to: Lanes.self) - magic) * SheetScene.depthUnit
    }

    /// Sixteen times two neighbours by the index of the left one, which is in the low half; in one
    /// expression: a loop over the lanes of a vector goes through memory and is three times slower.
    @inline(__always)
    private static func pairs(
        _ from: UnsafePointer<UInt16>, _ index: UnsafePointer<Int32>
    ) -> SIMD16<UInt32> {
        let raw = UnsafeRawPointer(from)
        @inline(__always) func pair(_ lane: Int) -> UInt32 {
            UInt32(
                littleEndian: raw.loadUnaligned(
                    fromByteOffset: Int(index[lane]) &* 2, as: UInt32.self))
        }
        return SIMD16(
            pair(0), pair(1), pair(2), pair(3), pair(4), pair(5), pair(6), pair(7), pair(8),
            pair(9), pair(10), pair(11), pair(12), pair(13), pair(14), pair(15))
    }

    /// Indices of pixels given by whole numbers.
    @inline(__always)
    private func indices(_ column: Lanes, _ row: Lanes) -> UnsafePointer<Int32> {
        // Exact in a float, as no picture has 2^23 pixels.
        let index =
            unsafeBitCast(row * Float(width) + column + Self.magic, to: SIMD16<Int32>.self)
            & 0x7F_FFFF
        let place = UnsafeMutableRawPointer(scratch + 48)
        place.storeBytes(of: index, as: SIMD16<Int32>.self)
        return UnsafePointer(place.assumingMemoryBound(to: Int32.self))
    }

    @inline(__always)
    func nearest(_ depth: UnsafeMutablePointer<UInt16>, _ x: Float, _ y: Float) -> Float {
        let column = roundedIndex(clamp(x, 0, lastX))
        let row = roundedIndex(clamp(y, 0, lastY))
        return Float(depth[row &* width &+ column]) * SheetScene.depthUnit
    }

    /// The greatest whole numbers not above numbers that are not negative.
    @inline(__always)
    private static func floor(_ x: Lanes) -> Lanes {
        // A half goes to the even number: for every other whole x to the one below.
        let below = (x - 0.5 + magic) - magic
        let isWhole = ~negative(x - below - 1)
        let one = SIMD16<Int32>(repeating: Int32(bitPattern: Float(1).bitPattern))
        return below + unsafeBitCast(isWhole & one, to: Lanes.self)
    }

    /// The front sheet's depth between the four pixels around places.
    @inline(__always)
    private func bilinearDepths(_ x: Lanes, _ y: Lanes, isInside: Bool) -> Lanes {
        guard isInside else {
            var depth = Lanes()
            for lane in 0..<16 { depth[lane] = bilinear(x[lane], y[lane]) }
            return depth
        }
        let (column, row) = (Self.floor(x), Self.floor(y))
        let index = indices(column, row)
        let (fx, fy) = (x - column, y - row)
        let upper = Self.pairs(UnsafePointer(frontDepth), index)
        let lower = Self.pairs(UnsafePointer(frontDepth) + width, index)
        let (left, below) = (Self.depths(upper & 0xFFFF), Self.depths(lower & 0xFFFF))
        let top = left + (Self.depths(upper &>> 16) - left) * fx
        return top + ((below + (Self.depths(lower &>> 16) - below) * fx) - top) * fy
    }

    private func bilinear(_ x: Float, _ y: Float) -> Float {
        let (cx, cy) = (clamp(x, 0, lastX), clamp(y, 0, lastY))
        let (ix, iy) = (Int(cx), Int(cy))
        let (fx, fy) = (cx - Float(ix), cy - Float(iy))
        let right = ix + 1 < width ? 1 : 0
        let upper = frontDepth + (iy * width + ix)
        let lower = iy + 1 < height ? upper + width : upper
        func read(_ sample: UInt16) -> Float { Float(sample) * SheetScene.depthUnit }
        let (a, b, c, d) = (read(upper[0]), read(upper[right]), read(lower[0]), read(lower[right]))
        let top = a + (b - a) * fx
        return top + ((c + (d - c) * fx) - top) * fy
    }
}
