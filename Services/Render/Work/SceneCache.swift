internal import ImageCodec
internal import ServiceRuntime

/// A scene at one size, with its subject apart when that is to move by itself.
package struct PreparedScene: Sendable {
    let scene: SheetScene
    let subject: SubjectLayer?
    let depth: DepthChoice
}

/// Prepares scenes once for all the paths that are rendered over them.
package final class SceneCache: Sendable {
    struct Key: Hashable, Sendable {
        let digest: [UInt8]
        let size: FrameSize
        let encoding: ColourEncoding
        let isSubjectApart: Bool
    }

    private let slots: LRUCache<Key, MadeOnce<PreparedScene>>
    private let opening = Lock(())

    /// How the depth of a picture is come by.
    package let depths: DepthList

    package init(budgetBytes: Int, depths: DepthList = DepthList()) {
        slots = LRUCache(budgetBytes: budgetBytes)
        self.depths = depths
    }

    /// The scene of a picture for frames of `size`. Takes tens of milliseconds the first time.
    /// - Parameter mustStop: Asked between the steps of the preparation.
    /// - Throws: ``RenderFailure/depthFailed``, ``RenderFailure/stopped``; the next call tries
    ///   again.
    func scene(
        _ source: SourcePicture, size: FrameSize, encoding: ColourEncoding, isSubjectApart: Bool,
        mustStop: () -> Bool
    ) throws(RenderFailure) -> PreparedScene {
        let key = Key(
            digest: source.digest, size: size, encoding: encoding, isSubjectApart: isSubjectApart)
        let fitted = FittedSource(source, size: size)
        let slot = opening.withLock { _ in
            if let slot = slots[key] { return slot }
            let slot = MadeOnce<PreparedScene>()
            // Two pictures of 1.5 and two depths of 4 bytes a pixel; a subject adds 2.5.
            slots.insert(slot, for: key, costBytes: fitted.width * fitted.height * 14)
            return slot
        }
        return try slot.value(mustStop: mustStop) { mustStop throws(RenderFailure) in
            try Self.prepare(
                fitted, depth: try source.depth(by: depths, mustStop: mustStop),
                encoding: encoding, isSubjectApart: isSubjectApart, mustStop)
        }
    }

    private static func prepare(
        _ fitted: FittedSource, depth choice: DepthChoice, encoding: ColourEncoding,
        isSubjectApart: Bool, _ mustStop: () -> Bool
    ) throws(RenderFailure) -> PreparedScene {
        if mustStop() { throw .stopped }
        let rgb = fitted.rgb()
        if mustStop() { throw .stopped }
        let depth = fitted.cropped(choice.plane)
        let (width, height) = (fitted.width, fitted.height)
        // The crop limit bounds every shift to about a sixth of the height.
        let reach = max(2, height / 6)
        if isSubjectApart, let mask = fitted.source.mask,
            let cut = SubjectLayer.cut(
                rgb: rgb, width: width, height: height, depth: depth,
                mask: fitted.cropped(mask), encoding: encoding)
        {
            if mustStop() { throw .stopped }
            let scene = SheetScene(
                rgb: cut.rgb, width: width, height: height, depth: cut.depth, encoding: encoding,
                reach: reach)
            return PreparedScene(scene: scene, subject: cut.subject, depth: choice)
        }
        let scene = SheetScene(
            rgb: rgb, width: width, height: height, depth: depth, encoding: encoding,
            reach: reach)
        return PreparedScene(scene: scene, subject: nil, depth: choice)
    }
}

/// A picture cropped about its centre to a frame's aspect and scaled to the size to work at.
///
/// The working size is that of the frame times the largest crop, so that a cropped frame is not
/// soft, but never more than the picture has.
struct FittedSource {
    let source: SourcePicture
    let width: Int
    let height: Int
    /// Share of each side that is kept.
    private let keptX: Double
    private let keptY: Double

    init(_ source: SourcePicture, size: FrameSize) {
        self.source = source
        let ratio = size.aspect / source.aspect
        // A rounded frame size is not another shape.
        let isSameShape = abs(ratio - 1) < 0.02
        keptX = isSameShape ? 1 : min(1, ratio)
        keptY = isSameShape ? 1 : min(1, 1 / ratio)
        let available = Double(source.rgb.width) * keptX
        let wanted = Double(size.width) * ParallaxGeometry.overscanMax
        let pixels = wanted * Double(size.height) * ParallaxGeometry.overscanMax
        let scale = min(
            1, available / wanted, (Double(SheetScene.pixelsMax) / pixels).squareRoot())
        width = max(2, Int(wanted * scale))
        height = max(2, Int(Double(size.height) * ParallaxGeometry.overscanMax * scale))
    }

    /// Pixels of the working size.
    static func pixels(of source: SourcePicture, size: FrameSize) -> Int {
        let fitted = FittedSource(source, size: size)
        return fitted.width * fitted.height
    }

    /// Rows and columns of a `width` × `height` picture that are kept.
    private func window(_ width: Int, _ height: Int) -> (columns: Range<Int>, rows: Range<Int>) {
        func kept(_ length: Int, _ share: Double) -> Range<Int> {
            let count = clamp(Int((Double(length) * share).rounded()), 1, length)
            let first = (length - count) / 2
            return first..<first + count
        }
        return (kept(width, keptX), kept(height, keptY))
    }

    func rgb() -> [UInt8] {
        let image = source.rgb
        let (columns, rows) = window(image.width, image.height)
        var cropped = image.pixels
        if columns.count < image.width || rows.count < image.height {
            cropped = rows.flatMap { y in
                image.pixels[
                    (y * image.width + columns.lowerBound)
                        * 3..<(y * image.width
                        + columns.upperBound) * 3]
            }
        }
        return Resampling.scale(
            rgb: cropped, width: columns.count, height: rows.count, toWidth: width,
            toHeight: height)
    }

    func cropped(_ plane: Plane<Float>) -> Plane<Float> {
        let (columns, rows) = window(plane.width, plane.height)
        guard columns.count < plane.width || rows.count < plane.height else { return plane }
        let values = rows.flatMap { y in
            UnsafeBufferPointer(
                start: plane.row(y) + columns.lowerBound, count: columns.count)
        }
        return Plane(width: columns.count, height: rows.count, values)
    }
}
