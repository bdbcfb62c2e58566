import Glibc
import ServiceRuntime

/// Benchmarks beside their peers: `bench rpc --peers`, `bench credits --peers` and so on.
enum BenchMain {
    static let usage = """
        Load and benchmarks. Figures are ratios to a peer measured in the same run.

        Usage:
          bench rpc [--peers] [--json] [--rounds N] [--seconds S] [--cases 64B.c1,…]
          bench credits [--peers] [--json] [--rounds N] [--seconds S] [--cases hold,pair,hot,size]
          bench gateway [--peers] [--json] [--rounds N] [--seconds S]
          bench render [--peers] [--json] [--rounds N] [--seconds S] [--cases kernel,quality,jobs]
          bench render --target HOST:PORT [--concurrency N | --rate R] [--duration S] [--size WxH]
                       [--moves push_in,…] [--frames N] [--json]
                       asks for what a viewer gets: a first frame, then video that plays while it comes
          bench echo-server [--listen HOST:PORT]

        --peers    measure the peer as well, in turn; fails when it cannot run (make bench-peers)
        --json     one JSON object on stdout: {"ratios": {...}}
        --rounds   rounds of each case, 3 or more for a median that counts (default 3)
        --seconds  length of each measurement (default 0.7)

        Exit codes: 0 figures were printed, 1 they could not be had, 2 the command line is wrong.
        """

    static func run() -> Never {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard let name = arguments.first, name != "--help", name != "-h" else {
            print(usage)
            exit(arguments.isEmpty ? 2 : 0)
        }
        let rest = Array(arguments.dropFirst())
        if rest.contains("--help") || rest.contains("-h") {
            print(usage)
            exit(0)
        }
        signal(SIGPIPE, SIG_IGN)
        let loop = EventLoop(name: "bench")
        Task(executorPreference: loop) {
            do {
                switch name {
                case "echo-server":
                    try await EchoServer.run(rest, loop: loop)
                case "rpc":
                    try await RPCBenchmark(BenchOptions(rest), loop: loop).run()
                case "credits":
                    try await CreditsBenchmark(BenchOptions(rest), loop: loop).run()
                case "render" where rest.contains("--target"):
                    try await RenderLoadCommand(rest, loop: loop).run()
                case "render":
                    try await RenderBenchmark(options: BenchOptions(rest), loop: loop).run()
                case "gateway":
                    try await GatewayBenchmark(options: BenchOptions(rest), loop: loop).run()
                default:
                    throw BenchFailure(usage: "unknown benchmark \(name); try --help")
                }
                exit(0)
            } catch {
                FileHandleText.writeError("bench: \(error)")
                exit((error as? BenchFailure)?.isUsage == true ? 2 : 1)
            }
        }
        while true { pause() }
    }
}

/// Why a benchmark gives no figures.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String
    /// Whether the command line is what is wrong.
    let isUsage: Bool

    init(_ description: String) {
        self.description = description
        isUsage = false
    }

    init(usage description: String) {
        self.description = description
        isUsage = true
    }
}

/// Lines on stderr.
enum FileHandleText {
    static func writeError(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        bytes.withUnsafeBytes { _ = write(2, $0.baseAddress, $0.count) }
    }
}
