import RPC
import ServiceAPI
import ServiceRuntime
import TestSupport
import Testing
import Wire

private let fiveSeconds = CallOptions(timeout: .seconds(5))

@Suite struct `Calls` {
    @Test(arguments: RPCFixture.Wiring.allCases)
    func `a unary call answers with what the handler returns`(
        _ wiring: RPCFixture.Wiring
    ) async throws {
        let fixture = try RPCFixture(wiring, methods: EchoAPI.methods(EchoHandler()))
        let client = EchoAPI.Client(fixture.channel)
        let sent = EchoAPI.Message(data: Bytes([1, 2, 3]), text: "grüße", number: 7)
        let answer = try await client.echo(sent, fiveSeconds)
        #expect(answer == sent)
    }

    @Test(arguments: RPCFixture.Wiring.allCases)
    func `many calls are in flight at a time and each gets its own answer`(
        _ wiring: RPCFixture.Wiring
    ) async throws {
        let fixture = try RPCFixture(wiring, methods: EchoAPI.methods(EchoHandler()))
        let client = EchoAPI.Client(fixture.channel)
        let numbers = try await withThrowingTaskGroup(of: UInt64.self) { group in
            for number in 0..<500 as Range<UInt64> {
                group.addTask {
                    try await client.echo(EchoAPI.Message(number: number), fiveSeconds).number
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(numbers.sorted() == Array(0..<500))
    }

    @Test(arguments: [0, 1, 16_383, 16_384, 65_536, (1 << 20) - 16])
    func `a payload of any allowed size arrives whole`(_ size: Int) async throws {
        let fixture = try RPCFixture(.tcp, methods: EchoAPI.methods(EchoHandler()))
        let data = Bytes((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
        let answer = try await EchoAPI.Client(fixture.channel).echo(
            EchoAPI.Message(data: data), fiveSeconds)
        #expect(answer.data == data)
    }

    @Test func `a message over the limit fails its call and leaves the connection usable`()
        async throws
    {
        let fixture = try RPCFixture(.tcp, methods: EchoAPI.methods(EchoHandler()))
        let client = EchoAPI.Client(fixture.channel)
        let large = EchoAPI.Message(data: Bytes([UInt8](repeating: 0, count: (1 << 20) + 1)))
        let error = await #expect(throws: RPCError.self) {
            try await client.echo(large, fiveSeconds)
        }
        #expect(error?.domainCode == "MESSAGE_TOO_LARGE")
        #expect(try await client.echo(EchoAPI.Message(number: 1), fiveSeconds).number == 1)
    }

    @Test func `a handler's error arrives with code, facts and message`() async throws {
        let fixture = try RPCFixture(.tcp, methods: EchoAPI.methods(EchoHandler()))
        let error = await #expect(throws: RPCError.self) {
            try await EchoAPI.Client(fixture.channel).echo(
                EchoAPI.Message(text: "fail", number: 12), fiveSeconds)
        }
        #expect(error?.code == .failedPrecondition)
        #expect(error?.domainCode == "ECHO_REFUSED")
        #expect(error?.detail("number") == "12")
        #expect(error?.isRetryable == false)
    }

    @Test func `an unknown method is refused and the connection goes on`() async throws {
        let fixture = try RPCFixture(.tcp, methods: EchoAPI.methods(EchoHandler()))
        let error = await #expect(throws: RPCError.self) {
            let _: HealthAPI.CheckReply = try await HealthAPI.Client(fixture.channel).check(
                HealthAPI.CheckRequest(), fiveSeconds)
        }
        #expect(error?.code == .unimplemented)
        #expect(error?.domainCode == "UNKNOWN_METHOD")
        #expect(
            try await EchoAPI.Client(fixture.channel).echo(
                EchoAPI.Message(number: 3), fiveSeconds
            ).number == 3)
    }

    @Test func `metadata and the caller's name arrive with the call`() async throws {
        let fixture = try RPCFixture(.tcp, methods: EchoAPI.methods(EchoHandler()))
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let answer = try await EchoAPI.Client(fixture.channel).echo(
            EchoAPI.Message(text: "metadata"),
            CallOptions(
                timeout: .seconds(5),
                metadata: CallMetadata(
                    traceparent: trace, idempotencyKey: "k1", userID: "usr_1", requestID: "req_1")))
        #expect(answer.text == "\(trace) usr_1 req_1 k1 client")
    }

    @Test func `a child call gets a new span of the same trace and less time`() throws {
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let context = CallContext(
            deadline: SystemTime().instant + .seconds(2),
            metadata: CallMetadata(traceparent: trace, idempotencyKey: "k", userID: "u"),
            caller: "")
        let options = context.options(.seconds(60))
        #expect(options.timeout <= .milliseconds(1980))
        #expect(options.timeout > .milliseconds(1000))
        #expect(context.options(.seconds(1)).timeout == .seconds(1))
        let child = try #require(options.metadata.traceparent.flatMap(TraceContext.init))
        #expect(child.traceID == "0af7651916cd43dd8448eb211c80319c")
        #expect(child.spanID != "b7ad6b7169203331")
        #expect(options.metadata.userID == "u")
        #expect(options.metadata.idempotencyKey == nil)
        #expect(!options.mayRetry)
    }
}

@Suite struct `Deadlines and cancellation` {
    @Test(arguments: RPCFixture.Wiring.allCases)
    func `a call that takes too long fails and the handler is cancelled`(
        _ wiring: RPCFixture.Wiring
    ) async throws {
        let handler = EchoHandler()
        let fixture = try RPCFixture(wiring, methods: EchoAPI.methods(handler))
        let error = await #expect(throws: RPCError.self) {
            try await EchoAPI.Client(fixture.channel).hang(
                EchoAPI.Message(), CallOptions(timeout: .milliseconds(50)))
        }
        #expect(error?.code == .deadlineExceeded)
        await handler.wait { $0.cancelled == 1 && $0.hanging == 0 }
    }

