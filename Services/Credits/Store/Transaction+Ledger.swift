internal import Cryptography
internal import Storage

/// A user's wallet as it is stored.
struct Account: Hashable, Sendable {
    var id: Int64
    var user: String
    var balance: WalletBalance
    var mergedInto: Int64?
}

/// The end of the chain: the last transaction.
struct LedgerHead: Hashable, Sendable {
    var sequence: Int64
    var atUs: Int64
    var hash: [UInt8]

    /// Before the first transaction.
    static let empty = LedgerHead(
        sequence: 0, atUs: 0, hash: [UInt8](repeating: 0, count: SHA256.digestBytes))
}

/// Who asked for a change.
struct Origin: Hashable, Sendable {
    var actor: String
    var request: String
}

/// A transaction that is about to be appended.
struct LedgerDraft: Sendable {
    var kind: TransactionKind
    var postings: [Posting]
    var origin: Origin
    var hold: Int64?
    var key: String?
    var asset = ""
    var note = ""
    var opened: TransactionRecord.OpenedHold?
    /// What a provider may have been paid for work that nobody pays, in micro-dollars.
    var lateLossU6: Int64 = 0
    /// Nobody looks whether the account can bear it: a defect that a test plants.
    var isUnchecked = false
}

extension Transaction {
    func head() throws -> LedgerHead {
        try first(LedgerSQL.head) { row in
            LedgerHead(
                sequence: try row.integer(0), atUs: try row.integer(1), hash: try row.bytes(2))
        } ?? .empty
    }

    /// The wallet of a user, or the one that it was merged into; nil when there is none.
    func wallet(of user: String) throws -> Account? {
        guard let own = try first(LedgerSQL.accountByOwner, user, map: Account.init) else {
            return nil
        }
        guard let target = own.mergedInto else { return own }
        return try wallet(id: target)
    }

    func wallet(id: Int64) throws -> Account {
        guard let account = try first(LedgerSQL.accountByID, id, map: Account.init) else {
            throw LedgerError.unsound("account \(id) is missing")
        }
        return account
    }

    func existingWallet(of user: String) throws -> Account {
        guard let account = try wallet(of: user) else {
            throw LedgerError.accountNotFound(user: user)
        }
        return account
    }

    /// Makes an empty wallet.
    func openWallet(of user: String, nowUs: Int64) throws -> Account {
        try run(LedgerSQL.insertAccount, user, nowUs)
        return Account(id: lastInsertedID, user: user, balance: WalletBalance())
    }

    /// Appends a transaction to the chain and moves the balances; `account` has them afterwards.
    ///
    /// - Parameters:
    ///   - head: The end of the chain; after the call, the new one.
    ///   - nowUs: The time of the ledger. The transaction gets a later one when the head is as late.
    func append(
        _ draft: LedgerDraft, to account: inout Account, head: inout LedgerHead, nowUs: Int64
    ) throws {
        var balance = account.balance
        var lines: [TransactionRecord.EntryRecord] = []
        lines.reserveCapacity(draft.postings.count * 2)
        for posting in draft.postings {
            try balance.apply(posting)
            let amount = posting.amount.tenThousandths
            let layer = posting.layer.rawValue
            lines.append(.init(account: account.id, asset: 1, layer: layer, amount: amount))
            lines.append(
                .init(account: posting.house.rawValue, asset: 1, layer: layer, amount: -amount))
        }
        if draft.lateLossU6 > 0 {
            let loss = draft.lateLossU6
            for (house, amount) in [(HouseAccount.lateLoss, -loss), (.providerCost, loss)] {
                lines.append(.init(account: house.rawValue, asset: 2, layer: 0, amount: amount))
            }
        }
        guard draft.isUnchecked || (account.isDebt ? balance.isSoundDebt : balance.isSound) else {
            throw LedgerError.unsound("a transaction that its rule allowed breaks \(account.id)")
        }
        let record = TransactionRecord(
            sequence: head.sequence + 1, kind: draft.kind, account: account.id,
            previous: account.balance.sequence, hold: draft.hold, key: draft.key,
            actor: draft.origin.actor, request: draft.origin.request, asset: draft.asset,
            note: draft.note, postedAfter: balance.posted.tenThousandths,
            pendingAfter: balance.pending.tenThousandths, atUs: max(head.atUs + 1, nowUs),
            lines: lines, opened: draft.opened)
        let hash = record.hash(after: head.hash, owner: account.user)
        try insert(record, hash)
        balance.sequence = record.sequence
        account.balance = balance
        head = LedgerHead(sequence: record.sequence, atUs: record.atUs, hash: hash)
    }

    private func insert(_ record: TransactionRecord, _ hash: [UInt8]) throws {
        try run(
            LedgerSQL.insertTransaction, record.sequence, record.kind.rawValue, record.account,
            record.previous, record.hold, record.key, record.actor, record.request, record.asset,
            record.note, record.postedAfter, record.pendingAfter, record.atUs, hash)
        for index in stride(from: 0, to: record.lines.count, by: 2) {
            let line = record.lines[index]
            try run(
                LedgerSQL.insertTwoEntries, record.sequence, index, line.account,
                record.lines[index + 1].account, line.layer, line.amount, line.asset)
        }
    }
}

extension LedgerHead {
    /// The head in three columns of a row; before the first transaction they are NULL.
    init(_ row: borrowing Row, from column: Int32) throws {
        self = .empty
        guard let sequence = try row.optionalInteger(column) else { return }
        self.init(
            sequence: sequence, atUs: try row.integer(column + 1),
            hash: try row.bytes(column + 2))
    }
}

extension TransactionRecord {
    /// The link of the chain: SHA-256 of the hash before and the canonical bytes.
    func hash(after previous: [UInt8], owner: String) -> [UInt8] {
        var hash = SHA256()
        hash.update(previous)
        hash.update(canonicalBytes(owner: owner))
        return hash.finish()
    }
}

extension Account {
    init(_ row: borrowing Row) throws {
        self.init(
            id: try row.integer(0), user: try row.text(1),
            balance: WalletBalance(
                posted: CreditAmount(tenThousandths: try row.integer(2)),
                pending: CreditAmount(tenThousandths: try row.integer(3)),
                sequence: try row.integer(4),
                lowThreshold: try row.optionalInteger(6).map(
                    CreditAmount.init(tenThousandths:))),
            mergedInto: try row.optionalInteger(5))
    }
}
