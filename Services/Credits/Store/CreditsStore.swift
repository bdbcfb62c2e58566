internal import ServiceRuntime
internal import Storage

/// The ledger on disk. Each call that changes it answers once the change is durable.
final class CreditsStore: Sendable {
    let database: Database
    private let priceBook: PriceBook
    let watchers = BalanceWatchers()
    /// Nil for a store in memory.
    let witness: WitnessFile?
    let witnessed = Lock(Witnessed())
    private let clock: LedgerClock
    private let time: any TimeSource
    private let mutant: Mutant?

    private init(
        database: Database, priceBook: PriceBook, witness: WitnessFile?, clock: LedgerClock,
        time: any TimeSource, mutant: Mutant?
    ) {
        self.mutant = mutant
        self.database = database
        self.priceBook = priceBook
        self.witness = witness
        self.clock = clock
        self.time = time
    }

    /// Opens the store and publishes prices that are new.
    ///
    /// - Parameters:
    ///   - creditValueU6: What a credit is worth, in micro-dollars.
    ///   - grace: How long after the start no hold expires.
    static func open(
        _ url: String, editions: [PriceEdition] = PriceEdition.all, creditValueU6: Int64 = 50_000,
        grace: Duration = .seconds(10), time: any TimeSource = SystemTime(),
        options: DatabaseOptions = DatabaseOptions()
    ) async throws -> CreditsStore {
        var options = options
        options.time = time
        let database = try await Database.open(url, migrations: Migrations.all, options: options)
        let nowUs = time.now.microseconds
        let last = try await database.read { transaction in try transaction.head() }
        let priceBook = try await database.write { transaction in
            try transaction.publish(editions, creditValueU6: creditValueU6, nowUs: nowUs)
            return try transaction.priceBook()
        }
        let clock = LedgerClock(
            wallUs: nowUs, monotonicNs: time.instant.nanoseconds, lastTransactionUs: last.atUs,
            graceUs: grace.microseconds)
        let path = try StoreURL(url).path
        return CreditsStore(
            database: database, priceBook: priceBook,
            witness: path.map { WitnessFile(path: $0 + ".witness") }, clock: clock, time: time,
            mutant: options.mutant)
    }

    /// The readings of the ledger's clock, taken now.
    var now: LedgerTime {
        let nowUs =
            mutant == .expiresByWallClock
            ? time.now.microseconds : clock.nowUs(monotonicNs: time.instant.nanoseconds)
        return LedgerTime(
            nowUs: nowUs, expiryUs: clock.expiryUs(nowUs: nowUs), mutant: mutant)
    }

    /// How far the wall clock has jumped away since the start.
    var clockDrift: Duration {
        .microseconds(
            clock.driftUs(
                wallUs: time.now.microseconds, monotonicNs: time.instant.nanoseconds))
    }

    /// Runs a write that moves a balance and wakes those who watch it.
    private func changing(
        _ body: @escaping @Sendable (borrowing Transaction) throws -> HoldReceipt
    ) async throws -> HoldReceipt {
        let receipt = try await database.write(body)
        if !receipt.isReplay { watchers.changed(receipt.user) }
        return receipt
    }

    // MARK: Holds

    func openHold(_ command: HoldCommand, _ origin: Origin) async throws -> HoldReceipt {
        let now = self.now
        if mutant == .checksThenHolds {
            try await database.read { transaction in try transaction.checkBudget(command, now) }
        }
        if mutant == .checksWalletThenHolds {
            try await database.read { transaction in try transaction.checkWallet(command) }
        }
        return try await changing { transaction in
            try transaction.openHold(command, origin, now)
        }
    }

    /// Takes `amount` of a hold and gives back the rest.
    func capture(
        _ id: HoldID, _ amount: CreditAmount, asset: String, _ origin: Origin
    ) async throws -> HoldReceipt {
        let now = self.now
        let amount = mutant == .amountsThroughDouble ? amount.throughDouble : amount
        return try await changing { transaction in
            let stored = try transaction.hold(id)
            switch try stored.hold.capture(amount) {
            case .replay:
                return try transaction.replay(of: stored, now)
            case .proceed(let captured, _):
                return try transaction.closeHold(
                    stored, as: .capture, captured: captured, asset: asset, note: "", origin, now)
            }
        }
    }

