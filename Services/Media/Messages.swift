internal import ServiceAPI
internal import Wire

extension MediaAPI.Asset {
    init(_ asset: AssetRecord) {
        self.init(
            id: asset.id, digest: Bytes(asset.blob.digest), contentType: asset.contentType,
            bytes: UInt64(asset.blob.bytes), width: UInt32(asset.width),
            height: UInt32(asset.height), userID: asset.userID, provider: asset.provider,
            createdAtUs: asset.createdAt, depthAssetID: asset.depthID ?? "",
            maskAssetID: asset.maskID ?? "", cleanAssetID: asset.cleanID ?? "",
            overlay: asset.overlay.isEmpty
                ? nil
                : MediaAPI.Overlay(
                    letterboxShare: Double(asset.overlay.letterboxPPM) / 1e6,
                    borderShare: Double(asset.overlay.borderPPM) / 1e6,
                    borderRgb: UInt32(truncatingIfNeeded: asset.overlay.borderRGB),
                    grain: Double(asset.overlay.grainPPM) / 1e6,
                    grainSeed: UInt64(truncatingIfNeeded: asset.overlay.grainSeed)),
            durationSeconds: Double(asset.durationMicroseconds) / 1e6)
    }
}

extension MediaAPI.Job {
    /// - Parameter progress: What the provider has told, 0...1; nil when nothing.
    init(_ view: MediaStore.JobView, progress: Double?) {
        let job = view.job
        let machine = job.machine
        let hasFailed = machine.phase == .failed || machine.phase == .dead
        self.init(
            id: job.id, clientReference: job.clientReference, userID: job.userID,
            owner: job.owner, kind: job.kind == .image ? .image : .video,
            state: MediaAPI.JobState(machine.phase), attempts: UInt32(machine.claims),
            progress: Self.progress(machine.phase, progress ?? 0),
            asset: view.asset.map(MediaAPI.Asset.init),
            error: hasFailed
                ? machine.error.map {
                    MediaAPI.JobError(
                        code: $0.code, message: $0.message, isRetryable: $0.kind != .permanent)
                } : nil,
            createdAtUs: job.createdAt, startedAtUs: machine.startedAt ?? 0,
            finishedAtUs: machine.finishedAt ?? 0, provider: job.provider,
            position: UInt32(clamping: view.position))
    }

    private static func progress(_ phase: JobPhase, _ told: Double) -> Double {
        switch phase {
        case .queued, .failed, .cancelled, .dead: 0
        case .leased: 0.05
        case .waiting: 0.1 + 0.8 * told
        case .storing: 0.95
        case .done: 1
        }
    }
}

extension MediaAPI.JobState {
    init(_ phase: JobPhase) {
        switch phase {
        case .queued: self = .queued
        case .leased: self = .processing
        case .waiting: self = .generating
        case .storing: self = .uploading
        case .done: self = .completed
        case .failed, .dead: self = .failed
        case .cancelled: self = .cancelled
        }
    }
}
