internal import Cryptography
internal import HTTP
internal import ServiceRuntime

/// Answers a repeated POST with the first answer.
///
/// A key is scoped to the user and the route. Final answers are stored; 402, 408, 429 and 5xx never
/// are, so that the same key can succeed later. What is in flight when the process dies is taken
/// over after a lease, and the services below answer the same key with the same operation.
///
/// Answers that carry an access token are stored without it: the token is derived from the key and
/// a secret of the store, so that the repeated answer has the same one although nobody kept it.
struct IdempotencyKeys: Sendable {
    /// How long an answer can be repeated.
    let kept: Duration
    private let store: GatewayStore
    private let secret: [UInt8]
    private static let lease = Duration.seconds(150)
    /// A route repeats its answer only up to this size; larger ones are not stored.
    private static let bodyBytesMax = 1 << 20
    private static let secretMark = Array("\u{1}secret\u{1}".utf8)

    init(store: GatewayStore, secret: [UInt8], kept: Duration) {
        self.store = store
        self.secret = secret
        self.kept = kept
    }

    /// The request's key; nil when it has none.
    /// - Throws: 400 when it is not 1 to 255 visible ASCII characters.
    func key(of request: HTTPRequest) throws -> String? {
        guard let key = request.headers["Idempotency-Key"] else { return nil }
        guard request.headers.count(of: "Idempotency-Key") == 1,
            (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw Problem(
                400, "IDEMPOTENCY_KEY_INVALID",
                "An Idempotency-Key has 1 to 255 visible ASCII characters.")
        }
        return key
    }

    /// Where a key counts: for one user, or for one address before there is a user.
    func scope(principal: Principal?, peer: String, operationID: String) -> String {
        "\(principal?.userID ?? "address:\(peer)") \(operationID)"
    }

    /// 32 secret bytes in base64url that are the same for the same key.
    func repeatableSecret(scope: String, key: String) -> String {
        Base64URL.encode(
            HMACSHA256.code(key: secret, message: Array("\(scope) \(key)".utf8)))
    }

    /// Runs `body` unless the key has been answered.
    func run(
        scope: String, key: String, request: HTTPRequest,
        _ body: () async -> HTTPResponse
    ) async throws -> HTTPResponse {
        let state = try await store.beginKey(
            scope: scope, key: key, fingerprint: Self.fingerprint(request),
            leaseUs: Self.lease.microseconds, keptUs: kept.microseconds)
        let token = repeatableSecret(scope: scope, key: key)
        switch state {
        case .begun:
            let response = await body()
            await settle(response, scope: scope, key: key, token: token)
            return response
        case .running:
            throw Problem(
                409, "IDEMPOTENCY_IN_PROGRESS", "A request with this key is still running.",
                isRetryable: true, retryAfter: .seconds(1))
        case .reused:
            throw Problem(
                422, "IDEMPOTENCY_KEY_REUSED", "This key belongs to a different request.")
        case .answered(let status, let headers, let body):
            return Self.replay(status: status, headers: headers, body: body, token: token)
        }
    }

    /// Stores a final answer; frees the key otherwise. A store that fails leaves the key to its
    /// lease, after which the services below still answer it once.
    private func settle(
        _ response: HTTPResponse, scope: String, key: String, token: String
    ) async {
        guard case .bytes(let body) = response.body, Self.isFinal(response),
            body.count <= Self.bodyBytesMax
        else {
            try? await store.forgetKey(scope: scope, key: key)
            return
        }
        let headers = response.headers.fields
            .filter { Self.isKept($0.name) }
            .map { "\($0.name): \($0.value)" }.joined(separator: "\n")
        let stored = Self.replacing(Array(token.utf8), by: Self.secretMark, in: body)
        try? await store.finishKey(
            scope: scope, key: key, status: response.status, headers: headers, body: stored)
    }

    private static func replay(
        status: Int, headers: String, body: [UInt8], token: String
    ) -> HTTPResponse {
        var fields: HTTPHeaders = [:]
        for line in headers.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields.append(
                String(line[..<colon]), String(line[line.index(after: colon)...]).trimmed)
        }
        fields.set("Idempotency-Replayed", "true")
        return HTTPResponse(
            status: status, headers: fields,
            body: .bytes(replacing(secretMark, by: Array(token.utf8), in: body)))
    }

    /// Whether the same request would be answered the same for ever. A request that was refused for
    /// its form, before anything was decided, frees its key for the corrected one.
    private static func isFinal(_ response: HTTPResponse) -> Bool {
        switch response.status {
        case 200..<300, 403, 404, 410: true
        case 409: response.headers["Retry-After"] == nil
        default: false
        }
    }

    private static func isKept(_ name: String) -> Bool {
        ["content-type", "location", "preference-applied"].contains(name.lowercased())
    }

    private static func fingerprint(_ request: HTTPRequest) -> [UInt8] {
        var hash = SHA256()
        hash.update("\(request.method) \(request.path)\n")
        hash.update(request.body)
        return hash.finish()
    }

    private static func replacing(
        _ target: [UInt8], by replacement: [UInt8], in bytes: [UInt8]
    ) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == target[0], bytes.count - index >= target.count,
                bytes[index..<(index + target.count)].elementsEqual(target)
            {
                result += replacement
                index += target.count
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }
}
