internal import Storage

/// The statements of payments and debts.
enum PaymentSQL {
    // MARK: Purchases

    private static let columns = """
        p.id, p.uid, p.account, a.owner, p.provider, p.item, p.is_plan, p.quantity, p.amount,
        p.currency, p.credits, p.success_url, p.cancel_url, p.created_us, p.state, p.session, p.url,
        p.expires_us, p.subscription
        """
    private static let tables = "purchases p JOIN accounts a ON a.id = p.account"
    static let purchase = Statement("SELECT \(columns) FROM \(tables) WHERE p.id = ?")
    static let purchaseByID = Statement("SELECT \(columns) FROM \(tables) WHERE p.uid = ?")
    static let purchaseBySession = Statement(
        "SELECT \(columns) FROM \(tables) WHERE p.provider = ? AND p.session = ?")
    static let purchaseBySubscription = Statement(
        "SELECT \(columns) FROM \(tables) WHERE p.provider = ? AND p.subscription = ?")
    static let purchaseByToken = Statement(
        """
        SELECT \(columns) FROM \(tables)
        WHERE p.id = (SELECT purchase FROM sandbox_checkouts WHERE token = ?)
        """)
    /// The purchases of an account and of those merged into it before ?2, newest first.
    static let purchases = Statement(
        """
        SELECT \(columns) FROM \(tables)
        WHERE (p.account = ?1 OR a.merged_into = ?1) AND p.id < ?2 ORDER BY p.id DESC LIMIT ?3
        """)
    static let unsettled = Statement(
        """
        SELECT \(columns) FROM \(tables)
        WHERE p.state IN ('created', 'open', 'pending') AND p.check_us <= ?1 AND p.provider = ?2
        ORDER BY p.check_us LIMIT ?3
        """)
    static let insertPurchase = Statement(
        """
        INSERT INTO purchases(uid, account, provider, item, is_plan, quantity, amount, currency,
            credits, success_url, cancel_url, created_us, expires_us, check_us)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    static let setState = Statement("UPDATE purchases SET state = ? WHERE id = ?")
    static let setPaid = Statement("UPDATE purchases SET state = ?, check_us = ? WHERE id = ?")
    /// When the first word of it came stays.
    static let setEnding = Statement(
        "UPDATE purchases SET ended_us = CASE WHEN ?1 IS NULL THEN NULL "
            + "ELSE coalesce(ended_us, ?1) END WHERE id = ?2")
    /// Paid purchases to be asked about now, with when they were last paid for.
    static let paidToCheck = Statement(
        """
        SELECT \(columns), (SELECT max(t.at_us) FROM payments y
            JOIN transactions t ON t.seq = y.grant_tx WHERE y.purchase = p.id)
        FROM \(tables)
        WHERE p.state = 'paid' AND p.check_us <= ?1 AND p.provider = ?2
        ORDER BY p.check_us LIMIT ?3
        """)
    /// What refunds and disputes of a purchase name: of its last year.
    static let intents = Statement(
        """
        SELECT intent FROM payments WHERE purchase = ? AND intent IS NOT NULL
        ORDER BY id DESC LIMIT 12
        """)
    /// Plans of an account, and of those merged into it, whose paid period runs.
    static let activePlans = Statement(
        """
        SELECT \(columns) FROM \(tables)
        WHERE p.is_plan = 1 AND (p.account = ?1 OR a.merged_into = ?1)
            AND (SELECT max(y.period_end_us) FROM payments y WHERE y.purchase = p.id) > ?2
        ORDER BY p.id
        """)
    static let openPurchase = Statement(
        """
        UPDATE purchases SET session = ?, url = ?, expires_us = ?,
            state = CASE state WHEN 'created' THEN 'open' ELSE state END
        WHERE id = ? AND session IS NULL
        """)
    static let setSession = Statement(
        "UPDATE purchases SET session = ? WHERE id = ? AND session IS NULL")
    static let setSubscription = Statement(
        "UPDATE purchases SET subscription = ? WHERE id = ? AND subscription IS NULL")
    static let setFault = Statement("UPDATE purchases SET fault = ? WHERE id = ?")
    /// One that has been paid meanwhile is asked about when that says so.
    static let checkLater = Statement(
        "UPDATE purchases SET check_us = ?1 WHERE id = ?2 AND (state = 'paid') = ?3")

    // MARK: What payments brought

    private static let paymentColumns = """
        y.id, y.purchase, y.provider, y.object, y.intent, y.amount, y.credits, y.grant_tx,
        y.taken_back, y.period_start_us, y.period_end_us
        """
    static let paymentByObject = Statement(
        "SELECT \(paymentColumns) FROM payments y WHERE provider = ? AND object = ?")
    static let paymentsOfIntent = Statement(
        "SELECT \(paymentColumns) FROM payments y WHERE provider = ? AND intent = ?")
    static let insertPayment = Statement(
        """
        INSERT INTO payments(purchase, provider, object, intent, amount, credits, grant_tx,
            period_start_us, period_end_us)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    static let setTakenBack = Statement(
        "UPDATE payments SET taken_back = taken_back + ? WHERE id = ?")
    static let insertMove = Statement("INSERT INTO payment_moves(tx, payment) VALUES(?, ?)")
    static let returned = Statement(
        """
        SELECT (SELECT coalesce(sum(refunded), 0) FROM payment_refunds
                WHERE provider = ?1 AND intent = ?2)
            + (SELECT coalesce(sum(amount), 0) FROM payment_disputes
                WHERE provider = ?1 AND intent = ?2 AND state <> 'won')
        """)
    static let addRefund = Statement(
        """
        INSERT INTO payment_refunds(provider, charge, intent, refunded) VALUES(?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET refunded = max(refunded, excluded.refunded)
        """)
    /// What is won or lost stays so.
    static let addDispute = Statement(
        """
        INSERT INTO payment_disputes(provider, dispute, intent, amount, state)
        VALUES(?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET amount = max(amount, excluded.amount),
            state = CASE state WHEN 'open' THEN excluded.state ELSE state END
        """)
    /// Of one purchase: credits that came, credits that were taken back, and the money that went
    /// back.
    static let sums = Statement(
        """
        SELECT coalesce(sum(y.credits), 0), coalesce(sum(y.taken_back), 0),
            coalesce(sum(min(y.amount,
                (SELECT coalesce(sum(r.refunded), 0) FROM payment_refunds r
                    WHERE r.provider = y.provider AND r.intent = y.intent)
                + (SELECT coalesce(sum(d.amount), 0) FROM payment_disputes d
                    WHERE d.provider = y.provider AND d.intent = y.intent
                        AND d.state <> 'won'))), 0)
        FROM payments y WHERE y.purchase = ?
        """)
    /// The newest plan of an account, and the last period that was paid for.
    static let subscription = Statement(
        """
        SELECT p.uid, p.item, p.credits, y.period_start_us, y.period_end_us,
            p.ended_us IS NOT NULL
        FROM payments y JOIN purchases p ON p.id = y.purchase JOIN accounts a ON a.id = p.account
        WHERE p.is_plan = 1 AND (p.account = ?1 OR a.merged_into = ?1)
        ORDER BY y.period_end_us DESC, y.id DESC LIMIT 1
        """)

    // MARK: Events

    static let insertEvent = Statement(
        """
        INSERT INTO payment_events(provider, event, type, object, received_us, next_us)
        VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """)
    static let event = Statement(
        "SELECT done_us, outcome FROM payment_events WHERE provider = ? AND event = ?")
    static let waitingEvents = Statement(
        """
        SELECT provider, event, type, object FROM payment_events
        WHERE done_us IS NULL AND next_us <= ?1 AND provider = ?2 ORDER BY next_us LIMIT ?3
        """)
    static let finishEvent = Statement(
        """
        UPDATE payment_events SET done_us = ?, outcome = ?
        WHERE provider = ? AND event = ? AND done_us IS NULL
        """)
    static let tryEventLater = Statement(
        """
        UPDATE payment_events SET tries = tries + 1,
            next_us = ?1 + min(3600, 15 << min(tries, 8)) * 1000000
        WHERE provider = ?2 AND event = ?3 AND done_us IS NULL
        """)
    static let forgetEvents = Statement(
        """
        DELETE FROM payment_events WHERE (provider, event) IN (
            SELECT provider, event FROM payment_events WHERE done_us < ? LIMIT ?)
        """)
    static let waitingEventCount = Statement(
        "SELECT count(*) FROM payment_events WHERE done_us IS NULL")

    // MARK: The sandbox

    static let insertSandbox = Statement(
        "INSERT INTO sandbox_checkouts(token, purchase, expires_us) VALUES(?, ?, ?)")
    static let sandboxByToken = Statement(
        """
        SELECT token, purchase, state, expires_us, paid_us FROM sandbox_checkouts WHERE token = ?
        """)
    static let sandboxOfPurchase = Statement(
        """
        SELECT token, purchase, state, expires_us, paid_us FROM sandbox_checkouts
        WHERE purchase = ?
        """)
    static let paySandbox = Statement(
        """
        UPDATE sandbox_checkouts SET state = 'paid', paid_us = ?
        WHERE token = ? AND state = 'open'
        """)
    static let cancelSandbox = Statement(
        "UPDATE sandbox_checkouts SET state = 'cancelled' WHERE token = ? AND state = 'open'")
    /// Plans of the sandbox whose last period is over, with the number of the next one.
    static let dueRenewals = Statement(
        """
        SELECT p.uid, count(*) + 1 FROM payments y JOIN purchases p ON p.id = y.purchase
        WHERE p.provider = 'local' AND p.is_plan = 1 AND p.ended_us IS NULL
        GROUP BY p.id HAVING max(y.period_end_us) <= ? LIMIT ?
        """)

    // MARK: Debts

    private static let accountColumns =
        "a.id, a.owner, a.posted, a.pending, a.last_tx, a.merged_into, a.low_threshold"
    static let debt = Statement(
        "SELECT \(accountColumns) FROM accounts a WHERE owner = ? AND kind = 'debt'")
    static let owed = Statement(
        "SELECT -posted FROM accounts WHERE owner = ? AND kind = 'debt'")
    static let insertDebt = Statement(
        """
        INSERT INTO accounts(id, kind, asset, owner, opened_at_us)
        VALUES((SELECT max(99, max(id)) + 1 FROM accounts), 'debt', 1, ?, ?)
        """)
    /// Those who owe and could pay.
    static let debtors = Statement(
        """
        SELECT w.owner FROM accounts d JOIN accounts w ON w.owner = substr(d.owner, ?1)
        WHERE d.kind = 'debt' AND d.posted < 0 AND w.posted + w.pending > 0 LIMIT ?2
        """)
}
