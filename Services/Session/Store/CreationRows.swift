internal import ServiceAPI
internal import Storage
internal import Wire

/// What narrows a gallery down; empty texts and zeros do not.
struct CreationFilter: Hashable, Sendable {
    var kind = ""
    var step = ""
    /// Or provider.
    var model = ""
    /// In the words, whatever their case.
    var text = ""
    var isStarred = false
    var fromUs: Int64 = 0
    /// Exclusive.
    var untilUs: Int64 = .max
}

/// The statements of the creations table.
enum CreationRows {
    private static let columns =
        """
        id, user_id, session_id, operation_id, kind, step, model, provider, aspect_ratio,
        asset_ids, content_type, width, height, charged_u4, words, recipe, is_starred,
        is_generation, created_at_us, deleted_at_us
        """
    private static let find = Statement(
        "SELECT \(columns) FROM creations WHERE id = ? AND is_collected = 0")
    private static let page = Statement(
        """
        SELECT \(columns) FROM creations
        WHERE user_id = ?1 AND deleted_at_us = 0 AND (created_at_us, id) < (?2, ?3)
            AND (?5 = '' OR kind = ?5) AND (?6 = '' OR step = ?6)
            AND (?7 = '' OR model = ?7 OR provider = ?7) AND (?8 = '' OR instr(words, ?8) > 0)
            AND (?9 = 0 OR is_starred = 1) AND created_at_us >= ?10 AND created_at_us < ?11
        ORDER BY created_at_us DESC, id DESC LIMIT ?4
        """)
    // The end of an operation may be written again after a crash.
    private static let insertRow = Statement(
        """
        INSERT INTO creations(\(columns), is_collected)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
        ON CONFLICT(id) DO NOTHING
        """)
    private static let finishRow = Statement(
        """
        UPDATE creations SET asset_ids = ?2, content_type = ?3, provider = ?4, charged_u4 = ?5
        WHERE id = ?1
        """)
    private static let starRow = Statement("UPDATE creations SET is_starred = ?2 WHERE id = ?1")
    private static let deleteMark = Statement(
        "UPDATE creations SET deleted_at_us = ?2 WHERE id = ?1 AND is_collected = 0")
    private static let deleteRow = Statement("DELETE FROM creations WHERE operation_id = ?")
    private static let moveUser = Statement("UPDATE creations SET user_id = ?2 WHERE user_id = ?1")
    private static let old = Statement(
        """
        SELECT \(columns) FROM creations
        WHERE deleted_at_us > 0 AND is_collected = 0 AND deleted_at_us <= ?1
        ORDER BY deleted_at_us LIMIT ?2
        """)
    private static let collect = Statement(
        "UPDATE creations SET is_collected = 1, words = '', recipe = x'' WHERE id = ?")
    private static let collectedAssets = Statement(
        "SELECT asset_ids FROM creations WHERE session_id = ? AND is_collected = 1")

    static func creation(_ id: String, _ transaction: borrowing Transaction) throws -> Creation? {
        try transaction.first(find, id, map: creation)
    }

    /// Newest first, without those that were deleted.
    static func page(
        of userID: String, _ filter: CreationFilter, before: (createdAtUs: Int64, id: String),
        limit: Int, _ transaction: borrowing Transaction
    ) throws -> [Creation] {
        try transaction.all(
            page, userID, before.createdAtUs, before.id, limit, filter.kind, filter.step,
            filter.model, filter.text.lowercased(), filter.isStarred, filter.fromUs,
            filter.untilUs, map: creation)
    }

    static func insert(_ creation: Creation, _ transaction: borrowing Transaction) throws {
        try transaction.run(
            insertRow, creation.id, creation.userID, creation.sessionID, creation.operationID,
            creation.kind.rawValue, creation.step, creation.model, creation.provider,
            creation.aspectRatio, creation.assetIDs.joined(separator: ","),
            creation.contentType, Int64(creation.width), Int64(creation.height),
            creation.chargedU4, creation.words, try pack(creation.recipe), creation.isStarred,
            creation.isGeneration, creation.createdAtUs, creation.deletedAtUs)
    }

    /// What a generation came to.
    static func finish(_ generation: Generation, _ transaction: borrowing Transaction) throws {
        try transaction.run(
            finishRow, generation.id, generation.assetIDs.joined(separator: ","),
            generation.contentType, generation.provider, generation.chargedU4)
    }

    static func star(
        _ id: String, _ isStarred: Bool, _ transaction: borrowing Transaction
    ) throws {
        try transaction.run(starRow, id, isStarred)
    }

    /// - Parameter atUs: 0 takes the mark away.
    static func markDeleted(
        _ id: String, atUs: Int64, _ transaction: borrowing Transaction
    ) throws {
        try transaction.run(deleteMark, id, atUs)
    }

    static func delete(ofOperation id: String, _ transaction: borrowing Transaction) throws {
        try transaction.run(deleteRow, id)
    }

    static func move(
        from: String, to into: String, _ transaction: borrowing Transaction
    ) throws {
        try transaction.run(moveUser, from, into)
    }

    /// Deleted at this time or before, and not collected yet.
    static func deleted(
        until us: Int64, limit: Int, _ transaction: borrowing Transaction
    ) throws -> [Creation] {
        try transaction.all(old, us, limit, map: creation)
    }

    static func markCollected(_ id: String, _ transaction: borrowing Transaction) throws {
        try transaction.run(collect, id)
    }

    /// Assets of a session that its user deleted for good.
    static func collectedAssets(
        ofSession id: String, _ transaction: borrowing Transaction
    ) throws -> Set<String> {
        Set(
            try transaction.all(collectedAssets, id) { row in list(try row.text(0)) }
                .joined())
    }

    static func list(_ text: String) -> [String] {
        text.split(separator: ",").map(String.init)
    }

    private static func pack(_ recipe: Creation.Recipe) throws -> [UInt8] {
        try SessionAPI.StoredCreation(
            prompt: recipe.prompt, intent: recipe.intent,
            choices: recipe.choices.map(SessionAPI.StoredChoice.init),
            cameraMotionID: recipe.cameraMotionID, subjectMotion: recipe.subjectMotion,
            sourceAssetID: recipe.sourceAssetID
        ).packed()
    }

    private static func creation(_ row: borrowing Row) throws -> Creation {
        guard let kind = Creation.Kind(rawValue: try row.text(4)) else {
            throw StorageError.corrupt("a creation has an unknown kind")
        }
        let stored = try SessionAPI.StoredCreation(packed: try row.bytes(15))
        var recipe = Creation.Recipe(
            prompt: stored.prompt, intent: stored.intent,
            choices: try stored.choices.map { choice throws(StorageError) in try Choice(choice) })
        recipe.cameraMotionID = stored.cameraMotionID
        recipe.subjectMotion = stored.subjectMotion
        recipe.sourceAssetID = stored.sourceAssetID
        var creation = Creation(
            id: try row.text(0), userID: try row.text(1), sessionID: try row.text(2),
            operationID: try row.text(3), kind: kind, step: try row.text(5),
            model: try row.text(6), provider: try row.text(7), aspectRatio: try row.text(8),
            assetIDs: list(try row.text(9)), contentType: try row.text(10), recipe: recipe,
            createdAtUs: try row.integer(18))
        creation.width = UInt32(clamping: try row.integer(11))
        creation.height = UInt32(clamping: try row.integer(12))
        creation.chargedU4 = try row.integer(13)
        creation.isStarred = try row.flag(16)
        creation.isGeneration = try row.flag(17)
        creation.deletedAtUs = try row.integer(19)
        return creation
    }
}
