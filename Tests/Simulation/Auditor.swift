import RPC
import ServiceAPI
import ServiceRuntime

/// Has the services check themselves, now and then and when all is over.
// Safe: used on the simulation's thread only.
final class Auditor: @unchecked Sendable {
    private let world: Simulation
    private let session: SessionAPI.Client
    private let credits: CreditsAPI.Client
    private let patience: Patience

    init(world: Simulation, session: Channel, credits: Channel, random: RandomSource) {
        self.world = world
        self.session = SessionAPI.Client(session)
        self.credits = CreditsAPI.Client(credits)
        patience = Patience(user: "auditor", world: world, random: random)
    }

    func live() async {
        while world.isFaulty, !Task.isCancelled {
            await patience.pause(.seconds(4), .seconds(20))
            await verifyLedger()
        }
        await patience.pause(.seconds(125), .seconds(126))
        await verifyLedger()
        await verifyJournal()
    }

    /// Replays every transaction: the chain from its first link on, balances, holds, blocks,
    /// payments.
    private func verifyLedger() async {
        let answer = await patience.insist { options throws(RPCError) in
            var options = options
            options.timeout = .seconds(30)
            return try await credits.verify(.init(), options)
        }
        guard case .success(let report) = answer else { return }
        for text in report.violations { world.violation("verify: \(text)") }
        world.checker.ledger.compare(head: Array(report.head), at: report.transactions)
    }

    private func verifyJournal() async {
        let answer = await patience.insist { options throws(RPCError) in
            try await session.verify(.init(), options)
        }
        guard case .success(let report) = answer else { return }
        for text in report.violations { world.violation("verify: \(text)") }
    }
}
