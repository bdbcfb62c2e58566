package import RPC
package import ServiceAPI
internal import ServiceRuntime

/// Serves `payments.v1.Payments`. What each call does is written in `proto/payments.proto`.
package struct PaymentsHandler: PaymentsAPI.Handler {
    let payments: Payments
    /// Says failures of the ledger and the store.
    let ledger: CreditsHandler

    package func getProvider(
        _ request: PaymentsAPI.GetProviderRequest, _ context: CallContext
    ) async throws(RPCError) -> PaymentsAPI.Provider {
        PaymentsAPI.Provider(
            name: payments.provider.name, isSandbox: payments.provider.isSandbox)
    }

    // MARK: Purchases

    package func createCheckout(
        _ request: PaymentsAPI.CreateCheckoutRequest, _ context: CallContext
    ) async throws(RPCError) -> PaymentsAPI.Purchase {
        try await answer { message(try await payments.createCheckout(order(request))) }
    }

    private func order(
        _ request: PaymentsAPI.CreateCheckoutRequest
    ) throws(LedgerError) -> CheckoutOrder {
        let pack = try RequestChecks.optionalName(request.packID, "pack_id", max: 64)
        let plan = try RequestChecks.optionalName(request.planID, "plan_id", max: 64)
        guard pack.isEmpty != plan.isEmpty else {
            throw .invalid(field: "pack_id", reason: "or plan_id is needed, and not both")
        }
        let quantityMax = plan.isEmpty ? Payments.quantityMax : 1
        guard request.quantity <= quantityMax else {
            throw .invalid(field: "quantity", reason: "is more than \(quantityMax)")
        }
        return CheckoutOrder(
            user: try RequestChecks.name(request.userID, "user_id"),
            item: plan.isEmpty ? pack : plan, isPlan: !plan.isEmpty,
            quantity: Int64(max(1, request.quantity)), successURL: request.successURL,
            cancelURL: request.cancelURL,
            key: try RequestChecks.optionalName(request.key, "key", max: 400))
    }

    package func getPurchase(
        _ request: PaymentsAPI.GetPurchaseRequest, _ context: CallContext
    ) async throws(RPCError) -> PaymentsAPI.Purchase {
        try await answer {
            let id = try RequestChecks.name(request.id, "id")
            let user = try RequestChecks.name(request.userID, "user_id")
            guard let purchase = try await payments.store.purchase(id, of: user) else {
                throw PaymentError.purchaseNotFound(id: id)
            }
            return message(purchase)
        }
    }

    package func listPurchases(
        _ request: PaymentsAPI.ListPurchasesRequest, _ context: CallContext
    ) async throws(RPCError) -> PaymentsAPI.ListPurchasesReply {
        try await answer {
            let limit = try ledger.pageSize(request.limit, default: 50, max: 200)
            let purchases = try await payments.store.purchases(
                of: RequestChecks.name(request.userID, "user_id"),
                before: Int64(clamping: request.before), limit: limit)
            let last = purchases.count == limit ? purchases.last?.purchase.number : nil
            return PaymentsAPI.ListPurchasesReply(
                purchases: purchases.map { message($0) }, nextBefore: UInt64(last ?? 0))
        }
    }

    package func getSubscription(
        _ request: PaymentsAPI.GetSubscriptionRequest, _ context: CallContext
    ) async throws(RPCError) -> PaymentsAPI.Subscription {
        try await answer {
            try await subscription(of: RequestChecks.name(request.userID, "user_id"))
        }
    }

    private func subscription(of user: String) async throws -> PaymentsAPI.Subscription {
        let (plan, owed) = try await payments.store.subscription(of: user)
        guard let plan else { return PaymentsAPI.Subscription(debtU4: owed.tenThousandths) }
        let isActive = plan.periodEndUs > payments.store.now.nowUs
        return PaymentsAPI.Subscription(
            isSet: true, planID: plan.plan, purchaseID: plan.purchase,
            state: isActive ? "active" : "over", periodStartUs: plan.periodStartUs,
            periodEndUs: plan.periodEndUs, creditsU4: plan.credits.tenThousandths,
            debtU4: owed.tenThousandths, endsWithPeriod: plan.isEnding)
    }

    package func cancelSubscription(
        _ request: PaymentsAPI.CancelSubscriptionRequest, _ context: CallContext
    ) async throws(RPCError) -> PaymentsAPI.Subscription {
        try await answer {
            let user = try RequestChecks.name(request.userID, "user_id")
            try await payments.endSubscriptions(of: user)
            return try await subscription(of: user)
        }
    }

    // MARK: Being told

    package func deliverWebhook(
        _ request: PaymentsAPI.DeliverWebhookRequest, _ context: CallContext
    ) async throws(RPCError) -> PaymentsAPI.DeliverWebhookReply {
        try await answer {
            let (event, isDuplicate, outcome) = try await payments.deliver(
                provider: request.provider, body: Array(request.body),
                signature: request.signature)
            return PaymentsAPI.DeliverWebhookReply(
                eventID: event.id, isDuplicate: isDuplicate, outcome: outcome)
        }
    }

    // MARK: The sandbox

    package func getSandboxCheckout(
        _ request: PaymentsAPI.SandboxCheckoutRequest, _ context: CallContext
    ) async throws(RPCError) -> PaymentsAPI.SandboxCheckout {
        try await answer { try await message(try await payments.sandbox(request.token)) }
    }

    package func paySandboxCheckout(
        _ request: PaymentsAPI.SandboxCheckoutRequest, _ context: CallContext
    ) async throws(RPCError) -> PaymentsAPI.SandboxCheckout {
        try await answer {
            try await message(
                try await payments.settleSandbox(request.token, isPaid: true))
        }
    }

    package func cancelSandboxCheckout(
        _ request: PaymentsAPI.SandboxCheckoutRequest, _ context: CallContext
    ) async throws(RPCError) -> PaymentsAPI.SandboxCheckout {
        try await answer {
            try await message(
                try await payments.settleSandbox(request.token, isPaid: false))
        }
    }

    // MARK: Messages

    private func answer<Value>(_ body: () async throws -> Value) async throws(RPCError) -> Value {
        try await ledger.answer {
            do {
                return try await body()
            } catch let error as PaymentError {
                throw RPCError(error)
            }
        }
    }

    private func message(_ checkout: StoredSandbox) async throws -> PaymentsAPI.SandboxCheckout {
        let purchase = checkout.purchase
        let view = try await payments.store.purchase(purchase.id, of: purchase.user)
        return PaymentsAPI.SandboxCheckout(
            purchase: view.map { message($0) },
            successURL: back(purchase.successURL, purchase),
            cancelURL: back(purchase.cancelURL, purchase),
            expiresAtUs: checkout.sandbox.expiresAtUs)
    }

    private func back(_ url: String, _ purchase: Purchase) -> String {
        url.isEmpty ? "" : ReturnURL.naming(purchase.id, in: url)
    }

    private func message(_ view: PurchaseView) -> PaymentsAPI.Purchase {
        let purchase = view.purchase
        let isOver = !purchase.state.isUnsettled
        return PaymentsAPI.Purchase(
            id: purchase.id, userID: purchase.user, provider: purchase.provider,
            itemID: purchase.item, label: purchase.label, isPlan: purchase.isPlan,
            quantity: UInt32(purchase.quantity), amount: purchase.price.minor,
            currency: purchase.price.currency, creditsU4: purchase.credits.tenThousandths,
            state: purchase.state.message, url: isOver ? "" : purchase.url,
            createdAtUs: purchase.createdAtUs, expiresAtUs: purchase.expiresAtUs,
            grantedU4: view.granted.tenThousandths, takenBackU4: view.takenBack.tenThousandths,
            refunded: view.refunded)
    }
}

