internal import Cryptography
internal import HTTP
internal import RPC
internal import ServiceAPI
internal import ServiceRuntime

/// Local identity: guests, members, tokens.
struct AuthRoutes: Sendable {
    let tools: RouteTools

    var routes: [Route] {
        [
            Route(
                method: "POST", template: "/api/auth/guest", operationID: "createGuest",
                summary: "Come in without an account; credits to begin with are given once.",
                tag: "Identity", access: .open, rate: .write, body: .json("EmptyRequest"),
                answers: [201: .json("TokenAnswer")], problems: [403]
            ) { context in try await guest(context) },
            Route(
                method: "POST", template: "/api/auth/signup", operationID: "signUp",
                summary: "Make an account; with a guest's token, its work stays.",
                tag: "Identity", access: .optional, rate: .write, body: .json("SignUpRequest"),
                answers: [201: .json("TokenAnswer")], problems: [403, 409]
            ) { context in try await signUp(context) },
            Route(
                method: "POST", template: "/api/auth/login", operationID: "logIn",
                summary: "Sign in with email and password.", tag: "Identity", access: .open,
                rate: .write, body: .json("LogInRequest"), answers: [200: .json("TokenAnswer")],
                problems: [401, 403]
            ) { context in try await logIn(context) },
            Route(
                method: "POST", template: "/api/auth/logout", operationID: "logOut",
                summary: "Revoke the token that asks.", tag: "Identity", access: .account,
                rate: .write, body: .json("EmptyRequest"), answers: [204: .empty]
            ) { context in
                var fields = try FieldReader(context.request)
                try fields.finish()
                if let hash = context.principal?.tokenHash {
                    try await tools.store.removeToken(hash: hash)
                }
                tools.authentication.forget(userID: context.userID)
                return HTTPResponse(status: 204)
            },
            Route(
                method: "GET", template: "/api/auth/me", operationID: "getMe",
                summary: "Who asks, and the credit balance.", tag: "Identity",
                answers: [200: .json("MeAnswer")]
            ) { context in
                async let balance = tools.backends.credits.getBalance(
                    .init(userID: context.userID), context.call())
                guard let user = try await tools.store.user(context.userID) else {
                    throw Problem.unauthenticated
                }
                let credits = try await balance
                return jsonResponse { object in
                    object.object("user") { Self.write(&$0, user) }
                    object.object("credits") { CreditRoutes.write(&$0, credits) }
                }
            },
        ]
    }

    // MARK: Coming in

    /// With outside sign-in, nobody signs in here.
    private func requireLocalIdentity() throws {
        guard tools.authentication.isLocal else {
            throw Problem(
                403, "FORBIDDEN",
                "Sign in with the identity service of this installation and send its token.")
        }
    }

    private func guest(_ context: RequestContext) async throws -> HTTPResponse {
        try requireLocalIdentity()
        var fields = try FieldReader(context.request)
        try fields.finish()
        let prefix = RateLimits.prefix(of: context.request.peer)
        let limit = context.request.isPeerLoopback ? nil : Int64(tools.configuration.guestsPerDay)
        if let limit, try await tools.store.guestCount(prefix: prefix) >= limit {
            throw Self.tooManyGuests(tools.time.now)
        }
        let user = User(
            id: newUserID(context), isGuest: true, email: nil, name: "Guest",
            createdAtUs: tools.store.nowUs)
        try await openAccount(user.id, context)
        let token = newToken(context)
        do {
            try await tools.store.addGuest(user, token: token, prefix: prefix, limit: limit)
        } catch GatewayStore.UserFailure.tooManyGuests {
            throw Self.tooManyGuests(tools.time.now)
        }
        return answer(user, token)
    }

    private static func tooManyGuests(_ now: Timestamp) -> Problem {
        let left = 86_400 - now.microseconds / 1_000_000 % 86_400
        return Problem(
            429, "GUEST_LIMIT_REACHED",
            "This network has had its guests for today; sign up instead.",
            retryAfter: .seconds(left))
    }

