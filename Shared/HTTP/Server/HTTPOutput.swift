internal import CLinux
internal import Glibc

/// What waits to be sent on one connection: small bytes one behind the other, large ones as they are.
struct HTTPOutput: ~Copyable {
    enum Result {
        case complete
        /// The rest waits until the socket can be written.
        case blocked
        case failed
    }

    /// From so many bytes on, copying costs more than another system call.
    private static let copiedBytesMax = 16 << 10
    /// The buffer of a connection that sent more than this is given back.
    private static let keptBytesMax = 64 << 10

    /// Before `tail`; only while there is something large.
    private var sealed: [[UInt8]] = []
    /// How much of the first array, or of `tail` when there is no other, was sent.
    private var sent = 0
    private var tail: [UInt8] = []

    /// The number of bytes that wait.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ bytes: [UInt8]) {
        count += bytes.count
        guard bytes.count > Self.copiedBytesMax else { return tail.append(contentsOf: bytes) }
        if !tail.isEmpty {
            sealed.append(tail)
            tail = []
        }
        sealed.append(bytes)
    }

    /// Lets `write` add to the small bytes.
    mutating func append(_ write: (inout [UInt8]) -> Void) {
        let before = tail.count
        write(&tail)
        count += tail.count - before
    }

    /// Sends as much as the socket takes.
    mutating func send(to descriptor: Int32) -> Result {
        while count > 0 {
            let isLast = sealed.isEmpty
            let flags = Int32(MSG_NOSIGNAL) | (isLast ? 0 : Int32(MSG_MORE))
            let bytes = isLast ? tail : sealed[0]
            let taken = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, $0.count - sent, flags)
            }
            guard taken >= 0 else {
                switch linux_errno() {
                case EINTR: continue
                case EAGAIN: return .blocked
                default: return .failed
                }
            }
            count -= taken
            sent += taken
            guard sent == bytes.count else { continue }
            sent = 0
            if !isLast { sealed.removeFirst() }
        }
        if sealed.isEmpty { tail.removeAll(keepingCapacity: tail.capacity <= Self.keptBytesMax) }
        return .complete
    }

    /// Forgets what was not sent.
    mutating func clear() {
        sealed = []
        tail = []
        sent = 0
        count = 0
    }
}
