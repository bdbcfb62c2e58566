import Glibc
import HTTP
import HTTPOutbound
import ServiceRuntime

/// `GET /api/credits` through the gateway to the credits service, beside node doing the same.
struct GatewayBenchmark {
    private static let connections = 64

    private struct Sample {
        var load: HTTPLoad.Sample
        var cpuMicroseconds: Double
    }

    let options: BenchOptions
    let loop: EventLoop

    func run() async throws {
        var template = Array("/tmp/bench-gateway-XXXXXX".utf8CString)
        let folder = String(cString: mkdtemp(&template))
        defer { remove(folder) }
        let credits = try start(
            "credits",
            [
                "CREDITS_LISTEN": "127.0.0.1:0", "CREDITS_STORE": "sqlite:\(folder)/credits.db",
                "CREDITS_LOG_LEVEL": "error",
            ])
        defer { credits.process.terminate() }
        let gateway = try start(
            "gateway",
            [
                "GATEWAY_LISTEN": "127.0.0.1:0", "GATEWAY_STORE": "sqlite:\(folder)/gateway.db",
                "GATEWAY_RATE_LIMITS": "off", "GATEWAY_LOG_LEVEL": "error",
                "CREDITS_ADDRESS": credits.address.description,
            ])
        defer { gateway.process.terminate() }
        let (token, user) = try await guest(gateway.address)
        let peer = options.withPeers ? try node(credits.address, token, user) : nil
        defer { peer?.process.terminate() }

        let load = HTTPLoad(loop: loop, path: "/api/credits", token: token)
        var ours: [Sample] = []
        var theirs: [Sample] = []
        for _ in 0..<options.rounds {
            ours.append(try await measure(load, gateway))
            if let peer { theirs.append(try await measure(load, peer)) }
        }
        report(ours, theirs)
    }

    private typealias Running = (process: ChildProcess, address: SocketAddress)

    private func measure(_ load: HTTPLoad, _ server: Running) async throws -> Sample {
        let before = server.process.cpuSeconds
        let sample = try await load.measure(
            server.address, connections: Self.connections, seconds: options.seconds)
        let cpu = server.process.cpuSeconds - before
        // The warm-up, a fifth as long, used processor time as well.
        let requests = sample.requestsPerSecond * options.seconds * 1.2
        return Sample(load: sample, cpuMicroseconds: cpu * 1e6 / requests)
    }

    /// Starts an executable that lies beside `bench` and reads its ready line.
    private func start(_ name: String, _ environment: [String: String]) throws -> Running {
        let program = CommandLine.arguments[0]
        let folder = program.lastIndex(of: "/").map { program[..<$0] } ?? "."
        let path = "\(folder)/\(name)"
        guard access(path, X_OK) == 0 else {
            throw BenchFailure("\(path) is not there; run make build")
        }
        let process = try ChildProcess(path, [], environment: environment)
        guard let line = process.line(),
            let ready = try? JSONValue(parsing: Array(line.utf8)),
            let address = ready["address"]?.text.flatMap(SocketAddress.init)
        else {
            process.terminate()
            throw BenchFailure("\(name) did not start")
        }
        return (process, address)
    }

    private func node(
        _ credits: SocketAddress, _ token: String, _ user: String
    ) throws -> Running {
        let candidates: [String] = ["/usr/bin/node", "/usr/local/bin/node"]
        guard let path = candidates.first(where: { access($0, X_OK) == 0 }) else {
            throw BenchFailure("node is not installed; run make bench-peers")
        }
        let build = PeerPaths.directory
        let root = build.hasPrefix("/") ? String(build.dropLast("/.build/peers".count)) : "."
        let process = try ChildProcess(
            path,
            [
                "\(root)/Tests/Benchmarks/peers/gateway/server.js", String(credits.port), token,
                user,
            ])
        guard let line = process.line(), let address = SocketAddress(line) else {
            process.terminate()
            throw BenchFailure("the node peer did not start")
        }
        return (process, address)
    }

    private func guest(_ address: SocketAddress) async throws -> (token: String, user: String) {
        let client = HTTPClient()
        defer { client.stop() }
        let answer = try await client.send(.init("POST", "http://\(address)/api/auth/guest"))
        let json = try JSONValue(parsing: answer.body)
        guard let token = json["token"]?.text, let user = json["user"]?["id"]?.text else {
            throw BenchFailure("the gateway gave no guest: \(answer.status)")
        }
        return (token, user)
    }

    private func report(_ ours: [Sample], _ theirs: [Sample]) {
        var lines = ["GET /api/credits, \(Self.connections) connections, median of \(ours.count)"]
        lines.append(line("gateway", ours))
        var ratios: [String: Double] = [:]
        if !theirs.isEmpty {
            lines.append(line("node http", theirs))
            let ratio = median(
                zip(ours, theirs).map { $0.load.requestsPerSecond / $1.load.requestsPerSecond })
            ratios["gateway.credits.c64"] = ratio
            lines.append("ratio \(decimals(ratio, 2))")
        }
        BenchReport(lines: lines, ratios: ratios).write(options)
    }

    private func line(_ name: String, _ samples: [Sample]) -> String {
        let rate = median(samples.map(\.load.requestsPerSecond))
        let p50 = median(samples.map(\.load.p50Microseconds))
        let p99 = median(samples.map(\.load.p99Microseconds))
        let cpu = median(samples.map(\.cpuMicroseconds))
        return pad(name, 12) + pad("\(Int(rate))/s", 12, left: true) + "  p50 \(Int(p50)) µs"
            + "  p99 \(Int(p99)) µs  \(decimals(cpu, 1)) µs cpu"
    }

    private func remove(_ folder: String) {
        for name in ["credits", "gateway"] {
            for suffix in ["", "-wal", "-shm", ".lock"] { unlink("\(folder)/\(name).db\(suffix)") }
        }
        rmdir(folder)
    }
}
