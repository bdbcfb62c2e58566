import RPC
import ServiceAPI
import ServiceRuntime
import Wire

/// Payments in memory: one checkout at a time, and webhooks signed with "good".
final class FakePayments: PaymentsAPI.Handler {
    struct State {
        var purchase = PaymentsAPI.Purchase()
        var checkout = PaymentsAPI.CreateCheckoutRequest()
        var delivered: [PaymentsAPI.DeliverWebhookRequest] = []
    }

    static let token = String(repeating: "t", count: 43)
    let state = Lock(State())

    private func purchase(of user: String, _ id: String) throws(RPCError) -> PaymentsAPI.Purchase {
        let found = state.withLock { $0.purchase }
        guard found.userID == user, found.id == id else {
            throw RPCError(.notFound, "PURCHASE_NOT_FOUND", "There is no purchase.")
        }
        return found
    }

    func getProvider(
        _ r: PaymentsAPI.GetProviderRequest, _ c: CallContext
    ) async throws(RPCError) -> PaymentsAPI.Provider { .init(name: "local", isSandbox: true) }

    func createCheckout(
        _ r: PaymentsAPI.CreateCheckoutRequest, _ c: CallContext
    ) async throws(RPCError) -> PaymentsAPI.Purchase {
        if r.packID == "gold" { throw RPCError(.notFound, "ITEM_NOT_FOUND", "No such pack.") }
        if r.packID == "down" {
            throw RPCError(
                code: .unavailable, domainCode: "PAYMENT_FAILED", message: "No.", details: [],
                isRetryable: true, retryAfter: .seconds(5))
        }
        if r.successURL.hasPrefix("https://evil") {
            throw RPCError(.invalidArgument, "RETURN_URL_NOT_ALLOWED", "Not there.")
        }
        return state.withLock { state in
            state.checkout = r
            state.purchase = .init(
                id: "pur_1", userID: r.userID, provider: "local", itemID: r.packID + r.planID,
                label: "Pro <b>", isPlan: !r.planID.isEmpty, quantity: max(1, r.quantity),
                amount: 5_205, currency: "usd", creditsU4: 12_000_000, state: .open,
                url: "/checkout/\(Self.token)", createdAtUs: 1_750_000_000_000_000,
                expiresAtUs: 1_750_001_800_000_000)
            return state.purchase
        }
    }

    func getPurchase(
        _ r: PaymentsAPI.GetPurchaseRequest, _ c: CallContext
    ) async throws(RPCError) -> PaymentsAPI.Purchase { try purchase(of: r.userID, r.id) }

    func listPurchases(
        _ r: PaymentsAPI.ListPurchasesRequest, _ c: CallContext
    ) async throws(RPCError) -> PaymentsAPI.ListPurchasesReply {
        .init(purchases: [state.withLock { $0.purchase }], nextBefore: r.before == 0 ? 7 : 0)
    }

    func getSubscription(
        _ r: PaymentsAPI.GetSubscriptionRequest, _ c: CallContext
    ) async throws(RPCError) -> PaymentsAPI.Subscription {
        let purchase = state.withLock { $0.purchase }
        guard purchase.isPlan else { return .init(debtU4: 15_000) }
        return .init(
            isSet: true, planID: purchase.itemID, purchaseID: purchase.id, state: "active",
            periodStartUs: 1_750_000_000_000_000, periodEndUs: 1_752_000_000_000_000,
            creditsU4: purchase.creditsU4)
    }

    func cancelSubscription(
        _ r: PaymentsAPI.CancelSubscriptionRequest, _ c: CallContext
    ) async throws(RPCError) -> PaymentsAPI.Subscription {
        var found = try await getSubscription(.init(userID: r.userID), c)
        guard found.isSet else {
            throw RPCError(.notFound, "SUBSCRIPTION_NOT_FOUND", "No plan is active.")
        }
        found.endsWithPeriod = true
        return found
    }

    func deliverWebhook(
        _ r: PaymentsAPI.DeliverWebhookRequest, _ c: CallContext
    ) async throws(RPCError) -> PaymentsAPI.DeliverWebhookReply {
        switch r.signature {
        case "good", "other":
            let isKnown = state.withLock { state in
                defer { state.delivered.append(r) }
                return state.delivered.contains(r)
            }
            return .init(
                eventID: "evt_1", isDuplicate: isKnown,
                outcome: r.signature == "good" ? "applied" : "ignored")
        case "old": throw RPCError(.invalidArgument, "WEBHOOK_STALE", "Too old.")
        case "odd": throw RPCError(.invalidArgument, "WEBHOOK_MALFORMED", "Not understood.")
        default: throw RPCError(.invalidArgument, "WEBHOOK_SIGNATURE", "Not signed.")
        }
    }

    private func sandbox(
        _ token: String, becomes state: PaymentsAPI.PurchaseState?
    ) throws(RPCError) -> PaymentsAPI.SandboxCheckout {
        guard token == Self.token else {
            throw RPCError(.notFound, "CHECKOUT_NOT_FOUND", "No such checkout.")
        }
        let found = self.state.withLock { all -> PaymentsAPI.SandboxCheckout? in
            if let state {
                guard [.open, state].contains(all.purchase.state) else { return nil }
                all.purchase.state = state
            }
            return .init(
                purchase: all.purchase, successURL: all.checkout.successURL,
                cancelURL: all.checkout.cancelURL, expiresAtUs: all.purchase.expiresAtUs)
        }
        guard let found else {
            throw RPCError(.failedPrecondition, "CHECKOUT_EXPIRED", "It is over.")
        }
        return found
    }

    func getSandboxCheckout(
        _ r: PaymentsAPI.SandboxCheckoutRequest, _ c: CallContext
    ) async throws(RPCError) -> PaymentsAPI.SandboxCheckout { try sandbox(r.token, becomes: nil) }

    func paySandboxCheckout(
        _ r: PaymentsAPI.SandboxCheckoutRequest, _ c: CallContext
    ) async throws(RPCError) -> PaymentsAPI.SandboxCheckout { try sandbox(r.token, becomes: .paid) }

    func cancelSandboxCheckout(
        _ r: PaymentsAPI.SandboxCheckoutRequest, _ c: CallContext
    ) async throws(RPCError) -> PaymentsAPI.SandboxCheckout {
        try sandbox(r.token, becomes: .cancelled)
    }
}
