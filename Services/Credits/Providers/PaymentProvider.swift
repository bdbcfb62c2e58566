/// Who takes the money.
protocol PaymentProvider: Sendable {
    /// "local", "stripe".
    var name: String { get }
    /// Whether no money moves.
    var isSandbox: Bool { get }
    /// Whether the money is real; what the provider says otherwise is refused.
    var isLive: Bool { get }

    /// Opens a checkout; the same purchase again answers with the same one.
    ///
    /// - Throws: ``ProviderFailure``.
    func openCheckout(_ purchase: Purchase) async throws -> OpenedCheckout

    /// What has become of the object of an event, read now. Nothing when it is of no concern.
    func facts(of event: PaymentEvent) async throws -> [PaymentFact]

    /// What has become of a purchase whose checkout is open.
    func facts(of purchase: Purchase) async throws -> [PaymentFact]

    /// What has become of a purchase that was paid: further months, and money that went back.
    ///
    /// - Parameter intents: Of its payments, as refunds and disputes name them.
    func laterFacts(of purchase: Purchase, intents: [String]) async throws -> [PaymentFact]

    /// Lets a plan end with the month that is paid for; again: nothing more.
    func endSubscription(of purchase: Purchase) async throws -> SubscriptionFacts

    /// Reads what was sent to the webhook.
    ///
    /// - Throws: ``WebhookFault``; nothing of it may be believed.
    func event(
        body: [UInt8], signature: String, nowSeconds: Int64
    ) throws(WebhookFault) -> PaymentEvent
}

/// A checkout that a buyer can be sent to.
struct OpenedCheckout: Hashable, Sendable {
    var session: String
    var url: String
    var expiresAtUs: Int64
}

/// Why a provider did not do what was asked.
enum ProviderFailure: Error, Hashable {
    /// No answer, or not now: try again.
    case unavailable(String)
    /// It will never do this.
    case refused(String)
}

/// Why a webhook is not believed.
enum WebhookFault: Error, Hashable {
    /// Not signed by anyone who knows a secret.
    case signature
    /// Signed too long ago, or in the future.
    case stale
    /// Signed, and not understood.
    case malformed
    /// This provider sends none.
    case unexpected
}
