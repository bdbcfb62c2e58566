internal import ServiceRuntime
internal import Storage

/// The gallery: what was made, what its user likes, and what is thrown away.
extension Journal {
    /// A creation, and how far it is when it is a generation.
    typealias Entry = (creation: Creation, generation: Generation?)

    func creations(
        of userID: String, _ filter: CreationFilter, before: (createdAtUs: Int64, id: String),
        limit: Int
    ) async throws -> [Entry] {
        try await database.read { transaction in
            try CreationRows.page(
                of: userID, filter, before: before, limit: limit, transaction
            ).map { try entry($0, transaction) }
        }
    }

    /// Those that are there and the user's, in the order asked for.
    func creations(_ ids: [String], of userID: String) async throws -> [Entry] {
        try await database.read { transaction in
            try found(ids, of: userID, transaction).map { try entry($0, transaction) }
        }
    }

    func star(_ ids: [String], of userID: String, _ isStarred: Bool) async throws {
        try await database.write { transaction in
            for creation in try found(ids, of: userID, transaction) {
                try CreationRows.star(creation.id, isStarred, transaction)
            }
        }
    }

    /// Throws away, or takes back.
    /// - Throws: `SessionError.creationAtWork`; nothing is written.
    func delete(_ ids: [String], of userID: String, _ isDeleted: Bool) async throws {
        let now = time.now.microseconds
        try await database.write { transaction in
            for creation in try found(ids, of: userID, transaction) {
                let generation = try entry(creation, transaction).generation
                if isDeleted, let generation, !generation.state.isTerminal {
                    throw SessionError.creationAtWork(creation.id)
                }
                guard isDeleted != (creation.deletedAtUs > 0) else { continue }
                try CreationRows.markDeleted(
                    creation.id, atUs: isDeleted ? now : 0, transaction)
            }
        }
    }

    /// Lets go of what was deleted long enough ago: media may collect the assets.
    /// - Returns: How many.
    func collect(deletedUntilUs us: Int64, limit: Int) async throws -> Int {
        try await database.write { transaction in
            let old = try CreationRows.deleted(until: us, limit: limit, transaction)
            for creation in old {
                try CreationRows.markCollected(creation.id, transaction)
                try ReferenceRows.note(Self.owner(of: creation), transaction)
                if !creation.sessionID.isEmpty {
                    try ReferenceRows.note("session/\(creation.sessionID)", transaction)
                }
            }
            return old.count
        }
    }

    /// Assets of a session that are not kept any more.
    func collectedAssets(ofSession id: String) async throws -> Set<String> {
        try await database.read { transaction in
            try CreationRows.collectedAssets(ofSession: id, transaction)
        }
    }

    /// Under which name media keeps the assets.
    static func owner(of creation: Creation) -> String {
        creation.isGeneration ? "generation/\(creation.id)" : "creation/\(creation.id)"
    }

    func insert(_ creations: [Creation], _ transaction: borrowing Transaction) throws {
        for creation in creations {
            try CreationRows.insert(creation, transaction)
            try ReferenceRows.note(Self.owner(of: creation), transaction)
        }
    }

    private func found(
        _ ids: [String], of userID: String, _ transaction: borrowing Transaction
    ) throws -> [Creation] {
        var found: [Creation] = []
        for id in ids {
            guard let creation = try CreationRows.creation(id, transaction),
                creation.userID == userID
            else { continue }
            found.append(creation)
        }
        guard !found.isEmpty || ids.isEmpty else {
            throw SessionError.creationNotFound(ids[0])
        }
        return found
    }

    private func entry(
        _ creation: Creation, _ transaction: borrowing Transaction
    ) throws -> Entry {
        let generation =
            creation.isGeneration ? try GenerationRows.generation(creation.id, transaction) : nil
        return (creation, generation)
    }
}
