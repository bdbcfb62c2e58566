/// Writes frames into an output buffer: length, envelope and payload in one go.
///
/// Every call adds exactly one whole frame, or throws and adds nothing.
extension OutputBuffer {
    /// A call: opens `stream`.
    ///
    /// - Parameters:
    ///   - method: UTF-8 without NUL, such as "credits.v1.Credits/Hold".
    ///   - deadlineMilliseconds: Time left for the call, 1...3600000.
    /// - Throws: `WireError.limit` for what the other side would not accept; nothing is added.
    package mutating func appendRequest(
        stream: UInt64, method: String, deadlineMilliseconds: UInt32,
        metadata: [MetadataPair] = [], message: PreparedMessage?, arena: Arena
    ) throws(WireError) {
        guard metadata.count <= EnvelopeLimits.metadataPairsMax,
            metadata.allSatisfy(\.isAcceptable)
        else { throw .limit(.metadata) }
        var size = fieldSize(1, stream) + 2 + fieldSize(4, UInt64(deadlineMilliseconds))
        let methodBytes = method.utf8.count
        size += lengthPrefixedSize(methodBytes)
        for pair in metadata { size += lengthPrefixedSize(pair.packedSize) }
        var writer = FrameWriter(&self, envelopeBytes: size, payloadBytes: message?.size ?? 0)
        writer.unsigned(1, stream)
        writer.kind(.request)
        writer.text(3, method)
        writer.unsigned(4, UInt64(deadlineMilliseconds))
        for pair in metadata { writer.pair(5, pair) }
        writer.finish(&self, message: message, arena: arena)
    }

    /// The answer of a unary or client-streaming call: ends `stream`.
    package mutating func appendResponse(
        stream: UInt64, message: PreparedMessage, arena: Arena
    ) {
        appendMessage(.response, stream, message, arena)
    }

    /// One message of a stream.
    package mutating func appendItem(stream: UInt64, message: PreparedMessage, arena: Arena) {
        appendMessage(.item, stream, message, arena)
    }

    private mutating func appendMessage(
        _ kind: FrameKind, _ stream: UInt64, _ message: PreparedMessage, _ arena: Arena
    ) {
        let size = fieldSize(1, stream) + 2
        var writer = FrameWriter(&self, envelopeBytes: size, payloadBytes: message.size)
        writer.unsigned(1, stream)
        writer.kind(kind)
        writer.finish(&self, message: message, arena: arena)
    }

    /// A frame that carries nothing but its kind: END, CANCEL, GOAWAY.
    package mutating func appendControl(_ kind: FrameKind, stream: UInt64) {
        var writer = FrameWriter(&self, envelopeBytes: fieldSize(1, stream) + 2, payloadBytes: 0)
        writer.unsigned(1, stream)
        writer.kind(kind)
        writer.finish(&self)
    }

    /// Lets the peer send `credit` more payload bytes (1...2^30) as ITEM.
    package mutating func appendWindow(stream: UInt64, credit: UInt32) {
        let size = fieldSize(1, stream) + 2 + fieldSize(8, UInt64(credit))
        var writer = FrameWriter(&self, envelopeBytes: size, payloadBytes: 0)
        writer.unsigned(1, stream)
        writer.kind(.window)
        writer.unsigned(8, UInt64(credit))
        writer.finish(&self)
    }

    /// A failure: ends `stream`, or with stream 0 the connection.
    ///
    /// What is longer than the other side accepts is cut off.
    package mutating func appendError(stream: UInt64, status: Status) {
        let status = status.bounded()
        let inner = status.packedSize
        let size = fieldSize(1, stream) + 2 + lengthPrefixedSize(inner)
        var writer = FrameWriter(&self, envelopeBytes: size, payloadBytes: 0)
        writer.unsigned(1, stream)
        writer.kind(.error)
        writer.message(7, bytes: inner)
        writer.unsigned(1, UInt64(status.code))
        writer.textUnlessEmpty(2, status.domainCode)
        writer.textUnlessEmpty(3, status.message)
        for detail in status.details { writer.pair(4, detail) }
        writer.unsigned(5, status.isRetryable ? 1 : 0)
        writer.unsigned(6, UInt64(status.retryAfterMilliseconds))
        writer.finish(&self)
    }

