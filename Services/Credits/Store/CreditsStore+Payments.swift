internal import Storage

/// A purchase with what came of it.
struct PurchaseView: Hashable, Sendable {
    var purchase: Purchase
    var granted: CreditAmount
    var takenBack: CreditAmount
    /// Minor units that went back.
    var refunded: Int64
}

/// A user's newest plan.
struct SubscriptionView: Hashable, Sendable {
    var purchase: String
    var plan: String
    var credits: CreditAmount
    var periodStartUs: Int64
    var periodEndUs: Int64
    /// Whether no further month will be taken.
    var isEnding: Bool
}

/// A purchase that was paid, with what it takes to ask about it again.
struct PaidPurchase: Hashable, Sendable {
    var purchase: Purchase
    /// Of its payments.
    var intents: [String]
    var lastPaidUs: Int64
}

/// The sandbox's side of a purchase.
struct StoredSandbox: Hashable, Sendable {
    struct Checkout: Hashable, Sendable {
        enum State: String, Sendable { case open, paid, cancelled }

        var token: String
        var purchase: Int64
        var state: State
        var expiresAtUs: Int64
        var paidAtUs: Int64?
    }

    var purchase: Purchase
    var sandbox: Checkout
}

extension CreditsStore {
    // MARK: Purchases

    /// Notes a purchase before its provider is asked; the one that is there when its id is known.
    func begin(_ order: Purchase, checkAtUs: Int64) async throws -> Purchase {
        try await database.write { transaction in
            let account = try transaction.existingWallet(of: order.user)
            if let known = try transaction.purchase(id: order.id) {
                guard known.isSameOrder(as: order) else {
                    throw LedgerError.keyReused(what: "key of purchase \(order.id)")
                }
                return known
            }
            try transaction.run(
                PaymentSQL.insertPurchase, order.id, account.id, order.provider, order.item,
                order.isPlan, order.quantity, order.price.minor, order.price.currency,
                order.credits.tenThousandths, order.successURL, order.cancelURL,
                order.createdAtUs, order.expiresAtUs, checkAtUs)
            guard let made = try transaction.purchase(id: order.id) else {
                throw LedgerError.unsound("purchase \(order.id) is missing")
            }
            return made
        }
    }

    /// Notes the checkout that the provider has opened.
    func open(_ purchase: Purchase, _ checkout: OpenedCheckout) async throws -> PurchaseView {
        try await database.write { transaction in
            try transaction.run(
                PaymentSQL.openPurchase, checkout.session, checkout.url, checkout.expiresAtUs,
                purchase.number)
            return try transaction.view(purchase.number)
        }
    }

    /// Moves a purchase on to a state that ends it, unless it is settled.
    func end(_ purchase: Purchase, as state: PurchaseState) async throws {
        try await database.write { transaction in
            guard let now = try transaction.purchase(number: purchase.number) else { return }
            let next = now.state.after(state)
            guard next != now.state else { return }
            try transaction.run(PaymentSQL.setState, next.rawValue, purchase.number)
        }
    }

    /// Asks about a purchase then, unless it is paid by now and was not when it was read.
    func checkLater(_ purchase: Purchase, atUs: Int64) async throws {
        try await database.write { transaction in
            try transaction.run(
                PaymentSQL.checkLater, atUs, purchase.number, purchase.state == .paid)
        }
    }

    /// A user's own purchase; nil also for another user's.
    func purchase(_ id: String, of user: String) async throws -> PurchaseView? {
        try await database.read { transaction in
            let account = try transaction.existingWallet(of: user)
            guard let purchase = try transaction.purchase(id: id),
                try transaction.wallet(of: purchase.user)?.id == account.id
            else { return nil }
            return try transaction.view(purchase.number)
        }
    }

    /// The user's purchases before one of them (0: from the newest).
    func purchases(
        of user: String, before: Int64, limit: Int
    ) async throws -> [PurchaseView] {
        try await database.read { transaction in
            let account = try transaction.existingWallet(of: user)
            let purchases = try transaction.all(
                PaymentSQL.purchases, account.id, before == 0 ? Int64.max : before, limit,
                map: Purchase.init)
            return try purchases.map { try transaction.view($0.number) }
        }
    }

    /// The user's newest plan, if there was ever one, and what the user owes.
    func subscription(
        of user: String
    ) async throws -> (plan: SubscriptionView?, owed: CreditAmount) {
        try await database.read { transaction in
            let account = try transaction.existingWallet(of: user)
            let plan = try transaction.first(PaymentSQL.subscription, account.id) { row in
                SubscriptionView(
                    purchase: try row.text(0), plan: try row.text(1),
                    credits: CreditAmount(tenThousandths: try row.integer(2)),
                    periodStartUs: try row.integer(3), periodEndUs: try row.integer(4),
                    isEnding: try row.flag(5))
            }
            return (plan, try transaction.owed(by: account.user))
        }
    }

