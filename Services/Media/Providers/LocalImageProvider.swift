internal import ImageCodec
internal import LocalPictures
package import ServiceRuntime

/// Draws pictures here, without a model or a network. Equal requests give equal bytes.
package struct LocalImageProvider: ImageProvider {
    package let identity: ProviderIdentity
    private let threads: WorkerPool

    /// Quality of the stored JPEG: high, because moves are made from it.
    private static let quality = 92
    /// zlib effort of depth and mask: more effort saves little on smooth maps and costs much time.
    private static let pngLevel = 2

    /// - Parameter threads: Where pictures are drawn, one a thread.
    package init(threads: WorkerPool) {
        self.threads = threads
        identity = ProviderIdentity(
            id: "local", model: "local", concurrency: threads.threadCount)
    }

    package func makeImage(
        _ request: ImageRequest, _ attempt: Attempt
    ) async throws -> ImageResult {
        let recipe = Self.recipe(request)
        let isCancelled = Lock(false)
        return try await withTaskCancellationHandler {
            do {
                return try await threads.run {
                    let picture = try renderPicture(
                        recipe, isCancelled: { isCancelled.withLock { $0 } })
                    attempt.progress(0.8)
                    return try Self.encode(picture)
                }
            } catch is PictureCancelled {
                throw CancellationError()
            } catch is WorkerPool.Overloaded {
                throw JobFailure(
                    .throttled, code: "OVERLOADED", message: "Too many pictures are waiting.")
            }
        } onCancel: {
            isCancelled.withLock { $0 = true }
        }
    }

    private static func recipe(_ request: ImageRequest) -> PictureRecipe {
        func option(_ dimension: String) -> String? {
            request.choices.last { $0.dimension == dimension }?.optionID
        }
        return PictureRecipe(
            intent: request.intent, direction: option("direction"), mood: option("mood"),
            framing: option("framing"), lighting: option("lighting"), width: request.width,
            height: request.height, seed: request.seed,
            fragments: request.choices.flatMap(\.fragments))
    }

    private static func encode(_ picture: Picture) throws -> ImageResult {
        let (width, height) = (picture.width, picture.height)
        var shown = picture.rgb
        drawOverlay(picture.overlay, onto: &shown, width: width, height: height)
        let overlay = AssetOverlay(picture.overlay)
        return ImageResult(
            picture: try ImageCodec.encodeJPEG(
                rgb: shown, width: width, height: height, quality: quality),
            clean: try ImageCodec.encodeJPEG(
                rgb: picture.rgb, width: width, height: height, quality: quality),
            depth: try ImageCodec.encodeGreyPNG(
                picture.depth, width: width, height: height, level: pngLevel),
            mask: try ImageCodec.encodeGreyPNG(
                picture.subjectMask, width: width, height: height, level: pngLevel),
            overlay: overlay)
    }
}

extension AssetOverlay {
    fileprivate init(_ overlay: PictureOverlay) {
        self.init()
        letterboxPPM = Int64((Double(overlay.letterboxShare) * 1e6).rounded())
        borderPPM = Int64((Double(overlay.borderShare) * 1e6).rounded())
        borderRGB = Int64(overlay.borderRGB)
        grainPPM = Int64((Double(overlay.grainStrength) * 1e6).rounded())
        grainSeed = Int64(overlay.grainSeed)
    }
}
