import CLinux
import Glibc
import RPC
import ServiceAPI
import ServiceRuntime
import Wire

/// Unary echo through the generated client and handler, beside gRPC C++ async.
struct RPCBenchmark {
    struct Case: Hashable {
        let bytes: Int
        let inFlight: Int

        var name: String {
            let size =
                bytes == 64 ? "64B" : bytes == 1024 ? "1KiB" : "1MiB"
            return "\(size).c\(inFlight)"
        }
    }

    struct Sample {
        var callsPerSecond: Double
        var cpuMicrosecondsPerCall: Double
        var p50Microseconds: Double
        var p99Microseconds: Double
    }

    static let cases = [
        Case(bytes: 64, inFlight: 1), Case(bytes: 64, inFlight: 16), Case(bytes: 64, inFlight: 64),
        Case(bytes: 1024, inFlight: 1), Case(bytes: 1024, inFlight: 16),
        Case(bytes: 1024, inFlight: 64), Case(bytes: 1 << 20, inFlight: 1),
        Case(bytes: 1 << 20, inFlight: 16),
    ]

    let options: BenchOptions
    let loop: EventLoop

    init(_ options: BenchOptions, loop: EventLoop) {
        self.options = options
        self.loop = loop
    }

    func run() async throws {
        linux_tune_malloc()
        let server = try ChildProcess(CommandLine.arguments[0], ["echo-server"])
        defer { server.terminate() }
        guard let line = server.line(), let address = SocketAddress(line) else {
            throw BenchFailure("the echo server did not start")
        }
        let channel = Channel(
            addresses: [address], identity: Identity(service: "bench"), loop: loop)
        let client = EchoAPI.Client(channel)
        _ = try await client.echo(EchoAPI.Message(), CallOptions(timeout: .seconds(5)))

        let peer = options.withPeers ? try GRPCPeer() : nil
        defer { peer?.end() }
        var ours: [Case: [Sample]] = [:]
        var theirs: [Case: [Sample]] = [:]
        var ownResident = 0
        var peerResident = 0
        let cases = Self.cases.filter {
            options.cases.isEmpty || options.cases.contains($0.name)
        }
        guard !cases.isEmpty else { throw BenchFailure(usage: "no such case; leave --cases out") }
        for _ in 0..<options.rounds {
            for item in cases {
                ours[item, default: []].append(try await measure(item, client, server))
                // Before larger messages have grown both servers.
                let isFirst = item.bytes == 64 && item.inFlight == 64 && ownResident == 0
                if isFirst { ownResident = server.residentBytes }
                if let peer {
                    theirs[item, default: []].append(try peer.measure(item, options.seconds))
                    if isFirst { peerResident = peer.server.residentBytes }
                }
            }
        }
        channel.close()
        report(ours, theirs, ownResident, peerResident)
    }

    private func measure(
        _ item: Case, _ client: EchoAPI.Client, _ server: ChildProcess
    ) async throws -> Sample {
        // The packed message is as large as the case says: tag and length take up to 5 bytes.
        let overhead = item.bytes < 200 ? 2 : item.bytes < 16_000 ? 3 : 4
        let message = EchoAPI.Message(
            data: Bytes([UInt8](repeating: 7, count: item.bytes - overhead)))
        let seconds = options.seconds
        let cpuBefore = ownCPUSeconds() + server.cpuSeconds
        let start = linux_monotonic_ns()
        let end = start + UInt64(seconds * 1e9)
        let latencies = try await withThrowingTaskGroup(of: [UInt32].self) { group in
            for _ in 0..<item.inFlight {
                group.addTask(executorPreference: loop) {
                    var latencies: [UInt32] = []
                    latencies.reserveCapacity(100_000)
                    let options = CallOptions(timeout: .seconds(10))
                    var before = linux_monotonic_ns()
                    while before < end {
                        let answer = try await client.echo(message, options)
                        guard answer.data.count == message.data.count else {
                            throw BenchFailure("an echo came back changed")
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
        let cpu = ownCPUSeconds() + server.cpuSeconds - cpuBefore
        let sorted = latencies.sorted()
        guard !sorted.isEmpty else { throw BenchFailure("no call was answered") }
        return Sample(
            callsPerSecond: Double(sorted.count) / elapsed,
            cpuMicrosecondsPerCall: cpu * 1e6 / Double(sorted.count),
            p50Microseconds: Double(sorted[sorted.count / 2]) / 1000,
            p99Microseconds: Double(sorted[sorted.count * 99 / 100]) / 1000)
    }

    private func report(
        _ ours: [Case: [Sample]], _ theirs: [Case: [Sample]], _ ownResident: Int,
        _ peerResident: Int
    ) {
        var ratios: [String: Double] = [:]
        var lines = ["case        calls/s   cpu µs   p50 µs   p99 µs   × peer  cpu ÷ peer"]
        for item in Self.cases {
            guard let own = ours[item] else { continue }
            var line = pad(item.name, 10)
            line += pad(Int(median(own.map(\.callsPerSecond))).description, 9, left: true)
            line += pad(decimals(median(own.map(\.cpuMicrosecondsPerCall)), 2), 9, left: true)
            line += pad(decimals(median(own.map(\.p50Microseconds)), 1), 9, left: true)
            line += pad(decimals(median(own.map(\.p99Microseconds)), 1), 9, left: true)
            if let peer = theirs[item], peer.count == own.count {
                let speed = median(zip(own, peer).map { $0.callsPerSecond / $1.callsPerSecond })
                let cpu = median(
                    zip(own, peer).map { $0.cpuMicrosecondsPerCall / $1.cpuMicrosecondsPerCall })
                ratios["rpc.\(item.name)"] = speed
                ratios["rpc.\(item.name).cpu"] = cpu
                line += pad(decimals(speed, 2), 9, left: true)
                line += pad(decimals(cpu, 3), 12, left: true)
            }
            lines.append(line)
        }
        ratios["rpc.cpu.c64"] = ratios["rpc.64B.c64.cpu"]
        if peerResident > 0 { ratios["rpc.rss"] = Double(ownResident) / Double(peerResident) }
        if ownResident > 0 {
            lines.append(
                "server memory after 64 B c64: \(ownResident >> 10) KiB"
                    + (peerResident > 0 ? ", peer \(peerResident >> 10) KiB" : ""))
        }
        BenchReport(lines: lines, ratios: ratios).write(options)
    }
}
