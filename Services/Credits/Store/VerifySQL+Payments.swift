internal import Storage

extension VerifySQL {
    /// What must hold of money that came and went back. Each gives one sentence for each row that
    /// breaks it.
    static let paymentChecks: [(name: String, statement: Statement)] = [
        (
            "payments",
            Statement(
                """
                SELECT 'purchase ' || p.uid || ' is ' || p.state || ' and has '
                    || count(y.id) || ' grants'
                FROM purchases p LEFT JOIN payments y ON y.purchase = p.id
                GROUP BY p.id
                HAVING (p.state = 'paid') <> (count(y.id) > 0)
                    OR p.is_plan = 0 AND count(y.id) > 1 LIMIT 100
                """)
        ),
        (
            "payments",
            Statement(
                """
                SELECT 'payment ' || y.object || ' has not brought what was bought'
                FROM payments y JOIN purchases p ON p.id = y.purchase
                LEFT JOIN transactions t ON t.seq = y.grant_tx
                LEFT JOIN entries e ON e.tx = t.seq AND e.account = t.account AND e.layer = 0
                WHERE t.kind IS NOT 'grant' OR e.amount IS NOT y.credits
                    OR t.key IS NOT 'payment:' || y.provider || ':' || y.object
                    OR y.credits <> p.credits OR y.amount <> p.amount LIMIT 100
                """)
        ),
        (
            "payments",
            Statement(
                """
                SELECT 'grant ' || t.seq || ' has no payment' FROM transactions t
                LEFT JOIN payments y ON y.grant_tx = t.seq
                WHERE t.kind = 'grant' AND t.key LIKE 'payment:%' AND y.id IS NULL LIMIT 100
                """)
        ),
        (
            "payments",
            Statement(
                """
                SELECT 'what was taken back of ' || y.object || ' is not what its moves say'
                FROM payments y LEFT JOIN (
                    SELECT m.payment, -sum(e.amount) AS amount FROM payment_moves m
                    JOIN transactions t ON t.seq = m.tx
                    JOIN entries e ON e.tx = t.seq AND e.account = t.account AND e.layer = 0
                    GROUP BY m.payment) s ON s.payment = y.id
                WHERE y.taken_back <> coalesce(s.amount, 0) OR y.taken_back > y.credits LIMIT 100
                """)
        ),
        (
            "payments",
            Statement(
                """
                SELECT 'move ' || m.tx || ' moves nothing of a user' FROM payment_moves m
                JOIN transactions t ON t.seq = m.tx JOIN accounts a ON a.id = t.account
                WHERE t.kind <> 'correction' OR a.kind = 'house' LIMIT 100
                """)
        ),
        (
            "I4",
            Statement(
                """
                SELECT 'debt ' || id || ' is ' || posted || ' and ' || pending FROM accounts
                WHERE kind = 'debt' AND (posted > 0 OR pending <> 0) LIMIT 100
                """)
        ),
    ]
}
