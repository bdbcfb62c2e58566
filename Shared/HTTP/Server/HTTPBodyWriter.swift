/// The client is gone, or the server is stopping: nothing more can be written.
package struct HTTPStreamClosed: Error, Hashable, Sendable {}

/// Where a streamed answer is written to.
package struct HTTPBodyWriter: Sendable {
    let exchange: HTTPExchange

    /// Hands bytes to the client; suspends while more than `writeAheadBytes` wait to be read.
    /// - Throws: ``HTTPStreamClosed`` once the client is gone; nothing was taken.
    package func write(_ bytes: [UInt8]) async throws(HTTPStreamClosed) {
        try await exchange.write(bytes)
    }
}
