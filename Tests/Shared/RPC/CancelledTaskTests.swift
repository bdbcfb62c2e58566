import RPC
import ServiceAPI
import ServiceRuntime
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct CancelledTaskTests {
    @Test func `a call from a task that is cancelled already fails at once`() async throws {
        let fixture = try RPCFixture(.memory, methods: EchoAPI.methods(EchoHandler()))
        let client = EchoAPI.Client(fixture.channel)
        for _ in 0..<200 {
            let call = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await client.echo(
                    EchoAPI.Message(text: "hello"), CallOptions(timeout: .seconds(30)))
            }
            call.cancel()
            let result = await call.result
            #expect(throws: RPCError.self) { try result.get() }
        }
    }
}
