import Glibc
import RPC
import RenderService
import ServiceAPI
import ServiceRuntime
import Wire

/// Whole moves through the service, to the last byte of the file, beside scripts that do it with
/// OpenCV and ffmpeg, with Three.js in a browser, and with DepthFlow.
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
            var theirs: [String: [Double]] = [:]
            let peers = options.withPeers ? Self.peers.filter { $0.does(size.name) } : []
            for _ in 0..<options.rounds {
                let sample = try await load.measure(
                    .closed(concurrency: 1), seconds: max(1, options.seconds))
                ours.append(median(sample.milliseconds))
                for peer in peers {
                    theirs[peer.name, default: []].append(try run(peer, size, folder))
                }
            }
            lines.append(
                pad("\(size.name), MP4 over RPC", 28) + "\(decimals(median(ours), 1)) ms, server "
                    + "\(server.process.residentBytes >> 20) MiB")
            for peer in peers {
                let times = theirs[peer.name] ?? []
                let ratio = median(zip(times, ours).map { $0 / $1 })
                ratios["render.\(size.name).\(peer.name)"] = ratio
                lines.append(
                    pad(peer.label, 28) + "\(decimals(median(times), 1)) ms, "
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

    /// A script that makes the same film.
    private struct Peer {
        let name: String
        let label: String
        let interpreter: String
        /// The script with what comes before the picture.
        let arguments: [String]
        /// Jobs a round; nil: as many as ours has for its size.
        var jobs: Int?
        var isForPreviewsOnly = false

        func does(_ size: String) -> Bool { !isForPreviewsOnly || size == "preview" }
    }

    private static var peers: [Peer] {
        let place = PeerPaths.directory + "/render"
        return [
            Peer(
                name: "ffmpeg", label: "remap and ffmpeg",
                interpreter: place + "/venv/bin/python", arguments: [place + "/remap_job.py"]),
            Peer(
                name: "three", label: "Three.js in Chromium", interpreter: "/usr/bin/python3",
                arguments: [
                    place + "/three_job.py", "/usr/share/javascript/three/three.min.js",
                ], jobs: 1, isForPreviewsOnly: true),
            Peer(
                name: "depthflow", label: "DepthFlow on llvmpipe",
                interpreter: place + "/depthflow/bin/python",
                arguments: [place + "/depthflow_job.py"], jobs: 1, isForPreviewsOnly: true),
        ]
    }

    private func run(_ peer: Peer, _ size: Size, _ folder: String) throws -> Double {
        let files = ["\(folder)/\(size.name).rgb", "\(folder)/\(size.name).gray"]
        if access(files[1], R_OK) != 0 {
            let scene = TruthScene(width: size.width, height: size.height)
            try RenderKernelBenchmark.write(scene.view(), to: files[0])
            try RenderKernelBenchmark.write(
                scene.softDepth().values.map { UInt8($0 * 255 + 0.5) }, to: files[1])
        }
        for path in [peer.interpreter] + peer.arguments where access(path, R_OK) != 0 {
            throw BenchFailure("\(path) is not there; run make bench-peers")
        }
        let numbers = [size.width, size.height, size.frames, size.rate, peer.jobs ?? size.jobs]
        let child = try ChildProcess(
            peer.interpreter, peer.arguments + files + numbers.map(String.init),
            errorFile: folder + "/peer.log")
        var times: [Double] = []
        while let line = child.line() { times += [Double(line)].compactMap { $0 } }
        guard child.waitForExit() == .code(0), !times.isEmpty else {
            let log = try RenderStereo.read(folder + "/peer.log")
            let end = String(decoding: log.suffix(400), as: UTF8.self)
            throw BenchFailure("\(peer.label) gave no figures: \(end)")
        }
        return median(times)
    }
}
