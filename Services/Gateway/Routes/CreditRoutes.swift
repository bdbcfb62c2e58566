internal import HTTP
internal import ServiceAPI
internal import ServiceRuntime

/// Balance, ledger rows and prices.
struct CreditRoutes: Sendable {
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
                method: "GET", template: "/api/credits/history", operationID: "listCreditHistory",
                summary: "The caller's ledger rows, newest first.", tag: "Credits",
                query: [
                    Route.Query(
                        name: "limit", summary: "How many, at most.",
                        schema: ["type": "integer", "minimum": 1, "maximum": 200]),
                    Route.Query(
                        name: "before", summary: "nextBefore of the page before.",
                        schema: ["type": "integer", "minimum": 1]),
                    Route.Query(
                        name: "sessionId", summary: "Only this session.",
                        schema: ["type": "string"]),
                ],
                answers: [200: .json("HistoryAnswer")]
            ) { context in try await history(context) },
            Route(
                method: "GET", template: "/api/credits/prices", operationID: "listPrices",
                summary: "What everything costs.", tag: "Credits", access: .open,
                answers: [200: .json("PricesAnswer")]
            ) { context in
                let table = try await credits.listPrices(.init(), context.call())
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
                            $0.raw("credits", CreditText.number(price.amountU4))
                            $0.text("unit", price.unit.isEmpty ? "each" : price.unit)
                            $0.text("label", price.label)
                            $0.integer("version", price.version)
                        }
                    }
                }
            },
        ]
    }

    static func answer(_ balance: CreditsAPI.Balance) -> HTTPResponse {
        jsonResponse { write(&$0, balance) }
    }

    static func write(_ object: inout JSONWriter.Members, _ balance: CreditsAPI.Balance) {
        object.raw("balance", CreditText.number(balance.balanceU4))
        object.raw("held", CreditText.number(balance.heldU4))
        object.raw("available", CreditText.number(balance.availableU4))
        object.flag("lowBalance", balance.isLow)
    }

    private func history(_ context: RequestContext) async throws -> HTTPResponse {
        let limit = try context.queryInteger("limit", in: 1...200, default: UInt32(50))
        let before = try context.queryInteger("before", in: 1...UInt64(Int64.max), default: 0)
        let session = try context.queryText("sessionId") ?? ""
        let page = try await credits.listHistory(
            .init(userID: context.userID, limit: limit, before: before, sessionID: session),
            context.call())
        let writer = tools.writer(context)
        return jsonResponse { object in
            object.array("entries", page.entries) { json, entry in
                json.object { object in
                    object.integer("sequence", entry.sequence)
                    object.text("kind", entry.kind)
                    object.raw("amount", CreditText.number(entry.amountU4))
                    object.raw("held", CreditText.number(entry.heldU4))
                    object.raw("balanceAfter", CreditText.number(entry.balanceAfterU4))
                    writer.textOrNull(&object, "operation", entry.operation)
                    writer.textOrNull(&object, "job", entry.job)
                    writer.textOrNull(&object, "holdId", entry.holdID)
                    writer.textOrNull(&object, "sessionId", entry.sessionID)
                    writer.textOrNull(&object, "assetId", entry.assetID)
                    writer.textOrNull(&object, "note", entry.note)
                    writer.textOrNull(&object, "requestId", entry.requestID)
                    object.text("at", writer.time(entry.atUs))
                }
            }
            if page.nextBefore > 0 {
                object.integer("nextBefore", page.nextBefore)
            } else {
                object.null("nextBefore")
            }
        }
    }
}
