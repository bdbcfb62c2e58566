internal import CSQLite

/// Why the store did not do what it was asked. Nothing of the failed write is in the store.
package enum StorageError: Error, Hashable, Sendable {
    /// Which kind of rule a row broke.
    package enum ConstraintKind: Hashable, Sendable {
        case unique, check, notNull, foreignKey, trigger, other
    }

    /// The URL names no store that this build can open.
    case unsupportedURL(String)
    /// Another process has the store open.
    case inUse(path: String, process: Int32?)
    /// The file was written by a later release; it is left as it is.
    case newerSchema(found: Int, known: Int)
    /// A migration that the file already has differs from the one of this build.
    case changedMigration(number: Int, name: String)
    /// The build's list of migrations is not 1, 2, 3, …
    case unorderedMigrations(String)
    /// A row broke a rule of the schema. `name` is the columns of a unique rule, the name of a check
    /// or the text that a trigger raised.
    case constraint(ConstraintKind, name: String)
    /// A lock was not free in time.
    case busy
    /// The disk, or the size allowed, is full.
    case full
    /// The file or its folder cannot be written.
    case readOnly(path: String)
    /// Reading, writing or flushing failed; whether a commit under way lasted is unknown until the
    /// file is read again, and it has not been acknowledged.
    case io(String)
    /// The file is damaged or no database, or a value in it has the wrong type.
    case corrupt(String)
    /// The SQL or its use is wrong: a defect of this program.
    case statement(String)
    /// More writes are waiting than allowed; nothing was done.
    case overloaded
    /// The database has been closed.
    case closed
}

extension StorageError {
    /// Whether the same call may succeed later without anything being repaired.
    package var isTransient: Bool {
        switch self {
        case .busy, .full, .overloaded, .io: true
        case .unsupportedURL, .inUse, .newerSchema, .changedMigration, .unorderedMigrations,
            .constraint, .readOnly, .corrupt, .statement, .closed:
            false
        }
    }

    /// The error of an SQLite result code; `message` is SQLite's text for it.
    init(code: Int32, message: String, path: String) {
        switch code & 0xFF {
        case SQLITE_CONSTRAINT:
            self = .constraint(Self.kind(code), name: Self.constraintName(message))
        case SQLITE_BUSY, SQLITE_LOCKED: self = .busy
        case SQLITE_FULL: self = .full
        case SQLITE_READONLY, SQLITE_PERM: self = .readOnly(path: path)
        case SQLITE_CORRUPT, SQLITE_NOTADB: self = .corrupt(message)
        case SQLITE_ERROR, SQLITE_MISUSE, SQLITE_RANGE, SQLITE_MISMATCH, SQLITE_TOOBIG:
            self = .statement(message)
        default: self = .io("\(message) (\(code))")
        }
    }

    private static func kind(_ code: Int32) -> ConstraintKind {
        // The extended codes are macros with arithmetic in them, which Swift does not import.
        switch code >> 8 {
        case 1: .check
        case 3: .foreignKey
        case 5: .notNull
        case 6, 8, 10: .unique
        case 7: .trigger
        default: .other
        }
    }

    /// "CHECK constraint failed: wallet_floor" → "wallet_floor"; a trigger's text as it is.
    private static func constraintName(_ message: String) -> String {
        let mark = " constraint failed: "
        guard let range = message.firstRange(of: mark) else { return message }
        return String(message[range.upperBound...])
    }
}

extension StorageError: CustomStringConvertible {
    /// One line for logs and for a process that cannot start.
    package var description: String {
        switch self {
        case .unsupportedURL(let url):
            "the store URL \"\(url)\" is not supported; use sqlite:PATH"
        case .inUse(let path, let process):
            "\(path) is in use by " + (process.map { "process \($0)" } ?? "another process")
        case .newerSchema(let found, let known):
            "the store has schema version \(found), this release knows \(known): use a newer release"
        case .changedMigration(let number, let name):
            "migration \(number) (\(name)) in the store differs from the one in this release"
        case .unorderedMigrations(let detail): "the migrations are not numbered 1, 2, 3: \(detail)"
        case .constraint(let kind, let name): "refused by a \(kind) rule: \(name)"
        case .busy: "the store is busy"
        case .full: "the store is full"
        case .readOnly(let path): "\(path) cannot be written"
        case .io(let detail): "reading or writing the store failed: \(detail)"
        case .corrupt(let detail): "the store is damaged: \(detail)"
        case .statement(let detail): "wrong use of the store: \(detail)"
        case .overloaded: "too many writes are waiting for the store"
        case .closed: "the store is closed"
        }
    }
}
