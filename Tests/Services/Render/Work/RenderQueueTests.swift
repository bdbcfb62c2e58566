import RenderService
import ServiceRuntime
import Testing

/// Work whose every step writes its name down and takes ten milliseconds a thousand pixels.
private final class Item: QueueItem {
    let name: String
    let user: String
    let memoryBytes: Int
    private let pixelsPerStep = 1000
    private let journal: Journal
    private let stepsLeft: Lock<Int>
    private let preparationsLeft: Lock<Int>
    private let failure = Lock<RenderFailure?>(nil)
    private let moves = Lock(0)
    private let first = Lock<(() -> Void)?>(nil)

    /// - Parameter preparations: Steps before the others that make no pixels.
    init(
        _ name: String, of user: String, steps: Int = 1, preparations: Int = 0, bytes: Int = 1,
        _ journal: Journal
    ) {
        self.name = name
        self.user = user
        self.memoryBytes = bytes
        self.journal = journal
        stepsLeft = Lock(steps)
        preparationsLeft = Lock(preparations)
    }

    var remainingPixels: Int { stepsLeft.withLock { $0 } * pixelsPerStep }
    var remainingPreparations: Int { preparationsLeft.withLock { $0 } }
    var isOver: Bool { stepsLeft.withLock { $0 } == 0 || failed != nil }
    var failed: RenderFailure? { failure.withLock { $0 } }
    /// What its first step does beside its work.
    func onFirstStep(_ body: @escaping () -> Void) { first.withLock { $0 = body } }

    var timesMoved: Int { moves.withLock { $0 } }

    func nextStep() -> QueueStep {
        guard stepsLeft.withLock({ $0 }) > 0, failed == nil else { return .notNow }
        return .run { [self] in
            journal.note(name)
            let body = first.withLock { first in
                defer { first = nil }
                return first
            }
            body?()
            let isPreparation = preparationsLeft.withLock { left in
                guard left > 0 else { return false }
                left -= 1
                return true
            }
            if isPreparation { return 0 }
            stepsLeft.withLock { $0 -= 1 }
            return pixelsPerStep
        }
    }

    func placeChanged() { moves.withLock { $0 += 1 } }

    func fail(_ failure: RenderFailure) { self.failure.withLock { $0 = failure } }
}

/// A queue of one thread that runs when the test says so, and what it did.
private final class Journal: Sendable {
    let queue: RenderQueue
    let time = VirtualTime()
    private let ready: Lock<[@Sendable () -> Void]>
    private let names = Lock<[String]>([])
    /// The most that begun items ever held at a step.
    private let peak = Lock(0)

    init(waitingMax: Int = 100, bytesMax: Int = 100) {
        let ready = Lock<[@Sendable () -> Void]>([])
        self.ready = ready
        let pool = WorkerPool { work in ready.withLock { $0.append(work) } }
        queue = RenderQueue(
            threads: 1, waitingMax: waitingMax, memoryBytesMax: bytesMax, pool: pool, time: time)
    }

    func note(_ name: String) {
        names.withLock { $0.append(name) }
        time.advance(by: .milliseconds(10))
        let held = queue.reservedBytes
        peak.withLock { $0 = max($0, held) }
    }

    /// Does all that can be done.
    /// - Returns: The steps, in order.
    @discardableResult
    func run() -> [String] {
        while let work = ready.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { work() }
        return names.withLock { names in
            defer { names = [] }
            return names
        }
    }

    var peakBytes: Int { peak.withLock { $0 } }
}

@Suite struct `the queue of renders` {
    private let minute = Duration.seconds(60)

