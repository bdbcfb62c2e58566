import CreditsService
import RPC
import ServiceAPI
import ServiceRuntime
import Testing

/// What one user's wallet must be, worked out without the ledger: plain sums over plain values.
struct LedgerModel {
    struct HoldModel {
        var id: String
        var amount: Int64
        var isSubmitted = false
        var captured: Int64?
        var isGone = false
        var refunds: [String: Int64] = [:]
        var expiresUs: Int64
        var hardUs: Int64

        var isOpen: Bool { captured == nil && !isGone }
        var refunded: Int64 { refunds.values.reduce(0, +) }
    }

    let user: String
    private(set) var granted: Int64
    private(set) var grants: [String: Int64] = [:]
    private(set) var holds: [String: HoldModel] = [:]

    init(user: String, starter: Int64) {
        self.user = user
        granted = starter
    }

    var posted: Int64 {
        granted - holds.values.reduce(0) { $0 + ($1.captured ?? 0) - $1.refunded }
    }
    var held: Int64 { holds.values.filter(\.isOpen).reduce(0) { $0 + $1.amount } }
    var available: Int64 { posted - held }
    var jobs: [String] { holds.keys.sorted() }

    /// The outcome of a hold: nil for success, else the domain code.
    func holdOutcome(_ job: String, _ amount: Int64) -> String? {
        if let known = holds[job] {
            return known.amount == amount ? nil : "IDEMPOTENCY_KEY_REUSED"
        }
        return amount > available ? "INSUFFICIENT_CREDITS" : nil
    }

    mutating func didHold(_ job: String, _ reply: CreditsAPI.HoldReply, nowUs: Int64, ttlUs: Int64)
    {
        guard holds[job] == nil else { return }
        holds[job] = HoldModel(
            id: reply.holdID, amount: reply.amountU4, expiresUs: nowUs + ttlUs,
            hardUs: nowUs + 10 * ttlUs)
    }

    mutating func capture(_ job: String, _ amount: Int64) -> String? {
        guard var hold = holds[job] else { return "HOLD_NOT_FOUND" }
        guard hold.isOpen else { return hold.captured == amount ? nil : "HOLD_RESOLVED" }
        guard amount <= hold.amount else { return "CAPTURE_EXCEEDS_HOLD" }
        hold.captured = amount
        holds[job] = hold
        return nil
    }

    mutating func release(_ job: String) -> String? {
        guard holds[job]?.captured == nil else { return "HOLD_RESOLVED" }
        holds[job]?.isGone = true
        return nil
    }

    mutating func refund(_ job: String, _ key: String, _ amount: Int64) -> String? {
        guard let hold = holds[job] else { return "HOLD_NOT_FOUND" }
        if let known = hold.refunds[key] {
            return known == amount ? nil : "IDEMPOTENCY_KEY_REUSED"
        }
        guard hold.refunded + amount <= hold.captured ?? 0 else { return "REFUND_EXCEEDS" }
        holds[job]?.refunds[key] = amount
        return nil
    }

    mutating func grant(_ source: String, _ amount: Int64) -> String? {
        if let known = grants[source] { return known == amount ? nil : "IDEMPOTENCY_KEY_REUSED" }
        grants[source] = amount
        granted += amount
        return nil
    }

    mutating func extend(_ job: String, nowUs: Int64, ttlUs: Int64, isSubmit: Bool) -> String? {
        guard var hold = holds[job], hold.isOpen else { return "HOLD_RESOLVED" }
        hold.expiresUs = min(nowUs + ttlUs, hold.hardUs)
        if isSubmit { hold.isSubmitted = true }
        holds[job] = hold
        return nil
    }

    /// What the sweeper does when it is this late.
    mutating func sweep(nowUs: Int64) {
        for (job, hold) in holds where hold.isOpen {
            if (hold.isSubmitted ? hold.hardUs : hold.expiresUs) <= nowUs {
                holds[job]?.isGone = true
            }
        }
    }
}
