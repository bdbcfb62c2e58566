internal import CLinux

/// One frame as it lies in a receive buffer: numbers by value, texts and payload by address.
///
/// Valid until the reader that gave it is asked for anything else, or as long as its block is kept.
/// Parsing checks everything that `proto/envelope.proto` states, so that what is read afterwards
/// needs no further check.
package struct FrameView {
    package private(set) var stream: UInt64 = 0
    package private(set) var kind: FrameKind = .hello
    /// UTF-8 without NUL.
    package private(set) var method: UnsafeRawBufferPointer
    package private(set) var deadlineMilliseconds: UInt32 = 0
    package private(set) var credit: UInt32 = 0
    package private(set) var payload: UnsafeRawBufferPointer
    /// The block that the frame was received in; nil for a small frame, whose bytes are overwritten
    /// when the reader goes on.
    package let block: Block?
    /// The pairs of the metadata, read when they are asked for.
    package private(set) var metadata: MetadataView
    /// What few frames have, apart, so that the others are cheap to pass on.
    private var parts: FrameParts?

    /// Set when the frame has one; on ERROR.
    package var status: Status? { parts?.status }
    /// Set when the frame has one; on HELLO.
    package var hello: Hello? { parts?.hello }

    /// Parses and checks the bytes of one frame (without its length prefix).
    package init(_ bytes: UnsafeRawBufferPointer, block: Block? = nil) throws(WireError) {
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        method = none
        payload = none
        metadata = MetadataView()
        self.block = block
        var kindNumber: Int32 = 0
        var reader = FieldReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1: stream = try field.unsigned64()
            case 2: kindNumber = Int32(bitPattern: try field.unsigned32())
            case 3: method = try field.bytes()
            case 4: deadlineMilliseconds = try field.unsigned32()
            case 5:
                _ = try field.bytes()
                metadata.append(field)
            case 6: payload = try field.bytes()
            case 7, 9:
                let found = parts ?? FrameParts()
                try found.append(field)
                parts = found
            case 8: credit = try field.unsigned32()
            default: break
            }
        }
        guard kindNumber > 0, kindNumber <= 255, let known = FrameKind(rawValue: UInt8(kindNumber))
        else { throw .unknownKind(kindNumber) }
        kind = known
        try parts?.finish()
        try check()
    }

    private func check() throws(WireError) {
        switch kind {
        case .request:
            guard stream != 0 else { throw .limit(.stream) }
            guard deadlineMilliseconds >= 1,
                deadlineMilliseconds <= EnvelopeLimits.deadlineMillisecondsMax
            else { throw .limit(.deadline) }
            guard !method.isEmpty else { throw .limit(.method) }
        case .response, .item, .end, .cancel:
            guard stream != 0 else { throw .limit(.stream) }
        case .window:
            guard stream != 0 else { throw .limit(.stream) }
            guard credit >= 1, credit <= EnvelopeLimits.creditBytesMax else {
                throw .limit(.credit)
            }
        case .error:
            guard status != nil else { throw .limit(.status) }
        case .hello:
            guard hello != nil else { throw .limit(.hello) }
        case .ping, .pong:
            guard payload.count <= EnvelopeLimits.pingBytesMax else { throw .limit(.payload) }
        case .goaway:
            break
        }
        guard payload.count <= EnvelopeLimits.payloadBytesMax else { throw .limit(.payload) }
        guard method.count <= EnvelopeLimits.methodBytesMax else { throw .limit(.method) }
        guard isText(method) else { throw .invalidText }
        try metadata.check()
    }

    /// The method as a text of its own.
    package var methodName: String { text(method) }

    /// The payload for keeping: a slice of the block, or a copy of a small one.
    package func retainedPayload() -> Bytes {
        guard let block, let base = payload.baseAddress else { return Bytes(payload) }
        return Bytes(
            block: block, offset: base - UnsafeRawPointer(block.pointer), count: payload.count)
    }

    /// Unpacks the payload; large bytes fields stay in the block.
    package func decode<Message: WireMessage>(
        _ type: Message.Type = Message.self, arena: Arena
    ) throws(WireError) -> Message {
        try Message.decode(payload, block: block, arena: arena)
    }
}

/// The metadata of a frame: a sequence of pairs that lie in the receive buffer.
package struct MetadataView {
    /// A pair by address; UTF-8 without NUL.
    package struct Pair {
        package let key: UnsafeRawBufferPointer
        package let value: UnsafeRawBufferPointer

        package var keyText: String { text(key) }
        package var valueText: String { text(value) }
    }

    /// From the first to the last field 5, with whatever lies between them.
    private var span: UnsafeRawBufferPointer?
    /// How many pairs there are.
    package private(set) var count = 0

    /// True when there are none.
    package var isEmpty: Bool { count == 0 }

    mutating func append(_ field: FieldReader.Field) {
        let start = span?.baseAddress ?? field.start
        let prefixBytes = field.value.baseAddress.map { $0 - field.prefix } ?? 0
        let end = field.prefix + prefixBytes + field.value.count
        span = UnsafeRawBufferPointer(start: start, count: end - start)
        count += 1
    }

    /// Calls the body for each pair, in order.
    package func forEach<E: Error>(_ body: (Pair) throws(E) -> Void) throws(E) {
        guard let span else { return }
        var reader = FieldReader(span)
        // The span was parsed before, so that no read can fail now.
        while let field = try? reader.next() {
            guard field.number == 5, let pair = try? PairFields(field.value) else { continue }
            try body(Pair(key: pair.key, value: pair.value))
        }
    }

    /// All pairs as values.
    package func values() -> [MetadataPair] {
        var result: [MetadataPair] = []
        result.reserveCapacity(count)
        forEach { result.append(MetadataPair(key: $0.keyText, value: $0.valueText)) }
        return result
    }

    func check() throws(WireError) {
        guard let span else { return }
        guard count <= EnvelopeLimits.metadataPairsMax else { throw .limit(.metadata) }
        var reader = FieldReader(span)
        while let field = try reader.next() {
            guard field.number == 5 else { continue }
            let pair = try PairFields(field.value)
            guard pair.key.count >= 1, pair.key.count <= EnvelopeLimits.metadataKeyBytesMax,
                pair.value.count <= EnvelopeLimits.metadataValueBytesMax
            else { throw .limit(.metadata) }
            guard isText(pair.key), isText(pair.value) else { throw .invalidText }
        }
    }
}
