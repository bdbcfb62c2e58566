import CreditsService
import Glibc
import RPC
import ServiceAPI
import ServiceRuntime
import Storage
import Testing

/// What the database refuses by itself, and what a verification finds when somebody got past it.
@Suite struct LedgerGuardTests {
    /// A ledger with one captured hold (100 credits, 4 held, 3 taken), one open hold of 4 and a
    /// refund; closed, so that its file can be opened by hand.
    private func closedLedger() async throws -> CreditsFixture {
        let credits = try await CreditsFixture()
        try await credits.open("ada")
        let first = try await credits.hold("ada", "job1", quantity: 4)
        _ = try await credits.capture(first.holdID, credits: 3)
        _ = try await credits.handler.refund(
            .init(holdID: first.holdID, amountU4: 10_000, key: "a"), CreditsFixture.context)
        _ = try await credits.hold("ada", "job2", quantity: 4)
        try await credits.verify()
        credits.service.close()
        return credits
    }

    @Test(arguments: [
        // Overspend, by every way there is.
        ("UPDATE accounts SET pending = -1000001 WHERE owner = 'ada'", "wallet_floor"),
        ("UPDATE accounts SET posted = -1 WHERE owner = 'ada'", "wallet_floor"),
        ("UPDATE accounts SET pending = 1 WHERE owner = 'ada'", "wallet_floor"),
        ("INSERT INTO entries VALUES(5, 9, 100, 1, 1, -1000000)", "wallet_floor"),
        ("INSERT INTO entries VALUES(5, 9, 100, 1, 0, -990000)", "wallet_floor"),
        // A second close.
        (
            """
            INSERT INTO transactions SELECT 6, 'release', account, 5, hold, NULL, '', '', '', '',
            0, 0, at_us + 9, hash FROM transactions WHERE kind = 'capture'
            """, "transactions.hold"
        ),
        (
            "UPDATE holds SET state = 'released', captured = 0 WHERE job = 'job1'",
            "a hold closes once"
        ),
        ("UPDATE holds SET captured = 1 WHERE job = 'job2'", "only_capture_takes"),
        ("UPDATE holds SET refunded = 30001 WHERE job = 'job1'", "refunds_within_capture"),
        ("UPDATE holds SET state = 'expired' WHERE job = 'job2'", "closed_by_transaction"),
        ("UPDATE holds SET amount = 1 WHERE job = 'job2'", "a hold keeps its terms"),
        ("UPDATE holds SET account = 1 WHERE job = 'job2'", "a hold keeps its terms"),
        ("UPDATE holds SET expires_us = hard_us + 1 WHERE job = 'job2'", "lease_within_limit"),
        ("DELETE FROM holds", "holds stay"),
        // The same job twice.
        (
            """
            INSERT INTO holds(id, account, amount, operation, model, quantity, job, session,
                price_version, created_us, expires_us, hard_us)
            SELECT 99, account, amount, operation, model, quantity, job, session, price_version,
                created_us, expires_us, hard_us FROM holds WHERE job = 'job2'
            """, "holds.job, holds.operation"
        ),
        // Editing what has happened.
        ("UPDATE entries SET amount = 1", "entries are final"),
        ("DELETE FROM entries", "entries are final"),
        ("UPDATE transactions SET note = 'x'", "transactions are final"),
        ("DELETE FROM transactions WHERE seq = 5", "transactions are final"),
        ("DELETE FROM accounts", "accounts stay"),
        ("UPDATE grants SET source = 'x'", "grants are final"),
        ("UPDATE prices SET amount = 0", "prices are final"),
        (
            """
            INSERT INTO transactions SELECT 7, 'hold', account, 5, NULL, NULL, '', '', '', '', 0, 0,
            at_us, hash FROM transactions WHERE seq = 5
            """, "transactions have no gaps"
        ),
        ("UPDATE accounts SET posted = 5 WHERE id = 1", "house_is_summed"),
        // A correction by one person alone.
        (
            """
            INSERT INTO corrections(key, account, amount, reason, proposed_by, proposed_us, state,
                decided_by, decided_us, tx) VALUES('k', 100, 1, 'r', 'eve', 1, 'applied', 'eve', 2, 5)
            """, "two_actors"
        ),
    ])
    func `the database itself refuses`(sql: String, rule: String) async throws {
        let credits = try await closedLedger()
        var refusal: StorageError?
        do {
            try await credits.byHand(sql)
        } catch {
            refusal = error as? StorageError
        }
        guard case .constraint(_, let name) = refusal else {
            Issue.record("not refused: \(sql) (\(String(describing: refusal)))")
            return
        }
        #expect(name == rule)
        let again = try await credits.reopened()
        try await again.verify()
        again.remove()
    }

