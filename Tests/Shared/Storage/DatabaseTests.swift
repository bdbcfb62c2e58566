import ServiceRuntime
import Storage
import Testing

/// A store of names and numbers, enough to see what happened.
enum Numbers {
    static let migrations = [
        Migration(
            1, "create_numbers",
            """
            CREATE TABLE numbers(
                name TEXT PRIMARY KEY, value INTEGER NOT NULL,
                CONSTRAINT not_negative CHECK(value >= 0)) STRICT;
            CREATE TABLE parts(
                name TEXT NOT NULL REFERENCES numbers(name), bytes BLOB) STRICT;
            CREATE TRIGGER no_shrinking BEFORE UPDATE ON numbers WHEN new.value < old.value
                BEGIN SELECT RAISE(ABORT, 'numbers only grow'); END;
            """)
    ]
    static let insert = Statement("INSERT INTO numbers(name, value) VALUES(?, ?)")
    static let update = Statement("UPDATE numbers SET value = ? WHERE name = ?")
    static let add = Statement("UPDATE numbers SET value = value + ? WHERE name = ?")
    static let value = Statement("SELECT value FROM numbers WHERE name = ?")
    static let names = Statement("SELECT name FROM numbers ORDER BY name")
    static let count = Statement("SELECT count(*) FROM numbers")
    static let insertPart = Statement("INSERT INTO parts(name, bytes) VALUES(?, ?)")
    static let part = Statement("SELECT name, bytes FROM parts WHERE rowid = ?")

    static func open(
        _ folder: TemporaryFolder, _ change: (inout DatabaseOptions) -> Void = { _ in }
    ) async throws -> Database {
        var options = DatabaseOptions()
        change(&options)
        return try await Database.open(folder.url(), migrations: migrations, options: options)
    }
}

extension Database {
    func value(_ name: String) async throws -> Int64? {
        try await read { try $0.first(Numbers.value, name) { row in try row.integer(0) } }
    }

    func set(_ name: String, _ value: Int64) async throws {
        try await write { try $0.run(Numbers.insert, name, value) }
    }

    func names() async throws -> [String] {
        try await read { try $0.all(Numbers.names) { row in try row.text(0) } }
    }
}

struct Refusal: Error, Hashable {}

@Suite struct DatabaseTests {
    let folder = TemporaryFolder()

    @Test func `what was written is read back, also after opening again`() async throws {
        var database = try await Numbers.open(folder)
        try await database.set("a", 7)
        #expect(try await database.value("a") == 7)
        #expect(try await database.value("b") == nil)
        database.close()
        database = try await Numbers.open(folder)
        #expect(try await database.value("a") == 7)
        database.close()
    }

    @Test func `text, blobs, NULL and the ends of Int64 go there and back`() async throws {
        let database = try await Numbers.open(folder)
        let bytes = (0...255).map { UInt8($0) }
        let name = "ünïcode \u{0} 🎬"
        try await database.set(name, .max)
        try await database.write { transaction in
            try transaction.run(Numbers.insertPart, name, bytes)
            try transaction.run(Numbers.insertPart, name, [UInt8]())
            try transaction.run(Numbers.insertPart, name, [UInt8]?.none)
        }
        #expect(try await database.value(name) == .max)
        let parts = try await database.read { transaction in
            try (1...3).map { id in
                try transaction.first(Numbers.part, id) { row in
                    #expect(try row.text(0) == name)
                    return try row.optionalBytes(1)
                } ?? nil
            }
        }
        #expect(parts == [bytes, [], nil])
        database.close()
    }

