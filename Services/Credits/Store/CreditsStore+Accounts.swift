internal import ServiceRuntime
internal import Storage

/// A wallet as its owner sees it.
struct BalanceView: Hashable, Sendable {
    var user: String
    var posted: CreditAmount
    var held: CreditAmount
    var available: CreditAmount
    var sequence: Int64
    /// Nil for the service's own.
    var lowThreshold: CreditAmount?

    /// - Parameters:
    ///   - overdue: Held by leases that are over: shown as free before the sweep ends them.
    ///   - expired: In blocks that are over: shown as gone before the sweep books it off.
    ///   - owed: Paid before anything is spent.
    init(
        user: String, balance: WalletBalance, overdue: Int64 = 0, expired: Int64 = 0,
        owed: Int64 = 0
    ) {
        self.user = user
        posted = CreditAmount(tenThousandths: balance.posted.tenThousandths - expired)
        held = CreditAmount(tenThousandths: balance.held.tenThousandths - overdue)
        let available = balance.available.tenThousandths + overdue - expired
        self.available = CreditAmount(
            tenThousandths: owed > 0 ? max(0, available - owed) : available)
        sequence = balance.sequence
        lowThreshold = balance.lowThreshold
    }
}

/// Credits that are given.
struct GrantCommand: Hashable, Sendable {
    var user: String
    var amount: CreditAmount
    var source: String
    var category: GrantCategory
    var reason: String
    var terms: BlockTerms
    /// Given then, when that is later than now.
    var effectiveAtUs: Int64 = 0
}

