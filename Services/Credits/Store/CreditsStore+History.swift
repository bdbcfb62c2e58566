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
    /// Of the hold that it opens, closes or refunds; nil for other kinds.
    var hold: HoldFacts?

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

extension CreditsStore {
    /// How many rows a search for one session looks at before it gives back a shorter page.
    private static let scannedMax = 5_000
    /// How many missed changes a watcher is told about; older ones are skipped.
    private static let missedMax = 10_000

    /// The user's transactions before a sequence (0: from the newest), newest first.
    ///
    /// - Parameters:
    ///   - limit: 1...200.
    ///   - session: Only holds of this session; empty for all.
    func history(
        of user: String, before: Int64, limit: Int, session: String
    ) async throws -> HistoryPage {
        try await database.read { transaction in
            let account = try transaction.existingWallet(of: user)
            var next = account.balance.sequence
            if before != 0 {
                guard let previous = try transaction.previous(of: before, in: account.id) else {
                    throw LedgerError.invalid(field: "before", reason: "is not of this account")
                }
                next = previous
            }
            var rows: [HistoryRow] = []
            var scanned = 0
            var lastSeen: Int64 = 0
            while next != 0, rows.count < limit, scanned < Self.scannedMax {
                let count = session.isEmpty ? limit : 200
                for row in try transaction.history(from: next, limit: count) {
                    scanned += 1
                    next = row.previous
                    lastSeen = row.sequence
                    if session.isEmpty || row.hold?.terms.session == session {
                        rows.append(row)
                        if rows.count == limit { break }
                    }
                }
            }
            return HistoryPage(rows: rows, nextBefore: next == 0 ? 0 : lastSeen)
        }
    }

    /// The user's changes after a sequence, oldest first, and the balance now.
    func changes(
        of user: String, after: Int64
    ) async throws -> (rows: [HistoryRow], balance: BalanceView) {
        let balance = try await balance(of: user)
        let rows = try await database.read { transaction in
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
    }
}
