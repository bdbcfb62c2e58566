internal import Storage

extension CreditsStore {
    /// Notes a correction; the same key again is the same proposal.
    func propose(
        _ amount: CreditAmount, for user: String, key: String, reason: String, _ origin: Origin
    ) async throws -> Correction {
        let now = self.now
        return try await database.write { transaction in
            let account = try transaction.existingWallet(of: user)
            if let known = try transaction.first(
                CorrectionSQL.byKey, key, map: Correction.init)
            {
                guard known.user == account.user, known.amount == amount,
                    known.reason == reason, known.proposedBy == origin.actor
                else { throw LedgerError.keyReused(what: "correction key \(key)") }
                return known
            }
            try transaction.run(
                CorrectionSQL.insert, key, account.id, amount.tenThousandths, reason,
                origin.actor, now.nowUs)
            return try transaction.correction(transaction.lastInsertedID)
        }
    }

    /// Applies a proposal of somebody else.
    func approve(_ id: Int64, _ origin: Origin) async throws -> Correction {
        let now = self.now
        let (correction, isNew) = try await database.write { transaction in
            var correction = try transaction.correction(id)
            let isNew = try correction.decide(.applied, by: origin.actor, atUs: now.nowUs)
            if isNew {
                correction.transaction = try transaction.apply(correction, origin, now)
                try transaction.write(correction)
            }
            return (correction, isNew)
        }
        if isNew { watchers.changed(correction.user) }
        return correction
    }

    /// Gives a proposal up.
    func reject(_ id: Int64, _ origin: Origin) async throws -> Correction {
        let now = self.now
        return try await database.write { transaction in
            var correction = try transaction.correction(id)
            if try correction.decide(.rejected, by: origin.actor, atUs: now.nowUs) {
                try transaction.write(correction)
            }
            return correction
        }
    }

    /// The newest first.
    /// - Parameter state: Nil for all.
    func corrections(in state: Correction.State?, limit: Int) async throws -> [Correction] {
        try await database.read { transaction in
            try transaction.all(
                CorrectionSQL.list, state?.rawValue ?? "", limit, map: Correction.init)
        }
    }
}

extension Transaction {
    fileprivate func correction(_ id: Int64) throws -> Correction {
        guard let found = try first(CorrectionSQL.byID, id, map: Correction.init) else {
            throw LedgerError.correctionNotFound(id: "\(Correction.prefix)\(id)")
        }
        return found
    }

    fileprivate func write(_ correction: Correction) throws {
        try run(
            CorrectionSQL.decide, correction.id, correction.state.rawValue, correction.decidedBy,
            correction.decidedAtUs, correction.transaction)
    }

    /// - Returns: The sequence of the transaction.
    fileprivate func apply(
        _ correction: Correction, _ origin: Origin, _ time: LedgerTime
    ) throws -> Int64 {
        var account = try existingWallet(of: correction.user)
        var head = try head()
        let isTaken = correction.amount < .zero
        var choice: BlockChoice?
        if isTaken {
            let amount = correction.amount.negated
            if account.balance.available >= amount {
                choice = try take(amount, of: &account, &head, time)
            }
            guard choice != nil else {
                throw LedgerError.insufficientCredits(
                    Shortfall(
                        required: amount, available: account.balance.available,
                        operation: "correction", model: ""))
            }
        }
        let draft = LedgerDraft(
            kind: .correction, postings: Posting.credit(correction.amount, from: .corrections),
            origin: origin, key: "correction:\(correction.id)", note: correction.reason)
        try append(draft, to: &account, head: &head, nowUs: time.nowUs)
        switch choice {
        case .whole(let block): try remove(correction.amount.negated, held: block)
        case .parts(let parts): for part in parts { try remove(part.amount, held: part.block) }
        case nil:
            try insertBlock(
                correction.amount, account: account.id, transaction: head.sequence,
                category: "correction",
                BlockTerms(
                    priority: GrantCategory.paid.standardPriority, expiresAtUs: GrantBlock.never))
        }
        return head.sequence
    }

    /// Removes from a block what was just taken of it.
    private func remove(_ amount: CreditAmount, held block: Int64) throws {
        try run(
            BlockSQL.settleVoid, amount.tenThousandths, Int64(0), amount.tenThousandths, block)
    }
}

extension Correction {
    init(_ row: borrowing Row) throws {
        let stateText = try row.text(7)
        guard let state = State(rawValue: stateText) else {
            throw LedgerError.unsound("a correction is \(stateText)")
        }
        self.init(
            id: try row.integer(0), user: try row.text(1),
            amount: CreditAmount(tenThousandths: try row.integer(2)), key: try row.text(3),
            reason: try row.text(4), proposedBy: try row.text(5),
            proposedAtUs: try row.integer(6), state: state,
            decidedBy: try row.optionalText(8), decidedAtUs: try row.optionalInteger(9),
            transaction: try row.optionalInteger(10))
    }
}

/// The statements of corrections.
private enum CorrectionSQL {
    private static let columns = """
        c.id, a.owner, c.amount, c.key, c.reason, c.proposed_by, c.proposed_us, c.state,
        c.decided_by, c.decided_us, c.tx
        """
    private static let tables = "corrections c JOIN accounts a ON a.id = c.account"

    static let byID = Statement("SELECT \(columns) FROM \(tables) WHERE c.id = ?")
    static let byKey = Statement("SELECT \(columns) FROM \(tables) WHERE c.key = ?")
    static let list = Statement(
        """
        SELECT \(columns) FROM \(tables) WHERE ?1 = '' OR c.state = ?1 ORDER BY c.id DESC LIMIT ?2
        """)
    static let insert = Statement(
        """
        INSERT INTO corrections(key, account, amount, reason, proposed_by, proposed_us)
        VALUES(?, ?, ?, ?, ?, ?)
        """)
    static let decide = Statement(
        """
        UPDATE corrections SET state = ?2, decided_by = ?3, decided_us = ?4, tx = ?5 WHERE id = ?1
        """)
}
