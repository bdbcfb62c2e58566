internal import ServiceRuntime
internal import Storage

/// What one payment brought: a checkout session or an invoice, with its one grant.
struct Payment: Hashable, Sendable {
    var number: Int64
    var purchase: Int64
    var provider: String
    var object: String
    var intent: String?
    var amount: Int64
    var credits: CreditAmount
    var grant: Int64
    var takenBack: CreditAmount
    var periodStartUs: Int64
    var periodEndUs: Int64
}

/// What payments are settled by.
struct PaymentTerms: Hashable, Sendable {
    /// How long the credits of a plan live after the end of their period.
    var planGraceUs: Int64
    /// How long after it was paid a purchase is first asked about again.
    var recheckAfterUs: Int64
    /// Whether the money is real; what says otherwise is refused.
    var isLive: Bool
}

/// Brings the ledger to what a provider says. Each of these may be told again, late or out of order:
/// the ledger ends the same.
extension Transaction {
    /// - Parameter event: What it was asked for after; nil for a sweep.
    /// - Returns: What became of it, and whose balance may have changed.
    func apply(
        _ fact: PaymentFact, provider: String, event: PaymentEvent?, _ terms: PaymentTerms,
        _ time: LedgerTime
    ) throws -> (PaymentOutcome, user: String?) {
        switch fact {
        case .checkout(let facts):
            try apply(facts, provider: provider, event, terms, time)
        case .invoice(let facts): try apply(facts, provider: provider, event, terms, time)
        case .refund(let facts): try apply(facts, provider: provider, terms, time)
        case .dispute(let facts): try apply(facts, provider: provider, terms, time)
        case .subscription(let facts): try apply(facts, provider: provider, terms, time)
        }
    }

    // MARK: Money that comes

    private func apply(
        _ facts: CheckoutFacts, provider: String, _ event: PaymentEvent?, _ terms: PaymentTerms,
        _ time: LedgerTime
    ) throws -> (PaymentOutcome, user: String?) {
        let known =
            try purchase(session: facts.id, provider: provider)
            ?? facts.purchase.flatMap { try purchase(id: $0) }
        guard let purchase = known, purchase.provider == provider,
            purchase.session == nil || purchase.session == facts.id
        else { return (.ignored("no purchase of ours"), nil) }
        if let fault = fault(of: facts.price, facts.isLive, purchase, terms) {
            return (try refuse(purchase, fault), nil)
        }
        try run(PaymentSQL.setSession, facts.id, purchase.number)
        if let subscription = facts.subscription, purchase.isPlan {
            try run(PaymentSQL.setSubscription, subscription, purchase.number)
        }
        var seen = facts.state
        // The money will not come; the checkout itself does not say so.
        if event?.topic == .checkoutFailed, seen == .pending { seen = .failed }
        if time.mutant == .creditsUnpaid, facts.state == .pending { seen = .paid }
        // A plan is paid by its invoices.
        if purchase.isPlan, seen == .paid { seen = .pending }
        if seen == .paid {
            let object = object(facts.id, event, time)
            let user = try settle(
                purchase, object: object, intent: facts.intent, period: nil, terms, time)
            if time.mutant == .settlesEveryPurchase {
                for other in try all(
                    PaymentSQL.unsettled, Int64.max, provider, 50, map: Purchase.init)
                where !other.isPlan {
                    _ = try settle(
                        other, object: "\(object)#\(other.id)", intent: nil, period: nil, terms,
                        time)
                }
            }
            return (.applied, user)
        }
        let state = purchase.state.after(seen)
        if state != purchase.state {
            try run(PaymentSQL.setState, state.rawValue, purchase.number)
        }
        return (.applied, nil)
    }

    private func apply(
        _ facts: InvoiceFacts, provider: String, _ event: PaymentEvent?, _ terms: PaymentTerms,
        _ time: LedgerTime
    ) throws -> (PaymentOutcome, user: String?) {
        var known = try facts.purchase.flatMap { try purchase(id: $0) }
        if known == nil, let subscription = facts.subscription {
            known = try purchase(subscription: subscription, provider: provider)
        }
        guard let purchase = known, purchase.provider == provider, purchase.isPlan else {
            return (.ignored("no purchase of ours"), nil)
        }
        guard facts.isPaid else { return (.ignored("not paid"), nil) }
        if let fault = fault(of: facts.price, facts.isLive, purchase, terms) {
            return (try refuse(purchase, fault), nil)
        }
        guard facts.periodEndUs > facts.periodStartUs else {
            return (try refuse(purchase, "invoice \(facts.id) is of no period"), nil)
        }
        if let subscription = facts.subscription {
            try run(PaymentSQL.setSubscription, subscription, purchase.number)
        }
        let user = try settle(
            purchase, object: object(facts.id, event, time), intent: facts.intent,
            period: (facts.periodStartUs, facts.periodEndUs), terms, time)
        return (.applied, user)
    }

