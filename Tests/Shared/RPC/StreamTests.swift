import RPC
import ServiceAPI
import ServiceRuntime
import TestSupport
import Testing
import Wire

private let tenSeconds = CallOptions(timeout: .seconds(10))

@Suite struct `Streams` {
    @Test(arguments: RPCFixture.Wiring.allCases)
    func `items arrive in order and then the end`(_ wiring: RPCFixture.Wiring) async throws {
        let fixture = try RPCFixture(wiring, methods: EchoAPI.methods(EchoHandler()))
        let stream = try await EchoAPI.Client(fixture.channel).count(
            EchoAPI.CountRequest(count: 1000, bytes: 10), tenSeconds)
        var numbers: [UInt64] = []
        while let item = try await stream.next() { numbers.append(item.number) }
        #expect(numbers == Array(0..<1000))
        #expect(try await stream.next() == nil)
    }

    @Test func `a stream far larger than its window arrives whole`() async throws {
        let fixture = try RPCFixture(.tcp, methods: EchoAPI.methods(EchoHandler()))
        let stream = try await EchoAPI.Client(fixture.channel).count(
            EchoAPI.CountRequest(count: 64, bytes: 256 << 10), tenSeconds)
        var bytes = 0
        while let item = try await stream.next() { bytes += item.data.count }
        #expect(bytes == 16 << 20)
    }

    @Test func `a slow reader of one stream does not stop another`() async throws {
        let fixture = try RPCFixture(.tcp, methods: EchoAPI.methods(EchoHandler()))
        let client = EchoAPI.Client(fixture.channel)
        // Nobody reads this one: it stops at its window.
        let slow = try await client.count(
            EchoAPI.CountRequest(count: 1000, bytes: 64 << 10), tenSeconds)
        let fast = try await client.count(
            EchoAPI.CountRequest(count: 200, bytes: 64 << 10), tenSeconds)
        var items = 0
        while try await fast.next() != nil { items += 1 }
        #expect(items == 200)
        #expect(try await client.echo(EchoAPI.Message(number: 5), tenSeconds).number == 5)
        // And it goes on where it stood.
        var slowItems = 0
        while try await slow.next() != nil { slowItems += 1 }
        #expect(slowItems == 1000)
    }

    @Test func `dropping a stream stops the server`() async throws {
        let fixture = try RPCFixture(.memory, methods: EchoAPI.methods(EchoHandler()))
        let client = EchoAPI.Client(fixture.channel)
        do {
            let stream = try await client.count(
                EchoAPI.CountRequest(count: .max, bytes: 1000), tenSeconds)
            #expect(try await stream.next() != nil)
        }
        while fixture.server.inFlight > 0 {
            _ = try await client.echo(EchoAPI.Message(), tenSeconds)
            if fixture.server.inFlight == 0 { break }
            await Task.yield()
        }
        #expect(fixture.server.inFlight == 0)
    }

    @Test(arguments: RPCFixture.Wiring.allCases)
    func `what a client streams is collected`(_ wiring: RPCFixture.Wiring) async throws {
        let fixture = try RPCFixture(wiring, methods: EchoAPI.methods(EchoHandler()))
        let chunk = EchoAPI.Message(data: Bytes([UInt8](repeating: 1, count: 100_000)))
        let answer = try await EchoAPI.Client(fixture.channel).collect(tenSeconds) {
            writer throws(RPCError) in
            for _ in 0..<100 { try await writer.write(chunk) }
        }
        #expect(answer == EchoAPI.Collected(items: 100, bytes: 10_000_000))
    }

    @Test func `a server that refuses an item ends the call with its reason`() async throws {
        let fixture = try RPCFixture(.tcp, methods: EchoAPI.methods(EchoHandler()))
        let error = await #expect(throws: RPCError.self) {
            try await EchoAPI.Client(fixture.channel).collect(tenSeconds) {
                writer throws(RPCError) in
                try await writer.write(EchoAPI.Message(text: "stop"))
                // The window is far smaller than this: the writer must be woken to learn why.
                let chunk = EchoAPI.Message(data: Bytes([UInt8](repeating: 0, count: 100_000)))
                for _ in 0..<100 { try await writer.write(chunk) }
            }
        }
        #expect(error?.domainCode == "ENOUGH")
    }

    @Test func `a writer that fails cancels the call`() async throws {
        struct Given: Error {}
        let fixture = try RPCFixture(.tcp, methods: EchoAPI.methods(EchoHandler()))
        let mine = RPCError(.aborted, "MINE", "The source of the items failed.")
        let error = await #expect(throws: RPCError.self) {
            try await EchoAPI.Client(fixture.channel).collect(tenSeconds) {
                writer throws(RPCError) in
                try await writer.write(EchoAPI.Message())
                throw mine
            }
        }
        #expect(error == mine)
    }

    @Test func `cancelling the reader's task ends the stream`() async throws {
        let fixture = try RPCFixture(.tcp, methods: EchoAPI.methods(EchoHandler()))
        let client = EchoAPI.Client(fixture.channel)
        let task = Task {
            let stream = try await client.count(
                EchoAPI.CountRequest(count: .max, bytes: 1), tenSeconds)
            while try await stream.next() != nil {}
        }
        await Task.yield()
        task.cancel()
        let error = await #expect(throws: RPCError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }

    @Test func `a stream goes on when its channel is no longer held`() async throws {
        let fixture = try RPCFixture(.tcp, methods: EchoAPI.methods(EchoHandler()))
        func open() async throws -> ResponseStream<EchoAPI.Message> {
            let channel = Channel(
                addresses: [fixture.address], identity: Identity(service: "short-lived"),
                loop: fixture.clientLoop)
            return try await EchoAPI.Client(channel).count(
                EchoAPI.CountRequest(count: 100, bytes: 100_000), tenSeconds)
        }
        let stream = try await open()
        var items = 0
        while try await stream.next() != nil { items += 1 }
        #expect(items == 100)
    }
}
