internal import ServiceRuntime
internal import Storage

/// A hold as it is stored, with the number of its account.
struct StoredHold: Hashable, Sendable {
    var hold: Hold
    var account: Int64
    /// The block that it took from; nil when they are several.
    var block: Int64?
}

/// A hold that is asked for.
struct HoldCommand: Hashable, Sendable {
    var user: String
    var terms: HoldTerms
    var amount: CreditAmount
    /// 0 when the caller named the amount.
    var priceVersion: Int
    var limit = HoldLimit()
    var ttlMs: Int64
    var hardMs: Int64
}

/// What a change of a hold leaves behind.
struct HoldReceipt: Hashable, Sendable {
    var hold: Hold
    var balance: WalletBalance
    /// The balance's owner; another user than asked for when accounts were merged.
    var user: String
    /// Whether it had been done before, so that nothing changed.
    var isReplay: Bool
    /// The percent of the user's budget that this hold is the first to reach; 0 for none.
    var budgetReached: Int64 = 0
    /// What a provider may have been paid for work that nobody pays, in micro-dollars.
    var lateLossU6: Int64 = 0
    /// Holds whose lease was over and whose credits were needed.
    var expired: [HoldReceipt] = []
}

/// The two readings of the ledger's clock that a write needs, and the defect that a test plants.
struct LedgerTime: Hashable, Sendable {
    var nowUs: Int64
    /// Leases that ended by this instant are over.
    var expiryUs: Int64
    var mutant: Mutant?
}

extension Transaction {
    func hold(job: String, operation: String) throws -> StoredHold? {
        try first(LedgerSQL.holdByJob, job, operation, map: StoredHold.init)
    }

    func hold(_ id: HoldID) throws -> StoredHold {
        let stored = try first(LedgerSQL.holdByID, id.sequence, map: StoredHold.init)
        guard let stored, stored.hold.id == id else {
            throw LedgerError.holdNotFound(id: id.text)
        }
        return stored
    }

    /// Sets credits aside, once for each job and operation.
    ///
    /// Leases of this wallet that are over give their credits back first when they are needed.
    func openHold(
        _ command: HoldCommand, _ origin: Origin, _ time: LedgerTime
    ) throws -> HoldReceipt {
        let terms = command.terms
        guard var opening = try opening(of: command.user, terms) else {
            throw LedgerError.accountNotFound(user: command.user)
        }
        if opening.isKnown, let stored = try hold(job: terms.job, operation: terms.operation) {
            return try replay(stored, command)
        }
        if let target = opening.account.mergedInto {
            opening.account = try wallet(id: target)
            opening.hasBudget = true
            opening.hasDebt = true
        }
        var account = opening.account
        var head = opening.head
        var expired: [HoldReceipt] = []
        if account.balance.available < command.amount {
            expired = try expireHolds(of: &account, &head, time)
        }
        if opening.hasDebt { try collectDebt(from: &account, &head, time) }
        let isUnchecked = time.mutant == .checksWalletThenHolds
        guard isUnchecked || account.balance.available >= command.amount,
            let blocks = try take(command.amount, of: &account, &head, time)
        else {
            throw LedgerError.insufficientCredits(
                Shortfall(
                    required: command.amount, available: account.balance.available,
                    operation: terms.operation, model: terms.model))
        }
        // A wallet that was reached through a merge is looked up; others said whether they have one.
        let reached =
            opening.hasBudget ? try spendBudget(command.amount, of: account.id, time) : nil
        try spend(command.amount, within: command.limit, nowUs: time.nowUs)
        let sequence = head.sequence + 1
        let hardAtUs = time.nowUs + command.hardMs * 1_000
        let hold = Hold(
            id: HoldID(sequence: sequence, job: terms.job, operation: terms.operation),
            user: account.user, terms: terms, amount: command.amount,
            priceVersion: command.priceVersion,
            quote: command.limit.quoted.map { .init(id: $0.quote, line: $0.id) },
            createdAtUs: time.nowUs,
            expiresAtUs: min(time.nowUs + command.ttlMs * 1_000, hardAtUs), hardAtUs: hardAtUs)
        try run(
            LedgerSQL.insertHold, sequence, account.id, hold.amount.tenThousandths,
            terms.operation, terms.model, terms.quantity, terms.job, terms.session,
            hold.priceVersion, hold.createdAtUs, hold.expiresAtUs, hold.hardAtUs, terms.catalogue,
            terms.parameters, hold.quote?.line, blocks.single)
        try insertParts(blocks, hold: sequence)
        let opened = TransactionRecord.OpenedHold(
            terms: terms, amount: hold.amount.tenThousandths,
            priceVersion: Int64(hold.priceVersion), quoteLine: hold.quote?.line)
        let draft = LedgerDraft(
            kind: .hold, postings: Posting.hold(hold.amount), origin: origin, hold: sequence,
            opened: opened, isUnchecked: isUnchecked)
        try append(draft, to: &account, head: &head, nowUs: time.nowUs)
        assert(head.sequence == sequence)
        if let reached {
            try run(
                BudgetSQL.notice, sequence, reached.percent, reached.budget.tenThousandths)
        }
        return HoldReceipt(
            hold: hold, balance: account.balance, user: account.user, isReplay: false,
            budgetReached: reached?.percent ?? 0, expired: expired)
    }

