import RPC
import ServiceAPI
import ServiceRuntime
import Testing

/// The built executables, and the real service started from them.
struct RenderProcess {
    static let programs =
        "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        + "/.build/release"

    let process: ChildProcess
    /// HOST:PORT.
    let address: String

    /// - Parameters:
    ///   - folder: Where it may keep its cache.
    ///   - settings: Variables beside those of a test.
    init(folder: String, settings: [String: String] = [:]) throws {
        process = try ChildProcess(
            Self.programs + "/render", [],
            environment: [
                "RENDER_LISTEN": "127.0.0.1:0", "RENDER_LOG_LEVEL": "error",
                "RENDER_STORE": "sqlite:\(folder)/render.db",
                "RENDER_RESULTS": "file:\(folder)/results",
            ].merging(settings) { $1 })
        let line = try #require(process.line())
        let start = try #require(line.firstRange(of: "\"address\":\"")?.upperBound)
        address = String(try #require(line[start...].split(separator: "\"").first))
    }

    /// Runs `body` beside a service of its own, which ends with it.
    static func run(
        settings: [String: String] = [:], _ body: (RenderProcess) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let service = try RenderProcess(folder: folder, settings: settings)
            defer {
                service.process.terminate()
                _ = service.process.waitForExit()
            }
            try await body(service)
        }
    }

    /// Runs `body` with a client of this service.
    func withClient(_ body: (RenderAPI.Client) async throws -> Void) async throws {
        let loop = EventLoop(name: "client")
        let channel = Channel(
            addresses: [try #require(SocketAddress(address))],
            identity: Identity(service: "media"), loop: loop)
        defer {
            channel.close()
            loop.stop()
        }
        try await body(RenderAPI.Client(channel))
    }
}
