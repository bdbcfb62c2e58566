internal import HTTP
internal import ServiceAPI
internal import ServiceRuntime

/// Balance, prices and quotes.
struct CreditRoutes: Sendable {
    static let catalogues = ["studio", "product", "checkout", "models", "all"]

    let tools: RouteTools

    private var credits: CreditsAPI.Client { tools.backends.credits }

    var routes: [Route] {
        [
            Route(
                method: "GET", template: "/api/credits", operationID: "getCredits",
                summary: "The caller's balance.", tag: "Credits",
                answers: [200: .json("Balance")]
            ) { context in
                Self.answer(
                    try await credits.getBalance(
                        .init(userID: context.userID), context.call(.seconds(5))))
            },
            Route(
                method: "GET", template: "/api/credits/prices", operationID: "listPrices",
                summary: "What everything costs.", tag: "Credits", access: .open,
                query: [
                    Route.Query(
                        name: "catalogue",
                        summary: "studio (the default), product, checkout, models, or all.",
                        schema: Schema.choice(Self.catalogues))
                ],
                answers: [200: .json("PricesAnswer")]
            ) { context in
                let catalogue = try context.queryText("catalogue") ?? "studio"
                guard Self.catalogues.contains(catalogue) else {
                    throw Problem.validation([
                        FieldFault(
                            field: "catalogue", code: "choice",
                            detail: "It must be one of "
                                + "\(Self.catalogues.joined(separator: ", ")).")
                    ])
                }
                let table = try await credits.listPrices(
                    .init(catalogue: catalogue == "all" ? "*" : catalogue), context.call())
                return jsonResponse { object in
                    object.integer("version", table.version)
                    object.array("prices", table.prices) { writer, price in
                        writer.object {
                            $0.text("operation", price.operation)
                            if price.model.isEmpty {
                                $0.null("model")
                            } else {
                                $0.text("model", price.model)
                            }
                            $0.text("catalogue", price.catalogue)
                            if price.parameters.isEmpty {
                                $0.null("parameters")
                            } else {
                                $0.text("parameters", price.parameters)
                            }
                            $0.raw("credits", CreditText.number(price.amountU4))
                            $0.text("unit", price.unit.isEmpty ? "each" : price.unit)
                            $0.text("label", price.label)
                            $0.integer("version", price.version)
                        }
                    }
                }
            },
        ] + quotes
    }

    // MARK: Before anything is spent

    private var quotes: [Route] {
        [
            Route(
                method: "POST", template: "/api/credits/quote", operationID: "quoteCredits",
                summary: "What some work will cost; the prices are kept for 15 minutes.",
                tag: "Credits", access: .scope(.write), rate: .write, body: .json("QuoteRequest"),
                answers: [200: .json("QuoteAnswer")]
            ) { context in
                var fields = try FieldReader(context.request)
                let items = fields.objects("items", 1...50, QuotedItem.init)
                try fields.finish()
                let wishes = try await priced(items, context)
                let quote = try await credits.quote(
                    .init(userID: context.userID, items: wishes.map(\.item)), context.call())
                let writer = tools.writer(context)
                return jsonResponse { Self.write(&$0, quote, wishes, writer) }
            },
            Route(
                method: "POST", template: "/api/credits/validate",
                operationID: "validateCredits",
                summary: "Whether some work could be paid for now; nothing is set aside.",
                tag: "Credits", access: .scope(.read), rate: .write, body: .json("ValidateRequest"),
                answers: [200: .json("ValidateAnswer")], problems: [402, 404, 409, 410]
            ) { context in
                var fields = try FieldReader(context.request)
                let item = QuotedItem.price(&fields)
                let quoteID = fields.optionalIdentifier("quoteId") ?? ""
                try fields.finish()
                let reply = try await credits.validateHold(
                    .init(
                        userID: context.userID, job: context.requestID, operation: item.operation,
                        quantity: item.quantity, model: item.model, catalogue: item.catalogue,
                        parameters: item.parameters, quoteID: quoteID), context.call())
                return jsonResponse { object in
                    object.raw("credits", CreditText.number(reply.amountU4))
                    object.raw("available", CreditText.number(reply.balance?.availableU4 ?? 0))
                    object.raw("balanceAfter", CreditText.number(reply.balanceAfterU4))
                    object.integer("priceVersion", reply.priceVersion)
                }
            },
            Route(
                method: "GET", template: "/api/credits/packs", operationID: "listPacks",
                summary: "Packs of credits and monthly plans.", tag: "Credits", access: .open,
                answers: [200: .json("PacksAnswer")]
            ) { context in
                async let provider = tools.backends.payments.getProvider(.init(), context.call())
                let reply = try await credits.listPacks(.init(), context.call())
                let seller = try await provider
                return jsonResponse { object in
                    object.text("provider", seller.name)
                    object.flag("sandbox", seller.isSandbox)
                    for (name, packs) in [("packs", reply.packs), ("plans", reply.plans)] {
                        object.array(name, packs) { writer, pack in
                            writer.object { Self.write(&$0, pack) }
                        }
                    }
                }
            },
        ]
    }

