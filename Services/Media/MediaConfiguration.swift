internal import RPC
package import ServiceRuntime

/// The settings of this service; the README has the same table.
package struct MediaConfiguration: Sendable {
    package var store = "sqlite:data/media/media.db"
    package var blobs = "file:data/media/blobs"
    package var renderAddresses: [SocketAddress] = []
    package var imageProviders = "local"
    package var videoProviders = "local"
    package var depthProviders = "local"
    /// Whether a provider that goes wrong by rule may be named.
    package var isFaultProviderAllowed = false
    package var imageThreads = 2
    package var videoConcurrency = 1
    package var rules = JobRules()
    package var limits = JobLimits()
    package var heartbeat = Duration.seconds(5)
    package var imageTimeout = Duration.seconds(120)
    package var videoTimeout = Duration.seconds(600)
    package var imageDeadline = Duration.seconds(600)
    package var videoDeadline = Duration.seconds(1800)
    package var renderTimeout = Duration.seconds(60)
    package var keepUnreferenced = Duration.seconds(86_400)
    package var collectEvery = Duration.seconds(600)
    package var uploads = Uploads.Limits()
    package var space = BlobStore.SpaceLimit()

    package init() {}

    package init(_ reader: inout ConfigurationReader) {
        store = reader.text(
            "STORE", default: store, help: "Where the index and the jobs are kept: sqlite:PATH.")
        blobs = reader.text(
            "BLOBS", default: blobs, help: "Where the bytes of assets are kept: file:DIR.")
        _ = reader.optionalText(
            "ADDRESS", help: "Where others find this service; used by the subcommands only.")
        renderAddresses = reader.addresses(
            "RENDER_ADDRESS", default: "127.0.0.1:7105", help: "Where the render service is.",
            isShared: true)
        readProviders(&reader)
        readJobs(&reader)
        readAssets(&reader)
    }

    private mutating func readProviders(_ reader: inout ConfigurationReader) {
        imageProviders = reader.text(
            "IMAGE_PROVIDER", default: imageProviders,
            help: "Who makes pictures, the preferred one first: local.")
        videoProviders = reader.text(
            "VIDEO_PROVIDER", default: videoProviders,
            help: "Who makes clips, the preferred one first: local.")
        depthProviders = reader.text(
            "DEPTH_PROVIDER", default: depthProviders,
            help: "Who estimates depth, the preferred one first: local.")
        isFaultProviderAllowed = reader.isOn(
            "ALLOW_FAULT_PROVIDER", default: false,
            help: "Whether fault:RULES may be an image provider; for tests.")
        imageThreads = reader.integer(
            "IMAGE_THREADS", default: imageThreads, in: 1...64,
            help: "Pictures that are drawn at the same time.")
        videoConcurrency = reader.integer(
            "VIDEO_CONCURRENCY", default: videoConcurrency, in: 1...64,
            help: "Clips that are made at the same time.")
        renderTimeout = reader.duration(
            "RENDER_TIMEOUT", default: "60s", in: .seconds(1)...(.seconds(3600)),
            help: "Longest answer of the render service.")
    }

    private mutating func readJobs(_ reader: inout ConfigurationReader) {
        limits.queuedMax = reader.integer(
            "QUEUED_MAX", default: limits.queuedMax, in: 1...1_000_000,
            help: "Jobs that may wait, of all users.")
        limits.userQueuedMax = reader.integer(
            "USER_QUEUED_MAX", default: limits.userQueuedMax, in: 1...1_000_000,
            help: "Jobs that may wait, of one user.")
        limits.userRunningMax = reader.integer(
            "USER_RUNNING_MAX", default: limits.userRunningMax, in: 1...10_000,
            help: "Jobs of one kind that run at the same time for one user.")
        rules.lease =
            reader.duration(
                "LEASE", default: "15s", in: .seconds(1)...(.seconds(3600)),
                help: "How long a job stays with a worker that is not heard of."
            ).microseconds
        heartbeat = reader.duration(
            "HEARTBEAT", default: "5s", in: .milliseconds(100)...(.seconds(600)),
            help: "How often leases are renewed.")
        rules.claimsMax = reader.integer(
            "CLAIMS_MAX", default: rules.claimsMax, in: 1...100,
            help: "How often a job is begun before it is given up.")
        imageTimeout = reader.duration(
            "IMAGE_TIMEOUT", default: "120s", in: .milliseconds(100)...(.seconds(3600)),
            help: "Longest try of a picture.")
        videoTimeout = reader.duration(
            "VIDEO_TIMEOUT", default: "10m", in: .milliseconds(100)...(.seconds(7200)),
            help: "Longest try of a clip.")
        imageDeadline = reader.duration(
            "IMAGE_DEADLINE", default: "10m", in: .seconds(1)...(.seconds(7200)),
            help: "When a picture is given up, waiting included.")
        videoDeadline = reader.duration(
            "VIDEO_DEADLINE", default: "30m", in: .seconds(1)...(.seconds(86_400)),
            help: "When a clip is given up, waiting included.")
    }

    private mutating func readAssets(_ reader: inout ConfigurationReader) {
        keepUnreferenced = reader.duration(
            "KEEP_UNREFERENCED", default: "24h", in: .seconds(1)...(.seconds(31_536_000)),
            help: "How long an asset stays that nobody refers to.")
        collectEvery = reader.duration(
            "COLLECT_EVERY", default: "10m", in: .seconds(1)...(.seconds(86_400)),
            help: "How often unreferenced assets are looked for.")
        uploads.bytesMax = reader.integer(
            "UPLOAD_BYTES_MAX", default: uploads.bytesMax, in: 1024...(64 << 20),
            help: "Largest file a user may send, in bytes.")
        uploads.sidePixelsMax = reader.integer(
            "UPLOAD_SIDE_MAX", default: uploads.sidePixelsMax, in: 16...8192,
            help: "Longest side of a picture a user may send, in pixels.")
        uploads.pixelsMax = reader.integer(
            "UPLOAD_PIXELS_MAX", default: uploads.pixelsMax, in: 256...40_000_000,
            help: "Most pixels of a picture a user may send.")
        space.freeBytesMin = UInt64(
            reader.integer(
                "DISK_FREE_BYTES_MIN", default: Int(space.freeBytesMin), in: 0...(1 << 50),
                help: "Nothing new is stored when less is free, in bytes."))
        space.freePercentMin = UInt64(
            reader.integer(
                "DISK_FREE_PERCENT_MIN", default: Int(space.freePercentMin), in: 0...90,
                help: "Nothing new is stored when less is free, in per cent."))
    }

    /// The folder of ``blobs``.
    /// - Throws: `ConfigurationError` for another kind of store.
    package func blobsPath() throws(ConfigurationError) -> String {
        guard blobs.hasPrefix("file:"), blobs.count > "file:".count else {
            throw ConfigurationError("MEDIA_BLOBS is \"\(blobs)\"; expected file:DIR")
        }
        return String(blobs.dropFirst("file:".count))
    }
}
