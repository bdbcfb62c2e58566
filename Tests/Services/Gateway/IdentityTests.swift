import GatewayService
import HTTP
import ServiceRuntime
import Testing

@Suite struct IdentityTests {
    @Test func `a guest has credits, and signing up keeps user and work`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let me = try await gateway.call("GET", "/api/auth/me", token: token)
            #expect(me.json["user"]?["kind"] == "guest")
            #expect(me.json["credits"]?["balance"] == 100)
            #expect(me.json["credits"]?["available"] == .number("99.5"))
            let session = try await gateway.start(token)
            let body = #"{"email":"Ada@Example.org","password":"correct horse"}"#
            let member = try await gateway.call("POST", "/api/auth/signup", body, token: token)
            #expect(member.status == 201)
            #expect(member.json["user"]?["id"] == me.json["user"]?["id"])
            #expect(member.json["user"]?["email"] == "ada@example.org")
            let fresh = try #require(member.json["token"]?.text)
            let found = try await gateway.call(
                "GET", "/api/convergence/session/\(session)", token: fresh)
            #expect(found.status == 200)
            let again = try await gateway.call("POST", "/api/auth/signup", body, token: fresh)
            #expect(again.code == "ALREADY_MEMBER")
            let taken = try await gateway.call("POST", "/api/auth/signup", body)
            #expect(taken.status == 409)
            #expect(taken.code == "EMAIL_TAKEN")
        }
    }

    @Test func `log in takes the right password only, and log out ends the token`() async throws {
        try await GatewayFixture.with { gateway in
            try await gateway.call(
                "POST", "/api/auth/signup", #"{"email":"a@b.org","password":"correct horse"}"#)
            let wrong = try await gateway.call(
                "POST", "/api/auth/login", #"{"email":"a@b.org","password":"wrong"}"#)
            #expect(wrong.status == 401)
            #expect(wrong.headers["WWW-Authenticate"] == "Bearer")
            let unknown = try await gateway.call(
                "POST", "/api/auth/login", #"{"email":"x@b.org","password":"wrong"}"#)
            #expect(unknown.status == 401)
            #expect(unknown.json["detail"] == wrong.json["detail"])
            let right = try await gateway.call(
                "POST", "/api/auth/login", #"{"email":"A@b.org","password":"correct horse"}"#)
            let token = try #require(right.json["token"]?.text)
            #expect(try await gateway.call("GET", "/api/auth/me", token: token).status == 200)
            #expect(try await gateway.call("POST", "/api/auth/logout", token: token).status == 204)
            #expect(try await gateway.call("GET", "/api/auth/me", token: token).status == 401)
        }
    }

    @Test func `no token, a wrong one, two and an expired one are all refused alike`() async throws
    {
        try await GatewayFixture.with({ $0.tokenLifetime = .seconds(60) }) { gateway in
            let token = try await gateway.guest()
            let headers: [HTTPHeaders] = [
                [:], ["Authorization": "Bearer cvt_nothing"], ["Authorization": "Basic abc"],
                ["Authorization": "Bearer \(token)", "authorization": "Bearer \(token)"],
                ["Authorization": "Bearer \(token) x"], ["Authorization": "Bearer "],
            ]
            for fields in headers {
                let answer = try await gateway.call("GET", "/api/credits", headers: fields)
                #expect(answer.status == 401, "\(fields)")
                #expect(answer.code == "UNAUTHENTICATED")
                #expect(answer.headers["WWW-Authenticate"] != nil)
            }
            #expect(try await gateway.call("GET", "/api/credits", token: token).status == 200)
            gateway.time.advance(by: .seconds(61))
            #expect(try await gateway.call("GET", "/api/credits", token: token).status == 401)
        }
    }

    @Test func `a body that does not fit signs nobody out`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let bad = try await gateway.call("POST", "/api/auth/logout", "{bad", token: token)
            #expect(bad.status == 400)
            let unknown = try await gateway.call(
                "POST", "/api/auth/logout", #"{"all":true}"#, token: token)
            #expect(unknown.status == 422)
            #expect(try await gateway.call("GET", "/api/credits", token: token).status == 200)
        }
    }

    @Test func `an API key does what its scopes say until it is revoked`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let made = try await gateway.call(
                "POST", "/api/auth/keys", #"{"name":"ci","scopes":["read"],"expiresInDays":1}"#,
                token: token)
            #expect(made.status == 201)
            let key = try #require(made.json["key"]?.text)
            #expect(key.hasPrefix("cvk_"))
            #expect(try await gateway.call("GET", "/api/credits", token: key).status == 200)
            let write = try await gateway.call(
                "POST", "/api/convergence/start", #"{"intent":"a fox"}"#, token: key)
            #expect(write.status == 403)
            #expect(write.code == "FORBIDDEN")
            #expect(try await gateway.call("GET", "/api/auth/keys", token: key).status == 403)
            let list = try await gateway.call("GET", "/api/auth/keys", token: token)
            #expect(list.json["keys"]?.array?.count == 1)
            #expect(!list.text.contains(key))
            let id = try #require(made.json["id"]?.text)
            let foreign = try await gateway.call(
                "DELETE", "/api/auth/keys/\(id)", token: try await gateway.guest())
            #expect(foreign.status == 404)
            let revoked = try await gateway.call("DELETE", "/api/auth/keys/\(id)", token: token)
            #expect(revoked.status == 204)
            #expect(try await gateway.call("GET", "/api/credits", token: key).status == 401)
        }
    }

    @Test func `the fourth guest of an address prefix waits for the next day`() async throws {
        // Loopback is exempt, so the rule is asked where it is decided.
        try await GatewayFixture.with { gateway in
            for _ in 0..<5 { _ = try await gateway.guest() }
        }
    }
}
