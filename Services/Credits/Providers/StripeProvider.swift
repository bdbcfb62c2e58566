internal import HTTP
internal import ServiceRuntime

/// Payments by Stripe: Checkout Sessions, invoices of subscriptions, refunds and disputes.
///
/// Only ids are taken from what Stripe sends to the webhook; everything else is read again.
struct StripeProvider: PaymentProvider {
    let settings: PaymentConfiguration.Stripe
    /// Where buyers find this site.
    let site: String
    let api: StripeAPI

    var name: String { "stripe" }
    var isSandbox: Bool { false }
    var isLive: Bool { settings.isLive }

    // MARK: Checkouts

    func openCheckout(_ purchase: Purchase) async throws -> OpenedCheckout {
        let session = try await api.post(
            "/v1/checkout/sessions", form(purchase), idempotencyKey: purchase.id)
        guard let id = session["id"]?.text, let url = session["url"]?.text,
            let expires = session["expires_at"]?.integer
        else { throw ProviderFailure.unavailable("Stripe opened no checkout") }
        return OpenedCheckout(session: id, url: url, expiresAtUs: expires * 1_000_000)
    }

    /// Depends on the purchase alone, so that a repeated call is the same call.
    private func form(_ purchase: Purchase) -> FormBody {
        var form = FormBody()
        form.append("mode", purchase.isPlan ? "subscription" : "payment")
        if let price = settings.prices[purchase.item] {
            form.append("line_items[0][price]", price)
        } else {
            let pack = PackList.item(purchase.item, isPlan: purchase.isPlan)
            let data = "line_items[0][price_data]"
            form.append("\(data)[currency]", purchase.price.currency)
            form.append(
                "\(data)[unit_amount]", String(purchase.price.minor / purchase.quantity))
            form.append("\(data)[product_data][name]", pack?.label ?? purchase.item)
            if purchase.isPlan { form.append("\(data)[recurring][interval]", "month") }
        }
        form.append("line_items[0][quantity]", String(purchase.quantity))
        form.append("success_url", backURL(purchase.successURL, purchase))
        form.append("cancel_url", backURL(purchase.cancelURL, purchase))
        form.append("client_reference_id", purchase.user)
        form.append("expires_at", String(purchase.expiresAtUs / 1_000_000))
        form.append("metadata[purchase]", purchase.id)
        let carrier = purchase.isPlan ? "subscription_data" : "payment_intent_data"
        form.append("\(carrier)[metadata][purchase]", purchase.id)
        return form
    }

    private func backURL(_ url: String, _ purchase: Purchase) -> String {
        ReturnURL.absolute(
            ReturnURL.naming(purchase.id, in: url.isEmpty ? "/" : url), site: site)
    }

    // MARK: Facts

    func facts(of event: PaymentEvent) async throws -> [PaymentFact] {
        switch event.topic {
        case .checkout, .checkoutFailed: try await checkoutFacts(event.object)
        case .invoice: [.invoice(try await invoiceFacts(event.object))]
        case .charge: [.refund(try refundFacts(try await api.get("/v1/charges/\(event.object)")))]
        case .dispute:
            [.dispute(try disputeFacts(try await api.get("/v1/disputes/\(event.object)")))]
        case .subscription:
            [
                .subscription(
                    try subscriptionFacts(try await api.get("/v1/subscriptions/\(event.object)")))
            ]
        case .other: []
        }
    }

    func facts(of purchase: Purchase) async throws -> [PaymentFact] {
        guard let session = purchase.session else { return [] }
        return try await checkoutFacts(session)
    }

    func laterFacts(of purchase: Purchase, intents: [String]) async throws -> [PaymentFact] {
        var facts: [PaymentFact] = []
        if let subscription = purchase.subscription {
            let path = "/v1/subscriptions/\(subscription)"
            facts.append(.subscription(try subscriptionFacts(try await api.get(path))))
            let invoices = "/v1/invoices?subscription=\(subscription)&status=paid&limit=12"
            for invoice in try await list("\(invoices)&expand[]=data.payments") {
                facts.append(.invoice(try invoiceFacts(invoice)))
            }
        }
        for intent in intents {
            for charge in try await list("/v1/charges?payment_intent=\(intent)&limit=20") {
                facts.append(.refund(try refundFacts(charge)))
            }
            for dispute in try await list("/v1/disputes?payment_intent=\(intent)&limit=20") {
                facts.append(.dispute(try disputeFacts(dispute)))
            }
        }
        return facts
    }

    private func list(_ path: String) async throws -> [JSONValue] {
        guard let items = try await api.get(path)["data"]?.array else {
            throw Self.incomplete("data")
        }
        return items
    }

    func endSubscription(of purchase: Purchase) async throws -> SubscriptionFacts {
        guard let id = purchase.subscription else {
            throw ProviderFailure.refused("the plan has no subscription")
        }
        let path = "/v1/subscriptions/\(id)"
        let known = try subscriptionFacts(try await api.get(path))
        // One that has ended is not changed any more.
        guard !known.isEnding else { return known }
        var form = FormBody()
        form.append("cancel_at_period_end", "true")
        return try subscriptionFacts(
            try await api.post(path, form, idempotencyKey: "\(purchase.id)-end"))
    }

    private func subscriptionFacts(_ subscription: JSONValue) throws -> SubscriptionFacts {
        let isOver = ["canceled", "incomplete_expired"].contains(
            try text(subscription, "status"))
        return SubscriptionFacts(
            id: try text(subscription, "id"),
            isEnding: isOver || subscription["cancel_at_period_end"]?.flag == true,
            isLive: try flag(subscription, "livemode"))
    }

