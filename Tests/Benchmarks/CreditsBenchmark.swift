import CLinux
import Glibc
import RPC
import ServiceAPI
import ServiceRuntime

/// Durable holds and pairs of hold and capture through the real service, beside PostgreSQL with the
/// same tables; then a crowd at one wallet, and a ledger of a million entries.
///
/// 64 clients, each on one of 1,000 wallets, each answer after its commit is on disk. The peer does
/// the same in one prepared call of a function for each step, over a local socket.
struct CreditsBenchmark {
    /// What one client does again and again.
    enum Work: String, CaseIterable {
        case hold, pair
    }

    struct Sample {
        var perSecond: Double
        var p50Microseconds: Double
        var p99Microseconds: Double
    }

    static let inFlight = 64
    private static let callOptions = CallOptions(timeout: .seconds(30))

    let options: BenchOptions
    let loop: EventLoop

    init(_ options: BenchOptions, loop: EventLoop) {
        self.options = options
        self.loop = loop
    }

    func run() async throws {
        linux_tune_malloc()
        var lines: [String] = []
        var ratios: [String: Double] = [:]
        func isAsked(_ name: String) -> Bool {
            options.cases.isEmpty || options.cases.contains(name)
        }
        let works = Work.allCases.filter { isAsked($0.rawValue) }
        if !works.isEmpty { try await compare(works, &lines, &ratios) }
        if isAsked("hot") { lines.append(try await crowd()) }
        if isAsked("size") {
            let size = LedgerSizeBenchmark(loop: loop)
            try await size.run(&lines, &ratios)
        }
        BenchReport(lines: lines, ratios: ratios).write(options)
    }

    // MARK: Beside the peer

    private func compare(
        _ works: [Work], _ lines: inout [String], _ ratios: inout [String: Double]
    ) async throws {
        let folder = try CreditsServer.makeFolder()
        defer { CreditsServer.removeStore(folder) }
        lines.append("fdatasync of one page: \(decimals(try Self.syncMicroseconds(folder), 0)) µs")
        let server = try CreditsServer(folder: folder, loop: loop)
        defer { server.stop() }
        try await server.openWallets()
        let peer = options.withPeers ? try PostgresPeer() : nil
        defer { peer?.end() }
        for work in works {
            var ours: [Sample] = []
            var theirs: [Double] = []
            for round in 0..<options.rounds {
                ours.append(try await measure(work, server.client, round: round))
                if let peer {
                    theirs.append(
                        try peer.perSecond(work.rawValue, Self.inFlight, options.seconds))
                }
            }
            let rate = Int(median(ours.map(\.perSecond)))
            let p50 = decimals(median(ours.map(\.p50Microseconds)), 0)
            let p99 = decimals(median(ours.map(\.p99Microseconds)), 0)
            lines.append(
                "durable \(work.rawValue), \(Self.inFlight) clients: \(rate)/s, p50 \(p50) µs, "
                    + "p99 \(p99) µs")
            guard theirs.count == ours.count else { continue }
            let ratio = median(zip(ours, theirs).map { $0.perSecond / $1 })
            ratios["credits.\(work.rawValue).c64"] = ratio
            lines.append(
                "PostgreSQL, \(Self.inFlight) clients: \(Int(median(theirs)))/s; "
                    + "ratio \(decimals(ratio, 2))")
        }
        lines.append("server memory \(server.process.residentBytes >> 10) KiB")
    }

