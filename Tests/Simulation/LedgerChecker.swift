import ServiceRuntime

/// A ledger kept beside the real one from its entries alone, in plain sums.
// Safe: used on the simulation's thread only.
final class LedgerChecker: @unchecked Sendable {
    private struct Account {
        var posted: Int64 = 0
        var pending: Int64 = 0
        var open: Int64 = 0
    }

    private struct Hold {
        var account: Int64
        var amount: Int64
        var isOpen = true
        var captured: Int64 = 0
        var refunded: Int64 = 0
        var ttlUs: Int64
        var hardUs: Int64
        var openedAt: Instant
        /// The ledger's clock has been set since: its times are not to be compared.
        var isRedated = false
    }

    private struct Budget {
        var amount: Int64
        var used: Int64
    }

    private let world: Simulation
    private let blocks: BlockChecker
    private var last: Int64 = 0
    /// Of every transaction that was ever seen, in order: none of them changes.
    private var hashes: [[UInt8]] = []
    private var lastHash: [UInt8] { hashes.last ?? [] }
    private var lastAtUs: Int64 = 0
    private var accounts: [Int64: Account] = [:]
    /// Of the house's entries, by asset and layer.
    private var house: [[Int64]: Int64] = [:]
    private var holds: [Int64: Hold] = [:]
    private var budgets: [Int64: Budget] = [:]
    private var wallOffset = Duration.zero
    /// Accounts of what is owed.
    private var debts: Set<Int64> = []
    /// What was left of starter grants and taken back when their wallet was merged, by account.
    private var startersTaken: [Int64: Int64] = [:]
    private var jobs: [String] = []
    /// A process has died since the last look: when what it did last happened is not known.
    private var isBehind = false

    /// Wallets, with what expired in them: nobody is told of that.
    static let accounts = """
        SELECT owner, kind, posted, pending,
            (SELECT coalesce(sum(expired), 0) FROM blocks WHERE account = accounts.id), id
        FROM accounts
        """
    static let chain = "SELECT seq, hash FROM transactions ORDER BY seq"

    init(world: Simulation) {
        self.world = world
        blocks = BlockChecker(world: world)
    }

    /// The ledger's clock starts from the wall clock again.
    func restarted() {
        isBehind = true
        guard world.wallOffset != wallOffset else { return }
        wallOffset = world.wallOffset
        for id in holds.keys { holds[id]?.isRedated = true }
    }

    /// The operations that holds were opened for since the last call.
    func takeJobs() -> [String] {
        defer { jobs = [] }
        return jobs
    }

    /// Follows the ledger up to its present end.
    func check(_ file: SQLiteFile) {
        if last > 0 {
            let hash = file.rows("SELECT hash FROM transactions WHERE seq = ?", [.integer(last)])
            // What was once on disk stays there, whatever dies.
            if hash?.first?.bytes(0) != lastHash {
                world.violation("I11: transaction \(last) was committed and is gone")
            }
        }
        guard
            let transactions = file.rows(
                """
                SELECT seq, kind, account, hold, posted_after, pending_after, at_us, hash, note
                FROM transactions WHERE seq > ? ORDER BY seq
                """, [.integer(last)]),
            let entries = file.rows(
                "SELECT tx, account, asset, layer, amount FROM entries WHERE tx > ?",
                [.integer(last)])
        else { return world.violation("the ledger cannot be read") }
        for row in file.rows("SELECT id FROM accounts WHERE kind = 'debt'") ?? [] {
            debts.insert(row.integer(0))
        }
        var lines: [Int64: [SQLiteFile.Row]] = [:]
        for entry in entries { lines[entry.integer(0), default: []].append(entry) }
        var touched: Set<Int64> = []
        for row in transactions {
            apply(row, lines[row.integer(0)] ?? [], file)
            touched.insert(row.integer(2))
        }
        isBehind = false
        for account in touched.sorted() { compare(account, file) }
        checkSums(file)
        checkBudgets(file)
        for account in touched.sorted() where !debts.contains(account) {
            blocks.compare(account, file)
        }
        blocks.checkSum()
    }

