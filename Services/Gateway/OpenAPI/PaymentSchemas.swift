internal import HTTP

/// The bodies of what buys credits.
enum PaymentSchemas {
    private typealias S = Schema

    static let requests: [(String, JSONValue)] = [
        (
            "CheckoutRequest",
            S.object([
                "pack?": S.text(1...128), "quantity?": S.integer(1...100),
                "plan?": S.text(1...128), "successUrl?": S.text(1...2_000),
                "cancelUrl?": S.text(1...2_000),
            ])
        )
    ]

    private static let purchase: [(String, JSONValue)] = [
        ("id", S.text), ("provider", S.text), ("item", S.text), ("label", S.text),
        ("isPlan", S.flag), ("quantity", S.count), ("amount", S.count), ("currency", S.text),
        ("credits", S.credits),
        (
            "state",
            S.choice([
                "created", "open", "pending", "paid", "failed", "expired", "cancelled",
            ])
        ),
        ("url", S.nullable(S.link)), ("creditsGranted", S.credits),
        ("creditsTakenBack", S.credits), ("amountRefunded", S.count), ("createdAt", S.time),
        ("expiresAt", S.time),
    ]

    static let answers: [(String, JSONValue)] = [
        (
            "CheckoutAnswer",
            S.object([
                "purchaseId": S.text, "url": S.link, "provider": S.text, "expiresAt": S.time,
            ])
        ),
        ("Purchase", S.object(purchase)),
        (
            "PurchasesAnswer",
            S.object([
                "purchases": S.list(S.reference("Purchase")), "nextBefore": S.nullable(S.count),
            ])
        ),
        (
            "SubscriptionAnswer",
            S.object([
                "subscription": S.nullable(
                    S.object([
                        "plan": S.text, "purchaseId": S.text,
                        "state": S.choice(["active", "over"]), "credits": S.credits,
                        "periodStart": S.time, "periodEnd": S.time, "endsWithPeriod": S.flag,
                    ])),
                "debt": S.credits,
            ])
        ),
        (
            "WebhookAnswer",
            S.object(["eventId": S.text, "outcome": S.text, "duplicate": S.flag])
        ),
    ]
}
