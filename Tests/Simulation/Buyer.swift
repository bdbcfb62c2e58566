import RPC
import ServiceAPI
import ServiceRuntime

/// A service without a name that holds, captures, releases and refunds for its users, as products
/// will; with quotes, budgets, leases that end and grants that expire.
// Safe: used on the simulation's thread only.
final class Buyer: @unchecked Sendable {
    private struct Purchase {
        var hold: String
        var job: String
        var isOpen = true
    }

    private let id: String
    private let world: Simulation
    private let credits: CreditsAPI.Client
    private let admin: CreditsAdminAPI.Client
    private let random: RandomSource
    private let patience: Patience
    private var keys = 0
    private var purchases: [Purchase] = []

    init(id: String, world: Simulation, credits: Channel, random: RandomSource) {
        self.id = id
        self.world = world
        self.credits = CreditsAPI.Client(credits)
        admin = CreditsAdminAPI.Client(credits)
        self.random = random
        patience = Patience(user: id, world: world, random: random)
    }

    func live() async {
        let opened = await patience.insist { options throws(RPCError) in
            try await credits.openAccount(CreditsAPI.OpenAccountRequest(userID: id), options)
        }
        guard case .success = opened else { return }
        world.bank.given(40 * 10_000, to: id)
        while world.isFaulty, !Task.isCancelled {
            await act()
            // Each of its calls has been answered.
            world.checker.checkIdle(id)
            await patience.pause(.milliseconds(10), .seconds(3))
        }
        await patience.pause(.seconds(90), .seconds(91))
        for purchase in purchases { await readOutcome(purchase) }
    }

    private func act() async {
        switch random.unit() {
        case ..<0.25: await getCredits()
        case ..<0.30: await setBudget()
        case ..<0.60: await buyTogether()
        case ..<0.85: await close()
        default: await refund()
        }
    }

    private func nextKey() -> String {
        keys += 1
        return "\(id)-\(keys)"
    }

    private func getCredits() async {
        let amount = Int64(1 + random.below(400_000))
        let isLapsing = random.chance(0.3)
        let life = Duration.seconds(Int64(5 + random.below(60)))
        let request = CreditsAdminAPI.GrantRequest(
            userID: id, amountU4: amount, source: nextKey(),
            category: random.pick(["promo", "paid", "plan"]), actor: "tests", reason: "a test",
            expiresAtUs: isLapsing ? (world.time.now + life).microseconds : 0)
        let given = await patience.insist { options throws(RPCError) in
            try await admin.grant(request, options)
        }
        if case .success = given { world.bank.given(amount, to: id) }
    }

    private func setBudget() async {
        let request = CreditsAPI.SetBudgetRequest(
            userID: id, amountU4: Int64(1 + random.below(600_000)), period: "total",
            isHard: random.chance(0.7))
        _ = await patience.insist { options throws(RPCError) in
            try await credits.setBudget(request, options)
        }
    }

    /// Several holds at the same time.
    private func buyTogether() async {
        let wishes = (0..<(1 + random.below(4))).map { _ in wish() }
        await withTaskGroup(of: Void.self) { group in
            for wish in wishes { group.addTask { await self.buy(wish) } }
        }
    }

    private func wish() -> CreditsAPI.HoldRequest {
        let isListed = random.chance(0.3)
        return CreditsAPI.HoldRequest(
            userID: id, job: nextKey(), operation: isListed ? "depth" : "image.preview",
            amountU4: isListed ? 0 : Int64(1 + random.below(200_000)),
            ttlMs: UInt32(1_000 + random.below(60_000)))
    }

    private func buy(_ wish: CreditsAPI.HoldRequest) async {
        var wish = wish
        var quoted: Int64?
        if wish.amountU4 == 0, random.chance(0.7) {
            let request = CreditsAPI.QuoteRequest(
                userID: id, items: [CreditsAPI.QuoteItem(operation: wish.operation)])
            let answer = await patience.insist { options throws(RPCError) in
                try await credits.quote(request, options)
            }
            guard case .success(let quote) = answer else { return }
            wish.quoteID = quote.quoteID
            quoted = quote.totalU4
        }
        let request = wish
        let answer = await patience.insist { options throws(RPCError) in
            try await credits.hold(request, options)
        }
        guard case .success(let hold) = answer else { return }
        if let quoted, hold.amountU4 > quoted {
            world.violation("quote: \(hold.amountU4) held for a quote of \(quoted)")
        }
        purchases.append(Purchase(hold: hold.holdID, job: hold.job))
        let index = purchases.count - 1
        if random.chance(0.3) {
            _ = await patience.insist { options throws(RPCError) in
                try await credits.submitHold(
                    CreditsAPI.SubmitHoldRequest(
                        holdID: hold.holdID, providerReference: "x", ttlMs: 20_000), options)
            }
            // Nobody else ends what a provider may have.
            await end(index)
        }
    }

    private func close() async {
        let open = purchases.indices.filter { purchases[$0].isOpen }
        guard !open.isEmpty else { return }
        await end(random.pick(open))
    }

    private func end(_ index: Int) async {
        let purchase = purchases[index]
        purchases[index].isOpen = false
        let held = await patience.insist { options throws(RPCError) in
            try await credits.getHold(
                CreditsAPI.GetHoldRequest(holdID: purchase.hold), options)
        }
        guard case .success(let hold) = held else { return }
        if random.chance(0.7) {
            let taken = 1 + Int64(random.below(Int(hold.amountU4)))
            let answer = await patience.insist { options throws(RPCError) in
                try await credits.captureHold(
                    CreditsAPI.CaptureHoldRequest(
                        holdID: purchase.hold, amountU4: taken, assetID: "asset"), options)
            }
            if case .success(let reply) = answer {
                world.bank.charged(reply.capturedU4, for: purchase.job, to: id)
                if reply.capturedU4 != taken {
                    world.violation("I7: \(taken) asked for, \(reply.capturedU4) taken")
                }
            }
        } else {
            _ = await patience.insist { options throws(RPCError) in
                try await credits.releaseHold(
                    CreditsAPI.ReleaseHoldRequest(holdID: purchase.hold, reason: "no"), options)
            }
        }
    }

    private func refund() async {
        guard !purchases.isEmpty else { return }
        let purchase = random.pick(purchases)
        let held = await patience.insist { options throws(RPCError) in
            try await credits.getHold(
                CreditsAPI.GetHoldRequest(holdID: purchase.hold), options)
        }
        guard case .success(let hold) = held, hold.capturedU4 > 0 else { return }
        // Now and then more than was taken.
        let amount = 1 + Int64(random.below(Int(hold.capturedU4) * 3 / 2 + 1))
        let key = nextKey()
        let answer = await patience.insist { options throws(RPCError) in
            try await credits.refund(
                CreditsAPI.RefundRequest(
                    holdID: purchase.hold, amountU4: amount, key: key, reason: "sorry"), options)
        }
        if case .success = answer { world.bank.returned(amount, to: id) }
    }

    // MARK: When the trouble is over

    private func readOutcome(_ purchase: Purchase) async {
        let held = await patience.insist { options throws(RPCError) in
            try await credits.getHold(
                CreditsAPI.GetHoldRequest(holdID: purchase.hold), options)
        }
        switch held {
        case .success(let hold):
            world.bank.charged(hold.capturedU4, for: purchase.job, to: id)
        case .failure(let error):
            world.violation("I11: the hold of \(purchase.job) is gone: \(error)")
        case nil: break
        }
    }
}
