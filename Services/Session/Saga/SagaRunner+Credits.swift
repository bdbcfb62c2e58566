internal import RPC
internal import ServiceAPI
internal import ServiceRuntime

/// The stages that set credits aside and settle them.
extension SagaRunner {
    /// The ledger notes the request that a change was made for.
    private func options(_ operation: Operation) -> CallOptions {
        let id = operation.requestID
        return CallOptions(
            timeout: .seconds(2), metadata: CallMetadata(requestID: id.isEmpty ? nil : id))
    }
    /// How long an operation tries to set credits aside before it is refused.
    private static var patience: Duration { .seconds(8) }

    /// Sets the credits aside.
    func hold(_ operation: Operation) async throws -> Operation {
        var request = CreditsAPI.HoldRequest(operation)
        if mutant == .drawsHoldNames {
            request.job = Identifier.make("op", time: time, random: random)
        }
        let reply: CreditsAPI.HoldReply
        do throws(RPCError) {
            reply = try await peers.hold(
                request, options(operation))
        } catch {
            guard error.isTransient, age(of: operation) < Self.patience else {
                throw Refusal(error: error)
            }
            throw error
        }
        guard reply.state == .reserved || reply.state == .submitted else {
            // The lease ran out while nobody was at work here.
            throw Refusal(
                error: RPCError(
                    .aborted, "OPERATION_INTERRUPTED",
                    "The command was interrupted; nothing was charged. Try again."))
        }
        return try await advanced(
            operation, by: .held(id: reply.holdID, amountU4: reply.amountU4))
    }

    /// Tells credits that the work may be under way: from now on only this service decides.
    func markSubmitted(_ operation: Operation) async throws(RPCError) {
        _ = try await peers.credits.submitHold(
            CreditsAPI.SubmitHoldRequest(
                holdID: operation.holdID, providerReference: operation.id, ttlMs: leaseMs),
            options(operation))
    }

    /// Renews the lease until the task is cancelled.
    func renewLease(of operation: Operation) async throws {
        while true {
            try await time.sleep(for: configuration.holdLease / 3)
            do {
                try await renewOnce(operation)
            } catch {
                logger.warning("lease_not_renewed", "\(error)")
            }
        }
    }

    func renewOnce(_ operation: Operation) async throws(RPCError) {
        _ = try await peers.credits.renewHold(
            CreditsAPI.RenewHoldRequest(holdID: operation.holdID, ttlMs: leaseMs),
            options(operation))
    }

    private var leaseMs: UInt32 {
        UInt32(clamping: configuration.holdLease.millisecondsRoundedUp)
    }

    /// Takes what was delivered and gives back the rest; repeated until credits has answered.
    func settle(_ operation: Operation) async throws -> Operation {
        var captured: Int64 = 0
        if !operation.holdID.isEmpty {
            do throws(RPCError) {
                captured = try await close(operation)
            } catch {
                guard mutant == .forgetsHoldOnFailure else { throw error }
            }
        }
        if captured < operation.captureU4 {
            // The hold had ended before: what was delivered is the user's, unpaid.
            metrics.lateLossU4.increment(by: UInt64(operation.captureU4 - captured))
            logger.error(
                "late_loss", "the hold of a delivered operation had ended",
                [
                    "operation": .text(operation.id),
                    "amount_u4": .integer(operation.captureU4 - captured),
                ])
        }
        let expected = operation.captureU4
        var ended = operation
        ended.handle(.settled(capturedU4: captured, nowUs: time.now.microseconds))
        try await journal.finish(ended, chargedBefore: expected)
        return ended
    }

    /// - Returns: What was taken in the end.
    func close(_ operation: Operation) async throws(RPCError) -> Int64 {
        do throws(RPCError) {
            if operation.captureU4 > 0 {
                return try await peers.credits.captureHold(
                    CreditsAPI.CaptureHoldRequest(
                        holdID: operation.holdID, amountU4: operation.captureU4,
                        assetID: operation.deliveredAssetIDs),
                    options(operation)
                ).capturedU4
            }
            return try await peers.credits.releaseHold(
                CreditsAPI.ReleaseHoldRequest(
                    holdID: operation.holdID, reason: "\(operation.kind) \(operation.outcome)"),
                options(operation)
            ).capturedU4
        } catch {
            switch error.domainCode {
            case "HOLD_RESOLVED":
                return try await peers.credits.getHold(
                    CreditsAPI.GetHoldRequest(holdID: operation.holdID), options(operation)
                ).capturedU4
            case "HOLD_NOT_FOUND": return 0
            default: throw error
            }
        }
    }
}
