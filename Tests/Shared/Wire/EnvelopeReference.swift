import CMessages
import CProtobufC
import Wire

/// What protobuf-c makes of a frame, with the rules of `envelope.proto` checked on its result.
func referenceFrame(_ bytes: [UInt8]) -> FrameCopy? {
    let arena = Arena()
    let allocator = arena.protobufAllocator.assumingMemoryBound(to: ProtobufCAllocator.self)
    guard let frame = rpc__v1__frame__unpack(allocator, bytes.count, bytes) else { return nil }
    return try? reference(frame.pointee)
}

private struct Refused: Error {}

private func reference(_ frame: Rpc__V1__Frame) throws -> FrameCopy {
    guard let kind = FrameKind(rawValue: UInt8(exactly: frame.kind.rawValue) ?? 0) else {
        throw Refused()
    }
    var copy = FrameCopy(
        stream: frame.stream, kind: kind, method: try wireText(frame.method),
        deadlineMilliseconds: frame.deadline_ms, metadata: [],
        payload: binary(frame.payload), status: nil, credit: frame.credit, hello: nil)
    for index in 0..<frame.n_metadata {
        guard let pair = frame.metadata[index] else { throw Refused() }
        let value = try reference(pair.pointee)
        guard (1...64).contains(value.key.utf8.count), value.value.utf8.count <= 1024 else {
            throw Refused()
        }
        copy.metadata.append(value)
    }
    if let status = frame.status { copy.status = try reference(status.pointee) }
    if let hello = frame.hello { copy.hello = try reference(hello.pointee) }
    guard copy.metadata.count <= 16, copy.method.utf8.count <= 256,
        copy.payload.count <= 1 << 20
    else { throw Refused() }
    let isValid =
        switch kind {
        case .request:
            copy.stream != 0 && (1...3_600_000).contains(copy.deadlineMilliseconds)
                && !copy.method.isEmpty
        case .response, .item, .end, .cancel: copy.stream != 0
        case .window: copy.stream != 0 && (1...(1 << 30)).contains(copy.credit)
        case .error: copy.status != nil
        case .hello: copy.hello != nil
        case .ping, .pong: copy.payload.count <= 64
        case .goaway: true
        }
    guard isValid else { throw Refused() }
    return copy
}

private func reference(_ pair: Rpc__V1__Metadata) throws -> MetadataPair {
    MetadataPair(key: try wireText(pair.key), value: try wireText(pair.value))
}

private func reference(_ status: Rpc__V1__Status) throws -> Status {
    var value = Status(
        code: status.code, domainCode: try wireText(status.domain_code),
        message: try wireText(status.message), isRetryable: status.retryable != 0,
        retryAfterMilliseconds: status.retry_after_ms)
    for index in 0..<status.n_details {
        guard let pair = status.details[index] else { throw Refused() }
        let detail = try reference(pair.pointee)
        guard detail.key.utf8.count <= 64, detail.value.utf8.count <= 4096 else { throw Refused() }
        value.details.append(detail)
    }
    guard value.details.count <= 64, value.domainCode.utf8.count <= 64,
        value.message.utf8.count <= 4096
    else { throw Refused() }
    return value
}

private func reference(_ hello: Rpc__V1__Hello) throws -> Hello {
    let value = Hello(
        version: hello.version, service: try wireText(hello.service),
        nonce: Bytes(binary(hello.nonce)), proof: Bytes(binary(hello.proof)),
        frameBytesMax: hello.frame_bytes_max, streamsMax: hello.streams_max,
        windowBytes: hello.window_bytes)
    guard (16...64).contains(value.nonce.count), [0, 32].contains(value.proof.count),
        value.service.utf8.count <= 64
    else { throw Refused() }
    return value
}

private func binary(_ data: ProtobufCBinaryData) -> [UInt8] {
    Array(UnsafeRawBufferPointer(start: data.data, count: data.len))
}