    /// Purchases to be asked about now.
    func unsettled(of provider: String, limit: Int) async throws -> [Purchase] {
        let now = self.now
        return try await database.read { transaction in
            try transaction.all(
                PaymentSQL.unsettled, now.nowUs, provider, limit, map: Purchase.init)
        }
    }

    /// Paid purchases to be asked about now.
    func paidToCheck(of provider: String, limit: Int) async throws -> [PaidPurchase] {
        let now = self.now
        return try await database.read { transaction in
            let due = try transaction.all(
                PaymentSQL.paidToCheck, now.nowUs, provider, limit
            ) { row in (try Purchase(row), try row.optionalInteger(19)) }
            return try due.map { purchase, paidUs in
                PaidPurchase(
                    purchase: purchase,
                    intents: try transaction.all(PaymentSQL.intents, purchase.number) {
                        try $0.text(0)
                    }, lastPaidUs: paidUs ?? purchase.createdAtUs)
            }
        }
    }

    /// A user's plans whose paid period runs.
    func activePlans(of user: String) async throws -> [Purchase] {
        let now = self.now
        return try await database.read { transaction in
            let account = try transaction.existingWallet(of: user)
            return try transaction.all(
                PaymentSQL.activePlans, account.id, now.nowUs, map: Purchase.init)
        }
    }

    // MARK: Events

    /// Keeps an event; the outcome when it is known and done already.
    ///
    /// - Returns: Whether it is new, and what became of it when it is done.
    func receive(_ event: PaymentEvent) async throws -> (isNew: Bool, outcome: String?) {
        let now = self.now
        return try await database.write { transaction in
            try transaction.receive(event, now)
        }
    }

    /// Brings the ledger to what the provider says; with an event, that is done then.
    func apply(
        _ facts: [PaymentFact], provider: String, event: PaymentEvent?, _ terms: PaymentTerms
    ) async throws -> PaymentOutcome {
        let now = self.now
        let (outcome, users) = try await database.write { transaction in
            var outcome = PaymentOutcome.ignored("of no concern")
            var users: Set<String> = []
            for fact in facts {
                let (result, user) = try transaction.apply(
                    fact, provider: provider, event: event, terms, now)
                if let user { users.insert(user) }
                outcome = outcome.and(result)
            }
            if let event { try transaction.finish(event, outcome, now) }
            return (outcome, users)
        }
        for user in users { watchers.changed(user) }
        return outcome
    }

    /// What became of an event; nil when it is not known or not done.
    func outcome(of event: PaymentEvent) async throws -> String? {
        try await database.read { transaction in
            try transaction.first(PaymentSQL.event, event.provider, event.id) { row in
                row.isNull(0) ? nil : try row.text(1)
            } ?? nil
        }
    }

    func finish(_ event: PaymentEvent, _ outcome: PaymentOutcome) async throws {
        let now = self.now
        try await database.write { transaction in
            try transaction.finish(event, outcome, now)
        }
    }

    func tryLater(_ event: PaymentEvent) async throws {
        let now = self.now
        try await database.write { transaction in
            try transaction.run(
                PaymentSQL.tryEventLater, now.nowUs, event.provider, event.id)
        }
    }

    /// Events that wait for another try.
    func waitingEvents(of provider: String, limit: Int) async throws -> [PaymentEvent] {
        let now = self.now
        return try await database.read { transaction in
            try transaction.all(PaymentSQL.waitingEvents, now.nowUs, provider, limit) { row in
                PaymentEvent(
                    provider: try row.text(0), id: try row.text(1), type: try row.text(2),
                    object: try row.text(3))
            }
        }
    }

    func waitingEventCount() async throws -> Int64 {
        try await database.read { transaction in
            try transaction.first(PaymentSQL.waitingEventCount) { try $0.integer(0) } ?? 0
        }
    }

    /// Forgets events that are done and too old to be told again.
    func forgetEvents(olderThanUs: Int64, limit: Int) async throws {
        try await database.write { transaction in
            try transaction.run(PaymentSQL.forgetEvents, olderThanUs, limit)
        }
    }

    /// Lets those who owe and could pay do so.
    func collectDebts(limit: Int) async throws {
        let now = self.now
        let debtors = try await database.read { transaction in
            try transaction.all(PaymentSQL.debtors, Account.debtorOffset, limit) {
                try $0.text(0)
            }
        }
        guard !debtors.isEmpty else { return }
        try await database.write { transaction in
            for user in debtors {
                var account = try transaction.existingWallet(of: user)
                var head = try transaction.head()
                try transaction.collectDebt(from: &account, &head, now)
            }
        }
        for user in debtors { watchers.changed(user) }
    }

    // MARK: The sandbox

