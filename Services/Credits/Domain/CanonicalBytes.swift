/// The bytes of a transaction that its hash covers: each field in a fixed order and of a length that
/// is written down, so that no two transactions have the same bytes.
struct CanonicalBytes {
    private(set) var bytes: [UInt8] = []

    init() {
        bytes.reserveCapacity(384)
    }

    mutating func append(_ number: Int64) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ text: String) {
        append(Int64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    /// Nil and the empty text differ.
    mutating func append(optional text: String?) {
        append(Int64(text == nil ? 0 : 1))
        if let text { append(text) }
    }
}

/// One row of the ledger with its lines, as it is hashed.
struct TransactionRecord: Hashable, Sendable {
    var sequence: Int64
    var kind: TransactionKind
    var account: Int64
    var previous: Int64
    var hold: Int64?
    var key: String?
    var actor: String
    var request: String
    var asset: String
    var note: String
    var postedAfter: Int64
    var pendingAfter: Int64
    var atUs: Int64
    var lines: [EntryRecord] = []
    /// The terms of the hold that this transaction opens; nil for every other kind.
    var opened: OpenedHold?

    struct EntryRecord: Hashable, Sendable {
        var account: Int64
        var asset: Int64
        var layer: Int64
        var amount: Int64
    }

    struct OpenedHold: Hashable, Sendable {
        var terms: HoldTerms
        var amount: Int64
        var priceVersion: Int64
        /// The line of the quote that it is charged by.
        var quoteLine: Int64?
    }

    /// What the hash covers after the hash of the transaction before.
    ///
    /// - Parameter owner: The user whose account it is.
    func canonicalBytes(owner: String) -> [UInt8] {
        var bytes = CanonicalBytes()
        for number in [sequence, account, previous, hold ?? 0, postedAfter, pendingAfter, atUs] {
            bytes.append(number)
        }
        bytes.append(kind.rawValue)
        bytes.append(owner)
        bytes.append(optional: key)
        bytes.append(actor)
        bytes.append(request)
        bytes.append(asset)
        bytes.append(note)
        bytes.append(Int64(lines.count))
        for line in lines {
            bytes.append(line.account)
            bytes.append(line.asset)
            bytes.append(line.layer)
            bytes.append(line.amount)
        }
        if let opened {
            bytes.append(opened.terms.job)
            bytes.append(opened.terms.operation)
            bytes.append(opened.terms.model)
            bytes.append(opened.terms.quantity)
            bytes.append(opened.terms.session)
            bytes.append(opened.amount)
            bytes.append(opened.priceVersion)
            // Absent before there were other catalogues; the chain of an old ledger stays whole.
            if opened.terms.catalogue != PriceKey.studio || !opened.terms.parameters.isEmpty {
                bytes.append("priced by")
                bytes.append(opened.terms.catalogue)
                bytes.append(opened.terms.parameters)
            }
            if let line = opened.quoteLine {
                bytes.append("quoted by")
                bytes.append(line)
            }
        }
        return bytes.bytes
    }
}
