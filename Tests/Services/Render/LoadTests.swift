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
