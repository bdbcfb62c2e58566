internal import HTTP
internal import RPC
internal import ServiceAPI
internal import ServiceRuntime
internal import Wire

/// Buying credits, and what payment providers tell.
struct PaymentRoutes: Sendable {
    /// The largest webhook that is taken; Stripe's are a few KiB.
    private static let webhookBytesMax = 256 << 10
    private static let returnURL = 1...2_000

    let tools: RouteTools

    private var payments: PaymentsAPI.Client { tools.backends.payments }

    var routes: [Route] { purchases + webhooks + SandboxRoutes(tools: tools).routes }

    private var purchases: [Route] {
        [
            Route(
                method: "POST", template: "/api/credits/checkout", operationID: "createCheckout",
                summary: "Open a checkout for a pack, or for a monthly plan.", tag: "Credits",
                access: .scope(.write), rate: .write, body: .json("CheckoutRequest"),
                answers: [201: .json("CheckoutAnswer")], problems: [404, 409, 410, 502]
            ) { context in try await checkout(context) },
            Route(
                method: "GET", template: "/api/credits/checkout/{purchaseId}",
                operationID: "getPurchase", summary: "How a purchase stands.", tag: "Credits",
                answers: [200: .json("Purchase")], problems: [404]
            ) { context in
                let purchase = try await payments.getPurchase(
                    .init(userID: context.userID, id: context.parameters[0]), context.call())
                let writer = tools.writer(context)
                return jsonResponse { Self.write(&$0, purchase, writer) }
            },
            Route(
                method: "GET", template: "/api/credits/purchases", operationID: "listPurchases",
                summary: "The caller's purchases, newest first.", tag: "Credits",
                query: [
                    Route.Query(
                        name: "limit", summary: "How many, at most.",
                        schema: ["type": "integer", "minimum": 1, "maximum": 200]),
                    Route.Query(
                        name: "before", summary: "nextBefore of the page before.",
                        schema: ["type": "integer", "minimum": 1]),
                ],
                answers: [200: .json("PurchasesAnswer")]
            ) { context in try await list(context) },
            Route(
                method: "GET", template: "/api/credits/subscription",
                operationID: "getSubscription",
                summary: "The caller's monthly plan, and what is owed after money went back.",
                tag: "Credits", answers: [200: .json("SubscriptionAnswer")]
            ) { context in
                answer(
                    try await payments.getSubscription(
                        .init(userID: context.userID), context.call()), context)
            },
            Route(
                method: "POST", template: "/api/credits/subscription/cancel",
                operationID: "cancelSubscription",
                summary: "Take no further month; what is paid for stays until its end.",
                tag: "Credits", access: .scope(.write), rate: .write,
                body: .json("EmptyRequest"), answers: [200: .json("SubscriptionAnswer")],
                problems: [404, 502]
            ) { context in
                var fields = try FieldReader(context.request)
                try fields.finish()
                // The service has tried the provider as often as it may already.
                var options = context.call(.seconds(40))
                options.mayRetry = false
                return answer(
                    try await payments.cancelSubscription(
                        .init(userID: context.userID), options), context)
            },
        ]
    }

    private func checkout(_ context: RequestContext) async throws -> HTTPResponse {
        var fields = try FieldReader(context.request)
        let pack = fields.optionalIdentifier("pack")
        let plan = fields.optionalIdentifier("plan")
        let quantity = fields.optionalInteger("quantity", in: 1...100)
        let success = fields.optionalText("successUrl", Self.returnURL) ?? ""
        let cancel = fields.optionalText("cancelUrl", Self.returnURL) ?? ""
        if (pack == nil) == (plan == nil) {
            fields.report("pack", "choice", "Either a pack or a plan is needed.")
        }
        if plan != nil, quantity != nil {
            fields.report("quantity", "unknown", "A plan has no quantity.")
        }
        try fields.finish()
        let key = context.idempotencyKey.map { "\(context.operationID):\($0)" } ?? ""
        // The service has tried the provider as often as it may already.
        var options = context.call(.seconds(40))
        options.mayRetry = false
        let purchase = try await payments.createCheckout(
            .init(
                userID: context.userID, packID: pack ?? "", quantity: UInt32(quantity ?? 0),
                planID: plan ?? "", successURL: success, cancelURL: cancel, key: key), options)
        let writer = tools.writer(context)
        return jsonResponse(201) { object in
            object.text("purchaseId", purchase.id)
            object.text("url", purchase.url)
            object.text("provider", purchase.provider)
            object.text("expiresAt", writer.time(purchase.expiresAtUs))
        }
    }

