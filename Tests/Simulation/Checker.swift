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
    private var paths: [SimulatedProcess.Kind: String] = [:]
    private var files: [SimulatedProcess.Kind: SQLiteFile] = [:]
    /// Every operation that the journal ever had.
    private(set) var operations: Set<String> = []
    private var assetRow: Int64 = 0
    private var checkedJobs: Set<String> = []

    init(world: Simulation) {
        self.world = world
        ledger = LedgerChecker(world: world)
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
        guard let known = file.rows("SELECT id FROM operations") else { return }
        for row in known { operations.insert(row.text(0)) }
        // Every operation is in the journal before anything is held for it.
        for job in ledger.takeJobs() where !operations.contains(job) {
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

    private func blob(_ digest: [UInt8]) -> [UInt8]? {
        guard let path = paths[.media] else { return nil }
        let name = Hex.encode(digest)
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        return Files.bytes(
            of: "/\(folder)/blobs/\(name.prefix(2))/\(name.dropFirst(2).prefix(2))/\(name)")
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

    private func rows(_ kind: SimulatedProcess.Kind, _ sql: String) -> [SQLiteFile.Row] {
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
        checkDeliveries()
        checkProviders()
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

    /// I9: what an operation was charged is what media made for it, and what credits took.
    private func checkDeliveries() {
        var holds: [String: [(amount: Int64, captured: Int64, state: String)]] = [:]
        for row in rows(.credits, "SELECT job, amount, captured, state FROM holds") {
            holds[row.text(0), default: []].append((row.integer(1), row.integer(2), row.text(3)))
        }
        var made: [String: Int64] = [:]
        for row in rows(.media, "SELECT client_reference FROM jobs WHERE phase = 'done'") {
            made[String(row.text(0).prefix { $0 != "/" }), default: 0] += 1
        }
        let ended = rows(
            .session,
            """
            SELECT id, kind, outcome, cancellation, held_u4, capture_u4 FROM operations
            WHERE hold_id <> ''
            """)
        for row in ended {
            let (id, kind) = (row.text(0), row.text(1))
            let own = holds[id] ?? []
            guard own.count == 1, let hold = own.first else {
                world.violation("I9: \(kind) \(id) has \(own.count) holds")
                continue
            }
            if hold.captured != row.integer(5) || hold.amount != row.integer(4) {
                world.violation(
                    "I9: \(kind) \(id) says it took \(row.integer(5)) of \(row.integer(4)); "
                        + "credits says \(hold.captured) of \(hold.amount)")
            }
            checkDelivery(row, hold.state, Int64(made[id] ?? 0))
        }
    }

    private func checkDelivery(_ row: SQLiteFile.Row, _ state: String, _ made: Int64) {
        let (id, kind, captured) = (row.text(0), row.text(1), row.integer(5))
        let isCalledOff = row.integer(3) != 0
        // A wall clock that was set forward before credits started ends holds; that is no debt.
        guard kind != "camera_motion", state != "expired" else { return }
        let isVideo = row.integer(4) % 50_000 == 0
        let unit: Int64 = isVideo ? 50_000 : 10_000
        // What was called off costs nothing; a generation may have been delivered just before.
        let isWhole = captured == made * unit
        let isRight =
            isCalledOff ? captured == 0 || isWhole && kind == "generation" : isWhole
        if !isRight {
            world.violation("I9: \(kind) \(id) was charged \(captured) for \(made) results")
        }
    }

    /// I10: what is known to have an unknown outcome is asked for again once if it is a picture, else
    /// never. A try that died with its process is repeated under the same key, which is no second one.
    private func checkProviders() {
        for row in rows(.media, "SELECT id, unknowns FROM jobs WHERE unknowns > 0") {
            guard let work = world.providers.works[row.text(0)] else { continue }
            if work.isVideo ? work.triesAfterUnknown > 0 : row.integer(1) > 2 {
                world.violation(
                    "I10: \(row.text(0)) was asked for \(work.triesAfterUnknown) times after an "
                        + "unknown outcome")
            }
        }
    }
}
