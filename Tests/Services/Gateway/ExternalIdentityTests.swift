import Cryptography
import Foundation
import GatewayService
import HTTP
import HTTPOutbound
import ServiceRuntime
import Testing

/// An issuer's key server on a free port: says what it is told to say and counts who asks.
private final class KeyServer: HTTPResponder {
    struct State {
        var bodies: [String: [UInt8]] = [:]
        var status = 200
        var requests = 0
    }

    let state = Lock(State())

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        state.withLock { state in
            state.requests += 1
            return HTTPResponse(
                status: state.status,
                headers: ["Content-Type": "application/json", "Cache-Control": "max-age=1200"],
                body: .bytes(state.bodies[request.path] ?? []))
        }
    }

    func bodyPolicy(for request: HTTPRequest) -> HTTPBodyPolicy { .collect(limitBytes: 0) }

    func reject(_ rejection: HTTPRejection, _ request: HTTPRequest?) -> HTTPResponse {
        HTTPResponse(status: 400)
    }
}

@Suite struct `External identity` {
    /// Key sets and tokens made with PyJWT; see identity_tokens.py beside it.
    private static let cases: JSONValue = {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Golden/identity_tokens.json").path
        guard let bytes = FileManager.default.contents(atPath: path),
            let value = try? JSONValue(parsing: Array(bytes))
        else { return .null }
        return value
    }()

    private static func token(_ group: String, _ name: String) -> String {
        cases[group]?[name]?.text ?? ""
    }

    private static let valid = cases["valid"]?.members?.map(\.name) ?? []
    private static let invalid = cases["invalid"]?.members?.map(\.name) ?? []