    private func list(_ context: RequestContext) async throws -> HTTPResponse {
        let limit = try context.queryInteger("limit", in: 1...200, default: UInt32(50))
        let before = try context.queryInteger("before", in: 1...UInt64(Int64.max), default: 0)
        let page = try await payments.listPurchases(
            .init(userID: context.userID, limit: limit, before: before), context.call())
        let writer = tools.writer(context)
        return jsonResponse { object in
            object.array("purchases", page.purchases) { json, purchase in
                json.object { Self.write(&$0, purchase, writer) }
            }
            if page.nextBefore > 0 {
                object.integer("nextBefore", page.nextBefore)
            } else {
                object.null("nextBefore")
            }
        }
    }

    private func answer(
        _ found: PaymentsAPI.Subscription, _ context: RequestContext
    ) -> HTTPResponse {
        let writer = tools.writer(context)
        return jsonResponse { object in
            if found.isSet {
                object.object("subscription") { object in
                    object.text("plan", found.planID)
                    object.text("purchaseId", found.purchaseID)
                    object.text("state", found.state)
                    object.raw("credits", CreditText.number(found.creditsU4))
                    object.text("periodStart", writer.time(found.periodStartUs))
                    object.text("periodEnd", writer.time(found.periodEndUs))
                    object.flag("endsWithPeriod", found.endsWithPeriod)
                }
            } else {
                object.null("subscription")
            }
            object.raw("debt", CreditText.number(found.debtU4))
        }
    }

    private static func write(
        _ object: inout JSONWriter.Members, _ purchase: PaymentsAPI.Purchase,
        _ writer: AnswerWriter
    ) {
        object.text("id", purchase.id)
        object.text("provider", purchase.provider)
        object.text("item", purchase.itemID)
        object.text("label", purchase.label)
        object.flag("isPlan", purchase.isPlan)
        object.integer("quantity", purchase.quantity)
        object.integer("amount", purchase.amount)
        object.text("currency", purchase.currency)
        object.raw("credits", CreditText.number(purchase.creditsU4))
        object.text("state", purchase.state.publicName)
        writer.textOrNull(&object, "url", purchase.url)
        object.raw("creditsGranted", CreditText.number(purchase.grantedU4))
        object.raw("creditsTakenBack", CreditText.number(purchase.takenBackU4))
        object.integer("amountRefunded", purchase.refunded)
        object.text("createdAt", writer.time(purchase.createdAtUs))
        object.text("expiresAt", writer.time(purchase.expiresAtUs))
    }

    // MARK: Webhooks

    private var webhooks: [Route] {
        [
            Route(
                method: "POST", template: "/api/webhooks/stripe", operationID: "deliverStripe",
                summary: "What Stripe tells: signed, kept before it is answered.",
                tag: "Webhooks", access: .open, rate: .webhook,
                body: .raw(types: ["application/json"], limitBytes: Self.webhookBytesMax),
                answers: [200: .json("WebhookAnswer"), 202: .json("WebhookAnswer")],
                problems: [401, 404]
            ) { context in try await deliver("stripe", context) }
        ]
    }

    /// Hands over the body as it came. 200 is for what was done, now or before; 202 for what is kept
    /// and is none of our concern, or waits for the provider.
    private func deliver(
        _ provider: String, _ context: RequestContext
    ) async throws -> HTTPResponse {
        guard let signature = context.request.headers["Stripe-Signature"],
            context.request.headers.count(of: "Stripe-Signature") == 1
        else { throw Self.unsigned("WEBHOOK_SIGNATURE", "The webhook is not signed.") }
        let reply: PaymentsAPI.DeliverWebhookReply
        do throws(RPCError) {
            reply = try await payments.deliverWebhook(
                .init(
                    provider: provider, body: Bytes(context.request.body),
                    signature: signature), context.call(.seconds(40)))
        } catch {
            guard ["WEBHOOK_SIGNATURE", "WEBHOOK_STALE"].contains(error.domainCode) else {
                throw error
            }
            throw Self.unsigned(error.domainCode, error.message)
        }
        let isDone = reply.isDuplicate || reply.outcome == "applied"
        return jsonResponse(isDone ? 200 : 202) { object in
            object.text("eventId", reply.eventID)
            object.text("outcome", reply.outcome)
            object.flag("duplicate", reply.isDuplicate)
        }
    }

    private static func unsigned(_ code: String, _ message: String) -> Problem {
        Problem(401, code, message, headers: ["WWW-Authenticate": "Stripe-Signature"])
    }
}

extension PaymentsAPI.PurchaseState {
    /// As answers name it.
    var publicName: String {
        switch self {
        case .unspecified, .created: "created"
        case .open: "open"
        case .pending: "pending"
        case .paid: "paid"
        case .failed: "failed"
        case .expired: "expired"
        case .cancelled: "cancelled"
        case .unrecognized: "unknown"
        }
    }
}