    private func signUp(_ context: RequestContext) async throws -> HTTPResponse {
        try requireLocalIdentity()
        var fields = try FieldReader(context.request)
        let email = Self.email(&fields)
        let password = Self.password(&fields, isNew: true)
        let name = fields.optionalText("name", 1...100)
        try fields.finish()
        let hash = try await tools.passwords.run { try PasswordHash().encode(password) }
        let token = newToken(context)
        let user: User
        do {
            if let principal = context.principal {
                guard principal.isGuest else {
                    throw Problem(409, "ALREADY_MEMBER", "This account has signed up already.")
                }
                let guest = try await tools.store.user(principal.userID)
                user = User(
                    id: principal.userID, isGuest: false, email: email,
                    name: name ?? Self.name(email),
                    createdAtUs: guest?.createdAtUs ?? tools.store.nowUs)
                try await tools.store.upgradeGuest(
                    user.id, email: email, name: user.name, password: hash, token: token)
                tools.authentication.forget(userID: user.id)
            } else {
                user = User(
                    id: newUserID(context), isGuest: false, email: email,
                    name: name ?? Self.name(email), createdAtUs: tools.store.nowUs)
                try await openAccount(user.id, context)
                try await tools.store.addMember(user, password: hash, token: token)
            }
        } catch GatewayStore.UserFailure.emailTaken {
            throw Problem(409, "EMAIL_TAKEN", "There is an account with this email; sign in.")
        } catch GatewayStore.UserFailure.notGuest {
            throw Problem(409, "ALREADY_MEMBER", "This account has signed up already.")
        }
        return answer(user, token)
    }

    private func logIn(_ context: RequestContext) async throws -> HTTPResponse {
        try requireLocalIdentity()
        var fields = try FieldReader(context.request)
        let email = Self.email(&fields)
        let password = Self.password(&fields, isNew: false)
        try fields.finish()
        let caller = RateLimits.prefix(of: context.request.peer)
        if let spent = tools.rateLimits.take(.authentication, caller: caller, cost: 0),
            !spent.isAllowed
        {
            throw Problem(
                429, "RATE_LIMITED", "Too many failed attempts; try again later.",
                isRetryable: true, retryAfter: spent.wait)
        }
        let found = try await tools.store.credentials(email: email)
        // An unknown address takes as long as a wrong password.
        let stored = found?.password ?? Self.nobodysPassword
        let isValid = try await tools.passwords.run { PasswordHash.isValid(password, for: stored) }
        guard let found, isValid else {
            _ = tools.rateLimits.take(.authentication, caller: caller)
            var problem = Problem.unauthenticated
            problem.detail = "The email or the password is wrong."
            throw problem
        }
        let token = newToken(context)
        try await tools.store.addToken(token, userID: found.user.id)
        return answer(found.user, token, status: 200)
    }

    /// A hash that no password has, at the usual cost.
    private static let nobodysPassword =
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA"
        + "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

    // MARK: Parts

    /// The wallet comes first: a user without one could not do anything.
    private func openAccount(_ userID: String, _ context: RequestContext) async throws {
        var options = context.call()
        options.metadata.userID = userID
        _ = try await tools.backends.credits.openAccount(.init(userID: userID), options)
    }

    /// The same id for the same idempotency key: a repeated request makes no second user.
    private func newUserID(_ context: RequestContext) -> String {
        guard let secret = context.repeatableSecret else { return tools.newID("usr") }
        return Identifier.text("usr", Array(SHA256.digest(of: "user \(secret)").prefix(16)))
    }

    private func newToken(_ context: RequestContext) -> NewToken {
        let now = tools.store.nowUs
        let secret = context.repeatableSecret ?? SecureRandom.token()
        return NewToken(
            text: Authentication.tokenPrefix + secret, createdAtUs: now,
            expiresAtUs: now + tools.configuration.tokenLifetime.microseconds)
    }

    private func answer(_ user: User, _ token: NewToken, status: Int = 201) -> HTTPResponse {
        jsonResponse(status) { object in
            object.text("token", token.text)
            object.text("expiresAt", Timestamp(microseconds: token.expiresAtUs).rfc3339)
            object.object("user") { Self.write(&$0, user) }
        }
    }

    private static func write(_ object: inout JSONWriter.Members, _ user: User) {
        object.text("id", user.id)
        object.text("kind", user.isGuest ? "guest" : "member")
        if let email = user.email { object.text("email", email) } else { object.null("email") }
        object.text("name", user.name)
        object.text("createdAt", Timestamp(microseconds: user.createdAtUs).rfc3339)
    }

    /// Lower-cased, so that one address is one account.
    private static func email(_ fields: inout FieldReader) -> String {
        let email = fields.text("email", 3...254).lowercased()
        let parts = email.split(separator: "@", omittingEmptySubsequences: false)
        let isPlausible =
            parts.count == 2 && !parts[0].isEmpty && parts[1].contains(".")
            && !parts[1].hasPrefix(".") && !parts[1].hasSuffix(".")
            && email.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
        if !isPlausible, !email.isEmpty {
            fields.report("email", "characters", "It is no email address.")
        }
        return email
    }

    private static func password(_ fields: inout FieldReader, isNew: Bool) -> String {
        fields.secret("password", isNew ? 8...200 : 1...200)
    }

    private static func name(_ email: String) -> String {
        String(email.prefix { $0 != "@" })
    }
}
