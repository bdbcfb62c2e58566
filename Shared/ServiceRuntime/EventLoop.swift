internal import CLinux
internal import Glibc

/// What an event loop calls when a file descriptor can be read or written, or has failed.
package protocol ReadinessHandler: AnyObject {
    /// Called on the loop's thread.
    func ready(readable: Bool, writable: Bool, failed: Bool)
}

/// What an event loop calls once at the end of a turn in which it was asked to.
package protocol TurnHandler: AnyObject {
    /// Called on the loop's thread, after every job and event of the turn.
    func endOfTurn()
}

/// A thread that waits for sockets and timers and runs the tasks that were started on it.
///
/// It is an executor, so that a request is read, handled and answered without changing threads:
/// a hop costs more than everything else in a small call (docs/performance.md). Work that computes
/// for longer than a millisecond or blocks does not belong here; see ``WorkerPool``.
// Safe: all below `inbox` is touched on the loop's own thread, as each method there requires.
package final class EventLoop: TaskExecutor, @unchecked Sendable {
    private enum Item {
        case job(UnownedJob)
        case actorJob(UnownedJob, EventLoopActorExecutor)
        case work(@Sendable () -> Void)
    }

    private struct Inbox {
        var items: [Item] = []
        var isSignalled = false
        var isStopped = false
    }

    private struct Timer {
        let due: Instant
        let order: UInt64
        let work: @Sendable () -> Void

        static func < (left: Timer, right: Timer) -> Bool {
            (left.due, left.order) < (right.due, right.order)
        }
    }

    /// Names a timer, to cancel it.
    package struct TimerToken: Hashable, Sendable {
        fileprivate let order: UInt64
    }

    package let name: String
    private let epoll: Int32
    private let wakeUp: Int32
    private let inbox = Lock(Inbox())

    private var items: [Item] = []
    private var handlers: [any ReadinessHandler] = []
    private var slots: [Int32: Int] = [:]
    private var freeSlots: [Int] = []
    private var generations: [UInt32] = []
    private var timers: [Timer] = []
    private var cancelledTimers: Set<UInt64> = []
    private var timerOrder: UInt64 = 0
    private var turnHandlers: [any TurnHandler] = []
    private var graveyard: [AnyObject] = []
    private var isStopping = false
    private var thread = pthread_t()
    private var busyPoll: BusyPoll
    /// Whose time it is in a simulation; nil = the machine's.
    private let virtualTime: VirtualTime?

    /// Starts the loop's thread.
    /// - Parameter busyPoll: How long to look for events before sleeping, while answers come that
    ///   fast; 0 = never. Ignored on a machine with one core.
    package init(name: String, busyPoll: Duration = .microseconds(100)) {
        self.name = name
        self.busyPoll = BusyPoll(busyPoll)
        virtualTime = nil
        turnTime = Instant(nanoseconds: linux_monotonic_ns())
        epoll = epoll_create1(Int32(0x80000))  // EPOLL_CLOEXEC
        wakeUp = eventfd(0, Int32(0x800 | 0x80000))  // EFD_NONBLOCK | EFD_CLOEXEC
        precondition(epoll >= 0 && wakeUp >= 0, "no file descriptors left for an event loop")
        let added = linux_epoll_control(epoll, 1, wakeUp, UInt32(LINUX_EPOLL_IN), .max)
        precondition(added == 0, "epoll refused the wake-up descriptor")
        let unmanaged = Unmanaged.passRetained(self)
        let result = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let loop = Unmanaged<EventLoop>.fromOpaque(argument).takeRetainedValue()
                loop.run()
                return nil
            }, unmanaged.toOpaque())
        precondition(result == 0, "pthread_create failed with \(result)")
        linux_name_thread(thread, String(name.prefix(15)))
    }

    /// A loop without a thread, for simulation: it works when ``turn()`` is called, by virtual time,
    /// and watches no descriptors.
    package init(name: String, simulating time: VirtualTime) {
        self.name = name
        busyPoll = BusyPoll(.zero)
        virtualTime = time
        turnTime = time.instant
        epoll = -1
        wakeUp = -1
    }

    deinit {
        guard virtualTime == nil else { return }
        close(epoll)
        close(wakeUp)
    }

    /// The monotonic time of the loop that the calling thread runs, or of the machine.
    package static var currentTime: Instant {
        guard let current = linux_get_current_loop() else {
            return Instant(nanoseconds: linux_monotonic_ns())
        }
        return Unmanaged<EventLoop>.fromOpaque(current).takeUnretainedValue().now
    }

    /// Whether the caller runs on this loop's thread. From any thread.
    package var isCurrent: Bool {
        linux_get_current_loop() == Unmanaged.passUnretained(self).toOpaque()
    }

    /// The monotonic time. From any thread.
    package var now: Instant {
        if let virtualTime { return virtualTime.instant }
        return Instant(nanoseconds: linux_monotonic_ns())
    }

    /// When this turn of the loop began to take events: `now` without asking the system, for what
    /// need not be more exact than one turn takes. On the loop's thread.
    package private(set) var turnTime: Instant

    /// Runs `work` on the loop's thread, soon. From any thread.
    package func execute(_ work: @escaping @Sendable () -> Void) {
        push(.work(work))
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        push(.job(UnownedJob(job)))
    }

    /// Runs the actors that name it as their executor on this loop. An actor keeps it.
    package func actorExecutor() -> EventLoopActorExecutor {
        EventLoopActorExecutor(loop: self)
    }

    fileprivate func enqueue(_ job: consuming ExecutorJob, of executor: EventLoopActorExecutor) {
        push(.actorJob(UnownedJob(job), executor))
    }

    /// Ends the thread after what is already queued. From any thread; waits for the thread unless
    /// it is called on it.
    package func stop() {
        let wasStopped = inbox.withLock { inbox in
            defer { inbox.isStopped = true }
            return inbox.isStopped
        }
        guard !wasStopped else { return }
        if isCurrent {
            isStopping = true
            pthread_detach(thread)
        } else {
            execute { self.isStopping = true }
            pthread_join(thread, nil)
        }
    }

    // MARK: On the loop's thread

    /// Runs `work` once `duration` has passed. On the loop's thread.
    @discardableResult
    package func schedule(
        after duration: Duration, _ work: @escaping @Sendable () -> Void
    ) -> TimerToken {
        schedule(at: now + duration, work)
    }

    /// Runs `work` at an instant; those of one instant in the order in which they were scheduled.
    /// On the loop's thread.
    @discardableResult
    package func schedule(
        at due: Instant, _ work: @escaping @Sendable () -> Void
    ) -> TimerToken {
        assert(isCurrent)
        timerOrder += 1
        insert(Timer(due: due, order: timerOrder, work: work))
        return TimerToken(order: timerOrder)
    }

    /// Does nothing when the timer has run. On the loop's thread.
    package func cancel(_ token: TimerToken) {
        assert(isCurrent)
        if let index = timers.firstIndex(where: { $0.order == token.order }) {
            if index == 0 {
                removeFirstTimer()
            } else {
                cancelledTimers.insert(token.order)
            }
        }
    }

    /// Watches a descriptor. On the loop's thread.
    package func register(
        _ descriptor: Int32, _ handler: any ReadinessHandler, readable: Bool, writable: Bool
    ) -> Bool {
        assert(isCurrent)
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            handlers[slot] = handler
        } else {
            slot = handlers.count
            handlers.append(handler)
            generations.append(0)
        }
        slots[descriptor] = slot
        return linux_epoll_control(
            epoll, 1, descriptor, events(readable, writable), cookie(slot)) == 0
    }

    /// Changes what a descriptor is watched for. On the loop's thread.
    package func update(_ descriptor: Int32, readable: Bool, writable: Bool) {
        guard let slot = slots[descriptor] else { return }
        _ = linux_epoll_control(
            epoll, 2, descriptor, events(readable, writable), cookie(slot))
    }

    /// Stops watching a descriptor, which the caller then closes. The handler lives to the end of
    /// the turn. On the loop's thread.
    package func deregister(_ descriptor: Int32) {
        guard let slot = slots.removeValue(forKey: descriptor) else { return }
        _ = linux_epoll_control(epoll, 3, descriptor, 0, 0)
        graveyard.append(handlers[slot])
        handlers[slot] = Nobody.shared
        generations[slot] &+= 1
        freeSlots.append(slot)
    }

    /// Calls `handler.endOfTurn()` when this turn ends. Ask once a turn. On the loop's thread.
    package func callAtEndOfTurn(_ handler: any TurnHandler) {
        turnHandlers.append(handler)
    }

    private func push(_ item: Item) {
        if isCurrent {
            items.append(item)
            return
        }
        let mustSignal = inbox.withLock { inbox in
            inbox.items.append(item)
            if inbox.isSignalled { return false }
            inbox.isSignalled = true
            return true
        }
        if mustSignal, virtualTime == nil {
            var one: UInt64 = 1
            _ = write(wakeUp, &one, 8)
        }
    }

    private func run() {
        linux_set_current_loop(Unmanaged.passUnretained(self).toOpaque())
        let eventsMax = 256
        let ready = UnsafeMutablePointer<epoll_event>.allocate(capacity: eventsMax)
        defer { ready.deallocate() }
        while true {
            runItems()
            runTimers()
            runItems()
            finishTurn()
            if isStopping, items.isEmpty { break }
            let count = waitForEvents(ready, Int32(eventsMax))
            turnTime = now
            for index in 0..<max(0, Int(count)) {
                dispatch(ready + index)
            }
        }
        linux_set_current_loop(nil)
    }

    /// Waits for events, at first without sleeping when that paid off lately.
    private func waitForEvents(_ ready: UnsafeMutablePointer<epoll_event>, _ max: Int32) -> Int32 {
        let timeout = timeoutMilliseconds()
        if timeout != 0, busyPoll.isWorthTrying() {
            let end = linux_monotonic_ns() + busyPoll.nanoseconds
            repeat {
                let count = epoll_wait(epoll, ready, max, 0)
                if count != 0 {
                    busyPoll.paidOff()
                    return count
                }
            } while linux_monotonic_ns() < end
            busyPoll.wasInVain()
        }
        return epoll_wait(epoll, ready, max, timeout)
    }

    private func dispatch(_ event: UnsafePointer<epoll_event>) {
        let cookie = linux_epoll_cookie(event)
        if cookie == .max {
            takeInbox()
            return
        }
        let slot = Int(cookie & 0xFFFF_FFFF)
        guard generations[slot] == UInt32(cookie >> 32) else { return }
        let flags = linux_epoll_events(event)
        let failed = flags & UInt32(LINUX_EPOLL_ERROR) != 0
        let hungUp = flags & UInt32(LINUX_EPOLL_HANGUP) != 0
        handlers[slot].ready(
            readable: flags & UInt32(LINUX_EPOLL_IN) != 0 || hungUp,
            writable: flags & UInt32(LINUX_EPOLL_OUT) != 0, failed: failed)
    }

    private func takeInbox() {
        if virtualTime == nil {
            var count: UInt64 = 0
            _ = read(wakeUp, &count, 8)
        }
        let taken = inbox.withLock { inbox in
            inbox.isSignalled = false
            defer { inbox.items.removeAll(keepingCapacity: true) }
            return inbox.items
        }
        items.append(contentsOf: taken)
    }

    private func runItems() {
        // Jobs may append jobs; a bounded number of rounds keeps sockets from starving.
        var rounds = 0
        while !items.isEmpty, rounds < 64 {
            rounds += 1
            var batch: [Item] = []
            swap(&batch, &items)
            for item in batch {
                switch item {
                case .job(let job):
                    // Not isolated to a serial executor: a task that is resumed would find itself
                    // on the wrong one and be queued a second time (docs/performance.md).
                    job.runSynchronously(on: asUnownedTaskExecutor())
                case .actorJob(let job, let executor):
                    job.runSynchronously(
                        isolatedTo: executor.asUnownedSerialExecutor(),
                        taskExecutor: asUnownedTaskExecutor())
                case .work(let work):
                    work()
                }
            }
            if items.isEmpty {
                batch.removeAll(keepingCapacity: true)
                swap(&batch, &items)
            }
        }
    }

    // MARK: Simulation

    /// Whether ``turn()`` has something to do at this instant. Between turns of a simulated loop.
    package var hasWork: Bool {
        if !items.isEmpty || !turnHandlers.isEmpty { return true }
        if let first = timers.first, first.due <= now { return true }
        return inbox.withLock { !$0.items.isEmpty }
    }

    /// When the next timer is due; nil when there is none. Between turns of a simulated loop.
    package var nextTimer: Instant? { timers.first?.due }

    /// Does what is to be done now on the calling thread, and returns. For simulated loops.
    /// - Parameter isLast: Runs every timer, due or not: nothing of this loop is to come later.
    package func turn(isLast: Bool = false) {
        precondition(virtualTime != nil, "a loop with a thread of its own turns by itself")
        let outer = linux_get_current_loop()
        linux_set_current_loop(Unmanaged.passUnretained(self).toOpaque())
        defer { linux_set_current_loop(outer) }
        turnTime = now
        takeInbox()
        runItems()
        if isLast {
            // Those that are set meanwhile are for the next turn.
            let order = timerOrder
            runTimers(until: .distantFuture) { $0.order <= order }
        } else {
            runTimers(until: now) { _ in true }
        }
        runItems()
        finishTurn()
    }

    private func finishTurn() {
        var index = 0
        while index < turnHandlers.count {
            turnHandlers[index].endOfTurn()
            index += 1
        }
        turnHandlers.removeAll(keepingCapacity: true)
        graveyard.removeAll(keepingCapacity: true)
    }

    private func timeoutMilliseconds() -> Int32 {
        if !items.isEmpty || isStopping { return 0 }
        guard let first = timers.first else { return -1 }
        let wait = (first.due - now).millisecondsRoundedUp
        return Int32(clamping: max(0, wait))
    }

    private func runTimers() {
        if !timers.isEmpty { runTimers(until: now) { _ in true } }
    }

    @inline(__always)
    private func runTimers(until end: Instant, where isWanted: (Timer) -> Bool) {
        while let first = timers.first, first.due <= end, isWanted(first) {
            removeFirstTimer()
            if cancelledTimers.remove(first.order) == nil { first.work() }
        }
    }

    // A binary heap by due time.
    private func insert(_ timer: Timer) {
        timers.append(timer)
        var child = timers.count - 1
        while child > 0, timers[child] < timers[(child - 1) / 2] {
            timers.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private func removeFirstTimer() {
        timers.swapAt(0, timers.count - 1)
        timers.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < timers.count && timers[child] < timers[least] {
                least = child
            }
            if least == parent { return }
            timers.swapAt(parent, least)
            parent = least
        }
    }

    private func cookie(_ slot: Int) -> UInt64 {
        UInt64(generations[slot]) << 32 | UInt64(slot)
    }

    private func events(_ readable: Bool, _ writable: Bool) -> UInt32 {
        (readable ? UInt32(LINUX_EPOLL_IN) : 0)
            | (writable ? UInt32(LINUX_EPOLL_OUT) : 0)
    }
}