    private func apply(
        _ facts: SubscriptionFacts, provider: String, _ terms: PaymentTerms, _ time: LedgerTime
    ) throws -> (PaymentOutcome, user: String?) {
        guard facts.isLive == terms.isLive else { return (.refused("live mode"), nil) }
        guard let purchase = try purchase(subscription: facts.id, provider: provider) else {
            return (.ignored("no purchase of ours"), nil)
        }
        try run(PaymentSQL.setEnding, facts.isEnding ? time.nowUs : nil, purchase.number)
        return (.applied, nil)
    }

    /// Why what was paid is not what was asked for.
    private func fault(
        of price: Money, _ isLive: Bool, _ purchase: Purchase, _ terms: PaymentTerms
    ) -> String? {
        if isLive != terms.isLive { return "live mode \(isLive) instead of \(terms.isLive)" }
        guard price != purchase.price else { return nil }
        return "\(price.minor) \(price.currency) instead of "
            + "\(purchase.price.minor) \(purchase.price.currency)"
    }

    /// What makes a payment the same: what was paid for, not who tells of it.
    private func object(_ id: String, _ event: PaymentEvent?, _ time: LedgerTime) -> String {
        switch time.mutant {
        case .remembersEventsOnly: "\(id)#\(event?.id ?? "")"
        case .keepsEventAfterEffect: "\(id)#\(time.nowUs)"
        default: id
        }
    }

    private func refuse(_ purchase: Purchase, _ fault: String) throws -> PaymentOutcome {
        try run(PaymentSQL.setFault, fault, purchase.number)
        return .refused(fault)
    }

    /// Gives what a payment brings, once for each payment object, and takes back what had gone back
    /// before it was told.
    private func settle(
        _ purchase: Purchase, object: String, intent: String?,
        period: (startUs: Int64, endUs: Int64)?, _ terms: PaymentTerms, _ time: LedgerTime
    ) throws -> String {
        var account = try existingWallet(of: purchase.user)
        let known = try first(
            PaymentSQL.paymentByObject, purchase.provider, object, map: Payment.init)
        if let known {
            guard known.purchase == purchase.number else {
                throw LedgerError.unsound("\(object) pays for two purchases")
            }
            return account.user
        }
        let category = purchase.isPlan ? GrantCategory.plan : .paid
        let source = "payment:\(purchase.provider):\(object)"
        let command = GrantCommand(
            user: account.user, amount: purchase.credits, source: source, category: category,
            reason: "\(purchase.label), purchase \(purchase.id)",
            terms: BlockTerms(
                priority: category.standardPriority,
                expiresAtUs: period.map { $0.endUs + terms.planGraceUs } ?? GrantBlock.never))
        guard try grant(command, to: &account, .payments, time),
            let transaction = try transaction(.grant, key: source)
        else { throw LedgerError.unsound("\(source) was granted without a payment") }
        try run(
            PaymentSQL.insertPayment, purchase.number, purchase.provider, object, intent,
            purchase.price.minor, purchase.credits.tenThousandths, transaction.sequence,
            period?.startUs ?? 0, period?.endUs ?? 0)
        if purchase.state != .paid {
            try run(
                PaymentSQL.setPaid, PurchaseState.paid.rawValue,
                time.nowUs + terms.recheckAfterUs, purchase.number)
        }
        if let intent { try takeBack(intent: intent, purchase.provider, time) }
        return account.user
    }

    // MARK: Money that goes back

    private func apply(
        _ facts: RefundFacts, provider: String, _ terms: PaymentTerms, _ time: LedgerTime
    ) throws -> (PaymentOutcome, user: String?) {
        guard facts.isLive == terms.isLive else { return (.refused("live mode"), nil) }
        try run(
            PaymentSQL.addRefund, provider, facts.charge, facts.intent, facts.refunded.minor)
        return (.applied, try takeBack(intent: facts.intent, provider, time))
    }

    private func apply(
        _ facts: DisputeFacts, provider: String, _ terms: PaymentTerms, _ time: LedgerTime
    ) throws -> (PaymentOutcome, user: String?) {
        guard facts.isLive == terms.isLive else { return (.refused("live mode"), nil) }
        try run(
            PaymentSQL.addDispute, provider, facts.id, facts.intent, facts.amount.minor,
            facts.state.rawValue)
        return (.applied, try takeBack(intent: facts.intent, provider, time))
    }

    /// Takes back from the payment of an intent, or gives back to it, what the money says.
    @discardableResult
    private func takeBack(
        intent: String, _ provider: String, _ time: LedgerTime
    ) throws -> String? {
        let found = try first(
            PaymentSQL.paymentsOfIntent, provider, intent, map: Payment.init)
        // Told before the payment: done when that comes.
        guard let payment = found, let purchase = try purchase(number: payment.purchase) else {
            return nil
        }
        let returned =
            try first(PaymentSQL.returned, provider, intent) { row in try row.integer(0) } ?? 0
        var account = try existingWallet(of: purchase.user)
        var head = try head()
        try expireBlocks(of: &account, &head, time)
        let own = try all(BlockSQL.ofTransaction, payment.grant, map: GrantBlock.init)
        let expired = own.reduce(Int64(0)) { $0 + $1.expired.tenThousandths }
        let change = TakeBack(
            credits: payment.credits, takenBack: payment.takenBack,
            expired: CreditAmount(tenThousandths: expired), paid: payment.amount,
            returned: returned)
        let note = "purchase \(purchase.id)"
        switch change {
        case .nothing: return nil
        case .take(let amount):
            try take(amount, for: payment, from: &account, &head, "money back, \(note)", time)
        case .giveBack(let amount):
            try giveBack(amount, for: payment, to: &account, &head, "dispute won, \(note)", time)
        }
        return account.user
    }

