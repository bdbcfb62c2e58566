import RPC
import ServiceAPI
import ServiceRuntime
import SessionService
import Testing

/// What a caller lets a command cost, and commands that are only tried.
@Suite(.timeLimit(.minutes(2))) struct SpendingTests {
    private static let dry = SessionAPI.Spending(isDryRun: true)

    @Test func `a start that is only tried costs and leaves nothing`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let tried = try await user.handler.start(
                SessionAPI.StartRequest(
                    userID: user.userID, intent: "a fox", aspectRatio: "16:9",
                    spending: Self.dry), user.context("key"))
            #expect(tried.id.isEmpty)
            #expect(tried.sessionID.isEmpty)
            #expect(tried.dryRun?.operation == "image.preview")
            #expect(tried.dryRun?.quantity == 4)
            #expect(tried.dryRun?.amountU4 == 4 * FakeCredits.credit)
            #expect(tried.dryRun?.balanceAfterU4 == 96 * FakeCredits.credit)
            let active = try await user.handler.getActiveSession(
                SessionAPI.GetActiveSessionRequest(userID: user.userID), user.context())
            #expect(active.session == nil)
            #expect(fixture.credits.state.withLock { $0.holds.isEmpty })
            // The key is free for the real one.
            let real = try await user.start(key: "key")
            #expect(real.creditsConsumedU4 == 4 * FakeCredits.credit)
        }
    }

    @Test func `a dry run says what is free because it was made before`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start().sessionID
            func tried(_ option: String) async throws -> SessionAPI.DryRun? {
                try await user.handler.select(
                    SessionAPI.SelectRequest(
                        userID: user.userID, sessionID: id, dimension: "direction",
                        optionID: option,
                        spending: SessionAPI.Spending(isDryRun: true, skipsBalance: true)),
                    user.context()
                ).dryRun
            }
            _ = try await user.select(id, "direction", "cinematic")
            _ = try await user.back(id)
            // Who has nothing is told as well.
            fixture.credits.setBalance(credits: 0)
            let known = try await tried("cinematic")
            #expect(known?.isCached == true)
            #expect(known?.operation == "image.preview")
            #expect(known?.quantity == 4)
            #expect(known?.amountU4 == 0)
            let fresh = try await tried("social")
            #expect(fresh?.isCached == false)
            #expect(fresh?.operation == "image.preview")
            #expect(fresh?.quantity == 4)
            #expect(fresh?.cachedOptions.map(\.id) == ["cinematic"])
        }
        #expect(fixture.credits.charged == 8)
    }

    @Test func `a dry run is refused as the command itself would be`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start().sessionID
            await #expect(throws: RPCError.self) { () async throws in
                try await user.handler.start(
                    SessionAPI.StartRequest(
                        userID: user.userID, intent: "a hare", spending: Self.dry),
                    user.context())
            }
            await #expect(throws: RPCError.self) {
                try await user.handler.select(
                    SessionAPI.SelectRequest(
                        userID: user.userID, sessionID: id, dimension: "mood",
                        optionID: "dramatic", spending: Self.dry), user.context())
            }
            fixture.credits.setBalance(credits: 3)
            let error = await #expect(throws: RPCError.self) {
                try await user.handler.select(
                    SessionAPI.SelectRequest(
                        userID: user.userID, sessionID: id, dimension: "direction",
                        optionID: "cinematic", spending: Self.dry), user.context())
            }
            #expect(error?.domainCode == "INSUFFICIENT_CREDITS")
            #expect(try await user.session(id).step == "direction")
        }
    }

    @Test func `choosing the same again is free in a dry run too`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start().sessionID
            _ = try await user.select(id, "direction", "cinematic")
            _ = try await user.back(id)
            let before = try await user.session(id)
            let tried = try await user.handler.select(
                SessionAPI.SelectRequest(
                    userID: user.userID, sessionID: id, dimension: "direction",
                    optionID: "cinematic", spending: Self.dry), user.context())
            #expect(tried.dryRun?.amountU4 == 0)
            #expect(tried.dryRun?.isCached == true)
            #expect(try await user.session(id) == before)
        }
    }

    @Test func `a generation that is only tried is not listed`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let tried = try await user.handler.startGeneration(
                SessionAPI.StartGenerationRequest(
                    userID: user.userID, kind: "image", prompt: "a fox", model: "local",
                    spending: Self.dry), user.context())
            #expect(tried.id.isEmpty)
            #expect(tried.dryRun?.amountU4 == FakeCredits.credit)
            let list = try await user.handler.listGenerations(
                SessionAPI.ListGenerationsRequest(userID: user.userID), user.context())
            #expect(list.generations.isEmpty)
        }
    }

    @Test func `more than the caller allows is refused and the key stays free`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let error = await #expect(throws: RPCError.self) {
                try await user.handler.start(
                    SessionAPI.StartRequest(
                        userID: user.userID, intent: "a fox",
                        spending: SessionAPI.Spending(maxAmountU4: 3 * FakeCredits.credit)),
                    user.context("key"))
            }
            #expect(error?.domainCode == "PRICE_EXCEEDED")
            #expect(fixture.credits.openHolds.isEmpty)
            let again = try await user.start(key: "key")
            #expect(again.state == .succeeded)
        }
    }
}
