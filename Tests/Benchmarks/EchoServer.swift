import CLinux
import Glibc
import RPC
import ServiceAPI
import ServiceRuntime
import Wire

/// The server of the RPC benchmark, and of clients in other languages.
enum EchoServer {
    /// Prints its address as one line and serves until it is ended.
    static func run(_ arguments: [String], loop: EventLoop) async throws {
        linux_tune_malloc()
        var address = SocketAddress(host: "127.0.0.1", port: 0)
        if let index = arguments.firstIndex(of: "--listen"), index + 1 < arguments.count {
            guard let given = SocketAddress(arguments[index + 1]) else {
                throw BenchFailure(usage: "--listen takes host:port")
            }
            address = given
        }
        let server = Server(
            identity: Identity(service: "echo"), methods: EchoAPI.methods(PlainEcho()),
            loops: [loop])
        let bound = try server.listen(on: address)
        print(bound)
        fflush(nil)
        try await Task.sleep(for: .seconds(24 * 3600))
    }
}

/// Answers with what it was sent, and nothing else.
struct PlainEcho: EchoAPI.Handler {
    func echo(
        _ request: EchoAPI.Message, _ context: CallContext
    ) async throws(RPCError) -> EchoAPI.Message {
        request
    }

    func count(
        _ request: EchoAPI.CountRequest, _ writer: ResponseWriter<EchoAPI.Message>,
        _ context: CallContext
    ) async throws(RPCError) {
        let message = EchoAPI.Message(data: .init([UInt8](repeating: 1, count: Int(request.bytes))))
        for _ in 0..<request.count { try await writer.write(message) }
    }

    func collect(
        _ reader: RequestStream<EchoAPI.Message>, _ context: CallContext
    ) async throws(RPCError) -> EchoAPI.Collected {
        var collected = EchoAPI.Collected()
        while let message = try await reader.next() {
            collected.items += 1
            collected.bytes += UInt64(message.data.count)
        }
        return collected
    }

    func hang(
        _ request: EchoAPI.Message, _ context: CallContext
    ) async throws(RPCError) -> EchoAPI.Message {
        try? await Task.sleep(for: context.remaining)
        throw .deadlineExceeded
    }
}
