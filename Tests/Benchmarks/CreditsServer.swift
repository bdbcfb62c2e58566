import Glibc
import RPC
import ServiceAPI
import ServiceRuntime

/// The real credits service on a store of its own, and a client of it.
struct CreditsServer {
    static let wallets = 1_000

    let process: ChildProcess
    let client: CreditsAPI.Client
    private let channel: Channel
    /// From the start of the process to its ready line.
    let startSeconds: Double

    init(folder: String, loop: EventLoop) throws {
        let before = SystemTime().instant
        process = try ChildProcess(
            Self.executable("credits"),
            [
                "--listen", "127.0.0.1:0", "--store", "sqlite:\(folder)/credits.db",
                "--starter-grant", "1000000", "--log-level", "error",
            ])
        guard let line = process.line(), let address = Self.address(in: line) else {
            throw BenchFailure("the credits service did not start; run make build")
        }
        startSeconds = (SystemTime().instant - before).seconds
        channel = Channel(addresses: [address], identity: Identity(service: "bench"), loop: loop)
        client = CreditsAPI.Client(channel)
    }

    func stop() {
        channel.close()
        process.terminate()
        _ = process.waitForExit()
    }

    /// "bench1", "bench2" and so on.
    func openWallets(_ count: Int = Self.wallets) async throws {
        for index in 1...count {
            let options = CallOptions(timeout: .seconds(10))
            _ = try await client.openAccount(.init(userID: "bench\(index)"), options)
        }
    }

    // MARK: Places

    /// An executable beside this one.
    private static func executable(_ name: String) -> String {
        let program = CommandLine.arguments[0]
        guard let slash = program.lastIndex(of: "/") else { return name }
        return program[...slash] + name
    }

    /// The address in `{"ready":"credits","address":"127.0.0.1:40123",…}`.
    private static func address(in line: String) -> SocketAddress? {
        let mark = "\"address\":\""
        guard let start = line.firstRange(of: mark)?.upperBound,
            let end = line[start...].firstIndex(of: "\"")
        else { return nil }
        return SocketAddress(String(line[start..<end]))
    }

    static func makeFolder() throws -> String {
        var template = Array("/tmp/convergence-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw BenchFailure("no folder in /tmp") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func removeStore(_ folder: String) {
        for suffix in ["", "-wal", "-shm", ".lock", ".witness"] {
            unlink("\(folder)/credits.db\(suffix)")
        }
        rmdir(folder)
    }
}