    /// Opens the sandbox's side of a purchase, or finds it.
    func openSandbox(_ purchase: Purchase, token: String) async throws -> StoredSandbox.Checkout {
        try await database.write { transaction in
            if let known = try transaction.sandbox(of: purchase.number) { return known }
            try transaction.run(
                PaymentSQL.insertSandbox, token, purchase.number, purchase.expiresAtUs)
            return StoredSandbox.Checkout(
                token: token, purchase: purchase.number, state: .open,
                expiresAtUs: purchase.expiresAtUs)
        }
    }

    func sandbox(purchase id: String) async throws -> StoredSandbox? {
        try await database.read { transaction in
            guard let purchase = try transaction.purchase(id: id),
                let sandbox = try transaction.sandbox(of: purchase.number)
            else { return nil }
            return StoredSandbox(purchase: purchase, sandbox: sandbox)
        }
    }

    func sandbox(token: String) async throws -> StoredSandbox? {
        try await database.read { transaction in
            let found = try transaction.first(
                PaymentSQL.sandboxByToken, token, map: StoredSandbox.Checkout.init)
            guard let sandbox = found,
                let purchase = try transaction.purchase(number: sandbox.purchase)
            else { return nil }
            return StoredSandbox(purchase: purchase, sandbox: sandbox)
        }
    }

    /// Pays or cancels an open checkout of the sandbox and keeps the event that says so.
    ///
    /// - Returns: False when it is settled the other way, or over.
    func settleSandbox(_ checkout: StoredSandbox, isPaid: Bool) async throws -> Bool {
        let now = self.now
        return try await database.write { transaction in
            let token = checkout.sandbox.token
            let isOver = checkout.sandbox.expiresAtUs <= now.nowUs
            if !isOver {
                if isPaid {
                    try transaction.run(PaymentSQL.paySandbox, now.nowUs, token)
                } else {
                    try transaction.run(PaymentSQL.cancelSandbox, token)
                }
            }
            let state = try transaction.sandbox(of: checkout.purchase.number)?.state
            guard state == (isPaid ? .paid : .cancelled) else { return false }
            _ = try transaction.receive(
                SandboxProvider.checkoutEvent(checkout.purchase, isPaid: isPaid), now)
            return true
        }
    }

    /// Plans of the sandbox whose month is over, with the number of the next one.
    func dueRenewals(limit: Int) async throws -> [(purchase: String, number: Int64)] {
        let now = self.now
        return try await database.read { transaction in
            try transaction.all(PaymentSQL.dueRenewals, now.nowUs, limit) { row in
                (purchase: try row.text(0), number: try row.integer(1))
            }
        }
    }
}

extension Transaction {
    fileprivate func view(_ number: Int64) throws -> PurchaseView {
        let sums = try first(PaymentSQL.sums, number) { row in
            (try row.integer(0), try row.integer(1), try row.integer(2))
        }
        guard let purchase = try purchase(number: number), let (granted, taken, back) = sums else {
            throw LedgerError.unsound("purchase \(number) is missing")
        }
        return PurchaseView(
            purchase: purchase, granted: CreditAmount(tenThousandths: granted),
            takenBack: CreditAmount(tenThousandths: taken), refunded: back)
    }

    fileprivate func receive(
        _ event: PaymentEvent, _ time: LedgerTime
    ) throws -> (isNew: Bool, outcome: String?) {
        let inserted = try change(
            PaymentSQL.insertEvent, event.provider, event.id, event.type, event.object,
            time.nowUs, time.nowUs)
        if inserted == 1 { return (true, nil) }
        let known = try first(PaymentSQL.event, event.provider, event.id) { row in
            (isDone: !row.isNull(0), outcome: try row.text(1))
        }
        return (false, known.flatMap { $0.isDone ? $0.outcome : nil })
    }

    fileprivate func finish(
        _ event: PaymentEvent, _ outcome: PaymentOutcome, _ time: LedgerTime
    ) throws {
        try run(
            PaymentSQL.finishEvent, time.nowUs, outcome.text, event.provider, event.id)
    }

    fileprivate func sandbox(of purchase: Int64) throws -> StoredSandbox.Checkout? {
        try first(PaymentSQL.sandboxOfPurchase, purchase, map: StoredSandbox.Checkout.init)
    }
}

extension PaymentOutcome {
    /// Of two facts of one event: a refusal is what must be seen, and what was done counts more than
    /// what was not.
    fileprivate func and(_ other: PaymentOutcome) -> PaymentOutcome {
        switch (self, other) {
        case (.refused, _): self
        case (_, .refused): other
        case (.applied, _): self
        default: other
        }
    }
}

extension StoredSandbox.Checkout {
    init(_ row: borrowing Row) throws {
        token = try row.text(0)
        purchase = try row.integer(1)
        let text = try row.text(2)
        guard let state = State(rawValue: text) else {
            throw LedgerError.unsound("a checkout is \(text)")
        }
        self.state = state
        expiresAtUs = try row.integer(3)
        paidAtUs = try row.optionalInteger(4)
    }
}