    @Test func `cancelling the caller's task stops the handler`() async throws {
        let handler = EchoHandler()
        let fixture = try RPCFixture(.tcp, methods: EchoAPI.methods(handler))
        let client = EchoAPI.Client(fixture.channel)
        let task = Task { try await client.hang(EchoAPI.Message(), fiveSeconds) }
        await handler.wait { $0.hanging == 1 }
        task.cancel()
        let error = await #expect(throws: RPCError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        await handler.wait { $0.cancelled == 1 }
    }

    @Test func `losing the connection stops the handler`() async throws {
        let handler = EchoHandler()
        let fixture = try RPCFixture(.tcp, methods: EchoAPI.methods(handler))
        let client = EchoAPI.Client(fixture.channel)
        let task = Task { try await client.hang(EchoAPI.Message(), fiveSeconds) }
        await handler.wait { $0.hanging == 1 }
        fixture.channel.close()
        let error = await #expect(throws: RPCError.self) { try await task.value }
        #expect(error?.code == .unavailable)
        await handler.wait { $0.cancelled == 1 }
        #expect(fixture.server.inFlight == 0)
    }

    @Test func `the server is told how much time is left`() async throws {
        let fixture = try RPCFixture(.tcp, methods: EchoAPI.methods(EchoHandler()))
        let answer = try await EchoAPI.Client(fixture.channel).echo(
            EchoAPI.Message(text: "remaining"), CallOptions(timeout: .seconds(3)))
        #expect(answer.number > 1_000_000_000)
        #expect(answer.number <= 3_000_000_000)
    }

    @Test func `a call without time left is not sent`() async throws {
        let handler = EchoHandler()
        let fixture = try RPCFixture(.tcp, methods: EchoAPI.methods(handler))
        let error = await #expect(throws: RPCError.self) {
            try await EchoAPI.Client(fixture.channel).echo(
                EchoAPI.Message(), CallOptions(timeout: .zero))
        }
        #expect(error?.code == .deadlineExceeded)
        #expect(handler.counts.calls == 0)
    }
}
