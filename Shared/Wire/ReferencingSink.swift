internal import CProtobufC

/// A `ProtobufCBuffer` that adds registered large bytes by reference and copies the rest.
struct ReferencingSink {
    /// First, so that a pointer to the sink is a pointer to the base.
    var base: ProtobufCBuffer
    var output: UnsafeMutableRawPointer?
    var references: [Bytes] = []
    /// The next reference is usually the one that comes.
    private var next = 0

    init(base: ProtobufCBuffer) {
        self.base = base
    }

    static func append(
        _ buffer: UnsafeMutablePointer<ProtobufCBuffer>?, _ count: Int,
        _ data: UnsafePointer<UInt8>?
    ) {
        guard let buffer, let data, count > 0 else { return }
        let sink = UnsafeMutableRawPointer(buffer).assumingMemoryBound(to: ReferencingSink.self)
        guard let output = sink.pointee.output?.assumingMemoryBound(to: OutputBuffer.self) else {
            return
        }
        let bytes = UnsafeRawBufferPointer(start: data, count: count)
        if count >= OutputBuffer.referenceBytesMin, let found = sink.pointee.find(bytes) {
            output.pointee.append(found)
        } else {
            output.pointee.append(bytes)
        }
    }

    private mutating func find(_ bytes: UnsafeRawBufferPointer) -> Bytes? {
        for step in references.indices {
            let index = (next + step) % references.count
            let candidate = references[index].unsafeBytes
            if candidate.baseAddress == bytes.baseAddress, candidate.count == bytes.count {
                next = index + 1
                return references[index]
            }
        }
        return nil
    }
}
