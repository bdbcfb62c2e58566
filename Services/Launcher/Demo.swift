internal import Glibc
internal import HTTP
internal import HTTPOutbound
internal import ServiceRuntime

/// What a demo left behind.
struct DemoReport {
    let directory: String
    let files: [String]
    let finalPrompt: String
    let creditsConsumed: String
    let balance: String
    let flowSeconds: Double

    var json: String {
        "{\"directory\":\(jsonText(directory)),\"files\":["
            + files.map(jsonText).joined(separator: ",")
            + "],\"finalPrompt\":\(jsonText(finalPrompt)),\"creditsConsumed\":\(creditsConsumed),"
            + "\"balance\":\(balance),\"flowSeconds\":\(rounded(flowSeconds))}"
    }

    var text: String {
        "Done in \(rounded(flowSeconds)) s, \(creditsConsumed) credits spent, \(balance) left.\n"
            + "Prompt: \(finalPrompt)\nEverything is in \(directory):\n"
            + files.map { "  \($0)" }.joined(separator: "\n")
    }

    private func rounded(_ seconds: Double) -> String {
        let tenths = Int((seconds * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}

/// The flow of one intent: choose, look, choose, until a video comes out.
struct Demo {
    static let defaultIntent = "a fox crossing a frozen lake at dawn"
    /// What is chosen at each step, and what comes next.
    private static let choices = [
        ("direction", "cinematic"), ("mood", "peaceful"), ("framing", "medium"),
        ("lighting", "golden_hour"),
    ]
    private static let cameraMotion = "push_in"

    let intent: String
    let output: String
    let subjectMotion: String?
    let loop: EventLoop
    private let client: HTTPClient
    private var api: APIClient
    private var files: [String] = []

    init(
        intent: String, output: String, subjectMotion: String?, url: String, loop: EventLoop
    ) {
        self.intent = intent.isEmpty ? Self.defaultIntent : intent
        self.output = output
        self.subjectMotion = subjectMotion
        self.loop = loop
        client = HTTPClient()
        api = APIClient(url: url, client: client)
    }

    func run() async throws -> DemoReport {
        var demo = self
        defer { client.stop() }
        return try await demo.drive()
    }

    private mutating func drive() async throws -> DemoReport {
        guard makeDirectory(output) else { throw LauncherFailure("cannot make \(output)") }
        let guest = try await api.call("POST", "/api/auth/guest", .object([]))
        api.token = guest["token"]?.text
        Terminal.note("Intent: \(intent)")

        let start = loop.now
        var answer = try await api.call(
            "POST", "/api/convergence/start", ["intent": .text(intent)], key: "demo-start")
        guard let sessionID = answer["sessionId"]?.text else {
            throw LauncherFailure("the answer of start has no sessionId")
        }
        let session: JSONValue.Member = .init("sessionId", .text(sessionID))
        for (index, choice) in Self.choices.enumerated() {
            let (dimension, option) = choice
            try await keep(answer, index: index, dimension: dimension, chosen: option)
            answer = try await api.call(
                "POST", "/api/convergence/select",
                .object([
                    session, .init("dimension", .text(dimension)),
                    .init("optionId", .text(option)),
                ]), key: "demo-\(dimension)")
        }
        let camera = try await api.call(
            "POST", "/api/convergence/camera-motion", .object([session]), key: "demo-camera")
        Terminal.note("Camera motions: \(camera["cameraPaths"]?.array?.count ?? 0)")
        _ = try await api.call(
            "POST", "/api/convergence/camera-motion/select",
            .object([session, .init("cameraMotionId", .text(Self.cameraMotion))]),
            key: "demo-move")
        let preview = try await api.download(
            "/api/convergence/session/\(sessionID)/camera-motion/\(Self.cameraMotion)"
                + "/preview?format=mp4")
        try write("5-camera-\(Self.cameraMotion).mp4", preview)
        if let subjectMotion {
            let subject = try await api.call(
                "POST", "/api/convergence/subject-motion",
                .object([session, .init("subjectMotion", .text(subjectMotion))]),
                key: "demo-subject")
            if let link = subject["videoUrl"]?.text {
                try write("6-subject-motion.mp4", try await api.download(link))
            }
        } else {
            _ = try await api.call(
                "POST", "/api/convergence/subject-motion/skip", .object([session]),
                key: "demo-skip")
        }
        let final = try await api.call(
            "POST", "/api/convergence/finalize", .object([session]), key: "demo-finalize")
        let flowSeconds = (loop.now - start).seconds
        let prompt = final["finalPrompt"]?.text ?? ""
        try write("final-prompt.txt", Array((prompt + "\n").utf8))

        try write("7-final.mp4", try await makeFinalVideo(sessionID))
        return try await finish(prompt, flowSeconds)
    }

    /// Leaves every option's picture, the chosen one marked by its name.
    private mutating func keep(
        _ answer: JSONValue, index: Int, dimension: String, chosen: String
    ) async throws {
        for image in answer["images"]?.array ?? [] {
            guard let option = image["optionId"]?.text, let link = image["url"]?.text else {
                continue
            }
            let mark = option == chosen ? "-chosen" : ""
            try write(
                "\(index + 1)-\(dimension)-\(option)\(mark).jpg", try await api.download(link))
        }
        Terminal.note("\(dimension): \(chosen)")
    }

    private func makeFinalVideo(_ sessionID: String) async throws -> [UInt8] {
        Terminal.note("Final video …")
        var generation = try await api.call(
            "POST", "/api/generations",
            [
                "kind": "final", "sessionId": .text(sessionID), "model": "local-parallax",
                "aspectRatio": "16:9",
            ], key: "demo-final")
        guard let id = generation["id"]?.text else {
            throw LauncherFailure("the generation has no id")
        }
        for _ in 0..<600 {
            switch generation["state"]?.text {
            case "completed":
                guard let link = generation["url"]?.text else {
                    throw LauncherFailure("the finished video has no url")
                }
                return try await api.download(link)
            case "failed", "cancelled":
                throw LauncherFailure(
                    "the final video failed: \(generation["error"]?["code"]?.text ?? "")")
            default:
                try await Task.sleep(for: .milliseconds(200))
                generation = try await api.call("GET", "/api/generations/\(id)")
            }
        }
        throw LauncherFailure("the final video took longer than 2 minutes")
    }

    private mutating func finish(
        _ prompt: String, _ flowSeconds: Double
    ) async throws -> DemoReport {
        let history = try await api.call("GET", "/api/credits/history?limit=200")
        let balance = try await api.call("GET", "/api/credits")
        var lines = ["when                      change    balance  what"]
        var spent = "0"
        for entry in (history["entries"]?.array ?? history["data"]?.array ?? []).reversed() {
            lines.append(
                [
                    entry["at"]?.text ?? "", number(entry["amount"]).leftPadded(8),
                    number(entry["balanceAfter"]).leftPadded(9),
                    " \(entry["kind"]?.text ?? "") \(entry["operation"]?.text ?? "")",
                ].joined(separator: " "))
        }
        if let granted = Double("100"), let left = balance["balance"]?.number {
            spent = trimmed(granted - left)
        }
        lines.append("balance \(number(balance["balance"])), held \(number(balance["held"]))")
        try write("statement.txt", Array((lines.joined(separator: "\n") + "\n").utf8))
        return DemoReport(
            directory: output, files: files, finalPrompt: prompt, creditsConsumed: spent,
            balance: number(balance["balance"]), flowSeconds: flowSeconds)
    }

    private func number(_ value: JSONValue?) -> String {
        guard let value else { return "0" }
        return String(decoding: value.bytes, as: UTF8.self)
    }

    private func trimmed(_ value: Double) -> String {
        value == value.rounded() ? String(Int(value)) : String(value)
    }

    private mutating func write(_ name: String, _ bytes: [UInt8]) throws {
        let path = "\(output)/\(name)"
        guard let file = fopen(path, "w") else { throw LauncherFailure("cannot write \(path)") }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
            throw LauncherFailure("cannot write all of \(path)")
        }
        files.append(name)
        Terminal.note("  \(path)")
    }
}

extension String {
    fileprivate func leftPadded(_ width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }
}
