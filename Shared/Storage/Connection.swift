internal import CSQLite
internal import ServiceRuntime

/// One SQLite connection with its prepared statements.
// Safe: used by one thread at a time; the writer owns one, readers take one from a locked list.
final class Connection: @unchecked Sendable {
    /// What a connection may do.
    enum Role {
        case writer, reader
    }

    private let handle: OpaquePointer
    private let path: String
    private var prepared: [OpaquePointer?] = []

    /// Once in a process, before the first connection.
    private static let configuration = sqlite_disable_memory_statistics()

    init(path: String?, role: Role, options: DatabaseOptions) throws(StorageError) {
        self.path = path ?? ":memory:"
        _ = Self.configuration
        let access =
            role == .writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(
            self.path, &opened, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
            options.fileSystem)
        guard let opened else { throw .io("no memory for a connection") }
        handle = opened
        try check(code)
        if path != nil, role == .writer, sqlite3_db_readonly(handle, "main") != 0 {
            throw .readOnly(path: self.path)
        }
        try configure(role, options, isFile: path != nil)
    }

    deinit {
        for statement in prepared {
            sqlite3_finalize(statement)
        }
        sqlite3_close_v2(handle)
    }

    private func configure(
        _ role: Role, _ options: DatabaseOptions, isFile: Bool
    ) throws(StorageError) {
        sqlite3_busy_timeout(handle, Int32(clamping: options.busyTimeoutMs))
        try check(sqlite_set_defensive(handle))
        try execute("PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON")
        switch role {
        case .writer:
            if isFile {
                let mode = try text(of: "PRAGMA journal_mode = WAL")
                guard mode == "wal" else { throw .io("the store does not support WAL (\(mode))") }
            }
            // The log is copied into the file by the writer itself, after it has answered.
            try execute(
                """
                PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
                PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384
                """)
            switch options.mutant {
            case .skipsFlush: try execute("PRAGMA synchronous = NORMAL")
            case .checksWalletThenHolds: try execute("PRAGMA ignore_check_constraints = ON")
            default: break
            }
            if let pages = options.pageCountMax {
                _ = try integer(of: "PRAGMA max_page_count = \(pages)")
            }
        case .reader:
            try check(sqlite_set_no_checkpoint_on_close(handle))
            try execute("PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = ON")
        }
    }

    // MARK: Statements

    /// The prepared form of a statement, its values bound; ``reset(_:)`` it after use.
    func bind(
        _ statement: Statement, _ values: [any Bindable]
    ) throws(StorageError) -> OpaquePointer {
        let prepared = try prepare(statement)
        guard sqlite3_stmt_busy(prepared) == 0 else {
            throw .statement("a statement is used inside its own rows: \(statement.sql)")
        }
        guard sqlite3_bind_parameter_count(prepared) == Int32(values.count) else {
            throw .statement("\(values.count) values for: \(statement.sql)")
        }
        let target = PreparedStatement(handle: prepared)
        var index: Int32 = 0
        for value in values {
            index += 1
            try check(value.bind(to: target, at: index))
        }
        return prepared
    }

    /// Makes a statement ready for its next use; its rows end here.
    func reset(_ statement: OpaquePointer) {
        sqlite3_reset(statement)
    }

    /// Advances a statement; false when it has no more rows.
    func step(_ statement: OpaquePointer) throws(StorageError) -> Bool {
        switch sqlite3_step(statement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw error(code)
        }
    }

    private func prepare(_ statement: Statement) throws(StorageError) -> OpaquePointer {
        if statement.index < prepared.count, let known = prepared[statement.index] {
            return known
        }
        var made: OpaquePointer?
        try check(
            sqlite3_prepare_v3(
                handle, statement.sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &made, nil))
        guard let made else { throw .statement("an empty statement") }
        if prepared.count <= statement.index {
            prepared += Array(repeating: nil, count: statement.index + 1 - prepared.count)
        }
        prepared[statement.index] = made
        return made
    }

    // MARK: Scripts and pragmas

    func execute(_ script: String) throws(StorageError) {
        try check(sqlite3_exec(handle, script, nil, nil, nil))
    }

    /// The integer in the first column of the first row.
    func integer(of sql: String) throws(StorageError) -> Int64 {
        try single(sql) { row throws(StorageError) in try row.integer(0) }
    }

    /// The text in the first column of the first row.
    func text(of sql: String) throws(StorageError) -> String {
        try single(sql) { row throws(StorageError) in try row.text(0) }
    }

    private func single<Value>(
        _ sql: String, _ map: (borrowing Row) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        var made: OpaquePointer?
        try check(sqlite3_prepare_v2(handle, sql, -1, &made, nil))
        guard let made else { throw .statement("an empty statement") }
        defer { sqlite3_finalize(made) }
        guard try step(made) else { throw .statement("no row from: \(sql)") }
        return try map(Row(made))
    }

    // MARK: State

    /// Ends a transaction without keeping it; nothing happens when none is open.
    func rollback() {
        if !isOutsideTransaction { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
    }

    /// Whether no transaction is open, also because SQLite gave one up after an error.
    var isOutsideTransaction: Bool { sqlite3_get_autocommit(handle) != 0 }

    var changedRows: Int { Int(sqlite3_changes64(handle)) }

    var lastInsertedID: Int64 { sqlite3_last_insert_rowid(handle) }

    /// Copies the log into the file as far as readers allow, and says how many pages the log has.
    ///
    /// - Parameters:
    ///   - truncating: Also waits for readers of the old pages, so that the log starts over.
    ///   - busyTimeoutMs: How long to wait for them; `thenBusyTimeoutMs` holds afterwards.
    func checkpoint(
        truncating: Bool, busyTimeoutMs: Int, thenBusyTimeoutMs: Int
    ) throws(StorageError) -> Int {
        sqlite3_busy_timeout(handle, Int32(clamping: busyTimeoutMs))
        defer { sqlite3_busy_timeout(handle, Int32(clamping: thenBusyTimeoutMs)) }
        var logPages: Int32 = 0
        let mode = truncating ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE
        let code = sqlite3_wal_checkpoint_v2(handle, "main", mode, &logPages, nil)
        // Busy: readers still use old pages. The rest is copied next time.
        if code & 0xFF != SQLITE_BUSY { try check(code) }
        return Int(max(0, logPages))
    }

    /// Calls a closure with the pages in the log after each commit.
    func onCommit(_ counter: LogPageCounter) {
        sqlite3_wal_hook(
            handle,
            { counter, _, _, pages in
                if let counter {
                    Unmanaged<LogPageCounter>.fromOpaque(counter).takeUnretainedValue()
                        .pages = Int(pages)
                }
                return SQLITE_OK
            }, Unmanaged.passUnretained(counter).toOpaque())
    }

    private func check(_ code: Int32) throws(StorageError) {
        if code != SQLITE_OK { throw error(code) }
    }

    private func error(_ code: Int32) -> StorageError {
        StorageError(code: code, message: String(cString: sqlite3_errmsg(handle)), path: path)
    }
}

/// How many pages the write-ahead log has; kept by the connection that commits.
final class LogPageCounter {
    var pages = 0
}
