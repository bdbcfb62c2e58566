internal import HTTP
internal import RPC
internal import ServiceAPI
internal import ServiceRuntime
internal import Storage

/// Where a failure inside becomes an answer outside: one place, and nothing of the inside shows.
extension Problem {
    /// The answer to a failed call.
    init(_ error: RPCError) {
        self.init(
            domainCode: error.domainCode, message: error.message,
            details: error.details.map { ($0.key, $0.value) }, isRetryable: error.isRetryable,
            retryAfter: error.retryAfter, status: Self.status(error))
    }

    /// The answer to an operation that failed.
    init(_ problem: SessionAPI.Problem) {
        let status = Self.statuses[problem.code] ?? 502
        self.init(
            domainCode: problem.code, message: problem.message,
            details: problem.details.map { ($0.key, $0.value) }, isRetryable: problem.isRetryable,
            retryAfter: nil, status: status)
    }

    private init(
        domainCode: String, message: String, details: [(String, String)], isRetryable: Bool,
        retryAfter: Duration?, status: Int
    ) {
        // What broke inside stays inside; the log has it under the request id.
        let isInternal = status == 500
        self.init(
            status, isInternal ? "INTERNAL" : Self.publicCode(domainCode, status),
            Self.publicMessage(domainCode, message, status),
            isRetryable: isRetryable && domainCode != "REGENERATION_LIMIT_EXCEEDED",
            details: isInternal ? [] : details.map { Self.member($0.0, $0.1) },
            retryAfter: retryAfter)
        if self.retryAfter == nil, status == 503 { self.retryAfter = .seconds(1) }
        if code == "VALIDATION_FAILED", !self.details.contains(where: { $0.name == "fields" }) {
            let field = details.first { $0.0 == "field" }?.1 ?? "body"
            let name = Self.publicName(field)
            let detail = message.hasPrefix(field) ? name + message.dropFirst(field.count) : message
            self = .validation([FieldFault(field: name, code: "range", detail: detail)])
        }
    }

