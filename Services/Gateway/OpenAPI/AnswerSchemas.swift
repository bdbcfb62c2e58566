internal import HTTP

/// The bodies of answers.
enum AnswerSchemas {
    private typealias S = Schema

    static let all: [(String, JSONValue)] =
        problems + identity + credits + PaymentSchemas.answers + pictures + sessions
        + commands + operations + media + health

    private static let base: [(String, JSONValue)] = [
        ("sessionId", S.text), ("version", S.count), ("creditsConsumed", S.credits),
    ]

    private static let shown: [(String, JSONValue)] = [
        ("images", S.list(S.reference("Image"))), ("currentDimension", S.text),
        ("options", S.list(S.reference("Option"))),
    ]

    private static let chosen: [(String, JSONValue)] = [
        ("lockedDimensions", S.list(S.reference("LockedDimension"))),
        ("direction", S.nullable(S.text)),
    ]

    private static let problem: [(String, JSONValue)] = [
        ("type", S.text), ("title", S.text), ("status", S.integer(400...599)),
        ("detail", S.text), ("instance?", S.text), ("requestId?", S.text),
        ("retryable", S.flag),
    ]

    private static let problems: [(String, JSONValue)] = [
        (
            "Problem",
            S.object(
                problem + [
                    ("code", ["type": "string", "pattern": "^[A-Z][A-Z0-9_]*$"]),
                    ("details?", ["type": "object"]),
                ])
        ),
        (
            "InsufficientCreditsProblem",
            S.object(
                problem + [
                    ("code", ["const": "INSUFFICIENT_CREDITS"]),
                    (
                        "details",
                        S.object([
                            "required": S.credits, "available": S.credits, "shortBy": S.credits,
                            "operation": S.text, "model?": S.text,
                            "suggestion": S.object(suggestion),
                        ])
                    ),
                ])
        ),
        (
            "Fault",
            S.object([
                "code": S.text, "detail": S.text, "retryable": S.flag,
                "details": ["type": "object"],
            ])
        ),
    ]

    private static let identity: [(String, JSONValue)] = [
        (
            "User",
            S.object([
                "id": S.text, "kind": S.choice(["guest", "member"]), "email": S.nullable(S.text),
                "name": S.text, "createdAt": S.time,
            ])
        ),
        (
            "TokenAnswer",
            S.object(["token": S.text, "expiresAt": S.time, "user": S.reference("User")])
        ),
        ("MeAnswer", S.object(["user": S.reference("User"), "credits": S.reference("Balance")])),
        ("Key", S.object(key)),
        ("KeysAnswer", S.object(["keys": S.list(S.reference("Key"))])),
        ("NewKeyAnswer", S.object(key + [("key", S.text)])),
    ]

    private static let key: [(String, JSONValue)] = [
        ("id", S.text), ("name", S.text), ("prefix", S.text),
        ("scopes", S.list(S.choice(Scope.allCases.map(\.rawValue)))), ("createdAt", S.time),
        ("expiresAt", S.nullable(S.time)),
    ]

    private static let pack: [(String, JSONValue)] = [
        ("id", S.text), ("label", S.text), ("credits", S.credits), ("usdCents", S.count),
        ("isMonthly", S.flag), ("isHighlighted", S.flag),
    ]

    private static let suggestion: [(String, JSONValue)] = [
        ("pack", S.reference("Pack")), ("quantity", S.count),
    ]

    private static let quoteLine: [(String, JSONValue)] = [
        ("operation", S.text), ("model", S.nullable(S.text)), ("catalogue", S.text),
        ("parameters", S.nullable(S.text)), ("label", S.text), ("unit", S.text),
        ("quantity", S.count), ("unitCredits", S.credits), ("credits", S.credits),
        (
            "alternatives",
            S.list(
                S.object([
                    "model": S.nullable(S.text), "optionId": S.nullable(S.text), "label": S.text,
                    "credits": S.credits, "reason": S.choice(["cheaper", "cached"]),
                ]))
        ), ("cached", S.count),
    ]

    private static let balance: [(String, JSONValue)] = [
        ("balance", S.credits), ("held", S.credits), ("available", S.credits),
        ("lowBalance", S.flag),
    ]

