internal import HTTP
internal import ServiceRuntime

/// An answer that says what went wrong (RFC 9457).
struct Problem: Error, Hashable, Sendable {
    var status: Int
    /// Upper-case, for programs.
    var code: String
    /// One sentence for people.
    var detail: String
    var isRetryable: Bool
    var details: [JSONValue.Member]
    var retryAfter: Duration?
    var headers: HTTPHeaders

    init(
        _ status: Int, _ code: String, _ detail: String, isRetryable: Bool = false,
        details: [JSONValue.Member] = [], retryAfter: Duration? = nil, headers: HTTPHeaders = [:]
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.isRetryable = isRetryable
        self.details = details
        self.retryAfter = retryAfter
        self.headers = headers
    }

    /// "Insufficient credits" for INSUFFICIENT_CREDITS.
    var title: String {
        let words = code.lowercased().split(separator: "_").joined(separator: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }

    func response(requestID: String, instance: String) -> HTTPResponse {
        var writer = JSONWriter(capacity: 512)
        writer.object { object in
            object.text("type", "/docs#\(code)")
            object.text("title", title)
            object.integer("status", status)
            object.text("detail", detail)
            object.text("instance", instance)
            object.text("code", code)
            object.text("requestId", requestID)
            object.flag("retryable", isRetryable)
            object.value("details", .object(details))
        }
        var response = HTTPResponse(
            status: status, headers: ["Content-Type": "application/problem+json"],
            body: .bytes(writer.bytes))
        for field in headers.fields { response.headers.append(field.name, field.value) }
        if let retryAfter {
            let seconds = max(1, (retryAfter.millisecondsRoundedUp + 999) / 1000)
            response.headers.set("Retry-After", String(seconds))
        }
        return response
    }
}

extension Problem {
    static let unauthenticated = Problem(
        401, "UNAUTHENTICATED", "Sign in first: the access token is missing or no longer valid.",
        headers: ["WWW-Authenticate": "Bearer"])

    static func notFound(_ what: String) -> Problem {
        Problem(404, "NOT_FOUND", "There is no \(what).")
    }

    /// One or more fields are wrong: INVALID_AMOUNT when it is only amounts of credits.
    static func validation(_ fields: [FieldFault]) -> Problem {
        let names = fields.prefix(3).map(\.field).joined(separator: ", ")
        let isAmount = !fields.isEmpty && fields.allSatisfy { $0.code == FieldFault.amount }
        return Problem(
            422, isAmount ? "INVALID_AMOUNT" : "VALIDATION_FAILED",
            "These fields are not as they should be: \(names).",
            details: [
                .init(
                    "fields",
                    .array(
                        fields.map {
                            [
                                "field": .text($0.field), "code": .text($0.code),
                                "detail": .text($0.detail),
                            ]
                        }))
            ])
    }
}

/// What is wrong with one field of a request.
struct FieldFault: Hashable, Sendable {
    let field: String
    /// A number that is no amount of credits.
    static let amount = "amount"

    /// missing, type, unknown, range, choice, characters, amount
    let code: String
    let detail: String
}
