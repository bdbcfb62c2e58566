internal import ServiceRuntime
internal import Storage

extension MediaStore {
    /// Why jobs were not queued; then none of them was.
    package enum CreateRefusal: Error, Hashable, Sendable {
        /// The reference names a job with another recipe.
        case referenceTaken(String)
        case tooManyOfUser(queued: Int, limit: Int)
        case tooMany(queued: Int, limit: Int)
        case missingSource(String)
    }

    /// Queues jobs, all or none. A reference that is known answers with its job as it stands.
    /// - Returns: One record for each job given, in their order.
    /// - Throws: ``CreateRefusal``, `StorageError`.
    nonisolated(nonsending) package func create(
        _ jobs: [JobRecord], limits: JobLimits
    ) async throws -> [JobRecord] {
        try await database.write { transaction in
            var created = 0
            var records: [JobRecord] = []
            for job in jobs {
                let known = try transaction.first(
                    JobStatements.findByReference, job.clientReference,
                    map: JobStatements.record)
                if let known {
                    // What it is made for may have become another user's since: a guest who signed up.
                    guard known.fingerprint == job.fingerprint,
                        known.userID == job.userID || known.owner == job.owner
                    else {
                        throw CreateRefusal.referenceTaken(job.clientReference)
                    }
                    records.append(known)
                    continue
                }
                if let source = job.sourceAssetID {
                    let asset = try transaction.first(
                        AssetStatements.find, source, map: AssetStatements.record)
                    guard asset?.userID == job.userID else {
                        throw CreateRefusal.missingSource(source)
                    }
                }
                try JobStatements.insert(job, in: transaction)
                created += 1
                records.append(job)
            }
            guard created > 0, let user = jobs.first?.userID else { return records }
            let ofUser =
                try transaction.first(JobStatements.userQueued, user) {
                    row in Int(try row.integer(0))
                } ?? 0
            guard ofUser <= limits.userQueuedMax else {
                throw CreateRefusal.tooManyOfUser(
                    queued: ofUser - created, limit: limits.userQueuedMax)
            }
            let all =
                try transaction.first(JobStatements.queuedCount) {
                    row in Int(try row.integer(0))
                } ?? 0
            guard all <= limits.queuedMax else {
                throw CreateRefusal.tooMany(queued: all - created, limit: limits.queuedMax)
            }
            return records
        }
    }

    /// Takes the next due job, fairly among users, in one statement; nil when none is due.
    nonisolated(nonsending) package func claim(
        _ kind: JobKind, worker: String, limits: JobLimits
    ) async throws -> JobRecord? {
        let now = now
        let leaseUntil = now + rules.lease
        return try await database.write { transaction in
            let job = try transaction.first(
                JobStatements.claim, worker, leaseUntil, now, kind.rawValue,
                limits.userRunningMax, map: JobStatements.record)
            assert(job.map { $0.machine.phase == .leased && $0.machine.claims > 0 } ?? true)
            return job
        }
    }

    /// What became of an event.
    package struct Outcome: Sendable {
        package let action: JobMachine.Action
        package let job: JobRecord
    }

    /// Sends an event to a job and stores what it became, in one transaction.
    /// - Parameter change: Further changes of the row, made only when the event counted.
    /// - Returns: nil when there is no such job.
    @discardableResult
    nonisolated(nonsending) package func apply(
        _ event: JobMachine.Event, to id: String,
        change: @escaping @Sendable (inout JobRecord) -> Void = { _ in }
    ) async throws -> Outcome? {
        let now = now
        let rules = rules
        return try await database.write { transaction in
            guard
                var job = try transaction.first(
                    JobStatements.find, id, map: JobStatements.record)
            else { return nil }
            let action = job.machine.apply(event, now: now, rules: rules)
            switch action {
            case .ignore, .fenced: break
            case .save, .saveAndWake, .saveAndStopWorker:
                change(&job)
                let isSaved = try JobStatements.save(job, in: transaction)
                precondition(isSaved, "a job changed inside its own transaction")
            }
            return Outcome(action: action, job: job)
        }
    }

    /// Makes the result of a job durable: its assets and its end, together or not at all.
    /// - Returns: As ``apply(_:to:change:)``; nothing is stored when the worker lost its lease.
    nonisolated(nonsending) package func complete(
        _ id: String, epoch: Int, assets: [AssetRecord], result: String?
    ) async throws -> Outcome? {
        let now = now
        let rules = rules
        return try await database.write { transaction in
            guard
                var job = try transaction.first(
                    JobStatements.find, id, map: JobStatements.record)
            else { return nil }
            let action = job.machine.apply(.stored(epoch: epoch), now: now, rules: rules)
            guard action == .save else { return Outcome(action: action, job: job) }
            for asset in assets { try AssetStatements.insert(asset, in: transaction) }
            job.assetID = result
            if let made = assets.first(where: { $0.id == result }) { job.provider = made.provider }
            let isSaved = try JobStatements.save(job, in: transaction)
            precondition(isSaved, "a job changed inside its own transaction")
            return Outcome(action: action, job: job)
        }
    }

    /// Saves what the provider calls the work.
    /// - Returns: False when the worker lost its lease; nothing is stored then.
    nonisolated(nonsending) package func saveProviderReference(
        _ reference: String, of id: String, epoch: Int
    ) async throws -> Bool {
        try await database.write { transaction in
            try transaction.change(
                JobStatements.saveProviderReference, reference, id, epoch) == 1
        }
    }

