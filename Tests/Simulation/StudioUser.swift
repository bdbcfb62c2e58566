import RPC
import ServiceAPI
import ServiceRuntime

/// Somebody who makes pictures and clips, changes their mind and has two hands.
// Safe: used on the simulation's thread only.
final class StudioUser: @unchecked Sendable {
    private var id: String
    /// Whether this is a guest, who may sign up.
    private var isGuest: Bool
    private let world: Simulation
    private let session: SessionAPI.Client
    private let credits: CreditsAPI.Client
    private let admin: CreditsAdminAPI.Client
    private let random: RandomSource
    private let patience: Patience
    private var keys = 0
    private var current: SessionAPI.ConvergenceSession?
    /// What was begun.
    private struct Begun {
        var id: String
        var session: String
        var isGeneration: Bool
        var costs: Int64?
        /// What it may cost at most, by its quote or by what was allowed.
        var limit: Int64?
        /// Its end is waited for, and nothing else is done to its session before.
        var isDepthAwaited = false
    }

    private var begun: [Begun] = []

    init(
        id: String, isGuest: Bool, world: Simulation, session: Channel, credits: Channel,
        random: RandomSource
    ) {
        self.id = id
        self.isGuest = isGuest
        self.world = world
        self.session = SessionAPI.Client(session)
        self.credits = CreditsAPI.Client(credits)
        admin = CreditsAdminAPI.Client(credits)
        self.random = random
        patience = Patience(user: id, world: world, random: random)
    }

    /// Works as long as there is trouble, then waits for everything that was begun.
    func live() async {
        let opened = await patience.insist { options throws(RPCError) in
            try await credits.openAccount(CreditsAPI.OpenAccountRequest(userID: id), options)
        }
        guard case .success = opened else { return }
        world.bank.opened(id, with: 40 * 10_000)
        while world.isFaulty, !Task.isCancelled {
            await act()
            if begun.allSatisfy({ $0.costs != nil }) { world.checker.checkIdle(id) }
            await patience.pause(.milliseconds(20), .seconds(4))
        }
        for index in begun.indices where begun[index].costs == nil { await finish(index) }
        await compareSessions()
    }

    // MARK: What to do next

    private func act() async {
        if random.chance(0.06) { await getCredits() }
        if isGuest, random.chance(0.08) { await signUp() }
        guard let current, current.status == "active" else { return await begin() }
        if random.chance(0.12) { return await generate() }
        switch random.unit() {
        case ..<0.06: await goBack(current)
        case ..<0.09: await jump(current)
        case ..<0.11: await command(session.resume, here)
        case ..<0.13: await command(session.abandon, here)
        case ..<0.15: await command(session.editIntent, intent())
        default: await goOn(current)
        }
    }

    private var here: SessionAPI.NavigateRequest {
        SessionAPI.NavigateRequest(userID: id, sessionID: current?.id ?? "")
    }

    private func intent() -> SessionAPI.EditIntentRequest {
        SessionAPI.EditIntentRequest(
            userID: id, sessionID: current?.id ?? "", intent: random.pick(["a boat", "a cat"]))
    }

    private func begin() async {
        let known = await patience.insist { options throws(RPCError) in
            try await session.getActiveSession(
                SessionAPI.GetActiveSessionRequest(userID: id), options)
        }
        guard case .success(let reply) = known else { return }
        if let active = reply.session {
            current = active
            return
        }
        let request = SessionAPI.StartRequest(
            userID: id, intent: random.pick(["a fox", "a lighthouse"]), aspectRatio: "16:9")
        await command(session.start, request)
    }

