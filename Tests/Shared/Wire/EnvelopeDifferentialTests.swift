import CMessages
import CProtobufC
import ServiceAPI
import Testing
import Wire

/// The hand-written envelope codec against protobuf-c: the same frames are accepted and say the same.
@Suite struct EnvelopeDifferentialTests {
    @Test func `mutated frames mean the same to protobuf-c`() throws {
        let seed: UInt64 = 20_260_105
        var fuzzer = try EnvelopeFuzzer(seed: seed)
        var accepted = 0
        for round in 0..<200_000 {
            let input = fuzzer.next()
            let ours = try? FrameCopy(bytes: input)
            let theirs = referenceFrame(input)
            if ours != nil { accepted += 1 }
            guard ours == theirs else {
                Issue.record("seed \(seed) round \(round): \(hex(input))")
                return
            }
        }
        // The test says nothing when nearly everything is refused, or nearly nothing.
        #expect((20_000...180_000).contains(accepted))
    }

    @Test func `what is written parses to the same with protobuf-c`() throws {
        for seed in try EnvelopeFuzzer(seed: 1).corpus {
            let ours = try FrameCopy(bytes: seed)
            #expect(referenceFrame(seed) == ours)
        }
    }

    @Test(arguments: EnvelopeCases.all)
    func `a found case stays fixed`(_ found: EnvelopeCases.Case) {
        let input = bytes(hex: found.hex)
        let ours = try? FrameCopy(bytes: input)
        #expect(ours == referenceFrame(input))
        #expect((ours != nil) == found.isAccepted)
    }
}
