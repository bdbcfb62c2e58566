/// The time of the ledger: the wall clock as it was at the start, moved on by the monotonic clock.
///
/// So a wall clock that is set forward ends no hold before its time, and one that is set back
/// reopens none. It starts no earlier than the last transaction of the run before.
struct LedgerClock: Hashable, Sendable {
    let startUs: Int64
    let monotonicStartNs: UInt64
    /// How long after the start no hold expires, so that those who own one can come back first.
    let graceUs: Int64

    init(wallUs: Int64, monotonicNs: UInt64, lastTransactionUs: Int64, graceUs: Int64) {
        startUs = max(wallUs, lastTransactionUs + 1)
        monotonicStartNs = monotonicNs
        self.graceUs = graceUs
    }

    /// Microseconds since 1970 by this clock.
    func nowUs(monotonicNs: UInt64) -> Int64 {
        startUs + Int64(clamping: (monotonicNs - min(monotonicNs, monotonicStartNs)) / 1_000)
    }

    /// The instant up to which leases have ended: now, but nothing during the grace after the start.
    func expiryUs(nowUs: Int64) -> Int64 {
        nowUs - startUs < graceUs ? Int64.min : nowUs
    }

    /// How far the wall clock has moved away from this one; a jump shows here.
    func driftUs(wallUs: Int64, monotonicNs: UInt64) -> Int64 {
        wallUs - nowUs(monotonicNs: monotonicNs)
    }
}
