internal import CLinux
internal import CProtobufC

/// Memory for one message at a time: handed out from the front of a chunk, given back at once.
///
/// protobuf-c unpacks into it and packs from it. Each piece is preceded by its size, so that the
/// length of a text can be told even when it holds a NUL. While a message is unpacked a budget
/// bounds the memory; what is over it makes the unpacking fail.
///
/// An arena belongs to one thread at a time.
package final class Arena {
    /// The most memory that one message may take up while it is unpacked, in bytes.
    package static let budgetBytesMax = 8 << 20
    /// Every message may take up this much, however short it is, in bytes.
    package static let budgetBytesMin = 64 << 10

    private static let headerBytes = 8
    private static let chunkBytes = 16 * 1024

    /// What the C callbacks see; at a fixed address.
    private struct State {
        var cursor: UnsafeMutableRawPointer
        var end: UnsafeMutableRawPointer
        var budget: Int
        var isExhausted: Bool
        /// Each further chunk begins with the address of the one before it.
        var chunks: UnsafeMutableRawPointer?
    }

    private let state: UnsafeMutablePointer<State>
    private let first: UnsafeMutableRawPointer
    private let allocator: UnsafeMutablePointer<ProtobufCAllocator>
    /// The bytes of the message being packed, which its C struct points to. Most have at most one.
    private var lent: Bytes?
    private var furtherLent: [Bytes] = []
    /// True when one of them is large enough to be sent by reference.
    private(set) var hasLargeReferences = false

    package init() {
        first = .allocate(byteCount: Self.chunkBytes, alignment: 16)
        state = .allocate(capacity: 1)
        state.initialize(
            to: State(
                cursor: first, end: first + Self.chunkBytes, budget: .max, isExhausted: false,
                chunks: nil))
        allocator = .allocate(capacity: 1)
        allocator.initialize(
            to: ProtobufCAllocator(
                alloc: { Arena.take($0, $1) }, free: { _, _ in }, allocator_data: state))
    }

    deinit {
        reset()
        allocator.deallocate()
        state.deallocate()
        first.deallocate()
    }

    /// Gives everything back; every pointer from this arena is invalid afterwards.
    package func reset() {
        while let chunk = state.pointee.chunks {
            state.pointee.chunks = chunk.load(as: UnsafeMutableRawPointer?.self)
            chunk.deallocate()
        }
        state.pointee.cursor = first
        state.pointee.end = first + Self.chunkBytes
        state.pointee.budget = .max
        state.pointee.isExhausted = false
        if lent != nil { forgetLent() }
    }

    private func forgetLent() {
        lent = nil
        if !furtherLent.isEmpty { furtherLent = [] }
        hasLargeReferences = false
    }

    /// Keeps the bytes alive until the next `reset`.
    func keep(_ bytes: Bytes) {
        if lent == nil {
            lent = bytes
        } else {
            furtherLent.append(bytes)
        }
        if bytes.count >= OutputBuffer.referenceBytesMin { hasLargeReferences = true }
    }

    /// What is kept and large enough to be sent by reference, in the order of packing.
    var largeReferences: [Bytes] {
        ((lent.map { [$0] } ?? []) + furtherLent)
            .filter { $0.count >= OutputBuffer.referenceBytesMin }
    }

    /// Allows as many bytes until the next `reset` as a message of `byteCount` bytes may take up.
    func setBudget(messageBytes byteCount: Int) {
        state.pointee.budget = min(
            max(8 * byteCount, Self.budgetBytesMin), Self.budgetBytesMax)
    }

    /// True when memory was refused because the budget was used up.
    var isExhausted: Bool { state.pointee.isExhausted }

    /// The `ProtobufCAllocator` over this arena.
    package var protobufAllocator: UnsafeMutableRawPointer { UnsafeMutableRawPointer(allocator) }

    /// Memory for packing, aligned to 8 bytes and not initialised; there is no budget for it.
    package func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
        if let pointer = Self.take(state, byteCount) { return pointer }
        // Only a budget makes `take` refuse, and packing has none.
        preconditionFailure("the arena is used for packing while a budget is set")
    }

    /// Memory that counts toward the budget; nil when that is used up.
    func takeSkeleton(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        Self.take(state, byteCount)
    }

    /// The allocation callback of protobuf-c.
    private static func take(
        _ data: UnsafeMutableRawPointer?, _ byteCount: Int
    ) -> UnsafeMutableRawPointer? {
        guard let data else { return nil }
        let state = data.assumingMemoryBound(to: State.self)
        guard byteCount >= 0, byteCount <= state.pointee.budget else {
            state.pointee.isExhausted = true
            return nil
        }
        let total = headerBytes + (byteCount + 7) & ~7
        guard total <= state.pointee.budget else {
            state.pointee.isExhausted = true
            return nil
        }
        state.pointee.budget -= total
        if state.pointee.end - state.pointee.cursor < total {
            addChunk(state, total)
        }
        let header = state.pointee.cursor
        state.pointee.cursor = header + total
        header.storeBytes(of: byteCount, as: Int.self)
        return header + headerBytes
    }

    private static func addChunk(_ state: UnsafeMutablePointer<State>, _ total: Int) {
        let byteCount = max(total + 16, 4 * chunkBytes)
        let chunk = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 16)
        chunk.storeBytes(of: state.pointee.chunks, as: UnsafeMutableRawPointer?.self)
        state.pointee.chunks = chunk
        state.pointee.cursor = chunk + 16
        state.pointee.end = chunk + byteCount
    }

    /// The size of a piece of this arena, in bytes, as it was asked for.
    static func size(of pointer: UnsafeRawPointer) -> Int {
        (pointer - headerBytes).load(as: Int.self)
    }
}
