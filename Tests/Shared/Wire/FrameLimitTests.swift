import Testing
import Wire

@Suite struct FrameLimitTests {
    private func roundTrip(_ status: Status) throws -> Status {
        var output = OutputBuffer()
        output.appendError(stream: 1, status: status)
        var reader = FrameReader()
        let frame = try #require(try reader.feed(output.bytes()).first)
        return try #require(frame.status)
    }

    @Test func `a status that is too long is cut so that the other side accepts it`() throws {
        let status = try roundTrip(
            Status(
                code: 13, domainCode: String(repeating: "D", count: 100),
                message: String(repeating: "é", count: 5000) + "\0",
                details: (0..<100).map { index in
                    MetadataPair(
                        key: String(repeating: "k", count: 70),
                        value: "\(index)" + String(repeating: "v", count: 5000))
                }))
        #expect(status.domainCode.utf8.count == 64)
        #expect(status.message.utf8.count == 4096)
        #expect(status.details.count == 64)
        #expect(status.details.allSatisfy { $0.key.utf8.count == 64 })
        #expect(status.details.allSatisfy { $0.value.utf8.count == 4096 })
    }

    @Test func `a status with a NUL arrives without it`() throws {
        #expect(try roundTrip(Status(code: 3, message: "a\0b")).message == "ab")
    }

    @Test(arguments: [
        MetadataPair(key: "", value: "v"),
        MetadataPair(key: String(repeating: "k", count: 65), value: "v"),
        MetadataPair(key: "k", value: String(repeating: "v", count: 1025)),
        MetadataPair(key: "k", value: "a\0b"),
    ])
    func `metadata that would close the connection is not sent`(_ pair: MetadataPair) {
        var output = OutputBuffer()
        let error = #expect(throws: WireError.self) {
            try output.appendRequest(
                stream: 1, method: "a.v1.A/B", deadlineMilliseconds: 1, metadata: [pair],
                message: nil, arena: Arena())
        }
        #expect(error == .limit(.metadata))
        let added = output.count
        #expect(added == 0)
    }

    @Test func `seventeen pairs are not sent`() {
        var output = OutputBuffer()
        #expect(throws: WireError.limit(.metadata)) {
            try output.appendRequest(
                stream: 1, method: "a.v1.A/B", deadlineMilliseconds: 1,
                metadata: (0..<17).map { MetadataPair(key: "k\($0)", value: "") },
                message: nil, arena: Arena())
        }
    }

    /// Frames that break one rule each: hex of the frame, and the field that is to blame.
    @Test(arguments: [
        ("08001002", WireError.EnvelopeField.stream),  // REQUEST on stream 0
        ("080110021a0161", .deadline),  // no deadline
        ("080110021a01612081dddb01", .deadline),  // 3600001 ms
        ("080110022001", .method),  // no method
        ("08011006", .credit),  // WINDOW without credit
        ("08011006408180808004", .credit),  // 2^30 + 1
        ("08011007", .status),  // ERROR without status
        ("1001", .hello),  // HELLO without hello
        ("10014a020801", .hello),  // no nonce
    ])
    func `a frame that breaks a rule is refused`(
        _ hex: String, _ field: WireError.EnvelopeField
    ) {
        #expect(throws: WireError.limit(field)) { try FrameCopy(bytes: bytes(hex: hex)) }
    }

    @Test func `a PING of more than 64 bytes is refused`() {
        let payload = [UInt8](repeating: 1, count: 65)
        #expect(throws: WireError.limit(.payload)) {
            try FrameCopy(bytes: [0x10, 9, 0x32, 65] + payload)
        }
        #expect(throws: Never.self) {
            try FrameCopy(bytes: [0x10, 9, 0x32, 64] + payload.dropLast())
        }
    }
}
