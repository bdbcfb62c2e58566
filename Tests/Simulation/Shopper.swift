import RPC
import ServiceAPI
import ServiceRuntime
import TestSupport

/// Somebody who buys credits with money, takes some of the money back, and spends the credits.
// Safe: used on the simulation's thread only.
final class Shopper: @unchecked Sendable {
    private struct Order {
        var purchase: String
        var session: String
        var isPlan: Bool
        var credits: Int64
        var isPaid = false
        var isLate = false
        var isDisputed = false
        var isDecided = false
        var months: Int64 = 1
    }

    /// What is on sale, as the price list says it: credits, and the price in cents.
    private static let packs: [String: (credits: Int64, cents: Int64)] = [
        "starter": (300, 1_500), "booster": (600, 2_800), "pro": (1_200, 5_200),
    ]
    private static let plan = (id: "explorer", credits: Int64(500), cents: Int64(1_900))

    private let id: String
    private let world: Simulation
    private let stripe: SimulatedStripe
    private let credits: CreditsAPI.Client
    private let payments: PaymentsAPI.Client
    private let random: RandomSource
    private let patience: Patience
    private var keys = 0
    private var orders: [Order] = []

    init(id: String, world: Simulation, credits: Channel, random: RandomSource) {
        self.id = id
        self.world = world
        stripe = world.stripe
        self.credits = CreditsAPI.Client(credits)
        payments = PaymentsAPI.Client(credits)
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
            await patience.pause(.milliseconds(50), .seconds(4))
        }
        // What was not told is asked for by then.
        await patience.pause(.seconds(100), .seconds(101))
        for order in orders { await compare(order) }
        note()
    }

    private func act() async {
        switch random.unit() {
        case ..<0.3: await order()
        case ..<0.6: pay()
        case ..<0.72: takeBack()
        case ..<0.78: renew()
        case ..<0.82: await endPlan()
        default: await spend()
        }
    }

    private func nextKey() -> String {
        keys += 1
        return "\(id)-\(keys)"
    }

    // MARK: Buying

    private func order() async {
        let isPlan = random.chance(0.25)
        let pack = random.pick(Self.packs.keys.sorted())
        let quantity = Int64(1 + random.below(3))
        let request = PaymentsAPI.CreateCheckoutRequest(
            userID: id, packID: isPlan ? "" : pack, quantity: isPlan ? 0 : UInt32(quantity),
            planID: isPlan ? Self.plan.id : "", key: nextKey())
        let answer = await patience.insist { options throws(RPCError) in
            var options = options
            options.timeout = .seconds(40)
            return try await payments.createCheckout(request, options)
        }
        guard case .success(let purchase) = answer, !purchase.url.isEmpty else { return }
        let price =
            isPlan
            ? (Self.plan.credits, Self.plan.cents)
            : (
                (Self.packs[pack]?.credits ?? 0) * quantity,
                (Self.packs[pack]?.cents ?? 0) * quantity
            )
        if purchase.amount != price.1 || purchase.creditsU4 != price.0 * 10_000 {
            world.violation(
                "price: \(purchase.itemID) × \(purchase.quantity) for \(purchase.amount)")
        }
        orders.append(
            Order(
                purchase: purchase.id,
                session: String(purchase.url.split(separator: "/").last ?? ""), isPlan: isPlan,
                credits: price.0 * 10_000))
    }

    private func pay() {
        let open = orders.indices.filter { !orders[$0].isPaid }
        guard !open.isEmpty else { return }
        let index = random.pick(open)
        let session = orders[index].session
        if orders[index].isLate {
            orders[index].isPaid = true
            let isPaid = random.chance(0.6)
            stripe.tell([stripe.fake.arrive(session: session, isPaid: isPaid)].compactMap(\.self))
        } else if random.chance(0.15) {
            orders[index].isPaid = true
            stripe.tell([stripe.fake.expire(session: session)].compactMap(\.self))
        } else {
            let isLate = !orders[index].isPlan && random.chance(0.25)
            orders[index].isLate = isLate
            orders[index].isPaid = !isLate
            stripe.tell(stripe.fake.pay(session: session, isLate: isLate))
        }
    }

    // MARK: Money that goes back

    private func takeBack() {
        let paid = orders.indices.filter { orders[$0].isPaid }
        guard !paid.isEmpty else { return }
        let index = random.pick(paid)
        let session = orders[index].session
        guard stripe.fake.receipts.contains(where: { $0.session == session }) else { return }
        let event: StripeFake.Event?
        if orders[index].isDisputed {
            // Once and for all.
            guard !orders[index].isDecided else { return }
            orders[index].isDecided = true
            event = stripe.fake.close(disputeOf: session, isWon: random.chance(0.5))
        } else if random.chance(0.4) {
            orders[index].isDisputed = true
            event = stripe.fake.dispute(session: session)
        } else {
            event = stripe.fake.refund(
                session: session,
                amount: random.chance(0.6) ? Int64(1 + random.below(900)) : nil)
        }
        stripe.tell([event].compactMap(\.self))
    }

    private func renew() {
        let plans = orders.indices.filter { orders[$0].isPlan && orders[$0].isPaid }
        guard !plans.isEmpty else { return }
        let index = random.pick(plans)
        let event = stripe.fake.renew(
            session: orders[index].session, month: orders[index].months)
        if event != nil { orders[index].months += 1 }
        stripe.tell([event].compactMap(\.self))
    }

    private func endPlan() async {
        _ = await patience.insist { options throws(RPCError) in
            try await payments.cancelSubscription(.init(userID: id), options)
        }
    }

    // MARK: Spending

    private func spend() async {
        let request = CreditsAPI.HoldRequest(
            userID: id, job: nextKey(), operation: "image.preview",
            amountU4: Int64(1 + random.below(4_000_000)), ttlMs: 20_000)
        let answer = await patience.insist { options throws(RPCError) in
            try await credits.hold(request, options)
        }
        guard case .success(let hold) = answer else { return }
        let taken = await patience.insist { options throws(RPCError) in
            try await credits.captureHold(
                CreditsAPI.CaptureHoldRequest(holdID: hold.holdID, amountU4: hold.amountU4),
                options)
        }
        guard case .success(let reply) = taken else { return }
        world.bank.charged(reply.capturedU4, for: request.job, to: id)
    }

    // MARK: When the trouble is over

    /// What money brought and took back again, by the provider's books.
    private func note() {
        for order in orders {
            for receipt in stripe.fake.receipts where receipt.session == order.session {
                world.bank.given(order.credits - takenBack(receipt, of: order), to: id)
            }
        }
    }

    private func takenBack(_ receipt: StripeFake.Receipt, of order: Order) -> Int64 {
        order.credits * min(receipt.returned, receipt.amount) / receipt.amount
    }

    private func compare(_ order: Order) async {
        let answer = await patience.insist { options throws(RPCError) in
            try await payments.getPurchase(.init(userID: id, id: order.purchase), options)
        }
        guard case .success(let purchase) = answer else {
            if case .failure(let error) = answer {
                world.violation("I11: purchase \(order.purchase) is gone: \(error)")
            }
            return
        }
        let receipts = stripe.fake.receipts.filter { $0.session == order.session }
        let granted = Int64(receipts.count) * order.credits
        let takenBack = receipts.reduce(0) { $0 + self.takenBack($1, of: order) }
        if purchase.grantedU4 != granted || purchase.takenBackU4 != takenBack {
            world.violation(
                "payment: \(order.purchase) brought \(purchase.grantedU4) and lost "
                    + "\(purchase.takenBackU4); by the provider's books \(granted) and \(takenBack)"
            )
        }
    }
}