    /// I2: what all accounts have sums to zero, credits and dollars each for themselves: the cached
    /// balances of wallets and debts, and the entries of the house, which has none.
    private func checkSums(_ file: SQLiteFile) {
        let found = file.rows(
            """
            SELECT asset, coalesce(sum(posted), 0), coalesce(sum(pending), 0) FROM accounts
            WHERE kind <> 'house' GROUP BY asset
            """)
        guard let found else { return world.violation("the accounts cannot be read") }
        for asset in [Int64(1), 2] {
            let row = found.first { $0.integer(0) == asset }
            let sums = (
                (row?.integer(1) ?? 0) + house[[asset, 0], default: 0],
                (row?.integer(2) ?? 0) + house[[asset, 1], default: 0]
            )
            if sums != (0, 0) {
                world.violation(
                    "I2: all accounts of asset \(asset) sum to \(sums.0) and \(sums.1)")
            }
        }
    }

    private func apply(
        _ row: SQLiteFile.Row, _ lines: [SQLiteFile.Row], _ file: SQLiteFile
    ) {
        let (sequence, kind, account) = (row.integer(0), row.text(1), row.integer(2))
        if sequence != last + 1 { world.violation("I13: \(sequence) follows \(last)") }
        if row.integer(6) <= lastAtUs { world.violation("I18: \(sequence) is not later") }
        last = sequence
        lastAtUs = row.integer(6)
        hashes.append(row.bytes(7))
        var sums: [[Int64]: Int64] = [:]
        let before = accounts[account]?.posted ?? 0
        for line in lines {
            let (owner, asset, layer) = (line.integer(1), line.integer(2), line.integer(3))
            sums[[asset, layer], default: 0] += line.integer(4)
            if owner < 100 { house[[asset, layer], default: 0] += line.integer(4) }
            if layer == 0 {
                accounts[owner, default: Account()].posted += line.integer(4)
            } else {
                accounts[owner, default: Account()].pending += line.integer(4)
            }
        }
        if lines.isEmpty || sums.values.contains(where: { $0 != 0 }) {
            world.violation("I1: \(kind) \(sequence) does not sum to zero")
        }
        let after = accounts[account] ?? Account()
        if after.posted != row.integer(4) || after.pending != row.integer(5) {
            world.violation("I3: the running sums of \(kind) \(sequence) are wrong")
        }
        if debts.contains(account) {
            if after.posted > 0 || after.pending != 0 {
                world.violation("I4: debt \(account) is above zero by \(kind) \(sequence)")
            }
        } else if after.pending > 0 || after.posted + after.pending < 0 {
            world.violation("I4: wallet \(account) is overspent by \(kind) \(sequence)")
        }
        checkLateLoss(row, lines, file)
        // Credits of a block whose time is over go without any hold.
        if kind == "expire", row.isNull(3) {
            return blocks.expire(before - after.posted, of: account)
        }
        if row.text(8).hasPrefix("second starter grant") {
            startersTaken[account, default: 0] += before - after.posted
        }
        follow(
            kind, row.integer(3), sequence, posted: after.posted - before, account, file)
    }

    /// I10: what a provider may have made for a hold that ended unpaid is booked as lost, at what a
    /// credit is worth; nothing else is.
    private func checkLateLoss(
        _ row: SQLiteFile.Row, _ lines: [SQLiteFile.Row], _ file: SQLiteFile
    ) {
        let booked = lines.reduce(0) { sum, line in
            line.integer(2) == 2 ? sum + max(0, line.integer(4)) : sum
        }
        var expected: Int64 = 0
        if row.text(1) == "expire", let hold = holds[row.integer(3)], !row.isNull(3),
            isSubmitted(row.integer(3), file)
        {
            expected = hold.amount * Self.creditValueU6 / 10_000
        }
        if booked != expected {
            world.violation(
                "I10: \(row.text(1)) \(row.integer(0)) books \(booked) as lost, not \(expected)")
        }
    }

    private static let creditValueU6: Int64 = 50_000

    private func isSubmitted(_ hold: Int64, _ file: SQLiteFile) -> Bool {
        let found = file.rows(
            "SELECT provider_reference FROM holds WHERE id = ?", [.integer(hold)])
        return found?.first.map { !$0.text(0).isEmpty } ?? false
    }