    /// A lease that a worker still has.
    package struct Lease: Hashable, Sendable {
        package let id: String
        package let epoch: Int
        package let isCancelRequested: Bool
    }

    /// Renews every lease of a worker, in one statement.
    nonisolated(nonsending) package func renew(worker: String) async throws -> [Lease] {
        let leaseUntil = now + rules.lease
        return try await database.write { transaction in
            try transaction.all(JobStatements.renew, leaseUntil, worker) {
                row in
                Lease(
                    id: try row.text(0), epoch: Int(try row.integer(1)),
                    isCancelRequested: try row.flag(2))
            }
        }
    }

    /// Jobs whose lease ran out before `time`, and jobs past their deadline.
    nonisolated(nonsending) package func overdue(
        leasesBefore time: Int64, limit: Int
    ) async throws -> (expired: [String], late: [String]) {
        let now = now
        return try await database.read { transaction in
            let expired = try transaction.all(JobStatements.expired, time, limit) {
                row in try row.text(0)
            }
            let late = try transaction.all(JobStatements.overdue, now, limit) {
                row in try row.text(0)
            }
            return (expired, late)
        }
    }

    /// Makes jobs due that would wait for a clock that was set back before this start.
    nonisolated(nonsending) package func pullForward() async throws {
        let now = now
        let longest = max(rules.throttledDelayMax, 2 * (rules.retryDelays.max() ?? 0))
        try await database.write { transaction in
            try transaction.run(JobStatements.pullForward, now, longest)
        }
    }

    /// When the next job that is not due yet will be; nil when there is none.
    nonisolated(nonsending) package func nextDue(_ kind: JobKind) async throws -> Int64? {
        let now = now
        return try await database.read { transaction in
            try transaction.first(JobStatements.nextDue, kind.rawValue, now) {
                row in try row.integer(0)
            }
        }
    }

    nonisolated(nonsending) package func job(_ id: String) async throws -> JobRecord? {
        try await database.read { transaction in
            try transaction.first(JobStatements.find, id, map: JobStatements.record)
        }
    }

    nonisolated(nonsending) package func job(reference: String) async throws -> JobRecord? {
        try await database.read { transaction in
            try transaction.first(
                JobStatements.findByReference, reference, map: JobStatements.record)
        }
    }

    /// A job with what a caller sees beside it.
    package struct JobView: Sendable {
        package let job: JobRecord
        package let asset: AssetRecord?
        /// Jobs of its kind that arrived no later and wait, itself included; 0 when it does not.
        package let position: Int
    }

    /// Jobs by id and by reference, in that order; unknown ones are left out.
    nonisolated(nonsending) package func views(
        ids: [String], references: [String] = []
    ) async throws -> [JobView] {
        try await database.read { transaction in
            var jobs: [JobRecord] = []
            for id in ids {
                if let job = try transaction.first(
                    JobStatements.find, id, map: JobStatements.record)
                {
                    jobs.append(job)
                }
            }
            for reference in references {
                if let job = try transaction.first(
                    JobStatements.findByReference, reference, map: JobStatements.record)
                {
                    jobs.append(job)
                }
            }
            var views: [JobView] = []
            for job in jobs { views.append(try Self.view(of: job, in: transaction)) }
            return views
        }
    }

    private static func view(
        of job: JobRecord, in transaction: borrowing Transaction
    ) throws -> JobView {
        var asset: AssetRecord?
        if let id = job.assetID {
            asset = try transaction.first(AssetStatements.find, id, map: AssetStatements.record)
        }
        var position = 0
        if job.machine.phase == .queued {
            let found = try transaction.first(
                JobStatements.position, job.kind.rawValue, job.id
            ) { row in Int(try row.integer(0)) }
            position = found ?? 0
        }
        return JobView(job: job, asset: asset, position: position)
    }

    nonisolated(nonsending) package func counts() async throws -> JobCounts {
        try await database.read { transaction in
            JobCounts(
                queued: try Self.count(JobStatements.queuedCount, in: transaction),
                running: try Self.count(JobStatements.runningCount, in: transaction),
                dead: try Self.count(JobStatements.deadCount, in: transaction),
                oldestDue: Int64(
                    clamping: try Self.count(JobStatements.oldestDue, in: transaction)))
        }
    }

    /// The number in the only row of an answer; 0 when it is NULL.
    private static func count(
        _ statement: Statement, in transaction: borrowing Transaction
    ) throws -> UInt64 {
        let found = try transaction.first(statement) { row in
            UInt64(clamping: try row.optionalInteger(0) ?? 0)
        }
        return found ?? 0
    }

    /// The newest jobs of a phase.
    nonisolated(nonsending) package func jobs(
        in phase: JobPhase, limit: Int
    ) async throws -> [JobRecord] {
        try await database.read { transaction in
            try transaction.all(
                JobStatements.list, phase.rawValue, limit, map: JobStatements.record)
        }
    }

    /// Drops the lanes of users who have nothing under way.
    nonisolated(nonsending) package func forgetIdleLanes() async throws {
        try await database.write { transaction in
            try transaction.run(JobStatements.forgetIdleLanes)
        }
    }
}
