import Foundation
import ServiceRuntime
import Testing

@Suite struct `The command line` {
    private static let programs = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: ".build/release").path

    private func run(
        _ name: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> (ChildProcess.Exit, String) {
        let child = try ChildProcess(
            Self.programs + "/" + name, arguments, environment: environment,
            errorFile: "/dev/null")
        var lines: [String] = []
        while let line = child.line() { lines.append(line) }
        return (child.waitForExit(), lines.joined(separator: "\n"))
    }

    @Test(arguments: [["--help"], ["up", "--help"], ["demo", "a fox", "-h"]])
    func `help is data on stdout and shows how to begin`(_ arguments: [String]) throws {
        let (exit, text) = try run("convergence", arguments)
        #expect(exit == .code(0))
        #expect(text.contains("convergence up"))
        #expect(text.contains("convergence demo"))
    }

    @Test(arguments: [
        ["fly"], ["up", "--nonsense"], ["up", "--gateway", "nowhere"], ["demo", "--out"], [],
    ])
    func `wrong usage exits with 2`(_ arguments: [String]) throws {
        #expect(try run("convergence", arguments).0 == .code(2))
    }

    @Test(arguments: ["session", "credits", "prompt", "media", "render", "gateway"])
    func `every service tells its settings and its version`(_ name: String) throws {
        let help = try run(name, ["--help"])
        #expect(help.0 == .code(0))
        #expect(help.1.contains("\(name.uppercased())_LISTEN"))
        let version = try run(name, ["--version"])
        #expect(version.0 == .code(0))
        #expect(version.1 == "\(name) 0.1.0")
    }

    @Test(arguments: ["session", "credits", "prompt", "media", "render"])
    func `a service refuses a setting that it does not know, before it does anything`(
        _ name: String
    ) throws {
        let (exit, text) = try run(
            name, [], environment: ["\(name.uppercased())_LISTNE": "127.0.0.1:0"])
        #expect(exit == .code(2))
        #expect(text.isEmpty)
    }

    @Test(arguments: ["session", "credits", "prompt", "media", "render"])
    func `a service that others can reach needs the cluster secret`(_ name: String) throws {
        let (exit, _) = try run(name, ["--listen", "0.0.0.0:0"])
        #expect(exit == .code(2))
    }

    @Test func `a demo against nobody fails and says so`() throws {
        let folder = NSTemporaryDirectory() + "demo-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (exit, _) = try run(
            "convergence", ["demo", "a fox", "--url", "http://127.0.0.1:1", "--out", folder])
        #expect(exit == .code(1))
    }
}
