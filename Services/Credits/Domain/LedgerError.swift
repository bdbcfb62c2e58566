/// Why the ledger refused. Nothing has changed.
enum LedgerError: Error, Hashable {
    case accountNotFound(user: String)
    case insufficientCredits(Shortfall)
    case unknownPrice(PriceKey)
    /// No such quote, or another user's.
    case quoteNotFound(id: String)
    case quoteExpired(id: String)
    /// It would cost more than was quoted, or than the caller allows.
    case priceExceeded(limit: CreditAmount, required: CreditAmount)
    /// A hard budget does not allow it.
    case budgetExceeded(budget: Budget, required: CreditAmount)
    case holdNotFound(id: String)
    /// The hold is closed in another way than asked for.
    case holdResolved(Hold)
    case captureExceedsHold(asked: CreditAmount, held: CreditAmount)
    case refundExceeds(asked: CreditAmount, refundable: CreditAmount)
    /// The same key was used before with other content.
    case keyReused(what: String)
    /// The account has been merged into another.
    case accountMerged(user: String)
    case invalid(field: String, reason: String)
    /// The session never held anything of this user.
    case statementNotFound(session: String)
    case correctionNotFound(id: String)
    /// A correction needs two actors.
    case sameActor(String)
    /// It was decided in the other way before.
    case correctionDecided(id: String, state: String)
    case amountOverflow
    /// The books themselves are wrong; see `credits verify`.
    case unsound(String)
}

/// What is missing to pay for something; said the same way wherever it is refused.
struct Shortfall: Hashable, Sendable {
    var required: CreditAmount
    var available: CreditAmount
    var operation: String
    var model: String

    /// More than zero.
    var gap: CreditAmount {
        CreditAmount(tenThousandths: required.tenThousandths - available.tenThousandths)
    }
}
