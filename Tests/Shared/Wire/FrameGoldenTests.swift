import ServiceAPI
import Testing
import Wire

/// The wire bytes of one frame of each kind, written by `protoc --encode=rpc.v1.Frame` from the
/// text in each comment.
@Suite struct FrameGoldenTests {
    struct Golden: Sendable, CustomTestStringConvertible {
        let name: String
        let hex: String
        let write: @Sendable (inout OutputBuffer, Arena) throws -> Void

        var testDescription: String { name }
    }

    static let goldens: [Golden] = [
        // kind: HELLO hello { version: 1 service: "session" nonce: "0123456789abcdef"
        // frame_bytes_max: 1114112 streams_max: 128 window_bytes: 262144 }
        Golden(
            name: "HELLO",
            hex: "0000002c10014a280801120773657373696f6e1a1030313233343536373839616263646566"
                + "2880804430800138808010"
        ) { output, _ in
            output.appendHello(
                Hello(
                    service: "session", nonce: Bytes("0123456789abcdef".utf8),
                    frameBytesMax: 1_114_112, streamsMax: 128, windowBytes: 262_144))
        },
        // kind: HELLO hello { version: 1 service: "credits" nonce: "fedcba9876543210"
        // proof: "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345" }
        Golden(
            name: "HELLO with a proof",
            hex: "0000004310014a3f08011207637265646974731a1066656463626139383736353433323130"
                + "22204142434445464748494a4b4c4d4e4f505152535455565758595a303132333435"
        ) { output, _ in
            output.appendHello(
                Hello(
                    service: "credits", nonce: Bytes("fedcba9876543210".utf8),
                    proof: Bytes("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345".utf8)))
        },
        // stream: 7 kind: REQUEST method: "credits.v1.Credits/Hold" deadline_ms: 1000
        // metadata { key: "request-id" value: "req_1" }
        // metadata { key: "user-id" value: "usr_2" } payload: "\n\001u"
        Golden(
            name: "REQUEST",
            hex: "0000004c080710021a17637265646974732e76312e437265646974732f486f6c6420e8072a13"
                + "0a0a726571756573742d696412057265715f312a100a07757365722d696412057573725f32"
                + "32030a0175"
        ) { output, arena in
            try output.appendRequest(
                stream: 7, method: "credits.v1.Credits/Hold", deadlineMilliseconds: 1000,
                metadata: [
                    MetadataPair(key: "request-id", value: "req_1"),
                    MetadataPair(key: "user-id", value: "usr_2"),
                ], message: try CreditsAPI.HoldRequest(userID: "u").prepare(arena), arena: arena)
        },
        // stream: 7 kind: RESPONSE payload: "\n\003abc"
        Golden(name: "RESPONSE", hex: "0000000b0807100332050a03616263") { output, arena in
            output.appendResponse(
                stream: 7, message: try EchoAPI.Message(data: Bytes("abc".utf8)).prepare(arena),
                arena: arena)
        },
        // stream: 300 kind: RESPONSE
        Golden(name: "RESPONSE without payload", hex: "0000000508ac021003") { output, arena in
            output.appendResponse(
                stream: 300, message: try EchoAPI.Message().prepare(arena), arena: arena)
        },
        // stream: 9 kind: ITEM payload: "\030\005"
        Golden(name: "ITEM", hex: "000000080809100432021805") { output, arena in
            output.appendItem(
                stream: 9, message: try EchoAPI.Message(number: 5).prepare(arena), arena: arena)
        },
        // stream: 9 kind: END
        Golden(name: "END", hex: "0000000408091005") { output, _ in
            output.appendControl(.end, stream: 9)
        },
        // stream: 9 kind: WINDOW credit: 262144
        Golden(name: "WINDOW", hex: "000000080809100640808010") { output, _ in
            output.appendWindow(stream: 9, credit: 262_144)
        },
        // stream: 18446744073709551615 kind: ERROR status { code: 9
        // domain_code: "INSUFFICIENT_CREDITS" message: "4 more credits are needed."
        // details { key: "shortBy" value: "4" }
        // details { key: "operation" value: "image.preview" } retryable: true retry_after_ms: 250 }
        Golden(
            name: "ERROR",
            hex: "0000007208ffffffffffffffffff0110073a6308091214494e53554646494349454e545f4352"
                + "45444954531a1a34206d6f7265206372656469747320617265206e65656465642e220c0a07"
                + "73686f72744279120134221a0a096f7065726174696f6e120d696d6167652e707265766965"
                + "77280130fa01"
        ) { output, _ in
            output.appendError(
                stream: .max,
                status: Status(
                    code: 9, domainCode: "INSUFFICIENT_CREDITS",
                    message: "4 more credits are needed.",
                    details: [
                        MetadataPair(key: "shortBy", value: "4"),
                        MetadataPair(key: "operation", value: "image.preview"),
                    ], isRetryable: true, retryAfterMilliseconds: 250))
        },
        // stream: 9 kind: CANCEL
        Golden(name: "CANCEL", hex: "0000000408091008") { output, _ in
            output.appendControl(.cancel, stream: 9)
        },
        // kind: PING payload: "12345678"
        Golden(name: "PING", hex: "0000000c100932083132333435363738") { output, _ in
            Bytes("12345678".utf8).withUnsafeBytes { output.appendPing(.ping, payload: $0) }
        },
        // kind: PONG payload: "12345678"
        Golden(name: "PONG", hex: "0000000c100a32083132333435363738") { output, _ in
            Bytes("12345678".utf8).withUnsafeBytes { output.appendPing(.pong, payload: $0) }
        },
        // stream: 41 kind: GOAWAY
        Golden(name: "GOAWAY", hex: "000000040829100b") { output, _ in
            output.appendControl(.goaway, stream: 41)
        },
    ]

