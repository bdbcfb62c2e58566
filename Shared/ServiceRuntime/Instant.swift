/// A monotonic instant in nanoseconds; only differences mean anything, and only in one process.
package struct Instant: Hashable, Comparable, Sendable {
    package var nanoseconds: UInt64

    package init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// Later than anything: no deadline.
    package static let distantFuture = Instant(nanoseconds: UInt64(Int64.max))

    package static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    package static func + (left: Instant, right: Duration) -> Instant {
        let sum = Int64(clamping: left.nanoseconds).addingReportingOverflow(right.nanoseconds)
        if sum.overflow { return .distantFuture }
        return Instant(nanoseconds: UInt64(max(0, sum.partialValue)))
    }

    package static func - (left: Instant, right: Instant) -> Duration {
        .nanoseconds(Int64(clamping: left.nanoseconds) - Int64(clamping: right.nanoseconds))
    }
}
