package import ServiceRuntime

/// What the service counts.
package struct CreditsMetrics: Sendable {
    package let holds: Counter
    package let captures: Counter
    package let releases: Counter
    package let insufficient: Counter
    package let expired: Counter
    package let hardLimited: Counter
    package let lateLossU6: Counter
    package let clockJumps: Counter
    package let openHolds: Gauge

    package init(_ metrics: Metrics) {
        holds = metrics.counter("credits_holds_total", help: "Holds opened.")
        captures = metrics.counter("credits_captures_total", help: "Holds captured.")
        releases = metrics.counter("credits_releases_total", help: "Holds released.")
        insufficient = metrics.counter(
            "credits_insufficient_total", help: "Holds refused for lack of credits.")
        expired = metrics.counter(
            "credits_expired_total", help: "Reserved holds ended because nobody closed them.")
        hardLimited = metrics.counter(
            "credits_hard_limited_total",
            help: "Submitted holds given back at their limit: their provider may have been paid.")
        lateLossU6 = metrics.counter(
            "credits_late_loss_microdollars_total",
            help: "What providers may have been paid for work that nobody paid for.")
        clockJumps = metrics.counter(
            "credits_clock_jumps_total", help: "Sweeps that found the wall clock moved by 30 s.")
        openHolds = metrics.gauge("credits_open_holds", help: "Holds that are open now.")
    }

    /// Counts and logs a hold that ended because nobody closed it.
    func note(expired receipt: HoldReceipt, _ logger: Logger) {
        let hold = receipt.hold
        var fields: [String: LogValue] = [
            "hold": .text(hold.id.text), "job": .text(hold.terms.job),
            "operation": .text(hold.terms.operation),
            "amount": .text(hold.amount.description),
        ]
        guard receipt.lateLossU6 > 0 else {
            expired.increment()
            return logger.info("hold.expired", "", fields)
        }
        hardLimited.increment()
        lateLossU6.increment(by: UInt64(receipt.lateLossU6))
        fields["late_loss_u6"] = .integer(receipt.lateLossU6)
        logger.error("hold.hard_limited", "given back while a provider had the work", fields)
    }
}
