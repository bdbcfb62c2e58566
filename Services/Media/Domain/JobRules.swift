/// The figures by which jobs are tried again and given up. Times are microseconds.
package struct JobRules: Hashable, Sendable {
    /// Delay before each further try; its count is the number of retries.
    package var retryDelays: [Int64] = [1_000_000, 2_000_000]
    /// A delay is multiplied by a random factor of at most this much above or below 1.
    package var jitterShare = 0.2
    /// How often a job may be claimed before it is given up; ends kill loops.
    package var claimsMax = 5
    /// How long a lease holds without being renewed.
    package var lease: Int64 = 15_000_000
    /// For how long after its first refusal a throttled job keeps waiting.
    package var throttledMax: Int64 = 600_000_000
    /// Wait after a refusal without a hint.
    package var throttledDelay: Int64 = 5_000_000
    /// Longest wait that a provider's hint can ask for.
    package var throttledDelayMax: Int64 = 120_000_000
    /// How often a picture is asked for again when the outcome of asking is unknown.
    package var unknownRetries = 1
    /// Defects that a test plants: workers write without their lease; video whose outcome is unknown
    /// is asked for again. Never set otherwise.
    package var isFenceless = false
    package var retriesUnknownVideos = false

    package init() {}

    /// The delay before try number `failures + 1`.
    /// - Parameter unit: Random, 0..<1.
    func retryDelay(afterFailures failures: Int, unit: Double) -> Int64 {
        precondition((1...retryDelays.count).contains(failures))
        let factor = 1 + jitterShare * (2 * unit - 1)
        return Int64(Double(retryDelays[failures - 1]) * factor)
    }
}
