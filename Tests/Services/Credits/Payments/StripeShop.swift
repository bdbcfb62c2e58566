import CreditsService
import RPC
import ServiceAPI
import ServiceRuntime
import TestSupport
import Testing
import Wire

/// A credits service that sells by Stripe, and a Stripe.
final class StripeShop: Sendable {
    let credits: CreditsFixture
    let fake: StripeFake
    private let ownsFake: Bool

    var handler: PaymentsHandler { credits.service.paymentsHandler }

    init(
        fake: StripeFake? = nil, time: VirtualTime = VirtualTime(),
        _ change: (inout PaymentConfiguration) -> Void = { _ in }
    ) async throws {
        let stripe: StripeFake
        if let fake { stripe = fake } else { stripe = try await StripeFake(time: time) }
        self.fake = stripe
        ownsFake = fake == nil
        var payments = PaymentConfiguration()
        payments.provider = .stripe
        payments.publicURL = "https://studio.example"
        payments.stripe.secretKey = Secret(StripeFake.secretKey)
        payments.stripe.webhookSecrets = [
            Secret("whsec_older_0123456789"), Secret(StripeFake.webhookSecret),
        ]
        payments.stripe.apiBase = stripe.url
        change(&payments)
        credits = try await CreditsFixture(time: time) { [payments] in $0.payments = payments }
    }

    /// Runs a body and takes everything down again.
    static func with(
        fake: StripeFake? = nil, _ change: (inout PaymentConfiguration) -> Void = { _ in },
        _ body: (StripeShop) async throws -> Void
    ) async throws {
        let shop = try await StripeShop(fake: fake, change)
        let result: Result<Void, any Error>
        do { result = .success(try await body(shop)) } catch { result = .failure(error) }
        shop.credits.remove()
        if shop.ownsFake { await shop.fake.stop() }
        try result.get()
    }

    func checkout(
        _ user: String, pack: String = "", quantity: UInt32 = 0, plan: String = "",
        key: String = "", success: String = ""
    ) async throws -> PaymentsAPI.Purchase {
        try await handler.createCheckout(
            .init(
                userID: user, packID: pack, quantity: quantity, planID: plan, successURL: success,
                key: key), CreditsFixture.context)
    }

    func purchase(_ user: String, _ id: String) async throws -> PaymentsAPI.Purchase {
        try await handler.getPurchase(.init(userID: user, id: id), CreditsFixture.context)
    }

    /// The provider's session of a purchase.
    func session(_ purchase: PaymentsAPI.Purchase) -> String {
        String(purchase.url.split(separator: "/").last ?? "")
    }

    @discardableResult
    func deliver(_ event: StripeFake.Event?) async throws -> PaymentsAPI.DeliverWebhookReply {
        let event = try #require(event)
        return try await deliver(event.body, event.signature(seconds: fake.seconds))
    }

    func deliver(
        _ body: [UInt8], _ signature: String
    ) async throws -> PaymentsAPI.DeliverWebhookReply {
        try await handler.deliverWebhook(
            .init(provider: "stripe", body: Bytes(body), signature: signature),
            CreditsFixture.context)
    }

    func credits(_ user: String) async throws -> Int64 {
        try await credits.balance(user).balanceU4 / 10_000
    }

    func debt(_ user: String) async throws -> Int64 {
        try await handler.getSubscription(.init(userID: user), CreditsFixture.context).debtU4
            / 10_000
    }

    /// Uses up some credits.
    func spend(_ user: String, _ amount: Int64, _ job: String) async throws {
        let hold = try await credits.hold(user, job, "video.final", credits: amount)
        _ = try await credits.capture(hold.holdID, credits: amount)
    }
}