    private func measure(
        _ work: Work, _ client: CreditsAPI.Client, round: Int
    ) async throws -> Sample {
        let start = linux_monotonic_ns()
        let end = start + UInt64(options.seconds * 1e9)
        let latencies = try await withThrowingTaskGroup(of: [UInt32].self) { group in
            for task in 0..<Self.inFlight {
                group.addTask(executorPreference: loop) {
                    let random = RandomSource.seeded(UInt64(round * Self.inFlight + task))
                    var latencies: [UInt32] = []
                    var before = linux_monotonic_ns()
                    while before < end {
                        let wallet = random.nextUInt64() % UInt64(CreditsServer.wallets) + 1
                        let job = "\(work.rawValue)_\(random.nextUInt64())_\(latencies.count)"
                        try await Self.perform(work, client, "bench\(wallet)", job)
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
        return try Sample(latencies, elapsed: elapsed)
    }

    private static func perform(
        _ work: Work, _ client: CreditsAPI.Client, _ user: String, _ job: String
    ) async throws {
        let hold = try await client.hold(
            .init(userID: user, job: job, operation: "image.preview"), callOptions)
        guard hold.state == .reserved, hold.amountU4 == 10_000 else {
            throw BenchFailure("a hold came back wrong")
        }
        guard work == .pair else { return }
        let captured = try await client.captureHold(
            .init(holdID: hold.holdID, amountU4: 10_000), callOptions)
        guard captured.state == .captured else { throw BenchFailure("a capture came back wrong") }
    }

    /// What the disk takes for one small durable write, in the median of 50.
    private static func syncMicroseconds(_ folder: String) throws -> Double {
        let file = open("\(folder)/sync", O_CREAT | O_WRONLY, 0o600)
        guard file >= 0 else { throw BenchFailure("no file in \(folder)") }
        defer {
            close(file)
            unlink("\(folder)/sync")
        }
        let page = [UInt8](repeating: 1, count: 4096)
        return median(
            (0..<50).map { _ in
                let before = linux_monotonic_ns()
                _ = page.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
                fdatasync(file)
                return Double(linux_monotonic_ns() - before) / 1_000
            })
    }

    // MARK: One wallet

    /// A hundred at a time want a credit each of one wallet that has fifty: held, or refused.
    private func crowd() async throws -> String {
        let folder = try CreditsServer.makeFolder()
        defer { CreditsServer.removeStore(folder) }
        let server = try CreditsServer(folder: folder, loop: loop)
        defer { server.stop() }
        let client = server.client
        _ = try await client.openAccount(.init(userID: "hot"), Self.callOptions)
        let rest = Int64(1_000_000 - 50) * 10_000
        _ = try await client.hold(
            .init(userID: "hot", job: "rest", operation: "image.preview", amountU4: rest),
            Self.callOptions)
        let start = linux_monotonic_ns()
        let outcomes = try await withThrowingTaskGroup(of: (Bool, UInt32).self) { group in
            for index in 0..<100 {
                group.addTask(executorPreference: loop) {
                    let before = linux_monotonic_ns()
                    var isHeld = true
                    do {
                        _ = try await client.hold(
                            .init(userID: "hot", job: "job\(index)", operation: "image.preview"),
                            Self.callOptions)
                    } catch let error as RPCError where error.domainCode == "INSUFFICIENT_CREDITS" {
                        isHeld = false
                    }
                    return (isHeld, UInt32(clamping: linux_monotonic_ns() - before))
                }
            }
            return try await group.reduce(into: [(Bool, UInt32)]()) { $0.append($1) }
        }
        let elapsed = Double(linux_monotonic_ns() - start) / 1e9
        let held = outcomes.count { $0.0 }
        guard held == 50 else { throw BenchFailure("\(held) of 50 credits were held") }
        let sample = try Sample(outcomes.map(\.1), elapsed: elapsed)
        return "one wallet, 100 at once: \(held) held, \(100 - held) refused, "
            + "p99 \(decimals(sample.p99Microseconds / 1_000, 1)) ms"
    }
}

extension CreditsBenchmark.Sample {
    init(_ latencies: [UInt32], elapsed: Double) throws {
        let sorted = latencies.sorted()
        guard !sorted.isEmpty else { throw BenchFailure("nothing was answered") }
        self.init(
            perSecond: Double(sorted.count) / elapsed,
            p50Microseconds: Double(sorted[sorted.count / 2]) / 1_000,
            p99Microseconds: Double(sorted[sorted.count * 99 / 100]) / 1_000)
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
        folder = try CreditsServer.makeFolder()
        let start = try ChildProcess(script, ["start", folder])
        let line = start.line()
        _ = start.waitForExit()
        guard line == "ready" else {
            throw BenchFailure("PostgreSQL did not start; see \(folder)/log")
        }
    }

    /// How often a second pgbench runs a script.
    func perSecond(_ name: String, _ clients: Int, _ seconds: Double) throws -> Double {
        let run = try ChildProcess(
            script,
            ["bench", folder, "\(clients)", "\(max(1, Int(seconds.rounded(.up))))", name])
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
