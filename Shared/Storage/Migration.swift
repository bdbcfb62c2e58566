internal import ServiceRuntime
internal import Cryptography

/// One step of a schema, run once in the life of a file.
///
/// A service keeps each step in `Migrations/NNNN_verb_object.sql`, which the manifest embeds, and
/// lists them in one place. The embedded name is the file's with the leading digit replaced:
///
/// ```swift
/// static let all = [
///     Migration(1, "create_tables", PackageResources._001_create_tables_sql),
///     Migration(2, "add_grants", PackageResources._002_add_grants_sql),
/// ]
/// ```
package struct Migration: Hashable, Sendable {
    /// 1, 2, 3, …
    package let number: Int
    /// What it does, as in its file name.
    package let name: String
    /// Statements in SQLite's SQL, without transaction commands.
    package let sql: String

    package init(_ number: Int, _ name: String, _ sql: [UInt8]) {
        self.init(number, name, String(decoding: sql, as: UTF8.self))
    }

    package init(_ number: Int, _ name: String, _ sql: String) {
        self.number = number
        self.name = name
        self.sql = sql
    }

    var checksum: [UInt8] { SHA256.digest(of: sql) }
}

/// Brings a file to the newest schema, or refuses it unchanged.
struct Migrator {
    let migrations: [Migration]
    let faults: StorageFaults
    let time: any TimeSource

    private static let createTable = """
        CREATE TABLE IF NOT EXISTS schema_migrations(
            number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum BLOB NOT NULL,
            applied_at_us INTEGER NOT NULL) STRICT
        """
    private static let applied = Statement(
        "SELECT number, checksum FROM schema_migrations ORDER BY number")
    private static let record = Statement(
        "INSERT INTO schema_migrations(number, name, checksum, applied_at_us) VALUES(?, ?, ?, ?)")

    /// Each missing migration runs in a transaction of its own: after a crash the file has all of it
    /// or nothing.
    func migrate(_ connection: Connection) throws {
        for (index, migration) in migrations.enumerated() where migration.number != index + 1 {
            throw StorageError.unorderedMigrations("\(migration.number) \(migration.name)")
        }
        let found = try connection.integer(of: "PRAGMA user_version")
        guard found <= migrations.count else {
            throw StorageError.newerSchema(found: Int(found), known: migrations.count)
        }
        let done = try check(connection)
        for migration in migrations.dropFirst(done) {
            try run(migration, on: connection)
        }
    }

    /// How many migrations the file has, all of them as this build knows them.
    private func check(_ connection: Connection) throws -> Int {
        try connection.execute(Self.createTable)
        let transaction = Transaction(connection)
        let known = try transaction.all(Self.applied) { row in
            (number: try row.integer(0), checksum: try row.bytes(1))
        }
        guard known.count <= migrations.count else {
            throw StorageError.newerSchema(found: known.count, known: migrations.count)
        }
        for (applied, migration) in zip(known, migrations) {
            guard applied.number == Int64(migration.number),
                applied.checksum == migration.checksum
            else {
                throw StorageError.changedMigration(number: migration.number, name: migration.name)
            }
        }
        return known.count
    }

    private func run(_ migration: Migration, on connection: Connection) throws(StorageError) {
        try connection.execute("BEGIN IMMEDIATE")
        do throws(StorageError) {
            try connection.execute(migration.sql)
            try Transaction(connection).run(
                Self.record, migration.number, migration.name, migration.checksum,
                time.now.microseconds)
            try connection.execute("PRAGMA user_version = \(migration.number)")
            try faults.pass(.beforeMigrationCommit)
            try connection.execute("COMMIT")
        } catch {
            connection.rollback()
            throw error
        }
    }
}
