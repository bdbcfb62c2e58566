internal import Storage

/// A wallet as its owner sees it.
struct BalanceView: Hashable, Sendable {
    var user: String
    var posted: CreditAmount
    var held: CreditAmount
    var available: CreditAmount
    var sequence: Int64

    /// - Parameter overdue: Held by leases that are over: shown as free before the sweep ends them.
    init(user: String, balance: WalletBalance, overdue: Int64 = 0) {
        self.user = user
        posted = balance.posted
        held = CreditAmount(tenThousandths: balance.held.tenThousandths - overdue)
        available = CreditAmount(tenThousandths: balance.available.tenThousandths + overdue)
        sequence = balance.sequence
    }
}

/// Credits that are given.
struct GrantCommand: Hashable, Sendable {
    var user: String
    var amount: CreditAmount
    var source: String
    var category: GrantCategory
    var reason: String
}

extension CreditsStore {
    /// Makes the user's wallet with the starter grant, once; later calls change nothing.
    func openAccount(
        _ user: String, starter: CreditAmount, _ origin: Origin
    ) async throws -> BalanceView {
        if let known = try await balanceIfKnown(user) { return known }
        let now = self.now
        return try await database.write { transaction in
            if let known = try transaction.wallet(of: user) {
                return BalanceView(user: known.user, balance: known.balance)
            }
            var account = try transaction.openWallet(of: user, nowUs: now.nowUs)
            if starter > .zero {
                let grant = GrantCommand(
                    user: user, amount: starter, source: Self.starterSource(user),
                    category: .promo, reason: "starter grant")
                try transaction.grant(grant, to: &account, origin, now)
            }
            return BalanceView(user: user, balance: account.balance)
        }
    }

    /// The user's balance now.
    func balance(of user: String) async throws -> BalanceView {
        guard let balance = try await balanceIfKnown(user) else {
            throw LedgerError.accountNotFound(user: user)
        }
        return balance
    }

    private func balanceIfKnown(_ user: String) async throws -> BalanceView? {
        let now = self.now
        return try await database.read { transaction in
            guard let account = try transaction.wallet(of: user) else { return nil }
            var overdue: Int64 = 0
            if account.balance.pending < .zero {
                overdue =
                    try transaction.first(
                        LedgerSQL.expiredSum, now.expiryUs, account.id
                    ) { row in try row.integer(0) } ?? 0
            }
            return BalanceView(user: account.user, balance: account.balance, overdue: overdue)
        }
    }

    /// Gives credits. The same source again changes nothing.
    func grant(
        _ command: GrantCommand, _ origin: Origin
    ) async throws -> (isDuplicate: Bool, balance: BalanceView) {
        let now = self.now
        let result = try await database.write { transaction in
            var account = try transaction.existingWallet(of: command.user)
            let isNew = try transaction.grant(command, to: &account, origin, now)
            return (
                isDuplicate: !isNew,
                balance: BalanceView(user: account.user, balance: account.balance)
            )
        }
        if !result.isDuplicate { watchers.changed(result.balance.user) }
        return result
    }

    /// Gives back a part of a capture; the same key again changes nothing.
    func refund(
        _ id: HoldID, _ amount: CreditAmount, key: String, reason: String, _ origin: Origin
    ) async throws -> BalanceView {
        let now = self.now
        let balance = try await database.write { transaction in
            let stored = try transaction.hold(id)
            var account = try transaction.existingWallet(of: stored.hold.user)
            let fullKey = "\(id.sequence):\(key)"
            if let known = try transaction.transaction(.refund, key: fullKey) {
                let before = try transaction.postedChange(of: known.sequence, known.account)
                guard before == amount.tenThousandths else {
                    throw LedgerError.keyReused(what: "refund key \(key)")
                }
                return BalanceView(user: account.user, balance: account.balance)
            }
            try stored.hold.refund(amount)
            var head = try transaction.head()
            let draft = LedgerDraft(
                kind: .refund, postings: Posting.credit(amount, from: .refunds), origin: origin,
                hold: id.sequence, key: fullKey, note: reason)
            try transaction.append(draft, to: &account, head: &head, nowUs: now.nowUs)
            try transaction.run(LedgerSQL.addRefund, amount.tenThousandths, id.sequence)
            return BalanceView(user: account.user, balance: account.balance)
        }
        watchers.changed(balance.user)
        return balance
    }

