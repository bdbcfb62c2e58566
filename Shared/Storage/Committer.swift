internal import ServiceRuntime

/// Runs groups of writes on the writing connection. Used by one thread at a time.
final class Committer {
    private let path: String?
    private let options: DatabaseOptions
    private let faults: StorageFaults
    private let logPages = LogPageCounter()
    /// Length of the log from which on the next copy waits for readers.
    private var nextTruncationPages: Int
    /// Nil after a failure, until the next group opens the file again.
    private var connection: Connection?
    private(set) var statistics = DatabaseStatistics()
    /// Whether the group has been answered too early, by ``Mutant/answersBeforeCommit``.
    private var hasAnswered = false

    private static let begin = Statement("BEGIN IMMEDIATE")
    private static let beginReading = Statement("BEGIN")
    private static let commit = Statement("COMMIT")
    private static let savepoint = Statement("SAVEPOINT part")
    private static let release = Statement("RELEASE part")
    private static let undo = Statement("ROLLBACK TO part")

    /// Opens the file and brings it to the newest schema.
    init(
        path: String?, migrations: [Migration], options: DatabaseOptions, faults: StorageFaults
    ) throws {
        self.path = path
        self.options = options
        self.faults = faults
        nextTruncationPages = 8 * options.checkpointPages
        let connection = try Connection(path: path, role: .writer, options: options)
        try Migrator(migrations: migrations, faults: faults, time: options.time).migrate(connection)
        adopt(connection)
    }

    private func adopt(_ connection: Connection) {
        connection.onCommit(logPages)
        self.connection = connection
    }

    /// Runs jobs as parts of one transaction and answers each after its COMMIT. A part that throws
    /// is undone alone; it waits for the commit too, since what it saw was not yet on disk.
    ///
    /// - Parameter more: Further jobs that have arrived meanwhile; empty when there are none.
    /// - Returns: How many jobs the group had.
    func commit(_ first: [Job], more: () -> [Job]) -> Int {
        var jobs: [Job] = []
        do throws(StorageError) {
            let connection = try usableConnection()
            try perform(first, more: more, on: connection, &jobs)
        } catch {
            abandon(error, jobs.isEmpty ? first : jobs)
            return jobs.count
        }
        statistics.commits += 1
        statistics.writes += UInt64(jobs.count)
        answer(jobs, nil)
        copyLogIfLong()
        return jobs.count
    }

    private func perform(
        _ first: [Job], more: () -> [Job], on connection: Connection, _ jobs: inout [Job]
    ) throws(StorageError) {
        let transaction = Transaction(connection)
        try transaction.run(Self.begin)
        try faults.pass(.afterBegin)
        var next = first
        while !next.isEmpty {
            jobs += next
            for job in next {
                try transaction.run(Self.savepoint)
                if !job.perform(transaction) {
                    try checkStillOpen(connection)
                    try transaction.run(Self.undo)
                }
                try checkStillOpen(connection)
                try transaction.run(Self.release)
            }
            next = jobs.count < options.groupMax ? more() : []
        }
        if options.mutant == .answersBeforeCommit {
            answer(jobs, nil)
            hasAnswered = true
        }
        try faults.pass(.beforeCommit)
        try transaction.run(Self.commit)
        try faults.pass(.afterCommit)
    }

    /// SQLite gives up a whole transaction after some errors (disk full, out of memory): then the
    /// parts that had succeeded are gone as well.
    private func checkStillOpen(_ connection: Connection) throws(StorageError) {
        if connection.isOutsideTransaction { throw .full }
    }

    /// Nobody is told of a success that may not have lasted: all fail, and the file is opened anew,
    /// because what a failed flush left in memory cannot be trusted.
    private func abandon(_ error: StorageError, _ jobs: [Job]) {
        statistics.failures += 1
        connection?.rollback()
        dropConnection()
        answer(jobs, error)
    }

    private func answer(_ jobs: [Job], _ error: StorageError?) {
        if !hasAnswered { for job in jobs { job.answer(error) } }
        hasAnswered = false
    }

    private func usableConnection() throws(StorageError) -> Connection {
        if let connection { return connection }
        let opened = try Connection(path: path, role: .writer, options: options)
        adopt(opened)
        return opened
    }

    /// Copies the log into the file, after everybody has been answered, so that nobody waits for it.
    private func copyLogIfLong() {
        guard let connection else { return }
        do throws(StorageError) {
            try faults.pass(.afterAnswers)
            guard logPages.pages >= options.checkpointPages else { return }
            statistics.checkpoints += 1
            // A reader that is always there keeps the log from starting over: then wait for it.
            let isFarTooLong = logPages.pages >= nextTruncationPages
            logPages.pages = try connection.checkpoint(
                truncating: isFarTooLong, busyTimeoutMs: 50,
                thenBusyTimeoutMs: options.busyTimeoutMs)
            // When the reader stays, the writer tries again after as many pages, not each time.
            nextTruncationPages = logPages.pages + 8 * options.checkpointPages
        } catch {
            // Everything is in the log; the next group starts on a fresh connection.
            statistics.failures += 1
            dropConnection()
        }
    }

    private func dropConnection() {
        // A store in memory is its connection.
        if path != nil { connection = nil }
    }

    /// Runs one body outside the groups, as a reader would; for the in-line mode.
    func read(_ job: Job) {
        do throws(StorageError) {
            let connection = try usableConnection()
            let transaction = Transaction(connection)
            try connection.execute("PRAGMA query_only = ON")
            defer { try? connection.execute("PRAGMA query_only = OFF") }
            try transaction.run(Self.beginReading)
            _ = job.perform(transaction)
            connection.rollback()
            job.answer(nil)
        } catch {
            job.answer(error)
        }
    }

    /// Copies the whole log into the file and closes it.
    func close() {
        if let connection, path != nil {
            // Left in the log when a reader is in the way; the next start finds it there.
            _ = try? connection.checkpoint(
                truncating: true, busyTimeoutMs: 50, thenBusyTimeoutMs: 50)
        }
        connection = nil
    }
}
