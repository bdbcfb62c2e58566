package import RPC
package import ServiceRuntime

/// A server and a channel to it, each on a loop of its own, over memory or TCP.
package final class RPCFixture: Sendable {
    package enum Wiring: Sendable, CaseIterable {
        case memory, tcp
    }

    package let serverLoop: EventLoop
    package let clientLoop: EventLoop
    package let transport: any Transport
    package let address: SocketAddress
    package let server: Server
    package let channel: Channel

    /// Starts serving `methods` on a free port.
    package init(
        _ wiring: Wiring, methods: [MethodHandler], limits: ServerLimits = ServerLimits(),
        secret: [UInt8]? = nil, clientSecret: [UInt8]?? = nil
    ) throws {
        serverLoop = EventLoop(name: "test-server")
        clientLoop = EventLoop(name: "test-client")
        switch wiring {
        case .memory: transport = InMemoryTransport()
        case .tcp: transport = TCPTransport()
        }
        server = Server(
            identity: Identity(service: "server", secret: secret), methods: methods,
            loops: [serverLoop], transport: transport, limits: limits)
        address = try server.listen(on: SocketAddress(host: "127.0.0.1", port: 0))
        channel = Channel(
            addresses: [address],
            identity: Identity(service: "client", secret: clientSecret ?? secret),
            loop: clientLoop, transport: transport)
    }

    deinit {
        channel.close()
        let (server, loops) = (self.server, [clientLoop, serverLoop])
        Task {
            await server.drain()
            for loop in loops { loop.stop() }
        }
    }
}
