internal import Cryptography
internal import HTTP
internal import ServiceRuntime

/// Finds out who asks.
///
/// Tokens that were seen lately are remembered for a few seconds, so that reading a balance costs
/// no look-up; a token that is revoked here is forgotten at once.
struct Authentication: Sendable {
    private struct Known {
        let principal: Principal
        let until: Instant
    }

    static let tokenPrefix = "cvt_"
    static let keyPrefix = "cvk_"
    private static let knownMax = 10_000
    private static let rememberedFor = Duration.seconds(15)

    private let store: GatewayStore
    private let external: ExternalIdentity
    /// By the whole field, so that a request costs one look-up and no new text.
    private let known = Lock<[String: Known]>([:])

    init(store: GatewayStore, external: ExternalIdentity) {
        self.store = store
        self.external = external
    }

    /// Whether people come in with tokens of this gateway's own.
    var isLocal: Bool { !external.isOn }

    /// The principal of the request's token; nil when it has none.
    /// - Throws: 401 for a token that is not valid.
    nonisolated(nonsending) func principal(_ request: HTTPRequest) async throws -> Principal? {
        guard let field = request.headers["Authorization"] else { return nil }
        guard request.headers.count(of: "Authorization") == 1 else {
            throw Problem.unauthenticated
        }
        let now = store.time.instant
        if let found = known.withLock({ $0[field] }), found.until > now { return found.principal }
        return try await lookUp(field, now)
    }

    private func lookUp(_ field: String, _ now: Instant) async throws -> Principal {
        guard let token = Self.bearer(field) else { throw Problem.unauthenticated }
        let isKey = token.hasPrefix(Self.keyPrefix)
        let principal: Principal
        let left: Duration
        if external.isOn, ExternalIdentity.isExternal(token) {
            let (found, expiresAt) = try await external.principal(token)
            principal = found
            left = .milliseconds(Int64(expiresAt * 1000) - store.nowUs / 1000)
        } else {
            guard isKey || (isLocal && token.hasPrefix(Self.tokenPrefix)),
                token.utf8.count <= 128,
                let (found, expiresAtUs) = try await store.principal(
                    hash: SHA256.digest(of: token), isKey: isKey)
            else { throw Problem.unauthenticated }
            principal = found
            left = .microseconds(min(expiresAtUs - store.nowUs, 1 << 50))
        }
        let entry = Known(principal: principal, until: now + min(Self.rememberedFor, left))
        known.withLock { known in
            if known.count >= Self.knownMax { known.removeAll(keepingCapacity: true) }
            known[field] = entry
        }
        return principal
    }

    /// Forgets what is remembered of a user, after a change of tokens or keys.
    func forget(userID: String) {
        known.withLock { known in
            known = known.filter { $0.value.principal.userID != userID }
        }
    }

    private static func bearer(_ field: String) -> String? {
        let parts = field.utf8.split(separator: 0x20, maxSplits: 1)
        guard parts.count == 2, String(Substring(parts[0])).isEqualIgnoringCase("Bearer") else {
            return nil
        }
        let token = String(Substring(parts[1]))
        return token.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } ? token : nil
    }
}