    private static let credits: [(String, JSONValue)] = [
        ("Balance", S.object(balance)),
        (
            "QuoteAnswer",
            S.object([
                "quoteId": S.text, "priceVersion": S.count, "lines": S.list(S.object(quoteLine)),
                "total": S.credits, "available": S.credits, "balanceAfter": S.credits,
                "shortBy": S.credits, "suggestion": S.nullable(S.object(suggestion)),
                "expiresAt": S.time,
            ])
        ),
        (
            "ValidateAnswer",
            S.object([
                "credits": S.credits, "available": S.credits, "balanceAfter": S.credits,
                "priceVersion": S.count,
            ])
        ),
        (
            "DryRunAnswer",
            S.object([
                "dryRun": ["const": true], "operation": S.nullable(S.text),
                "model": S.nullable(S.text), "quantity": S.count, "credits": S.credits,
                "available": S.credits, "balanceAfter": S.credits, "priceVersion": S.count,
            ])
        ),
        (
            "BudgetAnswer",
            S.object([
                "budget": S.nullable(
                    S.object([
                        "credits": S.credits, "period": S.choice(CreditLimitRoutes.periods),
                        "isHard": S.flag, "used": S.credits, "percent": S.count,
                        "reached": ["enum": [0, 75, 90, 100]], "resetsAt": S.nullable(S.time),
                    ])), "lowBalanceThreshold": S.credits, "lowBalance": S.flag,
            ])
        ),
        (
            "Statement",
            S.object([
                "sessionId": S.text,
                "lines": S.list(
                    S.object([
                        "operation": S.text, "model": S.nullable(S.text), "holds": S.count,
                        "charged": S.credits, "held": S.credits,
                    ])), "charged": S.credits, "held": S.credits, "firstAt": S.time,
                "lastAt": S.time,
            ])
        ),
        ("Pack", S.object(pack)),
        (
            "PacksAnswer",
            S.object([
                "provider": S.text, "sandbox": S.flag, "packs": S.list(S.reference("Pack")),
                "plans": S.list(S.reference("Pack")),
            ])
        ),
        (
            "HistoryAnswer",
            S.object([
                "entries": S.list(S.reference("HistoryEntry")), "nextCursor": S.nullable(S.text),
            ])
        ),
        ("HistoryExport", S.object(["entries": S.list(S.reference("HistoryEntry"))])),
        (
            "HistoryEntry",
            S.object([
                "sequence": S.count, "kind": S.text, "amount": S.credits, "held": S.credits,
                "balanceAfter": S.credits, "operation": S.nullable(S.text),
                "model": S.nullable(S.text), "parameters": S.nullable(S.text),
                "quoteId": S.nullable(S.text),
                "job": S.nullable(S.text), "holdId": S.nullable(S.text),
                "sessionId": S.nullable(S.text), "assetId": S.nullable(S.text),
                "note": S.nullable(S.text), "requestId": S.nullable(S.text), "at": S.time,
            ])
        ),
        (
            "PricesAnswer",
            S.object(["version": S.count, "prices": S.list(S.reference("Price"))])
        ),
        (
            "Price",
            S.object([
                "operation": S.text, "model": S.nullable(S.text), "catalogue": S.text,
                "parameters": S.nullable(S.text), "credits": S.credits,
                "unit": S.text, "label": S.text, "version": S.count,
            ])
        ),
    ]

    private static let pictures: [(String, JSONValue)] = [
        (
            "Image",
            S.any([
                S.object([
                    "id": S.text, "url": S.link, "dimension": S.text, "optionId": S.text,
                    "prompt": S.text, "width": S.count, "height": S.count, "provider": S.text,
                    "generatedAt": S.time,
                ]),
                S.object([
                    "optionId": S.text,
                    "error": S.object(["code": S.text, "retryable": S.flag]),
                ]),
                S.object(["optionId": S.text, "pending": ["const": true]]),
            ])
        ),
        ("Option", S.object(["id": S.text, "label": S.text])),
        (
            "LockedDimension",
            S.object([
                "type": S.text, "optionId": S.text, "label": S.text,
                "promptFragments": S.list(S.text),
            ])
        ),
        ("Vector", S.object(["x": S.number, "y": S.number, "z": S.number])),
        ("Rotation", S.object(["pitch": S.number, "yaw": S.number, "roll": S.number])),
        (
            "CameraPath",
            S.object([
                "id": S.text, "label": S.text, "category": S.text, "description": S.text,
                "start": S.reference("Vector"), "end": S.reference("Vector"),
                "rotation?": S.object([
                    "start": S.reference("Rotation"), "end": S.reference("Rotation"),
                ]),
                "keyFrames?": S.list(S.reference("KeyFrame")), "isLoop": S.flag,
                "duration": S.number, "previewUrl": S.nullable(S.link),
            ])
        ),
        (
            "KeyFrame",
            S.object([
                "time": S.number, "position": S.reference("Vector"),
                "rotation": S.reference("Rotation"), "zoom": S.number,
                "easing": S.choice(["linear", "ease_in", "ease_out", "ease_in_out", "through"]),
            ])
        ),
    ]

