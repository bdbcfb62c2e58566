/// How much of one stream may still be sent, and who waits for more.
///
/// On the connection's loop.
struct SendWindow {
    private var credit: Int
    private var waiter: UnsafeContinuation<RPCError?, Never>?
    private var failure: RPCError?

    init(bytes: Int) {
        credit = bytes
    }

    /// An item may go out while any credit is left; it may overdraw, so that an item larger than
    /// the whole window cannot wait for ever.
    var isOpen: Bool { credit > 0 && failure == nil }

    mutating func spend(_ bytes: Int) {
        credit -= max(1, bytes)
    }

    mutating func grant(_ bytes: Int) {
        credit = min(credit + bytes, 1 << 31)
        if credit > 0 { wake(nil) }
    }

    /// Fails whoever waits now or later.
    mutating func fail(_ error: RPCError) {
        guard failure == nil else { return }
        failure = error
        wake(error)
    }

    /// Resumes `continuation` with nil once there is credit, or with why there will be none.
    mutating func wait(_ continuation: UnsafeContinuation<RPCError?, Never>) {
        if let failure {
            continuation.resume(returning: failure)
        } else if credit > 0 {
            continuation.resume(returning: nil)
        } else {
            precondition(waiter == nil, "a stream has one writer")
            waiter = continuation
        }
    }

    private mutating func wake(_ error: RPCError?) {
        let continuation = waiter
        waiter = nil
        continuation?.resume(returning: error)
    }
}
