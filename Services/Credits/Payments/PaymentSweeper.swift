internal import ServiceRuntime

/// Looks after what nobody tells: webhooks that were lost, providers that were away, months of the
/// sandbox's plans, and debts that can be paid.
struct PaymentSweeper: Sendable {
    private static let batch = 50
    /// A provider tells nothing again after three days.
    private static let eventsKeptUs: Int64 = 30 * 86_400 * 1_000_000
    /// A payment is disputed within 120 days, and some networks take longer.
    private static let recheckedUs: Int64 = 180 * 86_400 * 1_000_000

    let payments: Payments

    private var store: CreditsStore { payments.store }
    private var provider: String { payments.provider.name }

    /// Sweeps until the task is cancelled.
    func run() async {
        while true {
            do {
                try await payments.time.sleep(for: payments.settings.sweepInterval)
            } catch {
                return
            }
            await sweep()
        }
    }

    /// Looks at everything that is due now, at most some of each.
    func sweep() async {
        do {
            for event in try await store.waitingEvents(of: provider, limit: Self.batch) {
                _ = try await payments.process(event)
            }
            for purchase in try await store.unsettled(of: provider, limit: Self.batch) {
                try await check(purchase)
            }
            for paid in try await store.paidToCheck(of: provider, limit: Self.batch) {
                try await recheck(paid)
            }
            if payments.provider.isSandbox {
                for due in try await store.dueRenewals(limit: Self.batch) {
                    _ = try await payments.receive(
                        SandboxProvider.invoiceEvent(
                            purchase: due.purchase, number: due.number))
                }
            }
            try await store.collectDebts(limit: Self.batch)
            try await store.forgetEvents(
                olderThanUs: store.now.nowUs - Self.eventsKeptUs, limit: Self.batch)
            payments.metrics.waitingEvents.set(Double(try await store.waitingEventCount()))
        } catch {
            payments.logger.error("payment.sweep_failed", "\(error)")
        }
    }

    /// Asks the provider about a purchase that is open for long.
    private func check(_ purchase: Purchase) async throws {
        let nowUs = store.now.nowUs
        let ageUs = nowUs - purchase.createdAtUs
        guard purchase.session != nil else {
            // Nobody was ever told where to pay.
            if purchase.expiresAtUs <= nowUs { try await store.end(purchase, as: .expired) }
            return try await store.checkLater(
                purchase, atUs: nowUs + payments.settings.checkAfter.microseconds)
        }
        do {
            let facts = try await payments.provider.facts(of: purchase)
            _ = try await store.apply(facts, provider: provider, event: nil, payments.terms)
        } catch let failure as ProviderFailure {
            payments.logger.warning(
                "payment.check_failed", failure.text, ["purchase": .text(purchase.id)])
        }
        let leastUs = payments.settings.checkAfter.microseconds
        // Of ten minutes: at last every six hours.
        let waitUs = min(max(ageUs / 4, leastUs), 36 * leastUs)
        try await store.checkLater(purchase, atUs: nowUs + waitUs)
    }

    /// Asks what has become of a payment since: a webhook about money that went back, or about a
    /// further month, may have been lost.
    private func recheck(_ paid: PaidPurchase) async throws {
        let nowUs = store.now.nowUs
        let ageUs = nowUs - paid.lastPaidUs
        do {
            let facts = try await payments.provider.laterFacts(
                of: paid.purchase, intents: paid.intents)
            _ = try await store.apply(facts, provider: provider, event: nil, payments.terms)
        } catch let failure as ProviderFailure {
            payments.logger.warning(
                "payment.recheck_failed", failure.text, ["purchase": .text(paid.purchase.id)])
        }
        // Nothing of the sandbox changes by itself but its months, which are swept apart.
        guard ageUs < Self.recheckedUs, !payments.provider.isSandbox else {
            return try await store.checkLater(paid.purchase, atUs: .max)
        }
        let leastUs = payments.settings.recheckAfter.microseconds
        // Of an hour: at last every day.
        let waitUs = min(max(ageUs / 8, leastUs), 24 * leastUs)
        try await store.checkLater(paid.purchase, atUs: nowUs + waitUs)
    }
}
