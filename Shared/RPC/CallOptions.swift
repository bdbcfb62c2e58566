/// How one call is made.
package struct CallOptions: Sendable {
    /// Time for the whole call, retries included. Between 1 ms and 1 h.
    package var timeout: Duration
    package var metadata: CallMetadata
    /// Whether the channel may try an idempotent method again. Only the outermost caller retries,
    /// so that attempts do not multiply from hop to hop.
    package var mayRetry: Bool

    /// Options of a call that no other call waits for.
    package init(timeout: Duration, metadata: CallMetadata = .none, mayRetry: Bool = true) {
        self.timeout = timeout
        self.metadata = metadata
        self.mayRetry = mayRetry
    }
}
