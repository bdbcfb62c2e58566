/// Which depths occur in any rectangle of a picture, and how steeply they change there.
///
/// A sparse table: an entry for each block of two by two tiles, wherever it begins. What is asked
/// has the same answer when a tile is counted twice, so blocks that overlap make up any rectangle.
struct DepthTable: Sendable {
    // Small tiles keep the surroundings of a silhouette from being taken for a part of it: with
    // 16 × 8 pixels a frame takes a tenth longer.
    static let tileWidth = 8
    static let tileHeight = 4
    /// Depth is sorted into this many bins over its range, one bit each.
    static let binCount = 64

    struct Entry {
        var bins: UInt64
        /// The steepest change from one pixel to the next, as the bits of a Float: they rise with
        /// the number, which has no sign, and their maximum is found faster.
        private var slopeBits: UInt64

        static var none: Entry { Entry(bins: 0, slope: 0) }

        init(bins: UInt64, slope: Float) {
            self.bins = bins
            slopeBits = UInt64(slope.bitPattern)
        }

        var slope: Float { Float(bitPattern: UInt32(truncatingIfNeeded: slopeBits)) }

        @inline(__always)
        mutating func add(_ other: Entry) {
            bins |= other.bins
            slopeBits = max(slopeBits, other.slopeBits)
        }
    }

    /// Tiles, first to last in both directions.
    struct Tiles {
        let left, right, top, bottom: Int
    }

    let columns: Int
    let rows: Int
    /// Blocks by the tile that they begin with.
    private let blocks: Plane<Entry>

    init<Stop: Error>(
        _ depth: Plane<Float>, range: ClosedRange<Float>, _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) {
        columns = (depth.width + Self.tileWidth - 1) / Self.tileWidth
        rows = (depth.height + Self.tileHeight - 1) / Self.tileHeight
        let tiles = try Self.tiles(depth, range: range, columns: columns, rows: rows, checkpoint)
        blocks = Plane(width: columns, height: rows, filledWith: .none)
        for row in 0..<rows {
            let (upper, lower) = (tiles.row(row), tiles.row(min(row + 1, rows - 1)))
            for column in 0..<columns {
                let right = min(column + 1, columns - 1)
                var block = upper[column]
                block.add(upper[right])
                block.add(lower[column])
                block.add(lower[right])
                blocks.row(row)[column] = block
            }
        }
    }

    /// Memory held, in bytes.
    var bytes: Int { blocks.bytes }

    /// What the renderer asks, for each cell several times; for as long as the table lasts.
    var reader: Reader { Reader(self) }

    struct Reader {
        let columns: Int
        let rows: Int
        private let blocks: UnsafePointer<Entry>

        fileprivate init(_ table: DepthTable) {
            columns = table.columns
            rows = table.rows
            blocks = UnsafePointer(table.blocks.samples)
        }

        /// What is in a rectangle of tiles, which are within the picture. One that is a single
        /// tile wide or high counts its neighbour to the right or below as well.
        @inline(__always)
        func find(_ tiles: Tiles) -> Entry {
            let last = max(tiles.left, tiles.right &- 1)
            let lastRow = max(tiles.top, tiles.bottom &- 1)
            var found = Entry.none
            var row = tiles.top
            while true {
                let line = blocks + row &* columns
                found.add(line[last])
                var column = tiles.left
                while column < last {
                    found.add(line[column])
                    column &+= 2
                }
                if row == lastRow { return found }
                row = min(row &+ 2, lastRow)
            }
        }
    }

    private static func tiles<Stop: Error>(
        _ depth: Plane<Float>, range: ClosedRange<Float>, columns: Int, rows: Int,
        _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) -> Plane<Entry> {
        let span = max(1e-6, range.upperBound - range.lowerBound)
        let scale = Float(binCount) / span
        let tiles = Plane<Entry>(width: columns, height: rows, filledWith: .none)
        try Pass.rows(depth.height, of: depth.width, checkpoint) { y in
            let row = depth.row(y)
            let below = depth.row(min(y + 1, depth.height - 1))
            let line = tiles.row(y / tileHeight)
            for x in 0..<depth.width {
                let d = row[x]
                let bin = min(binCount - 1, Int((d - range.lowerBound) * scale))
                let right = row[min(x + 1, depth.width - 1)]
                let slope = max(abs(right - d), abs(below[x] - d))
                line[x / tileWidth].add(Entry(bins: 1 << UInt64(bin), slope: slope))
            }
        }
        return tiles
    }
}
