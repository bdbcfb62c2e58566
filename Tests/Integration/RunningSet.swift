import Foundation
import Glibc
import HTTP
import HTTPOutbound
import ServiceRuntime

/// The six real processes on free ports with data of their own, as `convergence up` starts them.
final class RunningSet: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let launcher: ChildProcess
    let url: String
    let data: String
    /// Name to RPC address.
    let addresses: [String: String]
    let client = HTTPClient()

    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let programs = root.appending(path: ".build/release").path

    /// Starts a set; `environment` is added to that of every service.
    init(environment: [String: String] = [:]) async throws {
        data = NSTemporaryDirectory() + "convergence-test-\(UUID().uuidString)"
        var settings = ["GATEWAY_RATE_LIMITS": "off"]
        settings.merge(environment) { $1 }
        launcher = try ChildProcess(
            Self.programs + "/convergence", ["up", "--free-ports", "--json", "--data", data],
            environment: settings)
        let pool = WorkerPool(threads: 1, name: "line")
        let launcher = self.launcher
        let line = try await pool.run { launcher.line() }
        pool.stop()
        guard let line, let ready = try? JSONValue(parsing: Array(line.utf8)),
            let url = ready["url"]?.text
        else { throw Failure(description: "the set did not start: \(line ?? "no ready line")") }
        self.url = url
        var addresses: [String: String] = [:]
        for member in ready["services"]?.members ?? [] {
            addresses[member.name] = member.value["address"]?.text
        }
        self.addresses = addresses
    }

    /// Ends the set as Ctrl-C does and says how the launcher ended.
    func stop() async throws -> ChildProcess.Exit {
        launcher.terminate()
        let pool = WorkerPool(threads: 1, name: "wait")
        let launcher = self.launcher
        let exit = try await pool.run { launcher.waitForExit() }
        pool.stop()
        client.stop()
        try? FileManager.default.removeItem(atPath: data)
        return exit
    }

    /// The process of a service as it is now; nil while it is being started again.
    func process(_ name: String) -> Int32? {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        for entry in entries {
            guard let pid = Int32(entry),
                let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"),
                text[text.index(after: open)..<close] == name
            else { continue }
            let fields = text[text.index(after: close)...].split(separator: " ")
            if fields.count > 1, Int32(fields[1]) == launcher.pid { return pid }
        }
        return nil
    }

    /// Whether a connection to the service's address is accepted.
    func isListening(_ name: String) -> Bool {
        guard let port = addresses[name]?.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            return false
        }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    /// Runs a maintenance command of a service against the running one: its exit code and stdout.
    func command(_ name: String, _ arguments: [String]) async throws -> (Int32, String) {
        let address = addresses[name] ?? ""
        let child = try ChildProcess(
            Self.programs + "/" + name, arguments + ["--address", address])
        let pool = WorkerPool(threads: 1, name: "command")
        defer { pool.stop() }
        return try await pool.run {
            var lines: [String] = []
            while let line = child.line() { lines.append(line) }
            guard case .code(let code) = child.waitForExit() else { return (-1, "killed") }
            return (code, lines.joined(separator: "\n"))
        }
    }
}

/// One set for all tests that only add users to it.
actor SharedSet {
    static let shared = SharedSet()
    private var task: Task<RunningSet, any Error>?

    func running() async throws -> RunningSet {
        if let task { return try await task.value }
        let task = Task { try await RunningSet() }
        self.task = task
        return try await task.value
    }
}
