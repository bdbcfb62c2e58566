import CreditsService
import RPC
import ServiceAPI
import ServiceRuntime
import Testing

/// The ledger against an independent model: eight users act at the same time on one store, so that
/// their writes share commits in ever other orders, and each answer must be what the model says.
@Suite struct LedgerPropertyTests {
    private static let users = 8
    private static let rounds = 25
    private static let stepsPerRound = 50
    private static let ttlMs: UInt32 = 60_000

    @Test(arguments: [1, 2, 20_260_105] as [UInt64])
    func `ten thousand operations agree with an independent model`(seed: UInt64) async throws {
        print("seed \(seed)")
        let credits = try await CreditsFixture()
        let time = credits.time
        let chooser = RandomSource.seeded(seed)
        var models: [LedgerModel] = []
        for index in 0..<Self.users {
            let user = "user\(index)"
            try await credits.open(user)
            models.append(LedgerModel(user: user, starter: 1_000_000))
        }
        for round in 0..<Self.rounds {
            models = try await withThrowingTaskGroup(of: (Int, LedgerModel).self) { group in
                for (index, model) in models.enumerated() {
                    let random = RandomSource.seeded(
                        seed &* 1_000_003 &+ UInt64(round * Self.users + index))
                    group.addTask {
                        var model = model
                        for _ in 0..<Self.stepsPerRound {
                            try await Self.step(credits, &model, random)
                        }
                        return (index, model)
                    }
                }
                return try await group.reduce(into: models) { $0[$1.0] = $1.1 }
            }
            time.advance(by: .seconds(Int64(chooser.nextUInt64() % 90)))
            await credits.service.sweep()
            for index in models.indices {
                models[index].sweep(nowUs: time.now.microseconds)
                try await Self.compare(credits, models[index])
            }
        }
        let report = try await credits.verify()
        #expect(report.transactions > 2_000)
        // Everything is as true after a restart.
        let again = try await credits.reopened()
        for model in models { try await Self.compare(again, model) }
        #expect(try await again.verify().head == report.head)
        again.remove()
    }

    private static func compare(_ credits: CreditsFixture, _ model: LedgerModel) async throws {
        let balance = try await credits.balance(model.user)
        #expect(balance.balanceU4 == model.posted)
        #expect(balance.heldU4 == model.held)
        #expect(balance.availableU4 == model.available)
    }

    /// One random operation; its outcome must be the model's.
    private static func step(
        _ credits: CreditsFixture, _ model: inout LedgerModel, _ random: RandomSource
    ) async throws {
        func pick(_ bound: Int) -> Int { Int(random.nextUInt64() % UInt64(bound)) }
        let nowUs = credits.time.now.microseconds
        let context = CreditsFixture.context
        let dice = pick(100)
        if dice < 40 || model.jobs.isEmpty {
            let isOld = pick(10) == 0 && !model.jobs.isEmpty
            let job =
                isOld ? model.jobs[pick(model.jobs.count)] : "\(model.user)j\(model.jobs.count)"
            let isSame = isOld && pick(2) == 0
            let amount =
                isSame ? model.holds[job]?.amount ?? 1 : Int64(1 + pick(300_000))
            let expected = model.holdOutcome(job, amount)
            let failed = await failure {
                let reply = try await credits.handler.hold(
                    .init(
                        userID: model.user, job: job, operation: "image.preview",
                        amountU4: amount, ttlMs: ttlMs, hardMs: 10 * ttlMs), context)
                model.didHold(job, reply, nowUs: nowUs, ttlUs: Int64(ttlMs) * 1_000)
                return reply
            }
            #expect(failed?.domainCode == expected)
            return
        }
        let job = model.jobs[pick(model.jobs.count)]
        guard let hold = model.holds[job] else { return }
        let expected: String?
        let failed: RPCError?
        switch dice {
        case 40..<60:
            let amount = Int64(1 + pick(Int(hold.amount + hold.amount / 8)))
            expected = model.capture(job, amount)
            failed = await failure {
                try await credits.handler.captureHold(
                    .init(holdID: hold.id, amountU4: amount), context)
            }
        case 60..<75:
            expected = model.release(job)
            failed = await failure { try await credits.release(hold.id) }
        case 75..<83:
            let key = "k\(pick(3))"
            let amount = Int64(1 + pick(Int(hold.amount)))
            expected = model.refund(job, key, amount)
            failed = await failure {
                try await credits.handler.refund(
                    .init(holdID: hold.id, amountU4: amount, key: key), context)
            }
        case 83..<89:
            let source = "\(model.user)s\(pick(20))"
            let amount = Int64(1 + pick(3) * 100_000)
            expected = model.grant(source, amount)
            failed = await failure {
                try await credits.admin.grant(
                    .init(
                        userID: model.user, amountU4: amount, source: source, category: "paid",
                        actor: "test", reason: "test"), CreditsFixture.adminContext)
            }
        case 89..<95:
            expected = model.extend(
                job, nowUs: nowUs, ttlUs: Int64(ttlMs) * 1_000, isSubmit: true)
            failed = await failure {
                try await credits.handler.submitHold(
                    .init(holdID: hold.id, providerReference: "p", ttlMs: ttlMs), context)
            }
        default:
            expected = model.extend(
                job, nowUs: nowUs, ttlUs: Int64(ttlMs) * 1_000, isSubmit: false)
            failed = await failure {
                try await credits.handler.renewHold(
                    .init(holdID: hold.id, ttlMs: ttlMs), context)
            }
        }
        #expect(failed?.domainCode == expected)
    }
}
