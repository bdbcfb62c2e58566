import ServiceAPI
import Testing
import Wire

/// Messages with large fields: cut out of the received block, or copied by protobuf-c; the same.
@Suite struct LargeFieldTests {
    @Test func `cutting large fields out changes nothing but where they lie`() {
        compare(EchoAPI.Message.self, fields: 1...4)
        compare(RenderAPI.SourceChunk.self, fields: 1...5)
        compare(MediaAPI.PutAssetChunk.self, fields: 1...3)
        compare(CreditsAPI.Balance.self, fields: 1...3)
    }

    private func compare<M: WireMessage>(_ type: M.Type, fields: ClosedRange<Int>) {
        var accepted = 0
        let arena = Arena()
        for seed in 0..<400 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let input = Bytes(message(&generator, fields))
            let cut = try? M.decode(input, arena: arena)
            let copied = try? input.withUnsafeBytes { bytes in
                // Without a block everything is copied.
                try M.decode(bytes, arena: arena)
            }
            if cut != nil { accepted += 1 }
            #expect(cut == copied, "\(M.self) seed \(seed)")
        }
        #expect(accepted > 20, "\(M.self)")
    }

    /// A few fields of any wire type and size, now and then broken.
    private func message(
        _ generator: inout SeededGenerator, _ fields: ClosedRange<Int>
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<(1 + generator.below(6)) {
            let number = fields.lowerBound + generator.below(fields.count)
            if generator.below(6) == 0 {
                bytes += [UInt8(number << 3), UInt8(generator.below(128))]
                continue
            }
            let size = [0, 1, 16_383, 16_384, 16_385, 40_000][generator.below(6)]
            bytes.append(UInt8(number << 3 | 2))
            // In three bytes, longer than needed for small sizes: that is allowed.
            bytes += [
                UInt8(size & 0x7f) | 0x80, UInt8(size >> 7 & 0x7f) | 0x80, UInt8(size >> 14),
            ]
            // Digits are a valid text, and as a message mostly not.
            bytes += [UInt8](repeating: UInt8(0x30 + generator.below(10)), count: size)
        }
        if generator.below(5) == 0 { bytes.removeLast(1 + generator.below(min(4, bytes.count))) }
        if generator.below(5) == 0 { bytes.append(UInt8(generator.below(256))) }
        return bytes
    }
}
