import CSQLite

/// A store as the checker sees it: the file itself, read only, not through the service that owns it.
final class SQLiteFile {
    enum Value: Hashable {
        case integer(Int64)
        case text(String)
        case bytes([UInt8])
        case null
    }

    struct Row {
        let values: [Value]

        func integer(_ column: Int) -> Int64 {
            if case .integer(let value) = values[column] { value } else { 0 }
        }

        func text(_ column: Int) -> String {
            if case .text(let value) = values[column] { value } else { "" }
        }

        func bytes(_ column: Int) -> [UInt8] {
            if case .bytes(let value) = values[column] { value } else { [] }
        }

        func isNull(_ column: Int) -> Bool { values[column] == .null }
    }

    private let handle: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]

    init?(_ path: String) {
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(
            path, &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK, let opened else {
            sqlite3_close_v2(opened)
            return nil
        }
        handle = opened
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(handle)
    }

    /// Changes a store behind the back of its service.
    /// - Returns: How many rows were changed; nil when that is refused.
    static func tamper(with path: String, _ sql: String) -> Int? {
        var opened: OpaquePointer?
        defer { sqlite3_close_v2(opened) }
        guard sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK,
            sqlite3_exec(opened, sql, nil, nil, nil) == SQLITE_OK
        else { return nil }
        return Int(sqlite3_changes(opened))
    }

    /// Every row of the answer; nil when the statement cannot be run.
    func rows(_ sql: String, _ arguments: [Value] = []) -> [Row]? {
        guard let statement = statement(sql) else { return nil }
        defer { sqlite3_reset(statement) }
        for (index, argument) in arguments.enumerated() {
            let position = Int32(index + 1)
            switch argument {
            case .integer(let value): sqlite3_bind_int64(statement, position, value)
            case .text(let text):
                _ = text.withCString {
                    sqlite_bind_text_copy(statement, position, $0, Int32(text.utf8.count))
                }
            case .bytes, .null: sqlite3_bind_null(statement, position)
            }
        }
        var rows: [Row] = []
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: rows.append(row(statement))
            case SQLITE_DONE: return rows
            default: return nil
            }
        }
    }

    private func statement(_ sql: String) -> OpaquePointer? {
        if let known = statements[sql] { return known }
        var made: OpaquePointer?
        guard sqlite3_prepare_v2(handle, sql, -1, &made, nil) == SQLITE_OK else { return nil }
        statements[sql] = made
        return made
    }

    private func row(_ statement: OpaquePointer) -> Row {
        Row(
            values: (0..<sqlite3_column_count(statement)).map { column in
                switch sqlite3_column_type(statement, column) {
                case SQLITE_INTEGER: .integer(sqlite3_column_int64(statement, column))
                case SQLITE_TEXT:
                    .text(
                        sqlite3_column_text(statement, column).map { String(cString: $0) } ?? "")
                case SQLITE_BLOB:
                    .bytes(
                        Array(
                            UnsafeRawBufferPointer(
                                start: sqlite3_column_blob(statement, column),
                                count: Int(sqlite3_column_bytes(statement, column)))))
                default: .null
                }
            })
    }
}
