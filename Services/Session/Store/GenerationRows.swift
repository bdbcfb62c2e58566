internal import Storage

/// The statements of the generations table. Progress is kept in millionths.
enum GenerationRows {
    private static let columns =
        """
        id, user_id, session_id, operation_id, kind, model, prompt, aspect_ratio, metadata_json,
        state, progress, asset_id, content_type, provider, error_code, error_message,
        error_is_retryable, charged_u4, created_at_us, finished_at_us, asset_ids
        """
    private static let find = Statement("SELECT \(columns) FROM generations WHERE id = ?")
    private static let page = Statement(
        """
        SELECT \(columns) FROM generations WHERE user_id = ?1 AND (created_at_us, id) < (?2, ?3)
        ORDER BY created_at_us DESC, id DESC LIMIT ?4
        """)
    private static let insertRow = Statement(
        """
        INSERT INTO generations(\(columns))
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    private static let updateRow = Statement(
        """
        UPDATE generations SET state = ?2, progress = ?3, asset_id = ?4, content_type = ?5,
            provider = ?6, error_code = ?7, error_message = ?8, error_is_retryable = ?9,
            charged_u4 = ?10, finished_at_us = ?11, asset_ids = ?12
        WHERE id = ?1
        """)
    private static let deleteRow = Statement("DELETE FROM generations WHERE operation_id = ?")
    private static let moveUser = Statement(
        "UPDATE generations SET user_id = ?2 WHERE user_id = ?1")

    static func generation(
        _ id: String, _ transaction: borrowing Transaction
    ) throws -> Generation? {
        try transaction.first(find, id, map: generation)
    }

    /// Newest first.
    static func page(
        of userID: String, before: (createdAtUs: Int64, id: String), limit: Int,
        _ transaction: borrowing Transaction
    ) throws -> [Generation] {
        try transaction.all(page, userID, before.createdAtUs, before.id, limit, map: generation)
    }

    static func insert(_ generation: Generation, _ transaction: borrowing Transaction) throws {
        try transaction.run(
            insertRow, generation.id, generation.userID, generation.sessionID,
            generation.operationID, generation.kind.rawValue, generation.model,
            generation.prompt, generation.aspectRatio, generation.metadataJSON,
            generation.state.rawValue, Int64(generation.progress * 1_000_000),
            generation.assetIDs.first ?? "", generation.contentType, generation.provider,
            generation.failure?.code ?? "", generation.failure?.message ?? "",
            generation.failure?.isRetryable ?? false, generation.chargedU4,
            generation.createdAtUs, generation.finishedAtUs,
            generation.assetIDs.joined(separator: ","))
    }

    static func update(_ generation: Generation, _ transaction: borrowing Transaction) throws {
        try transaction.run(
            updateRow, generation.id, generation.state.rawValue,
            Int64(generation.progress * 1_000_000), generation.assetIDs.first ?? "",
            generation.contentType, generation.provider, generation.failure?.code ?? "",
            generation.failure?.message ?? "", generation.failure?.isRetryable ?? false,
            generation.chargedU4, generation.finishedAtUs,
            generation.assetIDs.joined(separator: ","))
    }

    static func delete(ofOperation id: String, _ transaction: borrowing Transaction) throws {
        try transaction.run(deleteRow, id)
    }

    static func move(
        from: String, to into: String, _ transaction: borrowing Transaction
    ) throws -> Int {
        try transaction.change(moveUser, from, into)
    }

    private static func generation(_ row: borrowing Row) throws -> Generation {
        guard let kind = GenerationPlan.Kind(rawValue: try row.text(4)),
            let state = Generation.State(rawValue: try row.text(9))
        else { throw StorageError.corrupt("a generation has an unknown kind or state") }
        let plan = GenerationPlan(
            generationID: try row.text(0), kind: kind, model: try row.text(5),
            prompt: try row.text(6), aspectRatio: try row.text(7), sourceAssetID: "",
            cameraMotionID: "", subjectMotion: "", seed: 0)
        var generation = Generation(
            plan: plan, userID: try row.text(1), sessionID: try row.text(2),
            operationID: try row.text(3), metadataJSON: try row.text(8),
            nowUs: try row.integer(18))
        generation.state = state
        generation.progress = Double(try row.integer(10)) / 1_000_000
        generation.assetIDs = CreationRows.list(try row.text(20))
        generation.contentType = try row.text(12)
        generation.provider = try row.text(13)
        let code = try row.text(14)
        if !code.isEmpty {
            generation.failure = Failure(
                code: code, message: try row.text(15), isRetryable: try row.flag(16))
        }
        generation.chargedU4 = try row.integer(17)
        generation.finishedAtUs = try row.integer(19)
        return generation
    }
}
