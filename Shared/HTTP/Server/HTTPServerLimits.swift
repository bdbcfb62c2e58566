/// What a server lets one client take. Each default is the product's; see docs/operating.md.
package struct HTTPServerLimits: Hashable, Sendable {
    /// Longest target of a request line, in bytes; more is 414.
    package var targetBytesMax = 8 << 10
    /// Most bytes of header names and values; more is 431.
    package var headerBytesMax = 16 << 10
    /// Most header fields; more is 431.
    package var headerCountMax = 100
    /// Most connections at a time; more wait in the kernel's queue.
    package var connectionsMax = 1000
    /// Most connections of one address, loopback exempt; more are closed at once.
    package var connectionsPerAddressMax = 50
    /// Time for a head to arrive from its first byte on; later is 408. As long may a new connection
    /// say nothing before it is closed.
    package var headTimeout: Duration = .seconds(5)
    /// Time for a body to arrive; later is 408.
    package var bodyTimeout: Duration = .seconds(30)
    /// After `bodyGrace` a body must have arrived at this many bytes a second on average.
    package var bodyBytesPerSecondMin = 1024
    package var bodyGrace: Duration = .seconds(5)
    /// Time for a streamed upload, whose pace the minimum above still governs.
    package var uploadTimeout: Duration = .seconds(300)
    /// How long a connection may wait for its next request before it is closed.
    package var idleTimeout: Duration = .seconds(30)
    /// How long a client may read nothing of an answer.
    package var stallTimeout: Duration = .seconds(60)
    /// Bytes of an answer that may wait for a slow reader before its writer is suspended.
    package var writeAheadBytes = 256 << 10
    /// Bytes of an upload that may wait for a slow reader before the socket is left unread.
    package var readAheadBytes = 256 << 10

    /// Bytes that a client may send ahead of the answer it waits for before the socket is left
    /// unread.
    package var pipelinedBytesMax = 64 << 10
    /// How long a client that sends nothing more is given to be answered: it cannot be told from
    /// one that has left.
    package var halfClosedGrace: Duration = .milliseconds(50)
    /// How long, and how many bytes, a client that was refused may go on sending before the
    /// connection is reset.
    package var lingerTimeout: Duration = .seconds(5)
    package var lingerBytesMax = 64 << 20

    package init() {}
}
