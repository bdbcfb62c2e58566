internal import ImageCodec
package import ServiceRuntime
internal import Wire

/// Bytes with the row that is to describe them; neither is stored yet.
package struct NewAsset: Sendable {
    package var record: AssetRecord
    package var bytes: [UInt8]

    package init(record: AssetRecord, bytes: [UInt8]) {
        precondition(record.blob.bytes == bytes.count)
        self.record = record
        self.bytes = bytes
    }
}

/// Assets: their bytes on disk and their rows in the index, kept together.
package final class AssetLibrary: Sendable {
    package let store: MediaStore
    package let blobs: BlobStore
    let time: any TimeSource
    let random: RandomSource
    /// Where pictures are decoded, encoded and hashed.
    let threads: WorkerPool
    let faults: MediaFaults
    private let mutant: Mutant?

    package init(
        store: MediaStore, blobs: BlobStore, time: any TimeSource, random: RandomSource,
        threads: WorkerPool, faults: MediaFaults = .none, mutant: Mutant? = nil
    ) {
        self.mutant = mutant
        self.store = store
        self.blobs = blobs
        self.time = time
        self.random = random
        self.threads = threads
        self.faults = faults
    }

    /// Makes bytes durable, then lets the caller commit their rows. Nobody else stores or removes
    /// the same bytes until the commit is over, so a row never lacks its file.
    nonisolated(nonsending) package func keep<R>(
        _ assets: [NewAsset], commit: ([AssetRecord]) async throws -> R
    ) async throws -> R {
        try await blobs.exclusively(assets.map(\.record.blob.digest)) {
            if mutant == .storesRowBeforeFile {
                let result = try await commit(assets.map(\.record))
                for asset in assets { try await blobs.write(asset.bytes, as: asset.record.blob) }
                return result
            }
            for asset in assets { try await blobs.write(asset.bytes, as: asset.record.blob) }
            try faults.pass(.blobsStored)
            return try await commit(assets.map(\.record))
        }
    }

    /// An asset that a user may see.
    /// - Parameter userID: Empty for a service that asks for itself.
    /// - Throws: ``MediaError/assetNotFound(_:)``, the same for a foreign one as for none.
    nonisolated(nonsending) package func asset(
        _ id: String, userID: String
    ) async throws -> AssetRecord {
        guard let asset = try await store.asset(id), userID.isEmpty || asset.userID == userID
        else { throw MediaError.assetNotFound(id) }
        return asset
    }

    /// The picture to move or measure: without overlay, with depth and mask where there are any.
    nonisolated(nonsending) func sourcePicture(_ asset: AssetRecord) async throws -> SourcePicture {
        guard asset.contentType.hasPrefix("image/") else {
            throw MediaError.invalidField("the asset is no picture")
        }
        let image = try await companion(asset.cleanID) ?? asset
        var source = SourcePicture(
            image: try await bytes(of: image), overlay: asset.overlay, width: asset.width,
            height: asset.height)
        if let depth = try await companion(asset.depthID) {
            source.depth = try await bytes(of: depth)
        }
        if let mask = try await companion(asset.maskID) {
            source.mask = try await bytes(of: mask)
        }
        return source
    }

    nonisolated(nonsending) private func companion(_ id: String?) async throws -> AssetRecord? {
        guard let id else { return nil }
        return try await store.asset(id)
    }

    nonisolated(nonsending) func bytes(of asset: AssetRecord) async throws -> Bytes {
        do {
            return try await blobs.readAll(asset.blob)
        } catch BlobError.missing, BlobError.damaged {
            throw MediaError.assetDamaged(asset.id)
        }
    }

    // MARK: New assets

    /// A row for bytes that are about to be stored.
    func newAsset(
        _ bytes: [UInt8], contentType: String, userID: String, provider: String,
        group: String? = nil
    ) -> NewAsset {
        let record = AssetRecord(
            id: Identifier.make("ast", time: time, random: random),
            blob: BlobStore.blob(of: bytes), contentType: contentType, userID: userID,
            provider: provider, createdAt: time.now.microseconds, groupID: group)
        return NewAsset(record: record, bytes: bytes)
    }

    /// A made picture with its companions, checked: the picture first.
    /// - Throws: ``JobFailure`` PROVIDER_BAD_OUTPUT.
    func newPicture(
        _ made: ImageResult, of request: ImageRequest, userID: String, provider: String
    ) async throws -> [NewAsset] {
        try await threads.run { [self] in
            let format = try Self.checkPicture(made.picture)
            var picture = newAsset(
                made.picture, contentType: format.contentType, userID: userID, provider: provider)
            picture.record.width = format.width
            picture.record.height = format.height
            picture.record.overlay = made.overlay
            var companions: [NewAsset] = []
            func add(_ bytes: [UInt8]?) throws -> String? {
                guard let bytes else { return nil }
                let info = try Self.checkCompanion(
                    bytes, width: format.width, height: format.height)
                var asset = newAsset(
                    bytes, contentType: info.format.contentType, userID: userID,
                    provider: provider, group: picture.record.id)
                asset.record.width = info.width
                asset.record.height = info.height
                companions.append(asset)
                return asset.record.id
            }
            picture.record.cleanID = try add(made.clean)
            picture.record.depthID = try add(made.depth)
            picture.record.maskID = try add(made.mask)
            return [picture] + companions
        }
    }

    private static func checkPicture(
        _ bytes: [UInt8]
    ) throws -> (contentType: String, width: Int, height: Int) {
        do throws(ImageError) {
            let info = try ImageCodec.probe(bytes)
            // The whole picture is decoded once: a cut file has a good header too.
            _ = try ImageCodec.decodeRGB(bytes)
            return (info.format.contentType, info.width, info.height)
        } catch {
            throw badOutput("The provider's answer is no picture.")
        }
    }

    private static func checkCompanion(
        _ bytes: [UInt8], width: Int, height: Int
    ) throws -> ImageInfo {
        do throws(ImageError) {
            let info = try ImageCodec.probe(bytes)
            guard info.width == width, info.height == height else {
                throw .malformed(info.format, "size")
            }
            return info
        } catch {
            throw badOutput("The provider's depth or mask does not fit the picture.")
        }
    }

    private static func badOutput(_ message: String) -> JobFailure {
        JobFailure(.transient, code: "PROVIDER_BAD_OUTPUT", message: message)
    }

    /// A made clip, checked.
    /// - Parameters:
    ///   - group: The picture it belongs to; nil when it stands for itself.
    ///   - derivation: What identifies the computation.
    func newVideo(
        _ made: VideoResult, group: String?, derivation: [UInt8]?, userID: String, provider: String
    ) async throws -> NewAsset {
        try await threads.run { [self] in
            let isVideo =
                made.bytes.count >= 12 && made.bytes[4..<8].elementsEqual(Array("ftyp".utf8))
            let isFrames = made.bytes.starts(with: Array("--frame\r\n".utf8))
            guard made.contentType == "video/mp4" ? isVideo : isFrames, made.width > 0,
                made.height > 0, made.bytes.count <= 500 << 20
            else { throw Self.badOutput("The provider's answer is no video.") }
            var asset = newAsset(
                made.bytes, contentType: made.contentType, userID: userID, provider: provider,
                group: group)
            asset.record.width = made.width
            asset.record.height = made.height
            asset.record.durationMicroseconds = made.durationMicroseconds
            asset.record.derivation = derivation
            return asset
        }
    }
}
