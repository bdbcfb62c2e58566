internal import CSQLite

/// The view of the store that the closure of a ``Database/write(_:)`` or ``Database/read(_:)`` gets,
/// valid only while that closure runs.
///
/// A reader's view is one snapshot and refuses to change anything. What the methods throw is a
/// ``StorageError``, or what the closure given for the rows throws.
package struct Transaction: ~Copyable {
    private let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// Runs a statement that gives no rows.
    package func run(_ statement: Statement, _ values: any Bindable...) throws(StorageError) {
        let handle = try connection.bind(statement, values)
        defer { connection.reset(handle) }
        while try connection.step(handle) {}
    }

    /// Runs a statement and says how many rows it inserted, changed or deleted (triggers excluded).
    package func change(
        _ statement: Statement, _ values: any Bindable...
    ) throws(StorageError) -> Int {
        let handle = try connection.bind(statement, values)
        defer { connection.reset(handle) }
        while try connection.step(handle) {}
        return connection.changedRows
    }

    /// The first row of the answer, nil when there is none.
    package func first<Value>(
        _ statement: Statement, _ values: any Bindable...,
        map: (borrowing Row) throws -> Value
    ) throws -> Value? {
        let handle = try connection.bind(statement, values)
        defer { connection.reset(handle) }
        return try connection.step(handle) ? try map(Row(handle)) : nil
    }

    /// Every row of the answer, in order. Use `LIMIT`: the answer is held in memory.
    package func all<Value>(
        _ statement: Statement, _ values: any Bindable...,
        map: (borrowing Row) throws -> Value
    ) throws -> [Value] {
        var found: [Value] = []
        let handle = try connection.bind(statement, values)
        defer { connection.reset(handle) }
        while try connection.step(handle) {
            found.append(try map(Row(handle)))
        }
        return found
    }

    /// Gives each row of the answer to a closure, in order, until it returns false.
    package func forEach(
        _ statement: Statement, _ values: any Bindable...,
        body: (borrowing Row) throws -> Bool
    ) throws {
        let handle = try connection.bind(statement, values)
        defer { connection.reset(handle) }
        while try connection.step(handle) {
            guard try body(Row(handle)) else { return }
        }
    }

    /// The row id that the last insert gave.
    package var lastInsertedID: Int64 { connection.lastInsertedID }

    /// Runs a script without parameters; for tests and tools.
    package func execute(_ script: String) throws(StorageError) {
        try connection.execute(script)
    }
}
