internal import Storage

/// The SQL of assets and references.
enum AssetStatements {
    private static let columns = """
        id, digest, bytes, content_type, width, height, duration_us, user_id, provider,
        created_at_us, group_id, depth_asset_id, mask_asset_id, clean_asset_id, letterbox_ppm,
        border_ppm, border_rgb, grain_ppm, grain_seed, derivation, is_depth_delivered
        """

    static let find = Statement("SELECT \(columns) FROM assets WHERE id = ?")
    static let findDerived = Statement(
        "SELECT \(columns) FROM assets WHERE group_id = ? AND derivation = ?")
    static let findSameDerivation = Statement(
        "SELECT \(columns) FROM assets WHERE derivation = ? LIMIT 1")
    static let page = Statement(
        "SELECT \(columns) FROM assets WHERE id > ? ORDER BY id LIMIT ?")
    static let insert = Statement(
        """
        INSERT INTO assets(\(columns), unreferenced_at_us)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    static let markDepthDelivered = Statement(
        "UPDATE assets SET is_depth_delivered = 1 WHERE id = ? AND is_depth_delivered = 0")
    static let hasDigest = Statement("SELECT 1 FROM assets WHERE digest = ? LIMIT 1")

    static let references = Statement(
        "SELECT asset_id FROM asset_references WHERE owner = ? ORDER BY asset_id")
    static let refer = Statement(
        "INSERT INTO asset_references(owner, asset_id) VALUES(?, ?) ON CONFLICT DO NOTHING")
    static let drop = Statement("DELETE FROM asset_references WHERE owner = ? AND asset_id = ?")
    /// Sets since when nobody refers to a group: never for one that is referred to, and not anew for
    /// one that has been left before.
    static let touchGroup = Statement(
        """
        UPDATE assets SET unreferenced_at_us = CASE
            WHEN EXISTS(
                SELECT 1 FROM assets AS member
                JOIN asset_references ON asset_references.asset_id = member.id
                WHERE member.group_id = assets.id) THEN NULL
            ELSE COALESCE(unreferenced_at_us, ?) END
        WHERE id = (SELECT group_id FROM assets WHERE id = ?)
        """)

    /// Groups that may go. The second condition repeats what `unreferenced_at_us` says, from the
    /// references themselves.
    static let collectable = Statement(
        """
        SELECT id FROM assets AS root
        WHERE unreferenced_at_us <= ? AND group_id = id
            AND NOT EXISTS(
                SELECT 1 FROM assets AS member
                JOIN asset_references ON asset_references.asset_id = member.id
                WHERE member.group_id = root.id)
            AND NOT EXISTS(
                SELECT 1 FROM assets AS member
                JOIN jobs ON jobs.source_asset_id = member.id AND jobs.finished_at_us IS NULL
                    AND jobs.source_asset_id IS NOT NULL
                WHERE member.group_id = root.id)
        ORDER BY unreferenced_at_us LIMIT ?
        """)
    static let groupDigests = Statement("SELECT DISTINCT digest FROM assets WHERE group_id = ?")
    static let removeGroup = Statement(
        """
        DELETE FROM assets WHERE id = ?1 AND unreferenced_at_us <= ?2 AND NOT EXISTS(
            SELECT 1 FROM assets AS member
            JOIN asset_references ON asset_references.asset_id = member.id
            WHERE member.group_id = ?1)
        """)

    static func record(_ row: borrowing Row) throws(StorageError) -> AssetRecord {
        let bytes = Int(try row.integer(2))
        var asset = AssetRecord(
            id: try row.text(0), blob: BlobStore.Blob(digest: try row.bytes(1), bytes: bytes),
            contentType: try row.text(3), userID: try row.text(7), provider: try row.text(8),
            createdAt: try row.integer(9), groupID: try row.text(10))
        asset.width = Int(try row.integer(4))
        asset.height = Int(try row.integer(5))
        asset.durationMicroseconds = try row.integer(6)
        asset.depthID = try row.optionalText(11)
        asset.maskID = try row.optionalText(12)
        asset.cleanID = try row.optionalText(13)
        asset.overlay.letterboxPPM = try row.integer(14)
        asset.overlay.borderPPM = try row.integer(15)
        asset.overlay.borderRGB = try row.integer(16)
        asset.overlay.grainPPM = try row.integer(17)
        asset.overlay.grainSeed = try row.integer(18)
        asset.derivation = try row.optionalBytes(19)
        asset.isDepthDelivered = try row.flag(20)
        return asset
    }

    static func insert(
        _ asset: AssetRecord, in transaction: borrowing Transaction
    ) throws(StorageError) {
        let isRoot = asset.groupID == asset.id
        try transaction.run(
            insert, asset.id, asset.blob.digest, asset.blob.bytes, asset.contentType, asset.width,
            asset.height, asset.durationMicroseconds, asset.userID, asset.provider,
            asset.createdAt, asset.groupID, asset.depthID, asset.maskID, asset.cleanID,
            asset.overlay.letterboxPPM, asset.overlay.borderPPM, asset.overlay.borderRGB,
            asset.overlay.grainPPM, asset.overlay.grainSeed, asset.derivation,
            asset.isDepthDelivered, isRoot ? Optional(asset.createdAt) : nil)
    }
}
