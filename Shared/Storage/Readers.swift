internal import ServiceRuntime

/// The connections that only read, one for each of their threads.
final class Readers: Sendable {
    private let path: String
    private let options: DatabaseOptions
    private let threads: WorkerPool
    private let idle = Lock<[Connection]>([])
    private let isClosed = Lock(false)

    private static let begin = Statement("BEGIN")

    init(path: String, options: DatabaseOptions, name: String) {
        self.path = path
        self.options = options
        threads = WorkerPool(
            threads: options.readers, name: "\(name)-read", queuedMax: options.waitingMax)
    }

    func submit(_ job: Job) {
        let isAccepted = threads.submit { [self] in run(job) }
        if !isAccepted {
            job.answer(isClosed.withLock { $0 } ? StorageError.closed : StorageError.overloaded)
        }
    }

    private func run(_ job: Job) {
        do throws(StorageError) {
            let connection = try takeConnection()
            try Transaction(connection).run(Self.begin)
            _ = job.perform(Transaction(connection))
            connection.rollback()
            idle.withLock { $0.append(connection) }
        } catch {
            // The connection is dropped; the next read opens another.
            return job.answer(error)
        }
        job.answer(nil)
    }

    private func takeConnection() throws(StorageError) -> Connection {
        if let connection = idle.withLock({ $0.popLast() }) { return connection }
        return try Connection(path: path, role: .reader, options: options)
    }

    /// Finishes the reads that wait and closes the connections.
    func close() {
        isClosed.withLock { $0 = true }
        threads.stop()
        idle.withLock { $0.removeAll() }
    }
}
