import RPC
import RenderService
import ServiceAPI
import ServiceRuntime
import Testing

@Suite(.timeLimit(.minutes(2))) struct `the service alone under load` {
    /// What `bench render` prints of a service that runs without any other.
    private func bench(_ options: [String]) async throws -> (ChildProcess.Exit, String) {
        var result: (ChildProcess.Exit, String)?
        try await RenderProcess.run { service in
            let child = try ChildProcess(
                RenderProcess.programs + "/bench",
                ["render", "--target", service.address, "--duration", "0.3", "--frames", "8"]
                    + options)
            result = Self.outcome(child)
        }
        return try #require(result)
    }

    /// How a command ends, and what it prints.
    private static func outcome(_ child: ChildProcess) -> (ChildProcess.Exit, String) {
        var lines: [String] = []
        while let line = child.line() { lines.append(line) }
        return (child.waitForExit(), lines.joined(separator: "\n"))
    }

    /// The same with what it says on stderr.
    private func command(_ options: [String]) throws -> (ChildProcess.Exit, String) {
        let program = RenderProcess.programs + "/bench"
        return Self.outcome(
            try ChildProcess("/bin/sh", ["-c", "exec \"$0\" \"$@\" 2>&1", program] + options))
    }

    private func figure(_ name: String, in text: String) throws -> Double {
        let start = try #require(text.firstRange(of: "\"\(name)\": ")?.upperBound)
        return try #require(Double(text[start...].prefix { $0.isNumber || $0 == "." }))
    }

    @Test(arguments: [["--concurrency", "3"], ["--rate", "20"]])
    func `it is measured in a closed and in an open loop`(_ arrival: [String]) async throws {
        let (exit, text) = try await bench(
            arrival + ["--json", "--size", "160x90", "--moves", "push_in,pan_left"])
        #expect(exit == .code(0))
        let names = [
            "requests_per_second", "frames_per_second", "p50_ms", "p95_ms", "p99_ms",
            "first_frame_ms", "bytes", "errors", "server_cpu_s", "server_rss_bytes",
        ]
        for name in names { #expect(text.contains("\"\(name)\": "), "\(text)") }
        #expect(text.contains("\"errors\": 0.000") && !text.contains("null"))
    }

    @Test func `the first frame of a long move is there long before its last`() async throws {
        let (exit, text) = try await bench(
            ["--json", "--size", "320x180", "--frames", "240", "--concurrency", "1"])
        #expect(exit == .code(0))
        #expect(try figure("first_frame_ms", in: text) * 2 < figure("p50_ms", in: text), "\(text)")
    }

    @Test func `what the service refuses is counted by code, with a reason`() async throws {
        let (exit, text) = try await bench(["--json", "--size", "160x90", "--moves", "nope"])
        #expect(exit == .code(1))
        #expect(text.contains("\"error_codes\": {\"INVALID_MOVE\": "), "\(text)")
        try await RenderProcess.run { service in
            let (exit, text) = try command([
                "render", "--target", service.address, "--duration", "0.1", "--moves", "nope",
            ])
            #expect(exit == .code(1))
            #expect(text.contains("× INVALID_MOVE: move: expected the id of a move"), "\(text)")
        }
    }

    @Test(arguments: [
        (["render", "--size", "0x0"], "--size takes WxH in pixels"),
        (["render", "--size", "320"], "--size takes WxH in pixels"),
        (["render", "--size", "158x90"], "the longest from 160"),
        (["render", "--frames", "7"], "--frames takes 8...300"),
        (["render", "--concurrency", "0"], "--concurrency takes 1...1000, not 0"),
        (["render", "--target"], "--target takes HOST:PORT"),
        (["render", "--target", "nowhere"], "--target takes HOST:PORT"),
        (["render", "--moves", ","], "--moves takes names"),
        (["render", "--wrong"], "unknown option --wrong"),
        (["render", "--cases", "nope"], "unknown cases nope"),
        (["rpc", "--rounds", "0"], "--rounds takes"),
        (["nothing"], "unknown benchmark nothing"),
    ]) func `a wrong command line is told, with exit code 2`(
        _ options: [String], _ reason: String
    ) throws {
        // Whatever a load is asked for needs a target, which is looked at last.
        let isLoad =
            options[0] == "render" && !["--wrong", "--cases", "--target"].contains(options[1])
        let (exit, text) = try command(
            isLoad ? options + ["--target", "127.0.0.1:1"] : options)
        #expect(exit == .code(2))
        #expect(text.contains(reason), "\(text)")
    }

    @Test(arguments: ["--help", "-h"]) func `each command explains itself`(_ flag: String) throws {
        for name in ["render", "rpc", "credits", "gateway", "echo-server"] {
            let (exit, text) = try command([name, flag])
            #expect(exit == .code(0))
            #expect(text.contains("bench render --target HOST:PORT"), "\(text)")
        }
    }

    @Test func `people get the same as text`() async throws {
        let (exit, text) = try await bench(["--size", "160x90"])
        #expect(exit == .code(0))
        for word in ["requests", "frames/s", "p99", "first frame", "processors", "resident"] {
            #expect(text.contains(word), "\(text)")
        }
    }

    @Test func `the largest frames together leave it alive, small and polite`() async throws {
        let budget = 256 << 20
        try await RenderProcess.run(settings: ["RENDER_MEMORY_MIB": "\(budget >> 20)"]) { service in
            try await service.withClient { client in
                let upload = try upload()
                let picture = try await putSource(upload, client: client, digest: upload.digest)
                let peak = Lock(0)
                @Sendable func still(
                    _ width: UInt32, _ height: UInt32, _ quality: UInt32, user: String
                ) async throws {
                    let request = RenderAPI.MoveRequest(
                        source: picture.digest, width: width, height: height, frames: 1,
                        format: .jpegStill, quality: quality, move: "push_in")
                    let stream = try await client.renderMove(
                        request, Harness.options(user: user))
                    var isEnded = false
                    while let chunk = try await stream.next() {
                        if case .end = chunk.part { isEnded = true }
                        let held = service.process.residentBytes
                        peak.withLock { $0 = max($0, held) }
                    }
                    #expect(isEnded)
                }
                let before = service.process.residentBytes
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<8 {
                        group.addTask {
                            try await still(3840, 2160, 60 + UInt32(number), user: "large")
                        }
                    }
                    group.addTask { try await still(320, 180, 50, user: "small") }
                    try await group.waitForAll()
                }
                let most = peak.withLock { $0 }
                print("8 frames of 3840x2160: \(before >> 20) MiB, at most \(most >> 20) MiB")
                #expect(most - before <= budget)
            }
        }
    }
}
