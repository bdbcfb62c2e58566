internal import CProtobufC
internal import Wire

// What the generated code uses to copy fields between Swift values and the structs of protobuf-c.

func wireStruct<C>(_ message: UnsafeRawPointer, of type: C.Type) -> UnsafeMutablePointer<C> {
    UnsafeMutableRawPointer(mutating: message).assumingMemoryBound(to: type)
}

@inline(__always)
func wireBytes(_ value: ProtobufCBinaryData) -> Bytes {
    Bytes(UnsafeRawBufferPointer(start: value.data, count: value.len))
}

/// The number of an enum: C imports it unsigned, protobuf means it signed.
@inline(__always)
func wireNumber(_ value: UInt32) -> Int32 { Int32(bitPattern: value) }

@inline(__always)
func wireNumber(_ value: Int32) -> UInt32 { UInt32(bitPattern: value) }

@inline(__always)
func wireOptional<C, Value>(
    _ source: UnsafeMutablePointer<C>?,
    _ make: (UnsafeMutablePointer<C>) throws(WireError) -> Value
) throws(WireError) -> Value? {
    guard let source else { return nil }
    return try make(source)
}

func wireTexts(
    _ source: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ count: Int
) throws(WireError) -> [String] {
    guard let source, count > 0 else { return [] }
    var result: [String] = []
    result.reserveCapacity(count)
    for index in 0..<count { result.append(try wireText(source[index])) }
    return result
}

func wireMessages<C, Value>(
    _ source: UnsafeMutablePointer<UnsafeMutablePointer<C>?>?, _ count: Int,
    _ make: (UnsafeMutablePointer<C>) throws(WireError) -> Value
) throws(WireError) -> [Value] {
    guard let source, count > 0 else { return [] }
    var result: [Value] = []
    result.reserveCapacity(count)
    for index in 0..<count {
        guard let element = source[index] else { throw .malformed }
        result.append(try make(element))
    }
    return result
}

func wireArray<C, Value>(
    _ source: UnsafeMutablePointer<C>?, _ count: Int, _ make: (C) -> Value
) -> [Value] {
    guard let source, count > 0 else { return [] }
    return UnsafeBufferPointer(start: source, count: count).map(make)
}

extension Arena {
    @inline(__always)
    func allocate<C>(_ type: C.Type) -> UnsafeMutablePointer<C> {
        allocate(MemoryLayout<C>.size).assumingMemoryBound(to: type)
    }

    @inline(__always)
    func binary(_ bytes: Bytes) -> ProtobufCBinaryData {
        guard !bytes.isEmpty else { return ProtobufCBinaryData(len: 0, data: nil) }
        let pointer = lend(bytes).assumingMemoryBound(to: UInt8.self)
        return ProtobufCBinaryData(len: bytes.count, data: UnsafeMutablePointer(mutating: pointer))
    }

    func texts(
        _ values: [String]
    ) throws(WireError) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        guard !values.isEmpty else { return nil }
        let result = allocate(values.count * MemoryLayout<UnsafeRawPointer>.stride)
            .assumingMemoryBound(to: UnsafeMutablePointer<CChar>?.self)
        for index in values.indices { result[index] = try text(values[index]) }
        return result
    }

    func messages<Value, C>(
        _ values: [Value], _ make: (Value) throws(WireError) -> UnsafeMutablePointer<C>
    ) throws(WireError) -> UnsafeMutablePointer<UnsafeMutablePointer<C>?>? {
        guard !values.isEmpty else { return nil }
        let result = allocate(values.count * MemoryLayout<UnsafeRawPointer>.stride)
            .assumingMemoryBound(to: UnsafeMutablePointer<C>?.self)
        for index in values.indices { result[index] = try make(values[index]) }
        return result
    }

    func array<Value, C>(
        _ values: [Value], _ make: (Value) -> C
    ) -> UnsafeMutablePointer<C>? {
        guard !values.isEmpty else { return nil }
        let result = allocate(values.count * MemoryLayout<C>.stride)
            .assumingMemoryBound(to: C.self)
        for index in values.indices { result[index] = make(values[index]) }
        return result
    }
}
