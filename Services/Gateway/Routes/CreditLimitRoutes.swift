internal import HTTP
internal import ServiceAPI

/// What the caller allows to be spent, and when few credits are left.
struct CreditLimitRoutes: Sendable {
    static let periods = ["day", "month", "total"]

    let tools: RouteTools

    private var credits: CreditsAPI.Client { tools.backends.credits }

    var routes: [Route] {
        [
            Route(
                method: "GET", template: "/api/credits/budget", operationID: "getBudget",
                summary: "The caller's own limits.", tag: "Credits",
                answers: [200: .json("BudgetAnswer")]
            ) { context in
                try await answer(
                    try await credits.getBudget(.init(userID: context.userID), context.call()),
                    context)
            },
            Route(
                method: "PUT", template: "/api/credits/budget", operationID: "setBudget",
                summary: "Limit what may be spent. A hard budget refuses more; a soft one tells at "
                    + "75, 90 and 100 percent.",
                tag: "Credits", access: .scope(.write), rate: .write, body: .json("BudgetRequest"),
                answers: [200: .json("BudgetAnswer")]
            ) { context in
                var fields = try FieldReader(context.request)
                let amount = fields.credits("credits")
                let period = fields.choice("period", Self.periods)
                let isHard = fields.flag("isHard")
                try fields.finish()
                return try await answer(
                    try await credits.setBudget(
                        .init(
                            userID: context.userID, amountU4: amount, period: period,
                            isHard: isHard), context.call()), context)
            },
            Route(
                method: "DELETE", template: "/api/credits/budget", operationID: "deleteBudget",
                summary: "Take the budget away.", tag: "Credits", access: .scope(.write),
                rate: .write, answers: [200: .json("BudgetAnswer")]
            ) { context in
                try await answer(
                    try await credits.setBudget(.init(userID: context.userID), context.call()),
                    context)
            },
            Route(
                method: "PUT", template: "/api/credits/low-balance",
                operationID: "setLowBalance",
                summary: "Be told when fewer credits than this are left.", tag: "Credits",
                access: .scope(.write), rate: .write, body: .json("LowBalanceRequest"),
                answers: [200: .json("BudgetAnswer")]
            ) { context in
                var fields = try FieldReader(context.request)
                let threshold = fields.credits("threshold", from: 0)
                try fields.finish()
                _ = try await credits.setLowThreshold(
                    .init(userID: context.userID, amountU4: threshold), context.call())
                return try await answer(
                    try await credits.getBudget(.init(userID: context.userID), context.call()),
                    context)
            },
        ]
    }

    private func answer(
        _ budget: CreditsAPI.Budget, _ context: RequestContext
    ) async throws -> HTTPResponse {
        let balance = try await credits.getBalance(
            .init(userID: context.userID), context.call())
        let writer = tools.writer(context)
        return jsonResponse { object in
            if budget.isSet {
                object.object("budget") { object in
                    object.raw("credits", CreditText.number(budget.amountU4))
                    object.text("period", budget.period)
                    object.flag("isHard", budget.isHard)
                    object.raw("used", CreditText.number(budget.usedU4))
                    object.integer("percent", budget.percent)
                    object.integer("reached", budget.reached)
                    writer.textOrNull(
                        &object, "resetsAt",
                        budget.resetsAtUs == 0 ? "" : writer.time(budget.resetsAtUs))
                }
            } else {
                object.null("budget")
            }
            object.raw("lowBalanceThreshold", CreditText.number(balance.lowThresholdU4))
            object.flag("lowBalance", balance.isLow)
        }
    }
}