    /// I5 to I7: what a transaction does to a hold.
    private func follow(
        _ kind: String, _ id: Int64, _ sequence: Int64, posted: Int64, _ account: Int64,
        _ file: SQLiteFile
    ) {
        switch kind {
        case "hold":
            open(id, account, file)
        case "capture", "release", "expire":
            guard var hold = holds[id], hold.isOpen else {
                return world.violation("I6: \(kind) \(sequence) closes a hold that is not open")
            }
            hold.isOpen = false
            hold.captured = -posted
            accounts[account]?.open -= hold.amount
            if !(0...hold.amount).contains(hold.captured) || kind != "capture" && posted != 0 {
                world.violation("I7: \(kind) \(sequence) took \(hold.captured) of \(hold.amount)")
            }
            holds[id] = hold
            blocks.close(id, captured: hold.captured)
            if kind == "expire" { checkExpiry(hold, id, file) }
            if kind == "capture" { checkCaptured(id, file) }
        case "refund":
            guard var hold = holds[id] else {
                return world.violation("I7: refund \(sequence) of nothing")
            }
            hold.refunded += posted
            if hold.refunded > hold.captured {
                world.violation(
                    "I7: \(hold.refunded) of \(hold.captured) were refunded at \(sequence)")
            }
            holds[id] = hold
            blocks.refund(id, posted, at: sequence)
        default:
            break
        }
    }

    private func open(_ id: Int64, _ account: Int64, _ file: SQLiteFile) {
        let found = file.rows(
            "SELECT amount, created_us, expires_us, hard_us, job FROM holds WHERE id = ?",
            [.integer(id)])
        guard let row = found?.first else { return world.violation("I6: hold \(id) is no hold") }
        holds[id] = Hold(
            account: account, amount: row.integer(0), ttlUs: row.integer(2) - row.integer(1),
            hardUs: row.integer(3) - row.integer(1), openedAt: world.time.instant,
            isRedated: isBehind)
        accounts[account, default: Account()].open += row.integer(0)
        blocks.open(id, account, amount: row.integer(0), file)
        let job = row.text(4)
        if job.hasPrefix("op_") { jobs.append(job) }
    }

    /// I18: no hold ends before its time by the monotonic clock.
    private func checkExpiry(_ hold: Hold, _ id: Int64, _ file: SQLiteFile) {
        guard !hold.isRedated else { return }
        let lived = (world.time.instant - hold.openedAt).microseconds
        if lived < (isSubmitted(id, file) ? hold.hardUs : hold.ttlUs) - 50_000 {
            world.violation("I18: hold \(id) ended after \(lived) of \(hold.ttlUs) µs")
        }
    }

    /// Nobody but who has the work takes: the sweeper never does.
    private func checkCaptured(_ id: Int64, _ file: SQLiteFile) {
        let found = file.rows(
            "SELECT actor FROM transactions WHERE hold = ? AND kind = 'capture'", [.integer(id)])
        if found?.first?.text(0) == "sweeper" {
            world.violation("I9: the sweeper took the credits of hold \(id)")
        }
    }

    /// I3, I5 and I8: what the store says of a wallet is what its entries and holds say.
    private func compare(_ id: Int64, _ file: SQLiteFile) {
        let own = accounts[id] ?? Account()
        let found = file.rows(
            "SELECT posted, pending FROM accounts WHERE id = ?", [.integer(id)])
        guard let row = found?.first, row.integer(0) == own.posted, row.integer(1) == own.pending
        else { return world.violation("I3: account \(id) is not the sum of its entries") }
        if own.open != -own.pending {
            world.violation("I5: wallet \(id) has \(-own.pending) set aside for \(own.open)")
        }
        // What is owed is in no block.
        if debts.contains(id) { return }
        let blocks = file.rows(
            "SELECT sum(remaining), sum(held) FROM blocks WHERE account = ?", [.integer(id)])
        if let row = blocks?.first,
            row.integer(0) != own.posted + own.pending || row.integer(1) != -own.pending
        {
            world.violation(
                "I8: the blocks of wallet \(id) have \(row.integer(0)) and \(row.integer(1)), "
                    + "the wallet \(own.posted + own.pending) and \(-own.pending)")
        }
    }

