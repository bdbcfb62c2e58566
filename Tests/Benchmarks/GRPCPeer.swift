import Glibc
import ServiceRuntime

/// gRPC C++ async: `Tests/Benchmarks/peers/grpc`, built by `make bench-peers`.
struct GRPCPeer {
    /// The peer gets the same allocator settings as we set for ourselves.
    private static let settings = [
        "MALLOC_MMAP_THRESHOLD_": "67108864", "MALLOC_TRIM_THRESHOLD_": "16777216",
    ]

    let server: ChildProcess
    private let address: String
    private let clientPath: String

    init() throws {
        let directory = PeerPaths.directory + "/grpc"
        clientPath = directory + "/echo-client"
        guard access(clientPath, X_OK) == 0 else {
            throw BenchFailure("the gRPC peer is not built; run make bench-peers")
        }
        server = try ChildProcess(directory + "/echo-server", [], environment: Self.settings)
        guard let line = server.line() else { throw BenchFailure("the gRPC peer did not start") }
        address = line
    }

    func measure(
        _ item: RPCBenchmark.Case, _ seconds: Double
    ) throws -> RPCBenchmark.Sample {
        let serverCPU = server.cpuSeconds
        let client = try ChildProcess(
            clientPath, [address, "\(item.bytes)", "\(item.inFlight)", "\(seconds)"],
            environment: Self.settings)
        // calls, seconds, own CPU seconds, p50 µs, p99 µs
        let fields = (client.line() ?? "").split(separator: " ").compactMap { Double($0) }
        _ = client.waitForExit()
        guard fields.count == 5, fields[0] > 0 else {
            throw BenchFailure("the gRPC peer gave no figures for \(item.name)")
        }
        let cpu = fields[2] + server.cpuSeconds - serverCPU
        return RPCBenchmark.Sample(
            callsPerSecond: fields[0] / fields[1], cpuMicrosecondsPerCall: cpu * 1e6 / fields[0],
            p50Microseconds: fields[3], p99Microseconds: fields[4])
    }

    func end() { server.terminate() }
}

/// Where the peers were built: `.build/peers` of the package that `bench` was built in.
enum PeerPaths {
    static var directory: String {
        let program = CommandLine.arguments[0]
        guard let range = program.lastIndex(of: "/") else { return ".build/peers" }
        // .build/release/bench and .build/x86_64-…/release/bench alike.
        var parts = program[..<range].split(separator: "/", omittingEmptySubsequences: false)
        while let last = parts.last, last != ".build" { parts.removeLast() }
        return parts.isEmpty ? ".build/peers" : parts.joined(separator: "/") + "/peers"
    }
}
