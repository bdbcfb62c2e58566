package import RPC
package import ServiceAPI

extension CreditsHandler {
    package func setBudget(
        _ request: CreditsAPI.SetBudgetRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.Budget {
        try await answer {
            let user = try RequestChecks.name(request.userID, "user_id")
            guard request.amountU4 != 0 else {
                try await store.removeBudget(of: user)
                return CreditsAPI.Budget()
            }
            guard let period = Budget.Period(rawValue: request.period) else {
                throw LedgerError.invalid(
                    field: "period", reason: "is not day, month or total")
            }
            return message(
                try await store.setBudget(
                    RequestChecks.amount(request.amountU4, "amount_u4"), period,
                    isHard: request.isHard, of: user))
        }
    }

    package func getBudget(
        _ request: CreditsAPI.GetBudgetRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.Budget {
        try await answer {
            let user = try RequestChecks.name(request.userID, "user_id")
            return try await store.budget(of: user).map { message($0) } ?? CreditsAPI.Budget()
        }
    }

    package func setLowThreshold(
        _ request: CreditsAPI.SetLowThresholdRequest, _ context: CallContext
    ) async throws(RPCError) -> CreditsAPI.Balance {
        try await answer {
            var threshold: CreditAmount?
            if !request.isDefault {
                let amount = CreditAmount(tenThousandths: request.amountU4)
                guard (.zero ... .max).contains(amount) else {
                    throw LedgerError.invalid(
                        field: "amount_u4", reason: "must be 0 to \(CreditAmount.max)")
                }
                threshold = amount
            }
            return message(
                try await store.setLowThreshold(
                    threshold, of: RequestChecks.name(request.userID, "user_id")))
        }
    }

    private func message(_ budget: Budget) -> CreditsAPI.Budget {
        CreditsAPI.Budget(
            isSet: true, amountU4: budget.amount.tenThousandths,
            period: budget.period.rawValue, isHard: budget.isHard,
            usedU4: budget.used.tenThousandths, percent: UInt32(clamping: budget.percent),
            reached: UInt32(budget.reached),
            resetsAtUs: budget.endUs == .max ? 0 : budget.endUs)
    }
}
