internal import HTTP
internal import ServiceRuntime

extension StripeFake {
    struct Session: Sendable {
        var id = ""
        var url = ""
        var status = "open"
        var paymentStatus = "unpaid"
        var isSubscription: Bool
        var amount: Int64
        var currency: String
        var reference: String?
        var metadata: [String: String]
        var carried: [String: String]
        var expiresAt: Int64
        var intent: String?
        var subscription: String?
        var invoice: String?
        var isLive = false

        init(_ form: Form, seconds: Int64) throws(Refusal) {
            guard let mode = form["mode"], ["payment", "subscription"].contains(mode) else {
                throw Refusal(
                    code: "parameter_missing", message: "Missing required param: mode.",
                    parameter: "mode")
            }
            guard form["success_url"]?.hasPrefix("http") ?? false else {
                throw Refusal(
                    code: "url_invalid", message: "Not a valid URL", parameter: "success_url")
            }
            let data = "line_items[0][price_data]"
            let listed = form["line_items[0][price]"].flatMap { Self.prices[$0] }
            guard
                let unit = listed ?? form["\(data)[unit_amount]"].flatMap({ Int64($0) }),
                let quantity = form["line_items[0][quantity]"].flatMap({ Int64($0) }), unit > 0,
                quantity > 0
            else {
                throw Refusal(
                    code: "parameter_missing", message: "Missing required param: line_items.",
                    parameter: "line_items")
            }
            expiresAt = form["expires_at"].flatMap { Int64($0) } ?? seconds + 86_400
            guard expiresAt >= seconds + 1_800, expiresAt <= seconds + 86_400 else {
                throw Refusal(
                    message: "The `expires_at` timestamp must be 30 minutes to 24 hours ahead.",
                    parameter: "expires_at")
            }
            isSubscription = mode == "subscription"
            amount = unit * quantity
            currency = form["\(data)[currency]"] ?? "usd"
            reference = form["client_reference_id"]
            metadata = form.map("metadata")
            carried = form.map(
                isSubscription ? "subscription_data[metadata]" : "payment_intent_data[metadata]")
        }

        /// What the account has on its price list.
        static let prices: [String: Int64] = ["price_fake_starter": 1_500, "price_fake_wrong": 1]

        var json: JSONValue {
            [
                "id": .text(id), "object": "checkout.session", "url": .text(url),
                "status": .text(status), "payment_status": .text(paymentStatus),
                "mode": .text(isSubscription ? "subscription" : "payment"),
                "amount_total": .number(String(amount)), "currency": .text(currency),
                "client_reference_id": .optional(reference), "metadata": .map(metadata),
                "expires_at": .number(String(expiresAt)), "livemode": .flag(isLive),
                "payment_intent": .optional(intent), "subscription": .optional(subscription),
                "invoice": .optional(invoice),
            ]
        }
    }

    struct Invoice: Sendable {
        var id: String
        var subscription: String
        var metadata: [String: String]
        var amount: Int64
        var currency: String
        var intent: String
        var start: Int64
        var end: Int64

        var json: JSONValue {
            [
                "id": .text(id), "object": "invoice", "status": "paid",
                "amount_paid": .number(String(amount)), "currency": .text(currency),
                "livemode": false, "period_start": .number(String(start)),
                "period_end": .number(String(start)),
                "parent": [
                    "type": "subscription_details",
                    "subscription_details": [
                        "subscription": .text(subscription), "metadata": .map(metadata),
                    ],
                ],
                "lines": [
                    "object": "list",
                    "data": [
                        [
                            "object": "line_item",
                            "period": [
                                "start": .number(String(start)), "end": .number(String(end)),
                            ],
                        ]
                    ],
                ],
                "payments": [
                    "object": "list",
                    "data": [
                        ["payment": ["type": "payment_intent", "payment_intent": .text(intent)]]
                    ],
                ],
            ]
        }
    }

    struct Subscription: Sendable {
        var id: String
        var status = "active"
        var isEnding = false

        var json: JSONValue {
            [
                "id": .text(id), "object": "subscription", "status": .text(status),
                "cancel_at_period_end": .flag(isEnding), "livemode": false,
            ]
        }
    }

    struct Charge: Sendable {
        var id: String
        var intent: String
        var amount: Int64
        var refunded: Int64 = 0
        var currency: String

