/// Splits what arrives on a connection into frames.
///
/// The transport reads into the room that `withWritableBuffer` lends and then asks for frames with
/// `next` until there is none. Small frames are parsed where they arrived; a large one gets a block
/// of its own, which further reads fill directly. A length is checked before anything is
/// allocated for it.
package struct FrameReader: ~Copyable {
    /// From this many bytes on, a frame gets a block of its own.
    package static let blockBytesMin = 16 * 1024
    private static let prefixBytes = 4

    /// The largest frame that is accepted, without its length prefix. A server may begin with a
    /// small one and raise it when it knows who speaks.
    package var frameBytesMax: Int
    private let buffer: UnsafeMutableRawBufferPointer
    /// What was received and not yet given out: `start..<end` of the buffer.
    private var start = 0
    private var end = 0
    private var block: Block?
    private var blockFilled = 0

    /// - Parameter frameBytesMax: The largest frame that is accepted, without its length prefix.
    package init(
        frameBytesMax: Int = EnvelopeLimits.frameBytesMax, bufferBytes: Int = 64 * 1024
    ) {
        precondition(bufferBytes >= Self.blockBytesMin + Self.prefixBytes)
        self.frameBytesMax = frameBytesMax
        buffer = .allocate(byteCount: bufferBytes, alignment: 16)
    }

    deinit {
        buffer.deallocate()
    }

    /// Lends the room for the next read; never empty once `next` has answered nil.
    ///
    /// Frames given out before are invalid from here on, unless they lie in a block.
    ///
    /// - Parameter body: Fills the room from its start and returns how many bytes it filled.
    /// - Returns: What the body returned; zero or less adds nothing.
    package mutating func withWritableBuffer(
        _ body: (UnsafeMutableRawBufferPointer) -> Int
    ) -> Int {
        if let block {
            let room = UnsafeMutableRawBufferPointer(
                start: block.pointer + blockFilled, count: block.byteCount - blockFilled)
            let filled = body(room)
            precondition(filled <= room.count)
            blockFilled += max(filled, 0)
            return filled
        }
        compact()
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer[end...])
        let filled = body(room)
        precondition(filled <= room.count)
        end += max(filled, 0)
        return filled
    }

    private mutating func compact() {
        if start == end {
            start = 0
            end = 0
        } else if start > 0, let base = buffer.baseAddress {
            base.copyMemory(from: base + start, byteCount: end - start)
            end -= start
            start = 0
        }
    }

    /// The next whole frame, or nil when more bytes are needed.
    ///
    /// - Throws: When a length is out of range or a frame is not valid; the connection is of no
    ///   further use then.
    package mutating func next() throws(WireError) -> FrameView? {
        if let block {
            guard blockFilled == block.byteCount else { return nil }
            self.block = nil
            blockFilled = 0
            return try FrameView(
                UnsafeRawBufferPointer(start: block.pointer, count: block.byteCount), block: block)
        }
        guard end - start >= Self.prefixBytes else { return nil }
        let length = Int(
            UInt32(
                bigEndian: UnsafeRawBufferPointer(buffer)
                    .loadUnaligned(fromByteOffset: start, as: UInt32.self)))
        guard length > 0, length <= frameBytesMax else {
            throw .frameSize(bytes: length, bytesMax: frameBytesMax)
        }
        let available = end - start - Self.prefixBytes
        let body = start + Self.prefixBytes
        if length >= Self.blockBytesMin {
            let block = Block.allocate(length)
            let present = min(available, length)
            UnsafeMutableRawBufferPointer(start: block.pointer, count: length)
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[body..<body + present]))
            start = body + present
            self.block = block
            blockFilled = present
            return try next()
        }
        guard available >= length else { return nil }
        start = body + length
        return try FrameView(
            UnsafeRawBufferPointer(rebasing: buffer[body..<body + length]))
    }

    /// The number of bytes that were received and not yet given out.
    package var pendingBytes: Int { end - start + blockFilled }
}
