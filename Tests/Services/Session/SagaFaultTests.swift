import RPC
import ServiceAPI
import ServiceRuntime
import SessionService
import Testing

/// One fault at every call and at every commit of every kind of saga. Whatever happens: afterwards
/// no credits are set aside, what was charged is what the user has, and nothing is at work.
@Suite(.timeLimit(.minutes(3))) struct SagaFaultTests {
    enum Scenario: String, CaseIterable, Sendable {
        case start, refusedStart, select, cancelledRegenerate, clip, generation
    }

    enum Fault: Hashable, Sendable {
        case wire(Tripwire.Harm)
        case store(StoreFault.Harm)

        static let all: [Fault] =
            Tripwire.Harm.allCases.map(Fault.wire) + StoreFault.Harm.allCases.map(Fault.store)

        var isDeath: Bool {
            switch self {
            case .wire(let harm): harm == .dies
            case .store(let harm): harm.isDeath
            }
        }
    }

    @Test(arguments: Scenario.allCases)
    func `a fault at any point leaves nothing open and nothing unpaid`(
        scenario: Scenario
    ) async throws {
        var points = 0
        for fault in Fault.all {
            var point = 0
            while try await isHit(scenario, fault, point) { point += 1 }
            #expect(point >= 1, "\(fault) struck nowhere")
            points += point
        }
        print("\(scenario): \(points) points")
    }

    /// - Returns: Whether there is such a point.
    private func isHit(_ scenario: Scenario, _ fault: Fault, _ point: Int) async throws -> Bool {
        let fixture = try SessionFixture(isHasty: true)
        let before = try await fixture.running { user in try await prepare(scenario, user) }
        let name = "\(scenario), \(fault) at \(point)"
        let isStruck = try await fixture.running { user in
            switch fault {
            case .wire(let harm): fixture.trip.arm(at: point, harm)
            case .store(let harm): fixture.storeFault.arm(at: point, harm, times: 1 + point % 2)
            }
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await act(scenario, before, user)
                    fixture.trip.finish()
                }
                if fault.isDeath { group.addTask { await fixture.trip.wait() } }
                await group.next()
                group.cancelAll()
            }
            let isStruck = fixture.trip.tripped != nil || fixture.storeFault.isTripped
            if isStruck, !fault.isDeath { try await check(fixture, user, name) }
            return isStruck
        }
        fixture.trip.disarm()
        fixture.storeFault.disarm()
        if isStruck {
            try await fixture.running { user in
                let session = try await check(fixture, user, name)
                try await goOn(scenario, session, fixture, user, name)
            }
        }
        return isStruck
    }

    // MARK: What the user does

    /// - Returns: The session that the saga is about; empty when there is none yet.
    private func prepare(_ scenario: Scenario, _ user: Driver) async throws -> String {
        switch scenario {
        case .start: return ""
        case .refusedStart:
            user.fixture.credits.setBalance(credits: 3)
            return ""
        case .select:
            user.fixture.media.fate(.fails, of: "mysterious")
            return try await user.start().sessionID
        case .cancelledRegenerate:
            user.fixture.media.fate(.hangs, of: "social")
            let begun = try await user.handler.start(
                SessionAPI.StartRequest(userID: user.userID, intent: "a fox"), user.context())
            await user.fixture.media.waitForHanging(1)
            user.fixture.media.release("social")
            return try await user.ended(begun).sessionID
        case .clip, .generation: return try await user.throughLighting()
        }
    }

    private func act(_ scenario: Scenario, _ id: String, _ user: Driver) async {
        switch scenario {
        case .start, .refusedStart:
            await insist("start") { try await user.start("a fox", key: $0) }
        case .select:
            await insist("select") { try await user.select(id, "direction", "cinematic", key: $0) }
        case .cancelledRegenerate:
            let begun = await insist("regenerate") {
                try await user.handler.regenerate(
                    SessionAPI.RegenerateRequest(
                        userID: user.userID, sessionID: id, dimension: "direction"),
                    user.context($0))
            }
            guard let begun else { return }
            // Until its pictures hang, or it came to nothing.
            while !Task.isCancelled, user.fixture.media.hanging == 0 {
                let operation = try? await user.handler.getOperation(
                    SessionAPI.GetOperationRequest(userID: user.userID, id: begun.id),
                    user.context())
                if operation?.state != .running { break }
                await Task.yield()
            }
            await insist("cancel") {
                try await user.handler.cancel(user.request(id), user.context($0))
            }
            await insist("wait") { _ in try await user.ended(begun) }
        case .clip:
            await insist("camera") {
                try await user.ended(
                    user.handler.cameraMotion(user.request(id), user.context($0)))
            }
            await insist("move") {
                try await user.handler.selectCameraMotion(
                    SessionAPI.SelectCameraMotionRequest(
                        userID: user.userID, sessionID: id, cameraMotionID: "push_in"),
                    user.context($0))
            }
            await insist("subject") {
                try await user.ended(
                    user.handler.subjectMotion(
                        SessionAPI.SubjectMotionRequest(
                            userID: user.userID, sessionID: id, subjectMotion: "runs"),
                        user.context($0)))
            }
        case .generation:
            await insist("generation") {
                let begun = try await user.handler.startGeneration(
                    SessionAPI.StartGenerationRequest(
                        userID: user.userID, kind: "final", sessionID: id,
                        model: "local-parallax"), user.context($0))
                return try await user.handler.waitOperation(
                    SessionAPI.WaitOperationRequest(
                        userID: user.userID, id: begun.operationID, waitMs: 3_600_000),
                    user.context())
            }
        }
    }

    /// Asks again under the same key, as a patient caller does, unless the answer is a refusal.
    @discardableResult
    private func insist<Value: Sendable>(
        _ key: String, _ body: (String) async throws -> Value
    ) async -> Value? {
        for _ in 0..<10 where !Task.isCancelled {
            do {
                return try await body("key-\(key)")
            } catch let error as RPCError where error.code == .failedPrecondition {
                return nil
            } catch {
                continue
            }
        }
        return nil
    }

    // MARK: What must hold

    /// - Returns: The session, if there is one.
    @discardableResult
    private func check(
        _ fixture: SessionFixture, _ user: Driver, _ name: String
    ) async throws -> SessionAPI.ConvergenceSession? {
        // Jobs of a cancelled regeneration that nobody cancelled are let go.
        fixture.media.fate(.completes, of: "social")
        fixture.media.release("social")
        var rounds = 0
        var verified = SessionAPI.VerifyReply()
        repeat {
            try await user.service.reconcile()
            verified = try await user.handler.verify(SessionAPI.VerifyRequest(), user.context())
            rounds += 1
            if rounds > 20_000 { break }
            await Task.yield()
        } while verified.runningOperations > 0
        #expect(verified.runningOperations == 0, "\(name)")
        #expect(verified.violations.isEmpty, "\(name): \(verified.violations)")
        #expect(fixture.credits.openHolds.isEmpty, "\(name)")

        let active = try await user.handler.getActiveSession(
            SessionAPI.GetActiveSessionRequest(userID: user.userID), user.context())
        let generations = try await user.handler.listGenerations(
            SessionAPI.ListGenerationsRequest(userID: user.userID), user.context()
        ).generations
        var delivered = generations.count { $0.state == "completed" } * 5
        if let session = active.session {
            let pictures = session.pictures.flatMap(\.images).count { !$0.assetID.isEmpty }
            delivered += pictures + (session.depthAssetID.isEmpty ? 0 : 1)
            delivered += session.subjectVideoAssetID.isEmpty ? 0 : 5
            // The regeneration took the place of pictures that were paid for as well.
            let replaced = session.regenerations.reduce(0) { $0 + Int($1.count) } * 4
            delivered += replaced
            let own = generations.reduce(0) { $0 + $1.creditsConsumedU4 }
            #expect(
                session.totalCreditsU4 + own == fixture.credits.charged * FakeCredits.credit,
                "\(name)")
        }
        #expect(fixture.credits.charged == Int64(delivered), "\(name)")
        return active.session
    }

    /// The user can go on; what was refused stays refused.
    private func goOn(
        _ scenario: Scenario, _ session: SessionAPI.ConvergenceSession?,
        _ fixture: SessionFixture, _ user: Driver, _ name: String
    ) async throws {
        switch scenario {
        case .start, .refusedStart:
            if session != nil { #expect(scenario == .start, "\(name)") }
            fixture.credits.setBalance(credits: 100)
            try await user.service.reconcile()
            guard session == nil else { return }
            #expect(fixture.credits.charged == 0, "\(name)")
            #expect(try await user.start("a boat").state == .succeeded, "\(name)")
        case .select, .cancelledRegenerate, .clip, .generation:
            let session = try #require(session, "\(name)")
            let resumed = try await user.handler.resume(user.request(session.id), user.context())
            #expect(resumed.session?.version == session.version + 1, "\(name)")
        }
        try await check(fixture, user, name)
    }
}
