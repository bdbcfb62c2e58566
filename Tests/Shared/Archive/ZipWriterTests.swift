import Archive
import Testing

@Suite struct ZipWriterTests {
    private func archive(_ files: [(String, [UInt8])]) throws -> [UInt8] {
        let zip = try ZipWriter()
        var bytes: [UInt8] = []
        for (name, content) in files {
            try zip.begin(name, size: UInt64(content.count), modified: 1_750_000_000)
            for start in stride(from: 0, to: content.count, by: 100) {
                try zip.write(Array(content[start..<min(start + 100, content.count)]))
                bytes += zip.take()
            }
        }
        try zip.close()
        return bytes + zip.take()
    }

    @Test func `the bytes of each file are in it as they are`() throws {
        let picture = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let bytes = try archive([("a/one.jpg", picture), ("two.txt", Array("hello".utf8))])
        #expect(bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]))
        // Stored: the content stands there in one piece.
        #expect(bytes.contains(picture))
        #expect(bytes.contains(Array("two.txthello".utf8)) || bytes.contains(Array("hello".utf8)))
        // The end of the central directory names both.
        let end = Array(bytes.suffix(22))
        #expect(Array(end.prefix(4)) == [0x50, 0x4B, 0x05, 0x06])
        #expect(end[10] == 2 && end[11] == 0)
    }

    @Test func `an archive of nothing is one`() throws {
        let bytes = try archive([])
        #expect(bytes.count == 22)
        #expect(bytes.starts(with: [0x50, 0x4B, 0x05, 0x06]))
    }

    @Test func `a file has the size it was declared with`() throws {
        let zip = try ZipWriter()
        try zip.begin("a", size: 3, modified: 0)
        #expect(throws: ZipWriter.Failure.wrongSize(name: "a")) {
            try zip.write([1, 2, 3, 4])
        }
        try zip.write([1, 2])
        #expect(throws: ZipWriter.Failure.wrongSize(name: "a")) { try zip.close() }
    }

    @Test func `nothing piles up in the writer`() throws {
        let zip = try ZipWriter()
        let piece = [UInt8](repeating: 7, count: 256 << 10)
        try zip.begin("large", size: UInt64(piece.count) * 40, modified: 0)
        var most = 0
        for _ in 0..<40 {
            try zip.write(piece)
            most = max(most, zip.take().count)
        }
        #expect(most <= piece.count + 4096)
    }
}

extension [UInt8] {
    /// Whether `part` stands in here in one piece.
    fileprivate func contains(_ part: [UInt8]) -> Bool {
        guard count >= part.count else { return false }
        return (0...(count - part.count)).contains { Array(self[$0..<($0 + part.count)]) == part }
    }
}
