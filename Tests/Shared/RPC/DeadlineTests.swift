import RPC
import ServiceAPI
import ServiceRuntime
import TestSupport
import Testing

/// A server and a channel by virtual time, whose loops turn only when the test lets them.
private struct StandingClock: Sendable {
    let time = VirtualTime()
    let serverLoop: EventLoop
    let clientLoop: EventLoop
    let channel: Channel
    private let server: Server

    init(_ methods: (VirtualTime) -> [MethodHandler]) throws {
        serverLoop = EventLoop(name: "server", simulating: time)
        clientLoop = EventLoop(name: "client", simulating: time)
        let transport = InMemoryTransport()
        server = Server(
            identity: Identity(service: "server"), methods: methods(time), loops: [serverLoop],
            transport: transport)
        let address = try server.listen(on: SocketAddress(host: "127.0.0.1", port: 0))
        channel = Channel(
            addresses: [address], identity: Identity(service: "client"), loop: clientLoop,
            transport: transport)
    }

    /// Lets so much time pass for these loops; the others stand still.
    func pass(_ duration: Duration, on loops: [EventLoop]) {
        let end = time.instant + duration
        while true {
            while let busy = loops.first(where: \.hasWork) { busy.turn() }
            guard let next = loops.compactMap(\.nextTimer).min(), next <= end else { break }
            time.advance(by: max(.zero, next - time.instant))
        }
        time.advance(by: end - time.instant)
    }
}

/// When what hangs was cancelled.
private func hanging(_ ended: Lock<Instant?>) -> (VirtualTime) -> [MethodHandler] {
    { time in
        [
            MethodHandler.unary(EchoAPI.Methods.hang) {
                (request: EchoAPI.Message, _: CallContext) async throws(RPCError) in
                if request.text == "answer" { return request }
                try? await time.sleep(for: .seconds(3600))
                ended.withLock { $0 = time.instant }
                throw .cancelled
            }
        ]
    }
}

@Suite struct `A deadline on an idle connection` {
    /// The next look at the connection is up to a second away when nothing is under way.
    private static let idle: [Duration] = [
        .zero, .milliseconds(3), .milliseconds(400), .milliseconds(995),
    ]

    private func connected(_ ended: Lock<Instant?>, idle: Duration) throws -> StandingClock {
        let clock = try StandingClock(hanging(ended))
        let answered = Lock(false)
        Task(executorPreference: clock.clientLoop) {
            _ = try await EchoAPI.Client(clock.channel).hang(
                EchoAPI.Message(text: "answer"), CallOptions(timeout: .seconds(60)))
            answered.withLock { $0 = true }
        }
        clock.pass(.milliseconds(3000) + idle, on: [clock.serverLoop, clock.clientLoop])
        #expect(answered.withLock { $0 })
        return clock
    }

    @Test(arguments: idle, [5, 200, 900] as [Int64])
    func `the client gives up when it passes, whatever the server does`(
        _ idle: Duration, _ milliseconds: Int64
    ) throws {
        let clock = try connected(Lock(nil), idle: idle)
        let (began, timeout) = (clock.time.instant, Duration.milliseconds(milliseconds))
        let outcome = Lock<(at: Instant, code: RPCCode)?>(nil)
        Task(executorPreference: clock.clientLoop) {
            do throws(RPCError) {
                _ = try await EchoAPI.Client(clock.channel).hang(
                    EchoAPI.Message(), CallOptions(timeout: timeout))
            } catch {
                outcome.withLock { $0 = (clock.time.instant, error.code) }
            }
        }
        clock.pass(timeout + .milliseconds(50), on: [clock.clientLoop])
        let seen = try #require(outcome.withLock { $0 })
        #expect(seen.code == .deadlineExceeded)
        #expect(seen.at - began >= timeout)
    }

    @Test(arguments: idle, [5, 200, 900] as [Int64])
    func `the server ends the work when it passes, whatever the client does`(
        _ idle: Duration, _ milliseconds: Int64
    ) throws {
        let ended = Lock<Instant?>(nil)
        let clock = try connected(ended, idle: idle)
        let (began, timeout) = (clock.time.instant, Duration.milliseconds(milliseconds))
        Task(executorPreference: clock.clientLoop) {
            _ = try? await EchoAPI.Client(clock.channel).hang(
                EchoAPI.Message(), CallOptions(timeout: timeout))
        }
        clock.pass(.zero, on: [clock.clientLoop])
        clock.pass(timeout + .milliseconds(50), on: [clock.serverLoop])
        let seen = try #require(ended.withLock { $0 })
        #expect(seen - began >= timeout)
    }
}
