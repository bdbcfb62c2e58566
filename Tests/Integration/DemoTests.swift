import Foundation
import HTTP
import ServiceRuntime
import Testing

@Suite(.timeLimit(.minutes(3))) struct `The demo` {
    /// With the limits that everybody has: a client that asks too fast waits as it is told.
    @Test func `one command leaves pictures, a move, a video, the prompt and the statement`()
        async throws
    {
        let folder = NSTemporaryDirectory() + "convergence-demo-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let child = try ChildProcess(
            RunningSet.programs + "/convergence",
            ["demo", "a fox crossing a frozen lake at dawn", "--out", folder, "--json"],
            errorFile: folder + ".log")
        defer { try? FileManager.default.removeItem(atPath: folder + ".log") }
        let pool = WorkerPool(threads: 1, name: "demo")
        let (line, exit) = try await pool.run { (child.line(), child.waitForExit()) }
        pool.stop()
        let log = (try? String(contentsOfFile: folder + ".log", encoding: .utf8)) ?? ""
        #expect(exit == .code(0), "\(log)")
        let report = try JSONValue(parsing: Array(try #require(line).utf8))
        #expect(report["creditsConsumed"]?.integer == 22)
        #expect(report["balance"]?.integer == 78)
        let files = try #require(report["files"]?.array).compactMap(\.text)
        #expect(files.count { $0.hasSuffix(".jpg") } == 16)
        #expect(files.count { $0.hasSuffix("-chosen.jpg") } == 4)
        for name in ["5-camera-push_in.mp4", "7-final.mp4", "final-prompt.txt", "statement.txt"] {
            let bytes = FileManager.default.contents(atPath: "\(folder)/\(name)")
            #expect((bytes?.count ?? 0) > 50, "\(name)")
        }
        let video = FileManager.default.contents(atPath: folder + "/7-final.mp4") ?? Data()
        #expect(video.dropFirst(4).prefix(4).elementsEqual("ftyp".utf8))
    }
}
