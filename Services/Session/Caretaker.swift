internal import RPC
internal import ServiceAPI
internal import ServiceRuntime

/// What has to be looked after from time to time: overdue holds, expired sessions, old rows, and
/// the list of assets that media must keep.
struct Caretaker: Sendable {
    let journal: Journal
    let runner: SagaRunner
    let peers: Peers
    let configuration: SessionConfiguration
    let time: any TimeSource
    let logger: Logger
    private static let batch = 100
    private static let options = CallOptions(timeout: .seconds(5))

    init(
        journal: Journal, runner: SagaRunner, peers: Peers, configuration: SessionConfiguration,
        time: any TimeSource, logger: Logger
    ) {
        self.journal = journal
        self.runner = runner
        self.peers = peers
        self.configuration = configuration
        self.time = time
        self.logger = logger
    }

    /// Works until the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await self.every(self.configuration.sweepInterval) { try await sweep() }
            }
            group.addTask {
                await self.every(self.configuration.reconcileInterval) { try await reconcile() }
            }
            group.addTask { await self.every(.seconds(1)) { try await tellReferences() } }
        }
    }

    private func every(_ interval: Duration, _ body: () async throws -> Void) async {
        while !Task.isCancelled {
            do {
                try await time.sleep(for: interval)
                try await body()
            } catch {
                if Task.isCancelled { return }
                logger.warning("care_failed", "\(error)")
            }
        }
    }

    /// Abandons what nobody touched for a session's lifetime and deletes old rows.
    func sweep() async throws {
        let lifetimeUs = configuration.sessionLifetime.microseconds
        while try await journal.expire(lifetimeUs: lifetimeUs, limit: Self.batch) == Self.batch {}
        let now = time.now.microseconds
        let deletedUntil = now - configuration.deletedKept.microseconds
        while try await journal.collect(deletedUntilUs: deletedUntil, limit: Self.batch)
            == Self.batch
        {}
        let pruned = try await journal.prune(
            eventsBefore: now - configuration.eventsKept.microseconds,
            operationsBefore: now - configuration.operationsKept.microseconds, limit: 1_000)
        if pruned > 0 { logger.info("pruned", "", ["rows": .integer(Int64(pruned))]) }
    }

    /// Compares holds whose lease is over with the journal, which alone knows what they are for.
    func reconcile() async throws {
        await runner.resume()
        let holds = try await peers.credits.listOverdueHolds(
            CreditsAPI.ListOverdueHoldsRequest(limit: UInt32(Self.batch)), Self.options
        ).holds
        for hold in holds where hold.job.hasPrefix("op_") {
            do {
                try await compare(hold)
            } catch {
                // One that was closed meanwhile, or cannot be now, is not in the way of the others.
                if Task.isCancelled { throw error }
                logger.warning(
                    "overdue_hold_left", "\(error)", ["hold": .text(hold.holdID)])
            }
        }
    }

    private func compare(_ hold: CreditsAPI.HoldReply) async throws {
        guard let operation = try await journal.operation(hold.job) else {
            return try await release(hold, "its operation is unknown")
        }
        if operation.state == .running { return try await runner.renewOnce(operation) }
        // Ended, and yet its hold is open: do again what the journal says.
        var ended = operation
        ended.holdID = hold.holdID
        let captured = try await runner.close(ended)
        logger.warning(
            "overdue_hold_closed", "",
            ["hold": .text(hold.holdID), "captured_u4": .integer(captured)])
    }

    private func release(_ hold: CreditsAPI.HoldReply, _ reason: String) async throws {
        _ = try await peers.credits.releaseHold(
            CreditsAPI.ReleaseHoldRequest(holdID: hold.holdID, reason: reason), Self.options)
        logger.warning("overdue_hold_released", reason, ["hold": .text(hold.holdID)])
    }

    /// Tells media which assets are in use, so that the others can be collected.
    func tellReferences() async throws {
        while true {
            let updates = try await journal.referenceUpdates(limit: Self.batch)
            for update in updates {
                _ = try await peers.media.setReferences(
                    MediaAPI.SetReferencesRequest(
                        owner: update.owner, assetIDs: update.assetIDs), Self.options)
                try await journal.told(update)
            }
            if updates.count < Self.batch { return }
        }
    }
}
