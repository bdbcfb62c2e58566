import Cryptography
import RPC
import ServiceAPI
import ServiceRuntime

/// Looks at the stores after every commit, and at everything together when all is over. It reads the
/// files themselves and knows the rules, not the code, of the services (docs/simulation.md).
// Safe: used on the simulation's thread only.
final class Checker: @unchecked Sendable {
    let world: Simulation
    let ledger: LedgerChecker
    private let deliveries: DeliveryChecker
    private var paths: [SimulatedProcess.Kind: String] = [:]
    private var files: [SimulatedProcess.Kind: SQLiteFile] = [:]
    /// Every operation that the journal ever had, and whether it has ended.
    private var operations: [String: Bool] = [:]
    private var assetRow: Int64 = 0
    private var checkedJobs: Set<String> = []

    init(world: Simulation) {
        self.world = world
        ledger = LedgerChecker(world: world)
        deliveries = DeliveryChecker(world: world)
    }

    func opened(_ kind: SimulatedProcess.Kind, _ path: String) {
        paths[kind] = path
        files[kind] = nil
        if kind == .credits { ledger.restarted() }
    }

    func closed(_ kind: SimulatedProcess.Kind) {
        paths[kind] = nil
        files[kind] = nil
    }

    /// Nil while the process is down.
    func path(of kind: SimulatedProcess.Kind) -> String? { paths[kind] }

    func file(_ kind: SimulatedProcess.Kind) -> SQLiteFile? {
        if let file = files[kind] { return file }
        guard let path = paths[kind], let file = SQLiteFile(path) else { return nil }
        files[kind] = file
        return file
    }

    /// Checks what a commit of a service changed.
    func check(_ kind: SimulatedProcess.Kind) {
        guard let file = file(kind) else { return }
        switch kind {
        case .credits:
            ledger.check(file)
            if let journal = self.file(.session) { checkSession(journal) }
        case .session: checkSession(file)
        case .media: checkMedia(file)
        case .prompt: break
        }
    }

    private func checkSession(_ file: SQLiteFile) {
        guard let known = file.rows("SELECT id, state <> 1 FROM operations") else { return }
        for row in known {
            let isOver = row.integer(1) == 1
            let before = operations.updateValue(isOver, forKey: row.text(0))
            if isOver, before != true { deliveries.ended(row.text(0)) }
        }
        deliveries.checkEnded()
        // Every operation is in the journal before anything is held for it.
        for job in ledger.takeJobs() where operations[job] == nil {
            world.violation(
                "I9: a hold for \(job), which no journal has: a second one for its work")
        }
        let doubles =
            file.rows(
                """
                SELECT user_id FROM sessions WHERE status = 'active'
                GROUP BY user_id HAVING count(*) > 1
                """) ?? []
        for row in doubles { world.violation("I14: \(row.text(0)) has two active sessions") }
    }

    /// I15 for each asset that is there for the first time; I9 and the fence for each finished job.
    private func checkMedia(_ file: SQLiteFile) {
        let assets =
            file.rows(
                "SELECT rowid, id, digest, bytes FROM assets WHERE rowid > ? ORDER BY rowid",
                [.integer(assetRow)]) ?? []
        for row in assets {
            assetRow = row.integer(0)
            let bytes = blob(row.bytes(2))
            if bytes.map({ Int64($0.count) }) != row.integer(3)
                || bytes.map({ SHA256.digest(of: $0) }) != row.bytes(2)
            {
                world.violation("I15: asset \(row.text(1)) has no file, or another")
            }
        }
        let jobs =
            file.rows(
                """
                SELECT j.id, a.digest FROM jobs j JOIN assets a ON a.id = j.asset_id
                WHERE j.phase = 'done'
                """) ?? []
        for row in jobs where checkedJobs.insert(row.text(0)).inserted {
            let key = row.text(0)
            guard let bytes = blob(row.bytes(1)), let made = world.providers.handedOut[bytes]
            else { continue }
            let newest = world.providers.works[key]?.newest ?? 0
            if made.key != key || made.number != newest {
                world.violation(
                    "I9: job \(key) has the result of try \(made.number), "
                        + "which lost its lease to try \(newest)")
            }
        }
    }

    func blob(_ digest: [UInt8]) -> [UInt8]? {
        guard let path = paths[.media] else { return nil }
        let name = Hex.encode(digest)
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        return Files.bytes(
            of: "/\(folder)/blobs/\(name.prefix(2))/\(name.dropFirst(2).prefix(2))/\(name)")
    }

