internal import CSQLite

/// A value that can stand for a `?` of a statement: `Int64` and the other integers that fit, `Bool`,
/// `String`, `[UInt8]`, and an optional of these, where nil is NULL.
package protocol Bindable {
    /// Gives the value to a parameter of a prepared statement; the result is SQLite's code.
    func bind(to statement: PreparedStatement, at index: Int32) -> Int32
}

/// A statement that takes values, as ``Bindable`` sees it.
package struct PreparedStatement {
    let handle: OpaquePointer
}

extension Int64: Bindable {
    package func bind(to statement: PreparedStatement, at index: Int32) -> Int32 {
        sqlite3_bind_int64(statement.handle, index, self)
    }
}

extension Int: Bindable {
    package func bind(to statement: PreparedStatement, at index: Int32) -> Int32 {
        Int64(self).bind(to: statement, at: index)
    }
}

extension Int32: Bindable {
    package func bind(to statement: PreparedStatement, at index: Int32) -> Int32 {
        Int64(self).bind(to: statement, at: index)
    }
}

extension UInt32: Bindable {
    package func bind(to statement: PreparedStatement, at index: Int32) -> Int32 {
        Int64(self).bind(to: statement, at: index)
    }
}

extension Bool: Bindable {
    package func bind(to statement: PreparedStatement, at index: Int32) -> Int32 {
        Int64(self ? 1 : 0).bind(to: statement, at: index)
    }
}

extension String: Bindable {
    package func bind(to statement: PreparedStatement, at index: Int32) -> Int32 {
        var text = self
        return text.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { bytes in
                guard let base = bytes.baseAddress else {
                    return sqlite_bind_text_copy(statement.handle, index, "", 0)
                }
                return sqlite_bind_text_copy(
                    statement.handle, index, base, Int32(clamping: bytes.count))
            }
        }
    }
}

extension [UInt8]: Bindable {
    package func bind(to statement: PreparedStatement, at index: Int32) -> Int32 {
        withUnsafeBytes { bytes in
            sqlite_bind_blob_copy(
                statement.handle, index, bytes.baseAddress, Int32(clamping: bytes.count))
        }
    }
}

extension Optional: Bindable where Wrapped: Bindable {
    package func bind(to statement: PreparedStatement, at index: Int32) -> Int32 {
        switch self {
        case .some(let value): value.bind(to: statement, at: index)
        case .none: sqlite3_bind_null(statement.handle, index)
        }
    }
}
