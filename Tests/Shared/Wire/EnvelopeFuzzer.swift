/// Frames made by mutating one of each kind; the same sequence for the same seed.
struct EnvelopeFuzzer {
    private(set) var corpus: [[UInt8]]
    private var generator: SeededGenerator

    init(seed: UInt64) throws {
        generator = SeededGenerator(seed: seed)
        corpus = []
        for golden in FrameGoldenTests.goldens {
            corpus.append(Array(bytes(hex: golden.hex).dropFirst(4)))
        }
    }

    mutating func next() -> [UInt8] {
        var frame = corpus[generator.below(corpus.count)]
        for _ in 0..<generator.below(4) { mutate(&frame) }
        return frame
    }

    private mutating func mutate(_ frame: inout [UInt8]) {
        guard !frame.isEmpty else {
            frame = generator.bytes(4)
            return
        }
        let at = generator.below(frame.count)
        switch generator.below(10) {
        case 0: frame[at] ^= 1 << UInt8(generator.below(8))
        case 1: frame[at] = interesting()
        case 2: frame.insert(interesting(), at: at)
        case 3: frame.remove(at: at)
        case 4: frame.removeSubrange(at...)
        case 5:
            let end = min(frame.count, at + 1 + generator.below(8))
            frame.insert(contentsOf: frame[at..<end], at: generator.below(frame.count))
        case 6:
            // A second frame behind the first: its fields replace, merge with or add to the first.
            frame += corpus[generator.below(corpus.count)]
        case 7: frame += field()
        case 8: frame.insert(contentsOf: field(), at: at)
        default:
            // A submessage twice in one frame, for the rules of merging.
            frame += submessage() + submessage()
        }
    }

    private mutating func interesting() -> UInt8 {
        let values: [UInt8] = [0, 1, 2, 5, 8, 10, 0x12, 0x3a, 0x4a, 0x7f, 0x80, 0x81, 0xc3, 0xff]
        return generator.below(2) == 0
            ? values[generator.below(values.count)]
            : UInt8.random(in: .min ... .max, using: &generator)
    }

    /// A field with any number and wire type; its length may be wrong by a little.
    private mutating func field() -> [UInt8] {
        let number = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 16, 2047, 1 << 28][generator.below(14)]
        let wireType = [0, 0, 1, 2, 2, 2, 3, 4, 5, 6][generator.below(10)]
        var bytes = varint(UInt64(number << 3 | wireType))
        switch wireType {
        case 0: bytes += varint(generator.next() >> UInt64(generator.below(64)))
        case 1: bytes += generator.bytes(8)
        case 2:
            let length = generator.below(20)
            let claimed = generator.below(20) == 0 ? generator.next() >> 32 : UInt64(length)
            bytes += varint(claimed) + generator.bytes(length)
        case 5: bytes += generator.bytes(4)
        default: break
        }
        return bytes
    }

    private mutating func submessage() -> [UInt8] {
        let number = generator.below(2) == 0 ? 7 : 9
        var inner: [UInt8] = []
        for _ in 0..<generator.below(5) {
            let field = 1 + generator.below(8)
            if generator.below(2) == 0 {
                inner += varint(UInt64(field << 3)) + varint(UInt64(generator.below(300)))
            } else {
                let text = [UInt8](repeating: 0x61, count: generator.below(40))
                inner += varint(UInt64(field << 3 | 2)) + varint(UInt64(text.count)) + text
            }
        }
        return varint(UInt64(number << 3 | 2)) + varint(UInt64(inner.count)) + inner
    }

    private mutating func varint(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
        if generator.below(20) == 0 {
            // Longer than needed, which is allowed up to a limit.
            bytes[bytes.count - 1] |= 0x80
            bytes += [UInt8](repeating: 0x80, count: generator.below(6)) + [0]
        }
        return bytes
    }
}
