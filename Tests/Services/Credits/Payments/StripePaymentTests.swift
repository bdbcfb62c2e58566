import CreditsService
import HTTP
import RPC
import ServiceAPI
import ServiceRuntime
import TestSupport
import Testing
import Wire

@Suite struct StripePaymentTests {
    @Test func `a paid checkout brings its credits once, however often it is told`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            let purchase = try await shop.checkout("ada", pack: "pro", quantity: 2)
            #expect(purchase.state == .open)
            #expect(purchase.amount == 10_400)
            #expect(purchase.url.hasPrefix("https://checkout.stripe.example/"))
            let event = try #require(shop.fake.pay(session: shop.session(purchase)).first)
            #expect(try await shop.deliver(event).outcome == "applied")
            for _ in 0..<100 {
                let again = try await shop.deliver(event)
                #expect(again.isDuplicate)
                #expect(again.outcome == "applied")
            }
            #expect(try await shop.credits("ada") == 2_500)
            let paid = try await shop.purchase("ada", purchase.id)
            #expect(paid.state == .paid)
            #expect(paid.grantedU4 == 24_000_000)
            #expect(paid.url == "")
            let history = try await shop.credits.handler.listHistory(
                .init(userID: "ada"), CreditsFixture.context)
            #expect(history.entries[0].kind == "grant")
            #expect(history.entries[0].note.contains(purchase.id))
            try await shop.credits.verify()
        }
    }

    @Test func `another event of the same session brings nothing more`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            let purchase = try await shop.checkout("ada", pack: "starter")
            let session = shop.session(purchase)
            let completed = try #require(shop.fake.pay(session: session, isLate: true).first)
            #expect(try await shop.deliver(completed).outcome == "applied")
            #expect(try await shop.purchase("ada", purchase.id).state == .pending)
            #expect(try await shop.credits("ada") == 100)
            let arrived = shop.fake.arrive(session: session)
            try await shop.deliver(arrived)
            try await shop.deliver(shop.fake.arrive(session: session))
            #expect(try await shop.credits("ada") == 400)
            try await shop.credits.verify()
        }
    }

    @Test func `money that does not come brings nothing`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            let late = try await shop.checkout("ada", pack: "starter")
            try await shop.deliver(
                shop.fake.pay(session: shop.session(late), isLate: true).first)
            try await shop.deliver(
                shop.fake.arrive(session: shop.session(late), isPaid: false))
            #expect(try await shop.purchase("ada", late.id).state == .failed)
            let over = try await shop.checkout("ada", pack: "starter")
            try await shop.deliver(shop.fake.expire(session: shop.session(over)))
            #expect(try await shop.purchase("ada", over.id).state == .expired)
            #expect(try await shop.credits("ada") == 100)
            try await shop.credits.verify()
        }
    }

    @Test func `what was paid must be what was asked for`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            for (amount, currency, isLive) in [
                (1_499, nil, nil), (nil, "eur", nil), (nil, nil, true), (1_501, nil, nil),
            ] as [(Int64?, String?, Bool?)] {
                let purchase = try await shop.checkout("ada", pack: "starter")
                let session = shop.session(purchase)
                let event = shop.fake.pay(session: session).first
                shop.fake.tamper(
                    session: session, amount: amount, currency: currency, isLive: isLive)
                #expect(try await shop.deliver(event).outcome == "refused")
                #expect(try await shop.purchase("ada", purchase.id).grantedU4 == 0)
            }
            #expect(try await shop.credits("ada") == 100)
            try await shop.credits.verify()
        }
    }

    @Test func `what needs no payment is paid, for the price that was asked`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            let covered = try await shop.checkout("ada", pack: "starter")
            let event = shop.fake.pay(session: shop.session(covered)).first
            shop.fake.tamper(
                session: shop.session(covered), paymentStatus: "no_payment_required")
            #expect(try await shop.deliver(event).outcome == "applied")
            #expect(try await shop.deliver(event).isDuplicate)
            #expect(try await shop.purchase("ada", covered.id).state == .paid)
            #expect(try await shop.credits("ada") == 400)
            // A coupon that nobody here gave makes it another price.
            let coupon = try await shop.checkout("ada", pack: "starter")
            let told = shop.fake.pay(session: shop.session(coupon)).first
            shop.fake.tamper(
                session: shop.session(coupon), amount: 0, paymentStatus: "no_payment_required")
            #expect(try await shop.deliver(told).outcome == "refused")
            #expect(try await shop.purchase("ada", coupon.id).grantedU4 == 0)
            #expect(try await shop.credits("ada") == 400)
            try await shop.credits.verify()
        }
    }

    @Test func `every call names the version whose shapes are read`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            let purchase = try await shop.checkout("ada", pack: "starter")
            try await shop.deliver(shop.fake.pay(session: shop.session(purchase)).first)
            #expect(try await shop.credits("ada") == 400)
            #expect(Set(shop.fake.requests.map { $0.prefix { $0 != " " } }) == ["POST", "GET"])
            #expect(shop.fake.versions == ["2026-10-28.endive"])
        }
    }

    @Test func `a price id of the list that costs something else is refused`() async throws {
        try await StripeShop.with {
            $0.stripe.prices = ["starter": "price_fake_starter", "pro": "price_fake_wrong"]
        } _: { shop in
            try await shop.credits.open("ada")
            let right = try await shop.checkout("ada", pack: "starter")
            #expect(
                try await shop.deliver(shop.fake.pay(session: shop.session(right)).first).outcome
                    == "applied")
            let wrong = try await shop.checkout("ada", pack: "pro")
            #expect(
                try await shop.deliver(shop.fake.pay(session: shop.session(wrong)).first).outcome
                    == "refused")
            #expect(try await shop.credits("ada") == 400)
        }
    }

    @Test func `a webhook that nobody signed just now changes nothing`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            let purchase = try await shop.checkout("ada", pack: "starter")
            let event = try #require(shop.fake.pay(session: shop.session(purchase)).first)
            let now = shop.fake.seconds
            for (seconds, code) in [(now - 301, "WEBHOOK_STALE"), (now + 61, "WEBHOOK_STALE")] {
                let found = await failure {
                    try await shop.deliver(event.body, event.signature(seconds: seconds))
                }
                #expect(found?.domainCode == code)
            }
            for index in stride(from: 0, to: event.body.count, by: 7) {
                var body = event.body
                body[index] ^= 1
                let found = await failure {
                    try await shop.deliver(body, event.signature(seconds: now))
                }
                #expect(found?.domainCode == "WEBHOOK_SIGNATURE")
            }
            let foreign = await failure {
                try await shop.deliver(
                    event.body, event.signature(seconds: now, secret: "whsec_somebody_elses"))
            }
            #expect(foreign?.domainCode == "WEBHOOK_SIGNATURE")
            for text in ["[]", "{}", #"{"id":"evt_1","type":7}"#, #"{"id":"a/b","type":"x"}"#] {
                let body = Array(text.utf8)
                let header = StripeFake.signature(
                    of: body, seconds: now, secret: StripeFake.webhookSecret)
                let found = await failure { try await shop.deliver(body, header) }
                #expect(found?.domainCode == "WEBHOOK_MALFORMED", "\(text)")
            }
            #expect(try await shop.credits("ada") == 100)
            #expect(try await shop.deliver(event).isDuplicate == false)
        }
    }

    @Test func `each month of a plan is a block that ends after its month`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            let purchase = try await shop.checkout("ada", plan: "creator")
            let session = shop.session(purchase)
            // The invoice is told first.
            for event in shop.fake.pay(session: session).reversed() {
                try await shop.deliver(event)
            }
            #expect(try await shop.credits("ada") == 1_900)
            #expect(try await shop.purchase("ada", purchase.id).state == .paid)
            let active = try await shop.handler.getSubscription(
                .init(userID: "ada"), CreditsFixture.context)
            #expect(active.planID == "creator")
            #expect(active.state == "active")
            shop.credits.time.advance(by: .seconds(30 * 86_400))
            let renewed = shop.fake.renew(session: session, month: 1)
            try await shop.deliver(renewed)
            try await shop.deliver(renewed)
            #expect(try await shop.credits("ada") == 3_700)
            // The month is over for three days and a little: what was left of it is gone.
            shop.credits.time.advance(by: .seconds(3 * 86_400 + 60))
            await shop.credits.service.sweep()
            #expect(try await shop.credits("ada") == 1_900)
            shop.credits.time.advance(by: .seconds(40 * 86_400))
            await shop.credits.service.sweep()
            #expect(try await shop.credits("ada") == 100)
            let over = try await shop.handler.getSubscription(
                .init(userID: "ada"), CreditsFixture.context)
            #expect(over.state == "over")
            try await shop.credits.verify()
        }
    }

    @Test func `the same key is the same checkout, here and at the provider`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            try await shop.credits.open("bob")
            let first = try await shop.checkout("ada", pack: "starter", key: "k1")
            let again = try await shop.checkout("ada", pack: "starter", key: "k1")
            #expect(first.id == again.id)
            #expect(first.url == again.url)
            #expect(shop.fake.sessionCount == 1)
            #expect(shop.fake.requests == ["POST /v1/checkout/sessions \(first.id)"])
            let other = await failure { try await shop.checkout("ada", pack: "pro", key: "k1") }
            #expect(other?.domainCode == "IDEMPOTENCY_KEY_REUSED")
            let bobs = try await shop.checkout("bob", pack: "starter", key: "k1")
            #expect(bobs.id != first.id)
            let foreign = await failure { try await shop.purchase("bob", first.id) }
            #expect(foreign?.domainCode == "PURCHASE_NOT_FOUND")
            try await shop.deliver(shop.fake.pay(session: shop.session(first)).first)
            let paid = await failure { try await shop.checkout("ada", pack: "starter", key: "k1") }
            #expect(paid?.domainCode == "CHECKOUT_EXPIRED")
        }
    }

    @Test func `calls are repeated while the provider says so, and no longer`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            shop.fake.failNext([
                (503, [:]), (429, ["Retry-After": "1"]),
            ])
            async let opening = shop.checkout("ada", pack: "starter", key: "k1")
            for _ in 0..<2 {
                await shop.credits.time.waitForSleepers(1)
                shop.credits.time.advance(by: .seconds(2))
            }
            let opened = try await opening
            #expect(shop.fake.requests.count == 3)
            #expect(Set(shop.fake.requests) == ["POST /v1/checkout/sessions \(opened.id)"])
            #expect(shop.fake.sessionCount == 1)
            shop.fake.failNext([(500, ["Stripe-Should-Retry": "false"])])
            let refused = await failure {
                try await shop.checkout("ada", pack: "starter", key: "k2")
            }
            #expect(refused?.domainCode == "PAYMENT_FAILED")
            #expect(refused?.isRetryable == true)
            #expect(shop.fake.requests.count == 4)
            // The same key works once the provider does.
            #expect(try await shop.checkout("ada", pack: "starter", key: "k2").state == .open)
        }
    }

    @Test func `a webhook while the provider cannot be asked is kept and done later`() async throws
    {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            let purchase = try await shop.checkout("ada", pack: "starter")
            let event = shop.fake.pay(session: shop.session(purchase)).first
            shop.fake.failNext([(500, ["Stripe-Should-Retry": "false"])])
            #expect(try await shop.deliver(event).outcome == "later")
            #expect(try await shop.credits("ada") == 100)
            shop.credits.time.advance(by: .seconds(60))
            await shop.credits.service.sweepPayments()
            #expect(try await shop.credits("ada") == 400)
            #expect(try await shop.deliver(event).isDuplicate)
            try await shop.credits.verify()
        }
    }

    @Test func `a lost webhook loses no credits`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            let pack = try await shop.checkout("ada", pack: "starter")
            let plan = try await shop.checkout("ada", plan: "explorer")
            let never = try await shop.checkout("ada", pack: "pro")
            for purchase in [pack, plan] { _ = shop.fake.pay(session: shop.session(purchase)) }
            await shop.credits.service.sweepPayments()
            #expect(try await shop.credits("ada") == 100)
            shop.credits.time.advance(by: .seconds(601))
            await shop.credits.service.sweepPayments()
            #expect(try await shop.credits("ada") == 900)
            #expect(try await shop.purchase("ada", never.id).state == .open)
            _ = shop.fake.expire(session: shop.session(never))
            shop.credits.time.advance(by: .seconds(601))
            await shop.credits.service.sweepPayments()
            #expect(try await shop.purchase("ada", never.id).state == .expired)
            // What is settled is not asked about as a checkout any more.
            func asked() -> Int { shop.fake.requests.count { $0.contains("/checkout/") } }
            let before = asked()
            shop.credits.time.advance(by: .seconds(86_400))
            await shop.credits.service.sweepPayments()
            #expect(asked() == before)
            try await shop.credits.verify()
        }
    }

    /// The check that found a checkout paid must not put off the first look at what became of the
    /// payment: money that goes back untold would be noticed only then.
    @Test func `a payment that the sweep has found is asked about again in time`() async throws {
        try await StripeShop.with {
            $0.checkAfter = .seconds(600)
            $0.recheckAfter = .seconds(30)
        } _: { shop in
            try await shop.credits.open("ada")
            let purchase = try await shop.checkout("ada", pack: "starter")
            let session = shop.session(purchase)
            _ = shop.fake.pay(session: session)
            shop.credits.time.advance(by: .seconds(601))
            await shop.credits.service.sweepPayments()
            #expect(try await shop.credits("ada") == 400)
            _ = shop.fake.refund(session: session, amount: nil)
            shop.credits.time.advance(by: .seconds(29))
            await shop.credits.service.sweepPayments()
            #expect(try await shop.credits("ada") == 400)
            shop.credits.time.advance(by: .seconds(2))
            await shop.credits.service.sweepPayments()
            #expect(try await shop.credits("ada") == 100)
            try await shop.credits.verify()
        }
    }

    @Test func `a plan ends with its month, whoever ends it and wherever`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            func end() async throws -> PaymentsAPI.Subscription {
                try await shop.handler.cancelSubscription(
                    .init(userID: "ada"), CreditsFixture.context)
            }
            let none = await failure { try await end() }
            #expect(none?.domainCode == "SUBSCRIPTION_NOT_FOUND")
            let plan = try await shop.checkout("ada", plan: "explorer")
            let session = shop.session(plan)
            for event in shop.fake.pay(session: session) { try await shop.deliver(event) }
            shop.fake.failNext([(401, [:])])
            let down = await failure { try await end() }
            #expect(down?.domainCode == "PAYMENT_FAILED")
            let ended = try await end()
            #expect(ended.state == "active" && ended.endsWithPeriod)
            #expect(shop.fake.renew(session: session, month: 1) == nil)
            // Again: nothing more is asked of the provider.
            let posts = shop.fake.requests.count { $0.hasPrefix("POST") }
            #expect(try await end().endsWithPeriod)
            #expect(shop.fake.requests.count { $0.hasPrefix("POST") } == posts)
            // Taken back at the provider, then ended there: told, and not told.
            let id = try #require(shop.fake.subscription(of: session))
            try await shop.deliver(shop.fake.endSubscription(id, isEnding: false))
            func view() async throws -> PaymentsAPI.Subscription {
                try await shop.handler.getSubscription(
                    .init(userID: "ada"), CreditsFixture.context)
            }
            #expect(try await view().endsWithPeriod == false)
            _ = shop.fake.endSubscription(id)
            shop.credits.time.advance(by: .seconds(3_601))
            await shop.credits.service.sweepPayments()
            #expect(try await view().endsWithPeriod)
            shop.credits.time.advance(by: .seconds(30 * 86_400))
            #expect(try await view().state == "over")
            let over = await failure { try await end() }
            #expect(over?.domainCode == "SUBSCRIPTION_NOT_FOUND")
            try await shop.credits.verify()
        }
    }

    @Test(arguments: [
        "https://evil.example/x", "//evil.example", "https://studio.example.evil.example/",
        "https://studio.example@evil.example/", "javascript:alert(1)", "/\\evil.example",
        "http://studio.example/", "https://studio.example:444/", "/a b", "/\u{7f}",
    ])
    func `a buyer is sent back to allowed places only`(_ url: String) async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            let found = await failure {
                try await shop.checkout("ada", pack: "starter", success: url)
            }
            #expect(found?.domainCode == "RETURN_URL_NOT_ALLOWED", "\(url)")
            for good in ["/billing?x=1#top", "https://studio.example/done", ""] {
                _ = try await shop.checkout("ada", pack: "starter", success: good)
            }
        }
    }

    @Test func `what cannot be bought is told by name`() async throws {
        try await StripeShop.with { shop in
            try await shop.credits.open("ada")
            for (pack, quantity, plan, code) in [
                ("gold", 0, "", "ITEM_NOT_FOUND"), ("", 0, "starter", "ITEM_NOT_FOUND"),
                ("", 0, "", "VALIDATION_FAILED"), ("pro", 0, "creator", "VALIDATION_FAILED"),
                ("pro", 101, "", "VALIDATION_FAILED"), ("", 2, "creator", "VALIDATION_FAILED"),
            ] as [(String, UInt32, String, String)] {
                let found = await failure {
                    try await shop.checkout("ada", pack: pack, quantity: quantity, plan: plan)
                }
                #expect(found?.domainCode == code)
            }
            let nobody = await failure { try await shop.checkout("nobody", pack: "pro") }
            #expect(nobody?.domainCode == "ACCOUNT_NOT_FOUND")
            #expect(shop.fake.requests == [])
        }
    }
}
