internal import Cryptography

/// The embedded default: a checkout page of this site that says that no money moves. It answers as a
/// real provider does, from what it keeps in the store, so that everything after it is the same code.
struct SandboxProvider: PaymentProvider {
    /// A month of a plan, as the sandbox counts.
    static let monthUs: Int64 = 30 * 86_400 * 1_000_000
    private static let sessionPrefix = "cs_local_"
    private static let invoicePrefix = "in_local_"

    let store: CreditsStore

    var name: String { "local" }
    var isSandbox: Bool { true }
    var isLive: Bool { false }

    func openCheckout(_ purchase: Purchase) async throws -> OpenedCheckout {
        let checkout = try await store.openSandbox(purchase, token: SecureRandom.token())
        return OpenedCheckout(
            session: Self.sessionPrefix + purchase.id, url: "/checkout/\(checkout.token)",
            expiresAtUs: checkout.expiresAtUs)
    }

    // MARK: Events

    static func checkoutEvent(_ purchase: Purchase, isPaid: Bool) -> PaymentEvent {
        PaymentEvent(
            provider: "local", id: "evt_local_\(purchase.id)_\(isPaid ? "paid" : "cancelled")",
            type: isPaid ? "checkout.session.completed" : "checkout.session.expired",
            object: sessionPrefix + purchase.id)
    }

    /// - Parameter number: Of the month, from 1.
    static func invoiceEvent(purchase: String, number: Int64) -> PaymentEvent {
        PaymentEvent(
            provider: "local", id: "evt_local_\(purchase)_\(number)", type: "invoice.paid",
            object: "\(invoicePrefix)\(purchase)_\(number)")
    }

    func event(
        body: [UInt8], signature: String, nowSeconds: Int64
    ) throws(WebhookFault) -> PaymentEvent {
        throw .unexpected
    }

    // MARK: Facts

    func facts(of event: PaymentEvent) async throws -> [PaymentFact] {
        switch event.topic {
        case .checkout:
            return try await facts(
                purchase: String(event.object.dropFirst(Self.sessionPrefix.count)))
        case .invoice:
            let name = event.object.dropFirst(Self.invoicePrefix.count)
            guard let cut = name.lastIndex(of: "_"),
                let number = Int64(name[name.index(after: cut)...])
            else { return [] }
            let checkout = try await checkout(String(name[..<cut]))
            return invoice(checkout, number: number).map { [.invoice($0)] } ?? []
        case .checkoutFailed, .charge, .dispute, .subscription, .other: return []
        }
    }

    func facts(of purchase: Purchase) async throws -> [PaymentFact] {
        try await facts(purchase: purchase.id)
    }

    /// The months are in the store, and no money goes back.
    func laterFacts(of purchase: Purchase, intents: [String]) async throws -> [PaymentFact] { [] }

    func endSubscription(of purchase: Purchase) async throws -> SubscriptionFacts {
        SubscriptionFacts(id: Self.subscription(purchase), isEnding: true, isLive: false)
    }

    private static func subscription(_ purchase: Purchase) -> String {
        "sub_local_\(purchase.id)"
    }

    private func facts(purchase id: String) async throws -> [PaymentFact] {
        let checkout = try await checkout(id)
        let purchase = checkout.purchase
        let isOver = checkout.sandbox.expiresAtUs <= store.now.nowUs
        let state: PurchaseState =
            switch checkout.sandbox.state {
            case .paid: .paid
            case .cancelled: .cancelled
            case .open: isOver ? .expired : .open
            }
        var facts: [PaymentFact] = [
            .checkout(
                CheckoutFacts(
                    id: Self.sessionPrefix + purchase.id, purchase: purchase.id, state: state,
                    price: purchase.price, isLive: false,
                    subscription: purchase.isPlan ? Self.subscription(purchase) : nil))
        ]
        if let first = invoice(checkout, number: 1) { facts.append(.invoice(first)) }
        return facts
    }

    /// The invoice of a month; nil when it is not due, or of no plan.
    private func invoice(_ checkout: StoredSandbox, number: Int64) -> InvoiceFacts? {
        let purchase = checkout.purchase
        guard purchase.isPlan, let paidAtUs = checkout.sandbox.paidAtUs,
            (1...10_000).contains(number)
        else { return nil }
        let start = paidAtUs + (number - 1) * Self.monthUs
        guard start <= store.now.nowUs else { return nil }
        return InvoiceFacts(
            id: "\(Self.invoicePrefix)\(purchase.id)_\(number)", purchase: purchase.id,
            subscription: Self.subscription(purchase), isPaid: true, price: purchase.price,
            isLive: false, periodStartUs: start, periodEndUs: start + Self.monthUs)
    }

    private func checkout(_ purchase: String) async throws -> StoredSandbox {
        guard let checkout = try await store.sandbox(purchase: purchase) else {
            throw ProviderFailure.refused("no such checkout")
        }
        return checkout
    }
}
