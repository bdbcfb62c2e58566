package import ServiceRuntime

/// The settings of the service; see the table in README.md.
package struct PromptConfiguration: Sendable {
    /// Where the recipes are: `sqlite:PATH`.
    package var store = "sqlite:data/prompt/prompt.db"
    /// Longest intent and subject motion, in characters.
    package var textCharactersMax = 4_000

    package init() {}

    /// Reads `PROMPT_STORE` and the others.
    package init(_ reader: inout ConfigurationReader) {
        let defaults = PromptConfiguration()
        store = reader.text(
            "STORE", default: defaults.store, help: "where recipes are: sqlite:PATH")
        textCharactersMax = reader.integer(
            "TEXT_CHARACTERS_MAX", default: defaults.textCharactersMax, in: 1...100_000,
            help: "longest intent and subject motion")
    }
}
