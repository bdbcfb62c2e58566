import HTTP
import ServiceAPI
import ServiceRuntime
import Testing

@Suite struct CreationRoutesTests {
    @Test func `what was made is listed with how it was made`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            try await gateway.call(
                "POST", "/api/generations", #"{"kind":"final","prompt":"a fox"}"#, token: token)
            let list = try await gateway.call(
                "GET",
                "/api/creations?limit=7&kind=picture&step=mood&model=local&text=Fox&starred=true"
                    + "&from=2025-01-01T00:00:00Z&until=2026-01-01T00:00:00Z", token: token)
            #expect(list.status == 200)
            #expect(list.json["nextCursor"] == "1.a")
            let video = try #require(list.json["creations"]?[0])
            #expect(video["state"] == "queued")
            #expect(video["isGeneration"] == true)
            let picture = try #require(list.json["creations"]?[1])
            #expect(picture["state"] == "completed")
            #expect(picture["choices"]?[0]?["label"] == "Dramatic")
            #expect(picture["creditsConsumed"] == 1)
            let link = try #require(picture["assets"]?[0]?["url"]?.text)
            #expect(try await gateway.call("GET", link).status == 200)
            let asked = try #require(gateway.session.state.withLock { $0.listed })
            #expect(asked.limit == 7 && asked.kind == "picture" && asked.step == "mood")
            #expect(asked.model == "local" && asked.text == "Fox" && asked.isStarred)
            #expect(asked.fromUs == 1_735_689_600_000_000 && asked.untilUs > asked.fromUs)
            let one = try await gateway.call("GET", "/api/creations/job_1", token: token)
            #expect(one.json["prompt"] == "a fox, dramatic")
            #expect(
                try await gateway.call("GET", "/api/creations/job_9", token: token).status == 404)
        }
    }

    @Test(arguments: [
        "limit=0", "limit=201", "kind=poster", "step=intent", "starred=maybe", "from=yesterday",
    ])
    func `a filter that is none is refused`(_ query: String) async throws {
        try await GatewayFixture.with { gateway in
            let answer = try await gateway.call(
                "GET", "/api/creations?\(query)", token: try await gateway.guest())
            #expect(answer.status == 422)
        }
    }

    @Test func `stars and deletions name each thing once`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            for (word, mark) in [
                ("star", SessionAPI.CreationMark.star), ("unstar", .unstar), ("delete", .delete),
                ("restore", .restore),
            ] {
                let answer = try await gateway.call(
                    "POST", "/api/creations/\(word)", #"{"ids":["job_1"]}"#, token: token)
                #expect(answer.status == 200)
                #expect(gateway.session.state.withLock { $0.marks.last?.mark } == mark)
                #expect(answer.json["creations"]?[0]?["starred"] == .flag(mark == .star))
            }
            for body in [
                "{}", #"{"ids":[]}"#, #"{"ids":["a","a"]}"#, #"{"ids":[1]}"#,
                #"{"ids":["a,b"]}"#, #"{"ids":["a"],"star":true}"#,
            ] {
                let bad = try await gateway.call(
                    "POST", "/api/creations/star", body, token: token)
                #expect(bad.status == 422, "\(body)")
            }
            let unknown = try await gateway.call(
                "POST", "/api/creations/star", #"{"ids":["job_9"]}"#, token: token)
            #expect(unknown.code == "CREATION_NOT_FOUND")
        }
    }

    @Test func `an archive has the originals and says how they were made`() async throws {
        try await GatewayFixture.with { gateway in
            let token = try await gateway.guest()
            let made = try await gateway.call(
                "POST", "/api/creations/archives", #"{"ids":["job_1"]}"#, token: token)
            #expect(made.status == 201)
            #expect(made.json["files"] == 2)
            let link = try #require(made.json["url"]?.text)
            let archive = try await gateway.call("GET", link)
            #expect(archive.status == 200)
            #expect(archive.headers["Content-Type"] == "application/zip")
            #expect(archive.body.starts(with: [0x50, 0x4B, 3, 4]))
            #expect(archive.body.firstRange(of: FakeMedia.bytes) != nil)
            #expect(archive.text.contains("\"prompt\":\"a fox, dramatic\""))
            #expect(archive.text.contains("mood-job_1.png"))
            // The link is for these and for no others, and for no other path.
            for other in [
                link.replacing("job_1", with: "job_2"), link.replacing("ids=job_1&", with: ""),
                link.replacing("/archive?", with: "/archive/x?"),
                link.replacing("/api/creations/archive", with: "/api/media/ast_1"),
            ] {
                let status = try await gateway.call("GET", other).status
                #expect([401, 404].contains(status), "\(other)")
            }
            gateway.time.advance(by: .seconds(7201))
            #expect(try await gateway.call("GET", link).status == 401)
        }
    }
}
