import ServiceAPI
import Testing
import Wire

@Suite struct FrameReaderTests {
    /// A few frames of every sort, one of them large enough for a block of its own.
    private static func conversation() throws -> [UInt8] {
        var output = OutputBuffer()
        let arena = Arena()
        output.appendHello(Hello(service: "test", nonce: Bytes([UInt8](repeating: 7, count: 16))))
        let large = EchoAPI.Message(data: Bytes((0..<20_000).map { UInt8(truncatingIfNeeded: $0) }))
        try output.appendRequest(
            stream: 1, method: "echo.v1.Echo/Echo", deadlineMilliseconds: 50,
            metadata: [MetadataPair(key: "user-id", value: "u")],
            message: try large.prepare(arena), arena: arena)
        output.appendResponse(
            stream: 1, message: try EchoAPI.Message(text: "ok").prepare(arena), arena: arena)
        output.appendControl(.end, stream: 1)
        return output.bytes()
    }

    @Test func `frames cut at every byte are the same frames`() throws {
        let stream = try Self.conversation()
        var whole = FrameReader()
        let expected = try whole.feed(stream)
        #expect(expected.map(\.kind) == [.hello, .request, .response, .end])
        for cut in 0...stream.count {
            var reader = FrameReader()
            let first = try reader.feed(Array(stream[..<cut]))
            let second = try reader.feed(Array(stream[cut...]))
            guard first + second == expected else {
                Issue.record("cut at byte \(cut)")
                return
            }
        }
    }

    @Test func `frames that arrive byte by byte are the same frames`() throws {
        let stream = try Self.conversation()
        var whole = FrameReader()
        let expected = try whole.feed(stream)
        var reader = FrameReader()
        var frames: [FrameCopy] = []
        for byte in stream { frames += try reader.feed([byte]) }
        #expect(frames == expected)
        #expect(reader.pendingBytes == 0)
    }

    @Test func `small frames without end fit through the one buffer`() throws {
        var output = OutputBuffer()
        for stream in 1...20_000 { output.appendControl(.end, stream: UInt64(stream)) }
        var reader = FrameReader()
        let frames = try reader.feed(output.bytes())
        #expect(frames.map(\.stream) == (1...20_000).map(UInt64.init))
    }

    @Test(arguments: [0, 1, 65_537, Int(UInt32.max)])
    func `a length out of range is refused before anything is allocated`(_ length: Int) throws {
        var reader = FrameReader(frameBytesMax: 65_536)
        let prefix = withUnsafeBytes(of: UInt32(length).bigEndian) { Array($0) }
        if length == 1 {
            #expect(try reader.feed(prefix).isEmpty)
            return
        }
        #expect(throws: WireError.frameSize(bytes: length, bytesMax: 65_536)) {
            _ = try reader.feed(prefix)
        }
    }

    @Test func `a large payload stays in the block that it was received in`() throws {
        let data = SeededBytes.make(100_000)
        var output = OutputBuffer()
        let arena = Arena()
        output.appendItem(
            stream: 3, message: try EchoAPI.Message(data: data, text: "t").prepare(arena),
            arena: arena)
        var reader = FrameReader()
        var rest = output.bytes()[...]
        var found: EchoAPI.Message?
        var block: Block?
        while !rest.isEmpty {
            let taken = reader.withWritableBuffer { room in
                let count = min(room.count, rest.count)
                room.copyBytes(from: rest.prefix(count))
                return count
            }
            rest = rest.dropFirst(taken)
            while let frame = try reader.next() {
                block = frame.block
                found = try frame.decode(arena: arena)
                #expect(frame.retainedPayload().block === frame.block)
            }
        }
        let message = try #require(found)
        #expect(message == EchoAPI.Message(data: data, text: "t"))
        #expect(block != nil)
        #expect(message.data.block === block)
    }

    @Test func `the payload of a small frame is copied when it is kept`() throws {
        var output = OutputBuffer()
        let arena = Arena()
        output.appendItem(
            stream: 3, message: try EchoAPI.Message(text: "kept").prepare(arena), arena: arena)
        let frame = output.bytes()
        var reader = FrameReader()
        var kept: [Bytes] = []
        for _ in 0..<3 {
            _ = reader.withWritableBuffer { room in
                room.copyBytes(from: frame)
                return frame.count
            }
            while let view = try reader.next() {
                #expect(view.block == nil)
                kept.append(view.retainedPayload())
            }
        }
        for payload in kept {
            #expect(try EchoAPI.Message.decode(payload, arena: arena).text == "kept")
        }
        #expect(kept.count == 3)
    }
}

enum SeededBytes {
    static func make(_ count: Int, seed: UInt64 = 1) -> Bytes {
        var generator = SeededGenerator(seed: seed)
        return Bytes(generator.bytes(count))
    }
}
