import ServiceAPI
import Testing
import Wire

/// The packed bytes of messages, written by `protoc --encode` from the same values.
@Suite struct MessageGoldenTests {
    private func expect<M: WireMessage>(
        _ message: M, _ golden: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(try hex(message.packed()) == golden, sourceLocation: sourceLocation)
        #expect(try M(packed: bytes(hex: golden)) == message, sourceLocation: sourceLocation)
    }

    @Test func `a flat message has the bytes that protoc writes`() throws {
        try expect(
            EchoAPI.Message(data: Bytes([1, 2, 3]), text: "héllo", number: .max),
            "0a03010203120668c3a96c6c6f18ffffffffffffffffff01")
    }

    @Test func `enums, negative numbers and nested messages have the bytes of protoc`() throws {
        try expect(
            CreditsAPI.HoldReply(
                holdID: "hld_1", userID: "usr_1", job: "op_1/0", operation: "image.preview",
                state: .submitted, amountU4: 40000, capturedU4: -1, priceVersion: 3,
                createdAtUs: 1_767_225_600_000_000,
                balance: CreditsAPI.Balance(
                    userID: "usr_1", balanceU4: 1_000_000, heldU4: 40000, availableU4: 960_000,
                    isLow: true, sequence: 12)),
            "0a05686c645f3112057573725f311a066f705f312f30220d696d6167652e707265766965772802"
                + "30c0b80238ffffffffffffffffff01400348808081b184e9910362170a057573725f3110c0"
                + "843d18c0b8022080cc3a2801380c")
    }

    @Test func `each member of a oneof has the bytes of protoc`() throws {
        try expect(RenderAPI.SourceChunk(part: .image(Bytes("JPEG".utf8))), "12044a504547")
        try expect(
            RenderAPI.SourceChunk(
                part: .header(RenderAPI.SourceHeader(digest: Bytes("d".utf8), imageBytes: 4))),
            "0a050a01641004")
    }

    @Test func `an empty member of a oneof is still that member`() throws {
        try expect(RenderAPI.SourceChunk(part: .mask(Bytes())), "2200")
        try expect(RenderAPI.SourceChunk(part: nil), "")
    }

    @Test func `lists of messages and texts have the bytes of protoc`() throws {
        try expect(
            PromptAPI.ListOptionsReply(
                dimension: "mood",
                options: [
                    PromptAPI.Option(
                        id: "calm", label: "Calm", fragments: ["soft light", "still water"]),
                    PromptAPI.Option(id: "tense"),
                ], libraryVersion: 2),
            "0a046d6f6f6412250a0463616c6d120443616c6d1a0a736f6674206c696768741a0b7374696c6c20"
                + "776174657212070a0574656e73651802")
    }

    @Test func `doubles have the bytes of protoc`() throws {
        try expect(
            RenderAPI.MoveRequest(
                source: Bytes("s".utf8),
                path: RenderAPI.Path(
                    start: RenderAPI.Vector(x: 0.5, y: -1.25), end: RenderAPI.Vector(z: 3)),
                format: .jpegFrames, strength: 0.3, quality: 85),
            "0a0173121f0a1209000000000000e03f11000000000000f4bf1209190000000000000840380241"
                + "333333333333d33f6055")
    }

    @Test func `an enum keeps a number that it does not know`() throws {
        let message = CreditsAPI.HoldReply(state: .unrecognized(77))
        try expect(message, "284d")
        #expect(CreditsAPI.HoldState(rawValue: 1) == .reserved)
    }
}
