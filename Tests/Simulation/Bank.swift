/// What each user has, by what the users themselves were told: it knows no ledger, no holds and no
/// prices, only answers. All amounts are 1/10,000 credits.
// Safe: used on the simulation's thread only.
final class Bank: @unchecked Sendable {
    struct Passbook {
        var given: Int64 = 0
        var returned: Int64 = 0
        /// What each operation or hold cost in the end, by its id.
        var charged: [String: Int64] = [:]

        var balance: Int64 { given + returned - charged.values.reduce(0, +) }
    }

    private(set) var passbooks: [String: Passbook] = [:]
    private(set) var contradictions: [String] = []

    func given(_ amount: Int64, to user: String) {
        passbooks[user, default: Passbook()].given += amount
    }

    func returned(_ amount: Int64, to user: String) {
        passbooks[user, default: Passbook()].returned += amount
    }

    /// Notes what something cost; who is told two different figures says so.
    func charged(_ amount: Int64, for id: String, to user: String) {
        let known = passbooks[user, default: Passbook()].charged.updateValue(amount, forKey: id)
        if let known, known != amount {
            contradictions.append("I12: \(user) was told that \(id) cost \(known), then \(amount)")
        }
    }

    var chargedTotal: Int64 {
        passbooks.values.reduce(0) { $0 + $1.charged.values.reduce(0, +) }
    }
}