    private static let sessions: [(String, JSONValue)] = [
        (
            "Session",
            S.object(
                [
                    ("id", S.text), ("version", S.count),
                    ("status", S.choice(["active", "completed", "abandoned"])),
                    ("intent", S.text), ("aspectRatio", S.text), ("currentStep", S.text),
                ] + chosen + [
                    (
                        "imageHistory",
                        S.list(
                            S.object([
                                "dimension": S.text, "images": S.list(S.reference("Image")),
                                "options": S.list(S.reference("Option")),
                            ]))
                    ),
                    ("remainingRegenerations", S.map(S.count)),
                    ("depthMapUrl", S.nullable(S.link)), ("fallbackMode", S.flag),
                    ("cameraPaths", S.list(S.reference("CameraPath"))),
                    ("cameraMotion", S.nullable(S.text)), ("subjectMotion", S.nullable(S.text)),
                    ("videoUrl", S.nullable(S.link)), ("previewImageUrl", S.nullable(S.link)),
                    ("finalPrompt", S.nullable(S.text)), ("totalCreditsConsumed", S.credits),
                    ("estimatedTotal", S.credits),
                    ("costs", S.list(S.object(["step": S.text, "credits": S.credits]))),
                    ("operationId", S.nullable(S.text)), ("createdAt", S.time),
                    ("updatedAt", S.time), ("expiresAt", S.time),
                ])
        ),
        ("SessionAnswer", S.object(["session": S.reference("Session")])),
        ("ActiveSessionAnswer", S.object(["session": S.nullable(S.reference("Session"))])),
        (
            "SessionsAnswer",
            S.object([
                "sessions": S.list(S.reference("Session")), "nextCursor": S.nullable(S.text),
            ])
        ),
    ]

    private static let commands: [(String, JSONValue)] = [
        (
            "StartAnswer",
            S.object(
                base + shown + [("estimatedCost", S.credits), ("estimatedTotal", S.credits)])
        ),
        ("SelectAnswer", S.object(base + shown + chosen)),
        ("RegenerateAnswer", S.object(base + shown + [("remainingRegenerations", S.count)])),
        ("RetryAnswer", S.object(base + shown)),
        (
            "NavigateAnswer",
            S.object(base + shown + chosen + [("session", S.reference("Session"))])
        ),
        (
            "CameraMotionAnswer",
            S.object(
                base + [
                    ("currentDimension", S.text), ("depthMapUrl", S.nullable(S.link)),
                    ("cameraPaths", S.list(S.reference("CameraPath"))), ("fallbackMode", S.flag),
                    ("cameraMotion", S.nullable(S.text)),
                ])
        ),
        (
            "SubjectMotionAnswer",
            S.object(
                base + [
                    ("currentDimension", S.text), ("videoUrl", S.nullable(S.link)),
                    ("prompt", S.text), ("subjectMotion", S.text),
                ])
        ),
        (
            "FinalizeAnswer",
            S.object(
                base + [("finalPrompt", S.text)] + chosen + [
                    ("previewImageUrl", S.nullable(S.link)), ("cameraMotion", S.text),
                    ("subjectMotion", S.text), ("videoUrl", S.nullable(S.link)),
                    ("totalCreditsConsumed", S.credits), ("generationCosts", S.map(S.credits)),
                    ("models", S.list(S.reference("FinalModel"))),
                ])
        ),
        ("ModelsAnswer", S.object(["models": S.list(S.reference("FinalModel"))])),
        (
            "FinalModel",
            S.object([
                "id": S.text, "label": S.text, "cost": S.credits, "available": S.flag,
            ])
        ),
    ]

