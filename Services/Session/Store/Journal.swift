internal import ServiceAPI
internal import ServiceRuntime
internal import Storage

/// The store: sessions, operations, generations and events, changed together in one transaction
/// each. Whoever waits for a change is woken after it is on disk.
struct Journal: Sendable {
    static let migrations = [
        Migration(1, "create_tables", PackageResources._001_create_tables_sql),
        Migration(2, "add_creations", PackageResources._002_add_creations_sql),
    ]

    let database: Database
    let time: any TimeSource
    let bell = Bell()

    static func topic(user id: String) -> String { "user/\(id)" }
    static func topic(operation id: String) -> String { "operation/\(id)" }

    // MARK: Reading

    func session(_ id: String) async throws -> Session? {
        try await database.read { transaction in try SessionRows.session(id, transaction) }
    }

    func activeSession(of userID: String) async throws -> Session? {
        try await database.read { transaction in
            try SessionRows.active(of: userID, transaction)
        }
    }

    func sessions(
        of userID: String, before: (createdAtUs: Int64, id: String), limit: Int
    ) async throws -> [Session] {
        try await database.read { transaction in
            try SessionRows.page(of: userID, before: before, limit: limit, transaction)
        }
    }

    func operation(_ id: String) async throws -> Operation? {
        try await database.read { transaction in try OperationRows.operation(id, transaction) }
    }

    func runningOperation(in sessionID: String) async throws -> Operation? {
        try await database.read { transaction in
            try OperationRows.running(in: sessionID, transaction)
        }
    }

    func runningOperations(limit: Int) async throws -> [Operation] {
        try await database.read { transaction in
            try OperationRows.running(limit: limit, transaction)
        }
    }

    func generation(_ id: String) async throws -> Generation? {
        try await database.read { transaction in
            try GenerationRows.generation(id, transaction)
        }
    }

    func generations(
        of userID: String, before: (createdAtUs: Int64, id: String), limit: Int
    ) async throws -> [Generation] {
        try await database.read { transaction in
            try GenerationRows.page(of: userID, before: before, limit: limit, transaction)
        }
    }

    // MARK: Accepting commands

    /// What a command on a session came to when it was accepted.
    struct Acceptance: Sendable {
        var operation: Operation
        /// Nil while a start has not made it yet.
        var session: Session?
        /// The same command was accepted before.
        var isReplay = false
        /// What it stopped.
        var stopped: Operation?
    }

    /// Accepts a command on a session once: decides it, writes the session or the work to do.
    ///
    /// - Parameters:
    ///   - draft: The operation with its work still empty.
    ///   - admit: Refuses who may not act on the session, whatever it stands at.
    ///   - decide: Gives the session to write, if any, and the work that is left.
    /// - Throws: `SessionError`; nothing is written.
    func accept(
        _ draft: Operation, admit: @escaping @Sendable (Session) throws -> Void,
        decide: @escaping @Sendable (Session) throws -> (Session?, Operation.Work)
    ) async throws -> Acceptance {
        let now = time.now.microseconds
        let acceptance = try await database.write { transaction -> Acceptance in
            if let replay = try replay(of: draft, transaction) { return replay }
            let found = try found(draft, transaction, admit)
            if let running = found.running, running.stage < .settle {
                return try interrupt(running, for: draft, found.session, transaction, decide)
            }
            let (written, work) = try decided(found, decide)
            var operation = Operation(
                id: draft.id, userID: draft.userID, sessionID: draft.sessionID,
                kind: draft.kind, idempotencyKey: draft.idempotencyKey,
                fingerprint: draft.fingerprint, work: work, nowUs: now)
            operation.terms = draft.terms
            operation.requestID = draft.requestID
            try OperationRows.insert(operation, transaction)
            if let written { try write(written, transaction) }
            try append(operation, transaction)
            return Acceptance(operation: operation, session: written ?? found.session)
        }
        ring(acceptance.operation)
        if let stopped = acceptance.stopped { ring(stopped) }
        return acceptance
    }

    /// What accepting a command would come to. Nothing is written.
    /// - Returns: The operation with its work.
    /// - Throws: What `accept` throws.
    func considered(
        _ draft: Operation, admit: @escaping @Sendable (Session) throws -> Void,
        decide: @escaping @Sendable (Session) throws -> (Session?, Operation.Work)
    ) async throws -> Operation {
        try await database.read { transaction in
            let found = try found(draft, transaction, admit)
            var operation = draft
            if let running = found.running, running.stage < .settle {
                try refuseUnlessInterrupting(draft, running, found.session)
            } else {
                operation.work = try decided(found, decide).1
            }
            return operation
        }
    }

    private typealias Found = (session: Session, running: Operation?)

    /// The session of a command and what it is busy with.
    private func found(
        _ draft: Operation, _ transaction: borrowing Transaction,
        _ admit: @Sendable (Session) throws -> Void
    ) throws -> Found {
        guard let session = try SessionRows.session(draft.sessionID, transaction) else {
            throw SessionError.sessionNotFound(draft.sessionID)
        }
        try admit(session)
        return (session, try OperationRows.running(in: session.id, transaction))
    }

