package import RPC
package import ServiceAPI
internal import ServiceRuntime
internal import Wire

/// Serves `media.v1.Media`: decodes, calls the service, encodes.
package struct MediaHandler: MediaAPI.Handler {
    private let service: MediaService

    package init(_ service: MediaService) {
        self.service = service
    }

    /// Runs a body; whatever it throws becomes the answer.
    private func answer<Reply>(
        _ body: () async throws -> Reply
    ) async throws(RPCError) -> Reply {
        do {
            return try await body()
        } catch {
            let answer = RPCError(any: error)
            if answer.code == .internal || answer.code == .dataLoss {
                service.logger.error("media.call_failed", "\(error)")
            }
            throw answer
        }
    }

    private func message(_ view: MediaStore.JobView) -> MediaAPI.Job {
        MediaAPI.Job(view, progress: service.feed.progress(of: view.job.id))
    }

    // MARK: Jobs

    package func createJobs(
        _ request: MediaAPI.CreateJobsRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.JobsReply {
        try await answer {
            MediaAPI.JobsReply(jobs: try await service.createJobs(request).map(message))
        }
    }

    package func getJobs(
        _ request: MediaAPI.GetJobsRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.JobsReply {
        try await answer {
            MediaAPI.JobsReply(jobs: try await service.jobs(request).map(message))
        }
    }

    package func watchJobs(
        _ request: MediaAPI.GetJobsRequest, _ writer: ResponseWriter<MediaAPI.Job>,
        _ context: CallContext
    ) async throws(RPCError) {
        try await answer {
            try await service.watchJobs(request) { try await writer.write(message($0)) }
        }
    }

    package func cancelJobs(
        _ request: MediaAPI.GetJobsRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.JobsReply {
        try await answer {
            MediaAPI.JobsReply(jobs: try await service.cancelJobs(request).map(message))
        }
    }

    package func replayJob(
        _ request: MediaAPI.ReplayJobRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.Job {
        try await answer {
            message(
                try await service.replayJob(request.id, reference: request.clientReference))
        }
    }

    package func countJobs(
        _ request: MediaAPI.CountJobsRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.CountJobsReply {
        try await answer {
            let counts = try await service.library.store.counts()
            return MediaAPI.CountJobsReply(
                queued: counts.queued, running: counts.running, dead: counts.dead,
                oldestDueUs: counts.oldestDue)
        }
    }

    // MARK: Made from pictures

    package func ensureDepth(
        _ request: MediaAPI.EnsureDepthRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.EnsureDepthReply {
        try await answer {
            let depth = try await service.derivations.depth(
                of: request.assetID, userID: request.userID)
            return MediaAPI.EnsureDepthReply(
                depth: MediaAPI.Asset(depth.asset), provider: depth.method,
                isReused: depth.isReused)
        }
    }

    package func ensureMove(
        _ request: MediaAPI.EnsureMoveRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.Asset {
        try await answer {
            let video = try Recipes.videoRequest(request)
            return MediaAPI.Asset(
                try await service.derivations.move(
                    video, over: request.assetID, userID: request.userID))
        }
    }

    // MARK: Assets

    package func getAsset(
        _ request: MediaAPI.GetAssetRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.Asset {
        try await answer {
            MediaAPI.Asset(
                try await service.library.asset(request.id, userID: request.userID))
        }
    }

    /// Bytes of one chunk.
    private static let chunkBytes = 256 << 10

    package func readAsset(
        _ request: MediaAPI.ReadAssetRequest, _ writer: ResponseWriter<MediaAPI.AssetChunk>,
        _ context: CallContext
    ) async throws(RPCError) {
        try await answer {
            let asset = try await service.library.asset(request.id, userID: request.userID)
            let size = UInt64(asset.blob.bytes)
            guard request.offset <= size else {
                throw MediaError.rangeNotSatisfiable(bytes: asset.blob.bytes)
            }
            let rest = size - request.offset
            var left = Int(request.length == 0 ? rest : min(rest, request.length))
            var offset = Int(request.offset)
            let blobs = service.library.blobs
            do {
                let file = try await blobs.open(asset.blob)
                try await writer.write(
                    MediaAPI.AssetChunk(part: .header(MediaAPI.Asset(asset))))
                while left > 0 {
                    let count = min(left, Self.chunkBytes)
                    let bytes = try await blobs.read(file, at: offset, count: count)
                    try await writer.write(MediaAPI.AssetChunk(part: .data(bytes)))
                    offset += count
                    left -= count
                }
            } catch BlobError.missing, BlobError.damaged {
                throw MediaError.assetDamaged(asset.id)
            }
        }
    }

    package func putAsset(
        _ reader: RequestStream<MediaAPI.PutAssetChunk>, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.Asset {
        try await answer {
            guard case .header(let header)? = try await reader.next()?.part else {
                throw MediaError.invalidField("the first chunk is no header")
            }
            guard !header.userID.isEmpty else { throw MediaError.invalidField("user_id is empty") }
            let uploads = service.uploads
            let bytesMax = uploads.limits.bytesMax
            var bytes: [UInt8] = []
            var refusal = header.bytes > UInt64(bytesMax) ? uploads.tooManyBytes : nil
            if refusal == nil { bytes.reserveCapacity(Int(header.bytes)) }
            var isChecked = false
            var received = 0
            // What has been refused is still received, within a bound, and dropped: the sender then
            // learns the reason instead of finding its stream cut.
            while let chunk = try await reader.next() {
                guard case .data(let data)? = chunk.part else {
                    throw MediaError.invalidField("a chunk has no data")
                }
                received += data.count
                guard received <= 2 * bytesMax else { throw uploads.tooManyBytes }
                guard refusal == nil else { continue }
                guard received <= bytesMax else {
                    refusal = uploads.tooManyBytes
                    bytes = []
                    continue
                }
                data.withUnsafeBytes { bytes.append(contentsOf: $0) }
                if !isChecked, bytes.count >= UploadRules.signatureBytes {
                    isChecked = true
                    do throws(MediaError) {
                        _ = try uploads.checkStart(bytes, declared: header.declaredContentType)
                    } catch {
                        refusal = error
                        bytes = []
                    }
                }
            }
            if let refusal { throw refusal }
            guard header.bytes == 0 || bytes.count == Int(header.bytes) else {
                throw MediaError.imageInvalid("The file is incomplete.")
            }
            return MediaAPI.Asset(
                try await uploads.store(
                    bytes, declared: header.declaredContentType, userID: header.userID))
        }
    }

    package func setReferences(
        _ request: MediaAPI.SetReferencesRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.SetReferencesReply {
        try await answer {
            guard !request.owner.isEmpty, request.assetIDs.count <= 10_000 else {
                throw MediaError.invalidField("owner is empty or the list is too long")
            }
            let unknown = try await service.library.store.setReferences(
                of: request.owner, to: request.assetIDs)
            for id in unknown {
                service.logger.error(
                    "media.reference_lost", "", ["owner": .text(request.owner), "asset": .text(id)])
            }
            return MediaAPI.SetReferencesReply()
        }
    }

    package func verifyAssets(
        _ request: MediaAPI.VerifyAssetsRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.VerifyAssetsReply {
        try await answer {
            let report = try await service.collector.verify()
            return MediaAPI.VerifyAssetsReply(
                assets: report.assets, violations: report.violations)
        }
    }

    package func listProviders(
        _ request: MediaAPI.ListProvidersRequest, _ context: CallContext
    ) async throws(RPCError) -> MediaAPI.ListProvidersReply {
        let providers = service.providers
        let lists = [
            ("image", providers.image.map(\.identity)), ("video", providers.video.map(\.identity)),
            ("depth", providers.depth.map(\.identity)),
        ]
        return MediaAPI.ListProvidersReply(
            providers: lists.flatMap { step, identities in
                identities.map {
                    MediaAPI.Provider(id: $0.id, step: step, model: $0.model, isAvailable: true)
                }
            })
    }
}
