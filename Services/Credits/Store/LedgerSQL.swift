internal import Storage

/// Every statement of the ledger, named.
enum LedgerSQL {
    // MARK: Accounts

    private static let accountColumns =
        "a.id, a.owner, a.posted, a.pending, a.last_tx, a.merged_into, a.low_threshold"
    static let accountByOwner = Statement(
        "SELECT \(accountColumns) FROM accounts a WHERE owner = ? AND kind = 'wallet'")
    static let accountByID = Statement(
        "SELECT \(accountColumns) FROM accounts a WHERE id = ? AND kind = 'wallet'")
    private static let headColumns = "t.seq, t.at_us, t.hash"
    private static let headTable =
        "LEFT JOIN transactions t ON t.seq = (SELECT max(seq) FROM transactions)"
    /// All that a new hold reads, in one go: the wallet of ?1, the head, whether there is a hold for
    /// ?2 and ?3 already, and whether the wallet has a budget and its owner a debt.
    static let opening = Statement(
        """
        SELECT \(accountColumns), \(headColumns),
            EXISTS(SELECT 1 FROM holds WHERE job = ?2 AND operation = ?3),
            EXISTS(SELECT 1 FROM budgets WHERE account = a.id),
            EXISTS(SELECT 1 FROM accounts d WHERE d.owner = 'debt of ' || a.owner AND d.posted < 0)
        FROM accounts a \(headTable) WHERE a.owner = ?1 AND a.kind = 'wallet'
        """)
    /// A wallet and the head.
    static let closing = Statement(
        """
        SELECT \(accountColumns), \(headColumns) FROM accounts a \(headTable)
        WHERE a.id = ? AND a.kind = 'wallet'
        """)
    static let insertAccount = Statement(
        """
        INSERT INTO accounts(id, kind, asset, owner, opened_at_us)
        VALUES((SELECT max(99, max(id)) + 1 FROM accounts), 'wallet', 1, ?, ?)
        """)
    static let setLowThreshold = Statement(
        "UPDATE accounts SET low_threshold = ? WHERE id = ?")
    static let mergeAccount = Statement(
        "UPDATE accounts SET merged_into = ?1 WHERE id = ?2 OR merged_into = ?2")

    // MARK: Transactions and entries

