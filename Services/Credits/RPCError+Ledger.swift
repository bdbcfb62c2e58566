internal import RPC
internal import Storage

extension RPCError {
    /// The one place where the ledger's refusals get their codes.
    init(_ error: LedgerError) {
        switch error {
        case .accountNotFound(let user):
            self.init(
                .notFound, "ACCOUNT_NOT_FOUND", "There is no account of \(user).",
                details: ["userId": user])
        case .insufficientCredits(let shortfall): self.init(shortfall)
        case .unknownPrice(let key):
            let parts = [key.operation, key.model, key.parameters.text].filter { !$0.isEmpty }
            self.init(
                .invalidArgument, "UNKNOWN_PRICE",
                "There is no price for \(parts.joined(separator: ", ")).",
                details: [
                    "catalogue": key.catalogue, "operation": key.operation, "model": key.model,
                    "parameters": key.parameters.text,
                ])
        case .quoteNotFound(let id):
            self.init(
                .notFound, "QUOTE_NOT_FOUND", "There is no quote \(id).", details: ["quoteId": id])
        case .quoteExpired(let id):
            self.init(
                .failedPrecondition, "QUOTE_EXPIRED",
                "The quote is over; ask for a new one.", details: ["quoteId": id])
        case .priceExceeded(let limit, let required):
            self.init(
                .failedPrecondition, "PRICE_EXCEEDED",
                "This costs \(required) credits, more than the \(limit) that it may.",
                details: ["limit": limit.description, "required": required.description])
        case .budgetExceeded(let budget, let required):
            self.init(
                .failedPrecondition, "BUDGET_EXCEEDED",
                "This needs \(required) credits; \(budget.used) of your budget of "
                    + "\(budget.amount) are used.",
                details: [
                    "budget": budget.amount.description, "used": budget.used.description,
                    "required": required.description, "period": budget.period.rawValue,
                    "resetsAtUs": budget.endUs == .max ? "0" : "\(budget.endUs)",
                ])
        case .holdNotFound(let id):
            self.init(
                .notFound, "HOLD_NOT_FOUND", "There is no hold \(id).", details: ["holdId": id])
        case .holdResolved(let hold):
            self.init(
                .failedPrecondition, "HOLD_RESOLVED",
                "The hold is \(hold.state.isOpen ? "over" : hold.state.rawValue).",
                details: [
                    "holdId": hold.id.text, "state": hold.state.rawValue,
                    "amount": hold.amount.description, "captured": hold.captured.description,
                ])
        case .captureExceedsHold(let asked, let held):
            self.init(
                .invalidArgument, "CAPTURE_EXCEEDS_HOLD",
                "\(asked) credits cannot be taken from a hold of \(held).",
                details: ["asked": asked.description, "held": held.description])
        case .refundExceeds(let asked, let refundable):
            self.init(
                .failedPrecondition, "REFUND_EXCEEDS",
                "\(asked) credits cannot be refunded; \(refundable) can.",
                details: ["asked": asked.description, "refundable": refundable.description])
        case .keyReused(let what):
            self.init(
                .alreadyExists, "IDEMPOTENCY_KEY_REUSED",
                "The \(what) was used before for something else.")
        case .accountMerged(let user):
            self.init(
                .failedPrecondition, "ACCOUNT_MERGED",
                "The account of \(user) belongs to another account already.")
        case .invalid(let field, let reason):
            self.init(
                .invalidArgument, "VALIDATION_FAILED", "\(field) \(reason).",
                details: ["field": field, "reason": reason])
        case .statementNotFound(let session):
            self.init(
                .notFound, "STATEMENT_NOT_FOUND", "Nothing was held for session \(session).",
                details: ["sessionId": session])
        case .correctionNotFound(let id):
            self.init(
                .notFound, "CORRECTION_NOT_FOUND", "There is no correction \(id).",
                details: ["correctionId": id])
        case .sameActor(let actor):
            self.init(
                .permissionDenied, "SAME_ACTOR",
                "\(actor) proposed it; somebody else has to approve it.",
                details: ["actor": actor])
        case .correctionDecided(let id, let state):
            self.init(
                .failedPrecondition, "CORRECTION_DECIDED",
                "Correction \(id) was \(state) before.",
                details: ["correctionId": id, "state": state])
        case .amountOverflow:
            self.init(.invalidArgument, "AMOUNT_OVERFLOW", "The amount is too large.")
        case .unsound:
            // What exactly is wrong is in the log and in `credits verify`.
            self.init(.dataLoss, "LEDGER_UNSOUND", "The ledger needs repair.")
        }
    }

    private init(_ shortfall: Shortfall) {
        var facts = [
            ("required", shortfall.required.description),
            ("available", shortfall.available.description),
            ("shortBy", shortfall.gap.description), ("operation", shortfall.operation),
            ("suggestion", PackList.suggestion(for: shortfall.gap).json),
        ]
        if !shortfall.model.isEmpty { facts.append(("model", shortfall.model)) }
        self.init(
            code: .failedPrecondition, domainCode: "INSUFFICIENT_CREDITS",
            message: "You need \(shortfall.required) "
                + (shortfall.required == .init(credits: 1) ? "credit" : "credits")
                + " but have \(shortfall.available); "
                + "you are \(shortfall.gap) short.",
            details: facts.map { Detail(key: $0.0, value: $0.1) }, isRetryable: false,
            retryAfter: nil)
    }

    /// What a caller is told when the store did not do its work. Details are in the log only.
    init(_ error: StorageError) {
        switch error {
        case .overloaded: self = .overloaded("Too many changes are waiting; try again.")
        case .closed: self = .draining
        case .busy: self = .unavailable("The store is busy; try again.")
        case .full, .readOnly:
            self.init(
                .unavailable, "STORAGE_LOW", "The store cannot take more now; try again later.",
                retryAfter: .seconds(5))
        case .io: self = .unavailable("The store could not be written; try again.")
        case .unsupportedURL, .inUse, .newerSchema, .changedMigration, .unorderedMigrations,
            .constraint, .corrupt, .statement:
            self.init(.internal, "INTERNAL", "The ledger refused the change.")
        }
    }
}

extension PackSuggestion {
    /// As the suggestion of a quote is written; ids and labels of packs need no escapes.
    fileprivate var json: String {
        """
        {"pack":{"id":"\(pack.id)","label":"\(pack.label)","credits":\(pack.credits),\
        "usdCents":\(pack.usdCents),"isMonthly":\(pack.isMonthly),\
        "isHighlighted":\(pack.isHighlighted)},"quantity":\(quantity)}
        """
    }
}
