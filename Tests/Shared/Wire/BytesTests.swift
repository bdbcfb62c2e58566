import Testing
import Wire

@Suite struct BytesTests {
    @Test func `slices share the block and see their part`() {
        let whole = Bytes([0, 1, 2, 3, 4, 5])
        let part = whole[2..<5]
        #expect(part.block === whole.block)
        #expect(Array(part) == [2, 3, 4])
        #expect(part[0] == 2)
        #expect(Array(part[1..<2]) == [3])
        #expect(whole[3..<3].isEmpty)
    }

    @Test func `bytes are equal by their contents`() {
        let whole = Bytes([1, 2, 1, 2])
        #expect(whole[0..<2] == whole[2..<4])
        #expect(whole[0..<2].hashValue == whole[2..<4].hashValue)
        #expect(whole[0..<2] != whole[1..<3])
        #expect(whole[0..<2] != whole[0..<3])
        #expect(Bytes() == Bytes([]))
        #expect(Bytes(UnsafeRawBufferPointer(start: nil, count: 0)).isEmpty)
    }

    @Test func `a slice keeps the block alive, and nothing else does`() {
        weak var block: Block?
        do {
            var part: Bytes?
            do {
                let whole = Bytes([1, 2, 3])
                block = whole.block
                part = whole[1..<3]
            }
            #expect(block != nil)
            #expect(part.map { Array($0) } == [2, 3])
            part = nil
        }
        #expect(block == nil)
    }
}
