internal import Cryptography
internal import ServiceRuntime

/// What somebody wants to buy.
struct CheckoutOrder: Hashable, Sendable {
    var user: String
    /// A pack or a plan.
    var item: String
    var isPlan: Bool
    var quantity: Int64
    var successURL: String
    var cancelURL: String
    /// The same key of the same user is the same purchase; empty: always another one.
    var key: String
}

/// Why payments refused. Nothing has changed.
enum PaymentError: Error, Hashable {
    case itemNotFound(id: String)
    case purchaseNotFound(id: String)
    case returnURLNotAllowed(field: String)
    /// The provider refuses, or does not answer.
    case providerFailed(isRetryable: Bool)
    case webhook(WebhookFault)
    case checkoutNotFound
    /// No plan of the user is active.
    case subscriptionNotFound
    /// It is over, or was settled the other way.
    case checkoutExpired
}

/// Buys credits: opens checkouts, takes what providers tell, and asks them what was not told.
struct Payments: Sendable {
    static let quantityMax: Int64 = 100
    /// Stripe wants at least half an hour; its clock may be a little ahead.
    private static let lifetimeUs: Int64 = 60 * 60 * 1_000_000
    private static let sandboxLifetimeUs: Int64 = 30 * 60 * 1_000_000

    let store: CreditsStore
    let provider: any PaymentProvider
    let settings: PaymentConfiguration
    let time: any TimeSource
    let metrics: PaymentMetrics
    let logger: Logger

    var terms: PaymentTerms {
        PaymentTerms(
            planGraceUs: settings.planGrace.microseconds,
            recheckAfterUs: settings.recheckAfter.microseconds, isLive: provider.isLive)
    }

    // MARK: Buying

    /// Opens a checkout, or finds the one that the same key has opened.
    ///
    /// - Throws: ``PaymentError``; ``PaymentError/checkoutExpired`` when that one is settled.
    func createCheckout(_ order: CheckoutOrder) async throws -> PurchaseView {
        guard let item = PackList.item(order.item, isPlan: order.isPlan) else {
            throw PaymentError.itemNotFound(id: order.item)
        }
        let origins = settings.returnOrigins + [settings.publicURL]
        for (field, url) in [
            ("success_url", order.successURL), ("cancel_url", order.cancelURL),
        ] where !ReturnURL.isAllowed(url, origins: origins) {
            throw PaymentError.returnURLNotAllowed(field: field)
        }
        let nowUs = store.now.nowUs
        let lifetimeUs = provider.isSandbox ? Self.sandboxLifetimeUs : Self.lifetimeUs
        let purchase = try await store.begin(
            Purchase(
                number: 0, id: Self.purchaseID(order), account: 0, user: order.user,
                provider: provider.name, item: order.item, isPlan: order.isPlan,
                quantity: order.quantity,
                price: Money(minor: item.usdCents * order.quantity, currency: "usd"),
                credits: try item.credits * order.quantity, successURL: order.successURL,
                cancelURL: order.cancelURL, createdAtUs: nowUs, state: .created, url: "",
                expiresAtUs: nowUs + lifetimeUs),
            checkAtUs: nowUs + settings.checkAfter.microseconds)
        guard purchase.state.isUnsettled else { throw PaymentError.checkoutExpired }
        return purchase.session == nil ? try await open(purchase) : try await view(purchase)
    }

    private func open(_ purchase: Purchase) async throws -> PurchaseView {
        guard purchase.provider == provider.name else {
            throw PaymentError.providerFailed(isRetryable: false)
        }
        let checkout: OpenedCheckout
        do {
            checkout = try await provider.openCheckout(purchase)
        } catch let failure as ProviderFailure {
            logger.error(
                "payment.checkout_failed", failure.text, ["purchase": .text(purchase.id)])
            metrics.failedCheckouts.increment()
            guard case .refused = failure else {
                throw PaymentError.providerFailed(isRetryable: true)
            }
            try await store.end(purchase, as: .failed)
            throw PaymentError.providerFailed(isRetryable: false)
        }
        metrics.checkouts.increment()
        return try await store.open(purchase, checkout)
    }

    /// The idempotency key at the provider: the same for the same key of the same user.
    private static func purchaseID(_ order: CheckoutOrder) -> String {
        guard !order.key.isEmpty else {
            return Identifier.text("pur", SecureRandom.bytes(16))
        }
        // Neither has a space.
        let digest = SHA256.digest(of: "purchase \(order.user) \(order.key)")
        return Identifier.text("pur", Array(digest.prefix(16)))
    }

    private func view(_ purchase: Purchase) async throws -> PurchaseView {
        guard let view = try await store.purchase(purchase.id, of: purchase.user) else {
            throw PaymentError.purchaseNotFound(id: purchase.id)
        }
        return view
    }

    // MARK: Being told

