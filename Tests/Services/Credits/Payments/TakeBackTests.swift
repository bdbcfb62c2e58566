import CreditsService
import RPC
import ServiceAPI
import ServiceRuntime
import TestSupport
import Testing

/// Money that goes back takes its credits with it.
@Suite struct TakeBackTests {
    /// Buys and pays a pack.
    private func bought(
        _ shop: StripeShop, _ user: String, _ pack: String
    ) async throws -> (purchase: PaymentsAPI.Purchase, session: String) {
        let purchase = try await shop.checkout(user, pack: pack)
        let session = shop.session(purchase)
        for event in shop.fake.pay(session: session) { try await shop.deliver(event) }
        return (purchase, session)
    }

    @Test func `a refund takes its share, from its own block first`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            let (purchase, session) = try await bought(shop, "ada", "starter")
            let other = try await bought(shop, "ada", "booster")
            try await shop.deliver(shop.fake.refund(session: session, amount: 500))
            #expect(try await shop.credits("ada") == 900)
            let blocks = try await shop.credits.handler.listBlocks(
                .init(userID: "ada"), CreditsFixture.context
            ).blocks
            #expect(blocks.map { $0.remainingU4 / 10_000 } == [600, 200, 100])
            try await shop.deliver(shop.fake.refund(session: session, amount: nil))
            #expect(try await shop.credits("ada") == 700)
            let back = try await shop.purchase("ada", purchase.id)
            #expect(back.refunded == 1_500)
            #expect(back.takenBackU4 == back.grantedU4)
            #expect(back.state == .paid)
            let untouched = try await shop.purchase("ada", other.purchase.id)
            #expect(untouched.takenBackU4 == 0)
            try await shop.credits.verify()
        }
    }

    @Test func `what nobody told of a payment is found by asking again`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            let refunded = try await bought(shop, "ada", "starter")
            let disputed = try await bought(shop, "ada", "booster")
            let plan = try await shop.checkout("ada", plan: "explorer")
            for event in shop.fake.pay(session: shop.session(plan)) {
                try await shop.deliver(event)
            }
            #expect(try await shop.credits("ada") == 1_500)
            // Three webhooks are lost.
            _ = shop.fake.refund(session: refunded.session, amount: 500)
            _ = shop.fake.dispute(session: disputed.session)
            _ = shop.fake.renew(session: shop.session(plan), month: 1)
            await shop.credits.service.sweepPayments()
            #expect(try await shop.credits("ada") == 1_500)
            shop.credits.time.advance(by: .seconds(3_601))
            await shop.credits.service.sweepPayments()
            #expect(try await shop.credits("ada") == 1_500 - 100 - 600 + 500)
            // And the one that says that the dispute was won.
            _ = shop.fake.close(disputeOf: disputed.session, isWon: true)
            shop.credits.time.advance(by: .seconds(3_601))
            await shop.credits.service.sweepPayments()
            #expect(try await shop.credits("ada") == 1_900)
            // Asked about ever less often, and no more after half a year.
            shop.credits.time.advance(by: .seconds(200 * 86_400))
            await shop.credits.service.sweepPayments()
            let asked = shop.fake.requests.count
            shop.credits.time.advance(by: .seconds(30 * 86_400))
            await shop.credits.service.sweepPayments()
            #expect(shop.fake.requests.count == asked)
            try await shop.credits.verify()
        }
    }

    @Test func `what is spent already is owed, and the next purchase pays it first`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            let (_, session) = try await bought(shop, "ada", "starter")
            try await shop.spend("ada", 390, "job1")
            let held = try await shop.credits.hold("ada", "job2", credits: 4)
            try await shop.deliver(shop.fake.refund(session: session, amount: nil))
            // Of 10 left, 4 are held: 6 are taken and 294 owed.
            #expect(try await shop.credits("ada") == 4)
            #expect(try await shop.debt("ada") == 294)
            try await shop.credits.verify()
            // What a hold gives back pays as well, before anything new is held.
            _ = try await shop.credits.release(held.holdID)
            #expect(try await shop.credits.balance("ada").availableU4 == 0)
            let refused = await failure {
                try await shop.credits.hold("ada", "job3", credits: 1)
            }
            #expect(refused?.domainCode == "INSUFFICIENT_CREDITS")
            await shop.credits.service.sweepPayments()
            #expect(try await shop.debt("ada") == 290)
            _ = try await bought(shop, "ada", "starter")
            #expect(try await shop.debt("ada") == 0)
            #expect(try await shop.credits("ada") == 10)
            #expect(try await shop.credits.hold("ada", "job4", credits: 10).state == .reserved)
            try await shop.credits.verify()
        }
    }

    @Test func `a dispute takes the credits and a won one returns them`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            let (won, first) = try await bought(shop, "ada", "starter")
            let (lost, second) = try await bought(shop, "ada", "booster")
            try await shop.spend("ada", 250, "job1")
            for session in [first, second] {
                try await shop.deliver(shop.fake.dispute(session: session))
            }
            #expect(try await shop.credits("ada") == 0)
            #expect(try await shop.debt("ada") == 150)
            try await shop.deliver(shop.fake.close(disputeOf: first, isWon: true))
            #expect(try await shop.credits("ada") == 150)
            #expect(try await shop.debt("ada") == 0)
            try await shop.deliver(shop.fake.close(disputeOf: second, isWon: false))
            #expect(try await shop.credits("ada") == 150)
            #expect(try await shop.purchase("ada", won.id).takenBackU4 == 0)
            #expect(try await shop.purchase("ada", lost.id).takenBackU4 == 6_000_000)
            try await shop.credits.verify()
        }
    }

    @Test func `a refund that is told before the payment counts when that comes`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            let purchase = try await shop.checkout("ada", pack: "starter")
            let session = shop.session(purchase)
            let paid = shop.fake.pay(session: session).first
            let refunded = shop.fake.refund(session: session, amount: 750)
            try await shop.deliver(refunded)
            #expect(try await shop.credits("ada") == 100)
            try await shop.deliver(paid)
            #expect(try await shop.credits("ada") == 250)
            try await shop.deliver(refunded)
            #expect(try await shop.credits("ada") == 250)
            try await shop.credits.verify()
        }
    }

    @Test func `what expired unused is not taken a second time`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            let purchase = try await shop.checkout("ada", plan: "explorer")
            let session = shop.session(purchase)
            for event in shop.fake.pay(session: session) { try await shop.deliver(event) }
            // Given credits are spent first.
            try await shop.spend("ada", 150, "job1")
            shop.credits.time.advance(by: .seconds(34 * 86_400))
            await shop.credits.service.sweep()
            #expect(try await shop.credits("ada") == 0)
            try await shop.deliver(shop.fake.refund(session: session, amount: nil))
            #expect(try await shop.debt("ada") == 50)
            try await shop.credits.verify()
        }
    }

    @Test func `a guest who signs up takes purchases and debts along`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("guest")
            let (purchase, session) = try await bought(shop, "guest", "starter")
            try await shop.spend("guest", 400, "job1")
            try await shop.deliver(shop.fake.refund(session: session, amount: nil))
            #expect(try await shop.debt("guest") == 300)
            let later = try await shop.checkout("guest", pack: "booster")
            _ = try await shop.credits.handler.mergeAccount(
                .init(fromUserID: "guest", intoUserID: "ada"), CreditsFixture.context)
            #expect(try await shop.debt("ada") == 300)
            #expect(try await shop.purchase("ada", purchase.id).id == purchase.id)
            try await shop.deliver(shop.fake.pay(session: shop.session(later)).first)
            #expect(try await shop.credits("ada") == 300)
            #expect(try await shop.debt("ada") == 0)
            let all = try await shop.handler.listPurchases(
                .init(userID: "ada"), CreditsFixture.context)
            #expect(all.purchases.map(\.id) == [later.id, purchase.id])
            try await shop.credits.verify()
        }
    }

    @Test(arguments: [
        "UPDATE payments SET credits = credits + 1", "UPDATE payments SET amount = 1",
        "UPDATE payments SET object = 'cs_other'", "UPDATE payments SET taken_back = 0",
        "DELETE FROM payment_moves", "DELETE FROM payment_moves; DELETE FROM payments",
        "UPDATE purchases SET state = 'open'", "UPDATE purchases SET credits = 1",
        """
        INSERT INTO purchases(uid, account, provider, item, is_plan, quantity, amount, currency,
            credits, success_url, cancel_url, created_us, state, session, expires_us, check_us)
        VALUES('pur_x', 100, 'stripe', 'pro', 0, 1, 1, 'usd', 1, '', '', 1, 'paid', 'cs_x', 1, 1)
        """,
    ])
    func `a verification finds an edited payment`(_ sql: String) async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            let (_, session) = try await bought(shop, "ada", "starter")
            try await shop.spend("ada", 300, "job1")
            try await shop.deliver(shop.fake.refund(session: session, amount: 750))
            let before = try await shop.credits.verify()
            #expect(before.violations == [])
            shop.credits.service.close()
            let guards = try await shop.credits.triggers().map { "DROP TRIGGER \($0);" }
            try await shop.credits.byHand(guards.joined() + sql)
            let again = try await shop.credits.reopened()
            let report = try await again.handler.verify(.init(), CreditsFixture.context)
            #expect(
                report.violations.contains { $0.hasPrefix("payments:") }, "\(report.violations)")
            again.service.close()
        }
    }

    @Test func `a grant that claims to be a payment is refused`() async throws {
        let credits = try await CreditsFixture()
        defer { credits.remove() }
        try await credits.open("ada")
        let found = await failure {
            try await credits.admin.grant(
                .init(
                    userID: "ada", amountU4: 10_000, source: "payment:stripe:cs_1",
                    category: "paid", actor: "ops", reason: "a trick"),
                CreditsFixture.adminContext)
        }
        #expect(found?.domainCode == "VALIDATION_FAILED")
    }
}
