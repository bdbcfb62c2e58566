/// Whether the bytes are UTF-8 without NUL.
func isText(_ bytes: UnsafeRawBufferPointer) -> Bool {
    for byte in bytes where byte &- 1 >= 0x7f {
        // Something other than ASCII 1...127: the exact check.
        guard !bytes.contains(0) else { return false }
        return String(validating: bytes.bindMemory(to: UInt8.self), as: UTF8.self) != nil
    }
    return true
}

/// The text of bytes that were checked with `isText`.
func text(_ bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: bytes, as: UTF8.self)
}

/// The text of bytes that may be anything.
func checkedText(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> String {
    guard !bytes.contains(0),
        let text = String(validating: bytes.assumingMemoryBound(to: UInt8.self), as: UTF8.self)
    else { throw .invalidText }
    return text
}
