/// Where the pixels of half a marched cell look. Memory of one thread.
package struct Cell {
    static let columns = 32
    static let rows = 8
    /// Columns of a half, which is marched by itself.
    static let half = 16
    static let count = half * rows

    /// Places in 1/64 pixel from an anchor.
    let x: UnsafeMutablePointer<Int16>
    let y: UnsafeMutablePointer<Int16>
    /// All ones where a place is on the back sheet.
    let isBack: UnsafeMutablePointer<Int16>
    /// How much of what is there covers what is behind it, of 64: all where edges are hard.
    let cover: UnsafeMutablePointer<Int16>
    /// Where the pixels that are not covered wholly look on the back sheet.
    let behindX: UnsafeMutablePointer<Int16>
    let behindY: UnsafeMutablePointer<Int16>
    /// All ones for each eight pixels of which one is not covered wholly.
    let isSoft: UnsafeMutablePointer<Int16>
    /// All ones for a chroma sample whose four pixels must be mixed one by one.
    let isApart: UnsafeMutablePointer<Int32>

    init() {
        func numbers<Number: BinaryInteger>(_ count: Int) -> UnsafeMutablePointer<Number> {
            let numbers = UnsafeMutablePointer<Number>.allocate(capacity: count)
            numbers.initialize(repeating: 0, count: count)
            return numbers
        }
        x = numbers(Self.count)
        y = numbers(Self.count)
        isBack = numbers(Self.count)
        cover = numbers(Self.count)
        cover.update(repeating: 64, count: Self.count)
        behindX = numbers(Self.count)
        behindY = numbers(Self.count)
        isSoft = numbers(Self.count / 8)
        isApart = numbers(Self.count / 4)
    }

    func deallocate() {
        x.deallocate()
        y.deallocate()
        isBack.deallocate()
        cover.deallocate()
        behindX.deallocate()
        behindY.deallocate()
        isSoft.deallocate()
        isApart.deallocate()
    }
}
