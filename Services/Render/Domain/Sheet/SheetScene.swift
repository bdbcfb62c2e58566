/// One of the two sheets of a scene: a picture with its depth.
struct SheetLayer: Sendable {
    let picture: Picture420
    let depth: Plane<Float>
}

/// A picture made ready for any camera path: a front sheet, a guess of what is behind it, and
/// tables that tell the renderer where nothing can hide.
package struct SheetScene: Sendable {
    /// Source tiles of this size share one entry of the tables.
    static let tileWidth = 16
    static let tileHeight = 8
    /// Depth is sorted into this many bins over its range, one bit each.
    static let binCount = 64

    let front: SheetLayer
    let back: SheetLayer
    package let depths: ClosedRange<Float>
    /// A step of depth above this is a silhouette.
    let step: Float
    /// Whether silhouettes were sharp steps already.
    package let isCrisp: Bool

    let tileColumns: Int
    let tileRows: Int
    /// Which depth bins occur in a tile.
    let tileBins: Plane<UInt64>
    /// Steepest depth change between neighbouring pixels in a tile.
    let tileSlopes: Plane<Float>

    package var width: Int { front.picture.width }
    package var height: Int { front.picture.height }

    /// - Parameters:
    ///   - rgb: Interleaved rows of width × height pixels.
    ///   - depth: 0 far … 1 near, of any size with about the same aspect.
    ///   - reach: Largest parallax of any path to be rendered, in pixels at this size.
    package init(
        rgb: [UInt8], width: Int, height: Int, depth source: Plane<Float>,
        encoding: ColourEncoding, reach: Int
    ) {
        isCrisp = DepthEdges.isCrisp(source)
        var depth = Resampling.scale(
            source, toWidth: width, toHeight: height, isCrisp: isCrisp)
        if !isCrisp { depth = DepthEdges.snapped(depth) }
        depths = depth.range
        step = max(1e-6, (depths.upperBound - depths.lowerBound) * DepthEdges.stepShare)
        let hidden = HiddenBackground(rgb: rgb, depth: depth, step: step, reach: reach)
        front = SheetLayer(
            picture: Picture420(rgb: rgb, width: width, height: height, encoding: encoding),
            depth: depth)
        back = SheetLayer(
            picture: Picture420(
                rgb: hidden.rgb, width: width, height: height, encoding: encoding),
            depth: hidden.depth)
        tileColumns = (width + Self.tileWidth - 1) / Self.tileWidth
        tileRows = (height + Self.tileHeight - 1) / Self.tileHeight
        (tileBins, tileSlopes) = Self.tables(
            depth, range: depths, columns: tileColumns, rows: tileRows)
    }

    private static func tables(
        _ depth: Plane<Float>, range: ClosedRange<Float>, columns: Int, rows: Int
    ) -> (bins: Plane<UInt64>, slopes: Plane<Float>) {
        let span = max(1e-6, range.upperBound - range.lowerBound)
        let scale = Float(binCount) / span
        let bins = Plane<UInt64>(width: columns, height: rows, filledWith: 0)
        let slopes = Plane<Float>(width: columns, height: rows, filledWith: 0)
        for y in 0..<depth.height {
            let row = depth.row(y)
            let below = depth.row(min(y + 1, depth.height - 1))
            for x in 0..<depth.width {
                let tile = y / tileHeight * columns + x / tileWidth
                let d = row[x]
                let bin = min(binCount - 1, Int((d - range.lowerBound) * scale))
                bins.samples[tile] |= 1 << UInt64(bin)
                let right = row[min(x + 1, depth.width - 1)]
                let slope = max(abs(right - d), abs(below[x] - d))
                if slope > slopes.samples[tile] { slopes.samples[tile] = slope }
            }
        }
        return (bins, slopes)
    }
}