    @Test(arguments: goldens)
    func `a frame is written as protoc writes it`(_ golden: Golden) throws {
        var output = OutputBuffer()
        try golden.write(&output, Arena())
        #expect(hex(output.bytes()) == golden.hex)
    }

    @Test func `each kind of frame has golden bytes that parse`() throws {
        var kinds: Set<FrameKind> = []
        for golden in Self.goldens {
            kinds.insert(try FrameCopy(bytes: Array(bytes(hex: golden.hex).dropFirst(4))).kind)
        }
        #expect(kinds == Set(FrameKind.allCases))
    }

    @Test func `a parsed request says what was written`() throws {
        let golden = try #require(Self.goldens.first { $0.name == "REQUEST" })
        let frame = try FrameCopy(bytes: Array(bytes(hex: golden.hex).dropFirst(4)))
        #expect(
            frame
                == FrameCopy(
                    stream: 7, kind: .request, method: "credits.v1.Credits/Hold",
                    deadlineMilliseconds: 1000,
                    metadata: [
                        MetadataPair(key: "request-id", value: "req_1"),
                        MetadataPair(key: "user-id", value: "usr_2"),
                    ], payload: [10, 1, 0x75], status: nil, credit: 0, hello: nil))
    }

    @Test func `a parsed error says what was written`() throws {
        let golden = try #require(Self.goldens.first { $0.name == "ERROR" })
        let frame = try FrameCopy(bytes: Array(bytes(hex: golden.hex).dropFirst(4)))
        #expect(frame.stream == .max)
        #expect(frame.status?.code == 9)
        #expect(frame.status?.domainCode == "INSUFFICIENT_CREDITS")
        #expect(frame.status?.details.map(\.key) == ["shortBy", "operation"])
        #expect(frame.status?.details.map(\.value) == ["4", "image.preview"])
        #expect(frame.status?.isRetryable == true)
        #expect(frame.status?.retryAfterMilliseconds == 250)
    }
}
