internal import Storage

/// The statements of a verification.
enum VerifySQL {
    static let integrity = Statement("PRAGMA integrity_check(20)")
    static let foreignKeys = Statement("PRAGMA foreign_key_check")

    /// Every transaction with its lines, its owner and the hold that it opened, in order.
    static let everything = Statement(
        """
        SELECT t.seq, t.kind, t.account, t.previous, t.hold, t.key, t.actor, t.request, t.asset,
            t.note, t.posted_after, t.pending_after, t.at_us, t.hash, a.owner,
            e.account, e.asset, e.layer, e.amount,
            h.job, h.operation, h.model, h.quantity, h.session, h.amount, h.price_version,
            h.catalogue, h.parameters, h.quote_line
        FROM transactions t
        JOIN accounts a ON a.id = t.account
        LEFT JOIN entries e ON e.tx = t.seq
        LEFT JOIN holds h ON h.id = t.seq
        ORDER BY t.seq, e.line
        """)

    static let accounts = Statement(
        "SELECT id, posted, pending, last_tx FROM accounts WHERE kind <> 'house'")
    static let openByAccount = Statement(
        "SELECT account, sum(amount) FROM holds WHERE resolve_tx IS NULL GROUP BY account")

    /// Each gives one sentence for each row that breaks the invariant.
    static let checks: [(name: String, statement: Statement)] = [
        (
            "I5",
            Statement(
                """
                SELECT 'the budget of account ' || b.account || ' is not what its holds use'
                FROM budgets b LEFT JOIN (
                    SELECT h.account,
                        sum(CASE WHEN h.resolve_tx IS NULL THEN h.amount ELSE h.captured END)
                            AS used
                    FROM holds h JOIN budgets p ON p.account = h.account
                    WHERE h.created_us >= p.start_us AND h.created_us < p.end_us
                        AND h.id > p.after_tx
                    GROUP BY h.account) u ON u.account = b.account
                WHERE b.used <> coalesce(u.used, 0) LIMIT 100
                """)
        ),
        (
            "I8",
            Statement(
                """
                SELECT 'block ' || id || ' is not the sum of its parts' FROM blocks
                WHERE amount <> remaining + held + consumed + expired + removed
                    OR min(remaining, held, consumed, expired, removed) < 0 LIMIT 100
                """)
        ),
        (
            "I8",
            Statement(
                """
                SELECT 'the blocks of account ' || a.id || ' are not its balance' FROM accounts a
                LEFT JOIN (
                    SELECT account, sum(remaining + held) AS owned, sum(held) AS held FROM blocks
                    GROUP BY account) b ON b.account = a.id
                WHERE a.kind = 'wallet' AND (a.posted <> coalesce(b.owned, 0)
                    OR -a.pending <> coalesce(b.held, 0)) LIMIT 100
                """)
        ),
        (
            "I8",
            Statement(
                """
                SELECT 'block ' || b.id || ' is not held as its holds say' FROM blocks b
                LEFT JOIN (
                    SELECT block, sum(amount) AS amount FROM (
                        SELECT block, amount FROM holds
                            WHERE resolve_tx IS NULL AND block IS NOT NULL
                        UNION ALL SELECT p.block, p.amount FROM hold_blocks p
                            JOIN holds h ON h.id = p.hold WHERE h.resolve_tx IS NULL)
                    GROUP BY block) h ON h.block = b.id
                WHERE b.held <> coalesce(h.amount, 0) LIMIT 100
                """)
        ),
        (
            "I6",
            Statement(
                """
                SELECT 'hold ' || h.id || ' was not opened by its transaction' FROM holds h
                LEFT JOIN transactions t ON t.seq = h.id
                WHERE t.kind IS NOT 'hold' OR t.hold IS NOT h.id OR t.account IS NOT h.account
                LIMIT 100
                """)
        ),
        (
            "I6",
            Statement(
                """
                SELECT 'transaction ' || t.seq || ' opens no hold' FROM transactions t
                LEFT JOIN holds h ON h.id = t.seq
                WHERE t.kind = 'hold' AND h.id IS NULL LIMIT 100
                """)
        ),
        (
            "I6",
            Statement(
                """
                SELECT 'hold ' || h.id || ' was not closed by its transaction' FROM holds h
                LEFT JOIN transactions t ON t.seq = h.resolve_tx
                WHERE h.resolve_tx IS NOT NULL AND (t.hold IS NOT h.id OR t.at_us IS NOT h.resolved_us
                    OR t.kind IS NOT CASE h.state
                        WHEN 'captured' THEN 'capture' WHEN 'released' THEN 'release'
                        WHEN 'expired' THEN 'expire' END)
                LIMIT 100
                """)
        ),
        (
            "I6",
            Statement(
                """
                SELECT 'transaction ' || t.seq || ' closes hold ' || t.hold || ' beside its close'
                FROM transactions t JOIN holds h ON h.id = t.hold
                WHERE t.kind IN ('capture', 'release', 'expire') AND h.resolve_tx IS NOT t.seq
                LIMIT 100
                """)
        ),
        (
            "I7",
            Statement(
                """
                SELECT 'hold ' || h.id || ' captured something else than its transaction took'
                FROM holds h
                WHERE h.resolve_tx IS NOT NULL AND h.captured <> -(
                    SELECT coalesce(sum(e.amount), 0) FROM entries e
                    WHERE e.tx = h.resolve_tx AND e.account = h.account AND e.layer = 0)
                LIMIT 100
                """)
        ),
        (
            "I7",
            Statement(
                """
                SELECT 'the refunds of hold ' || h.id || ' are not what it says' FROM holds h
                LEFT JOIN (
                    SELECT t.hold AS id, sum(e.amount) AS amount FROM transactions t
                    JOIN entries e ON e.tx = t.seq AND e.account = t.account AND e.layer = 0
                    WHERE t.kind = 'refund' GROUP BY t.hold) r ON r.id = h.id
                WHERE h.refunded <> coalesce(r.amount, 0) OR h.refunded > h.captured
                LIMIT 100
                """)
        ),
        (
            "I7",
            Statement(
                """
                SELECT 'line ' || l.id || ' of quote ' || l.quote || ' is not used as its holds say'
                FROM quote_lines l LEFT JOIN (
                    SELECT quote_line AS id,
                        sum(CASE WHEN resolve_tx IS NULL THEN amount ELSE captured END) AS used
                    FROM holds WHERE quote_line IS NOT NULL GROUP BY quote_line) h ON h.id = l.id
                WHERE l.used <> coalesce(h.used, 0) OR l.used > l.amount LIMIT 100
                """)
        ),
        (
            "I7",
            Statement(
                """
                SELECT 'correction ' || c.id || ' is not what its transaction did'
                FROM corrections c LEFT JOIN transactions t ON t.seq = c.tx
                WHERE c.state = 'applied' AND (t.kind IS NOT 'correction'
                    OR t.key IS NOT 'correction:' || c.id OR t.actor IS NOT c.decided_by
                    OR c.amount <> (
                        SELECT coalesce(sum(e.amount), 0) FROM entries e
                        WHERE e.tx = c.tx AND e.account = t.account AND e.layer = 0)) LIMIT 100
                """)
        ),
        (
            "I7",
            Statement(
                """
                SELECT 'transaction ' || t.seq || ' belongs to no approved correction'
                FROM transactions t WHERE t.kind = 'correction' AND t.key LIKE 'correction:%'
                    AND NOT EXISTS(SELECT 1 FROM corrections c WHERE c.tx = t.seq) LIMIT 100
                """)
        ),
        (
            "I6",
            Statement(
                """
                SELECT 'grant ' || t.seq || ' has no source' FROM transactions t
                LEFT JOIN grants g ON g.tx = t.seq
                WHERE t.kind = 'grant' AND g.source IS NOT t.key LIMIT 100
                """)
        ),
    ]
}
