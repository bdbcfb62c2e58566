import CLinux
import Glibc
import RPC
import ServiceAPI
import ServiceRuntime

/// Durable holds through the real service, beside PostgreSQL with the same tables.
///
/// 64 holds in flight, each on one of 1,000 wallets and answered after its commit is on disk. The
/// peer does the same in one prepared call of a function for each hold, over a local socket.
struct CreditsBenchmark {
    struct Sample {
        var holdsPerSecond: Double
        var p50Microseconds: Double
        var p99Microseconds: Double
    }

    static let inFlight = 64
    static let wallets = 1_000

    let options: BenchOptions
    let loop: EventLoop

    init(_ options: BenchOptions, loop: EventLoop) {
        self.options = options
        self.loop = loop
    }

    func run() async throws {
        linux_tune_malloc()
        let folder = try Self.makeFolder()
        defer { Self.removeStore(folder) }
        let server = try ChildProcess(
            Self.executable("credits"),
            [
                "--listen", "127.0.0.1:0", "--store", "sqlite:\(folder)/credits.db",
                "--starter-grant", "1000000", "--log-level", "error",
            ])
        defer {
            server.terminate()
            _ = server.waitForExit()
        }
        guard let line = server.line(), let address = Self.address(in: line) else {
            throw BenchFailure("the credits service did not start; run make build")
        }
        let channel = Channel(
            addresses: [address], identity: Identity(service: "bench"), loop: loop)
        let client = CreditsAPI.Client(channel)
        try await openWallets(client)

        let peer = options.withPeers ? try PostgresPeer() : nil
        defer { peer?.end() }
        var ours: [Sample] = []
        var theirs: [Double] = []
        for round in 0..<options.rounds {
            ours.append(try await measure(client, round: round))
            if let peer {
                theirs.append(try peer.holdsPerSecond(Self.inFlight, options.seconds))
            }
        }
        channel.close()
        report(ours, theirs, residentBytes: server.residentBytes)
    }

    private func openWallets(_ client: CreditsAPI.Client) async throws {
        for index in 1...Self.wallets {
            let options = CallOptions(timeout: .seconds(10))
            _ = try await client.openAccount(.init(userID: "bench\(index)"), options)
        }
    }

    private func measure(_ client: CreditsAPI.Client, round: Int) async throws -> Sample {
        let start = linux_monotonic_ns()
        let end = start + UInt64(options.seconds * 1e9)
        let latencies = try await withThrowingTaskGroup(of: [UInt32].self) { group in
            for task in 0..<Self.inFlight {
                group.addTask(executorPreference: loop) {
                    let random = RandomSource.seeded(UInt64(round * Self.inFlight + task))
                    let options = CallOptions(timeout: .seconds(10))
                    var latencies: [UInt32] = []
                    var before = linux_monotonic_ns()
                    while before < end {
                        let wallet = random.nextUInt64() % UInt64(Self.wallets) + 1
                        let job = "job_\(random.nextUInt64())_\(latencies.count)"
                        let reply = try await client.hold(
                            .init(
                                userID: "bench\(wallet)", job: job, operation: "image.preview"),
                            options)
                        guard reply.state == .reserved, reply.amountU4 == 10_000 else {
                            throw BenchFailure("a hold came back wrong")
                        }
                        let after = linux_monotonic_ns()
                        latencies.append(UInt32(clamping: after - before))
                        before = after
                    }
                    return latencies
                }
            }
            return try await group.reduce(into: [UInt32]()) { $0 += $1 }
        }
        let elapsed = Double(linux_monotonic_ns() - start) / 1e9
        let sorted = latencies.sorted()
        guard !sorted.isEmpty else { throw BenchFailure("no hold was answered") }
        return Sample(
            holdsPerSecond: Double(sorted.count) / elapsed,
            p50Microseconds: Double(sorted[sorted.count / 2]) / 1_000,
            p99Microseconds: Double(sorted[sorted.count * 99 / 100]) / 1_000)
    }

    private func report(_ ours: [Sample], _ theirs: [Double], residentBytes: Int) {
        let holds = Int(median(ours.map(\.holdsPerSecond)))
        let p50 = decimals(median(ours.map(\.p50Microseconds)), 0)
        let p99 = decimals(median(ours.map(\.p99Microseconds)), 0)
        var lines = [
            "durable hold, \(Self.inFlight) in flight: \(holds)/s, p50 \(p50) µs, p99 \(p99) µs, "
                + "server memory \(residentBytes >> 10) KiB"
        ]
        var ratios: [String: Double] = [:]
        if theirs.count == ours.count {
            let ratio = median(zip(ours, theirs).map { $0.holdsPerSecond / $1 })
            ratios["credits.hold.c64"] = ratio
            lines.append(
                "PostgreSQL, \(Self.inFlight) clients: \(Int(median(theirs)))/s; "
                    + "ratio \(decimals(ratio, 2))")
        }
        BenchReport(lines: lines, ratios: ratios).write(options)
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

    private static func removeStore(_ folder: String) {
        for suffix in ["", "-wal", "-shm", ".lock"] { unlink("\(folder)/credits.db\(suffix)") }
        rmdir(folder)
    }
}

/// A private PostgreSQL: `Tests/Benchmarks/peers/credits`, put in place by `make bench-peers`.
private struct PostgresPeer {
    private let folder: String
    private let script: String

    init() throws {
        script = PeerPaths.directory + "/credits/postgres.sh"
        guard access(script, X_OK) == 0 else {
            throw BenchFailure("the PostgreSQL peer is not in place; run make bench-peers")
        }
        folder = try CreditsBenchmark.makeFolder()
        let start = try ChildProcess(script, ["start", folder])
        let line = start.line()
        _ = start.waitForExit()
        guard line == "ready" else {
            throw BenchFailure("PostgreSQL did not start; see \(folder)/log")
        }
    }

    func holdsPerSecond(_ clients: Int, _ seconds: Double) throws -> Double {
        let run = try ChildProcess(
            script, ["bench", folder, "\(clients)", "\(max(1, Int(seconds.rounded(.up))))"])
        let figure = run.line().flatMap(Double.init)
        _ = run.waitForExit()
        guard let figure, figure > 0 else {
            throw BenchFailure("pgbench gave no figure; see \(folder)/log")
        }
        return figure
    }

    func end() {
        guard let stop = try? ChildProcess(script, ["stop", folder]) else { return }
        _ = stop.waitForExit()
    }
}
