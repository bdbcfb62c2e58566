/// What a server accepts. Source of the defaults: docs/protocol.md, "Limits".
package struct ServerLimits: Sendable {
    /// Connections at a time; more are closed at once.
    package var connectionsMax = 1000
    /// Calls at a time on one connection; more are refused with OVERLOADED.
    package var streamsMax = 128
    /// Calls at a time on all connections; more are refused with OVERLOADED.
    package var inFlightMax = 4096
    /// The first window of each stream, in bytes.
    package var windowBytes = 256 << 10
    /// Answers that wait on one connection; above it the server reads no more requests, in bytes.
    package var outputBytesMax = 4 << 20
    /// PING, CANCEL and WINDOW frames a second on one connection; more close it.
    package var controlFramesMax = 20_000
    /// From the first byte of a frame to its last.
    package var frameTimeout = Duration.seconds(5)
    /// Without any frame.
    package var idleTimeout = Duration.seconds(60)
    /// With something to send that the other side does not take.
    package var writeTimeout = Duration.seconds(5)
    /// For calls in flight when the server stops.
    package var drainTimeout = Duration.seconds(20)

    package init() {}
}
