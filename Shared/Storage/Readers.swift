internal import ServiceRuntime

/// A lane of connections that only read, one for each of its threads.
///
/// A thread takes what waits, up to a group, and runs it on one snapshot: opening one costs as much
/// as a small read. The snapshot is younger than every read in the group, so that each sees all that
/// was committed before it was asked for.
final class Readers: Sendable {
    private struct Queue {
        var waiting: [Job] = []
        /// Threads that are at work and will look at the queue again.
        var running = 0
        var isClosed = false
    }

    private let path: String
    private let options: DatabaseOptions
    private let count: Int
    private let threads: WorkerPool
    private let queue = Lock(Queue())
    private let idle = Lock<[Connection]>([])

    private static let begin = Statement("BEGIN")
    /// A slow read holds up no more than so many others.
    private static let groupMax = 16

    /// - Parameter count: Connections that read at the same time; 1...16.
    init(path: String, options: DatabaseOptions, name: String, count: Int) {
        self.path = path
        self.options = options
        self.count = count
        threads =
            options.executor.map(WorkerPool.init(executor:))
            ?? WorkerPool(threads: count, name: name)
    }

    /// Queues a job, or answers it at once with why not.
    func submit(_ job: Job) {
        var failure: StorageError?
        let mustWake = queue.withLock { queue in
            if queue.isClosed {
                failure = .closed
            } else if queue.waiting.count >= options.waitingMax {
                failure = .overloaded
            } else {
                queue.waiting.append(job)
                guard queue.running < count else { return false }
                queue.running += 1
                return true
            }
            return false
        }
        if let failure {
            job.answer(failure)
        } else if mustWake {
            // The pool's queue never holds more than one closure for each thread.
            let isAccepted = threads.submit { [self] in run() }
            assert(isAccepted)
        }
    }

    /// Runs group after group until nothing waits.
    private func run() {
        while let group = takeGroup() { run(group) }
    }

    private func takeGroup() -> [Job]? {
        queue.withLock { queue in
            guard !queue.waiting.isEmpty else {
                queue.running -= 1
                return nil
            }
            let share = (queue.waiting.count + count - 1) / count
            let group = Array(queue.waiting.prefix(min(share, Self.groupMax)))
            queue.waiting.removeFirst(group.count)
            return group
        }
    }

    private func run(_ group: [Job]) {
        do throws(StorageError) {
            let connection = try takeConnection()
            let transaction = Transaction(connection)
            try transaction.run(Self.begin)
            for job in group { _ = job.perform(transaction) }
            connection.rollback()
            idle.withLock { $0.append(connection) }
        } catch {
            // The connection is dropped; the next read opens another.
            for job in group { job.answer(error) }
            return
        }
        for job in group { job.answer(nil) }
    }

    private func takeConnection() throws(StorageError) -> Connection {
        if let connection = idle.withLock({ $0.popLast() }) { return connection }
        return try Connection(path: path, role: .reader, options: options)
    }

    /// Finishes the reads that wait and closes the connections.
    func close() {
        queue.withLock { $0.isClosed = true }
        threads.stop()
        idle.withLock { $0.removeAll() }
    }
}