    /// A hard budget is never passed by what is held after it was set.
    private func checkBudgets(_ file: SQLiteFile) {
        for row in file.rows("SELECT account, amount, used FROM budgets WHERE is_hard = 1") ?? [] {
            let now = Budget(amount: row.integer(1), used: row.integer(2))
            let before = budgets.updateValue(now, forKey: row.integer(0))
            if let before, before.amount == now.amount, now.used > before.used,
                now.used > now.amount
            {
                world.violation("budget: \(now.used) of \(now.amount) are used")
            }
        }
    }

    // MARK: The whole chain

    /// I13: what the service has recomputed from the first transaction on is what was seen here when
    /// each of them was committed.
    func compare(head: [UInt8], at count: UInt64) {
        guard count > 0, count <= UInt64(hashes.count) else { return }
        if hashes[Int(count) - 1] != head {
            world.violation("I13: the head of \(count) transactions is another than was seen")
        }
    }

    /// I11 and I13: every transaction that was ever committed is there, as it was.
    func checkChain(_ rows: [SQLiteFile.Row]) {
        for (index, seen) in hashes.enumerated() {
            guard index < rows.count, rows[index].integer(0) == Int64(index + 1),
                rows[index].bytes(1) == seen
            else {
                return world.violation("I13: transaction \(index + 1) is not what was committed")
            }
        }
    }

    // MARK: What users were told

    /// I12 for a user who has nothing in flight; one whose account became another's, or whose money
    /// is at a payment provider, is looked at in the end.
    func checkIdle(_ user: String, _ file: SQLiteFile) {
        guard !world.bank.isMerged(user), let passbook = world.bank.passbooks[user],
            let row = file.rows("\(Self.accounts) WHERE owner = ?", [.text(user)])?.first
        else { return }
        let posted = row.integer(2) + row.integer(4)
        if posted != passbook.balance {
            world.violation(
                "I12: \(user) has \(posted) with nothing in flight; by what was answered it is "
                    + "\(passbook.balance)")
        }
    }

    // MARK: The end

    /// I12.
    func checkEnd(_ rows: [SQLiteFile.Row]) {
        for contradiction in world.bank.contradictions { world.violation(contradiction) }
        var owners: [String: (posted: Int64, pending: Int64)] = [:]
        var starters: [String: Int64] = [:]
        for row in rows where row.text(1) == "wallet" {
            owners[row.text(0)] = (row.integer(2) + row.integer(4), row.integer(3))
            starters[row.text(0)] = startersTaken[row.integer(5)]
        }
        for row in rows where row.text(1) == "debt" && row.integer(2) != 0 {
            // "debt of USER": who owes has nothing to spend.
            let user = String(row.text(0).dropFirst(8))
            let wallet = owners[user] ?? (0, 0)
            if wallet.posted - expired(user, rows) + wallet.pending > 0 {
                world.violation("debt: \(user) owes and has \(wallet.posted)")
            }
            owners[user] = (wallet.posted + row.integer(2), wallet.pending)
        }
        // What was left of a guest's starter grant is gone with the merge, and never more.
        for (guest, user) in world.bank.merged {
            let taken = starters[guest] ?? 0
            if !(0...40 * 10_000).contains(taken) || taken > 0 && !world.bank.hadStarter(user) {
                world.violation("merge: \(taken) of the starter grant of \(guest) are gone")
            }
            owners[user]?.posted += taken
            // What expired of the guest's credits before they moved was the user's.
            owners[user]?.posted += expired(guest, rows)
            owners[guest]?.posted -= expired(guest, rows)
        }
        for (user, passbook) in world.bank.passbooks.sorted(by: { $0.key < $1.key }) {
            let balance = owners[user] ?? (0, 0)
            if balance.posted != passbook.balance || balance.pending != 0 {
                world.violation(
                    "I12: \(user) has \(balance.posted) and \(balance.pending); by what was "
                        + "answered it is \(passbook.balance)")
            }
        }
        if Set(owners.keys) != Set(world.bank.passbooks.keys) {
            world.violation("I12: there are wallets that nobody opened")
        }
    }

    private func expired(_ user: String, _ rows: [SQLiteFile.Row]) -> Int64 {
        rows.first { $0.text(0) == user }?.integer(4) ?? 0
    }
}
