internal import Storage

/// The statements of grant blocks.
enum BlockSQL {
    private static let columns = """
        b.id, b.account, b.tx, b.category, b.priority, b.amount, b.remaining, b.held, b.consumed,
        b.expired, b.removed, b.expires_us, b.is_void, coalesce(t.key, t.kind)
        """
    private static let tables = "blocks b JOIN transactions t ON t.seq = b.tx"

    static let insert = Statement(
        """
        INSERT INTO blocks(account, tx, category, priority, amount, remaining, expires_us)
        VALUES(?1, ?2, ?3, ?4, ?5, ?5, ?6)
        """)
    static let spendable = Statement(
        """
        SELECT id, remaining FROM blocks WHERE account = ? AND is_open = 1 AND remaining > 0
            AND expires_us > ?
        ORDER BY priority, expires_us, id
        """)
    /// The block to be spent first: in the common case it has enough.
    static let firstSpendable = Statement(
        """
        SELECT id, remaining FROM blocks WHERE account = ? AND is_open = 1 AND remaining > 0
            AND expires_us > ?
        ORDER BY priority, expires_us, id LIMIT 1
        """)
    static let take = Statement(
        "UPDATE blocks SET remaining = remaining - ?1, held = held + ?1 WHERE id = ?2")
    /// A block with nothing left stands in nobody's way.
    static let close = Statement(
        "UPDATE blocks SET is_open = 0 WHERE id = ? AND remaining = 0 AND is_open = 1")
    static let insertPart = Statement(
        "INSERT INTO hold_blocks(hold, block, amount, position) VALUES(?, ?, ?, ?)")
    /// In the order in which they were taken. Older holds have no positions: theirs are in the order
    /// in which their blocks are spent now.
    static let parts = Statement(
        """
        SELECT p.block, p.amount FROM hold_blocks p JOIN blocks b ON b.id = p.block
        WHERE p.hold = ? ORDER BY p.position, b.priority, b.expires_us, b.id
        """)
    /// Ends a part of a hold: ?1 was held, ?2 of it is consumed, ?3 comes back to a block that lives.
    static let settle = Statement(
        """
        UPDATE blocks SET held = held - ?1, consumed = consumed + ?2, remaining = remaining + ?3
        WHERE id = ?4 AND (?3 = 0 OR is_open = 1 AND expires_us > ?5 AND is_void = 0)
        """)
    static let settleLate = Statement(
        """
        UPDATE blocks SET held = held - ?1, consumed = consumed + ?2, remaining = remaining + ?3,
            is_open = 1, expires_us = ?5 WHERE id = ?4
        """)
    static let settleVoid = Statement(
        """
        UPDATE blocks SET held = held - ?1, consumed = consumed + ?2, removed = removed + ?3
        WHERE id = ?4
        """)
    static let block = Statement("SELECT \(columns) FROM \(tables) WHERE b.id = ?")
    static let ofAccount = Statement(
        "SELECT \(columns) FROM \(tables) WHERE b.account = ? ORDER BY b.id DESC LIMIT ?")
    static let ofTransaction = Statement(
        "SELECT \(columns) FROM \(tables) WHERE b.tx = ? ORDER BY b.id")
    static let remainingOfAccount = Statement(
        """
        SELECT \(columns) FROM \(tables) WHERE b.account = ? AND b.is_open = 1 AND b.remaining > 0
        ORDER BY b.priority, b.expires_us, b.id
        """)
    static let overOfAccount = Statement(
        """
        SELECT \(columns) FROM \(tables)
        WHERE b.account = ? AND b.is_open = 1 AND b.remaining > 0 AND b.expires_us <= ?
        ORDER BY b.id
        """)
    static let over = Statement(
        """
        SELECT \(columns) FROM \(tables)
        WHERE b.is_open = 1 AND b.remaining > 0 AND b.expires_us < 9223372036854775807 AND b.expires_us <= ?
        ORDER BY b.expires_us LIMIT ?
        """)
    static let overSum = Statement(
        """
        SELECT coalesce(sum(remaining), 0) FROM blocks
        WHERE account = ? AND is_open = 1 AND remaining > 0 AND expires_us <= ?
        """)
    static let expire = Statement(
        """
        UPDATE blocks SET expired = expired + remaining, remaining = 0, is_open = 0 WHERE id = ?
        """)
    static let remove = Statement(
        "UPDATE blocks SET removed = removed + ?1, remaining = remaining - ?1 WHERE id = ?2")
    /// Returns what was taken back.
    static let giveBack = Statement(
        """
        UPDATE blocks SET removed = removed - ?1, remaining = remaining + ?1, is_open = 1
        WHERE id = ?2
        """)
    static let void = Statement(
        """
        UPDATE blocks SET removed = removed + remaining, remaining = 0, is_open = 0, is_void = 1,
            expires_us = 0
        WHERE id = ?
        """)
    static let refund = Statement(
        """
        UPDATE blocks SET consumed = consumed - ?1, remaining = remaining + ?1, is_open = 1
        WHERE id = ?2 AND account = ?3 AND expires_us > ?4 AND is_void = 0 AND consumed >= ?1
        """)

    // MARK: Later

    static let schedule = Statement(
        """
        INSERT INTO scheduled_grants(source, account, amount, category, priority, effective_us,
            expires_us, actor, request, reason) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    static let scheduled = Statement(
        "SELECT account, amount, category FROM scheduled_grants WHERE source = ?")
    static let due = Statement(
        """
        SELECT source, account, amount, category, priority, expires_us, actor, request, reason
        FROM scheduled_grants WHERE effective_us <= ? ORDER BY effective_us LIMIT ?
        """)
    static let unschedule = Statement("DELETE FROM scheduled_grants WHERE source = ?")
}
