/// The name of a hold: the sequence of the transaction that opened it, and a check made from its job
/// and operation, so that a number from elsewhere never closes somebody else's hold.
struct HoldID: Hashable, Sendable {
    let sequence: Int64
    let check: UInt64

    private static let prefix = "hld_"

    /// The id of the hold for a job and operation that a transaction opens.
    init(sequence: Int64, job: String, operation: String) {
        self.sequence = sequence
        check = NumberedID.check(job, operation)
    }

    /// Reads the text of a hold id; nil when it is none.
    init?(_ text: String) {
        guard let (sequence, check) = NumberedID.parse(text, Self.prefix) else { return nil }
        self.sequence = sequence
        self.check = check
    }

    var text: String { NumberedID.text(Self.prefix, sequence, check) }
}
