import CreditsService
import RPC
import ServiceAPI
import ServiceRuntime
import TestSupport
import Testing

/// Webhooks come late, twice and in any order: the ledger ends the same.
@Suite struct PaymentOrderTests {
    /// What must not depend on the order.
    struct Ending: Hashable {
        var balance: Int64
        var debt: Int64
        var granted: [Int64]
        var takenBack: [Int64]
    }

    private static let user = "ada"

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `any order with any duplicates ends in the same ledger`(seed: UInt64) async throws {
        print("seed \(seed)")
        let random = RandomSource.seeded(seed)
        let isWon = random.nextUInt64().isMultiple(of: 2)
        let spent: Int64 = random.nextUInt64().isMultiple(of: 2) ? 380 : 0
        try await StripeShop.with { shop in
            try await shop.credits.open(Self.user)
            let starter = try await shop.checkout(Self.user, pack: "starter")
            for event in shop.fake.pay(session: shop.session(starter)) {
                try await shop.deliver(event)
            }
            if spent > 0 { try await shop.spend(Self.user, spent, "job1") }
            let booster = try await shop.checkout(Self.user, pack: "booster")
            let plan = try await shop.checkout(Self.user, plan: "explorer")
            let purchases = [starter, booster, plan]
            try await Self.deliverAll(
                try await Self.world(shop, purchases.map(shop.session), isWon: isWon), shop, random)
            let ending = try await Self.ending(shop, purchases)
            // 100 given; starter refunded whole; booster disputed; two months of the plan.
            let net = 100 - spent + (isWon ? 600 : 0) + 1_000
            #expect(
                ending
                    == Ending(
                        balance: net, debt: 0, granted: [300, 600, 1_000],
                        takenBack: [300, isWon ? 0 : 600, 0]))
            try await shop.credits.verify()
        }
    }

    /// What happens at the provider, step by step; each step gives the events it sends.
    private static func world(
        _ shop: StripeShop, _ sessions: [String], isWon: Bool
    ) async throws -> [@Sendable () -> [StripeFake.Event]] {
        let fake = shop.fake
        @Sendable func one(_ event: StripeFake.Event?) -> [StripeFake.Event] {
            event.map { [$0] } ?? []
        }
        return [
            { fake.pay(session: sessions[1]) },
            { one(fake.refund(session: sessions[0], amount: 400)) },
            { fake.pay(session: sessions[2]) },
            { one(fake.dispute(session: sessions[1])) },
            { one(fake.refund(session: sessions[0], amount: nil)) },
            { one(fake.renew(session: sessions[2], month: 1)) },
            { one(fake.close(disputeOf: sessions[1], isWon: isWon)) },
        ]
    }

    /// Steps and deliveries mixed: each event is told one to three times, some time after its step.
    private static func deliverAll(
        _ steps: [@Sendable () -> [StripeFake.Event]], _ shop: StripeShop, _ random: RandomSource
    ) async throws {
        var steps = steps[...]
        var waiting: [StripeFake.Event] = []
        while !steps.isEmpty || !waiting.isEmpty {
            let isStep =
                !steps.isEmpty && (waiting.isEmpty || random.nextUInt64().isMultiple(of: 2))
            if isStep, let step = steps.popFirst() {
                for event in step() {
                    for _ in 0...(random.nextUInt64() % 3) { waiting.append(event) }
                }
            } else {
                let index = Int(random.nextUInt64() % UInt64(waiting.count))
                try await shop.deliver(waiting.remove(at: index))
            }
        }
    }

    private static func ending(
        _ shop: StripeShop, _ purchases: [PaymentsAPI.Purchase]
    ) async throws -> Ending {
        var ending = Ending(
            balance: try await shop.credits(user), debt: try await shop.debt(user), granted: [],
            takenBack: [])
        for purchase in purchases {
            let now = try await shop.purchase(user, purchase.id)
            ending.granted.append(now.grantedU4 / 10_000)
            ending.takenBack.append(now.takenBackU4 / 10_000)
        }
        return ending
    }

    @Test func `a hundred copies at the same time bring one grant`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open(Self.user)
            let purchase = try await shop.checkout(Self.user, pack: "studio")
            let event = shop.fake.pay(session: shop.session(purchase)).first
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<100 { group.addTask { try await shop.deliver(event) } }
                try await group.waitForAll()
            }
            #expect(try await shop.credits(Self.user) == 3_100)
            try await shop.credits.verify()
        }
    }
}
