internal import ServiceRuntime
internal import Storage

/// Every recipe that was ever built, found by its id. Rows are never changed.
struct RecipeStore: Sendable {
    private static let insert = Statement(
        "INSERT INTO recipes(id, recipe, created_at_us) VALUES(?, ?, ?) ON CONFLICT DO NOTHING")
    private static let find = Statement("SELECT recipe FROM recipes WHERE id = ?")

    static let migrations = [
        Migration(1, "create_tables", PackageResources._001_create_tables_sql)
    ]

    let database: Database
    let time: any TimeSource

    /// Keeps recipes that are not there yet; returns when they are on disk. Known ones cost no write.
    /// - Parameter recipes: Packed, by id.
    func keep(_ recipes: [(id: String, packed: [UInt8])]) async throws {
        let missing = try await database.read { transaction in
            try recipes.filter { recipe in
                try transaction.first(Self.find, recipe.id) { _ in true } == nil
            }
        }
        guard !missing.isEmpty else { return }
        let now = time.now.microseconds
        try await database.write { transaction in
            for recipe in missing {
                try transaction.run(Self.insert, recipe.id, recipe.packed, now)
            }
        }
    }

    /// The packed recipe; nil when it was never built.
    func recipe(_ id: String) async throws -> [UInt8]? {
        try await database.read { transaction in
            try transaction.first(Self.find, id) { row in try row.bytes(0) }
        }
    }
}
