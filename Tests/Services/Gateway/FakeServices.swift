import RPC
import ServiceAPI
import ServiceRuntime
import Wire

/// A ledger in memory that only knows balances.
final class FakeCredits: CreditsAPI.Handler {
    struct State {
        var balances: [String: Int64] = [:]
        var sequence: UInt64 = 0
        var events: [(user: String, event: CreditsAPI.BalanceEvent)] = []
    }

    let state = Lock(State())

    static func balance(_ user: String, _ amount: Int64) -> CreditsAPI.Balance {
        .init(
            userID: user, balanceU4: amount, heldU4: 5000, availableU4: amount - 5000,
            isLow: amount < 100_000)
    }

    func change(_ user: String, to amount: Int64) {
        state.withLock { state in
            state.balances[user] = amount
            state.sequence += 1
            state.events.append(
                (
                    user,
                    .init(
                        sequence: state.sequence, balance: Self.balance(user, amount),
                        kind: "capture", job: "opr_1")
                ))
        }
    }

    func openAccount(
        _ r: CreditsAPI.OpenAccountRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.Balance {
        state.withLock { state in
            let amount = state.balances[r.userID] ?? 1_000_000
            state.balances[r.userID] = amount
            return Self.balance(r.userID, amount)
        }
    }
    func getBalance(
        _ r: CreditsAPI.GetBalanceRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.Balance {
        Self.balance(r.userID, state.withLock { $0.balances[r.userID] ?? 0 })
    }
    func listHistory(
        _ r: CreditsAPI.ListHistoryRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.ListHistoryReply {
        .init(
            entries: [
                .init(
                    sequence: 7, kind: "capture", amountU4: -35_001, heldU4: -40_000,
                    balanceAfterU4: 964_999, operation: "image.preview", job: "opr_1",
                    sessionID: r.sessionID, atUs: 1_700_000_000_000_000)
            ], nextBefore: r.before == 0 ? 7 : 0)
    }
    func listPrices(
        _ r: CreditsAPI.ListPricesRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.ListPricesReply {
        .init(
            version: 1,
            prices: [
                .init(
                    operation: "image.preview", amountU4: 10_000, version: 1, unit: "each",
                    label: "Preview"),
                .init(
                    operation: "video.final", model: "local-parallax", amountU4: 50_000, version: 1,
                    unit: "each", label: "Local parallax"),
                .init(
                    operation: "video.final", model: "sora-2", amountU4: 800_000, version: 1,
                    unit: "each", label: "Sora 2"),
            ])
    }
    func watchBalance(
        _ r: CreditsAPI.WatchBalanceRequest, _ writer: ResponseWriter<CreditsAPI.BalanceEvent>,
        _ c: CallContext
    ) async throws(RPCError) {
        var after = r.after
        if r.fromNow {
            after = state.withLock { $0.sequence }
            try await writer.write(.init(sequence: after, kind: "now"))
        }
        while !Task.isCancelled {
            let fresh = state.withLock { state in
                state.events.filter { $0.user == r.userID && $0.event.sequence > after }
            }
            for item in fresh {
                try await writer.write(item.event)
                after = item.event.sequence
            }
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    private var unused: RPCError { RPCError(.unimplemented, "UNIMPLEMENTED", "Not in this fake.") }

    func hold(
        _ r: CreditsAPI.HoldRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.HoldReply { throw unused }
    func renewHold(
        _ r: CreditsAPI.RenewHoldRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.HoldReply { throw unused }
    func submitHold(
        _ r: CreditsAPI.SubmitHoldRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.HoldReply { throw unused }
    func captureHold(
        _ r: CreditsAPI.CaptureHoldRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.HoldReply { throw unused }
    func releaseHold(
        _ r: CreditsAPI.ReleaseHoldRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.HoldReply { throw unused }
    func getHold(
        _ r: CreditsAPI.GetHoldRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.HoldReply { throw unused }
    func listOverdueHolds(
        _ r: CreditsAPI.ListOverdueHoldsRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.ListHoldsReply { throw unused }
    func quote(
        _ r: CreditsAPI.QuoteRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.QuoteReply {
        let pack = CreditsAPI.Pack(
            id: "pack_100", label: "100 credits", creditsU4: 1_000_000, usdCents: 500)
        return CreditsAPI.QuoteReply(
            quoteID: "quo_1", priceVersion: 3,
            lines: r.items.map {
                CreditsAPI.QuoteLine(
                    operation: $0.operation, model: $0.model, quantity: $0.quantity,
                    catalogue: "studio", label: "Preview image", unit: "each", unitU4: 5_000,
                    amountU4: 5_000 * Int64($0.quantity - $0.cached),
                    alternatives: [.init(model: "local", label: "Local", amountU4: 0)],
                    cached: $0.cached)
            }, totalU4: 2_005_000, balance: Self.balance(r.userID, 1_000_000),
            balanceAfterU4: -1_010_000, shortByU4: 1_010_000,
            suggestion: .init(pack: pack, quantity: 2), expiresAtUs: 1_750_000_900_000_000)
    }
    func validateHold(
        _ r: CreditsAPI.HoldRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.ValidateReply {
        guard r.quoteID.isEmpty else {
            throw RPCError(.failedPrecondition, "QUOTE_EXPIRED", "The quote is over.")
        }
        return CreditsAPI.ValidateReply(
            amountU4: 5_000 * Int64(r.quantity), priceVersion: 3,
            balance: Self.balance(r.userID, 1_000_000), balanceAfterU4: 985_000)
    }
    func listBlocks(
        _ r: CreditsAPI.ListBlocksRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.ListBlocksReply { throw unused }
    func setBudget(
        _ r: CreditsAPI.SetBudgetRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.Budget { throw unused }
    func getBudget(
        _ r: CreditsAPI.GetBudgetRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.Budget { throw unused }
    func listPacks(
        _ r: CreditsAPI.ListPacksRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.ListPacksReply {
        .init(packs: [.init(id: "pro", label: "Pro", creditsU4: 12_000_000, usdCents: 5_200)])
    }
    func refund(
        _ r: CreditsAPI.RefundRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.Balance { throw unused }
    func setLowThreshold(
        _ r: CreditsAPI.SetLowThresholdRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.Balance { throw unused }
    func getStatement(
        _ r: CreditsAPI.GetStatementRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.Statement { throw unused }
    func mergeAccount(
        _ r: CreditsAPI.MergeAccountRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.Balance { throw unused }
    func verify(
        _ r: CreditsAPI.VerifyRequest, _ c: CallContext
    ) async throws(RPCError) -> CreditsAPI.VerifyReply { throw unused }
    func explain(
        _ r: CreditsAPI.ExplainRequest, _ writer: ResponseWriter<CreditsAPI.ExplainLine>,
        _ c: CallContext
    ) async throws(RPCError) { throw unused }
}

/// Assets in memory: `ast_1` belongs to whoever asks, `ast_foreign` to nobody here.
final class FakeMedia: MediaAPI.Handler {
    static let bytes = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

    let uploaded = Lock<[UInt8]>([])

    private func asset(_ id: String, _ user: String) throws(RPCError) -> MediaAPI.Asset {
        guard id.hasPrefix("ast_"), id != "ast_foreign" else {
            throw RPCError(.notFound, "ASSET_NOT_FOUND", "There is no such asset.")
        }
        return .init(
            id: id, digest: Bytes([UInt8](repeating: 0xAB, count: 32)), contentType: "image/png",
            bytes: UInt64(Self.bytes.count), width: 1024, height: 576, userID: user,
            provider: "local", createdAtUs: 1_700_000_000_000_000)
    }

    func getAsset(
        _ r: MediaAPI.GetAssetRequest, _ c: CallContext
    ) async throws(RPCError) -> MediaAPI.Asset { try asset(r.id, r.userID) }
    func readAsset(
        _ r: MediaAPI.ReadAssetRequest, _ writer: ResponseWriter<MediaAPI.AssetChunk>,
        _ c: CallContext
    ) async throws(RPCError) {
        try await writer.write(.init(part: .header(try asset(r.id, r.userID))))
        let end = r.length == 0 ? UInt64(Self.bytes.count) : r.offset + r.length
        var offset = r.offset
        while offset < end {
            let next = min(end, offset + 256 << 10)
            try await writer.write(
                .init(part: .data(Bytes(Array(Self.bytes[Int(offset)..<Int(next)])))))
            offset = next
        }
    }
    func putAsset(
        _ reader: RequestStream<MediaAPI.PutAssetChunk>, _ c: CallContext
    ) async throws(RPCError) -> MediaAPI.Asset {
        var user = ""
        var bytes: [UInt8] = []
        while let chunk = try await reader.next() {
            switch chunk.part {
            case .header(let header): user = header.userID
            case .data(let data): bytes += Array(data)
            case nil: break
            }
        }
        guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) else {
            throw RPCError(.invalidArgument, "IMAGE_INVALID", "The picture cannot be read.")
        }
        uploaded.withLock { [bytes] in $0 = bytes }
        return try asset("ast_up", user)
    }
    func listProviders(
        _ r: MediaAPI.ListProvidersRequest, _ c: CallContext
    ) async throws(RPCError) -> MediaAPI.ListProvidersReply {
        .init(providers: [
            .init(id: "local", step: "video", model: "local-parallax", isAvailable: true)
        ])
    }

    private var unused: RPCError { RPCError(.unimplemented, "UNIMPLEMENTED", "Not in this fake.") }

    func createJobs(
        _ r: MediaAPI.CreateJobsRequest, _ c: CallContext
    ) async throws(RPCError) -> MediaAPI.JobsReply { throw unused }
    func getJobs(
        _ r: MediaAPI.GetJobsRequest, _ c: CallContext
    ) async throws(RPCError) -> MediaAPI.JobsReply { throw unused }
    func watchJobs(
        _ r: MediaAPI.GetJobsRequest, _ w: ResponseWriter<MediaAPI.Job>, _ c: CallContext
    ) async throws(RPCError) { throw unused }
    func cancelJobs(
        _ r: MediaAPI.GetJobsRequest, _ c: CallContext
    ) async throws(RPCError) -> MediaAPI.JobsReply { throw unused }
    func replayJob(
        _ r: MediaAPI.ReplayJobRequest, _ c: CallContext
    ) async throws(RPCError) -> MediaAPI.Job { throw unused }
    func countJobs(
        _ r: MediaAPI.CountJobsRequest, _ c: CallContext
    ) async throws(RPCError) -> MediaAPI.CountJobsReply { throw unused }
    func ensureDepth(
        _ r: MediaAPI.EnsureDepthRequest, _ c: CallContext
    ) async throws(RPCError) -> MediaAPI.EnsureDepthReply { throw unused }
    func ensureMove(
        _ r: MediaAPI.EnsureMoveRequest, _ c: CallContext
    ) async throws(RPCError) -> MediaAPI.Asset { throw unused }
    func setReferences(
        _ r: MediaAPI.SetReferencesRequest, _ c: CallContext
    ) async throws(RPCError) -> MediaAPI.SetReferencesReply { throw unused }
    func verifyAssets(
        _ r: MediaAPI.VerifyAssetsRequest, _ c: CallContext
    ) async throws(RPCError) -> MediaAPI.VerifyAssetsReply { throw unused }
}

/// A service that is well.
struct FakeHealth: HealthAPI.Handler {
    func check(
        _ r: HealthAPI.CheckRequest, _ c: CallContext
    ) async throws(RPCError) -> HealthAPI.CheckReply {
        .init(isReady: true, service: "fake", version: "0.0.0", reasons: [])
    }
}
