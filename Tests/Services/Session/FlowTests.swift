import RPC
import ServiceAPI
import ServiceRuntime
import SessionService
import Testing

/// The whole flow against the fakes: what is made, what is charged, what is refused.
@Suite(.timeLimit(.minutes(2))) struct FlowTests {
    @Test func `from an intent to a final prompt for seventeen credits`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let start = try await user.start("  a fox ")
            #expect(start.state == .succeeded)
            #expect(start.creditsConsumedU4 == 4 * FakeCredits.credit)
            #expect(start.pictures?.images.count == 4)
            #expect(start.session?.estimatedTotalU4 == 22 * FakeCredits.credit)
            #expect(start.session?.intent == "a fox")
            let id = start.sessionID
            let mood = try await user.select(id, "direction", "cinematic")
            #expect(mood.session?.step == "mood")
            #expect(mood.session?.direction == "cinematic")
            #expect(mood.pictures?.dimension == "mood")
            _ = try await user.select(id, "mood", "dramatic")
            _ = try await user.select(id, "framing", "wide")
            let lit = try await user.select(id, "lighting", "golden_hour")
            #expect(lit.session?.step == "camera_motion")
            #expect(lit.creditsConsumedU4 == 0)
            let camera = try await user.camera(id)
            #expect(camera.creditsConsumedU4 == FakeCredits.credit)
            #expect(camera.session?.cameraPaths.count == 3)
            let source = try #require(lit.session?.previewAssetID)
            #expect(lit.session?.locks.last?.assetID == source)
            #expect(camera.session?.depthAssetID == "depth_\(source)")
            let move = try await user.handler.selectCameraMotion(
                SessionAPI.SelectCameraMotionRequest(
                    userID: user.userID, sessionID: id, cameraMotionID: "push_in"),
                user.context())
            #expect(move.session?.step == "subject_motion")
            let preview = try await user.handler.getMotionPreview(
                SessionAPI.GetMotionPreviewRequest(
                    userID: user.userID, sessionID: id, cameraMotionID: "push_in"),
                user.context())
            #expect(preview.assetID == "move_\(source)_push_in")
            _ = try await user.handler.skipSubjectMotion(user.request(id), user.context())
            let done = try await user.handler.finalize(user.request(id), user.context())
            #expect(done.session?.status == "completed")
            #expect(
                done.session?.finalPrompt
                    == "a fox, cinematic, dramatic, wide, golden_hour")
            #expect(done.session?.totalCreditsU4 == 17 * FakeCredits.credit)
            let again = try await user.handler.finalize(user.request(id), user.context())
            #expect(again.session == done.session)
        }
        #expect(fixture.credits.charged == 17)
        #expect(fixture.credits.openHolds.isEmpty)
    }

    @Test func `going back and choosing the same again is free, another choice is not`()
        async throws
    {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.throughLighting()
            #expect(fixture.credits.charged == 16)
            for _ in 0..<4 { _ = try await user.back(id) }
            #expect(try await user.session(id).step == "direction")
            for (dimension, option) in [
                ("direction", "cinematic"), ("mood", "dramatic"), ("framing", "wide"),
                ("lighting", "golden_hour"),
            ] {
                let again = try await user.select(id, dimension, option)
                #expect(again.creditsConsumedU4 == 0)
            }
            #expect(fixture.credits.charged == 16)
            _ = try await user.handler.jump(
                SessionAPI.JumpRequest(userID: user.userID, sessionID: id, step: "mood"),
                user.context())
            let other = try await user.select(id, "mood", "peaceful")
            #expect(other.creditsConsumedU4 == 4 * FakeCredits.credit)
            #expect(other.session?.previous.isEmpty == true)
            // And back to the first once more: what was made stays made.
            _ = try await user.back(id)
            let first = try await user.select(id, "mood", "dramatic")
            #expect(first.creditsConsumedU4 == 0)
        }
        #expect(fixture.credits.charged == 20)
    }

    @Test func `three good pictures and a failed one cost three, the fourth is retried for one`()
        async throws
    {
        let fixture = try SessionFixture()
        fixture.media.fate(.fails, of: "social")
        try await fixture.running { user in
            let start = try await user.start()
            #expect(start.state == .succeeded)
            #expect(start.creditsConsumedU4 == 3 * FakeCredits.credit)
            let images = start.pictures?.images ?? []
            #expect(images.map(\.optionID) == FakePrompt.options["direction"])
            #expect(images.filter { $0.error != nil }.map(\.optionID) == ["social"])
            let id = start.sessionID
            #expect(
                await code { try await user.begin(id, "direction", "social") } == "STEP_CONFLICT")
            let failed = try await user.retry(id, "direction", "social")
            #expect(failed.state == .failed)
            #expect(failed.error?.code == "IMAGE_GENERATION_FAILED")
            fixture.media.fate(.completes, of: "social")
            let retried = try await user.retry(id, "direction", "social")
            #expect(retried.creditsConsumedU4 == FakeCredits.credit)
            #expect(retried.pictures?.images.allSatisfy { $0.error == nil } == true)
            let session = try await user.session(id)
            #expect(session.regenerations.first?.count == 0)
        }
        #expect(fixture.credits.charged == 4)
        #expect(fixture.credits.openHolds.isEmpty)
    }

    @Test func `when every picture fails nothing is charged and the session stays as it was`()
        async throws
    {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start().sessionID
            fixture.media.fate(.fails)
            let select = try await user.select(id, "direction", "artistic")
            #expect(select.state == .failed)
            #expect(select.error?.code == "IMAGE_GENERATION_FAILED")
            #expect(try await user.session(id).step == "direction")
            fixture.media.fate(.completes)
            #expect(try await user.select(id, "direction", "artistic").state == .succeeded)
        }
        #expect(fixture.credits.charged == 8)
    }

    @Test func `a start without pictures is not in the way of the next one`() async throws {
        let fixture = try SessionFixture()
        fixture.media.fate(.fails)
        try await fixture.running { user in
            let failed = try await user.start()
            #expect(failed.error?.code == "IMAGE_GENERATION_FAILED")
            fixture.media.fate(.completes)
            #expect(try await user.start().state == .succeeded)
        }
        #expect(fixture.credits.charged == 4)
    }

    @Test func `without credits nothing begins, and the same key works after paying`()
        async throws
    {
        let fixture = try SessionFixture()
        fixture.credits.setBalance(credits: 3)
        try await fixture.running { user in
            #expect(await code { try await user.start(key: "k") } == "INSUFFICIENT_CREDITS")
            let active = try await user.handler.getActiveSession(
                SessionAPI.GetActiveSessionRequest(userID: user.userID), user.context())
            #expect(active.session == nil)
            fixture.credits.setBalance(credits: 4)
            #expect(try await user.start(key: "k").state == .succeeded)
        }
    }

    @Test func `of many starts at once one gets in and the others hold nothing`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let codes = await withTaskGroup(of: String.self) { group in
                for _ in 0..<8 { group.addTask { await code { try await user.start() } } }
                var codes: [String] = []
                for await code in group { codes.append(code) }
                return codes
            }
            #expect(codes.count { $0 == "none" } == 1)
            #expect(codes.count { $0 == "ACTIVE_SESSION_EXISTS" } == 7)
        }
        #expect(fixture.credits.charged == 4)
        #expect(fixture.credits.openHolds.isEmpty)
    }

    @Test func `of two selects at once one is charged`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start().sessionID
            fixture.media.fate(.hangs)
            let first = try await user.begin(id, "direction", "cinematic")
            #expect(
                await code { try await user.begin(id, "direction", "artistic") }
                    == "STEP_CONFLICT")
            await fixture.media.waitForHanging(4)
            for option in FakePrompt.options["mood"] ?? [] { fixture.media.release(option) }
            #expect(try await user.ended(first).state == .succeeded)
        }
        #expect(fixture.credits.charged == 8)
    }

    @Test func `twenty regenerations at once: three in all, never more`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start().sessionID
            let codes = await withTaskGroup(of: String.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        // A busy session asks to come again; a limit does not.
                        while true {
                            let code = await code { try await user.regenerate(id, "direction") }
                            if code != "STEP_CONFLICT" { return code }
                            await Task.yield()
                        }
                    }
                }
                var codes: [String] = []
                for await code in group { codes.append(code) }
                return codes
            }
            #expect(codes.count { $0 == "none" } == 3)
            #expect(codes.count { $0 == "REGENERATION_LIMIT_EXCEEDED" } == 17)
        }
        #expect(fixture.credits.charged == 16)
    }

    @Test func `the same key is the same operation, another request with it is refused`()
        async throws
    {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start(key: "a").sessionID
            #expect(try await user.start(key: "a").sessionID == id)
            let first = try await user.select(id, "direction", "social", key: "b")
            let replay = try await user.select(id, "direction", "social", key: "b")
            #expect(first.id == replay.id)
            #expect(replay.creditsConsumedU4 == first.creditsConsumedU4)
            #expect(
                await code { try await user.begin(id, "direction", "artistic", key: "b") }
                    == "IDEMPOTENCY_KEY_REUSED")
        }
        #expect(fixture.credits.charged == 8)
    }

    @Test func `back during work stops it and costs nothing`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start().sessionID
            fixture.media.fate(.hangs)
            let select = try await user.begin(id, "direction", "cinematic")
            await fixture.media.waitForHanging(4)
            fixture.media.release("dramatic")
            let back = try await user.back(id)
            #expect(back.session?.step == "direction")
            let ended = try await user.ended(select)
            #expect(ended.state == .cancelled)
            #expect(ended.creditsConsumedU4 == 0)
            fixture.media.fate(.completes)
            #expect(try await user.select(id, "direction", "cinematic").state == .succeeded)
        }
        #expect(fixture.credits.charged == 8)
        #expect(fixture.credits.openHolds.isEmpty)
    }

    @Test func `cancel during work stops it and costs nothing`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start().sessionID
            fixture.media.fate(.hangs)
            let select = try await user.begin(id, "direction", "cinematic")
            await fixture.media.waitForHanging(4)
            fixture.media.release("dramatic")
            fixture.media.release("peaceful")
            _ = try await user.handler.cancel(user.request(id), user.context())
            let ended = try await user.ended(select)
            #expect(ended.state == .cancelled)
            #expect(ended.creditsConsumedU4 == 0)
            #expect(try await user.session(id).step == "direction")
            fixture.media.fate(.completes)
            let again = try await user.select(id, "direction", "cinematic")
            #expect(again.creditsConsumedU4 == 4 * FakeCredits.credit)
            #expect(again.pictures?.images.allSatisfy { !$0.assetID.isEmpty } == true)
        }
        #expect(fixture.credits.charged == 8)
        #expect(fixture.credits.openHolds.isEmpty)
    }

    @Test func `abandoning during work frees the user at once`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start().sessionID
            fixture.media.fate(.hangs)
            _ = try await user.begin(id, "direction", "cinematic")
            await fixture.media.waitForHanging(4)
            let abandoned = try await user.handler.abandon(user.request(id), user.context())
            #expect(abandoned.session?.status == "abandoned")
            fixture.media.fate(.completes)
            #expect(try await user.start("a boat").state == .succeeded)
        }
        #expect(fixture.credits.charged == 8)
        #expect(fixture.credits.openHolds.isEmpty)
    }

    @Test func `without depth the moves are text and nothing is charged`() async throws {
        let fixture = try SessionFixture()
        fixture.media.state.withLock { $0.depthFails = true }
        try await fixture.running { user in
            let id = try await user.throughLighting()
            let camera = try await user.camera(id)
            #expect(camera.state == .succeeded)
            #expect(camera.creditsConsumedU4 == 0)
            #expect(camera.session?.isDepthFallback == true)
            #expect(camera.session?.cameraPaths.allSatisfy { !$0.description.isEmpty } == true)
        }
        #expect(fixture.credits.charged == 16)
        #expect(fixture.credits.openHolds.isEmpty)
    }

    @Test func `depth of the same picture is charged once`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.throughLighting()
            _ = try await user.camera(id)
            _ = try await user.back(id)
            _ = try await user.select(id, "lighting", "golden_hour")
            #expect(try await user.camera(id).creditsConsumedU4 == 0)
            _ = try await user.back(id)
            _ = try await user.select(id, "lighting", "low_key")
            #expect(try await user.camera(id).creditsConsumedU4 == FakeCredits.credit)
        }
        #expect(fixture.credits.charged == 18)
    }

    @Test func `a subject clip costs five once, and a failed one lets the user go on`()
        async throws
    {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.throughLighting()
            _ = try await user.camera(id)
            _ = try await user.handler.selectCameraMotion(
                SessionAPI.SelectCameraMotionRequest(
                    userID: user.userID, sessionID: id, cameraMotionID: "push_in"),
                user.context())
            @Sendable func move(_ text: String) async throws -> SessionAPI.Operation {
                try await user.ended(
                    user.handler.subjectMotion(
                        SessionAPI.SubjectMotionRequest(
                            userID: user.userID, sessionID: id, subjectMotion: text),
                        user.context()))
            }
            fixture.media.fate(.fails)
            let failed = try await move("ears twitch")
            #expect(failed.error?.code == "VIDEO_GENERATION_FAILED")
            #expect(failed.creditsConsumedU4 == 0)
            #expect(failed.session?.subjectMotion == "ears twitch")
            fixture.media.fate(.completes)
            let made = try await move("ears twitch")
            #expect(made.creditsConsumedU4 == 5 * FakeCredits.credit)
            #expect(made.session?.step == "preview")
            #expect(made.session?.videoPrompt.hasSuffix("ears twitch, push_in") == true)
            _ = try await user.back(id)
            #expect(try await move("ears twitch").creditsConsumedU4 == 0)
            let done = try await user.handler.finalize(user.request(id), user.context())
            #expect(done.session?.totalCreditsU4 == 22 * FakeCredits.credit)
        }
        #expect(fixture.credits.charged == 22)
    }

    @Test func `finalizing names each missing step once, in flow order`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start().sessionID
            _ = try await user.select(id, "direction", "cinematic")
            do {
                _ = try await user.handler.finalize(user.request(id), user.context())
                Issue.record("it was finalized")
            } catch let error as RPCError {
                #expect(error.domainCode == "INCOMPLETE_SESSION")
                #expect(
                    error.detail("missingDimensions") == "mood,framing,lighting,camera_motion")
            }
        }
    }

    @Test func `another user is turned away, a stale version too`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start().sessionID
            var other = user
            other.userID = "usr_2"
            #expect(await code { try await other.session(id) } == "UNAUTHORIZED")
            #expect(await code { try await other.back(id) } == "UNAUTHORIZED")
            #expect(await code { try await user.session("ses_0") } == "SESSION_NOT_FOUND")
            let stale = SessionAPI.SelectRequest(
                userID: user.userID, sessionID: id, version: 1, dimension: "direction",
                optionID: "social")
            #expect(
                await code { try await user.handler.select(stale, user.context()) }
                    == "VERSION_CONFLICT")
        }
    }

    @Test func `a session expires strictly after its lifetime and makes room`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start().sessionID
            fixture.time.advance(by: .seconds(24 * 3_600))
            #expect(try await user.session(id).status == "active")
            fixture.time.advance(by: .microseconds(1))
            #expect(await code { try await user.session(id) } == "SESSION_EXPIRED")
            #expect(await code { try await user.back(id) } == "SESSION_EXPIRED")
            let active = try await user.handler.getActiveSession(
                SessionAPI.GetActiveSessionRequest(userID: user.userID), user.context())
            #expect(active.session == nil)
            #expect(try await user.start("a boat").state == .succeeded)
            try await user.service.sweep()
            #expect(await code { try await user.session(id) } == "SESSION_EXPIRED")
        }
    }

    @Test func `a final video is made over the chosen picture and cannot pass for another model`()
        async throws
    {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.throughLighting()
            @Sendable func request(_ model: String) -> SessionAPI.StartGenerationRequest {
                SessionAPI.StartGenerationRequest(
                    userID: user.userID, kind: "final", sessionID: id, model: model,
                    metadataJson: "{\"a\":1}")
            }
            for model in ["veo-3", "nonsense", ""] {
                #expect(
                    await code {
                        try await user.handler.startGeneration(request(model), user.context())
                    } == "MODEL_UNAVAILABLE")
            }
            let begun = try await user.handler.startGeneration(
                request("local-parallax"), user.context())
            _ = try await user.handler.waitOperation(
                SessionAPI.WaitOperationRequest(
                    userID: user.userID, id: begun.operationID, waitMs: 60_000), user.context())
            let made = try await user.handler.getGeneration(
                SessionAPI.GetGenerationRequest(userID: user.userID, id: begun.id),
                user.context())
            #expect(made.state == "completed")
            #expect(made.creditsConsumedU4 == 5 * FakeCredits.credit)
            #expect(made.metadataJson == "{\"a\":1}")
            let source = try await user.session(id).previewAssetID
            let video = fixture.media.state.withLock { $0.videos.values.compactMap { $0 }.first }
            #expect(video?.sourceAssetID == source)
            #expect(video?.model == "local-parallax")
            let list = try await user.handler.listGenerations(
                SessionAPI.ListGenerationsRequest(userID: user.userID), user.context())
            #expect(list.generations.map(\.id) == [begun.id])
        }
        #expect(fixture.credits.charged == 21)
        #expect(fixture.credits.openHolds.isEmpty)
    }

    @Test func `a video over a picture that is not one's own is refused before it costs`()
        async throws
    {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let request = SessionAPI.StartGenerationRequest(
                userID: user.userID, kind: "final", prompt: "a boat", model: "local-parallax",
                sourceAssetID: "foreign_1")
            #expect(
                await code {
                    try await user.handler.startGeneration(request, user.context())
                } == "ASSET_NOT_FOUND")
        }
        #expect(fixture.credits.charged == 0)
        #expect(fixture.credits.openHolds.isEmpty)
    }

    @Test func `a guest's work moves to the account`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start().sessionID
            var account = user
            account.userID = "usr_9"
            _ = try await user.handler.mergeUser(
                SessionAPI.MergeUserRequest(fromUserID: "usr_1", intoUserID: "usr_9"),
                user.context())
            #expect(try await account.session(id).status == "active")
            #expect(try await account.select(id, "direction", "social").state == .succeeded)
            #expect(await code { try await user.session(id) } == "UNAUTHORIZED")
        }
    }

    @Test func `media hears which assets are in use`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start().sessionID
            try await user.service.tellReferences()
            let kept = fixture.media.state.withLock { $0.references["session/\(id)"] ?? [] }
            #expect(kept.count == 4)
            let verified = try await user.handler.verify(
                SessionAPI.VerifyRequest(), user.context())
            #expect(verified.violations.isEmpty)
            #expect(verified.activeSessions == 1)
        }
    }
}
