package import ServiceRuntime

/// The settings of the service; see the table in README.md.
package struct CreditsConfiguration: Hashable, Sendable {
    /// Where the ledger is: `sqlite:PATH`.
    package var store = "sqlite:data/credits/credits.db"
    /// Whole credits given once to each new user.
    package var starterGrant = 100
    /// A balance strictly below this many whole credits is low.
    package var lowThreshold = 10
    /// What a credit is worth, in micro-dollars: prices in dollars are converted by it.
    package var creditValueMicrodollars = 50_000
    /// How often leases that are over are ended.
    package var sweepInterval = Duration.seconds(5)
    /// How long after the start no hold expires, so that its owner can come back first.
    package var expiryGrace = Duration.seconds(10)
    /// Who may grant and correct: services as they name themselves in HELLO.
    package var adminCallers: Set<String> = ["credits-command"]
    package var payments = PaymentConfiguration()

    package init() {}

    /// Reads `CREDITS_STORE`, `CREDITS_STARTER_GRANT` and the others.
    package init(_ reader: inout ConfigurationReader) throws(ConfigurationError) {
        let defaults = CreditsConfiguration()
        store = reader.text(
            "STORE", default: defaults.store, help: "where the ledger is: sqlite:PATH")
        starterGrant = reader.integer(
            "STARTER_GRANT", default: defaults.starterGrant, in: 0...1_000_000,
            help: "credits given once to a new user")
        lowThreshold = reader.integer(
            "LOW_THRESHOLD", default: defaults.lowThreshold, in: 0...1_000_000,
            help: "a balance below this many credits is low")
        creditValueMicrodollars = reader.integer(
            "CREDIT_VALUE_MICRODOLLARS", default: defaults.creditValueMicrodollars,
            in: 1...1_000_000_000,
            help: "what a credit is worth; prices in dollars are converted by it")
        sweepInterval = reader.duration(
            "SWEEP_INTERVAL", default: "5s",
            in: .milliseconds(100)...(.seconds(3_600)),
            help: "how often leases that are over are ended")
        expiryGrace = reader.duration(
            "EXPIRY_GRACE", default: "10s", in: .zero...(.seconds(3_600)),
            help: "how long after the start no hold expires")
        let callers = reader.text(
            "ADMIN_CALLERS", default: "credits-command",
            help: "services that may grant and correct, with commas between them")
        adminCallers = Set(callers.split(separator: ",").map(String.init))
        payments = try PaymentConfiguration(&reader)
    }
}
