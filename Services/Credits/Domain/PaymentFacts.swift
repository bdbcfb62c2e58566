/// What a provider says about one of its objects when it is asked.
enum PaymentFact: Hashable, Sendable {
    case checkout(CheckoutFacts)
    case invoice(InvoiceFacts)
    case refund(RefundFacts)
    case dispute(DisputeFacts)
    case subscription(SubscriptionFacts)
}

/// A checkout session.
struct CheckoutFacts: Hashable, Sendable {
    var id: String
    /// The purchase that its metadata name.
    var purchase: String?
    var state: PurchaseState
    var price: Money
    var isLive: Bool
    /// What refunds and disputes will name.
    var intent: String?
    var subscription: String?
}

/// An invoice of a subscription.
struct InvoiceFacts: Hashable, Sendable {
    var id: String
    var purchase: String?
    var subscription: String?
    var isPaid: Bool
    var price: Money
    var isLive: Bool
    var intent: String?
    var periodStartUs: Int64
    var periodEndUs: Int64
}

/// A charge: how much of it went back.
struct RefundFacts: Hashable, Sendable {
    var charge: String
    var intent: String
    var refunded: Money
    var isLive: Bool
}

/// A dispute: the money is gone until it is won.
struct DisputeFacts: Hashable, Sendable {
    enum State: String, Sendable { case open, won, lost }

    var id: String
    var intent: String
    var amount: Money
    var state: State
    var isLive: Bool
}

/// A subscription.
struct SubscriptionFacts: Hashable, Sendable {
    var id: String
    /// Whether no further month will be taken.
    var isEnding: Bool
    var isLive: Bool
}

/// What a provider told: which object changed. What it became is asked for.
struct PaymentEvent: Hashable, Sendable {
    /// Which object to ask for.
    enum Topic: String, Sendable {
        case checkout
        /// The money did not come; the checkout itself does not say so.
        case checkoutFailed
        case invoice
        case charge
        case dispute
        case subscription
        /// Nothing that concerns us.
        case other
    }

    var provider: String
    var id: String
    var type: String
    var object: String

    var topic: Topic {
        switch type {
        case "checkout.session.completed", "checkout.session.async_payment_succeeded",
            "checkout.session.expired":
            .checkout
        case "checkout.session.async_payment_failed": .checkoutFailed
        case "invoice.paid": .invoice
        case "charge.refunded": .charge
        case "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
            "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated":
            .dispute
        case "customer.subscription.updated", "customer.subscription.deleted": .subscription
        default: .other
        }
    }
}

/// What became of an event.
enum PaymentOutcome: Hashable, Sendable {
    case applied
    /// It is about nothing of ours.
    case ignored(String)
    /// It contradicts what we asked for: nothing was credited.
    case refused(String)
    /// The provider could not be asked; tried again later.
    case later

    var name: String {
        switch self {
        case .applied: "applied"
        case .ignored: "ignored"
        case .refused: "refused"
        case .later: "later"
        }
    }

    var text: String {
        switch self {
        case .applied, .later: name
        case .ignored(let reason), .refused(let reason): "\(name): \(reason)"
        }
    }
}
