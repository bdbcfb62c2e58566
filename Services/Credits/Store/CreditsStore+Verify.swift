internal import Storage

/// What a replay of the whole ledger found.
struct VerificationReport: Hashable, Sendable {
    var transactions: Int64 = 0
    var entries: Int64 = 0
    /// At most ``violationsMax`` sentences, each naming the invariant it breaks.
    private(set) var violations: [String] = []
    /// The hash of the last transaction.
    var head: [UInt8] = []

    static let violationsMax = 100

    var isSound: Bool { violations.isEmpty }

    mutating func violation(_ text: String) {
        if violations.count < Self.violationsMax { violations.append(text) }
    }
}

extension CreditsStore {
    /// Replays every transaction on one snapshot and checks the file, the chain and the invariants.
    /// Takes seconds for a million entries; writes go on meanwhile.
    func verify() async throws -> VerificationReport {
        // Read first: what was witnessed by now is in the snapshot.
        let witnessed = try await witnessedHeads()
        return try await database.scan { transaction in try transaction.verify(witnessed) }
    }
}

/// The state of a replay: what each account must have after the transactions so far.
private struct Replay {
    struct Sums {
        var posted: Int64 = 0
        var pending: Int64 = 0
        var last: Int64 = 0
    }

    var report = VerificationReport()
    var hash = LedgerHead.empty.hash
    var sequence: Int64 = 0
    var atUs: Int64 = 0
    var accounts: [Int64: Sums] = [:]
    /// Hashes that were witnessed, by sequence.
    var witnessed: [Int64: [UInt8]] = [:]

    /// Checks one transaction against everything before it.
    mutating func apply(_ record: TransactionRecord, owner: String, storedHash: [UInt8]) {
        let name = record.sequence
        report.transactions += 1
        report.entries += Int64(record.lines.count)
        if record.sequence != sequence + 1 {
            report.violation("I13: transaction \(name) follows \(sequence)")
        }
        if record.atUs <= atUs { report.violation("I18: transaction \(name) is not later") }
        let expected = record.hash(after: hash, owner: owner)
        if let hash = witnessed.removeValue(forKey: name), hash != storedHash {
            report.violation("I13: transaction \(name) is not the one that was witnessed")
        }
        if expected != storedHash { report.violation("I13: the chain breaks at \(name)") }
        let before = accounts[record.account] ?? Sums()
        if record.previous != before.last {
            report.violation("I3: transaction \(name) names \(record.previous) as the one before")
        }
        checkLines(of: record)
        let after = accounts[record.account] ?? Sums()
        if after.posted != record.postedAfter || after.pending != record.pendingAfter {
            report.violation("I3: the running sums at \(name) are not those of the entries")
        }
        if Account.isDebt(owner) {
            if after.posted > 0 || after.pending != 0 {
                report.violation("I4: debt \(record.account) is above zero at \(name)")
            }
        } else if after.pending > 0 || after.posted &+ after.pending < 0 {
            report.violation("I4: wallet \(record.account) is overspent at \(name)")
        }
        // Going on from the stored hash shows each break once.
        hash = storedHash
        sequence = record.sequence
        atUs = record.atUs
        accounts[record.account]?.last = record.sequence
    }

    private mutating func checkLines(of record: TransactionRecord) {
        var sums: [[Int64]: Int64] = [:]
        if record.lines.isEmpty { report.violation("I1: \(record.sequence) has no entries") }
        for line in record.lines {
            sums[[line.asset, line.layer], default: 0] &+= line.amount
            if line.account >= 100, line.account != record.account {
                report.violation("I1: \(record.sequence) changes a foreign wallet")
            }
            var account = accounts[line.account] ?? Sums()
            if line.layer == 0 {
                account.posted &+= line.amount
            } else {
                account.pending &+= line.amount
            }
            accounts[line.account] = account
        }
        if sums.values.contains(where: { $0 != 0 }) {
            report.violation("I1: transaction \(record.sequence) does not sum to zero")
        }
    }
}