    /// Gives everything back.
    func release(_ id: HoldID, reason: String, _ origin: Origin) async throws -> HoldReceipt {
        let now = self.now
        return try await changing { transaction in
            let stored = try transaction.hold(id)
            switch try stored.hold.release() {
            case .replay:
                return try transaction.replay(of: stored, now)
            case .proceed:
                return try transaction.closeHold(
                    stored, as: .release, captured: .zero, note: reason, origin, now)
            }
        }
    }

    /// Lets a hold live for `ttlMs` from now, within its limit.
    func renew(_ id: HoldID, ttlMs: Int64) async throws -> HoldReceipt {
        let now = self.now
        return try await database.write { transaction in
            var stored = try transaction.hold(id)
            let lease = try stored.hold.lease(
                ttlMs: ttlMs, nowUs: now.nowUs, expiryUs: now.expiryUs)
            stored.hold.expiresAtUs = lease
            try transaction.run(LedgerSQL.renewHold, lease, id.sequence)
            return try transaction.receipt(of: stored, isReplay: false)
        }
    }

    /// Notes that a provider has the work, or may have it; the lease is `ttlMs` from now.
    func submit(_ id: HoldID, reference: String, ttlMs: Int64) async throws -> HoldReceipt {
        let now = self.now
        return try await database.write { transaction in
            var stored = try transaction.hold(id)
            let lease = try stored.hold.lease(
                ttlMs: ttlMs, nowUs: now.nowUs, expiryUs: now.expiryUs)
            stored.hold.state = .submitted
            stored.hold.expiresAtUs = lease
            stored.hold.providerReference = reference
            try transaction.run(LedgerSQL.submitHold, reference, lease, id.sequence)
            return try transaction.receipt(of: stored, isReplay: false)
        }
    }

    /// A hold as it is now.
    func hold(_ id: HoldID) async throws -> HoldReceipt {
        try await database.read { transaction in
            try transaction.receipt(of: try transaction.hold(id), isReplay: true)
        }
    }

    /// Submitted holds whose lease has ended, the longest overdue first.
    func overdueHolds(limit: Int) async throws -> [Hold] {
        let now = self.now
        return try await database.read { transaction in
            try transaction.all(
                LedgerSQL.overdueHolds, now.expiryUs, limit, map: StoredHold.init
            ).map(\.hold)
        }
    }

    /// Books off blocks that are over and gives what is due, at most `limit` of each.
    func sweepBlocks(limit: Int) async throws {
        let now = self.now
        let isAnyDue = try await database.read { transaction in
            let isOver = try transaction.first(BlockSQL.over, now.expiryUs, 1) { _ in true }
            let isDue = try transaction.first(BlockSQL.due, now.nowUs, 1) { _ in true }
            return isOver ?? isDue ?? false
        }
        guard isAnyDue else { return }
        let users = try await database.write { transaction in
            try transaction.giveDue(limit: limit, now)
                + transaction.expireBlocks(limit: limit, now)
        }
        for user in Set(users).sorted() { watchers.changed(user) }
    }

    /// Ends leases that are over, at most `limit` of them; the holds as they are afterwards.
    func sweep(limit: Int) async throws -> [HoldReceipt] {
        let now = self.now
        let isAnyDue = try await database.read { transaction in
            try transaction.first(LedgerSQL.expiredHolds, now.expiryUs, 1) { _ in true } ?? false
        }
        let isAnyQuoteOver = try await database.read { transaction in
            try transaction.first(QuoteSQL.unused, now.nowUs, 1) { _ in true } ?? false
        }
        if isAnyQuoteOver {
            try await database.write { transaction in
                try transaction.forgetQuotes(limit: limit, nowUs: now.nowUs)
            }
        }
        // An idle ledger writes nothing.
        guard isAnyDue else { return [] }
        let ended = try await database.write { transaction in
            try transaction.expireHolds(limit: limit, now)
        }
        for user in Set(ended.map(\.user)).sorted() { watchers.changed(user) }
        return ended
    }

    /// The prices in force at an instant, now when it is nil.
    func prices(atUs: Int64? = nil) -> PriceTable {
        priceBook.inForce(atUs: atUs ?? now.nowUs)
    }

    /// The prices of a version; nil when there is none.
    func prices(version: Int) -> PriceTable? { priceBook.table(version: version) }

    /// How many holds are open, and their sum.
    func openHolds() async throws -> (count: Int64, amount: CreditAmount) {
        try await database.scan { transaction in
            try transaction.first(LedgerSQL.openHolds) { row in
                (try row.integer(0), CreditAmount(tenThousandths: try row.integer(1)))
            } ?? (0, .zero)
        }
    }
}
