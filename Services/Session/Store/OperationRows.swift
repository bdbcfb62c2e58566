internal import ServiceAPI
internal import Storage
internal import Wire

/// The statements of the journal.
enum OperationRows {
    private static let columns =
        """
        id, user_id, session_id, kind, idempotency_key, fingerprint, state, stage, cancellation,
        outcome, is_exclusive, hold_id, held_u4, capture_u4, journal, created_at_us, finished_at_us
        """
    private static let find = Statement("SELECT \(columns) FROM operations WHERE id = ?")
    private static let findByKey = Statement(
        "SELECT \(columns) FROM operations WHERE user_id = ? AND idempotency_key = ?")
    private static let findRunning = Statement(
        """
        SELECT \(columns) FROM operations
        WHERE session_id = ? AND state = 1 AND is_exclusive = 1
        """)
    private static let insertRow = Statement(
        """
        INSERT INTO operations(\(columns))
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    private static let updateRow = Statement(
        """
        UPDATE operations SET state = ?2, stage = ?3, outcome = ?4, hold_id = ?5, held_u4 = ?6,
            capture_u4 = ?7, journal = ?8, finished_at_us = ?9
        WHERE id = ?1 AND state = 1
        """)
    private static let cancelRow = Statement(
        "UPDATE operations SET cancellation = max(cancellation, ?2) WHERE id = ?1 AND state = 1")
    private static let deleteRow = Statement(
        "DELETE FROM operations WHERE id = ? AND state = 1 AND hold_id = ''")
    private static let allRunning = Statement(
        "SELECT \(columns) FROM operations WHERE state = 1 ORDER BY created_at_us LIMIT ?")
    private static let countRunning = Statement(
        "SELECT count(*) FROM operations WHERE state = 1")
    private static let countOfUser = Statement(
        "SELECT count(*) FROM operations WHERE user_id = ? AND state = 1")
    private static let moveUser = Statement(
        """
        UPDATE operations SET user_id = ?2, idempotency_key = ?1 || '/' || idempotency_key
        WHERE user_id = ?1
        """)
    private static let prune = Statement(
        """
        DELETE FROM operations WHERE id IN (
            SELECT id FROM operations WHERE state <> 1 AND finished_at_us <= ? LIMIT ?)
        """)

    static func operation(_ id: String, _ transaction: borrowing Transaction) throws -> Operation? {
        try transaction.first(find, id, map: operation)
    }

    static func operation(
        of userID: String, key: String, _ transaction: borrowing Transaction
    ) throws -> Operation? {
        try transaction.first(findByKey, userID, key, map: operation)
    }

    /// The command that a session is busy with.
    static func running(
        in sessionID: String, _ transaction: borrowing Transaction
    ) throws -> Operation? {
        try transaction.first(findRunning, sessionID, map: operation)
    }

    /// - Throws: `StorageError.constraint(.unique, …)` when the key is used or the session busy.
    static func insert(_ operation: Operation, _ transaction: borrowing Transaction) throws {
        try transaction.run(
            insertRow, operation.id, operation.userID, operation.sessionID,
            operation.kind.rawValue, operation.idempotencyKey, operation.fingerprint,
            operation.state.rawValue, operation.stage.rawValue,
            operation.cancellation.rawValue, operation.outcome.rawValue, operation.isExclusive,
            operation.holdID, operation.heldU4, operation.captureU4,
            try OperationCoding.pack(operation), operation.createdAtUs, operation.finishedAtUs)
    }

    /// Writes how far a running operation came. Its cancellation has a statement of its own, so
    /// that the work and the one who stops it never overwrite each other.
    static func update(_ operation: Operation, _ transaction: borrowing Transaction) throws {
        let changed = try transaction.change(
            updateRow, operation.id, operation.state.rawValue, operation.stage.rawValue,
            operation.outcome.rawValue, operation.holdID, operation.heldU4,
            operation.captureU4, try OperationCoding.pack(operation), operation.finishedAtUs)
        guard changed == 1 else {
            throw StorageError.corrupt("operation \(operation.id) is not running")
        }
    }

    /// - Returns: Whether it was running.
    static func cancel(
        _ id: String, _ cancellation: Operation.Cancellation,
        _ transaction: borrowing Transaction
    ) throws -> Bool {
        try transaction.change(cancelRow, id, cancellation.rawValue) == 1
    }

    /// Forgets an operation that was refused before anything was held.
    static func delete(_ id: String, _ transaction: borrowing Transaction) throws {
        try transaction.run(deleteRow, id)
    }

    static func running(limit: Int, _ transaction: borrowing Transaction) throws -> [Operation] {
        try transaction.all(allRunning, limit, map: operation)
    }

    static func countRunning(_ transaction: borrowing Transaction) throws -> Int64 {
        try transaction.first(countRunning) { row in try row.integer(0) } ?? 0
    }

    static func countRunning(
        of userID: String, _ transaction: borrowing Transaction
    ) throws -> Int64 {
        try transaction.first(countOfUser, userID) { row in try row.integer(0) } ?? 0
    }

    static func move(
        from: String, to into: String, _ transaction: borrowing Transaction
    ) throws {
        try transaction.run(moveUser, from, into)
    }

    static func prune(
        before cutoffUs: Int64, limit: Int, _ transaction: borrowing Transaction
    ) throws -> Int {
        try transaction.change(prune, cutoffUs, limit)
    }

    private static func operation(_ row: borrowing Row) throws -> Operation {
        let message = try SessionAPI.StoredJournal(packed: try row.bytes(14))
        guard let kind = Operation.Kind(rawValue: try row.text(3)),
            let state = Operation.State(rawValue: try row.integer(6)),
            let stage = Operation.Stage(rawValue: try row.integer(7)),
            let outcome = Operation.State(rawValue: try row.integer(9))
        else { throw StorageError.corrupt("an operation has an unknown kind or state") }
        var operation = Operation(
            id: try row.text(0), userID: try row.text(1), sessionID: try row.text(2), kind: kind,
            idempotencyKey: try row.text(4), fingerprint: try row.bytes(5),
            work: try OperationCoding.work(message), nowUs: try row.integer(15))
        operation.state = state
        operation.stage = stage
        operation.cancellation = try row.integer(8) == 0 ? .none : .discard
        operation.outcome = outcome
        operation.holdID = try row.text(11)
        operation.heldU4 = try row.integer(12)
        operation.captureU4 = try row.integer(13)
        operation.finishedAtUs = try row.integer(16)
        OperationCoding.fill(&operation, from: message)
        return operation
    }
}
