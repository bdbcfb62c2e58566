/// Joins what an operation was charged with what media made for it and what providers delivered: when
/// it has ended, and once more when all is over.
// Safe: used on the simulation's thread only.
final class DeliveryChecker: @unchecked Sendable {
    private let world: Simulation
    /// Operations that have ended and are not joined yet: credits or media may be down just then.
    private var waiting: [String] = []
    /// The operation that paid for each depth map.
    private var depths: [String: String] = [:]

    init(world: Simulation) { self.world = world }

    func ended(_ operation: String) { waiting.append(operation) }

    /// I9 for the operations that have ended since.
    func checkEnded() {
        guard !waiting.isEmpty, let credits = world.checker.file(.credits),
            let session = world.checker.file(.session), let media = world.checker.file(.media)
        else { return }
        waiting = waiting.filter { !join($0, credits, session, media) }
    }

    /// I9 for every operation there ever was: nothing has changed since it ended.
    func checkAll() {
        waiting = world.checker.rows(.session, "SELECT id FROM operations WHERE state <> 1").map {
            $0.text(0)
        }
        checkEnded()
        for operation in waiting { world.violation("I9: \(operation) cannot be joined") }
        for row in world.checker.rows(
            .credits,
            "SELECT job FROM holds WHERE captured > 0 AND job LIKE 'op\\_%' ESCAPE '\\'")
        where world.checker.rows(
            .session, "SELECT 1 FROM operations WHERE id = '\(row.text(0))' AND state <> 1"
        ).isEmpty {
            world.violation("I9: \(row.text(0)) was charged and is no operation that ended")
        }
    }

    private struct Operation {
        var id: String
        var kind: String
        var isSucceeded: Bool
        var isCalledOff: Bool
        var hasHold: Bool
        var held: Int64
        var captured: Int64
    }

    private struct Hold {
        var amount: Int64
        var captured: Int64
        var state: String
        var isSubmitted: Bool
        /// What its capture names.
        var assets: String
    }

    /// - Returns: False when one of the stores could not be read.
    private func join(
        _ id: String, _ credits: SQLiteFile, _ session: SQLiteFile, _ media: SQLiteFile
    ) -> Bool {
        guard
            let row = session.rows(
                """
                SELECT kind, state, cancellation, hold_id, held_u4, capture_u4
                FROM operations WHERE id = ?
                """, [.text(id)])?.first,
            let held = credits.rows(
                """
                SELECT h.amount, h.captured, h.state, h.provider_reference, coalesce(t.asset, '')
                FROM holds h LEFT JOIN transactions t ON t.seq = h.resolve_tx WHERE h.job = ?
                """, [.text(id)]),
            let made = media.rows(
                """
                SELECT count(*) FROM jobs WHERE phase = 'done'
                    AND client_reference >= ?1 || '/' AND client_reference < ?1 || '0'
                """, [.text(id)])?.first
        else { return false }
        let operation = Operation(
            id: id, kind: row.text(0), isSucceeded: row.integer(1) == 2,
            isCalledOff: row.integer(2) != 0, hasHold: !row.text(3).isEmpty,
            held: row.integer(4), captured: row.integer(5))
        let holds = held.map {
            Hold(
                amount: $0.integer(0), captured: $0.integer(1), state: $0.text(2),
                isSubmitted: !$0.text(3).isEmpty, assets: $0.text(4))
        }
        check(operation, holds, made: made.integer(0), media)
        return true
    }

    private func check(
        _ operation: Operation, _ holds: [Hold], made: Int64, _ media: SQLiteFile
    ) {
        let name = "\(operation.kind) \(operation.id)"
        guard operation.hasHold, let hold = holds.first, holds.count == 1 else {
            // Refused before it knew of a hold: one may be there, and ends with its lease.
            if operation.hasHold || operation.captured != 0
                || holds.contains(where: { $0.captured > 0 })
            {
                world.violation("I9: \(name) has \(holds.count) holds")
            }
            return
        }
        if !["captured", "released", "expired"].contains(hold.state) {
            world.violation("I9: \(name) has ended and its hold is \(hold.state)")
        }
        if hold.captured != operation.captured || hold.amount != operation.held {
            world.violation(
                "I9: \(name) says it took \(operation.captured) of \(operation.held); "
                    + "credits says \(hold.captured) of \(hold.amount)")
        }
        if !operation.isSucceeded, !operation.isCalledOff, hold.captured != 0 {
            world.violation("I9: \(name) failed and was charged \(hold.captured)")
        }
        if hold.state == "expired" {
            checkExpired(name, hold, made: made)
        } else if operation.kind == "camera_motion" {
            checkDepth(operation, hold, media)
        } else {
            checkMade(operation, made: made)
        }
    }

    /// A hold that ended by its time takes nothing. While nobody had been told that the work may be
    /// under way, nothing of it was begun.
    private func checkExpired(_ name: String, _ hold: Hold, made: Int64) {
        if hold.captured != 0 || made > 0 && !hold.isSubmitted {
            world.violation(
                "I9: \(name) made \(made) without a hold, and was charged \(hold.captured)")
        }
    }

    private func checkMade(_ operation: Operation, made: Int64) {
        let captured = operation.captured
        let isVideo = operation.held % 50_000 == 0
        let isWhole = captured == made * (isVideo ? 50_000 : 10_000)
        // What was called off costs nothing; a generation may have been delivered just before.
        let isRight =
            operation.isCalledOff
            ? captured == 0 || isWhole && operation.kind == "generation" : isWhole
        if !isRight {
            world.violation(
                "I9: \(operation.kind) \(operation.id) was charged \(captured) for \(made) results")
        }
    }

    /// Depth is charged whole, for a map that media has made of a picture that the provider has seen,
    /// and each map once. Whether who was told of one has paid is compared where it is told.
    private func checkDepth(_ operation: Operation, _ hold: Hold, _ media: SQLiteFile) {
        guard hold.captured > 0 else { return }
        if hold.captured != hold.amount {
            world.violation("I9: \(operation.id) paid \(hold.captured) of \(hold.amount) for depth")
        }
        let payer = depths.updateValue(operation.id, forKey: hold.assets) ?? operation.id
        if payer != operation.id {
            world.violation("I9: \(payer) and \(operation.id) paid for depth \(hold.assets)")
        }
        let found = media.rows(
            """
            SELECT p.digest FROM assets d JOIN assets p ON p.id = d.group_id
            WHERE d.id = ? AND d.derivation IS NOT NULL AND p.is_depth_delivered = 1
            """, [.text(hold.assets)])
        if found?.first.map({ world.providers.depthsOf.contains($0.bytes(0)) }) != true {
            world.violation(
                "I9: \(operation.id) was charged for depth \(hold.assets), which nobody made")
        }
    }
}
