package import ServiceRuntime

/// What this service counts.
package struct MediaMetrics: Sendable {
    let queueSeconds: Histogram
    let leasesLost: Counter
    let collected: Counter
    private let ended: [String: Counter]
    private let imageSeconds: Histogram
    private let videoSeconds: Histogram

    package init(_ metrics: Metrics) {
        queueSeconds = metrics.histogram(
            "media_job_wait_seconds", help: "From a job being due to its claim.")
        leasesLost = metrics.counter(
            "media_job_leases_lost_total", help: "Tries that lost their lease.")
        collected = metrics.counter(
            "media_assets_collected_total", help: "Pictures removed with what belonged to them.")
        imageSeconds = metrics.histogram(
            "media_job_run_seconds", help: "From claim to durable result.",
            labels: ["kind": "image"])
        videoSeconds = metrics.histogram(
            "media_job_run_seconds", help: "From claim to durable result.",
            labels: ["kind": "video"])
        var ended: [String: Counter] = [:]
        for outcome in ["done", "failed", "cancelled", "dead"] {
            ended[outcome] = metrics.counter(
                "media_jobs_ended_total", help: "Jobs by how they ended.",
                labels: ["outcome": outcome])
        }
        self.ended = ended
    }

    func finished(_ kind: JobKind, _ outcome: String, _ seconds: Double) {
        ended[outcome]?.increment()
        guard outcome == "done" else { return }
        (kind == .image ? imageSeconds : videoSeconds).observe(seconds)
    }
}
