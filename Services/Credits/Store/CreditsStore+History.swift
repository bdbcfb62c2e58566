internal import Storage

/// One transaction as its account's owner sees it.
struct HistoryRow: Hashable, Sendable {
    var sequence: Int64
    var kind: TransactionKind
    /// The account's transaction before this one; 0 for none.
    var previous: Int64
    var posted: CreditAmount
    var held: CreditAmount
    var postedAfter: CreditAmount
    var heldAfter: CreditAmount
    var atUs: Int64
    var request: String
    var asset: String
    var note: String
    /// The service or the operator that asked for it.
    var actor: String
    /// Of the hold that it opens, closes or refunds; nil for other kinds.
    var hold: HoldFacts?
    /// The threshold of the user's budget that it was the first to reach.
    var budgetNotice: BudgetNotice?

    /// What could be spent before it.
    var availableBefore: CreditAmount {
        CreditAmount(
            tenThousandths: postedAfter.tenThousandths - heldAfter.tenThousandths
                - posted.tenThousandths + held.tenThousandths)
    }

    struct HoldFacts: Hashable, Sendable {
        var id: HoldID
        var terms: HoldTerms
        var priceVersion: Int
        var providerReference: String
        var quote: QuoteID?
    }
}

/// A page of history, newest first.
struct HistoryPage: Hashable, Sendable {
    var rows: [HistoryRow]
    /// Where the next page begins; 0 at the end.
    var nextBefore: Int64
}

/// Which rows of a history are asked for.
struct HistoryFilter: Hashable, Sendable {
    /// Only holds of this session; empty for all.
    var session = ""
    /// Only these; empty for all.
    var kinds: Set<TransactionKind> = []
    /// Only holds for this; empty for all.
    var operation = ""
    /// From here on, but not at `untilUs` or later.
    var fromUs: Int64 = .min
    var untilUs: Int64 = .max

    /// Whether every row of the period is asked for.
    var isWhole: Bool { session.isEmpty && kinds.isEmpty && operation.isEmpty && untilUs == .max }

    func takes(_ row: HistoryRow) -> Bool {
        (session.isEmpty || row.hold?.terms.session == session)
            && (kinds.isEmpty || kinds.contains(row.kind))
            && (operation.isEmpty || row.hold?.terms.operation == operation)
            && row.atUs >= fromUs && row.atUs < untilUs
    }
}

/// What a session was charged for one kind of work.
struct StatementLine: Hashable, Sendable {
    var operation: String
    var model: String
    var holds: Int64
    /// Captured and not refunded.
    var charged: Int64
    var held: Int64
    var firstAtUs: Int64
    var lastAtUs: Int64
}

extension CreditsStore {
    /// How many rows a search looks at before it gives back a shorter page.
    fileprivate static let scannedMax = 5_000
    /// How many missed changes a watcher is told about; older ones are skipped.
    private static let missedMax = 10_000

    /// The user's transactions before a sequence (0: from the newest), newest first.
    ///
    /// - Parameter limit: 1...200.
    func history(
        of user: String, before: Int64, limit: Int, _ filter: HistoryFilter = HistoryFilter()
    ) async throws -> HistoryPage {
        let page: @Sendable (borrowing Transaction) throws -> HistoryPage = { transaction in
            try transaction.page(of: user, before: before, limit: limit, filter)
        }
        // A page by itself is short; passing over what a filter leaves out may not be.
        return try await filter.isWhole ? database.read(page) : database.scan(page)
    }

    /// What a session of the user was charged; empty when it never held anything.
    func statement(of session: String, user: String) async throws -> [StatementLine] {
        try await database.read { transaction in
            let account = try transaction.existingWallet(of: user)
            return try transaction.all(LedgerSQL.statement, session, account.id) { row in
                StatementLine(
                    operation: try row.text(0), model: try row.text(1),
                    holds: try row.integer(2), charged: try row.integer(3),
                    held: try row.integer(4), firstAtUs: try row.integer(5),
                    lastAtUs: try row.integer(6))
            }
        }
    }

