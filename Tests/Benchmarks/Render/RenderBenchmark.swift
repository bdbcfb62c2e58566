import ServiceRuntime

/// Camera moves: a frame beside OpenCV, quality beside a rubber sheet, whole jobs beside ffmpeg,
/// Three.js and DepthFlow.
struct RenderBenchmark {
    static let cases: Set<String> = ["kernel", "quality", "jobs"]

    let options: BenchOptions
    let loop: EventLoop

    func run() async throws {
        let unknown = options.cases.subtracting(Self.cases)
        guard unknown.isEmpty else {
            throw BenchFailure(usage: "unknown cases \(unknown.sorted().joined(separator: ", "))")
        }
        func wants(_ name: String) -> Bool {
            options.cases.isEmpty || options.cases.contains(name)
        }
        var report = BenchReport(lines: [], ratios: [:])
        if wants("kernel") {
            try RenderKernelBenchmark(options: options).run(&report.lines, &report.ratios)
        }
        if wants("quality") {
            RenderQuality().run(&report.lines, &report.quality)
            if options.withPeers { try RenderStereo().run(&report.lines, &report.quality) }
        }
        if wants("jobs") {
            try await RenderJobs(options: options, loop: loop).run(&report.lines, &report.ratios)
        }
        report.write(options)
    }
}