    @Test(arguments: [
        ("UPDATE entries SET amount = amount + 1 WHERE tx = 3 AND line = 0", "I1"),
        ("UPDATE entries SET amount = 2 * amount WHERE tx = 1", "I3"),
        ("UPDATE transactions SET note = 'edited' WHERE seq = 2", "I13"),
        ("UPDATE transactions SET at_us = at_us + 1 WHERE seq = 2", "I13"),
        ("UPDATE transactions SET hash = zeroblob(32) WHERE seq = 3", "I13"),
        ("UPDATE transactions SET at_us = 5 WHERE seq = 4", "I18"),
        ("UPDATE accounts SET posted = posted + 10000 WHERE owner = 'ada'", "I3"),
        ("UPDATE accounts SET owner = 'eve' WHERE owner = 'ada'", "I13"),
        ("UPDATE holds SET amount = 39999 WHERE job = 'job2'", "I5"),
        ("UPDATE holds SET operation = 'depth' WHERE job = 'job1'", "I13"),
        ("UPDATE holds SET captured = 29999 WHERE job = 'job1'", "I7"),
        ("UPDATE holds SET refunded = 0 WHERE job = 'job1'", "I7"),
        ("DELETE FROM entries WHERE tx = 5", "I1"),
        ("DELETE FROM entries WHERE tx = 5; DELETE FROM transactions WHERE seq = 5", "I6"),
        ("UPDATE transactions SET kind = 'release' WHERE kind = 'capture'", "I6"),
        ("UPDATE grants SET source = 'x'", "I6"),
        (
            """
            INSERT INTO corrections(key, account, amount, reason, proposed_by, proposed_us, state,
                decided_by, decided_us, tx) VALUES('k', 100, 1, 'r', 'eve', 1, 'applied', 'ann', 2, 5)
            """, "I7"
        ),
    ])
    func `a verification finds an edited row`(sql: String, invariant: String) async throws {
        let credits = try await closedLedger()
        // Somebody who takes the guards away first.
        let guards = try await credits.triggers().map { "DROP TRIGGER \($0);" }.joined()
        try await credits.byHand(guards + sql)
        let again = try await credits.reopened()
        let report = try await again.handler.verify(.init(), CreditsFixture.context)
        #expect(!report.isSound)
        #expect(
            report.violations.contains { $0.hasPrefix("\(invariant):") }, "\(report.violations)")
        again.remove()
    }

    @Test func `a verification finds a flipped bit in the file`() async throws {
        let credits = try await closedLedger()
        // In the text of a job, which no index of the chain would notice by its structure.
        #expect(credits.flipBit(after: "job1"))
        let again: CreditsFixture
        do {
            again = try await credits.reopened()
        } catch {
            // Damage that keeps the store from opening is found as well.
            return
        }
        let report = try? await again.handler.verify(.init(), CreditsFixture.context)
        #expect(report?.isSound != true)
        again.remove()
    }

    @Test func `kill -9 loses no acknowledged hold`() async throws {
        let folder = CreditsFixture.makeFolder()
        await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String] in
            guard let credits = try? await CreditsFixture(folder: folder) else { exit(9) }
            guard (try? await credits.open("ada")) != nil else { exit(9) }
            let killer = WorkerPool(threads: 1, name: "killer")
            _ = killer.submit {
                while access("\(folder)/acknowledged", F_OK) != 0 { usleep(100) }
                usleep(80_000)
                kill(getpid(), SIGKILL)
            }
            await withTaskGroup(of: Void.self) { group in
                for task in 0..<16 {
                    group.addTask {
                        for index in 0..<100_000 {
                            let job = "t\(task)j\(index)"
                            guard
                                let hold = try? await credits.handler.hold(
                                    .init(
                                        userID: "ada", job: job, operation: "image.preview",
                                        amountU4: 1), CreditsFixture.context)
                            else { exit(10) }
                            appendLine("\(job) \(hold.holdID)", to: "\(folder)/acknowledged")
                        }
                    }
                }
            }
        }
        let credits = try await CreditsFixture(folder: folder)
        let acknowledged = lines(of: "\(folder)/acknowledged")
        #expect(acknowledged.count > 10)
        for line in acknowledged {
            let parts = line.split(separator: " ").map(String.init)
            let hold = try await credits.handler.getHold(
                .init(holdID: parts[1]), CreditsFixture.context)
            #expect(hold.job == parts[0])
        }
        try await credits.verify()
        unlink("\(folder)/acknowledged")
        credits.remove()
    }
}

extension CreditsFixture {
    /// Runs a script on the file of a closed service, as somebody with a database tool would.
    func byHand(_ script: String) async throws {
        let database = try await Database.open("sqlite:\(path)", migrations: CreditsService.schema)
        defer { database.close() }
        try await database.write { try $0.execute(script) }
    }

    /// The names of all triggers.
    func triggers() async throws -> [String] {
        let database = try await Database.open("sqlite:\(path)", migrations: CreditsService.schema)
        defer { database.close() }
        let statement = Statement("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        return try await database.read { try $0.all(statement) { row in try row.text(0) } }
    }

    /// Flips a bit of the last character of each place where a text is in the file.
    func flipBit(after text: String) -> Bool {
        guard let file = fopen(path, "r+") else { return false }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var byte = fgetc(file)
        while byte != EOF {
            bytes.append(UInt8(truncatingIfNeeded: byte))
            byte = fgetc(file)
        }
        let pattern = Array(text.utf8)
        var isFound = false
        for start in 0..<(bytes.count - pattern.count)
        where Array(bytes[start..<start + pattern.count]) == pattern {
            fseek(file, start + pattern.count - 1, SEEK_SET)
            fputc(Int32(bytes[start + pattern.count - 1] ^ 2), file)
            isFound = true
        }
        return isFound
    }
}

/// Appends a line to a file with one call.
func appendLine(_ line: String, to path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    let bytes = Array((line + "\n").utf8)
    _ = write(descriptor, bytes, bytes.count)
    close(descriptor)
}

/// The whole lines of a file.
func lines(of path: String) -> [String] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var text: [UInt8] = []
    var byte = fgetc(file)
    while byte != EOF {
        text.append(UInt8(truncatingIfNeeded: byte))
        byte = fgetc(file)
    }
    guard let end = text.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
    return String(decoding: text[..<end], as: UTF8.self).split(separator: "\n").map(String.init)
}