    private func decided(
        _ found: Found, _ decide: @Sendable (Session) throws -> (Session?, Operation.Work)
    ) throws -> (Session?, Operation.Work) {
        let (written, work) = try decide(found.session)
        // The one before has written the session and only settles its credits: what needs no
        // work goes ahead.
        if let running = found.running, work != .navigation {
            throw SessionError.commandRunning(
                sessionID: found.session.id, operationID: running.id)
        }
        return (written, work)
    }

    private func refuseUnlessInterrupting(
        _ draft: Operation, _ running: Operation, _ session: Session
    ) throws {
        guard draft.kind.interruption != .refused else {
            throw SessionError.commandRunning(sessionID: session.id, operationID: running.id)
        }
    }

    /// Back, cancel and abandon stop what a session is busy with; nothing else gets in meanwhile.
    private func interrupt(
        _ running: Operation, for draft: Operation, _ session: Session,
        _ transaction: borrowing Transaction,
        _ decide: @Sendable (Session) throws -> (Session?, Operation.Work)
    ) throws -> Acceptance {
        try refuseUnlessInterrupting(draft, running, session)
        let cancellation = draft.kind.interruption.cancellation
        // Back stops the work instead of leaving the step.
        let written = draft.kind == .abandon ? try decide(session).0 : nil
        var operation = draft
        operation.state = .succeeded
        operation.stage = .ended
        operation.finishedAtUs = time.now.microseconds
        try OperationRows.insert(operation, transaction)
        if let written { try write(written, transaction) }
        if cancellation != .none {
            _ = try OperationRows.cancel(running.id, cancellation, transaction)
        }
        try append(operation, transaction)
        return Acceptance(
            operation: operation, session: written ?? session,
            stopped: cancellation == .none ? nil : running)
    }

    /// Accepts work that has no session row to decide on: a start or a generation.
    func accept(
        _ operation: Operation, generation: Generation? = nil, runningMax: Int? = nil
    ) async throws -> Acceptance {
        let acceptance = try await database.write { transaction -> Acceptance in
            if let replay = try replay(of: operation, transaction) { return replay }
            if let runningMax,
                try OperationRows.countRunning(of: operation.userID, transaction) >= runningMax
            {
                throw SessionError.tooManyRunning(limit: runningMax)
            }
            try OperationRows.insert(operation, transaction)
            if let generation, case .generation(let plan) = operation.work {
                try GenerationRows.insert(generation, transaction)
                try CreationRows.insert(
                    Creation(generation, plan, operation), transaction)
            }
            try append(operation, transaction)
            return Acceptance(operation: operation)
        }
        ring(acceptance.operation)
        return acceptance
    }

    /// What a command with a known key came to; nil when the key is new.
    func replay(of draft: Operation) async throws -> Acceptance? {
        try await database.read { transaction in try replay(of: draft, transaction) }
    }

    private func replay(
        of draft: Operation, _ transaction: borrowing Transaction
    ) throws -> Acceptance? {
        let found = try OperationRows.operation(
            of: draft.userID, key: draft.idempotencyKey, transaction)
        guard let found else { return nil }
        guard found.kind == draft.kind, found.fingerprint == draft.fingerprint else {
            throw SessionError.keyReused
        }
        var acceptance = Acceptance(
            operation: found, session: try SessionRows.session(found.sessionID, transaction),
            isReplay: true)
        // Whoever was to be stopped may not have been told the first time.
        if found.kind.interruption.cancellation != .none,
            let running = try OperationRows.running(in: found.sessionID, transaction),
            running.cancellation != .none
        {
            acceptance.stopped = running
        }
        return acceptance
    }

    /// Forgets an operation that was refused before anything was held: its key may be used again.
    func refuse(_ operation: Operation) async throws {
        try await database.write { transaction in
            try OperationRows.delete(operation.id, transaction)
            try GenerationRows.delete(ofOperation: operation.id, transaction)
            try CreationRows.delete(ofOperation: operation.id, transaction)
        }
        ring(operation)
    }

    /// Asks a running operation to stop.
    /// - Returns: Whether it was running.
    func cancel(_ operation: Operation, _ cancellation: Operation.Cancellation) async throws -> Bool
    {
        let isRunning = try await database.write { transaction in
            try OperationRows.cancel(operation.id, cancellation, transaction)
        }
        ring(operation)
        return isRunning
    }

    // MARK: Shared

    func ring(_ operation: Operation) {
        bell.ring(Self.topic(user: operation.userID), Self.topic(operation: operation.id))
    }

    func write(_ session: Session, _ transaction: borrowing Transaction) throws {
        try SessionRows.update(session, transaction)
        try ReferenceRows.note("session/\(session.id)", transaction)
        let event = SessionAPI.Event(
            kind: "session", sessionID: session.id, atUs: time.now.microseconds)
        try EventRows.append(event, to: session.userID, transaction)
    }

    func append(_ operation: Operation, _ transaction: borrowing Transaction) throws {
        let event = SessionAPI.Event(
            kind: "operation", operation: SessionAPI.Operation(operation),
            sessionID: operation.sessionID, atUs: time.now.microseconds,
            operationID: operation.id)
        try EventRows.append(event, to: operation.userID, transaction)
    }
}
