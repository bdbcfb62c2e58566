/// Why the ledger refused. Nothing has changed.
enum LedgerError: Error, Hashable {
    case accountNotFound(user: String)
    case insufficientCredits(required: CreditAmount, available: CreditAmount, operation: String)
    case unknownPrice(operation: String, model: String)
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
    case amountOverflow
    /// The stored price list has the same version and other prices.
    case pricesChanged(version: Int)
    /// The books themselves are wrong; see `credits verify`.
    case unsound(String)
}
