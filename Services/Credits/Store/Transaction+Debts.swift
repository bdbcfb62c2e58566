internal import Storage

extension Account {
    /// What a debt account's owner begins with; a user's name has no space.
    private static let debtPrefix = "debt of "

    static func debtOwner(of user: String) -> String { debtPrefix + user }

    /// Whether an account with this owner is a debt: never above zero, nothing set aside.
    static func isDebt(_ owner: String) -> Bool { owner.hasPrefix(debtPrefix) }

    var isDebt: Bool { Self.isDebt(user) }

    /// Where the name of the debtor begins in the owner of a debt, counted from 1.
    static let debtorOffset = debtPrefix.utf8.count + 1
}

/// What users owe: credits that were taken back and were not there any more. Whatever a wallet gets
/// pays it first, so that a debtor has nothing to spend.
extension Transaction {
    /// What the owner of a wallet owes.
    func owed(by user: String) throws -> CreditAmount {
        let units = try first(PaymentSQL.owed, Account.debtOwner(of: user)) { row in
            try row.integer(0)
        }
        return CreditAmount(tenThousandths: units ?? 0)
    }

    /// The debt account of a user; made when it is not there.
    func debtAccount(of user: String, nowUs: Int64) throws -> Account {
        let owner = Account.debtOwner(of: user)
        if let known = try first(PaymentSQL.debt, owner, map: Account.init) { return known }
        try run(PaymentSQL.insertDebt, owner, nowUs)
        return Account(id: lastInsertedID, user: owner, balance: WalletBalance())
    }

    /// Takes credits out of the wallet's blocks: those that `transaction` brought first, then the
    /// others in the order in which they are spent.
    ///
    /// - Precondition: The transaction that takes them from the wallet is appended, and the wallet had
    ///   so much to spend.
    func takeFromBlocks(
        _ amount: CreditAmount, of account: Account, first transaction: Int64? = nil
    ) throws {
        var blocks = try all(BlockSQL.remainingOfAccount, account.id, map: GrantBlock.init)
        if let transaction {
            blocks =
                blocks.filter { $0.transaction == transaction }
                + blocks.filter { $0.transaction != transaction }
        }
        var left = amount.tenThousandths
        for block in blocks where left > 0 {
            let share = min(left, block.remaining.tenThousandths)
            left -= share
            try run(BlockSQL.remove, share, block.id)
            try run(BlockSQL.close, block.id)
        }
        guard left == 0 else {
            throw LedgerError.unsound("the blocks of account \(account.id) are not its balance")
        }
    }

    /// Pays what the wallet's owner owes from what the wallet may spend.
    func collectDebt(
        from account: inout Account, _ head: inout LedgerHead, _ time: LedgerTime
    ) throws {
        let owed = try owed(by: account.user)
        guard owed > .zero, account.balance.available > .zero else { return }
        try expireBlocks(of: &account, &head, time)
        let amount = min(owed, account.balance.available)
        guard amount > .zero else { return }
        var debt = try debtAccount(of: account.user, nowUs: time.nowUs)
        let paid = LedgerDraft(
            kind: .correction, postings: Posting.credit(amount.negated, from: .transit),
            origin: .payments, note: "debt paid")
        try append(paid, to: &account, head: &head, nowUs: time.nowUs)
        try takeFromBlocks(amount, of: account)
        let settled = LedgerDraft(
            kind: .correction, postings: Posting.credit(amount, from: .transit), origin: .payments,
            note: "debt paid")
        try append(settled, to: &debt, head: &head, nowUs: time.nowUs)
    }

    /// Moves what one user owes to another, whose account takes the first one's place.
    func moveDebt(
        from source: Account, to target: inout Account, _ head: inout LedgerHead,
        _ origin: Origin, _ time: LedgerTime
    ) throws {
        let owed = try owed(by: source.user)
        if owed > .zero {
            var from = try debtAccount(of: source.user, nowUs: time.nowUs)
            var to = try debtAccount(of: target.user, nowUs: time.nowUs)
            let out = LedgerDraft(
                kind: .merge, postings: Posting.credit(owed, from: .transit), origin: origin,
                note: "to \(target.user)")
            try append(out, to: &from, head: &head, nowUs: time.nowUs)
            let into = LedgerDraft(
                kind: .merge, postings: Posting.credit(owed.negated, from: .transit),
                origin: origin, note: "from \(source.user)")
            try append(into, to: &to, head: &head, nowUs: time.nowUs)
        }
        try collectDebt(from: &target, &head, time)
    }
}

extension Origin {
    static let payments = Origin(actor: "payments", request: "")
}