    // MARK: What is asked in between

    /// I10 when a provider is asked: for a job that media knows and has not made, and again after an
    /// outcome that nobody knows once if it is a picture, else never.
    func checkAsked(_ job: String, isVideo: Bool) {
        guard let file = file(.media),
            let rows = file.rows("SELECT phase, unknowns FROM jobs WHERE id = ?", [.text(job)])
        else { return }
        guard let row = rows.first else {
            return world.violation("I10: a provider is asked for \(job), which media does not know")
        }
        if row.text(0) == "done" {
            world.violation("I10: \(job) is asked for again, and is made")
        }
        if row.integer(1) > (isVideo ? 0 : 1) {
            world.violation("I10: \(job) is asked for again after an unknown outcome")
        }
    }

    /// I12 for a user with nothing in flight.
    func checkIdle(_ user: String) {
        if let file = file(.credits) { ledger.checkIdle(user, file) }
    }

    /// Whether the hold of an operation ended by its time, so that nobody pays for what it made.
    func hasExpired(_ operation: String) -> Bool {
        let found = file(.credits)?.rows(
            "SELECT state FROM holds WHERE job = ?", [.text(operation)])
        return found?.contains { $0.text(0) == "expired" } ?? true
    }

    /// Jobs that a worker has, in the order in which they came.
    var leasedJobs: [String] {
        let found = file(.media)?.rows(
            "SELECT id FROM jobs WHERE phase IN ('leased', 'waiting') ORDER BY seq")
        return (found ?? []).map { $0.text(0) }
    }

    // MARK: When the faults are over

    /// I17: nothing waits that nobody works on.
    /// - Parameter isLast: Reserved holds of commands that were refused have ended by then as well.
    func checkLiveness(isLast: Bool) {
        for row in rows(.session, "SELECT id, kind, stage FROM operations WHERE state = 1") {
            world.violation("I17: \(row.text(1)) \(row.text(0)) stuck at stage \(row.integer(2))")
        }
        for row in rows(.session, "SELECT owner FROM reference_updates") {
            world.violation("I17: media has not been told of \(row.text(0))")
        }
        for row in rows(.media, "SELECT id, phase FROM jobs WHERE finished_at_us IS NULL") {
            world.violation("I17: job \(row.text(0)) is still \(row.text(1))")
        }
        let states = isLast ? "('reserved', 'submitted')" : "('submitted')"
        for row in rows(
            .credits,
            "SELECT job, state FROM holds WHERE resolve_tx IS NULL AND state IN \(states)")
        {
            world.violation("I17: the hold of \(row.text(0)) is still \(row.text(1))")
        }
    }

    func rows(_ kind: SimulatedProcess.Kind, _ sql: String) -> [SQLiteFile.Row] {
        guard let rows = file(kind)?.rows(sql) else {
            world.violation("\(kind) cannot be read: \(sql)")
            return []
        }
        return rows
    }

    /// Everything together: what was paid, delivered, remembered and asked of the providers.
    func checkEnd() {
        for kind in [SimulatedProcess.Kind.credits, .session, .media] { checkFile(kind) }
        ledger.checkChain(rows(.credits, LedgerChecker.chain))
        ledger.checkEnd(rows(.credits, LedgerChecker.accounts))
        for row in rows(.credits, "SELECT job, captured FROM holds WHERE captured > 0")
        where world.bank.told(of: row.text(0)) != row.integer(1) {
            world.log.note(
                "\(row.text(0)) took \(row.integer(1)); told: "
                    + "\(world.bank.told(of: row.text(0)).map(String.init) ?? "nothing")")
        }
        for row in rows(
            .credits,
            "SELECT event, type FROM payment_events WHERE done_us IS NULL AND tries < 3")
        {
            world.violation("I16: \(row.text(1)) \(row.text(0)) was told and is not done")
        }
        deliveries.checkAll()
        let events = rows(.session, "SELECT count(*), min(sequence), max(sequence) FROM events")
        if let row = events.first, row.integer(0) > 0,
            row.integer(2) - row.integer(1) + 1 != row.integer(0)
        {
            world.violation("I16: the events have a gap")
        }
    }

    private func checkFile(_ kind: SimulatedProcess.Kind) {
        for row in rows(kind, "PRAGMA integrity_check") where row.text(0) != "ok" {
            world.violation("I19: \(kind): \(row.text(0))")
        }
        for row in rows(kind, "PRAGMA foreign_key_check") {
            world.violation("I19: \(kind): a row of \(row.text(0)) refers to nothing")
        }
    }
}
