internal import Cryptography
internal import Storage

/// An access token about to be stored; only its hash is.
struct NewToken: Sendable {
    let text: String
    let createdAtUs: Int64
    let expiresAtUs: Int64

    var hash: [UInt8] { SHA256.digest(of: text) }

    func insert(_ transaction: borrowing Transaction, userID: String) throws {
        try transaction.run(
            Statements.insertToken, hash, userID, createdAtUs, expiresAtUs)
    }
}

/// An API key as its owner sees it later: never the key itself.
struct APIKey: Hashable, Sendable {
    let id: String
    let name: String
    /// The first characters of the key, to recognise it by.
    let prefix: String
    let scopes: Set<Scope>
    let createdAtUs: Int64
    let expiresAtUs: Int64?
}

extension GatewayStore {
    func addToken(_ token: NewToken, userID: String) async throws {
        try await database.write { transaction in
            try token.insert(transaction, userID: userID)
        }
    }

    /// Who a token or key belongs to, and until when; nil when it is unknown, over or revoked.
    func principal(hash: [UInt8], isKey: Bool) async throws -> (Principal, expiresAtUs: Int64)? {
        let now = nowUs
        return try await database.read { transaction in
            let statement = isKey ? Statements.keyOwner : Statements.tokenOwner
            return try transaction.first(statement, hash, now) { row in
                let scopes = isKey ? Self.scopes(try row.text(3)) : Set(Scope.allCases)
                return (
                    Principal(
                        userID: try row.text(0), isGuest: try row.text(1) == "guest",
                        scopes: scopes, tokenHash: isKey ? nil : hash),
                    expiresAtUs: try row.optionalInteger(2) ?? .max
                )
            }
        }
    }

    func removeToken(hash: [UInt8]) async throws {
        try await database.write { transaction in
            try transaction.run(Statements.deleteToken, hash)
        }
    }

    /// How many keys a user has that are not revoked.
    func addKey(_ key: APIKey, hash: [UInt8], userID: String, limit: Int64) async throws -> Bool {
        let scopes = Self.text(key.scopes)
        return try await database.write { transaction in
            let count =
                try transaction.first(Statements.keyCount, userID) { try $0.integer(0) } ?? 0
            guard count < limit else { return false }
            try transaction.run(
                Statements.insertKey, key.id, hash, userID, key.name, key.prefix, scopes,
                key.createdAtUs, key.expiresAtUs)
            return true
        }
    }

    func keys(userID: String) async throws -> [APIKey] {
        try await database.read { transaction in
            try transaction.all(Statements.keys, userID) { row in
                APIKey(
                    id: try row.text(0), name: try row.text(1), prefix: try row.text(2),
                    scopes: Self.scopes(try row.text(3)), createdAtUs: try row.integer(4),
                    expiresAtUs: try row.optionalInteger(5))
            }
        }
    }

    /// False when the user has no such key.
    func revokeKey(_ id: String, userID: String) async throws -> Bool {
        let now = nowUs
        return try await database.write { transaction in
            try transaction.change(Statements.revokeKey, now, id, userID) == 1
        }
    }

    private static func text(_ scopes: Set<Scope>) -> String {
        scopes.map(\.rawValue).sorted().joined(separator: " ")
    }

    private static func scopes(_ text: String) -> Set<Scope> {
        Set(text.split(separator: " ").compactMap { Scope(rawValue: String($0)) })
    }
}

private enum Statements {
    static let insertToken = Statement(
        """
        INSERT INTO tokens(hash, user_id, created_at_us, expires_at_us) VALUES(?, ?, ?, ?)
        ON CONFLICT(hash) DO NOTHING
        """)
    static let deleteToken = Statement("DELETE FROM tokens WHERE hash = ?")
    static let tokenOwner = Statement(
        """
        SELECT users.id, users.kind, tokens.expires_at_us FROM tokens
        JOIN users ON users.id = tokens.user_id
        WHERE tokens.hash = ? AND tokens.expires_at_us > ?
        """)
    static let keyOwner = Statement(
        """
        SELECT users.id, users.kind, api_keys.expires_at_us, api_keys.scopes FROM api_keys
        JOIN users ON users.id = api_keys.user_id
        WHERE api_keys.hash = ? AND coalesce(api_keys.expires_at_us, 9223372036854775807) > ?
          AND api_keys.revoked_at_us IS NULL
        """)
    static let keyCount = Statement(
        "SELECT count(*) FROM api_keys WHERE user_id = ? AND revoked_at_us IS NULL")
    static let insertKey = Statement(
        """
        INSERT INTO api_keys(id, hash, user_id, name, prefix, scopes, created_at_us, expires_at_us)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?)
        """)
    static let keys = Statement(
        """
        SELECT id, name, prefix, scopes, created_at_us, expires_at_us FROM api_keys
        WHERE user_id = ? AND revoked_at_us IS NULL ORDER BY created_at_us DESC, id LIMIT 100
        """)
    static let revokeKey = Statement(
        """
        UPDATE api_keys SET revoked_at_us = ?
        WHERE id = ? AND user_id = ? AND revoked_at_us IS NULL
        """)
}
