/// The life of one job: an event goes in, the changed job and an action come out.
///
/// The machine holds no clock and no randomness; both come with the event. Every event that a worker
/// sends carries the epoch of its lease: an event of an older epoch comes from a worker that lost
/// the job, and changes nothing.
package struct JobMachine: Hashable, Sendable {
    package var kind: JobKind
    package var phase: JobPhase = .queued
    /// Grows with each claim; the fencing token of a lease.
    package var epoch = 0
    package var claims = 0
    /// Tries that failed and counted.
    package var failures = 0
    /// Tries whose outcome the provider never told.
    package var unknowns = 0
    package var isCancelRequested = false
    /// Not claimed before this time.
    package var due: Int64
    /// Not tried after this time.
    package var deadline: Int64
    package var leaseUntil: Int64?
    /// When a provider first refused for lack of room; nil when none has.
    package var throttledSince: Int64?
    package var error: JobFailure?
    package var startedAt: Int64?
    package var finishedAt: Int64?

    package init(kind: JobKind, due: Int64, deadline: Int64) {
        self.kind = kind
        self.due = due
        self.deadline = deadline
    }

    /// What happened to a job.
    package enum Event: Hashable, Sendable {
        /// A worker takes the job.
        case claimed
        /// The worker asks the provider.
        case submitted(epoch: Int)
        /// The result is there and is about to be stored.
        case storing(epoch: Int)
        /// The result is durable.
        case stored(epoch: Int)
        /// The try ended without a result.
        case attemptFailed(epoch: Int, JobFailure, unit: Double)
        /// The worker stopped because it was asked to cancel.
        case stopped(epoch: Int)
        /// The worker gives the job back undone, because its process ends.
        case handedBack(epoch: Int)
        /// The owner no longer wants the job.
        case cancelRequested
        /// The worker's lease ran out, or its process is known to be gone.
        case leaseExpired
        /// The time set for the whole job is over.
        case deadlinePassed
    }

    /// What the caller does next.
    package enum Action: Hashable, Sendable {
        /// Store the job as it is now and tell who watches it.
        case save
        /// As `save`; and somebody must look again when the job is due.
        case saveAndWake
        /// As `save`; and the worker that has the job must stop.
        case saveAndStopWorker
        /// Nothing changed: the event came too late or twice.
        case ignore
        /// The sender lost its lease; it stops and writes nothing.
        case fenced
    }

    /// - Parameter now: The wall clock, in microseconds.
    package mutating func apply(_ event: Event, now: Int64, rules: JobRules) -> Action {
        switch event {
        case .claimed:
            return claim(now, rules)
        case .submitted(let epoch):
            return step(epoch, from: [.leased], to: .waiting, rules)
        case .storing(let epoch):
            return step(epoch, from: [.leased, .waiting], to: .storing, rules)
        case .stored(let epoch):
            if let refusal = refusal(of: epoch, rules) { return refusal }
            // A result that is there counts even when the owner has just cancelled.
            finish(.done, now)
            error = nil
            return .save
        case .attemptFailed(let epoch, let failure, let unit):
            if let refusal = refusal(of: epoch, rules) { return refusal }
            return attemptFailed(failure, unit: unit, now, rules)
        case .stopped(let epoch):
            if let refusal = refusal(of: epoch, rules) { return refusal }
            guard isCancelRequested else { return requeue(at: now) }
            finish(.cancelled, now)
            return .save
        case .handedBack(let epoch):
            if let refusal = refusal(of: epoch, rules) { return refusal }
            if isCancelRequested {
                finish(.cancelled, now)
                return .save
            }
            claims = max(0, claims - 1)
            return requeue(at: now)
        case .cancelRequested:
            return cancel(now)
        case .leaseExpired:
            return leaseExpired(now, rules)
        case .deadlinePassed:
            return deadlinePassed(now)
        }
    }

    private mutating func claim(_ now: Int64, _ rules: JobRules) -> Action {
        guard phase == .queued, due <= now else { return .ignore }
        phase = .leased
        epoch += 1
        claims += 1
        leaseUntil = now + rules.lease
        if startedAt == nil { startedAt = now }
        return .save
    }

    private mutating func step(
        _ epoch: Int, from: [JobPhase], to next: JobPhase, _ rules: JobRules
    ) -> Action {
        if let refusal = refusal(of: epoch, rules) { return refusal }
        guard from.contains(phase) else { return .ignore }
        phase = next
        return .save
    }

    private mutating func attemptFailed(
        _ failure: JobFailure, unit: Double, _ now: Int64, _ rules: JobRules
    ) -> Action {
        error = failure
        if isCancelRequested {
            finish(.cancelled, now)
            return .save
        }
        switch failure.kind {
        case .permanent, .bug:
            finish(.dead, now)
            return .save
        case .throttled:
            return throttled(failure, now, rules)
        case .unknown:
            unknowns += 1
            guard kind == .image || rules.retriesUnknownVideos, unknowns <= rules.unknownRetries
            else {
                finish(.dead, now)
                return .save
            }
            return retry(unit: unit, now, rules)
        case .transient:
            return retry(unit: unit, now, rules)
        }
    }

    private mutating func retry(unit: Double, _ now: Int64, _ rules: JobRules) -> Action {
        failures += 1
        guard failures <= rules.retryDelays.count else {
            finish(.failed, now)
            return .save
        }
        guard claims < rules.claimsMax else {
            finish(.dead, now)
            return .save
        }
        let due = now + rules.retryDelay(afterFailures: failures, unit: unit)
        guard due < deadline else {
            finish(.failed, now)
            return .save
        }
        return requeue(at: due)
    }

    private mutating func throttled(
        _ failure: JobFailure, _ now: Int64, _ rules: JobRules
    ) -> Action {
        let since = throttledSince ?? now
        throttledSince = since
        let asked = failure.retryAfterMicroseconds ?? rules.throttledDelay
        let due = now + min(max(asked, 100_000), rules.throttledDelayMax)
        guard due - since <= rules.throttledMax, due < deadline else {
            finish(.failed, now)
            return .save
        }
        claims = max(0, claims - 1)
        return requeue(at: due)
    }

    private mutating func cancel(_ now: Int64) -> Action {
        switch phase {
        case .queued:
            isCancelRequested = true
            finish(.cancelled, now)
            return .save
        case .leased, .waiting, .storing:
            guard !isCancelRequested else { return .ignore }
            isCancelRequested = true
            return .saveAndStopWorker
        case .done, .failed, .cancelled, .dead:
            return .ignore
        }
    }

    private mutating func leaseExpired(_ now: Int64, _ rules: JobRules) -> Action {
        guard phase.isRunning else { return .ignore }
        if isCancelRequested {
            finish(.cancelled, now)
            return .save
        }
        guard claims < rules.claimsMax else {
            error = JobFailure(
                .bug, code: "WORKER_LOST", message: "The work was interrupted too often.")
            finish(.dead, now)
            return .save
        }
        return requeue(at: now)
    }

    private mutating func deadlinePassed(_ now: Int64) -> Action {
        guard !phase.isTerminal, now >= deadline else { return .ignore }
        let wasRunning = phase.isRunning
        error = JobFailure(
            .transient, code: wasRunning ? "PROVIDER_TIMEOUT" : "DEADLINE_EXCEEDED",
            message: "The work took too long.")
        finish(.failed, now)
        return wasRunning ? .saveAndStopWorker : .save
    }

    /// Waits for the next claim; the epoch stays until then, and no worker holds it.
    private mutating func requeue(at due: Int64) -> Action {
        phase = .queued
        leaseUntil = nil
        self.due = due
        return .saveAndWake
    }

    private mutating func finish(_ end: JobPhase, _ now: Int64) {
        assert(end.isTerminal && !phase.isTerminal)
        phase = end
        leaseUntil = nil
        finishedAt = now
    }

    /// Why a worker's event does not count; nil when it holds the lease.
    private func refusal(of epoch: Int, _ rules: JobRules) -> Action? {
        guard epoch == self.epoch || rules.isFenceless, phase.isRunning else { return .fenced }
        return nil
    }
}