/// What became of a grant.
struct GrantOutcome: Hashable, Sendable {
    var isDuplicate: Bool
    var isScheduled = false
    var balance: BalanceView
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
                    category: .promo, reason: "starter grant",
                    terms: BlockTerms(
                        priority: GrantCategory.promo.standardPriority,
                        expiresAtUs: GrantBlock.never))
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
            let expired =
                try transaction.first(
                    BlockSQL.overSum, account.id, now.expiryUs
                ) { row in try row.integer(0) } ?? 0
            return BalanceView(
                user: account.user, balance: account.balance, overdue: overdue,
                expired: expired, owed: try transaction.owed(by: account.user).tenThousandths)
        }
    }

    /// - Parameter threshold: Nil for the service's own.
    func setLowThreshold(_ threshold: CreditAmount?, of user: String) async throws -> BalanceView {
        let user = try await database.write { transaction in
            let account = try transaction.existingWallet(of: user)
            try transaction.run(
                LedgerSQL.setLowThreshold, threshold?.tenThousandths, account.id)
            return account.user
        }
        return try await balance(of: user)
    }

    /// Gives credits. The same source again changes nothing.
    func grant(_ command: GrantCommand, _ origin: Origin) async throws -> GrantOutcome {
        let now = self.now
        let outcome = try await database.write { transaction in
            var account = try transaction.existingWallet(of: command.user)
            let isScheduled = try transaction.isScheduled(command, for: account)
            let isNew: Bool
            if isScheduled {
                isNew = false
            } else if command.effectiveAtUs > now.nowUs {
                isNew = try transaction.schedule(command, for: account, origin)
            } else {
                isNew = try transaction.grant(command, to: &account, origin, now)
            }
            return GrantOutcome(
                isDuplicate: !isNew,
                isScheduled: isScheduled || isNew && command.effectiveAtUs > now.nowUs,
                balance: BalanceView(user: account.user, balance: account.balance))
        }
        if !outcome.isDuplicate { watchers.changed(outcome.balance.user) }
        return outcome
    }

    /// Takes back what is left of a grant.
    func voidGrant(
        _ source: String, reason: String, _ origin: Origin
    ) async throws -> BalanceView {
        let now = self.now
        let user = try await database.write { transaction in
            try transaction.void(source: source, reason: reason, origin, now)
        }
        watchers.changed(user)
        return try await balance(of: user)
    }

    /// The user's blocks, the newest first.
    func blocks(of user: String, limit: Int) async throws -> [GrantBlock] {
        try await database.read { transaction in
            let account = try transaction.existingWallet(of: user)
            return try transaction.all(
                BlockSQL.ofAccount, account.id, limit, map: GrantBlock.init)
        }
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
            if now.mutant != .refundsWhatCallerSays { try stored.hold.refund(amount) }
            var head = try transaction.head()
            let draft = LedgerDraft(
                kind: .refund, postings: Posting.credit(amount, from: .refunds), origin: origin,
                hold: id.sequence, key: fullKey, note: reason)
            try transaction.append(draft, to: &account, head: &head, nowUs: now.nowUs)
            try transaction.refundBlocks(
                of: stored, amount, account: account.id, head: head, now)
            if now.mutant != .refundsWhatCallerSays {
                try transaction.run(LedgerSQL.addRefund, amount.tenThousandths, id.sequence)
            }
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
        try insertBlock(
            command.amount, account: account.id, transaction: head.sequence,
            category: command.category.rawValue, command.terms)
        try collectDebt(from: &account, &head, time)
        return true
    }

    /// Whether the source is planned for the same already.
    fileprivate func isScheduled(_ command: GrantCommand, for account: Account) throws -> Bool {
        let known = try first(BlockSQL.scheduled, command.source) { row in
            (try row.integer(0), try row.integer(1), try row.text(2))
        }
        guard let (owner, amount, category) = known else { return false }
        let receiver = try wallet(of: try wallet(id: owner).user)
        guard receiver?.id == account.id, amount == command.amount.tenThousandths,
            category == command.category.rawValue
        else { throw LedgerError.keyReused(what: "source \(command.source)") }
        return true
    }

    /// Plans a grant; false when the source has been used for the same before.
    fileprivate func schedule(
        _ command: GrantCommand, for account: Account, _ origin: Origin
    ) throws -> Bool {
        if try first(LedgerSQL.grantBySource, command.source, map: { _ in true }) != nil {
            throw LedgerError.keyReused(what: "source \(command.source)")
        }
        try run(
            BlockSQL.schedule, command.source, account.id, command.amount.tenThousandths,
            command.category.rawValue, command.terms.priority, command.effectiveAtUs,
            command.terms.expiresAtUs, origin.actor, origin.request, command.reason)
        return true
    }

    /// Gives what is due, at most `limit` grants; to whom.
    func giveDue(limit: Int, _ time: LedgerTime) throws -> [String] {
        let due = try all(BlockSQL.due, time.nowUs, limit) { row in
            let category = GrantCategory(rawValue: try row.text(3)) ?? .promo
            let command = GrantCommand(
                user: "", amount: CreditAmount(tenThousandths: try row.integer(2)),
                source: try row.text(0), category: category, reason: try row.text(8),
                terms: BlockTerms(
                    priority: try row.integer(4), expiresAtUs: try row.integer(5)))
            let origin = Origin(actor: try row.text(6), request: try row.text(7))
            return (account: try row.integer(1), command: command, origin: origin)
        }
        return try due.map { account, command, origin in
            var receiver = try existingWallet(of: try wallet(id: account).user)
            try grant(command, to: &receiver, origin, time)
            try run(BlockSQL.unschedule, command.source)
            return receiver.user
        }
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
        try expireBlocks(of: &from, &head, time)
        try takeBackStarter(of: &from, keptBy: into, &head, origin, time)
        try moveAvailable(from: &from, to: &into, &head, origin, time)
        try run(LedgerSQL.mergeAccount, into.id, from.id)
        try moveDebt(from: from, to: &into, &head, origin, time)
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
        let blocks = try all(BlockSQL.ofTransaction, own.sequence, map: GrantBlock.init)
        for block in blocks where block.account == account.id && block.remaining > .zero {
            let draft = LedgerDraft(
                kind: .correction,
                postings: Posting.credit(block.remaining.negated, from: .promotion),
                origin: origin, note: "second starter grant taken back")
            try append(draft, to: &account, head: &head, nowUs: time.nowUs)
            try run(BlockSQL.remove, block.remaining.tenThousandths, block.id)
        }
    }
}