    /// The answer to an error of any kind; what is unknown is a defect and says nothing.
    init(any error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as RPCError: self.init(error)
        case let error as StorageError: self.init(error)
        case is CancellationError:
            self.init(
                503, "UNAVAILABLE", "The request was cut short; try again.", isRetryable: true)
        case is WorkerPool.Overloaded:
            self.init(
                503, "OVERLOADED", "Too much is going on; try again in a moment.",
                isRetryable: true, retryAfter: .seconds(1))
        default:
            self.init(
                500, "INTERNAL", "Something broke on our side; nothing was charged for it.")
        }
    }

    private init(_ error: StorageError) {
        switch error {
        case .full:
            self.init(
                503, "STORAGE_LOW", "The disk is full; nothing was changed.", isRetryable: true,
                retryAfter: .seconds(30))
        case .busy, .overloaded, .closed, .io, .readOnly, .inUse:
            self.init(
                503, "UNAVAILABLE", "The store cannot be written just now; try again.",
                isRetryable: true, retryAfter: .seconds(1))
        case .unsupportedURL, .newerSchema, .changedMigration, .unorderedMigrations, .constraint,
            .corrupt, .statement:
            self.init(
                500, "INTERNAL", "Something broke on our side; nothing was charged for it.")
        }
    }

    /// The status of a code that the services share with the public (docs/protocol.md).
    private static let statuses: [String: Int] = [
        "ACTIVE_SESSION_EXISTS": 409, "AMOUNT_OVERFLOW": 422, "ASSET_NOT_FOUND": 404,
        "BUDGET_EXCEEDED": 409,
        "CHECKOUT_EXPIRED": 410, "CHECKOUT_NOT_FOUND": 404, "COMMAND_RUNNING": 409,
        "CONTENT_REJECTED": 422, "CREATION_AT_WORK": 409, "CREATION_NOT_FOUND": 404,
        "DEADLINE_EXCEEDED": 504, "DEPTH_ESTIMATION_FAILED": 502,
        "DRAINING": 503, "GENERATION_NOT_FOUND": 404, "IDEMPOTENCY_IN_PROGRESS": 409,
        "IDEMPOTENCY_KEY_REUSED": 422, "IMAGE_GENERATION_FAILED": 502, "IMAGE_INVALID": 422,
        "IMAGE_TOO_LARGE": 422, "INCOMPLETE_SESSION": 400, "INSUFFICIENT_CREDITS": 402,
        "INVALID_AMOUNT": 422, "ITEM_NOT_FOUND": 404, "MODEL_UNAVAILABLE": 422,
        "OPERATION_NOT_FOUND": 404,
        "OVERLOADED": 503, "PAYMENT_FAILED": 502, "PURCHASE_NOT_FOUND": 404,
        "RETURN_URL_NOT_ALLOWED": 422, "WEBHOOK_MALFORMED": 400, "WEBHOOK_SIGNATURE": 401,
        "WEBHOOK_STALE": 401, "WEBHOOK_UNEXPECTED": 404, "PRICE_EXCEEDED": 409,
        "QUOTE_EXPIRED": 410, "QUOTE_NOT_FOUND": 404,
        "UNKNOWN_PRICE": 422, "PROVIDER_BAD_OUTPUT": 502, "PROVIDER_TIMEOUT": 502,
        "REGENERATION_LIMIT_EXCEEDED": 429, "SESSION_EXPIRED": 410, "SESSION_NOT_FOUND": 404,
        "STATEMENT_NOT_FOUND": 404, "STEP_CONFLICT": 409, "STORAGE_LOW": 503,
        "SUBSCRIPTION_NOT_FOUND": 404,
        "TOO_MANY_IN_FLIGHT": 429, "UNAUTHORIZED": 403,
        "UNAVAILABLE": 503, "UNSUPPORTED_IMAGE": 415, "VALIDATION_FAILED": 422,
        "VERSION_CONFLICT": 409, "VIDEO_GENERATION_FAILED": 502,
    ]

    /// Every code that an answer may carry, with its status; the documentation lists them.
    static let publicCodes: [(code: String, status: Int)] =
        (statuses.map { ($0.key, $0.value) } + [
            ("ALREADY_MEMBER", 409), ("BAD_PATH", 400), ("BAD_REQUEST", 400), ("CANCELLED", 409),
            ("EMAIL_TAKEN", 409), ("FORBIDDEN", 403), ("GUEST_LIMIT_REACHED", 429),
            ("HEADERS_TOO_LARGE", 431), ("IDEMPOTENCY_KEY_INVALID", 400), ("INTERNAL", 500),
            ("JSON_TOO_DEEP", 422), ("KEY_NOT_FOUND", 404), ("MALFORMED_JSON", 400),
            ("METHOD_NOT_ALLOWED", 405), ("NOT_FOUND", 404), ("NOT_IMPLEMENTED", 501),
            ("PAYLOAD_TOO_LARGE", 413),
            ("RANGE_NOT_SATISFIABLE", 416), ("RATE_LIMITED", 429), ("REQUEST_TIMEOUT", 408),
            ("TOO_MANY_KEYS", 409), ("UNAUTHENTICATED", 401), ("UNSUPPORTED_MEDIA_TYPE", 415),
            ("URI_TOO_LONG", 414), ("VERSION_NOT_SUPPORTED", 505),
        ]).sorted { $0.0 < $1.0 }

    private static func status(_ error: RPCError) -> Int {
        if let status = statuses[error.domainCode] { return status }
        switch error.code {
        case .invalidArgument, .outOfRange: return 422
        case .notFound: return 404
        case .alreadyExists, .failedPrecondition, .aborted: return 409
        case .permissionDenied: return 403
        case .resourceExhausted: return 429
        case .cancelled, .unavailable: return 503
        case .deadlineExceeded: return 504
        // Services refuse each other only when they are set up wrongly.
        case .unauthenticated, .unimplemented, .internal, .dataLoss, .unknown: return 500
        }
    }

    /// The RPC layer's own texts name addresses and methods, which are nobody's business.
    private static func publicMessage(_ code: String, _ message: String, _ status: Int) -> String {
        switch (code, status) {
        case (_, 500): "Something broke on our side; nothing was charged for it."
        case ("UNAVAILABLE", _), ("CANCELLED", _):
            "A part of the service does not answer; try again in a moment."
        case ("DEADLINE_EXCEEDED", _): "It took too long; try again."
        default: message
        }
    }

    /// "quoteId" for quote_id: fields have the names that the caller wrote.
    private static func publicName(_ field: String) -> String {
        let words = field.split(separator: "_")
        guard let first = words.first else { return field }
        return first
            + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    private static func publicCode(_ code: String, _ status: Int) -> String {
        if statuses[code] != nil { return code }
        return status == 422 && code.hasPrefix("INVALID") ? "VALIDATION_FAILED" : code
    }

    private static let numbers: Set<String> = [
        "required", "available", "shortBy", "current", "max", "version", "limit", "retryAfterMs",
        "quantity",
    ]

    private static func member(_ key: String, _ value: String) -> JSONValue.Member {
        if key == "missingDimensions" {
            return .init(key, .array(value.split(separator: ",").map { .text(String($0)) }))
        }
        if numbers.contains(key), case .number? = try? JSONValue(parsing: Array(value.utf8)) {
            return .init(key, .number(value))
        }
        // What would help to pay is an object in JSON.
        if key == "suggestion",
            case .object(let members)? = try? JSONValue(parsing: Array(value.utf8))
        {
            return .init(key, .object(members))
        }
        return .init(key, .text(value))
    }
}
