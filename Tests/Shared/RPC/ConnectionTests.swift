import RPC
import ServiceAPI
import ServiceRuntime
import TestSupport
import Testing
import Wire

private let fiveSeconds = CallOptions(timeout: .seconds(5))
private let secret = Array("a secret of the whole cluster".utf8)

@Suite struct `Connections` {
    @Test func `both sides prove that they know the cluster secret`() async throws {
        let fixture = try RPCFixture(
            .tcp, methods: EchoAPI.methods(EchoHandler()), secret: secret)
        let answer = try await EchoAPI.Client(fixture.channel).echo(
            EchoAPI.Message(number: 9), fiveSeconds)
        #expect(answer.number == 9)
    }

    @Test(arguments: [nil, Array("another secret, just as long".utf8)])
    func `a client without the right secret gets nothing`(_ wrong: [UInt8]?) async throws {
        let handler = EchoHandler()
        let fixture = try RPCFixture(
            .tcp, methods: EchoAPI.methods(handler), secret: secret, clientSecret: .some(wrong))
        let error = await #expect(throws: RPCError.self) {
            try await EchoAPI.Client(fixture.channel).echo(EchoAPI.Message(), fiveSeconds)
        }
        #expect(error?.code == .unavailable)
        #expect(handler.counts.calls == 0)
    }

    @Test func `a server refuses an address that others can reach without a secret`() throws {
        let loop = EventLoop(name: "test")
        defer { loop.stop() }
        let server = Server(identity: Identity(service: "s"), methods: [], loops: [loop])
        let error = #expect(throws: TransportError.self) {
            try server.listen(on: SocketAddress(host: "0.0.0.0", port: 0))
        }
        #expect(error?.description.contains("CLUSTER_SECRET") == true)
    }

    @Test func `nobody listening is UNAVAILABLE with a hint when to try again`() async throws {
        let loop = EventLoop(name: "test")
        let channel = Channel(
            addresses: [SocketAddress(host: "127.0.0.1", port: 1)],
            identity: Identity(service: "client"), loop: loop)
        let error = await #expect(throws: RPCError.self) {
            try await EchoAPI.Client(channel).echo(
                EchoAPI.Message(), CallOptions(timeout: .seconds(2), mayRetry: false))
        }
        #expect(error?.code == .unavailable)
        #expect(error?.retryAfter != nil)
        channel.close()
    }

    @Test func `a channel finds its server again after a restart`() async throws {
        let transport = InMemoryTransport()
        let loop = EventLoop(name: "test")
        let address = SocketAddress(host: "echo", port: 7)
        let first = Server(
            identity: Identity(service: "echo"), methods: EchoAPI.methods(EchoHandler()),
            loops: [loop], transport: transport)
        let local = SocketAddress(host: "127.0.0.1", port: address.port)
        _ = try first.listen(on: local)
        let channel = Channel(
            addresses: [local], identity: Identity(service: "client"), loop: loop,
            transport: transport)
        let client = EchoAPI.Client(channel)
        #expect(try await client.echo(EchoAPI.Message(number: 1), fiveSeconds).number == 1)
        await first.drain()
        let second = Server(
            identity: Identity(service: "echo"), methods: EchoAPI.methods(EchoHandler()),
            loops: [loop], transport: transport)
        _ = try second.listen(on: local)
        var answer: UInt64?
        for _ in 0..<50 where answer == nil {
            answer = try? await client.echo(EchoAPI.Message(number: 2), fiveSeconds).number
        }
        #expect(answer == 2)
        channel.close()
        await second.drain()
    }

    @Test func `a draining server finishes what it has and takes nothing new`() async throws {
        let transport = InMemoryTransport()
        let loop = EventLoop(name: "test")
        let gate = Gate()
        let methods = [
            MethodHandler.unary(EchoAPI.Methods.echo) {
                (request: EchoAPI.Message, _: CallContext) async throws(RPCError) in
                if request.text == "wait" { await gate.pass() }
                return request
            }
        ]
        let server = Server(
            identity: Identity(service: "echo"), methods: methods, loops: [loop],
            transport: transport)
        let address = try server.listen(on: SocketAddress(host: "127.0.0.1", port: 0))
        let channel = Channel(
            addresses: [address], identity: Identity(service: "client"), loop: loop,
            transport: transport)
        let client = EchoAPI.Client(channel)
        async let answer = client.echo(EchoAPI.Message(text: "wait", number: 4), fiveSeconds)
        await gate.waitForArrival()
        async let drained: Void = server.drain()
        var late: RPCError?
        while late == nil {
            do throws(RPCError) {
                _ = try await client.echo(
                    EchoAPI.Message(), CallOptions(timeout: .seconds(5), mayRetry: false))
            } catch {
                late = error
            }
        }
        #expect(late?.code == .unavailable)
        gate.open()
        #expect(try await answer.number == 4)
        await drained
        channel.close()
    }

    @Test func `calls spread over all addresses`() async throws {
        let transport = InMemoryTransport()
        let loop = EventLoop(name: "test")
        var addresses: [SocketAddress] = []
        var handlers: [EchoHandler] = []
        var servers: [Server] = []
        for _ in 0..<3 {
            let handler = EchoHandler()
            let server = Server(
                identity: Identity(service: "echo"), methods: EchoAPI.methods(handler),
                loops: [loop], transport: transport)
            addresses.append(try server.listen(on: SocketAddress(host: "127.0.0.1", port: 0)))
            handlers.append(handler)
            servers.append(server)
        }
        let channel = Channel(
            addresses: addresses, identity: Identity(service: "client"), loop: loop,
            transport: transport)
        let client = EchoAPI.Client(channel)
        _ = try await client.echo(EchoAPI.Message(), fiveSeconds)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<300 {
                group.addTask { _ = try await client.echo(EchoAPI.Message(), fiveSeconds) }
            }
            try await group.waitForAll()
        }
        #expect(handlers.allSatisfy { $0.counts.calls >= 50 })
        channel.close()
        for server in servers { await server.drain() }
    }

    @Test func `more calls than a connection takes open another one`() async throws {
        var limits = ServerLimits()
        limits.streamsMax = 4
        let handler = EchoHandler()
        let fixture = try RPCFixture(.memory, methods: EchoAPI.methods(handler), limits: limits)
        let client = EchoAPI.Client(fixture.channel)
        let tasks = (0..<10).map { _ in
            Task { try await client.hang(EchoAPI.Message(), fiveSeconds) }
        }
        await handler.wait { $0.hanging == 10 }
        for task in tasks { task.cancel() }
        await handler.wait { $0.cancelled == 10 }
    }

    @Test func `too many calls on the server are refused at once, retryable`() async throws {
        var limits = ServerLimits()
        limits.inFlightMax = 2
        let handler = EchoHandler()
        let fixture = try RPCFixture(.memory, methods: EchoAPI.methods(handler), limits: limits)
        let client = EchoAPI.Client(fixture.channel)
        let tasks = (0..<2).map { _ in
            Task { try await client.hang(EchoAPI.Message(), fiveSeconds) }
        }
        await handler.wait { $0.hanging == 2 }
        let error = await #expect(throws: RPCError.self) {
            try await client.echo(
                EchoAPI.Message(), CallOptions(timeout: .seconds(1), mayRetry: false))
        }
        #expect(error?.code == .resourceExhausted)
        #expect(error?.domainCode == "OVERLOADED")
        #expect(error?.isRetryable == true)
        for task in tasks { task.cancel() }
    }
}

@Suite struct `Retry rules` {
    @Test func `a budget gives one retry for ten calls and one a second`() {
        var now = Instant(nanoseconds: 0)
        var budget = RetryBudget(now: now)
        let first = (0..<11).map { _ in budget.take(now: now) }
        #expect(first == Array(repeating: true, count: 10) + [false])
        for _ in 0..<11 { budget.noteCall() }
        let second = [budget.take(now: now), budget.take(now: now)]
        #expect(second == [true, false])
        now = now + .seconds(2)
        let third = budget.take(now: now)
        #expect(third)
    }

    @Test func `delays double up to their limit and are never twice the same by chance`() {
        var backoff = Backoff(base: .milliseconds(50), limit: .seconds(5))
        let random = RandomSource.seeded(7)
        let delays = (0..<12).map { _ in backoff.next(random: random) }
        #expect(delays[0] >= .milliseconds(12) && delays[0] <= .milliseconds(50))
        #expect(delays[11] >= .milliseconds(1250) && delays[11] <= .seconds(5))
        #expect(Set(delays).count == delays.count)
    }
}