    /// What a new hold needs to know.
    private struct Opening {
        var account: Account
        var head: LedgerHead
        var isKnown: Bool
        var hasBudget: Bool
        var hasDebt: Bool
    }

    private func opening(of user: String, _ terms: HoldTerms) throws -> Opening? {
        try first(LedgerSQL.opening, user, terms.job, terms.operation) { row in
            Opening(
                account: try Account(row), head: try LedgerHead(row, from: 7),
                isKnown: try row.flag(10), hasBudget: try row.flag(11),
                hasDebt: try row.flag(12))
        }
    }

    private func replay(_ stored: StoredHold, _ command: HoldCommand) throws -> HoldReceipt {
        let account = try existingWallet(of: command.user)
        let owner = try wallet(of: stored.hold.user)
        // A price may have changed since: then the same quantity of the same thing is the same hold.
        let isSameAmount =
            stored.hold.amount == command.amount
            || stored.hold.priceVersion != 0 && command.priceVersion != 0
        guard owner?.id == account.id, isSameAmount,
            stored.hold.terms.isSameWork(as: command.terms)
        else {
            throw LedgerError.keyReused(what: "job \(command.terms.job)")
        }
        return HoldReceipt(
            hold: stored.hold, balance: account.balance, user: account.user, isReplay: true)
    }

    /// What a close that repeats an earlier one is answered with.
    func replay(of stored: StoredHold, _ time: LedgerTime) throws -> HoldReceipt {
        if time.mutant == .replayThrows { throw LedgerError.unsound("closed before") }
        return try receipt(of: stored, isReplay: true)
    }

    /// The balance beside a hold that this write or read has not moved.
    func receipt(of stored: StoredHold, isReplay: Bool) throws -> HoldReceipt {
        let account = try existingWallet(of: stored.hold.user)
        return HoldReceipt(
            hold: stored.hold, balance: account.balance, user: account.user, isReplay: isReplay)
    }

    /// Closes a hold: takes `captured` of it and gives back the rest.
    func closeHold(
        _ stored: StoredHold, as kind: TransactionKind, captured: CreditAmount, asset: String = "",
        note: String, _ origin: Origin, _ time: LedgerTime
    ) throws -> HoldReceipt {
        let found = try first(LedgerSQL.closing, stored.account) { row in
            (try Account(row), try LedgerHead(row, from: 7))
        }
        guard var (account, head) = found else {
            throw LedgerError.unsound("account \(stored.account) is missing")
        }
        let receipt = try closeHold(
            stored, of: &account, &head, as: kind, captured: captured, asset: asset, note: note,
            origin, time)
        return receipt
    }

    private func closeHold(
        _ stored: StoredHold, of account: inout Account, _ head: inout LedgerHead,
        as kind: TransactionKind, captured: CreditAmount, asset: String, note: String,
        _ origin: Origin, _ time: LedgerTime
    ) throws -> HoldReceipt {
        var hold = stored.hold
        precondition(hold.state.isOpen && captured <= hold.amount)
        var draft = LedgerDraft(
            kind: kind, postings: Posting.close(held: hold.amount, captured: captured),
            origin: origin, hold: hold.id.sequence, asset: asset, note: note)
        if kind == .expire, hold.state == .submitted {
            draft.lateLossU6 = try lateLoss(of: hold)
        }
        let lateLossU6 = draft.lateLossU6
        try append(draft, to: &account, head: &head, nowUs: time.nowUs)
        hold.state = kind.closedState
        hold.captured = captured
        hold.resolvedAtUs = head.atUs
        let changed = try change(
            LedgerSQL.closeHold, hold.state.rawValue, captured.tenThousandths, head.atUs,
            head.sequence, hold.id.sequence)
        guard changed == 1 else { throw LedgerError.unsound("hold \(hold.id.text) closed twice") }
        try settleBlocks(of: stored, captured: captured, &account, &head, origin, time)
        try unspendBudget(
            try hold.amount - captured, of: stored.account, hold: hold)
        if let quote = hold.quote {
            try unspend(try hold.amount - captured, quoteLine: quote.line)
        }
        var owner = account
        if let target = account.mergedInto {
            owner = try wallet(id: target)
            try moveAvailable(from: &account, to: &owner, &head, origin, time)
        }
        return HoldReceipt(
            hold: hold, balance: owner.balance, user: owner.user, isReplay: false,
            lateLossU6: lateLossU6)
    }

    /// What the provider of a hold may have been paid, in micro-dollars: what the user would have
    /// paid, at what a credit was worth then.
    private func lateLoss(of hold: Hold) throws -> Int64 {
        let value =
            try first(LedgerSQL.creditValue, hold.priceVersion, hold.createdAtUs) { row in
                try row.integer(0)
            } ?? 0
        let loss = Int128(hold.amount.tenThousandths) * Int128(value)
        return Int64(clamping: (loss + 9_999) / 10_000)
    }

