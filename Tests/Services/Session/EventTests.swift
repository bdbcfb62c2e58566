import RPC
import ServiceAPI
import ServiceRuntime
import SessionService
import TestSupport
import Testing

/// What a user hears of their work, live and after coming back.
@Suite(.timeLimit(.minutes(2))) struct EventTests {
    /// Reads events over a real stream until `isLast`.
    private func events(
        _ user: Driver, after: UInt64, until isLast: @Sendable (SessionAPI.Event) -> Bool
    ) async throws -> [SessionAPI.Event] {
        let link = try RPCFixture(.memory, methods: user.service.methods)
        let stream = try await SessionAPI.Client(link.channel).watchEvents(
            SessionAPI.WatchEventsRequest(userID: user.userID, after: after),
            CallOptions(timeout: .seconds(60)))
        defer { stream.cancel() }
        var events: [SessionAPI.Event] = []
        while let event = try await stream.next() {
            events.append(event)
            if isLast(event) { return events }
        }
        return events
    }

    private static let isEnd: @Sendable (SessionAPI.Event) -> Bool = {
        $0.kind == "operation" && $0.operation?.state == .succeeded
    }

    @Test func `each finished picture is told while the work goes on`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            async let heard = events(user, after: 0, until: Self.isEnd)
            _ = try await user.start()
            let events = try await heard
            let pictures = events.compactMap(\.picture)
            #expect(Set(pictures.map(\.optionID)) == Set(FakePrompt.options["direction"] ?? []))
            #expect(events.first?.operation?.state == .running)
            #expect(events.map(\.sequence) == events.map(\.sequence).sorted())
        }
    }

    @Test func `a place that was never given out is told, not waited for`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            _ = try await user.start()
            await #expect(throws: RPCError.self) {
                _ = try await events(user, after: 1_000_000, until: { _ in true })
            }
        }
    }

    @Test func `from any cursor on there is no gap and no double`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start().sessionID
            _ = try await user.select(id, "direction", "cinematic")
            let last = try await user.handler.getActiveSession(
                SessionAPI.GetActiveSessionRequest(userID: user.userID), user.context())
            #expect(last.session?.step == "mood")
            let isLast: @Sendable (SessionAPI.Event) -> Bool = {
                $0.operation?.kind == "select" && $0.operation?.state == .succeeded
            }
            let all = try await events(user, after: 0, until: isLast)
            for cut in all.indices.dropLast() {
                let rest = try await events(user, after: all[cut].sequence, until: isLast)
                #expect(rest == Array(all[(cut + 1)...]))
            }
        }
    }

    @Test func `a cursor from before what is kept asks to read afresh`() async throws {
        let fixture = try SessionFixture()
        try await fixture.running { user in
            let id = try await user.start().sessionID
            fixture.time.advance(by: .seconds(80 * 3_600))
            try await user.service.sweep()
            #expect(!id.isEmpty)
            #expect(
                await code { try await events(user, after: 1, until: { _ in true }) }
                    == "RESYNC")
        }
    }
}
