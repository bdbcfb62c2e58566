internal import HTTP

/// One public operation: how it is asked for, who may ask, and what it answers.
///
/// The router, the rate limits, the OpenAPI document and `/docs` are all made from these values, so
/// that none can know a route that the others do not.
struct Route: Sendable {
    enum Access: Hashable, Sendable {
        /// Anyone.
        case open
        /// Anyone; a token that is given must be valid.
        case optional
        /// Whoever has a token or an API key with this scope.
        case scope(Scope)
        /// Only a token that came from signing in.
        case account
        /// A token, or a link that this service signed.
        case link
    }

    enum Body: Hashable, Sendable {
        case none
        /// A JSON object that the named schema describes. An empty body reads as `{}`.
        case json(String)
        /// Bytes of one of these content types, collected and handed over as they came.
        case raw(types: [String], limitBytes: Int)
        /// Raw bytes of one of these content types, streamed.
        case bytes(types: [String], limitBytes: Int)
    }

    struct Query: Sendable {
        let name: String
        let summary: String
        let schema: JSONValue
    }

    /// What an answer of one status carries.
    enum Answer: Hashable, Sendable {
        case json(String)
        /// One of these schemas.
        case either([String])
        /// A file: comma-separated values, or JSON that the named schema describes.
        case export(String)
        case bytes([String])
        case events
        case html
        case empty
    }

    let method: String
    /// "/api/operations/{id}"
    let template: String
    /// Names the route in the document, in metrics and in idempotency scopes.
    let operationID: String
    let summary: String
    let tag: String
    var access: Access = .scope(.read)
    var rate: RateClass = .read
    var body: Body = .none
    var query: [Query] = []
    var answers: [Int: Answer]
    /// Problem statuses beside those that every route has.
    var problems: [Int] = []
    let handle: nonisolated(nonsending) @Sendable (RequestContext) async throws -> HTTPResponse

    /// The segments between slashes; nil stands for a parameter.
    var segments: [String?] {
        template.split(separator: "/").map { $0.hasPrefix("{") ? nil : String($0) }
    }

    /// Whether it can be asked to check everything and do nothing.
    var canRunDry: Bool { query.contains { $0.name == Query.dryRunName } }

    var parameterNames: [String] {
        template.split(separator: "/").filter { $0.hasPrefix("{") }.map {
            String($0.dropFirst().dropLast())
        }
    }
}

/// What a token or key allows.
enum Scope: String, CaseIterable, Hashable, Sendable {
    case read, write
}
