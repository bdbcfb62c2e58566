import RPC
import ServiceAPI
import ServiceRuntime
import SessionService
import Testing

@Suite struct CreationTests {
    private func all(
        _ user: Driver, _ change: (inout SessionAPI.ListCreationsRequest) -> Void = { _ in }
    ) async throws -> [SessionAPI.Creation] {
        var request = SessionAPI.ListCreationsRequest(userID: user.userID)
        change(&request)
        return try await user.handler.listCreations(request, user.context()).creations
    }

    @discardableResult
    private func mark(
        _ user: Driver, _ mark: SessionAPI.CreationMark, _ ids: [String]
    ) async throws -> [SessionAPI.Creation] {
        try await user.handler.markCreations(
            .init(userID: user.userID, ids: ids, mark: mark), user.context()
        ).creations
    }

    private func generate(
        _ user: Driver, _ kind: String, session: String = "", prompt: String = "",
        model: String = "local"
    ) async throws -> SessionAPI.Generation {
        let begun = try await user.handler.startGeneration(
            .init(
                userID: user.userID, kind: kind, sessionID: session, prompt: prompt, model: model),
            user.context())
        _ = try await user.handler.waitOperation(
            .init(userID: user.userID, id: begun.operationID, waitMs: 600_000), user.context())
        return try await user.handler.getGeneration(
            .init(userID: user.userID, id: begun.id), user.context())
    }

