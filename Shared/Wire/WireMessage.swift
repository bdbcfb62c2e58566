internal import CProtobufC

/// A value that travels as one protobuf message. Generated types conform; nothing else does.
///
/// The requirements speak of the protobuf-c struct of the message by raw pointer, so that no C
/// type is seen outside this module and the generated code.
package protocol WireMessage: Hashable, Sendable {
    /// The address of the `ProtobufCMessageDescriptor`.
    static var wireDescriptor: UnsafeRawPointer { get }

    /// Copies the value out of an unpacked C struct.
    ///
    /// - Throws: `WireError.invalidText` for a text that is not UTF-8 or holds a NUL.
    init(wire message: UnsafeRawPointer) throws(WireError)

    /// Builds the C struct in the arena, which keeps the bytes of this value alive.
    ///
    /// - Throws: `WireError.invalidText` for a text that holds a NUL.
    func wire(_ arena: Arena) throws(WireError) -> UnsafeMutableRawPointer

    /// Sets a bytes field of the message itself to a slice of the received block, unless the
    /// field is a member of a oneof that ended with another member.
    mutating func attach(_ bytes: Bytes, field: UInt32)
}

extension WireMessage {
    package mutating func attach(_ bytes: Bytes, field: UInt32) {}
}

extension WireMessage {
    /// Unpacks a message.
    ///
    /// - Parameters:
    ///   - bytes: The packed message, borrowed for the call.
    ///   - block: The block that `bytes` lie in, if any: large bytes fields become slices of it.
    ///   - arena: Is reset before and after.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer, block: Block? = nil, arena: Arena
    ) throws(WireError) -> Self {
        arena.reset()
        arena.setBudget(messageBytes: bytes.count)
        defer { arena.reset() }
        if let block, bytes.count >= OutputBuffer.referenceBytesMin {
            return try decodeLarge(bytes, block: block, arena: arena)
        }
        return try unpack(bytes, arena: arena)
    }

    /// Unpacks a message; large bytes fields become slices of the given bytes.
    package static func decode(_ bytes: Bytes, arena: Arena) throws(WireError) -> Self {
        try bytes.withUnsafeBytes { bytesOfMessage throws(WireError) in
            try decode(bytesOfMessage, block: bytes.block, arena: arena)
        }
    }

    /// Unpacks a message; for stores and tests.
    package init(packed: [UInt8]) throws(WireError) {
        self = try Self.decode(Bytes(packed), arena: Arena())
    }

    /// The packed message; for stores and tests.
    package func packed() throws(WireError) -> [UInt8] {
        let arena = Arena()
        var output = OutputBuffer()
        try prepare(arena).write(into: &output, arena: arena)
        return output.bytes()
    }

    /// The field that occurs most often in a packed message, by name: what to blame when it would
    /// take too much memory. Nil when no known field occurs.
    package static func mostFrequentField(_ bytes: UnsafeRawBufferPointer) -> String? {
        var counts: [UInt32: Int] = [:]
        var reader = FieldReader(bytes)
        while let field = try? reader.next() { counts[field.number, default: 0] += 1 }
        let descriptor = wireDescriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)
        for (number, _) in counts.sorted(by: { ($0.value, $1.key) > ($1.value, $0.key) }) {
            if let field = protobuf_c_message_descriptor_get_field(descriptor, number) {
                return String(cString: field.pointee.name)
            }
        }
        return nil
    }

    static func unpack(
        _ bytes: UnsafeRawBufferPointer, arena: Arena
    ) throws(WireError) -> Self {
        let descriptor = wireDescriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)
        let allocator = arena.protobufAllocator.assumingMemoryBound(to: ProtobufCAllocator.self)
        let message = protobuf_c_message_unpack(
            descriptor, allocator, bytes.count,
            bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        guard let message else {
            throw arena.isExhausted ? .budgetExceeded : .malformed
        }
        return try Self(wire: UnsafeRawPointer(message))
    }

    /// Builds the C struct of this value in the arena, which is reset before, and measures it.
    ///
    /// The result is valid until the arena is used for anything else. It need not be written.
    ///
    /// - Throws: `WireError.invalidText` when a text holds a NUL.
    package func prepare(_ arena: Arena) throws(WireError) -> PreparedMessage {
        arena.reset()
        let message = try wire(arena)
        let size = protobuf_c_message_get_packed_size(
            message.assumingMemoryBound(to: ProtobufCMessage.self))
        return PreparedMessage(message: message, size: size)
    }
}

/// A message whose packed size is known and that can be written.
package struct PreparedMessage {
    fileprivate let message: UnsafeMutableRawPointer
    /// The packed size in bytes.
    package let size: Int

    /// The repeated field with the most elements, by name; nil when there is none with any.
    package var longestList: String? {
        let base = message.assumingMemoryBound(to: ProtobufCMessage.self)
        let descriptor = base.pointee.descriptor.pointee
        var longest: (name: String, count: Int)?
        for index in 0..<Int(descriptor.n_fields) {
            let field = descriptor.fields[index]
            guard field.label == PROTOBUF_C_LABEL_REPEATED else { continue }
            let count = UnsafeRawPointer(message).load(
                fromByteOffset: Int(field.quantifier_offset), as: Int.self)
            if count > longest?.count ?? 0 { longest = (String(cString: field.name), count) }
        }
        return longest?.name
    }

    /// Packs the message into the buffer and resets the arena; large bytes are added by reference.
    package func write(into output: inout OutputBuffer, arena: Arena) {
        defer { arena.reset() }
        guard !arena.hasLargeReferences else {
            writeReferencing(into: &output, arena: arena)
            return
        }
        let room = output.reserve(size)
        let written = protobuf_c_message_pack(
            message.assumingMemoryBound(to: ProtobufCMessage.self),
            room.assumingMemoryBound(to: UInt8.self))
        assert(written == size)
        output.commit(written)
    }

    /// Packs with protobuf-c's append callback, which is handed each bytes field where it lies.
    private func writeReferencing(into output: inout OutputBuffer, arena: Arena) {
        var sink = ReferencingSink(
            base: ProtobufCBuffer(append: { ReferencingSink.append($0, $1, $2) }))
        withUnsafeMutablePointer(to: &output) { output in
            sink.output = UnsafeMutableRawPointer(output)
            sink.references = arena.largeReferences
            withUnsafeMutablePointer(to: &sink) { sink in
                let buffer = UnsafeMutableRawPointer(sink)
                    .assumingMemoryBound(to: ProtobufCBuffer.self)
                _ = protobuf_c_message_pack_to_buffer(
                    message.assumingMemoryBound(to: ProtobufCMessage.self), buffer)
            }
        }
    }
}
