package import ServiceRuntime

/// Work that the queue takes a step at a time.
package protocol QueueItem: AnyObject, Sendable {
    /// On whose behalf; turns go round between users.
    var user: String { get }
    /// Memory that is held from its first step to its end.
    var memoryBytes: Int { get }
    /// Frame pixels that are still to be made.
    var remainingPixels: Int { get }
    /// Steps that make no pixels and are still to be taken: decoding and preparing.
    var remainingPreparations: Int { get }
    /// Whether there will be no further step.
    var isOver: Bool { get }
    /// The next step that can be run now. Called inside the queue's lock: it must be quick and
    /// never call the queue.
    func nextStep() -> QueueStep
    /// Its place in the queue may have changed.
    func placeChanged()
    /// There will be no further step; whoever waits for it is told.
    func fail(_ failure: RenderFailure)
}

/// What an item wants next.
package enum QueueStep {
    /// - Returns: Pixels that were made; none by a preparation.
    case run(@Sendable () -> Int)
    /// Something must happen first: a step that runs, or a reader that reads.
    case notNow
}

/// Where waiting work stands.
package struct QueuePlace: Hashable, Sendable {
    /// Items that are begun before it, and itself; 0: it was begun.
    package var position: Int
    package var estimatedWait: Duration
}

/// Gives worker threads steps of work, one user after the other.
///
/// Waiting items are bounded in number, begun items in memory: what does not fit waits, and
/// nothing is begun before it meanwhile, so that a large one gets its turn.
package final class RenderQueue: Sendable {
    private struct Entry {
        let item: any QueueItem
        var isBegun = false
        /// Steps that run now.
        var running = 0
        /// What it holds beyond what it was begun with.
        var moreBytes = 0

        var heldBytes: Int { isBegun ? item.memoryBytes + moreBytes : 0 }
    }

    private struct State {
        /// First come, first served within a user.
        var lanes: [String: [Entry]] = [:]
        /// Whose turn it is, the next first.
        var order: [String] = []
        var waiting = 0
        var reservedBytes = 0
        var runners = 0
        /// Smoothed time of one thread for a pixel of a frame.
        var secondsPerPixel = 30e-9
        var secondsPerPreparation = 5e-3
        var begunPixels = 0
        var isStopped = false
    }

    private struct Work {
        let item: any QueueItem
        let body: @Sendable () -> Int
        /// Items whose place has changed.
        let moved: [any QueueItem]
    }

    let threads: Int
    private let waitingMax: Int
    private let memoryBytesMax: Int
    private let pool: WorkerPool
    private let time: any TimeSource
    private let state = Lock(State())

    /// - Parameters:
    ///   - waitingMax: Items that may wait to be begun; more only where they come together and
    ///     nothing waits.
    ///   - memoryBytesMax: What begun items may hold together.
    ///   - pool: Who runs the steps; nil: threads of the queue's own.
    package init(
        threads: Int, waitingMax: Int, memoryBytesMax: Int, pool: WorkerPool? = nil,
        time: any TimeSource = SystemTime()
    ) {
        self.time = time
        self.threads = threads
        self.waitingMax = waitingMax
        self.memoryBytesMax = memoryBytesMax
        // Runners and nothing else: one a thread, and as many about to begin.
        self.pool =
            pool ?? WorkerPool(threads: threads, name: "render", queuedMax: 2 * threads + 8)
    }

    /// Takes all of the items, or none.
    ///
    /// - Parameter remaining: Time until nobody waits for the result any more.
    /// - Throws: ``RenderFailure/overloaded(retryAfter:)``,
    ///   ``RenderFailure/overMemoryBudget(bytes:bytesMax:)``.
    package func submit(
        _ items: [any QueueItem], remaining: Duration
    ) throws(RenderFailure) {
        if let large = items.first(where: { $0.memoryBytes > memoryBytesMax }) {
            throw .overMemoryBudget(bytes: large.memoryBytes, bytesMax: memoryBytesMax)
        }
        try state.withLock { state throws(RenderFailure) in
            removeEnded(&state)
            let wait = backlog(state)
            // What is asked for in one call is taken whole where nothing waits: it would be refused
            // for ever otherwise.
            guard !state.isStopped,
                state.waiting == 0
                    || (state.waiting + items.count <= waitingMax && wait < remaining)
            else {
                throw .overloaded(
                    retryAfter: min(max(wait, .milliseconds(100)), .seconds(60)))
            }
            for item in items {
                if state.lanes[item.user] == nil { state.order.append(item.user) }
                state.lanes[item.user, default: []].append(Entry(item: item))
            }
            state.waiting += items.count
        }
        for _ in items { wake() }
    }

    /// Something may have become possible: a reader read or left.
    package func wake() {
        let isNeeded = state.withLock { state in
            guard state.runners < threads, !state.isStopped else { return false }
            state.runners += 1
            return true
        }
        guard isNeeded else { return }
        let isAccepted = pool.submit { [self] in
            while let work = next() {
                for item in work.moved { item.placeChanged() }
                let began = time.instant
                let pixels = work.body()
                ended(work.item, pixels: pixels, took: time.instant - began)
            }
        }
        if !isAccepted { state.withLock { $0.runners -= 1 } }
    }

    /// Sets more memory aside for something begun that turns out larger than it was estimated.
    /// - Returns: What stands in the way, and then nothing was set aside; nil: nothing does.
    package func reserve(_ bytes: Int, for item: any QueueItem) -> RenderFailure? {
        state.withLock { state in
            guard let index = state.lanes[item.user]?.firstIndex(where: { $0.item === item }),
                let held = state.lanes[item.user]?[index].heldBytes, held > 0
            else { return .stopped }
            guard held + bytes <= memoryBytesMax else {
                return .overMemoryBudget(bytes: held + bytes, bytesMax: memoryBytesMax)
            }
            guard state.reservedBytes + bytes <= memoryBytesMax else {
                return .overloaded(
                    retryAfter: min(max(backlog(state), .milliseconds(100)), .seconds(60)))
            }
            state.lanes[item.user]?[index].moreBytes += bytes
            state.reservedBytes += bytes
            return nil
        }
    }

    /// Fails what is queued and ends the threads after the steps that run now.
    package func stop() {
        let left = state.withLock { state in
            state.isStopped = true
            return state.lanes.values.joined().map(\.item)
        }
        for item in left { item.fail(.stopped) }
        pool.stop()
    }

    /// Something ended that may not have been begun: those behind it move up.
    package func itemEnded() {
        let moved = state.withLock { state in
            removeEnded(&state) ? waitingItems(state) : []
        }
        for item in moved { item.placeChanged() }
        wake()
    }

    /// Where an item stands; nil when it is over.
    package func place(of item: any QueueItem) -> QueuePlace? {
        state.withLock { state in
            guard let lane = state.lanes[item.user],
                let index = lane.firstIndex(where: { $0.item === item })
            else { return nil }
            if lane[index].isBegun { return QueuePlace(position: 0, estimatedWait: .zero) }
            // In each round one of every user is begun.
            let ahead = lane[..<index].count { !$0.isBegun }
            let turn = state.order.firstIndex(of: item.user) ?? 0
            var position = ahead + 1
            var work = seconds(lane[..<index], state)
            for (place, user) in state.order.enumerated() where user != item.user {
                let others = (state.lanes[user] ?? [])
                work += seconds(others.filter(\.isBegun), state)
                let before = others.filter { !$0.isBegun }.prefix(ahead + (place < turn ? 1 : 0))
                position += before.count
                work += seconds(before, state)
            }
            return QueuePlace(
                position: position, estimatedWait: .seconds(work / Double(threads)))
        }
    }

    /// Bytes that begun work holds.
    package var reservedBytes: Int { state.withLock { $0.reservedBytes } }

    /// Items that were not begun yet.
    package var waiting: Int { state.withLock { $0.waiting } }

    private func backlog(_ state: State) -> Duration {
        .seconds(seconds(state.lanes.values.joined(), state) / Double(threads))
    }

    /// What is left to do of entries, on one thread.
    private func seconds(_ entries: some Sequence<Entry>, _ state: State) -> Double {
        entries.reduce(0) { sum, entry in
            sum + Double(entry.item.remainingPixels) * state.secondsPerPixel
                + Double(entry.item.remainingPreparations) * state.secondsPerPreparation
        }
    }

    private func next() -> Work? {
        state.withLock { state in
            var hasMoved = false
            if let (user, index, body) = find(&state, &hasMoved) {
                state.lanes[user]?[index].running += 1
                guard let item = state.lanes[user]?[index].item else { return nil }
                let moved = hasMoved ? waitingItems(state) : []
                return Work(item: item, body: body, moved: moved)
            }
            state.runners -= 1
            return nil
        }
    }

    private func waitingItems(_ state: State) -> [any QueueItem] {
        state.lanes.values.joined().filter { !$0.isBegun }.map(\.item)
    }

    private func find(
        _ state: inout State, _ hasMoved: inout Bool
    ) -> (user: String, index: Int, body: @Sendable () -> Int)? {
        if state.isStopped { return nil }
        var mayBegin = true
        for user in state.order {
            var index = 0
            while let entry = state.lanes[user].flatMap({ $0.count > index ? $0[index] : nil }) {
                if entry.item.isOver {
                    if entry.running == 0 {
                        hasMoved = true
                        remove(&state, user, index)
                    } else {
                        index += 1
                    }
                    continue
                }
                if !entry.isBegun {
                    let fits = state.reservedBytes + entry.item.memoryBytes <= memoryBytesMax
                    mayBegin = mayBegin && fits
                    if !mayBegin {
                        index += 1
                        continue
                    }
                }
                switch entry.item.nextStep() {
                case .notNow: index += 1
                case .run(let body):
                    if !entry.isBegun {
                        hasMoved = true
                        state.lanes[user]?[index].isBegun = true
                        state.waiting -= 1
                        state.reservedBytes += entry.item.memoryBytes
                    }
                    if let turn = state.order.firstIndex(of: user) {
                        state.order.append(state.order.remove(at: turn))
                    }
                    return (user, index, body)
                }
            }
        }
        return nil
    }

    /// - Returns: Whether there was any.
    @discardableResult
    private func removeEnded(_ state: inout State) -> Bool {
        var hasRemoved = false
        for user in state.order {
            var index = (state.lanes[user]?.count ?? 0) - 1
            while index >= 0 {
                if let entry = state.lanes[user]?[index], entry.running == 0, entry.item.isOver {
                    remove(&state, user, index)
                    hasRemoved = true
                }
                index -= 1
            }
        }
        return hasRemoved
    }

    private func remove(_ state: inout State, _ user: String, _ index: Int) {
        guard let entry = state.lanes[user]?.remove(at: index) else { return }
        assert(entry.running == 0, "work was over while a step of it ran")
        if entry.isBegun {
            state.reservedBytes -= entry.heldBytes
        } else {
            state.waiting -= 1
        }
        assert(state.reservedBytes >= 0 && state.waiting >= 0)
        if state.lanes[user]?.isEmpty == true {
            state.lanes[user] = nil
            state.order.removeAll { $0 == user }
        }
    }

    private func ended(_ item: any QueueItem, pixels: Int, took: Duration) {
        let moved = state.withLock { state -> [any QueueItem] in
            if pixels > 0 {
                let rate = took / .seconds(1) / Double(pixels)
                state.secondsPerPixel += (rate - state.secondsPerPixel) / 16
            } else {
                let more = took / .seconds(1) - state.secondsPerPreparation
                state.secondsPerPreparation += more / 16
            }
            guard let index = state.lanes[item.user]?.firstIndex(where: { $0.item === item })
            else { return [] }
            state.lanes[item.user]?[index].running -= 1
            guard item.isOver, state.lanes[item.user]?[index].running == 0 else { return [] }
            remove(&state, item.user, index)
            return waitingItems(state)
        }
        for item in moved { item.placeChanged() }
        // What this step made possible may be more than this thread can do.
        wake()
    }
}

