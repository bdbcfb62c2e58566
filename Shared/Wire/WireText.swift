internal import CLinux
internal import CProtobufC

/// The text that protobuf-c unpacked into an arena.
///
/// Its length is the size of the piece of the arena, so that nothing is cut off at a NUL.
///
/// - Throws: `WireError.invalidText` when it is not UTF-8 or holds a NUL.
package func wireText(_ pointer: UnsafePointer<CChar>?) throws(WireError) -> String {
    guard let pointer, pointer != protobuf_c_absent_text() else { return "" }
    let count = Arena.size(of: pointer) - 1
    return try checkedText(UnsafeRawBufferPointer(start: pointer, count: count))
}

extension Arena {
    /// A copy of a text as a C string.
    ///
    /// - Throws: `WireError.invalidText` when it holds a NUL, where a C string would end.
    package func text(_ value: String) throws(WireError) -> UnsafeMutablePointer<CChar> {
        var value = value
        let result: UnsafeMutablePointer<CChar>? = value.withUTF8 { bytes in
            let copy = allocate(bytes.count + 1)
            if let base = bytes.baseAddress, !bytes.isEmpty {
                guard memchr(base, 0, bytes.count) == nil else { return nil }
                copy.copyMemory(from: base, byteCount: bytes.count)
            }
            copy.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
            return copy.assumingMemoryBound(to: CChar.self)
        }
        guard let result else { throw .invalidText }
        return result
    }

    /// Keeps the bytes alive until the arena is reset, so that a C struct may point to them.
    package func lend(_ bytes: Bytes) -> UnsafeRawPointer {
        keep(bytes)
        guard let base = bytes.unsafeBytes.baseAddress else { return UnsafeRawPointer(allocate(0)) }
        return base
    }
}
