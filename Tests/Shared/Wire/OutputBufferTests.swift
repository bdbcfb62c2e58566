import CLinux
import ServiceAPI
import Testing
import Wire

@Suite struct OutputBufferTests {
    /// Reads the buffer as a transport does: by vectors, a random part at a time.
    private func drain(
        _ output: inout OutputBuffer, _ generator: inout SeededGenerator
    ) -> [UInt8] {
        var result: [UInt8] = []
        let vectors = UnsafeMutablePointer<iovec>.allocate(capacity: 8)
        defer { vectors.deallocate() }
        while !output.isEmpty {
            let filled = output.fillVectors(vectors, limit: 8)
            var described: [UInt8] = []
            for index in 0..<filled {
                described += UnsafeRawBufferPointer(
                    start: vectors[index].iov_base, count: vectors[index].iov_len)
            }
            let sent = 1 + generator.below(described.count)
            result += described.prefix(sent)
            output.consume(sent)
        }
        return result
    }

    @Test func `what is written comes out in order, however it is sent`() {
        for seed in 0..<200 {
            var generator = SeededGenerator(seed: UInt64(seed))
            var output = OutputBuffer()
            var expected: [UInt8] = []
            var received: [UInt8] = []
            for _ in 0..<20 {
                let size = [3, 500, 16_384, 70_000][generator.below(4)]
                let piece = generator.bytes(1 + generator.below(size))
                expected += piece
                output.append(Bytes(piece))
                if generator.below(3) == 0 { received += drain(&output, &generator) }
            }
            received += drain(&output, &generator)
            #expect(received == expected, "seed \(seed)")
            #expect(output.count == 0)
        }
    }

    @Test func `large bytes are referenced and not copied`() throws {
        let data = SeededBytes.make(OutputBuffer.referenceBytesMin)
        let arena = Arena()
        var output = OutputBuffer()
        output.appendResponse(
            stream: 1, message: try EchoAPI.Message(data: data, number: 4).prepare(arena),
            arena: arena)
        let vectors = UnsafeMutablePointer<iovec>.allocate(capacity: 8)
        defer { vectors.deallocate() }
        let filled = output.fillVectors(vectors, limit: 8)
        let addresses = (0..<filled).map { UnsafeRawPointer(vectors[$0].iov_base) }
        #expect(addresses.contains(data.unsafeBytes.baseAddress))
        var reader = FrameReader()
        let frame = try #require(try reader.feed(output.bytes()).first)
        #expect(
            try EchoAPI.Message(packed: frame.payload) == EchoAPI.Message(data: data, number: 4))
    }

    @Test func `small bytes are copied, so that the message may go away`() throws {
        let arena = Arena()
        var output = OutputBuffer()
        do {
            let message = EchoAPI.Message(data: SeededBytes.make(1000))
            output.appendResponse(stream: 1, message: try message.prepare(arena), arena: arena)
        }
        _ = EchoAPI.Message(data: SeededBytes.make(1000, seed: 2))
        var reader = FrameReader()
        let frame = try #require(try reader.feed(output.bytes()).first)
        #expect(try EchoAPI.Message(packed: frame.payload).data == SeededBytes.make(1000))
    }

    @Test func `a prepared message keeps its bytes until the arena is used again`() throws {
        let arena = Arena()
        weak var block: Block?
        let prepared: PreparedMessage
        do {
            let data = SeededBytes.make(100)
            block = data.block
            prepared = try EchoAPI.Message(data: data).prepare(arena)
        }
        #expect(block != nil)
        var output = OutputBuffer()
        prepared.write(into: &output, arena: arena)
        #expect(block == nil)
        #expect(try EchoAPI.Message(packed: output.bytes()).data == SeededBytes.make(100))
    }
}
