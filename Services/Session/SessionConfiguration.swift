package import ServiceRuntime

/// The settings of the service; see the table in README.md.
package struct SessionConfiguration: Sendable {
    /// Where sessions and the journal are: `sqlite:PATH`.
    package var store = "sqlite:data/session/session.db"
    package var creditsAddresses = [SocketAddress(host: "127.0.0.1", port: 7102)]
    package var promptAddresses = [SocketAddress(host: "127.0.0.1", port: 7103)]
    package var mediaAddresses = [SocketAddress(host: "127.0.0.1", port: 7104)]
    /// Regenerations of each dimension in one session.
    package var regenerationsMax = 3
    /// How long a session lives after its last write.
    package var sessionLifetime = Duration.seconds(24 * 3_600)
    /// How often sessions whose time is over are abandoned and old rows are deleted.
    package var sweepInterval = Duration.seconds(300)
    /// How often overdue holds are compared with the journal.
    package var reconcileInterval = Duration.seconds(15)
    /// How long events are kept for those who come back.
    package var eventsKept = Duration.seconds(72 * 3_600)
    /// How long ended operations answer to their idempotency keys.
    package var operationsKept = Duration.seconds(30 * 24 * 3_600)
    /// How long what was deleted can be restored.
    package var deletedKept = Duration.seconds(7 * 24 * 3_600)
    /// Lease of a hold while its jobs live; it is renewed three times as often.
    package var holdLease = Duration.seconds(90)
    /// Longest time for the pictures of one step.
    package var picturesTimeout = Duration.seconds(840)
    /// Longest time for a video.
    package var videoTimeout = Duration.seconds(1_680)
    /// Operations that one user may have at work.
    package var runningMaxPerUser = 20
    /// Operations at work in all; more are refused with OVERLOADED.
    package var runningMax = 2_000

    package init() {}

    /// Reads `SESSION_STORE`, `CREDITS_ADDRESS` and the others.
    package init(_ reader: inout ConfigurationReader) {
        let defaults = SessionConfiguration()
        store = reader.text(
            "STORE", default: defaults.store, help: "where sessions are: sqlite:PATH")
        creditsAddresses = reader.addresses(
            "CREDITS_ADDRESS", default: "127.0.0.1:7102", help: "where credits is found",
            isShared: true)
        promptAddresses = reader.addresses(
            "PROMPT_ADDRESS", default: "127.0.0.1:7103", help: "where prompt is found",
            isShared: true)
        mediaAddresses = reader.addresses(
            "MEDIA_ADDRESS", default: "127.0.0.1:7104", help: "where media is found",
            isShared: true)
        regenerationsMax = reader.integer(
            "REGENERATIONS_MAX", default: defaults.regenerationsMax, in: 0...100,
            help: "regenerations of each dimension in one session")
        sessionLifetime = reader.duration(
            "LIFETIME", default: "24h", in: .seconds(1)...(.seconds(8_760 * 3_600)),
            help: "how long a session lives after its last write")
        sweepInterval = reader.duration(
            "SWEEP_INTERVAL", default: "5m", in: .milliseconds(100)...(.seconds(86_400)),
            help: "how often sessions whose time is over are abandoned")
        reconcileInterval = reader.duration(
            "RECONCILE_INTERVAL", default: "15s", in: .milliseconds(100)...(.seconds(3_600)),
            help: "how often overdue holds are compared with the journal")
        eventsKept = reader.duration(
            "EVENTS_KEPT", default: "72h", in: .seconds(60)...(.seconds(8_760 * 3_600)),
            help: "how long events are kept for those who come back")
        operationsKept = reader.duration(
            "OPERATIONS_KEPT", default: "720h", in: .seconds(3_600)...(.seconds(8_760 * 3_600)),
            help: "how long ended operations answer to their idempotency keys")
        deletedKept = reader.duration(
            "DELETED_KEPT", default: "168h", in: .seconds(1)...(.seconds(8_760 * 3_600)),
            help: "how long what was deleted can be restored")
        holdLease = reader.duration(
            "HOLD_LEASE", default: "90s", in: .seconds(3)...(.seconds(600)),
            help: "lease of a hold while its jobs live")
        picturesTimeout = reader.duration(
            "PICTURES_TIMEOUT", default: "14m", in: .seconds(1)...(.seconds(840)),
            help: "longest time for the pictures of one step")
        videoTimeout = reader.duration(
            "VIDEO_TIMEOUT", default: "28m", in: .seconds(1)...(.seconds(1_680)),
            help: "longest time for a video")
        runningMaxPerUser = reader.integer(
            "RUNNING_MAX_PER_USER", default: defaults.runningMaxPerUser, in: 1...10_000,
            help: "operations that one user may have at work")
        runningMax = reader.integer(
            "RUNNING_MAX", default: defaults.runningMax, in: 1...100_000,
            help: "operations at work in all")
    }
}