    private func goOn(_ now: SessionAPI.ConvergenceSession) async {
        switch now.step {
        case "direction", "mood", "framing", "lighting": await choose(now)
        case "camera_motion":
            if now.cameraPaths.isEmpty {
                await command(session.cameraMotion, here)
            } else {
                let request = SessionAPI.SelectCameraMotionRequest(
                    userID: id, sessionID: now.id,
                    cameraMotionID: random.pick(SimulatedPrompt.motions))
                await command(session.selectCameraMotion, request)
            }
        case "subject_motion":
            if random.chance(0.3) {
                await command(session.skipSubjectMotion, here)
            } else {
                let request = SessionAPI.SubjectMotionRequest(
                    userID: id, sessionID: now.id, subjectMotion: random.pick(["runs", "waits"]))
                await command(session.subjectMotion, request)
            }
        default:
            await command(session.finalize, here)
        }
    }

    private func choose(_ now: SessionAPI.ConvergenceSession) async {
        let options = SimulatedPrompt.options[now.step] ?? []
        let images = now.pictures.last { $0.dimension == now.step }?.images ?? []
        let missing = images.filter { $0.error != nil }.map(\.optionID)
        if !missing.isEmpty, random.chance(0.5) {
            let request = SessionAPI.RetryRequest(
                userID: id, sessionID: now.id, dimension: now.step,
                optionID: random.pick(missing))
            return await command(session.retry, request)
        }
        if random.chance(0.15) {
            let request = SessionAPI.RegenerateRequest(
                userID: id, sessionID: now.id, dimension: now.step)
            return await command(session.regenerate, request)
        }
        let request = SessionAPI.SelectRequest(
            userID: id, sessionID: now.id, dimension: now.step, optionID: random.pick(options))
        await command(session.select, request)
    }

    private func goBack(_ now: SessionAPI.ConvergenceSession) async {
        await command(session.back, here)
    }

    private func jump(_ now: SessionAPI.ConvergenceSession) async {
        let request = SessionAPI.JumpRequest(
            userID: id, sessionID: now.id,
            step: random.pick(["direction", "mood", "framing", "lighting"]))
        await command(session.jump, request)
    }

    private func getCredits() async {
        keys += 1
        let amount = Int64(1 + random.below(30)) * 10_000
        let request = CreditsAdminAPI.GrantRequest(
            userID: id, amountU4: amount, source: "\(id)-gift-\(keys)", category: "promo",
            actor: "tests", reason: "a gift")
        let given = await patience.insist { options throws(RPCError) in
            try await admin.grant(request, options)
        }
        if case .success = given { world.bank.given(amount, to: id) }
    }

    /// The guest becomes a user, with or without an account from before; what is at work goes on.
    private func signUp() async {
        isGuest = false
        let (guest, user) = (id, "acc_\(id)")
        if random.chance(0.5) {
            let opened = await patience.insist { options throws(RPCError) in
                try await credits.openAccount(CreditsAPI.OpenAccountRequest(userID: user), options)
            }
            guard case .success = opened else { return }
            world.bank.opened(user, with: 40 * 10_000)
        }
        world.log.note("\(guest) signs up as \(user)")
        let merged = await patience.insist { options throws(RPCError) in
            try await credits.mergeAccount(
                CreditsAPI.MergeAccountRequest(fromUserID: guest, intoUserID: user), options)
        }
        guard case .success = merged else {
            return world.violation("merge: \(guest) could not sign up")
        }
        world.bank.merge(guest, into: user)
        let moved = await patience.insist { options throws(RPCError) in
            try await session.mergeUser(
                SessionAPI.MergeUserRequest(fromUserID: guest, intoUserID: user), options)
        }
        guard case .success = moved else {
            return world.violation("merge: the work of \(guest) did not move")
        }
        id = user
        current = nil
    }

    // MARK: What it may cost

