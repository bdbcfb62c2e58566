/// A picture made ready for any camera path: a front sheet, a guess of what is behind it, and
/// a table that tells the renderer where nothing can hide.
package struct SheetScene: Sendable {
    /// More pixels than this have indices that a kernel's numbers cannot hold.
    package static let pixelsMax = 8_300_000
    /// Larger scenes have hard edges: one pixel of a large frame is hardly seen, and soft ones take
    /// a fifth of its time. A frame of 1280 × 720 has a scene of up to 1.44 times its pixels.
    static let softPixelsMax = 1_400_000

    package let width: Int
    package let height: Int
    /// The colours of both sheets.
    let stack: SheetStack
    /// Depth of both sheets in 1/65535: half the memory of a number, and memory is what a frame of
    /// high definition waits for. A sample more than the picture has, for loads of two.
    let frontDepth: Plane<UInt16>
    let backDepth: Plane<UInt16>
    /// How much of the front sheet there is, where edges are to be soft: see
    /// ``DepthEdges/matte(_:step:width:height:_:)``.
    let matte: Plane<UInt8>?
    package let depths: ClosedRange<Float>
    /// A step of depth above this is a silhouette.
    let step: Float
    /// Whether silhouettes were sharp steps already.
    package let isCrisp: Bool

    /// Tells what a cell of a frame can meet.
    let table: DepthTable

    /// - Parameters:
    ///   - rgb: Interleaved rows of width × height pixels.
    ///   - depth: 0 far … 1 near, of any size with about the same aspect.
    ///   - reach: Largest parallax of any path to be rendered, in pixels at this size.
    package init(
        rgb: [UInt8], width: Int, height: Int, depth: Plane<Float>, encoding: ColourEncoding,
        reach: Int
    ) {
        self.init(
            rgb: rgb, width: width, height: height, depth: depth, encoding: encoding,
            reach: reach
        ) {}
    }

    /// - Parameter checkpoint: Called every few milliseconds; what it throws ends the work.
    package init<Stop: Error>(
        rgb: [UInt8], width: Int, height: Int, depth source: Plane<Float>,
        encoding: ColourEncoding, reach: Int, _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) {
        precondition(width * height <= Self.pixelsMax, "a scene has at most 8.3 million pixels")
        isCrisp = try DepthEdges.isCrisp(source, checkpoint)
        var depth = try Resampling.scale(
            source, toWidth: width, toHeight: height, isCrisp: isCrisp, checkpoint)
        if !isCrisp { depth = try DepthEdges.snapped(depth, checkpoint) }
        let (front, rounded) = try Self.rounded(depth, checkpoint)
        depth = rounded
        depths = try depth.range(checkpoint)
        step = max(1e-6, (depths.upperBound - depths.lowerBound) * DepthEdges.stepShare)
        // As wide as the stack, so that a place has one index in both.
        let matte = try DepthEdges.matte(
            depth, isCrisp: isCrisp, step: step, width: SheetStack.width(of: width),
            height: height + SheetStack.slackRows(width: width), checkpoint)
        let hidden = try HiddenBackground(
            rgb: rgb, depth: depth, matte: matte, step: step, reach: reach, checkpoint)
        self.matte = width * height <= Self.softPixelsMax ? matte : nil
        self.width = width
        self.height = height
        frontDepth = front
        backDepth = try Self.rounded(hidden.depth, checkpoint).samples
        let pictures = (
            try Picture420(
                rgb: rgb, width: width, height: height, encoding: encoding, checkpoint),
            try Picture420(
                rgb: hidden.rgb, width: width, height: height, encoding: encoding, checkpoint)
        )
        try checkpoint()
        stack = SheetStack(front: pictures.0, back: pictures.1)
        table = try DepthTable(depth, range: depths, checkpoint)
    }

    /// Memory held, in bytes.
    var bytes: Int {
        stack.luma.bytes + stack.cb.bytes + stack.cr.bytes + frontDepth.bytes + backDepth.bytes
            + (matte?.bytes ?? 0) + table.bytes
    }

    /// The value of a stored depth of one.
    static let depthUnit: Float = 1 / 65535

    /// Depth as it is stored, and as it is read again.
    private static func rounded<Stop: Error>(
        _ depth: Plane<Float>, _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) -> (samples: Plane<UInt16>, depth: Plane<Float>) {
        let samples = Plane<UInt16>(
            width: depth.width, height: depth.height + 1, filledWith: 0)
        let read = Plane<Float>(unsetWidth: depth.width, height: depth.height)
        try Pass.samples(depth.count, checkpoint) { stretch in
            for i in stretch {
                let sample = UInt16(clamp(depth.samples[i], 0, 1) * 65535 + 0.5)
                samples.samples[i] = sample
                read.samples[i] = Float(sample) * depthUnit
            }
        }
        return (samples, read)
    }
}
