internal import Storage

extension GatewayStore {
    /// What is known of an idempotency key.
    enum KeyState: Hashable, Sendable {
        /// The caller goes on, and must end with ``finishKey`` or ``forgetKey``.
        case begun
        case running
        case reused
        case answered(status: Int, headers: String, body: [UInt8])
    }

    /// Claims a key. A claim whose holder died is taken over when its lease is over.
    func beginKey(
        scope: String, key: String, fingerprint: [UInt8], leaseUs: Int64, keptUs: Int64
    ) async throws -> KeyState {
        let now = nowUs
        return try await database.write { transaction in
            try transaction.run(Statements.deleteIfOld, scope, key, now - keptUs)
            let isNew = try transaction.change(
                Statements.begin, scope, key, fingerprint, now + leaseUs, now)
            if isNew == 1 { return .begun }
            let found = try transaction.first(Statements.find, scope, key) { row in
                (
                    fingerprint: try row.bytes(0), status: Int(try row.integer(1)),
                    headers: try row.text(2), body: try row.bytes(3),
                    leaseUntilUs: try row.integer(4)
                )
            }
            guard let found else { return .running }
            guard found.fingerprint == fingerprint else { return .reused }
            if found.status != 0 {
                return .answered(status: found.status, headers: found.headers, body: found.body)
            }
            guard found.leaseUntilUs <= now else { return .running }
            try transaction.run(Statements.renew, now + leaseUs, scope, key)
            return .begun
        }
    }

    func finishKey(
        scope: String, key: String, status: Int, headers: String, body: [UInt8]
    ) async throws {
        try await database.write { transaction in
            try transaction.run(Statements.finish, status, headers, body, scope, key)
        }
    }

    /// The key may be used again as if it had never been.
    func forgetKey(scope: String, key: String) async throws {
        try await database.write { transaction in
            try transaction.run(Statements.forget, scope, key)
        }
    }
}

private enum Statements {
    static let deleteIfOld = Statement(
        "DELETE FROM idempotency WHERE scope = ? AND key = ? AND created_at_us <= ?")
    static let begin = Statement(
        """
        INSERT INTO idempotency(
            scope, key, fingerprint, status, headers, body, lease_until_us, created_at_us)
        VALUES(?, ?, ?, 0, '', x'', ?, ?) ON CONFLICT DO NOTHING
        """)
    static let find = Statement(
        """
        SELECT fingerprint, status, headers, body, lease_until_us FROM idempotency
        WHERE scope = ? AND key = ?
        """)
    static let renew = Statement(
        "UPDATE idempotency SET lease_until_us = ? WHERE scope = ? AND key = ? AND status = 0")
    static let finish = Statement(
        """
        UPDATE idempotency SET status = ?, headers = ?, body = ?
        WHERE scope = ? AND key = ? AND status = 0
        """)
    static let forget = Statement(
        "DELETE FROM idempotency WHERE scope = ? AND key = ? AND status = 0")
}
