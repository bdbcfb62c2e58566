internal import ServiceRuntime
internal import Storage

/// Which blocks a hold took from: one, in the common case, or several.
enum BlockChoice: Hashable, Sendable {
    case whole(Int64)
    case parts([BlockPart])
}

extension Transaction {
    // MARK: Holds

    /// Takes `amount` from the wallet's blocks, the first in order first.
    ///
    /// Blocks that are over are booked off when they stand in the way, so that afterwards the wallet
    /// may have less.
    ///
    /// - Returns: Nil when the blocks that live do not have so much; nothing is taken then.
    func take(
        _ amount: CreditAmount, of account: inout Account, _ head: inout LedgerHead,
        _ time: LedgerTime
    ) throws -> BlockChoice? {
        let units = amount.tenThousandths
        let found = try first(BlockSQL.firstSpendable, account.id, time.expiryUs) { row in
            (block: try row.integer(0), remaining: try row.integer(1))
        }
        if let found, found.remaining >= units {
            try run(BlockSQL.take, units, found.block)
            if found.remaining == units { try run(BlockSQL.close, found.block) }
            return .whole(found.block)
        }
        try expireBlocks(of: &account, &head, time)
        let isUnchecked = time.mutant == .checksWalletThenHolds
        guard isUnchecked || account.balance.available >= amount else { return nil }
        var left = units
        var parts: [BlockPart] = []
        try forEach(BlockSQL.spendable, account.id, time.expiryUs) { row in
            let share = min(left, try row.integer(1))
            left -= share
            parts.append(
                BlockPart(
                    block: try row.integer(0), amount: CreditAmount(tenThousandths: share)))
            return left > 0
        }
        guard left == 0 || isUnchecked else {
            throw LedgerError.unsound("the blocks of account \(account.id) are not its balance")
        }
        for part in parts {
            try run(BlockSQL.take, part.amount.tenThousandths, part.block)
            try run(BlockSQL.close, part.block)
        }
        return .parts(parts)
    }

    /// Notes which blocks a hold took from, when they are several.
    func insertParts(_ choice: BlockChoice, hold: Int64) throws {
        guard case .parts(let parts) = choice else { return }
        for (position, part) in parts.enumerated() {
            try run(
                BlockSQL.insertPart, hold, part.block, part.amount.tenThousandths, position)
        }
    }

    /// What a hold took from each block, in the order in which it is consumed.
    func parts(of stored: StoredHold) throws -> [BlockPart] {
        if let block = stored.block {
            return [BlockPart(block: block, amount: stored.hold.amount)]
        }
        return try all(BlockSQL.parts, stored.hold.id.sequence) { row in
            BlockPart(
                block: try row.integer(0),
                amount: CreditAmount(tenThousandths: try row.integer(1)))
        }
    }

    /// Ends what a hold has set aside: consumes `captured` and gives the rest back to its blocks.
    ///
    /// - Precondition: The transaction that closes the hold is appended.
    func settleBlocks(
        of stored: StoredHold, captured: CreditAmount, _ account: inout Account,
        _ head: inout LedgerHead, _ origin: Origin, _ time: LedgerTime
    ) throws {
        let parts = try parts(of: stored)
        for (part, taken) in zip(parts, BlockPart.split(captured, over: parts)) {
            let held = part.amount.tenThousandths
            let consumed = taken.amount.tenThousandths
            let changed = try change(
                BlockSQL.settle, held, consumed, held - consumed, part.block, time.expiryUs)
            if changed == 0 {
                try settleLate(
                    part, consumed: consumed, of: &account, &head, origin, time)
            }
        }
    }

    /// Gives back to a block that was spent, has expired, or was voided while it was held.
    private func settleLate(
        _ part: BlockPart, consumed: Int64, of account: inout Account, _ head: inout LedgerHead,
        _ origin: Origin, _ time: LedgerTime
    ) throws {
        let block = try block(part.block)
        let held = part.amount.tenThousandths
        let returned = held - consumed
        guard !block.isVoid else {
            try run(BlockSQL.settleVoid, held, consumed, returned, block.id)
            let draft = LedgerDraft(
                kind: .correction,
                postings: Posting.credit(
                    CreditAmount(tenThousandths: -returned), from: block.house),
                origin: origin, note: "\(block.source) is void")
            return try append(draft, to: &account, head: &head, nowUs: time.nowUs)
        }
        guard block.expiresAtUs <= time.expiryUs else {
            return try run(
                BlockSQL.settleLate, held, consumed, returned, block.id, block.expiresAtUs)
        }
        // What was not held is gone; only what comes back lives on.
        if block.remaining > .zero { try expire(block, of: &account, &head, time) }
        try run(
            BlockSQL.settleLate, held, consumed, returned, block.id,
            time.nowUs + GrantBlock.afterlifeUs)
    }

    func block(_ id: Int64) throws -> GrantBlock {
        guard let block = try first(BlockSQL.block, id, map: GrantBlock.init) else {
            throw LedgerError.unsound("block \(id) is missing")
        }
        return block
    }

    // MARK: Coming and going

    /// Adds a block for credits that the last transaction has brought.
    func insertBlock(
        _ amount: CreditAmount, account: Int64, transaction: Int64, category: String,
        _ terms: BlockTerms
    ) throws {
        try run(
            BlockSQL.insert, account, transaction, category, terms.priority,
            amount.tenThousandths, terms.expiresAtUs)
    }