    /// The sequence of the last transaction of all.
    func lastSequence() async throws -> Int64 {
        try await database.read { transaction in try transaction.head().sequence }
    }

    /// The user's changes after a sequence, oldest first, and the balance now.
    func changes(
        of user: String, after: Int64
    ) async throws -> (rows: [HistoryRow], balance: BalanceView) {
        let balance = try await balance(of: user)
        let rows = try await database.scan { transaction in
            let account = try transaction.existingWallet(of: user)
            var rows: [HistoryRow] = []
            var next = account.balance.sequence
            while next > after, rows.count < Self.missedMax {
                for row in try transaction.history(from: next, limit: 100) {
                    guard row.sequence > after else { break }
                    rows.append(row)
                }
                next = rows.last?.previous ?? 0
            }
            return Array(rows.reversed())
        }
        return (rows, balance)
    }
}

extension Transaction {
    /// What ``CreditsStore/history(of:before:limit:_:)`` gives.
    fileprivate borrowing func page(
        of user: String, before: Int64, limit: Int, _ filter: HistoryFilter
    ) throws -> HistoryPage {
        let account = try existingWallet(of: user)
        var next = account.balance.sequence
        if before != 0 {
            guard let previous = try self.previous(of: before, in: account.id) else {
                throw LedgerError.invalid(field: "before", reason: "is not of this account")
            }
            next = previous
        }
        var rows: [HistoryRow] = []
        var scanned = 0
        var lastSeen: Int64 = 0
        while next != 0, rows.count < limit, scanned < CreditsStore.scannedMax {
            let count = filter.isWhole ? limit : 200
            for row in try history(from: next, limit: count) {
                // Times rise with the sequence: everything before it is too old as well.
                guard row.atUs >= filter.fromUs else {
                    return HistoryPage(rows: rows, nextBefore: 0)
                }
                scanned += 1
                next = row.previous
                lastSeen = row.sequence
                if filter.takes(row) {
                    rows.append(row)
                    if rows.count == limit { break }
                }
            }
        }
        return HistoryPage(rows: rows, nextBefore: next == 0 ? 0 : lastSeen)
    }

    /// An account's transactions from one of them back, newest first.
    func history(from sequence: Int64, limit: Int) throws -> [HistoryRow] {
        try all(LedgerSQL.history, sequence, limit, map: HistoryRow.init)
    }

    func previous(of sequence: Int64, in account: Int64) throws -> Int64? {
        try first(LedgerSQL.previousInAccount, sequence, account) { row in try row.integer(0) }
    }
}

extension HistoryRow {
    init(_ row: borrowing Row) throws {
        let kindText = try row.text(1)
        sequence = try row.integer(0)
        guard let kind = TransactionKind(rawValue: kindText) else {
            throw LedgerError.unsound("transaction \(sequence) is a \(kindText)")
        }
        self.kind = kind
        previous = try row.integer(2)
        postedAfter = CreditAmount(tenThousandths: try row.integer(3))
        heldAfter = CreditAmount(tenThousandths: try row.integer(4)).negated
        atUs = try row.integer(5)
        request = try row.text(6)
        asset = try row.text(7)
        note = try row.text(8)
        actor = try row.text(24)
        posted = CreditAmount(tenThousandths: try row.integer(9))
        held = CreditAmount(tenThousandths: try row.integer(10)).negated
        guard let holdSequence = try row.optionalInteger(11) else { return }
        let terms = HoldTerms(
            job: try row.text(13), operation: try row.text(12), model: try row.text(17),
            session: try row.text(14), catalogue: try row.text(18),
            parameters: try row.text(19))
        hold = HoldFacts(
            id: HoldID(sequence: holdSequence, job: terms.job, operation: terms.operation),
            terms: terms, priceVersion: Int(try row.integer(15)),
            providerReference: try row.text(16))
        if let quote = try row.optionalInteger(20) {
            hold?.quote = QuoteID(number: quote, createdAtUs: try row.integer(21))
        }
        if let reached = try row.optionalInteger(22) {
            budgetNotice = BudgetNotice(
                percent: reached, budget: CreditAmount(tenThousandths: try row.integer(23)))
        }
    }
}
