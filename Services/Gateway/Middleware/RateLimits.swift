internal import ServiceRuntime

/// Which of a user's allowances a route draws on.
enum RateClass: String, CaseIterable, Hashable, Sendable {
    /// Never limited: health, documents.
    case free
    case read
    case write
    /// Starts that cost credits.
    case paid
    case upload
    /// What payment providers tell.
    case webhook
    /// Counted only when it fails: wrong passwords, invalid tokens.
    case authentication
}

/// An allowance that refills steadily.
struct RateLimit: Hashable, Sendable {
    let perSecond: Double
    let burst: Double
}

/// Token buckets in memory, one for each caller and class.
// Safe: `Lock` guards all state.
final class RateLimits: Sendable {
    private struct Bucket {
        var tokens: Double
        var at: Instant
    }

    private struct Key: Hashable {
        let caller: String
        let rateClass: RateClass
    }

    /// What is left, for the answer's header fields.
    struct Allowance: Hashable, Sendable {
        let isAllowed: Bool
        let limit: Int
        let remaining: Int
        /// Until a request is possible again; zero when one is.
        let wait: Duration
    }

    private static let bucketsMax = 50_000
    private let limits: [RateClass: RateLimit]
    private let isOn: Bool
    private let time: any TimeSource
    private let buckets = Lock<[Key: Bucket]>([:])

    init(isOn: Bool, limits: [RateClass: RateLimit], time: any TimeSource) {
        self.isOn = isOn
        self.limits = limits
        self.time = time
    }

    /// Takes one request from the caller's allowance; nil when the class has no limit.
    func take(_ rateClass: RateClass, caller: String, cost: Double = 1) -> Allowance? {
        guard isOn, let limit = limits[rateClass] else { return nil }
        let now = time.instant
        let key = Key(caller: caller, rateClass: rateClass)
        return buckets.withLock { buckets in
            if buckets.count >= Self.bucketsMax { forgetFull(&buckets, now) }
            var bucket = buckets[key] ?? Bucket(tokens: limit.burst, at: now)
            bucket.tokens = min(
                limit.burst, bucket.tokens + (now - bucket.at).seconds * limit.perSecond)
            bucket.at = now
            let isAllowed = bucket.tokens >= max(cost, 1)
            if isAllowed { bucket.tokens -= cost }
            buckets[key] = bucket
            let missing = max(0, 1 - bucket.tokens)
            return Allowance(
                isAllowed: isAllowed, limit: Int(limit.burst), remaining: Int(bucket.tokens),
                wait: .nanoseconds(Int64(missing / limit.perSecond * 1e9)))
        }
    }

    /// A full bucket says nothing that a new one would not.
    private func forgetFull(_ buckets: inout [Key: Bucket], _ now: Instant) {
        buckets = buckets.filter { key, bucket in
            guard let limit = limits[key.rateClass] else { return false }
            return bucket.tokens + (now - bucket.at).seconds * limit.perSecond < limit.burst
        }
        if buckets.count >= Self.bucketsMax { buckets.removeAll() }
    }
}
