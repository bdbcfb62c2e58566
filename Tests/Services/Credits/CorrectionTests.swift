import CreditsService
import RPC
import ServiceAPI
import ServiceRuntime
import Testing

/// What operators may do to the ledger: only those who are named, and corrections only by two.
@Suite struct CorrectionTests {
    private func propose(
        _ credits: CreditsFixture, _ amount: Int64, key: String = "k1", actor: String = "olga",
        user: String = "ada"
    ) async throws -> CreditsAdminAPI.Correction {
        try await credits.admin.proposeCorrection(
            .init(userID: user, amountU4: amount, key: key, actor: actor, reason: "wrong price"),
            CreditsFixture.adminContext)
    }

    private func approve(
        _ credits: CreditsFixture, _ id: String, _ actor: String
    ) async throws -> CreditsAdminAPI.Correction {
        try await credits.admin.approveCorrection(
            .init(correctionID: id, actor: actor), CreditsFixture.adminContext)
    }

    private func reject(
        _ credits: CreditsFixture, _ id: String, _ actor: String
    ) async throws -> CreditsAdminAPI.Correction {
        try await credits.admin.rejectCorrection(
            .init(correctionID: id, actor: actor), CreditsFixture.adminContext)
    }

    @Test func `whoever is not named may do nothing`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let context = CreditsFixture.context
        for refusal in [
            await failure {
                try await credits.admin.grant(
                    .init(
                        userID: "ada", amountU4: 1, source: "s", category: "promo", actor: "eve",
                        reason: "me"), context)
            },
            await failure {
                try await credits.admin.voidGrant(
                    .init(source: "starter:ada", actor: "eve", reason: "me"), context)
            },
            await failure {
                try await credits.admin.proposeCorrection(
                    .init(userID: "ada", amountU4: 1, key: "k", actor: "eve", reason: "me"),
                    context)
            },
            await failure {
                try await credits.admin.approveCorrection(
                    .init(correctionID: "cor_1", actor: "eve"), context)
            },
            await failure {
                try await credits.admin.rejectCorrection(
                    .init(correctionID: "cor_1", actor: "eve"), context)
            },
            await failure { try await credits.admin.listCorrections(.init(), context) },
        ] {
            #expect(refusal?.code == .permissionDenied)
        }
        #expect(try await credits.balance("ada").balanceU4 == 1_000_000)
        #expect(try await credits.verify().transactions == 1)
        credits.remove()
    }

    @Test func `a correction moves credits once a second person approves it`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let proposal = try await propose(credits, 25_000)
        #expect(proposal.state == "proposed")
        #expect(try await credits.balance("ada").balanceU4 == 1_000_000)
        let alone = await failure { try await approve(credits, proposal.id, "olga") }
        #expect(alone?.domainCode == "SAME_ACTOR")
        let applied = try await approve(credits, proposal.id, "boris")
        #expect(applied.state == "applied")
        #expect(applied.decidedBy == "boris")
        #expect(try await credits.balance("ada").balanceU4 == 1_025_000)
        // Again, by whomever, nothing more moves.
        #expect(try await approve(credits, proposal.id, "zoe").sequence == applied.sequence)
        #expect(try await credits.balance("ada").balanceU4 == 1_025_000)
        let late = await failure { try await reject(credits, proposal.id, "boris") }
        #expect(late?.domainCode == "CORRECTION_DECIDED")
        let row = try await credits.handler.listHistory(
            .init(userID: "ada", limit: 1), CreditsFixture.context
        ).entries[0]
        #expect(row.kind == "correction")
        #expect(row.note == "wrong price")
        #expect(row.sequence == applied.sequence)
        try await credits.verify()
        credits.remove()
    }

    @Test func `what is taken away comes from the blocks and never from holds`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        _ = try await credits.admin.grant(
            .init(
                userID: "ada", amountU4: 100_000, source: "pack", category: "paid", actor: "shop",
                reason: "pack"), CreditsFixture.adminContext)
        let held = try await credits.hold("ada", "job", credits: 40)
        let tooMuch = try await propose(credits, -700_001, key: "much")
        let refusal = await failure { try await approve(credits, tooMuch.id, "boris") }
        #expect(refusal?.domainCode == "INSUFFICIENT_CREDITS")
        // 60 of the starter and 10 of the pack are free: over two blocks.
        let all = try await propose(credits, -650_000, key: "most")
        _ = try await approve(credits, all.id, "boris")
        #expect(try await credits.balance("ada").availableU4 == 50_000)
        try await credits.verify()
        _ = try await credits.release(held.holdID)
        #expect(try await credits.balance("ada").availableU4 == 450_000)
        #expect(try await reject(credits, tooMuch.id, "olga").state == "rejected")
        let gone = await failure { try await approve(credits, tooMuch.id, "boris") }
        #expect(gone?.domainCode == "CORRECTION_DECIDED")
        try await credits.verify()
        credits.remove()
    }

    @Test func `a proposal is known by its key`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        try await credits.open("bob")
        let first = try await propose(credits, 10_000)
        #expect(try await propose(credits, 10_000) == first)
        for refusal in [
            await failure { try await propose(credits, 10_001) },
            await failure { try await propose(credits, 10_000, actor: "boris") },
            await failure { try await propose(credits, 10_000, user: "bob") },
        ] {
            #expect(refusal?.domainCode == "IDEMPOTENCY_KEY_REUSED")
        }
        for amount in [Int64(0), .max, .min] {
            let refusal = await failure { try await propose(credits, amount, key: "k2") }
            #expect(refusal?.domainCode == "VALIDATION_FAILED")
        }
        for id in ["", "cor_", "cor_0", "cor_99", "1", "cor_99999999999999999999"] {
            let refusal = await failure { try await approve(credits, id, "boris") }
            #expect(refusal?.domainCode == "CORRECTION_NOT_FOUND")
        }
        let list = try await credits.admin.listCorrections(
            .init(state: "proposed"), CreditsFixture.adminContext)
        #expect(list.corrections == [first])
        credits.remove()
    }
}