    static let head = Statement(
        "SELECT seq, at_us, hash FROM transactions ORDER BY seq DESC LIMIT 1")
    static let insertTransaction = Statement(
        """
        INSERT INTO transactions(seq, kind, account, previous, hold, key, actor, request, asset,
            note, posted_after, pending_after, at_us, hash)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    static let insertTwoEntries = Statement(
        """
        INSERT INTO entries(tx, line, account, asset, layer, amount)
        VALUES(?1, ?2, ?3, ?7, ?5, ?6), (?1, ?2 + 1, ?4, ?7, ?5, -?6)
        """)
    static let transactionByKey = Statement(
        "SELECT seq, account, hold FROM transactions WHERE kind = ? AND key = ?")
    static let postedChange = Statement(
        """
        SELECT coalesce(sum(amount), 0) FROM entries WHERE tx = ? AND account = ? AND layer = 0
        """)

    // MARK: Holds

    /// The number and the time of a hold's quote; most have none, and look nothing up.
    private static let quoteColumns = """
        CASE WHEN h.quote_line IS NOT NULL THEN
            (SELECT quote FROM quote_lines WHERE id = h.quote_line) END,
        CASE WHEN h.quote_line IS NOT NULL THEN
            (SELECT q.created_us FROM quotes q JOIN quote_lines l ON l.quote = q.id
                WHERE l.id = h.quote_line) END
        """

    private static let holdColumns = """
        h.id, h.account, h.amount, h.captured, h.refunded, h.state, h.operation, h.model,
        h.quantity, h.job, h.session, h.price_version, h.provider_reference, h.created_us,
        h.expires_us, h.hard_us, h.resolved_us, a.owner, h.catalogue, h.parameters,
        h.quote_line, \(quoteColumns), h.block
        """
    private static let holdTables = "holds h JOIN accounts a ON a.id = h.account"
    static let holdByJob = Statement(
        "SELECT \(holdColumns) FROM \(holdTables) WHERE h.job = ? AND h.operation = ?")
    static let holdByID = Statement("SELECT \(holdColumns) FROM \(holdTables) WHERE h.id = ?")
    static let insertHold = Statement(
        """
        INSERT INTO holds(id, account, amount, operation, model, quantity, job, session,
            price_version, created_us, expires_us, hard_us, catalogue, parameters, quote_line, block)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    static let closeHold = Statement(
        """
        UPDATE holds SET state = ?, captured = ?, resolved_us = ?, resolve_tx = ?
        WHERE id = ? AND resolve_tx IS NULL
        """)
    static let renewHold = Statement(
        "UPDATE holds SET expires_us = ? WHERE id = ? AND resolve_tx IS NULL")
    static let submitHold = Statement(
        """
        UPDATE holds SET state = 'submitted', provider_reference = ?, expires_us = ?
        WHERE id = ? AND resolve_tx IS NULL
        """)
    static let addRefund = Statement("UPDATE holds SET refunded = refunded + ? WHERE id = ?")
    /// Reserved holds whose lease has ended, and all whose limit is reached.
    static let expiredHolds = Statement(
        """
        SELECT \(holdColumns) FROM \(holdTables)
        WHERE h.resolve_tx IS NULL AND h.expires_us <= ?1
            AND (h.state = 'reserved' OR h.hard_us <= ?1)
        ORDER BY h.expires_us LIMIT ?2
        """)
    static let expiredHoldsOfAccount = Statement(
        """
        SELECT \(holdColumns) FROM \(holdTables)
        WHERE h.resolve_tx IS NULL AND h.expires_us <= ?1
            AND (h.state = 'reserved' OR h.hard_us <= ?1) AND h.account = ?2
        """)
    static let expiredSum = Statement(
        """
        SELECT coalesce(sum(amount), 0) FROM holds
        WHERE resolve_tx IS NULL AND expires_us <= ?1
            AND (state = 'reserved' OR hard_us <= ?1) AND account = ?2
        """)
    static let overdueHolds = Statement(
        """
        SELECT \(holdColumns) FROM \(holdTables)
        WHERE h.resolve_tx IS NULL AND h.expires_us <= ? AND h.state = 'submitted'
        ORDER BY h.expires_us LIMIT ?
        """)
    static let openHolds = Statement(
        "SELECT count(*), coalesce(sum(amount), 0) FROM holds WHERE resolve_tx IS NULL")

    // MARK: Grants

    static let insertGrant = Statement("INSERT INTO grants(tx, category, source) VALUES(?, ?, ?)")
    static let grantBySource = Statement(
        """
        SELECT t.seq, t.account, g.category FROM grants g JOIN transactions t ON t.seq = g.tx
        WHERE g.source = ?
        """)
    // MARK: History

    private static let historyColumns = """
        t.seq, t.kind, t.previous, t.posted_after, t.pending_after, t.at_us, t.request, t.asset,
        t.note,
        (SELECT coalesce(sum(amount), 0) FROM entries
            WHERE tx = t.seq AND account = t.account AND layer = 0),
        (SELECT coalesce(sum(amount), 0) FROM entries
            WHERE tx = t.seq AND account = t.account AND layer = 1),
        h.id, h.operation, h.job, h.session, h.price_version, h.provider_reference, h.model,
        h.catalogue, h.parameters, \(quoteColumns), n.reached, n.budget, t.actor
        """
    /// Follows an account's transactions back from ?1, at most ?2, newest first.
    static let history = Statement(
        """
        WITH RECURSIVE walk(seq, n) AS (
            VALUES(?1, 1)
            UNION ALL
            SELECT t.previous, n + 1 FROM walk JOIN transactions t ON t.seq = walk.seq
            WHERE t.previous > 0 AND n < ?2)
        SELECT \(historyColumns) FROM walk
        JOIN transactions t ON t.seq = walk.seq
        LEFT JOIN holds h ON h.id = t.hold
        LEFT JOIN budget_notices n ON n.tx = t.seq
        ORDER BY t.seq DESC
        """)
    /// What the holds of a session came to, by operation and model.
    static let statement = Statement(
        """
        SELECT operation, model, count(*), sum(captured - refunded),
            sum(CASE WHEN resolve_tx IS NULL THEN amount ELSE 0 END), min(created_us),
            max(coalesce(resolved_us, created_us))
        FROM holds WHERE session = ?1 AND session <> '' AND account = ?2
        GROUP BY operation, model ORDER BY min(id)
        """)
    static let previousInAccount = Statement(
        "SELECT previous FROM transactions WHERE seq = ? AND account = ?")

    // MARK: Prices

    /// What a credit was worth by a version, or at an instant when there is no such version.
    static let creditValue = Statement(
        """
        SELECT credit_value_u6 FROM price_versions WHERE version = ?1 OR valid_from_us <= ?2
        ORDER BY version = ?1 DESC, valid_from_us DESC, version DESC LIMIT 1
        """)
    static let newestVersion = Statement("SELECT coalesce(max(version), 0) FROM price_versions")
    static let newestVersionOfEdition = Statement(
        """
        SELECT version, credit_value_u6 FROM price_versions WHERE edition = ?
        ORDER BY version DESC LIMIT 1
        """)
    static let priceVersions = Statement(
        "SELECT version, credit_value_u6, valid_from_us FROM price_versions")
    static let insertPriceVersion = Statement(
        """
        INSERT INTO price_versions(version, edition, credit_value_u6, valid_from_us)
        VALUES(?, ?, ?, ?)
        """)
    static let prices = Statement(
        """
        SELECT catalogue, operation, model, parameters, amount, dollars_u6, cap, unit, label
        FROM prices WHERE version = ? ORDER BY catalogue DESC, operation, model, parameters
        """)
    static let insertPrice = Statement(
        """
        INSERT INTO prices(version, catalogue, operation, model, parameters, amount, dollars_u6,
            cap, unit, label, valid_from_us)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
}
