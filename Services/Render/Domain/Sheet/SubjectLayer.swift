/// A subject cut out of its picture, to be drawn over a scene that no longer contains it.
///
/// The subject is a flat card at its mean depth: it shifts with the camera as a whole and moves by
/// itself over the background.
package struct SubjectLayer: Sendable {
    private let picture: Picture420
    /// Opacity 0…255 at the picture's size.
    private let alpha: Plane<UInt8>
    private let columns: ClosedRange<Int>
    private let rows: ClosedRange<Int>
    /// Mean depth under the mask.
    private let depth: Float
    /// Scene content nearer than the subject by more than this covers it.
    private let margin: Float

    /// Least share of the picture that counts as a subject.
    private static let areaShareMin = 0.0005

    /// Cuts the subject out, or nil when the mask shows none.
    ///
    /// - Parameters:
    ///   - mask: 0…1 of any size with about the picture's aspect.
    ///   - checkpoint: Called every few milliseconds; what it throws ends the work.
    /// - Returns: The subject and the picture and depth without it.
    static func cut<Stop: Error>(
        rgb: [UInt8], width: Int, height: Int, depth: Plane<Float>, mask: Plane<Float>,
        encoding: ColourEncoding, _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) -> (subject: SubjectLayer, rgb: [UInt8], depth: Plane<Float>)? {
        let mask = try Resampling.scale(mask, toWidth: width, toHeight: height, checkpoint)
        let depth = try Resampling.scale(
            depth, toWidth: width, toHeight: height,
            isCrisp: try DepthEdges.isCrisp(depth, checkpoint), checkpoint)
        guard
            let subject = try SubjectLayer(
                rgb: rgb, width: width, height: height, depth: depth, mask: mask,
                encoding: encoding, checkpoint)
        else { return nil }
        let without = try HiddenBackground(
            rgb: rgb, depth: depth, removing: mask, checkpoint)
        return (subject, without.rgb, without.depth)
    }

    private init?<Stop: Error>(
        rgb: [UInt8], width: Int, height: Int, depth: Plane<Float>, mask: Plane<Float>,
        encoding: ColourEncoding, _ checkpoint: () throws(Stop) -> Void
    ) throws(Stop) {
        var (left, right, top, bottom) = (width, -1, height, -1)
        var (sum, area) = (0.0, 0.0)
        let alpha = Plane<UInt8>(width: width, height: height, filledWith: 0)
        try Pass.rows(height, of: width, checkpoint) { y in
            for x in 0..<width {
                let share = mask.row(y)[x]
                alpha.row(y)[x] = UInt8(clamp(share, 0, 1) * 255 + 0.5)
                guard share > 0.5 else { continue }
                left = min(left, x)
                right = max(right, x)
                top = min(top, y)
                bottom = max(bottom, y)
                sum += Double(depth.row(y)[x])
                area += 1
            }
        }
        guard area >= Double(width * height) * Self.areaShareMin else { return nil }
        picture = try Picture420(
            rgb: rgb, width: width, height: height, encoding: encoding, checkpoint)
        self.alpha = alpha
        // One pixel more on every side for the soft edge.
        columns = max(0, left - 1)...min(width - 1, right + 1)
        rows = max(0, top - 1)...min(height - 1, bottom + 1)
        self.depth = Float(sum / area)
        let range = try depth.range(checkpoint)
        margin = (range.upperBound - range.lowerBound) * DepthEdges.stepShare * 2
    }

    /// Memory held, in bytes.
    var bytes: Int {
        picture.luma.bytes + picture.cb.bytes + picture.cr.bytes + alpha.bytes
    }

    private var heightPixels: Double { Double(rows.count) }

    /// The motion slowed and turned so that the subject's middle stays in the picture.
    package func fit(_ motion: SubjectMotion, seconds: Double) -> SubjectMotion {
        let centre = Double(columns.lowerBound + columns.upperBound) / 2
        let edge = Double(picture.width) * 0.12
        return motion.fitted(
            left: (centre - edge) / heightPixels,
            right: (Double(picture.width) - edge - centre) / heightPixels, seconds: seconds)
    }

    /// Draws the subject over a frame that was just rendered from `view`.
    func draw(
        at placement: SubjectPlacement, view: SheetView, seenDepth: Plane<Float>,
        onto frame: Picture420
    ) {
        let map = Map(self, placement, view)
        for top in stride(from: 0, to: frame.height, by: 8) {
            for left in stride(from: 0, to: frame.width, by: 16)
            where map.mayTouch(left: left, top: top, columns: columns, rows: rows) {
                let right = min(left + 16, frame.width)
                let bottom = min(top + 8, frame.height)
                for y in top..<bottom {
                    for x in left..<right {
                        guard seenDepth.row(y)[x] <= depth + margin else { continue }
                        let (sx, sy) = map.source(Float(x), Float(y))
                        let share = sample(alpha, sx, sy)
                        guard share > 0 else { continue }
                        blend(&frame.luma.row(y)[x], sample(picture.luma, sx, sy), share)
                    }
                }
                for y in (top / 2)..<((bottom + 1) / 2) {
                    for x in (left / 2)..<((right + 1) / 2) {
                        guard seenDepth.row(2 * y)[2 * x] <= depth + margin else { continue }
                        let (sx, sy) = map.source(Float(2 * x) + 0.5, Float(2 * y) + 0.5)
                        let share = sample(alpha, sx, sy)
                        guard share > 0 else { continue }
                        let (cx, cy) = (sx / 2 - 0.25, sy / 2 - 0.25)
                        blend(&frame.cb.row(y)[x], sample(picture.cb, cx, cy), share)
                        blend(&frame.cr.row(y)[x], sample(picture.cr, cx, cy), share)
                    }
                }
            }
        }
    }

    /// From a frame pixel to the pixel of the unmoved subject that is seen there.
    private struct Map {
        let view: SheetView
        let weight: Float
        let centreX, centreY, baseX, baseY: Float
        let dx, dy, scale, narrowing, lean: Float

        init(_ subject: SubjectLayer, _ placement: SubjectPlacement, _ view: SheetView) {
            self.view = view
            weight = subject.depth - view.pivot
            centreX = Float(subject.picture.width) / 2 - 0.5
            centreY = Float(subject.picture.height) / 2 - 0.5
            baseX = Float(subject.columns.lowerBound + subject.columns.upperBound) / 2
            baseY = Float(subject.rows.upperBound)
            dx = Float(placement.dx * subject.heightPixels)
            // The world's y points up and rows run down.
            dy = Float(-placement.dy * subject.heightPixels)
            scale = Float(placement.scale)
            narrowing = Float(placement.narrowing)
            lean = Float(placement.lean)
        }

        @inline(__always)
        func source(_ x: Float, _ y: Float) -> (x: Float, y: Float) {
            let p = view.source(x, y)
            let qx = p.x + weight * (view.shiftX - p.x * view.zoom) + centreX
            let qy = p.y + weight * (view.shiftY - p.y * view.zoom) + centreY
            let up = (qy - baseY - dy) / scale
            return (baseX + ((qx - baseX - dx) / scale + lean * up) / narrowing, baseY + up)
        }

        /// Whether the corners of a cell of 16 × 8 pixels bound any of the subject.
        func mayTouch(
            left: Int, top: Int, columns: ClosedRange<Int>, rows: ClosedRange<Int>
        ) -> Bool {
            let corners = [(0, 0), (16, 0), (0, 8), (16, 8)].map { x, y in
                source(Float(left + x), Float(top + y))
            }
            let xs = corners.map(\.x)
            let ys = corners.map(\.y)
            return (xs.max() ?? 0) >= Float(columns.lowerBound) - 2
                && (xs.min() ?? 0) <= Float(columns.upperBound) + 2
                && (ys.max() ?? 0) >= Float(rows.lowerBound) - 2
                && (ys.min() ?? 0) <= Float(rows.upperBound) + 2
        }
    }

    @inline(__always)
    private func blend(_ sample: inout UInt8, _ over: Float, _ share: Float) {
        let under = Float(sample)
        sample = UInt8(under + (over - under) * share * (1 / 255) + 0.5)
    }

    /// Bilinear sample; outside the plane its border goes on.
    @inline(__always)
    private func sample(_ plane: Plane<UInt8>, _ x: Float, _ y: Float) -> Float {
        let cx = clamp(x, 0, Float(plane.width - 1))
        let cy = clamp(y, 0, Float(plane.height - 1))
        let (ix, iy) = (Int(cx), Int(cy))
        let (fx, fy) = (cx - Float(ix), cy - Float(iy))
        let right = ix + 1 < plane.width ? 1 : 0
        let upper = plane.row(iy) + ix
        let lower = iy + 1 < plane.height ? upper + plane.width : upper
        let a = Float(upper[0]) + (Float(upper[right]) - Float(upper[0])) * fx
        let b = Float(lower[0]) + (Float(lower[right]) - Float(lower[0])) * fx
        return a + (b - a) * fy
    }
}
