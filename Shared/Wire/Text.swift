/// Whether the bytes are UTF-8 without NUL.
func isText(_ bytes: UnsafeRawBufferPointer) -> Bool {
    if isPlain(bytes) { return true }
    guard !bytes.contains(0) else { return false }
    return String(validating: bytes.assumingMemoryBound(to: UInt8.self), as: UTF8.self) != nil
}

/// Whether all bytes are ASCII and none is NUL; eight at a time.
private func isPlain(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let tops: UInt64 = 0x8080_8080_8080_8080
    let ones: UInt64 = 0x0101_0101_0101_0101
    var offset = 0
    while offset + 8 <= bytes.count {
        let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        // A top bit is set by a byte above 127 and, through the borrow, by a NUL.
        if (word | (word &- ones)) & tops != 0 { return false }
        offset += 8
    }
    while offset < bytes.count {
        if bytes[offset] &- 1 >= 0x7f { return false }
        offset += 1
    }
    return true
}

/// The text of bytes that were checked with `isText`.
func text(_ bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: bytes, as: UTF8.self)
}

/// The text of bytes that may be anything.
func checkedText(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> String {
    if isPlain(bytes) { return text(bytes) }
    guard !bytes.contains(0),
        let text = String(validating: bytes.assumingMemoryBound(to: UInt8.self), as: UTF8.self)
    else { throw .invalidText }
    return text
}
