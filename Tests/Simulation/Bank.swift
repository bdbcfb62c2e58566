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
    /// Guests and the accounts that they have become.
    private(set) var merged: [(guest: String, user: String)] = []
    private var starters: Set<String> = []

    func given(_ amount: Int64, to user: String) {
        passbooks[user, default: Passbook()].given += amount
    }

    /// An account begins with credits of its own.
    func opened(_ user: String, with starter: Int64) {
        starters.insert(user)
        given(starter, to: user)
    }

    /// Whether this account has become another's, or another this one.
    func isMerged(_ user: String) -> Bool {
        merged.contains { $0.guest == user || $0.user == user }
    }

    func hadStarter(_ user: String) -> Bool { starters.contains(user) }

    /// Everything of a guest is another account's from now on.
    func merge(_ guest: String, into user: String) {
        let before = passbooks[guest] ?? Passbook()
        passbooks[guest] = Passbook()
        passbooks[user, default: Passbook()].given += before.given
        passbooks[user, default: Passbook()].returned += before.returned
        for (id, amount) in before.charged { charged(amount, for: id, to: user) }
        merged.append((guest, user))
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

    /// What somebody was told that an operation cost.
    func told(of id: String) -> Int64? {
        passbooks.values.lazy.compactMap { $0.charged[id] }.first
    }

    var chargedTotal: Int64 {
        passbooks.values.reduce(0) { $0 + $1.charged.values.reduce(0, +) }
    }
}
