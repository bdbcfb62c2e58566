package import ServiceRuntime

/// How many retries one peer may be sent: one for every ten calls, and one a second.
///
/// Without it, a peer that answers slowly is sent more the slower it gets.
package struct RetryBudget: Sendable {
    private static let capacity = 10.0
    private var tokens = Self.capacity
    private var refilledAt: Instant

    package init(now: Instant) {
        refilledAt = now
    }

    /// A call was made.
    package mutating func noteCall() {
        tokens = min(Self.capacity, tokens + 0.1)
    }

    /// Takes one retry; false when there is none.
    package mutating func take(now: Instant) -> Bool {
        tokens = min(Self.capacity, tokens + (now - refilledAt).seconds)
        refilledAt = now
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
