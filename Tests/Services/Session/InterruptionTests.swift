import RPC
import ServiceAPI
import ServiceRuntime
import SessionService
import Testing

/// Commands that meet another one at work.
@Suite(.timeLimit(.minutes(1))) struct InterruptionTests {
    @Test(arguments: ["back", "cancel"])
    func `a start that is stopped without a picture is not in the way of the next`(
        how: String
    ) async throws {
        let fixture = try SessionFixture()
        fixture.media.fate(.hangs)
        try await fixture.running { user in
            let begun = try await user.handler.start(
                SessionAPI.StartRequest(userID: user.userID, intent: "a fox"), user.context())
            await fixture.media.waitForHanging(4)
            let request = user.request(begun.sessionID)
            if how == "back" {
                _ = try await user.handler.back(request, user.context())
            } else {
                _ = try await user.handler.cancel(request, user.context())
            }
            #expect(try await user.ended(begun).state == .cancelled)
            fixture.media.fate(.completes)
            #expect(try await user.start("a boat").state == .succeeded)
        }
        #expect(fixture.credits.charged == 4)
        #expect(fixture.credits.openHolds.isEmpty)
    }

    @Test func `a stale version stops nothing`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start().sessionID
            fixture.media.fate(.hangs)
            let begun = try await user.begin(id, "direction", "cinematic")
            await fixture.media.waitForHanging(4)
            let stale = SessionAPI.NavigateRequest(
                userID: user.userID, sessionID: id, version: 1)
            #expect(
                await code { try await user.handler.back(stale, user.context()) }
                    == "VERSION_CONFLICT")
            #expect(
                await code { try await user.handler.cancel(stale, user.context()) }
                    == "VERSION_CONFLICT")
            for option in FakePrompt.options["mood"] ?? [] { fixture.media.release(option) }
            #expect(try await user.ended(begun).state == .succeeded)
        }
        #expect(fixture.credits.charged == 8)
    }

    @Test(arguments: [false, true])
    func `a wall clock that is set forward ends no operation`(isRestarted: Bool) async throws {
        let fixture = try SessionFixture()
        fixture.media.fate(.hangs)
        let begun = try await fixture.running { user async throws -> SessionAPI.Operation in
            let begun = try await user.handler.start(
                SessionAPI.StartRequest(userID: user.userID, intent: "a fox"), user.context())
            await fixture.media.waitForHanging(4)
            fixture.time.jumpWall(by: .seconds(86_400))
            if isRestarted { return begun }
            // What is younger than its limit waits on, whatever the wall says.
            fixture.time.advance(by: .seconds(60))
            for option in FakePrompt.options["direction"] ?? [] { fixture.media.release(option) }
            let ended = try await user.ended(begun)
            #expect(ended.state == .succeeded)
            return begun
        }
        if isRestarted {
            try await fixture.running { user in
                fixture.time.advance(by: .seconds(60))
                for option in FakePrompt.options["direction"] ?? [] {
                    fixture.media.release(option)
                }
                let ended = try await user.ended(begun)
                #expect(ended.state == .succeeded)
            }
        }
        #expect(fixture.credits.charged == 4)
    }

    @Test func `the sweep leaves a session its last microsecond`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start().sessionID
            fixture.time.advance(by: .seconds(24 * 3_600))
            try await user.service.sweep()
            #expect(try await user.session(id).status == "active")
            fixture.time.advance(by: .microseconds(1))
            try await user.service.sweep()
            #expect(await code { try await user.session(id) } == "SESSION_EXPIRED")
        }
    }
}
