internal import Cryptography
internal import ImageCodec
internal import ServiceRuntime

/// The bytes of an upload as they came.
package struct SourceUpload: Sendable {
    package var image: [UInt8]
    package var depth: [UInt8]
    package var mask: [UInt8]
    /// Whether the depth is the caller's own and not the companion of the picture.
    package var isDepthSupplied: Bool

    package init(
        image: [UInt8], depth: [UInt8] = [], mask: [UInt8] = [], isDepthSupplied: Bool = false
    ) {
        self.image = image
        self.depth = depth
        self.mask = mask
        self.isDepthSupplied = isDepthSupplied
    }

    /// Memory that decoding takes, by what the headers say; damaged ones take nothing.
    var decodingBytes: Int {
        let parts = [(image, 6), (depth, 8), (mask, 8)].map { part, bytesPerPixel in
            guard let info = try? ImageCodec.probe(part) else { return 0 }
            let pixels = min(info.width * info.height, ImageCodec.pixelsMax)
            return pixels * bytesPerPixel
        }
        return parts.reduce(image.count + depth.count + mask.count, +)
    }

    /// SHA-256 over image, depth and mask, one after the other.
    package var digest: [UInt8] {
        var hash = SHA256()
        hash.update(image)
        hash.update(depth)
        hash.update(mask)
        return hash.finish()
    }

    /// How the bytes are shared out, which the digest does not say: two uploads may have the same.
    package var shape: Shape {
        Shape(
            imageBytes: UInt64(image.count), depthBytes: UInt64(depth.count),
            maskBytes: UInt64(mask.count), isDepthSupplied: isDepthSupplied)
    }

    /// What an upload says of itself beside its digest.
    package struct Shape: Hashable, Sendable {
        let imageBytes: UInt64
        let depthBytes: UInt64
        let maskBytes: UInt64
        let isDepthSupplied: Bool

        package init(
            imageBytes: UInt64, depthBytes: UInt64, maskBytes: UInt64, isDepthSupplied: Bool
        ) {
            self.imageBytes = imageBytes
            self.depthBytes = depthBytes
            self.maskBytes = maskBytes
            // Without a map there is no question whose it is.
            self.isDepthSupplied = isDepthSupplied && depthBytes > 0
        }
    }
}

/// A decoded picture with what is known of it, ready to be scaled to any frame size.
package final class SourcePicture: Sendable {
    /// Decoded pictures are halved until they have at most this many pixels: no frame needs more.
    private static let pixelsMax = 4_000_000
    /// How much two aspects may differ and still be the same shape, as a share.
    private static let aspectSlack = 0.03

    /// What callers name it by.
    package let digest: [UInt8]
    package let shape: SourceUpload.Shape
    /// The digest together with the shape: what is made of this picture is kept under it.
    package let identity: [UInt8]
    /// Size of the picture as uploaded.
    package let width: Int
    package let height: Int
    package let mask: Plane<Float>?
    let rgb: RGBImage
    /// The map that came with the picture.
    private let given: Plane<Float>?
    private let givenMethod: DepthMethod
    private let choice = MadeOnce<DepthChoice>()

    /// Decodes an upload; limits are checked on the headers first.
    ///
    /// - Parameter mustStop: Asked every few milliseconds.
    /// - Throws: ``RenderFailure/unreadable(_:_:)``,
    ///   ``RenderFailure/aspectMismatch(_:width:height:)``, ``RenderFailure/stopped``.
    package init(
        _ upload: SourceUpload, digest: [UInt8], mustStop: () -> Bool = { false }
    ) throws(RenderFailure) {
        self.digest = digest
        shape = upload.shape
        var hash = SHA256()
        hash.update(digest)
        hash.update("\(shape.imageBytes),\(shape.depthBytes),\(shape.maskBytes)")
        hash.update(shape.isDepthSupplied ? ";supplied" : ";companion")
        identity = hash.finish()
        do throws(ImageError) {
            let info = try ImageCodec.probe(upload.image)
            (width, height) = (info.width, info.height)
            var denominator = 1
            while denominator < 8
                && width * height / (denominator * denominator) > Self.pixelsMax
            {
                denominator *= 2
            }
            rgb = try ImageCodec.decodeRGB(
                upload.image, scaleDenominator: denominator, mustStop: mustStop)
        } catch {
            throw error == .stopped ? .stopped : .unreadable(.image, error)
        }
        given = try Self.plane(
            upload.depth, .depth, width: width, height: height, mustStop)
        givenMethod = upload.isDepthSupplied ? .supplied : .companion
        mask = try Self.plane(upload.mask, .mask, width: width, height: height, mustStop)
    }

    private static func plane(
        _ bytes: [UInt8], _ part: RenderFailure.Part, width: Int, height: Int,
        _ mustStop: () -> Bool
    ) throws(RenderFailure) -> Plane<Float>? {
        if bytes.isEmpty { return nil }
        let grey: GreyImage
        do throws(ImageError) {
            let info = try ImageCodec.probe(bytes)
            let isLarge = info.width * info.height > pixelsMax
            grey = try ImageCodec.decodeGrey(
                bytes, scaleDenominator: isLarge ? 4 : 1, mustStop: mustStop)
        } catch {
            throw error == .stopped ? .stopped : .unreadable(part, error)
        }
        let ratio = Double(grey.width * height) / Double(grey.height * width)
        guard abs(ratio - 1) <= aspectSlack else {
            throw .aspectMismatch(part, width: grey.width, height: grey.height)
        }
        return Plane(
            width: grey.width, height: grey.height, grey.samples.map { Float($0) / 65535 })
    }

    package var hasDepth: Bool { given != nil }

    var aspect: Double { Double(width) / Double(height) }

    /// The depth by the first way of a list that gives one; it is found once, and again where a
    /// way before it failed.
    /// - Throws: ``RenderFailure/depthFailed``, ``RenderFailure/stopped``; it is looked for again
    ///   the next time then.
    package func depth(
        by list: DepthList, mustStop: () -> Bool = { false }
    ) throws(RenderFailure) -> DepthChoice {
        try choice.value(mustStop: mustStop, isKept: { !$0.isStopgap }) {
            mustStop throws(RenderFailure) in
            try list.choose(
                rgb: rgb.pixels, width: rgb.width, height: rgb.height,
                given: given.map { ($0, givenMethod) }, mustStop: mustStop)
        }
    }

    /// Memory held, in bytes, for the cache.
    var costBytes: Int {
        let planes = [given, mask].compactMap { $0?.count }.reduce(0, +)
        return rgb.pixels.count + (planes + HeuristicDepth.pixelsMax) * 4
    }
}
