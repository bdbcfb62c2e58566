internal import Cryptography
internal import ImageCodec
internal import ServiceRuntime
internal import Wire

/// Depth maps and camera moves: computed once for the same content and request, however many ask at
/// the same time, and kept as assets of the picture they were made from.
package final class Derivations: Sendable {
    private let library: AssetLibrary
    private let providers: Providers
    /// One computation at a time for each of them; who waited finds the result.
    private let gate = KeyedGate<[UInt8]>()
    private let timeout: Duration

    package init(library: AssetLibrary, providers: Providers, timeout: Duration) {
        self.library = library
        self.providers = providers
        self.timeout = timeout
    }

    package struct Depth: Sendable {
        package let asset: AssetRecord
        package let method: String
        /// Whether it was handed out before.
        package let isReused: Bool
    }

    /// The depth map of a picture: the one that came with it, else an estimate.
    /// - Throws: ``MediaError/depthFailed(_:)``.
    nonisolated(nonsending) package func depth(
        of id: String, userID: String
    ) async throws -> Depth {
        let picture = try await library.asset(id, userID: userID)
        if let companion = picture.depthID, let asset = try await library.store.asset(companion) {
            let isFirst = try await library.store.markDepthDelivered(picture.id)
            return Depth(asset: asset, method: "companion", isReused: !isFirst)
        }
        let source = try await library.sourcePicture(picture)
        let provider = providers.depth[0]
        let key = Self.key("depth", provider.identity.id, source)
        return try await gate.pass(key) {
            if let known = try await reuse(key, for: picture) {
                let isFirst = try await library.store.markDepthDelivered(picture.id)
                return Depth(asset: known, method: known.provider, isReused: !isFirst)
            }
            do {
                let made = try await provider.estimateDepth(of: source, attempt(key))
                let asset = try await newDepth(made, of: picture, key: key)
                try await library.keep([asset]) { try await library.store.insert($0) }
                _ = try await library.store.markDepthDelivered(picture.id)
                return Depth(asset: asset.record, method: made.method, isReused: false)
            } catch let failure as JobFailure {
                throw MediaError.depthFailed(failure)
            }
        }
    }

    private func newDepth(
        _ made: DepthResult, of picture: AssetRecord, key: [UInt8]
    ) async throws -> NewAsset {
        try await library.threads.run { [library] in
            guard let info = try? ImageCodec.probe(made.bytes), info.format == .png,
                (try? ImageCodec.decodeGrey(made.bytes)) != nil
            else {
                throw JobFailure(
                    .transient, code: "PROVIDER_BAD_OUTPUT",
                    message: "The provider's answer is no depth map.")
            }
            var asset = library.newAsset(
                made.bytes, contentType: "image/png", userID: picture.userID,
                provider: made.method, group: picture.groupID)
            asset.record.width = info.width
            asset.record.height = info.height
            asset.record.derivation = key
            return asset
        }
    }

    /// A camera move over a picture.
    /// - Throws: ``MediaError/moveFailed(_:)``.
    nonisolated(nonsending) package func move(
        _ request: VideoRequest, over id: String, userID: String
    ) async throws -> AssetRecord {
        let picture = try await library.asset(id, userID: userID)
        let source = try await library.sourcePicture(picture)
        let provider = providers.video[0]
        let key = Self.key("move", provider.identity.model, source, request)
        return try await gate.pass(key) {
            if let known = try await reuse(key, for: picture) { return known }
            do {
                let made = try await provider.makeVideo(request, from: source, attempt(key))
                let asset = try await library.newVideo(
                    made, group: picture.groupID, derivation: key, userID: picture.userID,
                    provider: provider.identity.model)
                try await library.keep([asset]) { try await library.store.insert($0) }
                return asset.record
            } catch let failure as JobFailure {
                throw MediaError.moveFailed(failure)
            }
        }
    }

    /// The result of the same computation: the picture's own, or another's whose bytes are shared.
    nonisolated(nonsending) private func reuse(
        _ key: [UInt8], for picture: AssetRecord
    ) async throws -> AssetRecord? {
        let store = library.store
        if let own = try await store.derived(group: picture.groupID, derivation: key) { return own }
        guard let other = try await store.sameDerivation(key) else { return nil }
        return try await library.blobs.exclusively([other.blob.digest]) {
            // It may have been collected before the bytes were ours to keep.
            guard try await store.hasDigest(other.blob.digest) else { return nil }
            var copy = AssetRecord(
                id: Identifier.make("ast", time: library.time, random: library.random),
                blob: other.blob, contentType: other.contentType, userID: picture.userID,
                provider: other.provider, createdAt: library.time.now.microseconds,
                groupID: picture.groupID)
            copy.width = other.width
            copy.height = other.height
            copy.durationMicroseconds = other.durationMicroseconds
            copy.derivation = key
            try await store.insert([copy])
            return copy
        }
    }

    private func attempt(_ key: [UInt8]) -> Attempt {
        Attempt(key: Hex.encode(key), number: 1)
    }

    /// What identifies a computation: who does it, over which bytes, and what is asked.
    private static func key(
        _ step: String, _ provider: String, _ source: SourcePicture, _ request: VideoRequest? = nil
    ) -> [UInt8] {
        var hash = SHA256()
        hash.update("\(step)/\(provider)/")
        hash.update(source.digest)
        guard let request else { return hash.finish() }
        let overlay = source.overlay
        let move = request.move
        let numbers =
            [overlay.letterboxPPM, overlay.borderPPM, overlay.borderRGB, overlay.grainPPM]
            + [overlay.grainSeed, Int64(request.width), Int64(request.height)]
            + [Int64(request.frames), Int64(request.framesPerSecond)]
            + [move.start, move.end, move.startRotation, move.endRotation].flatMap {
                [$0.x, $0.y, $0.z].map { Int64(bitPattern: ($0 + 0).bitPattern) }
            }
        for number in numbers {
            withUnsafeBytes(of: number.littleEndian) { hash.update($0) }
        }
        hash.update("\(request.format.rawValue)/\(move.name.utf8.count)/\(move.name)")
        hash.update(request.subjectMotion)
        return hash.finish()
    }
}
