import ServiceRuntime
import Testing

@Suite struct `Time` {
    // Checked with `date -u -d @SECONDS`.
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-01-31T08:05:09.123Z", 1_769_846_709_123_000),
        ("2000-02-29t23:59:59.9999999z", 951_868_799_999_999),
        ("2026-01-31T10:05:09+02:00", 1_769_846_709_000_000),
        ("1969-12-31T23:59:59-00:30", 1_799_000_000),
    ])
    func `a time is read as RFC 3339 writes it`(_ text: String, _ microseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-01-31", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00+2:00", "2026-01-01T00:00:00Zx", "+026-01-01T00:00:00Z",
    ])
    func `what is no time is not read`(_ text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000_000, "2000-02-29T00:00:00.000Z"),
            (1_767_225_599_999_000, "2025-12-31T23:59:59.999Z"),
            (4_102_444_800_000_000, "2100-01-01T00:00:00.000Z"),
            (-1_000, "1969-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func `timestamps are written as RFC 3339`(_ microseconds: Int64, _ text: String) {
        #expect(Timestamp(microseconds: microseconds).rfc3339 == text)
    }

    @Test func `a deadline far away never wraps around`() {
        let now = Instant(nanoseconds: 5)
        #expect(now + .seconds(Int64.max / 1_000_000_000) <= .distantFuture)
        #expect(Instant.distantFuture + .seconds(1) == .distantFuture)
        #expect(now - Instant(nanoseconds: 10) == .nanoseconds(-5))
    }

    @Test func `sleepers wake in the order of their time`() async throws {
        let time = VirtualTime()
        let woken = Lock<[Int]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seconds in [3, 1, 2] {
                group.addTask {
                    try await time.sleep(for: .seconds(seconds))
                    woken.withLock { $0.append(seconds) }
                }
            }
            for expected in 1...3 {
                await time.waitForSleepers(4 - expected)
                time.advance(by: .seconds(1))
                while woken.withLock({ $0.count }) < expected { await Task.yield() }
            }
            try await group.waitForAll()
        }
        #expect(woken.withLock { $0 } == [1, 2, 3])
    }

    @Test func `a cancelled sleeper throws and is gone`() async {
        let time = VirtualTime()
        let task = Task { try await time.sleep(for: .seconds(1)) }
        await time.waitForSleepers(1)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `the wall clock jumps alone`() {
        let time = VirtualTime()
        let (wall, instant) = (time.now, time.instant)
        time.jumpWall(by: .seconds(-3600))
        #expect(time.now == wall - .seconds(3600))
        #expect(time.instant == instant)
    }

    @Test func `identifiers made later sort later`() {
        let time = VirtualTime()
        let random = RandomSource.seeded(1)
        var ids: [String] = []
        for _ in 0..<100 {
            ids.append(Identifier.make("ses", time: time, random: random))
            time.advance(by: .milliseconds(1))
        }
        #expect(ids == ids.sorted())
        #expect(Set(ids).count == 100)
        #expect(ids.allSatisfy { $0.hasPrefix("ses_") && $0.count == 30 })
    }

    @Test func `a seed gives the same numbers again`() {
        #expect(RandomSource.seeded(9).bytes(33) == RandomSource.seeded(9).bytes(33))
        #expect(RandomSource.seeded(9).bytes(33) != RandomSource.seeded(10).bytes(33))
    }
}
