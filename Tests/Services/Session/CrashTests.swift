import RPC
import ServiceAPI
import ServiceRuntime
import SessionService
import Testing

/// A process that is stopped at any point of an operation: the next one goes on, and what is
/// charged is what was delivered.
@Suite(.timeLimit(.minutes(3))) struct CrashTests {
    /// What an operation is when everything has been worked off.
    private func resumed(
        _ fixture: SessionFixture, _ userID: String = "usr_1"
    ) async throws -> SessionAPI.ActiveSession {
        fixture.trip.disarm()
        return try await fixture.running { user in
            while true {
                let counts = try await user.handler.verify(
                    SessionAPI.VerifyRequest(), user.context())
                if counts.runningOperations == 0 {
                    #expect(counts.violations.isEmpty)
                    return try await user.handler.getActiveSession(
                        SessionAPI.GetActiveSessionRequest(userID: userID), user.context())
                }
                await Task.yield()
            }
        }
    }

    /// Runs a command until the wire trips, then lets the process die.
    /// - Returns: Where it tripped; nil when the command went through.
    private func cut(
        _ fixture: SessionFixture, at point: Int,
        _ command: @escaping @Sendable (Driver) async throws -> Void
    ) async throws -> String? {
        try await fixture.running { user in
            fixture.trip.arm(at: point)
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    try? await command(user)
                    fixture.trip.finish()
                }
                group.addTask { await fixture.trip.wait() }
                await group.next()
                group.cancelAll()
            }
        }
        return fixture.trip.tripped
    }

    @Test func `a start cut before its credits are held is charged by its quote`() async throws {
        for point in 0..<50 {
            let fixture = try SessionFixture()
            let tripped = try await cut(fixture, at: point) { user in
                _ = try await user.handler.start(
                    SessionAPI.StartRequest(
                        userID: user.userID, intent: "a fox",
                        spending: SessionAPI.Spending(quoteID: "quo_1")), user.context("key"))
            }
            guard tripped == "before credits.hold" else { continue }
            _ = try await resumed(fixture)
            #expect(fixture.credits.state.withLock { $0.quotes } == ["quo_1"])
            return
        }
        Issue.record("no point lies before the hold")
    }

    @Test func `a start cut at every call ends with four pictures for four credits`()
        async throws
    {
        var points = 0
        while true {
            let fixture = try SessionFixture()
            let tripped = try await cut(fixture, at: points) { user in
                _ = try await user.start()
            }
            guard let tripped else { break }
            let active = try await resumed(fixture)
            // A cut on the far side of the hold may lose the command, never its credits.
            let expected: Int64 = active.session == nil ? 0 : 4
            #expect(fixture.credits.charged == expected, "cut \(tripped)")
            #expect(fixture.credits.openHolds.isEmpty, "cut \(tripped)")
            #expect(fixture.media.created <= 4, "cut \(tripped)")
            if let session = active.session {
                let made = session.pictures.flatMap(\.images).filter { !$0.assetID.isEmpty }
                #expect(made.count == 4, "cut \(tripped)")
                #expect(session.totalCreditsU4 == 4 * FakeCredits.credit, "cut \(tripped)")
            }
            points += 1
        }
        #expect(points >= 12)
    }

    @Test func `a select cut at every call charges what the session got`() async throws {
        var points = 0
        while true {
            let fixture = try SessionFixture()
            fixture.media.fate(.fails, of: "mysterious")
            let id = try await fixture.running { user in try await user.start().sessionID }
            let tripped = try await cut(fixture, at: points) { user in
                _ = try await user.select(id, "direction", "cinematic")
            }
            guard let tripped else { break }
            let session = try #require(try await resumed(fixture).session)
            let made = session.pictures.flatMap(\.images).filter { !$0.assetID.isEmpty }
            #expect(session.step == "mood", "cut \(tripped)")
            #expect(made.count == 7, "cut \(tripped)")
            #expect(fixture.credits.charged == 7, "cut \(tripped)")
            #expect(session.totalCreditsU4 == 7 * FakeCredits.credit, "cut \(tripped)")
            #expect(fixture.credits.openHolds.isEmpty, "cut \(tripped)")
            #expect(fixture.media.created == 8, "cut \(tripped)")
            points += 1
        }
        #expect(points >= 12)
    }

    @Test func `depth and clip cut at every call are charged once`() async throws {
        var points = 0
        while true {
            let fixture = try SessionFixture()
            let id = try await fixture.running { user in try await user.throughLighting() }
            let tripped = try await cut(fixture, at: points) { user in
                _ = try await user.camera(id)
                _ = try await user.handler.selectCameraMotion(
                    SessionAPI.SelectCameraMotionRequest(
                        userID: user.userID, sessionID: id, cameraMotionID: "push_in"),
                    user.context())
                _ = try await user.ended(
                    user.handler.subjectMotion(
                        SessionAPI.SubjectMotionRequest(
                            userID: user.userID, sessionID: id, subjectMotion: "runs"),
                        user.context()))
            }
            guard let tripped else { break }
            let session = try #require(try await resumed(fixture).session)
            let expected: Int64 =
                16 + (session.depthAssetID.isEmpty ? 0 : 1)
                + (session.subjectVideoAssetID.isEmpty ? 0 : 5)
            #expect(fixture.credits.charged == expected, "cut \(tripped)")
            #expect(session.totalCreditsU4 == expected * FakeCredits.credit, "cut \(tripped)")
            #expect(fixture.credits.openHolds.isEmpty, "cut \(tripped)")
            points += 1
        }
        #expect(points >= 14)
    }

    @Test func `an overdue hold that the journal does not know is released`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            _ = try await fixture.credits.hold(
                CreditsAPI.HoldRequest(
                    userID: "usr_1", job: "op_lost", operation: "image.preview", quantity: 4),
                user.context())
            _ = try await fixture.credits.submitHold(
                CreditsAPI.SubmitHoldRequest(holdID: "hold/op_lost/image.preview"),
                user.context())
            #expect(fixture.credits.openHolds.count == 1)
            try await user.service.reconcile()
        }
        #expect(fixture.credits.openHolds.isEmpty)
        #expect(fixture.credits.charged == 0)
    }
}
