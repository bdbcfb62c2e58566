package import ServiceRuntime
package import Storage

/// The tables of this service: assets, references and jobs. Every write is one transaction and is
/// on disk when it returns.
package final class MediaStore: Sendable {
    let database: Database
    let time: any TimeSource
    package let rules: JobRules

    package static let migrations = [
        Migration(1, "create_tables", PackageResources._001_create_tables_sql)
    ]

    private init(database: Database, time: any TimeSource, rules: JobRules) {
        self.database = database
        self.time = time
        self.rules = rules
    }

    /// Opens the store and brings it to the newest schema.
    package static func open(
        _ url: String, time: any TimeSource, rules: JobRules = JobRules(),
        options: DatabaseOptions = DatabaseOptions()
    ) async throws -> MediaStore {
        var options = options
        options.time = time
        if options.name == nil { options.name = "media" }
        let database = try await Database.open(url, migrations: migrations, options: options)
        return MediaStore(database: database, time: time, rules: rules)
    }

    /// Finishes what waits and lets other processes open the file.
    package func close() { database.close() }

    var now: Int64 { time.now.microseconds }
}