/// A single step that somebody waits for.
private final class SingleStep<Value: Sendable>: QueueItem {
    private struct State {
        var isTaken = false
        var isOver = false
        var isCancelled = false
        var continuation: UnsafeContinuation<Result<Value, RenderFailure>, Never>?
    }

    let user: String
    let memoryBytes: Int
    var remainingPixels: Int { 0 }
    var remainingPreparations: Int { isOver ? 0 : 1 }
    private let state: Lock<State>
    private let body: @Sendable (_ mustStop: () -> Bool) throws(RenderFailure) -> Value

    init(
        user: String, memoryBytes: Int,
        continuation: UnsafeContinuation<Result<Value, RenderFailure>, Never>,
        body: @escaping @Sendable (_ mustStop: () -> Bool) throws(RenderFailure) -> Value
    ) {
        self.user = user
        self.memoryBytes = memoryBytes
        self.body = body
        state = Lock(State(continuation: continuation))
    }

    var isOver: Bool {
        state.withLock { $0.isOver || ($0.isCancelled && !$0.isTaken) }
    }

    func nextStep() -> QueueStep {
        state.withLock { state in
            if state.isTaken || state.isCancelled || state.isOver { return .notNow }
            state.isTaken = true
            return .run { [self] in
                finish(Result { () throws(RenderFailure) in try body(isCancelled) })
                return 0
            }
        }
    }

