import MediaService
import ServiceRuntime
import Testing

struct DerivationsTests {
    @Test func `twenty who ask at once get one estimate`() async throws {
        let fixture = MediaFixture()
        try await fixture.idle { service in
            let picture = try await service.keepPicture(1)
            let found = try await withThrowingTaskGroup(of: Derivations.Depth.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await service.derivations.depth(of: picture.id, userID: "ann")
                    }
                }
                var found: [Derivations.Depth] = []
                for try await depth in group { found.append(depth) }
                return found
            }
            #expect(fixture.depth.calls == 1)
            #expect(Set(found.map(\.asset.id)).count == 1)
            #expect(found.filter { !$0.isReused }.count == 1)
            #expect(try await service.assets().count == 2)
        }
    }

    @Test func `a failure is told as such and the next call tries again`() async throws {
        let fixture = MediaFixture(depth: ScriptedDepthProvider(failures: 1))
        try await fixture.idle { service in
            let picture = try await service.keepPicture(1)
            await #expect(throws: MediaError.self) {
                _ = try await service.derivations.depth(of: picture.id, userID: "ann")
            }
            let depth = try await service.derivations.depth(of: picture.id, userID: "ann")
            #expect(!depth.isReused)
            #expect(depth.method == "heuristic")
        }
    }

    @Test func `the depth that came with a picture is handed out, the first time as new`()
        async throws
    {
        let provider = ScriptedImageProvider { _, _ in
            ImageResult(
                picture: try Samples.jpeg(1), clean: try Samples.jpeg(2),
                depth: try Samples.depth())
        }
        let fixture = MediaFixture(image: provider)
        try await fixture.running { service in
            try await service.create([MediaFixture.image("r1")])
            let picture = try #require(try await service.wait(for: "r1", .done).asset)
            let first = try await service.derivations.depth(of: picture.id, userID: "ann")
            #expect(first.asset.id == picture.depthID)
            #expect(first.method == "companion")
            #expect(!first.isReused)
            #expect(
                try await service.derivations.depth(of: picture.id, userID: "ann").isReused)
            #expect(fixture.depth.calls == 0)
            #expect(picture.cleanID != nil)
        }
    }

    @Test func `a move is made once for the same request, and its bytes are shared`()
        async throws
    {
        let fixture = MediaFixture()
        try await fixture.idle { service in
            let anns = try await service.keepPicture(1)
            let bobs = try await service.keepPicture(1, user: "bob")
            var request = VideoRequest()
            request.move.end.x = 0.2
            let first = try await service.derivations.move(request, over: anns.id, userID: "ann")
            let again = try await service.derivations.move(request, over: anns.id, userID: "ann")
            let other = try await service.derivations.move(request, over: bobs.id, userID: "bob")
            #expect(first == again)
            #expect(other.id != first.id)
            #expect(other.blob == first.blob)
            #expect(other.userID == "bob")
            #expect(fixture.video.calls == 1)

            request.move.end.x = 0.3
            let wider = try await service.derivations.move(request, over: anns.id, userID: "ann")
            #expect(wider.blob != first.blob)
            #expect(fixture.video.calls == 2)

            request.move.name = "breathe_loop"
            let named = try await service.derivations.move(request, over: anns.id, userID: "ann")
            request.move.name = "orbit_loop"
            let loop = try await service.derivations.move(request, over: anns.id, userID: "ann")
            #expect(Set([wider.id, named.id, loop.id]).count == 3)
            #expect(fixture.video.calls == 4)
        }
    }

    @Test func `a stranger's picture is as unknown as none`() async throws {
        let fixture = MediaFixture()
        try await fixture.idle { service in
            let picture = try await service.keepPicture(1)
            await #expect(throws: MediaError.assetNotFound(picture.id)) {
                _ = try await service.derivations.depth(of: picture.id, userID: "bob")
            }
            await #expect(throws: MediaError.assetNotFound("ast_none")) {
                _ = try await service.derivations.depth(of: "ast_none", userID: "bob")
            }
        }
    }
}