    /// What each item is in the price list: of a choice in a session, what it would make, and what of
    /// that is there already.
    private func priced(
        _ items: [QuotedItem], _ context: RequestContext
    ) async throws -> [QuotedItem.Priced] {
        var priced: [QuotedItem.Priced] = []
        for (index, item) in items.enumerated() {
            switch item {
            case .price(let price): priced.append(QuotedItem.Priced(item: price))
            case .choice(let choice):
                let run = try await tried(choice, context)
                guard !run.operation.isEmpty else {
                    throw Problem.validation([
                        FieldFault(
                            field: "items[\(index)].dimension", code: "free",
                            detail: "This makes nothing and costs nothing; it needs no quote.")
                    ])
                }
                priced.append(
                    QuotedItem.Priced(
                        item: CreditsAPI.QuoteItem(
                            operation: run.operation, model: run.model, quantity: run.quantity,
                            cached: run.isCached ? run.quantity : 0),
                        cachedOptions: run.isCached ? [] : run.cachedOptions))
            }
        }
        return priced
    }

    /// Has the session consider a choice, without looking at what could be paid.
    private func tried(
        _ choice: QuotedItem.Choice, _ context: RequestContext
    ) async throws -> SessionAPI.DryRun {
        let session = tools.backends.session
        let spending = SessionAPI.Spending(isDryRun: true, skipsBalance: true)
        let answer =
            choice.dimension == QuotedItem.camera
            ? try await session.cameraMotion(
                .init(userID: context.userID, sessionID: choice.sessionID, spending: spending),
                context.call())
            : try await session.select(
                .init(
                    userID: context.userID, sessionID: choice.sessionID,
                    dimension: choice.dimension, optionID: choice.optionID, spending: spending),
                context.call())
        return answer.dryRun ?? SessionAPI.DryRun()
    }

    private static func write(
        _ object: inout JSONWriter.Members, _ quote: CreditsAPI.QuoteReply,
        _ wishes: [QuotedItem.Priced], _ writer: AnswerWriter
    ) {
        object.text("quoteId", quote.quoteID)
        object.integer("priceVersion", quote.priceVersion)
        let lines = zip(quote.lines, wishes).map { (line: $0, wish: $1) }
        object.array("lines", lines) { json, pair in
            let line = pair.line
            json.object { object in
                object.text("operation", line.operation)
                writer.textOrNull(&object, "model", line.model)
                object.text("catalogue", line.catalogue)
                writer.textOrNull(&object, "parameters", line.parameters)
                object.text("label", line.label)
                object.text("unit", line.unit)
                object.integer("quantity", line.quantity)
                object.raw("unitCredits", CreditText.number(line.unitU4))
                object.raw("credits", CreditText.number(line.amountU4))
                object.integer("cached", line.cached)
                object.array("alternatives", QuotedItem.alternatives(to: pair)) { json, other in
                    json.object {
                        writer.textOrNull(&$0, "model", other.model)
                        writer.textOrNull(&$0, "optionId", other.optionID)
                        $0.text("label", other.label)
                        $0.raw("credits", CreditText.number(other.amountU4))
                        $0.text("reason", other.reason)
                    }
                }
            }
        }
        object.raw("total", CreditText.number(quote.totalU4))
        object.raw("available", CreditText.number(quote.balance?.availableU4 ?? 0))
        object.raw("balanceAfter", CreditText.number(quote.balanceAfterU4))
        object.raw("shortBy", CreditText.number(quote.shortByU4))
        if let suggestion = quote.suggestion, let pack = suggestion.pack {
            object.object("suggestion") { object in
                object.object("pack") { write(&$0, pack) }
                object.integer("quantity", suggestion.quantity)
            }
        } else {
            object.null("suggestion")
        }
        object.text("expiresAt", writer.time(quote.expiresAtUs))
    }

    private static func write(_ object: inout JSONWriter.Members, _ pack: CreditsAPI.Pack) {
        object.text("id", pack.id)
        object.text("label", pack.label)
        object.raw("credits", CreditText.number(pack.creditsU4))
        object.integer("usdCents", pack.usdCents)
        object.flag("isMonthly", pack.isMonthly)
        object.flag("isHighlighted", pack.isHighlighted)
    }

    // MARK: Balance

    static func answer(_ balance: CreditsAPI.Balance) -> HTTPResponse {
        jsonResponse { write(&$0, balance) }
    }

    static func write(_ object: inout JSONWriter.Members, _ balance: CreditsAPI.Balance) {
        object.raw("balance", CreditText.number(balance.balanceU4))
        object.raw("held", CreditText.number(balance.heldU4))
        object.raw("available", CreditText.number(balance.availableU4))
        object.flag("lowBalance", balance.isLow)
    }
}
