internal import CLinux

/// Memory of a fixed size that is filled once, by its creator, and read-only from then on.
///
/// Large payloads are received straight into one; every `Bytes` cut from them keeps it alive. The
/// bytes follow the object in the same allocation.
package final class Block: ManagedBuffer<Int, UInt8> {
    /// A block of `byteCount` bytes that are not initialised; zero is allowed.
    package static func allocate(_ byteCount: Int) -> Block {
        precondition(byteCount >= 0)
        let buffer = create(minimumCapacity: byteCount) { _ in byteCount }
        return unsafeDowncast(buffer, to: Block.self)
    }

    /// The size in bytes.
    package var byteCount: Int { header }

    /// The first byte; valid as long as the block is. Write only while nobody else has the block.
    package var pointer: UnsafeMutableRawPointer {
        withUnsafeMutablePointerToElements { UnsafeMutableRawPointer($0) }
    }
}

/// Bytes that never change: a slice of a reference-counted block.
///
/// Copying and slicing cost a reference count, never a copy of the bytes.
// Safe: the block is never written after it was shared; `start` lies within it for `count` bytes.
package struct Bytes: @unchecked Sendable {
    /// What keeps the bytes alive; nil when there are none.
    package let block: Block?
    private let start: UnsafeRawPointer?
    /// The number of bytes.
    package let count: Int

    /// No bytes.
    package init() {
        block = nil
        start = nil
        count = 0
    }

    /// The part of a block that begins at `offset`.
    ///
    /// Nobody may write to the block from now on.
    package init(block: Block, offset: Int = 0, count: Int) {
        precondition(offset >= 0 && count >= 0 && offset <= block.byteCount - count)
        self.block = block
        start = UnsafeRawPointer(block.pointer + offset)
        self.count = count
    }

    /// A copy of the bytes.
    package init(_ source: UnsafeRawBufferPointer) {
        guard let base = source.baseAddress, source.count > 0 else {
            self.init()
            return
        }
        let block = Block.allocate(source.count)
        block.pointer.copyMemory(from: base, byteCount: source.count)
        self.init(block: block, count: source.count)
    }

    /// A copy of the bytes.
    package init(_ source: [UInt8]) {
        self = source.withUnsafeBytes { Bytes($0) }
    }

    /// A copy of the bytes.
    package init(_ source: some Sequence<UInt8>) {
        self.init(Array(source))
    }

    /// True when there are no bytes.
    package var isEmpty: Bool { count == 0 }

    /// Where the slice begins in its block; 0 when there are no bytes.
    package var offset: Int {
        guard let block, let start else { return 0 }
        return start - UnsafeRawPointer(block.pointer)
    }

    /// Lends the bytes for the time of the call.
    package func withUnsafeBytes<R, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        defer { withExtendedLifetime(block) {} }
        return try body(unsafeBytes)
    }

    /// The bytes; valid as long as the caller keeps this value or its block alive.
    package var unsafeBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: start, count: count)
    }

    /// The bytes of `range` (offsets from the first byte) without a copy.
    package subscript(range: Range<Int>) -> Bytes {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        guard let block, !range.isEmpty else { return Bytes() }
        return Bytes(block: block, offset: offset + range.lowerBound, count: range.count)
    }

    /// The byte at an offset from the first.
    package subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count)
        return unsafeBytes[index]
    }
}

extension Bytes: Hashable {
    package static func == (left: Bytes, right: Bytes) -> Bool {
        guard left.count == right.count else { return false }
        guard let a = left.start, let b = right.start, a != b else { return true }
        return memcmp(a, b, left.count) == 0
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension Bytes: Sequence {
    package func makeIterator() -> Array<UInt8>.Iterator {
        Array(self).makeIterator()
    }

    package var underestimatedCount: Int { count }

    package func withContiguousStorageIfAvailable<R>(
        _ body: (UnsafeBufferPointer<UInt8>) throws -> R
    ) rethrows -> R? {
        defer { withExtendedLifetime(block) {} }
        return try body(unsafeBytes.assumingMemoryBound(to: UInt8.self))
    }
}

extension Bytes: CustomStringConvertible {
    package var description: String { "\(count) bytes" }
}

extension Array where Element == UInt8 {
    /// A copy of the bytes.
    package init(_ bytes: Bytes) {
        self = bytes.withUnsafeBytes { [UInt8]($0) }
    }
}