    /// Moves everything a guest owns to another account, made without a starter grant when it is
    /// not there. One person gets one starter grant: what is left of the guest's is taken back when
    /// the other account has its own.
    func merge(_ source: String, into target: String, _ origin: Origin) async throws -> BalanceView
    {
        guard source != target else {
            throw LedgerError.invalid(field: "into_user_id", reason: "is the same account")
        }
        let now = self.now
        let balance = try await database.write { transaction in
            try transaction.merge(source, into: target, origin, now)
        }
        watchers.changed(balance.user)
        return balance
    }

    static func starterSource(_ user: String) -> String { "starter:\(user)" }
}

extension Transaction {
    /// A transaction that may happen once, by its key.
    func transaction(
        _ kind: TransactionKind, key: String
    ) throws -> (sequence: Int64, account: Int64)? {
        try first(LedgerSQL.transactionByKey, kind.rawValue, key) { row in
            (try row.integer(0), try row.integer(1))
        }
    }

    /// By how much a transaction changed the posted sum of an account.
    func postedChange(of sequence: Int64, _ account: Int64) throws -> Int64 {
        try first(LedgerSQL.postedChange, sequence, account) { row in try row.integer(0) } ?? 0
    }

    /// Gives credits to a wallet; false when the source has been used for the same before.
    @discardableResult
    func grant(
        _ command: GrantCommand, to account: inout Account, _ origin: Origin, _ time: LedgerTime
    ) throws -> Bool {
        let known = try first(LedgerSQL.grantBySource, command.source) { row in
            (sequence: try row.integer(0), account: try row.integer(1), category: try row.text(2))
        }
        if let known {
            let amount = try postedChange(of: known.sequence, known.account)
            let receiver = try wallet(of: try wallet(id: known.account).user)
            guard receiver?.id == account.id, amount == command.amount.tenThousandths,
                known.category == command.category.rawValue
            else { throw LedgerError.keyReused(what: "source \(command.source)") }
            return false
        }
        var head = try head()
        let draft = LedgerDraft(
            kind: .grant, postings: Posting.credit(command.amount, from: command.category.house),
            origin: origin, key: command.source, note: command.reason)
        try append(draft, to: &account, head: &head, nowUs: time.nowUs)
        try run(
            LedgerSQL.insertGrant, head.sequence, command.category.rawValue, command.source)
        return true
    }

    fileprivate func merge(
        _ source: String, into target: String, _ origin: Origin, _ time: LedgerTime
    ) throws -> BalanceView {
        guard var from = try first(LedgerSQL.accountByOwner, source, map: Account.init) else {
            throw LedgerError.accountNotFound(user: source)
        }
        var into =
            try wallet(of: target) ?? openWallet(of: target, nowUs: time.nowUs)
        if let known = from.mergedInto {
            guard known == into.id else { throw LedgerError.accountMerged(user: source) }
            return BalanceView(user: into.user, balance: into.balance)
        }
        // The target was merged into the source before: a circle.
        guard from.id != into.id else { throw LedgerError.accountMerged(user: target) }
        var head = try head()
        try takeBackStarter(of: &from, keptBy: into, &head, origin, time)
        try moveAvailable(from: &from, to: &into, &head, origin, time)
        try run(LedgerSQL.mergeAccount, into.id, from.id)
        return BalanceView(user: into.user, balance: into.balance)
    }

    private func takeBackStarter(
        of account: inout Account, keptBy other: Account, _ head: inout LedgerHead,
        _ origin: Origin, _ time: LedgerTime
    ) throws {
        let own = try transaction(.grant, key: CreditsStore.starterSource(account.user))
        guard let own,
            try transaction(.grant, key: CreditsStore.starterSource(other.user)) != nil
        else { return }
        let starter = try postedChange(of: own.sequence, own.account)
        let granted =
            try first(LedgerSQL.grantedTotal, account.id) { row in
                try row.integer(0)
            } ?? 0
        // Given credits are spent first.
        let spent = granted - account.balance.posted.tenThousandths
        let rest = min(starter - spent, account.balance.available.tenThousandths)
        guard rest > 0 else { return }
        let draft = LedgerDraft(
            kind: .correction,
            postings: Posting.credit(CreditAmount(tenThousandths: -rest), from: .promotion),
            origin: origin, note: "second starter grant taken back")
        try append(draft, to: &account, head: &head, nowUs: time.nowUs)
    }
}