    @Test func `turns go round between users, a step at a time`() throws {
        let journal = Journal()
        let greedy = (1...3).map { Item("g\($0)", of: "greedy", steps: 2, journal) }
        try journal.queue.submit(greedy, remaining: minute)
        try journal.queue.submit([Item("m", of: "modest", steps: 3, journal)], remaining: minute)
        try journal.queue.submit([Item("s", of: "small", journal)], remaining: minute)
        // Within a user first come, first served; nobody waits for all of the greedy one's.
        #expect(
            journal.run() == ["g1", "m", "s", "g1", "m", "g2", "m", "g2", "g3", "g3"])
        #expect(journal.queue.waiting == 0 && journal.queue.reservedBytes == 0)
    }

    @Test func `the number that may wait is bounded, and a refusal says when to come again`()
        throws
    {
        let journal = Journal(waitingMax: 4)
        func items(_ count: Int) -> [Item] {
            (0..<count).map { Item("\($0)", of: "ann", steps: 50, journal) }
        }
        try journal.queue.submit(items(3), remaining: minute)
        var hint: Duration?
        do throws(RenderFailure) {
            try journal.queue.submit(items(2), remaining: minute)
        } catch {
            if case .overloaded(let retryAfter) = error { hint = retryAfter }
        }
        // All or nothing: the one that would have fitted is not queued either.
        #expect(journal.queue.waiting == 3)
        #expect(try #require(hint) >= .milliseconds(100) && #require(hint) <= .seconds(60))
        try journal.queue.submit(items(1), remaining: minute)
        #expect(journal.queue.waiting == 4)
    }

    @Test func `a group larger than the limit is taken when nothing waits`() throws {
        let journal = Journal(waitingMax: 2)
        func items(_ count: Int) -> [Item] {
            (0..<count).map { Item("\($0)", of: "ann", steps: 5, journal) }
        }
        try journal.queue.submit(items(6), remaining: minute)
        #expect(journal.queue.waiting == 6)
        #expect(throws: RenderFailure.self) {
            try journal.queue.submit(items(1), remaining: minute)
        }
        journal.run()
        try journal.queue.submit(items(1), remaining: minute)
        #expect(throws: RenderFailure.self) {
            try journal.queue.submit(items(2), remaining: minute)
        }
    }

    @Test func `work whose turn would come after its deadline is refused at once`() throws {
        let journal = Journal()
        // What is known of the speed comes from work that was done: 10 µs a pixel.
        try journal.queue.submit([Item("a", of: "ann", steps: 400, journal)], remaining: minute)
        journal.run()
        try journal.queue.submit([Item("b", of: "ann", steps: 200, journal)], remaining: minute)
        #expect(throws: RenderFailure.self) {
            try journal.queue.submit([Item("c", of: "bob", journal)], remaining: .seconds(1))
        }
        try journal.queue.submit([Item("d", of: "bob", journal)], remaining: .seconds(10))
        #expect(journal.queue.waiting == 2)
    }

    @Test func `what is prepared before the frames counts into the wait`() throws {
        let journal = Journal()
        // 10 ms a preparation as well.
        let warm = Item("warm", of: "ann", steps: 400, preparations: 100, journal)
        try journal.queue.submit([warm], remaining: minute)
        journal.run()
        let items = (0..<2).map { Item("\($0)", of: "ann", steps: 10, preparations: 5, journal) }
        try journal.queue.submit(items, remaining: minute)
        let wait = try #require(journal.queue.place(of: items[1])).estimatedWait
        #expect(abs(wait / .milliseconds(1) - 150) < 5, "\(wait)")
    }

    @Test func `who waits knows its place and about how long`() throws {
        let journal = Journal()
        try journal.queue.submit([Item("warm", of: "ann", steps: 400, journal)], remaining: minute)
        journal.run()
        let own = (0..<3).map { Item("a\($0)", of: "ann", steps: 100, journal) }
        let others = (0..<2).map { Item("b\($0)", of: "bob", steps: 10, journal) }
        try journal.queue.submit(own, remaining: minute)
        try journal.queue.submit(others, remaining: minute)
        func place(_ item: Item) throws -> QueuePlace {
            try #require(journal.queue.place(of: item))
        }
        // ann, bob, ann, bob, ann: a round at a time.
        #expect(try own.map { try place($0).position } == [1, 3, 5])
        #expect(try others.map { try place($0).position } == [2, 4])
        let waits = try own.map { try place($0).estimatedWait / .milliseconds(1) }
        // Before a1 come a0 and b0, 110 steps of 10 ms; before a2 two of each.
        #expect(waits[0] == 0)
        #expect(abs(waits[1] - 1100) < 30 && abs(waits[2] - 2200) < 60, "\(waits)")
        // One that gives up lets those behind it move up, and they hear of it.
        own[1].fail(.stopped)
        journal.queue.itemEnded()
        #expect(try place(own[2]).position == 3 && own[2].timesMoved == 1)
        #expect(journal.queue.waiting == 4)
        journal.run()
        #expect(journal.queue.place(of: own[2]) == nil)
    }

    @Test func `what does not fit the memory waits its turn and nothing is begun before it`()
        throws
    {
        let journal = Journal(bytesMax: 100)
        let small = (0..<3).map { Item("s\($0)", of: "u\($0)", steps: 2, bytes: 40, journal) }
        let large = Item("L", of: "large", steps: 2, bytes: 90, journal)
        try journal.queue.submit([small[0], small[1]], remaining: minute)
        try journal.queue.submit([large], remaining: minute)
        try journal.queue.submit([small[2]], remaining: minute)
        let steps = journal.run()
        // The third small one would have fitted beside the two; it comes after the large one.
        let last = try #require(steps.lastIndex(of: "L"))
        #expect(try #require(steps.firstIndex(of: "s2")) > #require(steps.firstIndex(of: "L")))
        #expect(try #require(steps.firstIndex(of: "L")) > #require(steps.lastIndex(of: "s1")))
        #expect(last < steps.count && steps.count == 8)
        #expect(journal.peakBytes == 90)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `the budget holds whatever comes, and everything is done`(_ seed: UInt64) throws {
        let journal = Journal(waitingMax: 1000, bytesMax: 100)
        var state = seed
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var expected = 0
        for number in 0..<300 {
            let steps = 1 + random(4)
            let item = Item(
                "\(number)", of: "u\(random(5))", steps: steps, bytes: 1 + random(100), journal)
            try journal.queue.submit([item], remaining: minute * 100)
            if random(10) == 0 {
                item.fail(.stopped)
                journal.queue.itemEnded()
            } else {
                expected += steps
            }
        }
        #expect(journal.run().count == expected, "seed \(seed)")
        #expect(journal.peakBytes <= 100 && journal.queue.reservedBytes == 0, "seed \(seed)")
        #expect(journal.queue.waiting == 0, "seed \(seed)")
    }

    @Test func `begun work may grow within the budget, and gives all of it back`() throws {
        let journal = Journal(bytesMax: 100)
        let large = Item("large", of: "ann", steps: 2, bytes: 40, journal)
        let other = Item("other", of: "bob", steps: 2, bytes: 30, journal)
        let late = Item("late", of: "cid", bytes: 30, journal)
        // What is not begun has no memory that could grow.
        #expect(journal.queue.reserve(1, for: large) == .stopped)
        var refusals: [RenderFailure?] = []
        large.onFirstStep { refusals.append(journal.queue.reserve(20, for: large)) }
        other.onFirstStep {
            refusals.append(journal.queue.reserve(20, for: other))
            refusals.append(journal.queue.reserve(80, for: other))
            refusals.append(journal.queue.reserve(10, for: other))
            #expect(journal.queue.reservedBytes == 100)
        }
        try journal.queue.submit([large, other, late], remaining: minute)
        #expect(journal.run().contains("late"))
        #expect(refusals.count == 4 && refusals[0] == nil && refusals[3] == nil)
        guard case .overloaded = refusals[1] else {
            Issue.record("\(String(describing: refusals[1]))")
            return
        }
        #expect(refusals[2] == .overMemoryBudget(bytes: 110, bytesMax: 100))
        #expect(journal.peakBytes <= 100 && journal.queue.reservedBytes == 0)
    }

    @Test func `what can never fit is refused by its size`() {
        let journal = Journal(bytesMax: 100)
        #expect(throws: RenderFailure.overMemoryBudget(bytes: 101, bytesMax: 100)) {
            try journal.queue.submit(
                [Item("L", of: "ann", bytes: 101, journal)], remaining: minute)
        }
        #expect(journal.queue.waiting == 0)
    }

    @Test func `a queue that stops tells everybody who waits`() throws {
        let journal = Journal()
        let items = (0..<3).map { Item("\($0)", of: "ann", journal) }
        try journal.queue.submit(items, remaining: minute)
        journal.queue.stop()
        #expect(items.allSatisfy { $0.failed == .stopped })
        #expect(journal.run().isEmpty)
        #expect(throws: RenderFailure.self) {
            try journal.queue.submit([Item("late", of: "ann", journal)], remaining: minute)
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct `what is made once` {
    private func run(
        _ pool: WorkerPool, _ body: @escaping @Sendable () throws -> Int
    ) -> Task<Int, any Error> {
        Task { try await pool.run(body) }
    }

    @Test func `it is not made again, unless making it failed`() throws {
        let once = MadeOnce<Int>()
        #expect(throws: RenderFailure.depthFailed) {
            try once.value(mustStop: { false }) { _ throws(RenderFailure) in throw .depthFailed }
        }
        #expect(try once.value(mustStop: { false }) { _ in 1 } == 1)
        #expect(try once.value(mustStop: { true }) { _ in 2 } == 1)
    }

    @Test func `a maker that is stopped goes on for those who wait, and only for them`()
        async throws
    {
        let once = MadeOnce<Int>()
        let pool = WorkerPool(threads: 3, name: "test")
        defer { pool.stop() }
        let asked = Lock(0)
        let maySecondStop = Lock(false)
        let isBegun = Lock(false)
        let first = run(pool) {
            // The first caller has gone from the beginning; it goes on while the second waits.
            try once.value(mustStop: { isBegun.withLock { $0 } }) {
                mustStop throws(RenderFailure) in
                isBegun.withLock { $0 = true }
                while asked.withLock({ $0 }) == 0 {}
                while !mustStop() {}
                throw .stopped
            }
        }
        while !isBegun.withLock({ $0 }) { await Task.yield() }
        let second = run(pool) {
            try once.value(
                mustStop: {
                    asked.withLock { $0 += 1 }
                    return maySecondStop.withLock { $0 }
                },
                make: { _ in 2 })
        }
        while asked.withLock({ $0 }) < 10 { await Task.yield() }
        // A third that only looks is stopped at once, however long the making takes.
        await #expect(throws: RenderFailure.stopped) {
            try await pool.run { try once.value(mustStop: { true }) { _ in 3 } }
        }
        maySecondStop.withLock { $0 = true }
        await #expect(throws: RenderFailure.stopped) { try await second.value }
        await #expect(throws: RenderFailure.stopped) { try await first.value }
        #expect(try once.value(mustStop: { false }) { _ in 4 } == 4)
    }
}
