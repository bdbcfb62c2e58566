/// Where the credits of each block are, kept beside the real blocks from holds and transactions alone.
///
/// Which of several blocks a part of a capture fell on is the ledger's choice, so that what is
/// consumed of one block has two bounds; over all blocks it is exact.
// Safe: used on the simulation's thread only.
final class BlockChecker: @unchecked Sendable {
    private struct Block {
        var account: Int64
        var transaction: Int64
        var amount: Int64
        /// As the store has it.
        var consumed: Int64 = 0
        /// By what holds have set aside, and what captures have taken at least and at most.
        var held: Int64 = 0
        var consumedLeast: Int64 = 0
        var consumedMost: Int64 = 0
    }

    private typealias Part = (block: Int64, amount: Int64)

    private let world: Simulation
    private var blocks: [Int64: Block] = [:]
    private var parts: [Int64: [Part]] = [:]
    /// What expired without a hold, by account.
    private var expired: [Int64: Int64] = [:]
    /// Over all blocks: by the store, and by captures and refunds.
    private var consumed: Int64 = 0
    private var taken: Int64 = 0
    /// Refunds that found no block to go back to and brought one of their own.
    private var homeless: Int64 = 0
    private var refunds: Set<Int64> = []

    init(world: Simulation) { self.world = world }

    // MARK: What transactions say

    /// A hold takes its parts from blocks of its own wallet, and so much as it is for.
    func open(_ hold: Int64, _ account: Int64, amount: Int64, _ file: SQLiteFile) {
        let whole = file.rows("SELECT block FROM holds WHERE id = ?", [.integer(hold)])?.first
        let found: [Part]
        if let whole, !whole.isNull(0) {
            found = [(whole.integer(0), amount)]
        } else {
            let rows =
                file.rows(
                    "SELECT block, amount FROM hold_blocks WHERE hold = ? ORDER BY block",
                    [.integer(hold)]) ?? []
            found = rows.map { ($0.integer(0), $0.integer(1)) }
        }
        if found.reduce(0, { $0 + $1.amount }) != amount {
            world.violation("I8: the parts of hold \(hold) are not its \(amount)")
        }
        for part in found {
            learn(part.block, file)
            if blocks[part.block]?.account != account {
                world.violation("I8: hold \(hold) takes from block \(part.block) of another wallet")
            }
            blocks[part.block]?.held += part.amount
        }
        parts[hold] = found
    }

    func close(_ hold: Int64, captured: Int64) {
        let own = parts[hold] ?? []
        let total = own.reduce(0) { $0 + $1.amount }
        for part in own {
            blocks[part.block]?.held -= part.amount
            blocks[part.block]?.consumedLeast += max(0, captured - (total - part.amount))
            blocks[part.block]?.consumedMost += min(part.amount, captured)
        }
        taken += captured
    }

    func refund(_ hold: Int64, _ amount: Int64, at sequence: Int64) {
        for part in parts[hold] ?? [] {
            blocks[part.block]?.consumedLeast -= min(part.amount, amount)
        }
        taken -= amount
        refunds.insert(sequence)
    }

    func expire(_ amount: Int64, of account: Int64) { expired[account, default: 0] += amount }

    // MARK: What the store says

    private func learn(_ id: Int64, _ file: SQLiteFile) {
        guard blocks[id] == nil else { return }
        let found = file.rows("SELECT account, tx, amount FROM blocks WHERE id = ?", [.integer(id)])
        guard let row = found?.first else { return world.violation("I8: block \(id) is gone") }
        note(id, row.integer(0), row.integer(1), row.integer(2))
    }

    private func note(_ id: Int64, _ account: Int64, _ transaction: Int64, _ amount: Int64) {
        blocks[id] = Block(account: account, transaction: transaction, amount: amount)
        if refunds.contains(transaction) { homeless += amount }
    }

    /// I8 for each block of a wallet that something has happened to.
    func compare(_ account: Int64, _ file: SQLiteFile) {
        let found = file.rows(
            """
            SELECT id, tx, amount, remaining, held, consumed, expired, removed FROM blocks
            WHERE account = ? ORDER BY id
            """, [.integer(account)])
        guard let found else { return world.violation("the blocks cannot be read") }
        var expired: Int64 = 0
        for row in found {
            let id = row.integer(0)
            if blocks[id] == nil { note(id, account, row.integer(1), row.integer(2)) }
            compare(id, row)
            expired += row.integer(6)
        }
        if expired != self.expired[account, default: 0] {
            world.violation(
                "I8: \(expired) of wallet \(account) expired, by its transactions "
                    + "\(self.expired[account, default: 0])")
        }
    }

    private func compare(_ id: Int64, _ row: SQLiteFile.Row) {
        guard var own = blocks[id] else { return }
        let values = (3...7).map(row.integer)
        let (held, consumed) = (row.integer(4), row.integer(5))
        if values.contains(where: { $0 < 0 }) || values.reduce(0, +) != row.integer(2) {
            world.violation("I8: block \(id) of \(row.integer(2)) has \(values)")
        }
        if row.integer(1) != own.transaction || row.integer(2) != own.amount {
            world.violation("I8: block \(id) is not what it was")
        }
        if held != own.held {
            world.violation("I8: block \(id) holds \(held) for open holds of \(own.held)")
        }
        if consumed < own.consumedLeast || consumed > own.consumedMost {
            world.violation(
                "I8: \(consumed) of block \(id) are consumed, by its holds "
                    + "\(own.consumedLeast) to \(own.consumedMost)")
        }
        self.consumed += consumed - own.consumed
        own.consumed = consumed
        blocks[id] = own
    }

    /// What is consumed of all blocks together is what was captured and not refunded.
    func checkSum() {
        if consumed != taken + homeless {
            world.violation(
                "I8: \(consumed) of all blocks are consumed, \(taken) were taken and \(homeless) "
                    + "came back elsewhere")
        }
    }
}
