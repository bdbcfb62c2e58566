internal import ServiceRuntime

/// The queue in front of the one thread that writes.
final class Writer: Sendable {
    private struct Queue {
        var waiting: [Job] = []
        /// Whether the thread is at work and will look at the queue again.
        var isRunning = false
        var isClosed = false
    }

    private let queue = Lock(Queue())
    private let committer: Lock<Committer>
    /// Nil when writes run on the caller's thread.
    private let thread: WorkerPool?
    private let waitingMax: Int

    init(_ committer: sending Committer, thread: WorkerPool?, waitingMax: Int) {
        self.committer = Lock(committer)
        self.thread = thread
        self.waitingMax = waitingMax
    }

    /// Queues a job, or answers it at once with why not.
    func submit(_ job: Job) {
        var failure: StorageError?
        let mustWake = queue.withLock { queue in
            if queue.isClosed {
                failure = .closed
            } else if queue.waiting.count >= waitingMax {
                failure = .overloaded
            } else {
                queue.waiting.append(job)
                let mustWake = !queue.isRunning
                queue.isRunning = true
                return mustWake
            }
            return false
        }
        if let failure {
            job.answer(failure)
        } else if mustWake {
            wake()
        }
    }

    private func wake() {
        // The pool's queue never holds more than this one closure.
        let isAccepted = thread?.submit { [self] in run() }
        assert(isAccepted == true)
    }

    /// Commits group after group until nothing waits.
    private func run() {
        while true {
            let group = takeWaiting(orStop: true)
            guard !group.isEmpty else { return }
            committer.withLock { committer in
                committer.commit(group) { takeWaiting(orStop: false) }
            }
        }
    }

    private func takeWaiting(orStop mayStop: Bool) -> [Job] {
        queue.withLock { queue in
            if queue.waiting.isEmpty {
                if mayStop { queue.isRunning = false }
                return []
            }
            let group = queue.waiting
            queue.waiting = []
            return group
        }
    }

    /// Runs a write on the caller's thread, in a transaction of its own.
    func writeInline(_ job: Job) {
        guard !queue.withLock({ $0.isClosed }) else { return job.answer(StorageError.closed) }
        committer.withLock { $0.commit([job]) { [] } }
    }

    /// Runs a read on the caller's thread with the writing connection.
    func readInline(_ job: Job) {
        guard !queue.withLock({ $0.isClosed }) else { return job.answer(StorageError.closed) }
        committer.withLock { $0.read(job) }
    }

    var statistics: DatabaseStatistics {
        committer.withLock { $0.statistics }
    }

    var waiting: Int { queue.withLock { $0.waiting.count } }

    /// Refuses further writes, finishes those that wait, and closes the file.
    func close() {
        queue.withLock { $0.isClosed = true }
        thread?.stop()
        committer.withLock { $0.close() }
    }
}