        var json: JSONValue {
            [
                "id": .text(id), "object": "charge", "payment_intent": .text(intent),
                "amount": .number(String(amount)), "amount_refunded": .number(String(refunded)),
                "currency": .text(currency), "livemode": false,
                "refunded": .flag(refunded == amount),
            ]
        }
    }

    struct Dispute: Sendable {
        var id: String
        var charge: String
        var intent: String
        var amount: Int64
        var currency: String
        var status = "needs_response"

        var json: JSONValue {
            [
                "id": .text(id), "object": "dispute", "charge": .text(charge),
                "payment_intent": .text(intent), "amount": .number(String(amount)),
                "currency": .text(currency), "status": .text(status), "livemode": false,
            ]
        }
    }

    // MARK: What happens at Stripe

    /// The buyer pays: the events that Stripe sends, the checkout's first.
    /// - Parameter isLate: The money comes later, by ``arrive(session:)``.
    package func pay(session id: String, isLate: Bool = false) -> [Event] {
        let now = seconds
        return state.withLock { state in
            guard var session = state.sessions[id], session.status == "open" else { return [] }
            session.status = "complete"
            session.paymentStatus = isLate ? "unpaid" : "paid"
            let intent = state.id("pi")
            var invoice: Invoice?
            if session.isSubscription {
                let subscription = state.id("sub")
                session.subscription = subscription
                state.subscriptions[subscription] = Subscription(id: subscription)
                invoice = Self.invoice(of: session, subscription, intent, start: now, &state)
                session.invoice = invoice?.id
            } else {
                session.intent = intent
            }
            state.charges[intent] = Charge(
                id: state.id("ch"), intent: intent, amount: session.amount,
                currency: session.currency)
            if let charge = state.charges.removeValue(forKey: intent) {
                state.charges[charge.id] = charge
            }
            state.sessions[id] = session
            var events = [Self.event("checkout.session.completed", session.json, now, &state)]
            if let invoice { events.append(Self.event("invoice.paid", invoice.json, now, &state)) }
            return events
        }
    }

    private static func invoice(
        of session: Session, _ subscription: String, _ intent: String, start: Int64,
        _ state: inout State
    ) -> Invoice {
        let invoice = Invoice(
            id: state.id("in"), subscription: subscription, metadata: session.carried,
            amount: session.amount, currency: session.currency, intent: intent, start: start,
            end: start + 30 * 86_400)
        state.invoices[invoice.id] = invoice
        return invoice
    }

    /// The money of a late payment comes, or does not.
    package func arrive(session id: String, isPaid: Bool = true) -> Event? {
        let now = seconds
        return state.withLock { state in
            guard var session = state.sessions[id], session.status == "complete" else { return nil }
            if isPaid { session.paymentStatus = "paid" }
            state.sessions[id] = session
            return Self.event(
                isPaid
                    ? "checkout.session.async_payment_succeeded"
                    : "checkout.session.async_payment_failed", session.json, now, &state)
        }
    }

    package func expire(session id: String) -> Event? {
        let now = seconds
        return state.withLock { state in
            guard var session = state.sessions[id], session.status == "open" else { return nil }
            session.status = "expired"
            state.sessions[id] = session
            return Self.event("checkout.session.expired", session.json, now, &state)
        }
    }

    /// The next month of a subscription is paid.
    package func renew(session id: String, month: Int64) -> Event? {
        let now = seconds
        return state.withLock { state in
            guard let session = state.sessions[id], let subscription = session.subscription,
                state.subscriptions[subscription]?.isEnding == false,
                let first = session.invoice.flatMap({ state.invoices[$0] })
            else { return nil }
            let invoice = Self.invoice(
                of: session, subscription, state.id("pi"),
                start: first.start + month * 30 * 86_400, &state)
            return Self.event("invoice.paid", invoice.json, now, &state)
        }
    }

    /// The subscription ends with its month, or goes on after all; the event that says so.
    package func endSubscription(_ id: String, isEnding: Bool = true) -> Event? {
        let now = seconds
        return state.withLock { state in
            guard var subscription = state.subscriptions[id] else { return nil }
            subscription.isEnding = isEnding
            state.subscriptions[id] = subscription
            return Self.event("customer.subscription.updated", subscription.json, now, &state)
        }
    }