extension Transaction {
    fileprivate func verify(_ witnessed: [Int64: [UInt8]]) throws -> VerificationReport {
        var replay = Replay()
        replay.witnessed = witnessed
        try checkFile(&replay.report)
        try replayAll(&replay)
        replay.report.head = replay.hash
        for sequence in replay.witnessed.keys.sorted() {
            replay.report.violation("I13: transaction \(sequence) was witnessed and is missing")
        }
        for text in try accountViolations(replay) { replay.report.violation(text) }
        for check in VerifySQL.checks + VerifySQL.paymentChecks {
            try forEach(check.statement) { row in
                replay.report.violation("\(check.name): \(try row.text(0))")
                return true
            }
        }
        return replay.report
    }

    private func checkFile(_ report: inout VerificationReport) throws {
        for line in try all(VerifySQL.integrity, map: { try $0.text(0) }) where line != "ok" {
            report.violation("I19: \(line)")
        }
        for table in try all(VerifySQL.foreignKeys, map: { try $0.text(0) }) {
            report.violation("I19: a row of \(table) refers to nothing")
        }
    }

    private func replayAll(_ replay: inout Replay) throws {
        var current: TransactionRecord?
        var owner = ""
        var hash: [UInt8] = []
        try forEach(VerifySQL.everything) { row in
            let sequence = try row.integer(0)
            if current?.sequence != sequence {
                if let current { replay.apply(current, owner: owner, storedHash: hash) }
                current = try TransactionRecord(row)
                hash = try row.bytes(13)
                owner = try row.text(14)
            }
            if !row.isNull(15) {
                current?.lines.append(
                    .init(
                        account: try row.integer(15), asset: try row.integer(16),
                        layer: try row.integer(17), amount: try row.integer(18)))
            }
            return true
        }
        if let current { replay.apply(current, owner: owner, storedHash: hash) }
    }

    /// Compares the cached sums with the replayed ones, and the pending sums with the open holds.
    private func accountViolations(_ replay: Replay) throws -> [String] {
        var found: [String] = []
        var totals = Replay.Sums()
        for sums in replay.accounts.values {
            totals.posted &+= sums.posted
            totals.pending &+= sums.pending
        }
        if totals.posted != 0 || totals.pending != 0 {
            found.append("I2: all accounts sum to \(totals.posted) and \(totals.pending)")
        }
        var open: [Int64: Int64] = [:]
        try forEach(VerifySQL.openByAccount) { row in
            open[try row.integer(0)] = try row.integer(1)
            return true
        }
        try forEach(VerifySQL.accounts) { row in
            let id = try row.integer(0)
            let sums = replay.accounts[id] ?? Replay.Sums()
            let cached = (try row.integer(1), try row.integer(2), try row.integer(3))
            if cached != (sums.posted, sums.pending, sums.last) {
                found.append("I3: the balance of account \(id) is not the sum of its entries")
            }
            if open[id] ?? 0 != -sums.pending {
                found.append("I5: the open holds of account \(id) are not what is set aside")
            }
            return true
        }
        return found
    }
}

extension TransactionRecord {
    fileprivate init(_ row: borrowing Row) throws {
        let sequence = try row.integer(0)
        let kindText = try row.text(1)
        guard let kind = TransactionKind(rawValue: kindText) else {
            throw LedgerError.unsound("transaction \(sequence) is a \(kindText)")
        }
        self.init(
            sequence: sequence, kind: kind, account: try row.integer(2),
            previous: try row.integer(3), hold: try row.optionalInteger(4),
            key: try row.optionalText(5), actor: try row.text(6), request: try row.text(7),
            asset: try row.text(8), note: try row.text(9), postedAfter: try row.integer(10),
            pendingAfter: try row.integer(11), atUs: try row.integer(12))
        if kind == .hold, !row.isNull(19) {
            opened = OpenedHold(
                terms: HoldTerms(
                    job: try row.text(19), operation: try row.text(20), model: try row.text(21),
                    quantity: try row.integer(22), session: try row.text(23),
                    catalogue: try row.text(26), parameters: try row.text(27)),
                amount: try row.integer(24), priceVersion: try row.integer(25),
                quoteLine: try row.optionalInteger(28))
        }
    }
}
