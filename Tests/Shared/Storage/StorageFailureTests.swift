import Glibc
import ServiceRuntime
import Storage
import Testing

@Suite struct StorageFailureTests {
    let folder = TemporaryFolder()

    // MARK: Start

    @Test func `a store that is open is refused to everybody else`() async throws {
        let database = try await Numbers.open(folder)
        let expected = StorageError.inUse(path: "\(folder.path)/test.db", process: getpid())
        await #expect(throws: expected) { try await Numbers.open(folder) }
        await #expect(processExitsWith: .exitCode(7)) { [path = folder.path as String] in
            do {
                _ = try await Database.open(
                    "sqlite:\(path)/test.db", migrations: Numbers.migrations)
            } catch StorageError.inUse {
                exit(7)
            }
        }
        try await database.set("a", 1)
        database.close()
        // Free again once it is closed.
        let next = try await Numbers.open(folder)
        #expect(try await next.value("a") == 1)
        next.close()
    }

    @Test func `a newer schema is refused and left alone`() async throws {
        let more = Numbers.migrations + [Migration(2, "add_x", "CREATE TABLE x(y INTEGER) STRICT")]
        let newer = try await Database.open(folder.url(), migrations: more)
        try await newer.set("a", 1)
        newer.close()
        let before = size(of: "\(folder.path)/test.db")
        await #expect(throws: StorageError.newerSchema(found: 2, known: 1)) {
            try await Numbers.open(folder)
        }
        #expect(size(of: "\(folder.path)/test.db") == before)
        let again = try await Database.open(folder.url(), migrations: more)
        #expect(try await again.value("a") == 1)
        again.close()
    }

    @Test func `a changed migration is refused`() async throws {
        try await Numbers.open(folder).close()
        let changed = [Migration(1, "create_numbers", Numbers.migrations[0].sql + " ")]
        await #expect(throws: StorageError.changedMigration(number: 1, name: "create_numbers")) {
            try await Database.open(folder.url(), migrations: changed)
        }
    }

    @Test func `migrations must be numbered without gaps`() async throws {
        let gap = Numbers.migrations + [Migration(3, "add_x", "CREATE TABLE x(y INTEGER) STRICT")]
        await #expect(throws: StorageError.unorderedMigrations("3 add_x")) {
            try await Database.open(folder.url(), migrations: gap)
        }
    }

    @Test func `a migration that fails leaves the schema before it`() async throws {
        let wrong =
            Numbers.migrations + [
                Migration(
                    2, "break", "CREATE TABLE x(y INTEGER) STRICT; INSERT INTO nothing VALUES(1)")
            ]
        await #expect(throws: StorageError.self) {
            try await Database.open(folder.url(), migrations: wrong)
        }
        let right = Numbers.migrations + [Migration(2, "add_x", "CREATE TABLE x(y INTEGER) STRICT")]
        let database = try await Database.open(folder.url(), migrations: right)
        try await database.set("a", 1)
        database.close()
    }

    @Test func `a file that is no database is refused`() async throws {
        for _ in 0..<100 {
            appendLine("This is a letter, not a database.", to: "\(folder.path)/test.db")
        }
        let before = size(of: "\(folder.path)/test.db")
        await #expect {
            try await Numbers.open(folder)
        } throws: { error in
            if case .corrupt = error as? StorageError { true } else { false }
        }
        #expect(size(of: "\(folder.path)/test.db") == before)
    }

    @Test func `a store that cannot be written is refused`() async throws {
        try await Numbers.open(folder).close()
        await #expect(processExitsWith: .exitCode(7)) { [path = folder.path as String] in
            chmod("\(path)/test.db", 0o444)
            chmod("\(path)/test.db.lock", 0o666)
            chmod(path, 0o755)
            // Root may write anything: become nobody.
            if getuid() == 0, setgid(65_534) != 0 || setuid(65_534) != 0 { exit(8) }
            do {
                _ = try await Database.open(
                    "sqlite:\(path)/test.db", migrations: Numbers.migrations)
            } catch StorageError.readOnly {
                exit(7)
            }
        }
    }

    // MARK: Full

    @Test func `a full store refuses writes, goes on reading, and recovers`() async throws {
        let database = try await Numbers.open(folder) { $0.pageCountMax = 40 }
        let bytes = [UInt8](repeating: 7, count: 8_000)
        try await database.set("a", 1)
        var written = 0
        var refusal: StorageError?
        while refusal == nil, written < 1_000 {
            do {
                try await database.write { try $0.run(Numbers.insertPart, "a", bytes) }
                written += 1
            } catch {
                refusal = error as? StorageError
            }
        }
        #expect(refusal == .full)
        #expect(written > 5)
        #expect(try await database.value("a") == 1)
        // Room is made, and writing goes on without opening it again.
        try await database.write { try $0.execute("DELETE FROM parts") }
        try await database.write { try $0.run(Numbers.insertPart, "a", bytes) }
        database.close()
    }

    // MARK: A commit that fails

    @Test func `nobody is told of a commit that failed, and the next one works`() async throws {
        let failures = Lock(2)
        let faults = StorageFaults { point throws(StorageError) in
            guard point == .beforeCommit else { return }
            let mustFail = failures.withLock { left in
                left -= 1
                return left >= 0
            }
            if mustFail { throw .io("flush failed") }
        }
        let database = try await Numbers.open(folder) { $0.faults = faults }
        for _ in 0..<2 {
            await #expect(throws: StorageError.io("flush failed")) {
                try await database.set("a", 1)
            }
            #expect(try await database.names().isEmpty)
        }
        try await database.set("b", 2)
        #expect(try await database.names() == ["b"])
        #expect(database.statistics.failures == 2)
        database.close()
    }

    @Test func `too many waiting writes are refused`() async throws {
        let database = try await Numbers.open(folder) { $0.waitingMax = 10 }
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await database.write { _ in gate.wait() } }
            await gate.reached()
            for index in 0..<10 {
                group.addTask { try await database.set("n\(index)", 1) }
            }
            while database.waiting < 10 { await Task.yield() }
            await #expect(throws: StorageError.overloaded) { try await database.set("x", 1) }
            await gate.open()
            try await group.waitForAll()
        }
        #expect(try await database.names().count == 10)
        database.close()
    }

    // MARK: kill -9

    @Test(arguments: StorageFaults.Point.allCases.map(\.rawValue))
    func `a crash at any step loses nothing that was acknowledged`(point: String) async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = folder.path as String, point = point as String] in
            setenv("CRASH_AT", "test.\(point)#\(point == "migration.before" ? 1 : 9)", 1)
            await CrashChild.write(path)
        }
        try await expectAcknowledged()
    }

    @Test(arguments: [3_000, 20_000, 60_000, 150_000] as [UInt32])
    func `kill -9 at any moment loses nothing that was acknowledged`(
        afterMicroseconds: UInt32
    ) async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = folder.path as String, delay = afterMicroseconds as UInt32] in
            // From the first acknowledged write on, as an operator's kill -9 would.
            let killer = WorkerPool(threads: 1, name: "killer")
            _ = killer.submit {
                while access("\(path)/acknowledged", F_OK) != 0 { usleep(100) }
                usleep(delay)
                kill(getpid(), SIGKILL)
            }
            await CrashChild.write(path)
        }
        #expect(!folder.lines(of: "acknowledged").isEmpty)
        try await expectAcknowledged()
    }

    /// Every name that the child noted is there, with the value it had been told.
    private func expectAcknowledged() async throws {
        let database = try await Numbers.open(folder)
        let names = Set(try await database.names())
        let lost = folder.lines(of: "acknowledged").filter { !names.contains($0) }
        #expect(lost == [])
        // What was not acknowledged is wholly there or wholly absent: a name comes with its part.
        let parts = try await database.read { transaction in
            try transaction.all(CrashChild.partNames) { row in try row.text(0) }
        }
        #expect(Set(parts) == names)
        let damage = try await database.read { transaction in
            try transaction.all(CrashChild.integrity) { row in try row.text(0) }
        }
        #expect(damage == ["ok"])
        database.close()
    }
}

/// What runs in the process that is killed.
enum CrashChild {
    static let partNames = Statement("SELECT name FROM parts")
    static let integrity = Statement("PRAGMA integrity_check")

    /// Writes from 16 tasks until it is killed, and notes each name after its write was answered.
    static func write(_ path: String) async {
        var options = DatabaseOptions()
        options.checkpointPages = 20
        guard
            let database = try? await Database.open(
                "sqlite:\(path)/test.db", migrations: Numbers.migrations, options: options)
        else { exit(9) }
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<16 {
                group.addTask {
                    for index in 0..<100_000 {
                        let name = "t\(task)n\(index)"
                        do {
                            try await database.write { transaction in
                                try transaction.run(Numbers.insert, name, index)
                                try transaction.run(Numbers.insertPart, name, [UInt8(task)])
                            }
                        } catch {
                            exit(10)
                        }
                        appendLine(name, to: "\(path)/acknowledged")
                    }
                }
            }
        }
    }
}
