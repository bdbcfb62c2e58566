internal import Glibc
internal import ServiceRuntime

/// The queue in front of the one thread that writes.
final class Writer: Sendable {
    private struct Queue {
        var waiting: [Job] = []
        /// Whether the thread is at work and will look at the queue again.
        var isRunning = false
        var isClosed = false
    }

    /// How many writes the next group may have, and how long it may wait for them.
    private struct Pace {
        static let patienceMin = Duration.microseconds(100)
        static let patienceMax = Duration.milliseconds(1)

        var expected = 0
        var patience = Duration.zero
    }

    private static let napMicroseconds: Int64 = 50

    private let queue = Lock(Queue())
    private let pace = Lock(Pace())
    private let clock: any TimeSource
    private let committer: Lock<Committer>
    /// Nil when writes run on the caller's thread.
    private let thread: WorkerPool?
    private let waitingMax: Int

    init(
        _ committer: sending Committer, thread: WorkerPool?, waitingMax: Int,
        clock: any TimeSource
    ) {
        self.clock = clock
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
            var group = takeWaiting(orStop: true)
            guard !group.isEmpty else { return }
            gather(&group)
            let start = clock.instant
            let count = committer.withLock { committer in
                committer.commit(group) { takeWaiting(orStop: false) }
            }
            let elapsed = clock.instant - start
            let stillWaiting = waiting
            pace.withLock { $0 = Pace(expected: count + stillWaiting, patience: elapsed / 8) }
        }
    }

    /// Waits a little for those who were answered last and are about to write again: without it the
    /// first of them would go to disk alone while the others wait for the flush after that. Never
    /// longer than an eighth of the last commit, and not at all when that was fast or for one caller.
    private func gather(_ group: inout [Job]) {
        let pace = self.pace.withLock { $0 }
        guard group.count < pace.expected, pace.patience >= Pace.patienceMin else { return }
        let patience = min(pace.patience, Pace.patienceMax)
        let deadline = clock.instant + patience
        // The naps are counted as well: a clock that stands still must hold up nobody.
        var naps = patience.microseconds / Self.napMicroseconds
        while group.count < pace.expected, naps > 0, clock.instant < deadline {
            usleep(UInt32(Self.napMicroseconds))
            naps -= 1
            group += takeWaiting(orStop: false)
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
        committer.withLock { committer in
            _ = committer.commit([job]) { [] }
        }
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
