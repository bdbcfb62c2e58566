internal import ServiceRuntime
internal import Storage

/// A local identity.
struct User: Hashable, Sendable {
    let id: String
    let isGuest: Bool
    /// Nil for guests.
    let email: String?
    let name: String
    let createdAtUs: Int64
}

extension GatewayStore {
    enum UserFailure: Error, Hashable {
        case emailTaken
        /// The address prefix has had its guests for the day.
        case tooManyGuests
        /// The guest has become a member meanwhile.
        case notGuest
    }

    /// How many guests came from a prefix today.
    func guestCount(prefix: String) async throws -> Int64 {
        let day = nowUs / 86_400_000_000
        return try await database.read { transaction in
            try transaction.first(Statements.guestCount, prefix, day) { try $0.integer(0) } ?? 0
        }
    }

    /// Adds a guest with a token.
    /// - Parameter limit: Most guests a day of the prefix; nil = any number.
    func addGuest(
        _ user: User, token: NewToken, prefix: String, limit: Int64?
    ) async throws {
        let day = user.createdAtUs / 86_400_000_000
        try await database.write { transaction in
            if let limit {
                let count =
                    try transaction.first(Statements.countGuest, prefix, day) {
                        try $0.integer(0)
                    } ?? 0
                guard count <= limit else { throw UserFailure.tooManyGuests }
            }
            try transaction.run(Statements.insertGuest, user.id, user.name, user.createdAtUs)
            try token.insert(transaction, userID: user.id)
        }
    }

    /// Adds a member with a token. The same id again, by a repeated request, changes nothing but the
    /// token.
    func addMember(_ user: User, password: String, token: NewToken) async throws {
        try await database.write { transaction in
            try Self.checkFree(transaction, email: user.email, except: user.id)
            try transaction.run(
                Statements.insertMember, user.id, user.email, user.name, password,
                user.createdAtUs)
            try token.insert(transaction, userID: user.id)
        }
    }

    /// Turns a guest into a member: the id stays, and with it everything the guest made.
    func upgradeGuest(
        _ id: String, email: String, name: String, password: String, token: NewToken
    ) async throws {
        try await database.write { transaction in
            try Self.checkFree(transaction, email: email, except: id)
            let changed = try transaction.change(
                Statements.upgradeGuest, email, name, password, id)
            guard changed == 1 else { throw UserFailure.notGuest }
            try token.insert(transaction, userID: id)
        }
    }

    private static func checkFree(
        _ transaction: borrowing Transaction, email: String?, except id: String
    ) throws {
        let owner = try transaction.first(Statements.ownerOfEmail, email) { try $0.text(0) }
        guard owner == nil || owner == id else { throw UserFailure.emailTaken }
    }

    /// A user who signs in elsewhere, when known here.
    func externalUser(_ id: String) async throws -> User? {
        try await database.read { transaction in
            try transaction.first(Statements.externalUser, id, map: User.init)
        }
    }

    /// Adds a user who signs in elsewhere, or takes over a new name or email.
    func putExternalUser(_ user: User, issuer: String, subject: String) async throws {
        if let known = try await externalUser(user.id), known.email == user.email,
            known.name == user.name
        {
            return
        }
        try await database.write { transaction in
            try transaction.run(
                Statements.putExternalUser, user.id, user.email, user.name, issuer, subject,
                user.createdAtUs)
        }
    }

    func user(_ id: String) async throws -> User? {
        try await database.read { transaction in
            try transaction.first(Statements.user, id, map: User.init)
        }
    }

    /// The user of an email address and the hash of the password.
    func credentials(email: String) async throws -> (user: User, password: String)? {
        try await database.read { transaction in
            try transaction.first(Statements.credentials, email) { row in
                (try User(row), try row.text(5))
            }
        }
    }
}

extension User {
    fileprivate init(_ row: borrowing Row) throws {
        self.init(
            id: try row.text(0), isGuest: try row.text(1) == "guest",
            email: try row.optionalText(2), name: try row.text(3), createdAtUs: try row.integer(4))
    }
}

private enum Statements {
    static let guestCount = Statement(
        "SELECT count FROM guest_counts WHERE prefix = ? AND day = ?")
    static let countGuest = Statement(
        """
        INSERT INTO guest_counts(prefix, day, count) VALUES(?, ?, 1)
        ON CONFLICT(prefix, day) DO UPDATE SET count = count + 1 RETURNING count
        """)
    static let insertGuest = Statement(
        """
        INSERT INTO users(id, kind, name, created_at_us) VALUES(?, 'guest', ?, ?)
        ON CONFLICT(id) DO NOTHING
        """)
    static let insertMember = Statement(
        """
        INSERT INTO users(id, kind, email, name, password, created_at_us)
        VALUES(?, 'member', ?, ?, ?, ?) ON CONFLICT(id) DO NOTHING
        """)
    static let upgradeGuest = Statement(
        """
        UPDATE users SET kind = 'member', email = ?, name = ?, password = ?
        WHERE id = ? AND kind = 'guest'
        """)
    static let ownerOfEmail = Statement(
        "SELECT id FROM users WHERE email = ? AND kind = 'member'")
    static let externalUser = Statement(
        """
        SELECT id, kind, email, name, created_at_us FROM users WHERE id = ? AND kind = 'external'
        """)
    static let putExternalUser = Statement(
        """
        INSERT INTO users(id, kind, email, name, issuer, subject, created_at_us)
        VALUES(?, 'external', ?, ?, ?, ?, ?)
        ON CONFLICT(id) DO UPDATE SET email = excluded.email, name = excluded.name
        """)
    static let user = Statement(
        "SELECT id, kind, email, name, created_at_us FROM users WHERE id = ?")
    static let credentials = Statement(
        """
        SELECT id, kind, email, name, created_at_us, password FROM users
        WHERE email = ? AND kind = 'member'
        """)
}
