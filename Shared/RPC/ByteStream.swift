package import ServiceRuntime
package import Wire

/// What one attempt to read gave.
package enum ReadResult: Sendable {
    case bytes(Int)
    case wouldBlock
    /// The other side is gone; nothing more comes.
    case closed
}

/// What one attempt to write gave.
package enum WriteResult: Sendable {
    /// Everything went out.
    case complete
    /// Some of it waits; `writable()` is called when more can go.
    case blocked
    /// The other side is gone.
    case closed
}

/// A connection's bytes: the behaviour of a non-blocking socket.
///
/// Everything is called on the event loop that the stream belongs to.
package protocol ByteStream: AnyObject {
    /// Told when there is something to read or room to write. Set once, before `start`; let go of
    /// by `close`.
    var observer: (any ByteStreamObserver)? { get set }
    /// The other side's address, for logs.
    var peer: String { get }
    /// Whether the other side is on this machine.
    var isLoopback: Bool { get }
    /// Begins to call the observer.
    func start()
    func read(into buffer: UnsafeMutableRawBufferPointer) -> ReadResult
    /// Writes from the front of `output` and takes off what was written.
    func write(from output: inout OutputBuffer) -> WriteResult
    /// Stops or starts `readable()` calls: backpressure toward the other side.
    func setReading(_ isReading: Bool)
    /// Closes at once. The observer is not called again.
    func close()
}

package protocol ByteStreamObserver: AnyObject {
    func readable()
    func writable()
}

/// A listening address.
package protocol Listener: Sendable {
    /// Where it listens; with the port that the system chose when 0 was asked for.
    var address: SocketAddress { get }
    /// Accepts nothing more.
    func close()
}

/// Where connections come from: TCP, or memory for tests and simulation.
package protocol Transport: Sendable {
    /// Listens and calls `accept` on each connection's own loop, round robin over `loops`.
    /// - Throws: ``TransportError`` when the address cannot be listened on.
    func listen(
        on address: SocketAddress, loops: [EventLoop],
        accept: @escaping @Sendable (any ByteStream, EventLoop) -> Void
    ) throws(TransportError) -> any Listener

    /// Connects from `loop` and calls `completion` there, once.
    /// - Parameter timeout: Until the connection is established.
    func connect(
        to address: SocketAddress, loop: EventLoop, timeout: Duration,
        completion: @escaping @Sendable (Result<any ByteStream, TransportError>) -> Void)

    /// Whether ``resolve(_:)`` may block the calling thread.
    var mayBlockToResolve: Bool { get }

    /// The addresses behind a name, each once.
    func resolve(_ address: SocketAddress) throws(TransportError) -> [SocketAddress]
}

/// Why a connection did not come about.
package struct TransportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line: what was tried and what the system said.
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
