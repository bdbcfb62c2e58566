internal import Cryptography
internal import ServiceRuntime
internal import Storage

/// What the gateway keeps: users, their tokens and keys, and the answers given to idempotency keys.
struct GatewayStore: Sendable {
    let database: Database
    let time: any TimeSource

    static let migrations = [
        Migration(1, "create_tables", PackageResources._001_create_tables_sql)
    ]

    var nowUs: Int64 { time.now.microseconds }

    /// A key of 32 bytes that lasts as long as the store; made on first use.
    func secret(_ name: String) async throws -> [UInt8] {
        let fresh = SecureRandom.bytes(32)
        return try await database.write { transaction in
            try transaction.run(Statements.insertSecret, name, fresh)
            return try transaction.first(Statements.secret, name) { try $0.bytes(0) } ?? fresh
        }
    }

    /// Removes what has run out.
    func sweep(idempotencyKept: Duration) async throws {
        let now = nowUs
        try await database.write { transaction in
            try transaction.run(Statements.deleteExpiredTokens, now)
            try transaction.run(
                Statements.deleteOldAnswers, now - idempotencyKept.microseconds)
            try transaction.run(Statements.deleteOldGuestCounts, now / 86_400_000_000 - 2)
        }
    }

    /// A tiny real write, for readiness.
    func probe() async throws {
        let now = nowUs
        try await database.write { transaction in
            try transaction.run(Statements.deleteExpiredTokens, now)
        }
    }
}

private enum Statements {
    static let insertSecret = Statement(
        "INSERT INTO secrets(name, value) VALUES(?, ?) ON CONFLICT DO NOTHING")
    static let secret = Statement("SELECT value FROM secrets WHERE name = ?")
    static let deleteExpiredTokens = Statement("DELETE FROM tokens WHERE expires_at_us <= ?")
    static let deleteOldAnswers = Statement("DELETE FROM idempotency WHERE created_at_us <= ?")
    static let deleteOldGuestCounts = Statement("DELETE FROM guest_counts WHERE day < ?")
}