    /// Keeps a webhook and acts on it.
    ///
    /// - Throws: ``PaymentError/webhook(_:)``; nothing was kept.
    func deliver(
        provider name: String, body: [UInt8], signature: String
    ) async throws -> (event: PaymentEvent, isDuplicate: Bool, outcome: String) {
        guard name == provider.name else { throw PaymentError.webhook(.unexpected) }
        let event: PaymentEvent
        do throws(WebhookFault) {
            event = try provider.event(
                body: body, signature: signature,
                nowSeconds: time.now.microseconds / 1_000_000)
        } catch {
            metrics.refusedWebhooks.increment()
            throw PaymentError.webhook(error)
        }
        let (isDuplicate, outcome) = try await receive(event)
        return (event, isDuplicate, outcome)
    }

    /// Keeps an event and, unless it is done, does what it asks for.
    func receive(_ event: PaymentEvent) async throws -> (isDuplicate: Bool, outcome: String) {
        if store.now.mutant == .keepsEventAfterEffect { return try await keptAfter(event) }
        let (isNew, done) = try await store.receive(event)
        if let done {
            return (true, String(done.prefix { $0 != ":" }))
        }
        return (!isNew, try await process(event).name)
    }

    /// As ``Mutant/keepsEventAfterEffect`` does it.
    private func keptAfter(
        _ event: PaymentEvent
    ) async throws -> (isDuplicate: Bool, outcome: String) {
        if let done = try await store.outcome(of: event) { return (true, done) }
        let outcome = try await process(event)
        _ = try await store.receive(event)
        if outcome != .later { try await store.finish(event, outcome) }
        return (false, outcome.name)
    }

    /// Asks the provider what has become of an event's object, and brings the ledger there. What
    /// cannot be asked now waits for the sweep.
    func process(_ event: PaymentEvent) async throws -> PaymentOutcome {
        let outcome: PaymentOutcome
        if event.topic == .other {
            outcome = .ignored("of no concern")
            try await store.finish(event, outcome)
        } else {
            do {
                let facts = try await provider.facts(of: event)
                outcome = try await store.apply(
                    facts, provider: provider.name, event: event, terms)
            } catch let failure as ProviderFailure {
                if case .refused(let reason) = failure {
                    outcome = .refused(reason)
                    try await store.finish(event, outcome)
                } else {
                    outcome = .later
                    try await store.tryLater(event)
                }
            }
        }
        note(outcome, event)
        return outcome
    }

    private func note(_ outcome: PaymentOutcome, _ event: PaymentEvent) {
        let fields: [String: LogValue] = [
            "event_id": .text(event.id), "type": .text(event.type),
            "object": .text(event.object),
        ]
        metrics.events(outcome).increment()
        switch outcome {
        case .applied: logger.info("payment.applied", "", fields)
        case .ignored: logger.info("payment.ignored", outcome.text, fields)
        case .later: logger.warning("payment.later", "the provider cannot be asked", fields)
        case .refused: logger.error("payment.refused", outcome.text, fields)
        }
    }

    // MARK: Ending a plan

    /// Lets every plan of a user end with the month that is paid for.
    ///
    /// - Throws: ``PaymentError/subscriptionNotFound`` when there is none.
    func endSubscriptions(of user: String) async throws {
        let plans = try await store.activePlans(of: user)
        guard !plans.isEmpty else { throw PaymentError.subscriptionNotFound }
        for plan in plans where plan.provider == provider.name {
            let facts: SubscriptionFacts
            do {
                facts = try await provider.endSubscription(of: plan)
            } catch let failure as ProviderFailure {
                logger.error(
                    "payment.end_failed", failure.text, ["purchase": .text(plan.id)])
                guard case .refused = failure else {
                    throw PaymentError.providerFailed(isRetryable: true)
                }
                throw PaymentError.providerFailed(isRetryable: false)
            }
            _ = try await store.apply(
                [.subscription(facts)], provider: provider.name, event: nil, terms)
        }
    }

    // MARK: The sandbox

    func sandbox(_ token: String) async throws -> StoredSandbox {
        guard provider.isSandbox, let found = try await store.sandbox(token: token) else {
            throw PaymentError.checkoutNotFound
        }
        return found
    }

    /// Pays or cancels a checkout as its buyer, by the same way as a webhook comes in.
    func settleSandbox(_ token: String, isPaid: Bool) async throws -> StoredSandbox {
        let checkout = try await sandbox(token)
        guard try await store.settleSandbox(checkout, isPaid: isPaid) else {
            throw PaymentError.checkoutExpired
        }
        _ = try await receive(SandboxProvider.checkoutEvent(checkout.purchase, isPaid: isPaid))
        return try await sandbox(token)
    }
}

extension ProviderFailure {
    var text: String {
        switch self {
        case .unavailable(let text), .refused(let text): text
        }
    }
}
