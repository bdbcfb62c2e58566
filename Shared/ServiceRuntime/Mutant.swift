/// A defect that a test plants, to show that it would be found (docs/simulation.md).
///
/// Each case is a mistake that real systems have made with money. A service gets one through its
/// constructor and has none by default: the executables pass none and read none from anywhere, so
/// nothing outside of a test can plant one. A switch at run time and not a flag of the compiler,
/// because that would be a second build of everything, and would test other code than is shipped.
package enum Mutant: String, CaseIterable, Hashable, Sendable {
    // Credits.
    /// A refund is what the caller says, not what is left of the capture.
    case refundsWhatCallerSays
    /// The sweeper gives a hold back without closing it, so that it can be settled once more.
    case sweepsByAnotherKey
    /// The sweeper takes the credits of a hold that is over.
    case sweeperCaptures
    /// A capture or release that comes a second time fails instead of answering as before.
    case replayThrows
    /// A hard budget is looked at before the transaction that holds, not in it.
    case checksThenHolds
    /// Leases end by the wall clock.
    case expiresByWallClock
    /// The balance is looked at before the transaction that holds, and nothing in it looks again.
    case checksWalletThenHolds
    /// Amounts pass through a floating-point number of whole credits.
    case amountsThroughDouble

    // Payments.
    /// What was told is known again by the event's id alone, not by what was paid for.
    case remembersEventsOnly
    /// The event is kept after what it asks for was done, not before.
    case keepsEventAfterEffect
    /// One payment settles every open purchase: `WHERE session = session`.
    case settlesEveryPurchase
    /// A completed checkout is taken for a paid one.
    case creditsUnpaid

    // Session.
    /// A settlement that failed is forgotten: the guard against a second one is gone with it.
    case forgetsHoldOnFailure
    /// Jobs that may or may not have been taken are given up, and their hold with them.
    case releasesUnknownSubmit
    /// Each try of a hold has a name of its own.
    case drawsHoldNames

    // Media.
    /// A worker that has lost its lease writes all the same.
    case ignoresEpoch
    /// The row of an asset is written before its file has its name.
    case storesRowBeforeFile
    /// What a provider may have accepted is asked for again, for video too.
    case retriesUnknownSubmit

    // Storage.
    /// Writes are answered before they are committed.
    case answersBeforeCommit
    /// Commits are answered before they are flushed to the disk.
    case skipsFlush
}
