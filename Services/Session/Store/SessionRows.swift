internal import Storage

/// The statements of the sessions table.
enum SessionRows {
    private static let columns =
        "id, user_id, status, is_expired, step, version, charged_u4, created_at_us, updated_at_us, state"
    private static let find = Statement("SELECT \(columns) FROM sessions WHERE id = ?")
    private static let findActive = Statement(
        "SELECT \(columns) FROM sessions WHERE user_id = ? AND status = 'active'")
    private static let page = Statement(
        """
        SELECT \(columns) FROM sessions WHERE user_id = ?1 AND (created_at_us, id) < (?2, ?3)
        ORDER BY created_at_us DESC, id DESC LIMIT ?4
        """)
    private static let insertRow = Statement(
        "INSERT INTO sessions(\(columns)) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    private static let updateRow = Statement(
        """
        UPDATE sessions SET status = ?2, is_expired = ?3, step = ?4, version = ?5,
            charged_u4 = ?6, updated_at_us = ?7, state = ?8
        WHERE id = ?1 AND version = ?5 - 1
        """)
    private static let old = Statement(
        """
        SELECT \(columns) FROM sessions
        WHERE status = 'active' AND updated_at_us <= ?1 AND NOT EXISTS(
            SELECT 1 FROM operations
            WHERE session_id = sessions.id AND state = 1 AND is_exclusive = 1)
        ORDER BY updated_at_us LIMIT ?2
        """)
    private static let countActive = Statement(
        "SELECT count(*) FROM sessions WHERE status = 'active'")
    private static let allActive = Statement(
        "SELECT \(columns) FROM sessions WHERE status <> 'abandoned' AND id > ?1 ORDER BY id LIMIT ?2"
    )
    private static let moveUser = Statement(
        "UPDATE sessions SET user_id = ?2 WHERE user_id = ?1")

    static func session(_ id: String, _ transaction: borrowing Transaction) throws -> Session? {
        try transaction.first(find, id, map: session)
    }

    static func active(of userID: String, _ transaction: borrowing Transaction) throws -> Session? {
        try transaction.first(findActive, userID, map: session)
    }

    /// Newest first.
    /// - Parameter before: Creation time and id of the last one already shown.
    static func page(
        of userID: String, before: (createdAtUs: Int64, id: String), limit: Int,
        _ transaction: borrowing Transaction
    ) throws -> [Session] {
        try transaction.all(page, userID, before.createdAtUs, before.id, limit, map: session)
    }

    /// - Throws: `StorageError.constraint(.unique, …)` when the user has an active one.
    static func insert(_ session: Session, _ transaction: borrowing Transaction) throws {
        try transaction.run(
            insertRow, session.id, session.userID, session.status.rawValue, session.isExpired,
            session.step.rawValue, Int64(session.version), session.chargedU4,
            session.createdAtUs, session.updatedAtUs, try SessionCoding.pack(session))
    }

    /// Writes the next version of a session.
    static func update(_ session: Session, _ transaction: borrowing Transaction) throws {
        let changed = try transaction.change(
            updateRow, session.id, session.status.rawValue, session.isExpired,
            session.step.rawValue, Int64(session.version), session.chargedU4,
            session.updatedAtUs, try SessionCoding.pack(session))
        guard changed == 1 else {
            throw StorageError.corrupt("session \(session.id) is not at the version before")
        }
    }

    /// Active sessions without work whose last write is at or before `cutoffUs`, oldest first.
    static func untouched(
        since cutoffUs: Int64, limit: Int, _ transaction: borrowing Transaction
    ) throws -> [Session] {
        try transaction.all(old, cutoffUs, limit, map: session)
    }

    static func countActive(_ transaction: borrowing Transaction) throws -> Int64 {
        try transaction.first(countActive) { row in try row.integer(0) } ?? 0
    }

    /// Sessions whose pictures must be there, by id.
    static func kept(
        after id: String, limit: Int, _ transaction: borrowing Transaction
    ) throws -> [Session] {
        try transaction.all(allActive, id, limit, map: session)
    }

    static func move(
        from: String, to into: String, _ transaction: borrowing Transaction
    ) throws -> Int {
        try transaction.change(moveUser, from, into)
    }

    private static func session(_ row: borrowing Row) throws -> Session {
        guard let status = Session.Status(rawValue: try row.text(2)),
            let step = Step(rawValue: try row.text(4))
        else { throw StorageError.corrupt("a session has an unknown status or step") }
        var session = Session(
            id: try row.text(0), userID: try row.text(1), intent: "", aspectRatio: "", seed: 0,
            nowUs: try row.integer(7))
        session.status = status
        session.isExpired = try row.flag(3)
        session.step = step
        session.version = UInt64(try row.integer(5))
        session.chargedU4 = try row.integer(6)
        session.updatedAtUs = try row.integer(8)
        try SessionCoding.unpack(try row.bytes(9), into: &session)
        return session
    }
}
