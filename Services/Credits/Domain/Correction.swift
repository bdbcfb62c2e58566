/// Credits that operators add or take away: one proposes, another one approves.
struct Correction: Hashable, Sendable {
    enum State: String, CaseIterable, Sendable {
        case proposed, applied, rejected
    }

    static let prefix = "cor_"

    var id: Int64
    var user: String
    /// Negative takes away; never zero.
    var amount: CreditAmount
    /// The proposer's: the same again is the same proposal.
    var key: String
    var reason: String
    var proposedBy: String
    var proposedAtUs: Int64
    var state = State.proposed
    var decidedBy: String?
    var decidedAtUs: Int64?
    /// The ledger's transaction that applied it.
    var transaction: Int64?

    var idText: String { "\(Self.prefix)\(id)" }

    /// Decides a proposal; one that was decided in the same way stays as it is.
    ///
    /// - Returns: Whether anything is to be done.
    /// - Throws: ``LedgerError/sameActor(_:)``, ``LedgerError/correctionDecided(id:state:)``.
    mutating func decide(
        _ decision: State, by actor: String, atUs instant: Int64
    ) throws(LedgerError) -> Bool {
        if state == decision { return false }
        guard state == .proposed else {
            throw .correctionDecided(id: idText, state: state.rawValue)
        }
        guard decision != .applied || actor != proposedBy else { throw .sameActor(actor) }
        state = decision
        decidedBy = actor
        decidedAtUs = instant
        return true
    }
}
