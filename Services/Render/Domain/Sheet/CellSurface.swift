extension CellSearch {
    typealias Lanes = SIMD16<Float>

    /// Solves the nodes of a cell whose pixels lie on one surface and interpolates between them.
    ///
    /// - Parameters:
    ///   - segments: Columns of nodes less one: 4 for the whole cell, 2 for a half.
    ///   - near: A depth about which the surface lies.
    @inline(__always)
    func drawSurface(
        _ part: CellPart, _ nodes: Nodes, segments: Int, near: Float, isInside: Bool
    ) {
        let cell = part.cell
        let column = part.column
        let first = part.left / Self.nodeColumns
        let columns = segments &+ 1
        let (nodeX, nodeY, nodeDepth) = (scratch, scratch + 16, scratch + 32)
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
        var t = Lanes(repeating: near - view.pivot)
        for _ in 0..<2 {
            t = nearestDepths(x + t * dx, y + t * dy, isInside: isInside) - view.pivot
        }
        let u = bilinearDepths(x + t * dx, y + t * dy, isInside: isInside)
        t = u - view.pivot
        Self.store(x + t * dx, to: nodeX)
        Self.store(y + t * dy, to: nodeY)
        Self.store(u, to: nodeDepth)
        for row in 0..<Cell.rows {
            let upper = row / Self.nodeRows * columns
            let fy = Float(row % Self.nodeRows) * 0.25
            for segment in 0..<segments {
                let a = upper &+ segment
                let at = row &* Cell.columns &+ column &+ segment &* Self.nodeColumns
                storePlaces(
                    Self.ramp(nodeX + a, columns, fy), Self.ramp(nodeY + a, columns, fy),
                    isInside: isInside, stride: lumaStride, lastX: lastX, lastY: lastY,
                    index: cell.lumaIndex + at, way: cell.lumaWay + at)
                if let depth = part.depth {
                    let to = depth + (row &* part.depthStride &+ segment &* Self.nodeColumns)
                    UnsafeMutableRawPointer(to).storeBytes(
                        of: Self.ramp(nodeDepth + a, columns, fy), as: SIMD8<Float>.self)
                }
            }
        }
        // Chroma samples lie between four luma samples, eight to two segments.
        for row in 0..<Cell.rows / 2 {
            let upper = row / 2 * columns
            let fy = Float(row % 2) * 0.5 + 0.125
            for pair in 0..<segments / 2 {
                let a = upper &+ pair &* 2
                let at = row &* (Cell.columns / 2) &+ column / 2 &+ pair &* 8
                let x = Self.chromaRamp(nodeX + a, columns, fy) * 0.5 - 0.25
                let y = Self.chromaRamp(nodeY + a, columns, fy) * 0.5 - 0.25
                // The first row and column of samples have nothing before them.
                storePlaces(
                    x, y, isInside: isInside, stride: chromaStride, lastX: lastX * 0.5,
                    lastY: lastY * 0.5, index: cell.chromaIndex + at, way: cell.chromaWay + at)
            }
        }
    }

    /// Stores where eight samples look: see ``Cell``.
    @inline(__always)
    private func storePlaces(
        _ x: SIMD8<Float>, _ y: SIMD8<Float>, isInside: Bool, stride: Int, lastX: Float,
        lastY: Float, index: UnsafeMutablePointer<Int32>, way: UnsafeMutablePointer<UInt16>
    ) {
        guard isInside else {
            for i in 0..<8 {
                let (cx, cy) = (clamp(x[i], 0, lastX), clamp(y[i], 0, lastY))
                let (column, row) = (Int(cx), Int(cy))
                index[i] = Int32(truncatingIfNeeded: row &* stride &+ column)
                way[i] = UInt16(
                    truncatingIfNeeded: roundedIndex((cx - Float(column)) * 64)
                        | roundedIndex((cy - Float(row)) * 32) << 8)
            }
            return
        }
        let magic = Self.magic
        let (column, row) = ((x - 0.5 + magic) - magic, (y - 0.5 + magic) - magic)
        let place = unsafeBitCast(row * Float(stride) + column + magic, to: SIMD8<Int32>.self)
        let right = unsafeBitCast((x - column) * 64 + magic, to: SIMD8<Int32>.self) & 0x7F
        let down = unsafeBitCast((y - row) * 32 + magic, to: SIMD8<Int32>.self) & 0x3F
        UnsafeMutableRawPointer(index).storeBytes(of: place & 0x7F_FFFF, as: SIMD8<Int32>.self)
        UnsafeMutableRawPointer(way).storeBytes(
            of: SIMD8<UInt16>(truncatingIfNeeded: right | down &<< 8), as: SIMD8<UInt16>.self)
    }

    /// How many numbers ``drawSurface`` and the look-ups need.
    static let scratchCount = 16 * 4

    @inline(__always)
    private static func load(_ numbers: UnsafeMutablePointer<Float>) -> Lanes {
        UnsafeRawPointer(numbers).loadUnaligned(as: Lanes.self)
    }

    @inline(__always)
    private static func store(_ lanes: Lanes, to numbers: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(numbers).storeBytes(of: lanes, as: Lanes.self)
    }

    /// Eight numbers across a segment that begins at `node`, `fy` of the way to the nodes below.
    @inline(__always)
    private static func ramp(
        _ node: UnsafeMutablePointer<Float>, _ columns: Int, _ fy: Float
    ) -> SIMD8<Float> {
        let left = node[0] + (node[columns] - node[0]) * fy
        let right = node[1] + (node[columns &+ 1] - node[1]) * fy
        let rising = SIMD8<Float>(0, 1, 2, 3, 4, 5, 6, 7)
        return rising * ((right - left) * 0.125) + left
    }

    /// Four numbers in each of two segments, at the middles of pairs of pixels.
    @inline(__always)
    private static func chromaRamp(
        _ node: UnsafeMutablePointer<Float>, _ columns: Int, _ fy: Float
    ) -> SIMD8<Float> {
        let left = node[0] + (node[columns] - node[0]) * fy
        let middle = node[1] + (node[columns &+ 1] - node[1]) * fy
        let right = node[2] + (node[columns &+ 2] - node[2]) * fy
        let rising = SIMD4<Float>(0.5, 2.5, 4.5, 6.5)
        return SIMD8(
            lowHalf: rising * ((middle - left) * 0.125) + left,
            highHalf: rising * ((right - middle) * 0.125) + middle)
    }

    /// A coordinate in 1/256 pixel, held within 0...last.
    @inline(__always)
    func fixed(_ value: Float, _ last: Float) -> Int32 {
        Int32(truncatingIfNeeded: roundedIndex(clamp(value, 0, last) * 256))
    }

    // MARK: Looking up depth

    /// Adding 2^23 rounds to a whole number, which is then in the low bits.
    static let magic: Float = 8_388_608

    /// The front sheet's depth at the pixels nearest to places.
    @inline(__always)
    func nearestDepths(_ x: Lanes, _ y: Lanes, isInside: Bool) -> Lanes {
        guard isInside else {
            var depth = Lanes()
            for lane in 0..<16 { depth[lane] = nearest(frontDepth, x[lane], y[lane]) }
            return depth
        }
        let index = indices((x + Self.magic) - Self.magic, (y + Self.magic) - Self.magic)
        return Self.fetch(frontDepth, index)
    }

    /// Sixteen depths by their indices, in one expression: a loop over the lanes of a vector goes
    /// through memory and is three times slower.
    @inline(__always)
    private static func fetch(
        _ from: UnsafeMutablePointer<UInt16>, _ index: UnsafeMutablePointer<UInt32>
    ) -> Lanes {
        let samples = SIMD16<UInt16>(
            from[Int(index[0])], from[Int(index[1])], from[Int(index[2])], from[Int(index[3])],
            from[Int(index[4])], from[Int(index[5])], from[Int(index[6])], from[Int(index[7])],
            from[Int(index[8])], from[Int(index[9])], from[Int(index[10])], from[Int(index[11])],
            from[Int(index[12])], from[Int(index[13])], from[Int(index[14])], from[Int(index[15])])
        // The bits of 2^23 and a sample are those of their sum.
        let bits = SIMD16<UInt32>(truncatingIfNeeded: samples) | magic.bitPattern
        return (unsafeBitCast(bits, to: Lanes.self) - magic) * SheetScene.depthUnit
    }

    /// Indices of pixels given by whole numbers.
    @inline(__always)
    private func indices(_ column: Lanes, _ row: Lanes) -> UnsafeMutablePointer<UInt32> {
        // Exact in a float, as no picture has 2^23 pixels.
        let index =
            unsafeBitCast(row * Float(width) + column + Self.magic, to: SIMD16<UInt32>.self)
            & 0x7F_FFFF
        let place = UnsafeMutableRawPointer(scratch + 48)
        place.storeBytes(of: index, as: SIMD16<UInt32>.self)
        return place.assumingMemoryBound(to: UInt32.self)
    }

    @inline(__always)
    func nearest(_ depth: UnsafeMutablePointer<UInt16>, _ x: Float, _ y: Float) -> Float {
        let column = roundedIndex(clamp(x, 0, lastX))
        let row = roundedIndex(clamp(y, 0, lastY))
        return Float(depth[row &* width &+ column]) * SheetScene.depthUnit
    }

    /// The front sheet's depth between the four pixels around places.
    @inline(__always)
    private func bilinearDepths(_ x: Lanes, _ y: Lanes, isInside: Bool) -> Lanes {
        guard isInside else {
            var depth = Lanes()
            for lane in 0..<16 { depth[lane] = bilinear(x[lane], y[lane]) }
            return depth
        }
        let column = (x - 0.5 + Self.magic) - Self.magic
        let row = (y - 0.5 + Self.magic) - Self.magic
        let index = indices(column, row)
        let (fx, fy) = (x - column, y - row)
        let left = Self.fetch(frontDepth, index)
        let below = Self.fetch(frontDepth + width, index)
        let top = left + (Self.fetch(frontDepth + 1, index) - left) * fx
        let belowRight = Self.fetch(frontDepth + width + 1, index)
        return top + ((below + (belowRight - below) * fx) - top) * fy
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