    /// The first frame in each direction.
    package mutating func appendHello(_ hello: Hello) {
        let inner = hello.packedSize
        var writer = FrameWriter(
            &self, envelopeBytes: 2 + lengthPrefixedSize(inner), payloadBytes: 0)
        writer.kind(.hello)
        writer.message(9, bytes: inner)
        writer.unsigned(1, UInt64(hello.version))
        writer.textUnlessEmpty(2, hello.service)
        writer.bytesUnlessEmpty(3, hello.nonce)
        writer.bytesUnlessEmpty(4, hello.proof)
        writer.unsigned(5, UInt64(hello.frameBytesMax))
        writer.unsigned(6, UInt64(hello.streamsMax))
        writer.unsigned(7, UInt64(hello.windowBytes))
        writer.finish(&self)
    }

    /// A PING or its PONG; `payload` at most 64 bytes.
    package mutating func appendPing(_ kind: FrameKind, payload: UnsafeRawBufferPointer) {
        precondition(kind == .ping || kind == .pong)
        precondition(payload.count <= EnvelopeLimits.pingBytesMax)
        let size = 2 + (payload.isEmpty ? 0 : lengthPrefixedSize(payload.count))
        var writer = FrameWriter(&self, envelopeBytes: size, payloadBytes: 0)
        writer.kind(kind)
        if !payload.isEmpty { writer.bytes(6, payload) }
        writer.finish(&self)
    }
}

/// The bytes of a varint.
@inline(__always)
private func varintSize(_ value: UInt64) -> Int {
    (64 + 6 - (value | 1).leadingZeroBitCount) / 7
}

/// The bytes of an unsigned field with a number below 16; none when it is zero.
@inline(__always)
private func fieldSize(_ number: UInt8, _ value: UInt64) -> Int {
    value == 0 ? 0 : 1 + varintSize(value)
}

/// The bytes of a length-prefixed field with a number below 16.
@inline(__always)
private func lengthPrefixedSize(_ byteCount: Int) -> Int {
    1 + varintSize(UInt64(byteCount)) + byteCount
}

extension String {
    /// Whether the text may be sent where `bytesMax` bytes are allowed.
    fileprivate func fits(_ bytesMax: Int) -> Bool {
        utf8.count <= bytesMax && !utf8.contains(0)
    }

    /// As much of the text as fits, without NUL.
    fileprivate func bounded(_ bytesMax: Int) -> String {
        guard !fits(bytesMax) else { return self }
        var result = ""
        var room = bytesMax
        for scalar in unicodeScalars where scalar != "\0" {
            room -= String(scalar).utf8.count
            guard room >= 0 else { break }
            result.unicodeScalars.append(scalar)
        }
        return result
    }
}

private func textSize(_ text: String) -> Int {
    let byteCount = text.utf8.count
    return byteCount == 0 ? 0 : lengthPrefixedSize(byteCount)
}

extension MetadataPair {
    fileprivate var isAcceptable: Bool {
        !key.isEmpty && key.fits(EnvelopeLimits.metadataKeyBytesMax)
            && value.fits(EnvelopeLimits.metadataValueBytesMax)
    }

    fileprivate var packedSize: Int { textSize(key) + textSize(value) }
}

extension Status {
    /// The same within the limits of the envelope.
    fileprivate func bounded() -> Status {
        var bounded = self
        bounded.domainCode = domainCode.bounded(EnvelopeLimits.domainCodeBytesMax)
        bounded.message = message.bounded(EnvelopeLimits.statusMessageBytesMax)
        bounded.details = details.prefix(EnvelopeLimits.statusDetailsMax).map { detail in
            MetadataPair(
                key: detail.key.bounded(EnvelopeLimits.metadataKeyBytesMax),
                value: detail.value.bounded(EnvelopeLimits.detailValueBytesMax))
        }
        return bounded
    }

