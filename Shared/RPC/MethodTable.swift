/// The methods of a server, found by the bytes of their names.
struct MethodTable: Sendable {
    private var buckets: [[(name: [UInt8], handler: MethodHandler)]]

    init(_ handlers: [MethodHandler]) {
        var count = 16
        while count < handlers.count * 4 { count *= 2 }
        buckets = Array(repeating: [], count: count)
        for handler in handlers {
            let name = Array(handler.descriptor.name.utf8)
            let index = name.withUnsafeBytes { Self.hash($0) } & (count - 1)
            precondition(
                !buckets[index].contains { $0.name == name },
                "\(handler.descriptor.name) is served twice")
            buckets[index].append((name, handler))
        }
    }

    func find(_ name: UnsafeRawBufferPointer) -> MethodHandler? {
        for entry in buckets[Self.hash(name) & (buckets.count - 1)]
        where entry.name.count == name.count && entry.name.elementsEqual(name) {
            return entry.handler
        }
        return nil
    }

    /// FNV-1a, 32 bits, over the name.
    private static func hash(_ name: UnsafeRawBufferPointer) -> Int {
        var hash: UInt32 = 0x811C_9DC5
        for byte in name { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return Int(hash)
    }
}
