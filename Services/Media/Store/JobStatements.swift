internal import Storage

/// The SQL of jobs.
enum JobStatements {
    private static let columns = """
        id, client_reference, fingerprint, kind, user_id, owner, recipe, source_asset_id, phase,
        created_at_us, due_us, deadline_us, lease_epoch, lease_until_us, claims, failures, unknowns,
        throttled_since_us, cancel_requested, provider, provider_ref, error_class, error_code,
        error_message, asset_id, started_at_us, finished_at_us
        """

    static let find = Statement("SELECT \(columns) FROM jobs WHERE id = ?")
    static let findByReference = Statement(
        "SELECT \(columns) FROM jobs WHERE client_reference = ?")
    static let insert = Statement(
        """
        INSERT INTO jobs(id, client_reference, fingerprint, kind, user_id, owner, recipe,
            source_asset_id, phase, created_at_us, due_us, deadline_us)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)

    /// The oldest due job of the user who has least running and waited longest for a turn.
    ///
    /// The epoch in the row grows with each claim: whatever an earlier worker writes later names an
    /// older one and changes nothing.
    static let claim = Statement(
        """
        UPDATE jobs SET phase = 'leased', lease_owner = ?1, lease_epoch = lease_epoch + 1,
            lease_until_us = ?2, claims = claims + 1, started_at_us = COALESCE(started_at_us, ?3)
        WHERE seq = (
            SELECT (
                SELECT seq FROM jobs
                WHERE jobs.phase = 'queued' AND jobs.user_id = lanes.user_id
                    AND jobs.kind = lanes.kind AND jobs.due_us <= ?3
                ORDER BY jobs.due_us, jobs.seq LIMIT 1)
            FROM lanes
            WHERE lanes.queued > 0 AND lanes.kind = ?4 AND lanes.running < ?5
                AND EXISTS(
                    SELECT 1 FROM jobs
                    WHERE jobs.phase = 'queued' AND jobs.user_id = lanes.user_id
                        AND jobs.kind = lanes.kind AND jobs.due_us <= ?3)
            ORDER BY lanes.running, lanes.turn LIMIT 1)
        RETURNING \(columns)
        """)

    /// Writes what the machine decided, if the row is still as the machine saw it.
    static let save = Statement(
        """
        UPDATE jobs SET phase = ?, due_us = ?, lease_until_us = ?, claims = ?, failures = ?,
            unknowns = ?, throttled_since_us = ?, cancel_requested = ?, provider = ?,
            provider_ref = ?, error_class = ?, error_code = ?, error_message = ?, asset_id = ?,
            finished_at_us = ?
        WHERE id = ? AND lease_epoch = ?
        """)
    static let saveProviderReference = Statement(
        """
        UPDATE jobs SET provider_ref = ?
        WHERE id = ? AND lease_epoch = ? AND phase IN ('leased', 'waiting', 'storing')
        """)
    /// Every lease of one worker at once; what is not in the answer is no longer this worker's.
    static let renew = Statement(
        """
        UPDATE jobs SET lease_until_us = ? WHERE lease_owner = ? AND lease_until_us IS NOT NULL
        RETURNING id, lease_epoch, cancel_requested
        """)
    static let expired = Statement(
        "SELECT id FROM jobs WHERE lease_until_us IS NOT NULL AND lease_until_us <= ? LIMIT ?")
    /// Jobs that are due later than any wait explains: the clock has been set back since.
    static let pullForward = Statement(
        "UPDATE jobs SET due_us = ?1 WHERE phase = 'queued' AND due_us > ?1 + ?2")
    static let overdue = Statement(
        "SELECT id FROM jobs WHERE finished_at_us IS NULL AND deadline_us <= ? LIMIT ?")
    static let nextDue = Statement(
        "SELECT due_us FROM jobs WHERE phase = 'queued' AND kind = ? AND due_us > ? "
            + "ORDER BY due_us LIMIT 1")

    static let userQueued = Statement(
        "SELECT COALESCE(sum(queued), 0) FROM lanes WHERE user_id = ?")
    static let queuedCount = Statement("SELECT COALESCE(sum(queued), 0) FROM lanes")
    static let runningCount = Statement("SELECT COALESCE(sum(running), 0) FROM lanes")
    static let deadCount = Statement("SELECT count(*) FROM jobs WHERE phase = 'dead'")
    static let oldestDue = Statement("SELECT min(due_us) FROM jobs WHERE phase = 'queued'")
    static let position = Statement(
        """
        SELECT count(*) FROM jobs WHERE phase = 'queued' AND kind = ?
            AND seq <= (SELECT seq FROM jobs WHERE id = ?)
        """)
    static let forgetIdleLanes = Statement(
        "DELETE FROM lanes WHERE queued = 0 AND running = 0")
    static let list = Statement(
        """
        SELECT \(columns) FROM jobs WHERE phase = ? ORDER BY seq DESC LIMIT ?
        """)

    static func record(_ row: borrowing Row) throws(StorageError) -> JobRecord {
        guard let kind = JobKind(rawValue: Int(try row.integer(3))),
            let phase = JobPhase(rawValue: try row.text(8))
        else { throw .corrupt("a job has an unknown kind or phase") }
        var machine = JobMachine(
            kind: kind, due: try row.integer(10), deadline: try row.integer(11))
        machine.phase = phase
        machine.epoch = Int(try row.integer(12))
        machine.leaseUntil = try row.optionalInteger(13)
        machine.claims = Int(try row.integer(14))
        machine.failures = Int(try row.integer(15))
        machine.unknowns = Int(try row.integer(16))
        machine.throttledSince = try row.optionalInteger(17)
        machine.isCancelRequested = try row.flag(18)
        if let failure = try row.optionalText(21).flatMap(FailureClass.init(rawValue:)) {
            machine.error = JobFailure(
                failure, code: try row.text(22), message: try row.text(23))
        }
        machine.startedAt = try row.optionalInteger(25)
        machine.finishedAt = try row.optionalInteger(26)
        var job = JobRecord(
            id: try row.text(0), clientReference: try row.text(1),
            fingerprint: try row.bytes(2), userID: try row.text(4), owner: try row.text(5),
            recipe: try row.bytes(6), sourceAssetID: try row.optionalText(7),
            createdAt: try row.integer(9), machine: machine)
        job.provider = try row.text(19)
        job.providerReference = try row.optionalText(20)
        job.assetID = try row.optionalText(24)
        return job
    }

    static func insert(
        _ job: JobRecord, in transaction: borrowing Transaction
    ) throws(StorageError) {
        precondition(job.machine.phase == .queued && job.machine.epoch == 0)
        try transaction.run(
            insert, job.id, job.clientReference, job.fingerprint, job.kind.rawValue, job.userID,
            job.owner, job.recipe, job.sourceAssetID, job.machine.phase.rawValue, job.createdAt,
            job.machine.due, job.machine.deadline)
    }

    /// - Returns: False when the job has been claimed anew since it was read.
    static func save(
        _ job: JobRecord, in transaction: borrowing Transaction
    ) throws(StorageError) -> Bool {
        let machine = job.machine
        return try transaction.change(
            save, machine.phase.rawValue, machine.due, machine.leaseUntil, machine.claims,
            machine.failures, machine.unknowns, machine.throttledSince,
            machine.isCancelRequested, job.provider, job.providerReference,
            machine.error?.kind.rawValue, machine.error?.code, machine.error?.message,
            job.assetID, machine.finishedAt, job.id, machine.epoch) == 1
    }
}
