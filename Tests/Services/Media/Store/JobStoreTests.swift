import MediaService
import ServiceRuntime
import Storage
import Testing

struct JobStoreTests {
    private let folder = TemporaryFolder()
    private let time = VirtualTime()

    private func open() async throws -> MediaStore {
        try await MediaStore.open("sqlite:\(folder.path)/media.db", time: time)
    }

    private func job(
        _ number: Int, user: String = "ann", kind: JobKind = .image
    ) -> JobRecord {
        let now = time.now.microseconds
        return JobRecord(
            id: "job_\(number)", clientReference: "ref/\(number)",
            fingerprint: [UInt8](repeating: UInt8(number & 0xFF), count: 32), userID: user,
            owner: "op", recipe: [1, 2], createdAt: now,
            machine: JobMachine(kind: kind, due: now, deadline: now + 600_000_000))
    }

    private var wide: JobLimits {
        var limits = JobLimits()
        limits.userQueuedMax = 1_000_000
        limits.queuedMax = 1_000_000
        return limits
    }

    @Test func `a claim is what the state machine says`() async throws {
        let store = try await open()
        let made = try await store.create([job(1)], limits: wide)
        var expected = made[0].machine
        _ = expected.apply(.claimed, now: time.now.microseconds, rules: store.rules)
        let claimed = try #require(
            try await store.claim(.image, worker: "w1", limits: wide))
        #expect(claimed.machine == expected)
        #expect(try await store.claim(.image, worker: "w2", limits: wide) == nil)
        store.close()
    }

    @Test func `a worker whose lease was taken writes nothing`() async throws {
        let store = try await open()
        _ = try await store.create([job(1)], limits: wide)
        let first = try #require(try await store.claim(.image, worker: "w1", limits: wide))
        time.advance(by: .seconds(16))
        let (expired, _) = try await store.overdue(
            leasesBefore: time.now.microseconds, limit: 10)
        #expect(expired == [first.id])
        try await store.apply(.leaseExpired, to: first.id)
        let second = try #require(try await store.claim(.image, worker: "w2", limits: wide))
        #expect(second.machine.epoch == first.machine.epoch + 1)

        let epoch = first.machine.epoch
        let asset = AssetRecord(
            id: "ast_1", blob: BlobStore.blob(of: [1]), contentType: "image/png", userID: "ann",
            provider: "p", createdAt: 0)
        for event in [
            JobMachine.Event.submitted(epoch: epoch), .storing(epoch: epoch),
            .stored(epoch: epoch), .stopped(epoch: epoch), .handedBack(epoch: epoch),
        ] {
            let outcome = try await store.apply(event, to: first.id) { $0.provider = "stale" }
            #expect(outcome?.action == .fenced)
        }
        let late = try await store.complete(
            first.id, epoch: epoch, assets: [asset], result: asset.id)
        #expect(late?.action == .fenced)
        #expect(try await store.saveProviderReference("x", of: first.id, epoch: epoch) == false)
        #expect(try await store.renew(worker: "w1").isEmpty)
        #expect(try await store.job(first.id) == second)
        #expect(try await store.asset("ast_1") == nil)

        let done = try await store.complete(
            first.id, epoch: second.machine.epoch, assets: [asset], result: asset.id)
        #expect(done?.action == .save)
        #expect(try await store.asset("ast_1") != nil)
        store.close()
    }

    @Test func `a job that has ended cannot be moved even by hand`() async throws {
        let store = try await open()
        _ = try await store.create([job(1)], limits: wide)
        try await store.apply(.cancelRequested, to: "job_1")
        store.close()
        let raw = try await Database.open(
            "sqlite:\(folder.path)/media.db", migrations: MediaStore.migrations)
        await #expect(throws: (any Error).self) {
            try await raw.write { transaction in
                try transaction.execute(
                    "UPDATE jobs SET phase = 'queued', finished_at_us = NULL WHERE id = 'job_1'")
            }
        }
        raw.close()
    }

    @Test func `a reference gives its job again, and refuses another recipe`() async throws {
        let store = try await open()
        let first = try await store.create([job(1), job(2)], limits: wide)
        var again = job(1)
        again.id = "job_9"
        #expect(try await store.create([again], limits: wide) == [first[0]])
        again.fingerprint[0] ^= 1
        await #expect(throws: MediaStore.CreateRefusal.referenceTaken("ref/1")) {
            _ = try await store.create([job(3), again], limits: wide)
        }
        #expect(try await store.job(reference: "ref/3") == nil)
        store.close()
    }

    @Test func `a reference is still its owner's when that has become another user's`() async throws
    {
        let store = try await open()
        let first = try await store.create([job(1)], limits: wide)
        var again = job(1, user: "bob")
        #expect(try await store.create([again], limits: wide) == first)
        again.owner = "another"
        await #expect(throws: MediaStore.CreateRefusal.referenceTaken("ref/1")) {
            _ = try await store.create([again], limits: wide)
        }
        store.close()
    }

    @Test func `queues have bounds, and a refusal queues nothing`() async throws {
        let store = try await open()
        var limits = JobLimits()
        limits.userQueuedMax = 3
        limits.queuedMax = 5
        _ = try await store.create((1...3).map { job($0) }, limits: limits)
        await #expect(throws: MediaStore.CreateRefusal.tooManyOfUser(queued: 3, limit: 3)) {
            _ = try await store.create([job(4)], limits: limits)
        }
        _ = try await store.create([job(5, user: "bob"), job(6, user: "bob")], limits: limits)
        await #expect(throws: MediaStore.CreateRefusal.tooMany(queued: 5, limit: 5)) {
            _ = try await store.create([job(7, user: "cat")], limits: limits)
        }
        #expect(try await store.counts().queued == 5)
        store.close()
    }

    @Test func `one user never runs more than the limit of a kind`() async throws {
        let store = try await open()
        _ = try await store.create(
            (1...4).map { job($0) } + [job(5, kind: .video)], limits: wide)
        #expect(try await store.claim(.image, worker: "w", limits: wide) != nil)
        #expect(try await store.claim(.image, worker: "w", limits: wide) != nil)
        #expect(try await store.claim(.image, worker: "w", limits: wide) == nil)
        #expect(try await store.claim(.video, worker: "w", limits: wide)?.id == "job_5")
        try await store.apply(.handedBack(epoch: 1), to: "job_1")
        #expect(try await store.claim(.image, worker: "w", limits: wide)?.id == "job_1")
        store.close()
    }

    /// Claims and ends jobs until `count` are done.
    private func drain(
        _ count: Int, of store: MediaStore
    ) async throws -> (users: [String], took: Duration) {
        var users: [String] = []
        let clock = ContinuousClock()
        var took = Duration.zero
        for _ in 0..<count {
            let began = clock.now
            let next = try #require(try await store.claim(.image, worker: "w", limits: wide))
            took += clock.now - began
            users.append(next.userID)
            _ = try await store.complete(
                next.id, epoch: next.machine.epoch, assets: [], result: nil)
        }
        return (users, took)
    }

    @Test func `claims stay fair and quick with ten thousand jobs waiting`() async throws {
        let store = try await open()
        for number in 0..<42 {
            _ = try await store.create([job(30_000 + number, user: "user\(number)")], limits: wide)
        }
        let alone = try await drain(42, of: store)
        // A user who asked for almost everything, and twenty who came after with two each.
        for start in stride(from: 0, to: 10_000, by: 1000) {
            _ = try await store.create((start..<start + 1000).map { job($0) }, limits: wide)
        }
        for number in 0..<40 {
            _ = try await store.create(
                [job(20_000 + number, user: "user\(number % 20)")], limits: wide)
        }
        let crowded = try await drain(42, of: store)
        print("42 claims: \(alone.took) alone, \(crowded.took) with 10,000 waiting")
        // Whoever waits gets a turn before anybody gets a second one.
        #expect(Set(crowded.users.prefix(21)).count == 21)
        #expect(Set(crowded.users.suffix(21)).count == 21)
        // A claim that looked at every job would take a hundred times as long.
        #expect(crowded.took < alone.took * 20 + .milliseconds(500))
        let counts = try await store.counts()
        #expect(counts.queued == 9998)
        #expect(counts.running == 0)
        store.close()
    }

    @Test func `the position counts those who came before`() async throws {
        let store = try await open()
        _ = try await store.create((1...3).map { job($0) }, limits: wide)
        #expect(
            try await store.views(ids: ["job_1", "job_3"]).map(\.position) == [1, 3])
        _ = try await store.claim(.image, worker: "w", limits: wide)
        #expect(
            try await store.views(ids: ["job_1", "job_3"]).map(\.position) == [0, 2])
        store.close()
    }
}