    /// The subscription of a paid checkout.
    package func subscription(of session: String) -> String? {
        state.withLock { $0.sessions[session]?.subscription }
    }

    /// Money goes back; all of it without an amount.
    package func refund(session id: String, amount: Int64?) -> Event? {
        let now = seconds
        return state.withLock { state in
            guard var charge = Self.charge(of: id, state) else { return nil }
            charge.refunded = min(charge.amount, charge.refunded + (amount ?? charge.amount))
            state.charges[charge.id] = charge
            return Self.event("charge.refunded", charge.json, now, &state)
        }
    }

    /// The buyer disputes the payment.
    package func dispute(session id: String) -> Event? {
        let now = seconds
        return state.withLock { state in
            guard let charge = Self.charge(of: id, state) else { return nil }
            let dispute = Dispute(
                id: state.id("du"), charge: charge.id, intent: charge.intent,
                amount: charge.amount, currency: charge.currency)
            state.disputes[dispute.id] = dispute
            return Self.event("charge.dispute.created", dispute.json, now, &state)
        }
    }

    /// The dispute of a payment is decided.
    package func close(disputeOf id: String, isWon: Bool) -> Event? {
        let now = seconds
        return state.withLock { state in
            guard let charge = Self.charge(of: id, state),
                var dispute = state.disputes.values.first(where: { $0.charge == charge.id })
            else { return nil }
            dispute.status = isWon ? "won" : "lost"
            state.disputes[dispute.id] = dispute
            return Self.event("charge.dispute.closed", dispute.json, now, &state)
        }
    }

    /// Money that was paid, and how much of it is back with the buyer.
    package struct Receipt: Hashable, Sendable {
        package var session: String
        package var amount: Int64
        package var returned: Int64
    }

    /// Every payment of every session: of a subscription, each month.
    package var receipts: [Receipt] {
        state.withLock { state in
            state.sessions.values.sorted { $0.id < $1.id }.flatMap { session -> [Receipt] in
                var intents: [String] = []
                if let subscription = session.subscription {
                    intents = state.invoices.values.filter { $0.subscription == subscription }
                        .sorted { $0.start < $1.start }.map(\.intent)
                } else if session.paymentStatus == "paid", let intent = session.intent {
                    intents = [intent]
                }
                return intents.map { intent in
                    let refunded = state.charges.values.filter { $0.intent == intent }
                        .reduce(0) { $0 + $1.refunded }
                    let disputed = state.disputes.values.filter {
                        $0.intent == intent && $0.status != "won"
                    }.reduce(0) { $0 + $1.amount }
                    return Receipt(
                        session: session.id, amount: session.amount,
                        returned: refunded + disputed)
                }
            }
        }
    }

    /// Makes a session say something else than it was opened with.
    package func tamper(
        session id: String, amount: Int64? = nil, currency: String? = nil, isLive: Bool? = nil,
        paymentStatus: String? = nil
    ) {
        state.withLock { state in
            if let amount { state.sessions[id]?.amount = amount }
            if let currency { state.sessions[id]?.currency = currency }
            if let isLive { state.sessions[id]?.isLive = isLive }
            if let paymentStatus { state.sessions[id]?.paymentStatus = paymentStatus }
        }
    }

    private static func charge(of session: String, _ state: State) -> Charge? {
        guard let session = state.sessions[session] else { return nil }
        let intent = session.intent ?? session.invoice.flatMap { state.invoices[$0]?.intent }
        return state.charges.values.first { $0.intent == intent }
    }

    private static func event(
        _ type: String, _ object: JSONValue, _ seconds: Int64, _ state: inout State
    ) -> Event {
        let id = state.id("evt")
        let body: JSONValue = [
            "id": .text(id), "object": "event", "type": .text(type),
            "created": .number(String(seconds)), "livemode": false,
            "api_version": "2026-10-28.endive", "data": ["object": object],
            "request": ["id": .null, "idempotency_key": .null],
        ]
        return Event(id: id, type: type, body: body.bytes)
    }
}

extension JSONValue {
    static func optional(_ text: String?) -> JSONValue { text.map { .text($0) } ?? .null }

    static func map(_ values: [String: String]) -> JSONValue {
        .object(values.sorted { $0.key < $1.key }.map { Member($0.key, .text($0.value)) })
    }
}