    @Test func `a column of another type is an error, not a zero`() async throws {
        let database = try await Numbers.open(folder)
        try await database.set("a", 1)
        await #expect(throws: StorageError.self) {
            try await database.read { try $0.first(Numbers.names) { row in try row.integer(0) } }
        }
        // The connection goes on.
        #expect(try await database.value("a") == 1)
        database.close()
    }

    @Test func `a part that throws is undone alone`() async throws {
        let database = try await Numbers.open(folder)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                group.addTask {
                    do {
                        try await database.write { transaction in
                            try transaction.run(Numbers.insert, "n\(index)", 1)
                            if index % 3 == 0 { throw Refusal() }
                        }
                        #expect(index % 3 != 0)
                    } catch is Refusal {
                        #expect(index % 3 == 0)
                    }
                }
            }
            try await group.waitForAll()
        }
        let expected = (0..<200).filter { $0 % 3 != 0 }.map { "n\($0)" }.sorted()
        #expect(try await database.names() == expected)
        database.close()
    }

    @Test func `writes that arrive together share a commit`() async throws {
        let database = try await Numbers.open(folder)
        try await withThrowingTaskGroup(of: Void.self) { group in
            // The first write keeps the writer busy until all others wait.
            let gate = Gate()
            group.addTask { try await database.write { _ in gate.wait() } }
            await gate.reached()
            for index in 0..<100 {
                group.addTask { try await database.set("n\(index)", 1) }
            }
            await gate.open(when: { database.waiting == 100 })
            try await group.waitForAll()
        }
        let statistics = database.statistics
        #expect(statistics.writes == 101)
        // The hundred join the first one's group, or make one group of their own.
        #expect(statistics.commits <= 2)
        #expect(try await database.names().count == 100)
        database.close()
    }

    @Test func `a clock that stands still holds up no write`() async throws {
        let time = VirtualTime()
        let database = try await Numbers.open(folder) { $0.time = time }
        // Two in one group that seems to take a second: the next one is waited with.
        try await withThrowingTaskGroup(of: Void.self) { group in
            let gate = Gate()
            group.addTask {
                try await database.write { _ in
                    gate.wait()
                    time.advance(by: .seconds(1))
                }
            }
            await gate.reached()
            for index in 0..<9 {
                group.addTask { try await database.set("n\(index)", 1) }
            }
            await gate.open(when: { database.waiting == 9 })
            try await group.waitForAll()
        }
        try await database.set("alone", 1)
        #expect(try await database.value("alone") == 1)
        database.close()
    }

    @Test func `a scan sees one snapshot while others write and read`() async throws {
        let database = try await Numbers.open(folder)
        try await database.set("a", 1)
        let gate = Gate()
        async let seen = database.scan { transaction in
            let before = try transaction.first(Numbers.value, "a") { row in try row.integer(0) }
            gate.wait()
            let after = try transaction.first(Numbers.value, "a") { row in try row.integer(0) }
            return [before, after]
        }
        await gate.reached()
        try await database.write { try $0.run(Numbers.update, 2, "a") }
        // A reader that begins after the answer sees the write.
        #expect(try await database.value("a") == 2)
        await gate.open()
        #expect(try await seen == [1, 1])
        database.close()
    }

    @Test func `a reader cannot change anything`() async throws {
        let database = try await Numbers.open(folder)
        await #expect(throws: StorageError.self) {
            try await database.read { try $0.run(Numbers.insert, "a", 1) }
        }
        #expect(try await database.names().isEmpty)
        database.close()
    }

    @Test func `broken rules say which one`() async throws {
        let database = try await Numbers.open(folder)
        try await database.set("a", 5)
        await #expect(throws: StorageError.constraint(.unique, name: "numbers.name")) {
            try await database.set("a", 6)
        }
        await #expect(throws: StorageError.constraint(.check, name: "not_negative")) {
            try await database.set("b", -1)
        }
        await #expect(throws: StorageError.constraint(.trigger, name: "numbers only grow")) {
            try await database.write { try $0.run(Numbers.update, 4, "a") }
        }
        await #expect(throws: StorageError.constraint(.notNull, name: "numbers.value")) {
            try await database.write { try $0.run(Numbers.insert, "c", Int64?.none) }
        }
        await #expect {
            try await database.write { try $0.run(Numbers.insertPart, "nobody", [1]) }
        } throws: { error in
            if case .constraint(.foreignKey, _) = error as? StorageError { true } else { false }
        }
        #expect(try await database.value("a") == 5)
        database.close()
    }

    @Test func `wrong use is told apart from bad data`() async throws {
        let database = try await Numbers.open(folder)
        let wrong = [Statement("SELEC 1"), Statement("SELECT ?, ?"), Statement("")]
        for statement in wrong {
            await #expect {
                try await database.write { try $0.run(statement, 1) }
            } throws: { error in
                if case .statement = error as? StorageError { true } else { false }
            }
        }
        try await database.set("a", 1)
        database.close()
    }

    @Test func `a store is made with its folders, for its owner only`() async throws {
        let url = "sqlite:\(folder.path)/one/two/three.db"
        let database = try await Database.open(url, migrations: Numbers.migrations)
        try await database.set("a", 1)
        #expect(mode(of: "\(folder.path)/one") == 0o700)
        #expect(mode(of: "\(folder.path)/one/two/three.db") == 0o600)
        #expect(mode(of: "\(folder.path)/one/two/three.db-wal") == 0o600)
        database.close()
    }

    @Test(arguments: [
        "postgres://localhost/x", "sqlite:", "/tmp/x.db", "sqlite::memory", "sqlite:file:x?mode=ro",
        "sqlite::memory:", "",
    ])
    func `a URL that cannot be served is refused`(url: String) async {
        await #expect(throws: StorageError.unsupportedURL(url)) {
            try await Database.open(url, migrations: [])
        }
    }

    @Test func `the in-line mode commits each write on the caller's thread`() async throws {
        var options = DatabaseOptions()
        options.isInline = true
        let database = try await Database.open(
            "sqlite::memory:", migrations: Numbers.migrations, options: options)
        try await database.set("a", 1)
        await #expect(throws: Refusal.self) {
            try await database.write { transaction in
                try transaction.run(Numbers.insert, "b", 1)
                throw Refusal()
            }
        }
        await #expect(throws: StorageError.self) {
            try await database.read { try $0.run(Numbers.insert, "b", 1) }
        }
        #expect(try await database.names() == ["a"])
        #expect(database.statistics.commits == 2)
        database.close()
        await #expect(throws: StorageError.closed) { try await database.set("c", 1) }
    }

    @Test func `after closing every call says so`() async throws {
        let database = try await Numbers.open(folder)
        database.close()
        database.close()
        await #expect(throws: StorageError.closed) { try await database.set("a", 1) }
        await #expect(throws: StorageError.closed) { try await database.value("a") }
    }

    @Test func `the log is copied into the file and starts over`() async throws {
        let database = try await Numbers.open(folder) { $0.checkpointPages = 50 }
        let bytes = [UInt8](repeating: 7, count: 20_000)
        try await database.set("a", 1)
        for _ in 0..<100 {
            try await database.write { try $0.run(Numbers.insertPart, "a", bytes) }
        }
        #expect(database.statistics.checkpoints > 2)
        // 100 parts have 500 pages; the log holds far fewer.
        #expect(size(of: "\(folder.path)/test.db-wal") < 150 * 4_120)
        database.close()
        #expect(size(of: "\(folder.path)/test.db") > 100 * 20_000)
    }
}
