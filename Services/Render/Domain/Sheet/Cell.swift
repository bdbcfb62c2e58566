/// What is known of one cell of a frame: where its pixels look. Memory of one thread.
///
/// A place is an index into the planes of a ``SheetStack`` and the way from there to the next
/// sample, 0…64 to the right and 0…32 down.
package struct Cell {
    static let columns = 32
    static let rows = 8
    static let count = columns * rows

    /// For each luma sample.
    let lumaIndex: UnsafeMutablePointer<Int32>
    /// The way to the right, and 256 times the way down.
    let lumaWay: UnsafeMutablePointer<UInt16>
    /// The same for each chroma sample, 16 × 4 of them.
    let chromaIndex: UnsafeMutablePointer<Int32>
    let chromaWay: UnsafeMutablePointer<UInt16>
    /// Where the pixels of marched cells look, in 1/256 pixel of the stack.
    let x: UnsafeMutablePointer<Int32>
    let y: UnsafeMutablePointer<Int32>
    /// All ones for a chroma sample whose four pixels are not neighbours; only for marched cells.
    let isApart: UnsafeMutablePointer<Int32>

    init() {
        func numbers<Number: BinaryInteger>(_ count: Int) -> UnsafeMutablePointer<Number> {
            let numbers = UnsafeMutablePointer<Number>.allocate(capacity: count)
            numbers.initialize(repeating: 0, count: count)
            return numbers
        }
        lumaIndex = numbers(Self.count)
        lumaWay = numbers(Self.count)
        chromaIndex = numbers(Self.count / 4)
        chromaWay = numbers(Self.count / 4)
        x = numbers(Self.count)
        y = numbers(Self.count)
        isApart = numbers(Self.count / 4)
    }

    func deallocate() {
        lumaIndex.deallocate()
        lumaWay.deallocate()
        chromaIndex.deallocate()
        chromaWay.deallocate()
        x.deallocate()
        y.deallocate()
        isApart.deallocate()
    }
}
