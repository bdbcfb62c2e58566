/// Fetches the colours of half a cell from both sheets, once it is known where its pixels look.
struct CellSampler {
    /// Where the anchor is in the planes.
    private let luma: UnsafePointer<UInt8>
    private let cb: UnsafePointer<UInt8>
    private let cr: UnsafePointer<UInt8>
    private let lumaStride: Int
    private let chromaStride: Int
    /// From a row of the front sheet to that of the back sheet.
    private let backRows: Int
    /// The first place of a picture, which a chroma sample may not look before.
    private let firstX: Int32
    private let firstY: Int32

    init(_ search: CellSearch, _ anchor: CellSearch.Anchor) {
        lumaStride = search.lumaStride
        chromaStride = search.chromaStride
        luma = UnsafePointer(search.luma) + (anchor.y &* lumaStride &+ anchor.x)
        let chroma = (anchor.y &>> 1) &* chromaStride &+ anchor.x &>> 1
        cb = UnsafePointer(search.cb) + chroma
        cr = UnsafePointer(search.cr) + chroma
        backRows = search.backRows
        firstX = Int32(clamping: anchor.x &* -32)
        firstY = Int32(clamping: anchor.y &* -32)
    }

    /// Writes the colours of half a cell.
    @inline(__always)
    func draw(_ cell: Cell, to target: CellTarget) {
        for row in 0..<Cell.rows {
            for half in 0..<2 {
                let column = half &* 8
                let at = row &* Cell.half &+ column
                let looks = Looks<Int32>(
                    Self.load(cell.x + at), Self.load(cell.y + at), Self.load(cell.isBack + at),
                    stride: lumaStride, backRows: backRows)
                let to = target.luma + row * target.lumaStride + column
                if cell.isSoft[at / 8] == 0 {
                    looks.fetch(luma, lumaStride, to: to)
                } else {
                    let front = looks.samples(luma, lumaStride)
                    let behind = Looks<Int32>(
                        Self.load(cell.behindX + at), Self.load(cell.behindY + at),
                        SIMD8(repeating: -1), stride: lumaStride, backRows: backRows
                    ).samples(luma, lumaStride)
                    let cover = unsafeBitCast(Self.load(cell.cover + at), to: SIMD8<UInt16>.self)
                    Looks<Int32>.store(
                        (front &* cover &+ behind &* (64 &- cover) &+ 32) &>> 6, to: to)
                }
            }
        }
        for row in 0..<Cell.rows / 2 { drawChroma(cell, row, to: target) }
        mixChroma(cell, to: target)
    }

    /// Gives chroma samples whose four pixels are not neighbours in the source their mean.
    private func mixChroma(_ cell: Cell, to target: CellTarget) {
        for row in 0..<Cell.rows / 2 {
            let isApart = cell.isApart + row * Cell.half / 2
            let to = row * target.chromaStride
            for column in 0..<Cell.half / 2 where isApart[column] != 0 {
                let mean = meanChroma(cell, row * 2, column * 2)
                (target.cb[to + column], target.cr[to + column]) = mean
            }
        }
    }

    private func meanChroma(_ cell: Cell, _ row: Int, _ column: Int) -> (cb: UInt8, cr: UInt8) {
        var (blue, red): (Int32, Int32) = (2, 2)
        for y in row...row + 1 {
            for x in column...column + 1 {
                let colour = chroma(of: cell, y * Cell.half + x)
                blue &+= colour.cb
                red &+= colour.cr
            }
        }
        return (UInt8(truncatingIfNeeded: blue >> 2), UInt8(truncatingIfNeeded: red >> 2))
    }

