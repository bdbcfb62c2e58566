internal import ImageCodec
package import ServiceRuntime

/// Pictures from users: checked by their bytes, decoded within limits and encoded anew, so that
/// nothing of the file but its pixels is kept.
package struct Uploads: Sendable {
    /// What is accepted.
    package struct Limits: Hashable, Sendable {
        package var bytesMax = 10 << 20
        package var sidePixelsMax = 8192
        package var pixelsMax = 40_000_000

        package init() {}
    }

    let library: AssetLibrary
    package let limits: Limits
    /// Where uploads are decoded: few at a time, for each may need 120 MB.
    private let threads: WorkerPool

    private static let quality = 92

    package init(library: AssetLibrary, limits: Limits, threads: WorkerPool) {
        self.library = library
        self.limits = limits
        self.threads = threads
    }

    /// Checks the first bytes against the declared type; the rest need not be received when this
    /// throws.
    package func checkStart(
        _ bytes: [UInt8], declared: String
    ) throws(MediaError) -> UploadRules.Format {
        guard let format = UploadRules.sniff(bytes) else {
            throw .unsupportedImage("The file is no PNG, JPEG or WebP picture.")
        }
        guard let expected = UploadRules.declaredFormat(declared) else {
            throw .unsupportedImage("Only PNG, JPEG and WebP pictures are accepted.")
        }
        guard expected == format else {
            throw .unsupportedImage("The file is \(format.rawValue), not \(expected.rawValue).")
        }
        return format
    }

    /// Stores a picture.
    /// - Throws: ``MediaError`` unsupportedImage, imageInvalid, imageTooLarge.
    nonisolated(nonsending) package func store(
        _ bytes: [UInt8], declared: String, userID: String
    ) async throws -> AssetRecord {
        guard !bytes.isEmpty else { throw MediaError.imageInvalid("The file is empty.") }
        guard bytes.count <= limits.bytesMax else { throw tooManyBytes }
        let format = try checkStart(bytes, declared: declared)
        let asset = try await threads.run { try encodeAnew(bytes, format, userID: userID) }
        try await library.keep([asset]) { try await library.store.insert($0) }
        return asset.record
    }

    package var tooManyBytes: MediaError {
        .imageTooLarge("The file has more than \(limits.bytesMax >> 20) MB.")
    }

    private func encodeAnew(
        _ bytes: [UInt8], _ format: UploadRules.Format, userID: String
    ) throws -> NewAsset {
        do throws(ImageError) {
            let info = try ImageCodec.probe(bytes)
            guard info.width <= limits.sidePixelsMax, info.height <= limits.sidePixelsMax,
                info.width * info.height <= limits.pixelsMax
            else {
                throw .tooLarge(
                    width: info.width, height: info.height, pixelsMax: limits.pixelsMax)
            }
            if format == .png, UploadRules.isAnimatedPNG(bytes) { throw .unsupported("animated") }
            let image = try ImageCodec.decodeRGB(bytes, maxPixels: limits.pixelsMax)
            let orientation = format == .jpeg ? Orientation(jpeg: bytes) : .upright
            let upright = orientation.upright(
                image.pixels, width: image.width, height: image.height)
            // A WebP is kept as a PNG: nothing is lost a second time.
            let encoded =
                format == .jpeg
                ? try ImageCodec.encodeJPEG(
                    rgb: upright.pixels, width: upright.width, height: upright.height,
                    quality: Self.quality)
                : try ImageCodec.encodePNG(
                    rgb: upright.pixels, width: upright.width, height: upright.height, level: 3)
            var asset = library.newAsset(
                encoded, contentType: (format == .jpeg ? UploadRules.Format.jpeg : .png).rawValue,
                userID: userID, provider: "upload")
            asset.record.width = upright.width
            asset.record.height = upright.height
            return asset
        } catch {
            throw Self.refusal(error)
        }
    }

    private static func refusal(_ error: ImageError) -> MediaError {
        switch error {
        case .tooLarge(let width, let height, _):
            .imageTooLarge("A picture of \(width) by \(height) pixels is too large.")
        case .unrecognised:
            .unsupportedImage("The file is no PNG, JPEG or WebP picture.")
        case .unsupported(let kind):
            .unsupportedImage("Pictures of this kind are not accepted: \(kind).")
        case .malformed:
            .imageInvalid("The picture is damaged or incomplete.")
        case .invalidBuffer, .encodingFailed, .stopped:
            .imageInvalid("The picture could not be read.")
        }
    }
}
