internal import Cryptography
package import ServiceRuntime
internal import Storage

/// Finished moves on disk within a budget of bytes; what was not used for longest goes first.
///
/// The index is in the render store, the bytes are one file for each result. A file that is not
/// what was written, or is not there, is a miss; a result that the index does not know is removed,
/// and what is not named like a result is left alone.
/// Nothing is flushed to disk: all of it can be rendered again.
package final class ResultStore: Sendable {
    private static let find = Statement("SELECT bytes FROM results WHERE key = ?")
    private static let insert = Statement(
        """
        INSERT INTO results(key, bytes, used_at_us) VALUES(?, ?, ?)
        ON CONFLICT(key) DO UPDATE SET bytes = excluded.bytes, used_at_us = excluded.used_at_us
        """)
    private static let touch = Statement(
        "UPDATE results SET used_at_us = max(used_at_us, ?) WHERE key = ?")
    private static let delete = Statement("DELETE FROM results WHERE key = ?")
    private static let total = Statement("SELECT coalesce(sum(bytes), 0) FROM results")
    private static let oldest = Statement(
        "SELECT key, bytes FROM results ORDER BY used_at_us, key LIMIT 64")
    private static let keys = Statement("SELECT key FROM results")

    private static let migrations = [
        Migration(1, "create_results", PackageResources._001_create_results_sql)
    ]

    private let database: Database
    private let folder: ResultFolder
    private let budgetBytes: Int
    private let time: any TimeSource
    /// Blocking reads and writes of files.
    private let pool = WorkerPool(threads: 1, name: "render-files", queuedMax: 1000)
    /// When results were read since the index was written last.
    private let used = Lock<[[UInt8]: Int64]>([:])

    private init(
        database: Database, folder: ResultFolder, budgetBytes: Int, time: any TimeSource
    ) {
        self.database = database
        self.folder = folder
        self.budgetBytes = budgetBytes
        self.time = time
    }

    /// Opens index and folder, makes them when they are not there, and removes results that the
    /// index does not know.
    package static func open(
        _ url: String, folder path: String, budgetBytes: Int, time: any TimeSource
    ) async throws -> ResultStore {
        let database = try await Database.open(url, migrations: migrations)
        let store = ResultStore(
            database: database, folder: try ResultFolder(path: path), budgetBytes: budgetBytes,
            time: time)
        let known = try await database.scan { transaction in
            try transaction.all(keys) { row in try row.bytes(0) }
        }
        let names = Set(known.map(fileName))
        let folder = store.folder
        try await store.pool.run { folder.removeAll { isFileName($0) && !names.contains($0) } }
        try await store.makeRoom(for: 0)
        return store
    }

    /// The result with this key; nil when it is not there or damaged, and then it is forgotten.
    package func result(_ key: [UInt8]) async throws -> RenderedMove? {
        let isKnown = try await database.read { transaction in
            try transaction.first(Self.find, key) { _ in true } ?? false
        }
        guard isKnown else { return nil }
        let folder = folder
        let move = try await pool.run {
            folder.read(Self.fileName(key)).flatMap(ResultFile.decode)
        }
        guard let move else {
            try await forget([key])
            return nil
        }
        used.withLock { $0[key] = time.now.microseconds }
        return move
    }

    /// Keeps a result; one larger than a quarter of the budget is not kept.
    package func keep(_ move: RenderedMove, as key: [UInt8]) async throws {
        let bytes = ResultFile.encode(move)
        guard bytes.count <= budgetBytes / 4 else { return }
        try await makeRoom(for: bytes.count)
        let folder = folder
        // First the file, so that the index never names one that was not begun.
        try await pool.run { try folder.write(bytes, as: Self.fileName(key)) }
        let now = time.now.microseconds
        try await database.write { transaction in
            try transaction.run(Self.insert, key, bytes.count, now)
        }
    }

    /// Bytes of all results.
    package func heldBytes() async throws -> Int {
        Int(
            try await database.read { transaction in
                try transaction.first(Self.total) { row in try row.integer(0) }
            } ?? 0)
    }

    package func close() {
        database.close()
        pool.stop()
    }

    /// Writes down what was read, then drops the oldest results until `bytes` more fit.
    private func makeRoom(for bytes: Int) async throws {
        let read = used.withLock { used in
            defer { used = [:] }
            return used
        }
        let budget = budgetBytes
        let dropped = try await database.write { transaction in
            for (key, instant) in read { try transaction.run(Self.touch, instant, key) }
            var held = try transaction.first(Self.total) { row in try row.integer(0) } ?? 0
            var dropped: [[UInt8]] = []
            while held + Int64(bytes) > budget {
                let rows = try transaction.all(Self.oldest) { row in
                    (key: try row.bytes(0), bytes: try row.integer(1))
                }
                if rows.isEmpty { break }
                for row in rows where held + Int64(bytes) > budget {
                    try transaction.run(Self.delete, row.key)
                    held -= row.bytes
                    dropped.append(row.key)
                }
            }
            return dropped
        }
        try await removeFiles(dropped)
    }

    private func forget(_ keys: [[UInt8]]) async throws {
        try await database.write { transaction in
            for key in keys { try transaction.run(Self.delete, key) }
        }
        try await removeFiles(keys)
    }

    private func removeFiles(_ keys: [[UInt8]]) async throws {
        guard !keys.isEmpty else { return }
        let folder = folder
        try await pool.run { for key in keys { folder.remove(Self.fileName(key)) } }
    }

    private static func fileName(_ key: [UInt8]) -> String { Hex.encode(key) }

    /// Whether a file may have been written here: under the name of a result, or on its way to it.
    private static func isFileName(_ name: String) -> Bool {
        let end = ResultFolder.partialSuffix
        let whole = name.hasSuffix(end) ? name.dropLast(end.count) : name[...]
        return whole.utf8.count == 2 * SHA256.digestBytes
            && whole.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}

/// The bytes of a result's file: a mark, the head, the pieces, and a SHA-256 over all of that.
enum ResultFile {
    private static let mark = Array("CVR1".utf8)
    private static let digestBytes = 32

    static func encode(_ move: RenderedMove) -> [UInt8] {
        var bytes = mark
        func number(_ value: Int) {
            for shift in stride(from: 0, to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: value >> shift))
            }
        }
        func block(_ content: [UInt8]) {
            number(content.count)
            bytes += content
        }
        let head = move.head
        block(Array(head.contentType.utf8))
        block(Array(head.depthProvider.utf8))
        for value in [head.size.width, head.size.height, head.frames, head.framesPerSecond] {
            number(value)
        }
        number(Int(bitPattern: UInt(head.appliedStrength.bitPattern)))
        number(move.pieces.count)
        for piece in move.pieces {
            switch piece {
            case .poster: number(-1)
            case .data: number(-2)
            case .frame(let index, _): number(index)
            }
            block(piece.bytes)
        }
        var hash = SHA256()
        hash.update(bytes)
        return bytes + hash.finish()
    }

    /// Nil when a single byte is not what was written.
    static func decode(_ file: [UInt8]) -> RenderedMove? {
        let end = file.count - digestBytes
        guard end > mark.count, file.starts(with: mark) else { return nil }
        var hash = SHA256()
        hash.update(Array(file[..<end]))
        guard hash.finish() == Array(file[end...]) else { return nil }
        var reader = Reader(bytes: file[mark.count..<end])
        guard let contentType = reader.block(), let provider = reader.block(),
            let width = reader.number(), let height = reader.number(),
            let size = FrameSize(stored: width, height),
            let frames = reader.number(), let rate = reader.number(),
            let strength = reader.number(), let count = reader.number(), count >= 0
        else { return nil }
        var pieces: [ResultPiece] = []
        for _ in 0..<count {
            guard let kind = reader.number(), let content = reader.block() else { return nil }
            switch kind {
            case -1: pieces.append(.poster(content))
            case -2: pieces.append(.data(content))
            default: pieces.append(.frame(index: kind, bytes: content))
            }
        }
        return RenderedMove(
            head: MoveHead(
                contentType: String(decoding: contentType, as: UTF8.self), size: size,
                frames: frames, framesPerSecond: rate,
                appliedStrength: Double(bitPattern: UInt64(UInt(bitPattern: strength))),
                depthProvider: String(decoding: provider, as: UTF8.self)),
            pieces: pieces)
    }

    private struct Reader {
        var bytes: ArraySlice<UInt8>

        mutating func number() -> Int? {
            guard bytes.count >= 8 else { return nil }
            var value: UInt = 0
            for (index, byte) in bytes.prefix(8).enumerated() { value |= UInt(byte) << (8 * index) }
            bytes = bytes.dropFirst(8)
            return Int(bitPattern: value)
        }

        mutating func block() -> [UInt8]? {
            guard let count = number(), count >= 0, count <= bytes.count else { return nil }
            defer { bytes = bytes.dropFirst(count) }
            return Array(bytes.prefix(count))
        }
    }
}
