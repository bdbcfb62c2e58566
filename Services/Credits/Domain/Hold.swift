/// Where a hold is in its life. It leaves `reserved` and `submitted` once.
enum HoldState: String, Hashable, Sendable {
    /// Nothing has been sent to a provider: it simply expires.
    case reserved
    /// A provider has the work, or may have it: only its owner or the hard limit ends it.
    case submitted
    case captured
    case released
    case expired

    var isOpen: Bool { self == .reserved || self == .submitted }
}

/// Credits set aside for one piece of work.
struct Hold: Hashable, Sendable {
    var id: HoldID
    var user: String
    var terms: HoldTerms
    var amount: CreditAmount
    var captured = CreditAmount.zero
    var refunded = CreditAmount.zero
    var state = HoldState.reserved
    /// 0 when the caller named the amount.
    var priceVersion: Int
    /// The quote that it is charged by, and the line of it.
    var quote: QuotedLine?
    var providerReference = ""
    var createdAtUs: Int64
    var expiresAtUs: Int64
    var hardAtUs: Int64
    var resolvedAtUs: Int64?

    struct QuotedLine: Hashable, Sendable {
        var id: QuoteID
        var line: Int64
    }

    /// What a close that repeats an earlier one, or comes too late, gets.
    enum CloseOutcome: Hashable {
        /// Do it: take this much, give back the rest.
        case proceed(captured: CreditAmount, returned: CreditAmount)
        /// The same close happened before; answer with the hold as it is.
        case replay
    }

    /// Whether `amount` may be taken. A second capture of the same amount is a replay.
    func capture(_ amount: CreditAmount) throws(LedgerError) -> CloseOutcome {
        guard state.isOpen else {
            guard state == .captured, captured == amount else { throw .holdResolved(self) }
            return .replay
        }
        guard amount <= self.amount else {
            throw .captureExceedsHold(asked: amount, held: self.amount)
        }
        return .proceed(captured: amount, returned: try difference(self.amount, amount))
    }

    /// Whether everything may be given back. Giving back twice, or after expiry, is a replay.
    func release() throws(LedgerError) -> CloseOutcome {
        switch state {
        case .reserved, .submitted: .proceed(captured: .zero, returned: amount)
        case .released, .expired: .replay
        case .captured: throw .holdResolved(self)
        }
    }

    /// The end of a lease of `ttlMs` from now, never past the limit.
    ///
    /// - Parameter expiryUs: Leases that ended by this instant are over; see ``isOverdue(byUs:)``.
    func lease(
        ttlMs: Int64, nowUs: Int64, expiryUs: Int64
    ) throws(LedgerError) -> Int64 {
        guard state.isOpen, !isOverdue(byUs: expiryUs) else { throw .holdResolved(self) }
        return min(nowUs + ttlMs * 1_000, hardAtUs)
    }

    /// Whether a part of what was captured may be given back.
    func refund(_ amount: CreditAmount) throws(LedgerError) {
        let refundable = try difference(captured, refunded)
        guard amount <= refundable else {
            throw .refundExceeds(asked: amount, refundable: refundable)
        }
    }

    /// Whether the sweeper may end it: a reserved hold when its lease is over, any at its limit.
    /// Readers treat an overdue hold as gone.
    func isOverdue(byUs instant: Int64) -> Bool {
        switch state {
        case .reserved: expiresAtUs <= instant
        case .submitted: hardAtUs <= instant
        case .captured, .released, .expired: false
        }
    }

    private func difference(
        _ left: CreditAmount, _ right: CreditAmount
    ) throws(LedgerError) -> CreditAmount {
        do throws(AmountError) {
            return try left - right
        } catch {
            throw .amountOverflow
        }
    }
}

/// What a hold is for; the same job and operation again is the same hold.
struct HoldTerms: Hashable, Sendable {
    var job: String
    var operation: String
    var model = ""
    var quantity: Int64 = 1
    var session = ""
    var catalogue = PriceKey.studio
    /// As ``PriceParameters/text`` writes them.
    var parameters = ""

    /// Whether another hold of the same job and operation is for the same amount of the same thing.
    func isSameWork(as other: HoldTerms) -> Bool {
        model == other.model && quantity == other.quantity && catalogue == other.catalogue
            && parameters == other.parameters
    }
}

/// How long holds live when the caller does not say.
struct HoldLifetimes: Hashable, Sendable {
    var ttlMs: Int64
    var hardMs: Int64

    /// Long enough for the provider of that kind of work, short enough that nobody waits for credits
    /// of a job that died.
    static func standard(for operation: String) -> HoldLifetimes {
        let minute: Int64 = 60_000
        let kind = operation.split(separator: ".").first.map(String.init) ?? ""
        return switch (kind, operation) {
        case (_, "video.preview"): HoldLifetimes(ttlMs: 2 * minute, hardMs: 30 * minute)
        case ("video", _), ("model3d", _):
            HoldLifetimes(ttlMs: 2 * minute, hardMs: 120 * minute)
        case ("text", _): HoldLifetimes(ttlMs: minute, hardMs: 15 * minute)
        default: HoldLifetimes(ttlMs: 2 * minute, hardMs: 15 * minute)
        }
    }
}
