internal import CProtobufC

extension WireMessage {
    /// Unpacks a message whose large bytes fields stay in the block they were received in.
    ///
    /// Each large value of a singular bytes field (or oneof member) is replaced by an empty one
    /// before protobuf-c sees the message, and attached afterwards: the last value wins, as ever.
    static func decodeLarge(
        _ bytes: UnsafeRawBufferPointer, block: Block, arena: Arena
    ) throws(WireError) -> Self {
        guard let base = bytes.baseAddress else { return try unpack(bytes, arena: arena) }
        assert(base >= UnsafeRawPointer(block.pointer))
        assert(base + bytes.count <= UnsafeRawPointer(block.pointer) + block.byteCount)
        let descriptor = wireDescriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)
        var cuts: [Cut] = []
        var cutBytes = 0
        var reader = FieldReader(bytes)
        while let field = try reader.next() {
            guard field.wireType == .lengthPrefixed else { continue }
            guard let index = cuts.firstIndex(where: { $0.field == field.number && $0.isLast })
            else {
                if field.value.count >= OutputBuffer.referenceBytesMin,
                    isSingularBytes(descriptor, field.number)
                {
                    cuts.append(Cut(field, in: base))
                    cutBytes += field.value.count
                }
                continue
            }
            cuts[index].isLast = false
            if field.value.count >= OutputBuffer.referenceBytesMin {
                cuts.append(Cut(field, in: base))
                cutBytes += field.value.count
            }
        }
        guard !cuts.isEmpty else { return try unpack(bytes, arena: arena) }

        guard let skeleton = arena.takeSkeleton(bytes.count - cutBytes) else {
            throw .budgetExceeded
        }
        var filled = 0
        var position = 0
        for cut in cuts {
            let kept = cut.prefixOffset - position
            (skeleton + filled).copyMemory(from: base + position, byteCount: kept)
            filled += kept
            skeleton.storeBytes(of: 0, toByteOffset: filled, as: UInt8.self)
            filled += 1
            position = cut.end
        }
        (skeleton + filled).copyMemory(from: base + position, byteCount: bytes.count - position)
        filled += bytes.count - position

        var message = try unpack(
            UnsafeRawBufferPointer(start: skeleton, count: filled), arena: arena)
        let messageOffset = base - UnsafeRawPointer(block.pointer)
        for cut in cuts where cut.isLast {
            message.attach(
                Bytes(block: block, offset: messageOffset + cut.start, count: cut.end - cut.start),
                field: cut.field)
        }
        return message
    }

    private static func isSingularBytes(
        _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>, _ number: UInt32
    ) -> Bool {
        guard let field = protobuf_c_message_descriptor_get_field(descriptor, number) else {
            return false
        }
        return field.pointee.type == PROTOBUF_C_TYPE_BYTES
            && field.pointee.label != PROTOBUF_C_LABEL_REPEATED
    }
}

/// A large value that is left out of the skeleton. Offsets are from the start of the message.
private struct Cut {
    let field: UInt32
    /// Of the length prefix.
    let prefixOffset: Int
    let start: Int
    let end: Int
    /// No later value of the same field.
    var isLast = true

    init(_ found: FieldReader.Field, in base: UnsafeRawPointer) {
        field = found.number
        prefixOffset = found.prefix - base
        // A large value always has an address.
        start = found.value.baseAddress.map { $0 - base } ?? prefixOffset
        end = start + found.value.count
    }
}
