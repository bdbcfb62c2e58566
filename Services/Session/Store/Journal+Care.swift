internal import ServiceAPI
internal import ServiceRuntime
internal import Storage

/// What keeps the store in order: expiry, pruning, references, moving a guest's work.
extension Journal {
    // MARK: Events

    /// Events of a user after a cursor, oldest first.
    /// - Throws: `SessionError.resync` when some of them are gone.
    func events(
        of userID: String, after cursor: UInt64, limit: Int
    ) async throws -> [SessionAPI.Event] {
        try await database.read { transaction in
            let pruned = try EventRows.prunedThrough(transaction)
            if cursor > 0, cursor < UInt64(pruned) {
                throw SessionError.resync(oldest: UInt64(pruned))
            }
            return try EventRows.events(
                of: userID, after: Int64(clamping: cursor), limit: limit, transaction)
        }
    }

    /// The number of the newest event of anybody.
    func newestEvent() async throws -> UInt64 {
        try await database.read { transaction in UInt64(try EventRows.newest(transaction)) }
    }

    // MARK: Time

    /// Abandons sessions that nobody touched for their lifetime.
    /// - Returns: How many.
    func expire(lifetimeUs: Int64, limit: Int) async throws -> Int {
        let now = time.now.microseconds
        let expired = try await database.write { transaction in
            let old = try SessionRows.untouched(
                since: now - lifetimeUs - 1, limit: limit, transaction)
            for var session in old {
                session.status = .abandoned
                session.isExpired = true
                session.version += 1
                try write(session, transaction)
            }
            return old
        }
        for session in expired { bell.ring(Self.topic(user: session.userID)) }
        return expired.count
    }

    /// Abandons the active session of a user when its time is over, so that it is not in the way.
    func expireActive(of userID: String, lifetimeUs: Int64) async throws {
        let now = time.now.microseconds
        try await database.write { transaction in
            guard var session = try SessionRows.active(of: userID, transaction),
                now > session.updatedAtUs + lifetimeUs,
                try OperationRows.running(in: session.id, transaction) == nil
            else { return }
            session.status = .abandoned
            session.isExpired = true
            session.version += 1
            try write(session, transaction)
        }
    }

    /// Deletes events and ended operations that are older than allowed.
    func prune(eventsBefore: Int64, operationsBefore: Int64, limit: Int) async throws -> Int {
        try await database.write { transaction in
            try EventRows.prune(before: eventsBefore, limit: limit, transaction)
                + OperationRows.prune(before: operationsBefore, limit: limit, transaction)
        }
    }

    // MARK: References

    struct ReferenceUpdate: Sendable {
        var owner: String
        var version: Int64
        var assetIDs: [String]
    }

    /// Owners whose assets media has to be told, with the assets they refer to now.
    func referenceUpdates(limit: Int) async throws -> [ReferenceUpdate] {
        try await database.read { transaction in
            try ReferenceRows.waiting(limit: limit, transaction).map { waiting in
                ReferenceUpdate(
                    owner: waiting.owner, version: waiting.version,
                    assetIDs: try assets(of: waiting.owner, transaction))
            }
        }
    }

    private func assets(
        of owner: String, _ transaction: borrowing Transaction
    ) throws -> [String] {
        let id = String(owner.drop { $0 != "/" }.dropFirst())
        if owner.hasPrefix("session/") {
            guard let session = try SessionRows.session(id, transaction) else { return [] }
            if session.status == .active { return session.assetIDs.sorted() }
            let collected = try CreationRows.collectedAssets(ofSession: id, transaction)
            return session.assetIDs.subtracting(collected).sorted()
        }
        return try CreationRows.creation(id, transaction)?.assetIDs ?? []
    }

    func told(_ update: ReferenceUpdate) async throws {
        try await database.write { transaction in
            try ReferenceRows.told(update.owner, version: update.version, transaction)
        }
    }

    // MARK: Users

    /// Gives everything of one user to another. Of two active sessions the one written last stays.
    func merge(from: String, into: String) async throws -> (sessions: Int, generations: Int) {
        let moved = try await database.write { transaction in
            if let theirs = try SessionRows.active(of: from, transaction),
                let own = try SessionRows.active(of: into, transaction)
            {
                var older = theirs.updatedAtUs < own.updatedAtUs ? theirs : own
                if let running = try OperationRows.running(in: older.id, transaction) {
                    _ = try OperationRows.cancel(running.id, .discard, transaction)
                }
                older.status = .abandoned
                older.version += 1
                try write(older, transaction)
            }
            let sessions = try SessionRows.move(from: from, to: into, transaction)
            let generations = try GenerationRows.move(from: from, to: into, transaction)
            try CreationRows.move(from: from, to: into, transaction)
            try OperationRows.move(from: from, to: into, transaction)
            try EventRows.move(from: from, to: into, transaction)
            return (sessions: sessions, generations: generations)
        }
        bell.ring(Self.topic(user: from), Self.topic(user: into))
        return moved
    }

    // MARK: Checking

    struct Counts: Sendable {
        var running: Int64
        var active: Int64
    }

    func counts() async throws -> Counts {
        try await database.scan { transaction in
            Counts(
                running: try OperationRows.countRunning(transaction),
                active: try SessionRows.countActive(transaction))
        }
    }

    /// Sessions that are not abandoned, by id.
    func keptSessions(after id: String, limit: Int) async throws -> [Session] {
        try await database.scan { transaction in
            try SessionRows.kept(after: id, limit: limit, transaction)
        }
    }
}
