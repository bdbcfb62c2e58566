package import ServiceRuntime

/// What the service counts.
package struct CreditsMetrics: Sendable {
    package let holds: Counter
    package let captures: Counter
    package let releases: Counter
    package let insufficient: Counter
    package let expired: Counter
    package let hardLimited: Counter
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
        clockJumps = metrics.counter(
            "credits_clock_jumps_total", help: "Sweeps that found the wall clock moved by 30 s.")
        openHolds = metrics.gauge("credits_open_holds", help: "Holds that are open now.")
    }
}
