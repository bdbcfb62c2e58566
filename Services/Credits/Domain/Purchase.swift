/// Money in whole minor units (cents) of a currency.
struct Money: Hashable, Sendable {
    var minor: Int64
    /// Lower case: "usd".
    var currency: String
}

/// Where a purchase stands. It only ever goes forward: what is told late, twice or out of order
/// changes nothing, but money that came wins over everything.
package enum PurchaseState: String, CaseIterable, Sendable {
    /// The provider has not confirmed the checkout yet.
    case created
    case open
    /// Completed; the money is on its way.
    case pending
    case paid
    case failed
    case expired
    case cancelled

    private var rank: Int {
        switch self {
        case .created: 0
        case .open: 1
        case .pending: 2
        case .failed, .expired, .cancelled: 3
        case .paid: 4
        }
    }

    /// Whether it may still change by itself: the provider is asked again.
    package var isUnsettled: Bool { rank < 3 }

    /// The state after the provider was seen in another one. Of two that end a purchase alike, the
    /// first one stays.
    package func after(_ seen: PurchaseState) -> PurchaseState { seen.rank > rank ? seen : self }
}

/// What somebody buys, as it was when the checkout was opened.
struct Purchase: Hashable, Sendable {
    /// Of the store.
    var number: Int64
    /// "pur_…": public, and the idempotency key at the provider.
    var id: String
    var account: Int64
    var user: String
    var provider: String
    var item: String
    var isPlan: Bool
    var quantity: Int64
    var price: Money
    /// Of a plan: each month.
    var credits: CreditAmount
    var successURL: String
    var cancelURL: String
    var createdAtUs: Int64
    var state: PurchaseState
    /// The provider's checkout; nil until it has confirmed it.
    var session: String?
    /// Where to pay.
    var url: String
    var expiresAtUs: Int64
    var subscription: String?

    /// Whether a repeated request asks for the same.
    func isSameOrder(as other: Purchase) -> Bool {
        item == other.item && isPlan == other.isPlan && quantity == other.quantity
            && successURL == other.successURL && cancelURL == other.cancelURL
    }

    /// "Pro × 2"; the item's id when it is not on sale any more.
    var label: String {
        let pack = PackList.item(item, isPlan: isPlan)?.label ?? item
        return quantity == 1 ? pack : "\(pack) × \(quantity)"
    }
}

extension PackList {
    /// What is on sale under an id; nil when nothing is.
    static func item(_ id: String, isPlan: Bool) -> Pack? {
        (isPlan ? plans : packs).first { $0.id == id }
    }
}

/// How much of what a payment brought is to be taken back, by the money that went back.
package enum TakeBack: Hashable, Sendable {
    case nothing
    case take(CreditAmount)
    /// A dispute was won.
    case giveBack(CreditAmount)

    /// - Parameters:
    ///   - credits: What the payment brought.
    ///   - takenBack: What was taken of it so far.
    ///   - expired: What of it expired unused: gone already, and not taken a second time.
    ///   - paid: The money, more than zero.
    ///   - returned: How much of the money went back.
    package init(
        credits: CreditAmount, takenBack: CreditAmount, expired: CreditAmount, paid: Int64,
        returned: Int64
    ) {
        precondition(paid > 0 && returned >= 0)
        // A fraction of 1/10,000 credit stays with the user.
        let share = Int128(credits.tenThousandths) * Int128(min(returned, paid)) / Int128(paid)
        let target = Int64(share)
        let taken = takenBack.tenThousandths
        if target > taken {
            let left = credits.tenThousandths - expired.tenThousandths - taken
            let amount = min(target - taken, left)
            self = amount > 0 ? .take(CreditAmount(tenThousandths: amount)) : .nothing
        } else if target < taken {
            self = .giveBack(CreditAmount(tenThousandths: taken - target))
        } else {
            self = .nothing
        }
    }
}
