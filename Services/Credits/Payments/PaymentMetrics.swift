internal import ServiceRuntime

/// What payments count.
struct PaymentMetrics: Sendable {
    let checkouts: Counter
    let failedCheckouts: Counter
    let refusedWebhooks: Counter
    let waitingEvents: Gauge
    private let applied: Counter
    private let ignored: Counter
    private let refused: Counter
    private let later: Counter

    init(_ metrics: Metrics) {
        checkouts = metrics.counter("credits_checkouts_total", help: "Checkouts opened.")
        failedCheckouts = metrics.counter(
            "credits_checkouts_failed_total", help: "Checkouts that the provider did not open.")
        refusedWebhooks = metrics.counter(
            "credits_webhooks_refused_total", help: "Webhooks without a valid signature.")
        waitingEvents = metrics.gauge(
            "credits_payment_events_waiting", help: "Events whose object could not be read yet.")
        func events(_ outcome: String) -> Counter {
            metrics.counter(
                "credits_payment_events_total", help: "Events of the payment provider.",
                labels: ["outcome": outcome])
        }
        applied = events("applied")
        ignored = events("ignored")
        refused = events("refused")
        later = events("later")
    }

    func events(_ outcome: PaymentOutcome) -> Counter {
        switch outcome {
        case .applied: applied
        case .ignored: ignored
        case .refused: refused
        case .later: later
        }
    }
}
