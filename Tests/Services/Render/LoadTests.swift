import RenderService
import ServiceRuntime
import Testing

@Suite(.timeLimit(.minutes(2))) struct `the service alone under load` {
    /// What `bench render` prints of a service that runs without any other.
    private func bench(_ options: [String]) async throws -> (ChildProcess.Exit, String) {
        var result: (ChildProcess.Exit, String)?
        try await RenderProcess.run { service in
            let child = try ChildProcess(
                RenderProcess.programs + "/bench",
                ["render", "--target", service.address, "--duration", "0.3", "--frames", "6"]
                    + options)
            var lines: [String] = []
            while let line = child.line() { lines.append(line) }
            result = (child.waitForExit(), lines.joined(separator: "\n"))
        }
        return try #require(result)
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

    @Test func `people get the same as text`() async throws {
        let (exit, text) = try await bench(["--size", "160x90"])
        #expect(exit == .code(0))
        for word in ["requests", "frames/s", "p99", "first frame", "processors", "resident"] {
            #expect(text.contains(word), "\(text)")
        }
    }
}
