import MediaService
import Testing

struct JobMachineTests {
    private static let second: Int64 = 1_000_000
    private static let rules = JobRules()

    private static func queued(_ kind: JobKind = .image) -> JobMachine {
        JobMachine(kind: kind, due: 0, deadline: 600 * second)
    }

    private static func running(_ kind: JobKind = .image, at now: Int64 = 0) -> JobMachine {
        var job = queued(kind)
        job.due = now
        _ = job.apply(.claimed, now: now, rules: rules)
        return job
    }

    private static func failure(_ kind: FailureClass, after: Int64? = nil) -> JobFailure {
        JobFailure(kind, code: "CODE", message: "It failed.", retryAfterMicroseconds: after)
    }

    /// A list of events and what each is to do.
    struct Step: Sendable {
        let event: JobMachine.Event
        let now: Int64
        let action: JobMachine.Action
        let phase: JobPhase

        init(
            _ event: JobMachine.Event, at seconds: Double = 0, _ action: JobMachine.Action,
            _ phase: JobPhase
        ) {
            self.event = event
            now = Int64(seconds * 1e6)
            self.action = action
            self.phase = phase
        }
    }

    struct Story: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: [Step]

        init(_ title: String, _ steps: [Step]) {
            testDescription = title
            self.steps = steps
        }
    }

    static let stories = [
        Story(
            "a picture is made at the first try",
            [
                Step(.claimed, .save, .leased), Step(.submitted(epoch: 1), .save, .waiting),
                Step(.storing(epoch: 1), .save, .storing), Step(.stored(epoch: 1), .save, .done),
            ]),
        Story(
            "two failures wait 1 s and 2 s, the third ends the job",
            [
                Step(.claimed, .save, .leased),
                Step(
                    .attemptFailed(epoch: 1, failure(.transient), unit: 0.5), .saveAndWake,
                    .queued),
                Step(.claimed, at: 0.9, .ignore, .queued),
                Step(.claimed, at: 1, .save, .leased),
                Step(
                    .attemptFailed(epoch: 2, failure(.transient), unit: 0.5), at: 1, .saveAndWake,
                    .queued),
                Step(.claimed, at: 2.9, .ignore, .queued),
                Step(.claimed, at: 3, .save, .leased),
                Step(
                    .attemptFailed(epoch: 3, failure(.transient), unit: 0.5), at: 3, .save,
                    .failed),
            ]),
        Story(
            "what is refused is not tried again",
            [
                Step(.claimed, .save, .leased),
                Step(.attemptFailed(epoch: 1, failure(.permanent), unit: 0), .save, .dead),
                Step(.claimed, at: 100, .ignore, .dead),
                Step(.cancelRequested, at: 100, .ignore, .dead),
            ]),
        Story(
            "a worker that lost its lease changes nothing",
            [
                Step(.claimed, .save, .leased), Step(.leaseExpired, at: 16, .saveAndWake, .queued),
                Step(.stored(epoch: 1), at: 16, .fenced, .queued),
                Step(.claimed, at: 16, .save, .leased),
                Step(.submitted(epoch: 1), at: 17, .fenced, .leased),
                Step(.storing(epoch: 1), at: 17, .fenced, .leased),
                Step(.stored(epoch: 1), at: 17, .fenced, .leased),
                Step(
                    .attemptFailed(epoch: 1, failure(.permanent), unit: 0), at: 17, .fenced,
                    .leased),
                Step(.handedBack(epoch: 1), at: 17, .fenced, .leased),
                Step(.stopped(epoch: 1), at: 17, .fenced, .leased),
                Step(.stored(epoch: 2), at: 18, .save, .done),
            ]),
        Story(
            "a job that waits is cancelled at once",
            [
                Step(.cancelRequested, .save, .cancelled),
                Step(.cancelRequested, .ignore, .cancelled), Step(.claimed, .ignore, .cancelled),
            ]),
        Story(
            "a job that runs is cancelled when its worker has stopped",
            [
                Step(.claimed, .save, .leased),
                Step(.cancelRequested, .saveAndStopWorker, .leased),
                Step(.cancelRequested, .ignore, .leased),
                Step(.stopped(epoch: 1), .save, .cancelled),
            ]),
        Story(
            "a result that came before the worker stopped counts",
            [
                Step(.claimed, .save, .leased),
                Step(.cancelRequested, .saveAndStopWorker, .leased),
                Step(.storing(epoch: 1), .save, .storing), Step(.stored(epoch: 1), .save, .done),
            ]),
        Story(
            "a failure after a cancel is the cancel",
            [
                Step(.claimed, .save, .leased),
                Step(.cancelRequested, .saveAndStopWorker, .leased),
                Step(.attemptFailed(epoch: 1, failure(.transient), unit: 0), .save, .cancelled),
            ]),
        Story(
            "a worker that dies again and again ends the job",
            (1...4).flatMap { _ in
                [Step(.claimed, .save, .leased), Step(.leaseExpired, .saveAndWake, .queued)]
            } + [Step(.claimed, .save, .leased), Step(.leaseExpired, .save, .dead)]),
        Story(
            "a job that is handed back is not counted as begun",
            (1...20).flatMap { epoch in
                [
                    Step(.claimed, .save, .leased),
                    Step(.handedBack(epoch: epoch), .saveAndWake, .queued),
                ]
            }),
        Story(
            "a full provider is asked again after its hint and fails nothing",
            (0..<4).flatMap { turn in
                [
                    Step(.claimed, at: Double(turn) * 30, .save, .leased),
                    Step(
                        .attemptFailed(
                            epoch: turn + 1, failure(.throttled, after: 30 * second), unit: 0),
                        at: Double(turn) * 30, .saveAndWake, .queued),
                ]
            }),
        Story(
            "a deadline ends what waits and stops what runs",
            [
                Step(.deadlinePassed, at: 599, .ignore, .queued),
                Step(.claimed, at: 599, .save, .leased),
                Step(.deadlinePassed, at: 600, .saveAndStopWorker, .failed),
                Step(.stored(epoch: 1), at: 601, .fenced, .failed),
            ]),
    ]

    @Test(arguments: stories)
    func `each event has its one answer`(_ story: Story) {
        var job = Self.queued()
        for (index, step) in story.steps.enumerated() {
            let action = job.apply(step.event, now: step.now, rules: Self.rules)
            #expect(action == step.action, "step \(index)")
            #expect(job.phase == step.phase, "step \(index)")
            #expect(job.phase.isTerminal == (job.finishedAt != nil))
            #expect(job.phase.isRunning == (job.leaseUntil != nil))
        }
    }

    @Test func `an unknown outcome is tried once more for a picture and never for a clip`() {
        var image = Self.running(.image)
        let unknown = Self.failure(.unknown)
        #expect(
            image.apply(.attemptFailed(epoch: 1, unknown, unit: 0), now: 0, rules: Self.rules)
                == .saveAndWake)
        _ = image.apply(.claimed, now: image.due, rules: Self.rules)
        _ = image.apply(
            .attemptFailed(epoch: 2, unknown, unit: 0), now: image.due, rules: Self.rules)
        #expect(image.phase == .dead)

        var video = Self.running(.video)
        _ = video.apply(.attemptFailed(epoch: 1, unknown, unit: 0), now: 0, rules: Self.rules)
        #expect(video.phase == .dead)
    }

    @Test func `a provider that stays full for ten minutes fails the job`() {
        var job = JobMachine(kind: .video, due: 0, deadline: 3600 * Self.second)
        var now: Int64 = 0
        var tries = 0
        while !job.phase.isTerminal, tries < 1000 {
            _ = job.apply(.claimed, now: now, rules: Self.rules)
            tries += 1
            _ = job.apply(
                .attemptFailed(epoch: job.epoch, Self.failure(.throttled), unit: 0), now: now,
                rules: Self.rules)
            now = job.due
        }
        #expect(job.phase == .failed)
        #expect(job.failures == 0)
        #expect(tries == 121)
    }

    @Test(arguments: [0, 0.25, 0.5, 0.999_999])
    func `delays stay within a fifth of one and two seconds`(unit: Double) {
        var job = Self.running()
        _ = job.apply(
            .attemptFailed(epoch: 1, Self.failure(.transient), unit: unit), now: 0,
            rules: Self.rules)
        #expect((800_000...1_200_000).contains(job.due))
        let first = job.due
        _ = job.apply(.claimed, now: first, rules: Self.rules)
        _ = job.apply(
            .attemptFailed(epoch: 2, Self.failure(.transient), unit: unit), now: first,
            rules: Self.rules)
        #expect((1_600_000...2_400_000).contains(job.due - first))
    }

    @Test func `random stories never wake a job that has ended`() {
        var state: UInt64 = 20_261
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<5_000 {
            var job = Self.queued(random(2) == 0 ? .image : .video)
            var now: Int64 = 0
            var end: JobPhase?
            for _ in 0..<30 {
                now += Int64(random(20)) * Self.second
                let epoch = max(0, job.epoch - random(2))
                let kinds = FailureClass.allCases
                let events: [JobMachine.Event] = [
                    .claimed, .claimed, .submitted(epoch: epoch), .storing(epoch: epoch),
                    .stored(epoch: epoch), .stopped(epoch: epoch), .handedBack(epoch: epoch),
                    .attemptFailed(
                        epoch: epoch, Self.failure(kinds[random(kinds.count)]), unit: 0.3),
                    .cancelRequested, .leaseExpired, .deadlinePassed,
                ]
                let before = job
                let action = job.apply(events[random(events.count)], now: now, rules: Self.rules)
                if action == .ignore || action == .fenced { #expect(job == before) }
                if let end { #expect(job.phase == end) }
                if job.phase.isTerminal { end = job.phase }
                #expect(job.claims <= Self.rules.claimsMax)
                #expect(job.epoch >= before.epoch)
            }
        }
    }
}