    /// Asks what a command would cost and bounds it: by a quote, or by saying so. Now and then the
    /// bound is too low, and then nothing may be charged.
    private func bounded<Request: Spends>(
        _ request: Request,
        _ call: (Request, CallOptions) async throws(RPCError) -> SessionAPI.Operation
    ) async -> (Request, Int64?) {
        guard random.chance(0.35) else { return (request, nil) }
        var trial = request
        trial.spending = SessionAPI.Spending(isDryRun: true)
        let tried = await patience.insist { options throws(RPCError) in
            try await call(trial, options)
        }
        guard case .success(let answer) = tried, let price = answer.dryRun, price.amountU4 > 0
        else { return (request, nil) }
        var bounded = request
        guard random.chance(0.6) else {
            let most = price.amountU4 - (random.chance(0.2) ? 1 : 0)
            bounded.spending = SessionAPI.Spending(maxAmountU4: most)
            return (bounded, most)
        }
        let item = CreditsAPI.QuoteItem(
            operation: price.operation, model: price.model, quantity: price.quantity)
        let quoted = await patience.insist { options throws(RPCError) in
            try await credits.quote(
                CreditsAPI.QuoteRequest(userID: id, items: [item]), options)
        }
        guard case .success(let quote) = quoted else { return (request, nil) }
        bounded.spending = SessionAPI.Spending(quoteID: quote.quoteID)
        return (bounded, quote.totalU4)
    }

    // MARK: Commands

    /// Gives a command; then waits for its end, calls it off, or turns to something else.
    private func command<Request: Spends>(
        _ call: (Request, CallOptions) async throws(RPCError) -> SessionAPI.Operation,
        _ wanted: Request
    ) async {
        // As the page does: a command that was refused and comes once more, seconds later, finds
        // another session than it was given for.
        var wanted = wanted
        wanted.version = current?.version ?? 0
        let (request, limit) = await bounded(wanted, call)
        keys += 1
        let answer = await patience.insist("k\(keys)") { options throws(RPCError) in
            try await call(request, options)
        }
        switch answer {
        case .success(let operation): await note(operation, limit)
        case .failure(let error):
            // Out of step with the server: look again.
            world.log.note("\(id) refused \(error.domainCode)")
            current = nil
        case nil: break
        }
    }

    private func note(_ operation: SessionAPI.Operation, _ limit: Int64?) async {
        if let session = operation.session { current = session }
        begun.append(
            Begun(
                id: operation.id, session: operation.sessionID, isGeneration: false,
                limit: limit))
        let index = begun.count - 1
        guard operation.state == .running else { return settle(index, operation) }
        if operation.kind == "camera_motion" { begun[index].isDepthAwaited = true }
        if random.chance(0.12) {
            await patience.pause(.milliseconds(10), .seconds(3))
            keys += 1
            let isBack = random.chance(0.5)
            let stopped = await patience.insist("k\(keys)") { options throws(RPCError) in
                isBack
                    ? try await session.back(here, options)
                    : try await session.cancel(here, options)
            }
            if case .success(let stop) = stopped {
                begun.append(Begun(id: stop.id, session: stop.sessionID, isGeneration: false))
                settle(begun.count - 1, stop)
            }
        } else if random.chance(0.1) {
            current = nil
            begun[index].isDepthAwaited = false
            return
        }
        await finish(index)
    }

    /// Waits until an operation has ended and notes what it cost.
    private func finish(_ index: Int) async {
        let request = SessionAPI.WaitOperationRequest(
            userID: id, id: begun[index].id, waitMs: 3_000)
        while !Task.isCancelled {
            let answer = await patience.insist { options throws(RPCError) in
                try await session.waitOperation(request, options)
            }
            guard case .success(let operation) = answer else {
                if case .failure(let error) = answer {
                    world.violation("I11: \(id): \(request.id) is gone: \(error)")
                }
                return
            }
            if operation.state != .running {
                settle(index, operation)
                if let session = operation.session, !begun[index].isGeneration {
                    current = session
                }
                return
            }
        }
    }

