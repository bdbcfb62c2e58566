internal import ServiceRuntime
internal import Storage

extension MediaStore {
    nonisolated(nonsending) package func asset(_ id: String) async throws -> AssetRecord? {
        try await database.read { transaction in
            try transaction.first(AssetStatements.find, id, map: AssetStatements.record)
        }
    }

    /// Stores rows whose bytes are already on disk, in the order given: a group's picture first.
    nonisolated(nonsending) package func insert(_ assets: [AssetRecord]) async throws {
        try await database.write { transaction in
            for asset in assets { try AssetStatements.insert(asset, in: transaction) }
        }
    }

    /// What a group has that was made by this computation; nil when nothing.
    nonisolated(nonsending) package func derived(
        group: String, derivation: [UInt8]
    ) async throws -> AssetRecord? {
        try await database.read { transaction in
            try transaction.first(
                AssetStatements.findDerived, group, derivation, map: AssetStatements.record)
        }
    }

    /// Any asset, of whatever user and group, that the same computation has given before.
    nonisolated(nonsending) package func sameDerivation(
        _ derivation: [UInt8]
    ) async throws -> AssetRecord? {
        try await database.read { transaction in
            try transaction.first(
                AssetStatements.findSameDerivation, derivation, map: AssetStatements.record)
        }
    }

    /// Notes that the depth of a picture was handed out.
    /// - Returns: Whether this was the first time.
    nonisolated(nonsending) package func markDepthDelivered(_ id: String) async throws -> Bool {
        try await database.write { transaction in
            try transaction.change(AssetStatements.markDepthDelivered, id) == 1
        }
    }

    /// Replaces the list of assets that an owner refers to.
    ///
    /// An asset that is gone is left out rather than refused: a list that can never be stored would
    /// keep its owner from telling of anything else, and more would be collected.
    /// - Returns: The ids that name no asset.
    @discardableResult
    nonisolated(nonsending) package func setReferences(
        of owner: String, to ids: [String]
    ) async throws -> [String] {
        let now = now
        return try await database.write { transaction in
            let before = Set(
                try transaction.all(AssetStatements.references, owner) {
                    row in try row.text(0)
                })
            let after = Set(ids)
            var unknown: [String] = []
            for id in after.subtracting(before).sorted() {
                let asset = try transaction.first(
                    AssetStatements.find, id, map: AssetStatements.record)
                if asset == nil {
                    unknown.append(id)
                } else {
                    try transaction.run(AssetStatements.refer, owner, id)
                }
            }
            for id in before.subtracting(after).sorted() {
                try transaction.run(AssetStatements.drop, owner, id)
            }
            for id in after.symmetricDifference(before).sorted() {
                try transaction.run(AssetStatements.touchGroup, now, id)
            }
            return unknown
        }
    }

    /// Groups that nobody has referred to since `time` and no unfinished job needs.
    nonisolated(nonsending) package func collectable(
        unreferencedSince time: Int64, limit: Int
    ) async throws -> [(group: String, digests: [[UInt8]])] {
        try await database.scan { transaction in
            let groups = try transaction.all(AssetStatements.collectable, time, limit) {
                row in try row.text(0)
            }
            var result: [(group: String, digests: [[UInt8]])] = []
            for group in groups {
                let digests = try transaction.all(AssetStatements.groupDigests, group) {
                    row in try row.bytes(0)
                }
                result.append((group, digests))
            }
            return result
        }
    }

    /// Removes a group if still nobody refers to it.
    /// - Parameter digests: Those of the group, whose files the caller keeps others away from.
    /// - Returns: The digests that no row names any more; nil when the group stays.
    nonisolated(nonsending) package func removeGroup(
        _ group: String, unreferencedSince time: Int64, digests: [[UInt8]]
    ) async throws -> [[UInt8]]? {
        try await database.write { transaction in
            let present = try transaction.all(AssetStatements.groupDigests, group) {
                row in try row.bytes(0)
            }
            // An asset was added since the digests were read: next time.
            guard Set(present) == Set(digests),
                try transaction.change(AssetStatements.removeGroup, group, time) == 1
            else { return nil }
            var orphans: [[UInt8]] = []
            for digest in digests {
                let row = try transaction.first(AssetStatements.hasDigest, digest) {
                    row in try row.integer(0)
                }
                if row == nil { orphans.append(digest) }
            }
            return orphans
        }
    }

    /// Whether any row names a digest.
    nonisolated(nonsending) package func hasDigest(_ digest: [UInt8]) async throws -> Bool {
        try await database.read { transaction in
            try transaction.first(AssetStatements.hasDigest, digest) {
                row in try row.integer(0)
            } != nil
        }
    }

    /// Assets in the order of their ids, after the one named.
    nonisolated(nonsending) package func assets(
        after id: String, limit: Int
    ) async throws -> [AssetRecord] {
        try await database.scan { transaction in
            try transaction.all(
                AssetStatements.page, id, limit, map: AssetStatements.record)
        }
    }
}
