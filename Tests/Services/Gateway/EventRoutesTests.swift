import HTTP
import HTTPOutbound
import ServiceAPI
import ServiceRuntime
import Testing

/// A client of the event stream: collects until it has seen enough.
private final class EventClient: Sendable {
    struct Event: Hashable, Sendable {
        var id = ""
        var name = ""
        var data = ""
    }

    private struct State {
        var text = ""
        var waiting: (count: Int, name: String?, done: CheckedContinuation<[Event], Never>)?
    }

    private let state = Lock(State())
    private let over = Lock(false)
    private let task: Task<HTTPClientError?, Never>

    init(_ gateway: GatewayFixture, token: String, after: String? = nil) {
        let state = state
        let over = over
        let url = gateway.url + "/api/events"
        var headers: HTTPHeaders = ["Authorization": "Bearer \(token)"]
        if let after { headers.append("Last-Event-ID", after) }
        task = Task { [headers, client = gateway.client] in
            defer { over.withLock { $0 = true } }
            do throws(HTTPClientError) {
                _ = try await client.send(.init("GET", url, headers: headers, timeout: .zero)) {
                    piece in
                    Self.take(state, String(decoding: piece, as: UTF8.self))
                    return true
                }
                return nil
            } catch {
                return error
            }
        }
    }

    private static func take(_ state: Lock<State>, _ text: String) {
        let met = state.withLock { state -> (CheckedContinuation<[Event], Never>, [Event])? in
            state.text += text
            guard let waiting = state.waiting else { return nil }
            let found = parse(state.text).filter { waiting.name.map($0.name.contains) ?? true }
            guard found.count >= waiting.count else { return nil }
            state.waiting = nil
            return (waiting.done, found)
        }
        if let met { met.0.resume(returning: met.1) }
    }

    private static func parse(_ text: String) -> [Event] {
        var events: [Event] = []
        for block in text.split(separator: "\n\n") {
            var event = Event()
            for line in block.split(separator: "\n") {
                if line.hasPrefix("id: ") { event.id = String(line.dropFirst(4)) }
                if line.hasPrefix("event: ") { event.name = String(line.dropFirst(7)) }
                if line.hasPrefix("data: ") { event.data = String(line.dropFirst(6)) }
            }
            if !event.name.isEmpty { events.append(event) }
        }
        return events
    }

    /// The events so far, once there are `count` of this name.
    func events(_ count: Int, named name: String? = nil) async -> [Event] {
        await withCheckedContinuation { continuation in
            state.withLock { $0.waiting = (count, name, continuation) }
            Self.take(state, "")
        }
    }

    var text: String { state.withLock { $0.text } }

    /// Whether the server has ended the stream.
    var isOver: Bool { over.withLock { $0 } }

    func stop() async {
        task.cancel()
        _ = await task.value
    }
}

@Suite struct EventRoutesTests {
    private func publish(_ gateway: GatewayFixture, _ id: String) {
        gateway.session.publish(
            .init(
                kind: "picture", picture: FakeSession.picture, sessionID: id,
                atUs: 1_700_000_000_000_000, operationID: "opr_1"))
    }

    @Test func `a client sees what happens from now on, and goes on without gap or double`()
        async throws
    {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let me = try await gateway.call("GET", "/api/auth/me", token: token)
            let user = try #require(me.json["user"]?["id"]?.text)
            publish(gateway, "before")
            gateway.credits.change(user, to: 900_000)
            let first = EventClient(gateway, token: token)
            #expect(await first.events(1, named: "ready").first?.id == "1.1")
            publish(gateway, "one")
            gateway.credits.change(user, to: 800_000)
            publish(gateway, "two")
            let seen = await first.events(4)
            await first.stop()
            #expect(Set(seen.map(\.id)).count == 4)
            #expect(!seen.contains { $0.data.contains("before") })
            let validator = try await gateway.validator()
            for event in seen where event.name != "ready" {
                let schema = event.name == "balance" ? "BalanceEvent" : "WorkEvent"
                let value = try JSONValue(parsing: Array(event.data.utf8))
                let faults = validator.check(
                    value, ["$ref": .text("#/components/schemas/\(schema)")], event.name)
                #expect(faults.isEmpty, "\(faults)")
            }
            // From each event on, the rest comes exactly once.
            publish(gateway, "three")
            gateway.credits.change(user, to: 700_000)
            let order = seen.dropFirst().map(\.data)
            for (index, event) in seen.enumerated() {
                let next = EventClient(gateway, token: token, after: event.id)
                let expected = order.dropFirst(index)
                let got = await next.events(expected.count + 3)
                await next.stop()
                let rest = got.filter { $0.name != "ready" }
                #expect(rest.count == expected.count + 2)
                #expect(Set(expected).isSubset(of: Set(rest.map(\.data))))
                #expect(Set(rest.map(\.data)).count == rest.count)
            }
        }
    }

    @Test func `silence is broken by a comment`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let client = EventClient(gateway, token: token)
            _ = await client.events(1, named: "ready")
            let started = ContinuousClock.now
            while !client.text.contains(": still here") {
                gateway.time.advance(by: .seconds(5))
                try await Task.sleep(for: .milliseconds(5))
                try #require(ContinuousClock.now - started < .seconds(10), "\(client.text)")
            }
            await client.stop()
        }
    }

    @Test func `a stream ends soon after its user has signed out`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let client = EventClient(gateway, token: token)
            _ = await client.events(1, named: "ready")
            #expect(try await gateway.call("POST", "/api/auth/logout", token: token).status == 204)
            let started = ContinuousClock.now
            while !client.isOver {
                gateway.time.advance(by: .seconds(5))
                try await Task.sleep(for: .milliseconds(5))
                try #require(ContinuousClock.now - started < .seconds(10), "\(client.text)")
            }
            #expect(!client.text.contains(": still here"))
        }
    }

    @Test func `a user has sixteen streams and no more`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            var clients: [EventClient] = []
            for _ in 0..<16 {
                let client = EventClient(gateway, token: token)
                _ = await client.events(1, named: "ready")
                clients.append(client)
            }
            let refused = try await gateway.call("GET", "/api/events", token: token)
            #expect(refused.status == 429)
            #expect(refused.code == "TOO_MANY_IN_FLIGHT")
            for client in clients { await client.stop() }
        }
    }

    @Test func `an id that is none is refused`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            for id in ["x", "1", "1.2.3", "-1.2", "99999999999999999999.1"] {
                let answer = try await gateway.call("GET", "/api/events?after=\(id)", token: token)
                #expect(answer.status == 422, "\(id)")
            }
        }
    }
}