    /// Takes what is there, from the payment's own blocks first; the rest is owed.
    private func take(
        _ amount: CreditAmount, for payment: Payment, from account: inout Account,
        _ head: inout LedgerHead, _ note: String, _ time: LedgerTime
    ) throws {
        let there = min(amount, max(account.balance.available, .zero))
        if there > .zero {
            let draft = LedgerDraft(
                kind: .correction, postings: Posting.credit(there.negated, from: .issued),
                origin: .payments, note: note)
            try append(draft, to: &account, head: &head, nowUs: time.nowUs)
            try takeFromBlocks(there, of: account, first: payment.grant)
            try run(PaymentSQL.insertMove, head.sequence, payment.number)
        }
        let missing = try amount - there
        if missing > .zero {
            var debt = try debtAccount(of: account.user, nowUs: time.nowUs)
            let draft = LedgerDraft(
                kind: .correction, postings: Posting.credit(missing.negated, from: .issued),
                origin: .payments, note: note)
            try append(draft, to: &debt, head: &head, nowUs: time.nowUs)
            try run(PaymentSQL.insertMove, head.sequence, payment.number)
        }
        try run(PaymentSQL.setTakenBack, amount.tenThousandths, payment.number)
    }

    /// Gives back what a dispute had taken: to the blocks it came from while they live, and what is
    /// owed is paid first.
    private func giveBack(
        _ amount: CreditAmount, for payment: Payment, to account: inout Account,
        _ head: inout LedgerHead, _ note: String, _ time: LedgerTime
    ) throws {
        let draft = LedgerDraft(
            kind: .correction, postings: Posting.credit(amount, from: .issued), origin: .payments,
            note: note)
        try append(draft, to: &account, head: &head, nowUs: time.nowUs)
        try run(PaymentSQL.insertMove, head.sequence, payment.number)
        try run(PaymentSQL.setTakenBack, amount.negated.tenThousandths, payment.number)
        let sequence = head.sequence
        var left = amount.tenThousandths
        for block in try all(BlockSQL.ofTransaction, payment.grant, map: GrantBlock.init)
        where block.account == account.id && !block.isVoid && block.expiresAtUs > time.nowUs {
            let share = min(left, block.removed.tenThousandths)
            guard share > 0 else { continue }
            left -= share
            try run(BlockSQL.giveBack, share, block.id)
        }
        if left > 0 {
            try insertBlock(
                CreditAmount(tenThousandths: left), account: account.id, transaction: sequence,
                category: "correction",
                BlockTerms(
                    priority: GrantCategory.paid.standardPriority, expiresAtUs: GrantBlock.never))
        }
        try collectDebt(from: &account, &head, time)
    }

    // MARK: Purchases

    func purchase(number: Int64) throws -> Purchase? {
        try first(PaymentSQL.purchase, number, map: Purchase.init)
    }

    func purchase(id: String) throws -> Purchase? {
        try first(PaymentSQL.purchaseByID, id, map: Purchase.init)
    }

    private func purchase(session: String, provider: String) throws -> Purchase? {
        try first(PaymentSQL.purchaseBySession, provider, session, map: Purchase.init)
    }

    private func purchase(subscription: String, provider: String) throws -> Purchase? {
        try first(PaymentSQL.purchaseBySubscription, provider, subscription, map: Purchase.init)
    }
}

extension Purchase {
    init(_ row: borrowing Row) throws {
        number = try row.integer(0)
        id = try row.text(1)
        account = try row.integer(2)
        user = try row.text(3)
        provider = try row.text(4)
        item = try row.text(5)
        isPlan = try row.flag(6)
        quantity = try row.integer(7)
        price = Money(minor: try row.integer(8), currency: try row.text(9))
        credits = CreditAmount(tenThousandths: try row.integer(10))
        successURL = try row.text(11)
        cancelURL = try row.text(12)
        createdAtUs = try row.integer(13)
        let text = try row.text(14)
        guard let state = PurchaseState(rawValue: text) else {
            throw LedgerError.unsound("purchase \(id) is \(text)")
        }
        self.state = state
        session = try row.optionalText(15)
        url = try row.text(16)
        expiresAtUs = try row.integer(17)
        subscription = try row.optionalText(18)
    }
}

extension Payment {
    init(_ row: borrowing Row) throws {
        number = try row.integer(0)
        purchase = try row.integer(1)
        provider = try row.text(2)
        object = try row.text(3)
        intent = try row.optionalText(4)
        amount = try row.integer(5)
        credits = CreditAmount(tenThousandths: try row.integer(6))
        grant = try row.integer(7)
        takenBack = CreditAmount(tenThousandths: try row.integer(8))
        periodStartUs = try row.integer(9)
        periodEndUs = try row.integer(10)
    }
}
