internal import RPC
internal import ServiceAPI
internal import ServiceRuntime

/// Looks for what must never be: work that nobody does, sessions against the rules, pictures that
/// are gone.
struct Verifier: Sendable {
    let journal: Journal
    let runner: SagaRunner
    let peers: Peers
    let machine: SessionMachine
    let time: any TimeSource
    private static let violationsMax = 100
    private static let page = 100

    init(
        journal: Journal, runner: SagaRunner, peers: Peers, machine: SessionMachine,
        time: any TimeSource
    ) {
        self.journal = journal
        self.runner = runner
        self.peers = peers
        self.machine = machine
        self.time = time
    }

    /// At most 100 of them, each one line.
    func violations() async throws -> [String] {
        var found = try await stuckOperations()
        var last = ""
        while found.count < Self.violationsMax {
            let sessions = try await journal.keptSessions(after: last, limit: Self.page)
            for session in sessions { found += try await violations(of: session) }
            guard let newest = sessions.last, sessions.count == Self.page else { break }
            last = newest.id
        }
        return Array(found.prefix(Self.violationsMax))
    }

    private func stuckOperations() async throws -> [String] {
        let now = time.now.microseconds
        return try await journal.runningOperations(limit: 1_000).compactMap { operation in
            if !runner.isWorking(on: operation.id) {
                return "operation \(operation.id): nobody works on it"
            }
            let age = Duration.microseconds(now - operation.createdAtUs)
            if age > runner.limit(of: operation) + .seconds(60) {
                return "operation \(operation.id): at work for \(Int(age.seconds)) s"
            }
            return nil
        }
    }

    private func violations(of session: Session) async throws -> [String] {
        var found: [String] = []
        if !machine.isWellFormed(session) {
            found.append("session \(session.id): against the rules")
        }
        let collected = try await journal.collectedAssets(ofSession: session.id)
        for assetID in session.assetIDs.subtracting(collected).sorted() {
            do throws(RPCError) {
                _ = try await peers.media.getAsset(
                    MediaAPI.GetAssetRequest(id: assetID), CallOptions(timeout: .seconds(2)))
            } catch {
                guard error.code == .notFound else { throw error }
                found.append("session \(session.id): \(assetID) is gone")
            }
        }
        return found
    }
}
