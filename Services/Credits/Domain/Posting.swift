/// Accounts of the house, by their number in the ledger.
enum HouseAccount: Int64, CaseIterable, Sendable {
    case issued = 1
    case promotion
    case revenue
    case refunds
    case transit
    case breakage
    case corrections
    case providerCost
    case lateLoss
}

/// What happened, as each transaction names it.
enum TransactionKind: String, CaseIterable, Sendable {
    case grant, hold, capture, release, expire, refund, merge, correction
}

/// The two sums of an account: what it has, and what is set aside.
enum Layer: Int64, Sendable {
    case posted = 0
    case pending = 1
}

/// One line of a transaction: credits move between the wallet and an account of the house.
struct Posting: Hashable, Sendable {
    /// Added to the wallet's layer, and taken from the same layer of the house.
    let amount: CreditAmount
    let layer: Layer
    let house: HouseAccount

    /// Sets credits aside.
    static func hold(_ amount: CreditAmount) -> [Posting] {
        [Posting(amount: amount.negated, layer: .pending, house: .revenue)]
    }

    /// Ends a hold: all of it comes back, then what was earned is taken.
    static func close(held: CreditAmount, captured: CreditAmount) -> [Posting] {
        var lines = [Posting(amount: held, layer: .pending, house: .revenue)]
        if captured > .zero {
            lines.append(Posting(amount: captured.negated, layer: .posted, house: .revenue))
        }
        return lines
    }

    /// Gives credits; a negative amount takes them.
    static func credit(_ amount: CreditAmount, from house: HouseAccount) -> [Posting] {
        [Posting(amount: amount, layer: .posted, house: house)]
    }
}

extension CreditAmount {
    /// Amounts are within ±``max`` wherever this is used, so that it cannot overflow.
    var negated: CreditAmount { CreditAmount(tenThousandths: 0 &- tenThousandths) }
}

/// Where granted credits come from; decides the account of the house that gives them.
enum GrantCategory: String, CaseIterable, Sendable {
    case paid, promo, plan

    var house: HouseAccount {
        switch self {
        case .paid, .plan: .issued
        case .promo: .promotion
        }
    }
}

/// A wallet's two sums and the last transaction that changed them.
struct WalletBalance: Hashable, Sendable {
    var posted = CreditAmount.zero
    /// Minus the sum of the open holds.
    var pending = CreditAmount.zero
    var sequence: Int64 = 0
    /// Strictly below it the wallet is low; nil for the service's own threshold.
    var lowThreshold: CreditAmount?

    var held: CreditAmount { pending.negated }

    /// What may be spent. The sums of a wallet stay within ±``CreditAmount/max`` times the number of
    /// grants, far from overflow; the database checks the floor.
    var available: CreditAmount {
        CreditAmount(tenThousandths: posted.tenThousandths &+ pending.tenThousandths)
    }

    /// The sums after one more line.
    mutating func apply(_ posting: Posting) throws(LedgerError) {
        do throws(AmountError) {
            switch posting.layer {
            case .posted: posted = try posted + posting.amount
            case .pending: pending = try pending + posting.amount
            }
        } catch {
            throw .amountOverflow
        }
    }

    /// Whether the rules of a wallet hold.
    var isSound: Bool { pending <= .zero && available >= .zero }

    /// Whether the rules of a debt hold.
    var isSoundDebt: Bool { pending == .zero && posted <= .zero }
}
