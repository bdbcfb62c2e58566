internal import ServiceRuntime

/// What the journal counts.
struct SagaMetrics: Sendable {
    let succeeded: Counter
    let failed: Counter
    let cancelled: Counter
    let seconds: Histogram
    /// Delivered but not charged, because the hold had ended; 1/10,000 credits.
    let lateLossU4: Counter

    func ended(_ operation: Operation, after duration: Duration) {
        switch operation.state {
        case .running: return
        case .succeeded: succeeded.increment()
        case .failed: failed.increment()
        case .cancelled: cancelled.increment()
        }
        seconds.observe(duration.seconds)
    }
}
