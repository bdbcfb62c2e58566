internal import ServiceRuntime
internal import Wire

/// The items that came in on one stream and were not taken yet.
///
/// Its size is bounded by the window: what was taken is granted to the sender again, half a window
/// at a time.
package final class StreamBuffer: Sendable {
    private struct State {
        var items: [Bytes] = []
        var head = 0
        var ending: Result<Void, RPCError>?
        var waiter: UnsafeContinuation<Void, Never>?
        var takenBytes = 0
        /// What came in and was not granted again.
        var outstandingBytes = 0
    }

    private let state = Lock(State())
    private let windowBytes: Int
    private let grant: @Sendable (Int) -> Void

    /// - Parameter grant: Called from any thread with the bytes that may be sent again.
    init(windowBytes: Int, grant: @escaping @Sendable (Int) -> Void) {
        self.windowBytes = windowBytes
        self.grant = grant
    }

    /// Adds an item.
    /// - Returns: False when the sender has sent more than its window allows; the connection is
    ///   of no further use then. The last item may overdraw, as ``SendWindow`` lets it.
    func push(_ item: Bytes) -> Bool {
        let (waiter, isAllowed) = state.withLock {
            state -> (UnsafeContinuation<Void, Never>?, Bool) in
            guard state.ending == nil else { return (nil, true) }
            guard state.outstandingBytes < windowBytes else { return (nil, false) }
            state.outstandingBytes += item.windowCost
            state.items.append(item)
            defer { state.waiter = nil }
            return (state.waiter, true)
        }
        waiter?.resume()
        return isAllowed
    }

    /// Ends the stream; items that came before are still given out unless it failed.
    func finish(_ ending: Result<Void, RPCError>) {
        let waiter = state.withLock { state -> UnsafeContinuation<Void, Never>? in
            guard state.ending == nil else { return nil }
            state.ending = ending
            if case .failure = ending {
                state.items = []
                state.head = 0
            }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// The next item, or nil at the end.
    ///
    /// One caller at a time: a stream has one reader.
    func next() async throws(RPCError) -> Bytes? {
        while true {
            let taken = state.withLock { state -> (Result<Bytes?, RPCError>?, Int) in
                if state.head < state.items.count {
                    let item = state.items[state.head]
                    state.head += 1
                    if state.head == state.items.count {
                        state.items.removeAll(keepingCapacity: true)
                        state.head = 0
                    }
                    state.takenBytes += item.windowCost
                    guard state.takenBytes >= windowBytes / 2, state.ending == nil else {
                        return (.success(item), 0)
                    }
                    defer { state.takenBytes = 0 }
                    state.outstandingBytes -= state.takenBytes
                    return (.success(item), state.takenBytes)
                }
                switch state.ending {
                case .none: return (nil, 0)
                case .success: return (.success(nil), 0)
                case .failure(let error): return (.failure(error), 0)
                }
            }
            if taken.1 > 0 { grant(taken.1) }
            if let result = taken.0 { return try result.get() }
            await withUnsafeContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.head < state.items.count || state.ending != nil { return true }
                    precondition(state.waiter == nil, "a stream has one reader")
                    state.waiter = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        }
    }
}

extension Bytes {
    /// What an item takes from the window: an empty one costs a byte, so that their number is
    /// bounded as well.
    var windowCost: Int { Swift.max(1, count) }
}

/// The arena of one stream's reader.
// Safe: a stream has one reader, which waits for each item before it asks for the next.
final class ReaderArena: @unchecked Sendable {
    private let arena = Arena()

    func decode<Item: WireMessage>(_ bytes: Bytes) throws(RPCError) -> Item {
        do throws(WireError) {
            return try Item.decode(bytes, arena: arena)
        } catch {
            throw RPCError(error)
        }
    }
}
