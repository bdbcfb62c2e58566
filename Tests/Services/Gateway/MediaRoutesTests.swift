import GatewayService
import HTTP
import HTTPOutbound
import ServiceRuntime
import Testing

@Suite struct MediaRoutesTests {
    private func link(_ gateway: GatewayFixture) async throws -> String {
        let token = try await gateway.guest()
        let answer = try await gateway.call(
            "POST", "/api/convergence/start", #"{"intent":"a fox"}"#, token: token)
        return try #require(answer.json["images"]?[0]?["url"]?.text)
    }

    @Test func `a picture's link works without a token, for at least an hour`() async throws {
        try await GatewayFixture.with { gateway in
            let link = try await link(gateway)
            let whole = try await gateway.call("GET", link)
            #expect(whole.status == 200)
            #expect(whole.body == FakeMedia.bytes)
            #expect(whole.headers["Cache-Control"]?.contains("immutable") == true)
            #expect(whole.headers["Content-Security-Policy"] == "default-src 'none'; sandbox")
            gateway.time.advance(by: .seconds(3599))
            #expect(try await gateway.call("GET", link).status == 200)
            gateway.time.advance(by: .seconds(3602))
            #expect(try await gateway.call("GET", link).status == 401)
        }
    }

    @Test func `a link that was changed opens nothing`() async throws {
        try await GatewayFixture.with { gateway in
            let link = try await link(gateway)
            let expires = try #require(link.firstRange(of: "expires="))
            let changed = [
                link.replacing("ast_1", with: "ast_2"),
                link.replacing("user=usr_", with: "user=usr_x"),
                link.replacingCharacters(after: expires.upperBound),
                String(link.dropLast(2)) + "AA",
                link.replacing(
                    "/api/media/ast_1", with: "/api/convergence/session/s/camera-motion/m/preview"),
            ]
            for other in changed {
                #expect(try await gateway.call("GET", other).status == 401, "\(other)")
            }
            #expect(try await gateway.call("GET", "/api/media/ast_1").status == 401)
            // A link opens what it was made for and nothing else.
            let query = try #require(link.split(separator: "?").last)
            #expect(try await gateway.call("GET", "/api/credits?\(query)").status == 401)
        }
    }

    @Test func `parts of an asset are answered`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let size = FakeMedia.bytes.count
            let ranges: [(String, Int, Range<Int>)] = [
                ("bytes=0-99", 206, 0..<100), ("bytes=300000-", 206, 300_000..<size),
                ("bytes=-5", 206, (size - 5)..<size), ("bytes=10-9999999", 206, 10..<size),
                ("bytes=0-0", 206, 0..<1), ("bytes=5-2", 200, 0..<size),
                ("bytes=0-1,3-4", 200, 0..<size), ("lines=1-2", 200, 0..<size),
            ]
            for (field, status, expected) in ranges {
                let answer = try await gateway.call(
                    "GET", "/api/media/ast_1", token: token, headers: ["Range": field])
                #expect(answer.status == status, "\(field)")
                #expect(answer.body == Array(FakeMedia.bytes[expected]), "\(field)")
                if status == 206 {
                    #expect(
                        answer.headers["Content-Range"]
                            == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/\(size)")
                }
            }
            let beyond = try await gateway.call(
                "GET", "/api/media/ast_1", token: token, headers: ["Range": "bytes=\(size)-"])
            #expect(beyond.status == 416)
            #expect(beyond.headers["Content-Range"] == "bytes */\(size)")
            let head = try await gateway.call("HEAD", "/api/media/ast_1", token: token)
            #expect(head.headers["Content-Length"] == "\(size)")
            let tag = try #require(head.headers["ETag"])
            let same = try await gateway.call(
                "GET", "/api/media/ast_1", token: token, headers: ["If-None-Match": tag])
            #expect(same.status == 304)
            let changed = try await gateway.call(
                "GET", "/api/media/ast_1", token: token,
                headers: ["Range": "bytes=0-9", "If-Range": "\"other\""])
            #expect(changed.status == 200)
            let foreign = try await gateway.call("GET", "/api/media/ast_foreign", token: token)
            #expect(foreign.status == 404)
            #expect(foreign.code == "ASSET_NOT_FOUND")
        }
    }

    @Test func `uploads are streamed on and checked`() async throws {
        try await GatewayFixture.with({ $0.uploadBytesMax = 1 << 20 }) { gateway in
            let token = try await gateway.guest()
            let picture: [UInt8] = [0x89, 0x50, 0x4E, 0x47] + [UInt8](repeating: 3, count: 600_000)
            func upload(
                _ bytes: [UInt8], _ type: String
            ) async throws -> GatewayFixture.Answer {
                try await gateway.call(
                    "POST", "/api/media/uploads", token: token, headers: ["Content-Type": type],
                    bytes: bytes)
            }
            let made = try await upload(picture, "image/png")
            #expect(made.status == 201, "\(made.text)")
            #expect(gateway.media.uploaded.withLock { $0 } == picture)
            #expect(made.headers["Location"] == "/api/media/ast_up")
            #expect(try await upload(picture, "image/gif").status == 415)
            #expect(try await upload([1, 2, 3], "image/png").code == "IMAGE_INVALID")
            #expect(try await upload([], "image/png").code == "IMAGE_INVALID")
            let large = try await upload(
                picture + [UInt8](repeating: 0, count: 1 << 20), "image/png")
            #expect(large.status == 413)
        }
    }

    @Test func `the rendered camera move has a link of its own`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let id = try await gateway.start(token)
            let answer = try await gateway.call(
                "POST", "/api/convergence/camera-motion", "{\"sessionId\":\"\(id)\"}", token: token)
            let link = try #require(answer.json["cameraPaths"]?[0]?["previewUrl"]?.text)
            // The fake stores it as image/png, so the type is not looked at here.
            let response = try await gateway.client.send(.init("GET", gateway.url + link))
            #expect(response.status == 200)
            #expect(response.body == FakeMedia.bytes)
            // Another choice makes another preview at the same place.
            #expect(response.headers["Cache-Control"] == "private, no-cache")
            #expect(response.headers["ETag"] != nil)
            let format = try await gateway.call("GET", link + "&format=gif")
            #expect(format.status == 422)
        }
    }
}

extension String {
    /// With the digit at an index turned into another one.
    fileprivate func replacingCharacters(after index: String.Index) -> String {
        var text = self
        text.replaceSubrange(index...index, with: self[index] == "9" ? "8" : "9")
        return text
    }
}