    /// A chroma sample covers four pixels: it looks at their mean when they are neighbours in the
    /// source too.
    @inline(__always)
    private func drawChroma(_ cell: Cell, _ row: Int, to target: CellTarget) {
        let above = row &* 2 &* Cell.half
        let below = above &+ Cell.half
        let (x, xSpread) = Self.means(cell.x + above, cell.x + below)
        let (y, ySpread) = Self.means(cell.y + above, cell.y + below)
        let isBack = Self.pairs(cell.isBack + above)
        let isBackBelow = Self.pairs(cell.isBack + below)
        let isMixed =
            (isBack.left ^ isBack.right) | (isBack.left ^ isBackBelow.left)
            | (isBack.left ^ isBackBelow.right)
        let cover = Self.pairs(cell.cover + above), coverBelow = Self.pairs(cell.cover + below)
        let isSoft = (cover.left & cover.right & coverBelow.left & coverBelow.right) ^ 64
        let isApart = xSpread | ySpread | isMixed | isSoft
        UnsafeMutableRawPointer(cell.isApart + row &* Cell.half / 2)
            .storeBytes(of: isApart, as: SIMD8<Int32>.self)
        // Half a luma pixel is a quarter of a chroma pixel; the sum of four is eight chroma pixels.
        let looks = Looks<Int32>(
            SIMD8<Int16>(truncatingIfNeeded: Self.held(x &>> 3 &- 16, firstX)),
            SIMD8<Int16>(truncatingIfNeeded: Self.held(y &>> 3 &- 16, firstY)),
            SIMD8<Int16>(truncatingIfNeeded: isBack.left), stride: chromaStride,
            backRows: backRows / 2)
        let to = row &* target.chromaStride
        looks.fetch(cb, chromaStride, to: target.cb + to)
        looks.fetch(cr, chromaStride, to: target.cr + to)
    }

    /// The sums of eight times four numbers, and anything but zero where one is four pixels or more
    /// from the first.
    @inline(__always)
    private static func means(
        _ above: UnsafePointer<Int16>, _ below: UnsafePointer<Int16>
    ) -> (sum: SIMD8<Int32>, spread: SIMD8<Int32>) {
        let (upper, lower) = (pairs(above), pairs(below))
        let first = upper.left &- 256
        let spread =
            (upper.right &- first) &>> 9 | (lower.left &- first) &>> 9
            | (lower.right &- first) &>> 9
        return (upper.left &+ upper.right &+ lower.left &+ lower.right, spread)
    }

    /// The greater of two.
    @inline(__always)
    private static func held(_ places: SIMD8<Int32>, _ first: Int32) -> SIMD8<Int32> {
        let beyond = places &- first
        return first &+ (beyond & ~(beyond &>> 31))
    }

    /// Eight pairs of neighbours.
    @inline(__always)
    private static func pairs(
        _ numbers: UnsafePointer<Int16>
    ) -> (left: SIMD8<Int32>, right: SIMD8<Int32>) {
        let pairs = UnsafeRawPointer(numbers).loadUnaligned(as: SIMD8<Int32>.self)
        return ((pairs &<< 16) &>> 16, pairs &>> 16)
    }

    @inline(__always)
    private static func load(_ numbers: UnsafePointer<Int16>) -> SIMD8<Int16> {
        UnsafeRawPointer(numbers).loadUnaligned(as: SIMD8<Int16>.self)
    }

    /// Both chroma samples at one place of a cell.
    private func chroma(of cell: Cell, _ at: Int) -> (cb: Int32, cr: Int32) {
        let there = chroma(cell.x[at], cell.y[at], isBack: cell.isBack[at] != 0)
        let cover = Int32(cell.cover[at])
        if cover == 64 { return there }
        let behind = chroma(cell.behindX[at], cell.behindY[at], isBack: true)
        func mixed(_ there: Int32, _ behind: Int32) -> Int32 {
            (there &* cover &+ behind &* (64 &- cover) &+ 32) &>> 6
        }
        return (mixed(there.cb, behind.cb), mixed(there.cr, behind.cr))
    }

    private func chroma(_ x: Int16, _ y: Int16, isBack: Bool) -> (cb: Int32, cr: Int32) {
        let x = max(Int(firstX), (Int(x) &- 32) &>> 1)
        let y = max(Int(firstY), (Int(y) &- 32) &>> 1)
        let (right, down) = (UInt32(x & 63), UInt32((y &>> 1) & 31))
        let row = (y &>> 6) &+ (isBack ? backRows / 2 : 0)
        let index = row &* chromaStride &+ x &>> 6
        func mixed(_ plane: UnsafePointer<UInt8>) -> Int32 {
            let at = plane + index
            let top = (UInt32(at[0]) &* (64 &- right) &+ UInt32(at[1]) &* right &+ 4) &>> 3
            let lower = at + chromaStride
            let bottom =
                (UInt32(lower[0]) &* (64 &- right) &+ UInt32(lower[1]) &* right &+ 4) &>> 3
            return Int32((top &* (32 &- down) &+ bottom &* down &+ 128) &>> 8)
        }
        return (mixed(cb), mixed(cr))
    }
}
