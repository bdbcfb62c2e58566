internal import CSQLite
internal import ServiceRuntime

/// What a database has done since it was opened.
package struct DatabaseStatistics: Hashable, Sendable {
    /// Groups committed; each cost one flush to disk.
    package var commits: UInt64 = 0
    /// Writes answered by those groups.
    package var writes: UInt64 = 0
    /// Times the log was copied into the file.
    package var checkpoints: UInt64 = 0
    /// Groups that failed as a whole.
    package var failures: UInt64 = 0
}

/// An SQLite file that one process uses: one thread that writes, several that read.
///
/// Writes that arrive together share a commit: each runs in a part of its own, undone alone when it
/// throws, and each is answered after the flush that makes the whole group durable. A reader sees a
/// snapshot that includes every write answered before it began. No call blocks its thread.
///
/// ```swift
/// let database = try await Database.open("sqlite:data/notes.db", migrations: Migrations.all)
/// try await database.write { transaction in
///     try transaction.run(Statements.insertNote, id, text)
/// }
/// ```
package final class Database: Sendable {
    private let writer: Writer
    /// Nil when reads run on the caller's thread.
    /// One thread for short reads: handing each to whichever of several is idle costs more than the
    /// read itself (docs/performance.md). Nil when everything runs on the caller's thread.
    private let readers: Readers?
    private let scanners: Readers?
    private let fileLock: Lock<FileLock?>

    private init(
        writer: Writer, readers: Readers?, scanners: Readers?, fileLock: sending FileLock?
    ) {
        self.writer = writer
        self.readers = readers
        self.scanners = scanners
        self.fileLock = Lock(fileLock)
    }

    deinit {
        close()
    }

    /// Opens a store, makes it when it is not there, and brings it to the newest schema.
    ///
    /// - Parameters:
    ///   - url: `sqlite:PATH`, or `sqlite::memory:` in the in-line mode.
    ///   - migrations: All of the service's migrations: 1, 2, 3, …
    /// - Throws: ``StorageError``; the store is as it was, but for migrations already committed.
    package static func open(
        _ url: String, migrations: [Migration], options: DatabaseOptions = DatabaseOptions()
    ) async throws -> Database {
        let path = try StoreURL(url).path
        guard path != nil || options.isInline else { throw StorageError.unsupportedURL(url) }
        if options.isInline {
            return try make(path: path, migrations: migrations, options: options, thread: nil)
        }
        let thread =
            options.executor.map(WorkerPool.init(executor:))
            ?? WorkerPool(threads: 1, name: "\(storeName(path, options))-write")
        do {
            return try await thread.run {
                try make(path: path, migrations: migrations, options: options, thread: thread)
            }
        } catch {
            thread.stop()
            throw error
        }
    }

    private static func make(
        path: String?, migrations: [Migration], options: DatabaseOptions, thread: WorkerPool?
    ) throws -> Database {
        let name = storeName(path, options)
        var lock: FileLock?
        if let path {
            try makeFolder(ofFileAt: path)
            lock = try FileLock(forDatabaseAt: path)
            try makePrivateFile(at: path)
        }
        let committer = try Committer(
            path: path, migrations: migrations, options: options,
            faults: options.faults ?? .fromEnvironment(storeName: name))
        let writer = Writer(
            committer, thread: thread, waitingMax: options.waitingMax,
            clock: options.time)
        guard let path, thread != nil else {
            return Database(writer: writer, readers: nil, scanners: nil, fileLock: lock)
        }
        return Database(
            writer: writer,
            readers: Readers(path: path, options: options, name: "\(name)-read", count: 1),
            scanners: Readers(
                path: path, options: options, name: "\(name)-scan", count: options.scanners),
            fileLock: lock)
    }

    /// "credits" for "data/credits/credits.db".
    private static func storeName(_ path: String?, _ options: DatabaseOptions) -> String {
        if let name = options.name { return name }
        let file = path?.split(separator: "/").last ?? "memory"
        return String(file.hasSuffix(".db") ? file.dropLast(3) : file)
    }

    /// Runs a body that may change the store, and answers once the change is on disk.
    ///
    /// The body runs on the writer's thread and must only use the transaction and values. A
    /// cancelled task still gets the outcome: by then it may be on disk.
    ///
    /// - Throws: What the body threw, or ``StorageError``; then nothing of it is in the store.
    nonisolated(nonsending) package func write<Value: Sendable>(
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Value
    ) async throws -> Value {
        guard readers != nil else { return try inline(body, writer.writeInline) }
        return try await withUnsafeThrowingContinuation { continuation in
            writer.submit(PendingJob(body, continuation))
        }
    }

    /// Runs a short body on one snapshot of the store, which it cannot change.
    ///
    /// Other reads wait for it: one that looks at more rows than a page has belongs in ``scan(_:)``.
    ///
    /// - Throws: What the body threw, or ``StorageError``.
    nonisolated(nonsending) package func read<Value: Sendable>(
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Value
    ) async throws -> Value {
        guard let readers else { return try inline(body, writer.readInline) }
        return try await withUnsafeThrowingContinuation { continuation in
            readers.submit(PendingJob(body, continuation))
        }
    }

    /// Runs a body that may take long on one snapshot of the store, which it cannot change. Short
    /// reads and writes go on meanwhile.
    ///
    /// - Throws: What the body threw, or ``StorageError``.
    nonisolated(nonsending) package func scan<Value: Sendable>(
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Value
    ) async throws -> Value {
        guard let scanners else { return try inline(body, writer.readInline) }
        return try await withUnsafeThrowingContinuation { continuation in
            scanners.submit(PendingJob(body, continuation))
        }
    }

    private func inline<Value: Sendable>(
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Value, _ run: (Job) -> Void
    ) throws -> Value {
        let job = PendingJob(body, nil)
        run(job)
        return try job.finished.get()
    }

    /// Writes a page that changes nothing and waits for the disk: the check behind readiness.
    nonisolated(nonsending) package func probe() async throws {
        try await write { transaction in
            let version = try transaction.first(Self.schemaVersion) { row in try row.integer(0) }
            try transaction.execute("PRAGMA user_version = \(version ?? 0)")
        }
    }

    private static let schemaVersion = Statement("PRAGMA user_version")

    /// Counts since the store was opened.
    package var statistics: DatabaseStatistics { writer.statistics }

    /// Writes that wait for the writer now.
    package var waiting: Int { writer.waiting }

    /// The version of the SQLite library in use.
    package static var libraryVersion: String { String(cString: sqlite3_libversion()) }

    /// Finishes what waits, copies the log into the file and lets other processes open it.
    /// Later calls fail with ``StorageError/closed``. Waits for the store's threads to end.
    package func close() {
        readers?.close()
        scanners?.close()
        writer.close()
        fileLock.withLock { $0 = nil }
    }
}
