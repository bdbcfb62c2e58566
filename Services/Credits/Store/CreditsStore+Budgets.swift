internal import Storage

extension CreditsStore {
    /// Sets what the user allows to be spent; holds of the period that runs count already.
    func setBudget(
        _ amount: CreditAmount, _ period: Budget.Period, isHard: Bool, of user: String
    ) async throws -> Budget {
        let now = self.now
        return try await database.write { transaction in
            try transaction.setBudget(
                amount, period, isHard: isHard, of: try transaction.existingWallet(of: user),
                nowUs: now.nowUs)
        }
    }

    /// Takes the user's budget away; nothing when there is none.
    func removeBudget(of user: String) async throws {
        try await database.write { transaction in
            try transaction.run(BudgetSQL.remove, try transaction.existingWallet(of: user).id)
        }
    }

    /// The user's budget now; nil when there is none.
    func budget(of user: String) async throws -> Budget? {
        let now = self.now
        return try await database.read { transaction in
            try transaction.budget(
                of: try transaction.existingWallet(of: user).id, atUs: now.nowUs)
        }
    }
}