    /// A checkout and, of a plan, the invoice that pays it.
    private func checkoutFacts(_ id: String) async throws -> [PaymentFact] {
        let session = try await api.get("/v1/checkout/sessions/\(id)")
        let state = try checkoutState(session)
        let facts = CheckoutFacts(
            id: try text(session, "id"), purchase: session["metadata"]?["purchase"]?.text,
            state: state, price: try money(session, "amount_total"),
            isLive: try flag(session, "livemode"),
            intent: reference(session["payment_intent"]),
            subscription: reference(session["subscription"]))
        var all = [PaymentFact.checkout(facts)]
        if state == .paid, let invoice = reference(session["invoice"]) {
            all.append(.invoice(try await invoiceFacts(invoice)))
        }
        return all
    }

    private func checkoutState(_ session: JSONValue) throws -> PurchaseState {
        switch (try text(session, "status"), session["payment_status"]?.text) {
        case ("complete", "paid"), ("complete", "no_payment_required"): .paid
        case ("complete", _): .pending
        case ("expired", _): .expired
        default: .open
        }
    }

    private func invoiceFacts(_ id: String) async throws -> InvoiceFacts {
        try invoiceFacts(try await api.get("/v1/invoices/\(id)?expand[]=payments"))
    }

    private func invoiceFacts(_ invoice: JSONValue) throws -> InvoiceFacts {
        let parent = invoice["parent"]?["subscription_details"] ?? invoice["subscription_details"]
        let payment = invoice["payments"]?["data"]?[0]?["payment"]
        // The line of the plan says which month is paid; the invoice's own period is the one before.
        let period = invoice["lines"]?["data"]?[0]?["period"]
        let start = period?["start"]?.integer ?? invoice["period_start"]?.integer ?? 0
        let end = period?["end"]?.integer ?? invoice["period_end"]?.integer ?? 0
        return InvoiceFacts(
            id: try text(invoice, "id"), purchase: parent?["metadata"]?["purchase"]?.text,
            subscription: reference(parent?["subscription"])
                ?? reference(invoice["subscription"]),
            isPaid: invoice["status"]?.text == "paid", price: try money(invoice, "amount_paid"),
            isLive: try flag(invoice, "livemode"),
            intent: reference(payment?["payment_intent"])
                ?? reference(invoice["payment_intent"]),
            periodStartUs: start * 1_000_000, periodEndUs: end * 1_000_000)
    }

    private func refundFacts(_ charge: JSONValue) throws -> RefundFacts {
        return RefundFacts(
            charge: try text(charge, "id"), intent: reference(charge["payment_intent"]) ?? "",
            refunded: try money(charge, "amount_refunded"), isLive: try flag(charge, "livemode"))
    }

    private func disputeFacts(_ dispute: JSONValue) throws -> DisputeFacts {
        let status = try text(dispute, "status")
        let state: DisputeFacts.State
        switch status {
        case "won", "warning_closed", "prevented": state = .won
        case "lost": state = .lost
        default: state = .open
        }
        var amount = try money(dispute, "amount")
        // An early warning has taken no money yet.
        if status.hasPrefix("warning_") { amount.minor = 0 }
        return DisputeFacts(
            id: try text(dispute, "id"), intent: reference(dispute["payment_intent"]) ?? "",
            amount: amount, state: state, isLive: try flag(dispute, "livemode"))
    }

    // MARK: Parts

    /// An id, or the object that it was expanded to.
    private func reference(_ value: JSONValue?) -> String? { value?.text ?? value?["id"]?.text }

    private func text(_ object: JSONValue, _ name: String) throws -> String {
        guard let text = object[name]?.text else { throw Self.incomplete(name) }
        return text
    }

    private func flag(_ object: JSONValue, _ name: String) throws -> Bool {
        guard let flag = object[name]?.flag else { throw Self.incomplete(name) }
        return flag
    }

    private func money(_ object: JSONValue, _ name: String) throws -> Money {
        guard let minor = object[name]?.integer, minor >= 0 else { throw Self.incomplete(name) }
        return Money(minor: minor, currency: try text(object, "currency").lowercased())
    }

    private static func incomplete(_ name: String) -> ProviderFailure {
        .unavailable("Stripe's answer has no \(name)")
    }

    // MARK: Webhooks

    func event(
        body: [UInt8], signature: String, nowSeconds: Int64
    ) throws(WebhookFault) -> PaymentEvent {
        do throws(StripeSignature.Fault) {
            try StripeSignature.verify(
                header: signature, body: body,
                secrets: settings.webhookSecrets.map { $0.reveal() }, nowSeconds: nowSeconds)
        } catch {
            throw error == .stale ? .stale : .signature
        }
        guard let event = try? JSONValue(parsing: body), let id = event["id"]?.text,
            let type = event["type"]?.text, Self.isPlain(id), Self.isPlain(type)
        else { throw .malformed }
        // Some events are about things without an id; none of those concerns us.
        let object = event["data"]?["object"]?["id"]?.text ?? "none"
        guard Self.isPlain(object) else { throw .malformed }
        return PaymentEvent(provider: name, id: id, type: type, object: object)
    }

    /// Ids go into paths: letters, digits and a few signs.
    private static func isPlain(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count) && !text.contains("..")
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D, 0x2E: true
                default: false
                }
            }
    }
}