    @Test func `every picture that was paid for is there, with how it was made`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start("a fox").sessionID
            _ = try await user.select(id, "direction", "cinematic")
            _ = try await user.regenerate(id, "mood")
            let made = try await all(user)
            #expect(made.count == 12)
            #expect(made.allSatisfy { $0.kind == "picture" && $0.intent == "a fox" })
            #expect(made.allSatisfy { $0.creditsU4 == FakeCredits.credit })
            #expect(made.allSatisfy { $0.assetIDs.count == 1 && $0.sessionID == id })
            #expect(Set(made.map(\.id)).count == 12)
            let mood = try #require(made.first { $0.step == "mood" })
            #expect(mood.choices.map(\.dimension) == ["direction", "mood"])
            #expect(mood.choices.first?.label == "CINEMATIC")
        }
        #expect(fixture.credits.charged == 12)
    }

    @Test func `what was stopped or failed is not there`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            fixture.media.fate(.fails, of: "social")
            let id = try await user.start().sessionID
            #expect(try await all(user).count == 3)
            fixture.media.fate(.hangs)
            _ = try await user.begin(id, "direction", "cinematic")
            await fixture.media.waitForHanging(4)
            _ = try await user.back(id)
            #expect(try await all(user).count == 3)
        }
        #expect(fixture.credits.charged == 3)
    }

    @Test func `pages follow one another without gap or double`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start().sessionID
            _ = try await user.select(id, "direction", "cinematic")
            var seen: [String] = []
            var cursor = ""
            repeat {
                let page = try await user.handler.listCreations(
                    .init(userID: user.userID, limit: 3, cursor: cursor), user.context())
                seen += page.creations.map(\.id)
                cursor = page.nextCursor
            } while !cursor.isEmpty
            #expect(seen.count == 8)
            #expect(seen == (try await all(user).map(\.id)))
        }
    }

    @Test func `filters narrow down what is listed`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start("a Red fox").sessionID
            _ = try await user.select(id, "direction", "cinematic")
            let picture = try await generate(user, "image", prompt: "a lighthouse")
            #expect(try await all(user).count == 9)
            #expect(try await all(user) { $0.step = "mood" }.count == 4)
            #expect(try await all(user) { $0.step = "image" }.map(\.id) == [picture.id])
            #expect(try await all(user) { $0.text = "red FOX" }.count == 8)
            #expect(try await all(user) { $0.text = "LIGHTHOUSE" }.map(\.id) == [picture.id])
            #expect(try await all(user) { $0.text = "100%_" }.isEmpty)
            #expect(try await all(user) { $0.kind = "video" }.isEmpty)
            #expect(try await all(user) { $0.model = "local" }.count == 9)
            #expect(try await all(user) { $0.model = "veo-3" }.isEmpty)
            let now = fixture.time.now.microseconds
            #expect(try await all(user) { $0.fromUs = now + 1 }.isEmpty)
            try await mark(user, .star, [picture.id])
            #expect(try await all(user) { $0.isStarred = true }.map(\.id) == [picture.id])
        }
    }

    @Test func `a star stays through a restart and belongs to one user`() async throws {
        let fixture = try SessionFixture()
        let id = try await fixture.running { user in
            _ = try await user.start()
            let id = try #require(try await all(user).first?.id)
            #expect(try await mark(user, .star, [id]).map(\.isStarred) == [true])
            var other = user
            other.userID = "usr_2"
            #expect(await code { try await mark(other, .unstar, [id]) } == "CREATION_NOT_FOUND")
            #expect(await code { try await mark(other, .delete, [id]) } == "CREATION_NOT_FOUND")
            return id
        }
        try await fixture.running { user in
            let starred = try await all(user) { $0.isStarred = true }
            #expect(starred.map(\.id) == [id])
            let plain = try await mark(user, .unstar, [id])
            #expect(plain.map(\.isStarred) == [false])
        }
    }

    @Test func `what was deleted is restored as it was`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            _ = try await user.start()
            let before = try await all(user)
            let ids = before.prefix(2).map(\.id)
            let deleted = try await mark(user, .delete, ids)
            #expect(deleted.allSatisfy { $0.deletedAtUs > 0 })
            #expect(try await all(user).count == 2)
            try await mark(user, .restore, ids)
            #expect(try await all(user) == before)
        }
    }

    @Test func `what was deleted long enough ago is let go`() async throws {
        let fixture = try SessionFixture { configuration in
            configuration.deletedKept = .seconds(3600)
            // The sweep is asked for, so that it is known to be over.
            configuration.sweepInterval = .seconds(86400)
        }
        try await fixture.running { user in
            let session = try await user.start().sessionID
            _ = try await user.handler.abandon(user.request(session), user.context())
            let gone = try #require(try await all(user).first)
            try await mark(user, .delete, [gone.id])
            let owner = "creation/\(gone.id)"
            let asset = gone.assetIDs[0]
            fixture.time.advance(by: .seconds(120))
            try await user.service.sweep()
            try await user.service.tellReferences()
            let kept = fixture.media.state.withLock { $0.references }
            #expect(kept[owner] == [asset])
            #expect(kept["session/\(session)"]?.contains(asset) == true)
            fixture.time.advance(by: .seconds(3700))
            try await user.service.sweep()
            try await user.service.tellReferences()
            let after = fixture.media.state.withLock { $0.references }
            #expect(after[owner] == [])
            #expect(after["session/\(session)"]?.contains(asset) == false)
            #expect(after["session/\(session)"]?.count == 3)
            #expect(
                await code { try await mark(user, .restore, [gone.id]) }
                    == "CREATION_NOT_FOUND")
        }
    }

    @Test func `a storyboard is six stills of one prompt, bought whole`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let session = try await user.throughLighting()
            let board = try await generate(user, "storyboard", session: session)
            #expect(board.state == "completed")
            #expect(board.assetIDs.count == 6)
            #expect(Set(board.assetIDs).count == 6)
            #expect(board.creditsConsumedU4 == 4 * FakeCredits.credit)
            let creation = try #require(try await all(user) { $0.kind = "storyboard" }.first)
            #expect(creation.assetIDs == board.assetIDs)
            #expect(creation.choices.map(\.dimension).contains("lighting"))
            let framings = fixture.media.state.withLock { state in
                state.recipes.filter { $0.key.contains("/frame_") }.sorted { $0.key < $1.key }.map {
                    $0.value.choices.first { $0.dimension == "framing" }?.optionID
                }
            }
            #expect(
                framings == ["wide", "medium", "closeup", "extreme_closeup", "medium", "wide"])
        }
        #expect(fixture.credits.charged == 20)
        #expect(fixture.credits.openHolds.isEmpty)
    }

    @Test func `a storyboard with a still that failed costs nothing`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            fixture.media.fate(.fails, of: "frame_3")
            let board = try await generate(user, "storyboard", prompt: "a boat")
            #expect(board.state == "failed")
            #expect(board.assetIDs.isEmpty)
            #expect(board.creditsConsumedU4 == 0)
            let creation = try #require(try await all(user).first)
            #expect(creation.generation?.state == "failed")
        }
        #expect(fixture.credits.charged == 0)
        #expect(fixture.credits.openHolds.isEmpty)
    }

    @Test func `a generation at work is cancelled before it is deleted`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            fixture.media.fate(.hangs)
            let begun = try await user.handler.startGeneration(
                .init(userID: user.userID, kind: "image", prompt: "a boat", model: "local"),
                user.context())
            await fixture.media.waitForHanging(1)
            #expect(await code { try await mark(user, .delete, [begun.id]) } == "CREATION_AT_WORK")
            _ = try await user.handler.cancelGeneration(
                .init(userID: user.userID, id: begun.id), user.context())
            try await mark(user, .delete, [begun.id])
            #expect(try await all(user).isEmpty)
        }
    }

    @Test func `a prompt of one's own takes the session's picture and moves`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let session = try await user.throughLighting()
            let video = try await generate(
                user, "draft", session: session, prompt: "a wolf at night",
                model: "local-parallax")
            #expect(video.state == "completed")
            #expect(video.prompt == "a wolf at night")
            let source = try await user.session(session).previewAssetID
            let creation = try #require(try await all(user) { $0.kind = "video" }.first)
            #expect(creation.sourceAssetID == source)
            #expect(creation.intent == "a wolf at night")
        }
    }
}
