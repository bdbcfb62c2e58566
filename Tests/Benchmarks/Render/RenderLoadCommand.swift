import RPC
import RenderService
import ServiceAPI
import ServiceRuntime
import Wire

/// `bench render --target …`: load for a render service that runs alone.
struct RenderLoadCommand {
    private var target = ""
    private var arrival = RenderLoad.Arrival.closed(concurrency: 4)
    private var seconds = 10.0
    private var width = 320
    private var height = 180
    private var frames = 45
    private var moves = ["push_in"]
    private var asJSON = false
    private let loop: EventLoop

    init(_ arguments: [String], loop: EventLoop) throws {
        self.loop = loop
        var rest = arguments[...]
        func value<Value>(
            _ option: String, _ expected: String, _ read: (String) -> Value?
        ) throws -> Value {
            guard let text = rest.popFirst() else {
                throw BenchFailure(usage: "\(option) takes \(expected); try --help")
            }
            guard let value = read(text) else {
                throw BenchFailure(usage: "\(option) takes \(expected), not \(text)")
            }
            return value
        }
        while let option = rest.popFirst() {
            switch option {
            case "--target": target = try value(option, "HOST:PORT") { $0 }
            case "--concurrency":
                arrival = .closed(
                    concurrency: try value(option, "1...1000") {
                        Int($0).flatMap { 1...1000 ~= $0 ? $0 : nil }
                    })
            case "--rate":
                arrival = .open(
                    perSecond: try value(option, "0.01...10000 a second") {
                        Double($0).flatMap { 0.01...10_000 ~= $0 ? $0 : nil }
                    })
            case "--duration":
                seconds = try value(option, "0.1...86400 seconds") {
                    Double($0).flatMap { 0.1...86_400 ~= $0 ? $0 : nil }
                }
            case "--size":
                (width, height) = try value(option, Self.sizes) { text in
                    let sides = text.split(separator: "x", omittingEmptySubsequences: false)
                        .map { Int($0) ?? 0 }
                    guard sides.count == 2 else { return nil }
                    return FrameSize(width: sides[0], height: sides[1])
                        .map { ($0.width, $0.height) }
                }
            case "--frames":
                frames = try value(option, "8...300: half a second to twenty") {
                    Int($0).flatMap { 8...300 ~= $0 ? $0 : nil }
                }
            case "--moves":
                moves = try value(option, "names of moves") { text in
                    let names = text.split(separator: ",").map(String.init)
                    return names.isEmpty ? nil : names
                }
            case "--json": asJSON = true
            default: throw BenchFailure(usage: "unknown option \(option); try --help")
            }
        }
    }

    private static let sizes =
        "WxH in pixels, sides of \(FrameSize.sideMin) to \(FrameSize.sideMax), the longest from "
        + "\(FrameSize.longestMin)"

    func run() async throws {
        guard let address = SocketAddress(target) else {
            throw BenchFailure(usage: "--target takes HOST:PORT")
        }
        let channel = Channel(
            addresses: [address], identity: Identity(service: "bench"), loop: loop)
        defer { channel.close() }
        let client = RenderAPI.Client(channel)
        let upload = try RenderUpload(width: width, height: height)
        try await upload.put(client)
        // What a viewer wants: a picture at once, and video that plays while it comes.
        let load = RenderLoad(
            client: client, loop: loop,
            template: RenderAPI.MoveRequest(
                source: .init(upload.digest), width: UInt32(width), height: UInt32(height),
                frames: UInt32(frames), isFragmented: true, wantsPoster: true), moves: moves)
        let server = ProcessUsage.listening(atPort: address.port)
        let before = server?.cpuSeconds ?? 0
        let sample = try await load.measure(arrival, seconds: seconds)
        let cpu = server.map { $0.cpuSeconds - before }
        write(sample, cpu: cpu, resident: server?.residentBytes)
        if sample.milliseconds.isEmpty {
            let reasons = sample.errorLines.joined(separator: "; ")
            throw BenchFailure("no request succeeded: \(reasons)")
        }
    }

    private func write(_ sample: RenderLoad.Sample, cpu: Double?, resident: Int?) {
        let requests = Double(sample.milliseconds.count) / sample.seconds
        let latency = [0.5, 0.95, 0.99].map { sample.percentile($0, of: sample.milliseconds) }
        let first = sample.percentile(0.5, of: sample.firstFrameMilliseconds)
        let errors = sample.errors.values.reduce(0, +)
        if asJSON {
            let figures: [(String, Double)] = [
                ("requests_per_second", requests),
                ("frames_per_second", Double(sample.frames) / sample.seconds),
                ("p50_ms", latency[0]), ("p95_ms", latency[1]), ("p99_ms", latency[2]),
                ("first_frame_ms", first), ("bytes", Double(sample.bytes)),
                ("errors", Double(errors)), ("server_cpu_s", cpu ?? .nan),
                ("server_rss_bytes", resident.map(Double.init) ?? .nan),
            ]
            var members = figures.map { name, value in
                "\(jsonText(name)): \(value.isFinite ? decimals(value, 3) : "null")"
            }
            let codes = sample.errors.sorted { $0.key < $1.key }
                .map { "\(jsonText($0.key)): \($0.value)" }
            members.append("\"error_codes\": {\(codes.joined(separator: ", "))}")
            print("{\(members.joined(separator: ", "))}")
            return
        }
        print(
            "\(sample.milliseconds.count) requests in \(decimals(sample.seconds, 1)) s: "
                + "\(decimals(requests, 1))/s, "
                + "\(decimals(Double(sample.frames) / sample.seconds, 0)) frames/s, "
                + "\(sample.bytes >> 10) KiB")
        print(
            "p50 \(decimals(latency[0], 1)) ms, p95 \(decimals(latency[1], 1)) ms, "
                + "p99 \(decimals(latency[2], 1)) ms, first frame \(decimals(first, 1)) ms")
        for line in sample.errorLines { print(line) }
        if let cpu, let resident {
            print(
                "server: \(decimals(cpu / sample.seconds, 2)) processors, "
                    + "\(resident >> 20) MiB resident")
        }
    }
}
