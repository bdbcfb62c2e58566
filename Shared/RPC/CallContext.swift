package import ServiceRuntime

/// What a handler knows about the call it serves.
///
/// The handler's task is cancelled when the caller cancels, loses its connection or runs out of
/// time; whatever the handler returns after that is dropped.
package struct CallContext: Sendable {
    /// When the caller stops waiting, by this machine's monotonic clock.
    package let deadline: Instant
    package let metadata: CallMetadata
    /// The service that calls, as it named itself in HELLO; empty when it did not.
    package let caller: String

    package init(deadline: Instant, metadata: CallMetadata, caller: String) {
        self.deadline = deadline
        self.metadata = metadata
        self.caller = caller
    }

    /// Time that is left; negative when it is over.
    package var remaining: Duration {
        deadline - EventLoop.currentTime
    }

    /// Options for a call made on behalf of this one: at most `budget`, and 20 ms less than is left
    /// here, so that there is time to answer; the same trace, request and user.
    package func options(_ budget: Duration) -> CallOptions {
        var metadata = metadata
        metadata.idempotencyKey = nil
        if let trace = metadata.traceparent.flatMap(TraceContext.init(traceparent:)) {
            metadata.traceparent = trace.child(random: .system).traceparent
        }
        return CallOptions(
            timeout: min(budget, remaining - .milliseconds(20)), metadata: metadata,
            mayRetry: false)
    }
}