extension PurchaseState {
    fileprivate var message: PaymentsAPI.PurchaseState {
        switch self {
        case .created: .created
        case .open: .open
        case .pending: .pending
        case .paid: .paid
        case .failed: .failed
        case .expired: .expired
        case .cancelled: .cancelled
        }
    }
}

extension RPCError {
    /// The one place where the refusals of payments get their codes.
    init(_ error: PaymentError) {
        switch error {
        case .itemNotFound(let id):
            self.init(
                .notFound, "ITEM_NOT_FOUND", "There is no pack or plan \(id).",
                details: ["id": id])
        case .purchaseNotFound(let id):
            self.init(
                .notFound, "PURCHASE_NOT_FOUND", "There is no purchase \(id).",
                details: ["id": id])
        case .subscriptionNotFound:
            self.init(.notFound, "SUBSCRIPTION_NOT_FOUND", "No plan is active.")
        case .returnURLNotAllowed(let field):
            self.init(
                .invalidArgument, "RETURN_URL_NOT_ALLOWED",
                "Buyers may not be sent back there.", details: ["field": field])
        case .providerFailed(let isRetryable):
            self.init(
                code: isRetryable ? .unavailable : .failedPrecondition,
                domainCode: "PAYMENT_FAILED",
                message: "The payment provider did not open a checkout; nothing was charged.",
                details: [], isRetryable: isRetryable,
                retryAfter: isRetryable ? .seconds(5) : nil)
        case .webhook(.signature):
            self.init(
                .invalidArgument, "WEBHOOK_SIGNATURE", "The webhook is not signed by its sender.")
        case .webhook(.stale):
            self.init(
                .invalidArgument, "WEBHOOK_STALE", "The webhook was not signed just now.")
        case .webhook(.malformed):
            self.init(.invalidArgument, "WEBHOOK_MALFORMED", "The webhook is not understood.")
        case .webhook(.unexpected):
            self.init(
                .notFound, "WEBHOOK_UNEXPECTED", "No such payment provider is set up.")
        case .checkoutNotFound:
            self.init(.notFound, "CHECKOUT_NOT_FOUND", "There is no such checkout.")
        case .checkoutExpired:
            self.init(.failedPrecondition, "CHECKOUT_EXPIRED", "This checkout is over.")
        }
    }
}
