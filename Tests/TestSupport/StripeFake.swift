package import HTTP
internal import Cryptography
package import ServiceRuntime

/// A server that speaks the part of Stripe's API that payments use: Checkout Sessions with its
/// idempotency, invoices, charges, disputes, and signed events. `Tests/Integration/python` proves it
/// with Stripe's own SDK as the client.
// Safe: all state is behind `state`, a lock.
package final class StripeFake: Sendable {
    package static let secretKey = "sk_test_fake_0123456789abcdef"
    package static let webhookSecret = "whsec_fake_0123456789abcdefghijklmnop"

    package struct Event: Hashable, Sendable {
        package let id: String
        package let type: String
        package let body: [UInt8]

        /// The header as Stripe makes it.
        package func signature(
            seconds: Int64, secret: String = StripeFake.webhookSecret
        ) -> String {
            StripeFake.signature(of: body, seconds: seconds, secret: secret)
        }
    }

    struct Stored: Sendable {
        let parameters: [UInt8]
        let status: Int
        let body: [UInt8]
    }

    struct State {
        var count = 0
        var sessions: [String: Session] = [:]
        var invoices: [String: Invoice] = [:]
        var charges: [String: Charge] = [:]
        var disputes: [String: Dispute] = [:]
        var subscriptions: [String: Subscription] = [:]
        var answered: [String: Stored] = [:]
        var running: Set<String> = []
        var failures: [(status: Int, headers: HTTPHeaders)] = []
        var delay = Duration.zero
        var requests: [String] = []
        var versions: Set<String> = []

        mutating func id(_ prefix: String) -> String {
            count += 1
            return "\(prefix)_test_\(String(count, radix: 36))"
        }
    }

    let state = Lock(State())
    /// Nil for one that is asked in the same process.
    private let serving: Serving?

    private struct Serving: Sendable {
        let loop: EventLoop
        let server: HTTPServer
        let responder: Responder
    }

    package var url: String { serving.map { "http://\($0.server.address)" } ?? "" }

    private let time: any TimeSource

    /// - Parameter time: What the server takes for now.
    package init(time: any TimeSource = SystemTime()) async throws {
        self.time = time
        let responder = Responder()
        let loop = EventLoop(name: "stripe-fake")
        serving = Serving(
            loop: loop,
            server: try await HTTPServer(
                listen: SocketAddress(host: "127.0.0.1", port: 0), loop: loop,
                responder: responder), responder: responder)
        responder.fake.withLock { $0 = self }
    }

    /// One without a server: ask it with ``answer(_:)``.
    package init(inProcess time: any TimeSource) {
        self.time = time
        serving = nil
    }

    package func stop() async {
        guard let serving else { return }
        await serving.server.drain(timeout: .milliseconds(100))
        serving.loop.stop()
        serving.responder.fake.withLock { $0 = nil }
    }

    // MARK: Faults and what was seen

    /// Answers the next requests with these statuses instead, as a proxy in front of Stripe might.
    package func failNext(_ failures: [(status: Int, headers: HTTPHeaders)]) {
        state.withLock { $0.failures += failures }
    }

    /// Takes so long for each POST from now on.
    package func delayPosts(_ delay: Duration) { state.withLock { $0.delay = delay } }

    /// "POST /v1/checkout/sessions KEY" for each request so far.
    package var requests: [String] { state.withLock { $0.requests } }

    /// The versions of the API that were asked for.
    package var versions: Set<String> { state.withLock { $0.versions } }

    /// How many checkout sessions there are.
    package var sessionCount: Int { state.withLock { $0.sessions.count } }

    package static func signature(of body: [UInt8], seconds: Int64, secret: String) -> String {
        let code = HMACSHA256.code(
            key: Array(secret.utf8), message: Array("\(seconds).".utf8) + body)
        return "t=\(seconds),v1=\(Hex.encode(code))"
    }

    // MARK: Requests

    private final class Responder: HTTPResponder {
        let fake = Lock<StripeFake?>(nil)

        func respond(to request: HTTPRequest) async -> HTTPResponse {
            guard let fake = fake.withLock({ $0 }) else { return HTTPResponse(status: 503) }
            return await fake.answer(request)
        }
    }

    struct Refusal: Error {
        var status = 400
        var type = "invalid_request_error"
        var code = "parameter_invalid"
        var message: String
        var parameter: String?
    }

    package func answer(_ request: HTTPRequest) async -> HTTPResponse {
        if request.path.hasPrefix("/fake/") { return control(request) }
        let key = request.headers["Idempotency-Key"]
        let failure = state.withLock { state in
            state.requests.append(
                "\(request.method) \(request.path)" + (key.map { " \($0)" } ?? ""))
            return state.failures.isEmpty ? nil : state.failures.removeFirst()
        }
        if let failure { return HTTPResponse(status: failure.status, headers: failure.headers) }
        do throws(Refusal) {
            guard request.headers["Authorization"] == "Bearer \(Self.secretKey)" else {
                throw Refusal(status: 401, code: "api_key_invalid", message: "Invalid API Key")
            }
            // Without one, Stripe answers in the shapes that the account was made with.
            guard let version = request.headers["Stripe-Version"], !version.isEmpty else {
                throw Refusal(
                    code: "api_version_missing", message: "No API version was asked for.")
            }
            state.withLock { _ = $0.versions.insert(version) }
            guard request.method == "POST" else {
                return Self.response(200, try read(request), [:])
            }
            return try await write(request, key)
        } catch {
            return Self.refusal(error)
        }
    }

    static func refusal(_ error: Refusal) -> HTTPResponse {
        var members: [JSONValue.Member] = [
            .init("type", .text(error.type)), .init("code", .text(error.code)),
            .init("message", .text(error.message)),
        ]
        if let parameter = error.parameter { members.append(.init("param", .text(parameter))) }
        return response(error.status, ["error": .object(members)], [:])
    }

    private static func response(
        _ status: Int, _ value: JSONValue, _ headers: HTTPHeaders
    ) -> HTTPResponse {
        var response = HTTPResponse(
            status: status, headers: headers, body: .bytes(value.bytes))
        response.headers.append("Content-Type", "application/json")
        response.headers.append("Request-Id", "req_fake")
        return response
    }

    private func read(_ request: HTTPRequest) throws(Refusal) -> JSONValue {
        let parts = request.path.split(separator: "/").map(String.init)
        guard parts.count == 2 else { return try read(request.path) }
        let items = state.withLock { state -> [JSONValue]? in
            func matches(_ name: String, _ value: String) -> Bool {
                request.queryValue(name).map { $0 == value } ?? true
            }
            return switch parts[1] {
            case "invoices":
                state.invoices.values.filter { matches("subscription", $0.subscription) }
                    .sorted { $0.start > $1.start }.map(\.json)
            case "charges":
                state.charges.values.filter { matches("payment_intent", $0.intent) }
                    .sorted { $0.id < $1.id }.map(\.json)
            case "disputes":
                state.disputes.values.filter { matches("payment_intent", $0.intent) }
                    .sorted { $0.id < $1.id }.map(\.json)
            default: nil
            }
        }
        guard let items else {
            throw Refusal(status: 404, code: "url_invalid", message: "Unrecognized request URL")
        }
        return [
            "object": "list", "url": .text(request.path), "has_more": false,
            "data": .array(items),
        ]
    }

    private func read(_ path: String) throws(Refusal) -> JSONValue {
        let parts = path.split(separator: "/").map(String.init)
        let id = parts.last ?? ""
        let found = state.withLock { state -> JSONValue? in
            switch parts.dropFirst().dropLast().joined(separator: "/") {
            case "checkout/sessions": state.sessions[id]?.json
            case "invoices": state.invoices[id]?.json
            case "charges": state.charges[id]?.json
            case "disputes": state.disputes[id]?.json
            case "subscriptions": state.subscriptions[id]?.json
            default: nil
            }
        }
        guard let found else {
            throw Refusal(status: 404, code: "resource_missing", message: "No such object: \(id)")
        }
        return found
    }

    /// A POST with Stripe's idempotency: the first answer of a key is repeated, other parameters are
    /// refused, and what was not begun is not kept.
    private func write(_ request: HTTPRequest, _ key: String?) async throws(Refusal)
        -> HTTPResponse
    {
        let form = try Form(request)
        let name = key.map { "\(request.path) \($0)" }
        if let name {
            if let known = state.withLock({ $0.answered[name] }) {
                guard known.parameters == form.canonical else {
                    throw Refusal(
                        type: "idempotency_error", code: "idempotency_key_in_use",
                        message: "Keys for idempotent requests can only be used with the same "
                            + "parameters they were first used with.")
                }
                return HTTPResponse(
                    status: known.status,
                    headers: [
                        "Content-Type": "application/json", "Request-Id": "req_fake",
                        "Idempotency-Key": key ?? "", "Idempotent-Replayed": "true",
                    ], body: .bytes(known.body))
            }
            guard state.withLock({ $0.running.insert(name).inserted }) else {
                throw Refusal(
                    status: 409, type: "idempotency_error", code: "idempotency_key_in_use",
                    message: "There is currently another in-progress request using this key.")
            }
        }
        defer { if let name { state.withLock { _ = $0.running.remove(name) } } }
        let delay = state.withLock { $0.delay }
        if delay > .zero { try? await Task.sleep(for: delay) }
        let value = try change(request.path, form)
        if let name {
            let stored = Stored(parameters: form.canonical, status: 200, body: value.bytes)
            state.withLock { $0.answered[name] = stored }
        }
        return Self.response(200, value, key.map { ["Idempotency-Key": $0] } ?? [:])
    }

    private func change(_ path: String, _ form: Form) throws(Refusal) -> JSONValue {
        if path == "/v1/checkout/sessions" {
            let session = try Session(form, seconds: seconds)
            return state.withLock { state in
                var session = session
                session.id = state.id("cs")
                session.url = "https://checkout.stripe.example/c/pay/\(session.id)"
                state.sessions[session.id] = session
                return session.json
            }
        }
        let parts = path.split(separator: "/")
        if parts.count == 3, parts[1] == "subscriptions" {
            guard ["true", "false"].contains(form["cancel_at_period_end"]) else {
                throw Refusal(message: "Nothing to change.", parameter: "cancel_at_period_end")
            }
            let isEnding = form["cancel_at_period_end"] == "true"
            guard endSubscription(String(parts[2]), isEnding: isEnding) != nil else {
                throw Refusal(
                    status: 404, code: "resource_missing", message: "No such subscription.")
            }
            return try read(path)
        }
        if parts.count == 5, parts[4] == "expire" {
            guard let event = expire(session: String(parts[3])) else {
                throw Refusal(
                    status: 404, code: "resource_missing", message: "No open session.")
            }
            _ = event
            return try read("/v1/checkout/sessions/\(parts[3])")
        }
        throw Refusal(status: 404, code: "url_invalid", message: "Unrecognized request URL")
    }

    /// What the server takes for now.
    package var seconds: Int64 { time.now.microseconds / 1_000_000 }

    /// What no API of Stripe does: `POST /fake/pay/{session}` and others answer with the signed event
    /// that Stripe would send.
    private func control(_ request: HTTPRequest) -> HTTPResponse {
        let parts = request.path.split(separator: "/").map(String.init)
        guard parts.count == 3 else { return HTTPResponse(status: 404) }
        let event: Event?
        switch parts[1] {
        case "pay": event = pay(session: parts[2]).first
        case "expire": event = expire(session: parts[2])
        case "refund": event = refund(session: parts[2], amount: nil)
        default: event = nil
        }
        guard let event else { return HTTPResponse(status: 404) }
        return HTTPResponse(
            status: 200,
            headers: [
                "Content-Type": "application/json",
                "Stripe-Signature": event.signature(seconds: seconds),
            ], body: .bytes(event.body))
    }
}

/// The fields of a form-encoded body.
struct Form: Sendable {
    private let fields: [(name: String, value: String)]

    init(_ request: HTTPRequest) throws(StripeFake.Refusal) {
        var fields: [(name: String, value: String)] = []
        for pair in request.body.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2,
                let name = PercentCoding.decode(parts[0], plusIsSpace: true),
                let value = PercentCoding.decode(parts[1], plusIsSpace: true)
            else { throw StripeFake.Refusal(message: "The body is no form.") }
            fields.append((name, value))
        }
        self.fields = fields
    }

    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// `metadata[a]=b` as ["a": "b"].
    func map(_ name: String) -> [String: String] {
        var result: [String: String] = [:]
        for field in fields where field.name.hasPrefix("\(name)[") && field.name.hasSuffix("]") {
            result[String(field.name.dropFirst(name.count + 1).dropLast())] = field.value
        }
        return result
    }

    /// The same for the same parameters in any order.
    var canonical: [UInt8] {
        Array(fields.map { "\($0.name)=\($0.value)" }.sorted().joined(separator: "\n").utf8)
    }
}
