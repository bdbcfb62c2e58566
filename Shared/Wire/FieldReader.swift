/// Walks over the fields of one packed message without interpreting them.
///
/// What it accepts is what protobuf-c accepts: tags of at most five bytes, varints of at most ten,
/// lengths below 2^31, no groups.
struct FieldReader {
    enum WireType: UInt8 {
        case varint = 0
        case fixed64 = 1
        case lengthPrefixed = 2
        case fixed32 = 5
    }

    struct Field {
        var number: UInt32
        var wireType: WireType
        /// The value of a varint; 0 for other wire types.
        var varint: UInt64
        /// Where the field begins: its tag.
        var start: UnsafeRawPointer
        /// Where the value begins, before the length prefix if there is one.
        var prefix: UnsafeRawPointer
        /// The bytes of the value, without the length prefix.
        var value: UnsafeRawBufferPointer
    }

    private var cursor: UnsafeRawPointer
    private let end: UnsafeRawPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        // An empty buffer may have no address; any address does for an empty range.
        cursor = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 8).unsafelyUnwrapped
        end = cursor + bytes.count
    }

    /// The next field, or nil at the end.
    @inline(__always)
    mutating func next() throws(WireError) -> Field? {
        guard cursor < end else { return nil }
        let start = cursor
        let first = cursor.load(as: UInt8.self)
        guard first & 0xf8 != 0, let wireType = WireType(rawValue: first & 7) else {
            throw .malformed
        }
        var number = UInt32(first & 0x7f) >> 3
        if first & 0x80 == 0 {
            cursor += 1
        } else {
            number = try longTag(number)
        }
        let prefix = cursor
        switch wireType {
        case .varint:
            let value = try varint(bytesMax: 10)
            return Field(
                number: number, wireType: .varint, varint: value, start: start, prefix: prefix,
                value: UnsafeRawBufferPointer(start: prefix, count: cursor - prefix))
        case .lengthPrefixed:
            let length = try varint(bytesMax: 5) & 0xffff_ffff
            guard length <= UInt64(Int32.max), length <= UInt64(end - cursor) else {
                throw .malformed
            }
            let value = UnsafeRawBufferPointer(start: cursor, count: Int(length))
            cursor += Int(length)
            return Field(
                number: number, wireType: .lengthPrefixed, varint: 0, start: start,
                prefix: prefix, value: value)
        case .fixed64, .fixed32:
            let length = wireType == .fixed64 ? 8 : 4
            guard end - cursor >= length else { throw .malformed }
            cursor += length
            return Field(
                number: number, wireType: wireType, varint: 0, start: start, prefix: prefix,
                value: UnsafeRawBufferPointer(start: prefix, count: length))
        }
    }

    private mutating func longTag(_ low: UInt32) throws(WireError) -> UInt32 {
        var number = low
        var shift: UInt32 = 4
        let limit = min(5, end - cursor)
        var length = 1
        while length < limit {
            let byte = (cursor + length).load(as: UInt8.self)
            number |= UInt32(byte & 0x7f) &<< shift
            shift += 7
            length += 1
            if byte & 0x80 == 0 {
                cursor += length
                return number
            }
        }
        throw .malformed
    }

    @inline(__always)
    private mutating func varint(bytesMax: Int) throws(WireError) -> UInt64 {
        guard cursor < end else { throw .malformed }
        let first = cursor.load(as: UInt8.self)
        if first & 0x80 == 0 {
            cursor += 1
            return UInt64(first)
        }
        return try longVarint(bytesMax)
    }

    private mutating func longVarint(_ bytesMax: Int) throws(WireError) -> UInt64 {
        let limit = min(bytesMax, end - cursor)
        var value: UInt64 = 0
        var length = 0
        while length < limit {
            let byte = (cursor + length).load(as: UInt8.self)
            value |= UInt64(byte & 0x7f) &<< UInt64(7 * length)
            length += 1
            if byte & 0x80 == 0 {
                cursor += length
                return value
            }
        }
        throw .malformed
    }
}

extension FieldReader.Field {
    /// The value of a `uint64`.
    @inline(__always)
    func unsigned64() throws(WireError) -> UInt64 {
        guard wireType == .varint else { throw .malformed }
        return varint
    }

    /// The value of a `uint32` or an enum: the low 32 bits.
    @inline(__always)
    func unsigned32() throws(WireError) -> UInt32 {
        guard wireType == .varint else { throw .malformed }
        return UInt32(truncatingIfNeeded: varint)
    }

    /// The value of a `string`, `bytes` or message.
    @inline(__always)
    func bytes() throws(WireError) -> UnsafeRawBufferPointer {
        guard wireType == .lengthPrefixed else { throw .malformed }
        return value
    }

    /// The value of a `bool`, whose wire type protobuf-c does not look at: true when any bit of the
    /// value (with its length prefix) is set that is not the top of a byte.
    func boolean() -> Bool {
        let end = value.baseAddress.map { $0 + value.count } ?? prefix
        return UnsafeRawBufferPointer(start: prefix, count: end - prefix)
            .contains { $0 & 0x7f != 0 }
    }
}
