import CreditsService
import RPC
import ServiceAPI
import ServiceRuntime
import Testing

@Suite struct AccountTests {
    @Test func `a grant is given once for each source`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        try await credits.open("bob")
        func grant(
            _ user: String, _ amount: Int64, _ source: String = "admin:1",
            _ category: String = "paid"
        ) async throws -> CreditsAdminAPI.GrantReply {
            try await credits.admin.grant(
                .init(
                    userID: user, amountU4: amount, source: source, category: category,
                    actor: "ops", reason: "sorry"), CreditsFixture.adminContext)
        }
        let first = try await grant("ada", 500_000)
        #expect(!first.isDuplicate)
        #expect(first.account?.balanceU4 == 1_500_000)
        let second = try await grant("ada", 500_000)
        #expect(second.isDuplicate)
        #expect(second.account?.balanceU4 == 1_500_000)
        for refusal in [
            await failure { try await grant("ada", 500_001) },
            await failure { try await grant("bob", 500_000) },
            await failure { try await grant("ada", 500_000, "admin:1", "promo") },
        ] {
            #expect(refusal?.domainCode == "IDEMPOTENCY_KEY_REUSED")
        }
        for refusal in [
            await failure { try await grant("ada", 0, "x") },
            await failure { try await grant("ada", -1, "x") },
            await failure { try await grant("ada", 1, "starter:eve") },
            await failure { try await grant("ada", 1, "") },
            await failure { try await grant("ada", 1, "x", "gift") },
        ] {
            #expect(refusal?.domainCode == "VALIDATION_FAILED")
        }
        #expect(
            await failure { try await grant("ada", .max, "x") }?.domainCode
                == "AMOUNT_OVERFLOW")
        #expect(
            await failure { try await grant("eve", 1, "x") }?.domainCode
                == "ACCOUNT_NOT_FOUND")
        try await credits.verify()
        credits.remove()
    }

    @Test(
        arguments: [
            ("", "j", "depth", 0), ("a b", "j", "depth", 0), ("ünal", "j", "depth", 0),
            (String(repeating: "x", count: 129), "j", "depth", 0), ("ada", "", "depth", 0),
            ("ada", "j\n", "depth", 0), ("ada", "j", "", 0), ("ada", "j", "depth", -1),
            ("ada", "j", "depth", .min),
        ] as [(String, String, String, Int64)])
    func `a hold with bad fields is refused`(
        user: String, job: String, operation: String, amount: Int64
    ) async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let refusal = await failure {
            try await credits.handler.hold(
                .init(userID: user, job: job, operation: operation, amountU4: amount),
                CreditsFixture.context)
        }
        #expect(refusal?.code == .invalidArgument)
        #expect(refusal?.domainCode == "VALIDATION_FAILED")
        #expect(try await credits.balance("ada").heldU4 == 0)
        credits.remove()
    }

    @Test(arguments: ["", "hld_", "hld_0000000000000000000000000", "job1", "hld_é"])
    func `an id that is no hold's finds nothing`(id: String) async throws {
        let credits = try await CreditsFixture()
        #expect(await failure { try await credits.release(id) }?.domainCode == "HOLD_NOT_FOUND")
        credits.remove()
    }

    @Test func `the id of another ledger's hold closes nothing here`() async throws {
        let here = try await CreditsFixture()
        let there = try await CreditsFixture()
        try await here.open("ada")
        try await there.open("ada")
        _ = try await here.hold("ada", "job1")
        let foreign = try await there.hold("ada", "job2").holdID
        #expect(await failure { try await here.release(foreign) }?.domainCode == "HOLD_NOT_FOUND")
        #expect(try await here.balance("ada").heldU4 == 10_000)
        here.remove()
        there.remove()
    }

    // MARK: Merging

    private func merge(
        _ credits: CreditsFixture, _ from: String, _ into: String
    ) async throws -> CreditsAPI.Balance {
        try await credits.handler.mergeAccount(
            .init(fromUserID: from, intoUserID: into), CreditsFixture.context)
    }

    @Test func `a guest who signs up keeps everything`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("guest")
        let paid = try await credits.hold("guest", "job1", quantity: 4)
        _ = try await credits.capture(paid.holdID, credits: 4)
        let open = try await credits.hold("guest", "job2", quantity: 6)
        #expect(try await merge(credits, "guest", "ada").balanceU4 == 900_000)
        // Again: nothing more.
        #expect(try await merge(credits, "guest", "ada").balanceU4 == 900_000)
        // No second starter grant, and the old name means the new account.
        #expect(try await credits.open("ada").balanceU4 == 900_000)
        #expect(try await credits.balance("guest").userID == "ada")
        #expect(try await credits.open("guest").userID == "ada")
        // What an open hold gives back follows.
        let captured = try await credits.capture(open.holdID, credits: 2)
        #expect(captured.balance?.userID == "ada")
        #expect(try await credits.balance("ada").availableU4 == 940_000)
        #expect(try await credits.hold("guest", "job3").userID == "ada")
        #expect(
            await failure { try await merge(credits, "guest", "bob") }?.domainCode
                == "ACCOUNT_MERGED")
        #expect(
            await failure { try await merge(credits, "ada", "guest") }?.domainCode
                == "ACCOUNT_MERGED")
        try await credits.verify()
        credits.remove()
    }

    @Test func `one person gets one starter grant`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("guest")
        let paid = try await credits.hold("guest", "job1", quantity: 4)
        _ = try await credits.capture(paid.holdID, credits: 4)
        _ = try await credits.admin.grant(
            .init(
                userID: "guest", amountU4: 300_000, source: "pack", category: "paid",
                actor: "shop", reason: "pack"), CreditsFixture.adminContext)
        try await credits.open("ada")
        // 96 of the guest's starter are left and taken back; the bought 30 come along.
        #expect(try await merge(credits, "guest", "ada").balanceU4 == 1_300_000)
        try await credits.verify()
        credits.remove()
    }

    @Test func `merging with oneself or from nowhere is refused`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        #expect(
            await failure { try await merge(credits, "ada", "ada") }?.domainCode
                == "VALIDATION_FAILED")
        #expect(
            await failure { try await merge(credits, "eve", "ada") }?.domainCode
                == "ACCOUNT_NOT_FOUND")
        credits.remove()
    }

    // MARK: History

    @Test func `the sums of the history are the balance`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let random = RandomSource.seeded(11)
        for index in 0..<60 {
            let session = index % 2 == 0 ? "even" : "odd"
            let hold = try await credits.hold(
                "ada", "job\(index)", credits: 2, session: session)
            switch random.nextUInt64() % 3 {
            case 0: _ = try await credits.capture(hold.holdID, credits: 1, asset: "ast_\(index)")
            case 1: _ = try await credits.release(hold.holdID)
            default: break
            }
        }
        let balance = try await credits.balance("ada")
        var rows: [CreditsAPI.HistoryEntry] = []
        var before: UInt64 = 0
        repeat {
            let page = try await credits.handler.listHistory(
                .init(userID: "ada", limit: 7, before: before), CreditsFixture.context)
            rows += page.entries
            before = page.nextBefore
        } while before != 0
        #expect(rows.reduce(0) { $0 + $1.amountU4 } == balance.balanceU4)
        #expect(rows.reduce(0) { $0 + $1.heldU4 } == balance.heldU4)
        #expect(rows.first?.balanceAfterU4 == balance.balanceU4)
        #expect(rows.first?.sequence == balance.sequence)
        // Each running balance is the one before plus the change; newest first, none twice.
        for (newer, older) in zip(rows, rows.dropFirst()) {
            #expect(newer.sequence > older.sequence)
            #expect(newer.balanceAfterU4 == older.balanceAfterU4 + newer.amountU4)
        }
        #expect(rows.last?.kind == "grant")
        let capture = rows.first { $0.kind == "capture" }
        #expect(capture?.amountU4 == -10_000)
        #expect(capture?.heldU4 == -20_000)
        #expect(capture?.requestID == "req_1")
        #expect(capture?.assetID.hasPrefix("ast_") == true)
        // One session alone.
        let even = try await credits.handler.listHistory(
            .init(userID: "ada", limit: 200, sessionID: "even"), CreditsFixture.context)
        #expect(even.entries == rows.filter { $0.sessionID == "even" })
        #expect(even.nextBefore == 0)
        credits.remove()
    }

    @Test func `a cursor of somebody else is refused`() async throws {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let foreign = try await credits.open("bob").sequence
        let refusal = await failure {
            try await credits.handler.listHistory(
                .init(userID: "ada", before: foreign), CreditsFixture.context)
        }
        #expect(refusal?.domainCode == "VALIDATION_FAILED")
        credits.remove()
    }

    @Test func `a balance below the threshold is low, one at it is not`() async throws {
        let credits = try await CreditsFixture { $0.starterGrant = 10 }
        #expect(try await !credits.open("ada").isLow)
        _ = try await credits.handler.hold(
            .init(userID: "ada", job: "j", operation: "depth", amountU4: 1),
            CreditsFixture.context)
        #expect(try await credits.balance("ada").isLow)
        credits.remove()
    }
}
