import Foundation
import ServiceRuntime
import Testing

/// The protocol spoken by somebody else: Python with the protobuf package and `proto/` alone.
@Suite struct `Other languages` {
    @Test func `a client made from proto and protobuf alone says HELLO, calls and streams`()
        async throws
    {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "proto-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let proto = RunningSet.root.appending(path: "proto").path
        let protoc = try ChildProcess(
            "/usr/bin/protoc",
            ["-I", proto, "--python_out=\(folder)", "envelope.proto", "echo.proto"])
        #expect(protoc.waitForExit() == .code(0))

        let server = try ChildProcess(RunningSet.programs + "/bench", ["echo-server"])
        let address = try #require(server.line())
        let python = try ChildProcess(
            RunningSet.root.appending(path: ".build/venv/bin/python").path,
            [
                RunningSet.root.appending(path: "Tests/Integration/python/rpc_client.py").path,
                address,
            ], environment: ["PYTHONPATH": folder])
        var lines: [String] = []
        while let line = python.line() { lines.append(line) }
        #expect(python.waitForExit() == .code(0), "\(lines.joined(separator: "\n"))")
        server.terminate()
        _ = server.waitForExit()
    }
}
