/// A pass over a picture that can be ended on the way.
///
/// A long computation takes a `checkpoint`, which it calls before each stretch of its work. The
/// checkpoint ends it by throwing what its caller chose; one that throws nothing ends nothing.
enum Pass {
    /// Samples between two checkpoints: the slowest pass takes two milliseconds for them.
    static let stretchSamples = 1 << 15

    /// Calls `body` for `count` rows of `width` samples, from the first to the last.
    @inline(__always)
    static func rows<Stop: Error>(
        _ count: Int, of width: Int, _ checkpoint: () throws(Stop) -> Void, _ body: (Int) -> Void
    ) throws(Stop) {
        let stretch = max(1, stretchSamples / max(1, width))
        var first = 0
        while first < count {
            try checkpoint()
            let end = min(first + stretch, count)
            for row in first..<end { body(row) }
            first = end
        }
    }

    /// Calls `body` for one stretch of `count` samples after the other.
    @inline(__always)
    static func samples<Stop: Error>(
        _ count: Int, _ checkpoint: () throws(Stop) -> Void, _ body: (Range<Int>) -> Void
    ) throws(Stop) {
        var first = 0
        while first < count {
            try checkpoint()
            let end = min(first + stretchSamples, count)
            body(first..<end)
            first = end
        }
    }
}