    private func settle(_ index: Int, _ operation: SessionAPI.Operation) {
        guard operation.state != .running else { return }
        begun[index].costs = operation.creditsConsumedU4
        world.bank.charged(operation.creditsConsumedU4, for: operation.id, to: id)
        if let limit = begun[index].limit, operation.creditsConsumedU4 > limit {
            world.violation(
                "quote: \(operation.kind) \(operation.id) cost \(operation.creditsConsumedU4), "
                    + "and at most \(limit) was agreed")
        }
        if operation.state != .succeeded, operation.state != .cancelled,
            operation.creditsConsumedU4 != 0
        {
            world.violation(
                "I9: \(operation.kind) \(operation.id) failed and cost "
                    + "\(operation.creditsConsumedU4)")
        }
        if begun[index].isDepthAwaited { compareDepth(operation) }
    }

    /// I9 of depth: who was told of a depth map has paid for it, and nobody else.
    private func compareDepth(_ operation: SessionAPI.Operation) {
        guard operation.state == .succeeded, let session = operation.session,
            session.step == "camera_motion", !world.checker.hasExpired(operation.id)
        else { return }
        if session.depthAssetID.isEmpty != (operation.creditsConsumedU4 == 0) {
            world.violation(
                "I9: camera_motion \(operation.id) cost \(operation.creditsConsumedU4), and its "
                    + "depth is \(session.depthAssetID)")
        }
    }

    private func generate() async {
        keys += 1
        let isVideo = random.chance(0.4)
        let request = SessionAPI.StartGenerationRequest(
            userID: id, kind: isVideo ? "final" : "image",
            sessionID: isVideo ? current?.id ?? "" : "", prompt: isVideo ? "" : "a lamp",
            model: isVideo ? "local-parallax" : "local", aspectRatio: "16:9")
        let answer = await patience.insist("k\(keys)") { options throws(RPCError) in
            try await session.startGeneration(request, options)
        }
        guard case .success(let generation) = answer else { return }
        begun.append(
            Begun(id: generation.operationID, session: generation.sessionID, isGeneration: true))
        if random.chance(0.3) {
            await patience.pause(.milliseconds(10), .seconds(3))
            _ = await patience.insist { options throws(RPCError) in
                try await session.cancelGeneration(
                    SessionAPI.GetGenerationRequest(userID: id, id: generation.id), options)
            }
        }
        if random.chance(0.5) { await finish(begun.count - 1) }
    }

    /// What each session says it cost is what its operations did.
    private func compareSessions() async {
        for sessionID in Set(begun.map(\.session)).sorted() where !sessionID.isEmpty {
            let answer = await patience.insist { options throws(RPCError) in
                try await session.getSession(
                    SessionAPI.GetSessionRequest(userID: id, sessionID: sessionID), options)
            }
            guard case .success(let found) = answer else { continue }
            let own = begun.filter { $0.session == sessionID && !$0.isGeneration }
            // Two answers may be about the same operation.
            let costs = Dictionary(own.map { ($0.id, $0.costs ?? 0) }) { first, _ in first }
            let sum = costs.values.reduce(0, +)
            if sum != found.totalCreditsU4 {
                world.violation(
                    "I12: \(sessionID) says \(found.totalCreditsU4), its operations \(sum)")
            }
        }
    }
}

/// A command with what it may cost.
protocol Spends: Sendable {
    var spending: SessionAPI.Spending? { get set }
    /// Of the session that its user has seen; 0 for any.
    var version: UInt64 { get set }
}

extension SessionAPI.StartRequest: Spends {
    /// There is no session yet.
    var version: UInt64 {
        get { 0 }
        set {}
    }
}
extension SessionAPI.SelectRequest: Spends {}
extension SessionAPI.RegenerateRequest: Spends {}
extension SessionAPI.RetryRequest: Spends {}
extension SessionAPI.NavigateRequest: Spends {}
extension SessionAPI.JumpRequest: Spends {}
extension SessionAPI.EditIntentRequest: Spends {}
extension SessionAPI.SelectCameraMotionRequest: Spends {}
extension SessionAPI.SubjectMotionRequest: Spends {}
