/// Credits that came together: where they are now.
struct GrantBlock: Hashable, Sendable {
    /// Stands for never.
    static let never = Int64.max
    /// How much longer what comes back lives, when its block expired while it was held.
    static let afterlifeUs: Int64 = 24 * 3_600 * 1_000_000

    var id: Int64
    var account: Int64
    /// The transaction that first brought its credits.
    var transaction: Int64
    var category: String
    /// The lowest is spent first; then the soonest expiry, then the oldest.
    var priority: Int64
    var amount: CreditAmount
    var remaining: CreditAmount
    var held: CreditAmount
    var consumed: CreditAmount
    var expired: CreditAmount
    /// Voided, or moved to another wallet.
    var removed: CreditAmount
    var expiresAtUs: Int64
    var isVoid: Bool
    var source: String
}

/// A part of a hold: what it took from one block.
struct BlockPart: Hashable, Sendable {
    var block: Int64
    var amount: CreditAmount

    /// How much of a sum falls on each part, the first ones first.
    static func split(_ sum: CreditAmount, over parts: [BlockPart]) -> [BlockPart] {
        var left = sum.tenThousandths
        return parts.map { part in
            let share = min(left, part.amount.tenThousandths)
            left -= share
            return BlockPart(block: part.block, amount: CreditAmount(tenThousandths: share))
        }
    }
}

/// The terms of granted credits.
struct BlockTerms: Hashable, Sendable {
    var priority: Int64
    /// ``GrantBlock/never`` for never.
    var expiresAtUs: Int64
}

extension GrantCategory {
    /// Given credits are spent first, bought ones last.
    var standardPriority: Int64 {
        switch self {
        case .promo: 10
        case .plan: 20
        case .paid: 30
        }
    }
}
