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

    /// - Parameter folder: Where it may keep its cache.
    init(folder: String) throws {
        process = try ChildProcess(
            Self.programs + "/render", [],
            environment: [
                "RENDER_LISTEN": "127.0.0.1:0", "RENDER_LOG_LEVEL": "error",
                "RENDER_STORE": "sqlite:\(folder)/render.db",
                "RENDER_RESULTS": "file:\(folder)/results",
            ])
        let line = try #require(process.line())
        let start = try #require(line.firstRange(of: "\"address\":\"")?.upperBound)
        address = String(try #require(line[start...].split(separator: "\"").first))
    }

    /// Runs `body` beside a service of its own, which ends with it.
    static func run(_ body: (RenderProcess) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let service = try RenderProcess(folder: folder)
            defer {
                service.process.terminate()
                _ = service.process.waitForExit()
            }
            try await body(service)
        }
    }
}
