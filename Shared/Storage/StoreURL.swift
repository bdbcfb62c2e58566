/// Where a store is: the value of a `<NAME>_STORE` setting.
package struct StoreURL: Hashable, Sendable {
    /// Path of the database file; nil for a store in memory, which ends with the process.
    package let path: String?

    /// Reads `sqlite:PATH` or `sqlite::memory:`.
    ///
    /// - Throws: ``StorageError/unsupportedURL(_:)`` for anything else.
    package init(_ text: String) throws(StorageError) {
        let scheme = "sqlite:"
        guard text.hasPrefix(scheme) else { throw .unsupportedURL(text) }
        let rest = String(text.dropFirst(scheme.count))
        // SQLite takes a name that begins with "file:" for a URI with options of its own.
        guard !rest.isEmpty, !rest.hasPrefix("file:"), !rest.utf8.contains(0) else {
            throw .unsupportedURL(text)
        }
        if rest.hasPrefix(":") {
            guard rest == ":memory:" else { throw .unsupportedURL(text) }
            path = nil
        } else {
            path = rest
        }
    }
}