    /// A gateway that trusts both issuers, and their key server.
    private func with(
        _ body: (GatewayFixture, KeyServer) async throws -> Void
    ) async throws {
        let keys = KeyServer()
        keys.state.withLock { state in
            state.bodies["/firebase"] = Self.cases["firebaseKeys"]?.bytes
            state.bodies["/supabase"] = Self.cases["supabaseKeys"]?.bytes
        }
        let loop = EventLoop(name: "issuer")
        let server = try await HTTPServer(
            listen: SocketAddress(host: "127.0.0.1", port: 0), loop: loop, responder: keys)
        let issuers = try Issuer.list(
            "https://securetoken.google.com/studio-test studio-test RS256 "
                + "http://\(server.address)/firebase,"
                + "https://studio.supabase.co/auth/v1 authenticated ES256 "
                + "http://\(server.address)/supabase")
        let result: Result<Void, any Error>
        do {
            try await GatewayFixture.with({ $0.issuers = issuers }) { fixture in
                try await body(fixture, keys)
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await server.drain(timeout: .zero)
        loop.stop()
        try result.get()
    }

    @Test(arguments: valid)
    func `a valid token is its user's`(_ name: String) async throws {
        try await with { fixture, _ async throws in
            let answer = try await fixture.call(
                "GET", "/api/auth/me", token: Self.token("valid", name))
            #expect(answer.status == 200)
            #expect(answer.json["user"]?["kind"]?.text == "member")
            #expect(answer.json["user"]?["email"]?.text == "ada@example.org")
        }
    }

    @Test func `no other token is`() async throws {
        #expect(Self.invalid.count > 25)
        try await with { fixture, _ async throws in
            for name in Self.invalid {
                let answer = try await fixture.call(
                    "GET", "/api/auth/me", token: Self.token("invalid", name))
                #expect(answer.status == 401, "\(name)")
                #expect(answer.code == "UNAUTHENTICATED", "\(name)")
                #expect(!answer.text.contains("issuer"), "the reason is for the log")
            }
        }
    }

    @Test func `the same subject of two issuers is two users`() async throws {
        try await with { fixture, _ async throws in
            let first = try await fixture.call(
                "GET", "/api/auth/me", token: Self.token("valid", "firebase"))
            let again = try await fixture.call(
                "GET", "/api/auth/me", token: Self.token("valid", "within the skew after its end"))
            let second = try await fixture.call(
                "GET", "/api/auth/me", token: Self.token("valid", "supabase"))
            let id = first.json["user"]?["id"]?.text
            #expect(id != nil)
            #expect(again.json["user"]?["id"]?.text == id)
            #expect(second.json["user"]?["id"]?.text != id)
        }
    }

    @Test func `nobody signs in here when people sign in elsewhere, but API keys go on`()
        async throws
    {
        try await with { fixture, _ async throws in
            let credentials = #"{"email":"ada@example.org","password":"correct horse"}"#
            #expect(try await fixture.call("POST", "/api/auth/guest").status == 403)
            #expect(try await fixture.call("POST", "/api/auth/signup", credentials).status == 403)
            #expect(try await fixture.call("POST", "/api/auth/login", credentials).status == 403)
            let made = try await fixture.call(
                "POST", "/api/auth/keys", #"{"name":"robot","scopes":["read"]}"#,
                token: Self.token("valid", "firebase"))
            let key = try #require(made.json["key"]?.text)
            #expect(try await fixture.call("GET", "/api/credits", token: key).status == 200)
        }
    }

    @Test func `keys are fetched once, and again for a new name once a minute`() async throws {
        try await with { fixture, keys async throws in
            let good = Self.token("valid", "firebase")
            #expect(try await fixture.call("GET", "/api/auth/me", token: good).status == 200)
            #expect(
                try await fixture.call(
                    "GET", "/api/auth/me",
                    token: Self.token("invalid", "by a key that is not published")
                ).status
                    == 401)
            #expect(keys.state.withLock { $0.requests } == 1)

            let rotated = Self.cases["afterRotation"]?.text ?? ""
            keys.state.withLock {
                $0.bodies["/firebase"] = Self.cases["firebaseKeysRotated"]?.bytes
            }
            #expect(try await fixture.call("GET", "/api/auth/me", token: rotated).status == 401)
            fixture.time.advance(by: .seconds(61))
            #expect(try await fixture.call("GET", "/api/auth/me", token: rotated).status == 200)
            #expect(try await fixture.call("GET", "/api/auth/me", token: good).status == 401)
            #expect(keys.state.withLock { $0.requests } == 2)
        }
    }

    @Test func `known keys serve while the issuer is down, for a day`() async throws {
        try await with { fixture, keys async throws in
            let good = Self.token("valid", "within the skew before its time")
            keys.state.withLock { $0.status = 503 }
            let early = try await fixture.call("GET", "/api/auth/me", token: good)
            #expect(early.status == 503)
            #expect(early.code == "UNAVAILABLE")
            #expect(early.headers["Retry-After"] != nil)

            keys.state.withLock { $0.status = 200 }
            fixture.time.advance(by: .seconds(61))
            #expect(try await fixture.call("GET", "/api/auth/me", token: good).status == 200)
            keys.state.withLock { $0.status = 500 }
            fixture.time.advance(by: .seconds(1800))
            #expect(try await fixture.call("GET", "/api/auth/me", token: good).status == 200)
            // An empty set does not replace good keys either.
            keys.state.withLock { state in
                state.status = 200
                state.bodies["/firebase"] = Array(#"{"keys":[]}"#.utf8)
            }
            fixture.time.advance(by: .seconds(1200))
            #expect(try await fixture.call("GET", "/api/auth/me", token: good).status == 200)
        }
    }

    @Test(arguments: [
        "https://a b RS256", "a b HS256 https://a", "a b RS256 http://example.org/keys",
        "a b none https://a", "a b RS256 https://a,a c ES256 https://b",
    ])
    func `a setting that cannot be understood is refused`(_ setting: String) {
        #expect(throws: ConfigurationError.self) { try Issuer.list(setting) }
    }
}
