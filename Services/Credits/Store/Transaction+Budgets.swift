internal import ServiceRuntime
internal import Storage

extension Transaction {
    /// The budget of a wallet in the period of an instant; nil when it has none.
    func budget(of account: Int64, atUs instant: Int64) throws -> Budget? {
        try first(BudgetSQL.budget, account) { row in
            let period = Budget.Period(rawValue: try row.text(1)) ?? .total
            return Budget(
                amount: CreditAmount(tenThousandths: try row.integer(0)), period: period,
                isHard: try row.flag(2), startUs: try row.integer(3), endUs: try row.integer(4),
                afterTransaction: try row.integer(7),
                used: CreditAmount(tenThousandths: try row.integer(5)),
                reached: try row.integer(6))
        }?.current(atUs: instant)
    }

    /// Counts a new hold against the wallet's budget, by one statement that counts it only if it
    /// fits: what was read before decides nothing.
    ///
    /// - Returns: The threshold that it is the first to reach; nil for none.
    /// - Throws: ``LedgerError/budgetExceeded(budget:required:)``.
    func spendBudget(
        _ amount: CreditAmount, of account: Int64, _ time: LedgerTime
    ) throws -> BudgetNotice? {
        guard var budget = try budget(of: account, atUs: time.nowUs) else { return nil }
        let before = budget
        let threshold = try budget.count(amount)
        let isUnchecked = time.mutant == .checksThenHolds
        let changed = try change(
            BudgetSQL.spend, amount.tenThousandths, account, time.nowUs, budget.startUs,
            budget.endUs, budget.reached, isUnchecked)
        guard changed == 1 else {
            throw LedgerError.budgetExceeded(budget: before, required: amount)
        }
        return threshold == 0 ? nil : BudgetNotice(percent: threshold, budget: budget.amount)
    }

    /// Whether a hold would fit; what ``Mutant/checksThenHolds`` relies on.
    func checkBudget(_ command: HoldCommand, _ time: LedgerTime) throws {
        guard let account = try wallet(of: command.user),
            try hold(job: command.terms.job, operation: command.terms.operation) == nil,
            let budget = try budget(of: account.id, atUs: time.nowUs)
        else { return }
        var after = budget
        _ = try after.count(command.amount)
        guard !budget.isHard || after.used <= budget.amount else {
            throw LedgerError.budgetExceeded(budget: budget, required: command.amount)
        }
    }

    /// Refuses a hold that its wallet cannot pay, as ``Mutant/checksWalletThenHolds`` does: before.
    func checkWallet(_ command: HoldCommand) throws {
        guard let account = try wallet(of: command.user),
            try hold(job: command.terms.job, operation: command.terms.operation) == nil,
            account.balance.available < command.amount
        else { return }
        throw LedgerError.insufficientCredits(
            Shortfall(
                required: command.amount, available: account.balance.available,
                operation: command.terms.operation, model: command.terms.model))
    }

    /// Gives back to the budget what a closed hold did not take, when it was opened in this period.
    func unspendBudget(_ amount: CreditAmount, of account: Int64, hold: Hold) throws {
        guard amount > .zero else { return }
        try run(
            BudgetSQL.giveBack, amount.tenThousandths, account, hold.createdAtUs, hold.id.sequence)
    }

    /// Sets a budget; what holds of the present period use already counts.
    func setBudget(
        _ amount: CreditAmount, _ period: Budget.Period, isHard: Bool, of account: Account,
        nowUs: Int64
    ) throws -> Budget {
        let (start, end) = Budget.bounds(of: period, atUs: nowUs)
        var budget = Budget(
            amount: amount, period: period, isHard: isHard, startUs: start, endUs: end)
        if period == .total {
            budget.afterTransaction = account.balance.sequence
        } else {
            let used =
                try first(BudgetSQL.usedSince, account.balance.sequence, start) { row in
                    try row.integer(0)
                } ?? 0
            budget.used = CreditAmount(tenThousandths: used)
        }
        let percent = budget.percent
        budget.reached = Budget.thresholds.last { $0 <= percent } ?? 0
        try store(budget, of: account.id)
        return budget
    }

    private func store(_ budget: Budget, of account: Int64) throws {
        try run(
            BudgetSQL.store, account, budget.amount.tenThousandths, budget.period.rawValue,
            budget.isHard, budget.startUs, budget.endUs, budget.used.tenThousandths,
            budget.reached, budget.afterTransaction)
    }
}

/// The statements of budgets.
enum BudgetSQL {
    static let budget = Statement(
        """
        SELECT amount, period, is_hard, start_us, end_us, used, reached, after_tx FROM budgets
        WHERE account = ?
        """)
    static let store = Statement(
        """
        INSERT OR REPLACE INTO budgets(account, amount, period, is_hard, start_us, end_us, used,
            reached, after_tx) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    /// Counts ?1 in the period that ?3 is in, from ?4 to before ?5; no row when a hard budget would be
    /// passed. With ?7 nobody looks: a defect that a test plants.
    static let spend = Statement(
        """
        UPDATE budgets SET used = CASE WHEN end_us <= ?3 THEN 0 ELSE used END + ?1,
            start_us = ?4, end_us = ?5, reached = ?6
        WHERE account = ?2 AND (is_hard = 0 OR ?7 = 1
            OR CASE WHEN end_us <= ?3 THEN 0 ELSE used END + ?1 <= amount)
        """)
    static let notice = Statement(
        "INSERT INTO budget_notices(tx, reached, budget) VALUES(?, ?, ?)")
    static let remove = Statement("DELETE FROM budgets WHERE account = ?")
    static let giveBack = Statement(
        """
        UPDATE budgets SET used = used - ?1
        WHERE account = ?2 AND start_us <= ?3 AND ?3 < end_us AND after_tx < ?4
        """)
    /// Follows an account's transactions back from ?1 to the instant ?2.
    static let usedSince = Statement(
        """
        WITH RECURSIVE walk(seq, previous, at_us, kind) AS (
            SELECT seq, previous, at_us, kind FROM transactions WHERE seq = ?1
            UNION ALL
            SELECT t.seq, t.previous, t.at_us, t.kind
            FROM walk w JOIN transactions t ON t.seq = w.previous WHERE t.at_us >= ?2)
        SELECT coalesce(sum(CASE WHEN h.resolve_tx IS NULL THEN h.amount ELSE h.captured END), 0)
        FROM walk w JOIN holds h ON h.id = w.seq WHERE w.kind = 'hold' AND h.created_us >= ?2
        """)
}