    private static let operations: [(String, JSONValue)] = [
        (
            "AcceptedAnswer",
            S.object([
                "operationId": S.text, "sessionId": S.nullable(S.text),
                "operation": S.reference("Operation"),
            ])
        ),
        (
            "Operation",
            S.object([
                "id": S.text, "kind": S.text,
                "state": S.choice(["running", "succeeded", "failed", "cancelled"]),
                "sessionId": S.nullable(S.text), "dimension": S.nullable(S.text),
                "done": S.count, "total": S.count, "creditsConsumed": S.credits,
                "estimatedCost": S.credits, "images?": S.list(S.reference("Image")),
                "error": S.nullable(S.reference("Fault")),
                "result": S.any(
                    [
                        "StartAnswer", "SelectAnswer", "RegenerateAnswer", "RetryAnswer",
                        "NavigateAnswer", "CameraMotionAnswer", "SubjectMotionAnswer",
                        "FinalizeAnswer", "GenerationAnswer",
                    ].map(S.reference) + [["type": "null"]]),
                "createdAt": S.time, "finishedAt": S.nullable(S.time),
            ])
        ),
        (
            "GenerationAnswer",
            S.object([
                "id": S.text, "kind": S.choice(GenerationRoutes.kinds),
                "state": S.choice(generationStates),
                "progress": S.number, "position": S.count, "sessionId": S.nullable(S.text),
                "operationId": S.nullable(S.text), "prompt": S.text, "model": S.text,
                "aspectRatio": S.text, "provider": S.nullable(S.text), "url": S.nullable(S.link),
                "assetId": S.nullable(S.text),
                "assets": S.list(S.object(["id": S.text, "url": S.link])),
                "contentType": S.nullable(S.text), "creditsConsumed": S.credits,
                "error": S.nullable(S.reference("Fault")),
                "metadata": ["type": "object"], "createdAt": S.time,
                "finishedAt": S.nullable(S.time),
            ])
        ),
        (
            "Creation",
            S.object([
                "id": S.text, "state": S.choice(generationStates), "progress": S.number,
                "position": S.count, "isGeneration": S.flag, "sessionId": S.nullable(S.text),
                "kind": S.choice(CreationRoutes.kinds), "step": S.text, "model": S.text,
                "provider": S.nullable(S.text), "aspectRatio": S.text, "prompt": S.text,
                "intent": S.nullable(S.text),
                "choices": S.list(
                    S.object(["type": S.text, "optionId": S.text, "label": S.text])),
                "cameraMotion": S.nullable(S.text), "subjectMotion": S.nullable(S.text),
                "creditsConsumed": S.credits, "createdAt": S.time,
                "sourceImageUrl": S.nullable(S.link), "sourceAssetId": S.nullable(S.text),
                "assets": S.list(S.object(["id": S.text, "url": S.link])),
                "contentType": S.nullable(S.text), "width": S.count, "height": S.count,
                "starred": S.flag, "error": S.nullable(S.reference("Fault")),
                "deletedAt": S.nullable(S.time),
            ])
        ),
        (
            "CreationsAnswer",
            S.object([
                "creations": S.list(S.reference("Creation")), "nextCursor": S.nullable(S.text),
            ])
        ),
        ("ArchiveAnswer", S.object(["url": S.link, "files": S.count])),
        (
            "GenerationsAnswer",
            S.object([
                "generations": S.list(S.reference("GenerationAnswer")),
                "nextCursor": S.nullable(S.text),
            ])
        ),
    ]

    private static let generationStates = [
        "queued", "processing", "generating", "uploading", "completed", "failed", "cancelled",
    ]

    private static let media: [(String, JSONValue)] = [
        (
            "Asset",
            S.object([
                "id": S.text, "url": S.link, "contentType": S.text, "bytes": S.count,
                "width": S.count, "height": S.count, "createdAt": S.time,
            ])
        )
    ]

    private static let health: [(String, JSONValue)] = [
        ("LiveAnswer", S.object(["status": ["const": "live"], "version": S.text])),
        (
            "ReadyAnswer",
            S.object([
                "status": S.choice(["ready", "not ready"]),
                "checks": S.list(
                    S.object(["name": S.text, "ok": S.flag, "detail": S.text])),
            ])
        ),
    ]
}

/// What the data of each event on the stream is; SSE itself is beyond OpenAPI.
enum EventSchemas {
    private typealias S = Schema

    private static let work: JSONValue = S.object([
        "sessionId": S.nullable(S.text), "operationId": S.nullable(S.text),
        "image?": S.reference("Image"), "operation?": S.reference("Operation"),
        "generation?": S.reference("GenerationAnswer"), "at": S.time,
    ])

    static let all: [(String, JSONValue)] = [
        ("WorkEvent", work),
        (
            "BalanceEvent",
            S.object([
                "kind": S.text, "job": S.nullable(S.text), "balance": S.credits,
                "held": S.credits, "available": S.credits, "lowBalance": S.flag,
            ])
        ),
        ("LowBalanceEvent", S.object(["available": S.credits, "threshold": S.credits])),
        ("BudgetEvent", S.object(["reached": ["enum": [75, 90, 100]], "credits": S.credits])),
    ]
}
