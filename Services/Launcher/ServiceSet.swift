internal import Glibc
internal import HTTP
internal import ServiceRuntime

/// What went wrong with the set; one line for a person.
struct LauncherFailure: Error, Sendable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// One service of the set: how it is started and where it was found.
private struct Member {
    let name: String
    var environment: [String: String]
    var child: ChildProcess?
    var address = ""
    var metrics = ""
    var startedAt = Instant(nanoseconds: 0)
    var backoff = Backoff()
    /// Starts in a row after which it did not say that it is ready.
    var failures = 0

    struct Backoff {
        private var delay = Duration.milliseconds(100)

        mutating func next() -> Duration {
            defer { delay = min(delay * 2, .seconds(5)) }
            return delay
        }

        mutating func reset() { delay = .milliseconds(100) }
    }
}

/// Starts the six services in the order in which they need one another, restarts what dies, and
/// ends them in the opposite order.
///
/// Runs on an event loop; the children end when this process does.
actor ServiceSet {
    /// Callees before callers.
    private static let order = ["render", "credits", "prompt", "media", "session", "gateway"]
    private static let ports = [
        "session": 7101, "credits": 7102, "prompt": 7103, "media": 7104, "render": 7105,
    ]
    private static let metricsPorts = [
        "session": 9101, "credits": 9102, "prompt": 9103, "media": 9104, "render": 9105,
        "gateway": 9100,
    ]

    private let programs: String
    private let data: String
    private let gateway: SocketAddress
    private let usesFreePorts: Bool
    private let loop: EventLoop
    private nonisolated let executor: EventLoopActorExecutor
    /// Blocking reads and waits: two for each child.
    private let watchers = WorkerPool(threads: 12, name: "watch")
    private var members: [String: Member] = [:]
    /// Kept as long as the set, so that a service that is started again finds its port.
    private var reservedPorts: [ReservedPort] = []
    private var isStopping = false
    private var failure: CheckedContinuation<LauncherFailure, Never>?
    private var earlyFailure: LauncherFailure?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - programs: The directory of the service executables.
    ///   - data: Where stores, assets and logs go; made when absent.
    init(
        programs: String, data: String, gateway: SocketAddress, usesFreePorts: Bool,
        loop: EventLoop
    ) {
        self.programs = programs
        self.data = data
        self.gateway = gateway
        self.usesFreePorts = usesFreePorts
        self.loop = loop
        executor = loop.actorExecutor()
    }

    /// Starts everything; returns when each service said that it is ready.
    func start() async throws {
        for directory in ["", "/logs"] + Self.order.map({ "/\($0)" }) {
            guard makeDirectory(data + directory) else {
                throw LauncherFailure("cannot make \(data)\(directory)")
            }
        }
        try giveSettings()
        for name in Self.order {
            try await startMember(name)
        }
    }

    /// Decides where each service listens and keeps its data.
    private func giveSettings() throws {
        for name in Self.order {
            let upper = name.uppercased()
            var port = Self.ports[name] ?? 0
            var metricsPort = Self.metricsPorts[name] ?? 0
            if usesFreePorts {
                let reserved = try (ReservedPort(), ReservedPort())
                reservedPorts += [reserved.0, reserved.1]
                port = Int(reserved.0.number)
                metricsPort = Int(reserved.1.number)
            }
            var environment = [
                "\(upper)_LISTEN": "127.0.0.1:\(port)",
                "\(upper)_METRICS_LISTEN": "127.0.0.1:\(metricsPort)",
                "\(upper)_STORE": "sqlite:\(data)/\(name)/\(name).db",
            ]
            switch name {
            case "gateway":
                let address =
                    usesFreePorts
                    ? SocketAddress(host: gateway.host, port: UInt16(port)) : gateway
                environment["GATEWAY_LISTEN"] = address.description
            case "media":
                environment["MEDIA_BLOBS"] = "file:\(data)/media/blobs"
            case "render":
                environment["RENDER_RESULTS"] = "file:\(data)/render/results"
            default:
                break
            }
            members[name] = Member(name: name, environment: environment)
        }
    }

    /// The gateway's address.
    var url: String { "http://\(members["gateway"]?.address ?? "")" }

    /// `{"url":…,"services":{…}}`.
    var description: String {
        let services = Self.order.sorted().map { name in
            let member = members[name]
            return "\(jsonText(name)):{\"address\":\(jsonText(member?.address ?? "")),"
                + "\"pid\":\(member?.child?.pid ?? 0),"
                + "\"metrics\":\(jsonText(member?.metrics ?? ""))}"
        }
        return "{\"url\":\(jsonText(url)),\"services\":{\(services.joined(separator: ","))}}"
    }

    /// Returns when the set cannot go on, with why.
    func failed() async -> LauncherFailure {
        if let earlyFailure { return earlyFailure }
        return await withCheckedContinuation { failure = $0 }
    }

    private func giveUp(_ reason: LauncherFailure) {
        earlyFailure = reason
        failure?.resume(returning: reason)
        failure = nil
    }

    private func startMember(_ name: String) async throws {
        guard var member = members[name] else { return }
        var environment = member.environment
        for (other, callee) in members where other != name && !callee.address.isEmpty {
            environment["\(other.uppercased())_ADDRESS"] = callee.address
        }
        let log = "\(data)/logs/\(name).log"
        let child: ChildProcess
        do throws(ChildProcess.StartFailure) {
            child = try ChildProcess(
                "\(programs)/\(name)", environment: environment, errorFile: log)
        } catch {
            throw LauncherFailure(error.description)
        }
        member.child = child
        member.startedAt = loop.now
        members[name] = member
        let line = try await watchers.run { child.line() }
        guard let line, let ready = try? JSONValue(parsing: Array(line.utf8)),
            let address = ready["address"]?.text
        else {
            let exit = try await watchers.run { child.waitForExit() }
            members[name]?.child = nil
            throw LauncherFailure(
                "\(name) did not start (\(exit)): \(lastLine(of: log)) [log: \(log)]")
        }
        members[name]?.failures = 0
        members[name]?.address = address
        members[name]?.metrics = ready["metrics"]?.text ?? ""
        // The same ports after a restart, so that nobody has to look for it.
        let upper = name.uppercased()
        members[name]?.environment["\(upper)_LISTEN"] = address
        if let metrics = ready["metrics"]?.text, !metrics.isEmpty {
            members[name]?.environment["\(upper)_METRICS_LISTEN"] = metrics
        }
        watch(name, child)
    }

    private func watch(_ name: String, _ child: ChildProcess) {
        _ = watchers.submit { [self] in
            // Its stdout says nothing after the ready line; the end of it comes with its exit.
            while child.line() != nil {}
            let exit = child.waitForExit()
            Task(executorPreference: loop) { await self.ended(name, exit) }
        }
    }

    /// Starts a service again that ended, until it says that it is ready.
    ///
    /// One that was ready is started again for ever, as it was ended from outside or by what it was
    /// asked; one that does not even come up ten times in a row is broken, and the set ends.
    private func ended(_ name: String, _ exit: ChildProcess.Exit) async {
        members[name]?.child = nil
        wakeStop()
        if let member = members[name], loop.now - member.startedAt > .seconds(1) {
            members[name]?.backoff.reset()
        }
        var reason = "\(name) ended (\(exit))"
        while !isStopping {
            Terminal.note("convergence: \(reason); starting it again")
            try? await Task.sleep(for: members[name]?.backoff.next() ?? .zero)
            guard !isStopping else { return }
            do {
                try await startMember(name)
                return
            } catch {
                wakeStop()
                reason = "\(error)"
                members[name]?.failures += 1
            }
            if let failures = members[name]?.failures, failures >= 10 {
                giveUp(LauncherFailure("\(failures) times in a row: \(reason)"))
                return
            }
        }
    }

    private func wakeStop() {
        stopped?.resume()
        stopped = nil
    }

    private var stopped: CheckedContinuation<Void, Never>?

    /// Ends callers before callees: each gets SIGTERM and 25 s, then SIGKILL.
    func stop() async {
        isStopping = true
        for name in Self.order.reversed() {
            guard let child = members[name]?.child else { continue }
            child.terminate()
            loop.execute { [loop] in
                loop.schedule(after: .seconds(25)) { [weak child] in child?.killNow() }
            }
            while members[name]?.child != nil {
                await withCheckedContinuation { stopped = $0 }
            }
        }
        watchers.stop()
    }
}

/// Makes a directory and those above it; true when it is there afterwards.
func makeDirectory(_ path: String) -> Bool {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
        made += made.isEmpty || made.hasSuffix("/") ? part : "/\(part)"
        mkdir(made, 0o755)
    }
    var status = stat()
    return stat(path.isEmpty ? "." : path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// The last line of a log, to say why a service did not start.
private func lastLine(of path: String) -> String {
    guard let file = fopen(path, "r") else { return "" }
    defer { fclose(file) }
    fseek(file, -2048, SEEK_END)
    var buffer = [UInt8](repeating: 0, count: 2048)
    let count = fread(&buffer, 1, buffer.count, file)
    let text = String(decoding: buffer.prefix(count), as: UTF8.self)
    return text.split(separator: "\n").last.map(String.init) ?? ""
}

/// The directory that this program was started from: the services lie beside it.
func programDirectory() -> String {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes { bytes in
        bytes.baseAddress.map { readlink("/proc/self/exe", $0, bytes.count) } ?? 0
    }
    let path = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    return path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        .joined(separator: "/")
}
