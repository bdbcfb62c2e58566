import ServiceAPI
import Testing
import Wire

@Suite struct MessageDecodingTests {
    /// A field of a message that is written by hand.
    private func field(_ number: Int, _ value: [UInt8]) -> [UInt8] {
        var bytes = [UInt8(number << 3 | 2)]
        var length = value.count
        while length >= 0x80 {
            bytes.append(UInt8(length & 0x7f) | 0x80)
            length >>= 7
        }
        return bytes + [UInt8(length)] + value
    }

    @Test(arguments: ["00", "610062", "6100", "0061"])
    func `a NUL in a text is refused and cuts nothing off`(_ text: String) {
        #expect(throws: WireError.invalidText) {
            try CreditsAPI.GetBalanceRequest(packed: field(1, bytes(hex: text)))
        }
    }

    @Test(arguments: ["ff", "c328", "e28228", "eda080", "f4908080", "c080", "61c3"])
    func `a text that is not UTF-8 is refused`(_ text: String) {
        #expect(throws: WireError.invalidText) {
            try CreditsAPI.GetBalanceRequest(packed: field(1, bytes(hex: text)))
        }
    }

    @Test func `a NUL in a text cannot be packed`() {
        #expect(throws: WireError.invalidText) {
            try CreditsAPI.GetBalanceRequest(userID: "a\u{0}b").packed()
        }
        #expect(throws: WireError.invalidText) {
            try PromptAPI.Option(fragments: ["fine", "\u{0}"]).packed()
        }
    }

    @Test func `texts in lists and nested messages are checked as well`() {
        let option = field(2, field(1, [0xff]))
        #expect(throws: WireError.invalidText) {
            try PromptAPI.ListOptionsReply(packed: option)
        }
        let fragment = field(2, field(3, [0x61, 0]))
        #expect(throws: WireError.invalidText) {
            try PromptAPI.ListOptionsReply(packed: fragment)
        }
    }

    @Test func `a flood of unknown fields exceeds the budget`() {
        // Each costs two bytes on the wire and many times that while it is unpacked.
        let flood = [UInt8]((0..<400_000).map { $0 % 2 == 0 ? 15 << 3 : 1 })
        #expect(throws: WireError.budgetExceeded) {
            try CreditsAPI.GetBalanceRequest(packed: flood)
        }
    }

    @Test func `a flood of empty nested messages exceeds the budget`() {
        let flood = [UInt8]((0..<400_000).map { $0 % 2 == 0 ? 2 << 3 | 2 : 0 })
        #expect(throws: WireError.budgetExceeded) {
            try PromptAPI.ListOptionsReply(packed: flood)
        }
    }

    @Test func `unknown fields are skipped`() throws {
        let packed = field(1, Array("u".utf8)) + field(14, [1, 2, 3]) + [UInt8(13 << 3), 5]
        #expect(
            try CreditsAPI.GetBalanceRequest(packed: packed)
                == CreditsAPI.GetBalanceRequest(userID: "u"))
    }

    @Test(arguments: 1..<40)
    func `a truncated message is malformed or another message, never a crash`(_ cut: Int) throws {
        let whole = try CreditsAPI.HoldReply(
            holdID: "hld_1", userID: "usr_1", operation: "image.preview",
            balance: CreditsAPI.Balance(userID: "usr_1", balanceU4: 5)
        ).packed()
        let part = Array(whole.prefix(cut))
        let message = try? CreditsAPI.HoldReply(packed: part)
        if let message { #expect(try message.packed().count <= part.count) }
    }

    @Test func `of several large values of a field the last wins`() throws {
        let first = Array(SeededBytes.make(20_000, seed: 1))
        let last = Array(SeededBytes.make(30_000, seed: 2))
        let both = try EchoAPI.Message(packed: field(1, first) + field(1, last))
        #expect(Array(both.data) == last)
        let small = try EchoAPI.Message(packed: field(1, first) + field(1, [9]))
        #expect(Array(small.data) == [9])
        let large = try EchoAPI.Message(packed: field(1, [9]) + field(1, first) + [0x18, 7])
        #expect(Array(large.data) == first)
        #expect(large.number == 7)
        let empty = try EchoAPI.Message(packed: field(1, first) + field(1, []))
        #expect(empty.data.isEmpty)
    }

    @Test func `of the members of a oneof the last wins, large or not`() throws {
        let large = Array(SeededBytes.make(20_000))
        let header = field(1, [])
        let image = try RenderAPI.SourceChunk(packed: header + field(2, large))
        #expect(image.part == .image(Bytes(large)))
        let mask = try RenderAPI.SourceChunk(packed: field(2, large) + field(4, [1]))
        #expect(mask.part == .mask(Bytes([1])))
        let last = try RenderAPI.SourceChunk(packed: field(2, large) + header)
        #expect(last.part == .header(RenderAPI.SourceHeader()))
        let other = try RenderAPI.SourceChunk(packed: field(2, large) + field(3, large))
        #expect(other.part == .depth(Bytes(large)))
    }

    @Test func `a large field is a slice of the received block`() throws {
        let data = SeededBytes.make(200_000)
        let packed = Bytes(try RenderAPI.SourceChunk(part: .image(data)).packed())
        let chunk = try RenderAPI.SourceChunk.decode(packed, arena: Arena())
        guard case .image(let image) = chunk.part else {
            Issue.record("another member: \(chunk)")
            return
        }
        #expect(image.block === packed.block)
        #expect(image == data)
        #expect(image.offset == packed.count - data.count)
    }

    @Test func `a message cut out of a large block is malformed when its head is broken`() {
        let data = SeededBytes.make(20_000)
        let broken = [0xff] + field(1, Array(data))
        #expect(throws: WireError.malformed) { try EchoAPI.Message(packed: broken) }
        let wrongType = field(1, Array(data)) + [3 << 3 | 2, 1, 0]
        #expect(throws: WireError.malformed) { try EchoAPI.Message(packed: wrongType) }
    }
}
