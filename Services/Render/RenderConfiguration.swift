package import ServiceRuntime

/// Settings of the render service, read once at start.
package struct RenderConfiguration: Sendable {
    /// Threads that render; a move is shared out between them.
    package var workers = 2
    /// Moves and estimates that may wait for a worker; more are refused with a hint.
    package var queuedMax = 64
    /// Largest upload: picture, depth and mask together, in bytes.
    package var uploadBytesMax = 32 << 20
    /// Memory for decoded pictures, in bytes.
    package var sourceCacheBytes = 128 << 20
    /// Memory for pictures prepared for a frame size, in bytes.
    package var sceneCacheBytes = 192 << 20
    /// Memory for finished moves and depth maps, in bytes.
    package var resultCacheBytes = 16 << 20
    /// Memory that all renders together may take, in bytes; what does not fit waits.
    package var memoryBytes = 1 << 30

    /// Index of the results on disk: `sqlite:PATH`, or `none` to keep them in memory only.
    package var store = "sqlite:data/render/render.db"
    /// Folder of the results on disk: `file:PATH`.
    package var results = "file:data/render/results"
    /// Disk for finished moves, in bytes.
    package var diskCacheBytes = 512 << 20

    /// The ways to come by depth, in order.
    package var depth = DepthMethod.allCases
    /// Path of `libonnxruntime.so`; empty: no model is run.
    package var ortLibrary = ""
    /// Path of the depth model.
    package var depthModel = ""
    /// Memory that the model with its runtime takes while it runs, in bytes; it is set aside from
    /// ``memoryBytes`` when there is a model.
    package var depthModelBytes = 512 << 20
    /// Least memory for renders beside a model, in bytes.
    private static let renderBytesMin = 64 << 20

    package init() {}

    package init(
        _ reader: inout ConfigurationReader, processors: Int
    ) throws(ConfigurationError) {
        let megabytes = 1...65536
        workers = reader.integer(
            "WORKERS", default: min(max(processors, 1), 256), in: 1...256,
            help: "Threads that render; a move is shared out between them.")
        queuedMax = reader.integer(
            "QUEUED_MAX", default: queuedMax, in: 1...10_000,
            help: "Moves that may wait for a thread; more are refused.")
        uploadBytesMax =
            reader.integer(
                "UPLOAD_MAX_MIB", default: 32, in: 1...256,
                help: "Largest upload of picture, depth and mask together, in MiB.") << 20
        sourceCacheBytes =
            reader.integer(
                "SOURCE_CACHE_MIB", default: 128, in: megabytes,
                help: "Memory for decoded pictures, in MiB.") << 20
        sceneCacheBytes =
            reader.integer(
                "SCENE_CACHE_MIB", default: 192, in: megabytes,
                help: "Memory for pictures prepared for a frame size, in MiB.") << 20
        resultCacheBytes =
            reader.integer(
                "RESULT_CACHE_MIB", default: 16, in: megabytes,
                help: "Memory for finished moves and depth maps, in MiB.") << 20
        store = reader.text(
            "STORE", default: store, help: "Index of the results on disk: sqlite:PATH, or none.")
        results = reader.text(
            "RESULTS", default: results, help: "Folder of the results on disk: file:PATH.")
        diskCacheBytes =
            reader.integer(
                "DISK_CACHE_MIB", default: 512, in: megabytes,
                help: "Disk for finished moves, in MiB.") << 20
        depth = try Self.depthMethods(
            reader.text(
                "DEPTH", default: DepthMethod.allCases.map(\.rawValue).joined(separator: ","),
                help: "Where depth comes from, in order: companion, supplied, onnx, heuristic."))
        ortLibrary = reader.text(
            "ORT_LIBRARY", default: "", help: "Path of libonnxruntime.so; empty: no model.")
        depthModel = reader.text(
            "DEPTH_MODEL", default: "", help: "Path of the ONNX depth model; empty: no model.")
        memoryBytes =
            reader.integer(
                "MEMORY_MIB", default: 1024, in: megabytes,
                help: "Memory that all renders together may take, in MiB.") << 20
        depthModelBytes =
            reader.integer(
                "DEPTH_MODEL_MIB", default: 512, in: megabytes,
                help: "Memory that the depth model takes of RENDER_MEMORY_MIB, in MiB.") << 20
        guard !hasModel || renderBytes >= Self.renderBytesMin else {
            throw ConfigurationError(
                "RENDER_MEMORY_MIB: expected \(Self.renderBytesMin >> 20) more than "
                    + "RENDER_DEPTH_MODEL_MIB")
        }
    }

    /// Whether a model is to be run.
    package var hasModel: Bool { !ortLibrary.isEmpty && !depthModel.isEmpty }

    /// What is left of ``memoryBytes`` beside a model.
    package var renderBytes: Int { memoryBytes - (hasModel ? depthModelBytes : 0) }

    private static func depthMethods(
        _ text: String
    ) throws(ConfigurationError) -> [DepthMethod] {
        var methods: [DepthMethod] = []
        for word in text.split(separator: ",") {
            guard let method = DepthMethod(rawValue: String(word)), !methods.contains(method)
            else {
                throw ConfigurationError(
                    "RENDER_DEPTH=\(text): expected some of companion, supplied, onnx, heuristic")
            }
            methods.append(method)
        }
        return methods
    }
}
