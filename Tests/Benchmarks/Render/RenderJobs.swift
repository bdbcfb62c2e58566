import Glibc
import RPC
import RenderService
import ServiceAPI
import ServiceRuntime
import Wire

/// Whole moves through the service, to the last byte of the file, beside a script that does it with
/// OpenCV and ffmpeg.
struct RenderJobs {
    private struct Size {
        let name: String
        let width: Int
        let height: Int
        let frames: Int
        let rate: Int
        let jobs: Int
    }

    private static let sizes = [
        Size(name: "preview", width: 320, height: 180, frames: 45, rate: 15, jobs: 12),
        Size(name: "1080p72", width: 1920, height: 1080, frames: 72, rate: 24, jobs: 2),
    ]
    private static let seedMoves = [
        "static", "pan_left", "pan_right", "push_in", "pull_back", "crane_up",
    ]

    let options: BenchOptions
    let loop: EventLoop

    func run(_ lines: inout [String], _ ratios: inout [String: Double]) async throws {
        let folder = try CreditsServer.makeFolder()
        let server = try RenderServer(folder: folder)
        defer {
            server.stop()
            _ = try? ChildProcess("/bin/rm", ["-r", folder]).waitForExit()
        }
        let channel = Channel(
            addresses: [server.address], identity: Identity(service: "bench"), loop: loop)
        defer { channel.close() }
        let client = RenderAPI.Client(channel)
        for size in Self.sizes {
            let upload = try RenderUpload(width: size.width, height: size.height)
            try await upload.put(client)
            let load = RenderLoad(
                client: client, loop: loop,
                template: RenderAPI.MoveRequest(
                    source: .init(upload.digest), width: UInt32(size.width),
                    height: UInt32(size.height), frames: UInt32(size.frames),
                    framesPerSecond: UInt32(size.rate)), moves: ["pan_left"])
            var ours: [Double] = []
            var theirs: [Double] = []
            for _ in 0..<options.rounds {
                let sample = try await load.measure(
                    .closed(concurrency: 1), seconds: max(1, options.seconds))
                ours.append(median(sample.milliseconds))
                if options.withPeers { theirs.append(try peer(upload, size, folder)) }
            }
            lines.append(
                pad("\(size.name), MP4 over RPC", 28) + "\(decimals(median(ours), 1)) ms, server "
                    + "\(server.process.residentBytes >> 20) MiB")
            if !theirs.isEmpty {
                let ratio = median(zip(theirs, ours).map { $0 / $1 })
                ratios["render.\(size.name).ffmpeg"] = ratio
                lines.append(
                    pad("remap and ffmpeg", 28) + "\(decimals(median(theirs), 1)) ms, "
                        + "\(decimals(ratio, 1)) times as long")
            }
            if size.name == "preview" {
                try await allMoves(client, upload, size, &lines, &ratios)
            }
        }
    }

    /// The six basic moves of a picture in one call, and when the first frame of any is there.
    private func allMoves(
        _ client: RenderAPI.Client, _ upload: RenderUpload, _ size: Size,
        _ lines: inout [String], _ ratios: inout [String: Double]
    ) async throws {
        let clock = SystemTime()
        var whole: [Double] = []
        var first: [Double] = []
        for round in 0..<max(3, options.rounds) {
            var template = RenderAPI.MoveRequest(
                source: .init(upload.digest), width: UInt32(size.width),
                height: UInt32(size.height), frames: UInt32(size.frames),
                framesPerSecond: UInt32(size.rate), strength: 0.3 + Double(round) * 1e-6)
            template.wantsPoster = true
            let begin = clock.instant
            let stream = try await client.renderMoves(
                .init(template: template, moves: Self.seedMoves),
                CallOptions(timeout: .seconds(60)))
            var seen: Instant?
            var ends = 0
            while let chunk = try await stream.next() {
                if case .poster = chunk.part, seen == nil { seen = clock.instant }
                if case .end = chunk.part { ends += 1 }
            }
            guard ends == Self.seedMoves.count, let seen else {
                throw BenchFailure("\(ends) of six moves came")
            }
            whole.append((clock.instant - begin).seconds * 1000)
            first.append((seen - begin).seconds * 1000)
        }
        ratios["render.allmoves.ms"] = median(whole)
        ratios["render.firstframe.ms"] = median(first)
        lines.append(
            pad("six moves in one call", 28) + "\(decimals(median(whole), 1)) ms, first frame "
                + "\(decimals(median(first), 1)) ms")
    }

    private func peer(_ upload: RenderUpload, _ size: Size, _ folder: String) throws -> Double {
        let scene = TruthScene(width: size.width, height: size.height)
        let files = ["\(folder)/\(size.name).rgb", "\(folder)/\(size.name).gray"]
        if access(files[1], R_OK) != 0 {
            try RenderKernelBenchmark.write(scene.view(), to: files[0])
            try RenderKernelBenchmark.write(
                scene.softDepth().values.map { UInt8($0 * 255 + 0.5) }, to: files[1])
        }
        let place = PeerPaths.directory + "/render"
        let python = place + "/venv/bin/python"
        guard access(python, X_OK) == 0 else {
            throw BenchFailure("\(python) is not there; run make bench-peers")
        }
        let child = try ChildProcess(
            python,
            [place + "/remap_job.py"] + files
                + [size.width, size.height, size.frames, size.rate, size.jobs].map(String.init))
        var times: [Double] = []
        while let line = child.line() { times += [Double(line)].compactMap { $0 } }
        guard child.waitForExit() == .code(0), !times.isEmpty else {
            throw BenchFailure("remap_job.py gave no figures")
        }
        return median(times)
    }
}