    /// Ends the leases of one wallet that are over.
    private func expireHolds(
        of account: inout Account, _ head: inout LedgerHead, _ time: LedgerTime
    ) throws -> [HoldReceipt] {
        let overdue = try all(
            LedgerSQL.expiredHoldsOfAccount, time.expiryUs, account.id, map: StoredHold.init)
        return try overdue.map { stored in
            try closeHold(
                stored, of: &account, &head, as: .expire, captured: .zero, asset: "",
                note: stored.hold.expiryNote, .sweeper, time)
        }
    }

    /// Ends leases that are over, the longest overdue first; at most `limit`.
    func expireHolds(limit: Int, _ time: LedgerTime) throws -> [HoldReceipt] {
        let overdue = try all(LedgerSQL.expiredHolds, time.expiryUs, limit, map: StoredHold.init)
        return try overdue.map { stored in
            if let receipt = try sweepWrongly(stored, time) { return receipt }
            return try closeHold(
                stored, as: .expire, captured: .zero, note: stored.hold.expiryNote, .sweeper, time)
        }
    }

    /// What the sweeper does when a test has planted a defect into it; nil when none is.
    private func sweepWrongly(_ stored: StoredHold, _ time: LedgerTime) throws -> HoldReceipt? {
        switch time.mutant {
        case .sweeperCaptures:
            return try closeHold(
                stored, as: .capture, captured: stored.hold.amount, note: "", .sweeper, time)
        case .sweepsByAnotherKey:
            var account = try wallet(id: stored.account)
            var head = try head()
            let draft = LedgerDraft(
                kind: .correction,
                postings: Posting.close(held: stored.hold.amount, captured: .zero),
                origin: .sweeper)
            try append(draft, to: &account, head: &head, nowUs: time.nowUs)
            return try receipt(of: stored, isReplay: false)
        default:
            return nil
        }
    }

    /// Moves what one wallet may spend to another.
    func moveAvailable(
        from source: inout Account, to target: inout Account, _ head: inout LedgerHead,
        _ origin: Origin, _ time: LedgerTime
    ) throws {
        let amount = source.balance.available
        guard amount > .zero else { return }
        let out = LedgerDraft(
            kind: .merge, postings: Posting.credit(amount.negated, from: .transit),
            origin: origin, note: "to \(target.user)")
        try append(out, to: &source, head: &head, nowUs: time.nowUs)
        let into = LedgerDraft(
            kind: .merge, postings: Posting.credit(amount, from: .transit), origin: origin,
            note: "from \(source.user)")
        try append(into, to: &target, head: &head, nowUs: time.nowUs)
        try moveBlocks(from: source.id, to: target.id)
    }
}

extension TransactionKind {
    /// The state of a hold that a transaction of this kind closes.
    fileprivate var closedState: HoldState {
        switch self {
        case .capture: .captured
        case .release: .released
        case .expire: .expired
        case .grant, .hold, .refund, .merge, .correction:
            preconditionFailure("a \(rawValue) closes no hold")
        }
    }
}

extension Hold {
    fileprivate var expiryNote: String {
        state == .submitted ? "hard limit reached" : "lease ended"
    }
}

extension BlockChoice {
    fileprivate var single: Int64? {
        if case .whole(let block) = self { block } else { nil }
    }
}

extension Origin {
    static let sweeper = Origin(actor: "sweeper", request: "")
}

extension StoredHold {
    init(_ row: borrowing Row) throws {
        let sequence = try row.integer(0)
        let stateText = try row.text(5)
        guard let state = HoldState(rawValue: stateText) else {
            throw LedgerError.unsound("hold \(sequence) has state \(stateText)")
        }
        let terms = HoldTerms(
            job: try row.text(9), operation: try row.text(6), model: try row.text(7),
            quantity: try row.integer(8), session: try row.text(10), catalogue: try row.text(18),
            parameters: try row.text(19))
        account = try row.integer(1)
        block = try row.optionalInteger(23)
        hold = Hold(
            id: HoldID(sequence: sequence, job: terms.job, operation: terms.operation),
            user: try row.text(17), terms: terms,
            amount: CreditAmount(tenThousandths: try row.integer(2)),
            captured: CreditAmount(tenThousandths: try row.integer(3)),
            refunded: CreditAmount(tenThousandths: try row.integer(4)), state: state,
            priceVersion: Int(try row.integer(11)), providerReference: try row.text(12),
            createdAtUs: try row.integer(13), expiresAtUs: try row.integer(14),
            hardAtUs: try row.integer(15), resolvedAtUs: try row.optionalInteger(16))
        if let line = try row.optionalInteger(20) {
            hold.quote = Hold.QuotedLine(
                id: QuoteID(number: try row.integer(21), createdAtUs: try row.integer(22)),
                line: line)
        }
    }
}
