internal import HTTP
internal import RPC
internal import ServiceRuntime

/// What a route knows about the request it answers.
struct RequestContext: Sendable {
    let request: HTTPRequest
    /// Path parameters in the order of the template.
    let parameters: [String]
    let requestID: String
    let traceparent: String?
    /// Nil only on routes that are open to anyone.
    let principal: Principal?
    /// The caller's Idempotency-Key; nil when there is none.
    let idempotencyKey: String?
    let operationID: String
    /// `?dryRun=true`: everything is checked and nothing happens.
    var isDryRun = false
    /// A secret that repeats for the same idempotency key; see ``IdempotencyKeys``.
    let repeatableSecret: String?

    var userID: String { principal?.userID ?? "" }

    /// Options of a call made for this request.
    func call(_ budget: Duration = .seconds(5)) -> CallOptions {
        CallOptions(
            timeout: budget,
            metadata: CallMetadata(
                traceparent: traceparent, userID: principal?.userID, requestID: requestID))
    }

    /// Options of a command: the caller's key, kept apart from the same key on another route.
    func command(_ budget: Duration = .seconds(5)) -> CallOptions {
        var options = call(budget)
        options.metadata.idempotencyKey = idempotencyKey.map { "\(operationID):\($0)" }
        return options
    }

    /// Whether the caller asked not to wait: `Prefer: respond-async` (RFC 7240).
    var prefersAsync: Bool {
        guard let prefer = request.headers["Prefer"] else { return false }
        return prefer.split(separator: ",").contains {
            $0.prefix { $0 != ";" }.trimmed.isEqualIgnoringCase("respond-async")
        }
    }

    /// A whole number of the query.
    /// - Throws: 422 when it is none or out of range.
    func queryInteger<I: FixedWidthInteger>(
        _ name: String, in range: ClosedRange<I>, default fallback: I
    ) throws -> I {
        guard request.queryCount(name) > 0 else { return fallback }
        guard let value = I(try queryText(name) ?? ""), range.contains(value) else {
            throw Problem.validation([
                FieldFault(
                    field: name, code: "range",
                    detail: "It must be \(range.lowerBound) to \(range.upperBound).")
            ])
        }
        return value
    }

    /// One of some words of the query; empty when it is absent.
    /// - Throws: 422 when it is none of them.
    func queryChoice(_ name: String, _ values: [String]) throws -> String {
        guard let text = try queryText(name) else { return "" }
        guard values.contains(text) else {
            throw Problem.validation([
                FieldFault(
                    field: name, code: "choice",
                    detail: "It must be one of \(values.joined(separator: ", ")).")
            ])
        }
        return text
    }

    /// A time of the query in microseconds since 1970; 0 when it is absent.
    /// - Throws: 422 when it is none.
    func queryTime(_ name: String) throws -> Int64 {
        guard let text = try queryText(name) else { return 0 }
        guard let time = Timestamp(rfc3339: text), time.microseconds > 0 else {
            throw Problem.validation([
                FieldFault(field: name, code: "format", detail: "It must be an RFC 3339 time.")
            ])
        }
        return time.microseconds
    }

    /// A text of the query; nil when it is absent or empty.
    func queryText(_ name: String) throws -> String? {
        switch request.queryCount(name) {
        case 0: return nil
        case 1: break
        default:
            throw Problem.validation([
                FieldFault(field: name, code: "repeated", detail: "It may be given once.")
            ])
        }
        guard let text = request.queryValue(name), text.utf8.count <= 512,
            text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else {
            throw Problem.validation([
                FieldFault(field: name, code: "characters", detail: "It is not a plain text.")
            ])
        }
        return text.isEmpty ? nil : text
    }
}

/// Who asks.
struct Principal: Hashable, Sendable {
    let userID: String
    let isGuest: Bool
    let scopes: Set<Scope>
    /// The SHA-256 of the token; nil for API keys and signed links.
    let tokenHash: [UInt8]?
}

/// An answer with a JSON body.
func jsonResponse(
    _ status: Int = 200, _ body: (inout JSONWriter.Members) -> Void
) -> HTTPResponse {
    var writer = JSONWriter()
    writer.object(body)
    return HTTPResponse(
        status: status, headers: ["Content-Type": "application/json"], body: .bytes(writer.bytes))
}