    fileprivate var packedSize: Int {
        var size = fieldSize(1, UInt64(code)) + textSize(domainCode) + textSize(message)
        for detail in details { size += lengthPrefixedSize(detail.packedSize) }
        if isRetryable { size += 2 }
        return size + fieldSize(6, UInt64(retryAfterMilliseconds))
    }
}

extension Hello {
    fileprivate var packedSize: Int {
        var size = fieldSize(1, UInt64(version)) + textSize(service)
        if !nonce.isEmpty { size += lengthPrefixedSize(nonce.count) }
        if !proof.isEmpty { size += lengthPrefixedSize(proof.count) }
        return size + fieldSize(5, UInt64(frameBytesMax)) + fieldSize(6, UInt64(streamsMax))
            + fieldSize(7, UInt64(windowBytes))
    }
}

/// A cursor over room of exactly the computed size.
private struct FrameWriter {
    private var cursor: UnsafeMutableRawPointer
    private let start: UnsafeMutableRawPointer
    private let headerBytes: Int

    /// Reserves room for the length prefix, the envelope and the head of the payload field, and
    /// writes the prefix.
    @inline(__always)
    init(_ output: inout OutputBuffer, envelopeBytes: Int, payloadBytes: Int) {
        let head = payloadBytes == 0 ? 0 : 1 + varintSize(UInt64(payloadBytes))
        headerBytes = 4 + envelopeBytes + head
        start = output.reserve(headerBytes)
        cursor = start + 4
        let length = UInt32(envelopeBytes + head + payloadBytes)
        start.storeBytes(of: length.bigEndian, as: UInt32.self)
    }

    @inline(__always)
    private mutating func byte(_ value: UInt8) {
        cursor.storeBytes(of: value, as: UInt8.self)
        cursor += 1
    }

    @inline(__always)
    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            byte(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        byte(UInt8(truncatingIfNeeded: rest))
    }

    @inline(__always)
    mutating func kind(_ kind: FrameKind) {
        byte(2 << 3)
        byte(kind.rawValue)
    }

    @inline(__always)
    mutating func unsigned(_ number: UInt8, _ value: UInt64) {
        guard value != 0 else { return }
        byte(number << 3)
        varint(value)
    }

    @inline(__always)
    mutating func message(_ number: UInt8, bytes: Int) {
        byte(number << 3 | 2)
        varint(UInt64(bytes))
    }

    mutating func bytes(_ number: UInt8, _ value: UnsafeRawBufferPointer) {
        message(number, bytes: value.count)
        if let base = value.baseAddress {
            cursor.copyMemory(from: base, byteCount: value.count)
        }
        cursor += value.count
    }

    mutating func bytesUnlessEmpty(_ number: UInt8, _ value: Bytes) {
        guard !value.isEmpty else { return }
        value.withUnsafeBytes { bytes(number, $0) }
    }

    @inline(__always)
    mutating func text(_ number: UInt8, _ value: String) {
        var value = value
        value.withUTF8 { bytes(number, UnsafeRawBufferPointer($0)) }
    }

    mutating func textUnlessEmpty(_ number: UInt8, _ value: String) {
        guard !value.isEmpty else { return }
        text(number, value)
    }

    mutating func pair(_ number: UInt8, _ pair: MetadataPair) {
        message(number, bytes: pair.packedSize)
        textUnlessEmpty(1, pair.key)
        textUnlessEmpty(2, pair.value)
    }

    /// Commits what was written and adds the payload.
    @inline(__always)
    mutating func finish(
        _ output: inout OutputBuffer, message: PreparedMessage?, arena: Arena
    ) {
        guard let message, message.size > 0 else {
            finish(&output)
            return
        }
        byte(6 << 3 | 2)
        varint(UInt64(message.size))
        finish(&output)
        message.write(into: &output, arena: arena)
    }

    @inline(__always)
    func finish(_ output: inout OutputBuffer) {
        assert(cursor - start == headerBytes)
        output.commit(headerBytes)
    }
}
