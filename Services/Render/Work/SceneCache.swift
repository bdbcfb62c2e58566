internal import ImageCodec
internal import ServiceRuntime

/// A scene at one size, with its subject apart when that is to move by itself.
package struct PreparedScene: Sendable {
    let scene: SheetScene
    let subject: SubjectLayer?
    let depth: DepthChoice

    /// Memory held, in bytes, for the cache; the depth is the picture's.
    var costBytes: Int { scene.bytes + (subject?.bytes ?? 0) }
}

/// Prepares scenes once for all the paths that are rendered over them.
package final class SceneCache: Sendable {
    struct Key: Hashable, Sendable {
        let source: [UInt8]
        let size: FrameSize
        let encoding: ColourEncoding
        let isSubjectApart: Bool
    }

    /// A scene that is being prepared, for as long as somebody waits for it.
    private struct Preparation {
        let slot = MadeOnce<PreparedScene>()
        var users = 0
    }

    private let kept: LRUCache<Key, PreparedScene>
    private let preparations = Lock<[Key: Preparation]>([:])

    /// How the depth of a picture is come by.
    package let depths: DepthList

    package init(budgetBytes: Int, depths: DepthList = DepthList()) {
        kept = LRUCache(budgetBytes: budgetBytes)
        self.depths = depths
    }

    /// Memory of the scenes that are kept, in bytes.
    package var heldBytes: Int { kept.heldBytes }

    /// The scene of a picture for frames of `size`. Takes tens of milliseconds the first time.
    /// - Parameter mustStop: Asked every few milliseconds.
    /// - Throws: ``RenderFailure/depthFailed``, ``RenderFailure/stopped``; the next call tries
    ///   again.
    func scene(
        _ source: SourcePicture, size: FrameSize, encoding: ColourEncoding, isSubjectApart: Bool,
        mustStop: () -> Bool
    ) throws(RenderFailure) -> PreparedScene {
        let key = Key(
            source: source.identity, size: size, encoding: encoding, isSubjectApart: isSubjectApart)
        let (scene, slot) = begin(key)
        if let scene { return scene }
        defer { end(key) }
        return try slot.value(mustStop: mustStop) { mustStop throws(RenderFailure) in
            let scene = try Self.prepare(
                FittedSource(source, size: size),
                depth: try source.depth(by: depths, mustStop: mustStop), encoding: encoding,
                isSubjectApart: isSubjectApart, mustStop)
            if !scene.depth.isStopgap {
                kept.insert(scene, for: key, costBytes: scene.costBytes)
            }
            return scene
        }
    }

    /// The scene when it is kept, else where it is prepared; ``end(_:)`` must follow then.
    private func begin(_ key: Key) -> (PreparedScene?, MadeOnce<PreparedScene>) {
        preparations.withLock { preparations in
            var preparation = preparations[key] ?? Preparation()
            if let scene = kept[key] { return (scene, preparation.slot) }
            preparation.users += 1
            preparations[key] = preparation
            return (nil, preparation.slot)
        }
    }

    private func end(_ key: Key) {
        preparations.withLock { preparations in
            preparations[key]?.users -= 1
            if preparations[key]?.users == 0 { preparations[key] = nil }
        }
    }

    private static func prepare(
        _ fitted: FittedSource, depth choice: DepthChoice, encoding: ColourEncoding,
        isSubjectApart: Bool, _ mustStop: () -> Bool
    ) throws(RenderFailure) -> PreparedScene {
        let checkpoint = { () throws(RenderFailure) in if mustStop() { throw .stopped } }
        let rgb = try fitted.rgb(checkpoint)
        let depth = try fitted.cropped(choice.plane, checkpoint)
        let (width, height) = (fitted.width, fitted.height)
        // The crop limit bounds every shift to about a sixth of the height.
        let reach = max(2, height / 6)
        if isSubjectApart, let mask = fitted.source.mask,
            let cut = try SubjectLayer.cut(
                rgb: rgb, width: width, height: height, depth: depth,
                mask: try fitted.cropped(mask, checkpoint), encoding: encoding, checkpoint)
        {
            let scene = try SheetScene(
                rgb: cut.rgb, width: width, height: height, depth: cut.depth, encoding: encoding,
                reach: reach, checkpoint)
            return PreparedScene(scene: scene, subject: cut.subject, depth: choice)
        }
        let scene = try SheetScene(
            rgb: rgb, width: width, height: height, depth: depth, encoding: encoding,
            reach: reach, checkpoint)
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

    /// The colours at the working size.
    func rgb<Stop: Error>(_ checkpoint: () throws(Stop) -> Void) throws(Stop) -> [UInt8] {
        let image = source.rgb
        let (columns, rows) = window(image.width, image.height)
        var cropped = image.pixels
        if columns.count < image.width || rows.count < image.height {
            cropped = []
            cropped.reserveCapacity(columns.count * rows.count * 3)
            try Pass.rows(rows.count, of: columns.count, checkpoint) { row in
                let start = (rows.lowerBound + row) * image.width
                cropped +=
                    image.pixels[
                        (start + columns.lowerBound) * 3..<(start + columns.upperBound) * 3]
            }
        }
        return try Resampling.scale(
            rgb: cropped, width: columns.count, height: rows.count, toWidth: width,
            toHeight: height, checkpoint)
    }

    /// The part of a plane that is kept, at the plane's own size.
    func cropped<Stop: Error>(
        _ plane: Plane<Float>, _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) -> Plane<Float> {
        let (columns, rows) = window(plane.width, plane.height)
        guard columns.count < plane.width || rows.count < plane.height else { return plane }
        let cropped = Plane<Float>(unsetWidth: columns.count, height: rows.count)
        try Pass.rows(rows.count, of: columns.count, checkpoint) { row in
            cropped.row(row).update(
                from: plane.row(rows.lowerBound + row) + columns.lowerBound,
                count: columns.count)
        }
        return cropped
    }
}
