/// What travels beside a request's payload.
package struct CallMetadata: Hashable, Sendable {
    /// W3C trace context.
    package var traceparent: String?
    package var idempotencyKey: String?
    /// On whose behalf the call is made.
    package var userID: String?
    /// The public request that this call belongs to.
    package var requestID: String?

    package init(
        traceparent: String? = nil, idempotencyKey: String? = nil, userID: String? = nil,
        requestID: String? = nil
    ) {
        self.traceparent = traceparent
        self.idempotencyKey = idempotencyKey
        self.userID = userID
        self.requestID = requestID
    }

    package static let none = CallMetadata()
}
