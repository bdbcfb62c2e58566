/// The subject alone, as large as the picture: colour, coverage and depth of each pixel.
final class SubjectLayer {
    let width: Int
    let height: Int
    /// Scene-linear RGB multiplied by coverage, and the coverage (0...1) in `w`.
    let colour: UnsafeMutableBufferPointer<Vec4>
    /// Depth along z, in metres; `Float.infinity` where the subject is not.
    let depth: UnsafeMutableBufferPointer<Float>
    /// Bounds of the pixels with coverage; empty (first >= end) when nothing was drawn.
    var firstRow: Int
    var endRow = 0
    var firstColumn: Int
    var endColumn = 0

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        firstRow = height
        firstColumn = width
        colour = .allocate(capacity: width * height)
        colour.initialize(repeating: .zero)
        depth = .allocate(capacity: width * height)
        depth.initialize(repeating: .infinity)
    }

    deinit {
        colour.deallocate()
        depth.deallocate()
    }
}
