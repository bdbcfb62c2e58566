internal import Cryptography
internal import HTTP
internal import ServiceRuntime

/// API keys: for programs, with scopes, shown once.
struct APIKeyRoutes: Sendable {
    private static let keysMax: Int64 = 50

    let tools: RouteTools

    var routes: [Route] {
        [
            Route(
                method: "POST", template: "/api/auth/keys", operationID: "createKey",
                summary: "Make an API key. It is shown this once.", tag: "Identity",
                access: .account, rate: .write, body: .json("KeyRequest"),
                answers: [201: .json("NewKeyAnswer")], problems: [409]
            ) { context in try await create(context) },
            Route(
                method: "GET", template: "/api/auth/keys", operationID: "listKeys",
                summary: "The caller's API keys, without the keys themselves.", tag: "Identity",
                access: .account, answers: [200: .json("KeysAnswer")]
            ) { context in
                let keys = try await tools.store.keys(userID: context.userID)
                return jsonResponse { object in
                    object.array("keys", keys) { writer, key in
                        writer.object { Self.write(&$0, key) }
                    }
                }
            },
            Route(
                method: "DELETE", template: "/api/auth/keys/{id}", operationID: "revokeKey",
                summary: "Revoke an API key.", tag: "Identity", access: .account, rate: .write,
                answers: [204: .empty], problems: [404]
            ) { context in
                let id = context.parameters[0]
                guard try await tools.store.revokeKey(id, userID: context.userID) else {
                    throw Problem(404, "KEY_NOT_FOUND", "There is no such key.")
                }
                tools.authentication.forget(userID: context.userID)
                return HTTPResponse(status: 204)
            },
        ]
    }

    private func create(_ context: RequestContext) async throws -> HTTPResponse {
        var fields = try FieldReader(context.request)
        let name = fields.text("name", 1...100)
        let scopes = fields.texts("scopes", oneOf: Scope.allCases.map(\.rawValue))
        let days = fields.optionalInteger("expiresInDays", in: 1...3650)
        try fields.finish()
        let text = Authentication.keyPrefix + (context.repeatableSecret ?? SecureRandom.token())
        let now = tools.store.nowUs
        let key = APIKey(
            id: tools.newID("key"), name: name, prefix: String(text.prefix(10)),
            scopes: scopes.map { Set($0.compactMap(Scope.init)) } ?? Set(Scope.allCases),
            createdAtUs: now, expiresAtUs: days.map { now + $0 * 86_400_000_000 })
        let isAdded = try await tools.store.addKey(
            key, hash: SHA256.digest(of: text), userID: context.userID, limit: Self.keysMax)
        guard isAdded else {
            throw Problem(409, "TOO_MANY_KEYS", "An account has at most \(Self.keysMax) keys.")
        }
        return jsonResponse(201) { object in
            Self.write(&object, key)
            object.text("key", text)
        }
    }

    private static func write(_ object: inout JSONWriter.Members, _ key: APIKey) {
        object.text("id", key.id)
        object.text("name", key.name)
        object.text("prefix", key.prefix)
        object.array("scopes", key.scopes.map(\.rawValue).sorted()) { $0.text($1) }
        object.text("createdAt", Timestamp(microseconds: key.createdAtUs).rfc3339)
        if let expires = key.expiresAtUs {
            object.text("expiresAt", Timestamp(microseconds: expires).rfc3339)
        } else {
            object.null("expiresAt")
        }
    }
}
