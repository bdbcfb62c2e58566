internal import CSQLite

/// One row of an answer, valid only while the closure that received it runs. Columns count from 0.
package struct Row: ~Copyable {
    private let handle: OpaquePointer

    init(_ handle: OpaquePointer) {
        self.handle = handle
    }

    /// Whether a column is NULL.
    package func isNull(_ column: Int32) -> Bool {
        sqlite3_column_type(handle, column) == SQLITE_NULL
    }

    /// - Throws: ``StorageError/corrupt(_:)`` when the column holds no integer.
    package func integer(_ column: Int32) throws(StorageError) -> Int64 {
        try expect(SQLITE_INTEGER, column)
        return sqlite3_column_int64(handle, column)
    }

    /// An integer that is 0 or 1.
    package func flag(_ column: Int32) throws(StorageError) -> Bool {
        try integer(column) != 0
    }

    /// - Throws: ``StorageError/corrupt(_:)`` when the column holds no text.
    package func text(_ column: Int32) throws(StorageError) -> String {
        try expect(SQLITE_TEXT, column)
        let start = sqlite3_column_text(handle, column)
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// - Throws: ``StorageError/corrupt(_:)`` when the column holds no blob.
    package func bytes(_ column: Int32) throws(StorageError) -> [UInt8] {
        try expect(SQLITE_BLOB, column)
        let start = sqlite3_column_blob(handle, column)
        let count = Int(sqlite3_column_bytes(handle, column))
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// The integer of a column, nil when it is NULL.
    package func optionalInteger(_ column: Int32) throws(StorageError) -> Int64? {
        isNull(column) ? nil : try integer(column)
    }

    /// The text of a column, nil when it is NULL.
    package func optionalText(_ column: Int32) throws(StorageError) -> String? {
        isNull(column) ? nil : try text(column)
    }

    /// The bytes of a column, nil when it is NULL.
    package func optionalBytes(_ column: Int32) throws(StorageError) -> [UInt8]? {
        isNull(column) ? nil : try bytes(column)
    }

    private func expect(_ type: Int32, _ column: Int32) throws(StorageError) {
        let found = sqlite3_column_type(handle, column)
        guard found == type else {
            throw .corrupt("column \(column) has type \(found) where \(type) belongs")
        }
    }
}
