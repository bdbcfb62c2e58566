internal import CLinux
internal import Glibc

/// Threads for work that computes or blocks, apart from the event loops.
// Safe: `threads` is written in init and by `stop` only, which runs once by `isStopped`.
package final class WorkerPool: @unchecked Sendable {
    private struct State {
        var queue: [@Sendable () -> Void] = []
        var head = 0
        var isStopped = false
    }

    /// The queue is full; try again later.
    package struct Overloaded: Error, Hashable, Sendable {}

    package let threadCount: Int
    private let queuedMax: Int
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var state = State()
    private var threads: [pthread_t] = []
    /// Runs the work in place of threads; nil outside of simulations.
    private let executor: Executor?

    /// Runs a piece of work later, when a simulation wants it to.
    package typealias Executor = @Sendable (_ work: @escaping @Sendable () -> Void) -> Void

    /// - Parameters:
    ///   - threads: 1...256.
    ///   - queuedMax: How much work may wait; more is refused with ``Overloaded``.
    package init(threads count: Int, name: String, queuedMax: Int = 10_000) {
        precondition((1...256).contains(count), "1 to 256 worker threads")
        threadCount = count
        self.queuedMax = queuedMax
        executor = nil
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        condition = .allocate(capacity: 1)
        condition.initialize(to: pthread_cond_t())
        pthread_cond_init(condition, nil)
        for index in 0..<count {
            var thread = pthread_t()
            let unmanaged = Unmanaged.passRetained(self)
            let result = pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    let pool = Unmanaged<WorkerPool>.fromOpaque(argument).takeRetainedValue()
                    pool.work()
                    return nil
                }, unmanaged.toOpaque())
            precondition(result == 0, "pthread_create failed with \(result)")
            linux_name_thread(thread, String("\(name)-\(index)".prefix(15)))
            threads.append(thread)
        }
    }

    /// A pool without threads, for simulation.
    package init(executor: @escaping Executor) {
        self.executor = executor
        threadCount = 1
        queuedMax = .max
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        condition = .allocate(capacity: 1)
        condition.initialize(to: pthread_cond_t())
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        condition.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs `body` on a worker and gives its result back to the caller's executor.
    /// - Throws: What `body` throws, or ``Overloaded``; then `body` did not run.
    package func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            let isAccepted = submit {
                continuation.resume(with: Result { try body() })
            }
            if !isAccepted { continuation.resume(throwing: Overloaded()) }
        }
    }

    /// Runs `body` on a worker and blocks the calling thread until it is done. Not from a worker,
    /// and not with a stopped or full pool.
    package func runAndWait<R: Sendable>(_ body: @escaping @Sendable () -> R) -> R {
        let result = Handoff<R>()
        let isAccepted = submit { result.give(body()) }
        precondition(isAccepted, "the pool has stopped or is full")
        return result.take()
    }

    /// Queues `body`; false when the queue is full or the pool has stopped.
    package func submit(_ body: @escaping @Sendable () -> Void) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard !state.isStopped, state.queue.count - state.head < queuedMax else { return false }
        if let executor {
            executor(body)
            return true
        }
        state.queue.append(body)
        pthread_cond_signal(condition)
        return true
    }

    /// Finishes what is queued, ends the threads and waits for them. Not from a worker.
    package func stop() {
        pthread_mutex_lock(mutex)
        let wasStopped = state.isStopped
        state.isStopped = true
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
        guard !wasStopped else { return }
        for thread in threads { pthread_join(thread, nil) }
        threads = []
    }

    private func work() {
        while let body = next() { body() }
    }

    private func next() -> (@Sendable () -> Void)? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while state.head == state.queue.count {
            if state.isStopped { return nil }
            pthread_cond_wait(condition, mutex)
        }
        let body = state.queue[state.head]
        state.head += 1
        if state.head == state.queue.count {
            state.queue.removeAll(keepingCapacity: true)
            state.head = 0
        } else if state.head > 1024 {
            state.queue.removeFirst(state.head)
            state.head = 0
        }
        return body
    }
}

/// One value from one thread to another that waits for it.
// Safe: `value` is written before the semaphore is posted and read after it was waited for.
private final class Handoff<Value: Sendable>: @unchecked Sendable {
    private var value: Value?
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func give(_ value: Value) {
        self.value = value
        sem_post(semaphore)
    }

    func take() -> Value {
        while sem_wait(semaphore) != 0, linux_errno() == EINTR {}
        guard let value else { preconditionFailure("taken before it was given") }
        return value
    }
}
