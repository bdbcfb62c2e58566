import CLinux
import RPC
import ServiceAPI
import ServiceRuntime

/// A ledger of a million entries: how long it takes to start, to show a page and to verify.
struct LedgerSizeBenchmark {
    private static let entries = 1_000_000
    /// A hold has two entries, its capture four.
    private static let pairs = entries / 6 + 1
    private static let wallets = 10
    private static let inFlight = 256
    private static let options = CallOptions(timeout: .seconds(120))

    let loop: EventLoop

    func run(_ lines: inout [String], _ ratios: inout [String: Double]) async throws {
        let folder = try CreditsServer.makeFolder()
        defer { CreditsServer.removeStore(folder) }
        try await fill(folder)
        let server = try CreditsServer(folder: folder, loop: loop)
        defer { server.stop() }
        let pages = try await pageMilliseconds(server.client)
        let before = linux_monotonic_ns()
        let report = try await server.client.verify(.init(), Self.options)
        let verify = Double(linux_monotonic_ns() - before) / 1e9
        guard report.isSound, report.entries >= UInt64(Self.entries) else {
            throw BenchFailure("the ledger is not sound: \(report.violations)")
        }
        ratios["credits.start.s"] = server.startSeconds
        ratios["credits.history.ms"] = pages
        ratios["credits.verify.s"] = verify
        lines.append(
            "\(report.entries) entries: start \(decimals(server.startSeconds, 2)) s, page of "
                + "history p99 \(decimals(pages, 1)) ms, verify \(decimals(verify, 1)) s, "
                + "server memory \(server.process.residentBytes >> 10) KiB")
    }

    private func fill(_ folder: String) async throws {
        let server = try CreditsServer(folder: folder, loop: loop)
        defer { server.stop() }
        try await server.openWallets(Self.wallets)
        let client = server.client
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<Self.inFlight {
                group.addTask(executorPreference: loop) {
                    for index in stride(from: task, to: Self.pairs, by: Self.inFlight) {
                        let hold = try await client.hold(
                            .init(
                                userID: "bench\(index % Self.wallets + 1)", job: "job\(index)",
                                operation: "image.preview", sessionID: "session\(index / 20)"),
                            Self.options)
                        _ = try await client.captureHold(
                            .init(holdID: hold.holdID, amountU4: 10_000), Self.options)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Pages of 50 from the newest row on; the 99th percentile of 200 reads, in milliseconds.
    private func pageMilliseconds(_ client: CreditsAPI.Client) async throws -> Double {
        var times: [UInt64] = []
        var cursor: UInt64 = 0
        for _ in 0..<200 {
            let before = linux_monotonic_ns()
            let page = try await client.listHistory(
                .init(userID: "bench1", limit: 50, before: cursor), Self.options)
            times.append(linux_monotonic_ns() - before)
            guard page.entries.count == 50 else { throw BenchFailure("a page is too short") }
            cursor = page.nextBefore
        }
        return Double(times.sorted()[times.count * 99 / 100]) / 1e6
    }
}
