import CreditsService
import RPC
import ServiceAPI
import ServiceRuntime
import Testing

@Suite struct SandboxTests {
    private func checkout(
        _ credits: CreditsFixture, pack: String = "", plan: String = "", success: String = ""
    ) async throws -> (purchase: PaymentsAPI.Purchase, token: String) {
        let purchase = try await credits.service.paymentsHandler.createCheckout(
            .init(userID: "ada", packID: pack, planID: plan, successURL: success),
            CreditsFixture.context)
        return (purchase, String(purchase.url.split(separator: "/").last ?? ""))
    }

    private func pay(
        _ credits: CreditsFixture, _ token: String
    ) async throws -> PaymentsAPI.SandboxCheckout {
        try await credits.service.paymentsHandler.paySandboxCheckout(
            .init(token: token), CreditsFixture.context)
    }

    private func cancel(
        _ credits: CreditsFixture, _ token: String
    ) async throws -> PaymentsAPI.SandboxCheckout {
        try await credits.service.paymentsHandler.cancelSandboxCheckout(
            .init(token: token), CreditsFixture.context)
    }

    private func state(
        _ credits: CreditsFixture, _ purchase: PaymentsAPI.Purchase
    ) async throws -> PaymentsAPI.PurchaseState {
        try await credits.service.paymentsHandler.getPurchase(
            .init(userID: "ada", id: purchase.id), CreditsFixture.context
        ).state
    }

    @Test func `paying brings the credits once, and the token is of no more use`() async throws {
        let credits = try await CreditsFixture()
        defer { credits.remove() }
        try await credits.open("ada")
        let provider = try await credits.service.paymentsHandler.getProvider(
            .init(), CreditsFixture.context)
        #expect(provider.name == "local")
        #expect(provider.isSandbox)
        let (purchase, token) = try await checkout(credits, pack: "pro", success: "/billing?a=1")
        #expect(purchase.url == "/checkout/\(token)")
        #expect(token.count == 43)
        #expect(purchase.expiresAtUs - purchase.createdAtUs == 30 * 60 * 1_000_000)
        for _ in 0..<3 {
            let paid = try await pay(credits, token)
            #expect(paid.purchase?.state == .paid)
            #expect(paid.successURL == "/billing?a=1&purchase=\(purchase.id)")
        }
        #expect(try await credits.balance("ada").balanceU4 == 13_000_000)
        let late = await failure { try await cancel(credits, token) }
        #expect(late?.domainCode == "CHECKOUT_EXPIRED")
        try await credits.verify()
    }

    @Test func `a cancelled or old checkout cannot be paid`() async throws {
        let credits = try await CreditsFixture()
        defer { credits.remove() }
        try await credits.open("ada")
        let (cancelled, first) = try await checkout(credits, pack: "pro")
        for _ in 0..<2 { _ = try await cancel(credits, first) }
        #expect(try await state(credits, cancelled) == .cancelled)
        #expect(await failure { try await pay(credits, first) }?.domainCode == "CHECKOUT_EXPIRED")
        let (old, second) = try await checkout(credits, pack: "pro")
        credits.time.advance(by: .seconds(30 * 60))
        #expect(await failure { try await pay(credits, second) }?.domainCode == "CHECKOUT_EXPIRED")
        await credits.service.sweepPayments()
        #expect(try await state(credits, old) == .expired)
        let unknown = await failure { try await pay(credits, String(repeating: "a", count: 43)) }
        #expect(unknown?.domainCode == "CHECKOUT_NOT_FOUND")
        #expect(try await credits.balance("ada").balanceU4 == 1_000_000)
        try await credits.verify()
    }

    @Test func `a plan of the sandbox goes on month by month`() async throws {
        let credits = try await CreditsFixture()
        defer { credits.remove() }
        try await credits.open("ada")
        let (purchase, token) = try await checkout(credits, plan: "explorer")
        _ = try await pay(credits, token)
        #expect(try await state(credits, purchase) == .paid)
        #expect(try await credits.balance("ada").balanceU4 == 6_000_000)
        await credits.service.sweepPayments()
        #expect(try await credits.balance("ada").balanceU4 == 6_000_000)
        credits.time.advance(by: .seconds(30 * 86_400))
        await credits.service.sweepPayments()
        #expect(try await credits.balance("ada").balanceU4 == 11_000_000)
        credits.time.advance(by: .seconds(3 * 86_400))
        await credits.service.sweep()
        #expect(try await credits.balance("ada").balanceU4 == 6_000_000)
        try await credits.verify()
    }

    @Test func `a plan that was ended is not renewed`() async throws {
        let credits = try await CreditsFixture()
        defer { credits.remove() }
        try await credits.open("ada")
        let (_, token) = try await checkout(credits, plan: "explorer")
        _ = try await pay(credits, token)
        for _ in 0..<2 {
            let ended = try await credits.service.paymentsHandler.cancelSubscription(
                .init(userID: "ada"), CreditsFixture.context)
            #expect(ended.state == "active" && ended.endsWithPeriod)
        }
        #expect(try await credits.balance("ada").balanceU4 == 6_000_000)
        credits.time.advance(by: .seconds(30 * 86_400))
        await credits.service.sweepPayments()
        #expect(try await credits.balance("ada").balanceU4 == 6_000_000)
        try await credits.verify()
    }

    @Test func `a payment that was kept before the process died is done afterwards`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let (_, token) = try await checkout(credits, pack: "starter")
        _ = try await pay(credits, token)
        let again = try await credits.reopened()
        defer { again.remove() }
        _ = try await pay(again, token)
        #expect(try await again.balance("ada").balanceU4 == 4_000_000)
        try await again.verify()
    }

    @Test func `the sandbox takes no webhooks`() async throws {
        let credits = try await CreditsFixture()
        defer { credits.remove() }
        let found = await failure {
            try await credits.service.paymentsHandler.deliverWebhook(
                .init(provider: "stripe", signature: "t=1,v1=0"), CreditsFixture.context)
        }
        #expect(found?.domainCode == "WEBHOOK_UNEXPECTED")
    }
}
