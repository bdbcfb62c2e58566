internal import ServiceRuntime
internal import Storage

extension CreditsStore {
    /// What was appended to the witness file last, and when.
    struct Witnessed {
        var sequence: Int64 = 0
        var at: Instant?
    }

    /// How often the head is appended, when it has changed.
    private static let witnessInterval = Duration.seconds(60)

    /// Appends the head of the chain to the witness file, at most once a minute.
    func witnessHead(at instant: Instant) async throws {
        guard let witness else { return }
        let last = witnessed.withLock { $0 }
        if let at = last.at, instant - at < Self.witnessInterval { return }
        // On a thread that may wait for the disk.
        let sequence = try await database.scan { transaction in
            let head = try transaction.head()
            if head.sequence > last.sequence { try witness.append(head) }
            return head.sequence
        }
        witnessed.withLock { $0 = Witnessed(sequence: sequence, at: instant) }
    }

    /// The heads that were witnessed; none for a store in memory.
    func witnessedHeads() async throws -> [Int64: [UInt8]] {
        guard let witness else { return [:] }
        return try await database.scan { _ in try witness.heads() }
    }
}
