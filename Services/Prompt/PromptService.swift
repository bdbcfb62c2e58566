package import RPC
internal import ServiceAPI
package import ServiceRuntime
package import Storage

/// The fragment library and the recipes: what the words of every picture are made from.
package final class PromptService: Sendable {
    private let database: Database
    package let handler: PromptHandler

    /// Opens the store and brings it to the newest schema.
    /// - Throws: `StorageError`.
    package init(
        store: String, textCharactersMax: Int = 4000, time: any TimeSource = SystemTime(),
        options: DatabaseOptions = DatabaseOptions()
    ) async throws {
        database = try await Database.open(
            store, migrations: RecipeStore.migrations, options: options)
        handler = PromptHandler(
            store: RecipeStore(database: database, time: time),
            rules: PromptRules(textCharactersMax: textCharactersMax))
    }

    /// What the server serves.
    package var methods: [MethodHandler] { PromptAPI.methods(handler) }

    /// Closes the store; later calls fail.
    package func stop() { database.close() }
}
