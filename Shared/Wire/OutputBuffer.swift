internal import CLinux

/// Bytes waiting to be sent: small frames one behind the other, large payloads by reference.
///
/// A writer reserves room, fills it and commits what it used. The transport reads the front with
/// `fillVectors` (for `writev`) and takes off what was sent with `consume`.
package struct OutputBuffer: ~Copyable {
    /// From this many bytes on, `Bytes` are sent from where they are instead of being copied.
    package static let referenceBytesMin = 16 * 1024
    private static let chunkBytes = 64 * 1024

    private struct Chunk {
        var base: UnsafeMutableRawPointer
        var start: Int
        var end: Int
        var capacity: Int
        /// Set for referenced bytes, which are not ours to write or free.
        var block: Block?
    }

    private var chunks: [Chunk] = []
    private var head = 0
    private var spare: UnsafeMutableRawPointer?

    /// The number of bytes that wait.
    package private(set) var count = 0

    package init() {}

    deinit {
        for chunk in chunks[head...] where chunk.block == nil {
            chunk.base.deallocate()
        }
        spare?.deallocate()
    }

    /// True when nothing waits.
    package var isEmpty: Bool { count == 0 }

    /// Room for `byteCount` bytes in a row; valid until the next call on this buffer.
    ///
    /// Nothing is added before `commit`.
    package mutating func reserve(_ byteCount: Int) -> UnsafeMutableRawPointer {
        if let last = chunks.indices.last, last >= head, chunks[last].block == nil,
            chunks[last].capacity - chunks[last].end >= byteCount
        {
            return chunks[last].base + chunks[last].end
        }
        return addChunk(byteCount)
    }

    private mutating func addChunk(_ byteCount: Int) -> UnsafeMutableRawPointer {
        let capacity = max(byteCount, Self.chunkBytes)
        let base: UnsafeMutableRawPointer
        if capacity == Self.chunkBytes, let kept = spare {
            base = kept
            spare = nil
        } else {
            base = .allocate(byteCount: capacity, alignment: 16)
        }
        chunks.append(Chunk(base: base, start: 0, end: 0, capacity: capacity, block: nil))
        return base
    }

    /// Adds the first `byteCount` bytes of the room that was reserved last.
    package mutating func commit(_ byteCount: Int) {
        guard byteCount > 0 else { return }
        let last = chunks.count - 1
        assert(last >= head && chunks[last].block == nil)
        assert(chunks[last].end + byteCount <= chunks[last].capacity)
        chunks[last].end += byteCount
        count += byteCount
    }

    /// Adds a copy of the bytes.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        reserve(bytes.count).copyMemory(from: base, byteCount: bytes.count)
        commit(bytes.count)
    }

    /// Adds the bytes: large ones by reference, small ones by copy.
    package mutating func append(_ bytes: Bytes) {
        guard bytes.count >= Self.referenceBytesMin, let block = bytes.block else {
            bytes.withUnsafeBytes { append($0) }
            return
        }
        let base = block.pointer + bytes.offset
        chunks.append(
            Chunk(base: base, start: 0, end: bytes.count, capacity: bytes.count, block: block))
        count += bytes.count
    }

    /// Describes the front of the buffer as an array of `iovec` (pointer, length: two words each).
    ///
    /// - Parameters:
    ///   - vectors: Room for `limit` such pairs.
    /// - Returns: How many pairs were filled; valid until the next call on this buffer.
    package func fillVectors(_ vectors: UnsafeMutableRawPointer, limit: Int) -> Int {
        let vectors = vectors.assumingMemoryBound(to: iovec.self)
        var filled = 0
        var index = head
        while index < chunks.count, filled < limit {
            let length = chunks[index].end - chunks[index].start
            if length > 0 {
                vectors[filled] = iovec(
                    iov_base: chunks[index].base + chunks[index].start, iov_len: length)
                filled += 1
            }
            index += 1
        }
        return filled
    }

    /// The bytes in a row at the front; empty only when nothing waits.
    package var front: UnsafeRawBufferPointer {
        for chunk in chunks[head...] where chunk.end > chunk.start {
            return UnsafeRawBufferPointer(
                start: chunk.base + chunk.start, count: chunk.end - chunk.start)
        }
        return UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// Takes `byteCount` bytes off the front: they were sent.
    package mutating func consume(_ byteCount: Int) {
        precondition(byteCount >= 0 && byteCount <= count)
        count -= byteCount
        var rest = byteCount
        while head < chunks.count {
            let length = chunks[head].end - chunks[head].start
            if rest < length {
                chunks[head].start += rest
                return
            }
            rest -= length
            if count == 0, head == chunks.count - 1, chunks[head].block == nil,
                chunks[head].capacity == Self.chunkBytes
            {
                // The last small chunk is written again from its beginning.
                chunks[head].start = 0
                chunks[head].end = 0
                break
            }
            retire(chunks[head])
            chunks[head].block = nil
            head += 1
        }
        if head == chunks.count {
            chunks.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 32 {
            chunks.removeFirst(head)
            head = 0
        }
    }

    private mutating func retire(_ chunk: Chunk) {
        guard chunk.block == nil else { return }
        if chunk.capacity == Self.chunkBytes, spare == nil {
            spare = chunk.base
        } else {
            chunk.base.deallocate()
        }
    }

    /// Everything that waits, as one array; for tests and stores.
    package func bytes() -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count)
        for chunk in chunks[head...] {
            result.append(
                contentsOf: UnsafeRawBufferPointer(
                    start: chunk.base + chunk.start, count: chunk.end - chunk.start))
        }
        return result
    }
}
