import CProtobufC
import ServiceAPI
import Testing
import Wire

/// Every message with random contents: bytes → Swift → the same bytes.
///
/// The bytes are made from protobuf-c's own description of the message, so that the generated code
/// is compared with something it did not make.
@Suite struct MessageRoundTripTests {
    @Test(arguments: MessageTypes.all.indices)
    func `random contents survive unpacking and packing`(_ index: Int) throws {
        func check<M: WireMessage>(_ type: M.Type) throws {
            for seed in 0..<60 {
                var generator = SeededGenerator(seed: UInt64(seed))
                let bytes = randomMessage(M.wireDescriptor, &generator)
                let message = try M(packed: bytes)
                #expect(try message.packed() == bytes, "\(M.self) seed \(seed)")
                // The same inside a large block, where bytes fields may be cut out.
                let again = try M(packed: message.packed())
                #expect(again == message, "\(M.self) seed \(seed)")
                #expect(again.hashValue == message.hashValue)
            }
        }
        try check(MessageTypes.all[index])
    }

    @Test func `no message of proto is missing here`() throws {
        let listed = Set(MessageTypes.all.map { String(reflecting: $0) })
        #expect(listed.count == MessageTypes.all.count)
        let expected = try MessageTypes.declared()
        #expect(listed == expected)
    }

    /// A message with random fields in the order of their numbers, as a packer writes it.
    private func randomMessage(
        _ descriptor: UnsafeRawPointer, _ generator: inout SeededGenerator, large: Bool = true
    ) -> [UInt8] {
        let message = descriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self).pointee
        var bytes: [UInt8] = []
        var oneofs: [UInt32: Int] = [:]
        for index in 0..<Int(message.n_fields) where isMember(message.fields[index]) {
            oneofs[message.fields[index].quantifier_offset, default: 0] += 1
        }
        var chosen = oneofs.mapValues { generator.below($0 + 1) }
        for index in 0..<Int(message.n_fields) {
            let field = message.fields[index]
            if isMember(field) {
                let rest = chosen[field.quantifier_offset, default: 0]
                chosen[field.quantifier_offset] = rest - 1
                if rest == 0 { bytes += value(field, &generator, isMember: true, large: large) }
            } else if field.label == PROTOBUF_C_LABEL_REPEATED {
                bytes += repeated(field, &generator)
            } else if generator.below(3) > 0 {
                bytes += value(field, &generator, isMember: false, large: large)
            }
        }
        return bytes
    }

    private func isMember(_ field: ProtobufCFieldDescriptor) -> Bool {
        field.flags & PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue != 0
    }

    private func repeated(
        _ field: ProtobufCFieldDescriptor, _ generator: inout SeededGenerator
    ) -> [UInt8] {
        let count = generator.below(4)
        guard count > 0 else { return [] }
        switch field.type {
        case PROTOBUF_C_TYPE_STRING, PROTOBUF_C_TYPE_BYTES, PROTOBUF_C_TYPE_MESSAGE:
            return (0..<count).flatMap { _ in
                value(field, &generator, isMember: true, large: false)
            }
        default:
            let packed = (0..<count).flatMap { _ in number(field.type, &generator) }
            return varint(UInt64(field.id) << 3 | 2) + varint(UInt64(packed.count)) + packed
        }
    }

    /// One field with its tag. Only a member of a oneof (or of a list) may be zero.
    private func value(
        _ field: ProtobufCFieldDescriptor, _ generator: inout SeededGenerator, isMember: Bool,
        large: Bool
    ) -> [UInt8] {
        let minimum = isMember ? 0 : 1
        switch field.type {
        case PROTOBUF_C_TYPE_STRING:
            let texts = ["a", "héllo", "日本語", "🦊 fox", "a long text that is not kept inline"]
            let text = isMember && generator.below(4) == 0 ? "" : texts[generator.below(5)]
            return prefixed(field.id, Array(text.utf8))
        case PROTOBUF_C_TYPE_BYTES:
            let limit = large && generator.below(8) == 0 ? 40_000 : 40
            return prefixed(field.id, generator.bytes(minimum + generator.below(limit)))
        case PROTOBUF_C_TYPE_MESSAGE:
            guard let inner = field.descriptor else { return [] }
            return prefixed(field.id, randomMessage(inner, &generator, large: false))
        default:
            var bytes = number(field.type, &generator)
            if !isMember, bytes.allSatisfy({ $0 == 0 }) { bytes[bytes.count - 1] = 1 }
            return varint(UInt64(field.id) << 3 | UInt64(wireType(field.type))) + bytes
        }
    }

    private func wireType(_ type: ProtobufCType) -> Int {
        switch type {
        case PROTOBUF_C_TYPE_DOUBLE, PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_TYPE_SFIXED64: 1
        case PROTOBUF_C_TYPE_FLOAT, PROTOBUF_C_TYPE_FIXED32, PROTOBUF_C_TYPE_SFIXED32: 5
        default: 0
        }
    }

    private func number(
        _ type: ProtobufCType, _ generator: inout SeededGenerator
    ) -> [UInt8] {
        let bits = generator.next() >> UInt64(generator.below(64))
        switch type {
        case PROTOBUF_C_TYPE_DOUBLE:
            let value = Double(Int64(bitPattern: bits) >> 16) / 8
            return withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
        case PROTOBUF_C_TYPE_BOOL: return [UInt8(generator.below(2))]
        case PROTOBUF_C_TYPE_UINT32: return varint(bits & 0xffff_ffff)
        case PROTOBUF_C_TYPE_ENUM, PROTOBUF_C_TYPE_INT32:
            return varint(UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: bits))))
        case PROTOBUF_C_TYPE_INT64, PROTOBUF_C_TYPE_UINT64: return varint(bits)
        default:
            Issue.record("a type that no message has yet")
            return [0]
        }
    }

    private func prefixed(_ number: UInt32, _ bytes: [UInt8]) -> [UInt8] {
        varint(UInt64(number) << 3 | 2) + varint(UInt64(bytes.count)) + bytes
    }

    private func varint(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
