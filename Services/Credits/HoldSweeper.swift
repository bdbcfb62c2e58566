internal import ServiceRuntime

/// Ends leases that are over, so that no credits stay set aside for work that died. It never takes
/// any: what it ends goes back to the user.
struct HoldSweeper: Sendable {
    let store: CreditsStore
    let interval: Duration
    let time: any TimeSource
    let metrics: CreditsMetrics
    let logger: Logger

    /// Rows ended in one transaction.
    private static let batch = 100
    /// A wall clock further away than this has been set.
    private static let driftMax = Duration.seconds(30)

    /// Sweeps until the task is cancelled.
    func run() async {
        while true {
            do {
                try await time.sleep(for: interval)
            } catch {
                return
            }
            await sweep()
        }
    }

    /// Ends everything that is over now.
    func sweep() async {
        noteClock()
        do {
            var ended: [HoldReceipt]
            repeat {
                ended = try await store.sweep(limit: Self.batch)
                for receipt in ended { metrics.note(expired: receipt, logger) }
            } while ended.count == Self.batch
            try await store.sweepBlocks(limit: Self.batch)
            try await store.witnessHead(at: time.instant)
            metrics.openHolds.set(Double(try await store.openHolds().count))
        } catch {
            logger.error("sweep.failed", "\(error)")
        }
    }

    private func noteClock() {
        let drift = store.clockDrift
        guard drift > Self.driftMax || drift < .zero - Self.driftMax else { return }
        metrics.clockJumps.increment()
        logger.warning(
            "clock.jumped", "leases go on by the monotonic clock", ["drift_seconds": .init(drift)])
    }
}
