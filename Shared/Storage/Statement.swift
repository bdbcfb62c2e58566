internal import ServiceRuntime

/// One SQL statement, prepared at most once on each connection.
///
/// Keep each as a `static let`: every value made takes a place in every connection's cache for the
/// life of the process.
///
/// ```swift
/// static let insertUser = Statement("INSERT INTO users(id, name) VALUES(?, ?)")
/// ```
package struct Statement: Sendable {
    package let sql: String
    /// Its place in the caches.
    let index: Int

    private static let count = Lock(0)

    /// - Parameter sql: A single statement; parameters are `?`.
    package init(_ sql: String) {
        self.sql = sql
        index = Self.count.withLock { count in
            count += 1
            return count - 1
        }
    }
}
