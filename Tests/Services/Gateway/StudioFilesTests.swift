import Foundation
import GatewayService
import HTTP
import Testing

@Suite struct StudioFilesTests {
    /// A bundle as `make web` leaves it, in a directory that is removed again.
    private func withBundle<R>(_ body: (String) async throws -> R) async throws -> R {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "studio-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = [
            "index.html": "<!doctype html>", "main-ABC.js": "run()",
            "main-ABC.js.gz": "compressed", "files.txt": "index.html\nmain-ABC.js\n../secret\n",
            "unlisted.txt": "no",
        ]
        for (name, text) in files {
            try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
        }
        return try await body(folder.path)
    }

    @Test func `each address of the studio is its page, asked for anew each time`() async throws {
        try await withBundle { folder in
            try await GatewayFixture.with({ $0.web = folder }) { gateway in
                for path in ["/", "/create", "/studio", "/generations", "/billing", "/pricing"] {
                    let page = try await gateway.call("GET", path)
                    #expect(page.status == 200)
                    #expect(page.text == "<!doctype html>")
                    #expect(page.headers["Cache-Control"] == "no-cache")
                    let policy = page.headers["Content-Security-Policy"] ?? ""
                    #expect(policy.contains("default-src 'self'"))
                    #expect(!policy.contains("unsafe"))
                }
            }
        }
    }

    @Test func `only listed files are served, and kept for ever`() async throws {
        try await withBundle { folder in
            try await GatewayFixture.with({ $0.web = folder }) { gateway in
                let plain = try await gateway.call(
                    "GET", "/web/main-ABC.js", headers: ["Accept-Encoding": "identity"])
                #expect(plain.text == "run()")
                #expect(plain.headers["Content-Type"] == "text/javascript; charset=utf-8")
                #expect(plain.headers["Cache-Control"]?.contains("immutable") == true)
                for path in ["/web/unlisted.txt", "/web/files.txt"] {
                    #expect(try await gateway.call("GET", path).status == 404, "\(path)")
                }
            }
        }
    }

    @Test func `without a bundle the page says how to build it`() async throws {
        try await GatewayFixture.with { gateway in
            let page = try await gateway.call("GET", "/")
            #expect(page.status == 200)
            #expect(page.text.contains("make web"))
        }
    }
}
