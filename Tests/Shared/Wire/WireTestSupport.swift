import Wire

/// A generator that gives the same numbers for the same seed everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) }
    }
}

func hex(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}

func bytes(hex text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// Everything that a frame says, as values; for comparing after its buffer is gone.
struct FrameCopy: Hashable {
    var stream: UInt64
    var kind: FrameKind
    var method: String
    var deadlineMilliseconds: UInt32
    var metadata: [MetadataPair]
    var payload: [UInt8]
    var status: Status?
    var credit: UInt32
    var hello: Hello?
}

extension FrameCopy {
    init(_ frame: FrameView) {
        self.init(
            stream: frame.stream, kind: frame.kind, method: frame.methodName,
            deadlineMilliseconds: frame.deadlineMilliseconds, metadata: frame.metadata.values(),
            payload: Array(frame.payload), status: frame.status, credit: frame.credit,
            hello: frame.hello)
    }

    init(bytes: [UInt8]) throws(WireError) {
        let copy = Bytes(bytes)
        self = try copy.withUnsafeBytes { raw throws(WireError) in FrameCopy(try FrameView(raw)) }
    }
}

extension FrameReader {
    /// Gives the reader bytes in the pieces that it has room for, and collects the frames.
    mutating func feed(_ bytes: [UInt8]) throws(WireError) -> [FrameCopy] {
        var frames: [FrameCopy] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let taken = withWritableBuffer { room in
                let count = min(room.count, rest.count)
                room.copyBytes(from: rest.prefix(count))
                return count
            }
            rest = rest.dropFirst(taken)
            while let frame = try next() { frames.append(FrameCopy(frame)) }
        }
        return frames
    }
}