    func placeChanged() {}

    func fail(_ failure: RenderFailure) {
        state.withLock { $0.isCancelled = true }
        answer(.failure(failure))
    }

    private func isCancelled() -> Bool { state.withLock { $0.isCancelled } }

    /// Answers at once; a step that runs goes on until it asks.
    func cancel() { fail(.stopped) }

    func finish(_ result: Result<Value, RenderFailure>) {
        state.withLock { $0.isOver = true }
        answer(result)
    }

    private func answer(_ result: Result<Value, RenderFailure>) {
        let continuation = state.withLock { state in
            defer { state.continuation = nil }
            return state.continuation
        }
        continuation?.resume(returning: result)
    }
}

extension RenderQueue {
    /// Runs `body` on a worker when it is its turn; its argument answers whether the caller has gone.
    func run<Value: Sendable>(
        user: String, memoryBytes: Int, remaining: Duration,
        _ body: @escaping @Sendable (_ mustStop: () -> Bool) throws(RenderFailure) -> Value
    ) async throws(RenderFailure) -> Value {
        let step = Lock<SingleStep<Value>?>(nil)
        let isCancelled = Lock(false)
        let result = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let item = SingleStep(
                    user: user, memoryBytes: memoryBytes, continuation: continuation, body: body)
                step.withLock { $0 = item }
                if isCancelled.withLock({ $0 }) {
                    item.cancel()
                    return
                }
                do throws(RenderFailure) {
                    try submit([item], remaining: remaining)
                } catch {
                    item.finish(.failure(error))
                }
            }
        } onCancel: {
            isCancelled.withLock { $0 = true }
            step.withLock { $0 }?.cancel()
            itemEnded()
        }
        return try result.get()
    }
}
