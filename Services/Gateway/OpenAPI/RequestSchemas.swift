internal import HTTP

/// The bodies of requests.
enum RequestSchemas {
    private static let id = Schema.text(1...128)
    private static let version: JSONValue = [
        "type": "integer", "minimum": 1,
        "description":
            "The version of the session that was seen; another one is answered with 409.",
    ]

    /// What a price is found by.
    private static let priced: [(String, JSONValue)] = [
        ("operation", id), ("model?", id), ("quantity?", Schema.integer(1...1000)),
        ("catalogue?", id), ("parameters?", id),
    ]

    /// A choice in a session, to be quoted; what it would make is priced, or free when it is there.
    private static let choice: [(String, JSONValue)] = [
        ("sessionId", id), ("dimension", Schema.choice(QuotedItem.dimensions)),
        ("optionId?", id),
    ]

    /// What the caller lets a request cost.
    private static let spending: [(String, JSONValue)] = [
        ("quoteId?", id), ("maxCredits?", Schema.positiveCredits),
    ]

    private static func spending(
        _ members: KeyValuePairs<String, JSONValue>
    ) -> JSONValue {
        Schema.object(members.map { ($0.key, $0.value) } + spending)
    }

    static let all: [(String, JSONValue)] =
        PaymentSchemas.requests + [
            ("EmptyRequest", Schema.object([:])),
            (
                "SignUpRequest",
                Schema.object([
                    "email": Schema.text(3...254), "password": Schema.text(8...200),
                    "name?": Schema.text(1...100),
                ])
            ),
            (
                "LogInRequest",
                Schema.object(["email": Schema.text(3...254), "password": Schema.text(1...200)])
            ),
            (
                "KeyRequest",
                Schema.object([
                    "name": Schema.text(1...100),
                    "scopes?": Schema.list(Schema.choice(Scope.allCases.map(\.rawValue))),
                    "expiresInDays?": Schema.integer(1...3650),
                ])
            ),
            (
                "StartRequest",
                spending([
                    "intent": Schema.text(1...4000),
                    "aspectRatio?": Schema.choice(ConvergenceRoutes.aspectRatios),
                ])
            ),
            (
                "QuoteRequest",
                Schema.object([
                    "items": [
                        "type": "array", "minItems": 1, "maxItems": 50,
                        "items": ["oneOf": [Schema.object(priced), Schema.object(choice)]],
                    ]
                ])
            ),
            (
                "BudgetRequest",
                Schema.object([
                    "credits": Schema.positiveCredits,
                    "period": Schema.choice(CreditLimitRoutes.periods), "isHard?": Schema.flag,
                ])
            ),
            (
                "LowBalanceRequest",
                Schema.object([
                    "threshold": [
                        "type": "number", "multipleOf": .number("0.0001"), "minimum": 0,
                        "maximum": .number("99999999.9999"),
                    ]
                ])
            ),
            ("ValidateRequest", Schema.object(priced + [("quoteId?", id)])),
            ("SessionRequest", spending(["sessionId": id, "version?": version])),
            (
                "SelectRequest",
                spending([
                    "sessionId": id, "dimension": Schema.choice(ConvergenceRoutes.dimensions),
                    "optionId": id, "version?": version,
                ])
            ),
            (
                "DimensionRequest",
                spending([
                    "sessionId": id, "dimension": Schema.choice(ConvergenceRoutes.dimensions),
                    "version?": version,
                ])
            ),
            (
                "JumpRequest",
                spending([
                    "sessionId": id, "step": Schema.choice(ConvergenceRoutes.steps),
                    "version?": version,
                ])
            ),
            (
                "IntentRequest",
                spending([
                    "sessionId": id, "intent": Schema.text(1...4000), "version?": version,
                ])
            ),
            (
                "CameraMotionRequest",
                spending(["sessionId": id, "cameraMotionId": id, "version?": version])
            ),
            (
                "SubjectMotionRequest",
                spending([
                    "sessionId": id, "subjectMotion": Schema.text(1...1000), "version?": version,
                ])
            ),
            ("CreationsRequest", Schema.object(["ids": ids(CreationRoutes.idsMax)])),
            ("ArchiveRequest", Schema.object(["ids": ids(CreationRoutes.archiveMax)])),
            (
                "GenerationRequest",
                spending([
                    "kind": Schema.choice(GenerationRoutes.kinds), "sessionId?": id,
                    "prompt?": Schema.text(1...4000), "model?": id,
                    "aspectRatio?": Schema.choice(ConvergenceRoutes.aspectRatios),
                    "metadata?": ["type": "object"], "sourceAssetId?": id,
                ])
            ),
        ]

    private static func ids(_ max: Int) -> JSONValue {
        [
            "type": "array", "minItems": 1, "maxItems": .number(String(max)),
            "uniqueItems": true, "items": Schema.text(1...128),
        ]
    }
}