/// Decides when a loop looks for events for a moment before it sleeps.
///
/// Waking a sleeping thread takes longer than answering a small call (docs/performance.md). While
/// answers come within the moment it is spent; after some that was spent in vain, only now and then.
/// Where others want the core it is taken from them, perhaps from who makes the answer: being
/// interrupted counts like a row of moments in vain.
private struct BusyPoll {
    let nanoseconds: UInt64
    private var score = 0
    private var skipped = 0
    private var interruptions = 0
    private static let scoreMax = 8
    /// Among so many waits at a score of zero, one looks whether things have changed.
    private static let skippedMax = 64

    init(_ duration: Duration) {
        let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        nanoseconds = cores > 1 ? UInt64(max(0, duration.nanoseconds)) : 0
    }

    mutating func isWorthTrying() -> Bool {
        guard nanoseconds > 0 else { return false }
        if score == 0 {
            skipped += 1
            guard skipped >= Self.skippedMax else { return false }
            skipped = 0
        }
        let interruptions = linux_involuntary_switches()
        if interruptions == self.interruptions { return true }
        self.interruptions = interruptions
        score = 0
        return false
    }

    mutating func paidOff() { score = min(score + 1, Self.scoreMax) }

    mutating func wasInVain() { score = max(score - 2, 0) }
}

/// Runs actors on an event loop.
package final class EventLoopActorExecutor: SerialExecutor {
    private let loop: EventLoop

    fileprivate init(loop: EventLoop) {
        self.loop = loop
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        loop.enqueue(job, of: self)
    }

    package func checkIsolated() {
        precondition(loop.isCurrent, "not on event loop \(loop.name)")
    }
}

/// Fills the slot of a descriptor that is no longer watched.
private final class Nobody: ReadinessHandler, Sendable {
    static let shared = Nobody()
    func ready(readable: Bool, writable: Bool, failed: Bool) {}
}
