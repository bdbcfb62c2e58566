import CreditsService
import RPC
import ServiceAPI
import ServiceRuntime
import Testing

/// The stream of balances, through a server and a client without sockets.
@Suite struct WatchBalanceTests {
    @Test func `a watcher sees every change in order, and resumes without gap or double`()
        async throws
    {
        let credits = try await CreditsFixture()
        let loop = EventLoop(name: "watch-test")
        let transport = InMemoryTransport()
        let server = Server(
            identity: Identity(service: "credits"), methods: credits.service.methods,
            loops: [loop], transport: transport)
        let address = try server.listen(on: SocketAddress(host: "127.0.0.1", port: 0))
        let channel = Channel(
            addresses: [address], identity: Identity(service: "test"), loop: loop,
            transport: transport)
        let client = CreditsAPI.Client(channel)
        let options = CallOptions(timeout: .seconds(30))
        _ = try await client.openAccount(.init(userID: "ada"), options)

        let stream = try await client.watchBalance(
            .init(userID: "ada", fromNow: true), options)
        let now = try await stream.next()
        #expect(now?.kind == "now")
        #expect(now?.balance?.availableU4 == 1_000_000)
        let hold = try await client.hold(
            .init(userID: "ada", job: "job1", operation: "depth"), options)
        let held = try await stream.next()
        #expect(held?.kind == "hold")
        #expect(held?.job == "job1")
        #expect(held?.balance?.heldU4 == 10_000)
        #expect(held?.balance?.availableU4 == 990_000)
        _ = try await client.captureHold(
            .init(holdID: hold.holdID, amountU4: 10_000), options)
        let captured = try await stream.next()
        #expect(captured?.kind == "capture")
        #expect(captured?.balance?.balanceU4 == 990_000)
        #expect(captured?.balance?.heldU4 == 0)
        stream.cancel()

        // Somebody else's change wakes nobody; a later watcher gets what it missed.
        _ = try await client.openAccount(.init(userID: "bob"), options)
        let resumed = try await client.watchBalance(
            .init(userID: "ada", after: held?.sequence ?? 0), options)
        #expect(try await resumed.next()?.sequence == captured?.sequence)
        _ = try await client.hold(
            .init(userID: "ada", job: "job2", operation: "depth"), options)
        #expect(try await resumed.next()?.job == "job2")
        // Closing the service ends the stream.
        credits.service.endStreams()
        #expect(try await resumed.next() == nil)
        channel.close()
        await server.drain()
        credits.remove()
    }
}
