internal import Cryptography
internal import HTTP
internal import HTTPOutbound
internal import RPC
internal import ServiceAPI
internal import ServiceRuntime

/// Accepts the tokens of the configured issuers in place of tokens of our own.
struct ExternalIdentity: Sendable {
    private let issuers: [Issuer]
    private let keys: [String: KeySet]
    private let store: GatewayStore
    private let backends: Backends
    private let time: any TimeSource
    private let logger: Logger

    init(
        issuers: [Issuer], client: HTTPClient?, store: GatewayStore, backends: Backends,
        time: any TimeSource, logger: Logger
    ) {
        let fetch = Self.fetch(client)
        self.issuers = issuers
        self.store = store
        self.backends = backends
        self.time = time
        self.logger = logger
        keys = Dictionary(
            uniqueKeysWithValues: issuers.map {
                ($0.name, KeySet(issuer: $0, fetch: fetch, time: time, logger: logger))
            })
    }

    /// Whether people sign in elsewhere.
    var isOn: Bool { !issuers.isEmpty }

    /// Whether a token looks like an issuer's: three parts.
    static func isExternal(_ token: String) -> Bool { token.utf8.count { $0 == 0x2E } == 2 }

    /// Who a token belongs to, and until when in seconds since 1970. A user who comes for the first
    /// time gets an account.
    /// - Throws: 401 for a token that is not valid, 503 while the issuer's keys cannot be had.
    func principal(_ token: String) async throws -> (Principal, expiresAt: Double) {
        let (issuer, claims) = try await claims(token)
        // Two issuers never share a user, whatever they call theirs.
        let digest = SHA256.digest(of: "\(issuer.name)\n\(claims.subject)")
        let user = User(
            id: Identifier.text("usr", Array(digest.prefix(16))), isGuest: false,
            email: claims.email, name: claims.name ?? claims.email ?? "Member",
            createdAtUs: store.nowUs)
        if try await store.externalUser(user.id) == nil {
            _ = try await backends.credits.openAccount(
                .init(userID: user.id),
                CallOptions(timeout: .seconds(5), metadata: CallMetadata(userID: user.id)))
        }
        try await store.putExternalUser(user, issuer: issuer.name, subject: claims.subject)
        return (
            Principal(
                userID: user.id, isGuest: false, scopes: Set(Scope.allCases),
                tokenHash: SHA256.digest(of: token)), claims.expiresAt
        )
    }

    private func claims(_ token: String) async throws -> (Issuer, JSONWebToken.Claims) {
        do {
            let parsed = try JSONWebToken(token)
            guard let issuer = issuers.first(where: { $0.name == parsed.issuer }) else {
                throw JSONWebToken.Rejection.foreignIssuer
            }
            guard parsed.algorithm == issuer.algorithm.rawValue else {
                throw JSONWebToken.Rejection.algorithm
            }
            guard let key = try await keys[issuer.name]?.key(parsed.keyID) else {
                throw JSONWebToken.Rejection.unknownKey
            }
            return (issuer, try parsed.claims(issuer: issuer, key: key, now: time.now))
        } catch let rejection as JSONWebToken.Rejection {
            logger.info("token.rejected", "", ["reason": .text("\(rejection)")])
            throw Problem.unauthenticated
        } catch is KeySet.Unreachable {
            throw Problem(
                503, "UNAVAILABLE", "Sign-in cannot be checked at the moment; try again soon.",
                isRetryable: true, retryAfter: .seconds(10))
        }
    }

    /// Fetches key sets over the network: at most 256 KiB, within 10 s, kept as `max-age` says.
    private static func fetch(_ client: HTTPClient?) -> KeySet.Fetch {
        { url in
            guard let client else { throw KeySet.Unreachable() }
            let response = try await client.send(
                HTTPClient.Request("GET", url, timeout: .seconds(10), bodyBytesMax: 256 << 10))
            guard response.status == 200 else {
                throw HTTPClientError.failed("status \(response.status)")
            }
            return (response.body, maxAge(response.headers["Cache-Control"]) ?? .seconds(600))
        }
    }

    private static func maxAge(_ field: String?) -> Duration? {
        for part in (field ?? "").split(separator: ",") {
            let words = part.split(separator: "=", maxSplits: 1)
            if words.count == 2, String(words[0]).trimmed.isEqualIgnoringCase("max-age"),
                let seconds = Int64(words[1].trimmed)
            {
                return .seconds(max(0, seconds))
            }
        }
        return nil
    }
}