    /// Books off what is left of a block.
    private func expire(
        _ block: GrantBlock, of account: inout Account, _ head: inout LedgerHead,
        _ time: LedgerTime
    ) throws {
        let draft = LedgerDraft(
            kind: .expire,
            postings: Posting.credit(block.remaining.negated, from: .breakage), origin: .sweeper,
            note: "\(block.source) expired")
        try append(draft, to: &account, head: &head, nowUs: time.nowUs)
        try run(BlockSQL.expire, block.id)
    }

    /// Books off the blocks of one wallet that are over.
    func expireBlocks(
        of account: inout Account, _ head: inout LedgerHead, _ time: LedgerTime
    ) throws {
        let over = try all(
            BlockSQL.overOfAccount, account.id, time.expiryUs, map: GrantBlock.init)
        for block in over { try expire(block, of: &account, &head, time) }
    }

    /// Books off blocks that are over, at most `limit`; whose they were.
    func expireBlocks(limit: Int, _ time: LedgerTime) throws -> [String] {
        let over = try all(BlockSQL.over, time.expiryUs, limit, map: GrantBlock.init)
        var head = try head()
        return try over.map { block in
            var account = try wallet(id: block.account)
            try expire(block, of: &account, &head, time)
            return account.user
        }
    }

    /// Gives a refund back to the blocks that it was taken from, the last ones first. What cannot go
    /// back (another wallet since, a block that is over or from which less was consumed, a hold older
    /// than blocks) is a block of its own that never expires.
    ///
    /// - Precondition: The refund's transaction is the head, and the hold still says what had been
    ///   refunded before.
    func refundBlocks(
        of stored: StoredHold, _ amount: CreditAmount, account: Int64, head: LedgerHead,
        _ time: LedgerTime
    ) throws {
        var skip = stored.hold.refunded.tenThousandths
        var left = amount.tenThousandths
        var homeless: Int64 = 0
        let parts = try parts(of: stored)
        for part in BlockPart.split(stored.hold.captured, over: parts).reversed() {
            let consumed = part.amount.tenThousandths
            let skipped = min(skip, consumed)
            skip -= skipped
            let share = min(left, consumed - skipped)
            guard share > 0 else { continue }
            left -= share
            let changed = try change(
                BlockSQL.refund, share, part.block, account, time.expiryUs)
            if changed == 0 { homeless += share }
        }
        homeless += left
        guard homeless > 0 else { return }
        try insertBlock(
            CreditAmount(tenThousandths: homeless), account: account, transaction: head.sequence,
            category: "correction",
            BlockTerms(
                priority: GrantCategory.paid.standardPriority, expiresAtUs: GrantBlock.never))
    }

    /// Moves every block that may be spent to another wallet, with its terms.
    func moveBlocks(from source: Int64, to target: Int64) throws {
        for block in try all(BlockSQL.remainingOfAccount, source, map: GrantBlock.init) {
            try run(BlockSQL.remove, block.remaining.tenThousandths, block.id)
            try insertBlock(
                block.remaining, account: target, transaction: block.transaction,
                category: block.category,
                BlockTerms(priority: block.priority, expiresAtUs: block.expiresAtUs))
        }
    }

    /// Takes back what is left of a grant, wherever it is now; again: nothing more. One that is to
    /// come is not given.
    ///
    /// - Returns: The owner of the grant's first block.
    func void(source: String, reason: String, _ origin: Origin, _ time: LedgerTime) throws
        -> String
    {
        let planned = try first(BlockSQL.scheduled, source) { row in try row.integer(0) }
        if let planned {
            try run(BlockSQL.unschedule, source)
            return try wallet(id: planned).user
        }
        guard let known = try transaction(.grant, key: source) else {
            throw LedgerError.invalid(field: "source", reason: "is of no grant")
        }
        for block in try all(BlockSQL.ofTransaction, known.sequence, map: GrantBlock.init)
        where !block.isVoid {
            if block.remaining > .zero {
                var account = try wallet(id: block.account)
                var head = try head()
                let draft = LedgerDraft(
                    kind: .correction,
                    postings: Posting.credit(block.remaining.negated, from: block.house),
                    origin: origin, note: reason)
                try append(draft, to: &account, head: &head, nowUs: time.nowUs)
            }
            try run(BlockSQL.void, block.id)
        }
        return try wallet(id: known.account).user
    }
}

extension GrantBlock {
    /// Who gave it.
    fileprivate var house: HouseAccount {
        GrantCategory(rawValue: category)?.house ?? .corrections
    }

    init(_ row: borrowing Row) throws {
        func credits(_ value: Int64) -> CreditAmount { CreditAmount(tenThousandths: value) }
        id = try row.integer(0)
        account = try row.integer(1)
        transaction = try row.integer(2)
        category = try row.text(3)
        priority = try row.integer(4)
        amount = credits(try row.integer(5))
        remaining = credits(try row.integer(6))
        held = credits(try row.integer(7))
        consumed = credits(try row.integer(8))
        expired = credits(try row.integer(9))
        removed = credits(try row.integer(10))
        expiresAtUs = try row.integer(11)
        isVoid = try row.flag(12)
        source = try row.text(13)
    }
}
