internal import ServiceAPI
internal import Storage
internal import Wire

/// The statements of the event outbox.
enum EventRows {
    private static let insertRow = Statement(
        "INSERT INTO events(user_id, payload, at_us) VALUES(?, ?, ?)")
    private static let after = Statement(
        """
        SELECT sequence, payload FROM events WHERE user_id = ?1 AND sequence > ?2
        ORDER BY sequence LIMIT ?3
        """)
    private static let last = Statement(
        "SELECT coalesce(max(sequence), 0) FROM events")
    private static let moveUser = Statement("UPDATE events SET user_id = ?2 WHERE user_id = ?1")
    private static let oldest = Statement(
        """
        SELECT coalesce(max(sequence), 0) FROM (
            SELECT sequence FROM events WHERE at_us <= ?1 ORDER BY sequence LIMIT ?2)
        """)
    private static let deleteThrough = Statement("DELETE FROM events WHERE sequence <= ?")
    private static let mark = Statement(
        "UPDATE marks SET value = max(value, ?) WHERE name = 'events_pruned_through'")
    private static let pruned = Statement(
        "SELECT value FROM marks WHERE name = 'events_pruned_through'")

    static func append(
        _ event: SessionAPI.Event, to userID: String, _ transaction: borrowing Transaction
    ) throws {
        try transaction.run(insertRow, userID, try event.packed(), event.atUs)
    }

    static func events(
        of userID: String, after sequence: Int64, limit: Int,
        _ transaction: borrowing Transaction
    ) throws -> [SessionAPI.Event] {
        try transaction.all(after, userID, sequence, limit) { row in
            var event = try SessionAPI.Event(packed: try row.bytes(1))
            event.sequence = UInt64(try row.integer(0))
            return event
        }
    }

    /// The newest number given out that is still there, or the newest that was pruned.
    static func newest(_ transaction: borrowing Transaction) throws -> Int64 {
        max(
            try transaction.first(last) { row in try row.integer(0) } ?? 0,
            try prunedThrough(transaction))
    }

    /// Events up to this number are gone.
    static func prunedThrough(_ transaction: borrowing Transaction) throws -> Int64 {
        try transaction.first(pruned) { row in try row.integer(0) } ?? 0
    }

    /// - Returns: How many were deleted.
    static func prune(
        before cutoffUs: Int64, limit: Int, _ transaction: borrowing Transaction
    ) throws -> Int {
        let through = try transaction.first(oldest, cutoffUs, limit) { row in
            try row.integer(0)
        }
        guard let through, through > 0 else { return 0 }
        try transaction.run(mark, through)
        return try transaction.change(deleteThrough, through)
    }

    static func move(
        from: String, to into: String, _ transaction: borrowing Transaction
    ) throws {
        try transaction.run(moveUser, from, into)
    }
}

/// Owners whose assets media has yet to be told about.
enum ReferenceRows {
    private static let insertRow = Statement(
        """
        INSERT INTO reference_updates(owner, version) VALUES(?1, 1)
        ON CONFLICT(owner) DO UPDATE SET version = version + 1
        """)
    private static let page = Statement(
        "SELECT owner, version FROM reference_updates ORDER BY owner LIMIT ?")
    private static let deleteRow = Statement(
        "DELETE FROM reference_updates WHERE owner = ? AND version = ?")

    static func note(_ owner: String, _ transaction: borrowing Transaction) throws {
        try transaction.run(insertRow, owner)
    }

    static func waiting(
        limit: Int, _ transaction: borrowing Transaction
    ) throws -> [(owner: String, version: Int64)] {
        try transaction.all(page, limit) { row in
            (owner: try row.text(0), version: try row.integer(1))
        }
    }

    /// Forgets an update that was told, unless a newer one came meanwhile.
    static func told(
        _ owner: String, version: Int64, _ transaction: borrowing Transaction
    ) throws {
        try transaction.run(deleteRow, owner, version)
    }
}
